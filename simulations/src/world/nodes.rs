//! The nodes: where they are, what their wires carry, whom they call and what they are up to.

use std::{collections::BTreeSet, sync::Arc};

use rand::{Rng, RngExt, seq::SliceRandom};
use rand_distr::{Distribution, Normal};

use super::{
    Cut,
    chance::{Chance, apportion, one, some},
    community::Communities,
    edges::{self, Edge},
    outages::Lives,
};
use crate::{
    plan::{Links, MS, Nat, NodeId, NodePlan, Role, Spread},
    scenario::{Error, Fault, Latency, Scenario, Topology, event::Does, quantity::Quantity},
};

/// A number for each node, so that as many have each as the shares say, and chance says who.
pub fn dealt(count: usize, shares: &[f64], rng: &mut impl Rng) -> Vec<usize> {
    let counts = apportion(count, shares);
    let mut dealt: Vec<usize> =
        counts.iter().enumerate().flat_map(|(kind, count)| std::iter::repeat_n(kind, *count)).collect();
    dealt.shuffle(rng);
    dealt
}

/// The wires.
///
/// # Errors
/// If a latency file has gaps.
pub fn links(scenario: &Scenario) -> Result<Links, Error> {
    let regions = scenario.regions().len();
    let latency = match (&scenario.latency, scenario.matrix()?) {
        (_, Some(matrix)) => {
            let row = |row: Vec<f64>| row.into_iter().map(|ms| Spread::Fixed(ms * MS as f64)).collect();
            matrix.into_iter().map(row).collect()
        }
        (Latency::Same { latency }, None) => vec![vec![latency.plan(); regions]; regions],
        (_, None) => vec![vec![Spread::Fixed(0.0); regions]; regions],
    };
    Ok(Links {
        latency,
        jitter: scenario.links.jitter.plan(),
        loss: scenario.links.loss.0,
        queue_bytes: scenario.links.queue.0,
    })
}

/// All nodes, without whom they call.
pub fn nodes(scenario: &Scenario, cut: &Cut, chance: Chance) -> Vec<NodePlan> {
    let count = cut.nodes as usize;
    let regions: Vec<f64> = scenario.regions().iter().map(|region| region.share.0).collect();
    let regions = dealt(count, &regions, &mut chance.stream("regions"));
    let (up, down) = bandwidths(scenario, cut, chance);
    let skews = skews(scenario, cut, chance);
    let closed = closed(scenario, cut, chance);
    let roles = roles(scenario, cut, &closed, chance);
    let bootstrap = bootstrap(scenario, cut, chance);
    let mut nodes = Vec::with_capacity(count);
    for (node, role) in roles.into_iter().enumerate() {
        nodes.push(NodePlan {
            region: regions[node] as u16,
            up_bps: up[node],
            down_bps: down[node],
            nat: if closed[node] { Nat::Closed } else { Nat::Open },
            relay: (node as u32) < cut.relays,
            skew_ms: skews[node],
            dials: Vec::new(),
            bootstrap: bootstrap[node].clone(),
            role,
            careful_disk: false,
        });
    }
    nodes
}

fn bandwidths(scenario: &Scenario, cut: &Cut, chance: Chance) -> (Vec<u64>, Vec<u64>) {
    let mut rng = chance.stream("bandwidths");
    let links = &scenario.links;
    let shares: Vec<f64> = links.class.iter().map(|class| class.share.0).collect();
    let classes = dealt(cut.nodes as usize, &shares, &mut rng);
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    for node in 0..cut.nodes as usize {
        let class = classes.get(node).and_then(|class| links.class.get(*class));
        let (up, down) = class.map_or((links.up, links.down), |class| (class.up, class.down));
        let (mut up, mut down) = (up.plan().sample(&mut rng), down.plan().sample(&mut rng));
        if let Some(relays) = scenario.relays.as_ref().filter(|_| node < cut.relays as usize) {
            up = relays.up.map_or(up, Quantity::value);
            down = relays.down.map_or(down, Quantity::value);
        }
        // A distribution may reach down to nothing; a wire slower than a modem carries no connection.
        ups.push(up.max(9_600.0) as u64);
        downs.push(down.max(9_600.0) as u64);
    }
    (ups, downs)
}

fn skews(scenario: &Scenario, cut: &Cut, chance: Chance) -> Vec<i64> {
    let mut rng = chance.stream("clocks");
    let clocks = &scenario.clocks;
    let spread = Normal::new(0.0, clocks.deviation.seconds() * 1e3).ok();
    let mut skews: Vec<i64> =
        (0..cut.nodes).map(|_| spread.map_or(0.0, |spread| spread.sample(&mut rng)) as i64).collect();
    let people: Vec<NodeId> = cut.people().collect();
    let wrong = (clocks.wrong.0 * people.len() as f64).round() as usize;
    for node in some(&people, wrong, &mut rng) {
        let by = (clocks.wrong_by.micros() / MS) as i64;
        skews[node as usize] += if rng.random::<bool>() { by } else { -by };
    }
    skews
}

fn closed(scenario: &Scenario, cut: &Cut, chance: Chance) -> Vec<bool> {
    let people: Vec<NodeId> = cut.people().collect();
    // Rounded down: a world where nobody can be called is one that somebody asked for.
    let count = (scenario.nat.closed.0 * people.len() as f64) as usize;
    let mut closed = vec![false; cut.nodes as usize];
    for node in some(&people, count, &mut chance.stream("nat")) {
        closed[node as usize] = true;
    }
    closed
}

fn roles(scenario: &Scenario, cut: &Cut, closed: &[bool], chance: Chance) -> Vec<Role> {
    let mut roles = vec![Role::Honest; cut.nodes as usize];
    for (adversary, numbers) in scenario.adversary.iter().zip(&cut.adversaries) {
        let role = match &adversary.does {
            Does::Sybil { .. } => Role::Sybil,
            Does::Eclipse { victims } => {
                // Only who can be called can be surrounded.
                let open: Vec<NodeId> = cut.honest().filter(|node| !closed[*node as usize]).collect();
                let count = scenario.scaled(*victims, cut.nodes) as usize;
                let mut victims = some(&open, count, &mut chance.stream("victims"));
                victims.sort_unstable();
                Role::Eclipse { victims: Arc::new(victims) }
            }
            Does::Flood { rate, garbage, .. } => Role::Flood { per_second: rate.0, garbage: garbage.0 },
            Does::Equivocate {} => Role::Equivocate,
            Does::Replay {} => Role::Replay,
            Does::SlowRead { bytes_per_second } => Role::SlowRead { bytes_per_second: bytes_per_second.0 },
        };
        for node in numbers.clone() {
            roles[node as usize] = role.clone();
        }
    }
    roles
}

fn bootstrap(scenario: &Scenario, cut: &Cut, chance: Chance) -> Vec<Vec<NodeId>> {
    let mut rng = chance.stream("bootstrap");
    let relays: Vec<NodeId> = (0..cut.relays).collect();
    let known = scenario.relays.as_ref().map_or(0, |relays| relays.known) as usize;
    let knows = |node: NodeId, rng: &mut _| {
        if node < cut.relays {
            return Vec::new();
        }
        let mut known = some(&relays, known, rng);
        known.sort_unstable();
        known
    };
    (0..cut.nodes).map(|node| knows(node, &mut rng)).collect()
}

/// Says whom everybody calls.
///
/// # Errors
/// If there is a file and it is no edge list, or if nobody can be called.
pub fn wire(
    scenario: &Scenario,
    cut: &Cut,
    lives: &Lives,
    nodes: &mut [NodePlan],
    chance: Chance,
) -> Result<(), Error> {
    let mut rng = chance.stream("topology");
    let count = cut.nodes;
    let mut called: Option<Vec<(NodeId, NodeId)>> = None;
    let edges: Vec<Edge> = match &scenario.topology {
        Topology::RandomRegular { degree } => edges::regular(count, edges::fitting(*degree, count), &mut rng),
        Topology::ScaleFree { edges } => edges::scale_free(count, *edges, &mut rng),
        Topology::SmallWorld { degree, rewire } => edges::small_world(count, *degree, rewire.0, &mut rng),
        Topology::Communities { size, degree, inside } => {
            let groups = Communities::new(count, cut.relays, *size);
            edges::communities(&groups, *degree, inside.0, &mut rng)
        }
        Topology::Full {} => (0..count).flat_map(|b| (0..b).map(move |a| (a, b))).collect(),
        Topology::Relays { each } => {
            let relays: Vec<NodeId> = (0..cut.relays).collect();
            let mut edges: Vec<Edge> = relays.iter().flat_map(|b| (0..*b).map(move |a| (a, *b))).collect();
            for node in cut.relays..count {
                edges.extend(some(&relays, *each as usize, &mut rng).into_iter().map(|relay| (relay, node)));
            }
            edges
        }
        Topology::File { path } => {
            // The file is of the scenario's own world; a smaller one has the part of it that fits.
            let pairs = scenario.pairs(path, count.max(scenario.nodes))?;
            called = Some(pairs.into_iter().filter(|(from, to)| *from < count && *to < count).collect());
            Vec::new()
        }
        Topology::None {} => {
            called = Some(Vec::new());
            Vec::new()
        }
    };
    let calls = match called {
        Some(calls) => calls,
        None => directed(edges, nodes, lives, &mut rng).ok_or_else(|| {
            scenario.fault(Fault::new(
                "nat.closed",
                "nobody can be called: some nodes have to be open, or relays",
            ))
        })?,
    };
    for (from, to) in calls {
        nodes[from as usize].dials.push(to);
    }
    intrude(scenario, cut, nodes, chance);
    for node in nodes {
        node.dials.sort_unstable();
        node.dials.dedup();
    }
    Ok(())
}

/// Decides who calls whom. None if there is nobody to be called.
fn directed(
    edges: Vec<Edge>,
    nodes: &[NodePlan],
    lives: &Lives,
    rng: &mut impl Rng,
) -> Option<Vec<(NodeId, NodeId)>> {
    let open: Vec<NodeId> =
        (0..nodes.len() as NodeId).filter(|node| nodes[*node as usize].nat == Nat::Open).collect();
    if open.is_empty() && !edges.is_empty() {
        return None;
    }
    let can = |node: NodeId| nodes[node as usize].nat == Nat::Open;
    let mut calls = Vec::with_capacity(edges.len());
    // Who is there first is called by who comes later; who never comes counts as the last.
    let birth = |node: NodeId| (lives.birth(node).unwrap_or(u64::MAX), node);
    for (a, b) in edges {
        let (older, newer) = if birth(a) < birth(b) { (a, b) } else { (b, a) };
        match (can(older), can(newer)) {
            (true, _) => calls.push((newer, older)),
            (false, true) => calls.push((older, newer)),
            (false, false) => {
                for node in [a, b] {
                    calls.extend(one(&open, rng).map(|there| (node, there)));
                }
            }
        }
    }
    let pairs: Vec<Edge> = calls.iter().map(|(from, to)| (*from.min(to), *from.max(to))).collect();
    join(nodes.len() as u32, &pairs, &open, &mut calls, rng);
    Some(calls)
}

/// Lets one node of each part that hangs apart call an open one of the others.
fn join(nodes: u32, edges: &[Edge], open: &[NodeId], calls: &mut Vec<(NodeId, NodeId)>, rng: &mut impl Rng) {
    let parts = edges::components(nodes, edges);
    let Some(main) = open.first().map(|node| parts.of[*node as usize]) else { return };
    let reachable: Vec<NodeId> =
        open.iter().copied().filter(|node| parts.of[*node as usize] == main).collect();
    let mut joined = BTreeSet::from([main]);
    for node in 0..nodes {
        if joined.insert(parts.of[node as usize]) {
            calls.extend(one(&reachable, rng).map(|there| (node, there)));
        }
    }
}

/// Whom adversaries call beyond their part of the topology.
fn intrude(scenario: &Scenario, cut: &Cut, nodes: &mut [NodePlan], chance: Chance) {
    let mut rng = chance.stream("intruders");
    let open: Vec<NodeId> = cut.honest().filter(|node| nodes[*node as usize].nat == Nat::Open).collect();
    for (adversary, numbers) in scenario.adversary.iter().zip(&cut.adversaries) {
        for node in numbers.clone() {
            let calls = match (&adversary.does, &nodes[node as usize].role) {
                (Does::Sybil { dials, .. } | Does::Flood { dials, .. }, _) => {
                    some(&open, *dials as usize, &mut rng)
                }
                (_, Role::Eclipse { victims }) => victims.to_vec(),
                _ => Vec::new(),
            };
            nodes[node as usize].dials.extend(calls);
        }
    }
}
