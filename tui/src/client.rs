//! Carries effects out: HTTP requests on a few threads, the stream of news on one more. Everything comes back as a [`Msg`]
//! through one bounded queue; a UI that is busy makes the threads wait, never the memory grow.

mod asks;
mod drafts;
mod upload;

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::{Agent, Body, http::Response};

use drafts::Drafts;

use crate::{
    api::{Account, Failure, Found, NodeStatus, Notification, Relationship, Status},
    app::compose::Draft,
    msg::{Done, Effect, Line, Msg, News, Reaction, Relate, Row, Span},
    words::Words,
};

/// Requests under way at once: one that hangs holds up no other.
const WORKERS: usize = 3;
/// Effects that may wait. The UI never waits for a place: a reader who presses keys faster than this is told.
const EFFECTS: usize = 64;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer: a thread of some thousand posts.
const ANSWER: u64 = 32 * 1024 * 1024;
/// Bytes of one line of the stream: the longest post, dressed, with what it quotes.
const LINE: u64 = 1024 * 1024;
/// Pauses before the stream is opened again, the last one for ever.
const RETRIES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15)];
/// Posts that are fetched at once.
const PAGE: usize = 40;

/// Where the server is, and what lets us in.
#[derive(Clone)]
pub struct Server {
    /// `http://127.0.0.1:4800`, without a slash at the end.
    pub base: String,
    /// The access token.
    pub token: String,
    /// Where drafts are kept; nowhere if there is no place.
    pub drafts: Option<PathBuf>,
}

/// The threads that do it.
pub struct Client {
    effects: SyncSender<Effect>,
}

impl Client {
    /// Starts them. They end when `messages` is no longer listened to.
    ///
    /// # Errors
    /// If the system has no threads left.
    pub fn start(server: Server, words: &Words, messages: &SyncSender<Msg>) -> std::io::Result<Self> {
        let (effects, waiting) = sync_channel(EFFECTS);
        let waiting = Arc::new(Mutex::new(waiting));
        let drafts = Arc::new(Drafts::new(server.drafts.clone()));
        let worker = || Worker::new(server.clone(), words.clone(), Arc::clone(&drafts));
        for _ in 0..WORKERS {
            let (waiting, messages, worker) = (Arc::clone(&waiting), messages.clone(), worker());
            thread::Builder::new().name("http".into()).spawn(move || worker.run(&waiting, &messages))?;
        }
        let (messages, worker) = (messages.clone(), worker());
        thread::Builder::new().name("stream".into()).spawn(move || worker.listen(&messages))?;
        Ok(Self { effects })
    }

    /// Has something done. Gives it back if too much is under way.
    pub fn carry(&self, effect: Effect) -> Result<(), Effect> {
        self.effects.try_send(effect).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(effect)
            | std::sync::mpsc::TrySendError::Disconnected(effect) => effect,
        })
    }
}

struct Worker {
    agent: Agent,
    server: Server,
    words: Words,
    drafts: Arc<Drafts>,
    /// How far the server's clock was ahead of ours when it answered last, in seconds.
    ahead: Cell<Option<i64>>,
}

type Answer<T> = Result<T, String>;

impl Worker {
    fn new(server: Server, words: Words, drafts: Arc<Drafts>) -> Self {
        // No redirect may see the token, and no proxy what stays on this machine.
        let mut config = Agent::config_builder().max_redirects(0).http_status_as_error(false);
        if server.base.starts_with("http://") {
            config = config.proxy(None);
        }
        let config = config
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(PATIENCE))
            .build();
        Self { agent: config.into(), server, words, drafts, ahead: Cell::new(None) }
    }

    fn run(&self, waiting: &Mutex<Receiver<Effect>>, messages: &SyncSender<Msg>) {
        loop {
            let effect = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(effect) = effect else { return };
            let msg = match self.carry(&effect) {
                Ok(Some(msg)) => msg,
                Ok(None) => continue,
                Err(why) => Msg::Failed(Box::new(effect), why),
            };
            if messages.send(msg).is_err() {
                return;
            }
        }
    }

    fn carry(&self, effect: &Effect) -> Answer<Option<Msg>> {
        Ok(Some(match effect {
            Effect::Me => Msg::Me(self.get("/api/v1/accounts/verify_credentials")?),
            Effect::Load(line, span) => Msg::Page(line.clone(), span.clone(), self.page(line, span)?),
            Effect::Thread(id) => {
                Msg::Context(id.clone(), self.get(&format!("/api/v1/statuses/{id}/context"))?)
            }
            Effect::Post(draft) => self.publish(draft)?,
            Effect::Delete(id) => {
                Msg::Post(self.send("DELETE", &format!("/api/v1/statuses/{id}"), None)?, Done::Deleted)
            }
            Effect::Source(id) => Msg::Source(self.get(&format!("/api/v1/statuses/{id}/source"))?),
            Effect::React(id, reaction) => self.react(id, *reaction)?,
            Effect::Relate(id, relate) => {
                let verb = match relate {
                    Relate::Follow(true) => "follow",
                    Relate::Follow(false) => "unfollow",
                    Relate::Mute(true) => "mute",
                    Relate::Mute(false) => "unmute",
                    Relate::Block(true) => "block",
                    Relate::Block(false) => "unblock",
                };
                Msg::Relation(self.send(
                    "POST",
                    &format!("/api/v1/accounts/{id}/{verb}"),
                    Some(&json!({})),
                )?)
            }
            Effect::Person(id) => {
                let account: Account = self.get(&format!("/api/v1/accounts/{id}"))?;
                let mut relations: Vec<Relationship> =
                    self.get(&format!("/api/v1/accounts/relationships?id[]={id}"))?;
                Msg::Person(Box::new(account), relations.pop().unwrap_or_default())
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
            // The terminal's own.
            Effect::Editor(_) | Effect::Copy(_) | Effect::Quit => return Ok(None),
        }))
    }

    fn page(&self, line: &Line, span: &Span) -> Answer<Vec<Row>> {
        let path = match line {
            Line::Home => "/api/v1/timelines/home?".to_owned(),
            Line::Local => "/api/v1/timelines/public?local=true&".into(),
            Line::Network => "/api/v1/timelines/public?".into(),
            Line::Notifications => "/api/v1/notifications?".into(),
            Line::Bookmarks => "/api/v1/bookmarks?".into(),
            Line::Favourites => "/api/v1/favourites?".into(),
            Line::Tag(tag) => format!("/api/v1/timelines/tag/{}?", encoded(tag)),
            Line::Person(id) => format!("/api/v1/accounts/{id}/statuses?"),
        };
        let edge = match span {
            Span::Newest => String::new(),
            Span::Above(id) => format!("&min_id={id}"),
            Span::Below(id) => format!("&max_id={id}"),
        };
        let path = format!("{path}limit={PAGE}{edge}");
        Ok(match line {
            Line::Notifications => self
                .get::<Vec<Notification>>(&path)?
                .into_iter()
                .map(|row| Row::Notification(Box::new(row)))
                .collect(),
            _ => self.get::<Vec<Status>>(&path)?.into_iter().map(|row| Row::Post(Box::new(row))).collect(),
        })
    }

    fn publish(&self, draft: &Draft) -> Answer<Msg> {
        let mut body = json!({ "status": draft.text, "spoiler_text": draft.warning });
        if !draft.language.is_empty() {
            body["language"] = json!(draft.language);
        }
        if let Some(id) = &draft.edits {
            let status = self.send("PUT", &format!("/api/v1/statuses/{id}"), Some(&body))?;
            return Ok(Msg::Post(status, Done::Edited));
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
        let request = self.request("POST", "/api/v1/statuses").header("Idempotency-Key", &draft.key);
        let done = if draft.due.is_some() { Done::Scheduled } else { Done::Posted };
        Ok(Msg::Post(self.answer(request, Some(&body))?, done))
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

    fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        self.send("GET", path, None)
    }

    fn send<T: DeserializeOwned>(&self, method: &str, path: &str, body: Option<&Value>) -> Answer<T> {
        self.answer(self.request(method, path), body)
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server.base))
            .header("Authorization", format!("Bearer {}", self.server.token))
    }

    fn answer<T: DeserializeOwned>(
        &self,
        request: ureq::http::request::Builder,
        body: Option<&Value>,
    ) -> Answer<T> {
        let failed = |error: ureq::Error| self.why(&error);
        let answer = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                self.agent.run(request.map_err(|error| error.to_string())?).map_err(failed)?
            }
            None => self.agent.run(request.body(()).map_err(|error| error.to_string())?).map_err(failed)?,
        };
        self.read(answer)
    }

    /// How far the server's clock was ahead of ours when it answered last, in seconds.
    fn ahead(&self) -> Option<i64> {
        self.ahead.get()
    }

    fn no_draft(&self, error: &std::io::Error) -> String {
        self.words.put("client-no-draft", [("why", error.to_string())]).into_owned()
    }

    /// Listens to the reader's stream for ever, and opens it again when it ends.
    fn listen(&self, messages: &SyncSender<Msg>) {
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
            tries += 1;
        }
    }

    fn open_stream(&self) -> Answer<impl Read + use<>> {
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
        self.ahead.set(date.and_then(|date| ahead(date, Timestamp::now())));
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
        "delete" => News::Deleted(data.trim().to_owned()),
        "notification" => News::Notified(of(data)?),
        _ => return None,
    })
}

/// How far a clock that says this (RFC 9110 section 5.6.7) is ahead of another, in seconds.
fn ahead(date: &str, now: Timestamp) -> Option<i64> {
    let there = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(there.as_second() - now.as_second())
}

/// Percent-encoding of all but unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_read_line_by_line() {
        let (messages, got) = sync_channel(8);
        let stream = ":thump\n\nevent: update\ndata: {\"id\": \"1\"}\n\nevent: delete\ndata: 2\n\nevent: odd\ndata: {}\n\n";
        let words = Words::default();
        assert_eq!(events(&words, stream.as_bytes(), &messages).unwrap(), "the server closed the stream");
        assert!(matches!(got.recv().unwrap(), Msg::News(News::Update(status)) if status.id == "1"));
        assert!(matches!(got.recv().unwrap(), Msg::News(News::Deleted(id)) if id == "2"));
        assert!(got.try_recv().is_err());
        let endless = std::io::repeat(b'x');
        assert_eq!(events(&words, endless, &messages).unwrap(), "the server sent more than it should");
    }

    #[test]
    fn clocks_are_compared_by_what_the_server_says() {
        let now = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(ahead("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(0));
        assert_eq!(ahead("Sun, 06 Nov 1994 08:51:37 GMT", now), Some(120));
        assert_eq!(ahead("yesterday", now), None);
    }
}
