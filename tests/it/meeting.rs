//! Nodes that meet, and nodes that were away.

use crate::support::{Home, Node, eventually, when};

fn meet(run: fn(&Home) -> Node) {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let early = alice.posts("before anybody was there");
    let (a, b) = (run(&alice), run(&bob));
    bob.follows(&a);
    b.holds(&early, "before anybody was there");
    b.meets(1);

    let live = alice.does(&["post", "and now live"]);
    b.holds(live["id"].as_str().unwrap(), "and now live");
    let home = bob.lists(&["home", "--limit", "5"]);
    let texts: Vec<&str> = home.iter().map(|post| post["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["and now live", "before anybody was there"]);
    assert!(
        home.iter().all(|post| post["author"] == a.author.as_str() && post["name"] == "alice"),
        "{home:?}"
    );
    a.stop();
    b.stop();
}

#[test]
fn two_nodes_meet_and_sync_over_tcp() {
    meet(Home::runs);
}

#[test]
fn two_nodes_meet_and_sync_over_quic() {
    meet(Home::runs_quic);
}

#[test]
fn an_invite_link_is_all_that_a_newcomer_needs() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let post = alice.posts("welcome");
    let (_a, b) = (alice.runs(), bob.runs());
    let link = alice.does(&["invite", "new"])["invite"].as_str().unwrap().to_owned();
    let opened = bob.does(&["invite", "open", &link]);
    assert_eq!((&opened["name"], &opened["following"]), (&"alice".into(), &true.into()));
    b.holds(&post, "welcome");
    let mut typo = link.clone().into_bytes();
    let last = typo.len() - 1;
    typo[last] = if typo[last] == b'a' { b'b' } else { b'a' };
    let failed = bob.fails(&["invite", "open", std::str::from_utf8(&typo).unwrap()]);
    assert_eq!(failed.code, 2, "a link with a typo is no link: {failed:?}");
}

/// More than is asked for before any backfill, many times over.
const MISSED: usize = 500;

#[test]
fn who_was_away_for_500_posts_gets_the_newest_first() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    b.meets(1);
    b.stop();
    let ids: Vec<String> = (0..MISSED).map(|number| a.posts(&format!("post {number}"))).collect();
    let b = bob.runs();
    // Whenever any of them shows, the newest 30 show.
    let shown = eventually("posts of alice", || {
        let timeline = b.timeline();
        when(!timeline.is_empty(), timeline)
    });
    let newest: Vec<String> = (0..MISSED).rev().take(30).map(|number| format!("post {number}")).collect();
    assert_eq!(shown[..30.min(shown.len())], newest);
    b.holds(&ids[0], "post 0");
    for (number, id) in ids.iter().enumerate() {
        b.holds(id, &format!("post {number}"));
    }
    let received = |number: usize| {
        let entry = b.get(&format!("/api/starling/v1/entries/{}", ids[number]));
        entry["received_at"].as_str().unwrap().to_owned()
    };
    assert!(received(MISSED - 1) <= received(0), "the newest came before the oldest");
    assert!(received(MISSED - 30) <= received(0), "all 30 of them did");
}

#[test]
fn a_restart_keeps_everything() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    let post = a.posts("still here");
    b.holds(&post, "still here");
    bob.does(&["like", &post]);
    let look = || {
        let mut home = bob.lists(&["home"]);
        home.extend(bob.lists(&["following"]));
        home.push(bob.does(&["profile", "show"]));
        (home, bob.does(&["id", "show"]), bob.does(&["show", &post]))
    };
    let before = look();
    assert_eq!(before.2["likes"], 1);
    b.stop();
    assert_eq!(look(), before, "without a node");
    let b = bob.runs();
    assert_eq!(look(), before, "with a new one");
    b.meets(1);
    let more = a.posts("and going on");
    b.holds(&more, "and going on");
}
