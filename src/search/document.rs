//! A post as it is looked for: its words in their places, its tags, and what it has and is.
//!
//! Whether a question holds of a post is said here, in plain words, once. An index only proposes: what it proposes is
//! held against this before anybody sees it, so that an index that is behind, or wrong, can miss a post but never show
//! one that does not belong.

use std::collections::BTreeSet;

use super::{
    query::{Clause, Query, What},
    words::{self, Word},
};
use crate::store::Said;

/// Places between two texts of a post, so that no phrase reaches from one into the next.
const GAP: u32 = 64;
/// Words of a post that are kept: the longest post in a script without spaces, and its alternative texts.
const WORDS: usize = 16_384;

/// What is known of a post to find it by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// When it was written, in milliseconds since 1970.
    pub time: u64,
    /// Its author's number.
    pub author: u32,
    /// Text, warning, alternative texts, options of a poll; sorted by place.
    pub words: Vec<Word>,
    /// Tags, folded.
    pub tags: BTreeSet<String>,
    /// What it has and is.
    pub flags: BTreeSet<&'static str>,
    /// Its language and what that is a kind of: `pt-br`, `pt`.
    pub languages: Vec<String>,
}

impl Document {
    /// A post.
    pub fn of(said: &Said) -> Self {
        let mut document = Self { time: said.time, author: said.author, ..Self::default() };
        let Some(content) = &said.content else {
            document.flags.insert("boost");
            return document;
        };
        document.flags.insert("post");
        let mut flag = |holds: bool, flag| holds.then(|| document.flags.insert(flag));
        flag(said.reply, "reply");
        flag(said.edited, "edited");
        flag(content.warning.is_some(), "warning");
        flag(!content.media.is_empty(), "media");
        flag(content.quote.is_some(), "quote");
        flag(content.text.contains("://"), "link");
        let options = options(content);
        flag(!options.is_empty(), "poll");
        let texts = [content.text.as_str(), content.warning.as_deref().unwrap_or_default()];
        let alts = content.media.iter().map(|media| media.alt.as_str());
        for text in texts.into_iter().chain(alts).chain(options.iter().map(String::as_str)) {
            document.add(text);
        }
        document.tags =
            content.tags.iter().map(|tag| words::fold(tag)).filter(|tag| !tag.is_empty()).collect();
        if let Some(language) = &content.language {
            let language = language.to_lowercase();
            let parents = language.match_indices('-').map(|(at, _)| language[..at].to_owned());
            document.languages = parents.chain([language.clone()]).collect();
        }
        document
    }

    /// A person: name, what they say of themselves.
    pub fn of_person(number: u32, profile: &starling_protocol::payload::Profile) -> Self {
        let mut document = Self { author: number, ..Self::default() };
        document.add(&profile.name);
        document.add(&profile.bio);
        for (name, value) in &profile.fields {
            document.add(name);
            document.add(value);
        }
        document
    }

    fn add(&mut self, text: &str) {
        let from = self.words.last().map_or(0, |word| word.place + GAP);
        let room = WORDS.saturating_sub(self.words.len());
        self.words.extend(
            words::kept(text).into_iter().take(room).map(|word| Word { place: word.place + from, ..word }),
        );
    }

    /// Whether a question holds. `from` says what author's number a written name means.
    pub fn answers(&self, query: &Query, from: &dyn Fn(&str) -> Option<u32>) -> bool {
        let boost = self.flags.contains("boost") && !query.wants_boosts();
        !boost && query.clauses.iter().all(|Clause { not, what }| self.holds(what, from) != *not)
    }

    fn holds(&self, what: &What, from: &dyn Fn(&str) -> Option<u32>) -> bool {
        match what {
            What::Words(words, open) => self.says(words, *open),
            What::Tag(tag) => self.tags.contains(tag),
            What::From(who) => from(who) == Some(self.author),
            What::During(when) => when.contains(&self.time),
            What::Flag(flag) => self.flags.contains(flag),
            What::Language(language) => self.languages.contains(language),
        }
    }

    /// Whether all of these words are in it, or such as begin like them.
    pub fn has_all(&self, words: &[(Word, bool)]) -> bool {
        words.iter().all(|(word, open)| self.says(std::slice::from_ref(word), *open))
    }

    fn says(&self, asked: &[Word], open: bool) -> bool {
        let Some((first, rest)) = asked.split_first() else { return true };
        let has = |place: u32, form: &str| {
            let from = self.words.partition_point(|word| word.place < place);
            let here = self.words[from..].iter().take_while(|word| word.place == place);
            here.into_iter().any(|word| word.form == form)
        };
        self.words.iter().any(|word| {
            let fits = if open { word.form.starts_with(&first.form) } else { word.form == first.form };
            fits && rest.iter().all(|next| has(word.place + next.place - first.place, &next.form))
        })
    }
}

/// The options of a poll that a post carries.
fn options(content: &starling_protocol::payload::Content) -> Vec<String> {
    content.poll().map(|poll| poll.options).unwrap_or_default()
}
