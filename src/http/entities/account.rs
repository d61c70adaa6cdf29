//! An author.

use serde::Serialize;
use serde_json::{Value, json};
use starling_protocol::{AuthorId, DeviceKey};

use super::{
    Dresser,
    time::{day, time},
};
use crate::{
    blobs::{Hash, hex},
    http::html,
    store::{self, Reader, kept::Shelf},
    view,
};

/// Mastodon's Account. Names are not unique, so `username` and `acct` are the author id.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Account {
    pub id: String,
    pub username: String,
    pub acct: String,
    pub url: String,
    pub uri: String,
    pub display_name: String,
    pub note: String,
    pub avatar: String,
    pub avatar_static: String,
    pub header: String,
    pub header_static: String,
    pub locked: bool,
    pub fields: Vec<Field>,
    pub emojis: [Value; 0],
    pub bot: bool,
    pub group: bool,
    pub discoverable: bool,
    pub indexable: bool,
    pub noindex: bool,
    /// Whom somebody follows can be read by all who hold their feed: nobody hides it.
    pub hide_collections: bool,
    pub roles: [Value; 0],
    pub created_at: String,
    pub last_status_at: Option<String>,
    pub statuses_count: u64,
    pub followers_count: u64,
    pub following_count: u64,
    pub starling: Extra,
}

/// A name and a value of a profile.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Field {
    pub name: String,
    pub value: String,
    pub verified_at: Option<String>,
}

/// What only Starling says of an author.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Extra {
    pub author: Option<AuthorText>,
    /// Plain text of `note`.
    pub bio: String,
    /// Plain text of `fields`.
    pub fields: Vec<(String, String)>,
    /// Addresses where the author says that the feed is held.
    pub hints: Vec<String>,
    /// Entries held.
    pub entries: u64,
    /// Logs that are frozen by a fork: the device signed two versions of a place.
    pub forked: Vec<Forked>,
    pub retired: bool,
    pub followed: bool,
    pub follows_me: bool,
    pub blocked: bool,
}

type AuthorText = String;

/// A frozen log.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Forked {
    pub device: String,
    pub log: u8,
    pub seq: u64,
}

impl From<&(DeviceKey, u8, u64)> for Forked {
    fn from((device, log, seq): &(DeviceKey, u8, u64)) -> Self {
        Self { device: device.to_string(), log: *log, seq: *seq }
    }
}

/// The short form of an author id, for those who have no name.
pub(in crate::http) fn short(author: &AuthorId) -> String {
    author.to_string().chars().take(13).collect()
}

/// What an author is called: by the name that they gave themselves, if that is known.
pub(in crate::http) fn called(reader: &Reader, author: &AuthorId) -> Result<String, store::Error> {
    let name = reader.brief(author)?.map(|account| account.profile.name);
    Ok(name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| short(author)))
}

/// Where an author is, for programs that follow links.
pub(in crate::http) fn uri(author: &AuthorId) -> String {
    format!("starling:{author}")
}

impl Dresser<'_> {
    /// Where an author is shown to people.
    pub(in crate::http) fn account_url(&self, author: &AuthorId) -> String {
        format!("{}/@{author}", self.base)
    }

    /// An author. One of whom only the id is known has no name yet.
    pub(in crate::http) fn account(&self, account: &view::Account) -> Account {
        let id = account.author.map(|author| author.to_string()).unwrap_or_default();
        let uri = account.author.as_ref().map(uri).unwrap_or_default();
        let profile = &account.profile;
        let name = profile.name.trim();
        let avatar = self.portrait(profile.avatar);
        let avatar = avatar.unwrap_or_else(|| format!("{}/avatars/{id}.png", self.base));
        let header = self.portrait(profile.header);
        let header = header.unwrap_or_else(|| format!("{}/headers/{id}.png", self.base));
        let field = |(name, value): &(String, String)| {
            let mut html = String::new();
            html::escape(value, &mut html);
            Field { name: name.clone(), value: html, verified_at: None }
        };
        Account {
            username: id.clone(),
            acct: id.clone(),
            url: account.author.as_ref().map(|author| self.account_url(author)).unwrap_or_default(),
            uri,
            display_name: match (&account.author, name) {
                (Some(author), "") => short(author),
                _ => name.to_owned(),
            },
            note: html::paragraphs(&profile.bio),
            avatar_static: avatar.clone(),
            avatar,
            header_static: header.clone(),
            header,
            locked: false,
            fields: profile.fields.iter().map(field).collect(),
            emojis: [],
            bot: false,
            group: false,
            discoverable: true,
            indexable: false,
            noindex: true,
            hide_collections: false,
            roles: [],
            created_at: time(account.first_seen),
            last_status_at: account.last_post_at.map(day),
            statuses_count: account.posts,
            followers_count: account.followers,
            following_count: account.following,
            starling: Extra {
                author: account.author.map(|author| author.to_string()),
                bio: profile.bio.clone(),
                fields: profile.fields.clone(),
                hints: profile.hints.clone(),
                entries: account.entries,
                forked: account.forked.iter().map(Forked::from).collect(),
                retired: account.retired,
                followed: account.followed,
                follows_me: account.follows_me,
                blocked: account.blocked,
            },
            id,
        }
    }

    /// Where a picture of a profile is, if it is here: until it is, the drawn one is shown.
    fn portrait(&self, hash: Option<Hash>) -> Option<String> {
        let (hash, reader) = (hash?, self.reader?);
        // A store that fails says so where the account itself is read.
        let held = reader.keeps(Shelf::Blob, &hash).unwrap_or(false);
        held.then(|| format!("{}/media/{}", self.base, hex(&hash)))
    }

    /// This node's own author, with what only they see.
    pub(in crate::http) fn credentials(&self, account: &view::Account) -> CredentialAccount {
        let fields: Vec<_> = account
            .profile
            .fields
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value, "verified_at": null }))
            .collect();
        let posting = self.reader.and_then(|reader| reader.posting().ok()).unwrap_or_default();
        let source = json!({
            "privacy": posting.visibility,
            "sensitive": posting.sensitive,
            "language": posting.language,
            "note": account.profile.bio,
            "fields": fields,
            "follow_requests_count": 0,
            "hide_collections": false,
            "discoverable": true,
            "indexable": false,
            "attribution_domains": [],
            "quote_policy": "public",
        });
        let role = json!({
            "id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": false,
        });
        CredentialAccount { account: self.account(account), source, role }
    }
}

/// Mastodon's CredentialAccount.
#[derive(Debug, Serialize)]
pub(in crate::http) struct CredentialAccount {
    #[serde(flatten)]
    pub account: Account,
    pub source: Value,
    pub role: Value,
}
