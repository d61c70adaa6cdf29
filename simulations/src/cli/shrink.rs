//! `shrink`: a smaller world that fails in the same way, as a plan that `run` takes.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::json;
use starling_simulations::{
    control::{Checking, Control},
    metrics::{self, Run as Found},
    plan::{Micros, Plan},
    run,
    shrink::{self as lib, Condition, Enough, Stage, Trial},
};

use super::{
    Failure, Kind, Output,
    output::{count, span},
    run::{Carried, CheckName},
    signals,
    world::{PLAN, Setting, World},
};

/// Find a smaller world that fails in the same way
#[derive(Debug, clap::Args)]
pub struct Shrink {
    #[command(flatten)]
    world: World,
    /// Another value for a setting of the scenario
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    #[command(flatten)]
    carried: Carried,
    /// A run fails unless this holds, such as 'delivery.ratio>=0.99'; otherwise if an invariant does not
    #[arg(long, value_name = "CONDITION")]
    unless: Option<Condition>,
    /// Worlds to try at most
    #[arg(long, value_name = "N", default_value_t = 200)]
    tries: u32,
    /// File for the plan; its name ends in .plan.json
    #[arg(long, value_name = "FILE", default_value = "smaller.plan.json")]
    out: PathBuf,
}

/// How a run failed: what a smaller world has to do as well.
#[derive(Debug, Clone, PartialEq)]
enum Fault {
    /// An invariant does not hold; which, and when that was seen first.
    Invariant(String, Micros),
    /// The condition does not.
    Condition,
}

struct Tries<'a> {
    carried: &'a Carried,
    unless: Option<&'a Condition>,
    wanted: Fault,
    left: u32,
    stop: Arc<AtomicBool>,
    output: Output,
    /// What ended the search, if a run did.
    error: Option<anyhow::Error>,
}

impl Shrink {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        if !self.out.to_string_lossy().ends_with(PLAN) {
            return Err(Failure::usage(format!("{} does not end in {PLAN}", self.out.display())));
        }
        if self.unless.is_none() && self.carried.check == CheckName::Off {
            return Err(Failure::usage("without checks and without --unless nothing fails"));
        }
        let drawn = self.world.draw(&self.set)?;
        let stop = signals::stop(output)?;
        let mut tries = Tries {
            carried: &self.carried,
            unless: self.unless.as_ref(),
            wanted: Fault::Condition,
            left: self.tries,
            stop,
            output,
            error: None,
        };
        output.talk("the world as it is…");
        let first = tries.live(&drawn.plan).map_err(Failure::from)?;
        let Some(fault) = first else {
            let what =
                self.unless.as_ref().map_or("all invariants hold".into(), |unless| format!("{unless} holds"));
            return Err(Failure::usage(format!("nothing to look for: {what} in this world")));
        };
        tries.wanted = fault;
        let at = match &tries.wanted {
            Fault::Invariant(_, at) => Some(*at),
            Fault::Condition => None,
        };
        let small = lib::smaller(&drawn.plan, at, &mut tries);
        if let Some(error) = tries.error {
            return Err(error.into());
        }
        let stopped = tries.stop.load(Ordering::Relaxed);
        self.write(output, &drawn.plan, &small, self.tries - tries.left)?;
        if stopped { Err(Failure::told(Kind::Interrupted)) } else { Ok(()) }
    }

    fn write(&self, output: Output, whole: &Plan, small: &Plan, tried: u32) -> Result<(), Failure> {
        let (folder, name) = (self.out.parent(), self.out.file_name());
        let folder =
            folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
        let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        metrics::whole(folder, &name, &serde_json::to_vec(small)?).map_err(Failure::failed)?;
        let mut words =
            vec!["starling".to_owned(), "sim".into(), "run".into(), self.out.display().to_string()];
        words.extend(self.carried.words());
        let command = super::quoted(&words);
        let size = |plan: &Plan| json!({ "nodes": plan.nodes.len(), "span_s": plan.span as f64 / 1e6, "happenings": plan.happenings.len() });
        let object = json!({
            "plan": self.out,
            "command": command,
            "tried": tried,
            "before": size(whole),
            "after": size(small),
        });
        output.either(&object, format!("{}\nfrom: {}\nagain: {command}", said(small), said(whole)))
    }
}

fn said(plan: &Plan) -> String {
    let (nodes, happenings) = (count(plan.nodes.len() as u64), count(plan.happenings.len() as u64));
    format!("{nodes} nodes, {}, {happenings} happenings", span(plan.span))
}

impl Tries<'_> {
    /// How a plan fails, if it does.
    fn live(&mut self, plan: &Plan) -> anyhow::Result<Option<Fault>> {
        let checking = if self.unless.is_some() { Checking::Off } else { self.carried.checking() };
        let mut control = Control { stop: self.stop.clone(), watcher: None, checking, free: false };
        let outcome =
            run::run(Arc::new(plan.clone()), self.carried.layer(), self.carried.crypto(), &mut control)?;
        anyhow::ensure!(outcome.ended.complete, "interrupted");
        let run = outcome.run(String::new());
        match self.unless {
            None => Ok(broken(&run)),
            Some(condition) => {
                let holds = condition.holds(&serde_json::to_value::<Found>(run)?);
                // A world in which it cannot be measured does not fail by it.
                Ok((holds == Ok(false)).then_some(Fault::Condition))
            }
        }
    }
}

/// The first invariant that does not hold: the law, without the nodes that broke it, whose numbers change when others
/// are left out.
fn broken(run: &Found) -> Option<Fault> {
    let first = run.metrics.violations.first()?;
    Some(Fault::Invariant(law(&first.what).to_owned(), (first.at_s * 1e6) as Micros))
}

/// The law is named before what broke it.
fn law(what: &str) -> &str {
    what.split_once(": ").map_or(what, |(law, _)| law)
}

impl Trial for Tries<'_> {
    fn fails(&mut self, plan: &Plan, stage: Stage) -> Result<bool, Enough> {
        if self.left == 0 || self.stop.load(Ordering::Relaxed) {
            return Err(Enough);
        }
        self.left -= 1;
        let found = match self.live(plan) {
            Ok(found) => found,
            Err(_) if self.stop.load(Ordering::Relaxed) => return Err(Enough),
            Err(error) => {
                self.error = Some(error);
                return Err(Enough);
            }
        };
        let same = match (&found, &self.wanted) {
            (Some(Fault::Invariant(found, _)), Fault::Invariant(wanted, _)) => found == wanted,
            (Some(Fault::Condition), Fault::Condition) => true,
            _ => false,
        };
        if same {
            let what = match stage {
                Stage::Time => "less time",
                Stage::Nodes => "fewer nodes",
                Stage::Happenings => "fewer happenings",
            };
            self.output.talk(format!("{what}: {} fail as well", said(plan)));
        }
        Ok(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_known_by_its_law() {
        assert_eq!(law("one chain: log 12 of node 7: two entries"), "one chain");
        assert_eq!(law("bounded"), "bounded");
    }
}
