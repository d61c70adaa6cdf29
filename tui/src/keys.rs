//! Which key does what: one table, which help and palette are made from, and which a person's file patches.
//!
//! ```toml
//! [keys]
//! "ctrl-r" = "refresh"   # one more way
//! "x" = "none"           # this key does nothing
//! ```

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::words::Words;

macro_rules! actions {
    ($($action:ident $name:literal $keys:literal;)*) => {
        /// Something that a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $name] $action,)* }

        /// Every action: its name in files and palette, and its keys. What it does is said by the words `key-NAME`.
        pub const ACTIONS: &[(Action, &str, &str)] = &[$((Action::$action, $name, $keys),)*];
    };
}

actions! {
    Down "down" "j down";
    Up "up" "k up";
    PageDown "page-down" "space pagedown ctrl-f";
    PageUp "page-up" "pageup ctrl-b";
    Top "top" "g home";
    Bottom "bottom" "G end";
    Open "open" "enter l right";
    Back "back" "esc h left backspace";
    NextLine "next-timeline" "tab";
    PreviousLine "previous-timeline" "backtab";
    LoadNew "load-new" ".";
    Refresh "refresh" "R";
    Compose "compose" "c";
    Reply "reply" "r";
    Edit "edit" "e";
    Delete "delete" "D";
    Boost "boost" "b";
    Like "like" "f";
    Bookmark "bookmark" "m";
    Vote "vote" "v";
    Links "links" "o";
    History "history" "H";
    Reveal "reveal" "s";
    RevealAlways "reveal-always" "S";
    Fold "fold" "z";
    NextUnread "next-unread" "n";
    Person "person" "a";
    Follow "follow" "F";
    Mute "mute" "M";
    Block "block" "B";
    Note "note" "N";
    Notify "notify" "ctrl-n";
    OnLists "on-lists" "+";
    Compare "compare" "K";
    Quote "quote" "Q";
    Origin "origin" "i";
    CatchUp "catch-up" "u";
    Drafts "drafts" "d";
    Requests "requests" "A";
    Queue "queue" "w";
    Peers "peers" "P";
    Invite "invite" "I";
    Search "search" "/";
    Tag "tag" "#";
    Lists "lists" "L";
    Columns "columns" "|";
    Copy "copy" "y";
    Mouse "mouse" "f2";
    Help "help" "?";
    Palette "palette" ":";
    Suspend "suspend" "ctrl-z";
    Quit "quit" "q ctrl-c";
}

/// The table that holds.
#[derive(Debug, Clone)]
pub struct Keys(BTreeMap<String, Action>);

impl Default for Keys {
    fn default() -> Self {
        let pairs =
            ACTIONS.iter().flat_map(|(action, _, keys)| keys.split(' ').map(|key| (key.to_owned(), *action)));
        Self(pairs.collect())
    }
}

impl Keys {
    /// Changes the table as a person's file says.
    ///
    /// # Errors
    /// Names the key or the action that there is not.
    pub fn patch(&mut self, patch: &BTreeMap<String, String>) -> Result<(), String> {
        for (key, name) in patch {
            if !is_key(key) {
                return Err(format!("\"{key}\" is no key; keys are written like x, X, ctrl-x, enter, f5"));
            }
            if name == "none" {
                self.0.remove(key);
                continue;
            }
            let action = by_name(name).ok_or_else(|| format!("\"{name}\" is nothing that a key does"))?;
            self.0.insert(key.clone(), action);
        }
        Ok(())
    }

    /// What this key does.
    pub fn action(&self, event: &KeyEvent) -> Option<Action> {
        self.0.get(&written(event)?).copied()
    }

    /// The key that is told for this; its name in the palette if it has none.
    pub fn best(&self, action: Action) -> String {
        match (self.told(action), ACTIONS.iter().find(|(held, ..)| *held == action)) {
            (Some(key), _) => key.to_owned(),
            (None, Some((_, name, _))) => format!(":{name}"),
            (None, None) => String::new(),
        }
    }

    /// The key that is told for this, if there is one: the first of the table, which everybody knows, unless the person gave
    /// it another meaning; then the shortest.
    pub fn told(&self, action: Action) -> Option<&str> {
        let (_, _, keys) = ACTIONS.iter().find(|(held, ..)| *held == action)?;
        let first = keys.split(' ').find(|key| self.0.get(*key) == Some(&action));
        first.or_else(|| self.of(action).first().copied())
    }

    /// The keys that do this, as people write them.
    pub fn of(&self, action: Action) -> Vec<&str> {
        let held = self.0.iter().filter(|(_, held)| **held == action);
        let mut keys: Vec<&str> = held.map(|(key, _)| key.as_str()).collect();
        // The shortest first: that is the one to be remembered.
        keys.sort_by_key(|key| key.chars().count());
        keys
    }
}

/// What it does, in the reader's words.
pub fn what(words: &Words, name: &str) -> String {
    words.say(&format!("key-{name}")).into_owned()
}

/// The action of this name.
pub fn by_name(name: &str) -> Option<Action> {
    ACTIONS.iter().find(|(_, held, ..)| *held == name).map(|(action, ..)| *action)
}

const NAMED: &[(&str, KeyCode)] = &[
    ("backspace", KeyCode::Backspace),
    ("backtab", KeyCode::BackTab),
    ("delete", KeyCode::Delete),
    ("down", KeyCode::Down),
    ("end", KeyCode::End),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("home", KeyCode::Home),
    ("insert", KeyCode::Insert),
    ("left", KeyCode::Left),
    ("pagedown", KeyCode::PageDown),
    ("pageup", KeyCode::PageUp),
    ("right", KeyCode::Right),
    ("space", KeyCode::Char(' ')),
    ("tab", KeyCode::Tab),
    ("up", KeyCode::Up),
];

/// A key as it is written in the table; none for those that cannot be.
fn written(event: &KeyEvent) -> Option<String> {
    let base = match NAMED.iter().find(|(_, code)| *code == event.code) {
        Some((name, _)) => (*name).to_owned(),
        None => match event.code {
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(number) => format!("f{number}"),
            _ => return None,
        },
    };
    let held = |modifier, name| if event.modifiers.contains(modifier) { name } else { "" };
    let (ctrl, alt) = (held(KeyModifiers::CONTROL, "ctrl-"), held(KeyModifiers::ALT, "alt-"));
    Some(format!("{ctrl}{alt}{base}"))
}

fn is_key(text: &str) -> bool {
    let base = text.strip_prefix("ctrl-").unwrap_or(text);
    let base = base.strip_prefix("alt-").unwrap_or(base);
    let function = base.strip_prefix('f').and_then(|number| number.parse::<u8>().ok());
    base.chars().count() == 1 || NAMED.iter().any(|(name, _)| *name == base) || function.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn no_key_does_two_things_and_each_is_written_as_keys_are() {
        let mut all: Vec<&str> = ACTIONS.iter().flat_map(|(_, _, keys)| keys.split(' ')).collect();
        assert!(all.iter().all(|key| is_key(key)), "{all:?}");
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(ACTIONS.iter().all(|(action, name, ..)| by_name(name) == Some(*action)));
    }

    #[test]
    fn a_persons_file_changes_the_table() {
        let mut keys = Keys::default();
        let patch = [("x", "like"), ("f", "none"), ("ctrl-r", "refresh")];
        keys.patch(&patch.map(|(key, name)| (key.to_owned(), name.to_owned())).into()).unwrap();
        assert_eq!(keys.action(&key(KeyCode::Char('x'), KeyModifiers::NONE)), Some(Action::Like));
        assert_eq!(keys.action(&key(KeyCode::Char('f'), KeyModifiers::NONE)), None);
        assert_eq!(keys.action(&key(KeyCode::Char('r'), KeyModifiers::CONTROL)), Some(Action::Refresh));
        assert_eq!(keys.of(Action::Like), ["x"]);
        for wrong in [("xx", "like"), ("x", "fly")] {
            let wrong = [(wrong.0.to_owned(), wrong.1.to_owned())].into();
            assert!(keys.patch(&wrong).is_err());
        }
    }
}
