//! Laws that every world keeps.

use std::collections::BTreeSet;

use super::*;
use crate::{
    plan::{Nat, Role},
    scenario::shipped,
};

fn drawn(name: &str, nodes: Option<u32>) -> Plan {
    let scenario = Scenario::open(name).unwrap_or_else(|error| panic!("{error}"));
    draw(&scenario, 7, nodes).unwrap_or_else(|error| panic!("{error}"))
}

/// Holds a world to what holds of every one.
pub fn lawful(plan: &Plan) {
    let count = plan.nodes.len() as NodeId;
    let mut posts = 0;
    let mut running = vec![false; plan.nodes.len()];
    let mut cut = false;
    let mut before = 0;
    let mut said: Vec<(NodeId, Micros)> = Vec::new();
    for Happening { at, what } in &plan.happenings {
        assert!(before <= *at && *at <= plan.span, "out of order, or after the end: {what:?}");
        before = *at;
        match what {
            What::Start(node) => {
                assert!(!std::mem::replace(&mut running[*node as usize], true), "{node} starts twice");
            }
            What::Stop(node, _) => {
                assert!(
                    std::mem::replace(&mut running[*node as usize], false),
                    "{node} ends and does not run"
                );
            }
            What::Post { node, post, reply_to, bytes } => {
                assert_eq!(*post, posts, "posts are numbered in the order of time");
                posts += 1;
                assert!(reply_to.is_none_or(|to| to < *post), "an answer to what was not said yet");
                assert!((12..=5_000).contains(bytes));
                said.push((*node, *at));
            }
            What::Boost(_, post) | What::Like(_, post) | What::Delete(_, post) => {
                assert!(
                    said.get(*post as usize).is_some_and(|(_, when)| when < at),
                    "{what:?} before its post"
                );
            }
            What::Follow(node, whom)
            | What::Unfollow(node, whom)
            | What::Block(node, whom)
            | What::Meet(node, whom) => {
                assert!(node != whom && *node < count && *whom < count, "{what:?}");
            }
            What::Cut(groups) => {
                assert!(!std::mem::replace(&mut cut, true), "cut twice");
                assert_eq!(groups.len(), plan.nodes.len());
                assert!(groups.iter().collect::<BTreeSet<_>>().len() > 1, "a cut that cuts nothing");
            }
            What::Heal => assert!(std::mem::replace(&mut cut, false), "healed and not cut"),
            What::Attack(_) => {}
        }
    }
    assert_eq!(posts, plan.posts);
    for (me, node) in (0..).zip(&plan.nodes) {
        assert!(usize::from(node.region) < plan.regions.len());
        assert!(node.dials.is_sorted_by(|a, b| a < b), "{me} calls somebody twice");
        for there in node.dials.iter().chain(&node.bootstrap) {
            assert!(*there != me && *there < count);
            assert_eq!(plan.nodes[*there as usize].nat, Nat::Open, "{me} calls who cannot be called");
        }
    }
    for (me, list) in (0..).zip(plan.follows.iter()) {
        assert!(list.iter().all(|whom| *whom != me && *whom < count));
    }
    assert_eq!(plan.follows.len(), plan.nodes.len());
    assert!(plan.phases.iter().all(|phase| phase.from < phase.to && phase.to <= plan.span));
}

/// Who is connected to whom.
pub fn edges(plan: &Plan) -> Vec<super::edges::Edge> {
    let calls =
        (0..).zip(&plan.nodes).flat_map(|(me, node)| node.dials.iter().map(move |there| (me, *there)));
    let edges: BTreeSet<_> = calls.map(|(a, b): (NodeId, NodeId)| (a.min(b), a.max(b))).collect();
    edges.into_iter().collect()
}

#[test]
fn shipped_scenarios_draw_lawful_worlds_of_any_size() {
    for (name, _) in shipped() {
        for nodes in [1, 2, 12, 13, 17, 24] {
            match Scenario::open(name).unwrap().check(nodes) {
                Ok(()) => lawful(&drawn(name, Some(nodes))),
                // Two are not enough for relays, adversaries and people.
                Err(error) => assert!(nodes <= 2, "{error}"),
            }
        }
    }
}

#[test]
fn shipped_scenarios_draw_lawful_worlds_of_their_own_size() {
    for (name, text) in shipped() {
        // The largest are drawn as well as the smaller ones, and take longer than a test may.
        if Scenario::parse(name, text).unwrap().nodes <= 1_000 {
            lawful(&drawn(name, None));
        }
    }
}

#[test]
fn one_seed_draws_one_world_and_another_draws_another() {
    for (name, _) in shipped() {
        let scenario = Scenario::open(name).unwrap();
        let world = |seed| format!("{:?}", draw(&scenario, seed, Some(16)).unwrap());
        assert_eq!(world(1), world(1), "{name}");
        assert_ne!(world(1), world(2), "{name}");
    }
}

#[test]
fn an_event_more_leaves_the_graph_and_the_people_as_they_are() {
    let scenario = Scenario::open("cold-start").unwrap();
    let mut more = scenario.clone();
    let at = crate::scenario::quantity::Length(60 * SEC);
    let what = crate::scenario::event::Happens::Post { node: 3, bytes: None };
    more.event.push(crate::scenario::Event { at, what });
    let (one, other) = (draw(&scenario, 1, None).unwrap(), draw(&more, 1, None).unwrap());
    assert_eq!(one.nodes, other.nodes);
    assert_eq!(one.follows, other.follows);
    assert_eq!(one.posts + 1, other.posts);
    let times = |plan: &Plan| -> BTreeSet<_> {
        let posts = plan.happenings.iter().filter(|it| matches!(it.what, What::Post { .. }));
        posts.map(|it| it.at).collect()
    };
    assert!(times(&one).is_subset(&times(&other)));
}

#[test]
fn a_regular_topology_is_regular() {
    let plan = drawn("cold-start", None);
    let mut degrees = vec![0; plan.nodes.len()];
    for (a, b) in edges(&plan) {
        degrees[a as usize] += 1;
        degrees[b as usize] += 1;
    }
    assert!(degrees.iter().all(|degree| *degree == 9));
    assert_eq!(edges::components(plan.nodes.len() as u32, &edges(&plan)).count, 1);
}

#[test]
fn nobody_is_left_alone_behind_an_address_translator() {
    let scenario = Scenario::open("churn").unwrap();
    for seed in 0..20 {
        let plan = draw(&scenario, seed, Some(40)).unwrap();
        lawful(&plan);
        assert!(plan.nodes.iter().filter(|node| node.nat == Nat::Closed).count() >= 14);
        assert_eq!(edges::components(40, &edges(&plan)).count, 1, "seed {seed}");
    }
}

#[test]
fn who_loses_power_has_a_disk_for_it() {
    let plan = drawn("churn", None);
    let losing: BTreeSet<NodeId> = plan
        .happenings
        .iter()
        .filter_map(|it| match it.what {
            What::Stop(node, Ending::PowerCut) => Some(node),
            _ => None,
        })
        .collect();
    assert!(!losing.is_empty());
    for (number, node) in (0..).zip(&plan.nodes) {
        assert!(node.careful_disk || !losing.contains(&number));
    }
}

#[test]
fn a_partition_is_a_phase_and_halves_are_halves() {
    let plan = drawn("partition", None);
    let phase = plan.phases.iter().find(|phase| phase.name == "partition").unwrap();
    assert_eq!((phase.from, phase.to), (300 * SEC, 3_900 * SEC));
    let groups = plan.happenings.iter().find_map(|it| match &it.what {
        What::Cut(groups) => Some(groups.clone()),
        _ => None,
    });
    assert_eq!(groups.unwrap().iter().filter(|group| **group == 1).count(), 500);
}

#[test]
fn everybody_is_honest_where_no_adversary_is_named() {
    assert!(drawn("cold-start", None).nodes.iter().all(|node| node.role == Role::Honest));
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let plan = drawn("churn", Some(16));
    let text = serde_json::to_string(&plan).unwrap();
    let read: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(format!("{read:?}"), format!("{plan:?}"));
}

#[test]
fn a_world_of_no_nodes_is_refused_at_its_line() {
    let scenario = Scenario::open("village").unwrap();
    let error = draw(&scenario, 1, Some(0)).unwrap_err().to_string();
    assert!(error.contains("without nodes"), "{error}");
    assert!(error.contains("nodes = 50"), "{error}");
}
