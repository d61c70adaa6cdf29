//! Identities are merged before anything is believed, and what they say of devices is carried out.

use std::sync::Arc;

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, DeviceKey, Identity,
    frame::Frame,
    identity::{self, Action, Cutoff, Operation, Record, Removal, Voice},
    sync::News,
};

use super::{
    Event, Refusal, Reply,
    checked::Vouched,
    turn::{Answered, Fresh, Turn},
};
use crate::store::Error;

/// Bytes of an identity that is kept for a few posts of somebody whom nobody here follows: half a hundred devices. As
/// many strangers are held as the network timeline has places, and each could have one a hundred times as large.
const STRANGERS_BYTES: usize = 8 * 1024;

/// Whether a record that was valid was news.
type Merged = Result<bool, identity::Error>;

impl Turn<'_, '_> {
    /// Adds what a record knows to what is held. The inner result says whether it is valid, and if so
    /// whether it was news.
    pub fn merge_identity(&mut self, record: &Record, from: Option<PeerId>) -> Result<Merged, Error> {
        match record.author() {
            Ok(author) => self.merge(&author, record, None, from, usize::MAX),
            Err(error) => Ok(Err(error)),
        }
    }

    /// The same of a record that was gossiped, and checked on the way.
    pub fn merge_vouched(&mut self, vouched: &Vouched) -> Result<Merged, Error> {
        let author = vouched.author();
        let most = if self.is_home(&author) { usize::MAX } else { STRANGERS_BYTES };
        self.merge(&author, vouched.record(), Some(vouched.identity()), None, most)
    }

    fn merge(
        &mut self,
        author: &AuthorId,
        record: &Record,
        verified: Option<&Arc<Identity>>,
        from: Option<PeerId>,
        most: usize,
    ) -> Result<Merged, Error> {
        let number = self.batch.author_number(author)?;
        let held = match number {
            Some(number) => self.batch.identity(number)?,
            None => None,
        };
        let identity = match (held, verified) {
            (Some(held), _) if held.knows(record) => return Ok(Ok(false)),
            (Some(held), _) => {
                let mut identity = held.clone();
                match identity.merge(record) {
                    // A later epoch makes all that was said before it meaningless. Were its record refused because that
                    // is much, a thief could keep out the rotation that ends the theft by saying much before it.
                    Ok(true) => {
                        match verified.filter(|new| identity.size() > most && new.epoch() > held.epoch()) {
                            Some(new) => Arc::clone(new),
                            None => Arc::new(identity),
                        }
                    }
                    Ok(false) => return Ok(Ok(false)),
                    Err(error) => return Ok(Err(error)),
                }
            }
            (None, Some(verified)) => Arc::clone(verified),
            (None, None) => match Identity::verify(record) {
                Ok(identity) => Arc::new(identity),
                Err(error) => return Ok(Err(error)),
            },
        };
        if identity.size() > most {
            return Ok(Err(identity::Error::Limit("a stranger's identity is too large to be kept")));
        }
        let number = self.batch.intern_author(author, self.now)?;
        let news = News::Identity(*author, identity.record());
        self.batch.set_identity(number, identity)?;
        self.apply_voices(author, number)?;
        self.fresh.push(Fresh { news, from });
        self.event(Event::Identity(*author));
        Ok(Ok(true))
    }

    /// Carries out an operation that was signed here, and tells everybody.
    pub fn operate(&mut self, operation: Operation) -> Result<(), Error> {
        let me = self.state.me;
        let Some(mut identity) = self.batch.identity(me)?.cloned() else { return Ok(()) };
        if !matches!(identity.apply(operation), Ok(true)) {
            return Ok(());
        }
        let author = self.state.author;
        let frame = Frame::of_identity(&identity);
        let news = News::Identity(author, identity.record());
        self.batch.set_identity(me, Arc::new(identity))?;
        self.apply_voices(&author, me)?;
        self.fresh.push(Fresh { news, from: None });
        self.event(Event::Identity(author));
        match frame {
            Ok(frame) => self.publish(&frame),
            Err(error) => tracing::debug!("our identity is left to sync: {error}"),
        }
        Ok(())
    }

    /// Cuts one of our devices off at what is held of it here. A fork in it is settled by that: the
    /// branch that is held counts.
    pub fn remove_device(&mut self, device: DeviceKey) -> Answered<Reply> {
        let me = self.state.me;
        let Some(identity) = self.batch.identity(me)? else { return Ok(Err(Refusal::Silenced)) };
        if identity.voice(&device, 0) != Voice::Speaks {
            return Ok(Err(Refusal::NotFound(format!("a device {device} that speaks for you"))));
        }
        if device == self.state.device_key() {
            return Ok(Err(Refusal::NotOurs(
                "this is the device that you are on: remove it from another one",
            )));
        }
        let epoch = identity.epoch();
        let root = self.state.root.clone().filter(|root| root.public() == *identity.root());
        let Some(root) = root else {
            return Ok(Err(Refusal::NotOurs("the root key is not kept on this device")));
        };
        let mut cutoffs = Vec::new();
        for (log, seq) in self.held_of(me, &device)? {
            let number = self.batch.intern_log(me, &device, log)?;
            if let Some(id) = self.batch.id_at(number, seq)? {
                cutoffs.push(Cutoff(log, seq, id));
            }
        }
        let action = Action::RemoveDevice(Removal(device, cutoffs));
        let operation = Operation::sign(self.state.author, epoch, action, &root);
        self.operate(operation)?;
        Ok(Ok(Reply::Done))
    }
}
