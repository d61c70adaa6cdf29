//! Leaves out what people wrote: every character becomes another of the same length, whatever identifies a picture
//! becomes zeros, and so does the salt, without which the hash in the header would betray a short text to whoever
//! guesses. Sizes, kinds, references between entries, authors and times stay.

use starling_protocol::{
    Body,
    entry::{self, Signed},
    feed::ForkProof,
    frame::Frame,
    payload::{Content, Extension, Media, Payload, Profile},
    sync::Answer,
};

/// A text of as many characters and bytes that says nothing.
pub fn text(text: &str) -> String {
    let filler = |character: char| match character.len_utf8() {
        1 => 'x',
        2 => '\u{e9}',
        3 => '\u{20ac}',
        _ => '\u{1f426}',
    };
    text.chars().map(filler).collect()
}

fn some(text: Option<&String>) -> Option<String> {
    text.map(|text| self::text(text))
}

fn extensions(all: Vec<Extension>) -> Vec<Extension> {
    let blank = |extension: Extension| Extension {
        name: text(&extension.name),
        value: vec![0; extension.value.len()],
    };
    all.into_iter().map(blank).collect()
}

fn content(content: Content) -> Content {
    let media = |media: Media| Media {
        blob: [0; 32],
        mime: text(&media.mime),
        blurhash: text(&media.blurhash),
        alt: text(&media.alt),
        ..media
    };
    Content {
        text: text(&content.text),
        warning: some(content.warning.as_ref()),
        language: some(content.language.as_ref()),
        tags: content.tags.iter().map(|tag| text(tag)).collect(),
        media: content.media.into_iter().map(media).collect(),
        extensions: extensions(content.extensions),
        ..content
    }
}

/// The addresses stay: a node calls them.
fn profile(profile: Profile) -> Profile {
    Profile {
        name: text(&profile.name),
        bio: text(&profile.bio),
        fields: profile.fields.iter().map(|(name, value)| (text(name), text(value))).collect(),
        avatar: profile.avatar.map(|_| [0; 32]),
        header: profile.header.map(|_| [0; 32]),
        extensions: extensions(profile.extensions),
        ..profile
    }
}

fn body(body: Body) -> Body {
    match body {
        Body::Post(said) => Body::Post(content(said)),
        Body::Reply { root, parent, content: said } => Body::Reply { root, parent, content: content(said) },
        Body::Edit { replaces, content: said } => Body::Edit { replaces, content: content(said) },
        Body::Profile(said) => Body::Profile(profile(said)),
        // What is in it nobody here knows: any list of the same length is as good to a node.
        Body::Unknown { kind, body } => Body::Unknown { kind, body: unknown(body.len()) },
        known @ (Body::Delete(_)
        | Body::Boost(_)
        | Body::Like(_)
        | Body::Follow(_)
        | Body::Unfollow(_)
        | Body::Block(_)
        | Body::Unblock(_)
        | Body::Pin(_)
        | Body::Unpin(_)
        | Body::Vote(..)) => known,
    }
}

/// A canonical list of so many bytes that no known kind has: numbers, and a byte string to fill it.
fn unknown(length: usize) -> Vec<u8> {
    // One more number where no byte string has exactly the length that is left: its head grows with it.
    for zeros in 1..=2 {
        let Some(rest) = length.checked_sub(1 + zeros) else { break };
        for head in [1, 2, 3] {
            let zeroes = vec![0; rest.saturating_sub(head)];
            let string = starling_protocol::cbor::encode(serde_bytes::Bytes::new(&zeroes));
            if string.len() == rest {
                return [&[0x81 + zeros as u8][..], &vec![0; zeros], &string].concat();
            }
        }
    }
    // A list of two bytes holds a number; one of one byte, nothing.
    let mut list = vec![0; length];
    if let Some(first) = list.first_mut() {
        *first = 0x7f + length as u8;
    }
    list
}

/// A payload without its texts; of what is no payload, or not the one that was signed, as many zeros, which are
/// none either.
fn payload(bytes: &[u8], signed: &[u8; 32]) -> Vec<u8> {
    let blank = Payload::decode(bytes)
        .ok()
        .filter(|_| entry::payload_hash(bytes) == *signed)
        .map(|payload| Payload::new([0; 16], body(payload.body().clone())).encode());
    blank.filter(|blank| blank.len() == bytes.len()).unwrap_or_else(|| vec![0; bytes.len()])
}

/// An entry without its texts.
pub fn signed(mut signed: Signed) -> Signed {
    if let Some(bytes) = &signed.payload {
        let only_header = Signed { payload: None, ..signed.clone() };
        let blank = match entry::peek(&only_header.to_bytes()) {
            Ok(header) => payload(bytes, &header.payload_hash),
            Err(_) => vec![0; bytes.len()],
        };
        signed.payload = Some(blank);
    }
    signed
}

/// The bytes of an entry without its texts; what is no entry stays none.
pub fn entry(bytes: &[u8]) -> Vec<u8> {
    match Signed::from_bytes(bytes) {
        Ok(found) => signed(found).to_bytes(),
        Err(_) => vec![0; bytes.len()],
    }
}

/// A gossiped frame without its texts; what is no frame stays none.
pub fn gossip(bytes: &[u8]) -> Vec<u8> {
    match Frame::from_bytes(bytes) {
        Ok(Frame::Entry { record, entry: bytes }) => Frame::Entry { record, entry: entry(&bytes) }.to_bytes(),
        Ok(Frame::Fork { ref proof, .. }) if ForkProof::from_bytes(proof).is_err() => vec![0; bytes.len()],
        Ok(Frame::Identity(_) | Frame::Fork { .. }) => bytes.to_vec(),
        Err(_) => vec![0; bytes.len()],
    }
}

/// A frame of a session in which we are answered, without its texts; what cannot be read stays so.
pub fn answer(bytes: &[u8]) -> Vec<u8> {
    match Answer::from_bytes(bytes) {
        Ok(Answer::Entries { live, entries, done }) => {
            let entries = entries.iter().map(|bytes| entry(bytes)).collect();
            Answer::Entries { live, entries, done }.to_bytes()
        }
        Ok(Answer::Forks(proofs)) => {
            let known = |proof: Vec<u8>| match ForkProof::from_bytes(&proof) {
                Ok(_) => proof,
                Err(_) => vec![0; proof.len()],
            };
            Answer::Forks(proofs.into_iter().map(known).collect()).to_bytes()
        }
        Ok(Answer::Refused(said)) => Answer::Refused(text(&said)).to_bytes(),
        Ok(Answer::Reconcile(_) | Answer::Identities(_) | Answer::Heads { .. }) => bytes.to_vec(),
        Err(_) => nothing(bytes),
    }
}

/// A frame of a session in which we answer. None of them has a text; what cannot be read may have anything.
pub fn ask(bytes: &[u8]) -> Vec<u8> {
    match starling_protocol::sync::Ask::from_bytes(bytes) {
        Ok(_) => bytes.to_vec(),
        Err(_) => nothing(bytes),
    }
}

/// Bytes of the same kind and length that cannot be read.
fn nothing(bytes: &[u8]) -> Vec<u8> {
    let mut blank = vec![0; bytes.len()];
    if let (Some(to), Some(from)) = (blank.first_mut(), bytes.first()) {
        *to = *from;
    }
    blank
}
