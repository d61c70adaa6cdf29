//! Which world is meant: a scenario's file, a shipped one or a plan, and what is to be different about it.

use std::{fmt, fs, path::Path, str::FromStr, sync::Arc};

use starling_simulations::{
    plan::Plan,
    scenario::{
        Scenario,
        quantity::{Length, Quantity},
    },
    shrink, sweep, world,
};

use super::{Failure, Kind};

/// How the name of a plan's file ends.
pub const PLAN: &str = ".plan.json";

/// A scenario or a plan, and what is different.
#[derive(Debug, Clone, clap::Args)]
pub struct World {
    /// A scenario's file, the name of a shipped one (`list` shows them), or a plan (….plan.json)
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// What everything is drawn from, if not the scenario's own seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub change: Change,
}

/// What is different about every world of a scenario.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Change {
    /// How many nodes, if not as many as the scenario says
    #[arg(long, value_name = "N")]
    pub nodes: Option<u32>,
    /// End after so much virtual time, such as 90s or 5m, if the world lasts longer
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub duration: Option<Length>,
}

/// A setting of the scenario with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its place, such as `links.loss` or `event.0.at`.
    pub key: String,
    /// Its value, as TOML or as plain text.
    pub value: String,
}

/// A world that was drawn.
pub struct Drawn {
    /// The world.
    pub plan: Arc<Plan>,
    /// The text that it was drawn from: a scenario or a plan.
    pub text: String,
    /// Whether that is a plan.
    pub is_plan: bool,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("it is KEY=VALUE, such as links.loss=0.01")?;
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || key.split('.').any(str::is_empty) || value.is_empty() {
            return Err("it is KEY=VALUE, such as links.loss=0.01".into());
        }
        Ok(Self { key: key.into(), value: value.into() })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}={}", self.key, self.value)
    }
}

/// A time that a world can last.
pub fn length(text: &str) -> Result<Length, String> {
    let length = Length::read(text)?;
    if length.micros() == 0 { Err("a world lasts longer than that".into()) } else { Ok(length) }
}

/// A scenario with some settings changed. What is wrong with it is told with its line.
pub fn scenario(name: &str, settings: &[Setting]) -> Result<Scenario, Failure> {
    let scenario = Scenario::open(name).map_err(Failure::usage)?;
    if settings.is_empty() {
        return Ok(scenario);
    }
    let mut text = scenario.source.text.clone();
    for Setting { key, value } in settings {
        text = sweep::set(&text, key, value).map_err(Failure::usage)?;
    }
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    Scenario::within(&scenario.source.name, &text, folder).map_err(Failure::usage)
}

impl World {
    /// Draws it.
    pub fn draw(&self, settings: &[Setting]) -> Result<Drawn, Failure> {
        let drawn = if self.scenario.ends_with(PLAN) {
            self.read(settings)?
        } else {
            let scenario = scenario(&self.scenario, settings)?;
            let seed = self.seed.unwrap_or(scenario.seed);
            let plan = world::draw(&scenario, seed, self.change.nodes).map_err(Failure::usage)?;
            Drawn { plan: Arc::new(plan), text: scenario.source.text, is_plan: false }
        };
        let Some(length) = self.change.duration else { return Ok(drawn) };
        Ok(Drawn { plan: Arc::new(shrink::shortened(&drawn.plan, length.micros())), ..drawn })
    }

    fn read(&self, settings: &[Setting]) -> Result<Drawn, Failure> {
        if self.seed.is_some() || self.change.nodes.is_some() || !settings.is_empty() {
            return Err(Failure::usage(
                "a plan is drawn already: --seed, --nodes and --set are for scenarios",
            ));
        }
        let wrong =
            |error: &dyn fmt::Display| Failure::new(Kind::Usage, format!("{}: {error}", self.scenario));
        let text = fs::read_to_string(&self.scenario).map_err(|error| wrong(&error))?;
        let plan: Plan = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        shrink::sound(&plan).map_err(|error| wrong(&error))?;
        Ok(Drawn { plan: Arc::new(plan), text, is_plan: true })
    }

    /// The words that draw the same world again.
    pub fn words(&self, plan: &Plan, settings: &[Setting]) -> Vec<String> {
        let mut words = vec![self.scenario.clone()];
        if !self.scenario.ends_with(PLAN) {
            words.extend(["--seed".into(), plan.seed.to_string()]);
        }
        words.extend(self.change.words());
        words.extend(settings.iter().flat_map(|setting| ["--set".into(), setting.to_string()]));
        words
    }
}

impl Change {
    /// The words that change another world in the same way.
    pub fn words(&self) -> Vec<String> {
        let nodes = self.nodes.map(|nodes| ["--nodes".into(), nodes.to_string()]);
        let duration = self.duration.map(|length| ["--duration".into(), length.to_string()]);
        nodes.into_iter().chain(duration).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_a_place_and_a_value() {
        let setting: Setting = " links.loss = 0.1".parse().unwrap();
        assert_eq!(setting, Setting { key: "links.loss".into(), value: "0.1".into() });
        for bad in ["links.loss", "=1", "a..b=1", "a="] {
            assert!(bad.parse::<Setting>().is_err(), "{bad}");
        }
    }
}
