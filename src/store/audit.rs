//! The invariants of a store, for whoever must be sure of them: tests after every step, simulations of
//! whole worlds, a person who does not trust a disk.
//!
//! Nothing here believes an index. All of them are made anew from the entries alone, in the plainest way,
//! and compared with what stands in the store: a timeline with an entry too many, one of somebody who is
//! blocked, a log that is not one chain, a count that is off. What is found comes back as sentences.

mod indexes;
mod logs;

use std::collections::BTreeMap;

use redb::{Key, ReadOnlyTable, ReadableTable, Value};
use starling_protocol::{
    Verified,
    entry::log,
    payload::{Body, Visibility},
};

use super::{
    Error, Reader, Store,
    index::order_time,
    reader::ME,
    record::{AuthorRow, LogRow},
    tables::{ReadTables, Relation},
};

/// Findings that are told: what is broken in one place is often broken in many, and the first ones say it.
const TOLD: usize = 20;

/// What is wrong with a store; nothing, if all is well. The signature of every entry is checked, at some
/// ten thousand a second and core.
pub fn audit(store: &Store) -> Result<Vec<String>, Error> {
    let mut wrong = store.verify()?.bad;
    wrong.extend(audit_indexes(store)?);
    wrong.truncate(TOLD);
    Ok(wrong)
}

/// The same without the signatures, for a world in which nobody could have changed an entry since it was
/// verified on its way in: ten times as quick.
pub fn audit_indexes(store: &Store) -> Result<Vec<String>, Error> {
    indexes_of(store, false)
}

/// The same for a store that was given relations of which no entry speaks, as in a world that begins in the middle
/// of its history: their [`graph::Standing`](super::graph::Standing) is at time 0, device 0 and place 0.
pub fn audit_given(store: &Store) -> Result<Vec<String>, Error> {
    indexes_of(store, true)
}

fn indexes_of(store: &Store, given: bool) -> Result<Vec<String>, Error> {
    let reader = store.read()?;
    let mut audit = Audit::begin(&reader)?;
    if given {
        let told: BTreeMap<Relation, Word> = rows(&audit.tables.relations, |key, word| (key, word))?;
        audit.relations = told.into_iter().filter(|(_, word)| *word == (0, 0, 0, true)).collect();
    }
    audit.logs()?;
    audit.relations()?;
    audit.timelines()?;
    audit.counts()?;
    Ok(audit.wrong)
}

/// One held entry, as the audit sees it.
struct Held {
    arrival: u64,
    entry: Verified,
    /// Number of its log, and the log's row.
    log: u32,
    row: LogRow,
    received: u64,
    bytes: u64,
}

impl Held {
    fn time(&self) -> u64 {
        order_time(self.entry.header().time, self.received)
    }

    fn stands(&self) -> bool {
        self.row.state.frozen().is_none_or(|frozen| self.entry.header().seq < frozen)
    }

    /// What it says, if it stands and has its payload.
    fn body(&self) -> Option<&Body> {
        self.entry.payload().map(|payload| payload.body()).filter(|_| self.stands())
    }

    /// To whom it is shown on a timeline, if it is.
    fn shown(&self) -> Option<Visibility> {
        match self.body()? {
            Body::Post(content) | Body::Reply { content, .. } => Some(content.visibility),
            Body::Boost(_) => Some(Visibility::Public),
            Body::Unknown { .. } if self.row.log == log::POSTS => Some(Visibility::Public),
            _ => None,
        }
    }
}

/// When a relation was last spoken of (time, device, place), and whether it holds.
type Word = (u64, u64, u64, bool);

/// An audit under way.
struct Audit<'a> {
    tables: &'a ReadTables,
    wrong: Vec<String>,
    /// Number of the node's own author.
    me: Option<u32>,
    authors: BTreeMap<u32, AuthorRow>,
    /// Author id → number, as the store says.
    numbers: BTreeMap<[u8; 32], u32>,
    held: Vec<Held>,
    /// As the entries say.
    relations: BTreeMap<Relation, Word>,
}

impl<'a> Audit<'a> {
    fn begin(reader: &'a Reader) -> Result<Self, Error> {
        let tables = reader.tables();
        let me = tables.meta.get(ME)?.and_then(|bytes| bytes.value().try_into().ok().map(u32::from_le_bytes));
        let mut authors = BTreeMap::new();
        for row in tables.authors.iter()? {
            let (number, bytes) = row?;
            authors.insert(number.value(), AuthorRow::decode(bytes.value())?);
        }
        let numbers = rows(&tables.author_numbers, |author, number| (*author, number))?;
        let named: BTreeMap<[u8; 32], u32> =
            authors.iter().map(|(number, row)| (*row.author.as_bytes(), *number)).collect();
        let mut audit = Self {
            tables,
            wrong: Vec::new(),
            me,
            authors,
            numbers,
            held: Vec::new(),
            relations: BTreeMap::new(),
        };
        let agree = audit.numbers == named;
        audit.check(agree, || "authors and their numbers differ".into());
        Ok(audit)
    }

    fn check(&mut self, good: bool, what: impl FnOnce() -> String) {
        if !good && self.wrong.len() < TOLD {
            self.wrong.push(what());
        }
    }

    /// Whether our own author follows or blocks somebody, by the entries.
    fn relates(&self, kind: u8, target: u32) -> bool {
        self.me.is_some_and(|me| self.relations.get(&(me, kind, target)).is_some_and(|word| word.3))
    }
}

/// All rows of a table, each as `read` makes it.
fn rows<K: Key + 'static, V: Value + 'static, R, C: FromIterator<R>>(
    table: &ReadOnlyTable<K, V>,
    read: impl Fn(K::SelfType<'_>, V::SelfType<'_>) -> R,
) -> Result<C, Error> {
    table
        .iter()?
        .map(|row| {
            let (key, value) = row?;
            Ok(read(key.value(), value.value()))
        })
        .collect()
}
