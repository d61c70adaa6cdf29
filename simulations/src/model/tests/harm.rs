//! What goes wrong, and what must come right again: cuts, closed doors, ends of all kinds, slow and lossy lines.

use std::sync::Arc;

use super::village::{live, village};
use crate::plan::{Ending, Nat, Role, SEC, What};

#[test]
fn after_a_cut_everybody_holds_everything() {
    let groups = Arc::new((0..12).map(|node| node / 6).collect::<Vec<u16>>());
    let mut plan = village(12, 3, 600 * SEC).at(60 * SEC, What::Cut(groups)).at(240 * SEC, What::Heal);
    // While it is cut, so that gossip cannot bring them across.
    for author in 0..12 {
        plan = plan.post((120 + u64::from(author)) * SEC, author);
    }
    let during = plan.clone();
    let lived = live(plan);
    for node in 0..12 {
        for author in 0..12 {
            assert_eq!(lived.posts(node, author), 1, "of {author} at {node}");
        }
    }
    let mut unhealed = during;
    unhealed.span = 239 * SEC;
    unhealed.happenings.retain(|happening| happening.at < unhealed.span);
    let lived = live(unhealed);
    for author in 0..12 {
        assert_eq!(lived.posts(0, author), usize::from(author < 6), "of {author} while cut");
    }
}

#[test]
fn a_short_cut_delays_and_breaks_nothing() {
    let groups = Arc::new(vec![0, 1]);
    let mut plan =
        village(2, 1, 120 * SEC).at(30 * SEC, What::Cut(groups)).post(32 * SEC, 0).at(36 * SEC, What::Heal);
    // One of them calls: two calls that cross make two connections.
    plan.nodes[0].dials.clear();
    let lived = live(plan);
    assert_eq!(lived.posts(1, 0), 1);
    assert_eq!(lived.made, 1, "the connection outlived it");
}

#[test]
fn a_call_that_nobody_hears_is_sent_again() {
    // The called is there three seconds after the call went out, and the call is there with the next try, at seven.
    let mut plan = village(2, 1, 9 * SEC);
    plan.nodes[1].dials.clear();
    plan.happenings.retain(|happening| !matches!(happening.what, What::Start(1)));
    let lived = live(plan.at(4 * SEC, What::Start(1)));
    assert_eq!((lived.made, lived.peers.as_slice()), (1, [1, 1].as_slice()));
}

#[test]
fn who_is_behind_a_translator_is_not_called_but_calls() {
    let closed = |me: usize| {
        let mut plan = village(2, 0, 60 * SEC).post(20 * SEC, 0);
        plan.nodes[0].nat = Nat::Closed;
        plan.nodes[me].dials = vec![1 - me as u32];
        live(plan)
    };
    let called = closed(1);
    assert_eq!((called.peers.as_slice(), called.posts(1, 0)), ([0, 0].as_slice(), 0));
    let calling = closed(0);
    assert_eq!((calling.peers.as_slice(), calling.posts(1, 0)), ([1, 1].as_slice(), 1));
}

#[test]
fn who_comes_and_goes_gets_what_was_said_meanwhile() {
    for ending in [Ending::Quit, Ending::Kill, Ending::PowerCut, Ending::Sleep] {
        let mut plan = village(6, 2, 600 * SEC).stop(30 * SEC, 2, ending).at(200 * SEC, What::Start(2));
        plan.nodes[2].careful_disk = ending == Ending::PowerCut;
        for author in 0..6 {
            let at = if author == 2 { 300 } else { 60 + u64::from(author) };
            plan = plan.post(at * SEC, author);
        }
        let lived = live(plan);
        for node in 0..6 {
            for author in 0..6 {
                assert_eq!(lived.posts(node, author), 1, "of {author} at {node} after {ending:?}");
            }
        }
    }
}

#[test]
fn nothing_that_was_answered_is_lost_with_the_power() {
    let mut plan = village(4, 1, 400 * SEC);
    for node in &mut plan.nodes {
        node.careful_disk = true;
    }
    for post in 0..20 {
        plan = plan.post((20 + post) * SEC, 1);
    }
    // A moment after the last answer, and before anybody else may have it.
    let cut = 39 * SEC + 1;
    let plan = plan.stop(cut, 1, Ending::PowerCut).at(100 * SEC, What::Start(1));
    let lived = live(plan);
    for node in 0..4 {
        assert_eq!(lived.posts(node, 1), 20, "at {node}");
    }
}

#[test]
fn a_dead_peer_is_noticed_by_its_silence() {
    let silent = |until: u64| {
        let plan = village(2, 1, until * SEC).stop(30 * SEC, 1, Ending::PowerCut);
        let lived = live(plan);
        lived.peers[0]
    };
    assert_eq!(silent(60), 1, "no ping can have failed for good yet");
    assert_eq!(silent(95), 0);
}

#[test]
fn a_slow_reader_is_left_and_harms_nobody_else() {
    let mut plan = village(4, 2, 400 * SEC).at(15 * SEC, What::Attack(true));
    plan.nodes[3].role = Role::SlowRead { bytes_per_second: 10 };
    for post in 0..40 {
        plan = plan.post((20 + post) * SEC, (post % 3) as u32);
    }
    let lived = live(plan);
    for node in 0..3 {
        let held: usize = (0..3).map(|author| lived.posts(node, author)).sum();
        assert_eq!(held, 40, "at {node}");
    }
}

#[test]
fn copies_are_as_many_as_a_mesh_makes() {
    let mut plan = village(24, 4, 60 * SEC);
    for post in 0..10 {
        plan = plan.post((30 + 2 * post) * SEC, (post * 2) as u32);
    }
    let mesh = plan.gossip.mesh as f64;
    let (first, again) = live(plan).copies();
    // Everybody but the author has a first copy, by gossip or rarely by sync before it.
    assert!((200..=230).contains(&first), "{first} first copies");
    let ratio = again as f64 / first as f64;
    // Each pushes to its mesh but not back to whom it came from.
    assert!(ratio > 1.0 && ratio < 2.0 * mesh, "{ratio} duplicates a copy");
}
