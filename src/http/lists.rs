//! Lists of people.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use starling_protocol::AuthorId;

use super::{
    App, At, Base,
    entities::{Account, Dresser},
    error::Error,
    input::{self, Name, Params},
    lookup, paging,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        Reader,
        kept::{
            Change, Shelf,
            lists::{self, LISTS, MEMBERS, Replies, TITLE_CHARS},
        },
    },
};

type Answer<T> = Result<Json<T>, Error>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/lists", Needs::Scope("read:lists"), all),
        Route::post("/api/v1/lists", Needs::Scope("write:lists"), create),
        Route::get("/api/v1/lists/{id}", Needs::Scope("read:lists"), show),
        Route::put("/api/v1/lists/{id}", Needs::Scope("write:lists"), change),
        Route::delete("/api/v1/lists/{id}", Needs::Scope("write:lists"), remove),
        Route::get("/api/v1/lists/{id}/accounts", Needs::Scope("read:lists"), members),
        Route::post("/api/v1/lists/{id}/accounts", Needs::Scope("write:lists"), add),
        Route::delete("/api/v1/lists/{id}/accounts", Needs::Scope("write:lists"), take_off),
        Route::get("/api/v1/accounts/{id}/lists", Needs::Scope("read:lists"), of_account),
    ]
}

/// Mastodon's List.
#[derive(Debug, Serialize)]
struct List {
    id: String,
    title: String,
    replies_policy: Replies,
    exclusive: bool,
}

impl From<(u64, lists::List)> for List {
    fn from((id, list): (u64, lists::List)) -> Self {
        Self {
            id: id.to_string(),
            title: list.title,
            replies_policy: list.replies,
            exclusive: list.exclusive,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Wish {
    title: Option<String>,
    replies_policy: Option<Replies>,
    #[serde(default, deserialize_with = "input::flag")]
    exclusive: Option<bool>,
}

impl Wish {
    fn apply(self, list: &mut lists::List) -> Result<(), Error> {
        if let Some(title) = self.title {
            list.title = title.trim().to_owned();
        }
        if list.title.is_empty() {
            return Err(Error::Invalid("Title can't be blank".into()));
        }
        if list.title.chars().count() > TITLE_CHARS {
            return Err(Error::Invalid(format!("Title may have {TITLE_CHARS} characters")));
        }
        list.replies = self.replies_policy.unwrap_or(list.replies);
        list.exclusive = self.exclusive.unwrap_or(list.exclusive);
        Ok(())
    }
}

/// A list by the id that a caller names.
pub(super) fn find(reader: &Reader, id: &str) -> Result<(u64, lists::List), Error> {
    let unknown = || Error::NotFound("this list".into());
    let id = id.parse().map_err(|_| unknown())?;
    Ok((id, reader.list(id)?.ok_or_else(unknown)?))
}

async fn all(State(app): State<App>) -> Answer<Vec<List>> {
    app.read(move |reader| Ok(Json(reader.lists()?.into_iter().map(List::from).collect()))).await
}

async fn show(State(app): State<App>, Name(id): Name) -> Answer<List> {
    app.read(move |reader| Ok(Json(find(reader, &id)?.into()))).await
}

async fn create(State(app): State<App>, input::Json(wish): input::Json<Wish>) -> Answer<List> {
    let keep = app.keep(move |reader| {
        if reader.lists()?.len() == LISTS {
            return Err(Error::Invalid(format!("You have reached the maximum of {LISTS} lists")));
        }
        let mut list = lists::List { title: String::new(), replies: Replies::default(), exclusive: false };
        wish.apply(&mut list)?;
        let id = reader.next_number(Shelf::List, clock::now())?;
        Ok((vec![lists::put(id, &list)], (id, list)))
    });
    Ok(Json(keep.await?.into()))
}

async fn change(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<Wish>,
) -> Answer<List> {
    let keep = app.keep(move |reader| {
        let (id, mut list) = find(reader, &id)?;
        wish.apply(&mut list)?;
        Ok((vec![lists::put(id, &list)], (id, list)))
    });
    Ok(Json(keep.await?.into()))
}

async fn remove(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let (id, _) = find(reader, &id)?;
        let members = reader.list_members(id)?.into_iter().map(|(_, author)| lists::remove(id, &author));
        Ok((members.chain([Change::take(Shelf::List, id.to_be_bytes())]).collect(), ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

/// `limit=0` is all of them, as Mastodon has it.
async fn members(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Account>>), Error> {
    app.read(move |reader| {
        let (id, _) = find(reader, &id)?;
        let members = reader.list_members(id)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        if params.get("limit") == Some("0") {
            let everybody: Vec<_> = members.into_iter().map(|(_, author)| author).collect();
            return Ok((HeaderMap::new(), Json(dresser.people(&everybody)?)));
        }
        let path = format!("/api/v1/lists/{id}/accounts");
        let (headers, page) = paging::numbered(&base, &path, &params, members)?;
        Ok((headers, Json(dresser.people(&page)?)))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
struct People {
    #[serde(default, deserialize_with = "input::texts")]
    account_ids: Option<Vec<String>>,
}

impl People {
    /// Named in the body, or in the query where clients send no body.
    fn authors(self, params: &Params) -> Result<Vec<AuthorId>, Error> {
        let mut ids = self.account_ids.unwrap_or_default();
        ids.extend(params.all("account_ids").map(str::to_owned));
        if ids.len() > MEMBERS {
            return Err(Error::Invalid(format!("a list has at most {MEMBERS} people")));
        }
        ids.iter().map(|id| lookup::author(id)).collect()
    }
}

/// Only people who are followed: of others a list would show what happened to come by.
async fn add(
    State(app): State<App>,
    Name(id): Name,
    params: Params,
    input::Json(people): input::Json<People>,
) -> Answer<Value> {
    let (authors, me) = (people.authors(&params)?, app.node().author());
    let keep = app.keep(move |reader| {
        let (id, _) = find(reader, &id)?;
        let members = reader.list_members(id)?;
        let free = members.first().map_or(1, |(last, _)| last + 1);
        let mut changes = Vec::new();
        for (number, author) in (free..).zip(authors) {
            if reader.on_list(id, &author)? {
                return Err(Error::Invalid("Account has already been taken".into()));
            }
            let followed = reader.brief(&author)?.is_some_and(|account| account.followed);
            if !followed && author != me {
                return Err(Error::NotFound(format!("{author} among those you follow")));
            }
            changes.push(lists::add(id, &author, number));
        }
        if members.len() + changes.len() > MEMBERS {
            return Err(Error::Invalid(format!("a list has at most {MEMBERS} people")));
        }
        Ok((changes, ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

async fn take_off(
    State(app): State<App>,
    Name(id): Name,
    params: Params,
    input::Json(people): input::Json<People>,
) -> Answer<Value> {
    let authors = people.authors(&params)?;
    let keep = app.keep(move |reader| {
        let (id, _) = find(reader, &id)?;
        Ok((authors.iter().map(|author| lists::remove(id, author)).collect(), ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

async fn of_account(State(app): State<App>, Name(id): Name) -> Answer<Vec<List>> {
    let author = lookup::author(&id)?;
    app.read(move |reader| {
        let mut found = Vec::new();
        for (id, list) in reader.lists()? {
            if reader.on_list(id, &author)? {
                found.push(List::from((id, list)));
            }
        }
        Ok(Json(found))
    })
    .await
}
