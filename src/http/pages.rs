//! Pages of timelines as they were last answered, for as long as they are still so.
//!
//! A client asks for the same page again and again. What it is made of is all in the store, and the store says after
//! every commit, before anybody is told of it, that it is another one: a page that was read from the store as it is now
//! is given again as it is, without reading, dressing or writing anything. Whoever knows a page by its tag is told that
//! it is the same (304). Programs that ask for the same page at the same moment wait for the one that reads it.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{App, Base, error::Error};
use crate::store::Reader;

/// Pages that are kept: what a handful of clients look at again and again.
const PAGES: usize = 64;
/// Bytes of a page that is kept; 40 posts have 150 KB, and the longest ones are not asked for twice.
const PAGE_BYTES: usize = 512 * 1024;
/// Bytes of all that are kept.
const ALL_BYTES: usize = 8 * 1024 * 1024;
/// How long a page is good while nothing happens: a mute or a filter may end without anything being written.
const LASTS: Duration = Duration::from_secs(1);

/// What a request asks for, as far as its answer depends on it.
pub(super) struct Asked {
    key: String,
    known: Option<HeaderValue>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let base = parts.extensions.get::<Base>().map_or("", |Base(base)| base);
        // A space is in neither.
        let key = format!("{base} {}", parts.uri);
        Ok(Self { key, known: parts.headers.get(header::IF_NONE_MATCH).cloned() })
    }
}

/// A page as it was read.
#[derive(Clone)]
struct Page {
    /// Of the store that it was read from.
    version: u64,
    read_at: Instant,
    headers: HeaderMap,
    body: Bytes,
}

impl Page {
    fn is_good(&self, version: u64) -> bool {
        self.version == version && self.read_at.elapsed() < LASTS
    }

    fn answer(self, known: Option<&HeaderValue>) -> Response {
        let same = known.is_some() && self.headers.get(header::ETAG) == known;
        let (status, body) = match same {
            true => (StatusCode::NOT_MODIFIED, Body::empty()),
            false => (StatusCode::OK, Body::from(self.body)),
        };
        (status, self.headers, body).into_response()
    }
}

/// The place of a page, for whoever reads it and those who wait for that.
type Place = Arc<tokio::sync::Mutex<Option<Page>>>;

/// All that are kept.
#[derive(Default)]
pub(super) struct Pages(Mutex<Held>);

#[derive(Default)]
struct Held {
    places: HashMap<String, Place>,
    bytes: usize,
}

impl Pages {
    fn place(&self, key: String) -> Place {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.places.len() >= PAGES && !held.places.contains_key(&key) {
            *held = Held::default();
        }
        held.places.entry(key).or_default().clone()
    }

    /// Makes room for a page of so many bytes. Whether it may be kept.
    fn grant(&self, bytes: usize, instead_of: usize) -> bool {
        if bytes > PAGE_BYTES {
            return false;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.bytes + bytes > ALL_BYTES {
            // Those who hold a place still have it, for as long as they look at it.
            *held = Held::default();
        }
        held.bytes = held.bytes.saturating_sub(instead_of) + bytes;
        true
    }
}

impl App {
    /// Answers with a page, read only if it is not known.
    pub(super) async fn page<T: Serialize + Send + 'static>(
        &self,
        asked: Asked,
        work: impl FnOnce(&Reader) -> Result<(HeaderMap, Json<T>), Error> + Send + 'static,
    ) -> Result<Response, Error> {
        let place = self.0.pages.place(asked.key);
        let mut place = place.lock().await;
        // Before the snapshot: what is committed in between makes the page look older than it is, never newer.
        let version = self.node().store_version()?;
        if let Some(page) = place.as_ref().filter(|page| page.is_good(version)) {
            return Ok(page.clone().answer(asked.known.as_ref()));
        }
        let read_at = Instant::now();
        let (mut headers, body) = self
            .read(move |reader| {
                let (headers, Json(page)) = work(reader)?;
                let body = serde_json::to_vec(&page).map_err(|error| Error::Internal(error.to_string()))?;
                Ok((headers, Bytes::from(body)))
            })
            .await?;
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        let tag = format!("\"{}\"", &blake3::hash(&body).to_hex()[..32]);
        headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
        let page = Page { version, read_at, headers, body };
        let before = place.as_ref().map_or(0, |page| page.body.len());
        *place = self.0.pages.grant(page.body.len(), before).then(|| page.clone());
        Ok(page.answer(asked.known.as_ref()))
    }
}
