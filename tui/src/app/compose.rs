//! Writing a post: the text, what stands before it, how far it goes, what comes with it. What is written is kept at every
//! pause, so that a crash, a closed terminal or a server that is away cost nothing.

mod draft;
pub mod files;
mod when;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{TextArea, WrapMode};
use unicode_segmentation::UnicodeSegmentation;

pub use draft::{Draft, File, Poll, Visibility};
use files::{Entered, Files};
pub use when::due;

use crate::{api::Id, msg::Effect};

/// A pause in writing, after which a draft is kept.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// How long a poll may be open, in seconds, with the names of the words for it.
pub const OPEN_FOR: [(u32, &str); 8] = [
    (86_400, "compose-for-day"),
    (3 * 86_400, "compose-for-three-days"),
    (7 * 86_400, "compose-for-week"),
    (300, "compose-for-minutes"),
    (1_800, "compose-for-half-hour"),
    (3_600, "compose-for-hour"),
    (6 * 3_600, "compose-for-six-hours"),
    (12 * 3_600, "compose-for-half-day"),
];

/// A part of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Text,
    Warning,
    Visibility,
    Language,
    Files,
    Poll,
    /// How long the poll is open.
    PollFor,
    /// Whether several answers may be chosen.
    PollMany,
    When,
}

/// The form.
#[derive(Debug, Clone)]
pub struct Compose {
    pub text: TextArea<'static>,
    pub warning: TextArea<'static>,
    pub language: TextArea<'static>,
    pub visibility: Visibility,
    /// Whether the server is a node of ours.
    pub ours: bool,
    pub reply_to: Option<(Id, String)>,
    pub quotes: Option<(Id, String)>,
    pub edits: Option<Id>,
    pub files: Files,
    /// Answers of a poll, a line each.
    pub poll: TextArea<'static>,
    /// Which of [`OPEN_FOR`].
    pub poll_for: usize,
    pub poll_many: bool,
    pub when: TextArea<'static>,
    pub field: Field,
    /// Whether it is on its way to the server.
    pub sending: bool,
    /// Why it was not taken.
    pub failure: Option<String>,
    key: String,
    /// When it was last changed, until it is kept.
    changed: Option<Timestamp>,
    /// The time of the last key.
    now: Timestamp,
}

/// What a key did to the form.
#[derive(Debug, PartialEq)]
pub enum Typed {
    /// Something or nothing changed.
    Stay,
    /// It cannot be done; the name of the words that say why.
    Refused(&'static str),
    /// The form is left; what is in it is kept.
    Leave,
    /// The form is left, and a new one is wanted.
    Another,
    /// It is wanted by the server.
    Send,
    /// Something is to be done.
    Do(Effect),
    /// Something is to be done first; the name of the words that say why the rest waits.
    First(Effect, &'static str),
}

fn area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::from(text.split('\n'));
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::new());
    area.move_cursor(ratatui_textarea::CursorMove::Bottom);
    area.move_cursor(ratatui_textarea::CursorMove::End);
    area
}

impl Compose {
    /// A form with this in it, which has a key.
    pub fn new(draft: Draft, now: Timestamp) -> Self {
        let held = OPEN_FOR.iter().position(|(seconds, _)| *seconds == draft.poll.seconds);
        Self {
            text: area(&draft.text),
            warning: area(&draft.warning),
            language: area(&draft.language),
            visibility: draft.visibility,
            ours: false,
            reply_to: draft.reply_to,
            quotes: draft.quotes,
            edits: draft.edits,
            files: Files::new(draft.files),
            poll: area(&draft.poll.options.join("\n")),
            poll_for: held.unwrap_or(0),
            poll_many: draft.poll.multiple,
            when: area(&draft.when),
            field: Field::Text,
            sending: false,
            failure: None,
            key: draft.key,
            changed: None,
            now,
        }
    }

    /// What is in the form.
    pub fn draft(&self) -> Draft {
        Draft {
            key: self.key.clone(),
            saved: self.now.as_millisecond(),
            text: self.text.lines().join("\n"),
            warning: self.warning.lines().join(" "),
            visibility: self.visibility,
            language: self.language.lines().concat().trim().to_owned(),
            reply_to: self.reply_to.clone(),
            quotes: self.quotes.clone(),
            edits: self.edits.clone(),
            files: self.files.kept(),
            poll: Poll {
                options: self.options(),
                seconds: OPEN_FOR[self.poll_for].0,
                multiple: self.poll_many,
            },
            when: self.when.lines().concat().trim().to_owned(),
            due: None,
        }
    }

    /// Answers of the poll.
    pub fn options(&self) -> Vec<String> {
        let lines = self.poll.lines().iter().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    }

    /// What names this draft.
    pub fn key_of(&self) -> &str {
        &self.key
    }

    /// Whether there is anything in it that would be missed.
    pub fn is_empty(&self) -> bool {
        self.draft().is_empty()
    }

    /// What a reader takes for one character, counted.
    pub fn count(&self) -> usize {
        let lines = self.text.lines();
        lines.iter().map(|line| line.graphemes(true).count()).sum::<usize>() + lines.len() - 1
    }

    /// The fields that there are now, in the order in which they are gone through.
    pub fn fields(&self) -> Vec<Field> {
        if self.edits.is_some() {
            return vec![Field::Text, Field::Warning, Field::Language];
        }
        let mut fields = vec![Field::Text, Field::Warning, Field::Visibility, Field::Language];
        let (poll, files) = (!self.options().is_empty(), !self.files.list.is_empty());
        // A post has a poll or files, not both.
        if !poll {
            fields.push(Field::Files);
        }
        if !files {
            fields.push(Field::Poll);
        }
        if poll {
            fields.extend([Field::PollFor, Field::PollMany]);
        }
        fields.push(Field::When);
        fields
    }

    fn step(&mut self, by: isize) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.field).unwrap_or(0) as isize;
        self.field = fields[(at + by).rem_euclid(fields.len() as isize) as usize];
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, now: Timestamp) -> Typed {
        self.now = now;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        // A line feed, as in text that is pasted where terminals do not say so: no reason to erase the line.
        let fed = ctrl && key.code == KeyCode::Char('j');
        let key = if fed { KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE) } else { key };
        match key.code {
            KeyCode::Esc => return Typed::Leave,
            KeyCode::Char('c') if ctrl => return Typed::Leave,
            KeyCode::Char('s' | 'd') if ctrl => return self.check(),
            KeyCode::Enter if key.modifiers.contains(KeyModifiers::ALT) => return self.check(),
            KeyCode::Char('o') if ctrl && !self.sending => {
                return Typed::Do(Effect::Editor(self.draft().text));
            }
            KeyCode::Char('n') if ctrl => return Typed::Another,
            // What is on its way cannot be changed; what would be typed into it now would be gone with the form.
            _ if self.sending => {}
            KeyCode::Char('x') if ctrl && self.field == Field::Files => {
                if self.files.drop_last() {
                    self.touch();
                }
            }
            // Whoever leaves the field means what they typed in it.
            KeyCode::Tab | KeyCode::BackTab if self.field == Field::Files && self.files.is_open() => {
                return self.enter_file();
            }
            KeyCode::Tab => self.step(1),
            KeyCode::BackTab => self.step(-1),
            KeyCode::Enter if self.field == Field::Files => return self.enter_file(),
            KeyCode::Enter if !matches!(self.field, Field::Text | Field::Poll) => self.step(1),
            _ => self.write(key),
        }
        Typed::Stay
    }

    fn enter_file(&mut self) -> Typed {
        match self.files.enter(&self.key) {
            Entered::Nothing => self.step(1),
            Entered::Named(effect) => {
                self.touch();
                return Typed::Do(*effect);
            }
            Entered::Undescribed => return Typed::Refused("compose-undescribed"),
            Entered::Send(effect) => {
                self.touch();
                return Typed::Do(*effect);
            }
        }
        Typed::Stay
    }

    fn touch(&mut self) {
        self.changed = Some(self.now);
        self.failure = None;
    }

    fn write(&mut self, key: KeyEvent) {
        let changed = match self.field {
            Field::Text => self.text.input(key),
            Field::Warning => self.warning.input(key),
            Field::Language => self.language.input(key),
            Field::Files => self.files.input.input(key),
            Field::Poll => self.poll.input(key),
            Field::When => self.when.input(key),
            Field::Visibility => {
                self.visibility = self.visibility.next(self.ours);
                true
            }
            Field::PollFor => {
                self.poll_for = (self.poll_for + 1) % OPEN_FOR.len();
                true
            }
            Field::PollMany => {
                self.poll_many = !self.poll_many;
                true
            }
        };
        if changed {
            self.touch();
        }
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str, now: Timestamp) {
        self.now = now;
        if self.sending {
            return;
        }
        // What a terminal would obey is no part of a post.
        let text = crate::text::DisplayText::block(text).as_str().to_owned();
        let line = text.replace('\n', " ");
        match self.field {
            Field::Text => self.text.insert_str(text),
            Field::Poll => self.poll.insert_str(text),
            Field::Warning => self.warning.insert_str(line),
            Field::Language => self.language.insert_str(line),
            Field::Files => self.files.input.insert_str(line.trim()),
            Field::When => self.when.insert_str(line),
            Field::Visibility | Field::PollFor | Field::PollMany => false,
        };
        self.touch();
    }

    /// The text as the editor left it.
    pub fn edited(&mut self, text: &str, now: Timestamp) {
        self.now = now;
        self.text = area(text.trim_end_matches('\n'));
        self.touch();
    }

    /// Whether it can be sent as it is. A file whose path or description is typed is taken first.
    fn check(&mut self) -> Typed {
        if self.sending {
            return Typed::Stay;
        }
        if self.files.is_open() {
            self.field = Field::Files;
            return match self.enter_file() {
                Typed::Do(effect) if self.files.describing => Typed::First(effect, "compose-undescribed-yet"),
                Typed::Do(effect) => Typed::First(effect, "compose-files-wait"),
                other => other,
            };
        }
        if self.is_empty() {
            return Typed::Refused("compose-empty");
        }
        if self.options().len() == 1 {
            return Typed::Refused("compose-one-option");
        }
        match self.files.stops() {
            Some(why) => Typed::Refused(why),
            None => Typed::Send,
        }
    }

    /// Sends it.
    pub fn send(&mut self, zone: &TimeZone) -> Typed {
        let mut draft = self.draft();
        if !draft.when.is_empty() {
            draft.due = when::due(&draft.when, self.now, zone);
            if draft.due.is_none() {
                return Typed::Refused("compose-when-wrong");
            }
        }
        self.sending = true;
        self.failure = None;
        Typed::Do(Effect::Post(Box::new(draft)))
    }

    /// What is to be kept now, if there was a pause.
    pub fn pause(&mut self, now: Timestamp) -> Option<Effect> {
        self.changed.filter(|changed| now.duration_since(*changed) >= PAUSE)?;
        self.now = now;
        Some(self.keep())
    }

    /// Keeps what is in the form; forgets it if that is nothing.
    pub fn keep(&mut self) -> Effect {
        self.changed = None;
        Effect::Keep(Box::new(self.draft()))
    }

    /// When the last key was pressed in it.
    pub fn touched(&self) -> Timestamp {
        self.now
    }

    /// Makes it another draft, to be published beside the one that it was; gives what keeps it, and what brings files that
    /// were under way for the other.
    pub fn rename(&mut self, key: String) -> Vec<Effect> {
        self.key = key;
        let mut effects = vec![self.keep()];
        effects.extend(self.files.send_again(&self.key));
        effects
    }
}

#[cfg(test)]
mod tests;
