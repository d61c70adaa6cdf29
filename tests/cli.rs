//! The command line as its users meet it: the manual, and a node that runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long a node may take until it listens: much longer than it takes, so that a busy machine fails no test.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Every block in `tests/cli/*.md` is run as it stands. Each page runs in a folder of its own, with the
/// files of `<page>.in` in it and its home in `home`.
///
/// `sim` needs the simulator beside the node, where building the whole workspace puts it. That `cargo` runs these
/// tests is kept from it: it would build the simulator anew, as it does for `cargo run`.
#[test]
fn the_manual_is_true() {
    let pages = trycmd::TestCases::new();
    pages.env("STARLING_HOME", "home").env("NO_COLOR", "1").env("CARGO_MANIFEST_DIR", "nowhere");
    pages.case("tests/cli/*.md");
}

fn starling(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_starling"));
    command.env_remove("STARLING_HOME").arg("--home").arg(home).args(arguments);
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    starling(home, arguments).output().unwrap()
}

/// The objects that a command prints, after it succeeded.
fn objects(home: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = run(home, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// A running node, killed if the test fails.
struct Node {
    child: Child,
    ready: Value,
}

impl Node {
    fn start(home: &Path) -> Self {
        let arguments =
            ["run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--no-mdns", "--json"];
        let mut child =
            starling(home, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["event"], "ready");
        let mut node = Self { child, ready };
        // On a busy machine a node may be ready before it listens.
        let until = Instant::now() + PATIENCE;
        while !node.ready["listen"][0].is_string() {
            let status = objects(home, &["status", "--json"]).remove(0);
            assert!(Instant::now() < until, "the node listens nowhere: {status}");
            node.ready["listen"] = status["listen"].clone();
            thread::sleep(PAUSE);
        }
        node
    }

    fn address(&self) -> &str {
        self.ready["listen"][0].as_str().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn begin(folder: &Path, name: &str) -> std::path::PathBuf {
    let home = folder.join(name);
    let phrase = folder.join(format!("{name}.txt"));
    let made = run(&home, &["init", "--name", name, "--no-input", "--phrase-out", phrase.to_str().unwrap()]);
    assert!(made.status.success());
    home
}

#[test]
fn a_home_that_cannot_be_looked_for_is_not_missing() {
    let folder = tempfile::tempdir().unwrap();
    let home = begin(folder.path(), "alice");
    // Whoever runs the tests: below a file nobody can look.
    let below = home.join("token").join("home");
    for arguments in [&["home"][..], &["init", "--no-input"], &["doctor"], &["restore", "--force"]] {
        let output = run(&below, arguments);
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(below.to_str().unwrap()), "{arguments:?}: {said}");
        assert!(!said.contains("starling init"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_node_says_that_it_is_ready_and_stops_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let home = begin(folder.path(), "alice");
    let mut node = Node::start(&home);
    let id = &objects(&home, &["id", "show", "--json"])[0];
    assert_eq!((&id["author"], &id["peer_id"]), (&node.ready["author"], &node.ready["peer_id"]));
    assert!(node.address().ends_with(&format!("/p2p/{}", id["peer_id"].as_str().unwrap())));
    let status = &objects(&home, &["status", "--json"])[0];
    assert_eq!((&status["peers"], &status["feeds"]), (&Value::from(0), &Value::from(1)));

    // Another process keeps out, and a command finds the one that runs.
    assert_eq!(run(&home, &["run"]).status.code(), Some(1));
    let post = &objects(&home, &["post", "hello", "--json"])[0];
    let newest = &objects(&home, &["home", "--json", "--limit", "1"])[0];
    for field in ["id", "author", "text", "created_at"] {
        assert_eq!(post[field], newest[field], "{field}");
    }

    let told = Command::new("kill").args(["-TERM", &node.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(node.child.wait().unwrap().success());
    assert!(!home.join("node.json").exists());
    assert_eq!(run(&home, &["status"]).status.code(), Some(4));
    assert_eq!(objects(&home, &["home", "--json"])[0]["text"], "hello");
}

#[test]
fn what_a_killed_node_leaves_behind_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let home = begin(folder.path(), "alice");
    let mut node = Node::start(&home);
    objects(&home, &["post", "before", "--json"]);
    node.child.kill().unwrap();
    node.child.wait().unwrap();
    assert!(home.join("node.json").exists());
    assert_eq!(run(&home, &["status"]).status.code(), Some(4));
    assert_eq!(objects(&home, &["home", "--json"])[0]["text"], "before");
    let again = Node::start(&home);
    assert_eq!(again.ready["author"], objects(&home, &["id", "show", "--json"])[0]["author"]);
}

#[test]
fn nodes_meet_by_address_and_by_invite() {
    let folder = tempfile::tempdir().unwrap();
    let (alice, bob) = (begin(folder.path(), "alice"), begin(folder.path(), "bob"));
    let here = Node::start(&alice);
    let _there = Node::start(&bob);
    let added = &objects(&bob, &["peers", "add", here.address(), "--json"])[0];
    assert_eq!(added["connected"], true);
    let peer = &objects(&bob, &["peers", "list", "--json"])[0];
    assert_eq!((&peer["peer_id"], &peer["connected"]), (&here.ready["peer_id"], &Value::from(true)));
    let invite = &objects(&alice, &["invite", "new", "--json"])[0];
    let followed = &objects(&bob, &["follow", invite["invite"].as_str().unwrap(), "--json"])[0];
    assert_eq!((&followed["author"], &followed["name"]), (&here.ready["author"], &Value::from("alice")));
    assert_eq!(objects(&bob, &["following", "--json"])[0]["author"], here.ready["author"]);
    assert_eq!(
        objects(&bob, &["peers", "ban", peer["peer_id"].as_str().unwrap(), "--json"])[0]["banned"],
        true
    );
}

#[test]
fn whoever_stops_reading_is_no_reason_to_complain() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["man"][..], &["completions", "bash"], &["config", "list"], &["--help"]] {
        let mut child =
            starling(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
    }
}
