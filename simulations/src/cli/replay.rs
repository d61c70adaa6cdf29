//! `replay`: what a node has recorded, run again.

use std::{fs::File, io::BufReader, path::PathBuf};

use starling_simulations::{
    replay::{self, Options},
    scenario::quantity::{Length, Quantity},
};

use super::{Failure, Kind, Output};

/// Batches between two looks through the whole store, each of which takes as long as the store is large.
const AUDIT_EVERY: u64 = 100;

/// Run again what `starling run --record` took down, in an engine over memory
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Stop so long after its beginning, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = Length::read)]
    until: Option<Length>,
    /// Look through the store now and then, and fail if anything is wrong or differs from what was recorded
    #[arg(long)]
    check: bool,
}

impl Replay {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let name = self.file.display().to_string();
        let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{name}: {error}"));
        let file = File::open(&self.file).map_err(|error| wrong(&error))?;
        let options = Options {
            until: self.until.map(|until| until.micros() / 1_000),
            audit_every: self.check.then_some(AUDIT_EVERY),
        };
        let report = replay::replay(BufReader::new(file), options).map_err(|error| match error {
            replay::Error::Store(error) => Failure::failed(error),
            error => wrong(&error),
        })?;
        output.either(&report, &report)?;
        let good = report.violations.is_empty() && report.differing == 0 && report.same_state != Some(false);
        if self.check && !good {
            return Err(Failure::new(
                Kind::Failed,
                "the replay is not what was recorded, or something is wrong in it",
            ));
        }
        Ok(())
    }
}
