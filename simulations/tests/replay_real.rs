//! Real nodes that record while they talk, and what their recordings tell.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::io::Cursor;

use starling::{recording, store::Store};
use starling_simulations::replay::{Options, Report, replay};
use support::{Home, holds};

/// What people write in this test; none of it may be in a recording.
const WORDS: [&str; 9] = [
    "Abelard of the reeds",
    "Beatriz Ñandutí",
    "collects feathers and old maps",
    "favourite lake",
    "the winter marsh",
    "an early word before anybody listened",
    "a word that travels live 🐦",
    "careful: moulting season",
    "an answer out of the thicket",
];

fn run(bytes: &[u8]) -> Report {
    replay(Cursor::new(bytes), Options { audit_every: Some(20), ..Options::default() }).unwrap()
}

/// What the store of a home holds, now that nobody runs there.
fn held(home: &Home) -> recording::Summary {
    recording::summary(&Store::open(&home.path().join("store.redb"), 1 << 20).unwrap()).unwrap()
}

fn stands_for(report: &Report, home: &Home) {
    let held = held(home);
    assert_eq!((report.state.entries, report.state.logs), (held.entries, held.logs), "{report}");
    assert_eq!(report.state.heads, held.heads, "{report}");
    assert_eq!(report.violations, Vec::<String>::new());
}

#[test]
fn a_replay_ends_where_the_node_ended_and_its_recording_tells_no_text() {
    let (alice, bob) = (Home::of(WORDS[0]), Home::of(WORDS[1]));
    alice.does(&["profile", "set", "--bio", WORDS[2], "--field", &format!("{}={}", WORDS[3], WORDS[4])]);
    alice.does(&["post", WORDS[5]]);
    let (alices, bobs) = (alice.beside("recording"), bob.beside("recording"));
    let a = alice.runs(&["--record", alices.to_str().unwrap()]);
    let b = bob.runs(&["--record", bobs.to_str().unwrap()]);
    bob.does(&["follow", &a.author, "--at", &a.listen]);
    alice.does(&["follow", &b.author]);
    bob.until(&["home", "--limit", "1"], |post| post["text"] == WORDS[5]);

    let live = alice.does(&["post", "--cw", WORDS[7], WORDS[6]]);
    let live = live["id"].as_str().unwrap();
    bob.until(&["show", live], |post| post["text"] == WORDS[6]);
    let answer = bob.does(&["post", "--reply", live, WORDS[8]]);
    bob.does(&["like", live]);
    alice.until(&["show", answer["id"].as_str().unwrap()], |post| post["text"] == WORDS[8]);
    alice.does(&["edit", live, &format!("{} again", WORDS[6])]);
    alice.does(&["delete", "--yes", live]);
    bob.until(&["status"], |status| status["peers"] == 1);
    a.stop();
    b.stop();

    for (home, path) in [(&alice, &alices), (&bob, &bobs)] {
        let bytes = std::fs::read(path).unwrap();
        for words in WORDS {
            assert!(!holds(&bytes, words), "{words:?} is in a recording");
        }
        for key in ["root", "device", "node"] {
            let line = std::fs::read_to_string(home.path().join(format!("keys/{key}.key"))).unwrap();
            let digits = line.split(' ').nth(4).unwrap();
            let seed: Vec<u8> =
                (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
            assert!(!bytes.windows(32).any(|window| window == seed) && !holds(&bytes, digits), "{key}");
        }
        let report = run(&bytes);
        stands_for(&report, home);
        assert_eq!((report.file_end.as_str(), report.same_state), ("stopped", Some(true)), "{report}");
        assert_eq!(report.differing, 0, "{report}");
        let again = run(&bytes);
        assert_eq!(
            (again.digest, again.differences),
            (report.digest.clone(), report.differences.clone()),
            "{report:?}"
        );
    }
}

#[test]
fn what_a_killed_node_recorded_is_replayed_as_far_as_it_goes() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let recording = bob.beside("recording");
    let (a, b) = (alice.runs(&[]), bob.runs(&["--record", recording.to_str().unwrap()]));
    bob.does(&["follow", &a.author, "--at", &a.listen]);
    let post = alice.does(&["post", "before the end"]);
    bob.until(&["show", post["id"].as_str().unwrap()], |post| post["text"] == "before the end");
    // A batch is recorded after it was stored and before it is answered: once all is there, profiles and the follow too,
    // and something more was answered, the recording has all that the store has.
    bob.until(&["status"], |status| status["entries"] == 4);
    bob.does(&["post", "the last word"]);
    let refused = bob.beside("nothing");
    std::fs::write(&refused, "mine").unwrap();
    b.kill();
    let bytes = std::fs::read(&recording).unwrap();
    let report = run(&bytes);
    assert_eq!(report.same_state, None);
    assert!(report.file_end.contains("without saying") || report.file_end.contains("cut off"), "{report}");
    stands_for(&report, &bob);

    // Cut off anywhere, and damaged anywhere, it is read up to there.
    for part in 1..40 {
        let at = bytes.len() * part / 40;
        let short = replay(Cursor::new(&bytes[..at]), Options::default());
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        for report in [short, replay(Cursor::new(&damaged), Options::default())].into_iter().flatten() {
            assert!(report.inputs <= 10_000 && report.same_state.is_none(), "{report}");
            assert_ne!(report.file_end, "stopped");
        }
    }
    // A file that is there is never written over.
    let taken = bob.tries(&["run", "--record", refused.to_str().unwrap()]).unwrap_err();
    assert!(taken.contains("nothing"), "{taken}");
    assert_eq!(std::fs::read(&refused).unwrap(), b"mine");
}
