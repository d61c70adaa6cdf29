//! `doctor`: looks at everything that a node needs, and says what to do about what it finds.

use std::{
    fs,
    net::{TcpListener, UdpSocket},
    path::Path,
    time::UNIX_EPOCH,
};

use libp2p::{Multiaddr, multiaddr::Protocol};
use serde::Serialize;
use serde_json::Value;
use starling::{clock, config::Config, engine::Floors, home::Home, runtime, store::Store};
use starling_protocol::{Identity, identity::Voice};

use super::{
    Failure, Kind, layout,
    session::{Context, Session},
};

/// 2026-11-01: a clock before that is wrong, for this program was not written yet.
const BEGINNING: u64 = 1_793_491_200_000;
/// How far a file's time may lie ahead of the clock.
const SKEW_MS: u64 = 10 * 60 * 1000;

/// Look for what keeps a node from working, and say what to do
#[derive(Debug, clap::Args)]
pub struct Doctor {}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.0.push(Finding { check, state: State::Ok, text: text.into(), hint: None });
    }

    fn warn(&mut self, check: &'static str, text: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Finding { check, state: State::Warn, text: text.into(), hint: Some(hint.into()) });
    }

    fn fail(&mut self, check: &'static str, text: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Finding { check, state: State::Fail, text: text.into(), hint: Some(hint.into()) });
    }

    fn failure(&mut self, check: &'static str, failure: Failure) {
        let Failure { message: text, hint, .. } = failure;
        self.0.push(Finding { check, state: State::Fail, text, hint });
    }
}

impl Doctor {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut findings = Findings::default();
        examine(context, &mut findings);
        for Finding { check, state, text, hint } in &findings.0 {
            if context.output.json {
                continue;
            }
            let mark = match state {
                State::Ok => "ok  ".to_owned(),
                State::Warn => context.output.warn("warn"),
                State::Fail => context.output.warn("FAIL"),
            };
            context.output.line(format!("{mark} {check:<9} {text}"))?;
            if let Some(hint) = hint {
                context.output.line(format!("{:15}{hint}", ""))?;
            }
        }
        if context.output.json {
            findings.0.iter().try_for_each(|finding| context.output.object(finding))?;
        }
        match findings.0.iter().filter(|finding| finding.state == State::Fail).count() {
            0 => Ok(()),
            bad => Err(Failure::failed(format!("{bad} of {} checks failed", findings.0.len()))),
        }
    }
}

fn examine(context: &Context, findings: &mut Findings) {
    let config = match context.settings() {
        Ok(settings) => {
            findings.ok("settings", context.places.config.display().to_string());
            settings.config
        }
        Err(failure) => {
            findings.failure("settings", failure);
            Config::default()
        }
    };
    clock(&context.places.data, findings);
    environment(findings);
    let home = match context.home() {
        Ok(home) => home,
        Err(failure) => return findings.failure("home", failure),
    };
    permissions(&home, findings);
    keys(&home, findings);
    room(&home, findings);
    node(&home, &config, findings);
}

/// A clock that is behind makes posts that look old, one that is ahead makes posts that nobody believes.
fn clock(data: &Path, findings: &mut Findings) {
    let now = clock::now();
    let written = fs::metadata(data.join("store.redb")).and_then(|metadata| metadata.modified()).ok();
    let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let ahead = written.is_some_and(|written| written.as_millis() > u128::from(now + SKEW_MS));
    let text = format!("it is {}", layout::date(now));
    if now < BEGINNING || ahead {
        findings.fail(
            "clock",
            format!("{text}, which cannot be"),
            "set this machine's clock; let it follow NTP",
        );
    } else {
        findings.ok("clock", text);
    }
}

fn environment(findings: &mut Findings) {
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        findings.fail(
            "secrecy",
            "SSLKEYLOGFILE is set: it would write the keys of every connection to a file",
            "unset it",
        );
    }
}

#[cfg(unix)]
fn permissions(home: &Home, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt;
    let secrets = ["", "keys", "keys/root.key", "keys/device.key", "keys/node.key", "token", "store.redb"];
    let open: Vec<String> = secrets
        .iter()
        .map(|name| home.path().join(name))
        .filter(|path| fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0))
        .map(|path| path.display().to_string())
        .collect();
    let path = home.path().display().to_string();
    // The store is in a folder that nobody else may enter, so its own mode matters only with that.
    let exposed = open.iter().any(|name| *name == path || name.contains("keys") || name.ends_with("token"));
    if exposed {
        let hint = format!("chmod -R go-rwx '{path}'");
        findings.fail("home", format!("others on this machine can read {}", open.join(", ")), hint);
    } else {
        findings.ok("home", path);
    }
}

#[cfg(not(unix))]
fn permissions(home: &Home, findings: &mut Findings) {
    findings.ok("home", home.path().display().to_string());
}

fn keys(home: &Home, findings: &mut Findings) {
    let keys = match home.keys() {
        Ok(keys) => keys,
        Err(error) => return findings.failure("keys", error.into()),
    };
    let identity = match home.identity().map(|record| Identity::verify(&record)) {
        Ok(Ok(identity)) => identity,
        Ok(Err(error)) => return findings.failure("identity", Failure::new(Kind::Verification, error)),
        Err(error) => return findings.failure("identity", error.into()),
    };
    match &keys.root {
        None => findings.ok("keys", "readable; the root key is kept elsewhere"),
        Some(root) if root.public() == *identity.root() => findings.ok("keys", "readable and whole"),
        Some(_) => findings.warn(
            "keys",
            "the root key here is not the identity's current one",
            "devices can be added with the newest root key only: restore from the recovery phrase",
        ),
    }
    let restoring = home.restoring().is_ok_and(|restoring| restoring.is_some());
    if restoring {
        findings.warn(
            "identity",
            "restored; the network was not asked yet what it holds",
            "`starling run`, and connect to a peer that knows you",
        );
    } else if identity.voice(&keys.device.public(), 0) == Voice::Speaks {
        findings.ok("identity", format!("{}, for whom this device speaks", identity.author()));
    } else {
        findings.fail(
            "identity",
            "this device does not speak for the author",
            "restore from the recovery phrase",
        );
    }
    if home.moved() && !restoring {
        findings.warn(
            "guard",
            "this folder was copied, moved or put back: writing waits for a peer that knows you",
            "if no other copy of it was ever used since, `starling restore --force` lets it write",
        );
    }
}

fn room(home: &Home, findings: &mut Findings) {
    if let Some((free, total)) = runtime::room(home.path()) {
        disk(free, total, findings);
    }
}

/// Holds the room on a disk against what the node itself holds it against.
fn disk(free: u64, total: u64, findings: &mut Findings) {
    let (text, floors) = (format!("{} free", layout::bytes(free)), Floors::of(total));
    if free < floors.own {
        findings.fail("disk", text, "nothing is written any more: free some space");
    } else if free < floors.others {
        findings.warn("disk", text, "nothing of others is taken in: free some space");
    } else {
        findings.ok("disk", text);
    }
}

fn node(home: &Home, config: &Config, findings: &mut Findings) {
    match Session::running(home) {
        Ok(Some(session)) => match session.client.get::<Value>("/api/starling/v1/status") {
            Ok(status) => {
                let peers = status.get("peers").and_then(Value::as_u64).unwrap_or(0);
                let text = format!("runs, with {}", layout::count(peers, "peer", "peers"));
                match peers {
                    0 => findings.warn("node", text, "`starling peers add` or an invite connects"),
                    _ => findings.ok("node", text),
                }
            }
            Err(failure) => findings.failure("node", failure),
        },
        Ok(None) => match home.lock() {
            Ok(lock) => {
                findings.ok("node", "does not run");
                store(home, config, findings);
                ports(config, findings);
                drop(lock);
            }
            Err(error) => findings.failure("node", error.into()),
        },
        Err(failure) => findings.failure("node", failure),
    }
}

fn store(home: &Home, config: &Config, findings: &mut Findings) {
    let path = home.store_path();
    if !path.exists() {
        return findings.ok("store", "nothing is held yet");
    }
    let cache = usize::try_from(config.store.cache_bytes).unwrap_or(usize::MAX);
    let opened = Store::open(&path, cache).and_then(|store| store.read()?.stats());
    match opened {
        Ok(stats) => findings
            .ok("store", format!("opens, and holds {}", layout::count(stats.entries, "entry", "entries"))),
        Err(error) => findings.fail(
            "store",
            error.to_string(),
            "restore into another folder, from your phrase or a backup: peers give the rest back",
        ),
    }
}

/// Whether the ports in the settings can be had. They are let go of at once.
fn ports(config: &Config, findings: &mut Findings) {
    let mut taken: Vec<String> =
        config.network.listen.iter().filter(|address| !free(address)).map(ToString::to_string).collect();
    let mut settings = Vec::from_iter((!taken.is_empty()).then_some("network.listen"));
    if config.http.listen.port() != 0 && TcpListener::bind(config.http.listen).is_err() {
        taken.push(config.http.listen.to_string());
        settings.push("http.listen");
    }
    if taken.is_empty() {
        findings.ok("ports", "free");
    } else {
        let set: Vec<String> = settings.iter().map(|key| format!("`starling config set {key}`")).collect();
        findings.fail(
            "ports",
            format!("{} cannot be listened on", taken.join(", ")),
            format!("stop the program that is there, or {} another port", set.join(" and ")),
        );
    }
}

fn free(address: &Multiaddr) -> bool {
    let mut ip = None;
    for part in address {
        match (part, ip) {
            (Protocol::Ip4(found), _) => ip = Some(std::net::IpAddr::from(found)),
            (Protocol::Ip6(found), _) => ip = Some(std::net::IpAddr::from(found)),
            (Protocol::Tcp(port), Some(ip)) if port != 0 => return TcpListener::bind((ip, port)).is_ok(),
            (Protocol::Udp(port), Some(ip)) if port != 0 => return UdpSocket::bind((ip, port)).is_ok(),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_with_its_own_setting() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = taken.local_addr().unwrap();
        let hint = |config: &Config| {
            let mut findings = Findings::default();
            ports(config, &mut findings);
            findings.0.pop().and_then(|finding| finding.hint).unwrap_or_default()
        };
        let mut config = Config::default();
        config.network.listen = Vec::new();
        config.http.listen = place;
        let http = hint(&config);
        assert!(http.contains("http.listen") && !http.contains("network.listen"), "{http}");
        config.http.listen.set_port(0);
        assert_eq!(hint(&config), "");
        config.network.listen = vec![format!("/ip4/127.0.0.1/tcp/{}", place.port()).parse().unwrap()];
        let network = hint(&config);
        assert!(network.contains("network.listen") && !network.contains("http.listen"), "{network}");
    }

    #[test]
    fn a_disk_is_judged_by_its_size_as_the_node_judges_it() {
        let judged = |free: u64, total: u64| {
            let mut findings = Findings::default();
            disk(free << 20, total << 20, &mut findings);
            findings.0.iter().map(|finding| finding.state).collect::<Vec<_>>()
        };
        let large = 1 << 20;
        assert_eq!(judged(1_024, large), [State::Ok]);
        assert_eq!(judged(1_023, large), [State::Warn]);
        assert_eq!(judged(199, large), [State::Fail]);
        // 2 GiB: a twentieth of it for others, half of that for oneself.
        assert_eq!(judged(150, 2_048), [State::Ok]);
        assert_eq!(judged(100, 2_048), [State::Warn]);
        assert_eq!(judged(50, 2_048), [State::Fail]);
    }
}
