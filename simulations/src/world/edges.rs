//! Graphs of who is connected to whom, as pairs without direction.

use std::collections::BTreeSet;

use rand::{Rng, RngExt, seq::SliceRandom};

use super::community::Communities;
use crate::plan::NodeId;

/// A connection, the lower number first.
pub type Edge = (NodeId, NodeId);

/// Swaps per edge that make a regular graph forget what it was before. Ten leave no trace that a test of triangles or
/// path lengths could find.
const SWAPS: usize = 10;

fn edge(a: NodeId, b: NodeId) -> Edge {
    (a.min(b), a.max(b))
}

/// The degree that a regular graph of so many nodes can have, if not the wanted one: the next that is possible.
pub fn fitting(degree: u32, nodes: u32) -> u32 {
    let degree = degree.min(nodes.saturating_sub(1));
    if degree % 2 == 1 && nodes % 2 == 1 {
        return if degree > 1 { degree - 1 } else { 2.min(nodes - 1) };
    }
    if degree == 1 && nodes > 2 { 2 } else { degree }
}

/// A graph in which everybody has the same number of neighbours; connected if that is at least 2. The degree has to
/// be [`fitting`].
///
/// It begins as a ring where everybody knows the nearest, and then pairs of edges swap their ends, which keeps every
/// degree: so it works for every degree, sparse or full.
pub fn regular(nodes: u32, degree: u32, rng: &mut impl Rng) -> Vec<Edge> {
    if degree == 0 || nodes < 2 {
        return Vec::new();
    }
    let mut names: Vec<NodeId> = (0..nodes).collect();
    names.shuffle(rng);
    let mut edges = ring(nodes, degree / 2);
    if degree % 2 == 1 {
        edges.extend((0..nodes / 2).map(|node| (node, node + nodes / 2)));
    }
    for (a, b) in &mut edges {
        (*a, *b) = edge(names[*a as usize], names[*b as usize]);
    }
    // Two neighbours each are a ring, and swaps would make many rings of it.
    if degree <= 2 || degree + 1 == nodes {
        return edges;
    }
    let mut known = Neighbours::of(nodes, &edges);
    loop {
        for _ in 0..edges.len() * SWAPS {
            swap(&mut edges, &mut known, rng);
        }
        // Nearly certain for 3 neighbours and more.
        if components(nodes, &edges).count == 1 {
            return edges;
        }
    }
}

/// Replaces edges a–b and c–d by a–d and c–b, unless one of those is there already.
fn swap(edges: &mut [Edge], known: &mut Neighbours, rng: &mut impl Rng) {
    let (first, second) = (rng.random_range(0..edges.len()), rng.random_range(0..edges.len()));
    let (a, b) = edges[first];
    let (mut c, mut d) = edges[second];
    if rng.random::<bool>() {
        (c, d) = (d, c);
    }
    if a == d || c == b || a == c || b == d || known.has(a, d) || known.has(c, b) {
        return;
    }
    known.replace(a, b, d);
    known.replace(b, a, c);
    known.replace(c, d, b);
    known.replace(d, c, a);
    edges[first] = edge(a, d);
    edges[second] = edge(c, b);
}

/// Neighbours of each node; a few, so that they are looked through.
struct Neighbours(Vec<Vec<NodeId>>);

impl Neighbours {
    fn of(nodes: u32, edges: &[Edge]) -> Self {
        let mut known = vec![Vec::new(); nodes as usize];
        for (a, b) in edges {
            known[*a as usize].push(*b);
            known[*b as usize].push(*a);
        }
        Self(known)
    }

    fn has(&self, node: NodeId, other: NodeId) -> bool {
        self.0[node as usize].contains(&other)
    }

    fn replace(&mut self, node: NodeId, old: NodeId, new: NodeId) {
        if let Some(place) = self.0[node as usize].iter_mut().find(|known| **known == old) {
            *place = new;
        }
    }
}

/// Everybody knows the `reach` nearest on each side of a ring.
fn ring(nodes: u32, reach: u32) -> Vec<Edge> {
    let mut edges = Vec::with_capacity((nodes * reach) as usize);
    for step in 1..=reach {
        // In a ring with an even number of nodes the one opposite is the same on both sides.
        let until = if step * 2 == nodes { nodes / 2 } else { nodes };
        edges.extend((0..until).map(|node| edge(node, (node + step) % nodes)));
    }
    edges
}

/// A ring with some far calls (Watts–Strogatz).
pub fn small_world(nodes: u32, degree: u32, rewire: f64, rng: &mut impl Rng) -> Vec<Edge> {
    let reach = (degree / 2).min(nodes.saturating_sub(1) / 2);
    let mut known: BTreeSet<Edge> = ring(nodes, reach).into_iter().collect();
    let all: Vec<Edge> = known.iter().copied().collect();
    for (a, b) in all {
        if !rng.random_bool(rewire) {
            continue;
        }
        // A node that knows everybody has nobody new to call: after some tries it keeps whom it has.
        let found =
            (0..32).map(|_| rng.random_range(0..nodes)).find(|c| *c != a && !known.contains(&edge(a, *c)));
        if let Some(c) = found {
            known.remove(&(a, b));
            known.insert(edge(a, c));
        }
    }
    known.into_iter().collect()
}

/// Newcomers prefer who has many neighbours (Barabási–Albert).
pub fn scale_free(nodes: u32, each: u32, rng: &mut impl Rng) -> Vec<Edge> {
    let each = each.min(nodes.saturating_sub(1));
    // The first few all know each other, so that a newcomer finds enough of them.
    let first = each + 1;
    let mut edges: Vec<Edge> = (0..first.min(nodes)).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    // A node stands here once for each neighbour it has: whoever is drawn was drawn in proportion to them.
    let mut ends: Vec<NodeId> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
    for newcomer in first..nodes {
        let mut called = BTreeSet::new();
        while called.len() < each as usize {
            called.insert(ends[rng.random_range(0..ends.len())]);
        }
        for there in called {
            edges.push((there, newcomer));
            ends.extend([there, newcomer]);
        }
    }
    edges
}

/// Groups whose members mostly know each other.
pub fn communities(groups: &Communities, degree: u32, inside: f64, rng: &mut impl Rng) -> Vec<Edge> {
    let nodes = groups.nodes;
    let within = (f64::from(degree) * inside).round() as u32;
    let mut known = BTreeSet::new();
    for group in 0..groups.count() {
        let members = groups.members(group);
        let count = members.len() as u32;
        let local = regular(count, fitting(within, count) * u32::from(within > 0), rng);
        known.extend(local.into_iter().map(|(a, b)| edge(members[a as usize], members[b as usize])));
    }
    let beyond = degree - within.min(degree);
    if beyond > 0 {
        known.extend(regular(nodes, fitting(beyond, nodes), rng));
    }
    known.into_iter().collect()
}

/// Parts of a graph that hang together.
pub struct Components {
    /// How many there are.
    pub count: usize,
    /// Which one each node is in; named by one of its nodes.
    pub of: Vec<NodeId>,
}

/// Finds the parts of a graph that hang together.
pub fn components(nodes: u32, edges: &[Edge]) -> Components {
    let mut of: Vec<NodeId> = (0..nodes).collect();
    fn root(of: &mut [NodeId], mut node: NodeId) -> NodeId {
        while of[node as usize] != node {
            of[node as usize] = of[of[node as usize] as usize];
            node = of[node as usize];
        }
        node
    }
    let mut count = nodes as usize;
    for (a, b) in edges {
        let (a, b) = (root(&mut of, *a), root(&mut of, *b));
        if a != b {
            of[b as usize] = a;
            count -= 1;
        }
    }
    for node in 0..nodes {
        of[node as usize] = root(&mut of, node);
    }
    Components { count, of }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::chance::Chance;

    fn degrees(nodes: u32, edges: &[Edge]) -> Vec<usize> {
        Neighbours::of(nodes, edges).0.iter().map(Vec::len).collect()
    }

    fn simple(edges: &[Edge]) {
        assert!(edges.iter().all(|(a, b)| a < b), "a loop or an edge the wrong way round");
        assert_eq!(edges.iter().collect::<BTreeSet<_>>().len(), edges.len(), "an edge twice");
    }

    #[test]
    fn regular_graphs_of_every_size_are_regular_and_hang_together() {
        let mut rng = Chance(1).stream("test");
        for nodes in 2..20 {
            for wanted in 1..nodes {
                let degree = fitting(wanted, nodes);
                let edges = regular(nodes, degree, &mut rng);
                simple(&edges);
                assert_eq!(
                    degrees(nodes, &edges),
                    vec![degree as usize; nodes as usize],
                    "{nodes} by {degree}"
                );
                assert_eq!(components(nodes, &edges).count, 1, "{nodes} by {degree}");
            }
        }
    }

    #[test]
    fn a_regular_graph_is_not_the_ring_it_began_as() {
        let edges = regular(1000, 4, &mut Chance(1).stream("test"));
        let known = Neighbours::of(1000, &edges);
        let triangles =
            edges.iter().map(|(a, b)| known.0[*a as usize].iter().filter(|c| known.has(*b, **c)).count());
        // The ring has one triangle a node, so 3,000 here; chance has about (d-1)^3/6 in the whole graph.
        assert!(triangles.sum::<usize>() < 100);
    }

    #[test]
    fn hubs_arise_when_newcomers_prefer_them() {
        let edges = scale_free(1000, 3, &mut Chance(1).stream("test"));
        simple(&edges);
        assert_eq!(components(1000, &edges).count, 1);
        let degrees = degrees(1000, &edges);
        assert!(degrees.iter().all(|degree| *degree >= 3));
        assert!(degrees.iter().max().is_some_and(|most| *most > 30), "no hub");
    }

    #[test]
    fn a_small_world_keeps_its_number_of_edges() {
        for rewire in [0.0, 0.2, 1.0] {
            let edges = small_world(100, 6, rewire, &mut Chance(1).stream("test"));
            simple(&edges);
            assert_eq!(edges.len(), 300);
        }
    }

    #[test]
    fn members_of_communities_mostly_know_each_other() {
        let groups = Communities::new(200, 0, 50);
        let edges = communities(&groups, 8, 0.75, &mut Chance(1).stream("test"));
        simple(&edges);
        let inside = edges.iter().filter(|(a, b)| groups.of(*a) == groups.of(*b)).count();
        assert!((0.7..0.85).contains(&(inside as f64 / edges.len() as f64)));
    }
}
