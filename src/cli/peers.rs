//! `peers`: the nodes that this one talks to.

use std::{
    thread,
    time::{Duration, Instant},
};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};
use serde_json::{Value, json};

use super::{Failure, Kind, client::Client, layout, output::safe, session::Context};

/// How long `peers add` waits for a connection: longer than a dial may take, hole punching aside.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(200);

/// List, add and ban the nodes that yours talks to
#[derive(Debug, clap::Subcommand)]
pub enum Peers {
    /// List them
    List,
    /// Connect to a node, and remember its address
    Add {
        /// Where it is; with /p2p/ and a peer id at the end, nobody else can take its place
        #[arg(value_name = "MULTIADDR")]
        address: Multiaddr,
        /// Do not wait for the connection
        #[arg(long)]
        no_wait: bool,
    },
    /// Refuse a node's connections
    Ban {
        /// Which
        #[arg(value_name = "PEER")]
        peer: PeerId,
    },
    /// Take a ban back
    Unban {
        /// Which
        #[arg(value_name = "PEER")]
        peer: PeerId,
    },
}

impl Peers {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::List => list(context),
            Self::Add { address, no_wait } => add(context, &address, no_wait),
            Self::Ban { peer } => ban(context, &peer, true),
            Self::Unban { peer } => ban(context, &peer, false),
        }
    }
}

fn all(client: &Client) -> Result<Vec<Value>, Failure> {
    let answer: Value = client.get("/api/starling/v1/peers")?;
    let list = answer.get("peers").cloned().unwrap_or(answer);
    Ok(serde_json::from_value(list)?)
}

fn flag(peer: &Value, name: &str) -> bool {
    peer.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn text(peer: &Value, name: &str) -> String {
    peer.get(name).and_then(Value::as_str).map(safe).unwrap_or_default()
}

fn list(context: &Context) -> Result<(), Failure> {
    let session = context.session()?;
    let peers = all(&session.client)?;
    let output = &context.output;
    if output.json {
        return peers.iter().try_for_each(|peer| output.object(peer));
    }
    if peers.is_empty() {
        output.talk("no peers are known: `starling peers add` connects to one");
    }
    for peer in &peers {
        let state = match () {
            () if flag(peer, "banned") => output.warn("banned"),
            () if flag(peer, "syncing") => "syncing".into(),
            () if flag(peer, "connected") => "connected".into(),
            () => output.dim("away"),
        };
        let latency = peer.get("latency_ms").and_then(Value::as_u64);
        let latency = latency.map(|ms| format!("  {ms} ms")).unwrap_or_default();
        output.line(format!("{}  {state}{latency}", text(peer, "peer_id")))?;
        for address in peer.get("addresses").and_then(Value::as_array).into_iter().flatten() {
            output.line(format!("  {}", output.dim(safe(address.as_str().unwrap_or_default()))))?;
        }
        let seen = peer.get("last_seen").and_then(Value::as_u64).filter(|seen| *seen > 0);
        if let Some(seen) = seen.filter(|_| !flag(peer, "connected")) {
            output.line(format!("  last seen {}", layout::date(seen)))?;
        }
    }
    Ok(())
}

fn add(context: &Context, address: &Multiaddr, no_wait: bool) -> Result<(), Failure> {
    let session = context.session()?;
    let expected = named(address);
    let before = connected(&session.client)?;
    let _: Value =
        session.client.post("/api/starling/v1/peers", &json!({ "address": address.to_string() }))?;
    let object = |connected| json!({ "address": address.to_string(), "connected": connected });
    if !session.online() || no_wait {
        if !session.online() {
            context.output.talk("remembered; a node that runs will connect (`starling run`)");
        }
        return context.output.either(&object(false), format!("added {address}"));
    }
    let until = Instant::now() + PATIENCE;
    loop {
        let now = connected(&session.client)?;
        let found = now.iter().find(|peer| match &expected {
            Some(expected) => *peer == expected,
            None => !before.contains(peer),
        });
        if let Some(peer) = found {
            return context.output.either(&object(true), format!("connected to {peer}"));
        }
        if Instant::now() > until {
            let hint = match expected {
                Some(_) => "it is remembered and tried again; see `starling peers list`",
                None => "without /p2p/ and a peer id at its end it is not remembered",
            };
            return Err(Failure::new(Kind::Network, format!("{address} could not be reached")).hint(hint));
        }
        thread::sleep(PAUSE);
    }
}

/// The peer that an address leads to and to nobody else.
fn named(address: &Multiaddr) -> Option<String> {
    address.iter().find_map(|part| match part {
        Protocol::P2p(peer) => Some(peer.to_string()),
        _ => None,
    })
}

/// Waits for a connection to one of the peers that these addresses name.
pub fn met(client: &Client, addresses: &[String]) -> Result<Option<String>, Failure> {
    let wanted: Vec<String> = addresses.iter().filter_map(|address| named(&address.parse().ok()?)).collect();
    let until = Instant::now() + PATIENCE;
    loop {
        let found = connected(client)?.into_iter().find(|peer| wanted.contains(peer));
        if found.is_some() || wanted.is_empty() || Instant::now() > until {
            return Ok(found);
        }
        thread::sleep(PAUSE);
    }
}

fn connected(client: &Client) -> Result<Vec<String>, Failure> {
    let peers = all(client)?;
    Ok(peers.iter().filter(|peer| flag(peer, "connected")).map(|peer| text(peer, "peer_id")).collect())
}

fn ban(context: &Context, peer: &PeerId, banned: bool) -> Result<(), Failure> {
    let session = context.session()?;
    let verb = if banned { "ban" } else { "unban" };
    let _: Value = session.client.post(&format!("/api/starling/v1/peers/{peer}/{verb}"), &json!({}))?;
    let text = if banned { "banned" } else { "no longer banned:" };
    context.output.either(&json!({ "peer_id": peer.to_string(), "banned": banned }), format!("{text} {peer}"))
}
