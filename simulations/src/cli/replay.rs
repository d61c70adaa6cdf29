//! `replay`: what reached a node's engine, run again.

use std::{fs::File, io::BufReader, path::PathBuf};

use starling_simulations::{
    replay::{self as lib, Options},
    scenario::quantity::Length,
};

use super::{Failure, Kind, Output, world};

/// Batches between two looks through the whole store: each takes as long as the store is large.
const AUDIT_EVERY: u64 = 1_000;

/// Run what a node recorded (`starling run --record`) again in its engine
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The recording
    file: PathBuf,
    /// Stop so long after its beginning, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = world::length)]
    until: Option<Length>,
    /// Look through the whole store now and then, and at the end
    #[arg(long)]
    check: bool,
}

impl Replay {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let told =
            |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", self.file.display()));
        let file = File::open(&self.file).map_err(|error| told(&error))?;
        let options = Options {
            until: self.until.map(|until| until.micros() / 1_000),
            audit_every: self.check.then_some(AUDIT_EVERY),
        };
        let report = lib::replay(BufReader::new(file), options).map_err(|error| told(&error))?;
        output.either(&report, &report)?;
        if report.violations.is_empty() { Ok(()) } else { Err(Failure::told(Kind::Failed)) }
    }
}
