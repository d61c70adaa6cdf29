//! Each law holds in a world that is left alone, and is found broken where somebody breaks it.

use std::collections::BTreeSet;

use bytes::Bytes;
use starling::{
    engine::{self, Engine, Output, Reply, Request, Setup},
    network,
    store::Store,
};
use starling_protocol::{
    EntryId, Identity, Verified,
    entry::{self, Place, log, sign},
    frame::Frame,
    payload::{Body, Content},
    sync::{Answer, Load},
};

use super::carrier::{World, plan};
use crate::{
    control::{Checking, Ended},
    invariant::{self, Law},
    plan::{Ending, NodeId, SEC, What},
    record::Sample,
};

/// An entry in somebody's name, signed with their key, of which their node knows nothing.
fn forged(world: &World, node: NodeId, seq: u64, previous: Option<EntryId>, text: &str) -> Verified {
    let person = world.cast.person(node);
    let place = Place { author: person.author, log: log::POSTS, seq, previous };
    let body = Body::Post(Content { text: text.into(), ..Content::default() });
    sign(place, body, [9; 16], world.cast.clock(world.at, node), &person.device)
}

fn frame(world: &World, node: NodeId, entry: &Verified) -> Bytes {
    let identity = Identity::verify(&world.cast.person(node).record).unwrap();
    Frame::of_entry(&identity, entry).unwrap().to_bytes().into()
}

fn store(world: &World, node: NodeId) -> Store {
    world.cast.engine(node).unwrap().store().clone()
}

fn sample(world: &mut World) {
    world.cast.sample(Sample { at: world.at, ..Sample::default() });
}

fn quiet(world: World) -> crate::cast::Finish {
    let at = world.at + 600 * SEC;
    world.cast.finish(Ended { at, complete: true }).unwrap()
}

#[test]
fn a_world_that_is_left_alone_breaks_none() {
    let mut world = World::whole(plan(4, |_| {}));
    let first = world.post(0);
    let second = world.post(1);
    world.act(What::Post { node: 2, post: 50, bytes: 80, reply_to: Some(first) });
    world.act(What::Like(3, first));
    world.act(What::Boost(2, second));
    world.act(What::Delete(1, second));
    world.act(What::Block(3, 1));
    world.post(1);
    world.act(What::Unfollow(2, 0));
    world.act(What::Follow(2, 0));
    world.pass(300 * SEC);
    assert!((1..4).all(|node| world.holds(node, first)));
    world.is_lawful();
    let finish = quiet(world);
    assert_eq!(finish.violated, 0, "{:#?}", finish.violations);
    assert_eq!(finish.agreement.agreeing, finish.agreement.pairs);
    // Four follow three each, and one of them blocked one.
    assert_eq!(finish.agreement.pairs, 11);
    assert!(finish.storage.iter().all(|bytes| *bytes > 10_000));
}

#[test]
fn sound_an_index_that_was_written_past_the_engine() {
    let mut world = World::whole(plan(2, |_| {}));
    let post = world.post(0);
    let id = world.entry(post);
    store(&world, 1)
        .write(|batch| {
            let arrival = batch.find(&id)?.unwrap();
            batch.let_pass(arrival, true)
        })
        .unwrap();
    world.is_lawful();
    world.post(0);
    assert_eq!(world.broken(), BTreeSet::from([Law::Sound]));
}

#[test]
fn verified_a_signature_that_is_not_the_devices() {
    let mut world = World::whole(plan(2, |_| {}));
    world.post(0);
    let entry = forged(&world, 0, 1, Some(world.entry(0)), "never signed");
    let mut signed = entry.signed().clone();
    signed.signature[5] ^= 1;
    let broken = entry::reread(signed, entry.id()).unwrap();
    let (author, device) = (world.cast.person(0).author, world.cast.person(0).device.public());
    store(&world, 1)
        .write(|batch| {
            let number = batch.author_number(&author)?.unwrap();
            let log = batch.intern_log(number, &device, log::POSTS)?;
            let taken = batch.take(&broken, log, 1, 0)?;
            batch.index(&broken, taken, 1, starling::store::Audience::Home).map(drop)
        })
        .unwrap();
    sample(&mut world);
    assert!(world.broken().contains(&Law::Verified), "{:?}", world.broken());
}

#[test]
fn authentic_an_entry_that_its_author_never_signed() {
    let mut world = World::whole(plan(3, |_| {}));
    world.post(0);
    let entry = forged(&world, 0, 1, Some(world.entry(0)), "with a stolen key");
    let shard = engine::shard(&world.cast.person(0).author);
    let frame = frame(&world, 0, &entry);
    world.gossip(2, 1, shard, &frame);
    world.settle();
    assert!(world.broken().contains(&Law::Authentic), "{:?}", world.broken());
}

#[test]
fn unforked_two_entries_for_one_place() {
    let mut world = World::whole(plan(3, |_| {}));
    world.post(0);
    let entry = forged(&world, 0, 0, None, "the same place");
    let shard = engine::shard(&world.cast.person(0).author);
    let frame = frame(&world, 0, &entry);
    world.gossip(2, 1, shard, &frame);
    world.settle();
    assert_eq!(world.broken(), BTreeSet::from([Law::Unforked]));
}

#[test]
fn unseen_a_block_that_was_forgotten() {
    let mut world = World::whole(plan(3, |_| {}));
    let post = world.post(0);
    world.act(What::Boost(2, post));
    world.is_lawful();
    // As if the engine of node 1 had lost a block that its person was told is done.
    world.cast.nodes[1].blocked.insert(0);
    world.post(2);
    assert_eq!(world.broken(), BTreeSet::from([Law::Unseen]));
    let reader = store(&world, 1).read().unwrap();
    let blocked = BTreeSet::from([world.cast.person(0).author]);
    // The post itself, and the boost of it.
    assert_eq!(invariant::unseen(&reader, &blocked).unwrap().len(), 2);
}

#[test]
fn committed_what_was_let_out_too_early() {
    let mut world = World::new(plan(1, |_| {}));
    world.post(0);
    let kept = world.entry(0);
    let early = forged(&world, 0, 1, Some(kept), "not stored yet");
    let (id, frame) = (early.id(), frame(&world, 0, &early));
    let answer = Answer::Entries { live: true, entries: vec![early.signed().to_bytes()], done: Vec::new() };
    let stream = network::StreamId::new(1);
    let lets_out = [
        Output::Reply(Request(9), Ok(Reply::Published { id, peers: 0 })),
        Output::Network(network::Command::Publish { shard: 0, frame }),
        Output::Network(network::Command::SendSync { stream, frame: answer.to_bytes().into() }),
    ];
    for output in lets_out {
        let (_, before) = world.cast.violations();
        world.cast.judge_step(world.at, 0, &[output], false);
        let (_, after) = world.cast.violations();
        assert_eq!(after, before + 1);
    }
    assert_eq!(world.broken(), BTreeSet::from([Law::Committed]));
    // What is stored may be let out.
    let (_, before) = world.cast.violations();
    let good = Output::Reply(Request(9), Ok(Reply::Published { id: kept, peers: 0 }));
    world.cast.judge_step(world.at, 0, &[good], false);
    assert_eq!(world.cast.violations().1, before);
}

#[test]
fn kept_a_disk_that_forgot_what_was_answered() {
    let mut world = World::new(plan(1, |plan| plan.nodes[0].careful_disk = true));
    world.post(0);
    let mut rng = <rand_chacha::ChaCha8Rng as rand_chacha::rand_core::SeedableRng>::seed_from_u64(1);
    let old = world.cast.nodes[0].disk.power_cut(&mut rng);
    world.post(0);
    world.stop(0, Ending::Kill);
    world.cast.nodes[0].disk = old;
    world.start(0);
    assert_eq!(world.broken(), BTreeSet::from([Law::Kept]));
    // The log is shorter, and the entry is gone.
    assert_eq!(world.cast.violations().1, 2);
}

#[test]
fn bounded_a_queue_beyond_its_bound() {
    let world = World::whole(plan(2, |_| {}));
    let mut seen = world.cast.engine(0).unwrap().inspect();
    assert_eq!(invariant::bounded(&seen), Vec::<String>::new());
    seen.loads.push(Load { name: "letters", held: 3, bound: 2 });
    assert_eq!(invariant::bounded(&seen), ["3 letters where 2 may be"]);
}

#[test]
fn alive_an_engine_that_panics() {
    let mut world = World::whole(plan(2, |_| {}));
    let broken = Setup { entropy: Box::new(|_| panic!("no more chance")), ..world.cast.setup(0) };
    let (engine, _) = Engine::new(store(&world, 0), broken, world.cast.clock(world.at, 0)).unwrap();
    world.cast.nodes[0].engine = Some(engine);
    world.act(What::Post { node: 0, post: 1, bytes: 40, reply_to: None });
    let (found, _) = world.cast.violations();
    assert_eq!((found[0].law, found[0].node, &*found[0].what), (Law::Alive, Some(0), "no more chance"));
    assert!(!world.cast.awake(0));
    // The other goes on.
    let post = world.post(1);
    assert!(world.holds(1, post));
}

#[test]
fn agreed_followers_who_never_meet() {
    let mut world = World::new(plan(3, |_| {}));
    world.post(0);
    let finish = quiet(world);
    assert_eq!(finish.violations.iter().map(|violation| violation.law).collect::<Vec<_>>(), [Law::Agreed]);
    assert_eq!((finish.agreement.pairs, finish.agreement.agreeing), (6, 4));
    assert_eq!(finish.agreement.apart, [(1, 0), (2, 0)]);
}

#[test]
fn a_world_that_is_not_quiet_need_not_agree() {
    for unquiet in [What::Cut(vec![0, 1].into()), What::Post { node: 1, post: 9, bytes: 40, reply_to: None }]
    {
        let happening = crate::plan::Happening { at: 550 * SEC, what: unquiet };
        let mut world = World::new(plan(2, |plan| plan.happenings = vec![happening]));
        world.post(0);
        let finish = quiet(world);
        assert!(finish.agreement.agreeing < finish.agreement.pairs);
        assert_eq!(finish.violated, 0, "{:?}", finish.violations);
    }
}

#[test]
fn samples_come_round_to_every_node() {
    let mut world = World::checking(plan(3, |_| {}), Checking::Samples);
    world.connect_all();
    let post = world.post(0);
    let id = world.entry(post);
    store(&world, 2)
        .write(|batch| {
            let arrival = batch.find(&id)?.unwrap();
            batch.let_pass(arrival, true)
        })
        .unwrap();
    world.post(1);
    assert_eq!(world.broken(), BTreeSet::new());
    sample(&mut world);
    let (found, _) = world.cast.violations();
    assert_eq!((found[0].law, found[0].node), (Law::Sound, Some(2)));
}

#[test]
fn every_law_has_a_name_and_a_sentence() {
    let names: BTreeSet<_> = Law::ALL.iter().map(|law| law.name()).collect();
    assert_eq!(names.len(), Law::ALL.len());
    assert!(Law::ALL.iter().all(|law| law.says().ends_with('.')));
}
