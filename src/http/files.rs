//! Files as they are: `/media/<hash>`, and `/media/<hash>/small` for a picture of 400 pixels.
//!
//! No token is asked for: an `<img>` sends none. The name is the hash of what is in it, which nobody guesses, and only
//! what a post or a profile shows, or what was uploaded here and waits for a post, is served. A file never changes, so
//! whoever has it need not ask again. What strangers made must not run: one of four kinds of picture is shown, all else
//! is handed over to be saved, and neither may load or run anything.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;

use super::{
    App, blocking,
    error::Error,
    input::Name,
    route::{Needs, Route},
};
use crate::{
    blobs::{Hash, disk::Beside, hex, picture, unhex},
    clock,
    store::kept::blob::BlobRow,
};

/// Bytes read from the disk and handed to the socket at once.
const PIECE: usize = 128 * 1024;
/// Ten years, as good as for ever: what has this name never changes.
const CACHE: &str = "public, max-age=315360000, immutable";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/media/{hash}", Needs::Nothing, whole),
        Route::get("/media/{hash}/{form}", Needs::Nothing, small),
    ]
}

/// The file that a path names, if it may be seen.
async fn find(app: &App, name: &str) -> Result<(Hash, BlobRow), Error> {
    let hash = unhex(name).ok_or(Error::NoRoute)?;
    let row = app
        .read(move |reader| {
            let row = reader.blob(&hash)?;
            let seen = match &row {
                Some(row) => row.own || reader.portrays(&row.author, &hash)?,
                None => false,
            };
            if seen || reader.shows(&hash)?.is_some() { Ok(row) } else { Err(Error::NoRoute) }
        })
        .await?;
    match row {
        Some(row) => {
            app.node().blobs().touch(&hash, clock::now());
            Ok((hash, row))
        }
        None => {
            app.node().blobs().want(app.node(), hash).await?;
            Err(Error::NotHere)
        }
    }
}

pub(super) async fn whole(
    State(app): State<App>,
    Name(name): Name,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (hash, row) = find(&app, &name).await?;
    let disk = app.node().blobs().disk().clone();
    let file = blocking(move || disk.open(&hash).map_err(|_| Error::NoRoute)).await?;
    answer(&headers, file, &row.mime, &hex(&hash)).await
}

pub(super) async fn small(
    State(app): State<App>,
    Path((name, form)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if form != "small" {
        return Err(Error::NoRoute);
    }
    let (hash, row) = find(&app, &name).await?;
    let blobs = app.node().blobs().clone();
    let shown = picture::TYPES.contains(&row.mime.as_str());
    if shown && let Some((file, mime)) = blobs.small(hash).await? {
        return answer(&headers, file, mime, &format!("{}-small", hex(&hash))).await;
    }
    // Small enough already, or one that cannot be read.
    let file = blocking(move || blobs.disk().open(&hash).map_err(|_| Error::NoRoute)).await?;
    answer(&headers, file, &row.mime, &hex(&hash)).await
}

async fn answer(headers: &HeaderMap, file: File, mime: &str, name: &str) -> Result<Response, Error> {
    let tag = format!("\"{name}\"");
    let size = file.metadata().map_err(|error| Error::Internal(error.to_string()))?.len();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let mut answer = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        // All of it is made here, of digits, hashes and words.
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(header::ETAG, &tag);
    set(header::CACHE_CONTROL, CACHE);
    set(header::ACCEPT_RANGES, "bytes");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'");
    set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    if text(header::IF_NONE_MATCH).is_some_and(|given| matches(given, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    if picture::TYPES.contains(&mime) {
        set(header::CONTENT_TYPE, mime);
        set(header::CONTENT_DISPOSITION, "inline");
    } else {
        set(header::CONTENT_TYPE, "application/octet-stream");
        set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    }
    // A part of another version is no part of this one.
    let same = text(header::IF_RANGE).is_none_or(|given| given == tag);
    let part = text(header::RANGE).filter(|_| same).map(|given| range(given, size));
    let (status, part) = match part {
        Some(Some(Ok(part))) => {
            set(header::CONTENT_RANGE, &format!("bytes {}-{}/{size}", part.start, part.end - 1));
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Some(Some(Err(NotThere))) => return Err(Error::Range(size)),
        // What is not understood is as if it were not said (RFC 9110 §14.2).
        Some(None) | None => (StatusCode::OK, 0..size),
    };
    set(header::CONTENT_LENGTH, &(part.end - part.start).to_string());
    Ok((status, answer, read(file, part)).into_response())
}

fn matches(given: &str, tag: &str) -> bool {
    given == "*" || given.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

/// A part that a file does not have.
#[derive(Debug, PartialEq, Eq)]
struct NotThere;

/// The one part that is asked for; none if it is several, or not understood.
fn range(given: &str, size: u64) -> Option<Result<Range<u64>, NotThere>> {
    let (from, to) = given.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text {
        "" => Some(None),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Some(text.parse().unwrap_or(u64::MAX)))
        }
        _ => None,
    };
    let part = match (number(from.trim())?, number(to.trim())?) {
        (None, None) => return None,
        (None, Some(last)) => size.saturating_sub(last)..size,
        (Some(from), None) => from..size,
        (Some(from), Some(to)) if from <= to => from..to.saturating_add(1).min(size),
        _ => return None,
    };
    Some(if part.start < part.end { Ok(part) } else { Err(NotThere) })
}

/// A part of a file, piece by piece, as fast as it is taken.
fn read(file: File, part: Range<u64>) -> Body {
    Body::from_stream(stream::try_unfold((file, part), async |(mut file, part)| {
        if part.is_empty() {
            return Ok(None);
        }
        let next = tokio::task::spawn_blocking(move || {
            file.seek(SeekFrom::Start(part.start))?;
            let length = (part.end - part.start).min(PIECE as u64);
            let mut piece = vec![0; length as usize];
            file.read_exact(&mut piece)?;
            Ok::<_, std::io::Error>((Bytes::from(piece), (file, part.start + length..part.end)))
        });
        next.await.map_err(std::io::Error::other)?.map(Some)
    }))
}

impl crate::blobs::Blobs {
    /// The small form of a picture and its type; none if it is small itself, or cannot be read.
    async fn small(&self, hash: Hash) -> Result<Option<(File, &'static str)>, Error> {
        let path = self.disk().beside(&hash, Beside::Small);
        // None: it was not made yet. None inside: there is none to be made.
        let look = move || {
            let Ok(mut file) = File::open(&path) else { return Ok(None) };
            let mut head = [0; 16];
            let read = file.read(&mut head).unwrap_or(0);
            Ok(Some(picture::mime(&head[..read]).map(|mime| (file, mime))))
        };
        if let Some(made) = blocking(look.clone()).await? {
            return Ok(made);
        }
        self.shrink(hash).await?;
        Ok(blocking(look).await?.flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_a_file_can_be_asked_for() {
        let good = [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..10),
            ("bytes=5-7", 5..8),
            ("bytes=5-99", 5..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=9-18446744073709551615", 9..10),
            ("bytes= 1 - 2 ", 1..3),
        ];
        for (given, part) in good {
            assert_eq!(range(given, 10), Some(Ok(part)), "{given}");
        }
        for given in ["bytes=10-", "bytes=99999999999999999999999-", "bytes=-0"] {
            assert_eq!(range(given, 10), Some(Err(NotThere)), "{given}");
        }
        for given in
            ["bytes=", "bytes=-", "bytes=2-1", "bytes=a-b", "bytes=0-1,3-4", "lines=1-2", "bytes=+1-2"]
        {
            assert_eq!(range(given, 10), None, "{given}");
        }
        assert_eq!(range("bytes=0-", 0), Some(Err(NotThere)));
    }
}
