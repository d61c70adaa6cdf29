//! Catching up with one peer, as a pure machine.
//!
//! A stream goes one way: the node that opens it *pulls* on it ([`Pulling`]), the node that accepts
//! it *serves* ([`Serving`]). Two nodes that both want something have a stream each. The pulling
//! side
//!
//! 1. says which authors interest it, and compares: a few feeds by a mark for each, many by set
//!    reconciliation, so that the cost follows the number of feeds that differ;
//! 2. asks for ranges of logs, newest first, and grants credit for answers: the reader sets the
//!    pace, and a slow one is never buried;
//! 3. stays: the serving side pushes what is new about those authors under the same credit.
//!
//! Neither machine has a store, a clock or a socket. The caller brings the time in milliseconds,
//! what it holds ([`Source`], [`Held`]), and carries the frames that come out. A frame is one byte
//! that says what it is and a CBOR body ([`message`]). Nothing that a peer sends makes either machine
//! panic or grow without bound: what breaks the protocol comes out as `Misbehaved`, and the machine
//! is silent from then on.

mod compare;
pub mod message;
mod pulling;
mod serving;
mod state;
mod wants;

pub use message::{Answer, Ask, Range};
pub use pulling::{Comparison, Held, Own, PullAction, Pulling};
pub use serving::{Batch, News, ServeAction, Serving, Source};
pub use state::{FeedState, Interests, LogHead, Mark};

/// How full something bounded is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// What.
    pub name: &'static str,
    /// How many it holds, or how many bytes if the name says so.
    pub held: usize,
    /// The most that it may ever hold between two calls.
    pub bound: usize,
}

/// Messages of entries that may be on their way: a thousand small posts, at most a mebibyte. That
/// keeps a line busy while a batch is verified and committed, and fits the queue of a slow one.
pub const CREDIT: u32 = 4;

/// Ranges that may be asked for at once: enough to fill batches from feeds that have a post or two.
pub const OUTSTANDING: usize = 256;

/// How long an answer may be owed before the peer counts as stalled, in milliseconds.
pub const PATIENCE_MS: u64 = 15_000;
