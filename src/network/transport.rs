//! The wires: TCP with Noise and Yamux, and QUIC, either reached by name or by address.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::core::transport::upgrade::Authenticated;
use libp2p::core::upgrade::Version;
use libp2p::futures::future::Either;
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, Transport, dns, noise, quic, tcp, yamux};

use super::Error;
use super::muxer::Impatient;

/// Substreams of one connection. Gossip, identify, ping and two sync streams need about ten.
const STREAMS: u32 = 64;

/// Unread bytes a peer may send on one QUIC stream, and on one QUIC connection: a sync frame, and a few of them.
const QUIC_STREAM_WINDOW: u32 = 1 << 20;
const QUIC_CONNECTION_WINDOW: u32 = 4 << 20;

/// A handshake is four messages; what takes longer is a slow socket that holds one of few pending places.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Connections of any kind, each with its peer proved and with streams.
pub type Wire = Boxed<(PeerId, StreamMuxerBox)>;

/// Builds the transport for this node's key.
pub(super) fn build(keypair: &Keypair) -> Result<Wire, Error> {
    // Where the system has no name servers set up, nodes still reach each other by address. Asking some public
    // name server instead would tell it whom we look for.
    match dns::tokio::Transport::system(wires(keypair)?) {
        Ok(named) => Ok(named.boxed()),
        Err(error) => {
            tracing::warn!(%error, "no name resolution: only numeric addresses can be dialled");
            wires(keypair)
        }
    }
}

fn wires(keypair: &Keypair) -> Result<Wire, Error> {
    let tcp = secure(tcp::tokio::Transport::new(tcp::Config::new().nodelay(true)), keypair)?;

    let mut config = quic::Config::new(keypair);
    config.max_concurrent_stream_limit = STREAMS;
    config.max_stream_data = QUIC_STREAM_WINDOW;
    config.max_connection_data = QUIC_CONNECTION_WINDOW;
    config.handshake_timeout = HANDSHAKE;
    let quic = quic::tokio::Transport::new(config)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(Impatient::new(muxer))));

    Ok(tcp
        .or_transport(quic)
        .map(|either, _| match either {
            Either::Left(connection) | Either::Right(connection) => connection,
        })
        .boxed())
}

/// Whether nobody listens at a TCP address. Of other addresses the socket itself will tell.
pub(super) fn is_free(address: &Multiaddr) -> io::Result<()> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next() {
        Some(Protocol::Ip4(ip)) => ip.into(),
        Some(Protocol::Ip6(ip)) => ip.into(),
        _ => return Ok(()),
    };
    match parts.next() {
        Some(Protocol::Tcp(port)) if port != 0 => TcpListener::bind((ip, port)).map(drop),
        _ => Ok(()),
    }
}

/// Puts what a node's TCP connections have over any byte streams: Noise with this key, Yamux, a deadline for both
/// and a short goodbye.
///
/// # Errors
/// [`Error::Noise`] when the key cannot be used.
pub fn secure<T>(raw: T, keypair: &Keypair) -> Result<Wire, Error>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Error: Send + Sync,
    T::Dial: Send,
    T::ListenerUpgrade: Send,
{
    Ok(multiplex(raw.upgrade(Version::V1Lazy).authenticate(noise::Config::new(keypair)?)))
}

/// The part of [`secure`] above the encryption.
///
/// It is open to those who measure what encryption costs, and put something else in its place.
pub fn multiplex<T, C>(authenticated: Authenticated<T>) -> Wire
where
    T: Transport<Output = (PeerId, C)> + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send,
    T::ListenerUpgrade: Send,
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut muxer = yamux::Config::default();
    muxer.set_max_num_streams(STREAMS as usize);
    authenticated
        .multiplex(muxer)
        .timeout(HANDSHAKE)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(Impatient::new(muxer))))
        .boxed()
}
