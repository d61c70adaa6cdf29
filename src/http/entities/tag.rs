//! A tag.

use serde::Serialize;

use super::Dresser;
use crate::{
    http::html::encoded,
    store::{self, Reader, kept::Shelf},
};

/// Days of which the use of a tag is told, as Mastodon has it.
const DAYS: u64 = 7;

/// Mastodon's Tag.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Tag {
    pub id: String,
    pub name: String,
    pub url: String,
    /// What is counted here: posts that this node holds.
    pub history: Vec<Day>,
    pub following: bool,
    pub featuring: bool,
}

/// One day of a tag. Numbers are texts, as Mastodon has it.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Day {
    pub day: String,
    pub accounts: String,
    pub uses: String,
}

/// Mastodon's FeaturedTag.
#[derive(Debug, Serialize)]
pub(in crate::http) struct FeaturedTag {
    pub id: String,
    pub name: String,
    pub url: String,
    pub statuses_count: String,
    pub last_status_at: Option<String>,
}

impl Dresser<'_> {
    /// Where a tag's posts are found.
    pub(in crate::http) fn tag_url(&self, name: &str) -> String {
        format!("{}/tags/{}", self.base, encoded(name))
    }

    /// A tag, with how it was used until `now`.
    pub(in crate::http) fn tag(&self, reader: &Reader, name: &str, now: u64) -> Result<Tag, store::Error> {
        let day = |(day, uses, accounts): (u64, u64, usize)| Day {
            day: (day / 1000).to_string(),
            accounts: accounts.to_string(),
            uses: uses.to_string(),
        };
        Ok(Tag {
            id: store::tags::folded(name),
            name: name.to_owned(),
            url: self.tag_url(name),
            history: reader.tag_usage(name, now, DAYS)?.into_iter().map(day).collect(),
            following: reader.kept_tag(Shelf::FollowedTag, name)?.is_some(),
            featuring: reader.kept_tag(Shelf::FeaturedTag, name)?.is_some(),
        })
    }
}
