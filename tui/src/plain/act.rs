//! What each command does.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Plain, Thing, verbs::Verb};
use crate::{
    api::{Account, Status},
    app::{
        compose::Draft,
        tree::{Item, Tree},
    },
    layout, links,
    msg::{
        Effect, Line, Msg, Reaction, Relate,
        ask::{Ask, Told},
    },
    text::DisplayText,
    view::post::{ago, name},
};

impl<W: Write> Plain<W> {
    pub(super) fn act(&mut self, verb: Verb, rest: &str) -> io::Result<()> {
        match verb {
            Verb::Home => self.read(Line::Home),
            Verb::Local => self.read(Line::Local),
            Verb::Network => self.read(Line::Network),
            Verb::Notices => self.read(Line::Notifications),
            Verb::Bookmarks => self.read(Line::Bookmarks),
            Verb::Favourites => self.read(Line::Favourites),
            Verb::Tag if rest.is_empty() => self.line("input-no-tag"),
            Verb::Tag => self.read(Line::Tag(rest.trim_start_matches('#').to_owned())),
            Verb::Lists => self.lists(),
            Verb::Next => self.tell(),
            Verb::Open => self.open(rest),
            Verb::Read => self.with_post(rest, |plain, post, _| plain.whole(&post)),
            Verb::Links => self.with_post(rest, |plain, post, _| plain.links(&post)),
            Verb::History => self.with_post(rest, |plain, post, _| plain.history(&post)),
            Verb::Post => self.begin(Draft::default(), rest),
            Verb::Reply => self.with_post(rest, |plain, post, text| plain.reply(&post, text)),
            Verb::Edit => self.with_post(rest, |plain, post, text| plain.edit(&post, text)),
            Verb::Quote => self.with_post(rest, |plain, post, text| plain.quote(&post, text)),
            Verb::Warn | Verb::Language | Verb::Visibility | Verb::Attach | Verb::Poll | Verb::At => {
                self.beside(verb, rest)
            }
            Verb::Drafts => self.drafts(),
            Verb::Send => self.send_again(rest),
            Verb::Drop => self.forget(rest),
            Verb::Queue => self.queue(),
            Verb::Note
            | Verb::Notify
            | Verb::Quiet
            | Verb::Put
            | Verb::Take
            | Verb::Requests
            | Verb::Grant
            | Verb::Refuse => self.about_people(verb, rest),
            Verb::Call | Verb::Ban | Verb::Unban => self.about_peers(verb, rest),
            Verb::Catchup => self.catch_up(rest),
            Verb::Why => self.with_post(rest, |plain, post, _| plain.origin(&post)),
            Verb::Delete => {
                self.with_post(rest, |plain, post, _| plain.sure("input-erase-sure", Effect::Delete(post.id)))
            }
            Verb::Like => self.react(rest, Reaction::Like(true)),
            Verb::Unlike => self.react(rest, Reaction::Like(false)),
            Verb::Boost => self.react(rest, Reaction::Boost(true)),
            Verb::Unboost => self.react(rest, Reaction::Boost(false)),
            Verb::Mark => self.react(rest, Reaction::Bookmark(true)),
            Verb::Unmark => self.react(rest, Reaction::Bookmark(false)),
            Verb::Vote => self.with_post(rest, |plain, post, choices| plain.vote(&post, choices)),
            Verb::Search if rest.is_empty() => self.line("plain-no-words"),
            Verb::Search => self.search(rest),
            Verb::Person => self.with_person(rest, |plain, account| plain.profile(&account)),
            Verb::People => self.people(),
            Verb::Follow => self.relate(rest, Relate::Follow(true)),
            Verb::Unfollow => self.relate(rest, Relate::Follow(false)),
            Verb::Mute => self.mute(rest),
            Verb::Unmute => self.relate(rest, Relate::Mute(false)),
            Verb::Unblock => self.relate(rest, Relate::Block(false)),
            Verb::Block => self.with_person(rest, |plain, account| {
                plain.sure("input-block-sure", Effect::Relate(account.id, Relate::Block(true)))
            }),
            Verb::Invite => self.invite(rest),
            Verb::Peers => self.peers(),
            Verb::Status => self.status(),
            Verb::Help => self.help(rest),
            // Told apart by whoever called.
            Verb::Yes | Verb::Quit => Ok(()),
        }
    }

    /// Does something about the post of a number, with what stands behind the number.
    fn with_post(
        &mut self,
        rest: &str,
        what: impl FnOnce(&mut Self, Status, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let (number, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match self.thing(number) {
            Some(Thing::Post(post)) => what(self, *post, more.trim()),
            _ => self.line("plain-which-post"),
        }
    }

    /// Does something about the person of a number: somebody, or who wrote a post.
    pub(super) fn with_person(
        &mut self,
        rest: &str,
        what: impl FnOnce(&mut Self, Account) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.thing(rest) {
            Some(Thing::Post(post)) => what(self, post.account.clone()),
            Some(Thing::Person(account)) => what(self, *account),
            _ => self.line("plain-which-person"),
        }
    }

    fn open(&mut self, rest: &str) -> io::Result<()> {
        match self.thing(rest) {
            Some(Thing::Post(post)) => self.thread(*post),
            Some(Thing::Person(account)) => self.read(Line::Person(account.id)),
            Some(Thing::Tag(tag)) => self.read(Line::Tag(tag)),
            Some(Thing::List(list)) => self.read(Line::List(list.id, list.title)),
            Some(Thing::Wish(_)) | None => self.line("plain-which"),
        }
    }

    fn thread(&mut self, post: Status) -> io::Result<()> {
        let Some(Msg::Context(_, context)) = self.ask(&Effect::Thread(post.id.clone()))? else {
            return Ok(());
        };
        let mut tree = Tree::new(post);
        tree.take(*context);
        let places: Vec<_> = tree.visible().into_iter().cloned().collect();
        self.told.clear();
        self.rows.clear();
        self.below = None;
        for place in places {
            match place.item {
                Item::Post(post) => self.post(*post, place.depth)?,
                _ => self.line("plain-missing")?,
            }
        }
        Ok(())
    }

    /// A post with what is behind its warning, and what is known of it.
    fn whole(&mut self, post: &Status) -> io::Result<()> {
        let when =
            post.created_at.map(|at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
        let who = DisplayText::new(&post.account.acct);
        writeln!(self.out, "{}, {who}, {}:", name(&post.account), when.unwrap_or_default())?;
        if !post.spoiler_text.is_empty() {
            writeln!(self.out, "[{}]", DisplayText::new(&post.spoiler_text))?;
        }
        self.text(post)?;
        writeln!(self.out, "{}", DisplayText::new(post.url.as_deref().unwrap_or(&post.uri)))
    }

    fn links(&mut self, post: &Status) -> io::Result<()> {
        let found: Vec<String> = links::addresses(post);
        if found.is_empty() {
            return self.line("reading-no-links");
        }
        found.iter().try_for_each(|address| writeln!(self.out, "{}", DisplayText::new(address)))
    }

    fn history(&mut self, post: &Status) -> io::Result<()> {
        let Some(Msg::History(_, edits)) = self.ask(&Effect::History(post.id.clone()))? else {
            return Ok(());
        };
        if edits.len() < 2 {
            return self.line("reading-never-edited");
        }
        for edit in edits {
            let text = DisplayText::block(&layout::of_html(&edit.content));
            writeln!(self.out, "{}:\n{text}", ago(&self.words, super::now(), edit.created_at))?;
        }
        Ok(())
    }

    fn lists(&mut self) -> io::Result<()> {
        let Some(Msg::Lists(lists)) = self.ask(&Effect::Lists)? else { return Ok(()) };
        self.told.clear();
        if lists.is_empty() {
            return self.line("reading-no-lists");
        }
        for list in lists {
            let title = DisplayText::new(&list.title);
            let number = self.number(Thing::List(list));
            writeln!(self.out, "{number}. {title}")?;
        }
        Ok(())
    }

    fn react(&mut self, rest: &str, reaction: Reaction) -> io::Result<()> {
        self.with_post(rest, |plain, post, _| plain.done(&Effect::React(post.id, reaction)))
    }

    fn relate(&mut self, rest: &str, relate: Relate) -> io::Result<()> {
        self.with_person(rest, |plain, account| plain.done(&Effect::Relate(account.id, relate)))
    }

    fn vote(&mut self, post: &Status, choices: &str) -> io::Result<()> {
        let Some(poll) = &post.poll else { return self.line("reading-no-poll") };
        let chosen: Option<Vec<usize>> = choices
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(|word| word.parse::<usize>().ok()?.checked_sub(1).filter(|at| *at < poll.options.len()))
            .collect();
        match chosen.filter(|chosen| !chosen.is_empty()) {
            Some(chosen) => self.done(&Effect::Vote(poll.id.clone(), chosen)),
            None => self.line("plain-which-answer"),
        }
    }

    fn search(&mut self, words: &str) -> io::Result<()> {
        let Some(Msg::Found(_, found)) = self.ask(&Effect::Search(words.to_owned()))? else { return Ok(()) };
        self.told.clear();
        self.rows.clear();
        self.below = None;
        if found.accounts.is_empty() && found.statuses.is_empty() && found.hashtags.is_empty() {
            return self.line("timeline-not-found");
        }
        for account in found.accounts {
            self.person(account)?;
        }
        for tag in found.hashtags {
            let number = self.number(Thing::Tag(tag.name.clone()));
            writeln!(self.out, "{number}. #{}", DisplayText::new(&tag.name))?;
        }
        for status in found.statuses {
            self.post(status, 0)?;
        }
        Ok(())
    }

    fn invite(&mut self, link: &str) -> io::Result<()> {
        if link.is_empty() {
            let Some(answer) = self.get::<Value>("/api/starling/v1/invites/new")? else { return Ok(()) };
            let link = answer.get("invite").and_then(Value::as_str).unwrap_or_default();
            return writeln!(self.out, "{}", DisplayText::new(link));
        }
        let body = json!({ "invite": link });
        match self.worker.send::<Value>("POST", "/api/starling/v1/invites/open", Some(&body)) {
            Ok(answer) => {
                let who = answer.get("name").and_then(Value::as_str).unwrap_or_default();
                self.put("plain-invited", [("who", DisplayText::new(who).to_string())])
            }
            Err(why) => self.put("plain-failed", [("why", DisplayText::new(&why).to_string())]),
        }
    }

    fn peers(&mut self) -> io::Result<()> {
        let Some(answer) = self.get::<Value>("/api/starling/v1/peers")? else { return Ok(()) };
        let peers = answer.get("peers").unwrap_or(&answer).as_array().cloned().unwrap_or_default();
        if peers.is_empty() {
            return self.line("view-no-peers");
        }
        for peer in &peers {
            let is = |name: &str| peer.get(name).and_then(Value::as_bool).unwrap_or(false);
            let state = match () {
                () if is("syncing") => "plain-peer-syncing",
                () if is("connected") => "plain-peer-connected",
                () => "plain-peer-away",
            };
            let id = DisplayText::new(peer.get("peer_id").and_then(Value::as_str).unwrap_or_default());
            writeln!(self.out, "{id}: {}", self.words.say(state))?;
        }
        Ok(())
    }

    fn status(&mut self) -> io::Result<()> {
        let Some(Msg::Node(node)) = self.ask(&Effect::Node)? else { return Ok(()) };
        match node.peers {
            0 if !node.network => self.line("view-no-network")?,
            0 => self.line("view-no-peers")?,
            peers => self.count("view-peers", peers)?,
        }
        if node.syncing > 0 {
            self.count("view-syncing", node.syncing)?;
        }
        if node.waiting > 0 {
            self.count("view-waiting", node.waiting as usize)?;
        }
        if node.disk_low {
            self.line("view-disk-low")?;
        }
        Ok(())
    }

    /// What own posts wait for.
    fn queue(&mut self) -> io::Result<()> {
        let Some(Told::Queue(out)) = self.told_by(Ask::Queue)? else { return Ok(()) };
        if out.posts.is_empty() && out.scheduled.is_empty() {
            return self.line("plain-nothing-waits");
        }
        for (place, status) in out.posts {
            let text =
                status.as_ref().map(|status| DisplayText::new(layout::plain(status).as_str()).to_string());
            let counts = [("peers", place.peers.to_string()), ("held", place.held.to_string())];
            let state = self.words.put("plain-where", counts).into_owned();
            writeln!(self.out, "{}: {state}", text.unwrap_or(place.entry))?;
        }
        for post in out.scheduled {
            let when =
                post.scheduled_at.map(|at| crate::view::post::moment(at, &self.zone)).unwrap_or_default();
            writeln!(self.out, "{when}: {}", DisplayText::new(&post.params.text))?;
        }
        Ok(())
    }

    /// Where a post comes from.
    fn origin(&mut self, post: &Status) -> io::Result<()> {
        let Some(extra) = &post.starling else { return self.line("plain-no-origin") };
        let arrived =
            extra.received_at.map(|at| crate::view::post::moment(at, &self.zone)).unwrap_or_default();
        let device = DisplayText::new(&extra.device).to_string();
        self.put("side-device", [("id", device)])?;
        self.put("side-entry", [("id", DisplayText::new(&extra.entry).to_string())])?;
        self.put("side-arrived", [("when", arrived)])
    }

    /// Asks for something that is told.
    pub(super) fn told_by(&mut self, ask: Ask) -> io::Result<Option<Told>> {
        Ok(match self.ask(&Effect::Ask(Box::new(ask)))? {
            Some(Msg::Told(told)) => Some(*told),
            _ => None,
        })
    }

    /// Asks whether something is really to be done.
    fn sure(&mut self, question: &str, effect: Effect) -> io::Result<()> {
        self.sure = Some(effect);
        self.line(question)?;
        self.line("plain-say-yes")
    }

    /// Does something, and says what came of it.
    pub(super) fn done(&mut self, effect: &Effect) -> io::Result<()> {
        match self.ask(effect)? {
            Some(msg) => self.came(msg),
            None => Ok(()),
        }
    }

    pub(super) fn came(&mut self, msg: Msg) -> io::Result<()> {
        use crate::msg::Done;
        match msg {
            Msg::Post(status, Done::Posted) => {
                let delivery = status.starling.as_ref().and_then(|extra| extra.delivery);
                match delivery {
                    Some(delivery) if delivery.peers == 0 => self.line("app-stored"),
                    Some(delivery) => self.count("app-handed", delivery.peers),
                    None => self.line("app-posted"),
                }
            }
            Msg::Post(_, Done::Deleted) => self.line("app-erased"),
            Msg::Told(told) => match *told {
                Told::Kept(relation) if relation.muting => self.line("app-muted"),
                _ => self.line("plain-done"),
            },
            Msg::Relation(relation) if relation.blocking => self.line("app-blocked"),
            Msg::Relation(relation) if relation.muting => self.line("app-muted"),
            Msg::Relation(relation) if relation.following => self.line("app-following"),
            Msg::Relation(_) => self.line("app-not-following"),
            Msg::Poll(_) => self.line("reading-vote-counted"),
            _ => self.line("plain-done"),
        }
    }

    /// What the server has there; what it says if it has nothing is told.
    pub(super) fn get<T: serde::de::DeserializeOwned>(&mut self, path: &str) -> io::Result<Option<T>> {
        match self.worker.get(path) {
            Ok(answer) => Ok(Some(answer)),
            Err(why) => {
                self.put("plain-failed", [("why", DisplayText::new(&why).to_string())])?;
                Ok(None)
            }
        }
    }
}
