//! `run`: the node, until it is told to stop.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use libp2p::{Multiaddr, multiaddr::Protocol};
use starling::{
    config::{Config, Resolved},
    home::Home,
    runtime,
};
use tokio::sync::watch;
use toml::Value;

use super::{Failure, Kind, door::Door, session::Context};

/// How long the network may take to say where it listens, before we go on without.
const PATIENCE: Duration = Duration::from_secs(3);
/// An address such as 0.0.0.0 becomes one for every interface, one soon after another.
const INTERFACES: Duration = Duration::from_millis(50);

/// Run the node until it is stopped
#[derive(Debug, clap::Args)]
pub struct Run {
    /// Listen on this multiaddr instead of those in the settings; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<Multiaddr>,
    /// Answer programs on this address instead of the one in the settings; port 0 is any
    #[arg(long, value_name = "ADDR:PORT")]
    http: Option<SocketAddr>,
    /// Look for nodes on the local network, whatever the settings say
    #[arg(long, conflicts_with = "no_mdns")]
    mdns: bool,
    /// Do not look for nodes on the local network
    #[arg(long)]
    no_mdns: bool,
    /// Write although the network was not asked what it holds of your own feed
    #[arg(long, hide = true)]
    force_guard: bool,
    /// Write what reaches this node to a file that is not there yet, without what people wrote, so that
    /// `starling sim replay` can go through it again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Run {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let resolved = Resolved::load(&context.places.config, &self.flags())?;
        log(&resolved.config.log.level, context.output.json);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let result = runtime.block_on(self.node(context, home, resolved.config));
        // Tasks that hang must not keep the process: everything that matters is on disk.
        runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        result
    }

    fn flags(&self) -> Vec<(&'static str, Value)> {
        let mut flags = Vec::new();
        if !self.listen.is_empty() {
            let addresses = self.listen.iter().map(|address| Value::String(address.to_string()));
            flags.push(("network.listen", Value::Array(addresses.collect())));
        }
        if let Some(http) = self.http {
            flags.push(("http.listen", Value::String(http.to_string())));
        }
        if self.mdns || self.no_mdns {
            flags.push(("network.mdns", Value::Boolean(self.mdns)));
        }
        flags
    }

    async fn node(self, context: &Context, home: Home, config: Config) -> Result<(), Failure> {
        // Before anything is said to be ready, so that a signal in between is not lost.
        let mut signals = Signals::listen()?;
        let _lock = home.lock()?;
        let token = home.token()?;
        let wanted = config.network.listen.clone();
        let http = config.http.clone();
        let options = runtime::Options {
            home: home.clone(),
            config,
            network: true,
            listen: None,
            mdns: None,
            force_guard: self.force_guard,
            record: self.record,
        };
        let node = runtime::start(options).await.map_err(start_failure)?;
        let door = match Door::open(&http, &token, home.path()).await {
            Ok(door) => door,
            Err(failure) => {
                node.shutdown().await;
                return Err(failure);
            }
        };
        let (http, https) = (door.http.clone(), door.https.clone());
        let (stop, stopping) = watch::channel(false);
        let mut serving = door.serve(node.clone(), stopping);
        let announcement = home.announce(&http)?;
        listening(context, &node, &wanted).await;
        let mut told = ready(context, &node, &http, https.as_deref());

        if told.is_ok() {
            tokio::select! {
                () = signals.next() => {}
                () = node.stopped() => {}
                // It also ends with the node.
                _ = &mut serving => if !node.stopping() {
                    told = Err(Failure::failed("the HTTP door closed by itself").hint(LOOK));
                },
            }
        }
        // What ends while everything is told to end is none of its own doing.
        let ended = ended(&node);
        context.output.talk("stopping");
        drop(announcement);
        let orderly = async {
            // The server may have ended already.
            let _ = stop.send(true);
            if !serving.is_finished() {
                let _ = serving.await;
            }
            node.clone().shutdown().await;
        };
        tokio::select! {
            () = orderly => ended.and(told),
            () = signals.next() => Err(Failure::new(Kind::Interrupted, "interrupted while stopping")),
        }
    }
}

/// What to do about a node that ended by itself.
const LOOK: &str = "start it again; if that does not last, `starling doctor` looks for the reason";

/// How a node ended. Whoever watches over it starts one again that did not mean to end, and knows it by the exit code.
pub fn ended(node: &runtime::Node) -> Result<(), Failure> {
    match node.failure() {
        Some(why) => Err(Failure::failed(format!("the node ended by itself: {why}")).hint(LOOK)),
        None => Ok(()),
    }
}

/// What asks the process to stop.
#[cfg(unix)]
struct Signals {
    interrupts: tokio::signal::unix::Signal,
    terminations: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupts: signal(SignalKind::interrupt())?,
            terminations: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupts.recv() => {}
            _ = self.terminations.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler there is nothing to wait for, and the system ends the process itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits until the network listens where it was told to.
async fn listening(context: &Context, node: &runtime::Node, wanted: &[Multiaddr]) {
    let all =
        |listen: &[Multiaddr]| wanted.iter().all(|wanted| listen.iter().any(|found| is_for(wanted, found)));
    let waited = tokio::time::timeout(PATIENCE, node.wait_for(|status| all(&status.listen))).await;
    tokio::time::sleep(INTERFACES).await;
    if waited.is_err() {
        let now = node.listen();
        for missing in wanted.iter().filter(|wanted| !now.iter().any(|found| is_for(wanted, found))) {
            context.output.talk(format!("warning: not listening on {missing}: is another program there?"));
        }
    }
}

/// Whether `found` may be what became of `wanted`: the same transport, and the same port if it has one.
fn is_for(wanted: &Multiaddr, found: &Multiaddr) -> bool {
    let place = |address: &Multiaddr| {
        address.iter().find_map(|part| match part {
            Protocol::Tcp(port) => Some((false, port)),
            Protocol::Udp(port) => Some((true, port)),
            _ => None,
        })
    };
    match (place(wanted), place(found)) {
        (Some((udp, port)), Some((found_udp, found))) => udp == found_udp && (port == 0 || port == found),
        (wanted, found) => wanted == found,
    }
}

/// The first line on stdout: whoever started us waits for it.
fn ready(context: &Context, node: &runtime::Node, http: &str, https: Option<&str>) -> Result<(), Failure> {
    let peer = node.peer_id();
    let listen: Vec<String> = node.listen().iter().map(ToString::to_string).collect();
    let output = &context.output;
    if output.json {
        return output.object(&serde_json::json!({
            "event": "ready",
            "author": node.author().to_string(),
            "peer_id": peer.to_string(),
            "listen": listen,
            "http": http,
            "https": https,
        }));
    }
    output.line(format!("author  {}", node.author()))?;
    output.line(format!("peer    {peer}"))?;
    for address in &listen {
        output.line(format!("listen  {address}"))?;
    }
    output.line(format!("http    {http}"))?;
    https.map_or(Ok(()), |https| output.line(format!("https   {https}")))
}

/// Why a node did not start.
pub fn start_failure(error: runtime::Error) -> Failure {
    match error {
        runtime::Error::Home(error) => Failure::from(error),
        runtime::Error::Store(starling::store::Error::Locked) => {
            Failure::failed("another process has the store open").hint("wait until it is done, or stop it")
        }
        error => Failure::failed(error).hint("`starling doctor` looks for the reason"),
    }
}

/// Sends the log to stderr. The level was checked with the settings; a second call changes nothing.
pub fn log(level: &str, json: bool) {
    let Ok(filter) = tracing_subscriber::EnvFilter::builder().parse(level) else { return };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = if json { builder.json().try_init() } else { builder.with_ansi(false).try_init() };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_again_by_transport_and_port() {
        let is_for = |wanted: &str, found: &str| is_for(&wanted.parse().unwrap(), &found.parse().unwrap());
        assert!(is_for("/ip4/0.0.0.0/tcp/0", "/ip4/192.168.0.7/tcp/41234"));
        assert!(is_for("/ip4/0.0.0.0/tcp/4001", "/ip4/127.0.0.1/tcp/4001"));
        assert!(is_for("/ip4/0.0.0.0/udp/0/quic-v1", "/ip4/127.0.0.1/udp/5/quic-v1"));
        assert!(!is_for("/ip4/0.0.0.0/tcp/4001", "/ip4/127.0.0.1/tcp/4002"));
        assert!(!is_for("/ip4/0.0.0.0/tcp/0", "/ip4/127.0.0.1/udp/5/quic-v1"));
    }
}
