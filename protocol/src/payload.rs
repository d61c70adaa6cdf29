//! What an entry says: `[salt: 16 bytes, kind: text, body: list]`.
//!
//! The kinds of this version are the variants of [`Body`]. A body of another kind, or one that this
//! version cannot read, is carried as it is ([`Body::Unknown`]); if its first item is a text, that
//! is what readers are shown. So a newer node's post passes through an older one unharmed, and what
//! is in a log never depends on who looks.

pub mod additions;
pub mod poll;
mod wire;

#[cfg(test)]
pub(crate) use wire::assert_read_alike;

use ciborium::value::Value;

use crate::{
    cbor,
    id::{AuthorId, EntryId},
    limits,
};

/// Another author's entry, and whose it is, so that a reader knows which feed holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link {
    /// Whose entry.
    pub author: AuthorId,
    /// Which.
    pub id: EntryId,
}

/// Who a post is meant for. Logs are readable by everyone who holds them: this says how far
/// software may carry it, it hides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Visibility {
    /// 0: everyone, everywhere.
    #[default]
    Public,
    /// 1: everyone, but not on timelines of strangers.
    Unlisted,
    /// 2: never leaves by a bridge.
    Local,
}

/// A file that a post shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// BLAKE3 of the file.
    pub blob: [u8; 32],
    /// Media type (RFC 6838), such as `image/png`.
    pub mime: String,
    /// Bytes.
    pub size: u64,
    /// Pixels across and down; 0 where it has none.
    pub dimensions: (u32, u32),
    /// Blurhash, or empty.
    pub blurhash: String,
    /// Text for those who do not see it.
    pub alt: String,
}

/// A named addition that older software carries and ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Bytes that those who know the name understand.
    pub value: Vec<u8>,
}

/// What a post, reply or edit says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Plain text, at most [`limits::TEXT_CHARS`].
    pub text: String,
    /// Content warning: what readers see first.
    pub warning: Option<String>,
    /// BCP-47 tag.
    pub language: Option<String>,
    /// How far it may be carried.
    pub visibility: Visibility,
    /// People it speaks to.
    pub mentions: Vec<AuthorId>,
    /// Tags, without `#`.
    pub tags: Vec<String>,
    /// Files it shows.
    pub media: Vec<Media>,
    /// A post that it quotes.
    pub quote: Option<Link>,
    /// Additions, in the order of their names.
    pub extensions: Vec<Extension>,
}

/// How an author wants to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Display name.
    pub name: String,
    /// A few words.
    pub bio: String,
    /// Name and value pairs.
    pub fields: Vec<(String, String)>,
    /// Picture, as a blob.
    pub avatar: Option<[u8; 32]>,
    /// Banner, as a blob.
    pub header: Option<[u8; 32]>,
    /// Multiaddrs of nodes that hold this feed.
    pub hints: Vec<String>,
    /// Additions, in the order of their names.
    pub extensions: Vec<Extension>,
}

/// What an entry says, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `post`: something new.
    Post(Content),
    /// `reply`: in a thread.
    Reply {
        /// The post that began the thread.
        root: Link,
        /// The post that is answered.
        parent: Link,
        /// What it says.
        content: Content,
    },
    /// `edit`: an own post or reply says this now.
    Edit {
        /// The entry that began it, not an earlier edit.
        replaces: EntryId,
        /// What it says now.
        content: Content,
    },
    /// `delete`: own entries that are to be erased.
    Delete(Vec<EntryId>),
    /// `boost`: passed on.
    Boost(Link),
    /// `like`: liked.
    Like(Link),
    /// `follow`.
    Follow(AuthorId),
    /// `unfollow`.
    Unfollow(AuthorId),
    /// `block`.
    Block(AuthorId),
    /// `unblock`.
    Unblock(AuthorId),
    /// `pin`: an own post that stands first on the profile.
    Pin(EntryId),
    /// `unpin`.
    Unpin(EntryId),
    /// `vote`: answers of a poll are chosen, by their places, ascending.
    Vote(Link, Vec<u8>),
    /// `profile`: the newest holds.
    Profile(Profile),
    /// Anything else, carried as it is.
    Unknown {
        /// Its name.
        kind: String,
        /// Its body: canonical CBOR.
        body: Vec<u8>,
    },
}

impl Body {
    /// The kind's name on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::Post(_) => "post",
            Self::Reply { .. } => "reply",
            Self::Edit { .. } => "edit",
            Self::Delete(_) => "delete",
            Self::Boost(_) => "boost",
            Self::Like(_) => "like",
            Self::Follow(_) => "follow",
            Self::Unfollow(_) => "unfollow",
            Self::Block(_) => "block",
            Self::Unblock(_) => "unblock",
            Self::Pin(_) => "pin",
            Self::Unpin(_) => "unpin",
            Self::Vote(..) => "vote",
            Self::Profile(_) => "profile",
            Self::Unknown { kind, .. } => kind,
        }
    }

    /// The log that an entry of this kind belongs in. In another it is carried and says nothing: a log
    /// that is kept in part must not hold what has to be kept whole.
    pub fn log(&self) -> u8 {
        use crate::entry::log;
        match self {
            Self::Follow(_) | Self::Unfollow(_) | Self::Block(_) | Self::Unblock(_) => log::GRAPH,
            Self::Pin(_) | Self::Unpin(_) | Self::Profile(_) => log::GRAPH,
            Self::Like(_) | Self::Vote(..) => log::REACTIONS,
            _ => log::POSTS,
        }
    }

    /// The text of a post, reply or edit.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::Post(content) | Self::Reply { content, .. } | Self::Edit { content, .. } => Some(content),
            _ => None,
        }
    }

    /// What to show of a body that is not understood.
    pub fn fallback(&self) -> Option<String> {
        let Self::Unknown { body, .. } = self else { return None };
        let Ok(Value::Array(items)) = cbor::check_canonical(body) else { return None };
        items.into_iter().next().and_then(|item| item.into_text().ok())
    }
}

/// Salt and body of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    salt: [u8; 16],
    body: Body,
}

/// What of a draft is over its limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} has {actual} {unit}, and may have {limit}")]
pub struct OverLimit {
    /// Which part.
    pub what: &'static str,
    /// What is counted of it.
    pub unit: &'static str,
    /// How much it has.
    pub actual: usize,
    /// How much it may have.
    pub limit: usize,
}

impl Payload {
    /// A payload with 16 random bytes of salt.
    pub fn new(salt: [u8; 16], body: Body) -> Self {
        Self { salt, body }
    }

    /// What it says.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The bytes that are hashed.
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(&self.salt, &self.body)
    }

    /// Reads a payload. Only bytes that are no canonical payload at all are an error; a body that
    /// is not understood, or over a limit, is [`Body::Unknown`].
    pub fn decode(bytes: &[u8]) -> Result<Self, cbor::Error> {
        let (salt, body) = wire::decode(bytes)?;
        Ok(Self { salt, body })
    }
}

impl Body {
    /// Checks the limits that readers hold a body to. What is signed over them would be shown to
    /// nobody, so it is not signed.
    pub fn check_limits(&self) -> Result<(), OverLimit> {
        match self {
            Self::Post(content) | Self::Reply { content, .. } | Self::Edit { content, .. } => {
                content.check_limits()
            }
            Self::Vote(_, choices) => {
                within("the list of choices", "entries", choices.len(), limits::POLL_OPTIONS)
            }
            Self::Delete(ids) => within("the list to delete", "entries", ids.len(), limits::DELETE_IDS),
            Self::Profile(profile) => profile.check_limits(),
            Self::Unknown { kind, .. } => within("the kind's name", "bytes", kind.len(), limits::NAME_BYTES),
            _ => Ok(()),
        }
    }
}

impl Content {
    fn check_limits(&self) -> Result<(), OverLimit> {
        within("the text", "characters", self.text.chars().count(), limits::TEXT_CHARS)?;
        let warning = self.warning.as_deref().map_or(0, |warning| warning.chars().count());
        within("the content warning", "characters", warning, limits::WARNING_CHARS)?;
        let language = self.language.as_deref().map_or(0, str::len);
        within("the language tag", "bytes", language, limits::LANGUAGE_BYTES)?;
        within("the list of mentions", "entries", self.mentions.len(), limits::MENTIONS)?;
        within("the list of tags", "entries", self.tags.len(), limits::TAGS)?;
        for tag in &self.tags {
            within("a tag", "characters", tag.chars().count(), limits::TAG_CHARS)?;
        }
        within("the list of media", "entries", self.media.len(), limits::MEDIA)?;
        for media in &self.media {
            within("an alternative text", "characters", media.alt.chars().count(), limits::ALT_CHARS)?;
            within("a media type", "bytes", media.mime.len(), limits::NAME_BYTES)?;
            within("a blurhash", "bytes", media.blurhash.len(), limits::NAME_BYTES)?;
        }
        extensions(&self.extensions)
    }
}

impl Profile {
    fn check_limits(&self) -> Result<(), OverLimit> {
        within("the name", "characters", self.name.chars().count(), limits::PROFILE_NAME_CHARS)?;
        within("the biography", "characters", self.bio.chars().count(), limits::PROFILE_BIO_CHARS)?;
        within("the list of fields", "entries", self.fields.len(), limits::PROFILE_FIELDS)?;
        for (name, value) in &self.fields {
            within("a field's name", "characters", name.chars().count(), limits::PROFILE_FIELD_CHARS)?;
            within("a field's value", "characters", value.chars().count(), limits::PROFILE_FIELD_CHARS)?;
        }
        within("the list of addresses", "entries", self.hints.len(), limits::HINTS)?;
        for hint in &self.hints {
            within("an address", "bytes", hint.len(), limits::HINT_BYTES)?;
        }
        extensions(&self.extensions)
    }
}

fn extensions(extensions: &[Extension]) -> Result<(), OverLimit> {
    within("the list of extensions", "entries", extensions.len(), limits::EXTENSIONS)?;
    for extension in extensions {
        within("an extension's name", "bytes", extension.name.len(), limits::NAME_BYTES)?;
        within("an extension", "bytes", extension.value.len(), limits::EXTENSION_BYTES)?;
    }
    Ok(())
}

fn within(what: &'static str, unit: &'static str, actual: usize, limit: usize) -> Result<(), OverLimit> {
    if actual <= limit { Ok(()) } else { Err(OverLimit { what, unit, actual, limit }) }
}

#[cfg(test)]
#[path = "payload/tests.rs"]
mod tests;
