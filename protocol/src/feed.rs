//! Where an entry stands in its log: next, duplicate, gap or fork.
//!
//! A log is a chain: each entry names the one before it. A node may hold any part of it, since the
//! newest entries are fetched first; what it holds is a few [`Run`]s without gaps inside. [`step`]
//! is total: every header has exactly one answer, and what a set of headers amounts to does not
//! depend on the order in which they came.
//!
//! A device that signs two entries for one place has *forked* its log. Two headers prove it to
//! everybody ([`ForkProof`]); what the device wrote from there on is frozen until its author says,
//! by removing the device with a cut-off, which branch counts.

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

use crate::{
    cbor,
    entry::{self, Header, Invalid, Signed, Verified},
    id::{AuthorId, DeviceKey, EntryId},
    limits,
};

/// A stretch of a log that is held whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// First sequence number held.
    pub lo: u64,
    /// Last sequence number held.
    pub hi: u64,
    /// Id of the entry at `lo - 1`, as the entry at `lo` names it.
    pub before: Option<EntryId>,
    /// Id of the entry at `hi`.
    pub head: EntryId,
}

/// What is held of one log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogState {
    runs: Vec<Run>,
    frozen: Option<u64>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It follows, or comes just before, what is held.
    Next,
    /// It is held already.
    Duplicate,
    /// It touches nothing that is held: good, with something missing around it.
    Gap,
    /// Too many gaps already: take it when some are closed.
    Scattered,
    /// It contradicts what is held, at this place.
    Fork {
        /// The place of which there are two versions.
        seq: u64,
        /// The held entry that together with this one proves it.
        against: u64,
    },
}

impl LogState {
    /// The stretches that are held, lowest first; never two that touch.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The highest stretch.
    pub fn top(&self) -> Option<&Run> {
        self.runs.last()
    }

    /// The place from which the log is frozen by a fork.
    pub fn frozen(&self) -> Option<u64> {
        self.frozen
    }

    /// Freezes the log from `seq` on. The lowest place holds. True if that changed anything.
    pub fn freeze(&mut self, seq: u64) -> bool {
        let lower = self.frozen.is_none_or(|frozen| seq < frozen);
        if lower {
            self.frozen = Some(seq);
        }
        lower
    }

    /// Lifts a freeze: the author has chosen a branch.
    pub fn thaw(&mut self) {
        self.frozen = None;
    }

    /// How many entries are held.
    pub fn len(&self) -> u64 {
        self.runs.iter().map(|run| run.hi - run.lo + 1).sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether the entry at `seq` is held.
    pub fn holds(&self, seq: u64) -> bool {
        self.run_of(seq).is_some()
    }

    fn run_of(&self, seq: u64) -> Option<&Run> {
        self.runs.iter().find(|run| run.lo <= seq && seq <= run.hi)
    }

    /// The parts of `from..=to` that are not held, lowest first.
    pub fn missing(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut missing = Vec::new();
        let mut next = from;
        for run in &self.runs {
            if run.hi < next {
                continue;
            }
            if run.lo > to {
                break;
            }
            if run.lo > next {
                missing.push((next, run.lo - 1));
            }
            next = run.hi + 1;
        }
        if next <= to {
            missing.push((next, to));
        }
        missing
    }

    /// Takes an entry for which [`step`] said [`Step::Next`] or [`Step::Gap`].
    pub fn insert(&mut self, header: &Header, id: EntryId) {
        let seq = header.seq;
        let below = self.runs.iter().position(|run| run.hi + 1 == seq);
        let above = self.runs.iter().position(|run| run.lo == seq + 1);
        match (below, above) {
            (Some(below), Some(above)) => {
                self.runs[below].hi = self.runs[above].hi;
                self.runs[below].head = self.runs[above].head;
                self.runs.remove(above);
            }
            (Some(below), None) => {
                self.runs[below].hi = seq;
                self.runs[below].head = id;
            }
            (None, Some(above)) => {
                self.runs[above].lo = seq;
                self.runs[above].before = header.previous;
            }
            (None, None) => {
                let at = self.runs.partition_point(|run| run.hi < seq);
                // Nearly every log is one stretch, and a node remembers thousands of logs.
                if self.runs.is_empty() {
                    self.runs.reserve_exact(1);
                }
                self.runs.insert(at, Run { lo: seq, hi: seq, before: header.previous, head: id });
            }
        }
    }

    /// Forgets everything from `seq` on; `head` is the id of the entry at `seq - 1`, needed if that
    /// is held.
    pub fn truncate(&mut self, seq: u64, head: Option<EntryId>) {
        self.runs.retain(|run| run.lo < seq);
        if let (Some(run), Some(head)) = (self.runs.last_mut(), head)
            && run.hi >= seq
        {
            run.hi = seq - 1;
            run.head = head;
        }
    }

    /// Forgets the stretch that begins at `lo`.
    pub fn remove_run(&mut self, lo: u64) {
        self.runs.retain(|run| run.lo != lo);
    }

    /// Forgets everything up to and including `seq`; `before` is the id of the entry at `seq`.
    pub fn forget(&mut self, seq: u64, before: Option<EntryId>) {
        self.runs.retain(|run| run.hi > seq);
        if let Some(run) = self.runs.first_mut()
            && run.lo <= seq
        {
            run.lo = seq + 1;
            run.before = before;
        }
    }
}

/// Says where an entry stands. `held` gives the id of a held entry of this log by its place.
pub fn step(log: &LogState, header: &Header, id: EntryId, held: impl FnOnce(u64) -> Option<EntryId>) -> Step {
    let seq = header.seq;
    if log.run_of(seq).is_some() {
        return if held(seq) == Some(id) { Step::Duplicate } else { Step::Fork { seq, against: seq } };
    }
    let below = log.runs.iter().find(|run| run.hi + 1 == seq);
    let above = log.runs.iter().find(|run| run.lo == seq + 1);
    // The lower contradiction is named first, so that everybody who can see both freezes there.
    if let Some(run) = below
        && header.previous != Some(run.head)
    {
        return Step::Fork { seq: run.hi, against: run.hi };
    }
    if let Some(run) = above
        && run.before != Some(id)
    {
        return Step::Fork { seq, against: seq + 1 };
    }
    match (below, above) {
        (None, None) if log.runs.len() >= limits::LOG_RUNS => Step::Scattered,
        (None, None) if seq > 0 || !log.runs.is_empty() => Step::Gap,
        _ => Step::Next,
    }
}

/// Two signed headers of one log that contradict each other: two versions of one place, or an entry
/// that names another as the one before it than the device signed for that place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    first: (Vec<u8>, [u8; 64]),
    second: (Vec<u8>, [u8; 64]),
    place: ForkPlace,
}

/// Which log a proof is about, and from where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForkPlace {
    /// Whose log.
    pub author: AuthorId,
    /// The device that signed twice.
    pub device: DeviceKey,
    /// Which log of it.
    pub log: u8,
    /// The lowest place of which there are provably two versions.
    pub seq: u64,
}

/// Why bytes are not the proof of a fork.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProof {
    /// Not the canonical encoding of a proof.
    #[error("not a fork proof: {0}")]
    Encoding(#[from] cbor::Error),
    /// One of the entries is not valid.
    #[error("one of the two entries is invalid: {0}")]
    Entry(#[from] Invalid),
    /// Both are valid, and both can stand.
    #[error("the two entries do not contradict each other")]
    Consistent,
}

#[derive(Serialize, Deserialize)]
struct ProofWire([(ByteBuf, ByteArray<64>); 2]);

impl ForkProof {
    /// A proof from two entries, if they are one.
    pub fn of(first: &Verified, second: &Verified) -> Result<Self, NoProof> {
        let (a, b) = (first.header(), second.header());
        // The lower place first; of two versions the lower id: one fork, one proof.
        let ordered = (a.seq, first.id()) <= (b.seq, second.id());
        let (first, second) = if ordered { (first, second) } else { (second, first) };
        let (a, b) = (first.header(), second.header());
        let same_log = (a.author, a.device, a.log) == (b.author, b.device, b.log);
        let two_versions = a.seq == b.seq && first.id() != second.id();
        let broken_link = a.seq + 1 == b.seq && b.previous != Some(first.id());
        if !same_log || !(two_versions || broken_link) {
            return Err(NoProof::Consistent);
        }
        let half = |entry: &Verified| (entry.signed().header.clone(), entry.signed().signature);
        let place = ForkPlace { author: a.author, device: a.device, log: a.log, seq: a.seq };
        Ok(Self { first: half(first), second: half(second), place })
    }

    /// Reads what a proof is about, and checks nothing else. For those who leave out what they know, or do
    /// not care for, before the work of verifying it.
    pub fn peek(bytes: &[u8]) -> Result<ForkPlace, NoProof> {
        let ProofWire([(header, _), _]) = cbor::decode_canonical(bytes)?;
        let Header { author, device, log, seq, .. } = entry::header(&header)?;
        Ok(ForkPlace { author, device, log, seq })
    }

    /// Reads and checks a proof.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoProof> {
        let ProofWire(halves) = cbor::decode_canonical(bytes)?;
        let [first, second] = halves.map(|(header, signature)| Signed {
            header: header.into_vec(),
            signature: signature.into_array(),
            payload: None,
        });
        let proof = Self::of(&entry::check(first)?, &entry::check(second)?)?;
        if proof.to_bytes() == bytes { Ok(proof) } else { Err(cbor::Error::NotCanonical.into()) }
    }

    /// The wire form: `[[header, signature], [header, signature]]`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let half = |(header, signature): &(Vec<u8>, [u8; 64])| {
            (ByteBuf::from(header.clone()), ByteArray::new(*signature))
        };
        cbor::encode(&ProofWire([half(&self.first), half(&self.second)]))
    }

    /// What it proves.
    pub fn place(&self) -> &ForkPlace {
        &self.place
    }
}

#[cfg(test)]
#[path = "feed/tests.rs"]
mod tests;
