//! The write guard: nothing is signed below what the network has seen.
//!
//! The place of an entry is taken, the entry signed and stored in one transaction, and the signature
//! leaves only after the commit; so a running node never signs one place twice. What can go wrong is
//! that the store is not the newest: it was restored from a backup or a phrase, or the directory was
//! copied. Then the guard is closed until a peer that knows our author has told us all it holds, and
//! every other peer that is being asked has been heard too.
//!
//! While it is closed, sessions ask for our own feed as if nothing of it were held, so that a peer
//! that agrees with us says so too, instead of nothing.

use starling_protocol::identity::{Action, Operation, Voice};

use super::turn::{Answered, Turn};
use crate::{engine::Refusal, store::Error};

/// Whether anything may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guard(Option<&'static str>);

impl Guard {
    pub fn new(reason: Option<&'static str>) -> Self {
        Self(reason)
    }

    /// Why it is closed, if it is.
    pub fn reason(self) -> Option<&'static str> {
        self.0
    }
}

impl Turn<'_, '_> {
    /// Peers have told us all they hold of our feed. Opens the guard.
    pub fn open_guard(&mut self) -> Result<(), Error> {
        if self.state.guard.0.take().is_some() {
            tracing::info!("the network has told us what it holds of our feed: writing is open");
        }
        self.speak_up()
    }

    /// The person opens it, knowing the risk.
    pub fn force_guard(&mut self) -> Answered<super::Reply> {
        self.state.guard = Guard(None);
        self.speak_up()?;
        Ok(Ok(super::Reply::Done))
    }

    /// Lets this device speak, if it does not yet and the root key to say so is here.
    pub fn speak_up(&mut self) -> Result<(), Error> {
        let (device, me) = (self.state.device_key(), self.state.me);
        let Some(identity) = self.batch.identity(me)? else { return Ok(()) };
        let cut = identity.removed().any(|removed| *removed == device);
        let speaks = identity.voice(&device, 0) == Voice::Speaks;
        let root = self.state.root.as_ref().filter(|root| root.public() == *identity.root());
        if let (false, false, false, Some(root)) = (cut, speaks, identity.retired(), root) {
            let action = Action::AddDevice(device);
            let operation = Operation::sign(self.state.author, identity.epoch(), action, root);
            self.operate(operation)?;
        }
        Ok(())
    }

    /// Whether this device may sign to a log now.
    pub fn may_sign(&mut self, log: u8) -> Answered<()> {
        if self.state.disk_full {
            return Ok(Err(Refusal::Storage("the disk is nearly full; free some space".into())));
        }
        if self.state.guard.0.is_some() {
            return Ok(Err(Refusal::Guarded));
        }
        let (device, me) = (self.state.device_key(), self.state.me);
        let voice = self.batch.identity(me)?.map(|identity| identity.voice(&device, log));
        if voice != Some(Voice::Speaks) {
            return Ok(Err(Refusal::Silenced));
        }
        let number = self.batch.intern_log(me, &device, log)?;
        let frozen = self.batch.log(number)?.state.frozen().is_some();
        Ok(if frozen { Err(Refusal::Forked) } else { Ok(()) })
    }
}
