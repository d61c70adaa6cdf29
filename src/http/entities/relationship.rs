//! How this node's author stands to another.

use serde::Serialize;
use starling_protocol::{AuthorId, DeviceKey};

use super::{account, time::time};
use crate::{
    store::{
        self, Reader,
        kept::origin::{self, Made, Origin},
    },
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
    pub starling: Extra,
}

/// What only Starling says of it.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Extra {
    /// How it came that they are followed, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// How it came that somebody is followed: the person's own business, and on this node alone.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Followed {
    pub at: String,
    /// `hand`, `invite`, `welcome` or `device`, which is another of one's own; not there if an older version followed
    /// them, which noted nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<&'static str>,
    /// Through whom, for `hand`, if the program said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

/// Where somebody was come upon. Nothing says that it is still there.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Via {
    pub account: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Followed {
    fn of(reader: &Reader, followed: origin::Followed) -> Result<Self, store::Error> {
        let (how, via) = match followed.made {
            Made::Here(Origin::Hand(via)) => (Some("hand"), via),
            Made::Here(Origin::Invite) => (Some("invite"), None),
            Made::Here(Origin::Welcome) => (Some("welcome"), None),
            Made::Elsewhere => (Some("device"), None),
            Made::Unknown => (None, None),
        };
        let via = via.map(|via| {
            Ok::<_, store::Error>(Via {
                account: via.author.to_string(),
                name: account::called(reader, &via.author)?,
                status: via.post.map(|post| post.to_string()),
            })
        });
        Ok(Self { at: time(followed.at), how, via: via.transpose()? })
    }
}

impl Relationship {
    /// To `author`, of whom perhaps nothing is known, at `now` in milliseconds since 1970; `device` is ours.
    pub(in crate::http) fn to(
        reader: &Reader,
        author: &AuthorId,
        device: &DeviceKey,
        now: u64,
    ) -> Result<Self, store::Error> {
        let account = reader.brief(author)?;
        let is = |what: fn(&view::Account) -> bool| account.as_ref().is_some_and(what);
        let following = is(|account| account.followed);
        let like = reader.following_like(author)?;
        let mute = reader.mute(author, now)?;
        let followed = reader.followed(author, device)?;
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
            starling: Extra {
                followed: followed.map(|followed| Followed::of(reader, followed)).transpose()?,
            },
        })
    }
}
