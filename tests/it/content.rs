//! What people write, change, take back and refuse to read.

use serde_json::{Value, json};

use crate::support::{Home, Node, eventually, id, when};

/// Alice and bob, who follow each other.
fn friends() -> ([Home; 2], [Node; 2]) {
    let homes = ["alice", "bob"].map(Home::of);
    let nodes = [homes[0].runs(), homes[1].runs()];
    homes[0].follows(&nodes[1]);
    homes[1].follows(&nodes[0]);
    for (home, other) in [(&homes[0], &nodes[1]), (&homes[1], &nodes[0])] {
        eventually("the other's profile", || {
            let profile = home.tries(&["profile", "show", &other.author])?;
            when(profile[0]["name"].as_str().is_some_and(|name| !name.is_empty()), profile)
        });
    }
    (homes, nodes)
}

fn states(places: &[Value]) -> Vec<(u64, String)> {
    let state = |place: &Value| {
        (
            place["depth"].as_u64().unwrap(),
            place["text"].as_str().or(place["state"].as_str()).unwrap().to_owned(),
        )
    };
    places.iter().map(state).collect()
}

#[test]
fn a_reply_to_what_is_not_here_says_so_until_it_comes() {
    // Carol follows bob and not alice, so bob's reply reaches her and the question does not.
    let ([_alice, bob], [a, b]) = friends();
    let carol = Home::of("carol");
    let question = a.posts("where are you?");
    b.holds(&question, "where are you?");
    let reply = id(&bob.does(&["post", "here", "--reply", &question]));
    let author = a.author.clone();
    a.kill();

    let c = carol.runs();
    carol.follows(&b);
    c.holds(&reply, "here");
    let places = carol.lists(&["thread", &reply]);
    let missing = &places[0];
    assert_eq!(
        (&missing["state"], &missing["id"]),
        (&"missing".into(), &question.as_str().into()),
        "{places:?}"
    );
    assert_eq!(missing["author"], author.as_str());
    assert_eq!(places.last().unwrap()["text"], "here");

    carol.does(&["follow", &author]);
    c.holds(&question, "where are you?");
    let places = carol.lists(&["thread", &question]);
    assert_eq!(states(&places), [(0, "where are you?".into()), (1, "here".into())]);
}

#[test]
fn edits_and_deletions_travel() {
    let ([alice, bob], [a, b]) = friends();
    let post = a.posts("teh first");
    let reply = b.posts("unrelated");
    a.holds(&reply, "unrelated");
    b.holds(&post, "teh first");
    alice.does(&["edit", &post, "the first"]);
    let seen = bob.reads(&post, "the first");
    assert!(seen["edited_at"].is_string(), "{seen}");

    // Also what changes while the other is away.
    b.stop();
    alice.does(&["edit", &post, "the very first"]);
    let short = alice.posts("gone before you saw it");
    alice.does(&["delete", &short, "--yes"]);
    let long = alice.posts("to be erased");
    let b = bob.runs();
    b.holds(&post, "the very first");
    b.holds(&long, "to be erased");
    alice.does(&["delete", &long, "--yes"]);
    for erased in [&short, &long] {
        eventually("it is erased at bob's", || {
            let entry = b.way().get(&format!("/api/starling/v1/entries/{erased}"))?;
            when(entry["deleted"] == true && entry["kind"].is_null(), entry)
        });
        for home in [&alice, &bob] {
            assert_eq!(home.fails(&["show", erased]).code, 5);
        }
    }
    let timeline = b.timeline();
    assert!(timeline.iter().all(|text| !text.contains("gone") && !text.contains("erased")), "{timeline:?}");
    assert_eq!(alice.fails(&["delete", &reply, "--yes"]).code, 8, "only its author may");
    assert_eq!(alice.fails(&["edit", &reply, "mine now"]).code, 8, "only its author may");
    assert_eq!(bob.does(&["store", "verify"])["bad_count"], 0);
}

#[test]
fn likes_and_boosts_are_counted_and_taken_back() {
    let ([alice, bob], [a, b]) = friends();
    let post = a.posts("like me");
    b.holds(&post, "like me");
    let counts = |likes: u64, boosts: u64| {
        eventually(&format!("{likes} likes, {boosts} boosts"), || {
            let post = alice.tries(&["show", &post])?;
            when(post[0]["likes"] == likes && post[0]["boosts"] == boosts, post)
        });
    };
    bob.does(&["like", &post]);
    bob.does(&["boost", &post]);
    bob.does(&["like", &post]);
    counts(1, 1);
    bob.does(&["like", &post, "--undo"]);
    counts(0, 1);
    bob.does(&["boost", &post, "--undo"]);
    counts(0, 0);
}

#[test]
fn votes_travel_and_are_counted_where_the_poll_began() {
    let ([alice, bob], [_a, b]) = friends();
    let post = |words: &[&str]| {
        let asked = [&["post", "Which way?", "--poll", "North", "--poll", "South", "--poll", "Home"], words];
        let id = id(&alice.does(&asked.concat()));
        b.holds(&id, "Which way?");
        id
    };
    let poll = post(&["--poll-for", "2h"]);
    let voted = bob.does(&["vote", &poll, "2"])["poll"].clone();
    assert_eq!((&voted["own_votes"], &voted["voters_count"]), (&json!([1]), &json!(1)), "{voted}");
    let counted = |id: &str| {
        eventually("alice counts the vote", || {
            let poll = alice.tries(&["show", id])?[0]["poll"].clone();
            when(poll["voters_count"] == 1, poll)
        })
    };
    let result = counted(&poll);
    let votes = |poll: &Value| -> Vec<Value> {
        poll["options"].as_array().unwrap().iter().map(|option| option["votes_count"].clone()).collect()
    };
    assert_eq!(votes(&result), [json!(0), json!(1), json!(0)]);
    assert_eq!((&result["own_votes"], &result["expired"]), (&json!([]), &json!(false)));

    // Who may choose several does; before the end it is only said how many people did.
    let several = post(&["--poll-several", "--poll-hidden"]);
    let voted = bob.does(&["vote", &several, "1", "3"])["poll"].clone();
    assert_eq!((&voted["own_votes"], &voted["multiple"]), (&json!([0, 2]), &json!(true)));
    assert_eq!(votes(&counted(&several)), [Value::Null, Value::Null, Value::Null]);

    let other = post(&[]);
    for (home, poll, answers, code, says) in [
        (&bob, &poll, vec!["1"], 1, "already voted"),
        (&alice, &poll, vec!["1"], 1, "own poll"),
        (&bob, &other, vec!["4"], 1, "does not exist"),
        (&bob, &other, vec!["1", "2"], 1, "does not exist"),
        (&bob, &other, vec!["9"], 2, "1..=8"),
    ] {
        let failed = home.fails(&[vec!["vote", poll], answers].concat());
        assert_eq!(failed.code, code, "{failed:?}");
        assert!(failed.error.contains(says), "{failed:?}");
        assert!(!failed.hint.contains("doctor"), "nothing is wrong with the node: {failed:?}");
    }
    bob.does(&["vote", &other, "3"]);
}

#[test]
fn a_picture_reaches_who_follows_with_its_words() {
    let ([alice, bob], [a, b]) = friends();
    let heron = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/writing.in/heron.png");
    let wren = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/writing.in/wren.png");
    let shows = ["post", "Seen at last", "--media", heron, "--alt", "A heron on one leg", "--media", wren];
    let post = alice.does(&shows);
    let here = &post["media"];
    assert_eq!(here[0]["description"], "A heron on one leg");
    assert_eq!((&here[0]["type"], &here[1]["description"]), (&json!("image"), &Value::Null), "{here}");
    b.holds(&id(&post), "Seen at last");
    let there = bob.does(&["show", &id(&post)])["media"].clone();
    assert_eq!(there[0]["description"], "A heron on one leg");
    // The words come with the post, the file behind it.
    let url = |media: &Value| media["url"].as_str().unwrap().to_owned();
    let fetched = eventually("the picture is here", || b.way().file(&url(&there[0])));
    assert_eq!(fetched, a.way().file(&url(&here[0])).unwrap());
    assert!(fetched.starts_with(b"\x89PNG"));
}

#[test]
fn who_is_blocked_is_neither_shown_nor_stored() {
    let ([alice, bob], [a, b]) = friends();
    let carol = Home::of("carol");
    let c = carol.runs();
    // What carol says comes to bob by way of alice's node, which he talks to whatever he thinks of her.
    carol.follows(&a);
    alice.follows(&c);
    bob.does(&["follow", &c.author]);
    let before = a.posts("before the block");
    b.holds(&before, "before the block");
    bob.does(&["block", &a.author]);
    assert_eq!(b.timeline(), [""; 0]);
    assert_eq!(bob.fails(&["show", &before]).code, 5);
    let void = a.posts("into the void");
    // Carol has it, so alice's node has sent it to all who want it: what carol says then goes the same way after it.
    c.holds(&void, "into the void");
    let marker = c.posts("a marker");
    b.holds(&marker, "a marker");
    assert_eq!(b.timeline(), ["a marker"]);
    assert_eq!(bob.fails(&["show", &void]).code, 5);
    assert_eq!(bob.lists(&["network"]), [Value::Null; 0]);

    bob.does(&["unblock", &a.author]);
    bob.does(&["follow", &a.author]);
    let after = a.posts("friends again");
    b.holds(&after, "friends again");
}

#[test]
fn a_bundle_brings_a_feed_to_where_no_network_is() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let post = alice.posts("on a stick");
    let erased = alice.posts("not on a stick");
    alice.does(&["delete", &erased, "--yes"]);
    let stick = alice.beside("stick");
    let written = alice.does(&["export", "feed", "--out", &stick]);

    bob.does(&["follow", &alice.author()]);
    let before = bob.does(&["store", "stats"]);
    let good = std::fs::read(&stick).unwrap();
    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        std::fs::write(bob.beside("cut"), &good[..cut]).unwrap();
        assert_eq!(bob.fails(&["import", "feed", &bob.beside("cut")]).code, 7, "cut at {cut}");
    }
    for place in (0..good.len()).step_by(good.len() / 25 + 1) {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        std::fs::write(bob.beside("bad"), &bad).unwrap();
        let failed = bob.fails(&["import", "feed", &bob.beside("bad")]);
        assert_eq!(failed.code, 7, "byte {place}: {failed:?}");
    }
    assert_eq!(bob.does(&["store", "stats"])["entries"], before["entries"], "nothing of those was taken in");

    let answer = bob.does(&["import", "feed", &stick]);
    assert_eq!((&answer["new"], &answer["refused"]), (&written["entries"], &0.into()), "{answer}");
    bob.reads(&post, "on a stick");
    assert_eq!(bob.fails(&["show", &erased]).code, 5);
    assert_eq!(bob.does(&["verify", &post])["verified"], true);
    let again = bob.does(&["import", "feed", &stick]);
    assert_eq!((&again["new"], &again["known"]), (&0.into(), &written["entries"]));
}
