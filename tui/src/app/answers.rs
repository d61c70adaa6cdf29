//! What the server answered, put where it shows; and what it did not do.

use std::borrow::Cow;

use super::{App, Found, Link, Person, Said, Screen, reading::Of};
use crate::{
    api::{Account, Delivery, Id, NodeStatus, Relationship, Status},
    app::compose::{self, Draft},
    msg::{Done, Effect, Line, Relate, Sent},
    words::Words,
};

impl App {
    pub(super) fn take_post(&mut self, status: &Status, done: Done) -> Vec<Effect> {
        match done {
            Done::Deleted => {
                self.remove(&status.id);
                self.good("app-erased")
            }
            Done::Reacted => {
                self.change(status.inner());
                Vec::new()
            }
        }
    }

    /// The server took what was written: its form is closed, its draft forgotten.
    pub(super) fn take_sent(&mut self, draft: &Draft, status: &Status, sent: Sent) -> Vec<Effect> {
        let mut effects = self.forget(draft);
        if sent != Sent::Scheduled {
            self.change(status);
        }
        let delivery = status.starling.as_ref().and_then(|extra| extra.delivery);
        let words = match delivery {
            _ if sent == Sent::Scheduled => self.words.say("app-scheduled"),
            delivery => posted(&self.words, delivery, self.node.as_ref()),
        };
        let words = words.into_owned();
        let _ = self.say(Said::Good(words));
        effects.extend(self.reload_thread());
        if self.link != Link::Open {
            effects.extend(self.load_newest());
        }
        effects
    }

    /// Closes the form of what was sent, and forgets its draft. A form that was changed since holds something else: it stays,
    /// as another draft, unless that is on its way as well and has an answer of its own to come.
    fn forget(&mut self, sent: &Draft) -> Vec<Effect> {
        let key = self.new_key();
        let mut saved = self.now;
        let (mut kept, mut renamed) = (false, Vec::new());
        self.stack.retain_mut(|screen| match screen {
            Screen::Compose(form) if form.key_of() == sent.key => {
                saved = saved.max(form.touched());
                let same = form.draft().says(sent);
                if !same && form.sending {
                    kept = true;
                } else if !same {
                    renamed = form.rename(key.clone());
                }
                !same
            }
            _ => true,
        });
        if kept {
            return Vec::new();
        }
        // One that was changed and left once more is no form, and holds something else all the same.
        self.drafts.retain(|draft| draft.key != sent.key || !draft.says(sent));
        for draft in self.drafts.iter_mut().filter(|draft| draft.key == sent.key) {
            draft.key.clone_from(&key);
            renamed.push(Effect::Keep(Box::new(draft.clone())));
        }
        let gone = Draft { key: sent.key.clone(), saved: saved.as_millisecond(), ..Draft::default() };
        let mut effects = vec![Effect::Keep(Box::new(gone))];
        effects.extend(renamed);
        effects
    }

    /// A key for a form, which no other has.
    pub(super) fn new_key(&mut self) -> String {
        self.begun += 1;
        format!("tui-{}-{}", self.now.as_nanosecond(), self.begun)
    }

    /// The thread on the screen, or below what was opened over it, is fetched again: an answer belongs in it.
    pub(super) fn reload_thread(&mut self) -> Vec<Effect> {
        let thread = self.stack.iter_mut().rev().find_map(|screen| match screen {
            Screen::Thread(tree) => Some(tree),
            _ => None,
        });
        let Some(tree) = thread else { return Vec::new() };
        tree.loading = true;
        vec![Effect::Thread(tree.focus.clone())]
    }

    /// A post says something else, or counts otherwise, wherever it stands.
    pub(super) fn change(&mut self, status: &Status) {
        for rows in self.lines.values_mut() {
            rows.change(status);
        }
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => {
                    tree.change(status);
                }
                Screen::CatchUp(catch_up) => catch_up.change(status),
                Screen::Found(found) => {
                    found
                        .posts
                        .iter_mut()
                        .filter(|post| post.id == status.id)
                        .for_each(|post| *post = status.clone());
                }
                _ => {}
            }
        }
    }

    /// A post is gone, wherever it stood.
    pub(super) fn remove(&mut self, id: &Id) {
        for rows in self.lines.values_mut() {
            rows.remove(id);
        }
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => tree.remove(id),
                Screen::CatchUp(catch_up) => catch_up.remove(id),
                Screen::Found(found) => found.posts.retain(|post| post.id != *id),
                _ => {}
            }
        }
    }

    pub(super) fn change_post(&mut self, source: crate::api::Source) -> Vec<Effect> {
        if self.is_typed_in() {
            return self.bad("app-edit-later");
        }
        let draft = Draft {
            text: source.text,
            warning: source.spoiler_text,
            edits: Some(source.id),
            ..Draft::default()
        };
        self.write(draft)
    }

    pub(super) fn take_person(&mut self, account: Account, relation: Relationship) -> Vec<Effect> {
        // Their name may be known only now.
        for rows in self.lines.values_mut() {
            rows.rename(&account);
        }
        let known = |status: &mut Status| {
            if status.account.id == account.id {
                status.account = account.clone();
            }
        };
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => tree.each(known),
                Screen::Found(found) => found.posts.iter_mut().for_each(known),
                Screen::CatchUp(catch_up) => catch_up.rename(&account),
                _ => {}
            }
            if let Screen::Line(Line::Person(id), person) = screen
                && *id == account.id
            {
                *person = Some(Box::new(Person { account: account.clone(), relation: relation.clone() }));
            }
        }
        Vec::new()
    }

    pub(super) fn take_relation(&mut self, relation: Relationship, done: Option<Relate>) -> Vec<Effect> {
        let words = related(&relation, done);
        let mut hidden = relation.blocking || relation.muting;
        for screen in &mut self.stack {
            if let Screen::Line(Line::Person(id), Some(person)) = screen
                && *id == relation.id
            {
                let before = std::mem::replace(&mut person.relation, relation.clone());
                hidden &= !before.blocking && !before.muting;
            }
        }
        if hidden {
            self.hide(&relation);
        }
        self.good(words)
    }

    /// Nothing of somebody is shown any more, but where the reader looks at them.
    fn hide(&mut self, relation: &Relationship) {
        let id = &relation.id;
        for (line, rows) in &mut self.lines {
            let stays = match line {
                Line::Person(shown) => shown == id,
                // Somebody may be muted without what they do.
                Line::Notifications => !relation.blocking && !relation.muting_notifications,
                _ => false,
            };
            if !stays {
                rows.drop_rows(|row| row.is_by(id));
            }
        }
        // A thread that was opened on their post is closed; in the others what answers them stays.
        let theirs = |post: &Status| post.account.id == *id;
        self.stack
            .retain(|screen| !matches!(screen, Screen::Thread(tree) if tree.focused().is_some_and(theirs)));
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => tree.hide(id),
                Screen::CatchUp(catch_up) => catch_up.hide(id),
                Screen::Found(found) => found.posts.retain(|post| !theirs(post)),
                _ => {}
            }
        }
    }

    pub(super) fn take_found(&mut self, words: &str, found: crate::api::Found) -> Vec<Effect> {
        // Another screen may have been opened over it meanwhile.
        if let Some(shown) = self.searching(words) {
            shown.loading = false;
            shown.people = found.accounts;
            shown.tags = found.hashtags.into_iter().map(|tag| tag.name).collect();
            shown.posts = found.statuses;
            shown.selected = 0;
        }
        Vec::new()
    }

    /// The screen that waits for what is found by these words, wherever it is: the one that was asked for last.
    fn searching(&mut self, words: &str) -> Option<&mut Found> {
        self.stack.iter_mut().rev().find_map(|screen| match screen {
            Screen::Found(found) if found.loading && found.words == words => Some(found),
            _ => None,
        })
    }

    pub(super) fn take_node(&mut self, status: NodeStatus) -> Vec<Effect> {
        self.node_asked = false;
        self.ahead = status.ahead.or(self.ahead);
        self.node = Some(status);
        Vec::new()
    }

    pub(super) fn failed(&mut self, effect: &Effect, why: String) -> Vec<Effect> {
        match effect {
            Effect::Load(line, span) => {
                let effects = self.page_failed(line, span);
                if !effects.is_empty() {
                    return effects;
                }
            }
            Effect::Post(draft) => {
                let is_it = |form: &compose::Compose| form.key_of() == draft.key && form.draft().says(draft);
                let on_top = matches!(self.stack.last(), Some(Screen::Compose(form)) if is_it(form));
                for screen in &mut self.stack {
                    if let Screen::Compose(form) = screen
                        && is_it(form)
                    {
                        form.sending = false;
                        form.failure = Some(why.clone());
                    }
                }
                // The form says it, above what can be done about it.
                if on_top {
                    return Vec::new();
                }
            }
            Effect::Thread(id) => {
                for screen in &mut self.stack {
                    if let Screen::Thread(tree) = screen
                        && tree.focus == *id
                    {
                        tree.loading = false;
                    }
                }
            }
            Effect::Search(words) => {
                if let Some(found) = self.searching(words) {
                    found.loading = false;
                }
            }
            // A server that is no node of ours has no such route, and the health line says what is known without.
            Effect::Ask(ask) if self.not_told(ask) => return Vec::new(),
            Effect::Node => {
                self.node_asked = false;
                return Vec::new();
            }
            Effect::Mark(_) => return Vec::new(),
            // What led there may be gone by now: they are followed all the same.
            Effect::Follow(person, Some(_)) => return vec![Effect::Follow(person.clone(), None)],
            Effect::Missing(_) => return self.bad("app-still-missing"),
            // The words that describe it are there.
            Effect::Picture(wanted) => {
                self.pictures.take(wanted.address.clone(), wanted.room, None, self.now);
                return Vec::new();
            }
            // Only what waited for it is closed: the reader may be somewhere else by now, writing perhaps.
            Effect::Lists => self.stack.retain(
                |screen| !matches!(screen, Screen::Choice(choice) if matches!(choice.of, Of::Lists(None))),
            ),
            Effect::History(id) => {
                self.stack.retain(|screen| !matches!(screen, Screen::History(held, None, _) if held == id));
            }
            _ => {}
        }
        self.say(Said::Bad(why))
    }
}

/// How the reader stands to somebody after this was done: the name of the words that say it.
pub fn related(relation: &Relationship, done: Option<Relate>) -> &'static str {
    match done {
        _ if relation.blocking => "app-blocked",
        _ if relation.muting => "app-muted",
        Some(Relate::Block(false)) => "app-not-blocked",
        Some(Relate::Mute(false)) => "app-not-muted",
        _ if relation.following => "app-following",
        _ => "app-not-following",
    }
}

/// What became of a post, in words, as far as the server told.
pub fn posted<'w>(words: &'w Words, delivery: Option<Delivery>, node: Option<&NodeStatus>) -> Cow<'w, str> {
    match delivery {
        Some(delivery) if delivery.peers > 0 => words.count("app-handed", delivery.peers),
        // Nobody asked for it yet, and nobody is there to be told of it.
        Some(_) if node.is_some_and(|node| node.peers == 0) => words.say("app-stored"),
        _ => words.say("app-posted"),
    }
}
