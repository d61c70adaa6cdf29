//! The demo is the first thing that newcomers run.

use serde_json::Value;

use crate::support::starling;

/// The use cases that it must show, in order.
const STEPS: [&str; 13] = [
    "identities",
    "invites",
    "live",
    "thread",
    "reactions",
    "edit",
    "delete",
    "partition",
    "carried",
    "devices",
    "bundle",
    "tampering",
    "fork",
];

#[test]
fn every_step_of_the_demo_passes() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = starling(&["demo", "--json"]);
    let output = command.env("TMPDIR", folder.path()).output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stdout}{stderr}");
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, steps) = lines.split_last().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, STEPS);
    for step in steps {
        assert!(step["ok"] == true && step["seen"][0].is_string(), "{step}");
    }
    assert_eq!((&summary["passed"], &summary["of"]), (&Value::from(13), &Value::from(13)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn the_demo_does_not_mix_its_homes_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "").unwrap();
    let output = starling(&["demo", "--keep", folder.path().to_str().unwrap()]).output().unwrap();
    let failed = crate::support::failed(&output);
    assert_eq!(failed.code, 8);
    assert!(failed.error.ends_with("is not empty") && !failed.hint.is_empty(), "{failed:?}");
}
