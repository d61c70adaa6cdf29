//! Writing a post: the text, what stands before it, how far it goes. What is written is kept at every pause, so that a
//! crash, a closed terminal or a server that is away cost nothing.

use jiff::{SignedDuration, Timestamp};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{TextArea, WrapMode};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::{api::Id, msg::Effect};

/// A pause in writing, after which a draft is kept.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// What is being written, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub text: String,
    pub warning: String,
    pub visibility: Visibility,
    pub language: String,
    /// The post that is answered, and whose it is.
    pub reply_to: Option<(Id, String)>,
    /// The own post that is changed.
    pub edits: Option<Id>,
    /// Names the wish, so that sending twice posts once.
    pub key: String,
}

/// How far a post goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everyone, everywhere.
    #[default]
    Public,
    /// Everyone, but not on timelines of strangers.
    Unlisted,
    /// Never by a bridge to other networks.
    Local,
}

impl Visibility {
    /// The name of the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Public => "compose-public",
            Self::Unlisted => "compose-unlisted",
            Self::Local => "compose-local",
        }
    }

    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Local => "local",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Public => Self::Unlisted,
            Self::Unlisted => Self::Local,
            Self::Local => Self::Public,
        }
    }
}

/// A part of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Text,
    Warning,
    Visibility,
    Language,
}

impl Field {
    const ALL: [Self; 4] = [Self::Text, Self::Warning, Self::Visibility, Self::Language];

    fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|field| *field == self).unwrap_or(0) as isize;
        Self::ALL[(at + by).rem_euclid(Self::ALL.len() as isize) as usize]
    }
}

/// The form.
#[derive(Debug, Clone)]
pub struct Compose {
    pub text: TextArea<'static>,
    pub warning: TextArea<'static>,
    pub language: TextArea<'static>,
    pub visibility: Visibility,
    pub reply_to: Option<(Id, String)>,
    pub edits: Option<Id>,
    pub field: Field,
    /// Whether it is on its way to the server.
    pub sending: bool,
    /// Why it was not taken.
    pub failure: Option<String>,
    key: String,
    /// When it was last changed, until it is kept.
    changed: Option<Timestamp>,
}

/// What a key did to the form.
#[derive(Debug, PartialEq)]
pub enum Typed {
    /// Something or nothing changed.
    Stay,
    /// The form is left; what is in it is kept.
    Leave,
    /// Something is to be done.
    Do(Effect),
    /// It cannot be done; the name of the words that say why.
    Refused(&'static str),
}

fn area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::from(text.split('\n'));
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::new());
    area
}

impl Compose {
    /// A form with this in it.
    pub fn new(draft: Draft, now: Timestamp) -> Self {
        let key = if draft.key.is_empty() { format!("tui-{}", now.as_nanosecond()) } else { draft.key };
        let mut text = area(&draft.text);
        text.move_cursor(ratatui_textarea::CursorMove::Bottom);
        text.move_cursor(ratatui_textarea::CursorMove::End);
        Self {
            text,
            warning: area(&draft.warning),
            language: area(&draft.language),
            visibility: draft.visibility,
            reply_to: draft.reply_to,
            edits: draft.edits,
            field: Field::Text,
            sending: false,
            failure: None,
            key,
            changed: None,
        }
    }

    /// What is in the form.
    pub fn draft(&self) -> Draft {
        Draft {
            text: self.text.lines().join("\n"),
            warning: self.warning.lines().join(" "),
            visibility: self.visibility,
            language: self.language.lines().concat().trim().to_owned(),
            reply_to: self.reply_to.clone(),
            edits: self.edits.clone(),
            key: self.key.clone(),
        }
    }

    /// Whether there is anything in it that would be missed.
    pub fn is_empty(&self) -> bool {
        self.text.lines().iter().all(|line| line.trim().is_empty())
    }

    /// What a reader takes for one character, counted.
    pub fn count(&self) -> usize {
        let lines = self.text.lines();
        lines.iter().map(|line| line.graphemes(true).count()).sum::<usize>() + lines.len() - 1
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, now: Timestamp) -> Typed {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Typed::Leave,
            KeyCode::Char('c') if ctrl => return Typed::Leave,
            KeyCode::Char('s' | 'd') if ctrl => return self.send(),
            KeyCode::Enter if key.modifiers.contains(KeyModifiers::ALT) => return self.send(),
            KeyCode::Char('o') if ctrl => return Typed::Do(Effect::Editor(self.draft().text)),
            KeyCode::Tab => self.field = self.field.step(1),
            KeyCode::BackTab => self.field = self.field.step(-1),
            KeyCode::Enter if self.field != Field::Text => self.field = self.field.step(1),
            _ => self.write(key, now),
        }
        Typed::Stay
    }

    fn write(&mut self, key: KeyEvent, now: Timestamp) {
        let changed = match self.field {
            Field::Text => self.text.input(key),
            Field::Warning => self.warning.input(key),
            Field::Language => self.language.input(key),
            Field::Visibility => {
                self.visibility = self.visibility.next();
                true
            }
        };
        if changed {
            self.changed = Some(now);
            self.failure = None;
        }
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str, now: Timestamp) {
        // What a terminal would obey is no part of a post.
        let text = crate::text::DisplayText::block(text).as_str().to_owned();
        match self.field {
            Field::Text => self.text.insert_str(text),
            Field::Warning => self.warning.insert_str(text.replace('\n', " ")),
            Field::Language => self.language.insert_str(text.replace('\n', "")),
            Field::Visibility => false,
        };
        self.changed = Some(now);
    }

    /// The text as the editor left it.
    pub fn edited(&mut self, text: &str, now: Timestamp) {
        self.text = area(text.trim_end_matches('\n'));
        self.changed = Some(now);
    }

    fn send(&mut self) -> Typed {
        if self.sending {
            return Typed::Stay;
        }
        if self.is_empty() {
            return Typed::Refused("compose-empty");
        }
        self.sending = true;
        self.failure = None;
        Typed::Do(Effect::Post(Box::new(self.draft())))
    }

    /// What is to be kept now, if there was a pause.
    pub fn pause(&mut self, now: Timestamp) -> Option<Effect> {
        self.changed.filter(|changed| now.duration_since(*changed) >= PAUSE)?;
        Some(self.keep())
    }

    /// Keeps what is in the form; forgets it if that is nothing.
    pub fn keep(&mut self) -> Effect {
        self.changed = None;
        Effect::Keep((!self.is_empty()).then(|| Box::new(self.draft())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn press(form: &mut Compose, code: KeyCode, modifiers: KeyModifiers) -> Typed {
        form.key(KeyEvent::new(code, modifiers), at(10))
    }

    fn write(form: &mut Compose, text: &str) {
        for c in text.chars() {
            press(form, KeyCode::Char(c), KeyModifiers::NONE);
        }
    }

    #[test]
    fn what_is_written_is_kept_at_a_pause_and_sent_once() {
        let mut form = Compose::new(Draft::default(), at(0));
        write(&mut form, "Hi");
        assert_eq!(form.pause(at(10)), None);
        let Some(Effect::Keep(Some(kept))) = form.pause(at(11)) else { panic!("nothing is kept") };
        assert_eq!(kept.text, "Hi");
        assert_eq!(form.pause(at(20)), None);
        let Typed::Do(Effect::Post(sent)) = press(&mut form, KeyCode::Char('s'), KeyModifiers::CONTROL)
        else {
            panic!("nothing is sent")
        };
        assert_eq!(sent, kept);
        assert_eq!(press(&mut form, KeyCode::Char('s'), KeyModifiers::CONTROL), Typed::Stay);
        assert_eq!(Compose::new(*kept.clone(), at(5)).draft(), *kept);
    }

    #[test]
    fn every_field_is_reached_and_nothing_is_not_sent() {
        let mut form = Compose::new(Draft::default(), at(0));
        let sent = press(&mut form, KeyCode::Char('s'), KeyModifiers::CONTROL);
        assert_eq!(sent, Typed::Refused("compose-empty"));
        write(&mut form, "text");
        press(&mut form, KeyCode::Tab, KeyModifiers::NONE);
        write(&mut form, "careful");
        press(&mut form, KeyCode::Enter, KeyModifiers::NONE);
        write(&mut form, " ");
        press(&mut form, KeyCode::Tab, KeyModifiers::NONE);
        write(&mut form, "de");
        let draft = form.draft();
        assert_eq!(
            (draft.warning.as_str(), draft.visibility, draft.language.as_str()),
            ("careful", Visibility::Unlisted, "de")
        );
        assert_eq!(press(&mut form, KeyCode::Esc, KeyModifiers::NONE), Typed::Leave);
    }

    #[test]
    fn people_count_what_they_see() {
        let mut form = Compose::new(Draft::default(), at(0));
        form.paste("a👩‍👩‍👧‍👦\r\né", at(1));
        assert_eq!(form.count(), 4);
        form.edited("from the editor\n", at(2));
        assert_eq!(form.draft().text, "from the editor");
    }
}
