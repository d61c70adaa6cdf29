//! What the engine holds in memory, told to whoever measures it: a simulation that looks at ten thousand
//! engines, and the law that every queue is bounded. Nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};

use starling_protocol::{limits, sync::Load};

use super::{policy::RATED, state::State};

/// What one engine holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Authors that are followed.
    pub following: usize,
    /// Authors that are blocked.
    pub blocked: usize,
    /// The gossip shards that this node is in.
    pub shards: BTreeSet<u8>,
    /// Connected peers. The network bounds them.
    pub peers: usize,
    /// Sessions in which this node asks.
    pub pulling: usize,
    /// Those of them that have caught up.
    pub caught: usize,
    /// Sessions in which this node answers.
    pub serving: usize,
    /// Everything that grows by what others send, with its bound. Of the queues that each session has,
    /// those of the fullest one.
    pub loads: Vec<Load>,
}

impl Inspection {
    /// What is fuller than it may be: nothing, or there is an error in the engine.
    pub fn overfull(&self) -> impl Iterator<Item = &Load> {
        self.loads.iter().filter(|load| load.held > load.bound)
    }
}

impl State {
    pub fn inspect(&self) -> Inspection {
        let pulling = self.sessions.values().filter(|session| session.pulls()).count();
        let with_peers =
            self.sessions.values().filter(|session| self.peers.contains_key(&session.peer())).count();
        let (claimed, denied) = self.in_flight.sizes();
        // Each session may want four logs of each of its authors, and claims nothing else.
        let claims = self.sessions.len() * 4 * limits::INTERESTS;
        let mut loads = vec![
            // One in each direction: a new one takes the place of an old one. One with a peer that was
            // just left ends by itself.
            Load { name: "sessions", held: with_peers, bound: 2 * self.peers.len() },
            Load { name: "numbered peers", held: self.numbers.len(), bound: self.peers.len() },
            Load { name: "rated authors", held: self.rates.len(), bound: RATED },
            self.pushed.load(),
            self.late.load(),
            Load { name: "claimed logs", held: claimed, bound: claims },
            Load { name: "denied logs", held: denied, bound: claims },
        ];
        let mut fullest: BTreeMap<&'static str, Load> = BTreeMap::new();
        for load in self.sessions.values().flat_map(|session| session.loads()) {
            let held = fullest.entry(load.name).or_insert(load);
            held.held = held.held.max(load.held);
        }
        loads.extend(fullest.into_values());
        Inspection {
            following: self.following.len(),
            blocked: self.blocked.len(),
            shards: self.shards.clone(),
            peers: self.peers.len(),
            pulling,
            caught: self.sessions.values().filter(|session| session.caught()).count(),
            serving: self.sessions.len() - pulling,
            loads,
        }
    }
}
