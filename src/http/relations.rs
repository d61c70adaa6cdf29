//! How this node's author stands to others: followed, blocked, noted, recommended.

use axum::{Json, extract::State};
use libp2p::Multiaddr;
use serde::Deserialize;
use starling_protocol::AuthorId;

use super::{
    App,
    entities::Relationship,
    error::Error,
    input::{self, Name, Params},
    lookup,
    route::{Needs, Route},
};
use crate::{
    clock,
    engine::Command,
    store::{
        Reader,
        kept::{
            Change, Shelf, Span, lists,
            origin::{Origin, Via},
            people::{self, Following, NOTE_CHARS},
        },
    },
};

type Answer<T> = Result<Json<T>, Error>;

/// Accounts that one request may name.
pub(super) const NAMED: usize = 80;
/// Languages that a follow may be narrowed to.
const LANGUAGES: usize = 50;
/// People who are recommended at most: a page that others read.
const ENDORSED: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/accounts/relationships", Needs::Scope("read:follows"), relationships),
        Route::post("/api/v1/accounts/{id}/follow", Needs::Scope("write:follows"), follow),
        Route::post("/api/v1/accounts/{id}/unfollow", Needs::Scope("write:follows"), unfollow),
        Route::post("/api/v1/accounts/{id}/block", Needs::Scope("write:blocks"), block),
        Route::post("/api/v1/accounts/{id}/unblock", Needs::Scope("write:blocks"), unblock),
        Route::post(
            "/api/v1/accounts/{id}/remove_from_followers",
            Needs::Scope("write:follows"),
            remove_from_followers,
        ),
        Route::post("/api/v1/accounts/{id}/note", Needs::Scope("write:accounts"), note),
        Route::post("/api/v1/accounts/{id}/pin", Needs::Scope("write:accounts"), endorse),
        Route::post("/api/v1/accounts/{id}/unpin", Needs::Scope("write:accounts"), unendorse),
        Route::post("/api/v1/accounts/{id}/endorse", Needs::Scope("write:accounts"), endorse),
        Route::post("/api/v1/accounts/{id}/unendorse", Needs::Scope("write:accounts"), unendorse),
    ]
}

/// The authors that `id` and `id[]` name. Mastodon leaves out who does not exist; an id without an author is that.
pub(super) fn named(params: &Params) -> Result<Vec<AuthorId>, Error> {
    let ids: Vec<_> = params.all("id").collect();
    if ids.len() > NAMED {
        return Err(Error::Invalid(format!("id has {}, and may have {NAMED}", ids.len())));
    }
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

async fn relationships(State(app): State<App>, params: Params) -> Answer<Vec<Relationship>> {
    let device = app.node().device();
    app.read(move |reader| {
        let now = clock::now();
        let to = |author: &AuthorId| Ok(Relationship::to(reader, author, &device, now)?);
        named(&params)?.iter().map(to).collect::<Result<_, _>>().map(Json)
    })
    .await
}

/// How one stands to `author` now.
pub(super) async fn relationship(app: &App, author: AuthorId) -> Answer<Relationship> {
    let device = app.node().device();
    app.read(move |reader| Ok(Json(Relationship::to(reader, &author, &device, clock::now())?))).await
}

/// What led to a follow.
#[derive(Debug, Default, Deserialize)]
struct Led {
    #[serde(default)]
    how: How,
    /// The post in which, or the person through whom, they were come upon.
    #[serde(default)]
    via: Option<String>,
}

/// What a program may say of it. Of invites the node knows itself.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    #[default]
    Hand,
    Welcome,
}

impl Led {
    fn origin(&self, reader: &Reader) -> Result<Origin, Error> {
        let via = self.via.as_deref().filter(|via| !via.is_empty());
        match (self.how, via) {
            (How::Welcome, None) => Ok(Origin::Welcome),
            (How::Welcome, Some(_)) => Err(Error::Invalid("starling.via goes with hand".into())),
            (How::Hand, None) => Ok(Origin::Hand(None)),
            (How::Hand, Some(id)) => match found(reader, id)? {
                Some(via) => Ok(Origin::Hand(Some(via))),
                None => {
                    Err(Error::Invalid("starling.via is no post and no account that is known here".into()))
                }
            },
        }
    }
}

/// The post or the person with this id, if either is known here.
fn found(reader: &Reader, id: &str) -> Result<Option<Via>, Error> {
    if let Ok(author) = id.parse() {
        return Ok(reader.brief(&author)?.map(|_| Via { author, post: None }));
    }
    let Ok(post) = id.parse() else { return Ok(None) };
    let author = reader.post(&post)?.and_then(|post| post.author.author);
    Ok(author.map(|author| Via { author, post: Some(post) }))
}

/// Where an author's feed may be found, and how they are followed.
#[derive(Debug, Default, Deserialize)]
struct Follow {
    #[serde(default)]
    addresses: Vec<Multiaddr>,
    #[serde(default, deserialize_with = "input::flag")]
    reblogs: Option<bool>,
    #[serde(default, deserialize_with = "input::flag")]
    notify: Option<bool>,
    #[serde(default, deserialize_with = "input::texts")]
    languages: Option<Vec<String>>,
    #[serde(default)]
    starling: Led,
}

async fn follow(
    State(app): State<App>,
    Name(id): Name,
    input::Json(wish): input::Json<Follow>,
) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    if wish.addresses.len() > starling_protocol::limits::HINTS {
        return Err(Error::Invalid("there are too many addresses".into()));
    }
    let languages =
        wish.languages.map(|all| all.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>());
    if languages.as_ref().is_some_and(|all| all.len() > LANGUAGES || all.iter().any(|one| one.len() > 35)) {
        return Err(Error::Invalid("Languages are invalid".into()));
    }
    let (led, addresses) = (wish.starling, wish.addresses);
    let origin = app.read(move |reader| led.origin(reader)).await?;
    app.command(Command::Follow { author, addresses, origin }).await?;
    let keep = app.keep(move |reader| {
        let held = reader.following_like(&author)?;
        let like = Following {
            boosts: wish.reblogs.unwrap_or(held.boosts),
            notify: wish.notify.unwrap_or(held.notify),
            languages: languages.unwrap_or_else(|| held.languages.clone()),
        };
        let change = (like != held).then(|| people::follow_like(&author, &like));
        Ok((change.into_iter().collect(), ()))
    });
    keep.await?;
    relationship(&app, author).await
}

/// What was settled about somebody because they were followed goes with the follow.
fn settled(reader: &Reader, author: &AuthorId) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    if reader.following_like(author)? != Following::default() {
        changes.push(people::follow_like(author, &Following::default()));
    }
    if reader.endorsed(author)? {
        changes.push(people::unendorse(author));
    }
    for (id, _) in reader.lists()? {
        if reader.on_list(id, author)? {
            changes.push(lists::remove(id, author));
        }
    }
    Ok(changes)
}

async fn unfollow(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    app.command(Command::Unfollow(author)).await?;
    app.keep(move |reader| Ok((settled(reader, &author)?, ()))).await?;
    relationship(&app, author).await
}

async fn block(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    app.command(Command::Block(author)).await?;
    app.keep(move |reader| Ok((settled(reader, &author)?, ()))).await?;
    relationship(&app, author).await
}

async fn unblock(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    app.command(Command::Unblock(author)).await?;
    relationship(&app, author).await
}

/// Whoever holds a feed may read it: a follow is the follower's own, and nobody can take it from them.
async fn remove_from_followers(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    if !app.read(move |reader| Ok(reader.brief(&author)?.is_some_and(|account| account.follows_me))).await? {
        return relationship(&app, author).await;
    }
    Err(Error::Invalid(
        "a follow is the follower's own and cannot be taken away: block them not to see them any more".into(),
    ))
}

#[derive(Debug, Default, Deserialize)]
struct Note {
    comment: Option<String>,
}

async fn note(
    State(app): State<App>,
    Name(id): Name,
    input::Json(Note { comment }): input::Json<Note>,
) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    let text = comment.unwrap_or_default();
    if text.chars().count() > NOTE_CHARS {
        return Err(Error::Invalid(format!("Comment may have {NOTE_CHARS} characters")));
    }
    app.keep(move |_| Ok((vec![people::note(&author, text.trim())], ()))).await?;
    relationship(&app, author).await
}

async fn endorse(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    let keep = app.keep(move |reader| {
        if !reader.brief(&author)?.is_some_and(|account| account.followed) {
            return Err(Error::Invalid(
                "you must be already following the person you want to endorse".into(),
            ));
        }
        let rows = reader.shelf::<u64>(Shelf::Endorsement, &Span::of([], usize::MAX))?;
        if reader.endorsed(&author)? {
            return Ok((Vec::new(), ()));
        }
        if rows.len() >= ENDORSED {
            return Err(Error::Invalid(format!("{ENDORSED} people are recommended already")));
        }
        let now = clock::now();
        let number = rows.iter().map(|(_, number)| *number).max().map_or(now, |last| now.max(last + 1));
        Ok((vec![people::endorse(&author, number)], ()))
    });
    keep.await?;
    relationship(&app, author).await
}

async fn unendorse(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    let author = lookup::author(&id)?;
    app.keep(move |_| Ok((vec![people::unendorse(&author)], ()))).await?;
    relationship(&app, author).await
}
