//! What of the engine's news is told, in which words.

use std::sync::Arc;

use starling_protocol::{AuthorId, payload::Visibility};

use super::channel::{Facts, Place};
use crate::{
    engine::Event,
    http::{entities::Dresser, error::Error},
    store::{Reader, kept::Shelf},
    view::{Post, PostBody},
};

/// Something to tell: its words differ by the address that a caller knows, because of the addresses in it.
pub(super) struct Told {
    pub event: &'static str,
    pub place: Place,
    /// In the order of the bases.
    pub payloads: Vec<Arc<str>>,
    /// Whether the words are JSON, or an id as it is.
    pub json: bool,
}

/// What is to be told of these, with the words for each base. What is not shown (any more) is not told.
pub(super) fn tell(
    reader: &Reader,
    me: AuthorId,
    news: &[Event],
    bases: &[Arc<str>],
) -> Result<Vec<Told>, Error> {
    let mut told = Vec::new();
    for event in news {
        told.extend(tell_one(reader, me, event, bases)?);
    }
    Ok(told)
}

fn tell_one(reader: &Reader, me: AuthorId, event: &Event, bases: &[Arc<str>]) -> Result<Option<Told>, Error> {
    let same = |event, place, words: &str| {
        let words = Arc::<str>::from(words);
        Told { event, place, payloads: vec![words; bases.len()], json: false }
    };
    match event {
        Event::Posted { id, home, .. } | Event::Edited { id, home, .. } => {
            let Some(post) = reader.post(id)? else { return Ok(None) };
            let name = if matches!(event, Event::Posted { .. }) { "update" } else { "status.update" };
            let dress = |dresser: &Dresser<'_>| Ok(serde_json::to_string(&dresser.status(&post)?)?);
            let payloads = dressed(reader, bases, dress)?;
            let place = Place::Posts(facts(&post, *home, me));
            Ok(Some(Told { event: name, place, payloads, json: true }))
        }
        Event::Gone(id) => Ok(Some(same("delete", Place::AllPosts, &id.to_string()))),
        Event::Notified(number) => {
            let Some(row) = reader.notification(*number)? else { return Ok(None) };
            let mut payloads = Vec::new();
            for base in bases {
                let dresser = Dresser { base, reader: Some(reader) };
                let Some(dressed) = dresser.notification(*number, &row)? else { return Ok(None) };
                payloads.push(serde_json::to_string(&dressed).map_err(broken)?.into());
            }
            Ok(Some(Told { event: "notification", place: Place::Notices, payloads, json: true }))
        }
        Event::Kept(Shelf::Filter) => {
            Ok(Some(Told { json: true, ..same("filters_changed", Place::User, "{}") }))
        }
        _ => Ok(None),
    }
}

type Words = Result<String, Box<dyn std::error::Error>>;

fn dressed(
    reader: &Reader,
    bases: &[Arc<str>],
    dress: impl Fn(&Dresser<'_>) -> Words,
) -> Result<Vec<Arc<str>>, Error> {
    let words = bases.iter().map(|base| dress(&Dresser { base, reader: Some(reader) }));
    words.map(|words| words.map(Arc::from).map_err(broken)).collect()
}

fn broken(error: impl ToString) -> Error {
    Error::Internal(error.to_string())
}

fn facts(post: &Post, home: bool, me: AuthorId) -> Facts {
    let PostBody::Content { content, .. } = &post.body else { return Facts { home, ..Facts::default() } };
    Facts {
        home,
        public: content.visibility == Visibility::Public,
        own: post.author.author == Some(me),
        media: !content.media.is_empty(),
        tags: content.tags.iter().map(|tag| tag.to_lowercase()).collect(),
        ..Facts::default()
    }
}
