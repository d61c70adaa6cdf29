//! `bench`: what the simulator does on this machine, each figure beside what it is to be.

use starling::bench::{Measure, Target, Watch};
use starling_simulations::{
    bench::{self as lib, Options, What},
    scenario::quantity::Length,
};

use super::{Failure, Kind, Output, world};

/// Measure speed and memory, each beside what it is to be (`starling bench sim` does so as well)
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Only these; without, all but `model`
    #[arg(value_enum)]
    what: Vec<Name>,
    /// Nodes of every world, for a shorter run
    #[arg(long, value_name = "N")]
    nodes: Option<u32>,
    /// Virtual time of every world but the partition, for a shorter run
    #[arg(long, value_name = "TIME", value_parser = world::length)]
    duration: Option<Length>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// A day of ten thousand people in the model layer, which takes about as long
    Model,
    /// A thousand nodes of the real layer
    Real,
    /// Five thousand
    Large,
    /// What it costs that a run can be repeated
    Determinism,
    /// What follows an hour of two halves
    Partition,
}

impl From<Name> for What {
    fn from(name: Name) -> Self {
        match name {
            Name::Model => Self::Model,
            Name::Real => Self::Real,
            Name::Large => Self::Large,
            Name::Determinism => Self::Determinism,
            Name::Partition => Self::Partition,
        }
    }
}

impl Bench {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        if cfg!(debug_assertions) {
            return Err(Failure::new(Kind::Refused, "the figures of a debug build mean nothing")
                .hint("cargo run --release -- bench sim"));
        }
        let mut what: Vec<What> = self.what.into_iter().map(What::from).collect();
        if what.is_empty() {
            what = What::UNNAMED.to_vec();
        }
        let program = std::env::current_exe()?;
        let duration = self.duration.map(|length| length.to_string());
        let options = Options { program, nodes: self.nodes, duration };
        let mut shown = Shown { output, failed: None };
        lib::run(&what, &options, &mut shown)?;
        shown.failed.map_or(Ok(()), Err)
    }
}

struct Shown {
    output: Output,
    /// The first line that could not be written.
    failed: Option<Failure>,
}

impl Watch for Shown {
    fn measured(&mut self, measure: &Measure) {
        let shown = self.output.either(measure, line(measure));
        self.failed = self.failed.take().or(shown.err());
    }

    fn doing(&mut self, what: &str) {
        if !self.output.json {
            self.output.talk(format!("{what}…"));
        }
    }
}

/// The figure, its bound, and what it is to be.
fn line(measure: &Measure) -> String {
    let Measure { measure: name, value, unit, bound, ratio, target, met, note } = measure;
    let figure = format!("{value:.2} {unit}");
    let verdict = if *met { "ok" } else { "MISSED" };
    let beside = match (bound, ratio, target) {
        (Some(bound), Some(ratio), Target::Ratio(least)) => {
            format!("{ratio:.2} of {:.2} ({}); at least {least}", bound.value, bound.what)
        }
        (_, _, Target::Least(least)) => format!("at least {least}"),
        (_, _, Target::Most(most) | Target::Ratio(most)) => format!("at most {most}"),
    };
    format!("{name:<21} {figure:<20} {beside}: {verdict}\n{:<21} {note}", "")
}
