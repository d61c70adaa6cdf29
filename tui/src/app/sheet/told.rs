//! What the server says to what sheets and forms asked for.

use super::{About, Sheet, ask};
use crate::{
    api::Relationship,
    app::{App, Screen},
    keys::Action,
    msg::{
        Effect,
        ask::{Ask, Told},
    },
};

impl App {
    /// Takes an answer. What it was asked for may be closed by now.
    pub(in crate::app) fn told(&mut self, told: Told) -> Vec<Effect> {
        match told {
            Told::Limits(limits, ahead) => {
                self.limits = limits;
                self.ahead = ahead;
            }
            Told::Drafts(drafts) => return self.take_drafts(drafts),
            Told::Stands(relation) => {
                let is =
                    |about: &About| matches!(about, About::Mute(account, ..) if account.id == relation.id);
                if let Some(sheet) = self.awaiting(is)
                    && let About::Mute(_, _, muted) = &mut sheet.about
                {
                    *muted = relation.muting;
                }
            }
            Told::Kept(relation) => return self.kept(relation),
            Told::Uploaded(key, number, result) => {
                for screen in &mut self.stack {
                    if let Screen::Compose(form) = screen
                        && form.key_of() == key
                    {
                        let unread = form.files.uploaded(number, result.clone());
                        form.failure = unread.or(form.failure.take());
                    }
                }
            }
            Told::CaughtUp(posts, more) => {
                let me = self.me.as_ref().map(|me| me.id.clone());
                let waits = self.stack.iter_mut().rev().find_map(|screen| match screen {
                    Screen::CatchUp(catch_up) if catch_up.loading => Some(catch_up),
                    _ => None,
                });
                if let Some(catch_up) = waits {
                    catch_up.take(posts, more, me.as_ref());
                }
            }
            Told::Queue(outbound) => {
                if let Some(sheet) = self.awaiting(|about| matches!(about, About::Outbound(_))) {
                    sheet.about = About::Outbound(Box::new(outbound));
                }
            }
            Told::Mesh(mesh) => {
                if let Some(sheet) = self.awaiting(|about| matches!(about, About::Mesh(_))) {
                    sheet.about = About::Mesh(Box::new(mesh));
                }
            }
            Told::Origin(id, origin) => {
                if let Some(sheet) =
                    self.awaiting(|about| matches!(about, About::Origin(asked, _) if *asked == id))
                {
                    sheet.about = About::Origin(id, origin);
                }
            }
            Told::Lists(id, lists) => {
                if let Some(sheet) =
                    self.awaiting(|about| matches!(about, About::Lists(account, _) if account.id == id))
                    && let About::Lists(_, held) = &mut sheet.about
                {
                    *held = lists;
                }
            }
            Told::Invite(link) => {
                if let Some(sheet) = self.awaiting(|about| matches!(about, About::Invite(_))) {
                    sheet.about = About::Invite(Some(link));
                }
            }
            Told::Opened(id, name) => {
                let name = crate::text::DisplayText::new(&name).to_string();
                let words = self.words.put("invite-opened", [("who", name)]).into_owned();
                let _ = self.say(crate::app::Said::Good(words));
                if !self.is_typed_in() {
                    return self.show_person(id);
                }
            }
            Told::Requests(wishes) => {
                if let Some(sheet) = self.awaiting(|about| matches!(about, About::Requests(_))) {
                    sheet.about = About::Requests(wishes);
                }
            }
            Told::Done => {}
        }
        self.step_sheet(0)
    }

    /// The topmost sheet that waits for this.
    fn awaiting(&mut self, is: impl Fn(&About) -> bool) -> Option<&mut Sheet> {
        let sheet = self.stack.iter_mut().rev().find_map(|screen| match screen {
            Screen::Sheet(sheet) if is(&sheet.about) => Some(sheet),
            _ => None,
        })?;
        sheet.loading = false;
        Some(sheet)
    }

    fn take_drafts(&mut self, drafts: Vec<crate::app::compose::Draft>) -> Vec<Effect> {
        let opened: Vec<String> = self.stack.iter().filter_map(open_draft).collect();
        let first = self.drafts.is_empty();
        self.drafts = drafts;
        self.drafts.retain(|draft| !opened.contains(&draft.key));
        let kept = self.drafts.clone();
        let count = kept.len();
        if let Some(sheet) = self.awaiting(|about| matches!(about, About::Drafts(_))) {
            sheet.about = About::Drafts(kept);
            return self.step_sheet(0);
        }
        if !first || count == 0 {
            return Vec::new();
        }
        let key = self.keys.best(Action::Drafts);
        let mut args = fluent_bundle::FluentArgs::new();
        args.set("count", count);
        args.set("key", key);
        let words = self.words.with("app-drafts-found", &args).into_owned();
        self.say(crate::app::Said::Good(words))
    }

    /// Something about somebody was kept: said where it shows.
    fn kept(&mut self, relation: Relationship) -> Vec<Effect> {
        let before = self.stack.iter().find_map(|screen| match screen {
            Screen::Line(_, Some(person)) if person.relation.id == relation.id => {
                Some(person.relation.clone())
            }
            _ => None,
        });
        if relation.muting && before.as_ref().is_none_or(|before| !before.muting) {
            return self.take_relation(relation, None);
        }
        let name = match before {
            Some(before) if before.note != relation.note => "people-noted",
            Some(before) if before.notifying != relation.notifying => match relation.notifying {
                true => "people-notifying",
                false => "people-not-notifying",
            },
            _ => "people-kept",
        };
        let _ = self.take_relation(relation, None);
        self.good(name)
    }

    /// Throws away what the selected line of a sheet stands for: a draft, a post that waits for its hour.
    pub(in crate::app) fn discard(&mut self) -> Vec<Effect> {
        let Some(Screen::Sheet(sheet)) = self.stack.last() else { return Vec::new() };
        if let About::Requests(wishes) = &sheet.about {
            return super::choices::answer(wishes.get(sheet.selected / 2), false);
        }
        let wish = match &sheet.about {
            About::Drafts(drafts) => sheet
                .selected
                .checked_sub(1)
                .and_then(|at| drafts.get(at))
                .map(|draft| (Ask::Forget(draft.key.clone()), "input-forget-sure")),
            About::Mesh(mesh) => self.peer_at(mesh, sheet.selected).map(|(peer, banned)| {
                (Ask::Ban(peer, !banned), if banned { "mesh-take-sure" } else { "mesh-ban-sure" })
            }),
            About::Outbound(outbound) => self
                .scheduled_at(outbound, sheet.selected)
                .map(|id| (Ask::CallOff(id), "input-call-off-sure")),
            _ => None,
        };
        match wish {
            Some((wish, question)) => {
                let effect = ask(wish).remove(0);
                self.ask(crate::app::Asks::Sure(Box::new(effect), question))
            }
            None => Vec::new(),
        }
    }
}

fn open_draft(screen: &Screen) -> Option<String> {
    match screen {
        Screen::Compose(form) => Some(form.key_of().to_owned()),
        _ => None,
    }
}
