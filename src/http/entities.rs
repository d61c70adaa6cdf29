//! The answers' shapes: Mastodon's entities, filled from what readers of the store are shown.
//!
//! Field names and types are Mastodon's (4.5), complete enough for clients that decode strictly.
//! What only Starling has to say is in one more object, `starling`. Texts are the author's own
//! characters: JSON carries them as data, and `content` and `note` escape them for HTML.

mod account;
mod context;
mod filter;
mod media;
mod notification;
mod poll;
mod relationship;
mod status;
mod tag;
mod time;

pub(super) use account::{Account, CredentialAccount};
pub(super) use context::{Context, Place};
pub(super) use filter::{Filter, FilterResult, Keyword};
pub(super) use media::MediaAttachment;
pub(super) use notification::{Notification, group_key, is_grouped};
pub(super) use relationship::Relationship;
pub(super) use status::Status;
pub(super) use tag::{FeaturedTag, Tag};
pub(super) use time::{day, time};

use crate::store::{self, Reader};

/// What is needed to dress something up: where the door is, as the caller knows it, and the store
/// for what is quoted.
pub(super) struct Dresser<'a> {
    /// `http://host:port`, without a slash at the end.
    pub base: &'a str,
    /// A snapshot for quoted posts.
    pub reader: Option<&'a Reader>,
}

impl Dresser<'_> {
    /// A quoted post, if it is held and may be shown.
    fn quoted(&self, id: &starling_protocol::EntryId) -> Result<Option<crate::view::Post>, store::Error> {
        self.reader.map_or(Ok(None), |reader| reader.post(id))
    }
}

#[cfg(test)]
mod tests;
