//! Those who do not keep to the rules. Each is a node like any other, with the node's own engine; between that and
//! the network stands somebody who hears first, speaks last, and acts when it suits them. They use what anybody
//! could write: the public protocol, their own keys, the bytes that reach them.
//!
//! | role | file |
//! |---|---|
//! | sybil | [`sybil`]: many voices of one mouth |
//! | eclipse | [`eclipse`]: surrounds victims and keeps back what passes |
//! | flood | [`flood`]: frames without end, part of them broken |
//! | equivocate | [`equivocate`]: two entries for one place |
//! | replay | [`replay`]: what was said long ago, and an old state of feeds |
//! | slow read | no file: it is the layer that reads slowly, at [`Schedule::read_rate`] |

mod eclipse;
mod equivocate;
mod flood;
mod replay;
mod shelf;
mod sybil;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use libp2p::PeerId;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use starling::{
    engine,
    network::{self, Event as Net, StreamId, SyncRole},
    store::Store,
};
use starling_protocol::payload::Content;

use crate::{
    people::{self, Person},
    plan::{Micros, NodeId, Plan, Role, What},
};

/// Somebody who does not keep to the rules.
pub trait Adversary: Send {
    /// It is time to begin, or to begin again.
    fn begin(&mut self, scene: &mut Scene<'_>) {
        let _ = scene;
    }

    /// When it wants to act by itself.
    fn next(&self) -> Option<Micros> {
        None
    }

    /// It acts by itself: [`Adversary::next`] has come, and is later after this.
    fn act(&mut self, scene: &mut Scene<'_>) {
        let _ = scene;
    }

    /// Something reaches the node. What is returned reaches its engine.
    fn hears(&mut self, scene: &mut Scene<'_>, event: Net) -> Option<Net> {
        let _ = scene;
        Some(event)
    }

    /// The engine wants something done. What is returned is done.
    fn says(&mut self, scene: &mut Scene<'_>, order: network::Command) -> Option<network::Command> {
        let _ = scene;
        Some(order)
    }

    /// Enough: from now on the node keeps to the rules.
    fn end(&mut self, scene: &mut Scene<'_>) {
        let _ = scene;
    }
}

/// What somebody sees when they act, and what they want done.
pub struct Scene<'a> {
    /// Virtual time.
    pub at: Micros,
    /// What the node's clock shows, in milliseconds since 1970.
    pub clock: u64,
    /// Which node.
    pub node: NodeId,
    /// The world. An attacker may know all of it.
    pub plan: &'a Plan,
    /// Everybody, by node. Of others only what is public is to be used.
    pub people: &'a [Person],
    /// What the node holds.
    pub store: &'a Store,
    /// Who is connected.
    pub peers: &'a BTreeSet<PeerId>,
    /// Streams on which the engine answers.
    pub serving: &'a BTreeMap<StreamId, PeerId>,
    /// Chance, of this node alone.
    pub rng: &'a mut ChaCha8Rng,
    /// What the engine shall be asked for, as by its person.
    pub wishes: Vec<engine::Command>,
    /// What the network shall do.
    pub orders: Vec<network::Command>,
    /// Whether it signed a second entry for one place just now.
    pub lied: bool,
}

impl Scene<'_> {
    /// Whose node this is.
    pub fn me(&self) -> &Person {
        &self.people[self.node as usize]
    }

    /// Calls a node, unless it is connected.
    pub fn dial(&mut self, node: NodeId) {
        let peer = self.people[node as usize].peer;
        if node != self.node && !self.peers.contains(&peer) {
            let addresses = vec![people::address(node)];
            self.orders.push(network::Command::Dial { peer: Some(peer), addresses });
        }
    }

    /// Has the engine post something.
    pub fn post(&mut self, text: String) {
        let content = Box::new(Content { text, ..Content::default() });
        self.wishes.push(engine::Command::Publish { content, in_reply_to: None, idempotency: None });
    }

    /// Ends the streams on which the engine answers: whoever asks again is answered by somebody else.
    pub fn hang_up(&mut self) {
        let close = |stream: &StreamId| network::Command::CloseSync { stream: *stream };
        self.orders.extend(self.serving.keys().map(close));
    }
}

/// When attacks are on: what the plan says, and from the beginning if it says nothing.
#[derive(Debug, Clone, Default)]
pub struct Schedule(Vec<(Micros, bool)>);

impl Schedule {
    /// Of a plan.
    pub fn of(plan: &Plan) -> Self {
        let attacks = plan.happenings.iter().filter_map(|happening| match happening.what {
            What::Attack(on) => Some((happening.at, on)),
            _ => None,
        });
        let mut attacks: Vec<(Micros, bool)> = attacks.collect();
        if attacks.is_empty() {
            attacks.push((0, true));
        }
        Self(attacks)
    }

    /// Whether an attack is on.
    pub fn active(&self, at: Micros) -> bool {
        self.0.iter().rev().find(|(from, _)| *from <= at).is_some_and(|(_, on)| *on)
    }

    /// When that changes next.
    pub fn next(&self, at: Micros) -> Option<Micros> {
        self.0.iter().map(|(from, _)| *from).find(|from| *from > at)
    }

    /// Bytes a second that a node in this role takes in, if that is bounded now.
    pub fn read_rate(&self, at: Micros, role: &Role) -> Option<u64> {
        match role {
            Role::SlowRead { bytes_per_second } if self.active(at) => Some(*bytes_per_second),
            _ => None,
        }
    }
}

/// An adversary at its node: knows who is connected, and when attacks are on.
pub struct Attacker {
    what: Box<dyn Adversary>,
    schedule: Arc<Schedule>,
    active: bool,
    peers: BTreeSet<PeerId>,
    serving: BTreeMap<StreamId, PeerId>,
    rng: ChaCha8Rng,
}

/// What the attacker needs of its world at a moment.
pub struct Moment<'a> {
    /// Virtual time.
    pub at: Micros,
    /// What the node's clock shows.
    pub clock: u64,
    /// Which node.
    pub node: NodeId,
    /// The world.
    pub plan: &'a Plan,
    /// Everybody.
    pub people: &'a [Person],
    /// The node's store.
    pub store: &'a Store,
}

/// What came of a scene.
#[derive(Default)]
pub struct Wants {
    /// What the engine shall be asked for.
    pub wishes: Vec<engine::Command>,
    /// What the network shall do.
    pub orders: Vec<network::Command>,
    /// Whether a second entry for one place was signed.
    pub lied: bool,
}

impl Attacker {
    /// Whoever a role needs between engine and network, if it needs anybody.
    pub fn of(plan: &Plan, node: NodeId, schedule: &Arc<Schedule>) -> Option<Self> {
        let what: Box<dyn Adversary> = match &plan.nodes[node as usize].role {
            Role::Honest | Role::SlowRead { .. } => return None,
            Role::Sybil => Box::<sybil::Sybil>::default(),
            Role::Eclipse { victims } => Box::new(eclipse::Eclipse::new(victims.clone())),
            Role::Flood { per_second, garbage } => Box::new(flood::Flood::new(*per_second, *garbage)),
            Role::Equivocate => Box::<equivocate::Equivocate>::default(),
            Role::Replay => Box::<replay::Replay>::default(),
        };
        Some(Self::with(what, plan, node, schedule.clone()))
    }

    /// Somebody of one's own.
    pub fn with(what: Box<dyn Adversary>, plan: &Plan, node: NodeId, schedule: Arc<Schedule>) -> Self {
        let rng = ChaCha8Rng::from_seed(people::derive(plan.seed, node, "adversary"));
        let (peers, serving) = (BTreeSet::new(), BTreeMap::new());
        Self { what, schedule, active: false, peers, serving, rng }
    }

    /// When it wants to act: later than `at`.
    pub fn next(&self, at: Micros) -> Option<Micros> {
        let due = (self.active != self.schedule.active(at)).then_some(at);
        let acts = if self.active { self.what.next() } else { None };
        let next = due.into_iter().chain(acts).chain(self.schedule.next(at)).min()?;
        Some(next.max(at + 1))
    }

    /// Time passes.
    pub fn tick(&mut self, moment: &Moment<'_>) -> Wants {
        let active = self.schedule.active(moment.at);
        let changed = active != std::mem::replace(&mut self.active, active);
        self.scene(moment, |what, scene| {
            if changed && active {
                what.begin(scene);
            } else if changed {
                what.end(scene);
            }
            if active && what.next().is_some_and(|next| next <= scene.at) {
                what.act(scene);
            }
        })
        .1
    }

    /// Something reaches the node.
    pub fn hears(&mut self, moment: &Moment<'_>, event: Net) -> (Option<Net>, Wants) {
        match &event {
            Net::Connected { peer, .. } => drop(self.peers.insert(*peer)),
            Net::Disconnected { peer } => drop(self.peers.remove(peer)),
            _ => {}
        }
        let active = self.active;
        let (left, wants) = self.scene(moment, |what, scene| match active {
            true => what.hears(scene, event),
            false => Some(event),
        });
        match &left {
            Some(Net::SyncOpened { stream, peer, role: SyncRole::Serve }) => {
                self.serving.insert(*stream, *peer);
            }
            Some(Net::SyncClosed { stream, .. }) => drop(self.serving.remove(stream)),
            _ => {}
        }
        (left, wants)
    }

    /// The engine wants something done.
    pub fn says(
        &mut self,
        moment: &Moment<'_>,
        orders: Vec<network::Command>,
    ) -> (Vec<network::Command>, Wants) {
        if !self.active {
            return (orders, Wants::default());
        }
        self.scene(moment, |what, scene| {
            orders.into_iter().filter_map(|order| what.says(scene, order)).collect()
        })
    }

    /// The node stopped: its connections are gone.
    pub fn stopped(&mut self) {
        self.peers.clear();
        self.serving.clear();
    }

    fn scene<R>(
        &mut self,
        moment: &Moment<'_>,
        play: impl FnOnce(&mut dyn Adversary, &mut Scene<'_>) -> R,
    ) -> (R, Wants) {
        let mut scene = Scene {
            at: moment.at,
            clock: moment.clock,
            node: moment.node,
            plan: moment.plan,
            people: moment.people,
            store: moment.store,
            peers: &self.peers,
            serving: &self.serving,
            rng: &mut self.rng,
            wishes: Vec::new(),
            orders: Vec::new(),
            lied: false,
        };
        let result = play(&mut *self.what, &mut scene);
        let Scene { wishes, orders, lied, .. } = scene;
        (result, Wants { wishes, orders, lied })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_go_on_and_off_by_the_plan_or_are_always_on() {
        let schedule = Schedule(vec![(5, true), (9, false)]);
        let active: Vec<bool> = [0, 4, 5, 8, 9, 100].map(|at| schedule.active(at)).into();
        assert_eq!(active, [false, false, true, true, false, false]);
        assert_eq!([0, 5, 9].map(|at| schedule.next(at)), [Some(5), Some(9), None]);
        let slow = Role::SlowRead { bytes_per_second: 7 };
        assert_eq!(schedule.read_rate(6, &slow), Some(7));
        assert_eq!(schedule.read_rate(4, &slow), None);
        assert_eq!(schedule.read_rate(6, &Role::Honest), None);
    }
}
