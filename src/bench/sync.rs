//! A new node catches up with one that holds everything: two processes, sockets on loopback. And the
//! reading out of it alone, from the store to frames for the wire.

use std::time::{Duration, Instant};

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};
use starling_protocol::{
    AuthorId, DeviceKey,
    sync::LogHead,
    sync::{Answer, Held, PullAction, Pulling, Range},
};

use super::{
    Bound, Error, Measure, Options, Watch, feeds,
    feeds::Feed,
    ingest, rig,
    scratch::Scratch,
    start::{Process, node, threads},
};
use crate::{
    clock,
    engine::{self, Command, Engine, Input, Output},
    home::Home,
    network::{self, StreamId, SyncRole},
};

/// A sync that takes longer has come to a halt.
const LOST: Duration = Duration::from_secs(600);

const STREAM: StreamId = StreamId::new(1);

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let (count, of) = (options.entries(100_000), options.feeds(1_000));
    watch.doing("making a node that holds everything");
    let scratch = Scratch::new(options, "sync")?;
    let mut feeds = feeds::feeds(of)?;
    let entries = feeds::write(&mut feeds, count.div_ceil(of));
    let (full, empty) = (rig::home(scratch.path(), 8)?, rig::home(scratch.path(), 9)?);
    let mut engine = rig::engine(&full)?;
    rig::follow(&mut engine, &feeds)?;
    rig::ingest(&mut engine, &entries, rig::LARGE)?;
    let note = format!("{} entries of {of} feeds", entries.len());

    watch.doing("reading it out");
    let mut bound = ingest::verify(&entries)?.time;
    let read = read_out(&mut engine, &feeds, entries.len())?;
    bound = (bound + ingest::verify(&entries)?.time) / 2;
    drop(engine);
    let rate = |time: Duration| entries.len() as f64 / time.as_secs_f64();
    let beside = |time| Bound { what: ingest::WHAT, value: rate(time) };
    let share = Measure::share("reading out", rate(read), "entries/s", beside(bound), 5.0);
    watch.measured(&share.noting(format!("{note}, from the store to frames")));

    let mut engine = rig::engine(&empty)?;
    let follow = |feed: &Feed| Command::follow(feed.author, Vec::new());
    for feed in &feeds {
        rig::command(&mut engine, follow(feed))?;
    }
    drop(engine);
    watch.doing("catching up");
    let mut bound = ingest::verify(&entries)?.time;
    let taken = catch_up(&full, &empty, entries.len())?;
    bound = (bound + ingest::verify(&entries)?.time) / 2;
    let share = Measure::share("cold sync", rate(taken), "entries/s", beside(bound), 0.5);
    watch.measured(&share.noting(format!("{note}, two processes on loopback, on disk")));
    Ok(())
}

/// From the order to connect until everything is committed.
fn catch_up(full: &Home, empty: &Home, wanted: usize) -> Result<Duration, Error> {
    let mut server = Process::start(full.path())?;
    let said = server.line()?;
    let addresses = said["listen"].as_array().into_iter().flatten().filter_map(|text| text.as_str());
    let addresses: Vec<Multiaddr> = addresses.filter_map(|text| text.parse().ok()).collect();
    let taken = threads()?.block_on(async {
        let node = node(empty.path()).await?;
        let before = node.read()?.stats()?.entries;
        let since = Instant::now();
        node.command(Command::AddPeer(addresses)).await?;
        // Said after the commit of the last of them.
        let caught = node.wait_for(|status| status.peers.iter().any(|peer| peer.pulling == Some(true)));
        if tokio::time::timeout(LOST, caught).await != Ok(true) {
            return Err(Error::Void("the sync does not end".into()));
        }
        let taken = since.elapsed();
        let came = node.read()?.stats()?.entries - before;
        if came != wanted as u64 {
            return Err(Error::Void(format!("{came} of {wanted} entries came")));
        }
        node.shutdown().await;
        Ok(taken)
    })?;
    server.stop()?;
    Ok(taken)
}

/// Everything is missing.
struct Nothing;

impl Held for Nothing {
    type Error = std::convert::Infallible;

    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Self::Error> {
        Ok(vec![(range.from, range.to)])
    }

    fn contradicts(&mut self, _: &AuthorId, _: &DeviceKey, _: &LogHead) -> Result<bool, Self::Error> {
        Ok(false)
    }
}

/// How long the engine works to serve a peer that asks for everything and takes it at once.
fn read_out(engine: &mut Engine, feeds: &[Feed], wanted: usize) -> Result<Duration, Error> {
    let interests: Vec<AuthorId> = feeds.iter().map(|feed| feed.author).collect();
    let (mut peer, mut actions) = Pulling::start(0, &interests, Vec::new(), None);
    let mut worked = Duration::ZERO;
    let opened = network::Event::SyncOpened { stream: STREAM, peer: PeerId::random(), role: SyncRole::Serve };
    handle(engine, opened, &mut worked);
    let (mut entries, mut caught) = (0, false);
    while !(caught && actions.is_empty()) {
        let mut next = Vec::new();
        if actions.is_empty() {
            return Err(Error::Void("the server fell silent".into()));
        }
        for action in actions {
            match action {
                PullAction::Send(frame) => {
                    let frame = Bytes::from(frame);
                    let event = network::Event::SyncFrame { stream: STREAM, frame };
                    for frame in handle(engine, event, &mut worked) {
                        next.extend(received(&mut peer, &frame)?);
                    }
                }
                PullAction::Take { entries: taken, .. } => {
                    entries += taken.len();
                    next.extend(peer.committed(0, 1));
                }
                PullAction::Caught => caught = true,
                PullAction::Identities(_) | PullAction::Forks(_) | PullAction::Compared(_) => {}
                PullAction::Refused(_) | PullAction::Misbehaved(_) => {
                    return Err(Error::Void(format!("the conversation ended: {action:?}")));
                }
            }
        }
        actions = next;
    }
    if entries == wanted { Ok(worked) } else { Err(Error::Void(format!("{entries} of {wanted} were read"))) }
}

fn received(peer: &mut Pulling, frame: &[u8]) -> Result<Vec<PullAction>, Error> {
    debug_assert!(Answer::from_bytes(frame).is_ok());
    match peer.receive(0, frame, &mut Nothing) {
        Ok(actions) => Ok(actions),
        Err(never) => match never {},
    }
}

fn handle(engine: &mut Engine, event: network::Event, worked: &mut Duration) -> Vec<Bytes> {
    let input = Input::Network(event, engine::checked::Checked::Nothing);
    let since = Instant::now();
    let outputs = engine.handle(clock::now(), input);
    *worked += since.elapsed();
    let frames = outputs.into_iter().filter_map(|output| match output {
        Output::Network(network::Command::SendSync { frame, .. }) => Some(frame),
        _ => None,
    });
    frames.collect()
}
