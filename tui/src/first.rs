//! The first run: a name, 24 words that are written down and asked back, and a way to others. Everything is asked before
//! anything is made, so whoever leaves in the middle leaves nothing behind; and the words are nowhere but on the screen.

pub mod view;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

use crate::{layout::Bidi, msg::Msg, text::DisplayText, theme::Theme, words::Words};

/// Words that are asked back: one could be guessed from a glance, three tell that a list was kept.
const ASKED: usize = 3;
/// Bytes that are typed or pasted at most: an invite with all its addresses has a quarter of it.
const TYPED: usize = 4 * 1024;

/// What the first run begins with.
pub struct Newcomer<'a> {
    /// How it looks.
    pub theme: Theme,
    /// Who orders letters.
    pub bidi: Bidi,
    /// What it says, in which language.
    pub words: Words,
    /// The recovery phrase.
    pub phrase: Zeroizing<String>,
    /// Chance, which chooses the words that are asked for.
    pub chance: u64,
    /// Characters that a name may have.
    pub name_chars: usize,
    /// Whom an invite leads to, or what is wrong with it.
    pub invite: &'a dyn Fn(&str) -> Result<String, String>,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The name; it may be empty.
    pub name: String,
    /// The way to others.
    pub meet: Meet,
}

/// How a newcomer meets others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meet {
    /// By somebody's invite.
    Invite(String),
    /// On the local network.
    Near,
    /// Not yet.
    Nobody,
}

/// Ways to others, in the order in which they are offered: the name of what is said, and what it chooses.
pub const WAYS: [&str; 3] = ["first-meet-invite", "first-meet-near", "first-meet-nobody"];

/// Where the newcomer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The name is typed.
    Name,
    /// What the phrase is for, from this line on: only where there is no room for it above the words.
    Why(usize),
    /// The words are shown, from this one on.
    Phrase(usize),
    /// The words at these places are asked back; so many are answered.
    Asked([usize; ASKED], usize),
    /// A way to others is chosen.
    Meet(usize),
    /// An invite is typed or pasted.
    Invite,
    /// It is being made.
    Making,
    /// It could not be made, and why.
    Failed(String),
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Something or nothing changed.
    Stay,
    /// The newcomer leaves; nothing was made.
    Leave,
    /// All is asked: it is to be made.
    Make(Chosen),
}

/// The first run.
pub struct First<'a> {
    pub from: Newcomer<'a>,
    pub size: (u16, u16),
    pub step: Step,
    /// What is typed at this step.
    pub typed: String,
    /// What was wrong with it.
    pub wrong: Option<String>,
    name: String,
    invite: String,
    chosen: Option<Chosen>,
}

impl<'a> First<'a> {
    /// At its beginning.
    pub fn new(mut from: Newcomer<'a>, size: (u16, u16)) -> Self {
        from.words = from.words.in_ascii(from.theme.ascii);
        Self {
            from,
            size,
            step: Step::Name,
            typed: String::new(),
            wrong: None,
            name: String::new(),
            invite: String::new(),
            chosen: None,
        }
    }

    /// The words of the phrase.
    pub fn phrase(&self) -> Vec<&str> {
        self.from.phrase.split_whitespace().collect()
    }

    /// Takes what happened.
    pub fn update(&mut self, msg: Msg) -> Next {
        match msg {
            Msg::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Msg::Paste(text) => {
                let room = TYPED.saturating_sub(self.typed.len());
                let text = DisplayText::new(text.trim());
                self.typed.push_str(&text.as_str()[..text.as_str().floor_char_boundary(room)]);
                self.wrong = None;
                Next::Stay
            }
            Msg::Resize(columns, rows) => {
                self.size = (columns, rows);
                if let Step::Phrase(first) | Step::Why(first) = &mut self.step {
                    *first = 0; // so that a page ends where a page ends
                }
                Next::Stay
            }
            _ => Next::Stay,
        }
    }

    /// It could not be made.
    pub fn failed(&mut self, why: String) {
        self.go(Step::Failed(why));
    }

    fn go(&mut self, step: Step) {
        self.typed = match step {
            Step::Name => self.name.clone(),
            Step::Invite => self.invite.clone(),
            _ => String::new(),
        };
        self.wrong = None;
        self.step = step;
    }

    fn key(&mut self, key: KeyEvent) -> Next {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match (key.code, &self.step) {
            (_, Step::Making) => {}
            (KeyCode::Char('c'), _) if ctrl => return Next::Leave,
            (KeyCode::Esc, _) => return self.back(),
            (KeyCode::Enter, _) => return self.enter(),
            (KeyCode::Char(' ' | 'j') | KeyCode::Down | KeyCode::PageDown, Step::Phrase(_)) => self.page(1),
            (KeyCode::Char('k') | KeyCode::Up | KeyCode::PageUp, Step::Phrase(_)) => self.page(-1),
            (KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab, Step::Meet(at)) => {
                self.step = Step::Meet((at + 1) % WAYS.len());
            }
            (KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab, Step::Meet(at)) => {
                self.step = Step::Meet((at + WAYS.len() - 1) % WAYS.len());
            }
            (KeyCode::Char(c @ '1'..='3'), Step::Meet(_)) => {
                self.step = Step::Meet(c as usize - '1' as usize)
            }
            (_, Step::Why(_) | Step::Phrase(_) | Step::Meet(_) | Step::Failed(_)) => {}
            (KeyCode::Char('u'), _) if ctrl => self.typed.clear(),
            (KeyCode::Backspace, _) => {
                let last = self.typed.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
                self.typed.truncate(last);
            }
            (KeyCode::Char(c), _) if !ctrl && self.typed.len() < TYPED => {
                self.typed.push(c);
                self.wrong = None;
            }
            _ => {}
        }
        Next::Stay
    }

    /// A page of words further or back.
    fn page(&mut self, by: isize) {
        let page = view::words_a_page(self.size);
        let Step::Phrase(first) = &mut self.step else { return };
        let next = first.saturating_add_signed(by * page as isize);
        if next < self.from.phrase.split_whitespace().count() {
            *first = next;
        }
    }

    fn back(&mut self) -> Next {
        match self.step {
            Step::Name => return Next::Leave,
            Step::Why(_) | Step::Phrase(_) => self.go(Step::Name),
            Step::Asked(..) | Step::Meet(_) => self.go(Step::Phrase(0)),
            Step::Invite => {
                self.invite = std::mem::take(&mut self.typed);
                self.go(Step::Meet(0));
            }
            Step::Failed(_) => return Next::Leave,
            Step::Making => {}
        }
        Next::Stay
    }

    fn enter(&mut self) -> Next {
        match self.step.clone() {
            Step::Name => self.named(),
            Step::Why(from) => self.go(view::more_why(self, from).map_or(Step::Phrase(0), Step::Why)),
            Step::Phrase(first) if first + view::words_a_page(self.size) < self.phrase().len() => {
                self.page(1)
            }
            Step::Phrase(_) => {
                let asked = self.places();
                self.go(Step::Asked(asked, 0));
            }
            Step::Asked(places, answered) => self.answer(places, answered),
            Step::Meet(0) => self.go(Step::Invite),
            Step::Meet(1) => return self.make(Meet::Near),
            Step::Meet(_) => return self.make(Meet::Nobody),
            Step::Invite => match (self.from.invite)(self.typed.trim()) {
                Ok(_) => {
                    self.invite = self.typed.trim().to_owned();
                    return self.make(Meet::Invite(self.invite.clone()));
                }
                Err(why) => self.wrong = Some(why),
            },
            Step::Failed(_) => {
                if let Some(chosen) = self.chosen.clone() {
                    self.go(Step::Making);
                    return Next::Make(chosen);
                }
            }
            Step::Making => {}
        }
        Next::Stay
    }

    fn named(&mut self) {
        let name = DisplayText::new(self.typed.trim()).as_str().to_owned();
        if name.chars().count() > self.from.name_chars {
            self.wrong = Some(self.from.words.count("first-name-long", self.from.name_chars).into_owned());
            return;
        }
        self.name = name;
        self.go(if view::explains(self) { Step::Phrase(0) } else { Step::Why(0) });
    }

    fn answer(&mut self, places: [usize; ASKED], answered: usize) {
        let place = places[answered];
        let typed = Zeroizing::new(self.typed.trim().to_lowercase());
        if self.phrase().get(place) != Some(&typed.as_str()) {
            // Back to the list, which is what was missed; other words are asked for then.
            self.go(Step::Phrase(0));
            self.wrong = Some(self.from.words.count("first-asked-wrong", place + 1).into_owned());
            return;
        }
        let next = if answered + 1 < ASKED { Step::Asked(places, answered + 1) } else { Step::Meet(0) };
        self.go(next);
    }

    fn make(&mut self, meet: Meet) -> Next {
        let chosen = Chosen { name: self.name.clone(), meet };
        self.chosen = Some(chosen.clone());
        self.go(Step::Making);
        Next::Make(chosen)
    }

    /// Places of words that are asked for, in the order of the list.
    fn places(&mut self) -> [usize; ASKED] {
        let words = self.phrase().len().max(ASKED);
        let mut places = [0; ASKED];
        for at in 0..ASKED {
            // xorshift: whoever sits here may know what comes.
            let mut chance = self.from.chance.max(1);
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            self.from.chance = chance;
            let mut place = (chance % words as u64) as usize;
            while places[..at].contains(&place) {
                place = (place + 1) % words;
            }
            places[at] = place;
        }
        places.sort_unstable();
        places
    }
}

#[cfg(test)]
mod tests;
