//! Which devices speak for an author, and up to where.
//!
//! An identity is its inception record and a set of signed operations. Operations of one root key
//! form an *epoch*; a rotation, signed by the root that the epoch had committed to, ends it and
//! says anew who speaks. What an identity means is a function of the set alone, never of the order
//! in which its operations arrived, so that all nodes that hold the same set agree:
//!
//! - a device speaks if it was added and not removed; a removed key never comes back;
//! - a removed device speaks up to its cut-off in each log; of two cut-offs the lower holds, of two
//!   at one height the one with the lower id;
//! - a rotation replaces all that earlier epochs said: only devices that it keeps or cuts remain.
//!   Of two rotations of one epoch the one with the lower id holds. Both hand over to the same root,
//!   because what commits to a root commits to all after it: a root that was stolen says what it
//!   likes until the next takes over, and cannot choose which that is;
//! - a retirement cuts every device off, and adds nothing later.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

use crate::{
    cbor,
    entry::log,
    id::{AuthorId, DeviceKey, EntryId},
    keys::{self, Secret},
    limits,
};

/// Why bytes are not an identity or one of its operations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the canonical encoding of a record.
    #[error("not an identity record: {0}")]
    Encoding(#[from] cbor::Error),
    /// Too many operations or too many bytes.
    #[error("an identity has limits: {0}")]
    Limit(&'static str),
    /// The inception hashes to another author.
    #[error("the inception record is of another author")]
    Author,
    /// A version that this crate does not speak.
    #[error("identity records of version {0} are not understood")]
    Version(u8),
    /// Signed by no key that may.
    #[error("the operation is not signed by the root key of its epoch")]
    Signature,
    /// An operation of an epoch whose rotation is not among the operations.
    #[error("operation of epoch {0}, whose rotation is missing")]
    Epoch(u32),
}

/// Where a removed device's log ends: the last entry that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cutoff(
    /// The log.
    pub u8,
    /// Sequence number of the last accepted entry.
    pub u64,
    /// Its id, which chooses a branch where the log forked.
    pub EntryId,
);

/// A device and where each of its logs ends; a log that is not named holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal(
    /// The device.
    pub DeviceKey,
    /// Its cut-offs, by log.
    pub Vec<Cutoff>,
);

/// What the operation does. On the wire a list of a number and the fields in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// 0: this device speaks for the author.
    AddDevice(DeviceKey),
    /// 1: this device speaks no longer.
    RemoveDevice(Removal),
    /// 2: the next root takes over. Signed by it, not by the root of the epoch that it ends.
    RotateRoot {
        /// Public half of the new root, as committed to.
        root: DeviceKey,
        /// Commitment to the root after it.
        next: [u8; 32],
        /// Devices that go on.
        keep: Vec<DeviceKey>,
        /// Devices whose past is accepted.
        removals: Vec<Removal>,
    },
    /// 3: nobody speaks for the author any more.
    Retire(Vec<Removal>),
}

impl Action {
    /// Whether every cut-off is at a place that an entry can have.
    fn is_sound(&self) -> bool {
        let sound = |Removal(_, cutoffs): &Removal| {
            cutoffs.iter().all(|cutoff| cutoff.0 < log::COUNT && cutoff.1 <= limits::MAX_SEQ)
        };
        match self {
            Self::AddDevice(_) => true,
            Self::RemoveDevice(removal) => sound(removal),
            Self::RotateRoot { removals, .. } | Self::Retire(removals) => removals.iter().all(sound),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ActionWire {
    Rotate(u8, DeviceKey, ByteArray<32>, Vec<DeviceKey>, Vec<Removal>),
    Add(u8, DeviceKey),
    Remove(u8, Removal),
    Retire(u8, Vec<Removal>),
}

impl From<&Action> for ActionWire {
    fn from(action: &Action) -> Self {
        match action.clone() {
            Action::AddDevice(device) => Self::Add(0, device),
            Action::RemoveDevice(removal) => Self::Remove(1, removal),
            Action::RotateRoot { root, next, keep, removals } => {
                Self::Rotate(2, root, ByteArray::new(next), keep, removals)
            }
            Action::Retire(removals) => Self::Retire(3, removals),
        }
    }
}

impl TryFrom<ActionWire> for Action {
    type Error = cbor::Error;

    fn try_from(wire: ActionWire) -> Result<Self, cbor::Error> {
        Ok(match wire {
            ActionWire::Add(0, device) => Self::AddDevice(device),
            ActionWire::Remove(1, removal) => Self::RemoveDevice(removal),
            ActionWire::Rotate(2, root, next, keep, removals) => {
                Self::RotateRoot { root, next: next.into_array(), keep, removals }
            }
            ActionWire::Retire(3, removals) => Self::Retire(removals),
            _ => return Err(cbor::Error::Malformed("no such identity operation".into())),
        })
    }
}

/// The record that began an identity: `[version, root 0, commitment to root 1]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inception(u8, DeviceKey, ByteArray<32>);

impl Inception {
    /// The inception that a phrase gives: always the same one.
    pub fn of(phrase: &keys::Phrase) -> Self {
        Self(limits::VERSION, phrase.root(0).public(), ByteArray::new(phrase.commitment(1)))
    }

    /// The author that this record began.
    pub fn author(&self) -> AuthorId {
        AuthorId::new(*blake3::hash(&cbor::encode(self)).as_bytes())
    }
}

/// One operation, signed: on the wire `[body, signature]`, the body
/// `[version, author, epoch, action]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    id: [u8; 32],
    body: Vec<u8>,
    signature: [u8; 64],
    author: AuthorId,
    epoch: u32,
    action: Action,
    /// Whether the signature was checked.
    checked: bool,
}

#[derive(Serialize, Deserialize)]
struct Body(u8, AuthorId, u32, ActionWire);

impl Operation {
    /// Signs `action` with the root of `epoch`; a rotation with the root that takes over.
    pub fn sign(author: AuthorId, epoch: u32, action: Action, root: &Secret) -> Self {
        let body = cbor::encode(&Body(limits::VERSION, author, epoch, (&action).into()));
        let id = *blake3::hash(&body).as_bytes();
        let signature = root.sign(keys::IDENTITY_SIGNATURE, &id);
        Self { id, body, signature, author, epoch, action, checked: false }
    }

    /// BLAKE3 of the body.
    pub fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// What it does.
    pub fn action(&self) -> &Action {
        &self.action
    }

    fn parse(body: &[u8], signature: [u8; 64]) -> Result<Self, Error> {
        if body.len() > limits::IDENTITY_OPERATION_BYTES {
            return Err(Error::Limit("an operation is too long"));
        }
        let Body(version, author, epoch, action) = cbor::decode_canonical(body)?;
        if version != limits::VERSION {
            return Err(Error::Version(version));
        }
        let action: Action = action.try_into()?;
        if !action.is_sound() {
            return Err(Error::Limit("a cut-off is where no entry can be"));
        }
        let id = *blake3::hash(body).as_bytes();
        Ok(Self { id, body: body.to_vec(), signature, author, epoch, action, checked: false })
    }
}

/// What an operation takes in a record beside its body: the signature and the framing of both.
const OPERATION_FRAMING: usize = 70;

/// The wire form of an identity, whole or in part: `[inception, [[body, signature], …]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record(ByteBuf, Vec<(ByteBuf, ByteArray<64>)>);

impl Record {
    /// The author, if the inception is one.
    pub fn author(&self) -> Result<AuthorId, Error> {
        let inception: Inception = cbor::decode_canonical(&self.0)?;
        if inception.0 != limits::VERSION {
            return Err(Error::Version(inception.0));
        }
        Ok(inception.author())
    }

    /// Bytes of the operations, for those who budget.
    pub fn size(&self) -> usize {
        self.0.len() + self.1.iter().map(|(body, _)| body.len() + OPERATION_FRAMING).sum::<usize>()
    }
}

/// Whether a device may have said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// It speaks.
    Speaks,
    /// It spoke, up to this entry of the log.
    Until(u64, EntryId),
    /// It never spoke in this log as far as this identity says.
    Silent,
}

/// An identity as far as it is known: verified operations and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    inception: Inception,
    /// In the order of their ids, each once. A list and no map: nearly all identities have one operation or two, and a
    /// node keeps those of everybody that its person follows.
    operations: Vec<Operation>,
    meaning: Meaning,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    epoch: u32,
    root: DeviceKey,
    devices: BTreeSet<DeviceKey>,
    cut: BTreeMap<DeviceKey, BTreeMap<u8, (u64, EntryId)>>,
    retired: bool,
}

impl Identity {
    /// An identity of which only the inception is known.
    pub fn begin(inception: Inception) -> Self {
        let meaning = Meaning::begin(&inception);
        Self { inception, operations: Vec::new(), meaning }
    }

    /// Reads and verifies a record.
    pub fn verify(record: &Record) -> Result<Self, Error> {
        record.author()?;
        let mut identity = Self::begin(cbor::decode_canonical(&record.0)?);
        identity.merge(record)?;
        Ok(identity)
    }

    /// Reads a record back from a store that took it as an [`Identity`]: everything is checked again but
    /// the signatures.
    pub fn trusted(record: &Record) -> Result<Self, Error> {
        record.author()?;
        let mut identity = Self::begin(cbor::decode_canonical(&record.0)?);
        identity.join(record, true)?;
        Ok(identity)
    }

    /// Adds what `record` has and this has not. True if that changed anything. Either all of the
    /// record is good, or nothing of it is taken.
    pub fn merge(&mut self, record: &Record) -> Result<bool, Error> {
        self.join(record, false)
    }

    /// Whether a record, byte for byte, says nothing that is not known: the common case, told without
    /// parsing or copying anything. False may also mean that the same is said in another way.
    pub fn knows(&self, record: &Record) -> bool {
        let held = |(body, signature): &(ByteBuf, ByteArray<64>)| {
            self.operations
                .iter()
                .any(|operation| operation.body == body.as_slice() && operation.signature == **signature)
        };
        record.0.as_slice() == cbor::encode(&self.inception) && record.1.iter().all(held)
    }

    fn join(&mut self, record: &Record, trusted: bool) -> Result<bool, Error> {
        if record.author()? != self.author() {
            return Err(Error::Author);
        }
        if record.1.len() > limits::IDENTITY_OPERATIONS {
            return Err(Error::Limit("too many operations"));
        }
        let mut merged = self.clone();
        merged.operations.reserve_exact(record.1.len());
        for (body, signature) in &record.1 {
            let operation = Operation::parse(body, signature.into_array())?;
            if operation.author != self.author() {
                return Err(Error::Author);
            }
            // The first signature seen for an operation stays: a second one adds nothing.
            if let Err(place) = merged.operations.binary_search_by(|held| held.id.cmp(&operation.id)) {
                merged.operations.insert(place, operation);
            }
        }
        if merged.operations.len() == self.operations.len() {
            return Ok(false);
        }
        merged.check_signatures(trusted)?;
        merged.keep_first();
        if merged.operations.iter().map(Operation::id).eq(self.operations.iter().map(Operation::id)) {
            return Ok(false);
        }
        merged.meaning = Meaning::of(&merged.inception, &merged.operations);
        merged.operations.shrink_to_fit();
        *self = merged;
        Ok(true)
    }

    /// Of the rotations of one epoch only the one that holds is kept. Of more operations than an identity may
    /// have, the first are: rotations by epoch, then all else from the last epoch backwards, then by id. So
    /// whoever signs too many is understood alike by everybody, whatever came first; an epoch is never kept
    /// without the rotation that began it; and with a root that was stolen nobody can fill the places of what
    /// its owner says after the rotation.
    fn keep_first(&mut self) {
        let mut rotated = BTreeSet::new();
        // In the order of their ids.
        self.operations.retain(|operation| {
            !matches!(operation.action, Action::RotateRoot { .. }) || rotated.insert(operation.epoch)
        });
        if self.operations.len() <= limits::IDENTITY_OPERATIONS {
            return;
        }
        let rank = |operation: &Operation| {
            let rotates = matches!(operation.action, Action::RotateRoot { .. });
            (!rotates, if rotates { operation.epoch } else { u32::MAX - operation.epoch }, operation.id)
        };
        let mut ranks: Vec<_> = self.operations.iter().map(rank).collect();
        ranks.sort_unstable();
        let last = ranks[limits::IDENTITY_OPERATIONS - 1];
        self.operations.retain(|operation| rank(operation) <= last);
    }

    /// Adds one operation that was just signed here.
    pub fn apply(&mut self, operation: Operation) -> Result<bool, Error> {
        let signed = (ByteBuf::from(operation.body), ByteArray::new(operation.signature));
        self.merge(&Record(ByteBuf::from(cbor::encode(&self.inception)), vec![signed]))
    }

    /// Every operation must be signed by the root of its epoch, or for a rotation by the root that this one
    /// committed to. What commits to a root commits to all after it, so all rotations of an epoch name the
    /// same: a set that passes still passes after more is added, whatever the order. Each signature is
    /// checked once; those of a `trusted` set were.
    fn check_signatures(&mut self, trusted: bool) -> Result<(), Error> {
        let mut epoch = 0;
        let mut known = 0;
        let mut turn = Some((self.inception.1, self.inception.2.into_array()));
        while let Some((current, committed)) = turn.take() {
            for operation in self.operations.iter_mut().filter(|operation| operation.epoch == epoch) {
                let signer = match &operation.action {
                    Action::RotateRoot { root, next, .. } => {
                        if keys::commitment(root, next) != committed {
                            return Err(Error::Signature);
                        }
                        turn = Some((*root, *next));
                        root
                    }
                    _ => &current,
                };
                operation.checked = operation.checked
                    || trusted
                    || keys::verify(signer, keys::IDENTITY_SIGNATURE, &operation.id, &operation.signature);
                if !operation.checked {
                    return Err(Error::Signature);
                }
                known += 1;
            }
            epoch += 1;
        }
        if known < self.operations.len() { Err(Error::Epoch(epoch)) } else { Ok(()) }
    }

    /// The author.
    pub fn author(&self) -> AuthorId {
        self.inception.author()
    }

    /// The wire form, all operations in the order of their ids.
    pub fn record(&self) -> Record {
        self.record_of(self.operations.iter())
    }

    /// The wire form with as little as a stranger needs to accept entries of `device`: everything
    /// while that is within `budget` bytes, else what leads to the current epoch and this device.
    pub fn record_for(&self, device: &DeviceKey, budget: usize) -> Record {
        let whole = self.record();
        if whole.size() <= budget {
            return whole;
        }
        self.record_of(self.operations.iter().filter(|operation| match &operation.action {
            Action::AddDevice(added) => added == device,
            Action::RotateRoot { .. } => true,
            Action::RemoveDevice(_) | Action::Retire(_) => false,
        }))
    }

    fn record_of<'a>(&self, operations: impl Iterator<Item = &'a Operation>) -> Record {
        let signed = |operation: &Operation| {
            (ByteBuf::from(operation.body.clone()), ByteArray::new(operation.signature))
        };
        Record(ByteBuf::from(cbor::encode(&self.inception)), operations.map(signed).collect())
    }

    /// A hash over the ids of all operations: equal means that both know the same.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        self.operations.iter().for_each(|operation| {
            hasher.update(&operation.id);
        });
        *hasher.finalize().as_bytes()
    }

    /// Whether `device` may have written to `log`, and how far.
    pub fn voice(&self, device: &DeviceKey, log: u8) -> Voice {
        let meaning = &self.meaning;
        if let Some(cut) = meaning.cut.get(device) {
            return cut.get(&log).map_or(Voice::Silent, |(seq, id)| Voice::Until(*seq, *id));
        }
        if meaning.devices.contains(device) { Voice::Speaks } else { Voice::Silent }
    }

    /// Devices that speak now.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceKey> {
        self.meaning.devices.iter().filter(|device| !self.meaning.cut.contains_key(device))
    }

    /// Devices that spoke once and are cut off.
    pub fn removed(&self) -> impl Iterator<Item = &DeviceKey> {
        self.meaning.cut.keys()
    }

    /// Number of the current root, counting from 0 with each rotation.
    pub fn epoch(&self) -> u32 {
        self.meaning.epoch
    }

    /// The current root's public half.
    pub fn root(&self) -> &DeviceKey {
        &self.meaning.root
    }

    /// Whether the author has retired.
    pub fn retired(&self) -> bool {
        self.meaning.retired
    }

    /// How many operations are known.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Bytes of its record, for those who budget.
    pub fn size(&self) -> usize {
        let operations = self.operations.iter().map(|operation| operation.body.len() + OPERATION_FRAMING);
        cbor::encode(&self.inception).len() + operations.sum::<usize>()
    }

    /// Whether nothing but the inception is known.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Meaning {
    fn begin(inception: &Inception) -> Self {
        Self { epoch: 0, root: inception.1, devices: BTreeSet::new(), cut: BTreeMap::new(), retired: false }
    }

    /// Folds the operations, epoch by epoch. They are ordered by id, so "the first" is "the one
    /// with the lowest id".
    fn of(inception: &Inception, operations: &[Operation]) -> Self {
        let mut meaning = Self::begin(inception);
        loop {
            let epoch = meaning.epoch;
            let here = operations.iter().filter(|operation| operation.epoch == epoch);
            let rotation = here.clone().find_map(|operation| match &operation.action {
                Action::RotateRoot { root, keep, removals, .. } => Some((root, keep, removals)),
                _ => None,
            });
            if let Some((root, keep, removals)) = rotation {
                meaning = Self {
                    epoch: meaning.epoch + 1,
                    root: *root,
                    devices: keep.iter().take(limits::DEVICES).copied().collect(),
                    cut: BTreeMap::new(),
                    retired: false,
                };
                for removal in removals {
                    if meaning.cut.len() < limits::DEVICES || meaning.cut.contains_key(&removal.0) {
                        meaning.remove(removal);
                    }
                }
                continue;
            }
            let mut removals = Vec::new();
            for operation in here {
                match &operation.action {
                    Action::AddDevice(device) => {
                        if meaning.devices.len() < limits::DEVICES {
                            meaning.devices.insert(*device);
                        }
                    }
                    Action::RemoveDevice(removal) => removals.push(removal),
                    Action::Retire(retired) => {
                        meaning.retired = true;
                        removals.extend(retired);
                    }
                    Action::RotateRoot { .. } => {}
                }
            }
            // Every device that could speak can be cut off, whatever else was: only those count that could. So there
            // are no more than these and the ones that the rotation cut.
            for removal in removals {
                if meaning.devices.contains(&removal.0) || meaning.cut.contains_key(&removal.0) {
                    meaning.remove(removal);
                }
            }
            if meaning.retired {
                meaning.devices.clear();
            }
            return meaning;
        }
    }

    fn remove(&mut self, Removal(device, cutoffs): &Removal) {
        let fresh = !self.cut.contains_key(device);
        let cut = self.cut.entry(*device).or_default();
        let named: BTreeMap<u8, (u64, EntryId)> =
            cutoffs.iter().map(|Cutoff(log, seq, id)| (*log, (*seq, *id))).collect();
        if fresh {
            *cut = named;
        } else {
            // Of two removals the one that leaves less holds, log by log.
            cut.retain(|log, _| named.contains_key(log));
            for (log, end) in cut.iter_mut() {
                *end = (*end).min(named[log]);
            }
        }
    }
}

#[cfg(test)]
#[path = "identity/tests.rs"]
mod tests;
