//! The schema version, and the way from each older one.
//!
//! A step takes a store of version *n* to *n + 1* inside the transaction that opens it: a migration
//! that is cut off leaves the old store.

use starling_protocol::{Body, entry::log};

use super::{Batch, Error, Taken, body, graph::Standing, index::order_time, record::tie};

/// What this version writes.
pub const SCHEMA: u32 = 2;

const KEY: &str = "schema";

type Step = fn(&mut Batch<'_>) -> Result<(), Error>;

/// Step *n* leads from version *n + 1* to *n + 2*.
const STEPS: [Step; (SCHEMA - 1) as usize] = [|batch| batch.enter_tags_and_pins()];

/// Brings the store to [`SCHEMA`].
pub fn migrate(batch: &mut Batch<'_>) -> Result<(), Error> {
    batch.tables.make()?;
    let found = match batch.tables.meta.get(KEY)? {
        Some(bytes) => {
            let bytes: [u8; 4] = bytes
                .value()
                .try_into()
                .map_err(|_| Error::Corrupt("the schema version cannot be read".into()))?;
            u32::from_le_bytes(bytes)
        }
        // A new store has nothing in it yet.
        None if batch.tables.meta.len()? == 0 => SCHEMA,
        None => return Err(Error::Corrupt("the schema version is missing".into())),
    };
    if found > SCHEMA || found == 0 {
        return Err(Error::TooNew { found, known: SCHEMA });
    }
    for step in STEPS.iter().skip(found as usize - 1) {
        step(batch)?;
    }
    // A store that is up to date is opened without a commit: on a full disk it can still be read, and saved.
    let schema = SCHEMA.to_le_bytes();
    if batch.tables.meta.get(KEY)?.is_none_or(|held| held.value() != schema) {
        batch.tables.meta.insert(KEY, schema.as_slice())?;
    }
    Ok(())
}

impl Batch<'_> {
    /// Version 2 finds posts by their tags, own likes by their time, and what authors show first.
    fn enter_tags_and_pins(&mut self) -> Result<(), Error> {
        for author in self.all_authors()? {
            for log in self.logs_of(author)? {
                let row = self.log(log)?;
                let (partial, frozen) = (row.floor > 0, row.state.frozen().unwrap_or(u64::MAX));
                let partial = partial && row.log == log::GRAPH;
                for arrival in self.arrivals(log, 0, frozen)? {
                    let Some((entry, received)) = self.entry(arrival)? else { continue };
                    let Some(body) = body(&entry) else { continue };
                    let header = entry.header();
                    let time = order_time(header.time, received);
                    let taken = Taken { arrival, log, author };
                    let standing = |holds| Standing {
                        time: header.time,
                        device: tie(&header.device),
                        seq: header.seq,
                        holds,
                    };
                    match body {
                        Body::Post(content) | Body::Reply { content, .. } => {
                            self.tag_post(&entry, content, taken, time)?;
                        }
                        Body::Like(_) if self.me()? == Some(author) => {
                            self.tables.liked.insert((time, arrival), ())?;
                        }
                        Body::Pin(id) if !partial => self.pin(author, id, standing(true))?,
                        Body::Unpin(id) if !partial => self.pin(author, id, standing(false))?,
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}
