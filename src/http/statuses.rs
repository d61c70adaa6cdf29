//! Posts: write, read, change, erase, pass on, like.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde_json::{Value, json};
use starling_protocol::{
    EntryId,
    entry::{self, Signed},
    payload::{Content, Link},
};

use super::{
    App, At, Base,
    draft::{Draft, given},
    entities::{Context, Dresser, Status},
    error::Error,
    input::{self, Name, Params},
    lookup, polls,
    relations::NAMED,
    route::{Needs, Route},
    scheduled,
};
use crate::{
    clock,
    engine::{Command, Reply},
    runtime::Delivery,
    store::{Reader, kept::filters::Place},
    view::{Post, PostBody, ThreadItem},
};

/// Bytes of an idempotency key: a UUID has 36, and it is kept for an hour.
const IDEMPOTENCY_BYTES: usize = 256;

type Answer<T> = Result<Json<T>, Error>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/statuses", Needs::Scope("write:statuses"), publish),
        Route::get("/api/v1/statuses", Needs::Scope("read:statuses"), several),
        Route::get("/api/v1/statuses/{id}", Needs::Scope("read:statuses"), show),
        Route::put("/api/v1/statuses/{id}", Needs::Scope("write:statuses"), edit),
        Route::delete("/api/v1/statuses/{id}", Needs::Scope("write:statuses"), remove),
        Route::get("/api/v1/statuses/{id}/context", Needs::Scope("read:statuses"), context),
        Route::get("/api/v1/statuses/{id}/source", Needs::Scope("read:statuses"), source),
        Route::get("/api/v1/statuses/{id}/history", Needs::Scope("read:statuses"), history),
        Route::post("/api/v1/statuses/{id}/reblog", Needs::Scope("write:statuses"), reblog),
        Route::post("/api/v1/statuses/{id}/unreblog", Needs::Scope("write:statuses"), unreblog),
        Route::post("/api/v1/statuses/{id}/favourite", Needs::Scope("write:favourites"), favourite),
        Route::post("/api/v1/statuses/{id}/unfavourite", Needs::Scope("write:favourites"), unfavourite),
    ]
}

/// Answers with the status, or with the scheduled status if it is to wait.
pub(super) async fn publish(
    State(app): State<App>,
    Extension(base): At,
    headers: HeaderMap,
    input::Json(draft): input::Json<Draft>,
) -> Answer<Value> {
    let idempotency = idempotency(&headers)?;
    let at = draft.scheduled_at().map(scheduled::moment).transpose()?;
    let (content, in_reply_to) = app
        .read(move |reader| {
            let draft = draft.or(&reader.posting()?);
            let quote = given(&draft.quoted_status_id).map(|id| quoted(reader, id)).transpose()?;
            let parent = given(&draft.in_reply_to_id).map(|id| lookup::entry(reader, id)).transpose()?;
            if let Some(parent) = &parent {
                reader.post(parent)?.ok_or_else(|| Error::NotFound(format!("the post {parent}")))?;
            }
            let mut content = draft.content(quote)?;
            draft.show_files(reader, &mut content)?;
            let poll = polls::wished(draft.poll.as_ref(), at.unwrap_or_else(clock::now))?;
            if poll.is_some() && !content.media.is_empty() {
                return Err(Error::Invalid("a post has a poll or files, not both".into()));
            }
            content.set_poll(poll.as_ref());
            Ok((Box::new(content), parent))
        })
        .await?;
    if let Some(at) = at {
        return scheduled::take((&app, base), at, in_reply_to, *content, idempotency).await.map(Json);
    }
    let reply = app.command(Command::Publish { content, in_reply_to, idempotency }).await?;
    let Reply::Published { id, peers } = reply else {
        return Err(Error::Internal(format!("publishing was answered with {reply:?}")));
    };
    let mut status = status_of(&app, base, id).await?;
    let held = app.node().delivery(&id).map_or(0, |known| known.held);
    status.starling.delivery = Some(Delivery { stored: true, peers, held });
    Ok(Json(json!(status)))
}

/// `statuses?id[]=`: those that are here.
async fn several(State(app): State<App>, Extension(Base(base)): At, params: Params) -> Answer<Vec<Status>> {
    app.read(move |reader| {
        let ids: Vec<_> = params.all("id").collect();
        if ids.len() > NAMED {
            return Err(Error::Invalid(format!("id has {}, and may have {NAMED}", ids.len())));
        }
        let mut posts = Vec::new();
        for id in ids.iter().filter_map(|id| id.parse().ok()) {
            posts.extend(reader.post(&id)?);
        }
        Ok(Json(Dresser { base: &base, reader: Some(reader) }.statuses(&posts)?))
    })
    .await
}

fn idempotency(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str() {
        Ok(key) if key.len() <= IDEMPOTENCY_BYTES => Ok(Some(key.to_owned()).filter(|key| !key.is_empty())),
        _ => Err(Error::Invalid(format!("Idempotency-Key is ASCII of up to {IDEMPOTENCY_BYTES} bytes"))),
    }
}

fn quoted(reader: &Reader, id: &str) -> Result<Link, Error> {
    let post = find(reader, id)?;
    let author = post.author.author.ok_or_else(|| Error::NotFound(id.to_owned()))?;
    Ok(Link { author, id: post.id })
}

/// The post with this id, which may be the beginning of one.
pub(super) fn find(reader: &Reader, id: &str) -> Result<Post, Error> {
    let id = lookup::entry(reader, id)?;
    reader.post(&id)?.ok_or_else(|| Error::NotFound(format!("the post {id}")))
}

pub(super) async fn status_of(app: &App, Base(base): Base, id: EntryId) -> Result<Status, Error> {
    app.read(move |reader| {
        let post = reader.post(&id)?.ok_or_else(|| Error::NotFound(format!("the post {id}")))?;
        Ok(Dresser { base: &base, reader: Some(reader) }.status(&post)?)
    })
    .await
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
) -> Answer<Status> {
    let node = app.node().clone();
    app.read(move |reader| {
        let post = find(reader, &id)?;
        let mut status = Dresser { base: &base, reader: Some(reader) }.status(&post)?;
        status.starling.delivery = node.delivery(&post.id);
        Ok(Json(status))
    })
    .await
}

pub(super) async fn edit(
    State(app): State<App>,
    Extension(base): At,
    Name(id): Name,
    input::Json(draft): input::Json<Draft>,
) -> Answer<Status> {
    let (id, content) = app
        .read(move |reader| {
            let post = find(reader, &id)?;
            let PostBody::Content { mut content, .. } = post.body else {
                return Err(Error::Invalid("only posts and replies can be edited".into()));
            };
            polls::check_unchanged(draft.poll.as_ref(), post.poll.as_deref().map(|(poll, _)| poll))?;
            draft.apply(&mut content)?;
            draft.show_files(reader, &mut content)?;
            Ok((post.id, Box::new(content)))
        })
        .await?;
    app.command(Command::Edit { id, content }).await?;
    status_of(&app, base, id).await.map(Json)
}

/// Answers with what was erased, so that it can be written again.
pub(super) async fn remove(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
    params: Params,
) -> Answer<Status> {
    let (id, status, files) = app
        .read(move |reader| {
            let post = find(reader, &id)?;
            let mut status = Dresser { base: &base, reader: Some(reader) }.status(&post)?;
            status.text = Some(status.starling.source.clone());
            let files = reader.files_of(&post.id)?.into_iter().map(|(hash, _)| hash).collect();
            Ok((post.id, status, files))
        })
        .await?;
    app.command(Command::Delete(vec![id])).await?;
    if params.switch("delete_media") {
        app.node().blobs().let_go(app.node(), files).await?;
    }
    Ok(Json(status))
}

pub(super) async fn context(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
) -> Answer<Context> {
    app.read(move |reader| {
        let id = lookup::entry(reader, &id)?;
        let mut thread = reader.thread(&id)?.ok_or_else(|| Error::NotFound(format!("the post {id}")))?;
        let own = reader.own(clock::now())?;
        let shown =
            |item: &ThreadItem| !matches!(item, ThreadItem::Post(post) if own.hides(post, Place::Thread));
        thread.ancestors.retain(shown);
        thread.descendants.retain(|(_, item)| shown(item));
        Ok(Json(Dresser { base: &base, reader: Some(reader) }.context(&thread)?))
    })
    .await
}

pub(super) async fn source(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    app.read(move |reader| {
        let post = find(reader, &id)?;
        let PostBody::Content { content, .. } = post.body else {
            return Err(Error::NotFound("the text of this post".into()));
        };
        let warning = content.warning.unwrap_or_default();
        Ok(Json(json!({ "id": post.id.to_string(), "text": content.text, "spoiler_text": warning })))
    })
    .await
}

/// What a post said, from the beginning until now.
pub(super) async fn history(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
) -> Answer<Vec<Value>> {
    app.read(move |reader| {
        let post = find(reader, &id)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let account = dresser.account(&post.author);
        let edits = reader.provenance(&post.id)?.map(|found| found.edits).unwrap_or_default();
        let mut versions = Vec::new();
        for id in std::iter::once(post.id).chain(edits) {
            let Some((time, content)) = said(reader, id)? else { continue };
            versions.push(json!({
                "content": dresser.html(&content),
                "spoiler_text": content.warning.clone().unwrap_or_default(),
                "sensitive": content.warning.is_some() || content.sensitive(),
                "created_at": super::entities::time(time),
                "account": account,
                "media_attachments": dresser.attachments(&content),
                "emojis": [],
                "starling": { "entry": id.to_string(), "source": content.text },
            }));
        }
        Ok(Json(versions))
    })
    .await
}

/// What one entry says, and when; none for what has no text.
fn said(reader: &Reader, id: EntryId) -> Result<Option<(u64, Content)>, Error> {
    let Some(found) = reader.provenance(&id)? else { return Ok(None) };
    let entry = Signed::from_bytes(&found.bytes).and_then(|signed| entry::reread(signed, id));
    let entry = entry.map_err(|error| crate::store::Error::Corrupt(error.to_string()))?;
    let content = entry.payload().and_then(|payload| payload.body().content());
    Ok(content.map(|content| (entry.header().time, content.clone())))
}

/// Answers with the boost, which holds the post; if it was boosted before, with the post.
pub(super) async fn reblog(State(app): State<App>, base: At, Name(id): Name) -> Answer<Status> {
    react(app, base, id, Command::Boost, true).await
}

pub(super) async fn unreblog(State(app): State<App>, base: At, Name(id): Name) -> Answer<Status> {
    react(app, base, id, Command::Unboost, false).await
}

pub(super) async fn favourite(State(app): State<App>, base: At, Name(id): Name) -> Answer<Status> {
    react(app, base, id, Command::Like, false).await
}

pub(super) async fn unfavourite(State(app): State<App>, base: At, Name(id): Name) -> Answer<Status> {
    react(app, base, id, Command::Unlike, false).await
}

async fn react(
    app: App,
    Extension(base): At,
    id: String,
    wish: fn(EntryId) -> Command,
    show_new: bool,
) -> Answer<Status> {
    // Of a boost, what is meant is the post inside.
    let target = app.read(move |reader| {
        let post = find(reader, &id)?;
        Ok(match post.body {
            PostBody::Boost { of, .. } => of.id,
            _ => post.id,
        })
    });
    let target = target.await?;
    let shown = match app.command(wish(target)).await? {
        Reply::Published { id, .. } if show_new => id,
        _ => target,
    };
    status_of(&app, base, shown).await.map(Json)
}
