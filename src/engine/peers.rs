//! Whom to call, whom to leave: the address book, reconnects, and what bad conduct costs.

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

use super::{
    Refusal, Reply,
    turn::{Answered, Turn},
};
use crate::{
    network::{Command, Misbehaviour, StreamId},
    store::{Error, peers::PeerRow},
};

/// First wait after a failed call; it doubles with each.
const RETRY_MS: u64 = 1_000;
/// The longest wait: a node that comes back is found within it.
const RETRY_MOST_MS: u64 = 5 * 60 * 1000;
/// The same for those whom the person named: after the worst of outages somebody is called soon, and
/// whoever answers has us call the others.
const RETRY_WANTED_MS: u64 = 30 * 1000;
/// Somebody who was away is back: so may be all the others, and they are called soon, but not more
/// often than this. What cuts off one mostly cuts off many, and a network that heals then does so within
/// seconds, each node waking the next.
const RALLY_MS: u64 = 60 * 1000;
/// Wait before a session that ended is opened again.
pub(super) const RESYNC_MS: u64 = 2_000;
/// Points at which a peer is left, and not called for [`LEFT_MS`].
const DEMERITS: u32 = 100;
/// One point wears off in this time.
const FORGIVE_MS: u64 = 60 * 1000;
const LEFT_MS: u64 = 60 * 60 * 1000;
/// A peer that did not answer so often and was not seen for so long is forgotten: addresses age.
const GIVE_UP: u32 = 10;
const AGE_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// Calls begun at one tick.
const CALLS: usize = 4;

/// What a peer did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It sent something that no honest node sends: a bad signature, bytes that are nothing.
    Invalid,
    /// It broke the rules of a conversation.
    Protocol,
    /// It does not answer.
    Stalled,
}

impl Fault {
    /// Points: two lies, three breaches, ten silences.
    fn points(self) -> u32 {
        match self {
            Self::Invalid => 50,
            Self::Protocol => 34,
            Self::Stalled => 10,
        }
    }
}

/// A connected peer.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerState {
    pub address: String,
    pub outbound: bool,
    pub pull: Option<StreamId>,
    pub serve: Option<StreamId>,
    pub received: u64,
    /// When to open a session again, if one ended.
    pub resync_at: Option<u64>,
    /// Sessions in a row that ended before they had caught up.
    pub futile: u32,
}

impl Turn<'_, '_> {
    pub fn connected(
        &mut self,
        peer: PeerId,
        address: &Multiaddr,
        outbound: bool,
        first: bool,
    ) -> Result<(), Error> {
        let now = self.now;
        let (mut left, mut back) = (false, false);
        let row = self.batch.change_peer(&peer.to_bytes(), |row| {
            back = row.failures > 0 || (row.last_seen > 0 && row.last_seen + RALLY_MS < now);
            // Leaving takes longer than any wait between calls.
            left =
                !row.wanted && row.retry_at > now + RETRY_MOST_MS + RETRY_MS && row.retry_at <= now + LEFT_MS;
            row.forgive(now, FORGIVE_MS);
            row.last_seen = now;
            row.failures = 0;
            if left {
                return;
            }
            row.retry_at = 0;
            // Where somebody called from is not where they can be called.
            if outbound {
                row.learn(without_peer(address).to_string(), true, now);
            }
        })?;
        if row.banned {
            self.network(Command::Ban { peer });
            return Ok(());
        }
        if left {
            self.network(Command::Disconnect { peer });
            return Ok(());
        }
        self.state.numbers.insert(peer, row.number);
        let held = self.state.peers.entry(peer).or_default();
        if first {
            held.address = address.to_string();
            held.outbound = outbound;
            self.network(Command::OpenSync { peer });
        }
        self.state.late.company(self.state.peers.len(), now);
        if back { self.rally() } else { Ok(()) }
    }

    /// Calls all those at once who were named and could not be reached.
    fn rally(&mut self) -> Result<(), Error> {
        let now = self.now;
        if now < self.state.rallied_at.saturating_add(RALLY_MS) && self.state.rallied_at <= now {
            return Ok(());
        }
        self.state.rallied_at = now;
        for (id, row) in self.batch.peers()? {
            let waits = row.wanted && row.failures > 0 && row.retry_at > now + RETRY_MS;
            if waits && !row.banned && row.retry_at <= now + RETRY_MOST_MS + RETRY_MS && self.away(&id) {
                self.batch.change_peer(&id, |row| {
                    row.retry_at = now;
                    // A call that is on its way already went into the cut, and fails after this: that says nothing
                    // of how it is now, so what is waited for then is as after a first failure.
                    row.failures = 1;
                })?;
                self.state.next_dial = now;
            }
        }
        Ok(())
    }

    pub fn disconnected(&mut self, peer: PeerId) -> Result<(), Error> {
        if let Some(held) = self.state.peers.remove(&peer) {
            for stream in held.pull.into_iter().chain(held.serve) {
                self.end_session(stream)?;
            }
        }
        self.state.numbers.remove(&peer);
        self.state.late.company(self.state.peers.len(), self.now);
        self.state.next_dial = self.state.next_dial.min(self.now + RETRY_MS);
        Ok(())
    }

    pub fn dial_failed(
        &mut self,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        reason: &str,
    ) -> Result<(), Error> {
        tracing::debug!("no connection to {peer:?} at {addresses:?}: {reason}");
        let Some(peer) = peer else { return Ok(()) };
        let chance = u64::from(u16::from_le_bytes(self.random()));
        let (id, now) = (peer.to_bytes(), self.now);
        if let Some(row) = self.batch.peer(&id)? {
            let gone = row.failures >= GIVE_UP && now.saturating_sub(row.last_seen) > AGE_MS;
            if gone && !row.wanted && !row.banned {
                self.batch.forget_peer(&id)?;
                return self.plan_dial();
            }
            self.batch.change_peer(&id, |row| {
                let most = if row.wanted { RETRY_WANTED_MS } else { RETRY_MOST_MS };
                let wait = (RETRY_MS << row.failures.min(16)).min(most);
                row.failures = row.failures.saturating_add(1);
                // Anywhere in the second half: those who were cut off together do not call together.
                row.retry_at = now + wait - chance % (wait / 2);
            })?;
        }
        self.plan_dial()
    }

    /// The local network tells of a peer.
    pub fn discovered(&mut self, peer: PeerId, addresses: &[Multiaddr]) -> Result<(), Error> {
        self.learn(peer, addresses, false)?;
        self.plan_dial()
    }

    fn learn(&mut self, peer: PeerId, addresses: &[Multiaddr], wanted: bool) -> Result<(), Error> {
        self.batch.change_peer(&peer.to_bytes(), |row| {
            for address in addresses {
                row.learn(without_peer(address).to_string(), false, 0);
            }
            row.wanted |= wanted;
            if wanted {
                row.retry_at = 0;
            }
        })?;
        Ok(())
    }

    /// The person names a peer: it is called now, and called again whenever it is gone.
    pub fn add_peer(&mut self, addresses: &[Multiaddr]) -> Answered<Reply> {
        for address in addresses {
            match peer_of(address) {
                Some(peer) => self.learn(peer, std::slice::from_ref(address), true)?,
                None => {
                    self.network(Command::Dial { peer: None, addresses: vec![address.clone()] });
                }
            }
        }
        self.state.next_dial = self.now;
        self.dial()?;
        Ok(Ok(Reply::Done))
    }

    pub fn ban(&mut self, peer: PeerId, banned: bool) -> Answered<Reply> {
        let id = peer.to_bytes();
        if !banned && self.batch.peer(&id)?.is_none() {
            return Ok(Err(Refusal::NotFound(format!("the peer {peer}"))));
        }
        self.batch.change_peer(&id, |row| {
            row.banned = banned;
            row.demerits = 0;
            row.retry_at = 0;
        })?;
        self.network(if banned { Command::Ban { peer } } else { Command::Unban { peer } });
        Ok(Ok(Reply::Done))
    }

    /// Time passed.
    pub fn tick(&mut self) -> Result<(), Error> {
        self.publish_due()?;
        self.end_polls()?;
        self.tell_late()?;
        self.drop_stalled()?;
        let now = self.now;
        let due: Vec<PeerId> = self
            .state
            .peers
            .iter_mut()
            .filter(|(_, held)| held.resync_at.is_some_and(|at| at <= now))
            .map(|(peer, held)| {
                held.resync_at = None;
                *peer
            })
            .collect();
        for peer in due {
            self.network(Command::OpenSync { peer });
        }
        if self.state.next_dial <= now { self.dial() } else { Ok(()) }
    }

    pub fn retry_sync(&mut self, peer: PeerId) {
        let mut at = self.now + RESYNC_MS;
        if let Some(held) = self.state.peers.get_mut(&peer) {
            at = self.now + (RESYNC_MS << held.futile.min(16)).min(RETRY_MOST_MS);
            held.futile = held.futile.saturating_add(1);
            held.resync_at = Some(at);
        }
        self.state.next_dial = self.state.next_dial.min(at);
    }

    /// Calls those whom somebody asked for, and others while there are too few.
    fn dial(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.state.calls_of_earlier) {
            self.forget_calls()?;
        }
        let outbound = self.state.peers.values().filter(|held| held.outbound).count();
        let mut free = self.state.policy.outbound.saturating_sub(outbound);
        let mut known = self.batch.peers()?;
        known.retain(|(id, row)| !row.banned && !row.addresses.is_empty() && self.away(id));
        // Those who were asked for first, then those who were there lately.
        known.sort_by_key(|(_, row)| (!row.wanted, u64::MAX - row.last_seen));
        let due: Vec<(Vec<u8>, PeerRow)> =
            known.into_iter().filter(|(_, row)| self.may_call(row)).take(CALLS).collect();
        if due.is_empty() && self.state.peers.is_empty() {
            self.bootstrap()?;
        }
        for (id, row) in due {
            if !row.wanted {
                if free == 0 {
                    continue;
                }
                free -= 1;
            }
            let Ok(peer) = PeerId::from_bytes(&id) else { continue };
            let addresses = row.addresses.iter().filter_map(|(address, _)| address.parse().ok()).collect();
            // Until it connects or fails, so that it is not called twice.
            let wait = self.now + 2 * RETRY_MS.max(10_000);
            self.batch.change_peer(&id, |row| row.retry_at = wait)?;
            self.network(Command::Dial { peer: Some(peer), addresses });
        }
        self.plan_dial()
    }

    /// Whether a peer may be called again. No wait is longer than [`LEFT_MS`]: what seems to be was
    /// written down by a clock that went wrong.
    fn may_call(&self, row: &PeerRow) -> bool {
        row.retry_at <= self.now || row.retry_at > self.now + LEFT_MS
    }

    fn bootstrap(&mut self) -> Result<(), Error> {
        for address in self.state.bootstrap.clone() {
            match peer_of(&address) {
                Some(peer) if self.batch.peer(&peer.to_bytes())?.is_none() => {
                    self.learn(peer, std::slice::from_ref(&address), true)?;
                    self.network(Command::Dial { peer: Some(peer), addresses: vec![address] });
                }
                Some(_) => {}
                None => self.network(Command::Dial { peer: None, addresses: vec![address] }),
            }
        }
        Ok(())
    }

    fn away(&self, id: &[u8]) -> bool {
        PeerId::from_bytes(id).is_ok_and(|peer| !self.state.peers.contains_key(&peer))
    }

    /// When somebody is to be called or a session opened again.
    fn plan_dial(&mut self) -> Result<(), Error> {
        let outbound = self.state.peers.values().filter(|held| held.outbound).count();
        let room = outbound < self.state.policy.outbound;
        let mut next = u64::MAX;
        for (id, row) in self.batch.peers()? {
            if !row.banned && !row.addresses.is_empty() && (row.wanted || room) && self.away(&id) {
                next = next.min(row.retry_at.clamp(self.now + RETRY_MS, self.now + LEFT_MS));
            }
        }
        if !self.state.bootstrap.is_empty() && self.state.peers.is_empty() {
            next = next.min(self.now + RETRY_MOST_MS);
        }
        let resync = self.state.peers.values().filter_map(|held| held.resync_at).min();
        self.state.next_dial = next.min(resync.unwrap_or(u64::MAX));
        Ok(())
    }

    /// The network layer saw a peer break a rule.
    pub fn misbehaved(&mut self, peer: PeerId, what: Misbehaviour) -> Result<(), Error> {
        let fault = match what {
            // It is not heard for a while, and that is enough: it may pass on what others flood it with.
            Misbehaviour::GossipFlood => {
                tracing::info!("{peer}: {what:?}");
                return Ok(());
            }
            // More likely broken than a liar: what goes well with it goes on.
            Misbehaviour::SyncStreams => Fault::Stalled,
            Misbehaviour::SyncFrameSize
            | Misbehaviour::SyncStalled
            | Misbehaviour::SyncNotReading
            | Misbehaviour::GossipInvalid => Fault::Protocol,
        };
        self.fault(peer, fault, &format!("{what:?}"))
    }

    /// Before the first call: calls that an earlier run had under way, or that a run without a network only
    /// planned, are not under way now. Those who were left for what they did stay left. Not at the start itself, which
    /// writes nothing that it need not: a home on a full disk can still be opened.
    fn forget_calls(&mut self) -> Result<(), Error> {
        for (id, row) in self.batch.peers()? {
            let called = row.retry_at > 0 || row.failures > 0;
            // Leaving takes longer than any wait between calls.
            if called && row.retry_at <= self.now + RETRY_MOST_MS + RETRY_MS {
                self.batch.change_peer(&id, |row| (row.retry_at, row.failures) = (0, 0))?;
            }
        }
        Ok(())
    }

    /// A peer did wrong: it is noted, and at some point it is left for another.
    pub fn fault(&mut self, peer: PeerId, fault: Fault, what: &str) -> Result<(), Error> {
        tracing::info!("{peer}: {fault:?}: {what}");
        let now = self.now;
        let mut left = false;
        self.batch.change_peer(&peer.to_bytes(), |row| {
            row.forgive(now, FORGIVE_MS);
            row.demerits += fault.points();
            row.last_seen = now;
            left = row.demerits >= DEMERITS;
            if left {
                row.demerits = 0;
                row.retry_at = now + LEFT_MS;
            }
        })?;
        // A conversation in which somebody lied is over in any case.
        if fault != Fault::Stalled {
            let streams = self.state.peers.get_mut(&peer).map(|held| (held.pull.take(), held.serve.take()));
            for stream in streams.into_iter().flat_map(|(pull, serve)| pull.into_iter().chain(serve)) {
                self.network(Command::CloseSync { stream });
                self.end_session(stream)?;
            }
            self.retry_sync(peer);
        }
        if left {
            self.network(Command::Disconnect { peer });
        }
        Ok(())
    }

    /// The number under which it is kept that an entry came from this peer; 0 for our own.
    pub fn peer_number(&mut self, peer: Option<PeerId>) -> Result<u32, Error> {
        let Some(peer) = peer else { return Ok(0) };
        if let Some(number) = self.state.numbers.get(&peer) {
            return Ok(*number);
        }
        Ok(self.batch.peer(&peer.to_bytes())?.map_or(0, |row| row.number))
    }
}

impl Turn<'_, '_> {
    /// An author whom we follow says where their feed is held. Only public places are called: a
    /// stranger must not make this node knock on doors inside its own network.
    pub fn learn_hints(&mut self, hints: &[String]) -> Result<(), Error> {
        for address in hints.iter().filter_map(|hint| hint.parse::<Multiaddr>().ok()) {
            if let Some(peer) = peer_of(&address).filter(|_| is_public(&address)) {
                self.learn(peer, std::slice::from_ref(&address), false)?;
            }
        }
        self.state.next_dial = self.state.next_dial.min(self.now + RETRY_MS);
        Ok(())
    }

    /// Where others may find us, for our profile: public addresses only, the others say nothing to
    /// anybody and too much about us.
    pub fn own_hints(&self) -> Vec<String> {
        let public = self.state.listen.iter().filter(|address| is_public(address));
        let named = public.map(|address| address.clone().with(Protocol::P2p(self.state.peer)).to_string());
        named.take(starling_protocol::limits::HINTS).collect()
    }
}

/// Whether an address is one that a stranger may have us call: a global IP address, a port, and no more. What stands
/// behind is no matter of taste: libp2p reads an address from its end, and would call the second of two places in one. A
/// name is whatever its owner makes of it when it is asked for, also a place inside somebody's network.
fn is_public(address: &Multiaddr) -> bool {
    let mut parts = address.iter();
    let global = match parts.next() {
        Some(Protocol::Ip4(ip)) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let reserved = a == 0 || a >= 240 || (a == 192 && b == 0) || (a == 198 && (18..20).contains(&b));
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_documentation()
                || shared
                || reserved)
        }
        // Global unicast is 2000::/3; in it lie documentation, Teredo and 6to4.
        Some(Protocol::Ip6(ip)) => {
            let [a, b, ..] = ip.segments();
            a & 0xe000 == 0x2000 && !(a == 0x2001 && (b == 0xdb8 || b == 0)) && a != 0x2002
        }
        _ => false,
    };
    let rest: Vec<Protocol<'_>> = parts.collect();
    global
        && matches!(
            rest.as_slice(),
            [Protocol::Tcp(_)]
                | [Protocol::Tcp(_), Protocol::P2p(_)]
                | [Protocol::Udp(_), Protocol::QuicV1]
                | [Protocol::Udp(_), Protocol::QuicV1, Protocol::P2p(_)]
        )
}

/// The peer at the end of an address, if it names one.
pub(super) fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

/// The address without the peer at its end.
fn without_peer(address: &Multiaddr) -> Multiaddr {
    address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_places_are_called_on_hearsay() {
        for address in [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/10.1.2.3/tcp/1",
            "/ip4/192.168.1.1/tcp/1",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/100.64.0.1/tcp/1",
            "/ip4/0.0.0.0/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/fe80::1/tcp/1",
            "/ip6/fd00::1/tcp/1",
            "/ip6/::ffff:10.0.0.1/tcp/1",
            "/ip6/2002:0a00:0001::/tcp/1",
            "/ip6/64:ff9b::a00:1/tcp/1",
            "/dns/localhost/tcp/1",
            "/dns/printer.local/tcp/1",
            "/dns/relay.example/tcp/1",
            "/unix/tmp",
            "/ip4/8.8.8.8",
            "/ip4/8.8.8.8/tcp/1/ip4/127.0.0.1/tcp/6379",
            "/ip4/8.8.8.8/udp/1/quic-v1/ip6/::1/tcp/1",
            "/ip4/8.8.8.8/tcp/1/dns/localhost/tcp/1",
        ] {
            assert!(!is_public(&address.parse().unwrap()), "{address}");
        }
        let peer = PeerId::random();
        for address in ["/ip4/8.8.8.8/udp/1/quic-v1", "/ip6/2a00::1/tcp/1"] {
            assert!(is_public(&address.parse().unwrap()), "{address}");
            let named: Multiaddr = format!("{address}/p2p/{peer}").parse().unwrap();
            assert!(is_public(&named), "{named}");
        }
    }
}
