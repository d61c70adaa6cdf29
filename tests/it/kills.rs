//! `kill -9` at random moments: what was answered is there afterwards, word for word.
//!
//! Fifty kills as a rule, a thousand with `STARLING_FAULTS=full`. The moments are drawn from a seed
//! that `STARLING_SEED` sets; it is printed if a test fails.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Child,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Home, Node, eventually, when};

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Writers at once: several share a transaction, as they do in life.
const WRITERS: usize = 3;

fn kills(of_fifty: usize) -> usize {
    if std::env::var("STARLING_FAULTS").is_ok_and(|wanted| wanted == "full") {
        of_fifty * 20
    } else {
        of_fifty
    }
}

/// Waits until a file was seen to change so often, or the program that changes it has ended.
fn written(path: &Path, times: usize, program: &mut Child) {
    let look = || {
        let found = fs::metadata(path).unwrap();
        (found.modified().unwrap(), found.len())
    };
    let (mut last, mut left) = (look(), times);
    while left > 0 && program.try_wait().unwrap().is_none() {
        let now = look();
        left -= usize::from(now != last);
        last = now;
        thread::yield_now();
    }
}

/// Moments, the same for the same seed.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let seed = std::env::var("STARLING_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| std::process::id().into());
        println!("STARLING_SEED={seed}");
        Self(seed)
    }

    /// A number below this.
    fn below(&mut self, most: usize) -> usize {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most as u64) as usize
    }
}

/// Posts from several threads until the node is killed, after so many answers: the other writers are then wherever they
/// are. Gives what was answered.
fn write_until_killed(node: Node, round: usize, answers: usize) -> BTreeMap<String, String> {
    let (answered, over) = (Mutex::new(BTreeMap::new()), AtomicBool::new(false));
    let (tell, told) = mpsc::sync_channel(WRITERS);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (way, answered, over, tell) = (node.way().clone(), &answered, &over, tell.clone());
            scope.spawn(move || {
                let mut number = 0;
                while !over.load(Ordering::Relaxed) {
                    let words =
                        format!("round {round}, writer {writer}, number {number} \u{1f54a}\u{fe0f} \t end ");
                    if let Ok(id) = way.posts(&words) {
                        answered.lock().unwrap().insert(id, words);
                        // Nobody waits for a place: one answer more or less is as good.
                        let _ = tell.try_send(());
                    }
                    number += 1;
                }
            });
        }
        for _ in 0..answers {
            told.recv_timeout(PATIENCE).expect("an answer");
        }
        node.kill();
        over.store(true, Ordering::Relaxed);
    });
    answered.into_inner().unwrap()
}

fn holds_all(node: &Node, answered: &BTreeMap<String, String>) {
    for (id, words) in answered {
        let status = node.get(&format!("/api/v1/statuses/{id}"));
        assert_eq!(status["starling"]["source"], words.as_str(), "{id}");
    }
}

#[test]
fn what_was_answered_survives_kills_while_posting() {
    let mut moments = Moments::new();
    let home = Home::of("alice");
    let mut all = BTreeMap::new();
    for round in 0..kills(25) {
        let node = home.runs();
        let answered = write_until_killed(node, round, moments.below(40));
        let node = home.runs();
        holds_all(&node, &answered);
        all.extend(answered);
        node.kill();
    }
    assert!(!all.is_empty(), "something was answered between the kills");
    let node = home.runs();
    holds_all(&node, &all);
    let verified = home.does(&["store", "verify"]);
    assert_eq!(verified["bad_count"], 0, "{verified}");
    // The log goes on where it was: nobody who follows it sees a fork or a gap.
    let reader = Home::of("bob");
    let r = reader.runs();
    reader.follows(&node);
    for (id, words) in &all {
        r.holds(id, words);
    }
    assert!(r.frozen(&node.author).is_empty(), "a crash forks no log");
}

#[test]
fn what_was_answered_survives_kills_while_compacting() {
    let mut moments = Moments::new();
    let home = Home::of("alice");
    let mut all = BTreeMap::new();
    for round in 0..kills(10) {
        all.extend(write_until_killed(home.runs(), round, moments.below(40)));
        let mut compacting = home.command(&["store", "compact"]).spawn().unwrap();
        written(&home.path().join("store.redb"), moments.below(8), &mut compacting);
        // It may be done already, which is as good a moment.
        compacting.kill().unwrap();
        compacting.wait().unwrap();
    }
    assert!(!all.is_empty(), "something was answered between the kills");
    holds_all(&home.runs(), &all);
    let verified = home.does(&["store", "verify"]);
    assert_eq!(verified["bad_count"], 0, "{verified}");
}

#[test]
fn what_was_taken_in_survives_kills_while_syncing() {
    let mut moments = Moments::new();
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let mut a = alice.runs();
    bob.follows(&a);
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut looked = 0;
    for round in 0..kills(25) {
        // Who comes back so often is soon made to wait for two seconds. A node that is started anew does not know yet.
        if round % 6 == 5 {
            let address = a.listen.clone();
            a.stop();
            a = alice.runs_at(&address);
        }
        let this = format!("round {round}, ");
        for number in 0..20 {
            let words = format!("{this}number {number}");
            all.insert(a.posts(&words), words);
        }
        let b = bob.runs();
        // Killed while it fetches, with so many of them on disk. What it has shown before is there afterwards.
        let fetched = moments.below(15);
        let seen = eventually("posts of this round", || {
            let seen = b.way().get("/api/v1/timelines/home?limit=40").unwrap_or_default();
            let of_this = |status: &&Value| {
                all.get(status["id"].as_str().unwrap_or_default())
                    .is_some_and(|words| words.starts_with(&this))
            };
            let count = seen.as_array().into_iter().flatten().filter(of_this).count();
            if count >= fetched { Ok(seen) } else { Err(format!("{count} of {fetched}")) }
        });
        b.kill();
        let shown: Vec<String> = seen
            .as_array()
            .into_iter()
            .flatten()
            .map(|status| status["id"].as_str().unwrap().into())
            .collect();
        if shown.is_empty() {
            continue;
        }
        looked += 1;
        let held = bob.lists(&["home", "--limit", "10000"]);
        for id in &shown {
            assert!(held.iter().any(|post| post["id"] == id.as_str()), "{id} was shown, and is gone");
        }
    }
    assert!(looked > 0, "something was shown before a kill");
    let b = bob.runs();
    for (id, words) in &all {
        b.holds(id, words);
    }
    let verified = bob.does(&["store", "verify"]);
    assert_eq!(verified["bad_count"], 0, "{verified}");
    eventually("as many entries here as there", || {
        let count =
            |node: &Node| node.get(&format!("/api/v1/accounts/{}", a.author))["starling"]["entries"].clone();
        let (there, here) = (count(&a), count(&b));
        when(there == here, (there, here))
    });
}
