//! Reads everything back and checks it as if it had just come from a stranger.

use redb::ReadableTable;
use starling_protocol::{Identity, entry, identity::Voice};

use super::{Error, Store, record::EntryRecord};

/// What a check of the whole store found.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Verification {
    /// Entries whose bytes, hashes, signature and identity are good.
    pub good: u64,
    /// Entries that are not: by place, with the reason. At most 100 are listed.
    pub bad: Vec<String>,
    /// How many are not.
    pub bad_count: u64,
}

/// Findings that are listed; the count goes on.
pub const SHOWN: usize = 100;

impl Store {
    /// Checks every entry: encoding, hashes, signature, and that its device speaks for its author.
    pub fn verify(&self) -> Result<Verification, Error> {
        let reader = self.read()?;
        let tables = reader.tables();
        let mut found = Verification::default();
        let mut bad = |what: String| {
            found.bad_count += 1;
            if found.bad.len() < SHOWN {
                found.bad.push(what);
            }
        };
        for row in tables.logs.iter()? {
            let (number, bytes) = row?;
            let log = super::record::LogRow::decode(bytes.value())?;
            let identity = reader.identity_of(&log.author)?.and_then(|record| Identity::verify(&record).ok());
            let mut held = 0;
            for place in tables.places.range((number.value(), 0)..=(number.value(), u64::MAX))? {
                let (place, arrival) = place?;
                let seq = place.value().1;
                let name = || format!("entry {seq} of log {} of {}", log.log, log.device);
                let bytes = tables.entries.get(arrival.value())?;
                let record = match bytes.map(|bytes| EntryRecord::decode(bytes.value())) {
                    Some(Ok(record)) => record,
                    None => {
                        bad(format!("{}: missing", name()));
                        continue;
                    }
                    Some(Err(error)) => {
                        bad(format!("{}: {error}", name()));
                        continue;
                    }
                };
                let voice = identity.as_ref().map(|identity| identity.voice(&log.device, log.log));
                match entry::check(record.signed(&log)) {
                    Err(invalid) => bad(format!("{}: {invalid}", name())),
                    Ok(entry) if entry.header().seq != seq => bad(format!("{}: misplaced", name())),
                    Ok(_) if matches!(voice, None | Some(Voice::Silent)) => {
                        bad(format!("{}: its device does not speak for its author", name()));
                    }
                    Ok(_) => held += 1,
                }
            }
            found.good += held;
        }
        Ok(found)
    }
}
