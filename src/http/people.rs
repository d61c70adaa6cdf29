//! Finding people: by name, by who follows them, by who was here.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde_json::{Value, json};
use starling_protocol::AuthorId;

use super::{
    App, At, Base,
    entities::{Account, Dresser},
    error::Error,
    input::{Name, Params},
    lookup, paging, relations,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        self, Order,
        kept::{Change, Shelf, Span},
    },
    view,
};

type Answer<T> = Result<Json<T>, Error>;

/// People on a page of these lists, if nobody says how many, and at most.
const PEOPLE: (usize, usize) = (40, 80);
/// People who were declined as suggestions, and are remembered.
const DECLINED: usize = 10_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/accounts", Needs::Scope("read:accounts"), several),
        Route::get("/api/v1/accounts/search", Needs::Scope("read:accounts"), search),
        Route::get("/api/v1/accounts/familiar_followers", Needs::Scope("read:follows"), familiar),
        Route::get("/api/v1/directory", Needs::Scope("read:accounts"), directory),
        Route::get("/api/v1/suggestions", Needs::Scope("read:accounts"), suggestions_v1),
        Route::get("/api/v2/suggestions", Needs::Scope("read:accounts"), suggestions),
        Route::delete("/api/v1/suggestions/{id}", Needs::Scope("write:accounts"), decline),
        Route::get("/api/v1/endorsements", Needs::Scope("read:accounts"), endorsements),
        Route::get("/api/v1/accounts/{id}/endorsements", Needs::Scope("read:accounts"), endorsements_by),
    ]
}

impl Dresser<'_> {
    /// An author by id, of whom perhaps only that is known.
    pub(super) fn person(&self, author: &AuthorId) -> Result<Account, store::Error> {
        let known = self.reader.map_or(Ok(None), |reader| reader.brief(author))?;
        let unknown = || view::Account { author: Some(*author), ..view::Account::default() };
        Ok(self.account(&known.unwrap_or_else(unknown)))
    }

    /// Authors by id.
    pub(super) fn people(&self, authors: &[AuthorId]) -> Result<Vec<Account>, store::Error> {
        authors.iter().map(|author| self.person(author)).collect()
    }
}

fn limit(params: &Params) -> Result<usize, Error> {
    Ok(params.parse("limit")?.unwrap_or(PEOPLE.0).clamp(1, PEOPLE.1))
}

/// `accounts?id[]=`: those of whom something is known.
async fn several(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Answer<Vec<Account>> {
    app.read(move |reader| {
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let mut accounts = Vec::new();
        for author in relations::named(&params)? {
            accounts.extend(reader.brief(&author)?.map(|account| dresser.account(&account)));
        }
        Ok(Json(accounts))
    })
    .await
}

async fn search(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Answer<Vec<Account>> {
    app.read(move |reader| {
        let (limit, offset) = (limit(&params)?, params.parse("offset")?.unwrap_or(0));
        let wanted = params.get("q").unwrap_or_default();
        let found = reader.search_people(wanted, params.switch("following"), offset, limit)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        // A whole id is somebody, whether anything of theirs is here or not.
        let named = lookup::author(wanted.trim().trim_start_matches('@')).ok();
        let named = named.filter(|_| found.is_empty() && offset == 0 && params.switch("resolve"));
        let named = named.map(|author| dresser.person(&author)).transpose()?;
        Ok(Json(found.iter().map(|account| dresser.account(account)).chain(named).collect()))
    })
    .await
}

/// Mastodon's FamiliarFollowers.
async fn familiar(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Answer<Vec<Value>> {
    app.read(move |reader| {
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let mut found = Vec::new();
        for author in relations::named(&params)? {
            let familiar = reader.familiar_followers(&author)?;
            found.push(json!({ "id": author.to_string(), "accounts": dresser.people(&familiar)? }));
        }
        Ok(Json(found))
    })
    .await
}

/// Everybody of whom posts are here. `local=true` is only oneself: nobody else lives on this node.
async fn directory(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Answer<Vec<Account>> {
    let me = app.node().author();
    app.read(move |reader| {
        let (limit, offset) = (limit(&params)?, params.parse::<usize>("offset")?.unwrap_or(0));
        let order = match params.get("order") {
            None | Some("active") => Order::Active,
            Some("new") => Order::New,
            Some(_) => return Err(Error::Invalid("order is active or new".into())),
        };
        let people = match params.switch("local") {
            true => reader.brief(&me)?.into_iter().skip(offset).collect(),
            false => reader.directory(order, offset, limit)?,
        };
        let dresser = Dresser { base: &base, reader: Some(reader) };
        Ok(Json(people.iter().map(|account| dresser.account(account)).collect()))
    })
    .await
}

async fn suggested(app: &App, base: String, params: Params) -> Result<Vec<Account>, Error> {
    app.read(move |reader| {
        let limit = limit(&params)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let mut people = Vec::new();
        for (author, _) in reader.suggestions()? {
            let declined = reader.keeps(Shelf::Declined, author.as_bytes())?;
            if !declined && reader.mute(&author, clock::now())?.is_none() {
                people.push(dresser.person(&author)?);
            }
            if people.len() == limit {
                break;
            }
        }
        Ok(people)
    })
    .await
}

async fn suggestions_v1(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Answer<Vec<Account>> {
    suggested(&app, base, params).await.map(Json)
}

/// Whom those follow whom one follows: nobody is paid for, and nobody was chosen.
async fn suggestions(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Answer<Vec<Value>> {
    let people = suggested(&app, base, params).await?.into_iter();
    let suggestion = |account: Account| json!({ "source": "past_interactions", "sources": ["friends_of_friends"], "account": account });
    Ok(Json(people.map(suggestion).collect()))
}

async fn decline(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let author = lookup::author(&id)?;
    let keep = app.keep(move |reader| {
        let declined = reader.shelf::<bool>(Shelf::Declined, &Span::of([], DECLINED))?;
        if declined.len() == DECLINED {
            return Err(Error::Invalid(format!("{DECLINED} suggestions were declined already")));
        }
        Ok((vec![Change::put(Shelf::Declined, *author.as_bytes(), &true)], ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

async fn endorsements(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Account>>), Error> {
    app.read(move |reader| {
        let rows = reader.shelf::<u64>(Shelf::Endorsement, &Span::of([], usize::MAX))?;
        let row = |(key, number): (Vec<u8>, u64)| Some((number, AuthorId::new(key.try_into().ok()?)));
        let people = rows.into_iter().filter_map(row).collect();
        let (headers, page) = paging::numbered(&base, "/api/v1/endorsements", &params, people)?;
        Ok((headers, Json(Dresser { base: &base, reader: Some(reader) }.people(&page)?)))
    })
    .await
}

/// Of others nothing is known: whom somebody recommends stays on their node.
async fn endorsements_by(
    State(app): State<App>,
    base: At,
    Name(id): Name,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Account>>), Error> {
    if lookup::author(&id)? == app.node().author() {
        return endorsements(State(app), base, params).await;
    }
    Ok((HeaderMap::new(), Json(Vec::new())))
}
