//! A plan as a script that builds it out of Linux network namespaces: a bridge, a cable to each node, `tc netem` on
//! the cables, and the real program in every namespace. A cut moves cables to other bridges.

pub(super) mod shape;

use std::{fmt::Write as _, path::Path};

use super::{Error, Exported, folder, one_line, steps};
use crate::plan::{Nat, NodeId, Plan};

/// A bridge of Linux has room for 1,024 cables, and one machine hardly for so many processes.
const NODES: usize = 1_000;
/// Each region is a network 10.R.0.0/16, and has a class of traffic of its own.
const REGIONS: usize = 200;
/// Nodes of one region that get an address before the third number changes.
const ROW: NodeId = 250;

/// The part of every script that is the same.
const WORLD: &str = include_str!("netns/world.sh");

/// Writes `netns.sh` into a folder, which is made if it is not there.
///
/// # Errors
/// If the plan is too large, or the file cannot be written.
pub fn export(plan: &Plan, into: &Path) -> Result<Exported, Error> {
    for (what, count, most, reason) in [
        ("nodes", plan.nodes.len(), NODES, "each is a process and a cable to one bridge"),
        ("regions", plan.regions.len(), REGIONS, "each is a network of its own"),
    ] {
        if count > most {
            return Err(Error::TooMany { what, count, engine: "a script of namespaces", most, reason });
        }
    }
    let mut losses = steps::losses(plan);
    losses.extend(shape::losses(&plan.links));
    folder(into)?;
    let file = into.join("netns.sh");
    super::write(&file, &script(plan, &losses))?;
    let start = format!("sudo bash {} --starling $(command -v starling)", file.display());
    Ok(Exported { files: vec![file], start, losses })
}

/// The whole script.
fn script(plan: &Plan, losses: &[String]) -> String {
    let mut text = String::from("#!/usr/bin/env bash\n");
    let comments = [
        format!(
            "The scenario \"{}\", seed {}, in network namespaces of Linux.",
            one_line(&plan.scenario),
            plan.seed
        ),
        format!("Asks: {}", one_line(&plan.asks)),
        format!("Expects: {}", one_line(&plan.expects)),
        "Needs root, iproute2 and a kernel with netem. `bash netns.sh --help` says more.".into(),
    ];
    for comment in comments.iter().chain(
        losses.iter().map(|loss| one_line(&format!("Not as planned: {loss}"))).collect::<Vec<_>>().iter(),
    ) {
        line(&mut text, format_args!("# {comment}"));
    }
    text.push_str("set -Eeuo pipefail\n\n# ---- what is done ----\n\n");
    let regions = plan.regions.len().max(1);
    let name: String =
        plan.scenario.chars().filter(|c| c.is_ascii_alphanumeric() || "-_. ".contains(*c)).collect();
    line(
        &mut text,
        format_args!("scenario='{name}' seed={} regions={regions} span={}", plan.seed, plan.span),
    );
    text.push_str("# Of each node: region, address, bits a second up and down, role, and whether others can call it.\nhosts=(\n");
    for (node, planned) in (0..).zip(&plan.nodes) {
        let role = if planned.relay { "relay" } else { "home" };
        let open = if planned.nat == Nat::Open { "open" } else { "closed" };
        let (region, up, down) = (planned.region, rate(planned.up_bps), rate(planned.down_bps));
        line(
            &mut text,
            format_args!("  [{node}]='{region} {} {up} {down} {role} {open}'", address(plan, node)),
        );
    }
    text.push_str(")\n# From region to region.\ndeclare -A wires=(\n");
    for from in 0..regions {
        for to in 0..regions {
            line(&mut text, format_args!("  [{from}.{to}]='{}'", shape::netem(plan, from, to)));
        }
    }
    text.push_str(")\n");
    lists(
        &mut text,
        "Whom each node calls when it begins",
        "dials",
        plan.nodes.iter().map(|node| &*node.dials),
    );
    let asked = plan.nodes.iter().map(|node| &*node.bootstrap);
    lists(&mut text, "Whom each node asks when it knows nobody", "bootstrap", asked);
    let follows = plan.follows.iter().map(|follows| &**follows);
    lists(&mut text, "Whom each node follows when it begins", "follows", follows);
    let followed = steps::followed_at_the_end(plan);
    lists(&mut text, "Whom each node follows at the end", "followed", followed.iter().map(|list| &**list));
    text.push_str("# Settings of every node.\nsettings=(");
    for (key, value) in
        [("store.network_rows", plan.policy.network_rows), ("sync.retention", plan.policy.retention)]
    {
        if let Some(value) = value {
            let _ = write!(text, "'{key}={value}' ");
        }
    }
    text.push_str(")\n\n# The plan, in microseconds.\nplan() {\n  :\n");
    for step in steps::steps(plan) {
        line(&mut text, format_args!("  {}", step.line()));
    }
    text.push_str("}\n");
    text.push_str(WORLD);
    text
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}

fn lists<'a>(text: &mut String, comment: &str, name: &str, lists: impl Iterator<Item = &'a [NodeId]>) {
    line(text, format_args!("# {comment}.\ndeclare -A {name}=("));
    for (node, list) in lists.enumerate().filter(|(_, list)| !list.is_empty()) {
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        line(text, format_args!("  [{node}]='{}'", list.join(" ")));
    }
    text.push_str(")\n");
}

/// A cable that carries nothing would stop `tc`; a kilobit a second is as good as nothing.
fn rate(bps: u64) -> u64 {
    bps.max(1_000)
}

/// The address of a node: its region is the second number.
fn address(plan: &Plan, node: NodeId) -> String {
    let region = plan.nodes.get(node as usize).map_or(0, |planned| planned.region);
    format!("10.{region}.{}.{}", node / ROW, node % ROW + 1)
}

#[cfg(test)]
#[path = "netns/tests.rs"]
mod tests;
