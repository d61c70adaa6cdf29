//! One seed, one world: every scenario that comes with the program, small, in both layers, in processes of their own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]

use std::process::Command;

use serde_json::Value;
use starling_simulations::scenario;

/// Nodes: enough for every graph that the scenarios ask for.
const NODES: &str = "12";

/// Virtual time that each world lives.
const DURATION: &str = "12s";

/// What a run found, without what it cost: that differs from one run to the next.
fn found(scenario: &str, settings: &[&str], layer: &str, seed: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_starling-sim"));
    command.args([
        "run",
        scenario,
        "--nodes",
        NODES,
        "--duration",
        DURATION,
        "--layer",
        layer,
        "--seed",
        seed,
    ]);
    command.args(settings.iter().flat_map(|setting| ["--set", *setting]));
    let output = command.arg("--json").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario} {layer} {seed}: {said}");
    let mut run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fields = run.as_object_mut().unwrap();
    for cost in ["wall_s", "command"] {
        assert!(fields.remove(cost).is_some(), "{cost}");
    }
    let speed = fields.get_mut("speed").unwrap().as_object_mut().unwrap();
    speed.retain(|name, _| matches!(name.as_str(), "events" | "deliveries"));
    run
}

fn check(scenario: &str, settings: &[&str], layer: &str) {
    let first = found(scenario, settings, layer, "1");
    let again = found(scenario, settings, layer, "1");
    assert_eq!(first["trace_hash"].as_str().map(str::len), Some(64), "{scenario} {layer}");
    assert!(first["speed"]["events"].as_u64() > Some(0), "{scenario} {layer}: nothing happened");
    assert_eq!(
        first["trace_hash"], again["trace_hash"],
        "{scenario} {layer}: one seed lived through two worlds"
    );
    assert_eq!(first, again, "{scenario} {layer}");
    let other = found(scenario, settings, layer, "2");
    assert_ne!(
        first["trace_hash"], other["trace_hash"],
        "{scenario} {layer}: two seeds lived through one world"
    );
}

/// A module for each scenario, with a test for each layer, so that they run side by side and say which differs.
macro_rules! scenarios {
    ($($module:ident $name:literal $settings:expr;)*) => {
        const TESTED: &[&str] = &[$($name),*];
        $(mod $module {
            #[test]
            fn model() {
                super::check($name, &$settings, "model");
            }

            #[cfg(target_os = "linux")]
            #[test]
            fn real() {
                super::check($name, &$settings, "real");
            }
        })*
    };
}

// What is particular about each is brought forward, so that it happens within the time.
scenarios! {
    bench_model "bench-model" ["start.within=2s", "people.posts=4000/day"];
    bench_real "bench-real" [];
    churn "churn" ["people.posts_in_all=60/min", "churn.session.scale=4s",
        "churn.absence.scale=2s", "crashes.rate=9/min", "crashes.down=2s"];
    cold_start "cold-start" ["start.within=3s"];
    eclipse "eclipse" ["adversary.0.from=3s", "adversary.0.until=9s"];
    flapping "flapping" ["event.0.at=3s", "event.0.heal_after=2s", "event.0.every=4s", "event.0.times=2"];
    flash_crowd "flash-crowd" ["event.0.at=1s", "event.0.within=2s", "event.1.at=4s", "event.1.within=4s"];
    flood "flood" ["adversary.0.from=3s", "adversary.0.until=8s"];
    forked_feed "forked-feed" ["adversary.0.from=3s"];
    growth_100 "growth-100" ["people.posts=9000/day"];
    growth_10k "growth-10k" ["start.within=2s", "event.0.at=3s", "event.0.within=4s", "people.posts=9000/day"];
    growth_100k "growth-100k" ["start.within=2s", "event.0.at=3s", "event.0.within=4s", "people.posts=9000/day"];
    long_sleep "long-sleep" ["event.0.at=3s", "event.0.within=1s", "event.0.back_after=4s", "people.posts=9000/day"];
    partition "partition" ["event.0.at=3s", "event.0.heal_after=4s"];
    partition_days "partition-days" ["event.0.at=3s", "event.0.heal_after=4s", "people.posts=9000/day"];
    partition_three "partition-three" ["event.0.at=3s", "event.0.heal_after=4s"];
    published "published" ["start.within=2s", "event.0.at=3s", "event.0.within=4s"];
    relays_dead "relays-dead" ["event.0.at=3s", "event.1.at=5s", "event.1.within=1s", "event.1.back_after=2s",
        "event.2.at=8s", "event.2.within=2s"];
    sybil "sybil" ["adversary.0.from=3s", "adversary.0.until=9s", "adversary.0.posts=60/min"];
    village "village" ["start.within=3s", "follows.over=3s", "people.from=4s", "people.posts=1800/h"];
    viral "viral" ["event.0.at=3s", "event.0.within=6s"];
}

#[test]
fn every_shipped_scenario_is_tested() {
    let mut shipped: Vec<&str> = scenario::shipped().iter().map(|(name, _)| *name).collect();
    let mut tested = TESTED.to_vec();
    shipped.sort_unstable();
    tested.sort_unstable();
    assert_eq!(tested, shipped);
}
