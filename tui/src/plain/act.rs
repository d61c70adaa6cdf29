//! What each command does.

use std::io::{self, Write};

use super::{Plain, Thing, verbs::Verb};
use crate::{
    api::{Account, NodeStatus, Status},
    app::{
        compose::Draft,
        posted, related,
        sheet::Teller,
        tree::{Item, Tree},
    },
    layout, links,
    msg::{
        Done, Effect, Line, Msg, Reaction, Relate, Sent,
        ask::{Ask, Told},
    },
    text::DisplayText,
    view::{
        health,
        post::{ago, moment, name},
    },
};

impl<W: Write> Plain<W> {
    pub(super) fn act(&mut self, verb: Verb, rest: &str) -> io::Result<()> {
        match verb {
            Verb::Home => self.read(Line::Home),
            Verb::Local => self.read(Line::Local),
            Verb::Network => self.read(Line::Network),
            Verb::Notifications => self.read(Line::Notifications),
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
            Verb::Queue => self.lines(Ask::Queue),
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
            Verb::Why => self.with_post(rest, |plain, post, _| plain.lines(Ask::Origin(post.id))),
            Verb::Delete => self.with_post(rest, |plain, post, _| {
                plain.sure("input-erase-sure", "", Effect::Delete(post.id))
            }),
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
            Verb::Follow => {
                // A post's number says where they were come upon.
                let via = match self.thing(rest) {
                    Some(Thing::Post(post)) if post.starling.is_some() => Some(post.id),
                    _ => None,
                };
                self.with_person(rest, |plain, account| plain.done(&Effect::Follow(account.id, via)))
            }
            Verb::Unfollow => self.relate(rest, Relate::Unfollow),
            Verb::Mute => self.mute(rest),
            Verb::Unmute => self.relate(rest, Relate::Mute(false)),
            Verb::Unblock => self.relate(rest, Relate::Block(false)),
            Verb::Block => self.with_person(rest, |plain, account| {
                let who = name(&account);
                plain.sure("input-block-sure", &who, Effect::Relate(account.id, Relate::Block(true)))
            }),
            Verb::Invite => self.invite(rest),
            Verb::Peers => self.lines(Ask::Mesh),
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
        let when = post.created_at.map(|at| moment(at, &self.zone));
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
            let text = layout::version(&edit);
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
        let ask = if link.is_empty() { Ask::Invite } else { Ask::Open(link.to_owned()) };
        match self.told_by(ask)? {
            Some(Told::Invite(link)) => writeln!(self.out, "{}", DisplayText::new(&link)),
            Some(Told::Opened(_, who)) => {
                self.put("plain-invited", [("who", DisplayText::new(&who).to_string())])
            }
            _ => Ok(()),
        }
    }

    fn status(&mut self) -> io::Result<()> {
        let Some(Msg::Node(node)) = self.ask(&Effect::Node)? else { return Ok(()) };
        if let Some(clock) = health::clock(&self.words, node.ahead) {
            writeln!(self.out, "{clock}")?;
        }
        for part in health::running(&self.words, &node, Verb::Invite.name(), Verb::Queue.name()) {
            writeln!(self.out, "{part}")?;
        }
        if node.guarded {
            let why = match &node.guarded_because {
                Some(why) => DisplayText::new(why).to_string(),
                None => self.words.say("view-guarded-why").into_owned(),
            };
            self.put("view-guarded", [("why", why)])?;
        }
        if node.disk_low { self.line("view-disk-low") } else { Ok(()) }
    }

    /// How the node is; a server that is no node of ours has nothing to say about it.
    fn node(&self) -> Option<NodeStatus> {
        match self.worker.carry(&Effect::Node) {
            Ok(Some(Msg::Node(node))) => Some(node),
            _ => None,
        }
    }

    /// Asks for what is told in lines, and tells it.
    fn lines(&mut self, ask: Ask) -> io::Result<()> {
        let Some(told) = self.told_by(ask)? else { return Ok(()) };
        let node = self.node();
        let teller =
            Teller { words: &self.words, zone: &self.zone, dot: ", ", node: node.as_ref(), whole: true };
        for row in teller.lines(&told) {
            let indent = " ".repeat(row.indent.into());
            writeln!(self.out, "{indent}{}", DisplayText::new(&row.text))?;
        }
        Ok(())
    }

    /// Asks for something that is told.
    pub(super) fn told_by(&mut self, ask: Ask) -> io::Result<Option<Told>> {
        Ok(match self.ask(&Effect::Ask(Box::new(ask)))? {
            Some(Msg::Told(told)) => Some(*told),
            _ => None,
        })
    }

    /// Asks whether something is really to be done.
    fn sure(&mut self, question: &str, who: &str, effect: Effect) -> io::Result<()> {
        self.sure = Some(effect);
        self.put(question, [("who", who.to_owned())])?;
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
        match msg {
            Msg::Sent(_, status, Sent::Posted) => {
                let delivery = status.starling.as_ref().and_then(|extra| extra.delivery);
                let node = self.node();
                let words = posted(&self.words, delivery, node.as_ref()).into_owned();
                writeln!(self.out, "{words}")
            }
            Msg::Post(_, Done::Deleted) => self.line("app-erased"),
            Msg::Told(told) => match *told {
                Told::Kept(relation) if relation.muting => self.line("app-muted"),
                _ => self.line("plain-done"),
            },
            Msg::Relation(relation, done) => self.line(related(&relation, done)),
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
