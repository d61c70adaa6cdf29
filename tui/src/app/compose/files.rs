//! Files of a post: each is named by its path, described in words, and brought to the server while the reader goes on
//! writing.

use ratatui_textarea::TextArea;

use super::{area, draft::File};
use crate::{
    api::{Id, Media},
    msg::{Effect, ask::Ask},
};

/// Files of a form.
#[derive(Debug, Clone)]
pub struct Files {
    pub list: Vec<Attached>,
    /// A path, or the description of the last file.
    pub input: TextArea<'static>,
    /// Whether a description is typed.
    pub describing: bool,
    /// Whether the reader was told what a missing description means.
    asked: bool,
    next: u64,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    number: u64,
    pub path: String,
    pub alt: String,
    pub state: State,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not described yet.
    Named,
    /// On its way to the server.
    Sending,
    /// The server has it, and calls it this.
    Ready(Id),
    /// It does not take it, and why.
    Failed(String),
}

/// What Enter did.
#[derive(Debug, PartialEq)]
pub enum Entered {
    /// Nothing was typed: on to the next field.
    Nothing,
    /// A path was taken: now it is described, if the file can be read.
    Named(Box<Effect>),
    /// It has no description: the reader is asked once.
    Undescribed,
    /// It can go.
    Send(Box<Effect>),
}

impl Files {
    /// Those of a draft, to be brought to the server again.
    pub fn new(files: Vec<File>) -> Self {
        let list: Vec<_> = (0..)
            .zip(files)
            .map(|(number, file)| Attached { number, path: file.path, alt: file.alt, state: State::Named })
            .collect();
        let next = list.len() as u64;
        Self { list, input: area(""), describing: false, asked: false, next }
    }

    /// As they are kept.
    pub fn kept(&self) -> Vec<File> {
        let file = |file: &Attached| File {
            path: file.path.clone(),
            alt: file.alt.clone(),
            id: match &file.state {
                State::Ready(id) => Some(id.clone()),
                _ => None,
            },
        };
        self.list.iter().map(file).collect()
    }

    /// What brings the files of a draft that was found to the server.
    pub fn send_all(&mut self, draft: &str) -> Vec<Effect> {
        self.list.iter_mut().filter(|file| file.state == State::Named).map(|file| file.send(draft)).collect()
    }

    /// What brings files again that were under way for another draft.
    pub fn send_again(&mut self, draft: &str) -> Vec<Effect> {
        let under_way = self.list.iter_mut().filter(|file| file.state == State::Sending);
        under_way.map(|file| file.send(draft)).collect()
    }

    /// Enter was pressed in the line of files.
    pub fn enter(&mut self, draft: &str) -> Entered {
        let typed = self.input.lines().concat().trim().to_owned();
        if self.describing {
            if typed.is_empty() && !std::mem::replace(&mut self.asked, true) {
                return Entered::Undescribed;
            }
            (self.input, self.describing, self.asked) = (area(""), false, false);
            let Some(last) = self.list.last_mut() else { return Entered::Nothing };
            last.alt = typed;
            return Entered::Send(Box::new(last.send(draft)));
        }
        if typed.is_empty() {
            return Entered::Nothing;
        }
        let number = self.name(typed.clone());
        (self.input, self.describing) = (area(""), true);
        Entered::Named(Box::new(Effect::Ask(Box::new(Ask::Look {
            draft: draft.to_owned(),
            number,
            path: typed,
        }))))
    }

    fn name(&mut self, path: String) -> u64 {
        let number = self.next;
        self.list.push(Attached { number, path, alt: String::new(), state: State::Named });
        self.next += 1;
        number
    }

    /// Whether something is typed that was not taken yet, or a file waits for its description.
    pub fn is_open(&self) -> bool {
        self.describing || !self.input.lines().concat().trim().is_empty()
    }

    /// The form is left: what is typed is part of the draft.
    pub fn settle(&mut self) {
        let typed = self.input.lines().concat().trim().to_owned();
        if std::mem::take(&mut self.describing) {
            if let Some(last) = self.list.last_mut() {
                last.alt = typed;
            }
        } else if !typed.is_empty() {
            self.name(typed);
        }
        (self.input, self.asked) = (area(""), false);
    }

    /// Takes the last file off.
    pub fn drop_last(&mut self) -> bool {
        (self.input, self.describing, self.asked) = (area(""), false, false);
        self.list.pop().is_some()
    }

    /// A file arrived, or did not. One that was taken off meanwhile is nobody's. Gives why one that was only named cannot be
    /// read: its path is typed again.
    pub fn uploaded(&mut self, number: u64, result: Result<Media, String>) -> Option<String> {
        if self.describing
            && let Err(why) = &result
            && let Some(last) = self.list.pop_if(|last| last.number == number)
        {
            (self.input, self.describing, self.asked) = (area(&last.path), false, false);
            return Some(why.clone());
        }
        if let Some(file) = self.list.iter_mut().find(|file| file.number == number) {
            file.state = match result {
                Ok(media) => State::Ready(media.id),
                Err(why) => State::Failed(why),
            };
        }
        None
    }

    /// Why the post cannot go yet: the name of the words that say it.
    pub fn stops(&self) -> Option<&'static str> {
        let any = |is: fn(&State) -> bool| self.list.iter().any(|file| is(&file.state));
        if any(|state| matches!(state, State::Failed(_))) {
            return Some("compose-file-failed");
        }
        any(|state| matches!(state, State::Named | State::Sending)).then_some("compose-files-wait")
    }
}

impl Attached {
    fn send(&mut self, draft: &str) -> Effect {
        self.state = State::Sending;
        let (draft, path, alt) = (draft.to_owned(), self.path.clone(), self.alt.clone());
        Effect::Ask(Box::new(Ask::Upload { draft, number: self.number, path, alt }))
    }
}
