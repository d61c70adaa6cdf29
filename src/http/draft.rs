//! What a caller writes, made into what can be signed.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use starling_protocol::{
    AuthorId, limits,
    payload::{Content, Link, Visibility},
};

use super::{error::Error, media};
use crate::store::{Reader, kept::settings::Posting};

/// Mastodon's parameters of a post; those that are not here mean nothing to Starling.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Draft {
    status: Option<String>,
    pub in_reply_to_id: Option<EntryIdText>,
    spoiler_text: Option<String>,
    language: Option<String>,
    visibility: Option<String>,
    #[serde(default, deserialize_with = "switch")]
    local_only: bool,
    pub quoted_status_id: Option<EntryIdText>,
    media_ids: Option<Vec<Value>>,
    #[serde(default)]
    media_attributes: Vec<MediaAttributes>,
    #[serde(default, deserialize_with = "maybe_switch")]
    sensitive: Option<bool>,
    pub poll: Option<Value>,
    scheduled_at: Option<String>,
}

/// What is said anew of a file that a post shows.
#[derive(Debug, Deserialize)]
struct MediaAttributes {
    id: Value,
    description: Option<String>,
    focus: Option<String>,
}

/// An entry by its whole id, or its beginning.
pub(super) type EntryIdText = String;

impl Draft {
    /// Writes what is given over `content`; the rest of it stays, as an edit needs it.
    pub(super) fn apply(&self, content: &mut Content) -> Result<(), Error> {
        if let Some(text) = &self.status {
            content.mentions = mentions(text);
            content.tags = tags(text);
            content.text = text.clone();
        }
        if let Some(warning) = &self.spoiler_text {
            content.warning = Some(warning.clone()).filter(|warning| !warning.trim().is_empty());
        }
        if let Some(language) = &self.language {
            content.language = language_tag(language)?;
        }
        if let Some(visibility) = &self.visibility {
            content.visibility = visibility_of(visibility)?;
        }
        if self.local_only {
            content.visibility = Visibility::Local;
        }
        Ok(())
    }

    /// When it is to be published, if not now.
    pub(super) fn scheduled_at(&self) -> Option<&str> {
        self.scheduled_at.as_deref().filter(|at| !at.is_empty())
    }

    /// Takes what is settled for all posts where nothing else is said.
    pub(super) fn or(mut self, posting: &Posting) -> Self {
        let said = |word: &Option<String>| word.as_ref().is_some_and(|word| !word.is_empty());
        if !said(&self.visibility) {
            self.visibility = Some(posting.visibility.clone());
        }
        if self.language.is_none() {
            self.language.clone_from(&posting.language);
        }
        self
    }

    /// Writes which files are shown over `content`, and what is said of them; those that it shows stay if nothing is
    /// said.
    pub(super) fn show_files(&self, reader: &Reader, content: &mut Content) -> Result<(), Error> {
        let mut focus = content.focus();
        focus.resize(content.media.len(), None);
        if let Some(ids) = &self.media_ids {
            if ids.len() > limits::MEDIA {
                return Err(Error::Invalid(format!("media_ids may have {}", limits::MEDIA)));
            }
            let (shown, points) = (std::mem::take(&mut content.media), std::mem::take(&mut focus));
            for id in ids {
                let (media, point) = media::named(reader, &id_text(id)?, &shown)?;
                let before = shown.iter().position(|held| held.blob == media.blob);
                if content.media.iter().any(|held| held.blob == media.blob) {
                    return Err(Error::Invalid("media_ids names a file twice".into()));
                }
                focus.push(point.or_else(|| points.get(before?).copied().flatten()));
                content.media.push(media);
            }
        }
        for said in &self.media_attributes {
            let (meant, _) = media::named(reader, &id_text(&said.id)?, &content.media)?;
            let Some(at) = content.media.iter().position(|held| held.blob == meant.blob) else {
                return Err(Error::Invalid("media_attributes names a file that is not shown".into()));
            };
            if let Some(alt) = &said.description {
                content.media[at].alt = media::description(alt)?;
            }
            if let Some(point) = said.focus.as_deref().filter(|point| !point.is_empty()) {
                focus[at] = Some(media::focus(point)?);
            }
        }
        content.set_focus(&focus);
        if let Some(sensitive) = self.sensitive {
            content.set_sensitive(sensitive);
        }
        Ok(())
    }

    /// As [`Draft::apply`], for something new.
    pub(super) fn content(&self, quote: Option<Link>) -> Result<Content, Error> {
        let mut content = Content { quote, ..Content::default() };
        self.apply(&mut content)?;
        Ok(content)
    }
}

/// An id as clients write it: a text, or a number.
fn id_text(id: &Value) -> Result<String, Error> {
    match id {
        Value::String(id) => Ok(id.clone()),
        Value::Number(id) => Ok(id.to_string()),
        _ => Err(Error::Invalid("the id of a file is a text".into())),
    }
}

/// A switch that may not be there.
fn maybe_switch<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    switch(from).map(Some)
}

/// True or false, as JSON or as a form says it.
pub(super) fn switch<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match Value::deserialize(from)? {
        Value::Bool(on) => Ok(on),
        Value::Null => Ok(false),
        Value::String(text) if matches!(text.as_str(), "true" | "1") => Ok(true),
        Value::String(text) if matches!(text.as_str(), "false" | "0" | "") => Ok(false),
        _ => Err(serde::de::Error::custom("a switch is true or false")),
    }
}

/// The id, if it is one: clients send an empty one for none.
pub(super) fn given(id: &Option<EntryIdText>) -> Option<&str> {
    id.as_deref().filter(|id| !id.is_empty())
}

pub(super) fn visibility_of(word: &str) -> Result<Visibility, Error> {
    match word {
        "public" | "" => Ok(Visibility::Public),
        "unlisted" => Ok(Visibility::Unlisted),
        "local" => Ok(Visibility::Local),
        // Whoever asks for a secret must not get a public post.
        "private" | "direct" => Err(Error::Invalid(format!(
            "visibility \"{word}\" is not supported: every post can be read by all who hold it"
        ))),
        _ => Err(Error::Invalid("visibility is public, unlisted or local".into())),
    }
}

/// A tag in the form of BCP 47 (RFC 5646 §2.1); whether it is registered is not asked.
pub(super) fn language_tag(tag: &str) -> Result<Option<String>, Error> {
    if tag.is_empty() {
        return Ok(None);
    }
    let subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let primary = tag.split('-').next().unwrap_or_default();
    let good = tag.len() <= limits::LANGUAGE_BYTES
        && tag.split('-').all(subtag)
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
    if good { Ok(Some(tag.to_owned())) } else { Err(Error::Invalid("language is not a BCP 47 tag".into())) }
}

/// Authors that a text names as `@star1…`, each once.
fn mentions(text: &str) -> Vec<AuthorId> {
    let mut mentions = Vec::new();
    for (word, _) in marked(text, '@') {
        if let Ok(author) = word.parse::<AuthorId>()
            && !mentions.contains(&author)
        {
            mentions.push(author);
        }
    }
    mentions.truncate(limits::MENTIONS);
    mentions
}

/// Whether a word can be a tag.
pub(super) fn is_tag(word: &str) -> bool {
    let named = word.chars().any(|c| !c.is_ascii_digit() && c != '_');
    named && word.chars().all(in_word) && word.chars().count() <= limits::TAG_CHARS
}

/// Words that a text marks as `#word`, each once whatever its case, in the first one's spelling.
fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (word, before) in marked(text, '#') {
        // `/#part` and `&#39;` are not tags.
        let free = !before.is_some_and(|c| c == '/' || c == '&');
        let known = || tags.iter().any(|tag| tag.to_lowercase() == word.to_lowercase());
        if is_tag(word) && free && !known() {
            tags.push(word.to_owned());
        }
    }
    tags.truncate(limits::TAGS);
    tags
}

/// The words right behind a mark that is not inside a word, and what stands before the mark.
fn marked(text: &str, mark: char) -> impl Iterator<Item = (&str, Option<char>)> {
    text.match_indices(mark).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + mark.len_utf8()..];
        let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let free = !before.is_some_and(|c| in_word(c) || c == mark);
        (free && end > 0).then(|| (&rest[..end], before))
    })
}

/// Letters and digits of any script, with the marks that belong to them.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(json: &str) -> Draft {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn names_and_tags_are_found_in_the_text() {
        let author = AuthorId::new([7; 32]);
        let text = format!(
            "@{author} and @{author}, see #Rust #rust #2026 #été #हिन्दी (#p2p) http://x/#part a#b ##c &#39; #\nmail@{author}"
        );
        let content = Draft { status: Some(text), ..Draft::default() }.content(None).unwrap();
        assert_eq!(content.mentions, [author]);
        assert_eq!(content.tags, ["Rust", "été", "हिन्दी", "p2p"]);
    }

    #[test]
    fn names_and_tags_stay_within_their_limits() {
        let many: String = (0..200).map(|n| format!("#tag{n} ")).collect();
        assert_eq!(tags(&many).len(), limits::TAGS);
        assert_eq!(tags(&format!("#{}", "x".repeat(limits::TAG_CHARS + 1))), Vec::<String>::new());
        let many: String = (0..50).map(|n| format!("@{} ", AuthorId::new([n; 32]))).collect();
        assert_eq!(mentions(&many).len(), limits::MENTIONS);
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for json in [
            r#"{"status": "x", "visibility": "private"}"#,
            r#"{"status": "x", "visibility": "direct"}"#,
            r#"{"status": "x", "visibility": "everyone"}"#,
            r#"{"status": "x", "language": "not a tag"}"#,
            r#"{"status": "x", "language": "1234"}"#,
        ] {
            assert!(matches!(draft(json).content(None), Err(Error::Invalid(_))), "{json}");
        }
    }

    #[test]
    fn an_edit_changes_only_what_it_names() {
        let mut content = draft(
            r#"{"status": "one #a", "spoiler_text": "careful", "language": "gn", "visibility": "local"}"#,
        )
        .content(None)
        .unwrap();
        assert_eq!(content.visibility, Visibility::Local);
        draft(r#"{"status": "two #b", "poll": null, "media_ids": []}"#).apply(&mut content).unwrap();
        assert_eq!((content.text.as_str(), content.tags.as_slice()), ("two #b", &["b".to_owned()][..]));
        assert_eq!(content.warning.as_deref(), Some("careful"));
        assert_eq!(content.language.as_deref(), Some("gn"));
        assert_eq!(content.visibility, Visibility::Local);
        draft(r#"{"spoiler_text": "", "language": ""}"#).apply(&mut content).unwrap();
        assert_eq!((content.warning, content.language), (None, None));
    }
}
