//! How long a node with a long timeline takes to start, what it takes on disk, and what a quiet one
//! takes in memory. Nodes that are measured are processes of their own: this one's memory would tell.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Error, Measure, Options, Watch, feeds, rig, scratch::Scratch, timeline::Long};
use crate::{
    config::Config,
    home::Home,
    http,
    runtime::{self, Node},
    view::Page,
};

/// Starts of which the median counts.
const STARTS: usize = 5;
/// How long a node must be left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(3);
/// Feeds that the idle node follows, and posts of each.
const QUIET: (usize, usize) = (100, 1_000);

pub fn run(options: &Options, long: &Long, watch: &mut dyn Watch) -> Result<(), Error> {
    let metadata = std::fs::metadata(long.home.store_path())?;
    let size = occupied(&metadata);
    watch.measured(&Measure::most("disk", size / long.entries as f64, "bytes/post", 600.0).noting(format!(
        "{} posts of 100 characters, indexes included; the file may yet grow into {:.0}",
        long.entries,
        metadata.len() as f64 / long.entries as f64
    )));
    watch.doing("starting nodes");
    let (mut times, mut worked) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let since = Instant::now();
        let mut node = Process::start(long.home.path())?;
        node.line()?;
        times.push(since.elapsed().as_secs_f64());
        worked.push(rig::processor(&node.process.id().to_string()).as_secs_f64());
        node.stop()?;
    }
    let median = super::measure::percentile(&mut times, 0.5);
    let worked = super::measure::percentile(&mut worked, 0.5);
    let note = format!(
        "{} entries, from exec to the first page, median of {STARTS}; {worked:.2} s of processor time",
        long.entries
    );
    watch.measured(&Measure::most("start", median, "s", 1.0).noting(note));

    watch.doing("leaving a node alone");
    let (of, each) = QUIET;
    let scratch = Scratch::new(options, "idle")?;
    let home = rig::home(scratch.path(), 3)?;
    let mut engine = rig::engine(&home)?;
    let mut feeds = feeds::feeds(of)?;
    rig::follow(&mut engine, &feeds)?;
    rig::ingest(&mut engine, &feeds::write(&mut feeds, each), rig::LARGE)?;
    drop(engine);
    let mut node = Process::start(home.path())?;
    node.line()?;
    std::thread::sleep(IDLE);
    let resident = resident(node.process.id())?;
    node.stop()?;
    let note = format!("a node that follows {of} feeds of {each} posts");
    watch.measured(&Measure::most("idle memory", resident as f64 / 1e6, "MB", 50.0).noting(note));
    Ok(())
}

/// Bytes of the disk that a file occupies. A database makes its file longer than it is full, by a hole.
pub fn occupied(metadata: &std::fs::Metadata) -> f64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Blocks of 512 bytes, whatever the file system's are: POSIX.
        (metadata.blocks() * 512) as f64
    }
    #[cfg(not(unix))]
    {
        metadata.len() as f64
    }
}

/// Bytes of memory that a process takes now.
pub fn resident(process: u32) -> Result<u64, Error> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    let kib: Option<u64> = kib.and_then(|kib| kib.trim().parse().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| Error::Void("this system does not say".into()))
}

/// A node in a process of its own: this program, in the part of [`child`].
pub struct Process {
    /// The process.
    pub process: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Process {
    /// Starts it on a home.
    pub fn start(home: &Path) -> Result<Self, Error> {
        Self::run(home, "node")
    }

    /// The same, with its HTTP door.
    pub fn door(home: &Path) -> Result<Self, Error> {
        Self::run(home, "door")
    }

    fn run(home: &Path, what: &str) -> Result<Self, Error> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", what])
            .arg(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = process.stdout.take().ok_or_else(|| Error::Void("no output of a child".into()))?;
        Ok(Self { process, lines: BufReader::new(lines) })
    }

    /// The next thing that it says.
    pub fn line(&mut self) -> Result<Value, Error> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(|_| Error::Void(format!("a child said {line:?}")))
    }

    /// Has it shut down in good order.
    pub fn stop(mut self) -> Result<(), Error> {
        drop(self.process.stdin.take());
        let end = self.process.wait()?;
        if end.success() { Ok(()) } else { Err(Error::Void(format!("a child ended with {end}"))) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to do about one that is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The other end of `Process`: starts the node of `home`, says what there is to say as one line of
/// JSON, and ends with its input.
///
/// # Errors
/// [`Error`].
pub fn child(home: &Path) -> Result<(), Error> {
    threads()?.block_on(async {
        let node = node(home).await?;
        let posts = node.read().and_then(|reader| reader.home(&Page { limit: 40, ..Page::default() }));
        let posts = posts?.len();
        let listening = node.wait_for(|status| !status.listen.is_empty()).await;
        let listen: Vec<String> = node.listen().iter().map(ToString::to_string).collect();
        let mut out = std::io::stdout();
        writeln!(out, "{}", json!({ "posts": posts, "listening": listening, "listen": listen }))?;
        out.flush()?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
            .await
            .map_err(std::io::Error::other)??;
        node.shutdown().await;
        Ok(())
    })
}

/// The other end of `Process::door`: as `child`, and answers programs meanwhile.
///
/// # Errors
/// [`Error`].
pub fn door(home: &Path) -> Result<(), Error> {
    threads()?.block_on(async {
        let node = node(home).await?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let access = http::Access::new(super::api::TOKEN, address).limit_requests(0);
        let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
        let serving = http::serve(node.clone(), listener, access, async {
            let _ = stopping.await;
        });
        let serving = tokio::spawn(serving);
        let mut out = std::io::stdout();
        writeln!(out, "{}", json!({ "http": address.to_string() }))?;
        out.flush()?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
            .await
            .map_err(std::io::Error::other)??;
        drop(stop);
        node.shutdown().await;
        serving.await.map_err(std::io::Error::other)??;
        Ok(())
    })
}

/// Threads as `run` has them.
pub fn threads() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// A node on loopback alone.
pub async fn node(home: &Path) -> Result<Node, Error> {
    let loopback = "/ip4/127.0.0.1/tcp/0".parse().map_err(std::io::Error::other)?;
    let options = runtime::Options {
        home: Home::open(home)?,
        config: Config::default(),
        network: true,
        listen: Some(vec![loopback]),
        mdns: Some(false),
        force_guard: true,
        record: None,
    };
    Ok(runtime::start(options).await?)
}
