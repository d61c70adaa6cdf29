//! `run`: one world from its seed to its figures.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use starling_simulations::{
    control::{Checking, Control, Layer},
    memory,
    metrics::{self, Run as Found},
    plan::Plan,
    report,
    run::{self, Crypto},
};

use super::{
    Failure, Kind, Output, draw,
    output::{bytes, count},
    progress, signals,
    world::{Setting, World},
};

/// The file of a plan that was run, beside the results.
const PLAN: &str = "world.plan.json";
/// Files of results, which another run in the same folder replaces. What else is there is somebody's.
const LEFT_BY_RUNS: [&str; 3] = [report::PAGE, report::PLOTS, PLAN];

/// Run a world and leave its figures
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    pub world: World,
    /// Another value for a setting of the scenario, such as links.loss=0.01 or event.0.at=5m
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<Setting>,
    #[command(flatten)]
    pub carried: Carried,
    /// Folder for the results: run.json, tables, and the scenario as it was run
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write into a folder that holds other things
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Draw the results as well, as `report` does
    #[arg(long, requires = "out")]
    pub report: bool,
    /// The machine's randomness and no trace: only to measure what repeating costs
    #[arg(long)]
    pub free: bool,
}

/// How a world is carried.
#[derive(Debug, Clone, clap::Args)]
pub struct Carried {
    /// What carries the bytes
    #[arg(long, value_enum, default_value_t = LayerName::Model)]
    pub layer: LayerName,
    /// What connections of the real layer are secured with
    #[arg(long, value_enum, default_value_t = CryptoName::Noise)]
    pub crypto: CryptoName,
    /// How often invariants are checked
    #[arg(long, value_enum, default_value_t = CheckName::Off)]
    pub check: CheckName,
}

/// A layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LayerName {
    /// Modelled gossip and wires: was run with 1,000 nodes, and is slower with more
    Model,
    /// The node's own network over simulated wires: slower, and nearer to what a node does
    Real,
}

/// What secures a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CryptoName {
    /// As the node does it
    Noise,
    /// Not at all
    Plaintext,
}

/// When invariants are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckName {
    /// Never
    Off,
    /// At each sample and at the end
    Samples,
    /// After every step, which is slow
    Steps,
}

impl Carried {
    /// The layer.
    pub fn layer(&self) -> Layer {
        match self.layer {
            LayerName::Model => Layer::Model,
            LayerName::Real => Layer::Real,
        }
    }

    /// The security.
    pub fn crypto(&self) -> Crypto {
        match self.crypto {
            CryptoName::Noise => Crypto::Noise,
            CryptoName::Plaintext => Crypto::Plaintext,
        }
    }

    /// The checks.
    pub fn checking(&self) -> Checking {
        match self.check {
            CheckName::Off => Checking::Off,
            CheckName::Samples => Checking::Samples,
            CheckName::Steps => Checking::Steps,
        }
    }

    /// The words that carry another world in the same way; the checks as given, since they may be what fails.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["--layer"];
        words.push(if self.layer == LayerName::Model { "model" } else { "real" });
        if self.layer == LayerName::Real && self.crypto == CryptoName::Plaintext {
            words.extend(["--crypto", "plaintext"]);
        }
        match self.check {
            CheckName::Off => {}
            CheckName::Samples => words.extend(["--check", "samples"]),
            CheckName::Steps => words.extend(["--check", "steps"]),
        }
        words.into_iter().map(String::from).collect()
    }
}

impl Run {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let drawn = self.world.draw(&self.set)?;
        if let Some(folder) = &self.out {
            prepare(folder, self.force)?;
        }
        self.warn(output, &drawn.plan);
        let (watcher, shown) = progress::channel();
        let stop = signals::stop(output)?;
        let mut control =
            Control { stop, watcher: Some(watcher), checking: self.carried.checking(), free: self.free };
        let (layer, crypto, plan) = (self.carried.layer(), self.carried.crypto(), drawn.plan.clone());
        // This thread shows how far it is meanwhile.
        let work = thread::Builder::new().name("run".into()).spawn(move || {
            // The watcher goes with the control at the end, which is how this thread's other side learns of it.
            run::run(plan, layer, crypto, &mut control)
        })?;
        progress::show(output, &shown);
        let outcome =
            work.join().map_err(|_| Failure::failed("the simulation panicked, which is a bug"))??;
        let run = outcome.run(self.command(&drawn.plan));
        if let Some(folder) = &self.out {
            metrics::write(folder, &run, &drawn.text).map_err(Failure::failed)?;
            if drawn.is_plan {
                metrics::whole(folder, PLAN, drawn.text.as_bytes()).map_err(Failure::failed)?;
            }
        }
        if let Some(folder) = self.out.as_ref().filter(|_| self.report) {
            draw::draw(folder)?;
        }
        self.tell(output, &run)
    }

    /// What is told when it is over, and the exit code.
    fn tell(&self, output: Output, run: &Found) -> Result<(), Failure> {
        if output.json {
            output.object(run)?;
        } else {
            output.line(report::text(run).trim_end())?;
            if let Some(folder) = &self.out {
                output.talk(format!("results: {}", folder.display()));
            }
        }
        if run.metrics.violations_total > 0 {
            let first = run.metrics.violations.first().map_or("", |violation| violation.what.as_str());
            let broken = count(run.metrics.violations_total);
            output.talk(format!("error: {broken} invariants do not hold; the first: {first}"));
            output.talk(format!("again: {}", run.command));
            return Err(Failure::told(Kind::Failed));
        }
        if run.complete { Ok(()) } else { Err(Failure::told(Kind::Interrupted)) }
    }

    /// The command that repeats the run.
    fn command(&self, plan: &Plan) -> String {
        let mut words = vec!["starling".to_owned(), "sim".into(), "run".into()];
        words.extend(self.world.words(plan, &self.set));
        words.extend(self.carried.words());
        words.extend(self.free.then(|| "--free".to_owned()));
        super::quoted(&words)
    }

    /// A world that is larger than the machine is better told of before it takes it down.
    fn warn(&self, output: Output, plan: &Plan) {
        let needed = needed(plan, self.carried.layer());
        if let Some(free) = memory::available().filter(|free| needed > *free) {
            output.talk(format!(
                "warning: this world takes about {}, and {} are free; --nodes makes it smaller",
                bytes(needed),
                bytes(free)
            ));
        }
    }
}

/// Bytes that a world is known to take, roughly: by node, by line of its follow graph, and by copy of a post.
fn needed(plan: &Plan, layer: Layer) -> u64 {
    // A store of its own and an engine for each, and in the real layer connections: measured over 1,000 nodes of
    // degree 9 there, and over nodes with 200 follows here.
    let node = match layer {
        Layer::Model => 350 << 10,
        Layer::Real => 1_200 << 10,
    };
    let nodes = plan.nodes.len() as u64;
    let pages = if layer == Layer::Model { (nodes << 20).min(run::PAGES as u64) } else { 0 };
    let follows: usize = plan.follows.iter().map(Vec::len).sum();
    let mean = follows as u64 / nodes.max(1);
    // An entry with its indices takes about 600 bytes in each follower's store, a follow about 100.
    node * nodes + pages + 100 * follows as u64 + 600 * u64::from(plan.posts) * mean
}

/// Makes the folder, and takes away what an earlier run left in it.
fn prepare(folder: &Path, force: bool) -> Result<(), Failure> {
    let told = |error: std::io::Error| Failure::failed(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(told)?;
    let empty = fs::read_dir(folder).map_err(told)?.next().is_none();
    let of_a_run = [metrics::RUN, metrics::SCENARIO].iter().any(|name| folder.join(name).is_file());
    if !empty && !of_a_run && !force {
        let message = format!("{} holds other things than a run", folder.display());
        return Err(Failure::new(Kind::Refused, message).hint("take an empty folder, or add --force"));
    }
    for name in LEFT_BY_RUNS {
        let path = folder.join(name);
        let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match gone {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(told(error)),
            _ => {}
        }
    }
    // A folder that cannot be written to is told now and not after an hour.
    metrics::whole(folder, ".probe", b"").map_err(Failure::failed)?;
    fs::remove_file(folder.join(".probe")).map_err(told)
}
