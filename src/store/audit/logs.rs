//! Logs: what is said to be held is held, it is one chain, and nothing is held besides.

use std::collections::BTreeMap;

use redb::ReadableTable;
use starling_protocol::{EntryId, entry};

use super::{Audit, Held, rows};
use crate::store::{
    Error,
    record::{EntryRecord, LogRow, prefix},
    tables::Prefix,
};

impl Audit<'_> {
    pub(super) fn logs(&mut self) -> Result<(), Error> {
        let mut places = 0;
        for row in self.tables.logs.iter()? {
            let (number, bytes) = row?;
            places += self.log(number.value(), LogRow::decode(bytes.value())?)?;
        }
        let entries = self.tables.entries.iter()?.count();
        self.check(entries == places, || format!("{entries} entries, {places} places"));
        let stored: BTreeMap<Prefix, u64> = rows(&self.tables.ids, |id, arrival| (*id, arrival))?;
        let ids: BTreeMap<Prefix, u64> =
            self.held.iter().map(|held| (prefix(&held.entry.id()), held.arrival)).collect();
        self.check(stored == ids, || "ids are not those of the entries".into());
        Ok(())
    }

    /// One log; how many places it has.
    fn log(&mut self, number: u32, row: LogRow) -> Result<usize, Error> {
        let name = || format!("log {} of {} of author {}", row.log, row.device, row.author_number);
        let key = (row.author_number, row.device.as_bytes(), row.log);
        let named = self.tables.log_numbers.get(key)?.map(|named| named.value());
        self.check(named == Some(number), || format!("{}: misnamed", name()));
        let first = self.held.len();
        let mut places = 0;
        let mut found: BTreeMap<u64, EntryId> = BTreeMap::new();
        for place in self.tables.places.range((number, 0)..=(number, u64::MAX))? {
            let (place, arrival) = place?;
            let (seq, arrival) = (place.value().1, arrival.value());
            places += 1;
            let Some(bytes) = self.tables.entries.get(arrival)? else {
                self.check(false, || format!("{}: {seq} is missing", name()));
                continue;
            };
            let bytes = bytes.value();
            let record = match EntryRecord::decode(bytes) {
                Ok(record) => record,
                Err(error) => {
                    self.check(false, || format!("{}: {seq}: {error}", name()));
                    continue;
                }
            };
            let received = record.received_at;
            self.check(record.log == number, || format!("{}: {seq} is of another log", name()));
            let signed = record.signed(&row);
            let id = signed.id();
            let entry = match entry::reread(signed, id) {
                Ok(entry) => entry,
                Err(invalid) => {
                    self.check(false, || format!("{}: {seq}: {invalid}", name()));
                    continue;
                }
            };
            self.check(entry.header().seq == seq, || format!("{}: {seq} is misplaced", name()));
            if let Some(before) = seq.checked_sub(1).and_then(|before| found.get(&before)) {
                let linked = entry.header().previous == Some(*before);
                self.check(linked, || format!("{}: {seq} does not follow {before}", name()));
            }
            found.insert(seq, id);
            let (row, bytes) = (row.clone(), bytes.len() as u64);
            self.held.push(Held { arrival, entry, log: number, row, received, bytes });
        }
        self.runs(&row, &found, first);
        let proof = self.tables.forks.get(key)?.is_some();
        self.check(row.state.frozen().is_none() || proof, || format!("{}: frozen without a proof", name()));
        Ok(places)
    }

    /// What a log's row says of what is held; `first` is where its entries begin in [`Audit::held`].
    fn runs(&mut self, row: &LogRow, found: &BTreeMap<u64, EntryId>, first: usize) {
        let name = || format!("log {} of {} of author {}", row.log, row.device, row.author_number);
        let said: u64 = row.state.runs().iter().map(|run| run.hi - run.lo + 1).sum();
        self.check(said == found.len() as u64, || format!("{}: {said} said, {} held", name(), found.len()));
        for run in row.state.runs() {
            self.check(found.get(&run.hi) == Some(&run.head), || {
                format!("{}: wrong head at {}", name(), run.hi)
            });
            // Counted, not walked: a row that is wrong may say that it reaches to the end of the world.
            let held = found.range(run.lo..=run.hi.max(run.lo)).count() as u64;
            self.check(held == run.hi - run.lo + 1, || {
                format!("{}: a hole in {}..={}", name(), run.lo, run.hi)
            });
            let mut own = self.held[first..].iter();
            let lowest = own.find(|held| held.entry.header().seq == run.lo);
            let before = lowest.map(|held| held.entry.header().previous);
            self.check(before == Some(run.before), || format!("{}: wrong link at {}", name(), run.lo));
        }
        let touching = row.state.runs().windows(2).any(|pair| pair[0].hi + 1 >= pair[1].lo);
        self.check(!touching, || format!("{}: runs that touch", name()));
    }
}
