//! The engine's thread: takes what waits, hands it over in one batch, and carries the outputs out.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::WeakNode;
use crate::{
    clock,
    engine::{self, Command, Disk, Engine, Event, Input, Output, Refusal, Reply, Request},
    network,
    recording::Recorder,
};

/// Inputs taken into one transaction. A commit costs milliseconds whatever is in it, so under load
/// many share one; a batch of sync frames holds some thousand entries.
const BATCH: usize = 256;
/// A batch is closed when it has waited this long, so that an answer is never far.
const GATHER: Duration = Duration::from_millis(100);

/// What somebody in this process wants of the engine.
pub(super) enum Wish {
    /// A command, and where its answer goes.
    Do(Command, oneshot::Sender<Result<Reply, Refusal>>),
    /// There is so much room on disk.
    Disk(Disk),
}

/// The queues that lead to and from the engine.
pub(super) struct Ways {
    pub wishes: mpsc::Receiver<Wish>,
    pub checked: mpsc::Receiver<Vec<Input>>,
    pub stopping: watch::Receiver<bool>,
    pub network: Option<network::Handle>,
    pub shown: watch::Sender<engine::Status>,
    pub news: broadcast::Sender<Event>,
    pub live: broadcast::Sender<Event>,
}

/// Starts the thread. It ends when told to stop, and then says so by `ended`. If it panics, the node ends: one without
/// its engine would be read for ever and take nothing in.
pub(super) fn spawn(
    engine: Engine,
    first: Vec<Output>,
    ways: Ways,
    recorder: Option<Recorder>,
    node: WeakNode,
    ended: watch::Sender<bool>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name("engine".into()).spawn(move || {
        let network = ways.network.clone();
        let brain = Brain { engine, ways, recorder, answers: HashMap::new(), requests: 0 };
        // All that the engine had is gone after a panic, its transaction among it: nothing half done is seen again.
        let run = AssertUnwindSafe(|| runtime.block_on(brain.run(first)));
        if catch_unwind(run).is_err() {
            if let Some(node) = node.upgrade() {
                node.fail("the engine panicked");
            }
            if let Some(network) = network {
                runtime.block_on(network.shutdown());
            }
        }
        // The engine has let go of the store before anybody is told that it has.
        let _ = ended.send(true);
    })?;
    Ok(())
}

struct Brain {
    engine: Engine,
    ways: Ways,
    recorder: Option<Recorder>,
    answers: HashMap<Request, oneshot::Sender<Result<Reply, Refusal>>>,
    requests: u64,
}

impl Brain {
    async fn run(mut self, first: Vec<Output>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.began(&first);
        }
        self.carry(first).await;
        while let Some(inputs) = self.gather().await {
            // Not spawned anywhere: this thread is the engine's, and it is meant to block here.
            let outputs = self.handle(inputs);
            self.carry(outputs).await;
        }
        if let Some(network) = self.ways.network.take() {
            network.shutdown().await;
        }
        if let Some(recorder) = self.recorder.take() {
            recorder.stop(self.engine.store());
        }
    }

    fn handle(&mut self, inputs: Vec<Input>) -> Vec<Output> {
        let now = clock::now();
        let Some(recorder) = &mut self.recorder else { return self.engine.handle_all(now, inputs) };
        let happened = recorder.before(&inputs);
        let outputs = self.engine.handle_all(now, inputs);
        recorder.batch(now, happened, &outputs, self.engine.store());
        outputs
    }

    /// Waits for something to do, and takes what else is there. None when it is time to stop.
    async fn gather(&mut self) -> Option<Vec<Input>> {
        let now = clock::now();
        let wake = self.engine.next_wake(now);
        let pause = Duration::from_millis(wake.map_or(u64::MAX >> 8, |wake| wake.saturating_sub(now)));
        let Ways { wishes, checked, stopping, .. } = &mut self.ways;
        let (mut wish, mut inputs) = (None, Vec::new());
        tokio::select! {
            biased;
            () = async { drop(stopping.wait_for(|stop| *stop).await) } => return None,
            Some(first) = wishes.recv() => wish = Some(first),
            Some(first) = checked.recv() => inputs.extend(first),
            () = tokio::time::sleep(pause) => inputs.push(Input::Tick),
        }
        inputs.extend(wish.map(|wish| self.input(wish)));
        let since = Instant::now();
        while inputs.len() < BATCH && since.elapsed() < GATHER {
            if let Ok(wish) = self.ways.wishes.try_recv() {
                inputs.push(self.input(wish));
            } else if let Ok(checked) = self.ways.checked.try_recv() {
                inputs.extend(checked);
            } else {
                break;
            }
        }
        if wake.is_some_and(|wake| wake <= now) {
            inputs.push(Input::Tick);
        }
        Some(inputs)
    }

    fn input(&mut self, wish: Wish) -> Input {
        match wish {
            Wish::Disk(disk) => Input::Disk(disk),
            Wish::Do(command, answer) => {
                self.requests += 1;
                let request = Request(self.requests);
                self.answers.insert(request, answer);
                Input::Command(request, command)
            }
        }
    }

    async fn carry(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Reply(request, result) => {
                    if let Some(answer) = self.answers.remove(&request) {
                        // Whoever asked may have gone away; it is on disk all the same.
                        let _ = answer.send(result);
                    }
                }
                Output::Network(command) => {
                    if let Some(network) = &self.ways.network
                        && network.send(command).await.is_err()
                    {
                        tracing::debug!("the network is gone");
                    }
                }
                Output::Event(event) => {
                    // Nobody watching is no error.
                    if event.is_live() {
                        drop(self.ways.live.send(event));
                    }
                    drop(self.ways.news.send(event));
                }
                Output::Status(status) => drop(self.ways.shown.send_replace(status)),
            }
        }
    }
}
