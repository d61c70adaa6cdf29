//! Filters as clients before Mastodon 4 know them: each word is a filter of its own.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, READ, WRITE, check, find_word, free, given, place_of};
use crate::{
    clock,
    http::{
        App,
        entities::time,
        error::Error,
        input::{self, Name},
        route::Route,
    },
    store::kept::{
        Shelf,
        filters::{self, Action, FILTERS, Filter, Place, Word},
    },
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/filters", READ, all),
        Route::post("/api/v1/filters", WRITE, create),
        Route::get("/api/v1/filters/{id}", READ, show),
        Route::put("/api/v1/filters/{id}", WRITE, change),
        Route::delete("/api/v1/filters/{id}", WRITE, remove),
    ]
}

/// Mastodon's V1::Filter.
#[derive(Debug, Serialize)]
struct Old {
    id: String,
    phrase: String,
    context: Vec<Place>,
    expires_at: Option<String>,
    irreversible: bool,
    whole_word: bool,
}

fn old(filter: &Filter, word: &Word) -> Old {
    Old {
        id: word.id.to_string(),
        phrase: word.text.clone(),
        context: filter.places.clone(),
        expires_at: filter.until.map(time),
        irreversible: filter.action == Action::Hide,
        whole_word: word.whole,
    }
}

#[derive(Debug, Default, Deserialize)]
struct Wish {
    phrase: Option<String>,
    #[serde(default, deserialize_with = "input::texts")]
    context: Option<Vec<String>>,
    #[serde(default, deserialize_with = "input::flag")]
    irreversible: Option<bool>,
    #[serde(default, deserialize_with = "input::flag")]
    whole_word: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    expires_in: Option<Option<u64>>,
}

impl Wish {
    /// The word first: a filter of one word is called like it.
    fn apply(self, filter: &mut Filter, at: usize) -> Result<(), Error> {
        if let Some(phrase) = self.phrase {
            filter.words[at].text = phrase.trim().to_owned();
            if filter.words.len() == 1 {
                filter.title = filter.words[at].text.clone();
            }
        }
        filter.words[at].whole = self.whole_word.unwrap_or(filter.words[at].whole);
        if let Some(places) = self.context {
            filter.places = places.iter().map(|place| place_of(place)).collect::<Result<_, _>>()?;
        }
        if let Some(hide) = self.irreversible {
            filter.action = if hide { Action::Hide } else { Action::Warn };
        }
        if let Some(seconds) = self.expires_in {
            let until = |seconds: u64| clock::now().saturating_add(seconds.saturating_mul(1000));
            filter.until = seconds.map(until);
        }
        if filter.words[at].text.is_empty() {
            return Err(Error::Invalid("Phrase can't be blank".into()));
        }
        check(filter)
    }
}

async fn all(State(app): State<App>) -> Answer<Vec<Old>> {
    app.read(|reader| {
        let filters = reader.filters()?;
        let old = filters.iter().flat_map(|(_, filter)| filter.words.iter().map(|word| old(filter, word)));
        Ok(Json(old.collect()))
    })
    .await
}

async fn show(State(app): State<App>, Name(id): Name) -> Answer<Old> {
    app.read(move |reader| {
        let (_, filter, at) = find_word(reader, &id)?;
        Ok(Json(old(&filter, &filter.words[at])))
    })
    .await
}

async fn create(State(app): State<App>, input::Json(wish): input::Json<Wish>) -> Answer<Old> {
    let keep = app.keep(move |reader| {
        let now = clock::now();
        if reader.filters()?.len() == FILTERS {
            return Err(Error::Invalid(format!("there are {FILTERS} filters already")));
        }
        let word = Word { id: free(reader, now)?, text: String::new(), whole: false };
        let mut filter = Filter {
            title: String::new(),
            places: Vec::new(),
            action: Action::Warn,
            until: None,
            words: vec![word],
            posts: Vec::new(),
        };
        wish.apply(&mut filter, 0)?;
        let id = reader.next_number(Shelf::Filter, now)?;
        Ok((vec![filter.put(id)], old(&filter, &filter.words[0])))
    });
    keep.await.map(Json)
}

async fn change(State(app): State<App>, Name(id): Name, input::Json(wish): input::Json<Wish>) -> Answer<Old> {
    let keep = app.keep(move |reader| {
        let (id, mut filter, at) = find_word(reader, &id)?;
        wish.apply(&mut filter, at)?;
        Ok((vec![filter.put(id)], old(&filter, &filter.words[at])))
    });
    keep.await.map(Json)
}

/// With its last word a filter goes.
async fn remove(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let (id, mut filter, at) = find_word(reader, &id)?;
        filter.words.remove(at);
        let empty = filter.words.is_empty() && filter.posts.is_empty();
        Ok((vec![if empty { filters::take(id) } else { filter.put(id) }], ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}
