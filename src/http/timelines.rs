//! Timelines: home, everybody, a tag, a list. Of each what the person does not want to see is left out.

use axum::{Extension, Json, extract::State, http::HeaderMap, response::Response};
use starling_protocol::{AuthorId, payload::Visibility};

use super::{
    App, At, Base,
    entities::{Dresser, Status},
    error::Error,
    input::{Name, Params},
    lists,
    pages::Asked,
    paging,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        self, Line, Reader,
        kept::{Shelf, filters::Place, lists::Replies, own::Own},
        tags::folded,
    },
    view::{Post, PostBody},
};

type Paged = Result<(HeaderMap, Json<Vec<Status>>), Error>;

/// Tags that `any[]`, `all[]` and `none[]` name at most, each: a page looks for all of them.
const TAGS: usize = 4;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/timelines/home", Needs::Scope("read:statuses"), home),
        Route::get("/api/v1/timelines/public", Needs::Scope("read:statuses"), public),
        Route::get("/api/v1/timelines/tag/{tag}", Needs::Scope("read:statuses"), tag),
        Route::get("/api/v1/timelines/list/{id}", Needs::Scope("read:lists"), list),
        // Posts that link to a page which is much linked to; nothing here counts that.
        Route::get("/api/v1/timelines/link", Needs::Scope("read:statuses"), async || Json([(); 0])),
        // Private posts, which there are none of.
        Route::get("/api/v1/timelines/direct", Needs::Scope("read:statuses"), async || Json([(); 0])),
    ]
}

/// What answers a request for a page of a line.
fn answer(
    (reader, base, path, params): (&Reader, &str, &str, &Params),
    line: Line<'_>,
    hides: fn(&Own, &Post) -> bool,
    mut wanted: impl FnMut(&Post, &Own) -> Result<bool, store::Error>,
) -> Paged {
    let own = reader.own(clock::now())?;
    let page = paging::page(params)?;
    let window = reader.window(line, &page, |post| Ok(!hides(own, post) && wanted(post, own)?))?;
    let statuses = Dresser { base, reader: Some(reader) }.statuses(&window.posts)?;
    Ok((paging::window(base, path, params, &window), Json(statuses)))
}

async fn home(
    State(app): State<App>,
    asked: Asked,
    Extension(Base(base)): At,
    params: Params,
) -> Result<Response, Error> {
    app.page(asked, move |reader| {
        let tags: Vec<_> = reader.kept_tags(Shelf::FollowedTag)?.into_iter().map(|tag| tag.name).collect();
        let line = if tags.is_empty() { Line::Home } else { Line::HomeAndTags(&tags) };
        let at_home = |post: &Post, _: &Own| {
            // Of people who are not followed only what everybody may find under a tag.
            Ok(post.author.followed || reader.is_me(post) || is_public(post))
        };
        answer(
            (reader, &base, "/api/v1/timelines/home", &params),
            line,
            |own, post| own.hides(post, Place::Home),
            at_home,
        )
    })
    .await
}

/// Everybody of whom something came by. `local` is this node's own author, `remote` all others; `strangers`, which is
/// Starling's own, those of them who are not followed.
async fn public(
    State(app): State<App>,
    asked: Asked,
    Extension(Base(base)): At,
    params: Params,
) -> Result<Response, Error> {
    let me = [app.node().author()];
    app.page(asked, move |reader| {
        let strangers = params.switch("strangers");
        let line = match params.switch("local") {
            true => Line::Authors(&me),
            false if strangers => Line::Network,
            false => Line::Everybody,
        };
        let (remote, media) = (params.switch("remote"), params.switch("only_media"));
        let wanted = |post: &Post, _: &Own| {
            let said = strangers || is_public(post) && !answers_another(post);
            Ok(said && !(remote && reader.is_me(post)) && (!media || has_media(post)))
        };
        answer((reader, &base, "/api/v1/timelines/public", &params), line, in_public, wanted)
    })
    .await
}

fn in_public(own: &Own, post: &Post) -> bool {
    own.hides(post, Place::Public)
}

/// Whether a post is a part of a conversation that somebody else began.
pub(super) fn answers_another(post: &Post) -> bool {
    matches!(&post.body, PostBody::Content { reply: Some((_, parent)), .. } if Some(parent.author) != post.author.author)
}

/// Whether a post is one that everybody may come by: of boosts and what is not understood the authors' followers are
/// told.
pub(super) fn is_public(post: &Post) -> bool {
    match &post.body {
        PostBody::Content { content, .. } => content.visibility != Visibility::Unlisted,
        _ => false,
    }
}

pub(super) fn has_media(post: &Post) -> bool {
    matches!(&post.body, PostBody::Content { content, .. } if !content.media.is_empty())
}

async fn tag(
    State(app): State<App>,
    asked: Asked,
    Extension(Base(base)): At,
    Name(name): Name,
    params: Params,
) -> Result<Response, Error> {
    app.page(asked, move |reader| {
        let several = |word: &str| -> Result<Vec<String>, Error> {
            let tags: Vec<_> = params.all(word).filter(|tag| !tag.is_empty()).map(folded).collect();
            match tags.len() {
                0..=TAGS => Ok(tags),
                _ => Err(Error::Invalid(format!("{word} names {TAGS} tags at most"))),
            }
        };
        let (mut any, all, none) = (several("any")?, several("all")?, several("none")?);
        any.push(folded(name.trim_start_matches('#')));
        let (local, remote) = (params.switch("local"), params.switch("remote"));
        let media = params.switch("only_media");
        let wanted = |post: &Post, _: &Own| {
            let PostBody::Content { content, .. } = &post.body else { return Ok(false) };
            let tags: Vec<String> = content.tags.iter().map(|tag| folded(tag)).collect();
            let named = any.iter().any(|tag| tags.contains(tag))
                && all.iter().all(|tag| tags.contains(tag))
                && !none.iter().any(|tag| tags.contains(tag));
            let mine = reader.is_me(post);
            let place = !(local && !mine || remote && mine);
            Ok(named && place && is_public(post) && (!media || has_media(post)))
        };
        let path = format!("/api/v1/timelines/tag/{}", super::html::encoded(&name));
        answer((reader, &base, &path, &params), Line::Tags(&any), in_public, wanted)
    })
    .await
}

async fn list(
    State(app): State<App>,
    asked: Asked,
    Extension(Base(base)): At,
    Name(id): Name,
    params: Params,
) -> Result<Response, Error> {
    app.page(asked, move |reader| {
        let (id, list) = lists::find(reader, &id)?;
        let members: Vec<AuthorId> = reader.list_members(id)?.into_iter().map(|(_, author)| author).collect();
        let wanted = |post: &Post, own: &Own| answers_on_list(reader, own, list.replies, &members, post);
        let path = format!("/api/v1/timelines/list/{id}");
        answer((reader, &base, &path, &params), Line::Authors(&members), Own::hides_on_list, wanted)
    })
    .await
}

/// Whether a list shows a post of its members: what is no answer, and of the answers those that it is told to.
pub(super) fn answers_on_list(
    reader: &Reader,
    own: &Own,
    replies: Replies,
    members: &[AuthorId],
    post: &Post,
) -> Result<bool, store::Error> {
    let PostBody::Content { reply: Some((_, parent)), .. } = &post.body else { return Ok(true) };
    let to = parent.author;
    let oneself = post.author.author == Some(to);
    Ok(match replies {
        Replies::None => oneself,
        Replies::List => oneself || members.contains(&to) || Some(to) == own.me(),
        Replies::Followed => {
            let known = reader.brief(&to)?;
            oneself || Some(to) == own.me() || known.is_some_and(|account| account.followed)
        }
    })
}
