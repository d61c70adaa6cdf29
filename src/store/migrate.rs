//! The schema version, and the way from each older one.
//!
//! A step takes a store of version *n* to *n + 1* inside the transaction that opens it: a migration
//! that is cut off leaves the old store.

use super::{Batch, Error};

/// What this version writes.
pub const SCHEMA: u32 = 1;

const KEY: &str = "schema";

type Step = fn(&mut Batch<'_>) -> Result<(), Error>;

/// Step *n* leads from version *n + 1* to *n + 2*.
const STEPS: [Step; (SCHEMA - 1) as usize] = [];

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
    batch.tables.meta.insert(KEY, SCHEMA.to_le_bytes().as_slice())?;
    Ok(())
}
