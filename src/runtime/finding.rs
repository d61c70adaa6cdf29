//! The index of words, kept on a thread of its own.

use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::{broadcast::error::RecvError, oneshot};

use super::{Node, Shared, brain::Wish};
use crate::{
    engine::Command,
    search::{self, House, Pause, Search},
    store,
};

/// How long what arrives is gathered before it is entered: a commit of the index costs some milliseconds of the disk,
/// whatever is in it, and what is not entered yet is found all the same.
const GATHER: Duration = Duration::from_secs(2);
/// And if little arrives.
const GATHER_LITTLE: Duration = Duration::from_secs(10);
/// What is little: it is looked through in less than a millisecond.
const LITTLE: u64 = 64;

impl Node {
    /// What can be found among what is stored.
    pub fn search(&self) -> &Search {
        &self.shared.search
    }

    /// Starts the thread that keeps the index, or removes the index. It ends when the node stops.
    pub(super) fn keep_index(&self, enabled: bool) -> io::Result<()> {
        let node = Arc::downgrade(&self.shared);
        let (folder, search) = (self.shared.home.index_path(), self.shared.search.clone());
        let mut news = self.shared.news.subscribe();
        let mut stop = self.shared.stop.subscribe();
        let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let house = house(&node, self.shared.stop.subscribe());
        let wait = move |pause| {
            waiting.block_on(async {
                let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
                let woken = async {
                    // One that fell behind has something to do for certain.
                    if let Err(RecvError::Closed) = news.recv().await {
                        std::future::pending::<()>().await;
                    }
                    tokio::time::sleep(GATHER).await;
                    if behind(&node).is_some_and(|behind| behind < LITTLE) {
                        tokio::time::sleep(GATHER_LITTLE - GATHER).await;
                    }
                    // What happened meanwhile is dealt with by the same look.
                    while let Ok(_) | Err(tokio::sync::broadcast::error::TryRecvError::Lagged(_)) =
                        news.try_recv()
                    {}
                };
                let late = async {
                    match pause {
                        Pause::Within(time) => tokio::time::sleep(time).await,
                        Pause::Until => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = stopped => {}
                    () = woken => {}
                    () = late => {}
                }
            });
        };
        let (ends, indexing) = tokio::sync::watch::channel(());
        std::thread::Builder::new().name("search".into()).spawn(move || {
            search::tend(folder, house, search, enabled, wait);
            drop(ends);
        })?;
        let _ = self.shared.indexing.set(indexing);
        Ok(())
    }
}

/// Arrivals that are not in the index, unless something else must be mended in it.
fn behind(node: &Weak<Shared>) -> Option<u64> {
    let shared = node.upgrade()?;
    let reader = Node { shared: shared.clone() }.read().ok()?;
    let mended = reader.stale(1).ok()?.is_empty();
    let behind = reader.newest_arrival().ok()?.saturating_sub(shared.search.now().upto());
    mended.then_some(behind)
}

fn house(node: &Weak<Shared>, stop: tokio::sync::watch::Receiver<bool>) -> House {
    let (reading, keeping, asking) = (node.clone(), node.clone(), node.clone());
    House {
        read: Box::new(move || match reading.upgrade() {
            Some(shared) => Node { shared }.read(),
            None => Err(store::Error::Closed),
        }),
        keep: Box::new(move |changes| {
            let Some(commands) = keeping.upgrade().map(|shared| shared.commands.clone()) else {
                return false;
            };
            let (answer, answered) = oneshot::channel();
            commands.blocking_send(Wish::Do(Command::Keep(changes), answer)).is_ok()
                && matches!(answered.blocking_recv(), Ok(Ok(_)))
        }),
        stopping: Box::new(move || *stop.borrow() || stop.has_changed().is_err()),
        room: Box::new(move || asking.upgrade().is_some_and(|shared| !shared.status.borrow().disk_low)),
    }
}
