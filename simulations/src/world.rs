//! Draws a world from a scenario and a seed: everything that the scenario leaves to chance is decided here, so that
//! a run only has to carry it out. Each purpose has a stream of its own; see [`chance`].

pub mod chance;
pub mod community;
pub mod edges;
mod events;
pub mod follows;
#[cfg(test)]
mod laws;
mod nodes;
mod outages;
mod posts;
#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

use self::{
    chance::{Chance, moment},
    community::Communities,
    events::Teller,
    follows::Members,
    outages::Lives,
    posts::Drafts,
};
use crate::{
    plan::{Ending, GossipModel, Happening, Micros, NodeId, Plan, PolicyPlan, SEC, What},
    scenario::{Scenario, graph::FollowGraph},
};

pub use crate::scenario::Error;

/// Samples of a run, unless the scenario says how often: as many as a plot shows.
const SAMPLES: Micros = 200;

/// How the numbers of nodes are divided: relays, then people, then those who do not keep to the rules; of these the
/// members of the network first, whom people follow as anybody else.
pub struct Cut {
    /// Nodes in all.
    pub nodes: u32,
    /// Relays: the first numbers.
    pub relays: u32,
    /// The numbers of each adversary of the scenario, in its order.
    pub adversaries: Vec<Range<NodeId>>,
    /// Who follows, is followed, and posts.
    pub members: Members,
    honest: Range<NodeId>,
}

impl Cut {
    fn new(scenario: &Scenario, nodes: u32) -> Self {
        let relays = scenario.relay_count(nodes);
        let counts = scenario.adversary_counts(nodes);
        let first = nodes - counts.iter().sum::<u32>();
        let mut next = first;
        let mut adversaries = vec![0..0; counts.len()];
        let mut members = first;
        for member in [true, false] {
            for (index, adversary) in scenario.adversary.iter().enumerate() {
                if adversary.does.member() == member {
                    adversaries[index] = next..next + counts[index];
                    next += counts[index];
                }
            }
            if member {
                members = next;
            }
        }
        Self {
            nodes,
            relays,
            adversaries,
            members: Members { from: relays, to: members },
            honest: relays..first,
        }
    }

    /// Honest people.
    pub fn honest(&self) -> Range<NodeId> {
        self.honest.clone()
    }

    /// Everybody but the relays.
    pub fn people(&self) -> Range<NodeId> {
        self.relays..self.nodes
    }
}

/// Draws a world, of another size than the scenario's if one is given.
///
/// # Errors
/// If no such world can be; the error points at the line of the scenario.
pub fn draw(scenario: &Scenario, seed: u64, nodes: Option<u32>) -> Result<Plan, Error> {
    let count = nodes.unwrap_or(scenario.nodes);
    scenario.check(count)?;
    let chance = Chance(seed);
    let cut = Cut::new(scenario, count);
    let mut nodes = nodes::nodes(scenario, &cut, chance);
    let graph = graph(scenario, &cut, chance)?;

    let mut lives = Lives::new(scenario, &cut, chance);
    let mut drafts = Drafts::default();
    let mut told = Teller::new(scenario, &cut, &nodes, chance).tell(&mut lives, &mut drafts);
    if let Some(churn) = &scenario.churn {
        lives.churn(churn, &cut, chance);
    }
    for (failures, ending) in [(&scenario.restarts, Ending::Kill), (&scenario.crashes, Ending::PowerCut)] {
        if let Some(failures) = failures {
            lives.fail(failures, ending, &cut, chance);
        }
    }
    lives.settle();
    nodes::wire(scenario, &cut, &lives, &mut nodes, chance)?;
    for (number, node) in (0..).zip(&mut nodes) {
        node.careful_disk = lives.loses_power(number);
    }

    let taken_in = posts::campaign(scenario, &cut, &told, chance, &mut drafts);
    posts::chatter(scenario, &cut, &nodes, &lives, chance, &mut drafts);
    let mut happenings = std::mem::take(&mut told.happenings);
    lives.happenings(&mut happenings);
    let mut follows = graph;
    for (node, whom) in taken_in {
        follows[node as usize].push(whom);
    }
    let posts = posts::number(scenario, drafts, &follows, &lives, &told, chance, &mut happenings);
    let span = scenario.duration.micros();
    if let Some(over) = scenario.follows.over {
        follow_later(&mut follows, &lives, over.micros(), span, chance, &mut happenings);
    }
    // Stable: what is simultaneous stays in the order in which it was told, starts before posts.
    happenings.sort_by_key(|happening| (happening.at, rank(&happening.what)));
    happenings.retain(|happening| happening.at <= span);
    told.phases.sort_by_key(|phase| (phase.from, phase.to));

    let gossip = GossipModel::default();
    Ok(Plan {
        scenario: scenario.name.clone(),
        asks: scenario.asks.clone(),
        expects: scenario.expects.clone(),
        seed,
        span,
        epoch_ms: scenario.begins.0,
        nodes,
        regions: scenario.regions().into_iter().map(|region| region.name).collect(),
        links: nodes::links(scenario)?,
        follows: Arc::new(follows),
        follows_signed: scenario.follows.signed,
        happenings,
        posts,
        phases: told.phases,
        policy: PolicyPlan {
            outbound: scenario.policy.outbound as usize,
            network_rows: scenario.policy.network_rows,
            retention: scenario.policy.retention,
        },
        sample_every: scenario.measure.sample.map_or((span / SAMPLES).max(SEC), |sample| sample.micros()),
        gossip: GossipModel {
            mesh: scenario.gossip.mesh.map_or(gossip.mesh, |mesh| mesh as usize),
            heartbeat: scenario.gossip.heartbeat.map_or(gossip.heartbeat, |beat| beat.micros()),
            lazy: scenario.gossip.lazy.map_or(gossip.lazy, |lazy| lazy as usize),
            ..gossip
        },
    })
}

/// What comes first of what is simultaneous: who is there, then what the network is like, then what people do.
fn rank(what: &What) -> u8 {
    match what {
        What::Stop(..) => 0,
        What::Start(_) => 1,
        What::Cut(_) | What::Heal | What::Attack(_) => 2,
        What::Meet(..) => 3,
        What::Follow(..) | What::Unfollow(..) | What::Block(..) => 4,
        What::Post { .. } => 5,
        What::Boost(..) | What::Like(..) | What::Delete(..) => 6,
    }
}

fn graph(scenario: &Scenario, cut: &Cut, chance: Chance) -> Result<Vec<Vec<NodeId>>, Error> {
    let mut rng = chance.stream("follows");
    let (nodes, members) = (cut.nodes, cut.members);
    Ok(match &scenario.follows.graph {
        FollowGraph::Random { mean } => follows::random(nodes, members, mean.0, &mut rng),
        FollowGraph::PowerLaw { mean, exponent } => {
            follows::power_law(nodes, members, mean.0, exponent.0, &mut rng)
        }
        FollowGraph::Communities { size, inside, mean } => {
            let groups = Communities::new(nodes, cut.relays, *size);
            follows::communities(&groups, members, mean.0, inside.0, &mut rng)
        }
        FollowGraph::Full {} => follows::full(nodes, members),
        FollowGraph::Stars { count } => follows::stars(nodes, members, scenario.scaled(*count, nodes)),
        FollowGraph::File { path } => {
            let pairs = scenario.pairs(path, nodes.max(scenario.nodes))?;
            let fits: Vec<_> = pairs.into_iter().filter(|(me, whom)| *me < nodes && *whom < nodes).collect();
            follows::listed(nodes, &fits)
        }
        FollowGraph::None {} => vec![Vec::new(); nodes as usize],
    })
}

/// Follows that are not there at the beginning but come one after the other.
fn follow_later(
    follows: &mut [Vec<NodeId>],
    lives: &Lives,
    over: Micros,
    span: Micros,
    chance: Chance,
    into: &mut Vec<Happening>,
) {
    let mut rng = chance.stream("follows over time");
    for (node, list) in (0..).zip(follows) {
        let Some(born) = lives.birth(node) else { continue };
        for whom in std::mem::take(list) {
            // Nobody follows who is not there, in the first moment or between sessions.
            let at = moment(born + 1, over, &mut rng);
            if at <= span && lives.runs(node, at) {
                into.push(Happening { at, what: What::Follow(node, whom) });
            }
        }
    }
}
