//! What is written in a recording, as an engine takes it.

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};
use starling::{
    engine::{
        Command, Disk, Input, Request,
        checked::{self, Checked},
        command::ImportItem,
    },
    network::{Event, GossipRef, Misbehaviour, StreamId, SyncRole},
    recording::{Happened, Thing},
};
use starling_protocol::{entry, feed::ForkProof, sync::Answer};

/// Something signed, verified; none if it is not valid.
pub(super) fn thing(thing: &Thing) -> Option<ImportItem> {
    match thing {
        Thing::Identity(record) => Some(ImportItem::Identity(record.clone())),
        Thing::Entry(bytes) => entry::verify(bytes).ok().map(|entry| ImportItem::Entry(Box::new(entry))),
        Thing::Fork(bytes) => {
            ForkProof::from_bytes(bytes).ok().map(|proof| ImportItem::Fork(Box::new(proof)))
        }
    }
}

/// One input. What cannot be read is left out; the difference will tell. The first command that signed becomes the
/// import of all that was signed in the batch.
pub(super) fn input(
    happened: &Happened,
    request: Request,
    number: u64,
    signs: &mut bool,
    own: &mut Vec<ImportItem>,
) -> Option<Input> {
    let event = match happened {
        Happened::Tick => return Some(Input::Tick),
        Happened::Disk(disk) => {
            return Some(Input::Disk(Disk { free: disk.free, total: disk.total, store: disk.store }));
        }
        Happened::Signs(_) => {
            *signs = true;
            let own = std::mem::take(own);
            return (!own.is_empty()).then_some(Input::Command(request, Command::Import(own)));
        }
        Happened::AddPeer(addresses) => {
            return Some(Input::Command(request, Command::AddPeer(self::addresses(addresses))));
        }
        Happened::Ban(id) => return Some(Input::Command(request, Command::BanPeer(peer(id)?))),
        Happened::Unban(id) => return Some(Input::Command(request, Command::UnbanPeer(peer(id)?))),
        Happened::OpenGuard => return Some(Input::Command(request, Command::OpenGuard)),
        Happened::Import(things) => {
            let items = things.iter().filter_map(thing).collect();
            return Some(Input::Command(request, Command::Import(items)));
        }
        other => event(other, number)?,
    };
    let checked = check(&event);
    Some(Input::Network(event, checked))
}

/// As the engine's own check, on this thread: others do not take what was blanked.
fn check(event: &Event) -> Checked {
    match event {
        Event::SyncFrame { frame, .. } if Answer::has_entries(frame) => match Answer::from_bytes(frame) {
            Ok(Answer::Entries { entries, .. }) => {
                Checked::Entries(entries.iter().map(|bytes| checked::check_entry(bytes)).collect())
            }
            _ => Checked::Nothing,
        },
        other => checked::check(other),
    }
}

fn peer(bytes: &[u8]) -> Option<PeerId> {
    PeerId::from_bytes(bytes).ok()
}

fn address(text: &str) -> Option<Multiaddr> {
    text.parse().ok()
}

fn addresses(texts: &[String]) -> Vec<Multiaddr> {
    texts.iter().filter_map(|text| address(text)).collect()
}

fn event(happened: &Happened, number: u64) -> Option<Event> {
    // What the network says for the log alone is not in the file.
    let reason = String::new;
    Some(match happened {
        Happened::Listening(text) => Event::Listening { address: address(text)? },
        Happened::ListenFailed(text) => Event::ListenFailed { address: address(text)?, reason: reason() },
        Happened::Connected(id, text, outbound, first) => {
            Event::Connected { peer: peer(id)?, address: address(text)?, outbound: *outbound, first: *first }
        }
        Happened::Disconnected(id) => Event::Disconnected { peer: peer(id)? },
        Happened::DialFailed(id, texts) => Event::DialFailed {
            peer: id.as_ref().and_then(|id| peer(id)),
            addresses: addresses(texts),
            reason: reason(),
        },
        Happened::Discovered(id, texts) => Event::Discovered { peer: peer(id)?, addresses: addresses(texts) },
        Happened::Identified(id) => Event::Identified {
            peer: peer(id)?,
            listen_addresses: Vec::new(),
            protocols: Vec::new(),
            agent: String::new(),
            observed: Multiaddr::empty(),
        },
        Happened::Gossip(shard, id, frame) => {
            let from = peer(id)?;
            // A name that no other frame of this replay has.
            let message = GossipRef::new(*blake3::hash(&number.to_le_bytes()).as_bytes(), from);
            Event::Gossip { shard: *shard, from, message, frame: Bytes::copy_from_slice(frame) }
        }
        Happened::SyncOpened(stream, id, pull) => Event::SyncOpened {
            stream: StreamId::new(*stream),
            peer: peer(id)?,
            role: if *pull { SyncRole::Pull } else { SyncRole::Serve },
        },
        Happened::SyncFailed(id) => Event::SyncFailed { peer: peer(id)?, reason: reason() },
        Happened::SyncFrame(stream, frame) => {
            Event::SyncFrame { stream: StreamId::new(*stream), frame: Bytes::copy_from_slice(frame) }
        }
        Happened::SyncClosed(stream, id) => {
            Event::SyncClosed { stream: StreamId::new(*stream), peer: peer(id)?, reason: reason() }
        }
        Happened::Misbehaved(id, what) => Event::PeerMisbehaved { peer: peer(id)?, what: rule(*what)? },
        Happened::Signs(_)
        | Happened::AddPeer(_)
        | Happened::Ban(_)
        | Happened::Unban(_)
        | Happened::Import(_)
        | Happened::OpenGuard
        | Happened::Disk(_)
        | Happened::Tick => return None,
    })
}

fn rule(number: u8) -> Option<Misbehaviour> {
    Some(match number {
        0 => Misbehaviour::SyncFrameSize,
        1 => Misbehaviour::SyncStalled,
        2 => Misbehaviour::SyncNotReading,
        3 => Misbehaviour::SyncStreams,
        4 => Misbehaviour::GossipFlood,
        5 => Misbehaviour::GossipInvalid,
        _ => return None,
    })
}
