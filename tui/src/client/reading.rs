//! What reading asks of the server and of this machine: pages of timelines, threads with what is missing in them, lists,
//! polls, how posts read before, and what is remembered of the reader.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::PoisonError,
    thread,
    time::Duration,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use ureq::{Body, http::Response};

use super::{Answer, PAGE, Worker, drafts::put_aside, encoded, write_beside};
use crate::{
    api::{Context, Id, Marker, Notification, Poll, Status},
    app::memory::Memory,
    msg::{Line, Msg, Page, Row, Span},
    pictures::{BYTES, Wanted},
};

/// How often, and how long apart, a held lock is tried again: a second in all.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Rows of a page at most: some servers send more than they are asked for, none so many.
const ROWS: usize = 1_000;

/// A place of a thread as Starling tells of it.
#[derive(Deserialize)]
struct Place {
    id: Id,
    state: String,
}

impl Worker {
    /// A part of a timeline.
    pub(super) fn page(&self, line: &Line, span: &Span) -> Answer<Page> {
        match span {
            Span::Newest => self.rows(line, ""),
            Span::Above(id) => self.rows(line, &format!("&min_id={id}")),
            Span::Below(id) => self.rows(line, &format!("&max_id={id}")),
            Span::Around(id) => {
                let mut below = self.rows(line, &format!("&max_id={id}"))?;
                // Above the first row below it is the row itself, if it is still there, and what is above it.
                let edge = below.rows.first().map_or(id, Row::id);
                let mut rows = self.rows(line, &format!("&min_id={edge}"))?.rows;
                rows.append(&mut below.rows);
                Ok(Page { rows, ..below })
            }
        }
    }

    fn rows(&self, line: &Line, edge: &str) -> Answer<Page> {
        let path = match line {
            Line::Home => "/api/v1/timelines/home?".to_owned(),
            Line::Local => "/api/v1/timelines/public?local=true&".into(),
            Line::Network => "/api/v1/timelines/public?".into(),
            Line::Notifications => "/api/v1/notifications?".into(),
            Line::Bookmarks => "/api/v1/bookmarks?".into(),
            Line::Favourites => "/api/v1/favourites?".into(),
            Line::Tag(tag) => format!("/api/v1/timelines/tag/{}?", encoded(tag)),
            Line::Person(id) => format!("/api/v1/accounts/{id}/statuses?"),
            Line::List(id, _) => format!("/api/v1/timelines/list/{id}?"),
        };
        let answer = self.run_request(self.request("GET", &format!("{path}limit={PAGE}{edge}")), None)?;
        let (below, last) = below(&answer);
        let rows = match line {
            Line::Notifications => {
                self.rows_of(answer, |row: Notification| Row::Notification(Box::new(row)))?
            }
            _ => self.rows_of(answer, |row: Status| Row::Post(Box::new(row)))?,
        };
        Ok(Page { rows, below, last })
    }

    /// Rows of an answer. One that cannot be read costs itself, not the page.
    fn rows_of<T: DeserializeOwned>(
        &self,
        answer: Response<Body>,
        row: impl Fn(T) -> Row,
    ) -> Answer<Vec<Row>> {
        let all: Vec<Value> = self.read(answer)?;
        let rows = all.into_iter().take(ROWS).filter_map(|value| serde_json::from_value(value).ok());
        Ok(rows.map(row).collect())
    }

    /// What is around a post. Mastodon leaves out what is missing; Starling says which of it was erased.
    pub(super) fn thread(&self, id: &Id) -> Answer<Context> {
        let mut context: Context = self.get(&format!("/api/v1/statuses/{id}/context"))?;
        let all = || context.ancestors.iter().chain(&context.descendants);
        let here: HashSet<&Id> = all().map(|post| &post.id).chain([id]).collect();
        // The opened post itself is not in it, so what it answers may be all that is missing.
        let missing = context.ancestors.is_empty()
            || all().any(|post| post.in_reply_to_id.as_ref().is_some_and(|parent| !here.contains(parent)));
        if missing && let Ok(places) = self.get::<Vec<Place>>(&format!("/api/starling/v1/thread/{id}")) {
            context.erased =
                places.into_iter().filter(|place| place.state == "deleted").map(|place| place.id).collect();
        }
        Ok(context)
    }

    /// Votes in a poll.
    pub(super) fn vote(&self, id: &Id, choices: &[usize]) -> Answer<Msg> {
        let poll: Poll =
            self.send("POST", &format!("/api/v1/polls/{id}/votes"), Some(&json!({ "choices": choices })))?;
        Ok(Msg::Poll(poll))
    }

    /// What was remembered here, and how far the reader came elsewhere: the newer of both holds.
    pub(super) fn recall(&self) -> Memory {
        // What cannot be read is put aside when something is to be kept in its place, and the reader told then.
        let kept = self.memory_file().and_then(|path| read(&path).ok()).flatten();
        let mut memory = kept.and_then(Result::ok).unwrap_or_default();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = memory.clone();
        let markers: Answer<BTreeMap<String, Marker>> =
            self.get("/api/v1/markers?timeline[]=home&timeline[]=notifications");
        for (name, marker) in markers.unwrap_or_default() {
            let line = [Line::Home, Line::Notifications].into_iter().find(|line| line.key() == name);
            let newer = memory.at.is_none_or(|at| marker.updated_at.is_some_and(|marked| marked > at));
            if let Some(line) = line.filter(|_| newer && !marker.last_read_id.is_empty()) {
                memory.keep_place(&line, marker.last_read_id);
            }
        }
        memory
    }

    /// Remembers this. If what was kept cannot be read, it is put aside, and that is said.
    pub(super) fn remember(&self, memory: &Memory) -> Answer<()> {
        let Some(path) = self.memory_file() else { return Ok(()) };
        let aside = self
            .write_memory(&path, memory)
            .map_err(|error| self.words.put("client-no-memory", [("why", error.to_string())]).into_owned())?;
        match aside {
            Some(place) => Err(self
                .words
                .put("client-memory-aside", [("place", place.display().to_string())])
                .into_owned()),
            None => Ok(()),
        }
    }

    /// Writes it, with what another UI wrote meanwhile. Where the file is now, if it could not be read.
    fn write_memory(&self, path: &Path, memory: &Memory) -> io::Result<Option<PathBuf>> {
        let mut before = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = lock(&path.with_extension("lock"))?;
        let (new, aside) = match read(path)? {
            Some(Ok(kept)) => (memory.onto(&before, kept), None),
            Some(Err(_)) => (memory.clone(), Some(put_aside(path)?)),
            None => (memory.clone(), None),
        };
        write_beside(path, &serde_json::to_vec(&new).map_err(io::Error::other)?)?;
        before.clone_from(memory);
        Ok(aside)
    }

    /// Tells the server how far the reader came.
    pub(super) fn mark(&self, marks: &BTreeMap<String, Id>) -> Answer<()> {
        let marks: BTreeMap<_, _> =
            marks.iter().map(|(name, id)| (name, json!({ "last_read_id": id }))).collect();
        self.send::<Value>("POST", "/api/v1/markers", Some(&json!(marks))).map(drop)
    }

    /// A picture of a post. From elsewhere than this server only over HTTPS, and nowhere with our token: whoever wrote the
    /// address is not whom it is for.
    pub(super) fn picture(&self, wanted: &Wanted) -> Answer<Msg> {
        let address = &wanted.address;
        let base = format!("{}/", self.place.lock().unwrap_or_else(PoisonError::into_inner).0);
        if !address.starts_with(&base) && !address.starts_with("https://") {
            return Err(self.words.say("client-no-picture").into_owned());
        }
        let request =
            ureq::http::Request::builder().uri(address).body(()).map_err(|error| error.to_string())?;
        let mut answer = self.agent.run(request).map_err(|error| self.why(&error))?;
        if !answer.status().is_success() {
            return Err(self.words.say("client-no-picture").into_owned());
        }
        let body = answer.body_mut().with_config().limit(BYTES);
        let bytes = body.read_to_vec().map_err(|error| self.why(&error))?;
        Ok(Msg::Picture(address.clone(), wanted.room, wanted.eye.see(&bytes, wanted.room)))
    }

    /// Opens an address with the program that the person has for it.
    pub(super) fn browse(&self, address: &str) -> Answer<()> {
        // Whatever asked for it: nothing but the web is handed to other programs.
        if !crate::links::is_web(address) {
            return Err(self.words.say("client-no-web").into_owned());
        }
        open::that_detached(address)
            .map_err(|error| self.words.put("client-no-browser", [("why", error.to_string())]).into_owned())
    }

    fn memory_file(&self) -> Option<PathBuf> {
        Some(self.server.drafts.as_ref()?.with_file_name("reading.json"))
    }
}

/// What is kept in a file, if there is one.
fn read(path: &Path) -> io::Result<Option<serde_json::Result<Memory>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The lock of a file that several processes read and write, while this lives. It is held for moments.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    for tried in 1..=TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if tried < TRIES => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            // Where files have no locks, what was read is kept all the same.
            Err(TryLockError::Error(error)) if !has_no_locks(&error) => return Err(error),
            _ => break,
        }
    }
    Ok(file)
}

/// Whether this is what a file system says on which files have no locks.
fn has_no_locks(error: &io::Error) -> bool {
    // NFS whose server runs no lock service says that there are no more of them.
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOLCK) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// Where the page below this one begins, by `Link` (RFC 8288), and whether there is none.
fn below(answer: &Response<Body>) -> (Option<Id>, bool) {
    let Some(header) = answer.headers().get("link").and_then(|value| value.to_str().ok()) else {
        return (None, false);
    };
    let next = next(header);
    let last = next.is_none();
    (next, last)
}

fn next(header: &str) -> Option<Id> {
    let link = header.split(',').find(|link| link.contains("rel=\"next\""))?;
    let (_, query) = link.split_once('<')?.1.split_once('>')?.0.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("max_id=")).map(Id::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::{Server, fake},
        words::Words,
    };

    #[test]
    fn the_next_page_is_where_the_server_says() {
        let header = "<http://a/api?limit=40&max_id=7>; rel=\"next\", <http://a/api?min_id=9>; rel=\"prev\"";
        assert_eq!(next(header).as_deref(), Some("7"));
        assert_eq!(next("<http://a/api?min_id=9>; rel=\"prev\""), None);
        assert_eq!(next("max_id"), None);
    }

    /// A UI that keeps what it remembers in this folder, and whose server knows nothing.
    fn worker(folder: &Path) -> Worker {
        let (base, _) = fake::serve(|_, _| json!({ "error": "not here" }));
        let drafts = Some(folder.join("draft.json"));
        Worker::new(Server { base, token: "t".into(), drafts, again: None }, Words::default())
    }

    fn at(line: &Line, id: &str) -> Memory {
        let mut memory = Memory::default();
        memory.keep_place(line, id.into());
        memory
    }

    #[test]
    fn what_cannot_be_read_is_put_aside_and_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reading.json");
        fs::write(&path, "{\"places\": 7").unwrap();
        let reader = worker(folder.path());
        assert_eq!(reader.recall(), Memory::default());
        let memory = at(&Line::Home, "1");
        let said = reader.remember(&memory).unwrap_err();
        let names = folder.path().read_dir().unwrap().map(|file| file.unwrap().path());
        let [aside] = &*names.filter(|name| name.extension() == Some("bad".as_ref())).collect::<Vec<_>>()
        else {
            panic!("not put aside: {said}")
        };
        assert!(said.contains(aside.to_str().unwrap()), "{said}");
        assert_eq!(fs::read_to_string(aside).unwrap(), "{\"places\": 7");
        assert_eq!(worker(folder.path()).recall(), memory);
        reader.remember(&memory).unwrap();
        // What is there and cannot be read at all is no reason to write over it.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(reader.recall(), Memory::default());
        assert!(reader.remember(&memory).is_err() && path.is_dir());
    }

    #[test]
    fn two_at_once_keep_what_both_changed() {
        let folder = tempfile::tempdir().unwrap();
        let first = worker(folder.path());
        let mut start = at(&Line::Home, "1");
        start.keep_place(&Line::Local, "1".into());
        start.always = ["ada".to_owned(), "bob".into()].into();
        first.remember(&start).unwrap();
        let second = worker(folder.path());
        let (mut here, mut there) = (start, second.recall());
        here.keep_place(&Line::Home, "2".into());
        here.open_always("eve".into());
        first.remember(&here).unwrap();
        there.keep_place(&Line::Local, "3".into());
        there.open_always("ada".into());
        (there.tab, there.columns) = (Line::Local.key(), 1);
        second.remember(&there).unwrap();
        // What the other one did in between is not undone by what has not changed here.
        let seen = "2026-11-22T10:00:00Z".parse().unwrap();
        here.visit("root".into(), seen);
        first.remember(&here).unwrap();
        let kept = worker(folder.path()).recall();
        assert_eq!(kept.place(&Line::Home).map(String::as_str), Some("2"));
        assert_eq!(kept.place(&Line::Local).map(String::as_str), Some("3"));
        assert_eq!(kept.always, ["bob".to_owned(), "eve".into()].into());
        assert_eq!(
            (kept.tab, kept.columns, kept.threads),
            (Line::Local.key(), 1, vec![("root".into(), seen)])
        );
    }

    #[test]
    fn a_file_that_another_holds_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(&folder.path().join("reading.lock")).unwrap();
        let reader = worker(folder.path());
        assert!(reader.remember(&at(&Line::Home, "1")).is_err());
        drop(held);
        reader.remember(&at(&Line::Home, "1")).unwrap();
    }

    #[test]
    fn a_file_system_without_locks_is_told_from_a_failure() {
        assert!(has_no_locks(&io::ErrorKind::Unsupported.into()));
        for failure in [io::ErrorKind::PermissionDenied, io::ErrorKind::WouldBlock] {
            assert!(!has_no_locks(&failure.into()), "{failure}");
        }
        #[cfg(unix)]
        {
            use rustix::io::Errno;
            assert!(has_no_locks(&Errno::NOLCK.into()) && has_no_locks(&Errno::OPNOTSUPP.into()));
            assert!(!has_no_locks(&Errno::IO.into()));
        }
    }
}
