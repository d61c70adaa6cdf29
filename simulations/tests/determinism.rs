//! One seed, one world: every scenario that comes with the program, small, in both layers, in processes of their own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]

use std::process::Command;

use serde_json::Value;
use starling_simulations::scenario;

/// Nodes: enough for every graph that the scenarios ask for.
const NODES: &str = "12";

/// What a run found, without what it cost: that differs from one run to the next.
fn found(scenario: &str, seed: &str, layer: &str, duration: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_starling-sim"));
    command.args([
        "run",
        scenario,
        "--nodes",
        NODES,
        "--seed",
        seed,
        "--layer",
        layer,
        "--duration",
        duration,
    ]);
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

fn check(scenario: &str, layer: &str, duration: &str) {
    let first = found(scenario, "1", layer, duration);
    let again = found(scenario, "1", layer, duration);
    assert_eq!(first["trace_hash"].as_str().map(str::len), Some(64), "{scenario} {layer}");
    assert!(first["speed"]["events"].as_u64() > Some(0), "{scenario} {layer}: nothing happened");
    assert_eq!(
        first["trace_hash"], again["trace_hash"],
        "{scenario} {layer}: one seed lived through two worlds"
    );
    assert_eq!(first, again, "{scenario} {layer}");
    let other = found(scenario, "2", layer, duration);
    assert_ne!(
        first["trace_hash"], other["trace_hash"],
        "{scenario} {layer}: two seeds lived through one world"
    );
}

/// A module for each scenario, with a test for each layer, so that they run side by side and say which differs.
macro_rules! scenarios {
    ($($module:ident $name:literal $duration:literal;)*) => {
        const TESTED: &[&str] = &[$($name),*];
        $(mod $module {
            #[test]
            fn model() {
                super::check($name, "model", $duration);
            }

            #[cfg(target_os = "linux")]
            #[test]
            fn real() {
                super::check($name, "real", $duration);
            }
        })*
    };
}

// How long each lives: until what is particular about it has begun.
scenarios! {
    churn "churn" "20s";
    cold_start "cold-start" "20s";
    partition "partition" "20s";
    village "village" "30s";
}

#[test]
fn every_shipped_scenario_is_tested() {
    let shipped: Vec<&str> = scenario::shipped().iter().map(|(name, _)| *name).collect();
    let mut tested = TESTED.to_vec();
    tested.sort_unstable();
    let mut sorted = shipped.clone();
    sorted.sort_unstable();
    assert_eq!(tested, sorted);
}
