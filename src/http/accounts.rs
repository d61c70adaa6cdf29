//! Authors: who they are, what they wrote, and how this node's author stands to them.

use axum::{
    Extension, Json,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    handler::Handler,
    http::{HeaderMap, header},
};
use serde::Deserialize;
use starling_protocol::{AuthorId, payload::Profile};

use super::{
    App, At, Base, draft,
    entities::{Account, CredentialAccount, Dresser, Status},
    error::Error,
    input::{self, Name, Params},
    lookup,
    marks::PINS,
    multipart, paging,
    portraits::Portraits,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        Line, Reader,
        kept::{filters::Place, settings::Posting},
        tags::folded,
    },
    view::{self, Post, PostBody},
};

/// Authors on a page of people at most: all that one may follow, for programs that ask for all.
const PEOPLE: usize = 10_000;

type Answer<T> = Result<Json<T>, Error>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/accounts/verify_credentials", Needs::Scope("read:accounts"), verify_credentials),
        Route::patch(
            "/api/v1/accounts/update_credentials",
            Needs::Scope("write:accounts"),
            update_credentials.layer(DefaultBodyLimit::disable()),
        ),
        Route::get("/api/v1/accounts/lookup", Needs::Scope("read:accounts"), lookup),
        Route::get("/api/v1/accounts/{id}", Needs::Scope("read:accounts"), show),
        Route::get("/api/v1/accounts/{id}/statuses", Needs::Scope("read:statuses"), statuses),
        Route::get("/api/v1/accounts/{id}/followers", Needs::Scope("read:accounts"), followers),
        Route::get("/api/v1/accounts/{id}/following", Needs::Scope("read:accounts"), following),
    ]
}

pub(super) async fn verify_credentials(
    State(app): State<App>,
    Extension(base): At,
) -> Answer<CredentialAccount> {
    let me = app.node().author();
    app.read(move |reader| {
        let account = reader.account(&me)?.unwrap_or_else(|| unknown(me));
        Ok(Json(Dresser { base: &base.0, reader: Some(reader) }.credentials(&account)))
    })
    .await
}

/// An author of whom only the id is known.
fn unknown(author: AuthorId) -> view::Account {
    view::Account { author: Some(author), ..view::Account::default() }
}

/// What of a profile is to change. The rest of Mastodon's fields mean nothing here.
#[derive(Debug, Deserialize)]
pub(super) struct Update {
    display_name: Option<String>,
    note: Option<String>,
    fields_attributes: Option<Fields>,
    source: Option<Source>,
}

/// How posts are written unless something else is said.
#[derive(Debug, Default, Deserialize)]
struct Source {
    privacy: Option<String>,
    #[serde(default, deserialize_with = "input::flag")]
    sensitive: Option<bool>,
    language: Option<String>,
}

impl Source {
    fn apply(self, posting: &mut Posting) -> Result<(), Error> {
        if let Some(privacy) = self.privacy {
            draft::visibility_of(&privacy)?;
            posting.visibility = privacy;
        }
        posting.sensitive = self.sensitive.unwrap_or(posting.sensitive);
        if let Some(language) = self.language {
            posting.language = draft::language_tag(&language)?;
        }
        Ok(())
    }
}

/// A list, or an object whose keys are places, as Rails writes lists.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Fields {
    List(Vec<Field>),
    Places(std::collections::BTreeMap<String, Field>),
}

#[derive(Debug, Deserialize)]
struct Field {
    name: String,
    value: String,
}

impl Update {
    /// Reads a body, and keeps the pictures in it.
    async fn read(app: &App, request: Request) -> Result<(Self, Portraits), Error> {
        if !input::is_type(request.headers(), multipart::TYPE) {
            let input::Json(update) = input::Json::from_request(request, app).await?;
            return Ok((update, Portraits::default()));
        }
        let mut parts = multipart::read(request, &Portraits::FILES).await?;
        Ok((parts.value()?, Portraits::keep(app, &mut parts).await?))
    }

    fn apply(self, profile: &mut Profile) {
        if let Some(name) = self.display_name {
            profile.name = name;
        }
        if let Some(note) = self.note {
            profile.bio = note;
        }
        let fields = match self.fields_attributes {
            Some(Fields::List(fields)) => fields,
            Some(Fields::Places(places)) => {
                let mut places: Vec<_> = places.into_iter().collect();
                places.sort_by_key(|(place, _)| place.parse::<u32>().unwrap_or(u32::MAX));
                places.into_iter().map(|(_, field)| field).collect()
            }
            None => return,
        };
        let named = fields.into_iter().filter(|field| !(field.name.is_empty() && field.value.is_empty()));
        profile.fields = named.map(|field| (field.name, field.value)).collect();
    }
}

pub(super) async fn update_credentials(
    State(app): State<App>,
    base: At,
    request: Request,
) -> Answer<CredentialAccount> {
    let (mut update, portraits) = Update::read(&app, request).await?;
    let source = update.source.take();
    let change = app.change_profile(move |profile| {
        update.apply(profile);
        portraits.apply(profile);
    });
    change.await?;
    if let Some(source) = source {
        let keep = app.keep(move |reader| {
            let mut posting = reader.posting()?;
            source.apply(&mut posting)?;
            Ok((vec![posting.put()], ()))
        });
        keep.await?;
    }
    verify_credentials(State(app), base).await
}

pub(super) async fn show(State(app): State<App>, Extension(base): At, Name(id): Name) -> Answer<Account> {
    let author = lookup::author(&id)?;
    let me = app.node().author();
    app.read(move |reader| {
        let account = match reader.account(&author)? {
            Some(account) => account,
            None if author == me => unknown(me),
            None => return Err(Error::NotFound(format!("{author}"))),
        };
        Ok(Json(Dresser { base: &base.0, reader: Some(reader) }.account(&account)))
    })
    .await
}

pub(super) async fn lookup(State(app): State<App>, Extension(base): At, params: Params) -> Answer<Account> {
    app.read(move |reader| {
        let author = lookup::who(reader, params.require("acct")?)?;
        let account = reader.account(&author)?;
        let account = account.ok_or_else(|| Error::NotFound(format!("{author}")))?;
        Ok(Json(Dresser { base: &base.0, reader: Some(reader) }.account(&account)))
    })
    .await
}

type Paged<T> = Result<(HeaderMap, Json<T>), Error>;

/// The posts of one author, newest first; with `pinned`, those that the author shows first.
pub(super) async fn statuses(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
    params: Params,
) -> Paged<Vec<Status>> {
    let author = lookup::author(&id)?;
    app.read(move |reader| {
        let own = reader.own(clock::now())?;
        let dresser = Dresser { base: &base, reader: Some(reader) };
        if params.switch("pinned") {
            return Ok((HeaderMap::new(), Json(dresser.statuses(&pinned(reader, &author)?)?)));
        }
        let tagged = params.get("tagged").map(folded);
        let wanted = |post: &Post| {
            let (is_reply, is_boost, media) = match &post.body {
                PostBody::Content { content, reply } => (reply.is_some(), false, !content.media.is_empty()),
                PostBody::Boost { .. } => (false, true, false),
                PostBody::Unknown { .. } | PostBody::Absent => (false, false, false),
            };
            let carries = |tag: &String| {
                let PostBody::Content { content, .. } = &post.body else { return false };
                content.tags.iter().any(|held| folded(held) == *tag)
            };
            Ok(!(is_reply && params.switch("exclude_replies")
                || is_boost && params.switch("exclude_reblogs")
                || !media && params.switch("only_media")
                || tagged.as_ref().is_some_and(|tag| !carries(tag))
                || own.hides(post, Place::Account)))
        };
        let window = reader.window(Line::Authors(&[author]), &paging::page(&params)?, wanted)?;
        let path = format!("/api/v1/accounts/{author}/statuses");
        let headers = paging::window(&base, &path, &params, &window);
        Ok((headers, Json(dresser.statuses(&window.posts)?)))
    })
    .await
}

/// What an author shows first, as far as it is here.
fn pinned(reader: &Reader, author: &AuthorId) -> Result<Vec<Post>, Error> {
    let mut posts = Vec::new();
    for id in reader.pins(author)? {
        posts.extend(reader.post(&id)?.filter(|post| post.author.author == Some(*author)));
        if posts.len() == PINS {
            break;
        }
    }
    Ok(posts)
}

pub(super) async fn followers(
    State(app): State<App>,
    base: At,
    Name(id): Name,
    params: Params,
) -> Paged<Vec<Account>> {
    people(app, base, id, params, "followers", Reader::followers).await
}

pub(super) async fn following(
    State(app): State<App>,
    base: At,
    Name(id): Name,
    params: Params,
) -> Paged<Vec<Account>> {
    people(app, base, id, params, "following", Reader::following).await
}

type List = fn(&Reader, &AuthorId) -> Result<Vec<AuthorId>, crate::store::Error>;

/// A page of a list of authors. `max_id` is the last author of the page before.
async fn people(
    app: App,
    Extension(Base(base)): At,
    id: String,
    params: Params,
    name: &'static str,
    list: List,
) -> Paged<Vec<Account>> {
    let author = lookup::author(&id)?;
    app.read(move |reader| {
        let all = list(reader, &author)?;
        let limit = params.parse("limit")?.unwrap_or(paging::DEFAULT).clamp(1, PEOPLE);
        let start = match params.parse::<AuthorId>("max_id")? {
            Some(last) => all.iter().position(|author| *author == last).map_or(all.len(), |at| at + 1),
            None => 0,
        };
        let page = &all[start..all.len().min(start + limit)];
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let mut accounts = Vec::new();
        for author in page {
            let account = reader.account(author)?.unwrap_or_else(|| unknown(*author));
            if !account.blocked {
                accounts.push(dresser.account(&account));
            }
        }
        let more = page.last().filter(|_| start + page.len() < all.len());
        let next = more.map(|last| {
            let path = format!("/api/v1/accounts/{author}/{name}");
            format!("<{base}{path}?limit={limit}&max_id={last}>; rel=\"next\"")
        });
        let link = next.and_then(|link| Some((header::LINK, link.try_into().ok()?)));
        Ok((HeaderMap::from_iter(link), Json(accounts)))
    })
    .await
}
