//! Finding posts, people and tags among what is stored.
//!
//! An index of words lies beside the store (`index`). A thread of its own follows what arrives and enters it
//! (`indexer`), so that neither the engine nor whoever posts waits for it. What is not entered yet is looked through
//! as it lies in the store: what was answered "posted" is found by the next question. And whatever the index proposes is
//! read from the store and held against the question again (`document`), so that what was erased, edited, or is not to
//! be seen is not shown, however far the index is behind.
//!
//! | file | what |
//! |---|---|
//! | `words` | text as words, in every script |
//! | `query` | what somebody looks for, as they write it |
//! | `document` | whether a post answers that |
//! | `index` | the index on disk |
//! | `indexer` | the thread that keeps it |
//! | `ask` | a question to index and store together |

mod ask;
mod document;
mod index;
mod indexer;
mod query;
mod words;

#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};

pub use ask::{Ask, People};
pub(crate) use indexer::{House, Pause, tend};
pub use query::Query;

/// For whoever measures what an index costs.
pub(crate) mod measured {
    pub use super::{
        document::Document,
        index::{Mark, Words},
    };
}

/// How far the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SearchState)]
pub enum State {
    /// It is switched off; only the newest posts are looked through.
    #[default]
    Off,
    /// It is being made; what is not in it yet is found only if it is new.
    Building,
    /// All that is stored can be found.
    Ready,
}

/// How the index is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
#[schema(as = SearchStatus)]
pub struct Status {
    /// How far it is.
    pub state: State,
    /// Posts and people in it.
    pub entered: u64,
    /// Entries that arrived since.
    pub behind: u64,
}

/// What can be asked. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Search(Arc<RwLock<Now>>);

/// The index at this moment.
#[derive(Clone, Default)]
pub struct Now {
    moment: Option<index::Moment>,
    /// All up to this arrival is in it.
    upto: u64,
    status: Status,
    /// Set when it turned out to be damaged.
    damaged: Arc<std::sync::atomic::AtomicBool>,
}

impl Now {
    /// All up to this arrival is in the index.
    pub fn upto(&self) -> u64 {
        self.upto
    }
}

impl Search {
    /// The index as it is now. Take it before the snapshot of the store that it is asked about: then nothing is between
    /// the two.
    pub fn now(&self) -> Now {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the index is doing.
    pub fn status(&self) -> Status {
        self.0.read().unwrap_or_else(PoisonError::into_inner).status
    }

    fn set(&self, now: Now) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = now;
    }

    fn tell(&self, state: State, behind: u64) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        (now.status.state, now.status.behind) = (state, behind);
    }
}
