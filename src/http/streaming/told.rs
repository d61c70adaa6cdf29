//! What of the engine's news is told, in which words.

use std::{collections::BTreeSet, sync::Arc};

use super::channel::{Facts, Where};
use crate::{
    clock,
    engine::Event,
    http::{
        entities::Dresser,
        error::Error,
        timelines::{answers_another, answers_on_list, has_media, is_public},
    },
    store::{
        Reader,
        kept::{Shelf, filters::Place},
        tags::folded,
    },
    view::{Post, PostBody},
};

/// Something to tell: its words differ by the address that a caller knows, because of the addresses in it.
pub(super) struct Told {
    pub event: &'static str,
    pub place: Where,
    /// In the order of the bases.
    pub payloads: Vec<Arc<str>>,
    /// Whether the words are JSON, or an id as it is.
    pub json: bool,
}

/// What is to be told of these, with the words for each base. What is not shown (any more) is not told.
pub(super) fn tell(reader: &Reader, news: &[Event], bases: &[Arc<str>]) -> Result<Vec<Told>, Error> {
    let mut told = Vec::new();
    for event in news {
        told.extend(tell_one(reader, event, bases)?);
    }
    Ok(told)
}

fn tell_one(reader: &Reader, event: &Event, bases: &[Arc<str>]) -> Result<Option<Told>, Error> {
    let same = |event, place, words: &str| {
        let words = Arc::<str>::from(words);
        Told { event, place, payloads: vec![words; bases.len()], json: false }
    };
    match event {
        Event::Posted { id, home, .. } | Event::Edited { id, home, .. } => {
            let Some(post) = reader.post(id)? else { return Ok(None) };
            let facts = facts(reader, &post, *home)?;
            if !facts.are_seen() {
                return Ok(None);
            }
            let name = if matches!(event, Event::Posted { .. }) { "update" } else { "status.update" };
            let dress = |dresser: &Dresser<'_>| Ok(serde_json::to_string(&dresser.status(&post)?)?);
            let payloads = dressed(reader, bases, dress)?;
            Ok(Some(Told { event: name, place: Where::Posts(facts), payloads, json: true }))
        }
        Event::Gone(id) => Ok(Some(same("delete", Where::AllPosts, &id.to_string()))),
        Event::Notified(number) => {
            let Some(row) = reader.notification(*number)? else { return Ok(None) };
            let mut payloads = Vec::new();
            for base in bases {
                let dresser = Dresser { base, reader: Some(reader) };
                let Some(dressed) = dresser.notification(*number, &row)? else { return Ok(None) };
                payloads.push(serde_json::to_string(&dressed).map_err(broken)?.into());
            }
            Ok(Some(Told { event: "notification", place: Where::Notices, payloads, json: true }))
        }
        Event::Kept(Shelf::Filter) => {
            Ok(Some(Told { json: true, ..same("filters_changed", Where::User, "{}") }))
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

fn facts(reader: &Reader, post: &Post, home: bool) -> Result<Facts, Error> {
    let own = reader.own(clock::now())?;
    let public = is_public(post);
    let seen = |place| !own.hides(post, place);
    let mut tags = Vec::new();
    if let PostBody::Content { content, .. } = &post.body
        && public
    {
        tags.extend(content.tags.iter().map(|tag| folded(tag)));
    }
    let followed = !tags.is_empty()
        && reader.kept_tags(Shelf::FollowedTag)?.iter().any(|tag| tags.contains(&folded(&tag.name)));
    if !seen(Place::Public) {
        tags.clear();
    }
    let mut lists = BTreeSet::new();
    for (id, list) in reader.lists()? {
        let Some(author) = &post.author.author else { continue };
        if reader.on_list(id, author)? && !own.hides_on_list(post) {
            let members: Vec<_> = reader.list_members(id)?.into_iter().map(|(_, author)| author).collect();
            if answers_on_list(reader, own, list.replies, &members, post)? {
                lists.insert(id.to_string());
            }
        }
    }
    Ok(Facts {
        home: (home || followed) && seen(Place::Home),
        public: public && !answers_another(post) && seen(Place::Public),
        own: reader.is_me(post),
        media: has_media(post),
        tags,
        lists,
    })
}
