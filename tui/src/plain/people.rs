//! People and peers: who somebody is, how the reader stands to them, who asks for something, whom the node calls.

use std::io::{self, Write};

use super::{Plain, Thing, verbs::Verb};
use crate::{
    api::Account,
    layout,
    msg::{
        Effect, Msg, Row,
        ask::{Ask, Since, Told},
    },
    text::DisplayText,
    view::{self, post::name},
};

impl<W: Write> Plain<W> {
    pub(super) fn profile(&mut self, account: &Account) -> io::Result<()> {
        let Some(Msg::Person(account, relation)) = self.ask(&Effect::Person(account.id.clone()))? else {
            return Ok(());
        };
        writeln!(self.out, "{}, {}", name(&account), DisplayText::new(&account.acct))?;
        let note = layout::about(&account);
        if !note.as_str().trim().is_empty() {
            writeln!(self.out, "{}", note.as_str().trim_end())?;
        }
        for (name, value) in layout::fields(&account) {
            writeln!(self.out, "{name}: {value}")?;
        }
        let count = |count: i64| count.max(0);
        let counts = [
            ("posts", count(account.statuses_count)),
            ("followers", count(account.followers_count)),
            ("followed", count(account.following_count)),
        ];
        self.put("timeline-counts", counts)?;
        for (is, named) in [
            (relation.following, "timeline-you-follow"),
            (relation.followed_by, "timeline-follows-you"),
            (relation.muting, "timeline-muted"),
            (relation.blocking, "timeline-blocked"),
        ] {
            if is {
                self.line(named)?;
            }
        }
        if let Some(words) = view::person::followed(&self.words, &relation, &self.zone) {
            writeln!(self.out, "{words}")?;
        }
        Ok(())
    }

    pub(super) fn people(&mut self) -> io::Result<()> {
        let Some(me) = self.me.as_ref().map(|me| me.id.clone()) else { return self.line("plain-nobody") };
        let people = self.get::<Vec<Account>>(&format!("/api/v1/accounts/{me}/following?limit=80"))?;
        let Some(people) = people else { return Ok(()) };
        self.told.clear();
        if people.is_empty() {
            return self.line("plain-nobody");
        }
        people.into_iter().try_for_each(|account| self.person(account))
    }

    /// Mutes a person, for so many hours if a number follows.
    pub(super) fn mute(&mut self, rest: &str) -> io::Result<()> {
        let (who, hours) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let hours = if hours.is_empty() { Some(0) } else { hours.trim().parse::<u64>().ok() };
        let Some(hours) = hours else { return self.line("plain-which-person") };
        self.with_person(who, |plain, account| {
            plain.done(&Effect::Ask(Box::new(Ask::Mute(account.id, hours.saturating_mul(3_600), true))))
        })
    }

    /// What is kept about people, and what they ask for.
    pub(super) fn about_people(&mut self, verb: Verb, rest: &str) -> io::Result<()> {
        let (number, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let words = words.trim().to_owned();
        match verb {
            Verb::Requests => self.requests(),
            Verb::Grant | Verb::Refuse => match self.thing(number) {
                Some(Thing::Wish(wish)) => {
                    let (id, follow) = (wish.id.clone(), wish.follow);
                    self.tell_ask(Ask::Answer { id, follow, yes: verb == Verb::Grant })
                }
                _ => self.line("plain-which"),
            },
            Verb::Note => {
                self.with_person(number, |plain, account| plain.tell_ask(Ask::Note(account.id, words)))
            }
            Verb::Notify | Verb::Quiet => self.with_person(number, |plain, account| {
                plain.tell_ask(Ask::Notify(account.id, verb == Verb::Notify))
            }),
            _ => self.with_person(number, |plain, account| plain.put_on(&account, words, verb == Verb::Put)),
        }
    }

    /// Puts somebody on the list of this name, which is made if there is none, or takes them off.
    fn put_on(&mut self, account: &Account, title: String, on: bool) -> io::Result<()> {
        if title.is_empty() {
            return self.line("plain-which");
        }
        let person = account.id.clone();
        let Some(Told::Lists(_, lists)) = self.told_by(Ask::Lists(person.clone()))? else { return Ok(()) };
        match lists.into_iter().find(|(list, _)| list.title.to_lowercase() == title.to_lowercase()) {
            Some((list, _)) => self.tell_ask(Ask::PutOn { person, list: list.id, on }),
            None if on => self.tell_ask(Ask::NewList { person, title }),
            None => self.line("reading-no-lists"),
        }
    }

    fn requests(&mut self) -> io::Result<()> {
        let Some(Told::Requests(wishes)) = self.told_by(Ask::Requests)? else { return Ok(()) };
        self.told.clear();
        if wishes.is_empty() {
            return self.line("plain-no-requests");
        }
        for wish in wishes {
            let (who, follow) = (name(&wish.account), wish.follow);
            let number = self.number(Thing::Wish(Box::new(wish)));
            let named = if follow { "plain-asks-follow" } else { "plain-asks-heard" };
            self.put(named, [("number", number.to_string()), ("who", who)])?;
        }
        Ok(())
    }

    /// Calls a node, refuses one, or takes that back.
    pub(super) fn about_peers(&mut self, verb: Verb, rest: &str) -> io::Result<()> {
        if rest.is_empty() {
            return self.line("plain-which-peer");
        }
        self.tell_ask(match verb {
            Verb::Call => Ask::Call(rest.to_owned()),
            verb => Ask::Ban(rest.to_owned(), verb == Verb::Ban),
        })
    }

    /// What was written at home since the reader was here, or for so many days.
    pub(super) fn catch_up(&mut self, rest: &str) -> io::Result<()> {
        let since = match rest.parse::<i64>() {
            Ok(days) => Since::Seconds(days.clamp(0, 10_000) * 24 * 3_600),
            Err(_) => Since::Read,
        };
        let Some(Told::CaughtUp(posts, _)) = self.told_by(Ask::CatchUp(since))? else { return Ok(()) };
        self.told.clear();
        self.below = None;
        self.count("plain-missed", posts.len())?;
        self.rows = posts.into_iter().map(|post| Row::Post(Box::new(post))).collect();
        if self.rows.is_empty() { Ok(()) } else { self.tell() }
    }

    /// Has something done, and says that it was.
    fn tell_ask(&mut self, ask: Ask) -> io::Result<()> {
        self.done(&Effect::Ask(Box::new(ask)))
    }
}
