//! What the simulator can do on this machine, each figure beside what it is to be.
//!
//! Every world runs in a process of its own, as people run it: its memory is its own, and its time is without what
//! another world left behind.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Context;
use serde_json::Value;
use starling::bench::{Bound, Measure, Watch};

/// Bytes of a gigabyte, as the figures have it.
const GB: f64 = 1e9;
/// Virtual seconds of every second that passes outside.
const REAL_TIME: Bound = Bound { what: "real time", value: 1.0 };

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A day of ten thousand people in the model layer, which takes about as long.
    Model,
    /// A thousand nodes in the real layer, with Noise.
    Real,
    /// Five thousand.
    Large,
    /// What it costs that a run can be repeated.
    Determinism,
    /// What follows an hour of two halves.
    Partition,
}

impl What {
    /// What is measured unless something is named, in this order. The model layer's day is not of it, because it takes
    /// about a day.
    pub const UNNAMED: [Self; 4] = [Self::Real, Self::Determinism, Self::Partition, Self::Large];
}

/// How much is measured; what is not said is what the figures are stated for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The simulator.
    pub program: PathBuf,
    /// Nodes of every world.
    pub nodes: Option<u32>,
    /// Virtual time of every world but the partition, whose hour is what it is about; as `--duration` takes it.
    pub duration: Option<String>,
}

/// Measures.
///
/// # Errors
/// If a run fails, or does not find what is measured; what was found before was told already.
pub fn run(what: &[What], options: &Options, watch: &mut dyn Watch) -> anyhow::Result<()> {
    for what in what {
        match what {
            What::Model => model(options, watch),
            What::Real => real(options, watch),
            What::Large => large(options, watch),
            What::Determinism => determinism(options, watch),
            What::Partition => partition(options, watch),
        }?;
    }
    Ok(())
}

fn model(options: &Options, watch: &mut dyn Watch) -> anyhow::Result<()> {
    let found = live(options, watch, "bench-model", &["--layer", "model"], options.duration.as_deref())?;
    let note = found.note();
    let rate = found.number("speed.virtual_per_wall")?;
    watch.measured(&Measure::share("sim_model_speed", rate, "x real time", REAL_TIME, 100.0).noting(&note));
    let memory = found.number("speed.resident_bytes")? / GB;
    watch.measured(&Measure::most("sim_model_memory", memory, "GB", 8.0).noting(note));
    Ok(())
}

fn real(options: &Options, watch: &mut dyn Watch) -> anyhow::Result<()> {
    let found = live(options, watch, "bench-real", &["--layer", "real"], options.duration.as_deref())?;
    let note = found.note();
    let rate = found.number("speed.virtual_per_wall")?;
    watch.measured(&Measure::share("sim_real_speed", rate, "x real time", REAL_TIME, 4.0).noting(&note));
    let memory = found.number("speed.resident_bytes_per_node")? / 1e6;
    watch.measured(&Measure::most("sim_real_memory", memory, "MB a node", 1.2).noting(note));
    Ok(())
}

fn large(options: &Options, watch: &mut dyn Watch) -> anyhow::Result<()> {
    let nodes = options.nodes.unwrap_or(5_000);
    let options = Options { nodes: Some(nodes), ..options.clone() };
    // Its memory is what is asked for: two minutes are enough for every connection and many posts.
    let duration = options.duration.as_deref().unwrap_or("2m");
    let found = live(&options, watch, "bench-real", &["--layer", "real"], Some(duration))?;
    let memory = found.number("speed.resident_bytes")? / GB;
    watch.measured(&Measure::most("sim_real_memory_large", memory, "GB", 4.0).noting(found.note()));
    Ok(())
}

/// The same world, repeatable and free in turn, and the shortest time of each: what else the machine does only
/// makes it longer.
fn determinism(options: &Options, watch: &mut dyn Watch) -> anyhow::Result<()> {
    let duration = options.duration.as_deref().unwrap_or("2m");
    let (mut held, mut free) = (f64::INFINITY, f64::INFINITY);
    let mut note = String::new();
    for _ in 0..3 {
        let found = live(options, watch, "bench-real", &["--layer", "real"], Some(duration))?;
        held = held.min(found.number("wall_s")?);
        note = found.note();
        let found = live(options, watch, "bench-real", &["--layer", "real", "--free"], Some(duration))?;
        free = free.min(found.number("wall_s")?);
    }
    let cost = (held / free - 1.0) * 100.0;
    let note = format!("{note}; {held:.2} s, {free:.2} s with the randomness of the machine and no trace");
    watch.measured(&Measure::most("sim_determinism_cost", cost, "%", 10.0).noting(note));
    Ok(())
}

fn partition(options: &Options, watch: &mut dyn Watch) -> anyhow::Result<()> {
    let found = live(options, watch, "partition", &["--layer", "model"], None)?;
    let heal = |name: &str| format!("heals.0.{name}");
    let missing = found.number(&heal("missing"))?;
    let (open, behind) = (found.number(&heal("open"))?, found.number(&heal("behind"))?);
    let note = format!("{}; {missing} posts were missing at {behind} nodes, {open} never came", found.note());
    // What never happened took longer than there was time.
    let whole = found.number(&heal("nodes_whole.all_s")).or_else(|_| found.number("virtual_s"))?;
    watch.measured(&Measure::most("sim_heal_time", whole, "s", 30.0).noting(&note));
    let (bytes, least) = (found.number(&heal("sync_bytes"))?, found.number(&heal("least_bytes"))?);
    let bound = Bound { what: "missing entries x their size", value: least / 1e6 };
    // What it took is told beside the least that it could have been; nothing is asked of it.
    watch.measured(&Measure::share("sim_heal_bytes", bytes / 1e6, "MB", bound, 0.0).noting(note));
    Ok(())
}

/// What a run told.
struct Found(Value);

impl Found {
    fn number(&self, name: &str) -> anyhow::Result<f64> {
        let step = |value: &'_ Value, part: &str| match part.parse::<usize>() {
            Ok(index) => value.get(index).cloned(),
            Err(_) => value.get(part).cloned(),
        };
        let found = name.split('.').try_fold(self.0.clone(), |value, part| step(&value, part));
        let number = found.as_ref().and_then(Value::as_f64);
        number.with_context(|| format!("the measure is void: the run tells no {name}"))
    }

    fn note(&self) -> String {
        let number = |name| self.number(name).unwrap_or(f64::NAN);
        let (nodes, virtually, wall) = (number("nodes"), number("virtual_s"), number("wall_s"));
        let ratio = number("delivery.ratio") * 100.0;
        format!("{nodes} nodes, {virtually:.0} s of virtual time in {wall:.1} s, {ratio:.2} % delivered")
    }
}

fn live(
    options: &Options,
    watch: &mut dyn Watch,
    scenario: &str,
    words: &[&str],
    duration: Option<&str>,
) -> anyhow::Result<Found> {
    let mut command = Command::new(&options.program);
    command.args(["run", scenario, "--json", "--check", "off"]).args(words);
    command.args(options.nodes.iter().flat_map(|nodes| ["--nodes".to_owned(), nodes.to_string()]));
    command.args(duration.iter().flat_map(|duration| ["--duration", duration]));
    watch.doing(&format!("{scenario} {}", words.join(" ")));
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let error = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        anyhow::bail!("the measure is void: {scenario}: {} {error}", output.status);
    }
    let run: Value = serde_json::from_slice(&output.stdout)?;
    anyhow::ensure!(run["complete"] == true, "the measure is void: {scenario} was interrupted");
    Ok(Found(run))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_run_did_not_find_makes_a_measure_void() {
        let found =
            Found(json!({ "heals": [{ "missing": 3, "nodes_whole": { "all_s": null } }], "nodes": 2 }));
        assert_eq!(found.number("heals.0.missing").ok(), Some(3.0));
        for missing in ["heals.1.missing", "heals.0.nodes_whole.all_s", "heals", "x.y"] {
            assert!(found.number(missing).is_err(), "{missing}");
        }
    }
}
