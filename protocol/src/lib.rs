//! What two Starling nodes must agree on: identities, entries, logs, and how feeds are synced.
//!
//! Values in, values out: no sockets, no store, no clock and no randomness of its own. Whoever calls
//! brings the time and the random bytes. The bytes are specified in this crate's `README.md`, and
//! pinned by `vectors/*.json`.
//!
//! | module | what it settles |
//! |---|---|
//! | [`limits`] | every bound that two nodes must share, with its reason |
//! | [`cbor`] | the one encoding a value has |
//! | [`id`] | authors, devices and entries by name, in bytes and in text |
//! | [`keys`] | the 24 words, the root keys they give, and what each signature covers |
//! | [`identity`] | which devices speak for an author, and up to where |
//! | [`entry`] | one signed item of a log: build, sign, verify |
//! | [`payload`] | what an entry says |
//! | [`feed`] | where an entry stands in its log: next, duplicate, gap or fork |
//! | [`frame`] | what travels over gossip |
//! | [`sync`] | catching up with one peer, as a pure machine |
//! | [`bundle`] | a feed in a file |
//! | [`invite`] | a link that says whom to follow and where they are |

pub mod bundle;
pub mod cbor;
pub mod entry;
pub mod feed;
pub mod frame;
pub mod id;
pub mod identity;
pub mod invite;
pub mod keys;
pub mod limits;
pub mod payload;
pub mod sync;

pub use entry::{Header, Signed, Verified};
pub use id::{AuthorId, DeviceKey, EntryId};
pub use identity::Identity;
pub use payload::{Body, Payload};
