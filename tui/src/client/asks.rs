//! What sheets ask for: the node, a post's origin, people's lists and notes, what was missed. Each is a few requests that
//! belong together; what a server does not have is left out where the rest says enough.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, PAGE, Worker, encoded};
use crate::{
    api::{
        Account, Id, List, Relationship, Status,
        node::{Coverage, Entry, Instance, Limits, Network, NotificationRequest, Queue, Scheduled},
    },
    msg::ask::{Ask, Mesh, Origin, Outbound, Since, Told, Wish},
};

/// The version of the API from which on posts can be quoted (Mastodon 4.5).
const QUOTES: u32 = 7;
/// Posts that one catch-up goes through: what somebody reads in an evening. More is said, not fetched.
const CATCH_UP: usize = 1_000;

impl Worker {
    /// Asks and does it.
    pub(super) fn ask(&self, ask: &Ask) -> Answer<Told> {
        Ok(match ask {
            Ask::Queue => Told::Queue(self.outbound()?),
            Ask::Mesh => Told::Mesh(self.mesh()?),
            Ask::Origin(id) => Told::Origin(id.clone(), Box::new(self.origin(id)?)),
            Ask::Limits => {
                let instance: Instance = self.get("/api/v2/instance")?;
                let quotes = instance.api_versions.mastodon >= QUOTES;
                Told::Limits(Limits { quotes, ..instance.configuration }, self.ahead())
            }
            Ask::Lists(person) => Told::Lists(person.clone(), self.lists(person)?),
            Ask::PutOn { person, list, on } => {
                let body = json!({ "account_ids": [person] });
                let method = if *on { "POST" } else { "DELETE" };
                let _: Value = self.send(method, &format!("/api/v1/lists/{list}/accounts"), Some(&body))?;
                Told::Lists(person.clone(), self.lists(person)?)
            }
            Ask::NewList { person, title } => {
                let list: List = self.send("POST", "/api/v1/lists", Some(&json!({ "title": title })))?;
                let body = json!({ "account_ids": [person] });
                let path = format!("/api/v1/lists/{}/accounts", list.id);
                let _: Value = self.send("POST", &path, Some(&body))?;
                Told::Lists(person.clone(), self.lists(person)?)
            }
            Ask::Invite => {
                let answer: Value = self.get("/api/starling/v1/invites/new")?;
                Told::Invite(answer["invite"].as_str().unwrap_or_default().to_owned())
            }
            Ask::Open(link) => {
                let body = json!({ "invite": link });
                let answer: Value = self.send("POST", "/api/starling/v1/invites/open", Some(&body))?;
                let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
                Told::Opened(text("author"), text("name"))
            }
            Ask::Call(address) => {
                let body = json!({ "address": address });
                let _: Value = self.send("POST", "/api/starling/v1/peers", Some(&body))?;
                Told::Mesh(self.mesh()?)
            }
            Ask::Ban(peer, banned) => {
                let verb = if *banned { "ban" } else { "unban" };
                let path = format!("/api/starling/v1/peers/{}/{verb}", encoded(peer));
                let _: Value = self.send("POST", &path, Some(&json!({})))?;
                Told::Mesh(self.mesh()?)
            }
            Ask::Requests => Told::Requests(self.requests()?),
            Ask::Answer { id, follow, yes } => {
                let path = match (follow, yes) {
                    (true, true) => format!("/api/v1/follow_requests/{id}/authorize"),
                    (true, false) => format!("/api/v1/follow_requests/{id}/reject"),
                    (false, true) => format!("/api/v1/notifications/requests/{id}/accept"),
                    (false, false) => format!("/api/v1/notifications/requests/{id}/dismiss"),
                };
                let _: Value = self.send("POST", &path, Some(&json!({})))?;
                Told::Requests(self.requests()?)
            }
            Ask::Stands(person) => Told::Stands(self.stands(person)?),
            Ask::Note(person, text) => self.of_person(person, "note", &json!({ "comment": text }))?,
            Ask::Mute(person, seconds, notifications) => {
                let body = json!({ "duration": seconds, "notifications": notifications });
                self.of_person(person, "mute", &body)?
            }
            Ask::Notify(person, on) => self.of_person(person, "follow", &json!({ "notify": on }))?,
            Ask::Look { draft, number, path } => match self.can_read(path) {
                Ok(()) => Told::Done,
                Err(why) => Told::Uploaded(draft.clone(), *number, Err(why)),
            },
            Ask::Upload { draft, number, path, alt } => {
                Told::Uploaded(draft.clone(), *number, self.upload(path, alt))
            }
            Ask::CatchUp(since) => self.catch_up(*since)?,
            Ask::Read(id) => {
                let body = json!({ "home": { "last_read_id": id } });
                let _: Value = self.send("POST", "/api/v1/markers", Some(&body))?;
                Told::Done
            }
            Ask::Drafts => self.kept()?,
            Ask::Forget(key) => {
                self.drafts.forget(key).map_err(|error| self.no_draft(&error))?;
                self.kept()?
            }
            Ask::CallOff(id) => {
                let _: Value = self.send("DELETE", &format!("/api/v1/scheduled_statuses/{id}"), None)?;
                Told::Queue(self.outbound()?)
            }
        })
    }

    /// Drafts that were kept. If some could not be read, that is said once, and they are found when they are asked for
    /// again.
    fn kept(&self) -> Answer<Told> {
        let (drafts, aside) = self.drafts.all().map_err(|error| self.no_drafts(&error))?;
        match aside {
            Some(place) => Err(self
                .words
                .put("client-drafts-aside", [("place", place.display().to_string())])
                .into_owned()),
            None => Ok(Told::Drafts(drafts)),
        }
    }

    /// How the reader stands to somebody.
    pub(super) fn stands(&self, person: &str) -> Answer<Relationship> {
        let mut relations: Vec<Relationship> =
            self.get(&format!("/api/v1/accounts/relationships?id[]={person}"))?;
        Ok(relations.pop().unwrap_or_default())
    }

    fn of_person(&self, person: &str, verb: &str, body: &Value) -> Answer<Told> {
        let path = format!("/api/v1/accounts/{person}/{verb}");
        Ok(Told::Kept(self.send::<Relationship>("POST", &path, Some(body))?))
    }

    /// What own posts wait for. A server that is no node of ours knows of posts that wait for their hour only.
    fn outbound(&self) -> Answer<Outbound> {
        let scheduled = self.get::<Vec<Scheduled>>("/api/v1/scheduled_statuses");
        let queue = match self.get::<Queue>("/api/starling/v1/queue") {
            Ok(queue) => queue,
            Err(why) => {
                let scheduled = scheduled.map_err(|_| why)?;
                return Ok(Outbound { scheduled, ..Outbound::default() });
            }
        };
        let names: Vec<String> = queue.outgoing.iter().map(|post| format!("id[]={}", post.entry)).collect();
        let held: Vec<Status> = match names.is_empty() {
            true => Vec::new(),
            false => self.get(&format!("/api/v1/statuses?{}", names.join("&")))?,
        };
        let of = |id: &Id| held.iter().find(|status| status.id == *id).cloned();
        let posts = queue.outgoing.iter().map(|post| (post.clone(), of(&post.entry))).collect();
        Ok(Outbound { queue, posts, scheduled: scheduled.unwrap_or_default() })
    }

    fn mesh(&self) -> Answer<Mesh> {
        Ok(Mesh {
            peers: self.get("/api/starling/v1/peers")?,
            progress: self.get("/api/starling/v1/sync")?,
            coverage: self.get::<Vec<Coverage>>("/api/starling/v1/coverage")?,
            network: self.get::<Network>("/api/starling/v1/network").ok(),
        })
    }

    fn origin(&self, id: &str) -> Answer<Origin> {
        let status = self.get::<Status>(&format!("/api/v1/statuses/{id}"));
        let entry = self.get::<Entry>(&format!("/api/starling/v1/entries/{id}")).ok();
        // Of what was erased there is the entry without its text.
        let (status, whose) = match (status, &entry) {
            (Ok(status), _) => {
                let whose = status.account.id.clone();
                (status, whose)
            }
            (Err(_), Some(entry)) => (Status::default(), entry.author.clone()),
            (Err(why), None) => return Err(why),
        };
        let author = self.get(&format!("/api/v1/accounts/{whose}"));
        Ok(Origin {
            entry,
            versions: self.get(&format!("/api/v1/statuses/{id}/history")).unwrap_or_default(),
            author: author.unwrap_or_else(|_| Account { id: whose, ..status.account.clone() }),
            status,
        })
    }

    /// Who wants to follow the reader, and strangers whose notifications wait. A server may have neither.
    fn requests(&self) -> Answer<Vec<Wish>> {
        let follows = self.get::<Vec<Account>>("/api/v1/follow_requests");
        let waiting = self.get::<Vec<NotificationRequest>>("/api/v1/notifications/requests");
        if let (Err(why), Err(_)) = (&follows, &waiting) {
            return Err(why.clone());
        }
        let follows = follows.unwrap_or_default().into_iter().map(|account| Wish {
            id: account.id.clone(),
            account,
            follow: true,
            post: None,
        });
        let waiting = waiting.unwrap_or_default().into_iter().map(|request| Wish {
            id: request.id,
            account: request.account,
            follow: false,
            post: request.last_status,
        });
        Ok(follows.chain(waiting).collect())
    }

    fn lists(&self, person: &str) -> Answer<Vec<(List, bool)>> {
        let on: Vec<List> = self.get(&format!("/api/v1/accounts/{person}/lists"))?;
        let all: Vec<List> = self.get("/api/v1/lists")?;
        let row = |list: List| {
            let is_on = on.iter().any(|held| held.id == list.id);
            (list, is_on)
        };
        Ok(all.into_iter().map(row).collect())
    }

    /// The home timeline down to where the reader was, or to a time.
    fn catch_up(&self, since: Since) -> Answer<Told> {
        let read = match since {
            Since::Seconds(_) => None,
            Since::Read => {
                let markers: Value = self.get("/api/v1/markers?timeline[]=home")?;
                markers["home"]["last_read_id"].as_str().map(str::to_owned)
            }
        };
        let from = match since {
            Since::Seconds(seconds) => {
                Timestamp::now().checked_sub(jiff::SignedDuration::from_secs(seconds)).ok()
            }
            Since::Read => None,
        };
        let mut posts: Vec<Status> = Vec::new();
        loop {
            let edge =
                posts.last().map(|oldest| format!("&max_id={}", encoded(&oldest.id))).unwrap_or_default();
            let page: Vec<Status> = self.get(&format!("/api/v1/timelines/home?limit={PAGE}{edge}"))?;
            let older =
                |post: &Status| matches!((from, post.created_at), (Some(from), Some(at)) if at < from);
            let end = page.iter().position(|post| read.as_ref() == Some(&post.id));
            // A page without a single post of the range is its end: clocks of others put single ones out of order.
            let over = end.is_some() || page.is_empty() || page.iter().all(&older);
            let new = page.into_iter().take(end.unwrap_or(PAGE)).filter(|post| !older(post));
            posts.extend(new);
            if over {
                return Ok(Told::CaughtUp(posts, false));
            }
            if posts.len() >= CATCH_UP {
                posts.truncate(CATCH_UP);
                return Ok(Told::CaughtUp(posts, true));
            }
        }
    }
}
