//! Posts reach those who follow.

use std::sync::atomic::Ordering;

use super::village::{live, live_under, live_with, village};
use crate::{
    control::Control,
    plan::{SEC, Spread},
};

#[test]
fn a_post_reaches_the_other_of_two() {
    let lived = live(village(2, 1, 30 * SEC).post(10 * SEC, 0));
    assert!(lived.ended.complete);
    assert_eq!(lived.posts(1, 0), 1);
}

#[test]
fn everybody_in_a_village_gets_every_post() {
    let mut plan = village(20, 4, 60 * SEC);
    for post in 0..40 {
        plan = plan.post((10 + post % 20) * SEC, (post % 20) as u32);
    }
    let lived = live(plan);
    for node in 0..20 {
        for author in 0..20 {
            assert_eq!(lived.posts(node, author), 2, "of {author} at {node}");
        }
    }
}

#[test]
fn losses_delay_and_do_not_lose() {
    let mut plan = village(10, 3, 120 * SEC);
    plan.links.loss = 0.1;
    plan.links.latency = vec![vec![Spread::Fixed(80_000.0)]];
    for post in 0..10 {
        plan = plan.post((20 + post) * SEC, post as u32);
    }
    let lived = live(plan);
    for node in 0..10 {
        for author in 0..10 {
            assert_eq!(lived.posts(node, author), 1, "of {author} at {node}");
        }
    }
}

#[test]
fn one_seed_one_trace() {
    let plan = |seed| {
        let mut plan = village(8, 3, 60 * SEC).post(20 * SEC, 3).post(30 * SEC, 5);
        plan.seed = seed;
        live(plan).hash()
    };
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));
}

#[test]
fn pages_at_hand_change_nothing_that_happens() {
    let hash = |pages| {
        let plan = village(8, 3, 60 * SEC).post(20 * SEC, 3).post(30 * SEC, 5);
        live_with(plan, &mut Control::default(), pages).hash()
    };
    assert_eq!(hash(0), hash(8 << 20));
    assert_eq!(hash(0), hash(8 << 16));
}

#[test]
fn a_run_that_is_told_to_stop_ends_with_what_it_has() {
    let mut control = Control::default();
    let stop = control.stop.clone();
    control.watcher = Some(Box::new(move |progress| stop.store(progress.at >= 20 * SEC, Ordering::Relaxed)));
    let lived = live_under(village(4, 1, 600 * SEC).post(5 * SEC, 0).post(300 * SEC, 1), &mut control);
    assert!(!lived.ended.complete);
    assert_eq!(lived.ended.at, 20 * SEC);
    assert_eq!((lived.posts(2, 0), lived.posts(2, 1)), (1, 0));
}
