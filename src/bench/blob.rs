//! A file of 10 MB fetched from a peer: two processes, sockets on loopback, from disk to disk. Beside it what the same
//! machine does with TCP and BLAKE3 alone: read, sent in the clear, hashed as one, written and synced.

use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use libp2p::Multiaddr;
use starling_protocol::payload::{Content, Media};
use tokio::sync::mpsc;
use tokio_util::compat::FuturesAsyncReadCompatExt;

use super::{
    Bound, Error, Measure, Options, Watch,
    measure::percentile,
    rig,
    scratch::Scratch,
    start::{Process, threads},
};
use crate::{
    blobs::{Blobs, Hash, MAX_BYTES, disk::Disk, fetch::Came},
    clock,
    engine::Command,
    home::Home,
    network::{self, BlobStream},
    store::kept::blob::BlobRow,
};

/// Bytes of the file.
const BYTES: usize = 10_000_000;
/// Times that it is fetched; of each kind the median counts.
const ROUNDS: usize = 15;
/// A transfer that takes longer has come to a halt.
const LOST: Duration = Duration::from_secs(60);
/// Bytes that the plain transfer reads and writes at once.
const PIECE: usize = 64 * 1024;

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    watch.doing("fetching a file from a peer");
    let scratch = Scratch::new(options, "blob")?;
    let home = rig::home(scratch.path(), 11)?;
    let hash = hold(&home)?;
    let mut server = Process::start(home.path())?;
    let said = server.line()?;
    let addresses = said["listen"].as_array().into_iter().flatten().filter_map(|text| text.as_str());
    let addresses: Vec<Multiaddr> = addresses.filter_map(|text| text.parse().ok()).collect();
    let source = Disk::new(home.blobs_path()).path(&hash);
    let (mut fetched, mut plain) = threads()?.block_on(rounds(addresses, hash, &source, scratch.path()))?;
    server.stop()?;
    let rate = |times: &mut [f64]| BYTES as f64 / 1e6 / percentile(times, 0.5);
    let (value, bound) = (rate(&mut fetched), rate(&mut plain));
    let bound = Bound { what: "TCP in the clear and BLAKE3, from disk to disk", value: bound };
    let note = format!(
        "{} MB, median of {ROUNDS}, two processes on loopback, encrypted, every 16 KiB proven",
        BYTES / 1_000_000
    );
    watch.measured(&Measure::share("blob", value, "MB/s", bound, 0.5).noting(note));
    Ok(())
}

/// Puts a file in a home, and a post that shows it.
fn hold(home: &Home) -> Result<Hash, Error> {
    let mut bytes = vec![0; BYTES];
    blake3::Hasher::new().update(b"starling bench blob").finalize_xof().fill(&mut bytes);
    let hash = *blake3::hash(&bytes).as_bytes();
    Disk::new(home.blobs_path()).put(&hash, &bytes)?;
    let mut engine = rig::engine(home)?;
    let now = clock::now();
    let row = BlobRow {
        size: BYTES as u64,
        mime: "application/octet-stream".into(),
        dimensions: (0, 0),
        blurhash: String::new(),
        added: now,
        used: now,
        own: true,
        author: home.author()?,
        loose: 0,
    };
    rig::command(&mut engine, Command::Keep(vec![row.put(&hash)]))?;
    let media = Media {
        blob: hash,
        mime: row.mime,
        size: row.size,
        dimensions: (0, 0),
        blurhash: String::new(),
        alt: String::new(),
    };
    let content = Box::new(Content { media: vec![media], ..Content::default() });
    rig::command(&mut engine, Command::Publish { content, in_reply_to: None, idempotency: None })?;
    Ok(hash)
}

/// Fetches the file again and again, and each time after it once without anything of ours.
async fn rounds(
    addresses: Vec<Multiaddr>,
    hash: Hash,
    source: &Path,
    scratch: &Path,
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let halted = |_| Error::Void("the transfer does not end".into());
    let (events, mut news) = mpsc::channel(256);
    let (streams, mut opened) = mpsc::channel(4);
    let mut config = network::Config::new(libp2p::identity::Keypair::generate_ed25519(), network::Role::Home);
    config.blobs = Some(streams);
    let network = network::start(config, events).map_err(crate::runtime::Error::from)?;
    let gone = |_| Error::Void("the network is gone".into());
    network.send(network::Command::Dial { peer: None, addresses }).await.map_err(gone)?;
    let connected = async {
        loop {
            match news.recv().await {
                Some(network::Event::Connected { peer, .. }) => return Ok(peer),
                Some(_) => {}
                None => return Err(Error::Void("the network is gone".into())),
            }
        }
    };
    let peer = tokio::time::timeout(LOST, connected).await.map_err(halted)??;
    network.open_blob(peer).await.map_err(gone)?;
    let stream = match tokio::time::timeout(LOST, opened.recv()).await.map_err(halted)? {
        Some(BlobStream::Outbound { result: Ok(stream), .. }) => stream,
        other => return Err(Error::Void(format!("no stream was opened: {other:?}"))),
    };
    let mut line = stream.compat();
    let blobs = Blobs::new(scratch.join("fetched"), MAX_BYTES * 100)?;
    let (mut fetched, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let since = Instant::now();
        match tokio::time::timeout(LOST, blobs.ask(hash, MAX_BYTES, &mut line)).await.map_err(halted)? {
            Came::Whole(size) if size == BYTES as u64 => fetched.push(since.elapsed().as_secs_f64()),
            other => return Err(Error::Void(format!("the file did not come: {other:?}"))),
        }
        blobs.disk().remove(&hash)?;
        let (source, target) = (source.to_owned(), scratch.join("plain"));
        let sent = tokio::task::spawn_blocking(move || over_tcp(&source, &target, &hash));
        plain.push(sent.await.map_err(std::io::Error::other)??.as_secs_f64());
    }
    network.shutdown().await;
    Ok((fetched, plain))
}

/// The same file over TCP: one thread reads and sends it, this one receives, hashes, writes and syncs it.
fn over_tcp(source: &Path, target: &Path, hash: &Hash) -> Result<Duration, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let mut source = File::open(source)?;
    let sender = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        stream.read_exact(&mut [0])?;
        let mut piece = vec![0; PIECE];
        loop {
            match source.read(&mut piece)? {
                0 => return stream.flush(),
                read => stream.write_all(&piece[..read])?,
            }
        }
    });
    let mut stream = TcpStream::connect(address)?;
    let since = Instant::now();
    stream.write_all(&[1])?;
    let mut hasher = blake3::Hasher::new();
    let mut file = File::create(target)?;
    let mut piece = vec![0; PIECE];
    loop {
        match stream.read(&mut piece)? {
            0 => break,
            read => {
                hasher.update(&piece[..read]);
                file.write_all(&piece[..read])?;
            }
        }
    }
    file.sync_all()?;
    let took = since.elapsed();
    let sent = sender.join().map_err(|_| Error::Void("the plain transfer failed".into()))?;
    sent?;
    if hasher.finalize() != *hash {
        return Err(Error::Void("the plain transfer brought something else".into()));
    }
    Ok(took)
}
