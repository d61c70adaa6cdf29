//! Nodes that end and start again: in good order, killed, without power, asleep, and with clocks that are wrong.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use starling::store::{Care, Store};
use starling_protocol::EntryId;

use super::{
    super::lifecycle,
    carrier::{World, plan},
};
use crate::{
    disk::Disk,
    plan::{Ending, SEC, What},
};

#[test]
fn power_cuts_take_nothing_that_was_answered_or_fetched() {
    let mut world = World::whole(plan(3, |plan| plan.nodes[1].careful_disk = true));
    let mut posts = Vec::new();
    for round in 0..8 {
        posts.push(world.post(1));
        posts.push(world.post(round % 3));
        world.stop(1, Ending::PowerCut);
        // Said while it was away.
        posts.push(world.post(0));
        world.start(1);
        assert!(world.holds(1, posts[posts.len() - 3]), "round {round}");
        world.connect_all();
    }
    for post in posts {
        assert!((0..3).all(|node| world.holds(node, post)));
    }
    world.is_lawful();
}

#[test]
fn the_power_goes_before_during_and_after_commits() {
    let (mut lost, mut whole) = (0, 0);
    for seed in 0..24 {
        let disk = Disk::new(true);
        let store = Store::over_with(disk.clone(), 0, Care::Full).unwrap();
        let id = EntryId::new([1; 32]);
        store.write(|batch| batch.keep_wish("answered", 0, &id)).unwrap();
        let found = lifecycle::cut(&disk, Some(&store), &mut ChaCha8Rng::seed_from_u64(seed));
        drop(store);
        let again = Store::over_with(found, 0, Care::Full).unwrap();
        again
            .write(|batch| {
                assert_eq!(batch.wish("answered", 0)?, Some(id));
                let rows: Vec<bool> = (0..32)
                    .map(|row| Ok(batch.wish(&format!("cut {row}"), 0)?.is_some()))
                    .collect::<Result<_, starling::store::Error>>()?;
                // All of it or nothing.
                assert!(rows.iter().all(|row| *row == rows[0]));
                *(if rows[0] { &mut whole } else { &mut lost }) += 1;
                Ok(())
            })
            .unwrap();
    }
    assert!(lost > 3 && whole > 3, "{lost} commits were lost and {whole} were whole");
}

#[test]
fn a_killed_node_and_one_that_quit_go_on_where_they_were() {
    let mut world = World::whole(plan(3, |_| {}));
    for ending in [Ending::Kill, Ending::Quit] {
        let before = world.post(1);
        world.stop(1, ending);
        assert!(!world.cast.awake(1));
        assert_eq!(world.cast.next_wake(world.at, 1), None);
        let missed = world.post(2);
        world.start(1);
        world.connect_all();
        assert!(world.holds(1, before) && world.holds(1, missed));
        let after = world.post(1);
        assert!(world.holds(0, after));
    }
    world.is_lawful();
}

#[test]
fn a_sleeper_hears_nothing_and_goes_on_from_memory() {
    let mut world = World::whole(plan(2, |_| {}));
    let before = world.post(0);
    world.stop(1, Ending::Sleep);
    let while_asleep = world.post(0);
    assert!(!world.cast.awake(1) && world.cast.next_wake(world.at, 1).is_none());
    assert!(world.holds(1, before) && !world.holds(1, while_asleep));
    world.start(1);
    world.pass(60 * SEC);
    world.connect_all();
    assert!(world.holds(1, while_asleep));
    world.is_lawful();
}

#[test]
fn a_sleeper_can_lose_power() {
    let mut world = World::whole(plan(2, |plan| plan.nodes[1].careful_disk = true));
    let post = world.post(1);
    world.stop(1, Ending::Sleep);
    world.stop(1, Ending::PowerCut);
    world.start(1);
    assert!(world.cast.awake(1) && world.holds(1, post));
    world.is_lawful();
}

#[test]
fn clocks_may_be_wrong_by_an_hour_or_by_decades() {
    const HOUR: i64 = 3_600_000;
    let skews = [0, HOUR, -HOUR, 10 * 365 * 24 * HOUR, -1_795_000_000_000];
    let mut world = World::whole(plan(5, |plan| {
        for (node, skew) in plan.nodes.iter_mut().zip(skews) {
            node.skew_ms = skew;
        }
    }));
    let posts: Vec<_> = (0..5).map(|node| world.post(node)).collect();
    world.act(What::Delete(3, posts[3]));
    world.pass(120 * SEC);
    for post in &posts {
        assert!((0..5).all(|node| world.holds(node, *post)), "post {post}");
    }
    world.is_lawful();
}

#[test]
fn whom_a_world_followed_from_the_beginning_stays_followed() {
    for signed in [false, true] {
        let mut world = World::whole(plan(3, |plan| {
            plan.follows_signed = signed;
            plan.follows = vec![vec![1], vec![2], vec![]].into();
        }));
        world.act(What::Follow(0, 2));
        world.stop(0, Ending::Kill);
        world.start(0);
        assert_eq!(world.cast.engine(0).unwrap().inspect().following, 2);
        world.act(What::Unfollow(0, 1));
        assert_eq!(world.cast.engine(0).unwrap().inspect().following, 1);
        world.is_lawful();
    }
}
