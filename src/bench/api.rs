//! The door under load: a node with a million posts in a process of its own, programs that ask it over loopback.
//!
//! Timelines are asked for by several programs at once, as fast as they are answered, so that what is measured is a node
//! that has no rest; questions come from words as they are spread in language, few of them in nearly every post and most
//! of them rare.

mod client;
mod load;

use std::time::{Duration, Instant};

use client::Client;
use load::{Load, drive};

use super::{
    Error, Measure, Options, Watch, feeds,
    measure::percentile,
    rig,
    scratch::Scratch,
    start::{Process, resident},
};
use crate::{home::Home, store::Store, view::Page};

/// Programs that ask at once: a person's phone, desk, and a few that look for notifications.
const CLIENTS: usize = 8;
/// How long each load lasts.
const LASTS: Duration = Duration::from_secs(8);
/// Questions that are put.
const QUESTIONS: usize = 600;
/// Posts of each feed that are written and taken in at once.
const PART: usize = 100;
/// How long an index of all posts may take to be made.
const INDEXED: Duration = Duration::from_secs(30 * 60);
/// What lets the programs in. The store holds nothing that anybody wrote.
pub const TOKEN: &str = "a-token-that-opens-nothing-but-this-door";

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let (count, of) = (options.entries(1_000_000), options.feeds(1_000));
    let scratch = Scratch::new(options, "api")?;
    let place = options.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    let home = prepare(&place, count, of, watch)?;
    let begins = begins(&home)?;
    let mut node = Process::door(home.path())?;
    let line = node.line()?;
    let address = line["http"].as_str().and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| Error::Void(format!("a child said {line}")))?;
    let mut one = Client::connect(address)?;
    let made = indexed(&mut one, watch)?;
    let quiet = resident(node.process.id())?;
    let note = format!("{count} entries of {of} feeds, {CLIENTS} programs");

    watch.doing("asking for the home timeline");
    let newest = || (0..CLIENTS).map(|_| vec!["/api/v1/timelines/home?limit=40".to_owned()]).collect();
    let bare = load::bare(&mut one, CLIENTS, LASTS / 4)?;
    let mut home_load = drive(address, newest(), LASTS)?;
    let bytes = home_load.bytes / home_load.answers.max(1);
    watch.measured(
        &Measure::least("home, rate", home_load.rate(), "requests/s", 2_000.0)
            .noting(format!("{note}; {bytes} bytes each; bare sockets carry {bare:.0} a second")),
    );
    watch.measured(&latency("home, p99", &mut home_load, 0.99, 10.0).noting(note.clone()));

    watch.doing("asking for pages from everywhere");
    let pages = |client: usize| {
        let mine = begins.iter().skip(client).step_by(CLIENTS);
        mine.map(|id| format!("/api/v1/timelines/home?limit=40&max_id={id}")).collect()
    };
    let mut anywhere = drive(address, (0..CLIENTS).map(pages).collect(), LASTS)?;
    let rate = anywhere.rate();
    watch.measured(
        &latency("old pages, p99", &mut anywhere, 0.99, 10.0).noting(format!("{note}; {rate:.0} requests/s")),
    );

    watch.doing("asking for the home timeline while posts are written");
    let writer = load::Writer::start(address, LASTS)?;
    let mut busy = drive(address, newest(), LASTS)?;
    let wrote = writer.finish()?;
    let rate = busy.rate();
    watch.measured(
        &latency("busy home, p99", &mut busy, 0.99, 10.0)
            .noting(format!("{note}; {rate:.0} requests/s beside {wrote} posts in {} s", LASTS.as_secs())),
    );

    watch.doing("searching");
    let mut times = Vec::new();
    let mut found = 0;
    for question in load::questions(QUESTIONS) {
        let path = format!("/api/v2/search?type=statuses&limit=20&q={}", load::encoded(&question));
        let since = Instant::now();
        let answer = one.get(&path)?;
        times.push(since.elapsed().as_secs_f64() * 1e3);
        found += usize::from(answer.len() > 60);
    }
    let (median, worst) = (percentile(&mut times, 0.5), percentile(&mut times, 1.0));
    watch.measured(&Measure::most("search, p95", percentile(&mut times, 0.95), "ms", 20.0).noting(format!(
        "{QUESTIONS} questions, {found} with an answer; p50 {median:.2} ms, worst {worst:.1} ms{made}"
    )));

    let loaded = resident(node.process.id())?;
    watch.measured(&Measure::most("memory, loaded", loaded as f64 / 1e6, "MB", 200.0).noting(format!(
        "after all of this, shared pages of files included; {:.0} MB before it",
        quiet as f64 / 1e6
    )));
    load::streaming(address, watch)?;
    node.stop()
}

fn latency(name: &'static str, load: &mut Load, part: f64, most: f64) -> Measure {
    Measure::most(name, percentile(&mut load.times, part), "ms", most)
}

/// The home with the posts, made unless a run before this one left it.
fn prepare(place: &std::path::Path, count: usize, of: usize, watch: &mut dyn Watch) -> Result<Home, Error> {
    let place = place.join(format!("api-{count}-{of}"));
    let done = place.join("made");
    if done.exists() {
        return Ok(Home::open(place.join("home-8"))?);
    }
    // What an earlier run began is of no use.
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place)?;
    let home = rig::home(&place, 8)?;
    let mut engine = rig::engine(&home)?;
    let mut feeds = feeds::feeds(of)?;
    feeds.iter_mut().for_each(feeds::Feed::speak);
    rig::follow(&mut engine, &feeds)?;
    let mut entries = 0;
    while entries < count {
        watch.doing(&format!("making a long timeline: {entries} of {count}"));
        let part = feeds::write(&mut feeds, PART.min((count - entries).div_ceil(of)));
        rig::ingest(&mut engine, &part, rig::LARGE)?;
        entries += part.len();
    }
    drop(engine);
    std::fs::write(done, b"")?;
    Ok(home)
}

/// Ids of posts from everywhere on the timeline, in no order.
fn begins(home: &Home) -> Result<Vec<String>, Error> {
    let store = Store::open(&home.store_path(), 64 << 20)?;
    let reader = store.read()?;
    let newest = reader.newest_arrival()?;
    let (mut ids, mut at) = (Vec::new(), 1u64);
    for _ in 0..4_000 {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ids.extend(reader.id_that_arrived(1 + (at >> 20) % newest.max(1))?.map(|id| id.to_string()));
    }
    let page = reader.home(&Page { limit: 40, ..Page::default() })?;
    if ids.is_empty() || page.is_empty() {
        return Err(Error::Void("the store is empty".into()));
    }
    Ok(ids)
}

/// Waits until all posts can be found, and says how long that took if it had to be done.
fn indexed(client: &mut Client, watch: &mut dyn Watch) -> Result<String, Error> {
    let since = Instant::now();
    let mut waited = false;
    while since.elapsed() < INDEXED {
        let status: serde_json::Value = serde_json::from_slice(client.get("/api/starling/v1/status")?)
            .map_err(|error| Error::Void(error.to_string()))?;
        let search = &status["search"];
        if search["state"] == "ready" && search["behind"] == 0 {
            let took = since.elapsed().as_secs_f64();
            return Ok(if waited { format!("; the index was made in {took:.0} s") } else { String::new() });
        }
        waited = true;
        watch.doing(&format!("waiting for the index of words: {} to go", search["behind"]));
        std::thread::sleep(Duration::from_millis(500));
    }
    Err(Error::Void("the index was not made".into()))
}
