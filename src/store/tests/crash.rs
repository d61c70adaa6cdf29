//! Power loss: whatever was answered before it is there after it, byte for byte.

use super::disk::{Disk, Replay};
use crate::{
    engine::{
        Command,
        tests::world::{Person, World, content},
    },
    store::{Store, audit::audit},
};
use starling_protocol::{AuthorId, EntryId};

/// Points at which the power goes.
fn points() -> u64 {
    match std::env::var("STARLING_FAULTS").as_deref() {
        Ok("full") => 5_000,
        _ => 200,
    }
}

/// Numbers that look random and are the same every time.
pub(super) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 += 1;
        let hash = blake3::hash(&self.0.to_le_bytes());
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()) % sides
    }
}

/// An answer: how much the disk had done when it came, the entry, and its bytes or none if it was the
/// answer to its deletion.
struct Answer {
    acts: usize,
    id: EntryId,
    bytes: Option<Vec<u8>>,
}

/// A day in the life of a node on this disk.
fn day(disk: &Disk) -> Vec<Answer> {
    let mut world = World::new();
    world.careful = false;
    let (store, bystander) = (Store::over(disk.clone(), 1 << 20).unwrap(), Person::new(2));
    let alice = world.add_over(Person::new(1), None, |_| {}, store);
    let bob = world.add(bystander);
    world.follow(alice, world.author(bob));
    world.meet(alice, bob);
    let mut answers: Vec<Answer> = Vec::new();
    for n in 0..24u8 {
        let id = world.post(alice, &format!("post {n} {}", "x".repeat(usize::from(n) * 40)));
        let bytes = world.read(alice).provenance(&id).unwrap().unwrap().bytes;
        answers.push(Answer { acts: disk.acts(), id, bytes: Some(bytes) });
        match n % 8 {
            1 => drop(world.post(bob, &format!("hello {n}"))),
            3 => drop(world.ask(alice, Command::Edit { id, content: content("edited") }).unwrap()),
            5 => drop(world.ask(alice, Command::Like(id)).unwrap()),
            6 => world.follow(alice, AuthorId::new([n; 32])),
            7 => {
                world.ask(alice, Command::Delete(vec![id])).unwrap();
                answers.push(Answer { acts: disk.acts(), id, bytes: None });
            }
            _ => {}
        }
    }
    answers
}

#[test]
fn nothing_that_was_answered_is_lost_when_the_power_goes() {
    // A file is given its name when it is an empty database: before that there is nothing to lose.
    let disk = Disk::default();
    drop(redb::Builder::new().create_with_backend(disk.clone()).unwrap());
    let begun = disk.bytes();
    disk.record();
    let answers = day(&disk);
    let acts = disk.take_acts();
    let mut dice = Dice::new(7);
    let mut moments: Vec<usize> = (0..points()).map(|_| 1 + dice.roll(acts.len() as u64) as usize).collect();
    moments.sort_unstable();
    let mut replay = Replay::new(begun, &acts);
    for (point, at) in moments.into_iter().enumerate() {
        // Of what was not synced nothing is left, or all, or any sector of it.
        let chance = [0, 100, 50, 90][point % 4];
        let image = replay.power_loss(at, || dice.roll(100) < chance);
        let store = match Store::over(Disk::with(image), 1 << 20) {
            Ok(store) => store,
            Err(error) => panic!("power loss {point} after {at} acts: {error}"),
        };
        let found = audit(&store).unwrap();
        assert!(found.is_empty(), "power loss {point} after {at} acts: {found:#?}");
        let reader = store.read().unwrap();
        for answer in answers.iter().filter(|answer| answer.acts <= at) {
            let held = reader.provenance(&answer.id).unwrap().expect("answered and lost");
            match &answer.bytes {
                _ if held.deleted => assert!(reader.post(&answer.id).unwrap().is_none()),
                Some(bytes) => assert_eq!(held.bytes, *bytes),
                None => panic!("a deletion that was answered is lost"),
            }
        }
    }
}
