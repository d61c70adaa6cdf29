//! The laws: what must be true of every node at every moment, whatever its peers, its disk and its clock do. Each
//! has a name, a sentence, and a function here that says where it is broken; a run that breaks one has failed.
//!
//! The functions look at one node and change nothing. When they are called is for [`crate::cast`] to say: after
//! every step of a small world, at samples and at the end of a large one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use starling::{
    engine::{Event, Inspection, Output, Reply},
    network,
    store::{self, Reader, Store, audit},
    view::{Page, Post, PostBody},
};
use starling_protocol::{AuthorId, EntryId, Signed, entry, feed::Run, frame::Frame, sync::Answer};

use crate::plan::{Micros, NodeId};

/// A law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// See [`Law::says`]; so for all of them.
    Sound,
    /// Of signatures.
    Verified,
    /// Of forgery.
    Authentic,
    /// Of honest logs.
    Unforked,
    /// Of blocks.
    Unseen,
    /// Of commits.
    Committed,
    /// Of crashes.
    Kept,
    /// Of memory.
    Bounded,
    /// Of panics.
    Alive,
    /// Of convergence.
    Agreed,
}

impl Law {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Sound,
        Self::Verified,
        Self::Authentic,
        Self::Unforked,
        Self::Unseen,
        Self::Committed,
        Self::Kept,
        Self::Bounded,
        Self::Alive,
        Self::Agreed,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Verified => "verified",
            Self::Authentic => "authentic",
            Self::Unforked => "unforked",
            Self::Unseen => "unseen",
            Self::Committed => "committed",
            Self::Kept => "kept",
            Self::Bounded => "bounded",
            Self::Alive => "alive",
            Self::Agreed => "agreed",
        }
    }

    /// What it says.
    pub fn says(self) -> &'static str {
        match self {
            Self::Sound => {
                "Each log is one chain unless a fork is proven, and every index is what the entries say; nothing \
                 that was deleted comes back."
            }
            Self::Verified => "Every stored entry verifies, and its device speaks for its author.",
            Self::Authentic => "What is stored as an honest author's, that author signed.",
            Self::Unforked => "No node finds a fork in a log of an honest author.",
            Self::Unseen => "Nothing of whom a person blocked stands on their timelines.",
            Self::Committed => {
                "What a node answers, announces or serves can be read in its store at that moment."
            }
            Self::Kept => {
                "A node that starts again, after a kill or a power cut, holds what it held and answered."
            }
            Self::Bounded => "Nothing that grows by what others send grows beyond its bound.",
            Self::Alive => "No input makes a node panic, whatever its clock shows.",
            Self::Agreed => {
                "When all has been quiet for a while, whoever follows an author holds the newest of them."
            }
        }
    }
}

/// A law that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// When, in microseconds.
    pub at: Micros,
    /// By which node, if by one.
    pub node: Option<NodeId>,
    /// Which.
    pub law: Law,
    /// How.
    pub what: String,
}

/// What is wrong with a store: logs and indexes, without the signatures.
///
/// # Errors
/// If it cannot be read.
pub fn sound(store: &Store) -> Result<Vec<String>, store::Error> {
    audit::audit_given(store)
}

/// Entries of a store that do not verify.
///
/// # Errors
/// If it cannot be read.
pub fn verified(store: &Store) -> Result<Vec<String>, store::Error> {
    Ok(store.verify()?.bad)
}

/// Whatever is fuller than it may be.
pub fn bounded(seen: &Inspection) -> Vec<String> {
    seen.overfull().map(|load| format!("{} {} where {} may be", load.held, load.name, load.bound)).collect()
}

/// What stands on the newest page of a timeline and is of somebody blocked, passed on by others or not.
///
/// # Errors
/// If the store cannot be read.
pub fn unseen(reader: &Reader, blocked: &BTreeSet<AuthorId>) -> Result<Vec<String>, store::Error> {
    let page = Page { limit: 80, ..Page::default() };
    let mut seen = Vec::new();
    for (timeline, posts) in [("home", reader.home(&page)?), ("network", reader.network(&page)?)] {
        for post in &posts {
            if shows(post, blocked) {
                seen.push(format!("{} on the {timeline} timeline", post.id));
            }
        }
    }
    Ok(seen)
}

fn shows(post: &Post, blocked: &BTreeSet<AuthorId>) -> bool {
    let passed_on = match &post.body {
        PostBody::Boost { post: Some(post), .. } => shows(post, blocked),
        _ => false,
    };
    passed_on || post.author.author.is_some_and(|author| blocked.contains(&author))
}

/// What a step let out and its store does not hold. `me` is the node's author.
///
/// # Errors
/// If the store cannot be read.
pub fn committed(reader: &Reader, me: &AuthorId, outputs: &[Output]) -> Result<Vec<String>, store::Error> {
    let mut missing = Vec::new();
    let mut check = |how: &str, id: EntryId, bytes: Option<&[u8]>| -> Result<(), store::Error> {
        if reader.provenance(&id)?.is_none() && !let_go(reader, bytes)? {
            missing.push(format!("{id} was {how} and is not stored"));
        }
        Ok(())
    };
    for output in outputs {
        match output {
            Output::Reply(_, Ok(Reply::Published { id, .. })) => check("answered", *id, None)?,
            Output::Event(Event::Stored { id, author, .. }) if author == me => check("told", *id, None)?,
            Output::Network(network::Command::Publish { frame, .. }) => {
                if let Ok(Frame::Entry { record, entry }) = Frame::from_bytes(frame)
                    && record.author().is_ok_and(|author| author == *me)
                    && let Ok(signed) = Signed::from_bytes(&entry)
                {
                    check("announced", signed.id(), None)?;
                }
            }
            Output::Network(network::Command::SendSync { frame, .. }) if Answer::has_entries(frame) => {
                let Ok(Answer::Entries { entries, .. }) = Answer::from_bytes(frame) else { continue };
                for bytes in entries {
                    if let Ok(signed) = Signed::from_bytes(&bytes) {
                        check("served", signed.id(), Some(&bytes))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(missing)
}

/// Whether a served entry is below what is kept of its log: a bound may have let it go in the same step.
fn let_go(reader: &Reader, bytes: Option<&[u8]>) -> Result<bool, store::Error> {
    let Some(Ok(header)) = bytes.map(entry::peek) else { return Ok(false) };
    let rows = reader.log_rows(&header.author)?;
    let row = rows.iter().find(|row| row.device == header.device && row.log == header.log);
    Ok(row.is_none_or(|row| {
        header.seq < row.floor || row.state.runs().first().is_none_or(|run| header.seq < run.lo)
    }))
}

/// What a store holds of its owner and those whom they follow: log by log, the stretches and where it is frozen.
pub type Holding = BTreeMap<(AuthorId, [u8; 32], u8), (Vec<Run>, Option<u64>)>;

/// Reads it.
///
/// # Errors
/// If the store cannot be read.
pub fn holding(reader: &Reader, me: &AuthorId) -> Result<Holding, store::Error> {
    let mut holding = Holding::new();
    for author in reader.following(me)?.into_iter().chain([*me]) {
        for row in reader.log_rows(&author)? {
            let key = (author, *row.device.as_bytes(), row.log);
            holding.insert(key, (row.state.runs().to_vec(), row.state.frozen()));
        }
    }
    Ok(holding)
}

/// What was held before a stop and is not held after the start, or the other way round.
pub fn kept(before: &Holding, after: &Holding) -> Vec<String> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(key) != after.get(key));
    differing
        .map(|key| {
            let (author, _, log) = key;
            format!("log {log} of {author} was {:?} and is {:?}", before.get(key), after.get(key))
        })
        .collect()
}

/// Of these entries those that cannot be read.
///
/// # Errors
/// If the store cannot be read.
pub fn answered(reader: &Reader, ids: &[EntryId]) -> Result<Vec<String>, store::Error> {
    let mut lost = Vec::new();
    for id in ids {
        if reader.provenance(id)?.is_none() {
            lost.push(format!("{id} was answered as posted and is gone"));
        }
    }
    Ok(lost)
}
