//! Graphs that cannot be.

use super::{Checked, fail};
use starling::network::{Limits, Role};

use crate::scenario::{
    Follows, Scenario,
    graph::{FollowGraph, Topology},
};

/// Whether whom nodes know can be drawn.
///
/// # Errors
/// What cannot.
pub fn topology(scenario: &Scenario, nodes: u32) -> Checked {
    let strict = nodes == scenario.nodes;
    let limits = Limits::of(Role::Home);
    let most = (limits.incoming + limits.outgoing) as u32;
    if let Topology::RandomRegular { degree }
    | Topology::SmallWorld { degree, .. }
    | Topology::Communities { degree, .. } = &scenario.topology
        && *degree > most
    {
        return fail("topology.degree", format!("a node holds at most {most} connections"));
    }
    if let Topology::ScaleFree { edges: calls } | Topology::Relays { each: calls } = &scenario.topology
        && *calls > limits.outgoing as u32
    {
        let key = if matches!(scenario.topology, Topology::Relays { .. }) { "each" } else { "edges" };
        return fail(format!("topology.{key}"), format!("a node calls at most {} others", limits.outgoing));
    }
    match &scenario.topology {
        Topology::RandomRegular { degree } => {
            let degree = *degree;
            let path = "topology.degree";
            if degree == 0 {
                return fail(
                    path,
                    "without neighbours there is no network; write kind = \"none\" if that is meant",
                );
            }
            if strict && degree >= nodes {
                let most = nodes - 1;
                let message = format!("of {nodes} nodes nobody can have {degree} neighbours; at most {most}");
                return fail(path, message);
            }
            if strict && nodes % 2 == 1 && degree % 2 == 1 {
                let message = format!(
                    "{nodes} nodes with {degree} neighbours each have an odd number of ends; make one of the two even"
                );
                return fail(path, message);
            }
            if strict && degree == 1 && nodes > 2 {
                return fail(path, "with one neighbour each, the network is pairs; it takes at least 2");
            }
        }
        Topology::ScaleFree { edges } => {
            if *edges == 0 {
                return fail("topology.edges", "newcomers call at least 1 node");
            }
            if strict && *edges >= nodes {
                return fail("topology.edges", format!("a newcomer cannot call {edges} of {nodes} nodes"));
            }
        }
        Topology::SmallWorld { degree, .. } => {
            if *degree == 0 || degree % 2 == 1 {
                let message =
                    "on a ring there are as many neighbours left as right: `degree` is even, at least 2";
                return fail("topology.degree", message);
            }
            if strict && *degree >= nodes {
                return fail(
                    "topology.degree",
                    format!("of {nodes} nodes nobody can have {degree} neighbours"),
                );
            }
        }
        Topology::Communities { size, degree, inside } => {
            if *size < 2 {
                return fail("topology.size", "a community is at least 2 nodes");
            }
            let within = (f64::from(*degree) * inside.0).round() as u32;
            if *degree == 0 {
                return fail("topology.degree", "without neighbours there is no network");
            }
            if strict && within >= *size {
                let message = format!("{within} neighbours inside do not fit a community of {size}");
                return fail("topology.degree", message);
            }
            if strict && *degree >= nodes {
                return fail(
                    "topology.degree",
                    format!("of {nodes} nodes nobody can have {degree} neighbours"),
                );
            }
        }
        Topology::Relays { each } => match &scenario.relays {
            None => return fail("topology.kind", "there are no relays to call; add a [relays] section"),
            Some(relays) if strict && *each > relays.count => {
                return fail("topology.each", format!("there are {} relays to call", relays.count));
            }
            Some(_) if *each == 0 => return fail("topology.each", "everybody calls at least 1 relay"),
            Some(_) => {}
        },
        Topology::Full {} => {
            // A connection takes about 100 kilobytes at both ends together: a few thousand fill a machine.
            if nodes > 2_000 {
                return fail(
                    "topology.kind",
                    format!("{nodes} nodes have too many pairs to connect them all"),
                );
            }
        }
        Topology::File { .. } | Topology::None {} => {}
    }
    Ok(())
}

/// Whether whom people follow can be drawn.
///
/// # Errors
/// What cannot.
pub fn follows(scenario: &Scenario, nodes: u32) -> Checked {
    let strict = nodes == scenario.nodes;
    let mean = match &scenario.follows.graph {
        FollowGraph::Random { mean } => mean.0,
        FollowGraph::PowerLaw { mean, exponent } => {
            if !(2.0 < exponent.0 && exponent.0 <= 10.0) {
                return fail(
                    "follows.exponent",
                    "an exponent is above 2, or there is no mean, and at most 10",
                );
            }
            mean.0
        }
        FollowGraph::Communities { size, inside, mean } => {
            if *size < 2 {
                return fail("follows.size", "a community is at least 2 people");
            }
            if strict && mean.0 * inside.0 > f64::from(size - 1) {
                let message =
                    format!("{:.0} follows inside do not fit a community of {size}", mean.0 * inside.0);
                return fail("follows.mean", message);
            }
            mean.0
        }
        FollowGraph::Full {} => {
            if nodes > 20_000 {
                return fail(
                    "follows.kind",
                    format!("{nodes} people have too many pairs to follow each other"),
                );
            }
            0.0
        }
        FollowGraph::Stars { count } => {
            if *count == 0 {
                return fail(
                    "follows.count",
                    "somebody has to be followed; write kind = \"none\" if that is meant",
                );
            }
            if strict && *count > nodes {
                return fail("follows.count", format!("there are only {nodes} people"));
            }
            0.0
        }
        FollowGraph::File { .. } | FollowGraph::None {} => 0.0,
    };
    // The default has to fit small worlds as well.
    let written = scenario.follows != Follows::default();
    if strict && written && mean > f64::from(nodes - 1) {
        return fail("follows.mean", format!("of {nodes} people nobody can follow {mean}"));
    }
    if mean > starling_protocol::limits::INTERESTS as f64 / 2.0 {
        let most = starling_protocol::limits::INTERESTS / 2;
        return fail(
            "follows.mean",
            format!("a node asks for at most {} authors; {most} in the mean", most * 2),
        );
    }
    match scenario.follows.over {
        Some(over) if over > scenario.duration => fail("follows.over", super::after_end(scenario)),
        _ => Ok(()),
    }
}
