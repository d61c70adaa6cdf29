//! How this node's author stands to another.

use serde::Serialize;
use starling_protocol::AuthorId;

use crate::view;

/// Mastodon's Relationship. What Starling does not have is false.
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
    pub requested: bool,
    pub requested_by: bool,
    pub domain_blocking: bool,
    pub endorsed: bool,
    pub note: String,
}

impl Relationship {
    /// To `author`, of whom perhaps nothing is known.
    pub(in crate::http) fn new(author: &AuthorId, account: Option<&view::Account>) -> Self {
        let is = |what: fn(&view::Account) -> bool| account.is_some_and(what);
        let following = is(|account| account.followed);
        Self {
            id: author.to_string(),
            following,
            showing_reblogs: following,
            notifying: false,
            languages: None,
            followed_by: is(|account| account.follows_me),
            blocking: is(|account| account.blocked),
            blocked_by: false,
            muting: false,
            muting_notifications: false,
            requested: false,
            requested_by: false,
            domain_blocking: false,
            endorsed: false,
            note: String::new(),
        }
    }
}
