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
//!
//! # Two nodes
//!
//! Ada writes; Bob, who holds nothing yet, pulls what she wrote. What carries the frames is two
//! queues here, and a stream between two nodes.
//!
//! ```
//! use std::{collections::VecDeque, convert::Infallible};
//! use starling_protocol::{entry::{self, Place, log}, identity::{Action, Inception, Operation, Record}};
//! use starling_protocol::{keys::{Phrase, Secret}, payload::Content, sync::*};
//! use starling_protocol::{AuthorId, Body, DeviceKey, Identity, Verified};
//!
//! /// What a node holds of one author. A real one keeps it on disk, with a `feed::LogState` for each log.
//! struct Node { identity: Option<Identity>, posts: Vec<Verified> }
//!
//! impl Source for Node {
//!     type Error = Infallible;
//!     fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Infallible> {
//!         let author = self.identity.as_ref().map(Identity::author);
//!         let author = author.filter(|author| interests.contains(author));
//!         Ok(author.map(|author| self.feed(&author)).transpose()?.flatten().into_iter().collect())
//!     }
//!     fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Infallible> {
//!         let head = self.posts.last().map(|top| {
//!             let (header, head) = (top.header(), top.id());
//!             (header.device, LogHead { log: header.log, lo: 0, hi: header.seq, head, frozen: None })
//!         });
//!         let identity = self.identity.as_ref().filter(|identity| identity.author() == *author);
//!         Ok(identity.map(|identity| FeedState::new(*author, &identity.digest(), head)))
//!     }
//!     fn identity(&mut self, _: &AuthorId) -> Result<Option<Record>, Infallible> {
//!         Ok(self.identity.as_ref().map(Identity::record))
//!     }
//!     fn forks(&mut self, _: &AuthorId) -> Result<Vec<Vec<u8>>, Infallible> {
//!         Ok(vec![])
//!     }
//!     fn read(&mut self, range: &Range, entries: usize, _: usize) -> Result<Batch, Infallible> {
//!         let wanted = |post: &&Verified| (range.from..=range.to).contains(&post.header().seq);
//!         let down = self.posts.iter().rev().filter(wanted).take(entries);
//!         Ok(Batch { entries: down.map(|post| post.signed().to_bytes()).collect(), next: None })
//!     }
//! }
//!
//! impl Held for Node {
//!     type Error = Infallible;
//!     fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Infallible> {
//!         Ok(if self.posts.is_empty() { vec![(range.from, range.to)] } else { vec![] })
//!     }
//!     fn contradicts(&mut self, _: &AuthorId, _: &DeviceKey, head: &LogHead) -> Result<bool, Infallible> {
//!         Ok(self.posts.iter().any(|post| post.header().seq == head.hi && post.id() != head.head))
//!     }
//! }
//!
//! let phrase = Phrase::from_entropy([7; 32]);
//! let device = Secret::from_seed([8; 32]);
//! let mut identity = Identity::begin(Inception::of(&phrase));
//! let author = identity.author();
//! identity.apply(Operation::sign(author, 0, Action::AddDevice(device.public()), &phrase.root(0)))?;
//! let place = Place { author, log: log::POSTS, seq: 0, previous: None };
//! let body = Body::Post(Content { text: "hello".into(), ..Content::default() });
//! let post = entry::sign(place, body, [9; 16], 1_790_000_000_000, &device);
//!
//! let mut ada = Node { identity: Some(identity), posts: vec![post.clone()] };
//! let mut bob = Node { identity: None, posts: vec![] };
//! let mut serving = Serving::new(0);
//! let (mut pulling, actions) = Pulling::start(0, &[author], vec![], None);
//! let mut actions = VecDeque::from(actions);
//! while let Some(action) = actions.pop_front() {
//!     match action {
//!         PullAction::Send(frame) => {
//!             for answer in serving.receive(0, &frame, &mut ada)? {
//!                 let ServeAction::Send(frame) = answer else { panic!("{answer:?}") };
//!                 actions.extend(pulling.receive(0, &frame, &mut bob)?);
//!             }
//!         }
//!         PullAction::Identities(records) => bob.identity = Some(Identity::verify(&records[0])?),
//!         PullAction::Take { entries, .. } => {
//!             for bytes in &entries {
//!                 bob.posts.push(entry::verify(bytes)?);
//!             }
//!             actions.extend(pulling.committed(0, 1));
//!         }
//!         PullAction::Compared(_) | PullAction::Caught => {}
//!         other => panic!("{other:?}"),
//!     }
//! }
//! assert_eq!(bob.posts, [post]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
