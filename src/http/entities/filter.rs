//! Filters, and what they found in a post.

use serde::Serialize;
use serde_json::{Value, json};

use super::time::time;
use crate::store::kept::{
    filters::{Action, Filter as Row, Place, Word},
    own::Match,
};

/// Mastodon's Filter (version 2).
#[derive(Debug, Serialize)]
pub(in crate::http) struct Filter {
    pub id: String,
    pub title: String,
    pub context: Vec<Place>,
    pub expires_at: Option<String>,
    pub filter_action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<Vec<Keyword>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<Value>>,
}

/// Mastodon's FilterKeyword.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Keyword {
    pub id: String,
    pub keyword: String,
    pub whole_word: bool,
}

/// Mastodon's FilterResult.
#[derive(Debug, Serialize)]
pub(in crate::http) struct FilterResult {
    pub filter: Filter,
    pub keyword_matches: Option<Vec<String>>,
    pub status_matches: Option<Vec<String>>,
}

impl From<&Word> for Keyword {
    fn from(word: &Word) -> Self {
        Self { id: word.id.to_string(), keyword: word.text.clone(), whole_word: word.whole }
    }
}

impl Filter {
    /// A filter by itself, as posts name it.
    pub(in crate::http) fn brief(id: u64, row: &Row) -> Self {
        Self {
            id: id.to_string(),
            title: row.title.clone(),
            context: row.places.clone(),
            expires_at: row.until.map(time),
            filter_action: row.action,
            keywords: None,
            statuses: None,
        }
    }

    /// A filter with all that it looks for.
    pub(in crate::http) fn whole(id: u64, row: &Row) -> Self {
        let status = |(id, post): &(u64, starling_protocol::EntryId)| json!({ "id": id.to_string(), "status_id": post.to_string() });
        Self {
            keywords: Some(row.words.iter().map(Keyword::from).collect()),
            statuses: Some(row.posts.iter().map(status).collect()),
            ..Self::brief(id, row)
        }
    }
}

impl From<&Match<'_>> for FilterResult {
    fn from(found: &Match<'_>) -> Self {
        let words: Vec<String> = found.words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            filter: Filter::brief(found.id, found.filter),
            keyword_matches: Some(words).filter(|words| !words.is_empty()),
            status_matches: found.named.map(|id| vec![id.to_string()]),
        }
    }
}
