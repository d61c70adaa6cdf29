//! What must not outlive the demo: the processes that it started and the folder that they live in.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    path::{Path, PathBuf},
    process::Child,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Failure, Kind};

/// How long a node may take to stop in good order; a debug build on a busy machine takes a second.
const STOPPING: Duration = Duration::from_secs(10);
/// Between two looks at a process that is stopping.
const PAUSE: Duration = Duration::from_millis(10);

/// The running nodes by the name of whose they are, and the folder of all.
pub struct Children {
    folder: PathBuf,
    keep: bool,
    interrupted: AtomicBool,
    /// Held while something is started or done in the folder.
    busy: Mutex<()>,
    running: Mutex<BTreeMap<String, Child>>,
}

impl Children {
    /// A new folder for homes: `keep`, or one that goes away.
    pub fn new(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let kept = keep.is_some();
        let folder = match keep {
            Some(folder) => {
                fs::create_dir_all(&folder)?;
                if fs::read_dir(&folder)?.next().is_some() {
                    return Err(Failure::new(Kind::Refused, format!("{} is not empty", folder.display()))
                        .hint("choose a new folder for --keep"));
                }
                fs::canonicalize(folder)?
            }
            None => {
                let folder = std::env::temp_dir().join(format!("starling-demo-{}", std::process::id()));
                let mut builder = DirBuilder::new();
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(&folder).map_err(|error| {
                    Failure::failed(format!("{}: {error}", folder.display()))
                        .hint("--keep DIR uses another folder")
                })?;
                folder
            }
        };
        Ok(Self {
            folder,
            keep: kept,
            interrupted: AtomicBool::new(false),
            busy: Mutex::default(),
            running: Mutex::default(),
        })
    }

    /// Where the homes are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the folder was asked for.
    pub fn kept(&self) -> bool {
        self.keep
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the folder from going away under what is done in it.
    pub fn busy(&self) -> MutexGuard<'_, ()> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.interrupted.load(Ordering::SeqCst) {
            return busy;
        }
        drop(busy);
        self.not_interrupted();
        self.busy()
    }

    /// Looks after a process from now on.
    pub fn add(&self, who: &str, child: Child) {
        if let Some(before) = self.running().insert(who.to_owned(), child) {
            end(before);
        }
    }

    /// Waits for a process that was told to stop; one that does not is killed. False if it was.
    pub fn stopped(&self, who: &str) -> bool {
        let Some(mut child) = self.running().remove(who) else { return true };
        let until = Instant::now() + STOPPING;
        while Instant::now() < until {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return true;
            }
            thread::sleep(PAUSE);
        }
        end(child);
        false
    }

    /// Ends all that runs and, unless `keep`, removes the folder. Gives where the folder is or was.
    pub fn end(&self, keep: bool) -> PathBuf {
        std::mem::take(&mut *self.running()).into_values().for_each(end);
        if !keep {
            // What cannot be removed is in the system's folder for such things.
            let _ = fs::remove_dir_all(&self.folder);
        }
        self.folder.clone()
    }

    /// Does not return if the demo was interrupted: what fails then fails because its nodes were ended,
    /// and the process is about to end as well.
    pub fn not_interrupted(&self) {
        while self.interrupted.load(Ordering::SeqCst) {
            thread::park();
        }
    }

    /// Cleans up when the person or the system interrupts, and ends this process.
    pub fn end_when_interrupted(self: &Arc<Self>) -> Result<(), Failure> {
        let children = Arc::clone(self);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut interrupts, mut terminations) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        thread::Builder::new().name("interrupts".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupts.recv() => {}
                    _ = terminations.recv() => {}
                }
            });
            children.interrupted.store(true, Ordering::SeqCst);
            // The nodes first: a command that waits for one then ends soon.
            children.end(true);
            let _done = children.busy.lock();
            children.end(children.keep);
            eprintln!("error: interrupted");
            std::process::exit(Kind::Interrupted as i32);
        })?;
        Ok(())
    }
}

fn end(mut child: Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
