//! The address book: peers, where they were found, and how they behaved.

use serde::{Deserialize, Serialize};

use super::{Batch, Error, record::row};

/// Addresses kept of one peer: home, mobile and relayed, over two transports, with room to spare.
pub const ADDRESSES: usize = 8;
/// Peers kept. The least useful make room.
pub const PEERS: usize = 1_000;

/// What is known of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PeerRow {
    /// Number that stands for the peer where an entry's origin is kept.
    pub number: u32,
    /// Addresses, each with the time it last worked (0: it was only heard of).
    pub addresses: Vec<(String, u64)>,
    /// When it was last connected.
    pub last_seen: u64,
    /// Connections that failed since the last that worked.
    pub failures: u32,
    /// No new attempt before this.
    pub retry_at: u64,
    /// Connections are refused.
    pub banned: bool,
    /// Penalty points for what it did; they wear off.
    pub demerits: u32,
    /// Somebody asked for this peer by name: it is reconnected first, and never makes room.
    pub wanted: bool,
}

impl PeerRow {
    /// Lets penalty points wear off, one in `every` milliseconds since the peer was last seen.
    pub fn forgive(&mut self, now: u64, every: u64) {
        let forgiven = now.saturating_sub(self.last_seen) / every;
        self.demerits = self.demerits.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
    }

    /// Hears of an address, at the front if it worked at `now`.
    pub fn learn(&mut self, address: String, worked: bool, now: u64) {
        let before = self.addresses.iter().position(|(known, _)| *known == address);
        let seen = before.map_or(0, |at| self.addresses.remove(at).1);
        if worked {
            self.addresses.insert(0, (address, now));
        } else if seen > 0 {
            let at = self.addresses.partition_point(|(_, time)| *time >= seen);
            self.addresses.insert(at, (address, seen));
        } else {
            // The oldest makes room for what was heard last: a node that moved can be found again.
            self.addresses.truncate(ADDRESSES - 1);
            self.addresses.push((address, 0));
        }
        self.addresses.truncate(ADDRESSES);
    }
}

impl Batch<'_> {
    /// What is known of a peer.
    pub fn peer(&self, id: &[u8]) -> Result<Option<PeerRow>, Error> {
        self.tables.peers.get(id)?.map(|bytes| row(bytes.value())).transpose()
    }

    /// All peers.
    pub fn peers(&self) -> Result<Vec<(Vec<u8>, PeerRow)>, Error> {
        let rows = self.tables.peers.iter()?;
        rows.map(|item| {
            let (id, bytes) = item?;
            Ok((id.value().to_vec(), row(bytes.value())?))
        })
        .collect()
    }

    /// Changes what is known of a peer, who is met now if need be.
    pub fn change_peer(&mut self, id: &[u8], change: impl FnOnce(&mut PeerRow)) -> Result<PeerRow, Error> {
        let mut peer = match self.peer(id)? {
            Some(peer) => peer,
            None => {
                if self.tables.peers.len()? >= PEERS as u64 {
                    self.make_room()?;
                }
                let number = self.next_peer()?;
                self.tables.peer_numbers.insert(number, id)?;
                PeerRow { number, ..PeerRow::default() }
            }
        };
        change(&mut peer);
        self.tables.peers.insert(id, starling_protocol::cbor::encode(&peer).as_slice())?;
        Ok(peer)
    }

    /// A number that no peer had before: entries still name those who were forgotten, and what one peer
    /// brought must not be said of another.
    fn next_peer(&mut self) -> Result<u32, Error> {
        const KEY: &str = "next peer";
        let held = self.tables.peer_numbers.last()?.map_or(1, |(last, _)| last.value().saturating_add(1));
        let noted = self.tables.meta.get(KEY)?.and_then(|bytes| bytes.value().try_into().ok());
        let number = noted.map_or(0, u32::from_le_bytes).max(held);
        let after = number.checked_add(1).ok_or_else(|| Error::Corrupt("no peer numbers are left".into()))?;
        self.tables.meta.insert(KEY, after.to_le_bytes().as_slice())?;
        Ok(number)
    }

    /// Forgets a peer.
    pub fn forget_peer(&mut self, id: &[u8]) -> Result<(), Error> {
        if let Some(peer) = self.peer(id)? {
            self.tables.peers.remove(id)?;
            self.tables.peer_numbers.remove(peer.number)?;
        }
        Ok(())
    }

    /// Forgets the peer that was not seen for longest, of those that nobody asked for.
    fn make_room(&mut self) -> Result<(), Error> {
        let peers = self.peers()?;
        let idle = peers.into_iter().filter(|(_, peer)| !peer.wanted && !peer.banned);
        // Those who only called go first: nobody can call them back, and anybody can make a thousand.
        if let Some((id, _)) = idle.min_by_key(|(_, peer)| (!peer.addresses.is_empty(), peer.last_seen)) {
            self.forget_peer(&id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_peers_ever_have_one_number() {
        let store = crate::store::Store::in_memory().unwrap();
        let meet = |id: &[u8]| store.write(|batch| Ok(batch.change_peer(id, |_| {})?.number)).unwrap();
        let (first, second) = (meet(b"first"), meet(b"second"));
        store.write(|batch| batch.forget_peer(b"second")).unwrap();
        let third = meet(b"third");
        assert_eq!(meet(b"first"), first);
        assert!(third != second && third != first && first > 0);
    }

    #[test]
    fn addresses_that_work_come_first_and_the_list_is_bounded() {
        let mut peer = PeerRow::default();
        for n in 0..20 {
            peer.learn(format!("/ip4/192.0.2.{n}/tcp/1"), false, 0);
        }
        peer.learn("/ip4/192.0.2.3/tcp/1".into(), true, 5);
        peer.learn("/ip4/192.0.2.3/tcp/1".into(), false, 9);
        assert_eq!(peer.addresses[0], ("/ip4/192.0.2.3/tcp/1".into(), 5));
        assert_eq!(peer.addresses.len(), ADDRESSES);
    }
}
