//! When nodes run: starts, sessions, failures. Whatever takes a node down is a stretch of time; stretches that overlap
//! become one, so that nobody stops who is not there.

use rand::Rng;

use super::{
    Cut,
    chance::{Chance, moment, poisson, some},
};
use crate::{
    plan::{Ending, Happening, Micros, NodeId, SEC, Spread, What},
    scenario::{Churn, Failures, Scenario, event::How, quantity::Quantity},
};

/// The least time that a node stays or is away: below it, a world would be nothing but starts and ends.
const LEAST: f64 = SEC as f64;

/// A time that a node is away.
#[derive(Debug, Clone, Copy)]
struct Outage {
    from: Micros,
    /// None: it never comes back.
    to: Option<Micros>,
    ending: Ending,
}

/// When each node runs.
pub struct Lives {
    span: Micros,
    /// When each starts for the first time; none if never.
    born: Vec<Option<Micros>>,
    away: Vec<Vec<Outage>>,
}

/// How a node ends, as a plan has it.
pub fn ending(how: How) -> Ending {
    match how {
        How::Quit => Ending::Quit,
        How::Kill => Ending::Kill,
        How::PowerCut => Ending::PowerCut,
        How::Sleep => Ending::Sleep,
    }
}

impl Lives {
    /// Lives of nodes that start when the scenario says and then stay.
    pub fn new(scenario: &Scenario, cut: &Cut, chance: Chance) -> Self {
        let mut rng = chance.stream("starts");
        let there = (scenario.start.share.0 * f64::from(cut.nodes)).round().max(1.0) as u32;
        let within = scenario.start.within.micros();
        let start = |node: NodeId, rng: &mut _| match node {
            // Relays are there before everybody else.
            _ if node < cut.relays => Some(0),
            _ if node < there => Some(moment(0, within, rng)),
            _ => None,
        };
        Self {
            span: scenario.duration.micros(),
            born: (0..cut.nodes).map(|node| start(node, &mut rng)).collect(),
            away: vec![Vec::new(); cut.nodes as usize],
        }
    }

    /// How many have started for the first time, or will.
    pub fn born(&self) -> usize {
        self.born.iter().flatten().count()
    }

    /// A node starts for the first time, unless it has before.
    pub fn bear(&mut self, node: NodeId, at: Micros) {
        self.born[node as usize].get_or_insert(at);
    }

    /// A node is away.
    pub fn leave(&mut self, node: NodeId, from: Micros, to: Option<Micros>, ending: Ending) {
        self.away[node as usize].push(Outage { from, to, ending });
    }

    /// A node that went away without a time to come back does so.
    pub fn come_back(&mut self, node: NodeId, at: Micros) {
        for outage in &mut self.away[node as usize] {
            if outage.to.is_none() && outage.from < at {
                outage.to = Some(at);
            }
        }
        self.bear(node, at);
    }

    /// Some people come and go.
    pub fn churn(&mut self, churn: &Churn, cut: &Cut, chance: Chance) {
        let mut rng = chance.stream("churn");
        let people: Vec<NodeId> = cut.honest().collect();
        let count = (churn.share.0 * people.len() as f64).round() as usize;
        let mut restless = some(&people, count, &mut rng);
        restless.sort_unstable();
        let until = churn.until.map_or(self.span, |until| until.micros());
        let (session, absence) = (churn.session.plan(), churn.absence.plan());
        for node in restless {
            let Some(born) = self.born[node as usize] else { continue };
            let mut at = born;
            loop {
                let from = at + lasting(&session, &mut rng);
                if from >= until {
                    break;
                }
                let to = from + lasting(&absence, &mut rng);
                // Who would still be away when it ends comes back then.
                let to = if churn.until.is_some() { to.min(until.max(from + SEC)) } else { to };
                self.leave(node, from, Some(to), ending(churn.how));
                at = to;
            }
        }
    }

    /// Failures happen to nodes at a rate.
    pub fn fail(&mut self, failures: &Failures, ending: Ending, cut: &Cut, chance: Chance) {
        let mut rng = chance.stream(if ending == Ending::PowerCut { "crashes" } else { "restarts" });
        let until = failures.until.map_or(self.span, |until| until.micros());
        let down = failures.down.plan();
        for node in 0..cut.nodes {
            let Some(born) = self.born[node as usize].filter(|born| *born < until) else { continue };
            let lasts = until - born;
            for _ in 0..poisson(failures.rate.value() * lasts as f64 / SEC as f64, &mut rng) {
                let from = moment(born, lasts, &mut rng).max(born + SEC);
                self.leave(node, from, Some(from + lasting(&down, &mut rng)), ending);
            }
        }
    }

    /// Makes one stretch of those that overlap, and leaves out what is before a node's first start.
    pub fn settle(&mut self) {
        for (born, away) in self.born.iter_mut().zip(&mut self.away) {
            let Some(born) = born else {
                away.clear();
                continue;
            };
            away.sort_by_key(|outage| outage.from);
            let mut merged: Vec<Outage> = Vec::with_capacity(away.len());
            for outage in away.drain(..).filter(|outage| outage.from > *born) {
                match merged.last_mut() {
                    Some(last) if last.to.is_none_or(|to| outage.from <= to) => {
                        last.to = last.to.zip(outage.to).map(|(one, other)| one.max(other));
                    }
                    _ => merged.push(outage),
                }
            }
            *away = merged;
        }
    }

    /// Whether a node runs at a time; asked after [`Lives::settle`].
    pub fn runs(&self, node: NodeId, at: Micros) -> bool {
        let node = node as usize;
        if self.born[node].is_none_or(|born| at < born) {
            return false;
        }
        let last = self.away[node].partition_point(|outage| outage.from <= at);
        last == 0 || self.away[node][last - 1].to.is_some_and(|to| to < at)
    }

    /// When a node starts for the first time.
    pub fn birth(&self, node: NodeId) -> Option<Micros> {
        self.born[node as usize]
    }

    /// Whether a node's power ever fails.
    pub fn loses_power(&self, node: NodeId) -> bool {
        self.away[node as usize].iter().any(|outage| outage.ending == Ending::PowerCut)
    }

    /// The starts and ends.
    pub fn happenings(&self, into: &mut Vec<Happening>) {
        for (node, born) in (0..).zip(&self.born) {
            let Some(born) = *born else { continue };
            let mut push = |at, what| {
                if at <= self.span {
                    into.push(Happening { at, what });
                }
            };
            push(born, What::Start(node));
            for outage in &self.away[node as usize] {
                push(outage.from, What::Stop(node, outage.ending));
                if let Some(to) = outage.to {
                    push(to, What::Start(node));
                }
            }
        }
    }
}

fn lasting(spread: &Spread, rng: &mut impl Rng) -> Micros {
    // Longer than any world: what is beyond is the same.
    spread.sample(rng).clamp(LEAST, 1e18) as Micros
}
