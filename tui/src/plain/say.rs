//! How things are told: one after the other, numbers first, nothing that only the eye would understand.

use std::io::{self, Write};

use fluent_bundle::FluentValue;

use super::{Plain, Thing, now};
use crate::{
    api::{Account, Notification, Poll, Status},
    layout,
    msg::{
        Row,
        ask::{Ask, Told},
    },
    text::DisplayText,
    view::{
        self,
        post::{ago, name},
    },
};

impl<W: Write> Plain<W> {
    /// Says what has this name.
    pub(super) fn line(&mut self, named: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.words.say(named))
    }

    /// Says what has this name, of so many.
    pub(super) fn count(&mut self, named: &str, count: usize) -> io::Result<()> {
        writeln!(self.out, "{}", self.words.count(named, count))
    }

    /// Says what has this name, of these things.
    pub(super) fn put<'a, V: Into<FluentValue<'a>>, const N: usize>(
        &mut self,
        named: &str,
        things: [(&'a str, V); N],
    ) -> io::Result<()> {
        writeln!(self.out, "{}", self.words.put(named, things))
    }

    pub(super) fn hello(&mut self) -> io::Result<()> {
        let me = self.me.as_ref().map(name).unwrap_or_default();
        if !me.is_empty() {
            self.put("plain-hello", [("who", me)])?;
        }
        self.line("plain-begin")?;
        if let Some(Told::Drafts(drafts)) = self.told_by(Ask::Drafts)? {
            self.kept = drafts;
        }
        match self.kept.len() {
            0 => Ok(()),
            drafts => self.count("plain-drafts", drafts),
        }
    }

    /// A row of a timeline.
    pub(super) fn row(&mut self, row: Row) -> io::Result<()> {
        match row {
            Row::Post(status) => self.post(*status, 0),
            Row::Notification(notice) => self.notice(*notice),
        }
    }

    /// A post with its number, so deep in a thread.
    pub(super) fn post(&mut self, status: Status, depth: usize) -> io::Result<()> {
        let post = status.inner().clone();
        let number = self.number(Thing::Post(Box::new(post.clone())));
        let mut head =
            format!("{number}. {}, {}", name(&post.account), ago(&self.words, now(), post.created_at));
        if status.reblog.is_some() {
            let who = name(&status.account);
            head = format!("{head}, {}", self.words.put("plain-boosted", [("who", who)]));
        }
        if depth > 0 {
            head = format!("{head}, {}", self.words.count("plain-depth", depth));
        }
        writeln!(self.out, "{head}:")?;
        if post.spoiler_text.is_empty() {
            self.text(&post)?;
        } else {
            let warning = DisplayText::new(&post.spoiler_text).to_string();
            let args = [("warning", warning), ("number", number.to_string())];
            self.put("plain-warned", args)?;
        }
        self.counts(&post)
    }

    /// What a post says, with all that belongs to it.
    pub(super) fn text(&mut self, post: &Status) -> io::Result<()> {
        let text = layout::plain(post);
        if !text.as_str().trim().is_empty() {
            writeln!(self.out, "{}", text.as_str().trim_end())?;
        }
        for file in &post.media_attachments {
            writeln!(self.out, "{}", view::post::file(&self.words, file))?;
        }
        if let Some(quoted) = post.quoted() {
            let (who, text) =
                (name(&quoted.account), DisplayText::new(layout::plain(quoted).as_str()).to_string());
            self.put("plain-quotes", [("who", who), ("text", text)])?;
        }
        match &post.poll {
            Some(poll) => self.poll(poll),
            None => Ok(()),
        }
    }

    fn poll(&mut self, poll: &Poll) -> io::Result<()> {
        for (number, option) in poll.options.iter().enumerate() {
            let votes =
                option.votes_count.map(|votes| self.words.count("post-votes", votes as usize).into_owned());
            let votes = votes.map(|votes| format!(" ({votes})")).unwrap_or_default();
            writeln!(self.out, "({}) {}{votes}", number + 1, DisplayText::new(&option.title))?;
        }
        if poll.expired { self.line("post-poll-over") } else { Ok(()) }
    }

    fn counts(&mut self, post: &Status) -> io::Result<()> {
        let mut said = Vec::new();
        let mut add = |named: &str, count: u64| {
            if count > 0 {
                said.push(self.words.count(named, count as usize).into_owned());
            }
        };
        add("post-answers", post.replies_count);
        add("post-boosts", post.reblogs_count);
        add("post-likes", post.favourites_count);
        for (is, named) in [
            (post.favourited, "plain-you-like"),
            (post.reblogged, "plain-you-boosted"),
            (post.bookmarked, "plain-you-marked"),
        ] {
            if is {
                said.push(self.words.say(named).into_owned());
            }
        }
        if said.is_empty() { Ok(()) } else { writeln!(self.out, "{}.", said.join(", ")) }
    }

    fn notice(&mut self, notice: Notification) -> io::Result<()> {
        let said = view::timeline::happened(&self.words, &notice);
        writeln!(self.out, "{said}, {}:", ago(&self.words, now(), notice.created_at))?;
        match notice.status {
            Some(status) => self.post(status, 0),
            None => self.person(notice.account),
        }
    }

    /// Somebody with their number.
    pub(super) fn person(&mut self, account: Account) -> io::Result<()> {
        let (who, acct) = (name(&account), DisplayText::new(&account.acct).to_string());
        let number = self.number(Thing::Person(Box::new(account)));
        writeln!(self.out, "{number}. {who}, {acct}")
    }
}
