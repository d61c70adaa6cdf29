//! What the node answers, as far as the command line looks at it.

use serde::{Deserialize, Serialize};

/// A post or boost.
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    pub id: String,
    pub created_at: String,
    #[serde(default)]
    pub edited_at: Option<String>,
    #[serde(default)]
    pub in_reply_to_id: Option<String>,
    #[serde(default)]
    pub spoiler_text: String,
    #[serde(default)]
    pub language: Option<String>,
    pub account: Account,
    #[serde(default)]
    pub reblog: Option<Box<Status>>,
    #[serde(default)]
    pub replies_count: u64,
    #[serde(default)]
    pub reblogs_count: u64,
    #[serde(default)]
    pub favourites_count: u64,
    #[serde(default)]
    pub media_attachments: Vec<Media>,
    #[serde(default)]
    pub poll: Option<Poll>,
    #[serde(default)]
    pub starling: Extra,
}

/// A poll that goes with a post.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Poll {
    pub expires_at: String,
    pub expired: bool,
    pub multiple: bool,
    pub voters_count: u64,
    pub options: Vec<Choice>,
    pub own_votes: Vec<usize>,
}

/// An answer of a poll.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Choice {
    pub title: String,
    pub votes_count: Option<u64>,
}

/// A file that a post shows.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Media {
    #[serde(rename = "type")]
    pub kind: String,
    pub url: Option<String>,
    pub description: Option<String>,
}

/// What Mastodon's entity has no word for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Extra {
    pub kind: String,
    pub device: String,
    pub source: Option<String>,
    pub visibility: String,
    pub time_doubted: bool,
    pub delivery: Option<Delivery>,
}

/// What became of a new entry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Delivery {
    pub peers: u64,
}

/// An author.
#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    pub id: String,
    #[serde(default)]
    pub display_name: String,
    #[serde(default)]
    pub followers_count: u64,
    #[serde(default)]
    pub following_count: u64,
    #[serde(default)]
    pub statuses_count: u64,
    #[serde(default)]
    pub starling: AccountExtra,
}

/// What Mastodon's entity has no word for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AccountExtra {
    pub bio: String,
    pub fields: Vec<(String, String)>,
    pub followed: bool,
    pub follows_me: bool,
    pub blocked: bool,
    pub forked: Vec<serde_json::Value>,
    pub retired: bool,
}

/// How one stands to an author.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Relationship {
    pub id: String,
    pub following: bool,
    pub followed_by: bool,
    pub blocking: bool,
    pub starling: RelationshipExtra,
}

/// What Mastodon's entity has no word for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RelationshipExtra {
    pub followed: Option<Followed>,
}

/// How it came that somebody is followed.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Followed {
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

/// Where somebody was come upon.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Via {
    pub account: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Who is meant.
#[derive(Debug, Clone, Deserialize)]
pub struct Resolved {
    pub author: String,
}

/// One place in a thread.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    #[serde(default)]
    pub depth: usize,
    pub state: String,
    #[serde(default)]
    pub status: Option<Status>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub author: Option<String>,
}

/// Who the node is.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Identity {
    pub author: String,
    pub device: String,
    pub peer_id: String,
    #[serde(default)]
    pub devices: Vec<String>,
    #[serde(default)]
    pub removed: Vec<String>,
    #[serde(default)]
    pub epoch: u32,
}
