//! What it costs two nodes that follow the same many feeds to find the few that changed: the real
//! machines over real stores, and every byte of every frame counted.

use std::collections::VecDeque;

use bytes::Bytes;
use libp2p::PeerId;
use starling_protocol::sync::Ask;

use super::{Error, Measure, Options, Watch, feeds, rig, scratch::Scratch};
use crate::{
    clock,
    engine::{Engine, Event, Input, Output, checked},
    network::{self, StreamId, SyncRole},
};

/// Bytes of the length before each frame on the wire.
const FRAMING: usize = 4;
/// Exchanges after which two nodes that never agree are given up.
const PATIENCE: usize = 100_000;

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let of = options.feeds(10_000);
    let changed = of.div_ceil(100);
    watch.doing("making two nodes that follow the same feeds");
    let scratch = Scratch::new(options, "compare")?;
    let mut feeds = feeds::feeds(of)?;
    let old = feeds::write(&mut feeds, 1);
    // Every hundredth feed goes on, spread over all of them.
    let new: Vec<Vec<u8>> =
        feeds.iter_mut().step_by(100).flat_map(|feed| feeds::write(std::slice::from_mut(feed), 1)).collect();
    let mut engines = Vec::new();
    for number in [6, 7] {
        let mut engine = rig::engine(&rig::home(scratch.path(), number)?)?;
        rig::follow(&mut engine, &feeds)?;
        rig::ingest(&mut engine, &old, rig::LARGE)?;
        engines.push(engine);
    }
    let [asking, answering] = engines.as_mut_slice() else {
        return Err(Error::Void("two engines".into()));
    };
    rig::ingest(answering, &new, rig::LARGE)?;
    watch.doing("comparing");
    let cost = Pump::new(asking, answering).run(new.len())?;
    let note = format!("{of} feeds of which {changed} changed, all of them fetched afterwards");
    watch.measured(&Measure::most("compare, rounds", cost.rounds as f64, "rounds", 4.0).noting(note.clone()));
    let bytes = Measure::most("compare, bytes", cost.bytes as f64 / 1e3, "KB", 120.0);
    watch.measured(&bytes.noting(format!("{note}; both directions, framing included")));
    Ok(())
}

/// What comparing cost, until the first entry was asked for.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    rounds: usize,
    bytes: usize,
}

/// Carries frames between two engines, one that asks and one that answers.
struct Pump<'a> {
    engines: [&'a mut Engine; 2],
    frames: VecDeque<(usize, Bytes)>,
    cost: Cost,
    compared: bool,
    stored: usize,
}

const STREAM: StreamId = StreamId::new(1);

impl<'a> Pump<'a> {
    fn new(asking: &'a mut Engine, answering: &'a mut Engine) -> Self {
        let (frames, cost) = Default::default();
        Self { engines: [asking, answering], frames, cost, compared: false, stored: 0 }
    }

    fn run(mut self, wanted: usize) -> Result<Cost, Error> {
        let peer = PeerId::random();
        for (to, role) in [(1, SyncRole::Serve), (0, SyncRole::Pull)] {
            self.give(to, network::Event::SyncOpened { stream: STREAM, peer, role })?;
        }
        for _ in 0..PATIENCE {
            let Some((to, frame)) = self.frames.pop_front() else { break };
            if !self.compared {
                self.count(to, &frame);
            }
            self.give(to, network::Event::SyncFrame { stream: STREAM, frame })?;
        }
        if self.compared && self.stored == wanted {
            Ok(self.cost)
        } else {
            Err(Error::Void(format!("{} of {wanted} new entries arrived", self.stored)))
        }
    }

    /// A round is a question that could not be asked before the last was answered.
    fn count(&mut self, to: usize, frame: &Bytes) {
        match (to, Ask::from_bytes(frame)) {
            (1, Ok(Ask::Pull(_))) => {
                self.compared = true;
                return;
            }
            // Goes along with the first question.
            (1, Ok(Ask::Hello { .. })) => {}
            (1, Ok(Ask::Frontier { last, .. })) => self.cost.rounds += usize::from(last),
            (1, _) => self.cost.rounds += 1,
            _ => {}
        }
        self.cost.bytes += frame.len() + FRAMING;
    }

    fn give(&mut self, to: usize, event: network::Event) -> Result<(), Error> {
        let found = checked::check(&event);
        for output in self.engines[to].handle(clock::now(), Input::Network(event, found)) {
            match output {
                Output::Network(network::Command::SendSync { frame, .. }) => {
                    self.frames.push_back((1 - to, frame));
                }
                Output::Network(network::Command::CloseSync { .. }) => {
                    return Err(Error::Void("a node closed the conversation".into()));
                }
                Output::Event(Event::Stored { .. }) if to == 0 => self.stored += 1,
                _ => {}
            }
        }
        Ok(())
    }
}
