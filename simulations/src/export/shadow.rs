//! A plan for the Shadow simulator (version 3.3), which runs the real program under virtual time: a configuration, a
//! graph of the regions, and a home with keys for every node.
//!
//! The configuration is written as JSON below a few lines of comment, which is YAML 1.2. The paths in it are absolute:
//! the homes belong to it, and keys are in them.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};
use starling::home::{Home, Places};
use starling_protocol::keys::Phrase;

use super::{
    Error, Exported, folder,
    netns::shape,
    one_line,
    steps::{self, Step, Verb},
};
use crate::{
    people,
    plan::{Micros, Nat, NodeId, Plan, SEC},
};

/// Version of Shadow whose configuration this is.
pub const VERSION: &str = "3.3";

/// What of Shadow's configuration is used here, as a JSON Schema, by its documentation.
pub const SCHEMA: &str = include_str!("shadow/schema.json");

/// Nodes for which a machine has room: each is a process with its memory, and an address in its region.
const NODES: usize = 10_000;
/// Regions are the second number of the addresses 11.R.x.y.
const REGIONS: usize = 200;

/// The commands of the steps.
const STEP: &str = include_str!("shadow/step.sh");

/// A node of the world, as the configuration names it.
struct Host {
    home: String,
    author: String,
    /// Where others reach it.
    place: String,
    address: String,
}

/// Writes `shadow.yaml`, `graph.gml`, `step.sh` and `homes/` into a folder, which is made if it is not there.
/// `starling` is the path of the program that will run.
///
/// # Errors
/// If the plan is too large, or something cannot be written; homes that are there already are in the way.
pub fn export(plan: &Plan, into: &Path, starling: &Path) -> Result<Exported, Error> {
    for (what, count, most, reason) in [
        ("nodes", plan.nodes.len(), NODES, "each is a process"),
        ("regions", plan.regions.len(), REGIONS, "each is a network of its own"),
    ] {
        if count > most {
            return Err(Error::TooMany { what, count, engine: "Shadow", most, reason });
        }
    }
    folder(into)?;
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(|error| Error::Io { path: path.to_owned(), error });
    let (into, starling) = (absolute(into)?, absolute(starling)?);
    folder(&into.join("homes"))?;
    folder(&into.join("posts"))?;
    let hosts = hosts(plan, &into)?;
    let steps = steps::steps(plan);
    let losses = losses(plan, &steps);
    let file = |name: &str| into.join(name);
    super::write(&file("graph.gml"), &graph(plan))?;
    super::write(&file("step.sh"), STEP)?;
    let configuration = configuration(plan, &steps, &hosts, &into, &starling);
    let text = format!("{}{configuration:#}\n", comments(plan, &losses));
    super::write(&file("shadow.yaml"), &text)?;
    let start = format!("shadow -d {} {}", file("shadow.data").display(), file("shadow.yaml").display());
    let files = ["shadow.yaml", "graph.gml", "step.sh", "homes"].map(file).to_vec();
    Ok(Exported { files, start, losses })
}

/// Makes the homes.
fn hosts(plan: &Plan, into: &Path) -> Result<Vec<Host>, Error> {
    let count = plan.nodes.len() as NodeId;
    let made = |node: NodeId| -> Result<Host, Error> {
        let path = into.join(format!("homes/{node}"));
        let phrase = Phrase::from_entropy(people::derive(plan.seed, node, "phrase"));
        let home = Home::create(Places::within(&path), &phrase)?;
        let (author, peer) = (home.author()?, home.keys()?.keypair().public().to_peer_id());
        let address = address(plan, node);
        let place = format!("/ip4/{address}/tcp/{}/p2p/{peer}", people::PORT);
        Ok(Host { home: path.display().to_string(), author: author.to_string(), place, address })
    };
    let hosts = (0..count).map(made).collect::<Result<Vec<_>, _>>()?;
    for (host, planned) in hosts.iter().zip(&plan.nodes) {
        let list = |nodes: &[NodeId]| -> Vec<&str> {
            nodes.iter().filter_map(|node| Some(hosts.get(*node as usize)?.place.as_str())).collect()
        };
        let role = if planned.relay { "relay" } else { "home" };
        // A list of texts and numbers in TOML is spelled as in JSON.
        let mut settings =
            format!("[network]\nrole = \"{role}\"\nbootstrap = {}\n", json!(list(&planned.bootstrap)));
        if let Some(rows) = plan.policy.network_rows {
            settings += &format!("[store]\nnetwork_rows = {rows}\n");
        }
        if let Some(retention) = plan.policy.retention {
            settings += &format!("[sync]\nretention = {retention}\n");
        }
        super::write(&Path::new(&host.home).join("config.toml"), &settings)?;
    }
    Ok(hosts)
}

/// The address of a node: its region is the second number.
fn address(plan: &Plan, node: NodeId) -> String {
    let region = plan.nodes.get(node as usize).map_or(0, |planned| planned.region);
    format!("11.{}.{}.{}", region + 1, node / 250, node % 250 + 1)
}

fn comments(plan: &Plan, losses: &[String]) -> String {
    let mut lines = vec![
        format!("# The scenario \"{}\", seed {}, for Shadow {VERSION}.", one_line(&plan.scenario), plan.seed),
        format!("# Asks: {}", one_line(&plan.asks)),
        format!("# Expects: {}", one_line(&plan.expects)),
    ];
    lines.extend(losses.iter().map(|loss| format!("# Not as planned: {}", one_line(loss))));
    lines.join("\n") + "\n"
}

/// The regions as places, each with an edge to every other and to itself.
fn graph(plan: &Plan) -> String {
    let regions = plan.regions.len().max(1);
    let mut text = String::from("graph [\n  directed 1\n");
    for (id, name) in plan.regions.iter().map(String::as_str).chain(["everywhere"]).take(regions).enumerate()
    {
        let name: String = name.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect();
        // What every node is given on top of: its own bandwidth stands with the host.
        text += &format!(
            "  node [\n    id {id}\n    label \"{name}\"\n    host_bandwidth_down \"1 Gbit\"\n    host_bandwidth_up \"1 Gbit\"\n  ]\n"
        );
    }
    for from in 0..regions {
        for to in 0..regions {
            let (mean, _) = shape::mean(&plan.links, from, to);
            // Shadow has no edge without any latency.
            let latency = mean.round().max(1.0);
            let loss = plan.links.loss.clamp(0.0, 1.0);
            text += &format!(
                "  edge [\n    source {from}\n    target {to}\n    latency \"{latency} us\"\n    packet_loss {loss:.6}\n  ]\n"
            );
        }
    }
    text + "]\n"
}

fn ms(at: Micros) -> String {
    format!("{} ms", at / 1_000)
}

/// Shadow takes whole bytes a second.
fn rate(bps: u64) -> String {
    format!("{} bit", (bps / 8).max(1) * 8)
}

fn configuration(plan: &Plan, steps: &[Step], hosts: &[Host], into: &Path, starling: &Path) -> Value {
    let mut processes: Vec<Vec<Value>> = vec![Vec::new(); hosts.len()];
    let step = |at: Micros, words: &[&str]| {
        let script = into.join("step.sh").display().to_string();
        let (into, starling) = (into.display().to_string(), starling.display().to_string());
        let mut args = vec![script, starling, into];
        args.extend(words.iter().map(ToString::to_string));
        json!({ "path": "/bin/bash", "args": args, "start_time": ms(at), "expected_final_state": { "exited": 0 } })
    };
    let mut begun = vec![false; hosts.len()];
    for (index, now) in steps.iter().enumerate() {
        let place = |node: &NodeId| hosts.get(*node as usize).map_or("", |host| &host.place);
        let author = |node: &NodeId| hosts.get(*node as usize).map_or("", |host| &host.author);
        let (node, words): (NodeId, Vec<String>) = match &now.what {
            Verb::Start(node) => {
                let Some(host) = hosts.get(*node as usize) else { continue };
                let own = &mut processes[*node as usize];
                own.push(run(plan, *node, host, now.at, end(steps, index, *node), starling));
                if std::mem::replace(&mut begun[*node as usize], true) {
                    continue;
                }
                let mut words = vec!["begin".to_owned()];
                words.extend(plan.nodes[*node as usize].dials.iter().map(|node| place(node).to_owned()));
                let follows = plan.follows.get(*node as usize).map_or(&[][..], Vec::as_slice);
                words.extend(follows.iter().map(|node| author(node).to_owned()));
                (*node, words)
            }
            Verb::Post { node, post, bytes, reply_to } => {
                let reply = reply_to.map_or_else(|| "-".to_owned(), |post| post.to_string());
                (*node, vec!["post".into(), post.to_string(), bytes.to_string(), reply])
            }
            Verb::About(verb, node, post) => (*node, vec![(*verb).into(), post.to_string()]),
            Verb::Toward(verb, node, whom) => (*node, vec![(*verb).into(), author(whom).into()]),
            Verb::Meet(node, whom) => (*node, vec!["meet".into(), place(whom).into()]),
            Verb::Quit(_) | Verb::Kill(_) | Verb::Sleep(_) | Verb::Wake(_) | Verb::Cut(_) | Verb::Heal => {
                continue;
            }
        };
        let Some(own) = processes.get_mut(node as usize) else { continue };
        let number = node.to_string();
        let mut all = vec![number.as_str()];
        all.extend(words.iter().map(String::as_str));
        own.push(step(now.at, &all));
    }
    let hosts: BTreeMap<String, Value> = (0..)
        .zip(hosts)
        .zip(processes)
        .map(|((node, host), mut processes)| {
            let planned = &plan.nodes[node];
            // What it holds in the end, a moment before everything ends.
            processes.push(step(plan.span, &[&node.to_string(), "collect"]));
            let host = json!({
                "network_node_id": planned.region,
                "ip_addr": host.address,
                "bandwidth_down": rate(planned.down_bps),
                "bandwidth_up": rate(planned.up_bps),
                "processes": processes,
            });
            (format!("node{node}"), host)
        })
        .collect();
    json!({
        "general": {
            "seed": plan.seed % u64::from(u32::MAX),
            "stop_time": ms(plan.span + COLLECTING),
            // A program that looks at the clock again and again would never see it move otherwise.
            "model_unblocked_syscall_latency": true,
        },
        "network": {
            "graph": { "type": "gml", "file": { "path": into.join("graph.gml").display().to_string() } },
            // Every two regions have an edge, and it is meant.
            "use_shortest_path": false,
        },
        "hosts": hosts,
    })
}

/// Virtual time that nodes are given at the end to say what they hold.
const COLLECTING: Micros = 30 * SEC;

/// When and how the process that starts with a step ends.
fn end(steps: &[Step], from: usize, node: NodeId) -> Option<(Micros, &'static str)> {
    steps[from + 1..].iter().find_map(|step| match step.what {
        Verb::Quit(whose) if whose == node => Some((step.at, "SIGTERM")),
        Verb::Kill(whose) if whose == node => Some((step.at, "SIGKILL")),
        _ => None,
    })
}

fn run(
    plan: &Plan,
    node: NodeId,
    host: &Host,
    at: Micros,
    end: Option<(Micros, &'static str)>,
    starling: &Path,
) -> Value {
    // Nobody can call a node behind an address translator: it listens where nobody else is.
    let open = plan.nodes[node as usize].nat == Nat::Open;
    let address = if open { host.address.as_str() } else { "127.0.0.1" };
    let listen = format!("/ip4/{address}/tcp/{}", people::PORT);
    let args = [
        "--home",
        &host.home,
        "--json",
        "run",
        "--listen",
        &listen,
        "--http",
        "127.0.0.1:0",
        "--no-mdns",
        // The homes may have been moved since they were made, together with all that they could be mistaken for.
        "--force-guard",
    ];
    let mut process = json!({
        "path": starling.display().to_string(),
        "args": args,
        "start_time": ms(at),
        "expected_final_state": "running",
    });
    if let Some((at, signal)) = end {
        process["shutdown_time"] = ms(at).into();
        process["shutdown_signal"] = signal.into();
        process["expected_final_state"] = match signal {
            "SIGTERM" => json!({ "exited": 0 }),
            _ => json!({ "signaled": signal }),
        };
    }
    process
}

fn losses(plan: &Plan, steps: &[Step]) -> Vec<String> {
    let mut losses = steps::losses(plan);
    let count = |wanted: fn(&Verb) -> bool| steps.iter().filter(|step| wanted(&step.what)).count();
    let cuts = count(|what| matches!(what, Verb::Cut(_)));
    if cuts > 0 {
        losses.push(format!(
            "{cuts} cuts and their heals are left out: Shadow's wires do not change while it runs"
        ));
    }
    let sleeps = count(|what| matches!(what, Verb::Sleep(_)));
    if sleeps > 0 {
        losses.push(format!("{sleeps} sleeps are left out: Shadow does not let a process stand still"));
    }
    let regions = plan.regions.len();
    let varies = |from| (0..regions).any(|to| shape::mean(&plan.links, from, to).1);
    if (0..regions).any(varies) {
        losses.push("delays vary in the plan and always have their mean here".into());
    }
    losses.push("queues before the wires are as long as Shadow has them, whatever the plan says".into());
    losses
}

#[cfg(test)]
#[path = "shadow/tests.rs"]
mod tests;
