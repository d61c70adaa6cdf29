//! One transaction's view of the store: numbers, rows and entries, read and written.
//!
//! Rows that change with every entry (authors, logs) are kept in memory and written once, at the
//! end of the batch. What is remembered between batches was committed: a batch that fails takes its
//! memory with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use redb::WriteTransaction;
use starling_protocol::{
    AuthorId, DeviceKey, EntryId, Identity, Verified, cbor, entry, feed::LogState, identity::Record, limits,
};

use super::{
    Error,
    record::{AuthorRow, EntryRecord, LogRow, prefix},
    tables::Tables,
    words::Touched,
};

/// Authors and identities that are remembered between batches: as many as a session can be about. A node
/// that follows so many finds all of them here.
const AUTHORS: usize = 2 * limits::INTERESTS;
/// Logs that are: each author writes up to four, and few write more.
const LOGS: usize = 4 * limits::INTERESTS;

/// Bytes of identities that are: what as many take that have a handful of devices. A few are much larger, and strangers
/// can make theirs so.
const IDENTITY_BYTES: usize = 64 << 20;

/// Where it stands how far others hold what our device posted.
const STORED_ELSEWHERE: &str = "stored elsewhere";

/// Where it stands which arrivals were given out, as far as the entries themselves do not say it.
const NEXT_ARRIVAL: &str = "next arrival";

/// How long a wish is remembered, in milliseconds: what Mastodon promises its clients.
const WISH_MS: u64 = 60 * 60 * 1000;

/// What was read before and is still true.
#[derive(Default)]
pub(super) struct Memory {
    numbers: HashMap<AuthorId, u32>,
    authors: BTreeMap<u32, AuthorRow>,
    log_numbers: HashMap<(u32, DeviceKey, u8), u32>,
    logs: BTreeMap<u32, LogRow>,
    identities: HashMap<u32, Arc<Identity>>,
    /// Bytes of all identities that were put in, replaced ones among them.
    identity_bytes: usize,
    /// The next arrival that is free.
    next_arrival: Option<u64>,
    /// How many entries are kept only while there is room.
    passing: Option<u64>,
    /// The number of the node's own author.
    me: Option<u32>,
}

impl Memory {
    /// Each kind for itself: what there are too many of is read again, and nothing else.
    fn trim(&mut self) {
        if self.numbers.len() > AUTHORS {
            self.numbers = HashMap::new();
        }
        if self.authors.len() > AUTHORS {
            self.authors = BTreeMap::new();
        }
        if self.identities.len() > AUTHORS || self.identity_bytes > IDENTITY_BYTES {
            self.identities = HashMap::new();
            self.identity_bytes = 0;
        }
        if self.log_numbers.len() > LOGS {
            self.log_numbers = HashMap::new();
        }
        if self.logs.len() > LOGS {
            self.logs = BTreeMap::new();
        }
    }
}

/// A transaction that writes.
pub struct Batch<'t> {
    pub(super) tables: Tables<'t>,
    memory: Memory,
    dirty_authors: std::collections::BTreeSet<u32>,
    dirty_logs: std::collections::BTreeSet<u32>,
}

/// An entry that was just stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its place in the order of arrival.
    pub arrival: u64,
    /// Number of its log.
    pub log: u32,
    /// Number of its author.
    pub author: u32,
}

impl<'t> Batch<'t> {
    pub(super) fn open(txn: &'t WriteTransaction, mut memory: Memory) -> Self {
        memory.trim();
        let (dirty_authors, dirty_logs) = Default::default();
        Self { tables: Tables::of(txn), memory, dirty_authors, dirty_logs }
    }

    /// Writes the rows that were kept back, and gives the memory to the next batch. Says whether
    /// anything was written at all.
    pub(super) fn flush(mut self) -> Result<(Memory, bool), Error> {
        for number in &self.dirty_authors {
            if let Some(row) = self.memory.authors.get(number) {
                self.tables.authors.insert(number, row.encode().as_slice())?;
            }
        }
        for number in &self.dirty_logs {
            if let Some(row) = self.memory.logs.get(number) {
                self.tables.logs.insert(number, row.encode().as_slice())?;
            }
        }
        Ok((self.memory, self.tables.touched.get()))
    }

    /// The number of an author, if anything of them is known.
    pub fn author_number(&mut self, author: &AuthorId) -> Result<Option<u32>, Error> {
        if let Some(number) = self.memory.numbers.get(author) {
            return Ok(Some(*number));
        }
        let number = self.tables.author_numbers.get(author.as_bytes())?.map(|number| number.value());
        if let Some(number) = number {
            self.memory.numbers.insert(*author, number);
        }
        Ok(number)
    }

    /// The number of an author, given now if there is none.
    pub fn intern_author(&mut self, author: &AuthorId, now: u64) -> Result<u32, Error> {
        if let Some(number) = self.author_number(author)? {
            return Ok(number);
        }
        let number = self.next_author()?;
        let row = AuthorRow::new(*author, now);
        self.tables.author_numbers.insert(author.as_bytes(), number)?;
        self.tables.authors.insert(number, row.encode().as_slice())?;
        self.memory.numbers.insert(*author, number);
        self.memory.authors.insert(number, row);
        Ok(number)
    }

    /// A number that no author had before: a relation may still name one who was forgotten.
    fn next_author(&mut self) -> Result<u32, Error> {
        const KEY: &str = "next author";
        let next = self.tables.meta.get(KEY)?.and_then(|bytes| bytes.value().try_into().ok());
        let next = next.map_or(0, u32::from_le_bytes);
        let after = next.checked_add(1).ok_or_else(|| Error::Corrupt("no author numbers are left".into()))?;
        self.tables.meta.insert(KEY, after.to_le_bytes().as_slice())?;
        Ok(next)
    }

    /// What is known of an author.
    pub fn author(&mut self, number: u32) -> Result<&AuthorRow, Error> {
        self.author_mut(number).map(|row| &*row)
    }

    fn author_mut(&mut self, number: u32) -> Result<&mut AuthorRow, Error> {
        use std::collections::btree_map::Entry;
        match self.memory.authors.entry(number) {
            Entry::Occupied(row) => Ok(row.into_mut()),
            Entry::Vacant(vacant) => {
                let bytes = self.tables.authors.get(number)?;
                let bytes = bytes.ok_or_else(|| Error::Corrupt(format!("author {number} has no row")))?;
                Ok(vacant.insert(AuthorRow::decode(bytes.value())?))
            }
        }
    }

    /// Changes what is known of an author.
    pub fn change_author(&mut self, number: u32, change: impl FnOnce(&mut AuthorRow)) -> Result<(), Error> {
        change(self.author_mut(number)?);
        self.dirty_authors.insert(number);
        Ok(())
    }

    /// The identity of an author.
    pub fn identity(&mut self, number: u32) -> Result<Option<&Identity>, Error> {
        use std::collections::hash_map::Entry;
        match self.memory.identities.entry(number) {
            Entry::Occupied(identity) => Ok(Some(identity.into_mut())),
            Entry::Vacant(vacant) => {
                let Some(bytes) = self.tables.identities.get(number)? else { return Ok(None) };
                let record: Record = super::record::row(bytes.value())?;
                let identity = Identity::trusted(&record)
                    .map_err(|error| Error::Corrupt(format!("a stored identity is invalid: {error}")))?;
                self.memory.identity_bytes += identity.size();
                Ok(Some(vacant.insert(Arc::new(identity))))
            }
        }
    }

    /// Stores an identity.
    pub fn set_identity(&mut self, number: u32, identity: Arc<Identity>) -> Result<(), Error> {
        self.tables.identities.insert(number, cbor::encode(&identity.record()).as_slice())?;
        self.memory.identity_bytes += identity.size();
        self.memory.identities.insert(number, identity);
        Ok(())
    }

    /// The number of a log, if anything of it is known.
    pub fn log_number(&mut self, author: u32, device: &DeviceKey, log: u8) -> Result<Option<u32>, Error> {
        let key = (author, *device, log);
        if let Some(number) = self.memory.log_numbers.get(&key) {
            return Ok(Some(*number));
        }
        let stored = self.tables.log_numbers.get((author, device.as_bytes(), log))?;
        let number = stored.map(|number| number.value());
        if let Some(number) = number {
            self.memory.log_numbers.insert(key, number);
        }
        Ok(number)
    }

    /// The number of a log, given now if there is none.
    pub fn intern_log(&mut self, author_number: u32, device: &DeviceKey, log: u8) -> Result<u32, Error> {
        if let Some(number) = self.log_number(author_number, device, log)? {
            return Ok(number);
        }
        let number = self.tables.logs.last()?.map_or(0, |(last, _)| last.value() + 1);
        let author = self.author(author_number)?.author;
        let row =
            LogRow { author, author_number, device: *device, log, state: LogState::default(), floor: 0 };
        self.tables.log_numbers.insert((author_number, device.as_bytes(), log), number)?;
        self.tables.logs.insert(number, row.encode().as_slice())?;
        self.memory.log_numbers.insert((author_number, *device, log), number);
        self.memory.logs.insert(number, row);
        Ok(number)
    }

    /// What is held of a log.
    pub fn log(&mut self, number: u32) -> Result<&LogRow, Error> {
        self.log_mut(number).map(|row| &*row)
    }

    fn log_mut(&mut self, number: u32) -> Result<&mut LogRow, Error> {
        use std::collections::btree_map::Entry;
        match self.memory.logs.entry(number) {
            Entry::Occupied(row) => Ok(row.into_mut()),
            Entry::Vacant(vacant) => {
                let bytes = self.tables.logs.get(number)?;
                let bytes = bytes.ok_or_else(|| Error::Corrupt(format!("log {number} has no row")))?;
                Ok(vacant.insert(LogRow::decode(bytes.value())?))
            }
        }
    }

    /// Changes what is held of a log.
    pub fn change_log<R>(&mut self, number: u32, change: impl FnOnce(&mut LogRow) -> R) -> Result<R, Error> {
        let result = change(self.log_mut(number)?);
        self.dirty_logs.insert(number);
        Ok(result)
    }

    /// The numbers of all logs of an author.
    pub fn logs_of(&mut self, author: u32) -> Result<Vec<u32>, Error> {
        let all = (author, &[0; 32], 0)..=(author, &[0xff; 32], u8::MAX);
        self.tables.log_numbers.range(all)?.map(|row| Ok(row?.1.value())).collect()
    }

    /// All authors of whom logs are held, by number.
    pub fn all_authors(&mut self) -> Result<Vec<u32>, Error> {
        self.tables.authors.iter()?.map(|row| Ok(row?.0.value())).collect()
    }

    /// Where the entry with this id is.
    pub fn find(&self, id: &EntryId) -> Result<Option<u64>, Error> {
        Ok(self.tables.ids.get(&prefix(id))?.map(|arrival| arrival.value()))
    }

    /// Where the entry at this place of a log is.
    pub fn at(&self, log: u32, seq: u64) -> Result<Option<u64>, Error> {
        Ok(self.tables.places.get((log, seq))?.map(|arrival| arrival.value()))
    }

    /// The record of an entry. One that is damaged is as good as none: a disk that loses one entry must
    /// not keep the node from all others, and somebody may bring it again.
    pub fn record(&self, arrival: u64) -> Result<Option<EntryRecord>, Error> {
        let Some(bytes) = self.tables.entries.get(arrival)? else { return Ok(None) };
        Ok(super::record::sound(arrival, EntryRecord::decode(bytes.value())))
    }

    /// An entry, as it was verified when it came, and when that was.
    pub fn entry(&mut self, arrival: u64) -> Result<Option<(Verified, u64)>, Error> {
        let Some(record) = self.record(arrival)? else { return Ok(None) };
        let received_at = record.received_at;
        let signed = record.clone().signed(self.log(record.log)?);
        let id = signed.id();
        let entry = super::record::sound(arrival, entry::reread(signed, id));
        Ok(entry.map(|entry| (entry, received_at)))
    }

    /// The id of the entry at this place of a log, if it is held.
    pub fn id_at(&mut self, log: u32, seq: u64) -> Result<Option<EntryId>, Error> {
        let Some(arrival) = self.at(log, seq)? else { return Ok(None) };
        let Some(record) = self.record(arrival)? else { return Ok(None) };
        Ok(Some(record.signed(self.log(log)?).id()))
    }

    /// The id of the entry that a record is of.
    pub fn id_of(&mut self, record: EntryRecord) -> Result<EntryId, Error> {
        let row = self.log(record.log)?;
        Ok(record.signed(row).id())
    }

    /// An arrival that no entry had before: rows and the index of words may still name one that was forgotten.
    fn next_arrival(&mut self) -> Result<u64, Error> {
        if let Some(next) = self.memory.next_arrival {
            return Ok(next);
        }
        let noted = self.tables.meta.get(NEXT_ARRIVAL)?.and_then(|bytes| bytes.value().try_into().ok());
        let held = self.tables.entries.last()?.map_or(1, |(arrival, _)| arrival.value() + 1);
        let next = noted.map_or(1, u64::from_le_bytes).max(held);
        self.memory.next_arrival = Some(next);
        Ok(next)
    }

    /// Notes that this arrival was given out, before its entry goes. Of all but the newest the newest tells.
    fn note_given(&mut self, arrival: u64) -> Result<(), Error> {
        let next = arrival + 1;
        if next >= self.next_arrival()? {
            self.tables.meta.insert(NEXT_ARRIVAL, next.to_le_bytes().as_slice())?;
            self.memory.next_arrival = Some(next);
        }
        Ok(())
    }

    /// Stores an entry of which [`starling_protocol::feed::step`] said that it can stand.
    pub fn take(&mut self, entry: &Verified, log: u32, now: u64, from: u32) -> Result<Taken, Error> {
        let arrival = self.next_arrival()?;
        self.memory.next_arrival = Some(arrival + 1);
        let header = *entry.header();
        let bytes = EntryRecord::of(entry, log, now, from).encode();
        self.tables.entries.insert(arrival, bytes.as_slice())?;
        self.tables.places.insert((log, header.seq), arrival)?;
        self.tables.ids.insert(&prefix(&entry.id()), arrival)?;
        let number = self.log(log)?.author_number;
        if entry.payload().is_none() && !self.erased(number, &entry.id())? {
            self.tables.hollow.insert((log, header.seq), ())?;
        }
        let author = self.change_log(log, |row| {
            row.state.insert(&header, entry.id());
            row.author_number
        })?;
        self.change_author(author, |row| {
            row.entries += 1;
            row.bytes += bytes.len() as u64;
        })?;
        Ok(Taken { arrival, log, author })
    }

    /// Puts a payload back that was missing, or takes one away.
    pub fn replace(&mut self, arrival: u64, record: &EntryRecord) -> Result<(), Error> {
        let bytes = record.encode();
        let before = self.tables.entries.insert(arrival, bytes.as_slice())?.map_or(0, |b| b.value().len());
        let author = self.log(record.log)?.author_number;
        self.change_author(author, |row| {
            row.bytes = (row.bytes + bytes.len() as u64).saturating_sub(before as u64);
        })
    }

    /// Forgets an entry; its id is not known if it is damaged, and rows that name its arrival lead
    /// nowhere then. Its log's state is for the caller to change.
    pub fn forget(&mut self, log: u32, seq: u64, id: Option<&EntryId>) -> Result<(), Error> {
        let Some(arrival) = self.tables.places.remove((log, seq))?.map(|arrival| arrival.value()) else {
            return Ok(());
        };
        if let Some(id) = id {
            self.tables.ids.remove(&prefix(id))?;
            self.forget_erased(log, id)?;
        }
        self.tables.hollow.remove((log, seq))?;
        self.let_pass(arrival, false)?;
        self.note_given(arrival)?;
        let bytes = self.tables.entries.remove(arrival)?.map_or(0, |bytes| bytes.value().len()) as u64;
        let author = self.log(log)?.author_number;
        self.change_author(author, |row| {
            row.entries = row.entries.saturating_sub(1);
            row.bytes = row.bytes.saturating_sub(bytes);
        })
    }

    /// What a delete said that is held no longer was kept for the sake of this entry: it goes with it.
    fn forget_erased(&mut self, log: u32, id: &EntryId) -> Result<(), Error> {
        let (author, id) = (self.log(log)?.author_number, id.as_bytes());
        let mut deletes = Vec::new();
        for row in self.tables.erased.range((author, id, 0)..=(author, id, u64::MAX))? {
            deletes.push(row?.0.value().2);
        }
        for arrival in deletes {
            if self.tables.entries.get(arrival)?.is_none() {
                self.tables.erased.remove((author, id, arrival))?;
            }
        }
        Ok(())
    }

    /// Forgets an author of whom no entry is held: number, identity, logs and proofs.
    pub fn forget_author(&mut self, author: &AuthorId, number: u32) -> Result<(), Error> {
        self.note_stale(Touched::Person(number))?;
        for log in self.logs_of(number)? {
            self.tables.logs.remove(log)?;
            self.memory.logs.remove(&log);
            self.dirty_logs.remove(&log);
        }
        let all = (number, &[0; 32], 0)..=(number, &[0xff; 32], u8::MAX);
        self.tables.log_numbers.retain_in(all.clone(), |_, _| false)?;
        self.tables.forks.retain_in(all, |_, _| false)?;
        self.memory.log_numbers.retain(|(author, ..), _| *author != number);
        self.tables
            .erased
            .retain_in((number, &[0; 32], 0)..=(number, &[0xff; 32], u64::MAX), |_, _| false)?;
        self.tables.retired.retain_in((number, 0)..=(number, u64::MAX), |_, _| false)?;
        self.clear_pins(number)?;
        self.tables.identities.remove(number)?;
        self.memory.identities.remove(&number);
        self.tables.authors.remove(number)?;
        self.memory.authors.remove(&number);
        self.dirty_authors.remove(&number);
        self.tables.author_numbers.remove(author.as_bytes())?;
        self.memory.numbers.remove(author);
        Ok(())
    }

    /// Brings the payload of an entry that is held without it.
    pub fn fill(&mut self, arrival: u64, entry: &Verified) -> Result<(), Error> {
        let Some(held) = self.record(arrival)? else { return Ok(()) };
        self.tables.hollow.remove((held.log, entry.header().seq))?;
        self.note_stale(Touched::Post(arrival))?;
        self.replace(arrival, &EntryRecord::of(entry, held.log, held.received_at, held.from))
    }

    /// Writes a damaged entry anew, as it came again at `now`.
    pub fn mend(
        &mut self,
        arrival: u64,
        log: u32,
        entry: &Verified,
        now: u64,
        from: u32,
    ) -> Result<(), Error> {
        self.tables.hollow.remove((log, entry.header().seq))?;
        self.note_stale(Touched::Post(arrival))?;
        self.replace(arrival, &EntryRecord::of(entry, log, now, from))
    }

    /// Says which author this node writes for.
    pub fn set_me(&mut self, author: u32) -> Result<(), Error> {
        let (key, number) = (super::reader::ME, author.to_le_bytes());
        if self.tables.meta.get(key)?.is_none_or(|held| held.value() != number) {
            self.tables.meta.insert(key, number.as_slice())?;
        }
        self.memory.me = Some(author);
        Ok(())
    }

    /// Notes that others hold the posts of our device up to before this place.
    pub fn set_stored_elsewhere(&mut self, device: &DeviceKey, seq: u64) -> Result<(), Error> {
        let row = [device.as_bytes().as_slice(), &seq.to_le_bytes()].concat();
        self.tables.meta.insert(STORED_ELSEWHERE, row.as_slice())?;
        Ok(())
    }

    /// Up to before which place of its log others hold the posts of our device; none if that was never noted.
    pub fn stored_elsewhere(&self, device: &DeviceKey) -> Result<Option<u64>, Error> {
        let held = self.tables.meta.get(STORED_ELSEWHERE)?;
        let seq = held.and_then(|held| held.value().strip_prefix(device.as_bytes())?.try_into().ok());
        Ok(seq.map(u64::from_le_bytes))
    }

    /// The author that this node writes for.
    pub fn me(&mut self) -> Result<Option<u32>, Error> {
        if self.memory.me.is_none() {
            let held = self.tables.meta.get(super::reader::ME)?;
            self.memory.me = held.and_then(|held| held.value().try_into().ok()).map(u32::from_le_bytes);
        }
        Ok(self.memory.me)
    }

    /// The post that a wish of this name gave, if that is not long ago.
    pub fn wish(&self, key: &str, now: u64) -> Result<Option<EntryId>, Error> {
        let held = self.tables.wishes.get(key)?.map(|row| {
            let (time, id) = row.value();
            (time, EntryId::new(*id))
        });
        Ok(held.filter(|(time, _)| time.saturating_add(WISH_MS) > now).map(|(_, id)| id))
    }

    /// Remembers what a wish gave, and forgets old ones.
    pub fn keep_wish(&mut self, key: &str, now: u64, id: &EntryId) -> Result<(), Error> {
        self.tables.wishes.write()?.retain(|_, (time, _)| time.saturating_add(WISH_MS) > now)?;
        self.tables.wishes.insert(key, (now, id.as_bytes()))?;
        Ok(())
    }

    /// The proof that a log forked.
    pub fn fork(&self, author: u32, device: &DeviceKey, log: u8) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tables.forks.get((author, device.as_bytes(), log))?.map(|proof| proof.value().to_vec()))
    }

    /// The proofs that logs of an author forked.
    pub fn forks(&self, author: u32) -> Result<Vec<Vec<u8>>, Error> {
        let all = (author, &[0; 32], 0)..=(author, &[0xff; 32], u8::MAX);
        self.tables.forks.range(all)?.map(|row| Ok(row?.1.value().to_vec())).collect()
    }

    /// Authors whose id begins with these 32 bits, big-endian.
    pub fn authors_with(&self, prefix: u32) -> Result<Vec<(AuthorId, u32)>, Error> {
        let (mut low, mut high) = ([0; 32], [0xff; 32]);
        low[..4].copy_from_slice(&prefix.to_be_bytes());
        high[..4].copy_from_slice(&prefix.to_be_bytes());
        let rows = self.tables.author_numbers.range::<&[u8; 32]>(&low..=&high)?;
        rows.map(|row| {
            let (author, number) = row?;
            Ok((AuthorId::new(*author.value()), number.value()))
        })
        .collect()
    }

    /// Entries of a log from `to` down to `from`, within bounds, and the next place held below them. What
    /// is damaged is left out, and wanted again.
    pub fn read_down(
        &mut self,
        log: u32,
        from: u64,
        to: u64,
        max_entries: usize,
        max_bytes: usize,
    ) -> Result<(Vec<Vec<u8>>, Option<u64>), Error> {
        let row = self.log(log)?.clone();
        let (mut entries, mut size) = (Vec::new(), 0);
        let (mut next, mut damaged) = (None, Vec::new());
        for place in self.tables.places.range((log, 0)..=(log, to))?.rev() {
            let (place, arrival) = place?;
            let seq = place.value().1;
            if seq < from || entries.len() >= max_entries {
                next = Some(seq);
                break;
            }
            let Some(record) = self.record(arrival.value())? else {
                damaged.push(seq);
                continue;
            };
            let bytes = record.signed(&row).to_bytes();
            if size + bytes.len() > max_bytes {
                next = Some(seq);
                break;
            }
            size += bytes.len();
            entries.push(bytes);
        }
        for seq in damaged {
            self.tables.hollow.insert((log, seq), ())?;
        }
        Ok((entries, next))
    }

    /// Keeps a proof.
    pub fn set_fork(&mut self, author: u32, device: &DeviceKey, log: u8, proof: &[u8]) -> Result<(), Error> {
        self.tables.forks.insert((author, device.as_bytes(), log), proof)?;
        Ok(())
    }

    /// Files an entry under those that are kept only while there is room, or not any more.
    pub fn let_pass(&mut self, arrival: u64, passing: bool) -> Result<(), Error> {
        let count = self.passing()?;
        let count = if passing {
            count + u64::from(self.tables.passing.insert(arrival, ())?.is_none())
        } else {
            count.saturating_sub(u64::from(self.tables.passing.remove(arrival)?.is_some()))
        };
        self.memory.passing = Some(count);
        Ok(())
    }

    /// How many entries are kept only while there is room.
    pub fn passing(&mut self) -> Result<u64, Error> {
        match self.memory.passing {
            Some(count) => Ok(count),
            None => Ok(*self.memory.passing.insert(self.tables.passing.len()?)),
        }
    }

    /// The oldest entry that is kept only while there is room: its log, or none if it is gone.
    pub fn first_passing(&self) -> Result<Option<(u64, Option<u32>)>, Error> {
        let Some((arrival, _)) = self.tables.passing.first()? else { return Ok(None) };
        let arrival = arrival.value();
        Ok(Some((arrival, self.record(arrival)?.map(|record| record.log))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_of_one_kind_cost_no_other() {
        let mut memory = Memory::default();
        let author = AuthorId::new([1; 32]);
        memory.numbers.insert(author, 1);
        memory.authors.insert(1, AuthorRow::new(author, 0));
        for log in 0..LOGS as u32 {
            memory.log_numbers.insert((log, DeviceKey::new([2; 32]), 0), log);
        }
        memory.trim();
        assert_eq!(memory.log_numbers.len(), LOGS);
        memory.log_numbers.insert((1, DeviceKey::new([3; 32]), 0), 7);
        memory.trim();
        assert_eq!((memory.log_numbers.len(), memory.numbers.len(), memory.authors.len()), (0, 1, 1));
    }
}
