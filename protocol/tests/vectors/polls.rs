//! Polls as they stand in posts, and how votes are counted: what two nodes must agree on to show one result.

use serde_json::{Value, json};
use starling_protocol::{
    cbor,
    payload::{
        Content,
        poll::{self, Poll},
    },
};

use super::{TIME, hex, pinned};

/// A vote as it stands in a log: who, when, by which device, at which place, for what.
type Vote = (u8, u64, u8, u64, &'static [u8]);

/// How often each answer of a poll of author 1 was chosen, and by how many.
fn tally(poll: &Poll, votes: &[Vote]) -> (Vec<u64>, usize) {
    let mut latest = std::collections::BTreeMap::new();
    for (author, time, device, seq, choices) in votes {
        let chosen = poll::chosen(choices);
        if *author != 1 && poll.counts(chosen, *time) {
            let held = latest.entry(author).or_insert((time, device, seq, chosen));
            *held = (*held).max((time, device, seq, chosen));
        }
    }
    let mut counts = vec![0; poll.options.len()];
    for (.., chosen) in latest.values() {
        for (at, count) in counts.iter_mut().enumerate() {
            *count += u64::from(chosen >> at & 1);
        }
    }
    (counts, latest.len())
}

#[test]
fn polls() {
    let poll = |options: &[&str], multiple, hides_totals| Poll {
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        ends_at: TIME,
        multiple,
        hides_totals,
    };
    // The same by two devices of one author, in any order; too late; of its own author; for what there is not.
    let votes: &[Vote] = &[
        (2, TIME - 9, 1, 0, &[0]),
        (2, TIME - 5, 1, 1, &[1]),
        (2, TIME - 5, 2, 0, &[2]),
        (2, TIME, 1, 2, &[0]),
        (2, TIME - 1, 1, 3, &[3]),
        (3, TIME - 2, 1, 0, &[0, 2]),
        (3, TIME - 3, 1, 1, &[0]),
        (4, TIME - 2, 1, 0, &[2, 0]),
        (4, TIME - 2, 1, 1, &[]),
        (5, TIME - 1, 1, 0, &[1]),
        (5, TIME + 1, 2, 0, &[2]),
        (1, TIME - 7, 1, 0, &[1]),
    ];
    let cases: Vec<Value> = [
        poll(&["yes", "no", "perhaps"], false, false),
        poll(&["yes", "no", "perhaps"], true, true),
        poll(&["\u{1f426}", "\u{f1}and\u{fa}", "c", "d", "e", "f", "g", "h"], true, false),
    ]
    .iter()
    .map(|poll| {
        let mut content = Content::default();
        content.set_poll(Some(poll));
        assert_eq!(content.poll().as_ref(), Some(poll));
        let (counts, voters) = tally(poll, votes);
        json!({
            "value": hex(content.extension(poll::POLL).unwrap()),
            "options": poll.options, "ends_at": poll.ends_at,
            "multiple": poll.multiple, "hides_totals": poll.hides_totals,
            "author": 1, "counts": counts, "voters": voters,
        })
    })
    .collect();
    let broken: Vec<String> = [
        cbor::encode(&(vec!["one"], TIME, false, false)),
        cbor::encode(&(vec!["same", "same"], TIME, false, false)),
        cbor::encode(&(vec!["", "x"], TIME, false, false)),
        cbor::encode(&(vec!["x"; 9], TIME, false, false)),
        cbor::encode(&(vec!["x".repeat(101), "y".into()], TIME, false, false)),
        cbor::encode(&(vec!["x", "y"], TIME, false)),
        cbor::encode(&(vec!["x", "y"], TIME, 0, 0)),
    ]
    .map(|value| {
        let mut content = Content::default();
        content.set_extension(poll::POLL, Some(value.clone()));
        assert_eq!(content.poll(), None);
        hex(value)
    })
    .to_vec();
    let votes: Vec<Value> = votes
        .iter()
        .map(|(author, time, device, seq, choices)| {
            json!({ "author": author, "time": time, "device": device, "seq": seq, "choices": choices })
        })
        .collect();
    pinned("polls.json", json!({ "votes": votes, "cases": cases, "none": broken }));
}
