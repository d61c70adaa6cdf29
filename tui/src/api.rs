//! What of Mastodon's entities is shown here. Anything that a server leaves out has a default: servers differ, and a field
//! that is missing must not cost a timeline.
//!
//! The object `starling` is there on Starling's nodes only; what needs it is absent elsewhere.

pub mod node;

use std::{fmt, marker::PhantomData};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

/// Things that belong to a post or a person, or were found: more than any server has. Each takes a hundred times the bytes
/// that a server needs to send it.
const FEW: usize = 1_000;
/// Posts around a post: more than anybody reads.
const MANY: usize = 50_000;

/// An id: opaque, and compared for equality only.
pub type Id = String;

/// Somebody (Mastodon's Account).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Account {
    pub id: Id,
    pub username: String,
    pub acct: String,
    #[serde(deserialize_with = "or_default")]
    pub display_name: String,
    #[serde(deserialize_with = "or_default")]
    pub note: String,
    pub url: Option<String>,
    pub bot: bool,
    pub locked: bool,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub fields: Vec<Field>,
    pub followers_count: i64,
    pub following_count: i64,
    pub statuses_count: i64,
    pub starling: Option<AccountExtra>,
    /// What they say of themselves as plain text, found out when it is drawn first: it is drawn many times.
    #[serde(skip)]
    pub about: Once,
}

/// A row of a profile.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Field {
    pub name: String,
    pub value: String,
}

/// What only Starling says of an author.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AccountExtra {
    pub bio: String,
    pub fields: Vec<(String, String)>,
    pub entries: u64,
    /// Addresses where the author says that the feed is held.
    pub hints: Vec<String>,
    /// Logs of which two versions were signed.
    pub forked: Vec<serde_json::Value>,
    /// Whether the author said goodbye to this identity.
    pub retired: bool,
}

/// A post (Mastodon's Status).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Status {
    pub id: Id,
    pub account: Account,
    pub created_at: Option<Timestamp>,
    pub edited_at: Option<Timestamp>,
    pub content: String,
    pub spoiler_text: String,
    pub sensitive: bool,
    pub visibility: String,
    pub language: Option<String>,
    pub url: Option<String>,
    pub uri: String,
    pub in_reply_to_id: Option<Id>,
    pub reblog: Option<Box<Status>>,
    pub replies_count: u64,
    pub reblogs_count: u64,
    pub favourites_count: u64,
    #[serde(deserialize_with = "or_default")]
    pub favourited: bool,
    #[serde(deserialize_with = "or_default")]
    pub reblogged: bool,
    #[serde(deserialize_with = "or_default")]
    pub bookmarked: bool,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub media_attachments: Vec<Media>,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub mentions: Vec<Mention>,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub tags: Vec<Tag>,
    pub poll: Option<Poll>,
    #[serde(deserialize_with = "if_readable")]
    pub quote: Option<Box<Quote>>,
    pub starling: Option<StatusExtra>,
    /// What it says as plain text, found out when it is drawn first: it is drawn many times.
    #[serde(skip)]
    pub plain: Once,
}

/// Something that follows from the rest, and is found out once.
#[derive(Debug, Clone, Default)]
pub struct Once(pub std::sync::OnceLock<crate::text::DisplayText>);

impl PartialEq for Once {
    fn eq(&self, _: &Self) -> bool {
        true // it adds nothing
    }
}

/// What only Starling says of a post.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StatusExtra {
    pub entry: String,
    pub device: String,
    pub kind: String,
    pub source: String,
    pub visibility: String,
    pub time_doubted: bool,
    pub received_at: Option<Timestamp>,
    pub delivery: Option<Delivery>,
}

/// Where a post that was just written is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Delivery {
    pub stored: bool,
    /// Peers that it was sent to.
    pub peers: usize,
    /// Those of them that say that they have stored it.
    pub held: usize,
}

/// A file of a post.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Media {
    pub id: Id,
    #[serde(rename = "type")]
    pub kind: String,
    pub url: Option<String>,
    pub preview_url: Option<String>,
    pub description: Option<String>,
}

/// What a post quotes. Mastodon's has a state and may have the post; servers before it put the post itself here.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Quote {
    #[serde(deserialize_with = "or_default")]
    pub state: String,
    pub quoted_status: Option<Status>,
    pub quoted_status_id: Option<Id>,
}

/// How a post read at some time (Mastodon's StatusEdit).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Edit {
    pub created_at: Option<Timestamp>,
    pub content: String,
    pub spoiler_text: String,
    pub starling: Option<EditExtra>,
    /// What it says as plain text, likewise.
    #[serde(skip)]
    pub plain: Once,
}

/// What only Starling says of a version.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct EditExtra {
    pub source: String,
}

/// A list of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct List {
    pub id: Id,
    pub title: String,
}

/// How far somebody read on a timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Marker {
    pub last_read_id: Id,
    pub updated_at: Option<Timestamp>,
}

/// A question with answers to choose from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Poll {
    pub id: Id,
    pub expired: bool,
    pub multiple: bool,
    pub votes_count: u64,
    pub expires_at: Option<Timestamp>,
    pub voted: Option<bool>,
    pub own_votes: Option<Vec<usize>>,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub options: Vec<PollOption>,
}

/// One answer of a poll.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PollOption {
    pub title: String,
    pub votes_count: Option<u64>,
}

/// What a post answers and what answers it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Context {
    #[serde(deserialize_with = "at_most::<MANY, _, _>")]
    pub ancestors: Vec<Status>,
    #[serde(deserialize_with = "at_most::<MANY, _, _>")]
    pub descendants: Vec<Status>,
    /// Posts of the thread that were erased. Not Mastodon's: it says nothing of what is not there.
    #[serde(skip)]
    pub erased: Vec<Id>,
}

/// Something that concerns the reader.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Notification {
    pub id: Id,
    #[serde(rename = "type")]
    pub kind: String,
    pub created_at: Option<Timestamp>,
    pub account: Account,
    pub status: Option<Status>,
}

/// How the reader stands to somebody.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Relationship {
    pub id: Id,
    pub following: bool,
    pub followed_by: bool,
    pub requested: bool,
    pub blocking: bool,
    pub muting: bool,
    pub muting_notifications: bool,
    pub muting_expires_at: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub notifying: bool,
    #[serde(deserialize_with = "or_default")]
    pub note: String,
    /// What only Starling's nodes tell.
    #[serde(deserialize_with = "or_default")]
    pub starling: RelationExtra,
}

/// What only Starling's nodes tell of how the reader stands to somebody.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RelationExtra {
    /// How it came that they are followed.
    pub followed: Option<Followed>,
}

/// How it came that somebody is followed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Followed {
    pub at: Option<Timestamp>,
    /// `hand`, `invite`, `welcome` or `device`.
    pub how: Option<String>,
    pub via: Option<Via>,
}

/// Through whom.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Via {
    pub account: Id,
    pub name: String,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Found {
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub accounts: Vec<Account>,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub statuses: Vec<Status>,
    #[serde(deserialize_with = "at_most::<FEW, _, _>")]
    pub hashtags: Vec<Tag>,
}

/// A tag, and where its posts are.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Tag {
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub url: String,
}

/// Somebody who is named in a post.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Mention {
    pub id: Id,
    pub acct: String,
    pub url: Option<String>,
}

/// The text of a post to be written again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Source {
    pub id: Id,
    pub text: String,
    pub spoiler_text: String,
}

/// How the node is doing: `GET /api/starling/v1/status`, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    pub network: bool,
    pub peers: usize,
    pub syncing: usize,
    pub waiting: u64,
    /// Own posts of this run of which no peer says yet that it has stored them.
    pub unheld: usize,
    pub guarded: bool,
    pub guarded_because: Option<String>,
    pub disk_low: bool,
    /// How far the server's clock is ahead of ours, in seconds. Not from the answer: from its `Date`.
    #[serde(skip)]
    pub ahead: Option<i64>,
}

/// Why a server did not do it (Mastodon's Error), with what Starling adds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Failure {
    pub error: String,
    pub hint: Option<String>,
}

impl Status {
    /// The post that is quoted, if it is here.
    pub fn quoted(&self) -> Option<&Status> {
        self.quote.as_ref()?.quoted_status.as_ref()
    }

    /// The post that is meant: what a boost passes on, or the post itself.
    pub fn inner(&self) -> &Status {
        self.reblog.as_deref().unwrap_or(self)
    }

    /// How an answer to it begins. Elsewhere only those are told who are named in it; a node of Starling tells the author
    /// of what is answered anyway, and an id of 64 characters helps no reader.
    pub fn addressed(&self, own: bool) -> String {
        if own || self.starling.is_some() { String::new() } else { format!("@{} ", self.account.acct) }
    }
}

/// `null` where a value belongs is the same as none.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The first of a list, so many at most. The rest is passed over.
fn at_most<'de, const MOST: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    struct First<const MOST: usize, T>(PhantomData<T>);

    impl<'de, const MOST: usize, T: Deserialize<'de>> Visitor<'de> for First<MOST, T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut first = Vec::new();
            while first.len() < MOST {
                let Some(next) = list.next_element()? else { return Ok(first) };
                first.push(next);
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }
    }

    from.deserialize_seq(First::<MOST, T>(PhantomData))
}

/// What cannot be read is none: servers are not of one mind about its form.
fn if_readable<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_leaves_out_has_a_default() {
        let status: Status =
            serde_json::from_str(r#"{"id": "1", "favourited": null, "account": {"id": "2"}, "new": []}"#)
                .unwrap();
        assert_eq!((status.id.as_str(), status.account.id.as_str(), status.favourited), ("1", "2", false));
        assert_eq!(status.inner().id, "1");
    }

    #[test]
    fn of_long_lists_the_beginning_is_read() {
        let list = |count: usize| format!("[{}{{}}]", "{},".repeat(count - 1));
        let json =
            format!(r#"{{"ancestors": {}, "descendants": [{{"tags": {}}}]}}"#, list(MANY + 9), list(FEW + 9));
        let context: Context = serde_json::from_str(&json).unwrap();
        assert_eq!(context.ancestors.len(), MANY);
        assert_eq!((context.descendants.len(), context.descendants[0].tags.len()), (1, FEW));
        assert!(serde_json::from_str::<Context>(r#"{"ancestors": 7}"#).is_err());
    }

    #[test]
    fn an_answer_names_its_author_where_nobody_would_be_told_otherwise() {
        let account = Account { acct: "bob@example.org".into(), ..Account::default() };
        let status = Status { account, ..Status::default() };
        assert_eq!(
            (status.addressed(false), status.addressed(true)),
            ("@bob@example.org ".into(), String::new())
        );
        let ours = Status { starling: Some(StatusExtra::default()), ..status };
        assert_eq!(ours.addressed(false), "");
    }
}
