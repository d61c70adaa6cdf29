//! Feeds reach readers through others, and networks that fell apart grow together again.

use crate::support::{Home, Node, eventually, when};

/// Alice, bob and carol in a line: both ends know only bob, who follows both; carol follows alice.
fn line() -> ([Home; 3], [Node; 3]) {
    let homes = ["alice", "bob", "carol"].map(Home::of);
    let [alice, bob, carol] = &homes;
    let nodes = [alice.runs(), bob.runs(), carol.runs()];
    let [a, b, c] = &nodes;
    bob.follows(a);
    bob.follows(c);
    b.meets(2);
    carol.does(&["follow", &a.author]);
    (homes, nodes)
}

#[test]
fn bob_carries_alices_feed_to_carol_while_alice_is_gone() {
    let (alice, bob, carol) = (Home::of("alice"), Home::of("bob"), Home::of("carol"));
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    let ids: Vec<String> = (0..40).map(|number| a.posts(&format!("post {number}"))).collect();
    b.holds(&ids[39], "post 39");
    b.holds(&ids[0], "post 0");
    let author = a.author.clone();
    a.kill();

    carol.does(&["follow", &author]);
    let c = carol.runs();
    carol.does(&["peers", "add", &b.listen]);
    for (number, id) in ids.iter().enumerate() {
        c.holds(id, &format!("post {number}"));
    }
    let entry = c.get(&format!("/api/starling/v1/entries/{}", ids[0]));
    assert_eq!(entry["from"], b.peer.as_str());
    assert_eq!(carol.does(&["verify", &ids[0]])["verified"], true);
    let profile = carol.does(&["profile", "show", &author]);
    assert_eq!(profile["name"], "alice", "{profile}");
}

#[test]
fn a_partition_heals() {
    let (_homes, [a, b, c]) = line();
    let first = a.posts("together");
    c.holds(&first, "together");

    b.pause();
    let apart = [a.posts("alice alone"), c.posts("carol alone")];
    assert!(c.way().get(&format!("/api/v1/statuses/{}", apart[0])).is_err(), "nobody carries it");
    b.resume();

    c.holds(&apart[0], "alice alone");
    b.holds(&apart[0], "alice alone");
    b.holds(&apart[1], "carol alone");
    let live = a.posts("together again");
    c.holds(&live, "together again");
    assert_eq!(c.timeline()[0], "together again");
}

#[test]
fn who_stood_still_is_found_again() {
    let (_homes, [a, b, c]) = line();
    // Both sides of the line lose their only way, one after the other.
    for round in 0..3 {
        let (still, other) = if round % 2 == 0 { (&a, &c) } else { (&c, &a) };
        still.pause();
        let meanwhile = other.posts(&format!("round {round}"));
        b.holds(&meanwhile, &format!("round {round}"));
        still.resume();
        let after = still.posts(&format!("back in round {round}"));
        b.holds(&after, &format!("back in round {round}"));
    }
    let author = a.author.clone();
    eventually("carol has all of alice's", || {
        let list = c.way().get(&format!("/api/v1/accounts/{author}/statuses?limit=40"))?;
        when(list.as_array().is_some_and(|list| list.len() == 3), list)
    });
}
