//! Words and posts that hide what they are in, or warn of it.

use serde::{Deserialize, Serialize};
use starling_protocol::EntryId;
use unicode_normalization::UnicodeNormalization;

use super::{Change, Shelf, Span};
use crate::store::{Error, Reader};

/// Filters that a person has at most: every post of every page is held against all of them.
pub const FILTERS: usize = 100;
/// Words of all filters together, for the same reason.
pub const WORDS: usize = 1_000;
/// Characters of a word or title, as Mastodon has it.
pub const WORD_CHARS: usize = 512;
/// Posts that one filter names.
pub const POSTS: usize = 500;

/// Where a filter holds. The words are Mastodon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The home timeline and lists.
    Home,
    /// Notifications.
    Notifications,
    /// Timelines of everybody, and of tags.
    Public,
    /// Replies.
    Thread,
    /// Profiles.
    Account,
}

/// What a filter does. The words are Mastodon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The post is covered.
    #[default]
    Warn,
    /// The post is left out.
    Hide,
    /// Its pictures are covered.
    Blur,
}

/// A word, or several in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Names it among the words of all filters.
    pub id: u64,
    /// As the person wrote it.
    pub text: String,
    /// Whether letters around it make it another word.
    pub whole: bool,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// What it is called.
    pub title: String,
    /// Where it holds.
    pub places: Vec<Place>,
    /// What it does.
    pub action: Action,
    /// Until when it holds, in milliseconds since 1970.
    pub until: Option<u64>,
    /// Words that it looks for.
    pub words: Vec<Word>,
    /// Posts that it names, each with a number that names that.
    pub posts: Vec<(u64, EntryId)>,
}

impl Filter {
    /// Whether it holds at `now`.
    pub fn holds(&self, now: u64) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Keeps it under this number.
    pub fn put(&self, id: u64) -> Change {
        Change::put(Shelf::Filter, id.to_be_bytes(), self)
    }
}

impl Word {
    /// Whether it is in a text that was [`prepared`].
    pub fn is_in(&self, text: &str) -> bool {
        let wanted = prepared(&self.text);
        if wanted.is_empty() {
            return false;
        }
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        // An end that is no letter needs no end of a word around it: `:)` is found in `a:)`.
        let (begins, ends) = (letter(wanted.chars().next()), letter(wanted.chars().next_back()));
        text.match_indices(&wanted).any(|(at, _)| {
            let before = begins && letter(text[..at].chars().next_back());
            let after = ends && letter(text[at + wanted.len()..].chars().next());
            !self.whole || !(before || after)
        })
    }
}

/// A text as words are looked for in it: upper and lower case are one.
pub fn prepared(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// Looks for nothing of this filter any more.
pub fn take(id: u64) -> Change {
    Change::take(Shelf::Filter, id.to_be_bytes())
}

impl Reader {
    /// All filters, oldest first, whether they hold or not.
    pub fn filters(&self) -> Result<Vec<(u64, Filter)>, Error> {
        let rows = self.shelf(Shelf::Filter, &Span::of([], FILTERS))?;
        Ok(rows.into_iter().filter_map(|(key, filter)| Some((super::marks::number(&key)?, filter))).collect())
    }

    /// A filter.
    pub fn filter(&self, id: u64) -> Result<Option<Filter>, Error> {
        self.kept(Shelf::Filter, &id.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(word: &str, whole: bool, text: &str) -> bool {
        Word { id: 1, text: word.into(), whole }.is_in(&prepared(text))
    }

    #[test]
    fn whole_words_end_where_letters_do() {
        for (word, text, whole, part) in [
            ("cat", "a Cat sat", true, true),
            ("cat", "concatenate", false, true),
            ("cat", "cat_fish", false, true),
            ("cat", "#cat!", true, true),
            ("CAT fish", "the cat fish", true, true),
            (":)", "a:)b", true, true),
            ("ñandú", "Un ÑANDÚ.", true, true),
            ("鳥", "白鳥", false, true),
            ("cat", "dog", false, false),
            ("", "anything", false, false),
        ] {
            assert_eq!(found(word, true, text), whole, "{word} whole in {text}");
            assert_eq!(found(word, false, text), part, "{word} in {text}");
        }
    }
}
