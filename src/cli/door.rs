//! The HTTP door of a node that lives in this process.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use starling::{
    clock,
    config::Http,
    http::{self, certificate::Certificate},
    runtime::Node,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use zeroize::Zeroizing;

use super::Failure;

/// A door that is bound, and not yet answered at.
pub struct Door {
    /// Where it is, with its real port: `http://127.0.0.1:41234`.
    pub http: String,
    /// The same for those who encrypt, if they may.
    pub https: Option<String>,
    listener: TcpListener,
    access: http::Access,
}

impl Door {
    /// A token that nobody can guess.
    pub fn token() -> Result<Zeroizing<String>, Failure> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(Failure::failed)?;
        let mut token = Zeroizing::new(String::with_capacity(64));
        for byte in bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                token.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        Ok(token)
    }

    /// Binds the address of the settings for those who know `token`. The home at `home` keeps the certificate.
    pub async fn open(settings: &Http, token: &str, home: &Path) -> Result<Self, Failure> {
        let address = settings.listen;
        let failed = |error| {
            Failure::failed(format!("{address} cannot be listened on: {error}"))
                .hint("choose another one with --http or http.listen; port 0 is any")
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr()?;
        let access = http::Access::new(token, address)
            .allow_origins(&settings.origins)
            .limit_requests(settings.requests);
        let access = match settings.tls {
            true => access.encrypt(Certificate::open(home, address.ip(), clock::now())?),
            false => access,
        };
        // All addresses of this machine are reached by its own.
        let near = match address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let address = SocketAddr::new(near, address.port());
        let access = if settings.allow_remote { access.allow_remote() } else { access };
        let https = settings.tls.then(|| format!("https://{address}"));
        Ok(Self { http: format!("http://{address}"), https, listener, access })
    }

    /// Answers until `stop` is true.
    pub fn serve(self, node: Node, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
        let stopped = async move {
            // A sender that is gone means stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let Self { listener, access, .. } = self;
        tokio::spawn(async move {
            if let Err(error) = http::serve(node, listener, access, stopped).await {
                tracing::error!(%error, "the HTTP door closed");
            }
        })
    }
}
