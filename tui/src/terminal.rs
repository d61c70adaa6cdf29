//! What is asked of the terminal before keys are read: what letters stand on, and whether it can show pictures.
//!
//! A terminal answers through the keyboard. One that is slow answers when keys are read already; such an answer must not be
//! taken for keys (it has letters and digits in it that do things), so [`Late`] takes it out.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use terminal_colorsaurus::{QueryOptions, ThemeMode};

use crate::theme::Ground;

/// How long a terminal is waited for: one that does not answer keeps the first frame waiting for so long. Over a slow line
/// the answer may come later, and the colours are those that can be read on any ground.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a terminal said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What letters stand on.
    pub ground: Ground,
    /// Whether it answers questions: one that does not is asked no more.
    pub answers: bool,
}

/// Asks the terminal what letters stand on.
pub fn ask() -> Asked {
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match terminal_colorsaurus::theme_mode(options) {
        Ok(ThemeMode::Dark) => Asked { ground: Ground::Dark, answers: true },
        Ok(ThemeMode::Light) => Asked { ground: Ground::Light, answers: true },
        Err(_) => Asked { ground: Ground::Unknown, answers: false },
    }
}

/// Takes answers of the terminal that come late out of what is typed.
#[derive(Debug, Default)]
pub struct Late {
    inside: bool,
}

impl Late {
    /// Whether a key is part of an answer: of `ESC ] 11 ; rgb:1e1e/1e1e/1e1e ESC \`, read as keys. One that is in no answer
    /// ends it.
    pub fn takes(&mut self, key: &KeyEvent) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char(']') if alt => {
                self.inside = true;
                true
            }
            KeyCode::Char('\\') if alt && self.inside => {
                self.inside = false;
                true
            }
            KeyCode::Char('g') if ctrl && self.inside => {
                self.inside = false;
                true
            }
            KeyCode::Char(c) if self.inside && !alt && !ctrl => {
                self.inside = c.is_ascii_hexdigit() || matches!(c, 'r' | 'g' | ';' | ':' | '/');
                self.inside
            }
            _ => {
                self.inside = false;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(late: &mut Late, text: &str, modifiers: KeyModifiers) -> String {
        text.chars().filter(|c| !late.takes(&KeyEvent::new(KeyCode::Char(*c), modifiers))).collect()
    }

    #[test]
    fn an_answer_that_comes_late_presses_no_keys() {
        let mut late = Late::default();
        assert_eq!(typed(&mut late, "b1", KeyModifiers::NONE), "b1");
        assert_eq!(typed(&mut late, "]", KeyModifiers::ALT), "");
        assert_eq!(typed(&mut late, "11;rgb:1e1e/beef/b00b", KeyModifiers::NONE), "");
        assert_eq!(typed(&mut late, "\\", KeyModifiers::ALT), "");
        assert_eq!(typed(&mut late, "b\\", KeyModifiers::NONE), "b\\");
        // Somebody who pressed it themselves waits for nothing.
        assert_eq!(typed(&mut late, "]", KeyModifiers::ALT), "");
        assert_eq!(typed(&mut late, "jb", KeyModifiers::NONE), "jb");
    }
}
