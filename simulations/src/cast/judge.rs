//! When the laws are checked, and by what everybody knows together: no node alone can say whether an author
//! signed something, but the world can.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use starling::{
    engine::{Event, Output, Reply},
    store::{self, Reader, Store},
};
use starling_protocol::{AuthorId, EntryId};

use super::Cast;
use crate::{
    control::{Checking, Ended},
    invariant::{self, Holding, Law, Violation},
    plan::{Micros, NodeId, SEC, What},
};

/// Violations that are kept whole; beyond, they are counted. One that is real shows again and again.
const KEPT: usize = 100;
/// Nodes whose logs and indexes are gone through at one sample, in turn: a store of a day takes some milliseconds.
const AUDITED: usize = 64;
/// Nodes whose every signature is checked again at one sample, in turn.
const VERIFIED: usize = 4;
/// Nodes that are gone through at the end: all of most worlds, and of the largest a part, evenly spread.
const AUDITED_AT_END: usize = 1_000;
/// The same with every signature.
const VERIFIED_AT_END: usize = 64;
/// So long after the last happening followers agree: three of the minutes that a repair may take.
const QUIET: Micros = 180 * SEC;

/// Watches over the laws.
pub struct Judge {
    checking: Checking,
    found: Vec<Violation>,
    count: u64,
    /// What honest authors signed.
    signed: HashSet<EntryId>,
    /// What each node was told is posted.
    answered: BTreeMap<NodeId, Vec<EntryId>>,
    /// What nodes held when they stopped.
    held: BTreeMap<NodeId, Holding>,
    /// Whose turn it is.
    turn: usize,
}

impl Judge {
    /// As closely as that.
    pub fn new(checking: Checking) -> Self {
        Self {
            checking,
            found: Vec::new(),
            count: 0,
            signed: HashSet::new(),
            answered: BTreeMap::new(),
            held: BTreeMap::new(),
            turn: 0,
        }
    }

    fn idle(&self) -> bool {
        self.checking == Checking::Off
    }
}

impl Cast {
    /// Laws that were broken so far: the first hundred, and how many there are.
    pub fn violations(&self) -> (&[Violation], u64) {
        (&self.judge.found, self.judge.count)
    }

    /// Notes that a law was broken. Layers tell of their own queues by this.
    pub fn broken(&mut self, at: Micros, node: Option<NodeId>, law: Law, what: String) {
        self.judge.count += 1;
        self.record.violated(at, node, format!("{}: {what}", law.name()));
        if self.judge.found.len() < KEPT {
            self.judge.found.push(Violation { at, node, law, what });
        }
    }

    fn all_broken(&mut self, at: Micros, node: NodeId, law: Law, found: Result<Vec<String>, store::Error>) {
        let found = found.unwrap_or_else(|error| vec![format!("the store cannot be read: {error}")]);
        for what in found {
            self.broken(at, Some(node), law, what);
        }
    }

    /// An engine panicked.
    pub(super) fn panicked(&mut self, at: Micros, node: NodeId, panic: &(dyn Any + Send)) {
        let said = panic.downcast_ref::<&str>().copied().map(String::from);
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        self.broken(at, Some(node), Law::Alive, said.unwrap_or_else(|| "it did not say why".into()));
    }

    /// A node took a step; its outputs have not left yet. `commanded`: nothing but its own person moved it.
    pub(super) fn judge_step(&mut self, at: Micros, node: NodeId, outputs: &[Output], commanded: bool) {
        if self.judge.idle() {
            return;
        }
        let me = self.person(node).author;
        let mut changed = commanded;
        let mut stored = Vec::new();
        for output in outputs {
            match output {
                Output::Reply(_, Ok(Reply::Published { id, .. })) => {
                    self.judge.answered.entry(node).or_default().push(*id);
                }
                Output::Event(Event::Stored { id, author, .. }) => {
                    changed = true;
                    stored.push(*id);
                    if commanded && *author == me {
                        self.judge.signed.insert(*id);
                    } else if self.forged(id, author) {
                        self.broken(at, Some(node), Law::Authentic, format!("{id} of {author}"));
                    }
                }
                Output::Event(Event::Forked { author, seq, .. }) => {
                    changed = true;
                    if self.author_node(author).is_some_and(|author| self.is_honest(author)) {
                        let what = format!("a log of {author} from {seq} on");
                        self.broken(at, Some(node), Law::Unforked, what);
                    }
                }
                Output::Event(_) => changed = true,
                _ => {}
            }
        }
        if self.judge.checking != Checking::Steps {
            return;
        }
        let Some(engine) = self.engine(node) else { return };
        let bounded = invariant::bounded(&engine.inspect());
        let store = engine.store().clone();
        self.all_broken(at, node, Law::Bounded, Ok(bounded));
        let committed = store.read().and_then(|reader| invariant::committed(&reader, &me, outputs));
        self.all_broken(at, node, Law::Committed, committed);
        if changed {
            // The signatures of what was there before were checked when it came, and are again at samples.
            let unsigned = store.read().and_then(|reader| self.unsigned(&reader, &stored));
            self.all_broken(at, node, Law::Verified, unsigned);
            self.judge_store(at, node, &store, false);
        }
    }

    /// Of what was just stored that which does not verify as it stands in the store.
    fn unsigned(&mut self, reader: &Reader, stored: &[EntryId]) -> Result<Vec<String>, store::Error> {
        let mut bad = Vec::new();
        for id in stored {
            let Some(held) = reader.provenance(id)? else { continue };
            if let Err(invalid) = self.checker.entry(&held.bytes) {
                bad.push(format!("{id}: {invalid}"));
            }
        }
        Ok(bad)
    }

    /// Whether an entry in an honest author's name is none of theirs.
    fn forged(&self, id: &EntryId, author: &AuthorId) -> bool {
        self.author_node(author).is_some_and(|author| self.is_honest(author))
            && !self.judge.signed.contains(id)
    }

    fn judge_store(&mut self, at: Micros, node: NodeId, store: &Store, signatures: bool) {
        self.all_broken(at, node, Law::Sound, invariant::sound(store));
        if signatures {
            self.all_broken(at, node, Law::Verified, invariant::verified(store));
        }
        let blocked = &self.nodes[node as usize].blocked;
        if !blocked.is_empty() {
            let blocked: BTreeSet<AuthorId> = blocked.iter().map(|whom| self.person(*whom).author).collect();
            let seen = store.read().and_then(|reader| invariant::unseen(&reader, &blocked));
            self.all_broken(at, node, Law::Unseen, seen);
        }
    }

    /// A node is about to stop, other than to sleep.
    pub(super) fn judge_stop(&mut self, at: Micros, node: NodeId) {
        if self.judge.idle() {
            return;
        }
        let me = self.person(node).author;
        let Some(engine) = self.engine(node) else { return };
        match engine.store().read().and_then(|reader| invariant::holding(&reader, &me)) {
            Ok(holding) => drop(self.judge.held.insert(node, holding)),
            Err(error) => self.all_broken(at, node, Law::Kept, Err(error)),
        }
    }

    /// A node is about to start over this store.
    pub(super) fn judge_restart(
        &mut self,
        at: Micros,
        node: NodeId,
        store: &Store,
    ) -> Result<(), store::Error> {
        let Some(before) = self.judge.held.remove(&node) else { return Ok(()) };
        let reader = store.read()?;
        let mut lost = invariant::kept(&before, &invariant::holding(&reader, &self.person(node).author)?);
        if let Some(ids) = self.judge.answered.get(&node) {
            lost.extend(invariant::answered(&reader, ids)?);
        }
        self.all_broken(at, node, Law::Kept, Ok(lost));
        Ok(())
    }

    /// A sample is taken: some nodes are gone through, in turn.
    pub(super) fn judge_sample(&mut self, at: Micros) {
        if self.judge.idle() {
            return;
        }
        for node in 0..self.nodes.len() as NodeId {
            if let Some(engine) = self.engine(node) {
                let bounded = invariant::bounded(&engine.inspect());
                self.all_broken(at, node, Law::Bounded, Ok(bounded));
            }
        }
        let count = self.nodes.len();
        for step in 0..AUDITED.min(count) {
            let node = (self.judge.turn + step) % count;
            self.judge_node(at, node as NodeId, step < VERIFIED);
        }
        // The next sample begins where the signatures of this one ended: all come to have theirs checked.
        self.judge.turn =
            (self.judge.turn + if count <= AUDITED { VERIFIED } else { AUDITED }) % count.max(1);
    }

    fn judge_node(&mut self, at: Micros, node: NodeId, signatures: bool) {
        if let Some(store) = self.engine(node).map(|engine| engine.store().clone()) {
            self.judge_store(at, node, &store, signatures);
        }
    }

    /// The end.
    pub(super) fn judge_end(&mut self, ended: Ended) -> Result<(), store::Error> {
        if self.judge.idle() {
            return Ok(());
        }
        let at = ended.at;
        let count = self.nodes.len();
        let (audited, verified) = (AUDITED_AT_END.min(count), VERIFIED_AT_END.min(count));
        for step in 0..audited {
            let node = (step * count / audited) as NodeId;
            self.judge_node(at, node, step * verified / audited != (step + 1) * verified / audited);
            if self.is_honest(node)
                && let Some(engine) = self.engine(node)
                && let Some(ids) = self.judge.answered.get(&node)
            {
                let lost = invariant::answered(&engine.store().read()?, ids);
                self.all_broken(at, node, Law::Kept, lost);
            }
        }
        if ended.complete && self.quiet(at) {
            let agreement = self.heads_agree()?;
            if agreement.agreeing < agreement.pairs {
                let what = format!(
                    "{} of {} pairs of follower and author, such as {:?}",
                    agreement.pairs - agreement.agreeing,
                    agreement.pairs,
                    agreement.apart
                );
                self.broken(at, None, Law::Agreed, what);
            }
        }
        Ok(())
    }

    /// Whether the world is whole and nothing has happened for so long that followers must agree.
    fn quiet(&self, at: Micros) -> bool {
        let happenings = &self.plan.happenings;
        let happened = happenings.iter().filter(|happening| happening.at <= at);
        let whole = happened.clone().rev().find_map(|happening| match happening.what {
            What::Cut(_) => Some(false),
            What::Heal => Some(true),
            _ => None,
        });
        let attacked = self.plan.nodes.iter().any(|node| !node.role.honest()) && self.schedule.active(at);
        let last = happened.map(|happening| happening.at).max().unwrap_or(0);
        whole.unwrap_or(true) && !attacked && at >= last + QUIET
    }
}
