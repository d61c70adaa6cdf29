//! Tags: what is said under them here, those that are followed, those that are shown on a profile.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::{Value, json};
use starling_protocol::{AuthorId, limits};

use super::{
    App, At, Base,
    draft::is_tag,
    entities::{Dresser, FeaturedTag, Tag, day},
    error::Error,
    input::{self, Name, Params},
    lookup, paging,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        Reader,
        kept::{Shelf, tags as row},
    },
};

type Answer<T> = Result<Json<T>, Error>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/tags/{name}", Needs::Scope("read:statuses"), show),
        Route::post("/api/v1/tags/{name}/follow", Needs::Scope("write:follows"), follow),
        Route::post("/api/v1/tags/{name}/unfollow", Needs::Scope("write:follows"), unfollow),
        Route::post("/api/v1/tags/{name}/feature", Needs::Scope("write:accounts"), feature),
        Route::post("/api/v1/tags/{name}/unfeature", Needs::Scope("write:accounts"), unfeature),
        Route::get("/api/v1/followed_tags", Needs::Scope("read:follows"), followed),
        Route::get("/api/v1/featured_tags", Needs::Scope("read:accounts"), featured),
        Route::post("/api/v1/featured_tags", Needs::Scope("write:accounts"), add_featured),
        Route::delete("/api/v1/featured_tags/{id}", Needs::Scope("write:accounts"), remove_featured),
        Route::get("/api/v1/featured_tags/suggestions", Needs::Scope("read:accounts"), suggestions),
        Route::get("/api/v1/accounts/{id}/featured_tags", Needs::Scope("read:accounts"), featured_by),
    ]
}

/// A tag as a caller names it, with or without `#`.
fn named(name: &str) -> Result<String, Error> {
    let name = name.trim().trim_start_matches('#');
    // Twice the characters in bytes is what a key of a shelf holds.
    if is_tag(name) && name.len() <= 2 * limits::TAG_CHARS {
        Ok(name.to_owned())
    } else {
        Err(Error::Invalid("Tag is invalid".into()))
    }
}

async fn show(State(app): State<App>, base: At, Name(name): Name) -> Answer<Tag> {
    let name = named(&name).map_err(|_| Error::NotFound("this tag".into()))?;
    dressed(app, base, name).await
}

async fn dressed(app: App, Extension(Base(base)): At, name: String) -> Answer<Tag> {
    app.read(move |reader| {
        Ok(Json(Dresser { base: &base, reader: Some(reader) }.tag(reader, &name, clock::now())?))
    })
    .await
}

async fn follow(State(app): State<App>, base: At, Name(name): Name) -> Answer<Tag> {
    put(&app, Shelf::FollowedTag, row::FOLLOWED, named(&name)?).await?;
    dressed(app, base, named(&name)?).await
}

async fn unfollow(State(app): State<App>, base: At, Name(name): Name) -> Answer<Tag> {
    let name = named(&name)?;
    let tag = name.clone();
    app.keep(move |_| Ok((vec![row::take(Shelf::FollowedTag, &tag)], ()))).await?;
    dressed(app, base, name).await
}

async fn feature(State(app): State<App>, base: At, Name(name): Name) -> Answer<Tag> {
    put(&app, Shelf::FeaturedTag, row::FEATURED, named(&name)?).await?;
    dressed(app, base, named(&name)?).await
}

async fn unfeature(State(app): State<App>, base: At, Name(name): Name) -> Answer<Tag> {
    let name = named(&name)?;
    let tag = name.clone();
    app.keep(move |_| Ok((vec![row::take(Shelf::FeaturedTag, &tag)], ()))).await?;
    dressed(app, base, name).await
}

/// Keeps a tag on a shelf that holds `most`; once, however often that is asked for.
async fn put(app: &App, shelf: Shelf, most: usize, name: String) -> Result<row::Tag, Error> {
    app.keep(move |reader| {
        if let Some(held) = reader.kept_tag(shelf, &name)? {
            return Ok((Vec::new(), held));
        }
        let all = reader.kept_tags(shelf)?;
        if all.len() >= most {
            return Err(Error::Invalid(format!("there are {most} of these tags already")));
        }
        let now = clock::now();
        let number = all.first().map_or(now, |last| now.max(last.number + 1));
        let tag = row::Tag { name, number };
        Ok((vec![row::put(shelf, &tag)], tag))
    })
    .await
}

async fn followed(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Tag>>), Error> {
    app.read(move |reader| {
        let now = clock::now();
        let all = reader.kept_tags(Shelf::FollowedTag)?.into_iter().map(|tag| (tag.number, tag)).collect();
        let (headers, page) = paging::numbered_up_to(&base, "/api/v1/followed_tags", &params, all, 200)?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let tags: Result<_, _> = page.iter().map(|tag| dresser.tag(reader, &tag.name, now)).collect();
        Ok((headers, Json(tags?)))
    })
    .await
}

pub(super) fn shown(
    reader: &Reader,
    base: &str,
    me: &AuthorId,
    tag: &row::Tag,
) -> Result<FeaturedTag, Error> {
    let (uses, last) = reader.own_uses(me, &tag.name)?;
    Ok(FeaturedTag {
        id: tag.number.to_string(),
        name: tag.name.clone(),
        url: Dresser { base, reader: None }.tag_url(&tag.name),
        statuses_count: uses.to_string(),
        last_status_at: last.map(day),
    })
}

async fn featured(State(app): State<App>, Extension(Base(base)): At) -> Answer<Vec<FeaturedTag>> {
    let me = app.node().author();
    app.read(move |reader| {
        let tags = reader.kept_tags(Shelf::FeaturedTag)?;
        let tags: Result<_, Error> = tags.iter().map(|tag| shown(reader, &base, &me, tag)).collect();
        tags.map(Json)
    })
    .await
}

/// Of others nothing is known: what somebody shows on their profile this way stays on their node.
async fn featured_by(State(app): State<App>, base: At, Name(id): Name) -> Answer<Vec<FeaturedTag>> {
    if lookup::author(&id)? == app.node().author() {
        return featured(State(app), base).await;
    }
    Ok(Json(Vec::new()))
}

#[derive(Debug, Default, Deserialize)]
struct Wish {
    name: Option<String>,
}

async fn add_featured(
    State(app): State<App>,
    Extension(Base(base)): At,
    input::Json(wish): input::Json<Wish>,
) -> Answer<FeaturedTag> {
    let tag = put(&app, Shelf::FeaturedTag, row::FEATURED, named(&wish.name.unwrap_or_default())?).await?;
    let me = app.node().author();
    app.read(move |reader| shown(reader, &base, &me, &tag).map(Json)).await
}

async fn remove_featured(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let wanted =
            reader.kept_tags(Shelf::FeaturedTag)?.into_iter().find(|tag| tag.number.to_string() == id);
        let tag = wanted.ok_or_else(|| Error::NotFound("this featured tag".into()))?;
        Ok((vec![row::take(Shelf::FeaturedTag, &tag.name)], ()))
    });
    keep.await?;
    Ok(Json(json!({})))
}

/// The tags that one used last and does not show yet.
async fn suggestions(State(app): State<App>, base: At) -> Answer<Vec<Tag>> {
    let (me, Extension(Base(base))) = (app.node().author(), base);
    app.read(move |reader| {
        let page = crate::view::Page { limit: 80, ..Default::default() };
        let mut names: Vec<String> = Vec::new();
        for post in reader.author_posts(&me, &page)? {
            let crate::view::PostBody::Content { content, .. } = post.body else { continue };
            for tag in content.tags {
                let known = names.iter().any(|name| name.to_lowercase() == tag.to_lowercase());
                if !known && reader.kept_tag(Shelf::FeaturedTag, &tag)?.is_none() {
                    names.push(tag);
                }
            }
        }
        names.truncate(row::FEATURED);
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let tags: Result<_, _> = names.iter().map(|name| dresser.tag(reader, name, clock::now())).collect();
        Ok(Json(tags?))
    })
    .await
}
