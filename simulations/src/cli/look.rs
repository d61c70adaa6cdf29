//! `list`, `show` and `schema`: what there is to run and how to write more of it.

use serde_json::json;
use starling_simulations::{
    metrics,
    scenario::{self, Scenario},
};

use super::{Failure, Output};

/// List the scenarios that come with the program, with what each asks
#[derive(Debug, clap::Args)]
pub struct List {}

/// Print a scenario that comes with the program, to be changed or learned from
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Its name, as `list` shows it
    name: String,
}

/// Print the JSON Schema of scenarios
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// That of run.json instead
    #[arg(long)]
    metrics: bool,
}

impl List {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        for (name, text) in scenario::shipped() {
            let Scenario { asks, expects, nodes, duration, .. } =
                Scenario::parse(name, text).map_err(Failure::failed)?;
            let object = json!({
                "name": name,
                "asks": asks,
                "expects": expects,
                "nodes": nodes,
                "duration_s": duration.seconds(),
            });
            output.either(&object, format!("{name:<16} {asks}"))?;
        }
        Ok(())
    }
}

impl Show {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let plain = self.name.strip_suffix(".toml").unwrap_or(&self.name);
        let shipped = scenario::shipped();
        if let Some((name, text)) = shipped.iter().find(|(name, _)| *name == plain) {
            return output.either(&json!({ "name": name, "text": text }), text.trim_end());
        }
        let near = scenario::nearest(plain, shipped.iter().map(|(name, _)| *name));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let failure = Failure::usage(format!("no scenario called {plain} comes with the program{near}"));
        Err(failure.hint("`starling sim list` shows them"))
    }
}

impl Schema {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let schema = if self.metrics { metrics::schema() } else { scenario::schema() };
        if output.json { output.object(&schema) } else { output.line(serde_json::to_string_pretty(&schema)?) }
    }
}
