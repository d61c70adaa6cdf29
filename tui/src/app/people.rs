//! What a reader does about a person beside following: mute for a while, note something, put on lists, be told, compare.

use super::{
    App, Asks, Person, Prompt, Screen,
    sheet::{About, ask},
};
use crate::{
    api::{Account, Relationship},
    msg::{Effect, Line, Relate, ask::Ask},
};

impl App {
    /// The person that a key would be about, and how the reader stands to them if that is known.
    pub fn somebody(&self) -> Option<(Account, Option<Relationship>)> {
        match self.stack.last() {
            Some(Screen::Line(Line::Person(_), Some(person))) => {
                let Person { account, relation } = &**person;
                Some((account.clone(), Some(relation.clone())))
            }
            Some(Screen::Line(Line::Person(_), None)) => None,
            _ => self.subject().map(|post| (post.account.clone(), None)),
        }
    }

    /// Somebody who is not the reader.
    fn other(&mut self) -> Option<(Account, Option<Relationship>)> {
        let (account, relation) = self.somebody()?;
        if self.me.as_ref().is_some_and(|me| me.id == account.id) {
            let _ = self.bad("input-that-is-you");
            return None;
        }
        Some((account, relation))
    }

    /// Asks for how long; or ends it.
    pub(super) fn mute(&mut self) -> Vec<Effect> {
        let Some((account, relation)) = self.other() else { return Vec::new() };
        if relation.is_some_and(|relation| relation.muting) {
            return vec![Effect::Relate(account.id, Relate::Mute(false))];
        }
        self.show_sheet(About::Mute(Box::new(account), true, false))
    }

    /// A note about somebody, which only the reader sees.
    pub(super) fn note(&mut self) -> Vec<Effect> {
        let Some((account, relation)) = self.other() else { return Vec::new() };
        let Some(relation) = relation else { return self.bad("people-open-first") };
        let text = crate::text::DisplayText::new(&relation.note).to_string();
        self.push(Screen::Prompt(Prompt { asks: Asks::Note(account.id), text, chosen: 0 }));
        Vec::new()
    }

    /// To be told of what somebody writes, or no longer.
    pub(super) fn notify(&mut self) -> Vec<Effect> {
        let Some((account, relation)) = self.other() else { return Vec::new() };
        match relation {
            None => self.bad("people-open-first"),
            Some(relation) if !relation.following => self.bad("people-follow-first"),
            Some(relation) => ask(Ask::Notify(account.id, !relation.notifying)),
        }
    }

    /// The lists that somebody is on.
    pub(super) fn show_on_lists(&mut self) -> Vec<Effect> {
        let Some((account, _)) = self.other() else { return Vec::new() };
        self.show_sheet(About::Lists(Box::new(account), Vec::new()))
    }

    /// Who somebody is, to be compared with what they show on their screen; the reader themselves, if nobody is chosen.
    pub(super) fn compare(&mut self) -> Vec<Effect> {
        let account = self.somebody().map(|(account, _)| account).or_else(|| self.me.clone());
        account.map_or(Vec::new(), |account| self.show_sheet(About::Identity(Box::new(account))))
    }

    /// Something that a sheet asked for was not done. True if nothing is to be said of it.
    pub(super) fn not_told(&mut self, asked: &Ask) -> bool {
        if matches!(asked, Ask::CatchUp(_)) {
            self.stack.retain(|screen| !matches!(screen, Screen::CatchUp(catch_up) if catch_up.loading));
        }
        for screen in &mut self.stack {
            if let Screen::Sheet(sheet) = screen {
                sheet.loading = false;
            }
        }
        // Not every server has these; what is missing without them is little.
        matches!(asked, Ask::Limits | Ask::Read(_))
    }
}
