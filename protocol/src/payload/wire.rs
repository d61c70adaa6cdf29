//! The bytes of each kind. Lists of fixed length in the order that is written here; a field is
//! never added in the middle, for additions there are extensions.
//!
//! Known kinds are decoded to their type, encoded and compared, which is cheap. Whatever does not
//! survive that is checked as a value of unknown shape and carried as [`Body::Unknown`].

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::{ByteArray, ByteBuf, Bytes};

use super::{Body, Content, Extension, Link, Media, Profile, Visibility};
use crate::{
    cbor::{self, Error, Strict},
    id::{AuthorId, EntryId},
    limits,
};

#[derive(Serialize, Deserialize)]
struct Envelope<T>(ByteArray<16>, String, T);

/// `[author, id]`
#[derive(Serialize, Deserialize)]
struct LinkWire(AuthorId, EntryId);

/// `[blob, media type, bytes, width, height, blurhash, alternative text]`
#[derive(Serialize, Deserialize)]
struct MediaWire(ByteArray<32>, String, u64, u32, u32, String, String);

/// `[name, value]`
#[derive(Serialize, Deserialize)]
struct ExtensionWire(String, ByteBuf);

/// `[text, warning, language, visibility, mentions, tags, media, quote, extensions]`
#[derive(Serialize, Deserialize)]
struct ContentWire(
    String,
    Option<String>,
    Option<String>,
    u8,
    Vec<AuthorId>,
    Vec<String>,
    Vec<MediaWire>,
    Option<LinkWire>,
    Vec<ExtensionWire>,
);

/// `[name, bio, [[field, value], …], avatar, header, hints, extensions]`
#[derive(Serialize, Deserialize)]
struct ProfileWire(
    String,
    String,
    Vec<(String, String)>,
    Option<ByteArray<32>>,
    Option<ByteArray<32>>,
    Vec<String>,
    Vec<ExtensionWire>,
);

/// `[content]`
#[derive(Serialize, Deserialize)]
struct PostWire((ContentWire,));

/// `[root, parent, content]`
#[derive(Serialize, Deserialize)]
struct ReplyWire(LinkWire, LinkWire, ContentWire);

/// `[replaces, content]`
#[derive(Serialize, Deserialize)]
struct EditWire(EntryId, ContentWire);

/// `[[id, …]]`
#[derive(Serialize, Deserialize)]
struct DeleteWire((Vec<EntryId>,));

/// `[link]`
#[derive(Serialize, Deserialize)]
struct LinkBody((LinkWire,));

/// `[link, [choice, …]]`
#[derive(Serialize, Deserialize)]
struct VoteWire(LinkWire, Vec<u8>);

/// `[author]`
#[derive(Serialize, Deserialize)]
struct AuthorBody((AuthorId,));

/// `[id]`
#[derive(Serialize, Deserialize)]
struct EntryBody((EntryId,));

pub(super) fn encode(salt: &[u8; 16], body: &Body) -> Vec<u8> {
    let salt = ByteArray::new(*salt);
    let kind = body.kind().to_owned();
    match body {
        Body::Post(content) => cbor::encode(&Envelope(salt, kind, PostWire((content.into(),)))),
        Body::Reply { root, parent, content } => {
            cbor::encode(&Envelope(salt, kind, ReplyWire(root.into(), parent.into(), content.into())))
        }
        Body::Edit { replaces, content } => {
            cbor::encode(&Envelope(salt, kind, EditWire(*replaces, content.into())))
        }
        Body::Delete(ids) => cbor::encode(&Envelope(salt, kind, DeleteWire((ids.clone(),)))),
        Body::Boost(link) | Body::Like(link) => cbor::encode(&Envelope(salt, kind, LinkBody((link.into(),)))),
        Body::Follow(author) | Body::Unfollow(author) | Body::Block(author) | Body::Unblock(author) => {
            cbor::encode(&Envelope(salt, kind, AuthorBody((*author,))))
        }
        Body::Vote(link, choices) => {
            cbor::encode(&Envelope(salt, kind, VoteWire(link.into(), choices.clone())))
        }
        Body::Pin(id) | Body::Unpin(id) => cbor::encode(&Envelope(salt, kind, EntryBody((*id,)))),
        Body::Profile(profile) => cbor::encode(&Envelope(salt, kind, ProfileWire::from(profile))),
        Body::Unknown { body, .. } => {
            let mut bytes = vec![0x83];
            bytes.extend(cbor::encode(Bytes::new(&*salt)));
            bytes.extend(cbor::encode(&kind));
            bytes.extend(body);
            bytes
        }
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<([u8; 16], Body), Error> {
    if let Some(known) = common(bytes).or_else(|| known(bytes)) {
        return Ok(known);
    }
    cbor::check_canonical(bytes)?;
    let Envelope::<ciborium::value::Value>(salt, kind, body) = cbor::decode(bytes)?;
    if kind.len() > limits::NAME_BYTES {
        return Err(Error::Malformed("the kind's name is too long".into()));
    }
    if !body.is_array() {
        return Err(Error::Malformed("a body is a list".into()));
    }
    Ok((salt.into_array(), Body::Unknown { kind, body: cbor::encode(&body) }))
}

/// The payload as one of the kinds that most payloads are, with nothing rare in it, if it is canonical
/// and within its limits. Read by hand; what this passes over, [`known`] looks at.
fn common(bytes: &[u8]) -> Option<([u8; 16], Body)> {
    let mut strict = Strict::new(bytes);
    strict.list_of(3)?;
    let salt = strict.array()?;
    let body = match strict.text()? {
        "post" => {
            strict.list_of(1)?;
            Body::Post(content(&mut strict)?)
        }
        "reply" => {
            strict.list_of(3)?;
            let (root, parent) = (link(&mut strict)?, link(&mut strict)?);
            Body::Reply { root, parent, content: content(&mut strict)? }
        }
        "boost" => {
            strict.list_of(1)?;
            Body::Boost(link(&mut strict)?)
        }
        "like" => {
            strict.list_of(1)?;
            Body::Like(link(&mut strict)?)
        }
        _ => return None,
    };
    strict.end()?;
    body.check_limits().is_ok().then_some((salt, body))
}

fn link(strict: &mut Strict<'_>) -> Option<Link> {
    strict.list_of(2)?;
    Some(Link { author: AuthorId::new(strict.array()?), id: EntryId::new(strict.array()?) })
}

/// A content without media and extensions.
fn content(strict: &mut Strict<'_>) -> Option<Content> {
    strict.list_of(9)?;
    let text = strict.text()?.to_owned();
    let warning = strict.optional(|strict| strict.text().map(str::to_owned))?;
    let language = strict.optional(|strict| strict.text().map(str::to_owned))?;
    let visibility = match strict.number::<u8>()? {
        0 => Visibility::Public,
        1 => Visibility::Unlisted,
        2 => Visibility::Local,
        _ => return None,
    };
    // Read one by one: a list says how long it is before anything of it is there.
    let mentions: Option<Vec<AuthorId>> =
        (0..strict.list()?).map(|_| strict.array().map(AuthorId::new)).collect();
    let tags: Option<Vec<String>> = (0..strict.list()?).map(|_| strict.text().map(str::to_owned)).collect();
    strict.list_of(0)?;
    let quote = strict.optional(link)?;
    strict.list_of(0)?;
    let (mentions, tags, media, extensions) = (mentions?, tags?, Vec::new(), Vec::new());
    Some(Content { text, warning, language, visibility, mentions, tags, media, quote, extensions })
}

/// The payload as one of the kinds of this version, if it is one, canonical and within its limits.
fn known(bytes: &[u8]) -> Option<([u8; 16], Body)> {
    // array(3), bytes(16), then the kind as a text of up to 23 bytes
    let length = bytes.get(18)?.checked_sub(0x60).filter(|length| *length < 24)? as usize;
    let kind = std::str::from_utf8(bytes.get(19..19 + length)?).ok()?;
    let (salt, body) = match kind {
        "post" => read(bytes, |PostWire((content,))| Some(Body::Post(content.try_into().ok()?))),
        "reply" => read(bytes, |ReplyWire(root, parent, content)| {
            Some(Body::Reply { root: root.into(), parent: parent.into(), content: content.try_into().ok()? })
        }),
        "edit" => read(bytes, |EditWire(replaces, content)| {
            Some(Body::Edit { replaces, content: content.try_into().ok()? })
        }),
        "delete" => read(bytes, |DeleteWire((ids,))| Some(Body::Delete(ids))),
        "boost" => read(bytes, |LinkBody((link,))| Some(Body::Boost(link.into()))),
        "like" => read(bytes, |LinkBody((link,))| Some(Body::Like(link.into()))),
        "follow" => read(bytes, |AuthorBody((author,))| Some(Body::Follow(author))),
        "unfollow" => read(bytes, |AuthorBody((author,))| Some(Body::Unfollow(author))),
        "block" => read(bytes, |AuthorBody((author,))| Some(Body::Block(author))),
        "unblock" => read(bytes, |AuthorBody((author,))| Some(Body::Unblock(author))),
        "vote" => read(bytes, |VoteWire(link, choices)| Some(Body::Vote(link.into(), choices))),
        "pin" => read(bytes, |EntryBody((id,))| Some(Body::Pin(id))),
        "unpin" => read(bytes, |EntryBody((id,))| Some(Body::Unpin(id))),
        "profile" => read(bytes, |profile: ProfileWire| Some(Body::Profile(profile.into()))),
        _ => None,
    }?;
    let canonical = body.check_limits().is_ok() && encode(&salt, &body) == bytes;
    canonical.then_some((salt, body))
}

fn read<T: DeserializeOwned>(bytes: &[u8], body: impl FnOnce(T) -> Option<Body>) -> Option<([u8; 16], Body)> {
    let Envelope::<T>(salt, _, wire) = cbor::decode(bytes).ok()?;
    Some((salt.into_array(), body(wire)?))
}

impl From<&Link> for LinkWire {
    fn from(link: &Link) -> Self {
        Self(link.author, link.id)
    }
}

impl From<LinkWire> for Link {
    fn from(LinkWire(author, id): LinkWire) -> Self {
        Self { author, id }
    }
}

impl From<&Extension> for ExtensionWire {
    fn from(extension: &Extension) -> Self {
        Self(extension.name.clone(), ByteBuf::from(extension.value.clone()))
    }
}

impl From<ExtensionWire> for Extension {
    fn from(ExtensionWire(name, value): ExtensionWire) -> Self {
        Self { name, value: value.into_vec() }
    }
}

impl From<&Content> for ContentWire {
    fn from(content: &Content) -> Self {
        let media = |media: &Media| {
            let (width, height) = media.dimensions;
            let blob = ByteArray::new(media.blob);
            let (mime, blurhash, alt) = (media.mime.clone(), media.blurhash.clone(), media.alt.clone());
            MediaWire(blob, mime, media.size, width, height, blurhash, alt)
        };
        Self(
            content.text.clone(),
            content.warning.clone(),
            content.language.clone(),
            content.visibility as u8,
            content.mentions.clone(),
            content.tags.clone(),
            content.media.iter().map(media).collect(),
            content.quote.as_ref().map(LinkWire::from),
            content.extensions.iter().map(ExtensionWire::from).collect(),
        )
    }
}

impl TryFrom<ContentWire> for Content {
    type Error = Error;

    fn try_from(wire: ContentWire) -> Result<Self, Error> {
        let ContentWire(text, warning, language, visibility, mentions, tags, media, quote, extensions) = wire;
        let visibility = match visibility {
            0 => Visibility::Public,
            1 => Visibility::Unlisted,
            2 => Visibility::Local,
            _ => return Err(Error::Malformed("no such visibility".into())),
        };
        let media = media.into_iter().map(|MediaWire(blob, mime, size, width, height, blurhash, alt)| {
            let dimensions = (width, height);
            Media { blob: blob.into_array(), mime, size, dimensions, blurhash, alt }
        });
        let media = media.collect();
        let quote = quote.map(Link::from);
        let extensions = extensions.into_iter().map(Extension::from).collect();
        Ok(Self { text, warning, language, visibility, mentions, tags, media, quote, extensions })
    }
}

impl From<&Profile> for ProfileWire {
    fn from(profile: &Profile) -> Self {
        Self(
            profile.name.clone(),
            profile.bio.clone(),
            profile.fields.clone(),
            profile.avatar.map(ByteArray::new),
            profile.header.map(ByteArray::new),
            profile.hints.clone(),
            profile.extensions.iter().map(ExtensionWire::from).collect(),
        )
    }
}

impl From<ProfileWire> for Profile {
    fn from(ProfileWire(name, bio, fields, avatar, header, hints, extensions): ProfileWire) -> Self {
        let avatar = avatar.map(ByteArray::into_array);
        let header = header.map(ByteArray::into_array);
        let extensions = extensions.into_iter().map(Extension::from).collect();
        Self { name, bio, fields, avatar, header, hints, extensions }
    }
}

/// Checks that what is read by hand is what the types read.
#[cfg(test)]
pub(crate) fn assert_read_alike(bytes: &[u8]) {
    if let Some(common) = common(bytes) {
        assert_eq!(known(bytes), Some(common), "{bytes:02x?}");
    }
}
