//! What the events of a scenario come to in a world.

use std::{collections::BTreeMap, sync::Arc};

use rand::{Rng, RngExt, seq::SliceRandom};

use super::{
    Cut,
    chance::{Chance, moment, some},
    nodes::dealt,
    outages::{Lives, ending},
    posts::{Answers, Draft, Drafts, Reaction},
};
use crate::{
    plan::{Happening, Micros, NodeId, NodePlan, Phase, SEC, What},
    scenario::{
        Event, Scenario,
        event::{By, Happens, Who},
    },
};

/// A time when the network is cut into groups.
pub struct Severed {
    from: Micros,
    to: Micros,
    groups: Arc<Vec<u16>>,
}

/// What events come to.
#[derive(Default)]
pub struct Told {
    /// What happens, but for starts, ends and posts.
    pub happenings: Vec<Happening>,
    /// Stretches for reports.
    pub phases: Vec<Phase>,
    /// When the network is cut.
    pub severed: Vec<Severed>,
}

impl Told {
    /// Whether nothing could have come from one node to another since a time.
    pub fn apart(&self, one: NodeId, other: NodeId, since: Micros, now: Micros) -> bool {
        self.severed.iter().any(|cut| {
            let groups = (cut.groups.get(one as usize), cut.groups.get(other as usize));
            cut.from <= now && since < cut.to && groups.0 != groups.1
        })
    }
}

/// What is being told.
pub struct Teller<'a> {
    scenario: &'a Scenario,
    cut: &'a Cut,
    nodes: &'a [NodePlan],
    chance: Chance,
    told: Told,
    open: Option<Micros>,
    seen: BTreeMap<(&'static str, Micros), u32>,
}

impl<'a> Teller<'a> {
    /// Begins.
    pub fn new(scenario: &'a Scenario, cut: &'a Cut, nodes: &'a [NodePlan], chance: Chance) -> Self {
        Self { scenario, cut, nodes, chance, told: Told::default(), open: None, seen: BTreeMap::new() }
    }

    /// Tells all events, in the order of time.
    pub fn tell(mut self, lives: &mut Lives, drafts: &mut Drafts) -> Told {
        let mut events: Vec<&Event> = self.scenario.event.iter().collect();
        events.sort_by_key(|event| event.at);
        for event in events {
            self.event(event, lives, drafts);
        }
        let span = self.scenario.duration.micros();
        if let Some(from) = self.open.take() {
            self.whole(from, span);
        }
        self.attacks(span);
        self.told
    }

    /// The stream of an event: its own as long as its kind and time are, whatever other events there are.
    fn stream(&mut self, event: &Event) -> impl Rng + use<> {
        let (kind, at) = (event.what.name(), event.at.micros());
        let nth = self.seen.entry((kind, at)).or_default();
        *nth += 1;
        self.chance.stream(&format!("event {kind} {at} {nth}"))
    }

    fn push(&mut self, at: Micros, what: What) {
        self.told.happenings.push(Happening { at, what });
    }

    fn phase(&mut self, name: &str, from: Micros, to: Micros) {
        if to > from {
            self.told.phases.push(Phase { name: name.into(), from, to });
        }
    }

    fn event(&mut self, event: &Event, lives: &mut Lives, drafts: &mut Drafts) {
        let mut rng = self.stream(event);
        let at = event.at.micros();
        match &event.what {
            Happens::Partition { by, heal_after, times, every } => {
                for turn in 0..u64::from(*times) {
                    let from = at + every.map_or(0, |every| every.micros()) * turn;
                    let groups = Arc::new(self.groups(by, &mut rng));
                    self.push(from, What::Cut(groups.clone()));
                    self.told.severed.push(Severed { from, to: Micros::MAX, groups });
                    match heal_after {
                        Some(after) => self.heal(from, from + after.micros()),
                        None => self.open = Some(from),
                    }
                }
            }
            Happens::Heal {} => {
                if let Some(from) = self.open.take() {
                    self.heal(from, at);
                }
            }
            Happens::Stop { who, how, back_after, within } => {
                let mut last = at;
                for node in self.who(who, &mut rng) {
                    let from =
                        moment(at, within.micros(), &mut rng).max(lives.birth(node).map_or(0, |at| at + 1));
                    let back = back_after.map(|after| from + after.micros());
                    last = last.max(back.unwrap_or(from));
                    lives.leave(node, from, back, ending(*how));
                }
                self.phase(ending_name(*how), at, last.min(self.scenario.duration.micros()));
            }
            Happens::Start { who, within } => {
                for node in self.who(who, &mut rng) {
                    lives.come_back(node, moment(at, within.micros(), &mut rng).max(1));
                }
            }
            Happens::Growth { to, within } => {
                let from = lives.born() as NodeId;
                let until = ((to.0 * f64::from(self.cut.nodes)).round() as NodeId).min(self.cut.nodes);
                for node in from..until {
                    lives.bear(node, moment(at, within.micros(), &mut rng));
                }
                self.phase("growth", at, at + within.micros());
            }
            Happens::Post { node, bytes } => {
                drafts.push(Draft::said(at, self.one(*node), bytes.map(|bytes| bytes.0)));
            }
            Happens::Burst { who, each, within, bytes } => {
                for node in self.who(who, &mut rng) {
                    for _ in 0..*each {
                        let at = moment(at, within.micros(), &mut rng);
                        drafts.push(Draft::said(at, node, bytes.map(|bytes| bytes.0)));
                    }
                }
            }
            Happens::FlashCrowd { node, followers, within, posts, bytes } => {
                let whom = self.one(*node);
                let lasts = within.micros();
                for turn in 0..u64::from(*posts) {
                    let at = at + lasts / u64::from(*posts) * turn;
                    drafts.push(Draft::said(at, whom, bytes.map(|bytes| bytes.0)));
                }
                for follower in self.crowd(followers.0, whom, &mut rng) {
                    let at = moment(at, lasts, &mut rng).max(lives.birth(follower).unwrap_or(0) + 1);
                    self.push(at, What::Follow(follower, whom));
                }
                self.phase("crowd", at, at + lasts);
            }
            Happens::Viral { node, boosts, likes, replies, within, bytes } => {
                let author = self.one(*node);
                let post = drafts.push(Draft::said(at, author, bytes.map(|bytes| bytes.0)));
                // Squared, so that half of it happens in the first quarter. The post gets a second's head start.
                let when = |rng: &mut _| {
                    let part = RngExt::random::<f64>(rng).powi(2);
                    at + SEC + (within.micros().saturating_sub(SEC) as f64 * part) as Micros
                };
                for (share, reaction) in [(boosts, Reaction::Boost), (likes, Reaction::Like)] {
                    for node in self.crowd(share.0, author, &mut rng) {
                        drafts.react(when(&mut rng), node, post, reaction);
                    }
                }
                for node in self.crowd(replies.0, author, &mut rng) {
                    let reply =
                        Draft { answers: Answers::Draft(post), ..Draft::said(when(&mut rng), node, None) };
                    drafts.push(reply);
                }
                self.phase("viral", at, at + within.micros());
            }
            Happens::Follow { node, whom } => self.pair(at, *node, *whom, What::Follow),
            Happens::Unfollow { node, whom } => self.pair(at, *node, *whom, What::Unfollow),
            Happens::Block { node, whom } => self.pair(at, *node, *whom, What::Block),
            Happens::Meet { node, whom } => self.pair(at, *node, *whom, What::Meet),
            Happens::AttackOn {} => self.push(at, What::Attack(true)),
            Happens::AttackOff {} => self.push(at, What::Attack(false)),
        }
    }

    fn pair(&mut self, at: Micros, node: NodeId, whom: NodeId, what: fn(NodeId, NodeId) -> What) {
        let (node, whom) = (self.one(node), self.one(whom));
        // In a world of another size two numbers may fall together.
        if node != whom {
            self.push(at, what(node, whom));
        }
    }

    fn heal(&mut self, from: Micros, at: Micros) {
        self.push(at, What::Heal);
        self.whole(from, at);
    }

    fn whole(&mut self, from: Micros, at: Micros) {
        if let Some(severed) = self.told.severed.last_mut() {
            severed.to = at;
        }
        self.phase("partition", from, at);
    }

    /// Adversaries begin and end by their own times, or by events.
    fn attacks(&mut self, span: Micros) {
        let Some(first) = self.scenario.adversary.first() else { return };
        let mut switches: Vec<(Micros, bool)> = self
            .told
            .happenings
            .iter()
            .filter_map(|happening| match happening.what {
                What::Attack(on) => Some((happening.at, on)),
                _ => None,
            })
            .collect();
        if switches.is_empty() {
            switches.push((first.from.micros(), true));
            switches.extend(first.until.map(|until| (until.micros(), false)));
            for (at, on) in &switches {
                self.push(*at, What::Attack(*on));
            }
        }
        let ends = switches.iter().skip(1).map(|(at, _)| *at).chain([span]);
        let stretches: Vec<_> = switches.iter().zip(ends).filter(|((_, on), _)| *on).collect();
        for ((from, _), to) in stretches {
            self.phase("attack", *from, to);
        }
    }

    /// The node that a number of the scenario means: in a smaller world it comes round again among the people.
    fn one(&self, node: NodeId) -> NodeId {
        if node < self.cut.nodes {
            node
        } else {
            self.cut.relays + node % self.cut.honest().len().max(1) as NodeId
        }
    }

    /// A part of the honest people, without one.
    fn crowd(&self, share: f64, without: NodeId, rng: &mut impl Rng) -> Vec<NodeId> {
        let people: Vec<NodeId> = self.cut.honest().filter(|node| *node != without).collect();
        some(&people, (share * people.len() as f64).round() as usize, rng)
    }

    fn who(&self, who: &Who, rng: &mut impl Rng) -> Vec<NodeId> {
        let honest: Vec<NodeId> = self.cut.honest().collect();
        let mut nodes = match who {
            Who::All => (0..self.cut.nodes).collect(),
            Who::Relays => (0..self.cut.relays).collect(),
            Who::People => self.cut.people().collect(),
            Who::Share(share) => {
                some(&honest, (share.0 * honest.len() as f64).round().max(1.0) as usize, rng)
            }
            Who::Count(count) => some(&honest, self.scenario.scaled(*count, self.cut.nodes) as usize, rng),
            Who::Region(name) => {
                let region = self.region(name);
                (0..self.cut.nodes).filter(|node| self.nodes[*node as usize].region == region).collect()
            }
            Who::Nodes(list) => list.iter().copied().filter(|node| *node < self.cut.nodes).collect(),
        };
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    fn region(&self, name: &str) -> u16 {
        let regions = self.scenario.regions();
        regions.iter().position(|region| region.name == name).unwrap_or(usize::MAX) as u16
    }

    fn groups(&self, by: &By, rng: &mut impl Rng) -> Vec<u16> {
        let count = self.cut.nodes as usize;
        let even = |groups: u32, rng: &mut _| {
            dealt(count, &vec![1.0; groups as usize], rng).into_iter().map(|group| group as u16).collect()
        };
        match by {
            By::Half => even(2, rng),
            By::Thirds => even(3, rng),
            By::Groups(groups) => even(*groups, rng),
            By::Region => self.nodes.iter().map(|node| node.region).collect(),
            By::Fraction(share) => {
                let off =
                    ((share.0 * count as f64).round() as usize).clamp(1, count.saturating_sub(1).max(1));
                let mut groups: Vec<u16> = (0..count).map(|node| u16::from(node < off)).collect();
                groups.shuffle(rng);
                groups
            }
            By::Nodes(list) => {
                let mut groups = vec![0; count];
                for node in list.iter().filter(|node| **node < self.cut.nodes) {
                    groups[*node as usize] = 1;
                }
                groups
            }
            By::Regions(named) => {
                let regions = self.scenario.regions();
                let group = |name: &String| named.iter().position(|names| names.contains(name));
                let groups: Vec<u16> =
                    regions.iter().map(|region| group(&region.name).unwrap_or(named.len()) as u16).collect();
                self.nodes.iter().map(|node| groups[usize::from(node.region)]).collect()
            }
        }
    }
}

fn ending_name(how: crate::scenario::event::How) -> &'static str {
    match how {
        crate::scenario::event::How::Sleep => "asleep",
        _ => "away",
    }
}
