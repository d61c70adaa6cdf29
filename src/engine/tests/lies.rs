//! What peers send unasked: proofs of forks, and what a quota makes of an author who writes much.

use bytes::Bytes;
use starling_protocol::{
    Body, Verified,
    entry::{self, Place, log},
    feed::ForkProof,
    payload::Content,
    sync::Answer,
};

use super::world::{Person, World, address};
use crate::{
    engine::{Command, Event, Input, checked::Checked},
    network::{Event as Net, StreamId, SyncRole},
};

fn first(person: &Person, text: &str) -> Verified {
    let place = Place { author: person.author, log: 0, seq: 0, previous: None };
    let body = Body::Post(Content { text: text.into(), ..Content::default() });
    entry::sign(place, body, [0; 16], super::world::START, &person.device)
}

/// A proof that somebody forked, and one that is none although it looks like it.
fn proofs(person: &Person) -> (Vec<u8>, Vec<u8>) {
    let good = ForkProof::of(&first(person, "a"), &first(person, "b")).unwrap().to_bytes();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    (good, bad)
}

#[test]
fn a_proof_is_read_only_if_it_would_change_something() {
    let mut world = World::of(2);
    let (followed, stranger) = (world.nodes[1].person.clone(), Person::new(9));
    world.follow(0, followed.author);
    world.meet(0, 1);
    world.post(1, "hello");
    world.part(0, 1);
    world.nodes[0].events.clear();
    let liar = Person::new(10);
    let peer = libp2p::identity::Keypair::ed25519_from_bytes([77; 32]).unwrap().public().to_peer_id();
    let stream = StreamId::new(u64::MAX - 1);
    let events = [
        Net::Connected { peer, address: address(9), outbound: true, first: false },
        Net::SyncOpened { stream, peer, role: SyncRole::Pull },
    ];
    world.input(0, events.map(|event| Input::Network(event, Checked::Nothing)).into());
    let say = |world: &mut World, proof: &[u8]| {
        let frame = Bytes::from(Answer::Forks(vec![proof.to_vec()]).to_bytes());
        let event = Net::SyncFrame { stream, frame };
        world.input(0, vec![Input::Network(event, Checked::Nothing)]);
        world.nodes[0].status.peers.iter().any(|held| held.peer == peer && held.pulling.is_some())
    };
    // Nobody asks for strangers: what is said of them is not even checked.
    for person in [&stranger, &liar] {
        let (good, bad) = proofs(person);
        assert!(say(&mut world, &good));
        assert!(say(&mut world, &bad));
    }
    let (good, bad) = proofs(&followed);
    assert!(say(&mut world, &good));
    let forked = Event::Forked { author: followed.author, device: followed.device.public(), log: 0, seq: 0 };
    assert_eq!(world.nodes[0].events, [forked]);
    // Once it is frozen there, nothing more is read about the place.
    assert!(say(&mut world, &bad));
    world.follow(0, liar.author);
    assert!(say(&mut world, &proofs(&liar).1), "of a device that is not known nothing can be frozen");
}

#[test]
fn a_lie_about_somebody_who_is_followed_ends_the_conversation() {
    let mut world = World::of(2);
    let followed = world.nodes[1].person.clone();
    world.follow(0, followed.author);
    world.meet(0, 1);
    world.part(0, 1);
    let peer = libp2p::identity::Keypair::ed25519_from_bytes([77; 32]).unwrap().public().to_peer_id();
    let stream = StreamId::new(u64::MAX - 1);
    let frame = Bytes::from(Answer::Forks(vec![proofs(&followed).1]).to_bytes());
    let events = [
        Net::Connected { peer, address: address(9), outbound: true, first: false },
        Net::SyncOpened { stream, peer, role: SyncRole::Pull },
        Net::SyncFrame { stream, frame },
    ];
    world.input(0, events.map(|event| Input::Network(event, Checked::Nothing)).into());
    assert!(world.nodes[0].status.peers.iter().all(|held| held.pulling.is_none()));
}

#[test]
fn a_quota_takes_the_oldest_of_all_logs() {
    let mut world = World::new();
    let alice = world.add(Person::new(1));
    let bob = world.add_with(Person::new(2), None, |policy| {
        (policy.stranger_bytes, policy.followed_bytes) = (2_000, 8_000);
    });
    world.follow(bob, world.author(alice));
    world.meet(bob, alice);
    for n in 0..30 {
        let id = world.post(alice, &format!("{n}"));
        world.ask(alice, Command::Like(id)).unwrap();
    }
    let rows = world.read(bob).log_rows(&world.author(alice)).unwrap();
    let floor = |class| rows.iter().find(|row| row.log == class).unwrap().floor;
    let (posts, likes) = (floor(log::POSTS), floor(log::REACTIONS));
    assert!((5..25).contains(&posts), "{posts}");
    assert!(posts.abs_diff(likes) <= 1, "{posts} {likes}");
}
