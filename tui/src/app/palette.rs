//! The palette: anything that a key does, found by some letters of its name or of what is said of it.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use crate::{
    keys::{self, ACTIONS, Action},
    words::Words,
};

/// What a match of the name is worth beyond one of the meaning: as much as two letters.
const NAMED: u32 = 32;

/// The actions whose name or meaning has these letters in this order, the likeliest first; all of them if there are none.
pub fn offered(words: &Words, letters: &str) -> Vec<(Action, &'static str, String)> {
    let named = ACTIONS.iter().map(|(action, name, _)| (*action, *name, keys::what(words, name)));
    if letters.trim().is_empty() {
        return named.collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(letters, CaseMatching::Ignore, Normalization::Smart);
    let mut letters = Vec::new();
    let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut letters), &mut matcher);
    let mut found: Vec<_> = named
        .filter_map(|(action, name, what)| {
            // Who knows the name means the name.
            let best = score(name).map(|score| score + NAMED).max(score(&what))?;
            Some((best, (action, name, what)))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, offered)| offered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_command_is_offered_first() {
        let first = |letters| offered(&Words::default(), letters).first().map(|(action, ..)| *action);
        for (letters, action) in [
            ("bookm", Some(Action::Bookmark)),
            ("ctch", Some(Action::CatchUp)),
            ("QUEUE", Some(Action::Queue)),
            ("throw draft", Some(Action::Delete)),
            ("xyzzy", None),
        ] {
            assert_eq!(first(letters), action, "{letters}");
        }
        assert_eq!(offered(&Words::default(), " ").len(), ACTIONS.len());
    }
}
