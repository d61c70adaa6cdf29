//! The simulator's command line as its users meet it: runs, what they leave, and what goes wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use starling_simulations::{metrics, plan::What, scenario};

fn sim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_starling-sim"));
    command.env_remove("STARLING_SIM_ROW").args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    sim(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The only object that a command prints, after it succeeded.
fn object(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A world that takes a moment.
const SMALL: [&str; 5] = ["partition", "--nodes", "8", "--duration", "20s"];

fn with(verb: &str, world: &[&str], more: &[&str]) -> Output {
    run(&[&[verb], world, more].concat())
}

/// The failure of a command, which fails as it should: with this exit code, and one line with this in it.
fn check(arguments: &[&str], code: i32, expected: &str) {
    let output = run(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    let line = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(line.contains(expected), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_run_ends_with_one_object_and_leaves_what_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a run");
    let out = out.to_str().unwrap();
    let output = with("run", &SMALL, &["--seed", "7", "--layer", "model", "--out", out, "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["trace_hash"].as_str().map(str::len), Some(64));
    assert_eq!((&told["layer"], &told["nodes"], &told["seed"]), (&"model".into(), &8.into(), &7.into()));
    assert_eq!((&told["virtual_s"], &told["complete"]), (&20.0.into(), &true.into()));
    assert!(told["wall_s"].as_f64() > Some(0.0) && told["delivery"]["posts"].is_u64());
    let kept = metrics::read(Path::new(out)).unwrap().run;
    let kept = serde_json::to_value(kept).unwrap();
    assert_eq!(kept, told);
    let text = fs::read_to_string(Path::new(out).join("scenario.toml")).unwrap();
    assert_eq!(scenario::Scenario::parse("scenario.toml", &text).unwrap().name, "partition");

    // The command that it names repeats it.
    let words = shlex::split(told["command"].as_str().unwrap()).unwrap();
    assert_eq!(words[..2], ["starling", "sim"]);
    let words: Vec<&str> = words[2..].iter().map(String::as_str).collect();
    assert_eq!(object(&[&words[..], &["--json"]].concat())["trace_hash"], told["trace_hash"]);

    // Another run may take its place; what is no run is left alone.
    assert!(with("run", &SMALL, &["--out", out]).status.success());
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("letter.txt"), "dear").unwrap();
    let other = other.to_str().unwrap();
    check(&[&["run"], &SMALL[..], &["--out", other]].concat(), 8, "holds other things than a run");
    assert!(with("run", &SMALL, &["--out", other, "--force"]).status.success());
    assert_eq!(fs::read_to_string(Path::new(other).join("letter.txt")).unwrap(), "dear");
}

#[test]
fn people_read_what_a_run_found() {
    let output = with("run", &SMALL, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("partition") && text.contains("seed 1"), "{text}");
    assert!(text.lines().any(|line| line.contains("latency to followers, longest")), "{text}");
}

#[test]
fn what_there_is_can_be_listed_shown_and_written() {
    let list = run(&["list", "--json"]);
    let rows: Vec<Value> = String::from_utf8(list.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), scenario::shipped().len());
    for row in &rows {
        assert!(row["asks"].as_str().unwrap().ends_with(['?', '.']), "{row}");
        let shown = run(&["show", row["name"].as_str().unwrap()]);
        let text = String::from_utf8(shown.stdout).unwrap();
        assert!(scenario::Scenario::parse("shown.toml", &text).is_ok(), "{row}");
    }
    assert!(object(&["schema"])["properties"]["topology"].is_object());
    assert!(object(&["schema", "--metrics", "--json"])["properties"]["trace_hash"].is_object());
    check(&["show", "vilage"], 2, "did you mean village?");
}

#[test]
fn a_scenario_that_cannot_be_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let village = scenario::shipped().iter().find(|(name, _)| *name == "village").unwrap().1;
    let line = |text: &str, start: &str| text.lines().position(|line| line.starts_with(start)).unwrap() + 1;
    let unknown = write("unknown.toml", &village.replace("nodes =", "nodse ="));
    let place = format!("unknown.toml:{}:1: ", line(&village.replace("nodes =", "nodse ="), "nodse"));
    check(&["run", &unknown], 2, &place);
    check(&["run", &unknown], 2, "did you mean `nodes`?");
    check(&["run", &write("broken.toml", "name = ")], 2, "broken.toml:1:");
    check(&["run", "village", "--set", "nodes=0"], 2, ": ");
    check(&["run", "village", "--nodes", "0"], 2, "node");
    check(&["run", "village", "--set", "topology.degree=60"], 2, "village");
    check(&["run", "village", "--set", "links.loss=many"], 2, "village");
    check(&["run", "nowhere/at-all.toml"], 2, "at-all.toml");
    check(&["run", "vilage"], 2, "did you mean village?");
    check(&["run", "village", "--duration", "soon"], 2, "soon");
    check(&["run", &write("a.plan.json", "{\"scenario\": 1}")], 2, "line 1");
    check(&["run", &write("b.plan.json", "{}"), "--seed", "1"], 2, "drawn already");
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_is_told_and_what_is_there_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    // No file may grow beyond 12 KiB, and the signal that would say so is ignored: like a disk without room.
    let script = "trap '' XFSZ; ulimit -f 12; exec \"$0\" \"$@\"";
    let sim = env!("CARGO_BIN_EXE_starling-sim");
    let world = ["run", "partition", "--nodes", "24", "--duration", "60s", "--out", out.to_str().unwrap()];
    let output = Command::new("bash").args(["-c", script, sim]).args(world).output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error: ") && said.contains("(whole: scenario.toml"), "{said}");
    let text = fs::read_to_string(out.join("scenario.toml")).unwrap();
    assert!(scenario::Scenario::parse("scenario.toml", &text).is_ok());
    let names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".part") || name == "run.json"), "{names:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_in_good_order_with_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    // Far longer than anybody waits for a test.
    let world = ["run", "village", "--nodes", "50", "--set", "duration=30d", "--json", "--out"];
    let mut child = sim(&world).arg(&out).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains(" of 30d"), "{first}");
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{rest:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["complete"], false);
    let kept = metrics::read(&out).unwrap().run;
    assert!(!kept.complete && kept.virtual_s < kept.span_s);
    assert_eq!(told["trace_hash"].as_str(), kept.trace_hash.as_deref());
}

#[test]
fn a_sweep_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("sweep");
    let sweep: Vec<&str> = [
        &["sweep"],
        &SMALL[..],
        &["--seeds", "1..2", "--set", "links.loss=0,0.05", "--out", out.to_str().unwrap()],
    ]
    .concat();
    // A cluster's job did the third row.
    let row = run(&[&sweep[..], &["--row", "2"]].concat());
    assert!(row.status.success(), "{}", said(&row));
    let output = run(&[&sweep[..], &["--json", "--show", "delivery.posts,latency.p50_ms"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).starts_with("1 of 4 rows are there already\n"), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["rows"], &told["finished"]), (&4.into(), &4.into()));
    assert_eq!(told["combinations"][1]["settings"]["links.loss"], "0.05");
    let metrics = &told["combinations"][1]["metrics"];
    assert_eq!(
        (&metrics["delivery.posts"]["runs"], &metrics["latency.p50_ms"]["runs"]),
        (&2.into(), &2.into())
    );
    let table = fs::read_to_string(out.join("sweep.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);
    assert!(table.starts_with("row,seed,set.links.loss,"), "{table}");

    let again = run(&sweep);
    assert!(said(&again).starts_with("4 of 4 rows are there already\n"), "{}", said(&again));
    assert_eq!(fs::read_to_string(out.join("sweep.csv")).unwrap(), table);
    check(&[&sweep[..], &["--set", "nodes=60"]].concat(), 8, "holds another sweep");
    check(&[&sweep[..], &["--row", "4"]].concat(), 2, "there is no row 4");
}

#[test]
fn a_failing_world_shrinks_to_a_plan_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("small.plan.json");
    let plan = plan.to_str().unwrap();
    // A world fails if anybody says anything: one node and one post are left of it.
    let unless = ["--unless", "delivery.posts<1", "--out", plan, "--json"];
    let output = with("shrink", &SMALL, &unless);
    assert!(output.status.success(), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["before"]["nodes"], &told["after"]["nodes"]), (&8.into(), &1.into()), "{told}");
    let small: starling_simulations::plan::Plan =
        serde_json::from_str(&fs::read_to_string(plan).unwrap()).unwrap();
    assert!(matches!(small.happenings[..], [ref start, ref post]
        if matches!(start.what, What::Start(0)) && matches!(post.what, What::Post { node: 0, .. })));
    let again = object(&["run", plan, "--json"]);
    assert_eq!(again["delivery"]["posts"], 1);
    check(
        &[&["shrink"], &SMALL[..], &["--unless", "delivery.posts<99999"]].concat(),
        2,
        "nothing to look for",
    );
}

#[test]
fn jobs_are_written_for_clusters() {
    let sweep = ["village", "--seeds", "1..3", "--set", "links.loss=0,0.1"];
    let script = with("jobs", &["slurm"], &[&sweep[..], &["--out", "some where"]].concat());
    let script = String::from_utf8(script.stdout).unwrap();
    assert!(script.contains("#SBATCH --array=0-5%64") && script.contains("links.loss=0,0.1"), "{script}");
    let manifest = with("jobs", &["kubernetes"], &[&sweep[..], &["--image", "example.org/sim:1"]].concat());
    let manifest: Value = serde_json::from_slice(&manifest.stdout).unwrap();
    assert_eq!(manifest["items"][1]["spec"]["completions"], 6);
    check(
        &["jobs", "slurm", "village", "--seeds", "1", "--set", "links.los=1", "--out", "x"],
        2,
        "did you mean `loss`?",
    );
}
