//! One sync session, in either role, and who is fetching what.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::PeerId;
use starling_protocol::{
    AuthorId, DeviceKey,
    sync::{Load, Pulling, Range, Serving},
};

use super::outgoing::OnWay;
use crate::network::StreamId;

/// A sync stream and the machine at our end of it.
pub(super) struct Session {
    peer: PeerId,
    role: Role,
}

enum Role {
    Pull(Box<Pull>),
    Serve(Box<Serve>),
}

/// A session in which we answer.
pub(super) struct Serve {
    pub machine: Serving,
    /// Own posts that go out in it.
    pub on_way: OnWay,
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
        let pull = Pull { machine, caught: false, knows_us: false };
        Self { peer, role: Role::Pull(Box::new(pull)) }
    }

    pub fn serve(peer: PeerId, machine: Serving) -> Self {
        Self { peer, role: Role::Serve(Box::new(Serve { machine, on_way: OnWay::default() })) }
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

    pub fn serving(&mut self) -> Option<&mut Serve> {
        match &mut self.role {
            Role::Serve(serve) => Some(serve),
            Role::Pull(_) => None,
        }
    }

    pub fn serves(&self, author: &AuthorId) -> bool {
        matches!(&self.role, Role::Serve(serve) if serve.machine.interested(author))
    }

    /// When its peer will have owed an answer for too long.
    pub fn deadline(&self) -> Option<u64> {
        match &self.role {
            Role::Pull(pull) => pull.machine.deadline(),
            Role::Serve(_) => None,
        }
    }

    /// Whether we ask in it.
    pub fn pulls(&self) -> bool {
        matches!(self.role, Role::Pull(_))
    }

    /// How full its queues are, each with its bound.
    pub fn loads(&self) -> Vec<Load> {
        match &self.role {
            Role::Pull(pull) => pull.machine.loads().into(),
            Role::Serve(serve) => serve.machine.loads().into(),
        }
    }

    /// Whether we ask in it about an author, and it has caught up.
    pub fn caught_about(&self, author: &AuthorId) -> bool {
        matches!(&self.role, Role::Pull(pull)
            if pull.caught && pull.machine.compared() && pull.machine.interested(author))
    }

    /// Whether its peer has shown that it holds something of an author.
    pub fn shown(&self, author: &AuthorId) -> bool {
        matches!(&self.role, Role::Pull(pull) if pull.machine.shown(author))
    }

    pub fn caught(&self) -> bool {
        matches!(&self.role, Role::Pull(pull) if pull.caught)
    }
}

type Log = (AuthorId, DeviceKey, u8);

/// Claims do not last: a peer that is slow, or says that it holds what nobody has, keeps nothing from
/// being asked of others for longer than this. Four times as long as an answer may be owed.
const CLAIM_MS: u64 = 60_000;

/// What was asked of which peer, so that two peers do not send the same.
#[derive(Default)]
pub(super) struct InFlight {
    /// In the order of logs: what is given back is asked of others in this order, everywhere alike.
    claims: BTreeMap<Log, Vec<(u64, u64, StreamId)>>,
    /// Since when each session that claims anything does.
    since: BTreeMap<StreamId, u64>,
    /// Sessions in which something of a log was not asked for, because it was claimed.
    denied: BTreeMap<Log, BTreeSet<StreamId>>,
}

impl InFlight {
    /// Logs of which something is claimed, and logs of which something was denied.
    pub fn sizes(&self) -> (usize, usize) {
        (self.claims.len(), self.denied.len())
    }

    /// Cuts out of `missing` what another session fetches, and notes the rest for `stream`.
    pub fn claim(
        &mut self,
        log: Log,
        missing: Vec<(u64, u64)>,
        stream: StreamId,
        now: u64,
    ) -> Vec<(u64, u64)> {
        if missing.is_empty() {
            return missing;
        }
        let held = self.claims.entry(log).or_default();
        let wanted = missing.clone();
        let mut free = missing;
        for (from, to, _) in held.iter().filter(|(.., other)| *other != stream) {
            free = free.into_iter().flat_map(|range| without(range, (*from, *to))).collect();
        }
        if free != wanted {
            self.denied.entry(log).or_default().insert(stream);
        }
        // A session asks for one log again and again, further down each time: one claim is enough.
        held.retain(|(from, to, holder)| {
            *holder != stream || !free.iter().any(|(lo, hi)| *lo <= *from && *to <= *hi)
        });
        let covered = |range: &(u64, u64)| {
            held.iter().any(|(from, to, holder)| *holder == stream && *from <= range.0 && range.1 <= *to)
        };
        let new: Vec<_> = free.iter().filter(|range| !covered(range)).copied().collect();
        held.extend(new.into_iter().map(|(from, to)| (from, to, stream)));
        if !free.is_empty() {
            self.since.entry(stream).or_insert(now);
        }
        if held.is_empty() {
            self.claims.remove(&log);
        }
        free
    }

    /// Sessions that have kept something from others for too long at `now`.
    pub fn overdue(&self, now: u64) -> Vec<StreamId> {
        let old = self.since.iter().filter(|(_, since)| now >= since.saturating_add(CLAIM_MS));
        old.map(|(stream, _)| *stream).collect()
    }

    /// When the first session will have.
    pub fn deadline(&self) -> Option<u64> {
        self.since.values().min().map(|since| since.saturating_add(CLAIM_MS))
    }

    /// Whether any session fetches something of this author's.
    pub fn fetches(&self, author: &AuthorId) -> bool {
        self.claims.iter().any(|((whose, ..), claims)| whose == author && !claims.is_empty())
    }

    /// A session ended: gives back what it had claimed.
    pub fn release(&mut self, stream: StreamId) -> Vec<Range> {
        self.denied.retain(|_, denied| {
            denied.remove(&stream);
            !denied.is_empty()
        });
        self.give_up(stream).into_iter().map(|(range, _)| range).collect()
    }

    /// A session has nothing more to come: gives back what it had claimed, and the other sessions that
    /// wanted some of it.
    pub fn give_up(&mut self, stream: StreamId) -> Vec<(Range, Vec<StreamId>)> {
        if self.since.remove(&stream).is_none() {
            return Vec::new();
        }
        let (mut released, denied) = (Vec::new(), &mut self.denied);
        self.claims.retain(|log, claims| {
            let (author, device, number) = *log;
            let before = released.len();
            claims.retain(|(from, to, holder)| {
                if *holder == stream {
                    let range = Range { author, device, log: number, from: *from, to: *to };
                    released.push((range, Vec::new()));
                }
                *holder != stream
            });
            if released.len() > before {
                let others: Vec<StreamId> = denied.remove(log).unwrap_or_default().into_iter().collect();
                released[before..].iter_mut().for_each(|(_, waiting)| waiting.clone_from(&others));
            }
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

    #[test]
    fn what_one_session_did_not_bring_another_is_asked_for() {
        let log = (AuthorId::new([1; 32]), DeviceKey::new([2; 32]), 0);
        let (one, two) = (StreamId::new(1), StreamId::new(2));
        let mut flight = InFlight::default();
        assert_eq!(flight.claim(log, vec![(0, 9)], one, 7), [(0, 9)]);
        assert_eq!(flight.claim(log, vec![(0, 12)], two, 7), [(10, 12)]);
        assert_eq!(flight.claim(log, vec![(0, 5)], one, 7), [(0, 5)]);
        let given = flight.give_up(one);
        assert_eq!(given.len(), 1);
        assert_eq!((given[0].0.from, given[0].0.to, &given[0].1), (0, 9, &vec![two]));
        assert_eq!(flight.claim(log, vec![(0, 9)], two, 7), [(0, 9)]);
        assert_eq!(flight.release(two).len(), 2);
        assert!(flight.claims.is_empty() && flight.denied.is_empty() && flight.since.is_empty());
    }

    #[test]
    fn what_is_given_back_has_an_order() {
        let (one, two) = (StreamId::new(1), StreamId::new(2));
        let mut flight = InFlight::default();
        let logs: Vec<Log> =
            (0..50).map(|n| (AuthorId::new([49 - n; 32]), DeviceKey::new([2; 32]), 0)).collect();
        for log in &logs {
            assert_eq!(flight.claim(*log, vec![(0, 9)], one, 7), [(0, 9)]);
            assert_eq!(flight.claim(*log, vec![(0, 9)], two, 7), []);
        }
        let given: Vec<AuthorId> = flight.give_up(one).into_iter().map(|(range, _)| range.author).collect();
        assert!(given.len() == 50 && given.is_sorted(), "others are asked for it in this order");
    }
}
