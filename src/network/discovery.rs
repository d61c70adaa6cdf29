//! What nodes tell about themselves: identify on a connection, mDNS on the local network.
//!
//! Both are claims of strangers, so everything here is cut to size before it goes further.

use libp2p::identity::Keypair;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Multiaddr, PeerId, identify, mdns};

use super::{Error, Event};

/// Neutral: neither version nor platform, which would help to tell nodes apart or to find the old ones.
const AGENT: &str = "starling";
const FAMILY: &str = "/starling/1";

/// A node has a few addresses on a few transports; more is noise, or an attempt to have us dial for someone.
pub(super) const MAX_ADDRESSES: usize = 16;
const MAX_PROTOCOLS: usize = 32;
const MAX_AGENT: usize = 64;

/// Peers taken from one mDNS answer: more than a home has.
const MAX_FOUND: usize = 64;

/// Identify that hides where we listen and keeps no list of its own of others' addresses.
pub(super) fn identify(keypair: &Keypair) -> identify::Behaviour {
    identify::Behaviour::new(
        identify::Config::new(FAMILY.into(), keypair.public())
            .with_agent_version(AGENT.into())
            .with_hide_listen_addrs(true)
            .with_push_listen_addr_updates(false)
            .with_cache_size(0),
    )
}

/// mDNS when asked for.
pub(super) fn mdns(wanted: bool, peer: PeerId) -> Result<Toggle<mdns::tokio::Behaviour>, Error> {
    let behaviour = match wanted {
        true => Some(mdns::tokio::Behaviour::new(mdns::Config::default(), peer).map_err(Error::Mdns)?),
        false => None,
    };
    Ok(Toggle::from(behaviour))
}

/// What a peer says that it runs: printable ASCII, and not much of it.
pub(super) fn agent(info: &identify::Info) -> String {
    info.agent_version.chars().filter(|c| (' '..='~').contains(c)).take(MAX_AGENT).collect()
}

/// A peer's account of itself.
pub(super) fn identified(peer: PeerId, info: identify::Info) -> Event {
    let agent = agent(&info);
    Event::Identified {
        peer,
        listen_addresses: info.listen_addrs.into_iter().take(MAX_ADDRESSES).collect(),
        protocols: info.protocols.iter().take(MAX_PROTOCOLS).map(|protocol| protocol.to_string()).collect(),
        agent,
        observed: info.observed_addr,
    }
}

/// One event a peer that was found on the local network.
pub(super) fn discovered(found: Vec<(PeerId, Multiaddr)>) -> Vec<Event> {
    let mut peers: Vec<(PeerId, Vec<Multiaddr>)> = Vec::new();
    for (peer, address) in found {
        match peers.iter().position(|(known, _)| *known == peer) {
            Some(known) if peers[known].1.len() < MAX_ADDRESSES => peers[known].1.push(address),
            None if peers.len() < MAX_FOUND => peers.push((peer, vec![address])),
            _ => {}
        }
    }
    peers.into_iter().map(|(peer, addresses)| Event::Discovered { peer, addresses }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: usize) -> Multiaddr {
        format!("/ip4/192.0.2.1/tcp/{port}").parse().unwrap()
    }

    #[test]
    fn cuts_what_strangers_claim() {
        let key = Keypair::generate_ed25519();
        let info = identify::Info {
            public_key: key.public(),
            protocol_version: "x".into(),
            agent_version: format!("\u{1b}[31m\u{202e}{}", "a".repeat(100)),
            listen_addrs: (1..100).map(address).collect(),
            protocols: Vec::new(),
            observed_addr: address(1),
            signed_peer_record: None,
        };
        let Event::Identified { listen_addresses, agent, .. } = identified(key.public().to_peer_id(), info)
        else {
            panic!("another event");
        };
        assert_eq!(listen_addresses.len(), MAX_ADDRESSES);
        assert_eq!(agent.len(), MAX_AGENT);
        assert!(agent.starts_with("[31ma"));
    }

    #[test]
    fn gathers_local_peers_within_bounds() {
        let talkative = PeerId::random();
        let mut found: Vec<_> = (1..100).map(|port| (talkative, address(port))).collect();
        found.extend((1..200).map(|port| (PeerId::random(), address(port))));
        let events = discovered(found);
        assert_eq!(events.len(), MAX_FOUND);
        assert!(
            matches!(&events[0], Event::Discovered { peer, addresses } if *peer == talkative && addresses.len() == MAX_ADDRESSES)
        );
    }
}
