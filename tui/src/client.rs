//! Carries effects out: HTTP requests on a few threads, the stream of news on one more. Everything comes back as a [`Msg`]
//! through one bounded queue; a UI that is busy makes the threads wait, never the memory grow.

mod asks;
mod drafts;
#[cfg(test)]
pub mod fake;
mod reading;
mod upload;

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::{Agent, Body, http::Response};

use drafts::Drafts;

use crate::{
    api::{Account, Failure, Found, Id, NodeStatus},
    app::{compose::Draft, memory::Memory},
    msg::{Done, Effect, Leave, Msg, News, Reaction, Relate, Sent, ask::Ask},
    words::Words,
};

/// Requests under way at once: one that hangs holds up no other.
const WORKERS: usize = 3;
/// Effects that may wait. The UI never waits for a place: a reader who presses keys faster than this is told.
const EFFECTS: usize = 64;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the answer may take whether a post is still there.
const DOUBT: Duration = Duration::from_secs(5);
/// Bytes of an answer: a thread of some thousand posts.
const ANSWER: u64 = 32 * 1024 * 1024;
/// Bytes of one event of the stream, and of a line of it: the longest post, dressed, with what it quotes.
const LINE: u64 = 1024 * 1024;
/// Pauses before the stream is opened again, the last one for ever.
const RETRIES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15)];
/// Posts that are fetched at once.
const PAGE: usize = 40;

/// Where the server is, and what lets us in.
#[derive(Clone)]
pub struct Server {
    /// `http://127.0.0.1:4800`, without a slash at the end. Empty if only [`Server::again`] knows.
    pub base: String,
    /// The access token.
    pub token: String,
    /// Where drafts are kept; nowhere if there is no place.
    pub drafts: Option<PathBuf>,
    /// Finds it again after it went away: its address and its token, if it is back. While the server is only starting this
    /// waits for it; none then means that it does not start.
    pub again: Option<Again>,
}

/// See [`Server::again`].
pub type Again = Arc<dyn Fn() -> Option<(String, String)> + Send + Sync>;

/// The threads that do it.
pub struct Client {
    effects: SyncSender<Effect>,
    /// What concerns this machine's disk has a thread of its own: it never waits behind a server that hangs, and is waited
    /// for at the end.
    near: Option<(SyncSender<Effect>, thread::JoinHandle<()>)>,
}

impl Client {
    /// Starts them. They end when `messages` is no longer listened to.
    ///
    /// # Errors
    /// If the system has no threads left.
    pub fn start(server: Server, words: &Words, messages: &SyncSender<Msg>) -> std::io::Result<Self> {
        let (effects, waiting) = sync_channel(EFFECTS);
        let waiting = Arc::new(Mutex::new(waiting));
        let first = Worker::new(server, words.clone());
        for _ in 0..WORKERS {
            let (waiting, messages, worker) = (Arc::clone(&waiting), messages.clone(), first.clone());
            thread::Builder::new().name("http".into()).spawn(move || worker.run(&waiting, &messages))?;
        }
        let (near, waiting) = sync_channel(EFFECTS);
        let (told, worker) = (messages.clone(), first.clone());
        let disk = thread::Builder::new().name("disk".into()).spawn(move || {
            // What is to be kept is kept, even if nobody hears of it any more.
            for effect in waiting {
                if let Some(msg) = worker.answer_to(effect) {
                    let _ = told.send(msg);
                }
            }
        })?;
        let (messages, worker) = (messages.clone(), first);
        thread::Builder::new().name("stream".into()).spawn(move || worker.listen(&messages))?;
        Ok(Self { effects, near: Some((near, disk)) })
    }

    /// Waits until what was to be kept is on disk. Nothing is carried out after that.
    pub fn settle(&mut self) {
        if let Some((near, disk)) = self.near.take() {
            drop(near);
            let _ = disk.join();
        }
    }

    /// Has something done. Gives it back if too much is under way.
    pub fn carry(&self, effect: Effect) -> Result<(), Effect> {
        let to = match &self.near {
            Some((near, _)) if is_near(&effect) => near,
            _ => &self.effects,
        };
        to.try_send(effect).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(effect)
            | std::sync::mpsc::TrySendError::Disconnected(effect) => effect,
        })
    }
}

/// The post that something is to be done to, which should be there.
fn post_of(effect: &Effect) -> Option<&Id> {
    match effect {
        Effect::Thread(id)
        | Effect::Delete(id)
        | Effect::Source(id)
        | Effect::React(id, _)
        | Effect::History(id) => Some(id),
        _ => None,
    }
}

/// Whether this machine's disk is all that it takes.
fn is_near(effect: &Effect) -> bool {
    match effect {
        Effect::Keep(_) | Effect::Remember(_) => true,
        Effect::Ask(ask) => matches!(**ask, Ask::Drafts | Ask::Forget(_) | Ask::Look { .. }),
        _ => false,
    }
}

/// Does what is asked, one thing after the other, in the thread that asks.
#[derive(Clone)]
pub struct Worker {
    agent: Agent,
    server: Server,
    words: Words,
    drafts: Arc<Drafts>,
    /// What this UI had kept of the reader when it kept something last: the rest of the file is another's.
    kept: Arc<Mutex<Memory>>,
    /// How far the server's clock was ahead of ours when it answered last, in seconds.
    ahead: Arc<Mutex<Option<i64>>>,
    /// Address and token as they are now.
    place: Arc<Mutex<(String, String)>>,
}

/// What came of it, or why it did not, in words.
pub type Answer<T> = Result<T, String>;

impl Worker {
    /// On this server.
    pub fn new(server: Server, words: Words) -> Self {
        // No redirect may see the token, and no proxy what stays on this machine.
        let mut config = Agent::config_builder().max_redirects(0).http_status_as_error(false);
        if server.base.is_empty() || server.base.starts_with("http://") {
            config = config.proxy(None);
        }
        let config = config
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_recv_body(Some(PATIENCE))
            .build();
        let place = Arc::new(Mutex::new((server.base.clone(), server.token.clone())));
        let drafts = Arc::new(Drafts::new(server.drafts.clone()));
        let (kept, ahead) = Default::default();
        Self { agent: config.into(), server, words, drafts, kept, ahead, place }
    }

    /// Looks where the server is now: a node that was started again has another door.
    fn look_again(&self) {
        if let Some(place) = self.server.again.as_ref().and_then(|again| again()) {
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
        }
    }

    fn run(&self, waiting: &Mutex<Receiver<Effect>>, messages: &SyncSender<Msg>) {
        loop {
            let effect = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(effect) = effect else { return };
            let Some(msg) = self.answer_to(effect) else { continue };
            if messages.send(msg).is_err() {
                return;
            }
        }
    }

    /// Whether the server is somewhere. One that is starting is waited for.
    pub fn is_somewhere(&self) -> bool {
        let known = || !self.place.lock().unwrap_or_else(PoisonError::into_inner).0.is_empty();
        if !known() {
            self.look_again();
        }
        known()
    }

    /// Carries out, and says what came of it.
    fn answer_to(&self, effect: Effect) -> Option<Msg> {
        if !is_near(&effect) && !self.is_somewhere() {
            return Some(Msg::Leave(Leave::NoServer));
        }
        // Something that waits for an answer must get one, whatever happens here.
        let done = panic::catch_unwind(AssertUnwindSafe(|| self.carry(&effect)));
        let done = done.unwrap_or_else(|_| Err(self.words.say("client-broke").into_owned()));
        done.unwrap_or_else(|why| {
            let gone = post_of(&effect).filter(|id| self.is_gone(id)).cloned();
            Some(match gone {
                Some(id) => Msg::Gone(Box::new(effect), id, why),
                None => Msg::Failed(Box::new(effect), why),
            })
        })
    }

    /// Whether the server says that it has no such post. Asked apart: what failed may be unknown to it for another reason.
    fn is_gone(&self, id: &Id) -> bool {
        let Ok(request) = self.request("GET", &format!("/api/v1/statuses/{id}")).body(()) else {
            return false;
        };
        // The reader waits for what failed to be said.
        let request = self.agent.configure_request(request).timeout_global(Some(DOUBT)).build();
        self.agent.run(request).is_ok_and(|answer| matches!(answer.status().as_u16(), 404 | 410))
    }

    /// Has something done.
    ///
    /// # Errors
    /// Says why it was not.
    pub fn carry(&self, effect: &Effect) -> Answer<Option<Msg>> {
        Ok(Some(match effect {
            Effect::Me => Msg::Me(self.get("/api/v1/accounts/verify_credentials")?),
            Effect::Load(line, span) => Msg::Page(line.clone(), span.clone(), self.page(line, span)?),
            Effect::Thread(id) => Msg::Context(id.clone(), Box::new(self.thread(id)?)),
            Effect::Post(draft) => self.publish(draft)?,
            Effect::Delete(id) => {
                Msg::Post(self.send("DELETE", &format!("/api/v1/statuses/{id}"), None)?, Done::Deleted)
            }
            Effect::Source(id) => Msg::Source(self.get(&format!("/api/v1/statuses/{id}/source"))?),
            Effect::React(id, reaction) => self.react(id, *reaction)?,
            Effect::Relate(id, relate) => {
                let verb = match relate {
                    Relate::Unfollow => "unfollow",
                    Relate::Mute(true) => "mute",
                    Relate::Mute(false) => "unmute",
                    Relate::Block(true) => "block",
                    Relate::Block(false) => "unblock",
                };
                let path = format!("/api/v1/accounts/{id}/{verb}");
                Msg::Relation(self.send("POST", &path, Some(&json!({})))?, Some(*relate))
            }
            Effect::Follow(id, via) => {
                let body = match via {
                    Some(via) => json!({ "starling": { "via": via } }),
                    None => json!({}),
                };
                let path = format!("/api/v1/accounts/{id}/follow");
                Msg::Relation(self.send("POST", &path, Some(&body))?, None)
            }
            Effect::Person(id) => {
                let account: Account = self.get(&format!("/api/v1/accounts/{id}"))?;
                Msg::Person(Box::new(account), self.stands(id)?)
            }
            Effect::Search(words) => {
                let found: Found =
                    self.get(&format!("/api/v2/search?limit=40&resolve=true&q={}", encoded(words)))?;
                Msg::Found(words.clone(), Box::new(found))
            }
            Effect::Node => {
                let node: NodeStatus = self.get("/api/starling/v1/status")?;
                Msg::Node(NodeStatus { ahead: self.ahead(), ..node })
            }
            Effect::Keep(draft) => {
                self.drafts.keep(draft).map_err(|error| self.no_draft(&error))?;
                return Ok(None);
            }
            Effect::Ask(ask) => Msg::Told(Box::new(self.ask(ask)?)),
            Effect::Recall => Msg::Memory(Box::new(self.recall())),
            Effect::Remember(memory) => return self.remember(memory).map(|()| None),
            Effect::Mark(marks) => return self.mark(marks).map(|()| None),
            Effect::Lists => Msg::Lists(self.get("/api/v1/lists")?),
            Effect::Vote(id, choices) => self.vote(id, choices)?,
            Effect::History(id) => {
                Msg::History(id.clone(), self.get(&format!("/api/v1/statuses/{id}/history"))?)
            }
            Effect::Missing(id) => Msg::Arrived(self.get(&format!("/api/v1/statuses/{id}"))?),
            Effect::Picture(wanted) => self.picture(wanted)?,
            Effect::Browse(address) => return self.browse(address).map(|()| None),
            // The terminal's own.
            Effect::Editor(_) | Effect::Copy(_) | Effect::Mouse(_) | Effect::Suspend | Effect::Quit => {
                return Ok(None);
            }
        }))
    }

    fn publish(&self, draft: &Draft) -> Answer<Msg> {
        let mut body = json!({ "status": draft.text, "spoiler_text": draft.warning });
        if !draft.language.is_empty() {
            body["language"] = json!(draft.language);
        }
        if let Some(id) = &draft.edits {
            let status = self.send("PUT", &format!("/api/v1/statuses/{id}"), Some(&body))?;
            return Ok(Msg::Sent(Box::new(draft.clone()), status, Sent::Edited));
        }
        body["visibility"] = json!(draft.visibility.name());
        if let Some((id, _)) = &draft.reply_to {
            body["in_reply_to_id"] = json!(id);
        }
        if let Some((id, _)) = &draft.quotes {
            body["quoted_status_id"] = json!(id);
        }
        let files: Vec<&str> = draft.files.iter().filter_map(|file| file.id.as_deref()).collect();
        if !files.is_empty() {
            body["media_ids"] = json!(files);
        }
        if !draft.poll.options.is_empty() {
            let poll = &draft.poll;
            body["poll"] =
                json!({ "options": poll.options, "expires_in": poll.seconds, "multiple": poll.multiple });
        }
        if let Some(due) = draft.due {
            body["scheduled_at"] = json!(due.to_string());
        }
        let request = self.request("POST", "/api/v1/statuses").header("Idempotency-Key", draft.wish());
        let sent = if draft.due.is_some() { Sent::Scheduled } else { Sent::Posted };
        Ok(Msg::Sent(Box::new(draft.clone()), self.answer(request, Some(&body))?, sent))
    }

    fn react(&self, id: &str, reaction: Reaction) -> Answer<Msg> {
        let verb = match reaction {
            Reaction::Boost(true) => "reblog",
            Reaction::Boost(false) => "unreblog",
            Reaction::Like(true) => "favourite",
            Reaction::Like(false) => "unfavourite",
            Reaction::Bookmark(true) => "bookmark",
            Reaction::Bookmark(false) => "unbookmark",
        };
        let status = self.send("POST", &format!("/api/v1/statuses/{id}/{verb}"), Some(&json!({})))?;
        Ok(Msg::Post(status, Done::Reacted))
    }

    /// What is at this path.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        self.send("GET", path, None)
    }

    /// What a request of this kind is answered with.
    pub fn send<T: DeserializeOwned>(&self, method: &str, path: &str, body: Option<&Value>) -> Answer<T> {
        self.answer(self.request(method, path), body)
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let (base, token) = &*self.place.lock().unwrap_or_else(PoisonError::into_inner);
        ureq::http::Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header("Authorization", format!("Bearer {token}"))
    }

    fn answer<T: DeserializeOwned>(
        &self,
        request: ureq::http::request::Builder,
        body: Option<&Value>,
    ) -> Answer<T> {
        self.read(self.run_request(request, body)?)
    }

    fn run_request(
        &self,
        request: ureq::http::request::Builder,
        body: Option<&Value>,
    ) -> Answer<Response<Body>> {
        let failed = |error: ureq::Error| self.why(&error);
        match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                self.agent.run(request.map_err(|error| error.to_string())?).map_err(failed)
            }
            None => self.agent.run(request.body(()).map_err(|error| error.to_string())?).map_err(failed),
        }
    }

    /// How far the server's clock was ahead of ours when it answered last, in seconds.
    fn ahead(&self) -> Option<i64> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn no_drafts(&self, error: &std::io::Error) -> String {
        self.words.put("client-no-drafts", [("why", error.to_string())]).into_owned()
    }

    fn no_draft(&self, error: &std::io::Error) -> String {
        self.words.put("client-no-draft", [("why", error.to_string())]).into_owned()
    }

    /// Listens to the reader's stream for ever, and opens it again when it ends.
    pub fn listen(&self, messages: &SyncSender<Msg>) {
        let mut tries = 0;
        loop {
            let ended = match self.open_stream() {
                Ok(stream) => {
                    tries = 0;
                    if messages.send(Msg::Stream(Ok(()))).is_err() {
                        return;
                    }
                    events(&self.words, stream, messages)
                }
                Err(why) => Ok(why),
            };
            // Nobody listens to us any more.
            let Ok(why) = ended else { return };
            if messages.send(Msg::Stream(Err(why))).is_err() {
                return;
            }
            thread::sleep(RETRIES[tries.min(RETRIES.len() - 1)]);
            self.look_again();
            tries += 1;
        }
    }

    fn open_stream(&self) -> Answer<impl Read + use<>> {
        if !self.is_somewhere() {
            return Err(self.words.say("client-not-there").into_owned());
        }
        let request = self.request("GET", "/api/v1/streaming/user").header("Accept", "text/event-stream");
        let request = request.body(()).map_err(|error| error.to_string())?;
        let request =
            self.agent.configure_request(request).timeout_recv_body(None).timeout_per_call(None).build();
        let answer = self.agent.run(request).map_err(|error| self.why(&error))?;
        if !answer.status().is_success() {
            let status = answer.status().to_string();
            return Err(self.words.put("client-no-stream", [("status", status)]).into_owned());
        }
        Ok(answer.into_body().into_reader())
    }

    fn read<T: DeserializeOwned>(&self, mut answer: Response<Body>) -> Answer<T> {
        let status = answer.status();
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        let ahead = date.and_then(|date| ahead(date, Timestamp::now()));
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        let body = answer.body_mut().with_config().limit(ANSWER);
        let bytes = body.read_to_vec().map_err(|error| self.why(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| {
                self.words.put("client-unreadable", [("why", error.to_string())]).into_owned()
            });
        }
        Err(match serde_json::from_slice::<Failure>(&bytes) {
            Ok(Failure { error, hint: Some(hint) }) => format!("{error} ({hint})"),
            Ok(Failure { error, hint: None }) if !error.is_empty() => error,
            _ => self.words.put("client-answered", [("status", status.to_string())]).into_owned(),
        })
    }

    /// What a person is told of a connection that failed.
    fn why(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                self.words.say("client-not-there").into_owned()
            }
            ureq::Error::Timeout(_) => self.words.say("client-slow").into_owned(),
            error => error.to_string(),
        }
    }
}

/// Reads the stream until it ends (WHATWG HTML §9.2.6, as far as servers use it), and says why it did. An error is a UI
/// that is gone.
fn events(words: &Words, stream: impl Read, messages: &SyncSender<Msg>) -> Result<String, ()> {
    let mut reader = BufReader::new(stream);
    let (mut event, mut data) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        match (&mut reader).take(LINE).read_line(&mut line) {
            Ok(0) => return Ok(words.say("client-stream-closed").into_owned()),
            Ok(_) if !line.ends_with('\n') => return Ok(words.say("client-stream-too-much").into_owned()),
            Ok(_) => {}
            Err(error) => return Ok(error.to_string()),
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            if let Some(news) = news(&event, &data) {
                messages.send(Msg::News(news)).map_err(|_| ())?;
            }
            event.clear();
            data.clear();
        } else if let Some(name) = line.strip_prefix("event:") {
            event = name.trim().to_owned();
        } else if let Some(more) = line.strip_prefix("data:") {
            data.push_str(more.trim_start());
            if data.len() as u64 > LINE {
                return Ok(words.say("client-stream-too-much").into_owned());
            }
        }
    }
}

fn news(event: &str, data: &str) -> Option<News> {
    fn of<T: DeserializeOwned>(data: &str) -> Option<T> {
        serde_json::from_str(data).ok()
    }
    Some(match event {
        "update" => News::Update(of(data)?),
        "status.update" => News::Changed(of(data)?),
        // Mastodon sends the id as it is, Starling as a JSON text.
        "delete" => News::Deleted(of(data).unwrap_or_else(|| data.trim().to_owned())),
        "notification" => News::Notified(of(data)?),
        _ => return None,
    })
}

/// How far a clock that says this (RFC 9110 section 5.6.7) is ahead of another, in seconds.
fn ahead(date: &str, now: Timestamp) -> Option<i64> {
    let there = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(there.as_second() - now.as_second())
}

/// Writes a file beside its place first: whatever happens, there is the old one or the new one. It is for its owner alone,
/// and under a name that no other process writes to.
fn write_beside(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = own_file(&beside)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// A new file for its owner alone. What stands there is of a process that had our number and is no more; through a link
/// that somebody laid nothing is written.
pub fn own_file(path: &Path) -> std::io::Result<File> {
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Percent-encoding of all but unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests;
