//! Whom the node is connected to and by which way, what is fetched, what is held of each feed, and what went over the
//! line.

use super::{App, Row, Teller, Tone};
use crate::{
    api::node::{Coverage, Network, Peer},
    app::Asks,
    msg::{Effect, Line, ask::Mesh},
    text::DisplayText,
};

/// Peers that are not connected and shown: those that were there last.
const REMEMBERED: usize = 16;

/// What a line of the sheet opens.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Opens {
    Nothing,
    /// A person's posts.
    Person(String),
    /// A peer, and whether it is refused.
    Peer(String, bool),
    /// A line for the address of one more.
    Address,
}

pub(super) fn rows(teller: &Teller<'_>, mesh: &Mesh, loading: bool) -> Vec<Row> {
    lines(teller, mesh, loading).into_iter().map(|(row, _)| row).collect()
}

/// The same for those who choose nothing from it.
pub(super) fn told(teller: &Teller<'_>, mesh: &Mesh) -> Vec<Row> {
    let lines = lines(teller, mesh, false).into_iter();
    lines.filter(|(_, opens)| *opens != Opens::Address).map(|(row, _)| row).collect()
}

fn lines(teller: &Teller<'_>, mesh: &Mesh, loading: bool) -> Vec<(Row, Opens)> {
    let words = teller.words;
    if loading && *mesh == Mesh::default() {
        return vec![(Row::new(Tone::Faint, words.say("sheet-loading")), Opens::Nothing)];
    }
    let mut rows: Vec<(Row, Opens)> = Vec::new();
    let plain = |row: Row| (row, Opens::Nothing);
    let (here, away): (Vec<&Peer>, Vec<&Peer>) = mesh.peers.iter().partition(|peer| peer.connected);
    rows.push(plain(Row::new(Tone::Head, words.count("mesh-connected", here.len()))));
    if here.is_empty() {
        let name = match teller.node {
            Some(node) if !node.network => "mesh-no-network",
            _ => "mesh-nobody",
        };
        rows.push(plain(Row::new(Tone::Warning, words.say(name)).within()));
    }
    for peer in here {
        let opens = Opens::Peer(peer.peer_id.clone(), peer.banned);
        rows.extend(connected(teller, mesh, peer).into_iter().map(|row| (row.within(), opens.clone())));
    }
    rows.push((Row::new(Tone::Plain, words.say("mesh-add")).within(), Opens::Address));
    let name = match (mesh.progress.caught_up, mesh.peers.iter().any(|peer| peer.connected && peer.syncing)) {
        (true, _) => ("mesh-caught-up", Tone::Good),
        (_, true) => ("mesh-fetching", Tone::Plain),
        _ => ("mesh-not-asked", Tone::Warning),
    };
    rows.push(plain(Row::new(name.1, words.say(name.0))));
    if let Some(network) = mesh.network.as_ref().filter(|network| network.on) {
        rows.push(plain(Row::new(Tone::Head, words.say("mesh-traffic"))));
        rows.extend(traffic(teller, network).into_iter().map(Row::within).map(plain));
    }
    let title = words.count("mesh-coverage", mesh.coverage.len());
    rows.push(plain(Row::new(Tone::Head, title)));
    for feed in &mesh.coverage {
        rows.push((coverage(teller, feed).within(), Opens::Person(feed.author.clone())));
    }
    if !away.is_empty() {
        rows.push(plain(Row::new(Tone::Head, words.count("mesh-remembered", away.len()))));
        for peer in away.into_iter().take(REMEMBERED) {
            rows.push((remembered(teller, peer).within(), Opens::Peer(peer.peer_id.clone(), peer.banned)));
        }
    }
    rows
}

/// A peer's id; where there is no room, as short as it can be told from others.
fn named(teller: &Teller<'_>, peer: &str) -> String {
    let peer = DisplayText::new(peer).to_string();
    let count = if teller.whole { 0 } else { peer.chars().count().saturating_sub(8) };
    peer.chars().skip(count).collect()
}

/// The place in an address.
fn host(address: &str) -> Option<&str> {
    address.split('/').nth(2)
}

/// The name of the words for the way to a peer.
fn route(address: &str) -> &'static str {
    let mut parts = address.split('/').skip(1);
    let (kind, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if address.contains("/p2p-circuit") {
        return "mesh-relayed";
    }
    match (kind, host.parse::<std::net::IpAddr>()) {
        (_, Ok(ip)) if ip.is_loopback() => "mesh-same-machine",
        (_, Ok(std::net::IpAddr::V4(ip))) if ip.is_private() || ip.is_link_local() => "mesh-lan",
        // Unique local (fc00::/7) and link-local (fe80::/10) addresses.
        (_, Ok(std::net::IpAddr::V6(ip)))
            if ip.segments()[0] & 0xfe00 == 0xfc00 || ip.segments()[0] & 0xffc0 == 0xfe80 =>
        {
            "mesh-lan"
        }
        _ if host.ends_with(".local") => "mesh-lan",
        _ => "mesh-direct",
    }
}

fn connected(teller: &Teller<'_>, mesh: &Mesh, peer: &Peer) -> Vec<Row> {
    let words = teller.words;
    let dot = teller.dot;
    let address = peer.addresses.first().map(String::as_str).unwrap_or_default();
    let ours =
        mesh.network.iter().flat_map(|network| &network.listening).any(|ours| host(ours) == host(address));
    let way = words.say(if ours { "mesh-same-machine" } else { route(address) });
    let who = words.say(if peer.outbound { "mesh-we-called" } else { "mesh-they-called" });
    let first = format!("{}{dot}{way}{dot}{who}", named(teller, &peer.peer_id));
    let state = mesh.progress.peers.iter().find(|held| held.peer_id == peer.peer_id);
    let state = match state.map(|held| held.state.as_str()) {
        Some("fetching") => "mesh-peer-fetching",
        Some("caught_up") => "mesh-peer-caught-up",
        _ => "mesh-peer-idle",
    };
    let mut parts = vec![words.say(state).into_owned()];
    if peer.serving {
        parts.push(words.say("mesh-serving").into_owned());
    }
    parts.push(words.count("mesh-received", peer.received as usize).into_owned());
    if peer.demerits > 0 {
        parts.push(words.count("mesh-demerits", peer.demerits as usize).into_owned());
    }
    let known = mesh.network.iter().flat_map(|network| &network.peers);
    let agent = known.filter(|held| held.peer_id == peer.peer_id).map(|held| &held.agent);
    parts.extend(agent.filter(|agent| !agent.is_empty()).map(|agent| DisplayText::new(agent).to_string()));
    let mut rows = vec![Row::new(Tone::Plain, first), Row::new(Tone::Faint, parts.join(dot)).within()];
    if !address.is_empty() {
        rows.push(Row::new(Tone::Faint, DisplayText::new(address).as_str()).within());
    }
    rows
}

fn remembered(teller: &Teller<'_>, peer: &Peer) -> Row {
    let dot = teller.dot;
    let seen = jiff::Timestamp::from_millisecond(peer.last_seen).ok().filter(|_| peer.last_seen > 0);
    let seen = match seen {
        Some(at) => teller.words.put("mesh-seen", [("when", teller.moment(at))]).into_owned(),
        None => teller.words.say("mesh-never-seen").into_owned(),
    };
    let mut text = format!("{}{dot}{seen}", named(teller, &peer.peer_id));
    if peer.banned {
        text = format!("{text}{dot}{}", teller.words.say("mesh-banned"));
    }
    Row::new(Tone::Faint, text)
}

fn coverage(teller: &Teller<'_>, feed: &Coverage) -> Row {
    let dot = teller.dot;
    let name = DisplayText::new(feed.name.trim()).to_string();
    let name = match name.is_empty() {
        true => DisplayText::new(&feed.author).as_str().chars().take(13).collect(),
        false => name,
    };
    let held = teller.words.count("mesh-held", feed.held as usize);
    let (missing, tone) = match feed.missing {
        0 => (teller.words.say("mesh-complete"), Tone::Plain),
        missing => (teller.words.count("mesh-missing", missing as usize), Tone::Warning),
    };
    let mut text = format!("{name}{dot}{held}{dot}{missing}");
    if let Some(sources) = feed.sources {
        text = format!("{text}{dot}{}", teller.words.count("mesh-sources", sources));
    }
    Row::new(tone, text)
}

fn traffic(teller: &Teller<'_>, network: &Network) -> Vec<Row> {
    let traffic = &network.traffic;
    let line = |name: &str, came: u64, went: u64| {
        Row::new(Tone::Plain, teller.words.put(name, [("came", bytes(came)), ("went", bytes(went))]))
    };
    let mut rows = vec![
        line("mesh-gossip", traffic.gossip_in_bytes, traffic.gossip_out_bytes),
        line("mesh-sync", traffic.sync_in_bytes, traffic.sync_out_bytes),
    ];
    if traffic.refused > 0 {
        rows.push(Row::new(Tone::Plain, teller.words.count("mesh-refused", traffic.refused as usize)));
    }
    let mesh: usize = network.shards.iter().map(|shard| shard.mesh).sum();
    let counts = [("links", mesh), ("shards", network.shards.len())];
    rows.push(Row::new(Tone::Plain, teller.words.put("mesh-links", counts)));
    rows
}

/// Bytes as people say them.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    let mut value = count as f64;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

impl App {
    /// Opens whose feed the selected line is about.
    pub(super) fn open_mesh(&mut self, mesh: &Mesh, at: usize) -> Vec<Effect> {
        match lines(&self.teller(), mesh, false).get(at) {
            Some((_, Opens::Person(id))) => {
                let id = id.clone();
                let mut effects = vec![Effect::Person(id.clone())];
                effects.extend(self.show_line(Line::Person(id)));
                effects
            }
            Some((_, Opens::Peer(..))) => {
                let address = self.peer_at(mesh, at).and_then(|(id, _)| {
                    let peer = mesh.peers.iter().find(|peer| peer.peer_id == id)?;
                    let address = peer.addresses.first()?;
                    let named = address.contains("/p2p/");
                    Some(if named { address.clone() } else { format!("{address}/p2p/{id}") })
                });
                address.map_or(Vec::new(), |address| self.copy(address))
            }
            Some((_, Opens::Address)) => self.ask(Asks::Address),
            Some((_, Opens::Nothing)) | None => Vec::new(),
        }
    }

    /// The peer of the selected line, and whether it is refused.
    pub(super) fn peer_at(&self, mesh: &Mesh, at: usize) -> Option<(String, bool)> {
        match lines(&self.teller(), mesh, false).into_iter().nth(at)?.1 {
            Opens::Peer(peer, banned) => Some((peer, banned)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_peer_is_said_in_words() {
        for (address, way) in [
            ("/ip4/127.0.0.1/tcp/1", "mesh-same-machine"),
            ("/ip6/::1/udp/1/quic-v1", "mesh-same-machine"),
            ("/ip4/192.168.1.7/udp/1/quic-v1", "mesh-lan"),
            ("/ip6/fe80::1/tcp/1", "mesh-lan"),
            ("/dns/printer.local/tcp/1", "mesh-lan"),
            ("/ip4/8.8.8.8/udp/1/quic-v1", "mesh-direct"),
            ("/dns4/relay.example/tcp/1", "mesh-direct"),
            ("/ip4/8.8.8.8/tcp/1/p2p/12D3/p2p-circuit/p2p/12D4", "mesh-relayed"),
            ("", "mesh-direct"),
        ] {
            assert_eq!(route(address), way, "{address}");
        }
    }

    #[test]
    fn bytes_are_said_as_people_say_them() {
        assert_eq!([0, 1_023, 1_536, 3 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "3.0 GiB"]);
    }
}
