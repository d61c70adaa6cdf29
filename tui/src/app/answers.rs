//! What the server answered, put where it shows; and what it did not do.

use super::{App, Link, Person, Said, Screen, reading::Of};
use crate::{
    api::{Account, Id, NodeStatus, Relationship, Status},
    app::compose,
    msg::{Done, Effect, Line, Sent},
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
    pub(super) fn take_sent(&mut self, key: &str, status: &Status, sent: Sent) -> Vec<Effect> {
        let mut effects = vec![self.forget(key)];
        if sent != Sent::Scheduled {
            self.change(status);
        }
        let delivery = status.starling.as_ref().and_then(|extra| extra.delivery);
        let words = match delivery {
            _ if sent == Sent::Scheduled => self.words.say("app-scheduled"),
            Some(delivery) if delivery.peers > 0 => self.words.count("app-handed", delivery.peers),
            // Nobody asked for it yet, and nobody is there to be told of it.
            Some(_) if self.node.as_ref().is_some_and(|node| node.peers == 0) => self.words.say("app-stored"),
            _ => self.words.say("app-posted"),
        };
        let words = words.into_owned();
        let _ = self.say(Said::Good(words));
        effects.extend(self.reload_thread());
        if self.link != Link::Open {
            effects.extend(self.load_newest());
        }
        effects
    }

    /// Closes the form of this draft and forgets the draft. A form that was left while it was sent and opened again holds
    /// something else by now: it stays, as another draft.
    fn forget(&mut self, key: &str) -> Effect {
        let mut saved = self.now;
        let now = self.now;
        self.stack.retain_mut(|screen| match screen {
            Screen::Compose(form) if form.key_of() == key => {
                saved = saved.max(form.touched());
                if !form.sending {
                    form.rename(now);
                }
                !form.sending
            }
            _ => true,
        });
        self.drafts.retain(|draft| draft.key != key);
        let (key, saved) = (key.to_owned(), saved.as_millisecond());
        Effect::Keep(Box::new(compose::Draft { key, saved, ..compose::Draft::default() }))
    }

    /// The thread on the screen is fetched again: an answer belongs in it.
    pub(super) fn reload_thread(&mut self) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(Screen::Thread(tree)) => {
                tree.loading = true;
                vec![Effect::Thread(tree.focus.clone())]
            }
            _ => Vec::new(),
        }
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
        let draft = compose::Draft {
            text: source.text,
            warning: source.spoiler_text,
            edits: Some(source.id),
            ..compose::Draft::default()
        };
        self.write(draft)
    }

    pub(super) fn take_person(&mut self, account: Account, relation: Relationship) -> Vec<Effect> {
        // Their name may be known only now.
        for rows in self.lines.values_mut() {
            rows.rename(&account);
        }
        for screen in &mut self.stack {
            if let Screen::Line(Line::Person(id), person) = screen
                && *id == account.id
            {
                *person = Some(Box::new(Person { account: account.clone(), relation: relation.clone() }));
            }
        }
        Vec::new()
    }

    pub(super) fn take_relation(&mut self, relation: Relationship) -> Vec<Effect> {
        let mut words = if relation.following { "app-following" } else { "app-not-following" };
        if relation.blocking {
            words = "app-blocked";
        } else if relation.muting {
            words = "app-muted";
        }
        for screen in &mut self.stack {
            if let Screen::Line(Line::Person(id), Some(person)) = screen
                && *id == relation.id
            {
                let before = std::mem::replace(&mut person.relation, relation.clone());
                // What ended is what was done.
                if before.blocking && !relation.blocking {
                    words = "app-not-blocked";
                } else if before.muting && !relation.muting {
                    words = "app-not-muted";
                }
            }
        }
        self.good(words)
    }

    pub(super) fn take_found(&mut self, words: &str, found: crate::api::Found) -> Vec<Effect> {
        if let Some(Screen::Found(shown)) = self.stack.last_mut()
            && shown.words == words
        {
            shown.loading = false;
            shown.people = found.accounts;
            shown.tags = found.hashtags.into_iter().map(|tag| tag.name).collect();
            shown.posts = found.statuses;
            shown.selected = 0;
        }
        Vec::new()
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
                for screen in &mut self.stack {
                    if let Screen::Compose(form) = screen
                        && form.key_of() == draft.key
                    {
                        form.sending = false;
                        form.failure = Some(why.clone());
                    }
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
            Effect::Search(_) => {
                if let Some(Screen::Found(found)) = self.stack.last_mut() {
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
