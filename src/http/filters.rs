//! Filters: words and posts that are covered or left out, and where. Version 2 of them; `v1` shows the same words as
//! older clients know them.

mod v1;

use axum::{Json, extract::State};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use starling_protocol::EntryId;

use super::{
    App,
    entities::{Filter, Keyword},
    error::Error,
    input::{self, Name},
    lookup,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        Reader,
        kept::{
            Shelf,
            filters::{self, Action, FILTERS, POSTS, Place, WORD_CHARS, WORDS, Word},
        },
    },
};

type Answer<T> = Result<Json<T>, Error>;

const READ: Needs = Needs::Scope("read:filters");
const WRITE: Needs = Needs::Scope("write:filters");

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/api/v2/filters", READ, all),
        Route::post("/api/v2/filters", WRITE, create),
        Route::get("/api/v2/filters/{id}", READ, show),
        Route::put("/api/v2/filters/{id}", WRITE, change),
        Route::delete("/api/v2/filters/{id}", WRITE, remove),
        Route::get("/api/v2/filters/{id}/keywords", READ, words),
        Route::post("/api/v2/filters/{id}/keywords", WRITE, add_word),
        Route::get("/api/v2/filters/keywords/{id}", READ, show_word),
        Route::put("/api/v2/filters/keywords/{id}", WRITE, change_word),
        Route::delete("/api/v2/filters/keywords/{id}", WRITE, remove_word),
        Route::get("/api/v2/filters/{id}/statuses", READ, posts),
        Route::post("/api/v2/filters/{id}/statuses", WRITE, add_post),
        Route::get("/api/v2/filters/statuses/{id}", READ, show_post),
        Route::delete("/api/v2/filters/statuses/{id}", WRITE, remove_post),
    ];
    routes.extend(v1::routes());
    routes
}

/// What of a filter is given; all of it is optional where one is changed.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    title: Option<String>,
    #[serde(default, deserialize_with = "input::texts")]
    context: Option<Vec<String>>,
    filter_action: Option<Action>,
    /// Seconds from now; empty is for ever.
    #[serde(default, deserialize_with = "given")]
    expires_in: Option<Option<u64>>,
    keywords_attributes: Option<Words>,
}

/// Tells an empty value from none at all.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<u64>>, D::Error> {
    input::number(from).map(Some)
}

/// A list, or an object whose keys are places, as Rails writes lists.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    List(Vec<WordWish>),
    Places(std::collections::BTreeMap<String, WordWish>),
}

#[derive(Debug, Default, Deserialize)]
struct WordWish {
    #[serde(default, deserialize_with = "input::number")]
    id: Option<u64>,
    keyword: Option<String>,
    #[serde(default, deserialize_with = "input::flag")]
    whole_word: Option<bool>,
    #[serde(default, rename = "_destroy", deserialize_with = "input::flag")]
    destroy: Option<bool>,
}

impl Wish {
    fn apply(self, filter: &mut filters::Filter, mut free: u64, now: u64) -> Result<(), Error> {
        if let Some(title) = self.title {
            filter.title = title.trim().to_owned();
        }
        if let Some(places) = self.context {
            filter.places = places.iter().map(|place| place_of(place)).collect::<Result<_, _>>()?;
            filter.places.sort_unstable();
            filter.places.dedup();
        }
        filter.action = self.filter_action.unwrap_or(filter.action);
        if let Some(seconds) = self.expires_in {
            filter.until = seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
        }
        let words = match self.keywords_attributes {
            Some(Words::List(words)) => words,
            Some(Words::Places(places)) => places.into_values().collect(),
            None => Vec::new(),
        };
        for wish in words {
            match wish.id {
                Some(id) if wish.destroy == Some(true) => filter.words.retain(|word| word.id != id),
                Some(id) => {
                    let held = filter.words.iter_mut().find(|word| word.id == id);
                    wish.apply(held.ok_or_else(|| Error::NotFound("this keyword".into()))?)?;
                }
                None => {
                    let mut word = Word { id: free, text: String::new(), whole: true };
                    wish.apply(&mut word)?;
                    filter.words.push(word);
                    free += 1;
                }
            }
        }
        check(filter)
    }
}

impl WordWish {
    fn apply(self, word: &mut Word) -> Result<(), Error> {
        if let Some(text) = self.keyword {
            word.text = text.trim().to_owned();
        }
        word.whole = self.whole_word.unwrap_or(word.whole);
        match word.text.chars().count() {
            0 => Err(Error::Invalid("Keyword can't be blank".into())),
            1..=WORD_CHARS => Ok(()),
            _ => Err(Error::Invalid(format!("Keyword may have {WORD_CHARS} characters"))),
        }
    }
}

fn place_of(word: &str) -> Result<Place, Error> {
    serde_json::from_value(json!(word)).map_err(|_| Error::Invalid("Context is invalid".into()))
}

fn check(filter: &filters::Filter) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::Invalid(what.into()));
    match filter.title.chars().count() {
        0 => return wrong("Title can't be blank"),
        1..=WORD_CHARS => {}
        _ => return wrong("Title is too long"),
    }
    if filter.places.is_empty() {
        return wrong("Context can't be blank");
    }
    Ok(())
}

/// A number that names no word and no post of any filter yet.
fn free(reader: &Reader, now: u64) -> Result<u64, Error> {
    let filters = reader.filters()?;
    if filters.iter().map(|(_, filter)| filter.words.len()).sum::<usize>() >= WORDS {
        return Err(Error::Invalid(format!("filters have {WORDS} words at most")));
    }
    let words = filters.iter().flat_map(|(_, filter)| filter.words.iter().map(|word| word.id));
    let posts = filters.iter().flat_map(|(_, filter)| filter.posts.iter().map(|(id, _)| *id));
    Ok(words.chain(posts).max().map_or(now, |last| now.max(last + 1)))
}

fn find(reader: &Reader, id: &str) -> Result<(u64, filters::Filter), Error> {
    let unknown = || Error::NotFound("this filter".into());
    let id = id.parse().map_err(|_| unknown())?;
    Ok((id, reader.filter(id)?.ok_or_else(unknown)?))
}

/// The filter with the word of this id, and where it stands.
fn find_word(reader: &Reader, id: &str) -> Result<(u64, filters::Filter, usize), Error> {
    let wanted: Option<u64> = id.parse().ok();
    for (id, filter) in reader.filters()? {
        if let Some(at) = filter.words.iter().position(|word| Some(word.id) == wanted) {
            return Ok((id, filter, at));
        }
    }
    Err(Error::NotFound("this keyword".into()))
}

fn find_post(reader: &Reader, id: &str) -> Result<(u64, filters::Filter, usize), Error> {
    let wanted: Option<u64> = id.parse().ok();
    for (id, filter) in reader.filters()? {
        if let Some(at) = filter.posts.iter().position(|(id, _)| Some(*id) == wanted) {
            return Ok((id, filter, at));
        }
    }
    Err(Error::NotFound("this status of a filter".into()))
}

async fn all(State(app): State<App>) -> Answer<Vec<Filter>> {
    app.read(|reader| {
        Ok(Json(reader.filters()?.iter().map(|(id, filter)| Filter::whole(*id, filter)).collect()))
    })
    .await
}

async fn show(State(app): State<App>, Name(id): Name) -> Answer<Filter> {
    app.read(move |reader| {
        let (id, filter) = find(reader, &id)?;
        Ok(Json(Filter::whole(id, &filter)))
    })
    .await
}

async fn create(State(app): State<App>, input::Json(wish): input::Json<Wish>) -> Answer<Filter> {
    let keep = app.keep(move |reader| {
        let now = clock::now();
        if reader.filters()?.len() == FILTERS {
            return Err(Error::Invalid(format!("there are {FILTERS} filters already")));
        }
        let mut filter = filters::Filter {
            title: String::new(),
            places: Vec::new(),
            action: Action::default(),
            until: None,
            words: Vec::new(),
            posts: Vec::new(),
        };
        wish.apply(&mut filter, free(reader, now)?, now)?;
        let id = reader.next_number(Shelf::Filter, now)?;
        Ok((vec![filter.put(id)], Filter::whole(id, &filter)))
    });
    keep.await.map(Json)
}

async fn change(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<Wish>,
) -> Answer<Filter> {
    let keep = app.keep(move |reader| {
        let (now, (id, mut filter)) = (clock::now(), find(reader, &id)?);
        wish.apply(&mut filter, free(reader, now)?, now)?;
        Ok((vec![filter.put(id)], Filter::whole(id, &filter)))
    });
    keep.await.map(Json)
}

async fn remove(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| Ok((vec![filters::take(find(reader, &id)?.0)], ())));
    keep.await?;
    Ok(Json(json!({})))
}

async fn words(State(app): State<App>, Name(id): Name) -> Answer<Vec<Keyword>> {
    app.read(move |reader| Ok(Json(find(reader, &id)?.1.words.iter().map(Keyword::from).collect()))).await
}

async fn add_word(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<WordWish>,
) -> Answer<Keyword> {
    let keep = app.keep(move |reader| {
        let (id, mut filter) = find(reader, &id)?;
        let mut word = Word { id: free(reader, clock::now())?, text: String::new(), whole: true };
        wish.apply(&mut word)?;
        let answer = Keyword::from(&word);
        filter.words.push(word);
        Ok((vec![filter.put(id)], answer))
    });
    keep.await.map(Json)
}

async fn show_word(State(app): State<App>, Name(id): Name) -> Answer<Keyword> {
    app.read(move |reader| {
        let (_, filter, at) = find_word(reader, &id)?;
        Ok(Json(Keyword::from(&filter.words[at])))
    })
    .await
}

async fn change_word(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<WordWish>,
) -> Answer<Keyword> {
    let keep = app.keep(move |reader| {
        let (id, mut filter, at) = find_word(reader, &id)?;
        wish.apply(&mut filter.words[at])?;
        Ok((vec![filter.put(id)], Keyword::from(&filter.words[at])))
    });
    keep.await.map(Json)
}

async fn remove_word(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let (id, mut filter, at) = find_word(reader, &id)?;
        filter.words.remove(at);
        Ok((vec![filter.put(id)], ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

fn status((id, post): (u64, EntryId)) -> Value {
    json!({ "id": id.to_string(), "status_id": post.to_string() })
}

async fn posts(State(app): State<App>, Name(id): Name) -> Answer<Vec<Value>> {
    app.read(move |reader| Ok(Json(find(reader, &id)?.1.posts.into_iter().map(status).collect()))).await
}

#[derive(Debug, Default, Deserialize)]
struct PostWish {
    status_id: Option<String>,
}

async fn add_post(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<PostWish>,
) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let (id, mut filter) = find(reader, &id)?;
        let post = lookup::entry(reader, wish.status_id.as_deref().unwrap_or_default())?;
        reader.post(&post)?.ok_or_else(|| Error::NotFound(format!("the post {post}")))?;
        if filter.posts.iter().any(|(_, held)| *held == post) {
            return Err(Error::Invalid("Status has already been taken".into()));
        }
        if filter.posts.len() == POSTS {
            return Err(Error::Invalid(format!("a filter names {POSTS} posts at most")));
        }
        let row = (free(reader, clock::now())?, post);
        filter.posts.push(row);
        Ok((vec![filter.put(id)], status(row)))
    });
    keep.await.map(Json)
}

async fn show_post(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    app.read(move |reader| {
        let (_, filter, at) = find_post(reader, &id)?;
        Ok(Json(status(filter.posts[at])))
    })
    .await
}

async fn remove_post(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let (id, mut filter, at) = find_post(reader, &id)?;
        filter.posts.remove(at);
        Ok((vec![filter.put(id)], ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}
