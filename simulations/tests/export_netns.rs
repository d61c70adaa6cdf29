//! The script of namespaces, run: real processes on real sockets, a cut and a heal between them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use starling_simulations::{
    export::netns,
    plan::{
        Ending, GossipModel, Happening, Links, Micros, Nat, NodePlan, Plan, PolicyPlan, Role, SEC, Spread,
        What,
    },
};

/// Four nodes in two regions; the first is called by all others, and the last cannot be called.
fn plan(happenings: Vec<(Micros, What)>, span: Micros) -> Plan {
    let node = |number: u32| NodePlan {
        region: (number % 2) as u16,
        up_bps: 20_000_000,
        down_bps: 20_000_000,
        nat: if number == 3 { Nat::Closed } else { Nat::Open },
        relay: false,
        skew_ms: 0,
        dials: if number == 0 { Vec::new() } else { vec![0] },
        bootstrap: Vec::new(),
        role: Role::Honest,
        careful_disk: false,
    };
    let starts = (0..4).map(|node| Happening { at: 0, what: What::Start(node) });
    let then = happenings.into_iter().map(|(at, what)| Happening { at, what });
    Plan {
        scenario: "a cut".into(),
        asks: "Does what was said on one side of a cut reach the other after it?".into(),
        expects: "Everybody holds everything.".into(),
        seed: 1,
        span,
        epoch_ms: 0,
        nodes: (0..4).map(node).collect(),
        regions: vec!["here".into(), "there".into()],
        links: Links {
            latency: vec![vec![Spread::Fixed(2_000.0), Spread::Fixed(20_000.0)]; 2],
            jitter: Spread::Fixed(0.0),
            loss: 0.0,
            queue_bytes: 1_000_000,
        },
        follows: Arc::new((0..4).map(|node| (0..4).filter(|other| *other != node).collect()).collect()),
        follows_signed: true,
        happenings: starts.chain(then).collect(),
        posts: 4,
        phases: Vec::new(),
        policy: PolicyPlan {
            outbound: starling::engine::Policy::default().outbound,
            ..PolicyPlan::default()
        },
        sample_every: SEC,
        gossip: GossipModel::default(),
    }
}

fn says(node: u32, post: u32) -> What {
    What::Post { node, post, bytes: 60, reply_to: None }
}

/// Why this machine cannot have namespaces, if it cannot.
fn missing() -> Option<String> {
    let name = format!("starling-test-{}", std::process::id());
    let ip = |arguments: &[&str]| Command::new("ip").args(arguments).output();
    let made = match ip(&["netns", "add", &name]) {
        Err(error) => return Some(format!("ip: {error}")),
        Ok(made) => made,
    };
    if !made.status.success() {
        return Some(String::from_utf8_lossy(&made.stderr).trim().to_owned());
    }
    let shaped = Command::new("tc")
        .args(["-n", &name, "qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb"])
        .output();
    ip(&["netns", "del", &name]).unwrap();
    match shaped {
        Err(error) => Some(format!("tc: {error}")),
        Ok(shaped) if !shaped.status.success() => Some(String::from_utf8_lossy(&shaped.stderr).into_owned()),
        Ok(_) => None,
    }
}

fn run(script: &Path, results: &Path, more: &[&str]) -> Output {
    let mut command = Command::new("bash");
    command.arg(script).arg("--starling").arg(support::starling()).arg("--results").arg(results);
    command.args(more).output().unwrap()
}

/// Runs a script; on a kernel without netem once more, without delays.
fn runs(script: &Path, folder: &Path, more: &[&str]) -> serde_json::Value {
    let mut output = run(script, &folder.join("results"), more);
    if String::from_utf8_lossy(&output.stderr).contains("this kernel has no netem") {
        println!("without delays: this kernel has no netem");
        output = run(script, &folder.join("results"), &[more, &["--without-netem"]].concat());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// The rows of a file of comma separated values, each a map by the names in its first line.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.splitn(5, ',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    lines.map(|row| names.iter().cloned().zip(row).collect()).collect()
}

#[test]
fn what_was_said_during_a_cut_reaches_everybody_after_it() {
    if let Some(reason) = missing() {
        println!("skipped: no network namespaces here: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(
        vec![
            (12 * SEC, says(0, 0)),
            (16 * SEC, What::Cut(Arc::new(vec![0, 0, 1, 1]))),
            (17 * SEC, says(1, 1)),
            (17 * SEC, says(2, 2)),
            (21 * SEC, What::Heal),
            (22 * SEC, What::Stop(3, Ending::Kill)),
            (24 * SEC, What::Start(3)),
            (27 * SEC, says(3, 3)),
        ],
        28 * SEC,
    );
    let exported = netns::export(&plan, folder.path()).unwrap();
    assert!(exported.losses.is_empty(), "{:?}", exported.losses);
    let summary = runs(&exported.files[0], folder.path(), &["--speed", "4"]);
    let results = folder.path().join("results");
    let steps = fs::read_to_string(results.join("steps.csv")).unwrap();
    assert_eq!(summary["steps_failed"], 0, "{steps}");
    assert_eq!((&summary["posts"], &summary["missing"]), (&4.into(), &0.into()), "{summary} {steps}");
    for row in rows(&results.join("held.csv")) {
        // Four posts, one of them its own.
        assert_eq!((&*row["expected"], &*row["held"]), ("3", "3"), "{row:?}");
    }
    let posts = rows(&results.join("posts.csv"));
    assert_eq!(posts.len(), 4);
    let home = fs::read_to_string(results.join("2/home.json")).unwrap();
    assert!(posts.iter().all(|post| home.contains(&post["id"])), "{home}");
    assert!(home.contains("post 1: the starlings turn as one"), "{home}");

    let left = Command::new("ip").args(["netns", "list"]).output().unwrap();
    let left = String::from_utf8_lossy(&left.stdout).into_owned();
    let run = fs::read_to_string(results.join("run.pid")).unwrap();
    assert!(!left.contains(&format!("starling-{}-", run.trim())), "{left}");
}

#[test]
fn a_cut_keeps_what_is_said_on_its_side() {
    if let Some(reason) = missing() {
        println!("skipped: no network namespaces here: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cut = What::Cut(Arc::new(vec![0, 0, 1, 1]));
    let plan = plan(vec![(SEC, cut), (2 * SEC, says(1, 0)), (2 * SEC, says(2, 1))], 3 * SEC);
    let exported = netns::export(&plan, folder.path()).unwrap();
    let summary = runs(&exported.files[0], folder.path(), &["--settle", "1"]);
    assert_eq!(
        (&summary["posts"], &summary["settled_s"]),
        (&2.into(), &serde_json::Value::Null),
        "{summary}"
    );
    for (node, other) in [(0, "post 1: "), (1, "post 1: "), (2, "post 0: "), (3, "post 0: ")] {
        let home = fs::read_to_string(folder.path().join(format!("results/{node}/home.json"))).unwrap();
        assert!(!home.contains(other), "{node}: {home}");
    }
}
