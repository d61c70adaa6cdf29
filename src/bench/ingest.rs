//! From bytes to committed and indexed, beside what checking signatures alone would take.

use ed25519_dalek::{Signature, VerifyingKey};
use rayon::prelude::*;
use starling_protocol::{
    entry::{self, Signed},
    keys,
};

use super::{
    Bound, Error, Measure, Options, Watch, feeds,
    rig::{self, Spent},
    scratch::Scratch,
};

/// Parts that the run is cut into, each with its own measure of the bound: what else the machine does
/// meanwhile then slows both alike.
const ROUNDS: usize = 5;

/// What `verify_strict` is given, everything parsed beforehand.
struct Parsed {
    key: VerifyingKey,
    message: Vec<u8>,
    signature: Signature,
}

/// The name of the bound.
pub const WHAT: &str = "verify_strict alone on all cores";

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let (count, of) = (options.entries(100_000), options.feeds(1_000));
    watch.doing("signing entries");
    let mut feeds = feeds::feeds(of)?;
    let entries = feeds::write(&mut feeds, count.div_ceil(of));
    let scratch = Scratch::new(options, "ingest")?;
    let home = rig::home(scratch.path(), 1)?;
    let mut engine = rig::engine(&home)?;
    rig::follow(&mut engine, &feeds)?;
    watch.doing("taking them in");
    let (mut bound, mut taken) = (Spent::default(), Spent::default());
    for round in entries.chunks(entries.len().div_ceil(ROUNDS)) {
        bound += verify(round)?;
        let (result, spent) = Spent::on(|| rig::ingest(&mut engine, round, rig::BATCH));
        result?;
        taken += spent;
    }
    let count = entries.len();
    let (each, alone) = (taken.each(count), bound.each(count));
    let note = format!(
        "{count} entries of {of} feeds; {each:.0} µs of processor time each, {alone:.0} for the bound"
    );
    let (taken, bound) = (taken.rate(count), Bound { what: WHAT, value: bound.rate(count) });
    watch.measured(&Measure::share("ingest", taken, "entries/s", bound, 0.8).noting(note));
    Ok(())
}

/// How long checking nothing but the signatures of these entries takes.
pub fn verify(entries: &[Vec<u8>]) -> Result<Spent, Error> {
    let parsed: Option<Vec<Parsed>> = entries.par_iter().map(|bytes| parse(bytes)).collect();
    let parsed = parsed.ok_or_else(|| Error::Void("an entry that cannot be read".into()))?;
    let good = |one: &Parsed| one.key.verify_strict(&one.message, &one.signature).is_ok();
    let (count, spent) = Spent::on(|| parsed.par_iter().filter(|one| good(one)).count());
    if count == parsed.len() { Ok(spent) } else { Err(Error::Void("a signature is not good".into())) }
}

fn parse(bytes: &[u8]) -> Option<Parsed> {
    let header = entry::peek(bytes).ok()?;
    let signed = Signed::from_bytes(bytes).ok()?;
    Some(Parsed {
        key: VerifyingKey::from_bytes(header.device.as_bytes()).ok()?,
        message: [keys::ENTRY_SIGNATURE, signed.id().as_bytes()].concat(),
        signature: Signature::from_bytes(&signed.signature),
    })
}
