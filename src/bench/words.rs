//! What it costs to be found: the index of words beside the store, and the same words as rows of the store itself.
//!
//! The second is what would need no other library: one row for each word of a post, written in the transaction that
//! stores the post, so that nothing could ever be behind. What it would cost whoever stores posts is the reason that it
//! is not done, and is measured here so that the reason can be looked at again.

use std::{path::Path, time::Instant};

use redb::{Database, ReadableDatabase, TableDefinition};
use starling_protocol::{Body, entry};

use super::{
    Error, Measure, Options, Watch, feeds,
    measure::percentile,
    rig::{self, Spent},
    scratch::Scratch,
};
use crate::{
    search::{
        Query,
        measured::{Document, Mark, Words},
    },
    store::Said,
};

/// Word, time, arrival: as a timeline orders.
const ROWS: TableDefinition<'_, (&str, u64, u64), ()> = TableDefinition::new("words");
/// Bytes of cache: the store's own default.
const CACHE: usize = 16 << 20;
/// Questions that are put.
const QUESTIONS: usize = 400;
/// Posts of an answer.
const PAGE: usize = 20;

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    let (count, of) = (options.entries(100_000), options.feeds(1_000));
    watch.doing("writing posts");
    let said = posts(count, of)?;
    let count = said.len();
    let scratch = Scratch::new(options, "words")?;

    watch.doing("entering words in rows of a database");
    let path = scratch.path().join("words.redb");
    let (rows, spent) = Spent::on(|| in_rows(&path, &said));
    let (number, database) = rows?;
    let rows_each = spent.each(count);
    let rows_bytes = bytes_in(&path)? / count as f64;
    let rows_rate = spent.rate(count);

    watch.doing("entering words in the index");
    let folder = scratch.path().join("index");
    std::fs::create_dir_all(&folder)?;
    let (words, spent) = Spent::on(|| in_index(&folder, &said));
    let words = words.map_err(|error| Error::Void(error.to_string()))?;
    let bytes = bytes_in(&folder)? / count as f64;
    let note = format!(
        "{count} posts of 100 characters, {:.0} µs of processor time each; as rows of the store {rows_rate:.0} posts/s, \
         {rows_each:.0} µs each, {number} rows",
        spent.each(count)
    );
    watch.measured(&Measure::least("words, rate", spent.rate(count), "posts/s", 10_000.0).noting(note));
    let note = format!("files of the index; as rows of the store {rows_bytes:.0}");
    watch.measured(&Measure::most("words, disk", bytes, "bytes/post", 200.0).noting(note));

    watch.doing("looking for words in both");
    let moment = words.moment().map_err(|error| Error::Void(error.to_string()))?;
    let (mut indexed, mut listed) = (Vec::new(), Vec::new());
    for rank in (0..QUESTIONS).map(|turn| turn * turn * 50_000 / (QUESTIONS * QUESTIONS)) {
        let word = feeds::word(rank);
        let query = Query::parse(&format!("{word} "));
        let since = Instant::now();
        let found = moment.posts(&query, &|_| None, 0..=u64::MAX, false, (0, PAGE));
        indexed.push(since.elapsed().as_secs_f64() * 1e3);
        let mut found: Vec<u64> =
            found.map_err(|error| Error::Void(error.to_string()))?.into_iter().map(|(_, at)| at).collect();
        let since = Instant::now();
        let table = database.begin_read().map(|txn| txn.open_table(ROWS));
        let table = table.map_err(store)?.map_err(store)?;
        let all = (word.as_str(), 0, 0)..=(word.as_str(), u64::MAX, u64::MAX);
        let newest = table.range(all).map_err(store)?.rev().take(PAGE);
        let newest: Result<Vec<u64>, _> = newest.map(|row| row.map(|(key, _)| key.value().2)).collect();
        listed.push(since.elapsed().as_secs_f64() * 1e3);
        let mut newest = newest.map_err(store)?;
        found.sort_unstable();
        newest.sort_unstable();
        if found != newest {
            return Err(Error::Void(format!("{word} is found in {found:?} and in {newest:?}")));
        }
    }
    let (rows, rows_median) = (percentile(&mut listed, 0.95), percentile(&mut listed, 0.5));
    let median = percentile(&mut indexed, 0.5);
    watch.measured(&Measure::most("words, p95", percentile(&mut indexed, 0.95), "ms", 5.0).noting(format!(
        "{QUESTIONS} words, the newest {PAGE} posts with each; p50 {median:.2} ms; as rows {rows:.2} and {rows_median:.2} ms"
    )));
    Ok(())
}

fn store(error: impl Into<redb::Error>) -> Error {
    Error::Void(error.into().to_string())
}

/// Posts as the store gives them to whoever enters them.
fn posts(count: usize, of: usize) -> Result<Vec<Said>, Error> {
    let mut feeds = feeds::feeds(of)?;
    feeds.iter_mut().for_each(feeds::Feed::speak);
    let mut said = Vec::with_capacity(count);
    for bytes in feeds::write(&mut feeds, count.div_ceil(of)) {
        let entry = entry::verify(&bytes).map_err(|error| Error::Void(error.to_string()))?;
        let Some(Body::Post(content)) = entry.payload().map(|payload| payload.body()) else { continue };
        let (time, content) = (entry.header().time, Some(content.clone()));
        said.push(Said { time, author: 1, content, reply: false, edited: false });
    }
    Ok(said)
}

fn in_rows(path: &Path, said: &[Said]) -> Result<(u64, Database), Error> {
    let database = redb::Builder::new().set_cache_size(CACHE).create(path).map_err(store)?;
    let (mut arrival, mut rows) = (0, 0);
    for part in said.chunks(rig::BATCH) {
        let mut txn = database.begin_write().map_err(store)?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        {
            let mut table = txn.open_table(ROWS).map_err(store)?;
            for said in part {
                arrival += 1;
                let mut words = Document::of(said).words;
                words.sort_unstable_by(|a, b| a.form.cmp(&b.form));
                words.dedup_by(|a, b| a.form == b.form);
                for word in words {
                    table.insert((word.form.as_str(), said.time, arrival), ()).map_err(store)?;
                    rows += 1;
                }
            }
        }
        txn.commit().map_err(store)?;
    }
    Ok((rows, database))
}

fn in_index(folder: &Path, said: &[Said]) -> Result<Words, tantivy::TantivyError> {
    let words = Words::open(folder)?;
    let mut pen = words.pen()?;
    let mut arrival = 0;
    for said in said {
        arrival += 1;
        pen.post(arrival, Document::of(said))?;
    }
    pen.commit(&Mark::at(arrival, "measured"))?;
    pen.lay_down()?;
    Ok(words)
}

fn bytes_in(path: &Path) -> Result<f64, Error> {
    if path.is_file() {
        return Ok(super::start::occupied(&std::fs::metadata(path)?));
    }
    let mut bytes = 0.0;
    for file in std::fs::read_dir(path)? {
        bytes += super::start::occupied(&file?.metadata()?);
    }
    Ok(bytes)
}
