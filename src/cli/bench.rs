//! `bench`: what the node does on this machine, beside what the machine could do at best.

use std::path::PathBuf;

use starling::bench::{self, Measure, Target, Watch};

use super::{Failure, Kind, Output, session::Context, sim};

/// Measure speed and size, each beside its bound
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// What to measure
    #[arg(value_enum)]
    what: What,
    /// Entries in all, for a shorter or longer run
    #[arg(long)]
    entries: Option<usize>,
    /// Feeds that they are spread over
    #[arg(long)]
    feeds: Option<usize>,
    /// Folder for the stores that are made meanwhile
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Folder where a store that takes minutes to make is left for the next run
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The home of a node that is measured
    #[arg(hide = true, required_if_eq_any([("what", "node"), ("what", "door")]))]
    node: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// From bytes to committed and indexed
    Ingest,
    /// A new node catches up with a full one, each in its own process
    Sync,
    /// Ten thousand feeds are compared, of which a hundredth changed
    Compare,
    /// From publishing to a follower's timeline
    Publish,
    /// A page of a timeline of a million posts
    Timeline,
    /// Start, disk and memory
    Start,
    /// What an index of words costs, beside the same words in the store
    Words,
    /// The HTTP door under load: timelines, search, streams
    Api,
    /// A file of 10 MB is fetched from a peer
    Blob,
    /// The terminal UI: keys to frames, a flood of news, bytes, its start, its idleness
    Tui,
    /// Worlds of simulated nodes (`starling sim bench` takes their sizes)
    Sim,
    /// All of them but `sim`
    All,
    #[value(hide = true)]
    Node,
    #[value(hide = true)]
    Door,
}

impl Bench {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        if cfg!(debug_assertions) {
            return Err(Failure::new(Kind::Refused, "the figures of a debug build mean nothing")
                .hint("cargo run --release -- bench …"));
        }
        let verb = match self.what {
            What::Ingest => bench::Verb::Ingest,
            What::Sync => bench::Verb::Sync,
            What::Compare => bench::Verb::Compare,
            What::Publish => bench::Verb::Publish,
            What::Timeline => bench::Verb::Timeline,
            What::Start => bench::Verb::Start,
            What::Sim => {
                let mut arguments = vec!["bench".into()];
                arguments.extend(context.output.json.then(|| "--json".into()));
                return sim::hand_over(arguments);
            }
            What::Words => bench::Verb::Words,
            What::Api => bench::Verb::Api,
            What::Tui => bench::Verb::Tui,
            What::Blob => bench::Verb::Blob,
            What::All => bench::Verb::All,
            What::Door => {
                return bench::door(&self.node.unwrap_or_default()).map_err(Failure::failed);
            }
            What::Node => {
                return bench::child(&self.node.unwrap_or_default()).map_err(Failure::failed);
            }
        };
        let options =
            bench::Options { entries: self.entries, feeds: self.feeds, dir: self.scratch, keep: self.keep };
        let mut shown = Shown { output: &context.output, failed: None };
        bench::run(verb, &options, &mut shown).map_err(Failure::failed)?;
        shown.failed.map_or(Ok(()), Err)
    }
}

struct Shown<'a> {
    output: &'a Output,
    /// The first line that could not be written.
    failed: Option<Failure>,
}

impl Watch for Shown<'_> {
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
    let figure = format!("{} {unit}", number(*value));
    let verdict = if *met { "ok" } else { "MISSED" };
    let beside = match (bound, ratio, target) {
        (Some(bound), Some(ratio), Target::Ratio(least)) => {
            let (what, bound) = (bound.what, number(bound.value));
            format!("{ratio:.2} of {bound} ({what}); at least {least}")
        }
        (_, _, Target::Least(least)) => format!("at least {}", number(*least)),
        (_, _, Target::Most(most) | Target::Ratio(most)) => format!("at most {}", number(*most)),
    };
    format!("{name:<17} {figure:<20} {beside}: {verdict}\n{:<17} {note}", "")
}

fn number(value: f64) -> String {
    if value >= 1_000.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
