//! People who are not to be seen: muted for a while, blocked for good. Hosts that are blocked are kept for the day when
//! there are hosts: as long as no bridge to other networks runs, nobody has one.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::{Value, json};
use starling_protocol::AuthorId;

use super::{
    App, At, Base,
    entities::{Account, Dresser, Relationship, time},
    error::Error,
    input::{self, Name, Params},
    lookup, paging,
    relations::relationship,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        Reader,
        kept::{
            Change, Shelf, Span,
            people::{self, Mute},
        },
    },
};

type Answer<T> = Result<Json<T>, Error>;
type Paged<T> = Result<(HeaderMap, Json<Vec<T>>), Error>;

/// Hosts that are blocked at most.
const HOSTS: usize = 10_000;
/// Bytes of a host's name (RFC 1035 §2.3.4).
const HOST_BYTES: usize = 253;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/mutes", Needs::Scope("read:mutes"), mutes),
        Route::post("/api/v1/accounts/{id}/mute", Needs::Scope("write:mutes"), mute),
        Route::post("/api/v1/accounts/{id}/unmute", Needs::Scope("write:mutes"), unmute),
        Route::get("/api/v1/blocks", Needs::Scope("read:blocks"), blocks),
        Route::get("/api/v1/domain_blocks", Needs::Scope("read:blocks"), hosts),
        Route::post("/api/v1/domain_blocks", Needs::Scope("write:blocks"), block_host),
        Route::delete("/api/v1/domain_blocks", Needs::Scope("write:blocks"), unblock_host),
    ]
}

#[derive(Debug, Default, Deserialize)]
struct Wish {
    #[serde(default, deserialize_with = "input::flag")]
    notifications: Option<bool>,
    /// Seconds; 0 is for ever.
    #[serde(default, deserialize_with = "input::number")]
    duration: Option<u64>,
}

async fn mute(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<Wish>,
) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    if author == app.node().author() {
        return Err(Error::Invalid("this is you".into()));
    }
    let now = clock::now();
    let until = wish.duration.filter(|seconds| *seconds > 0);
    let until = until.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
    let keep = app.keep(move |reader| {
        reader.brief(&author)?.ok_or_else(|| Error::NotFound(format!("{author}")))?;
        let held = reader.kept::<Mute>(Shelf::Mute, author.as_bytes())?;
        let number = match held {
            Some(held) => held.number,
            None => next(reader, now)?,
        };
        let mute = Mute { number, until, notifications: wish.notifications.unwrap_or(true) };
        Ok((vec![people::mute(&author, &mute)], ()))
    });
    keep.await?;
    relationship(&app, author).await
}

/// The number of the next mute.
fn next(reader: &Reader, now: u64) -> Result<u64, Error> {
    let last = all_mutes(reader)?.into_iter().map(|(mute, _)| mute.number).max();
    Ok(last.map_or(now, |last| now.max(last + 1)))
}

fn all_mutes(reader: &Reader) -> Result<Vec<(Mute, AuthorId)>, Error> {
    let rows = reader.shelf::<Mute>(Shelf::Mute, &Span::of([], usize::MAX))?;
    let row = |(key, mute): (Vec<u8>, Mute)| Some((mute, AuthorId::new(key.try_into().ok()?)));
    Ok(rows.into_iter().filter_map(row).collect())
}

async fn unmute(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    app.keep(move |_| Ok((vec![people::unmute(&author)], ()))).await?;
    relationship(&app, author).await
}

/// Mastodon's MutedAccount: with when it ends.
async fn mutes(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Paged<Value> {
    app.read(move |reader| {
        let now = clock::now();
        let mutes = all_mutes(reader)?.into_iter().filter(|(mute, _)| mute.holds(now));
        let mutes = mutes.map(|(mute, author)| (mute.number, (mute, author))).collect();
        let (headers, page) = paging::numbered(&base, "/api/v1/mutes", &params, mutes)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let mut people = Vec::new();
        for (mute, author) in page {
            let mut account = json!(dresser.person(&author)?);
            account["mute_expires_at"] = json!(mute.until.map(time));
            people.push(account);
        }
        Ok((headers, Json(people)))
    })
    .await
}

async fn blocks(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Paged<Account> {
    app.read(move |reader| {
        let (headers, page) = paging::numbered(&base, "/api/v1/blocks", &params, reader.blocks()?)?;
        Ok((headers, Json(Dresser { base: &base, reader: Some(reader) }.people(&page)?)))
    })
    .await
}

async fn hosts(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Paged<String> {
    app.read(move |reader| {
        let rows = reader.shelf::<u64>(Shelf::DomainBlock, &Span::of([], HOSTS))?;
        let host = |(key, number)| (number, String::from_utf8_lossy(&key as &Vec<u8>).into_owned());
        let hosts = rows.into_iter().map(host).collect();
        let (headers, page) = paging::numbered_up_to(&base, "/api/v1/domain_blocks", &params, hosts, 200)?;
        Ok((headers, Json(page)))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
struct Host {
    domain: Option<String>,
}

impl Host {
    fn name(self, params: &Params) -> Result<String, Error> {
        let name = self.domain.or_else(|| params.get("domain").map(str::to_owned)).unwrap_or_default();
        let name = name.trim().trim_end_matches('.').to_lowercase();
        let label = |label: &str| {
            let good = |c: char| c.is_alphanumeric() || c == '-';
            (1..=63).contains(&label.len()) && label.chars().all(good)
        };
        if name.len() > HOST_BYTES || !name.contains('.') || !name.split('.').all(label) {
            return Err(Error::Invalid("Domain is not a valid domain name".into()));
        }
        Ok(name)
    }
}

async fn block_host(
    State(app): State<App>,
    params: Params,
    input::Json(host): input::Json<Host>,
) -> Answer<Value> {
    let name = host.name(&params)?;
    let keep = app.keep(move |reader| {
        if reader.keeps(Shelf::DomainBlock, name.as_bytes())? {
            return Ok((Vec::new(), ()));
        }
        let rows = reader.shelf::<u64>(Shelf::DomainBlock, &Span::of([], HOSTS))?;
        if rows.len() == HOSTS {
            return Err(Error::Invalid(format!("{HOSTS} hosts are blocked already")));
        }
        let now = clock::now();
        let number = rows.iter().map(|(_, number)| *number).max().map_or(now, |last| now.max(last + 1));
        Ok((vec![Change::put(Shelf::DomainBlock, name, &number)], ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

async fn unblock_host(
    State(app): State<App>,
    params: Params,
    input::Json(host): input::Json<Host>,
) -> Answer<Value> {
    let name = host.name(&params)?;
    app.keep(move |_| Ok((vec![Change::take(Shelf::DomainBlock, name)], ()))).await?;
    Ok(Json(json!({})))
}
