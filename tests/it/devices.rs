//! One author on several devices: restored, added, stolen, cut off.

use serde_json::json;

use crate::support::{Home, Node, eventually, when};

const PASSPHRASE: &str = "correct horse battery staple\n";

/// Waits until a node may write.
fn opens(node: &Node) {
    eventually("the guard is open", || {
        let status = node.way().get("/api/starling/v1/status")?;
        when(status["guarded"] == false, status)
    });
}

fn not_forked(node: &Node, author: &str) {
    assert_eq!(node.frozen(author), [json!(null); 0]);
}

#[test]
fn the_phrase_brings_everything_back_and_forks_nothing() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    let ids: Vec<String> = (0..50).map(|number| a.posts(&format!("post {number}"))).collect();
    b.holds(&ids[49], "post 49");
    b.holds(&ids[0], "post 0");
    let author = a.author.clone();
    // The house burnt down. What is left is a piece of paper.
    a.kill();
    let phrase = std::fs::read_to_string(alice.beside("phrase")).unwrap();
    drop(alice);

    let new = Home::none();
    let phrase = new.file("paper", &phrase);
    let plan = new.does(&["restore", "--phrase-file", &phrase, "--dry-run"]);
    assert_eq!((&plan["author"], &plan["done"]), (&author.as_str().into(), &false.into()));
    assert!(!new.path().exists(), "a plan does nothing");
    let done = new.does(&["restore", "--phrase-file", &phrase]);
    assert_eq!((&done["author"], &done["restoring"]), (&author.as_str().into(), &true.into()));
    let n = new.runs();
    let early = new.fails(&["post", "too early"]);
    assert_eq!(early.code, 8, "{early:?}");
    assert!(!early.hint.is_empty());

    new.does(&["peers", "add", &b.listen]);
    opens(&n);
    for (number, id) in ids.iter().enumerate() {
        n.holds(id, &format!("post {number}"));
    }
    let back = n.posts("I am back");
    b.holds(&back, "I am back");
    not_forked(&b, &author);
    assert_eq!(n.timeline()[..2], ["I am back", "post 49"]);
    n.stop();
    // The next start knows that it was settled.
    let offline = new.posts("and stay");
    let _n = new.runs();
    b.holds(&offline, "and stay");
    not_forked(&b, &author);
}

#[test]
fn an_invite_leads_a_restored_home_to_those_who_know_it() {
    let (alice, bob, carol) = (Home::of("alice"), Home::of("bob"), Home::of("carol"));
    let (a, b, _c) = (alice.runs(), bob.runs(), carol.runs());
    bob.follows(&a);
    let post = a.posts("before the fire");
    b.holds(&post, "before the fire");
    a.kill();
    let new = Home::none();
    new.does(&["restore", "--phrase-file", &alice.beside("phrase")]);
    let invite = |home: &Home| home.does(&["invite", "new"])["invite"].as_str().unwrap().to_owned();
    let (of_bob, of_carol) = (invite(&bob), invite(&carol));
    let alone = new.fails(&["invite", "open", &of_carol]);
    assert_eq!(alone.code, 8, "{alone:?}");
    assert!(alone.error.contains("remembered") && alone.hint.contains("starling run"), "{alone:?}");

    let n = new.runs();
    // Carol never heard of her: they are connected, and that is told.
    let early = new.fails(&["invite", "open", &of_carol]);
    assert_eq!(early.code, 8, "{early:?}");
    assert!(early.error.contains("connected to") && early.hint.contains("again"), "{early:?}");
    assert_eq!(new.does(&["invite", "open", &of_bob])["following"], true);
    opens(&n);
    assert_eq!(new.does(&["invite", "open", &of_carol])["following"], true);
    n.holds(&post, "before the fire");
}

#[test]
fn a_backup_adds_a_device_and_both_write_one_feed() {
    let (desk, bob) = (Home::of("alice"), Home::of("bob"));
    let (d, b) = (desk.runs(), bob.runs());
    bob.follows(&d);
    desk.follows(&b);
    let first = d.posts("first");
    b.holds(&first, "first");
    let (passphrase, backup) = (desk.file("passphrase", PASSPHRASE), desk.beside("backup"));
    let written = desk.does(&["backup", &backup, "--passphrase-file", &passphrase]);
    assert_eq!(written["root"], true);

    let laptop = Home::none();
    let wrong = laptop.file("wrong", "not the passphrase\n");
    assert_eq!(laptop.fails(&["restore", &backup, "--passphrase-file", &wrong]).code, 7);
    let restore = ["restore", &backup, "--passphrase-file", &passphrase, "--from", &b.listen];
    // The first attempt ended before anything was taken in: as after a power cut, there is a home with nothing in it.
    laptop.does(&["restore", "--phrase-file", &desk.beside("phrase")]);
    let device = laptop.device();
    let bobs = laptop.fails(&["restore", "--phrase-file", &bob.beside("phrase")]);
    assert_eq!(bobs.code, 8, "it is another's home");
    for (new, known) in [(true, false), (false, true)] {
        let done = laptop.does(&restore);
        let some = |name: &str| done["imported"][name].as_u64().unwrap() > 0;
        assert_eq!((some("new"), some("known"), &done["restoring"]), (new, known, &json!(true)), "{done}");
    }
    laptop.reads(&first, "first");
    assert_ne!(laptop.device(), desk.device());
    assert_eq!(laptop.device(), device, "the device that was begun is kept");
    let l = laptop.runs();
    opens(&l);
    let mut all = Vec::new();
    for round in 0..5 {
        for (node, name) in [(&d, "desk"), (&l, "laptop")] {
            let words = format!("{name} {round}");
            all.push((node.posts(&words), words));
        }
    }
    for (id, words) in &all {
        for node in [&b, &d, &l] {
            node.holds(id, words);
        }
    }
    for node in [&b, &d, &l] {
        not_forked(node, &d.author);
    }
    assert_eq!(laptop.fails(&restore).code, 8, "it speaks for its author now");
    let devices = desk.does(&["id", "devices"]);
    assert_eq!(devices["devices"].as_array().unwrap().len(), 2, "{devices}");
    let (there, here) = (laptop.does(&["following"]), desk.does(&["following"]));
    assert_eq!(there["author"], here["author"], "whom one device follows, the other does");
    let (there, here) = (&there["follow"], &here["follow"]);
    assert_eq!(there["at"], here["at"]);
    assert_eq!((&there["how"], &here["how"]), (&"device".into(), &"hand".into()));
}

#[test]
fn a_fork_is_proven_frozen_and_repaired() {
    let (desk, bob) = (Home::of("alice"), Home::of("bob"));
    let (d, b) = (desk.runs(), bob.runs());
    bob.follows(&d);
    let phrase = desk.beside("phrase");
    let laptop = Home::none();
    laptop.does(&["restore", "--phrase-file", &phrase, "--from", &d.listen]);
    let l = laptop.runs();
    opens(&l);
    let good = l.posts("before the theft");
    d.holds(&good, "before the theft");
    b.holds(&good, "before the theft");
    l.stop();

    let thief = laptop.copied();
    let noticed = thief.fails(&["post", "quietly"]);
    assert_eq!(noticed.code, 8);
    assert!(noticed.error.contains("copied"), "{noticed:?}");
    let mine = laptop.posts("mine");
    thief.does(&["restore", "--force"]);
    thief.posts("stolen");
    let l = laptop.runs();
    b.holds(&mine, "mine");
    l.stop();
    let t = thief.runs();
    for node in [&b, &d] {
        eventually("the fork is proven", || {
            let frozen = node.frozen(&d.author);
            when(frozen.len() == 1 && frozen[0]["seq"] == 1, frozen)
        });
        assert!(
            node.timeline().iter().all(|text| text != "mine" && text != "stolen"),
            "{:?}",
            node.timeline()
        );
    }
    let account = bob.does(&["profile", "show", &d.author]);
    assert!(account.to_string().contains("forked"), "it is shown: {account}");
    let frozen = thief.fails(&["post", "more"]);
    assert_eq!(frozen.code, 8, "{frozen:?}");
    t.stop();
    let other = d.posts("my other device goes on");
    b.holds(&other, "my other device goes on");

    desk.does(&["id", "devices", "remove", &laptop.device(), "--yes"]);
    for node in [&b, &d] {
        eventually("nothing is frozen any more", || {
            let frozen = node.frozen(&d.author);
            when(frozen.is_empty(), frozen)
        });
        node.holds(&good, "before the theft");
    }
    let l = laptop.runs();
    eventually("the laptop knows that it was removed", || {
        let output = laptop.tries(&["post", "one more"]);
        let said = output.err().unwrap_or_default();
        when(said.contains("does not speak"), said)
    });
    drop(l);
    let after = d.posts("after the repair");
    b.holds(&after, "after the repair");
}
