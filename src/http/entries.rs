//! Entries as they were signed, for those who want to check them, and threads with their gaps.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, header},
};
use serde::Serialize;
use starling_protocol::{
    AuthorId, EntryId, Header, Identity, cbor,
    entry::{self, Signed},
    identity::{Record, Voice},
};

use super::{
    App, At, Base,
    entities::{Dresser, Place, time},
    error::Error,
    input::Name,
    lookup,
    route::{Needs, Route},
};
use crate::{store::Reader, view::Provenance};

/// An entry and everything that speaks for it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Entry {
    id: String,
    author: String,
    device: String,
    log: u8,
    seq: u64,
    previous: Option<String>,
    payload_hash: String,
    payload_len: u32,
    /// What the author claims.
    time: String,
    /// Kind of its body; none if the payload is not held.
    kind: Option<String>,
    received_at: String,
    /// The peer that brought it; none for our own.
    from: Option<String>,
    deleted: bool,
    /// The delete that its author signed, if it was erased and that is still held.
    erasure: Option<Erasure>,
    edits: Vec<String>,
    /// The exact bytes, base64.
    bytes: String,
    /// The author's identity record, base64 of CBOR.
    identity: String,
    checks: Vec<Check>,
}

/// The receipt of an erasure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Erasure {
    /// The id of the delete, which is an entry like every other.
    entry: String,
    device: String,
    /// What the author claims.
    time: String,
    received_at: String,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/entries/{id}", Needs::Scope("read:statuses"), show),
        Route::get("/api/starling/v1/entries/{id}/raw", Needs::Scope("read:statuses"), raw),
        Route::get("/api/starling/v1/thread/{id}", Needs::Scope("read:statuses"), thread),
    ]
}

pub(super) async fn show(State(app): State<App>, Name(id): Name) -> Result<Json<Entry>, Error> {
    app.read(move |reader| {
        let (id, found) = find(reader, &id)?;
        describe(id, found).map(Json)
    })
    .await
}

/// `application/cbor` (RFC 8949 §9.1): the entry's exact bytes.
pub(super) async fn raw(
    State(app): State<App>,
    Name(id): Name,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Error> {
    let found = app.read(move |reader| find(reader, &id));
    Ok(([(header::CONTENT_TYPE, "application/cbor")], found.await?.1.bytes))
}

fn find(reader: &Reader, id: &str) -> Result<(EntryId, Provenance), Error> {
    let id = lookup::entry(reader, id)?;
    let unknown = || Error::NotFound(format!("the entry {id}"));
    let found = reader.provenance(&id)?.ok_or_else(unknown)?;
    let author = author_of(&found.bytes)?;
    if reader.account(&author)?.is_some_and(|account| account.blocked) {
        return Err(unknown());
    }
    Ok((id, found))
}

fn author_of(bytes: &[u8]) -> Result<AuthorId, Error> {
    Ok(verified(bytes)?.header().author)
}

/// The entry, checked anew: what is shown of it is only shown if its bytes are good.
fn verified(bytes: &[u8]) -> Result<starling_protocol::Verified, Error> {
    entry::verify(bytes).map_err(|error| crate::store::Error::Corrupt(error.to_string()).into())
}

fn describe(id: EntryId, found: Provenance) -> Result<Entry, Error> {
    let entry = verified(&found.bytes)?;
    let header = *entry.header();
    Ok(Entry {
        id: id.to_string(),
        author: header.author.to_string(),
        device: header.device.to_string(),
        log: header.log,
        seq: header.seq,
        previous: header.previous.map(|previous| previous.to_string()),
        payload_hash: header.payload_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        payload_len: header.payload_len,
        time: time(header.time),
        kind: entry.payload().map(|payload| payload.body().kind().to_owned()),
        received_at: time(found.received_at),
        from: found.from,
        deleted: found.deleted,
        erasure: found.erasure.map(|erasure| Erasure {
            entry: erasure.id.to_string(),
            device: erasure.device.to_string(),
            time: time(erasure.time),
            received_at: time(erasure.received_at),
        }),
        edits: found.edits.iter().map(EntryId::to_string).collect(),
        checks: checks(id, &header, entry.signed(), &found.identity),
        bytes: base64(&found.bytes),
        identity: base64(&found.identity),
    })
}

/// What was checked of an entry that [`verified`] let through, and whether its device may speak.
fn checks(id: EntryId, header: &Header, signed: &Signed, identity: &[u8]) -> Vec<Check> {
    let payload = match &signed.payload {
        Some(bytes) => format!("{} bytes, as the header says", bytes.len()),
        None => "not held: it was erased or left out".into(),
    };
    let voice = cbor::decode::<Record>(identity)
        .map_err(|error| error.to_string())
        .and_then(|record| Identity::verify(&record).map_err(|error| error.to_string()))
        .and_then(|identity| match identity.author() == header.author {
            true => Ok(identity.voice(&header.device, header.log)),
            false => Err("the record is of another author".into()),
        });
    let (may_speak, why) = match voice {
        Ok(Voice::Speaks) => (true, "the device speaks for the author".into()),
        Ok(Voice::Until(seq, end)) => {
            let within = header.seq < seq || (header.seq == seq && id == end);
            (within, format!("the device was removed and spoke up to entry {seq}"))
        }
        Ok(Voice::Silent) => (false, "the device does not speak for the author".into()),
        Err(error) => (false, error),
    };
    let check = |name, ok, detail| Check { name, ok, detail };
    vec![
        check("encoding", true, "canonical CBOR".into()),
        check("id", signed.id() == id, "the BLAKE3 hash of the header".into()),
        check("payload", true, payload),
        check("signature", true, "ed25519 of the device".into()),
        check("identity", may_speak, why),
    ]
}

/// `GET thread/:id`: every place of it, the missing and the deleted among them.
pub(super) async fn thread(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
) -> Result<Json<Vec<Place>>, Error> {
    app.read(move |reader| {
        let id = lookup::entry(reader, &id)?;
        let thread = reader.thread(&id)?.ok_or_else(|| Error::NotFound(format!("the post {id}")))?;
        Ok(Json(Dresser { base: &base, reader: Some(reader) }.thread(&thread)?))
    })
    .await
}

/// RFC 4648 §4, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { digit.into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfb]), "//77");
    }
}
