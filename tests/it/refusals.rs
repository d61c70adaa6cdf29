//! Wrong arguments, unknown things, no node where one is needed: every command says so in one line, with
//! a hint and the exit code that scripts are promised.

use crate::support::{Home, failed, starling};

const NOBODY: &str = "star1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
const NOTHING: &str = "bafyr4iaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What the arguments' own grammar refuses, with clap's words.
const GRAMMAR: [&[&str]; 20] = [
    &["nonsense"],
    &["init", "--name"],
    &["run", "--listen", "not an address"],
    &["run", "--http", "localhost"],
    &["id", "nonsense"],
    &["id", "devices", "remove", "not a device"],
    &["profile", "nonsense"],
    &["post", "hello", "--visibility", "nowhere"],
    &["edit"],
    &["delete"],
    &["boost"],
    &["like"],
    &["show"],
    &["thread"],
    &["verify"],
    &["home", "--limit", "many"],
    &["follow", "somebody", "--at", "nowhere"],
    &["peers", "add", "nowhere"],
    &["peers", "ban", "nobody"],
    &["completions", "no-such-shell"],
];

#[test]
fn what_is_no_command_is_usage() {
    for arguments in GRAMMAR {
        let output = starling(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        let lines = stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(lines, 1, "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}: data on stdout");
    }
}

#[test]
fn a_failure_has_a_line_a_hint_and_an_exit_code() {
    let home = Home::of("alice");
    let post = home.posts("hello");
    let missing = home.beside("missing");
    let (phrase, short) = (home.file("bad phrase", "abandon abandon\n"), home.file("short", "short\n"));
    let junk = home.file("junk", "this is nothing that anybody signed");
    let good = home.file("good", "a passphrase of some length\n");
    let table: Vec<(i32, Vec<&str>)> = vec![
        // Unknown things.
        (5, vec!["show", NOTHING]),
        (5, vec!["show", "zzzz"]),
        (5, vec!["show", "../../status"]),
        (5, vec!["thread", NOTHING]),
        (5, vec!["edit", NOTHING, "words"]),
        (5, vec!["delete", NOTHING, "--yes"]),
        (5, vec!["boost", NOTHING]),
        (5, vec!["like", NOTHING]),
        (5, vec!["post", "hello", "--reply", NOTHING]),
        (5, vec!["verify", NOTHING]),
        (5, vec!["verify", &missing, "--identity", &missing]),
        (5, vec!["follow", "nobody of this name"]),
        (5, vec!["unfollow", "nobody of this name"]),
        (5, vec!["block", "nobody of this name"]),
        (5, vec!["unblock", "nobody of this name"]),
        (5, vec!["followers", "nobody of this name"]),
        (5, vec!["following", "nobody of this name"]),
        (5, vec!["profile", "show", "nobody of this name"]),
        (5, vec!["export", "feed", "nobody of this name", "--out", &missing]),
        (5, vec!["import", "feed", &missing]),
        (5, vec!["restore", &missing, "--passphrase-file", &good, "--home", &missing]),
        (5, vec!["restore", "--phrase-file", &missing, "--home", &missing]),
        (5, vec!["backup", &missing, "--passphrase-file", &missing]),
        (5, vec!["id", "phrase"]),
        // What makes no sense.
        (2, vec!["follow", NOBODY]),
        (2, vec!["invite", "open", "starling:invite:nonsense"]),
        (2, vec!["invite", "open", "nonsense"]),
        (2, vec!["backup", &missing, "--passphrase-file", &short]),
        (2, vec!["restore", "--phrase-file", &phrase, "--home", &missing]),
        (2, vec!["restore"]),
        (2, vec!["verify", &junk]),
        // What is not what somebody signed.
        (7, vec!["import", "feed", &junk]),
        (7, vec!["restore", &junk, "--passphrase-file", &good, "--home", &missing]),
        (7, vec!["verify", &junk, "--identity", &junk]),
        // Settings.
        (5, vec!["config", "get", "network.nonsense"]),
        (3, vec!["config", "set", "network.nonsense", "1"]),
        (3, vec!["config", "set", "network.mdns", "perhaps"]),
        // Rules.
        (8, vec!["init", "--name", "again"]),
        (8, vec!["delete", &post]),
        (8, vec!["backup", &junk, "--passphrase-file", &good]),
        (8, vec!["export", "feed", "--out", &junk]),
        // No node.
        (4, vec!["status"]),
    ];
    let mut wrong = Vec::new();
    for (code, arguments) in &table {
        let output = home.command(arguments).output().unwrap();
        if output.status.success() {
            wrong.push(format!("{arguments:?}: worked"));
            continue;
        }
        let told = failed(&output);
        // What was found out is data, also when it is bad.
        let silent = output.stdout.is_empty() || arguments[0] == "verify";
        if told.code != *code || told.hint.is_empty() || !silent {
            wrong.push(format!(
                "{arguments:?}: {code} expected: {told:?} {}",
                String::from_utf8_lossy(&output.stdout)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(home.lists(&["home"]).len(), 1, "nothing was written meanwhile");
}

#[test]
fn what_is_too_long_is_told_in_the_unit_that_it_is_counted_in() {
    let home = Home::of("alice");
    let told = home.fails(&["post", &"ä".repeat(5_001)]);
    assert_eq!(told.error, "the text has 5001 characters, and may have 5000");
    assert_eq!(told.hint, "make it shorter");
}

#[test]
fn words_that_cannot_be_said_say_what_to_do() {
    let home = Home::of("alice");
    let told = home.fails(&["tui", "--plain", "--language", "qq"]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.hint.contains("words-qq.ftl"), "{told:?}");
    std::fs::write(home.path().join("words-qq.ftl"), "= nothing\n").unwrap();
    let told = home.fails(&["tui", "--plain", "--language", "qq"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.error.contains("words-qq.ftl") && told.hint.contains("move it away"), "{told:?}");
}

#[test]
fn every_command_says_that_there_is_no_home() {
    let commands: [&[&str]; 24] = [
        &["run"],
        &["status"],
        &["id", "show"],
        &["id", "qr"],
        &["id", "devices"],
        &["profile", "show"],
        &["profile", "set", "--name", "x"],
        &["post", "hello"],
        &["edit", NOTHING, "x"],
        &["delete", NOTHING, "--yes"],
        &["boost", NOTHING],
        &["like", NOTHING],
        &["show", NOTHING],
        &["thread", NOTHING],
        &["home"],
        &["network"],
        &["follow", "x"],
        &["block", "x"],
        &["followers"],
        &["following"],
        &["peers", "list"],
        &["invite", "new"],
        &["store", "stats"],
        &["store", "compact"],
    ];
    let nowhere = Home::none();
    for arguments in commands {
        let told = nowhere.fails(arguments);
        assert_eq!(told.code, 3, "{arguments:?}: {told:?}");
        assert!(told.hint.contains("starling init"), "{arguments:?}: {told:?}");
    }
    assert!(!nowhere.path().exists(), "looking makes no home");
}

#[test]
fn who_cannot_be_reached_is_a_matter_of_the_network() {
    let home = Home::of("alice");
    let _node = home.runs();
    // A port that was free a moment ago, on which nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = home.fails(&["peers", "add", &format!("/ip4/127.0.0.1/tcp/{port}")]);
    assert_eq!((told.code, told.hint.is_empty()), (6, false), "{told:?}");
}
