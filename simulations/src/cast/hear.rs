//! What reaches engines, and what they want done: taken down on the way in and out, past whoever stands between
//! an engine and the network, and under the eyes of the laws.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libp2p::PeerId;
use starling::{
    engine::{
        self, Input, Output,
        checked::{Checked, CheckedFrame},
    },
    network::{self, Event as Net},
};

use super::{Cast, Orders, check};
use crate::{
    adversary::{Attacker, Moment, Wants},
    plan::{Micros, NodeId},
};

impl Cast {
    /// The network tells a node something.
    ///
    /// # Errors
    /// If its store fails.
    pub fn network(&mut self, at: Micros, node: NodeId, events: Vec<Net>) -> anyhow::Result<Orders> {
        if !self.awake(node) {
            return Ok(Orders::new());
        }
        let mut inputs = Vec::with_capacity(events.len());
        let mut wants = Vec::new();
        for event in events {
            let hash = self.trace_event(at, node, &event);
            let event = match self.nodes[node as usize].attacker {
                None => Some(event),
                Some(_) => self
                    .play(at, node, |attacker, moment| {
                        let (left, wanted) = attacker.hears(moment, event);
                        wants.push(wanted);
                        left
                    })
                    .flatten(),
            };
            if let Some(event) = event {
                let found = self.checker.check(&event, hash);
                self.tell_brought(at, node, &event, &found);
                inputs.push(Input::Network(event, found));
            }
        }
        let mut orders = if inputs.is_empty() { Orders::new() } else { self.handle(at, node, inputs) };
        for wanted in wants {
            orders.extend(self.wanted(at, node, wanted));
        }
        Ok(orders)
    }

    /// An entry that gossip brings, told before the engine is.
    fn tell_brought(&mut self, at: Micros, node: NodeId, event: &Net, found: &Checked) {
        if let (Net::Gossip { from, frame, .. }, Checked::Gossip(Some(checked))) = (event, found)
            && let CheckedFrame::Entry(_, entry) = &**checked
        {
            let from = self.node_of(from);
            self.record.brought(at, node, from, entry.id(), frame.len() as u32);
        }
    }

    /// Time passes for a node.
    ///
    /// # Errors
    /// If its store fails.
    pub fn tick(&mut self, at: Micros, node: NodeId) -> anyhow::Result<Orders> {
        let mut orders = self.input(at, node, Input::Tick);
        if let Some(wants) = self.play(at, node, Attacker::tick) {
            orders.extend(self.wanted(at, node, wants));
        }
        Ok(orders)
    }

    /// A node is given one input.
    pub(super) fn input(&mut self, at: Micros, node: NodeId, input: Input) -> Orders {
        match &input {
            Input::Network(event, _) => drop(self.trace_event(at, node, event)),
            Input::Command(request, _) => self.note(at, node, b'a', &request.0.to_le_bytes()),
            Input::Disk(_) => self.note(at, node, b'k', &[]),
            Input::Tick => self.note(at, node, b't', &[]),
        }
        self.handle(at, node, vec![input])
    }

    pub(super) fn handle(&mut self, at: Micros, node: NodeId, inputs: Vec<Input>) -> Orders {
        let outputs = self.outputs(at, node, inputs);
        self.carry(at, node, outputs)
    }

    /// What an engine makes of inputs.
    pub(super) fn outputs(&mut self, at: Micros, node: NodeId, inputs: Vec<Input>) -> Vec<Output> {
        let clock = self.clock(at, node);
        let commanded = inputs.iter().all(|input| matches!(input, Input::Command(..)));
        let held = &mut self.nodes[node as usize];
        let Some(engine) = held.awake() else { return Vec::new() };
        // Whatever is left of an engine that panicked is not used again.
        match catch_unwind(AssertUnwindSafe(|| engine.handle_all(clock, inputs))) {
            Ok(outputs) => {
                self.judge_step(at, node, &outputs, commanded);
                outputs
            }
            Err(panic) => {
                held.engine = None;
                self.panicked(at, node, &*panic);
                Vec::new()
            }
        }
    }

    /// Takes down what comes out of an engine; what it wants the network to do goes on.
    pub(super) fn carry(&mut self, at: Micros, node: NodeId, outputs: Vec<Output>) -> Orders {
        let mut orders = Orders::new();
        for output in outputs {
            match output {
                Output::Network(command) => {
                    if let network::Command::Verdict { message, verdict: network::Verdict::Reject } = &command
                        && let Some(from) = self.node_of(&message.parts().1)
                    {
                        self.record.rejected(at, node, from);
                    }
                    orders.push(command);
                }
                Output::Event(engine::Event::Stored { id, author, .. }) => {
                    self.record.stored(at, node, id);
                    if let Some(author) = self.author_node(&author).filter(|author| !self.is_honest(*author))
                        && self.is_honest(node)
                    {
                        self.record.reached(at, node, author);
                    }
                }
                Output::Event(engine::Event::Forked { author, .. }) => {
                    if let Some(author) = self.author_node(&author) {
                        self.record.forked(at, node, author);
                    }
                }
                Output::Event(_) | Output::Reply(..) | Output::Status(_) => {}
            }
        }
        if self.nodes[node as usize].attacker.is_none() {
            return orders;
        }
        let mut wants = Wants::default();
        let said = self.play(at, node, |attacker, moment| {
            let (orders, wanted) = attacker.says(moment, std::mem::take(&mut orders));
            wants = wanted;
            orders
        });
        // Nobody plays where nothing runs: then the orders, if there are any, are the engine's last.
        let mut orders = said.unwrap_or(orders);
        orders.extend(self.wanted(at, node, wants));
        orders
    }

    /// Lets the adversary of a node see what is the case and say what it wants, if there is one and it runs.
    fn play<R>(
        &mut self,
        at: Micros,
        node: NodeId,
        play: impl FnOnce(&mut Attacker, &Moment<'_>) -> R,
    ) -> Option<R> {
        let clock = self.clock(at, node);
        let held = &mut self.nodes[node as usize];
        let engine = held.engine.as_ref().filter(|_| !held.asleep)?;
        let attacker = held.attacker.as_mut()?;
        let (plan, people) = (&*self.plan, &*self.people);
        Some(play(attacker, &Moment { at, clock, node, plan, people, store: engine.store() }))
    }

    /// Does what an adversary wants done.
    fn wanted(&mut self, at: Micros, node: NodeId, wants: Wants) -> Orders {
        let Wants { wishes, mut orders, lied } = wants;
        if lied {
            self.record.lied(at, node);
        }
        if !wishes.is_empty() {
            orders.extend(self.wish(at, node, wishes));
        }
        orders
    }

    /// Goes into the trace, if one is kept.
    pub(super) fn note(&mut self, at: Micros, node: NodeId, tag: u8, what: &[u8]) {
        if !self.free {
            self.record.trace(at, node, tag, what);
        }
    }

    /// Takes an event down; the hash of what was gossiped, which is of use again.
    fn trace_event(&mut self, at: Micros, node: NodeId, event: &Net) -> Option<check::Hash> {
        if self.free {
            return None;
        }
        let who = |cast: &Self, peer: &PeerId| cast.node_of(peer).unwrap_or(NodeId::MAX).to_le_bytes();
        match event {
            Net::Gossip { from, frame, .. } => {
                let mut what = [0; 12];
                let hash = *blake3::hash(frame).as_bytes();
                what[..4].copy_from_slice(&who(self, from));
                what[4..].copy_from_slice(&hash[..8]);
                self.record.trace(at, node, b'g', &what);
                return Some(hash);
            }
            Net::SyncFrame { frame, .. } => {
                self.record.trace(at, node, b'y', &blake3::hash(frame).as_bytes()[..8]);
            }
            Net::Connected { peer, .. } => {
                let peer = who(self, peer);
                self.record.trace(at, node, b'c', &peer);
            }
            Net::Disconnected { peer } => {
                let peer = who(self, peer);
                self.record.trace(at, node, b'd', &peer);
            }
            _ => self.record.trace(at, node, b'n', &[]),
        }
        None
    }
}
