//! Settings: what may be set, and which of four layers set it.
//!
//! Defaults (`config.default.toml`, embedded) < the file < the environment
//! (`STARLING_<SECTION>_<KEY>`) < flags. A key that no default names is an error with the nearest
//! name, because a misspelled setting that is silently ignored is a setting that lies.

mod layers;

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use libp2p::Multiaddr;
use serde::{Deserialize, Deserializer, de};

pub use layers::{DEFAULTS, Layer, Resolved, edit, value};

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key that there is not.
    #[error("{from} names {key}, which is no setting{}", nearest.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// The key.
        key: String,
        /// Who names it.
        from: String,
        /// The setting that it looks like.
        nearest: Option<String>,
    },
    /// A value that cannot be.
    #[error("{from}: {reason}")]
    Invalid {
        /// Who says so.
        from: String,
        /// Why it cannot be.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
}

/// All settings. `config.default.toml` says what each means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Other nodes.
    pub network: Network,
    /// Programs on this machine.
    pub http: Http,
    /// What is kept.
    pub store: Store,
    /// What is fetched.
    pub sync: Sync,
    /// What can be found.
    pub search: Search,
    /// What is told about it.
    pub log: Log,
    /// What is said of the author's posts.
    pub profile: Profile,
    /// How it looks.
    pub display: Display,
}

/// `[network]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Where to listen.
    #[serde(deserialize_with = "each_from_text")]
    pub listen: Vec<Multiaddr>,
    /// Whether to find nodes on the local network.
    pub mdns: bool,
    /// How much to carry for others.
    pub role: Role,
    /// Whom to connect to at the start.
    #[serde(deserialize_with = "each_from_text")]
    pub bootstrap: Vec<Multiaddr>,
}

/// How much a node carries for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person's node.
    Home,
    /// One that many lean on.
    Relay,
}

/// `[http]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where to listen; a loopback address unless `tls` or `allow_remote`.
    pub listen: SocketAddr,
    /// Whether others may reach it.
    pub allow_remote: bool,
    /// Whether it speaks HTTPS as well.
    pub tls: bool,
    /// Pages of other origins that may use it.
    pub origins: Vec<String>,
    /// Requests of one program in five minutes; 0 is as many as it likes.
    pub requests: u64,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Bytes on disk, at least [`MIN_STORE_BYTES`].
    pub max_bytes: u64,
    /// Bytes in memory, at least [`MIN_CACHE_BYTES`].
    pub cache_bytes: u64,
    /// Entries kept of people who are not followed.
    pub network_rows: u64,
    /// Bytes of files on disk.
    pub max_blob_bytes: u64,
}

/// `[sync]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// Newest entries of each log; 0 is the default.
    pub retention: u64,
    /// Bytes of a file that is fetched before anybody looks at it.
    pub media_bytes: u64,
}

/// `[search]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Whether an index of words is kept.
    pub enabled: bool,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level or a filter of `tracing`.
    pub level: String,
}

/// `[profile]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// BCP-47, or empty.
    pub language: String,
}

/// `[display]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Display {
    /// When to use colours.
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A store below this has no room for the tables and the feeds of a few friends.
pub const MIN_STORE_BYTES: u64 = 16 << 20;
/// A cache below this makes every commit read its pages again.
pub const MIN_CACHE_BYTES: u64 = 1 << 20;

impl Default for Config {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a test reads the embedded file through this")]
        Resolved::new(None, &[], &[]).expect("the embedded defaults are valid").config
    }
}

impl Config {
    /// What types alone do not forbid. The key at fault, and why.
    fn check(&self) -> Result<(), (&'static str, String)> {
        if !self.http.listen.ip().is_loopback() && !self.http.allow_remote && !self.http.tls {
            let reason = "others could reach that address; set http.tls = true and they may if they encrypt, \
                          or http.allow_remote = true if they need not";
            return Err(("http.listen", reason.into()));
        }
        if let Some(origin) = self.http.origins.iter().find(|origin| !is_origin(origin)) {
            let reason = format!("{origin:?} is no origin such as \"https://client.example\"");
            return Err(("http.origins", reason));
        }
        if self.store.max_bytes < MIN_STORE_BYTES {
            return Err(("store.max_bytes", format!("it needs at least {MIN_STORE_BYTES}")));
        }
        if self.store.cache_bytes < MIN_CACHE_BYTES {
            return Err(("store.cache_bytes", format!("it needs at least {MIN_CACHE_BYTES}")));
        }
        if self.profile.language.len() > starling_protocol::limits::LANGUAGE_BYTES {
            return Err(("profile.language", "that is no language tag".into()));
        }
        if let Err(error) = self.log.level.parse::<tracing_subscriber::EnvFilter>() {
            return Err(("log.level", error.to_string()));
        }
        let peerless = |address: &&Multiaddr| {
            !address.iter().any(|part| matches!(part, libp2p::multiaddr::Protocol::P2p(_)))
        };
        if let Some(address) = self.network.bootstrap.iter().find(peerless) {
            return Err(("network.bootstrap", format!("{address} does not end in /p2p/ and a peer id")));
        }
        Ok(())
    }
}

/// Scheme, host and maybe a port, as browsers write them; or all there are.
fn is_origin(text: &str) -> bool {
    let place = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let place = place.map(|place| place.strip_suffix('/').unwrap_or(place));
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    text == "*" || place.is_some_and(|place| !place.is_empty() && place.bytes().all(letters))
}

fn each_from_text<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: std::fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    let parse = |text: &String| text.parse().map_err(|error| de::Error::custom(format!("{text}: {error}")));
    texts.iter().map(parse).collect()
}

#[cfg(test)]
mod tests;
