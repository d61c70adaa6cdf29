//! What the person marks posts with: bookmarks, likes, pins, and threads that have gone on for long enough. And who
//! else liked a post or passed it on.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use starling_protocol::EntryId;

use super::{
    App, At, Base,
    entities::{Account, Dresser, Status},
    error::Error,
    input::{Name, Params},
    paging,
    route::{Needs, Route},
    statuses::{find, status_of},
};
use crate::{
    clock,
    engine::Command,
    store::{
        Line, Reader,
        kept::{Shelf, Span, marks},
        reaction,
    },
    view::{Post, PostBody},
};

type Answer<T> = Result<Json<T>, Error>;
type Paged<T> = Result<(HeaderMap, Json<Vec<T>>), Error>;

/// Posts that an author shows first, as Mastodon has it.
pub(super) const PINS: usize = starling_protocol::limits::PINS;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/bookmarks", Needs::Scope("read:bookmarks"), bookmarks),
        Route::post("/api/v1/statuses/{id}/bookmark", Needs::Scope("write:bookmarks"), bookmark),
        Route::post("/api/v1/statuses/{id}/unbookmark", Needs::Scope("write:bookmarks"), unbookmark),
        Route::get("/api/v1/favourites", Needs::Scope("read:favourites"), favourites),
        Route::get("/api/v1/statuses/{id}/favourited_by", Needs::Scope("read:accounts"), favourited_by),
        Route::get("/api/v1/statuses/{id}/reblogged_by", Needs::Scope("read:accounts"), reblogged_by),
        Route::post("/api/v1/statuses/{id}/pin", Needs::Scope("write:accounts"), pin),
        Route::post("/api/v1/statuses/{id}/unpin", Needs::Scope("write:accounts"), unpin),
        Route::post("/api/v1/statuses/{id}/mute", Needs::Scope("write:mutes"), mute),
        Route::post("/api/v1/statuses/{id}/unmute", Needs::Scope("write:mutes"), unmute),
    ]
}

/// The post that is meant: of a boost, the one inside.
fn meant(reader: &Reader, id: &str) -> Result<Post, Error> {
    let post = find(reader, id)?;
    match &post.body {
        PostBody::Boost { of, post: inside } => {
            inside.as_deref().cloned().ok_or_else(|| Error::NotFound(format!("the post {}", of.id)))
        }
        _ => Ok(post),
    }
}

async fn bookmark(State(app): State<App>, Extension(base): At, Name(id): Name) -> Answer<Status> {
    let keep = app.keep(move |reader| {
        let post = meant(reader, &id)?.id;
        if reader.bookmark(&post)?.is_some() {
            return Ok((Vec::new(), post));
        }
        let number = reader.next_number(Shelf::BookmarkOrder, clock::now())?;
        Ok((marks::bookmark(&post, number).into(), post))
    });
    let post = keep.await?;
    status_of(&app, base, post).await.map(Json)
}

async fn unbookmark(State(app): State<App>, Extension(base): At, Name(id): Name) -> Answer<Status> {
    let keep = app.keep(move |reader| {
        let post = meant(reader, &id)?.id;
        let number = reader.bookmark(&post)?;
        Ok((number.map_or(Vec::new(), |number| marks::unbookmark(&post, number).into()), post))
    });
    let post = keep.await?;
    status_of(&app, base, post).await.map(Json)
}

/// In the order of marking, last first.
async fn bookmarks(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Paged<Status> {
    app.read(move |reader| {
        let asked = paging::numbers(&params)?;
        let up = asked.min.is_some();
        let key = |number: Option<u64>| number.map(|number| number.to_be_bytes().to_vec());
        let (mut span, mut posts, mut ends) = (
            Span {
                below: key(asked.max),
                above: key(asked.min.or(asked.since)),
                backwards: !up,
                ..Span::of([], asked.limit)
            },
            Vec::new(),
            None,
        );
        // Marks of posts that are gone show nothing; a page goes on behind them.
        let mut more = true;
        while more && posts.len() < asked.limit {
            span.limit = asked.limit - posts.len();
            let rows = reader.shelf::<EntryId>(Shelf::BookmarkOrder, &span)?;
            more = rows.len() == span.limit;
            for (key, id) in rows {
                let number = marks::number(&key).unwrap_or_default();
                ends =
                    Some(ends.map_or((number, number), |(high, low): (u64, u64)| {
                        (high.max(number), low.min(number))
                    }));
                posts.extend(reader.post(&id)?);
                if up { span.above = Some(key) } else { span.below = Some(key) }
            }
        }
        if up {
            posts.reverse();
        }
        let link = ends.and_then(|(high, low)| {
            paging::link_to(&base, "/api/v1/bookmarks", &params, &high, (more || up).then_some(&low))
        });
        let statuses = Dresser { base: &base, reader: Some(reader) }.statuses(&posts)?;
        Ok((paging::headers(link), Json(statuses)))
    })
    .await
}

/// In the order of liking, last first.
async fn favourites(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Paged<Status> {
    app.read(move |reader| {
        let window = reader.window(Line::Liked, &paging::page(&params)?, |_| Ok(true))?;
        let statuses = Dresser { base: &base, reader: Some(reader) }.statuses(&window.posts)?;
        Ok((paging::window(&base, "/api/v1/favourites", &params, &window), Json(statuses)))
    })
    .await
}

async fn favourited_by(State(app): State<App>, base: At, Name(id): Name, params: Params) -> Paged<Account> {
    reactors(app, base, id, params, (reaction::LIKE, "favourited_by")).await
}

async fn reblogged_by(State(app): State<App>, base: At, Name(id): Name, params: Params) -> Paged<Account> {
    reactors(app, base, id, params, (reaction::BOOST, "reblogged_by")).await
}

async fn reactors(
    app: App,
    Extension(Base(base)): At,
    id: String,
    params: Params,
    (kind, name): (u8, &'static str),
) -> Paged<Account> {
    app.read(move |reader| {
        let post = meant(reader, &id)?.id;
        let people = reader.reactors(&post, kind)?;
        let people = people.into_iter().map(|person| (person.arrival, person.author)).collect();
        let path = format!("/api/v1/statuses/{post}/{name}");
        let (headers, page) = paging::numbered(&base, &path, &params, people)?;
        Ok((headers, Json(Dresser { base: &base, reader: Some(reader) }.people(&page)?)))
    })
    .await
}

/// Others see it too: a pin is signed.
async fn pin(State(app): State<App>, Extension(base): At, Name(id): Name) -> Answer<Status> {
    let me = app.node().author();
    let read = app.read(move |reader| {
        let post = find(reader, &id)?;
        if post.author.author != Some(me) {
            return Err(Error::Invalid("Someone else's post cannot be pinned".into()));
        }
        if matches!(post.body, PostBody::Boost { .. }) {
            return Err(Error::Invalid("A boost cannot be pinned".into()));
        }
        Ok(post.id)
    });
    let post = read.await?;
    app.command(Command::Pin(post)).await?;
    status_of(&app, base, post).await.map(Json)
}

async fn unpin(State(app): State<App>, Extension(base): At, Name(id): Name) -> Answer<Status> {
    let post = app.read(move |reader| Ok(find(reader, &id)?.id)).await?;
    app.command(Command::Unpin(post)).await?;
    status_of(&app, base, post).await.map(Json)
}

async fn mute(State(app): State<App>, base: At, Name(id): Name) -> Answer<Status> {
    thread(app, base, id, marks::mute_thread).await
}

async fn unmute(State(app): State<App>, base: At, Name(id): Name) -> Answer<Status> {
    thread(app, base, id, marks::unmute_thread).await
}

async fn thread(
    app: App,
    Extension(base): At,
    id: String,
    change: fn(&EntryId) -> crate::store::kept::Change,
) -> Answer<Status> {
    let keep = app.keep(move |reader| {
        let post = meant(reader, &id)?;
        let root = match &post.body {
            PostBody::Content { reply: Some((root, _)), .. } => root.id,
            _ => post.id,
        };
        Ok((vec![change(&root)], post.id))
    });
    let post = keep.await?;
    status_of(&app, base, post).await.map(Json)
}
