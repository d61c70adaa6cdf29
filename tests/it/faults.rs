//! A home in trouble: used twice, left behind, damaged, full. One clear line, a hint, an exit code, and
//! nothing lost that was answered.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use rustix::process::Signal;

use crate::support::{Failed, Home, Node, eventually, failed, when};

#[test]
fn a_second_process_on_a_home_is_told_so() {
    let home = Home::of("alice");
    let node = home.runs();
    let second =
        home.fails(&["run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--no-mdns"]);
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.error.contains("another starling process uses"), "{second:?}");
    assert!(!second.hint.is_empty());
    assert_eq!(home.fails(&["store", "compact"]).code, 8);
    let post = home.posts("the first is not disturbed");
    node.holds(&post, "the first is not disturbed");
}

#[test]
fn what_a_killed_node_left_behind_misleads_nobody() {
    let home = Home::of("alice");
    let node = home.runs();
    let post = node.posts("before the kill");
    node.kill();
    assert!(home.path().join("node.json").exists(), "a killed node cannot take its note away");
    let status = home.fails(&["status"]);
    assert_eq!((status.code, status.hint.is_empty()), (4, false), "{status:?}");
    home.reads(&post, "before the kill");
    let offline = home.posts("after the kill");
    let node = home.runs();
    node.holds(&post, "before the kill");
    node.holds(&offline, "after the kill");
    node.stop();
    assert!(!home.path().join("node.json").exists());
}

#[test]
fn a_taken_port_is_named() {
    let home = Home::of("alice");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let http = home.fails(&["run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", &address, "--no-mdns"]);
    assert_eq!(http.code, 1, "{http:?}");
    assert!(http.error.contains(&address) && !http.hint.is_empty(), "{http:?}");
    // The home is free again.
    home.posts("still works");
    // Without a way in from outside a node still reaches others, so this is a warning.
    let listen = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port());
    let log = fs::File::create(home.beside("warned")).unwrap();
    let mut run = home.command(&["run", "--listen", &listen, "--http", "127.0.0.1:0", "--no-mdns"]);
    let mut child = run.stdout(std::process::Stdio::null()).stderr(log).spawn().unwrap();
    eventually("a warning about the port", || {
        let said = fs::read_to_string(home.beside("warned")).unwrap();
        when(said.contains(&listen), said)
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Files of a home whose damage must be found before anything is signed with them.
const KEYS: [&str; 4] = ["keys/device.key", "keys/node.key", "keys/root.key", "identity.cbor"];

#[test]
fn a_flipped_bit_in_a_key_is_found() {
    let home = Home::of("alice");
    for file in KEYS {
        let path = home.path().join(file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&path, &bad).unwrap();
        let failed = home.fails(&["post", "hello"]);
        assert_eq!(failed.code, 7, "{file}: {failed:?}");
        assert!(!failed.hint.is_empty(), "{file}: {failed:?}");
        fs::write(&path, good).unwrap();
    }
    home.posts("whole again");
}

#[test]
fn a_damaged_store_is_found_and_the_feed_comes_back() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    let ids: Vec<String> = (0..30).map(|number| a.posts(&format!("post {number}"))).collect();
    b.holds(&ids[0], "post 0");
    b.holds(&ids[29], "post 29");
    a.stop();
    let store = alice.path().join("store.redb");
    let good = fs::read(&store).unwrap();
    let told = |what: &str| {
        let failed = alice.fails(&["post", "hello"]);
        assert!([1, 7].contains(&failed.code) && !failed.hint.is_empty(), "{what}: {failed:?}");
        failed
    };
    fs::write(&store, &good[..good.len() / 3]).unwrap();
    told("cut short");
    fs::write(&store, b"this is no database").unwrap();
    told("something else");
    fs::write(&store, vec![0; good.len()]).unwrap();
    told("zeroes");
    let mut header = good.clone();
    header[..4096].fill(0xff);
    fs::write(&store, &header).unwrap();
    told("its head overwritten");
    fs::write(&store, &good).unwrap();
    alice.reads(&ids[0], "post 0");

    // Set aside, the rest comes from those who follow; what is not there cannot be written over.
    fs::remove_file(&store).unwrap();
    let guarded = alice.fails(&["post", "too early"]);
    assert_eq!(guarded.code, 8, "{guarded:?}");
    let a = alice.runs();
    alice.does(&["peers", "add", &b.listen]);
    for (number, id) in ids.iter().enumerate() {
        a.holds(id, &format!("post {number}"));
    }
    let after = eventually("alice may write again", || a.way().posts("all is well"));
    b.holds(&after, "all is well");
    assert!(b.frozen(&a.author).is_empty());
}

#[test]
fn flipped_bits_in_a_store_never_show_something_wrong() {
    let home = Home::of("alice");
    let ids: Vec<String> = (0..8).map(|number| home.posts(&format!("post number {number}"))).collect();
    let store = home.path().join("store.redb");
    let good = fs::read(&store).unwrap();
    let (mut found, mut right) = (0, 0);
    for step in 0..24 {
        let mut bad = good.clone();
        let place = bad.len() * step / 24 + 97 * step % 512;
        bad[place] ^= 0x20;
        fs::write(&store, &bad).unwrap();
        let output = home.command(&["home"]).output().unwrap();
        if output.status.success() {
            let stdout = String::from_utf8(output.stdout).unwrap();
            for (number, id) in ids.iter().enumerate() {
                let line = stdout.lines().find(|line| line.contains(id.as_str())).unwrap();
                assert!(line.contains(&format!("\"post number {number}\"")), "byte {place}: {line}");
            }
            right += 1;
        } else {
            let failed = failed(&output);
            assert!([1, 7].contains(&failed.code), "byte {place}: {failed:?}");
            found += 1;
        }
    }
    assert!(
        right > 0 && found > 0,
        "{right} served, {found} refused: the flips hit what is used and what is not"
    );
}

/// The command with files limited to so many KiB: a disk that is full for it.
fn limited(home: &Home, kib: u64, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2)).arg("sh");
    let inner = home.command(arguments);
    command.arg(inner.get_program()).args(inner.get_args()).env("NO_COLOR", "1").env_remove("STARLING_HOME");
    command
}

#[test]
fn a_full_disk_loses_nothing() {
    let home = Home::of("alice");
    let first = home.posts("while there was room");
    let size = fs::metadata(home.path().join("store.redb")).unwrap().len();
    let mut run = limited(
        &home,
        size / 1024 + 64,
        &["run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--no-mdns"],
    );
    let node = Node::spawn(&home, run.stderr(fs::File::create(home.beside("log")).unwrap()));
    let long = "x".repeat(4_000);
    let mut answered = vec![(first, "while there was room".to_owned())];
    let mut refused = None;
    for number in 0..2_000 {
        let words = format!("{number} {long}");
        match node.way().posts(&words) {
            Ok(id) => answered.push((id, words)),
            Err(said) => {
                refused = Some(said);
                break;
            }
        }
    }
    let refused = refused.expect("the disk became full");
    assert!(refused.contains("not stored"), "{refused}");
    let told = home.fails(&["post", &long]);
    assert_eq!((told.code, told.hint.is_empty()), (1, false), "{told:?}");
    for (id, words) in &answered {
        node.holds(id, words);
    }
    node.signal(Signal::KILL);
    drop(node);
    let node = home.runs();
    for (id, words) in &answered {
        node.holds(id, words);
    }
    node.posts("there is room again");
    assert_eq!(home.does(&["store", "verify"])["bad_count"], 0);
}

#[test]
fn nobody_else_can_read_a_home() {
    let home = Home::of("alice");
    let node = home.runs();
    let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("."), 0o700);
    for secret in ["token", "keys/device.key", "keys/node.key", "keys/root.key"] {
        assert_eq!(mode(secret), 0o600, "{secret}");
    }
    let stranger = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let address = fs::read_to_string(home.path().join("node.json")).unwrap();
    let http =
        serde_json::from_str::<serde_json::Value>(&address).unwrap()["http"].as_str().unwrap().to_owned();
    let answer = stranger.get(format!("{http}/api/v1/timelines/home")).call().unwrap();
    assert_eq!(answer.status(), 401);
    drop(node);
}

#[test]
fn a_failure_is_told_in_the_same_way_everywhere() {
    let home = Home::none();
    let Failed { code, error, hint } = home.fails(&["post", "hello"]);
    assert_eq!(code, 3);
    assert!(
        error.contains(home.path().to_str().unwrap()) && hint.contains("starling init"),
        "{error} {hint}"
    );
}
