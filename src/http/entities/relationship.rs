//! How this node's author stands to another.

use serde::Serialize;
use starling_protocol::AuthorId;

use super::time::time;
use crate::{
    store::{self, Reader},
    view,
};

/// Mastodon's Relationship. What Starling does not have is false: nobody is asked before they are followed, there are
/// no hosts, and who blocks us is not asked for.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Relationship {
    pub id: String,
    pub following: bool,
    pub showing_reblogs: bool,
    pub notifying: bool,
    pub languages: Option<Vec<String>>,
    pub followed_by: bool,
    pub blocking: bool,
    pub blocked_by: bool,
    pub muting: bool,
    pub muting_notifications: bool,
    pub muting_expires_at: Option<String>,
    pub requested: bool,
    pub requested_by: bool,
    pub domain_blocking: bool,
    pub endorsed: bool,
    pub note: String,
}

impl Relationship {
    /// To `author`, of whom perhaps nothing is known, at `now` in milliseconds since 1970.
    pub(in crate::http) fn to(reader: &Reader, author: &AuthorId, now: u64) -> Result<Self, store::Error> {
        let account = reader.account(author)?;
        let is = |what: fn(&view::Account) -> bool| account.as_ref().is_some_and(what);
        let following = is(|account| account.followed);
        let like = reader.following_like(author)?;
        let mute = reader.mute(author, now)?;
        Ok(Self {
            id: author.to_string(),
            following,
            showing_reblogs: following && like.boosts,
            notifying: following && like.notify,
            languages: Some(like.languages).filter(|languages| following && !languages.is_empty()),
            followed_by: is(|account| account.follows_me),
            blocking: is(|account| account.blocked),
            blocked_by: false,
            muting: mute.is_some(),
            muting_notifications: mute.is_some_and(|mute| mute.notifications),
            muting_expires_at: mute.and_then(|mute| mute.until).map(time),
            requested: false,
            requested_by: false,
            domain_blocking: false,
            endorsed: reader.endorsed(author)?,
            note: reader.note(author)?,
        })
    }
}
