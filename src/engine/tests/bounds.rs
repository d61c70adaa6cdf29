//! What others can do to a node, and what it costs: quotas, rates, old news.

use std::sync::Arc;

use bytes::Bytes;
use serde_bytes::{ByteArray, ByteBuf};
use starling_protocol::{
    DeviceKey, Identity, Verified, cbor,
    frame::Frame,
    identity::{Action, Operation, Record},
    payload::Content,
};

use super::world::{Person, World, shard};
use crate::engine::{
    Command, Input,
    checked::{Checked, CheckedFrame, Vouched},
};

const ALICE: usize = 0;
const BOB: usize = 1;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// A world in which Bob hears Alice's gossip without following her.
fn within_earshot(policy: impl FnOnce(&mut crate::engine::Policy)) -> World {
    let mut world = World::new();
    world.add(Person::new(1));
    world.add_with(Person::new(2), None, policy);
    let shard = shard(&world.author(ALICE));
    world.nodes[BOB].shards.insert(shard);
    world.meet(BOB, ALICE);
    world
}

/// The entry as it is held on a node.
fn held(world: &World, at: usize, id: &starling_protocol::EntryId) -> Verified {
    let bytes = world.read(at).provenance(id).unwrap().unwrap().bytes;
    starling_protocol::entry::verify(&bytes).unwrap()
}

#[test]
fn the_network_timeline_holds_the_newest_and_no_more() {
    let mut world = within_earshot(|policy| policy.network_rows = 3);
    let ids: Vec<_> = (0..6).map(|n| world.post(ALICE, &format!("post {n}"))).collect();
    assert_eq!(world.network(BOB), ["post 5", "post 4", "post 3"]);
    assert_eq!(world.read(BOB).stats().unwrap().entries, 3);
    assert_eq!(world.nodes[BOB].forwarded, 6);
    // What was let go does not come back in another wrapping.
    let identity = Identity::verify(&world.nodes[ALICE].person.record).unwrap();
    let frame = Frame::of_entry(&identity, &held(&world, ALICE, &ids[0]).without_payload()).unwrap();
    let shard = shard(&world.author(ALICE));
    world.gossip(ALICE, BOB, shard, Bytes::from(frame.to_bytes()));
    world.settle();
    assert_eq!(world.nodes[BOB].forwarded, 6);
    // Whoever is followed is wanted whole, though.
    world.follow(BOB, world.author(ALICE));
    assert_eq!(world.home(BOB).len(), 6);
}

#[test]
fn a_stranger_who_talks_too_fast_is_not_passed_on() {
    let mut world = within_earshot(|_| {});
    for n in 0..40 {
        world.ask_only(ALICE, super::world::publish(&format!("post {n}"), None)).unwrap();
    }
    world.settle();
    assert_eq!(world.nodes[BOB].forwarded, 30);
    assert_eq!(world.network(BOB).len(), 30);
    // Time heals; and who is followed is stored at any speed.
    world.pass(60_000);
    world.post(ALICE, "slowly");
    assert_eq!(world.network(BOB)[0], "slowly");
    world.follow(BOB, world.author(ALICE));
    for n in 0..40 {
        world.ask_only(ALICE, super::world::publish(&format!("more {n}"), None)).unwrap();
    }
    world.settle();
    assert_eq!(world.read(BOB).account(&world.author(ALICE)).unwrap().unwrap().posts, 81);
}

#[test]
fn a_stranger_is_kept_to_a_quota() {
    let mut world = within_earshot(|policy| policy.stranger_bytes = 4_000);
    for n in 0..20 {
        world.now += 2_000;
        world.post(ALICE, &format!("{n} {}", "x".repeat(300)));
    }
    let account = world.read(BOB).account(&world.author(ALICE)).unwrap().unwrap();
    assert!((4..9).contains(&account.posts), "{account:?}");
    assert!(world.network(BOB)[0].starts_with("19 "));
    // What somebody follows besides reading costs nobody else anything.
    let before = world.read(BOB).stats().unwrap();
    world.follow(ALICE, starling_protocol::AuthorId::new([7; 32]));
    assert_eq!(world.read(BOB).stats().unwrap(), before);
}

#[test]
fn a_followed_author_is_kept_to_a_quota_from_the_old_end() {
    let mut world = World::new();
    world.add(Person::new(1));
    world.add_with(Person::new(2), None, |policy| {
        (policy.followed_bytes, policy.stranger_bytes) = (20_000, 10_000);
    });
    let alice = world.author(ALICE);
    world.careful = false;
    for n in 0..100 {
        world.post(ALICE, &format!("{n} {}", "x".repeat(300)));
    }
    world.careful = true;
    world.follow(BOB, alice);
    world.meet(BOB, ALICE);
    let home = world.home(BOB);
    assert!((30..60).contains(&home.len()), "{}", home.len());
    assert!(home[0].starts_with("99 "));
    world.post(ALICE, "newest");
    assert_eq!(world.home(BOB)[0], "newest");
    // Another session does not bring back what was let go.
    let before = world.read(BOB).stats().unwrap().entries;
    world.part(BOB, ALICE);
    world.meet(BOB, ALICE);
    assert_eq!(world.read(BOB).stats().unwrap().entries, before);
}

#[test]
fn a_long_post_is_asked_for_by_those_who_follow() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    let long = "x".repeat(4_900);
    // Carol hears the head by gossip; Bob follows and hears the same head from her.
    world.nodes[2].shards.insert(shard(&alice));
    world.follow(BOB, alice);
    world.meet(2, ALICE);
    world.meet(BOB, 2);
    let id = world.post(ALICE, &long);
    assert!(world.home(BOB).is_empty());
    world.meet(BOB, ALICE);
    assert_eq!(world.home(BOB), [long]);
    assert!(held(&world, BOB, &id).payload().is_some());
}

#[test]
fn a_payload_that_one_holder_lacks_is_fetched_from_another() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    let long = "x".repeat(4_900);
    world.nodes[2].shards.insert(shard(&alice));
    world.meet(2, ALICE);
    let id = world.post(ALICE, &long);
    assert!(held(&world, 2, &id).payload().is_none());
    world.part(2, ALICE);
    // Bob has the head from Carol, who never had more.
    world.follow(BOB, alice);
    world.meet(BOB, 2);
    assert!(held(&world, BOB, &id).payload().is_none());
    assert!(world.home(BOB).is_empty());
    world.meet(BOB, ALICE);
    assert_eq!(world.home(BOB), [long]);
}

#[test]
fn payloads_left_out_here_and_there_are_all_fetched_from_who_has_them() {
    let mut world = World::of(3);
    let alice = world.author(ALICE);
    world.nodes[2].shards.insert(shard(&alice));
    world.meet(2, ALICE);
    world.careful = false;
    // Some are too long to come along with the gossip: Carol has places of both kinds, alone and in rows.
    let said: Vec<String> =
        (0..28).map(|n| format!("{n} {}", "x".repeat(if n % 5 < 3 { 4_900 } else { 9 }))).collect();
    for text in &said {
        world.post(ALICE, text);
    }
    world.part(2, ALICE);
    world.follow(BOB, alice);
    world.meet(BOB, 2);
    assert_eq!(world.home(BOB).len(), 10);
    world.meet(BOB, ALICE);
    world.careful = true;
    let newest_first: Vec<String> = said.into_iter().rev().take(20).collect();
    assert_eq!(world.home(BOB)[..20], newest_first);
    assert_eq!(world.home(BOB).len(), 28);
    world.audit();
}

/// A stranger's frame with one post, as somebody's neighbour sends it.
fn said_by(person: &Person, text: &str, now: u64) -> (u8, Bytes) {
    said_by_at(person, text, now, 0)
}

fn said_by_at(person: &Person, text: &str, now: u64, seq: u64) -> (u8, Bytes) {
    let identity = Identity::verify(&person.record).unwrap();
    // Nobody here holds what was before.
    let previous = (seq > 0).then(|| starling_protocol::EntryId::new([1; 32]));
    let place = starling_protocol::entry::Place { author: person.author, log: 0, seq, previous };
    let body = starling_protocol::Body::Post(Content { text: text.into(), ..Content::default() });
    let entry = starling_protocol::entry::sign(place, body, [0; 16], now, &person.device);
    (shard(&person.author), Bytes::from(Frame::of_entry(&identity, &entry).unwrap().to_bytes()))
}

#[test]
fn a_crowd_of_strangers_is_read_and_not_passed_on_faster_than_neighbours_put_up_with() {
    let mut world = within_earshot(|_| {});
    world.careful = false;
    world.nodes[BOB].shards.extend(0..64);
    let crowd: Vec<Person> = (20..220).map(Person::new).collect();
    for person in &crowd {
        let (shard, frame) = said_by(person, "one of many", world.now);
        world.gossip(ALICE, BOB, shard, frame);
    }
    world.settle();
    assert_eq!(world.read(BOB).stats().unwrap().entries, 200, "all are read here");
    let passed = world.nodes[BOB].forwarded;
    assert!((140..160).contains(&passed), "{passed}");
    // A stranger whom another neighbour brings still passes: of four each has half.
    world.pass(20_000);
    for at in 2..5 {
        world.add(Person::new(at + 200));
        world.meet(BOB, at.into());
    }
    for person in (20..220).map(Person::new) {
        let (shard, frame) = said_by(&person, "and again", world.now);
        world.gossip(ALICE, BOB, shard, frame);
    }
    world.settle();
    let flooded = world.nodes[BOB].forwarded;
    let (shard, frame) = said_by(&Person::new(19), "quietly", world.now);
    world.gossip(2, BOB, shard, frame);
    world.settle();
    assert_eq!(world.nodes[BOB].forwarded, flooded + 1);
    let passed = flooded + 1;
    // Whom Bob follows speaks beside all of them.
    let alice = world.author(ALICE);
    world.follow(BOB, alice);
    world.post(ALICE, "a friend's word");
    assert_eq!(world.nodes[BOB].forwarded, passed + 1);
}

#[test]
fn a_strangers_identity_is_kept_up_to_a_size() {
    let mut world = within_earshot(|_| {});
    let person = Person::new(50);
    let (shard, frame) = said_by(&person, "hi", world.now);
    world.nodes[BOB].shards.insert(shard);
    world.gossip(ALICE, BOB, shard, frame);
    world.settle();
    assert_eq!((world.network(BOB).len(), world.nodes[BOB].forwarded), (1, 1));
    let size = |world: &World| world.read(BOB).identity_of(&person.author).unwrap().unwrap().size();
    let mut identity = Identity::verify(&person.record).unwrap();
    for n in 0..100 {
        let device = starling_protocol::keys::Secret::from_seed([100 + n; 32]).public();
        let add = Operation::sign(person.author, 0, Action::AddDevice(device), &person.phrase.root(0));
        identity.apply(add).unwrap();
        let frame = Frame::of_identity(&identity).unwrap().to_bytes();
        world.gossip(ALICE, BOB, shard, Bytes::from(frame));
        world.settle();
        world.now += 1_000;
    }
    assert!(identity.size() > 12_000 && (4_000..=8 * 1024).contains(&size(&world)), "{}", size(&world));
    let forwarded = world.nodes[BOB].forwarded;
    assert!((30..60).contains(&forwarded), "{forwarded}");
    // Somebody who is followed may have as many devices as there can be.
    world.follow(BOB, person.author);
    let device = starling_protocol::keys::Secret::from_seed([99; 32]).public();
    let add = Operation::sign(person.author, 0, Action::AddDevice(device), &person.phrase.root(0));
    identity.apply(add).unwrap();
    world.gossip(ALICE, BOB, shard, Bytes::from(Frame::of_identity(&identity).unwrap().to_bytes()));
    world.settle();
    assert_eq!(size(&world), identity.size());
}

#[test]
fn much_that_a_thief_said_before_keeps_no_rotation_out() {
    let mut world = within_earshot(|_| {});
    let person = Person::new(50);
    let (shard, frame) = said_by(&person, "hi", world.now);
    world.nodes[BOB].shards.insert(shard);
    world.gossip(ALICE, BOB, shard, frame);
    let mut identity = Identity::verify(&person.record).unwrap();
    for n in 0..70 {
        let device = starling_protocol::keys::Secret::from_seed([100 + n; 32]).public();
        let add = Operation::sign(person.author, 0, Action::AddDevice(device), &person.phrase.root(0));
        identity.apply(add).unwrap();
        world.gossip(ALICE, BOB, shard, Bytes::from(Frame::of_identity(&identity).unwrap().to_bytes()));
        world.settle();
        world.now += 1_000;
    }
    let (root, next) = (person.phrase.root(1), person.phrase.commitment(2));
    let keep = vec![person.device.public()];
    let rotate = Action::RotateRoot { root: root.public(), next, keep, removals: vec![] };
    identity.apply(Operation::sign(person.author, 0, rotate, &root)).unwrap();
    let after = Person { record: identity.record_for(&person.device.public(), 4_096), ..person };
    let (shard, frame) = said_by(&after, "back again", world.now);
    world.gossip(ALICE, BOB, shard, frame);
    world.settle();
    let held = world.read(BOB).identity_of(&after.author).unwrap().unwrap();
    assert_eq!(Identity::verify(&held).unwrap().epoch(), 1);
}

#[test]
fn what_is_known_of_a_stranger_can_be_sent_again_and_silences_nobody() {
    let mut world = within_earshot(|_| {});
    let person = Person::new(50);
    let mut identity = Identity::verify(&person.record).unwrap();
    for n in 0..6 {
        let device = starling_protocol::keys::Secret::from_seed([100 + n; 32]).public();
        let add = Operation::sign(person.author, 0, Action::AddDevice(device), &person.phrase.root(0));
        identity.apply(add).unwrap();
    }
    let known = Person { record: identity.record(), ..person.clone() };
    let (shard, frame) = said_by(&known, "hi", world.now);
    world.nodes[BOB].shards.insert(shard);
    world.gossip(ALICE, BOB, shard, frame);
    world.settle();
    // The same in other bytes, again and again.
    for record in parts(&identity, &person.device.public()) {
        world.gossip(ALICE, BOB, shard, Bytes::from(Frame::Identity(record).to_bytes()));
        world.settle();
    }
    let (shard, frame) = said_by_at(&known, "still heard", world.now, 5);
    let forwarded = world.nodes[BOB].forwarded;
    world.gossip(ALICE, BOB, shard, frame);
    world.settle();
    assert_eq!(world.nodes[BOB].forwarded, forwarded + 1);
}

/// Parts of an identity in which `device` speaks: each a good record with other bytes.
fn parts(identity: &Identity, device: &DeviceKey) -> Vec<Record> {
    let bytes = cbor::encode(&identity.record());
    let (inception, operations): (ByteBuf, Vec<(ByteBuf, ByteArray<64>)>) = cbor::decode(&bytes).unwrap();
    let speaks = operations
        .iter()
        .position(|(body, _)| body.windows(32).any(|window| window == device.as_bytes()))
        .unwrap();
    (0..1usize << operations.len())
        .filter(|bits| bits >> speaks & 1 == 1)
        .map(|bits| {
            let chosen: Vec<_> = operations
                .iter()
                .enumerate()
                .filter(|(n, _)| bits >> n & 1 == 1)
                .map(|(_, operation)| operation.clone())
                .collect();
            cbor::decode(&cbor::encode(&(inception.clone(), chosen))).unwrap()
        })
        .collect()
}

#[test]
fn old_and_deleted_entries_wrapped_again_go_nowhere() {
    // T9: ten thousand frames that nobody saw before, of entries that everybody is done with.
    let mut world = World::new();
    let mut alice = Person::new(1);
    let mut identity = Identity::verify(&alice.record).unwrap();
    for device in 0..7 {
        // Other devices, so that there are many true parts of the identity to wrap with.
        let add = Action::AddDevice(starling_protocol::keys::Secret::from_seed([200 + device; 32]).public());
        identity.apply(Operation::sign(alice.author, 0, add, &alice.phrase.root(0))).unwrap();
    }
    alice.record = identity.record();
    world.add(alice.clone());
    world.add(Person::new(2));
    world.careful = false;
    world.follow(BOB, alice.author);
    world.meet(BOB, ALICE);
    let old: Vec<_> = (0..10).map(|n| world.post(ALICE, &format!("old {n}"))).collect();
    world.now += 2 * DAY;
    let gone: Vec<_> = (0..70).map(|n| world.post(ALICE, &format!("gone {n}"))).collect();
    let entries: Vec<Verified> = old.iter().chain(&gone).map(|id| held(&world, ALICE, id)).collect();
    world.ask(ALICE, Command::Delete(gone.clone())).unwrap();
    // A third node holds the deletes and never saw the entries.
    let late = world.add(Person::new(3));
    world.follow(late, alice.author);
    world.meet(late, BOB);
    world.audit();

    let device = alice.device.public();
    let records: Vec<Record> = parts(&identity, &device);
    let records: Vec<Vouched> = records.into_iter().map(|record| Vouched::of(record).unwrap()).collect();
    let frames: Vec<(&Vouched, &Verified)> =
        records.iter().flat_map(|record| entries.iter().map(move |entry| (record, entry))).collect();
    assert!(frames.len() >= 10_000, "{}", frames.len());
    let (shard, forwarded) = (shard(&alice.author), world.nodes[BOB].forwarded);
    for at in [BOB, late] {
        let source = world.nodes[ALICE].peer;
        // The second node needs fewer: what it has to get right is the deletes.
        let most = if at == BOB { frames.len() } else { 1_000 };
        for batch in frames[..most].chunks(256) {
            let inputs = batch.iter().enumerate().map(|(n, (record, entry))| {
                let frame =
                    Frame::Entry { record: record.record().clone(), entry: entry.signed().to_bytes() };
                let message = crate::network::GossipRef::new([n as u8; 32], source);
                let frame = Bytes::from(frame.to_bytes());
                let event = crate::network::Event::Gossip { shard, from: source, message, frame };
                // Each is good: to find that out ten thousand times is another test's affair.
                let found = CheckedFrame::Entry((*record).clone(), Arc::new((*entry).clone()));
                Input::Network(event, Checked::Gossip(Some(Box::new(found))))
            });
            let inputs: Vec<Input> = inputs.collect();
            let outputs = world.engine_outputs(at, inputs);
            let passed = outputs.iter().filter(|output| {
                use crate::{
                    engine::Output,
                    network::{Command, Verdict},
                };
                matches!(
                    output,
                    Output::Network(Command::Verdict { verdict: Verdict::Accept | Verdict::Reject, .. })
                )
            });
            assert_eq!(passed.count(), 0);
        }
        for id in &gone {
            assert!(world.read(at).post(id).unwrap().is_none());
            assert!(held(&world, at, id).payload().is_none());
        }
        assert_eq!(world.home(at).len(), 10);
    }
    assert_eq!(world.nodes[BOB].forwarded, forwarded);
    world.audit();
}

#[test]
fn nonsense_is_rejected_and_nothing_is_kept_of_it() {
    let mut world = within_earshot(|_| {});
    let before = world.read(BOB).stats().unwrap();
    let person = Person::new(50);
    let identity = Identity::verify(&person.record).unwrap();
    let place = starling_protocol::entry::Place { author: person.author, log: 0, seq: 0, previous: None };
    let body = starling_protocol::Body::Post(Content { text: "hi".into(), ..Content::default() });
    let entry = starling_protocol::entry::sign(place, body, [0; 16], world.now, &person.device);
    let good = Frame::of_entry(&identity, &entry).unwrap().to_bytes();
    let right = shard(&person.author);
    world.nodes[BOB].shards.insert(right);
    // Wrong shard, wrong signature, other people's identity, bytes.
    let wrong = (right + 1) % 64;
    world.nodes[BOB].shards.insert(wrong);
    world.gossip(ALICE, BOB, wrong, Bytes::from(good.clone()));
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    world.gossip(ALICE, BOB, right, Bytes::from(bad));
    let other = world.nodes[ALICE].person.record.clone();
    let frame = Frame::Entry { record: other, entry: entry.signed().to_bytes() };
    let theirs = shard(&world.author(ALICE));
    world.gossip(ALICE, BOB, theirs, Bytes::from(frame.to_bytes()));
    world.gossip(ALICE, BOB, right, Bytes::from_static(b"nonsense"));
    // An identity of nobody in particular is no nonsense, and nobody's business.
    world.gossip(ALICE, BOB, right, Bytes::from(Frame::of_identity(&identity).unwrap().to_bytes()));
    world.settle();
    assert_eq!(world.nodes[BOB].rejected, 4);
    assert_eq!(world.nodes[BOB].forwarded, 0);
    assert_eq!(world.read(BOB).stats().unwrap(), before);
    world.gossip(ALICE, BOB, right, Bytes::from(good));
    world.settle();
    assert_eq!(world.nodes[BOB].forwarded, 1);
    assert_eq!(world.network(BOB), ["hi"]);
}
