//! What reading asks of the server and of this machine: pages of timelines, threads with what is missing in them, lists,
//! polls, how posts read before, and what is remembered of the reader.

use std::{collections::BTreeMap, path::PathBuf, sync::PoisonError};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use ureq::{Body, http::Response};

use super::{Answer, PAGE, Worker, encoded, write_beside};
use crate::{
    api::{Context, Id, Marker, Notification, Poll, Status},
    app::memory::Memory,
    msg::{Line, Msg, Page, Row, Span},
    pictures::{BYTES, Wanted},
};

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
        Ok(all.into_iter().filter_map(|value| serde_json::from_value(value).ok()).map(row).collect())
    }

    /// What is around a post. Mastodon leaves out what is missing; Starling says which of it was erased.
    pub(super) fn thread(&self, id: &Id) -> Answer<Context> {
        let mut context: Context = self.get(&format!("/api/v1/statuses/{id}/context"))?;
        let all = || context.ancestors.iter().chain(&context.descendants);
        let is_here = |wanted: &Id| wanted == id || all().any(|post| post.id == *wanted);
        // The opened post itself is not in it, so what it answers may be all that is missing.
        let missing = context.ancestors.is_empty()
            || all().any(|post| post.in_reply_to_id.as_ref().is_some_and(|parent| !is_here(parent)));
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
        let kept = self.memory_file().and_then(|path| std::fs::read(path).ok());
        let mut memory: Memory =
            kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
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

    /// Remembers this.
    pub(super) fn remember(&self, memory: &Memory) -> Answer<()> {
        let Some(path) = self.memory_file() else { return Ok(()) };
        let kept = serde_json::to_vec(memory).map_err(std::io::Error::other);
        kept.and_then(|bytes| write_beside(&path, &bytes))
            .map_err(|error| self.words.put("client-no-memory", [("why", error.to_string())]).into_owned())
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

    #[test]
    fn the_next_page_is_where_the_server_says() {
        let header = "<http://a/api?limit=40&max_id=7>; rel=\"next\", <http://a/api?min_id=9>; rel=\"prev\"";
        assert_eq!(next(header).as_deref(), Some("7"));
        assert_eq!(next("<http://a/api?min_id=9>; rel=\"prev\""), None);
        assert_eq!(next("max_id"), None);
    }
}
