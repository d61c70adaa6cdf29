//! One sync session, in either role, and who is fetching what.

use std::collections::HashMap;

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, DeviceKey,
    sync::{Pulling, Range, Serving},
};

use crate::network::StreamId;

/// A sync stream and the machine at our end of it.
pub(super) struct Session {
    peer: PeerId,
    role: Role,
}

enum Role {
    Pull(Box<Pull>),
    Serve(Box<Serving>),
}

/// A session in which we ask.
pub(super) struct Pull {
    pub machine: Pulling,
    /// Everything that the peer had for us was fetched at least once.
    pub caught: bool,
    /// The peer has shown that it knows our own author.
    pub knows_us: bool,
}

impl Session {
    pub fn pull(peer: PeerId, machine: Pulling) -> Self {
        Self { peer, role: Role::Pull(Box::new(Pull { machine, caught: false, knows_us: false })) }
    }

    pub fn serve(peer: PeerId, machine: Serving) -> Self {
        Self { peer, role: Role::Serve(Box::new(machine)) }
    }

    pub fn peer(&self) -> PeerId {
        self.peer
    }

    pub fn pulling(&mut self) -> Option<&mut Pull> {
        match &mut self.role {
            Role::Pull(pull) => Some(pull),
            Role::Serve(_) => None,
        }
    }

    pub fn serving(&mut self) -> Option<&mut Serving> {
        match &mut self.role {
            Role::Serve(serving) => Some(serving),
            Role::Pull(_) => None,
        }
    }

    pub fn serves(&self, author: &AuthorId) -> bool {
        matches!(&self.role, Role::Serve(serving) if serving.interested(author))
    }

    pub fn caught(&self) -> bool {
        matches!(&self.role, Role::Pull(pull) if pull.caught)
    }
}

type Log = (AuthorId, DeviceKey, u8);

/// What was asked of which peer, so that two peers do not send the same.
#[derive(Default)]
pub(super) struct InFlight(HashMap<Log, Vec<(u64, u64, StreamId)>>);

impl InFlight {
    /// Cuts out of `missing` what another session fetches, and notes the rest for `stream`.
    pub fn claim(&mut self, log: Log, missing: Vec<(u64, u64)>, stream: StreamId) -> Vec<(u64, u64)> {
        let held = self.0.entry(log).or_default();
        let mut free = missing;
        for (from, to, other) in held.iter().filter(|(.., other)| *other != stream) {
            let _ = other;
            free = free.into_iter().flat_map(|range| without(range, (*from, *to))).collect();
        }
        held.extend(free.iter().map(|(from, to)| (*from, *to, stream)));
        free
    }

    /// A session ended, or has nothing more to come: gives back what it had claimed.
    pub fn release(&mut self, stream: StreamId) -> Vec<Range> {
        let mut released = Vec::new();
        self.0.retain(|(author, device, log), claims| {
            claims.retain(|(from, to, holder)| {
                if *holder == stream {
                    let (author, device, log, from, to) = (*author, *device, *log, *from, *to);
                    released.push(Range { author, device, log, from, to });
                }
                *holder != stream
            });
            !claims.is_empty()
        });
        released
    }
}

/// What is left of a range after another is cut out of it.
fn without((from, to): (u64, u64), (lo, hi): (u64, u64)) -> Vec<(u64, u64)> {
    if hi < from || to < lo {
        return vec![(from, to)];
    }
    let below = (from < lo).then(|| (from, lo - 1));
    let above = (hi < to).then(|| (hi + 1, to));
    below.into_iter().chain(above).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut() {
        assert_eq!(without((1, 9), (3, 5)), [(1, 2), (6, 9)]);
        assert_eq!(without((1, 9), (0, 5)), [(6, 9)]);
        assert_eq!(without((1, 9), (5, 20)), [(1, 4)]);
        assert_eq!(without((1, 9), (0, 20)), []);
        assert_eq!(without((1, 9), (10, 20)), [(1, 9)]);
    }
}
