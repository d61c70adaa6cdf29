//! Authors: who they are, what they wrote, and how this node's author stands to them.

use axum::{
    Extension, Json,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    handler::Handler,
    http::{HeaderMap, header},
};
use libp2p::Multiaddr;
use serde::Deserialize;
use starling_protocol::{AuthorId, EntryId, payload::Profile};

use super::{
    App, At, Base,
    entities::{Account, CredentialAccount, Dresser, Relationship, Status},
    error::Error,
    input::{self, Name, Params},
    lookup, multipart, paging,
    portraits::Portraits,
    route::{Needs, Route},
};
use crate::{
    engine::Command,
    store::Reader,
    view::{self, Page, Post, PostBody},
};

/// Accounts that one request for relationships may name.
const RELATIONSHIPS: usize = 80;
/// Authors on a page of people at most: all that one may follow, for programs that ask for all.
const PEOPLE: usize = 10_000;
/// Pages that are read to fill one when a filter leaves things out. What is further is on the next
/// page: a filter that fits nothing must not read a whole feed.
const FILTERED_PAGES: usize = 8;

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
        Route::get("/api/v1/accounts/relationships", Needs::Scope("read:follows"), relationships),
        Route::get("/api/v1/accounts/{id}", Needs::Scope("read:accounts"), show),
        Route::get("/api/v1/accounts/{id}/statuses", Needs::Scope("read:statuses"), statuses),
        Route::get("/api/v1/accounts/{id}/followers", Needs::Scope("read:accounts"), followers),
        Route::get("/api/v1/accounts/{id}/following", Needs::Scope("read:accounts"), following),
        Route::post("/api/v1/accounts/{id}/follow", Needs::Scope("write:follows"), follow),
        Route::post("/api/v1/accounts/{id}/unfollow", Needs::Scope("write:follows"), unfollow),
        Route::post("/api/v1/accounts/{id}/block", Needs::Scope("write:blocks"), block),
        Route::post("/api/v1/accounts/{id}/unblock", Needs::Scope("write:blocks"), unblock),
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
    let me = app.node().author();
    let (update, portraits) = Update::read(&app, request).await?;
    let profile = app.read(move |reader| {
        let mut profile = reader.account(&me)?.map(|account| account.profile).unwrap_or_default();
        update.apply(&mut profile);
        portraits.apply(&mut profile);
        Ok(profile)
    });
    app.command(Command::SetProfile(Box::new(profile.await?))).await?;
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

pub(super) async fn relationships(State(app): State<App>, params: Params) -> Answer<Vec<Relationship>> {
    app.read(move |reader| {
        let ids: Vec<_> = params.all("id").collect();
        if ids.len() > RELATIONSHIPS {
            return Err(Error::Invalid(format!("id has {}, and may have {RELATIONSHIPS}", ids.len())));
        }
        // Mastodon leaves out who does not exist; an id without an author is that.
        let authors = ids.iter().filter_map(|id| id.parse().ok());
        authors.map(|author| relationship_to(reader, &author)).collect::<Result<_, _>>().map(Json)
    })
    .await
}

fn relationship_to(reader: &Reader, author: &AuthorId) -> Result<Relationship, Error> {
    Ok(Relationship::new(author, reader.account(author)?.as_ref()))
}

/// Where an author's feed may be found.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Follow {
    #[serde(default)]
    addresses: Vec<Multiaddr>,
}

pub(super) async fn follow(
    State(app): State<App>,
    Name(id): Name,
    input::Json(Follow { addresses }): input::Json<Follow>,
) -> Answer<Relationship> {
    if addresses.len() > starling_protocol::limits::HINTS {
        return Err(Error::Invalid("there are too many addresses".into()));
    }
    relate(app, &id, |author| Command::Follow { author, addresses }).await
}

pub(super) async fn unfollow(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    relate(app, &id, Command::Unfollow).await
}

pub(super) async fn block(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    relate(app, &id, Command::Block).await
}

pub(super) async fn unblock(State(app): State<App>, Name(id): Name) -> Answer<Relationship> {
    relate(app, &id, Command::Unblock).await
}

async fn relate(app: App, id: &str, wish: impl FnOnce(AuthorId) -> Command) -> Answer<Relationship> {
    let author = lookup::author(id)?;
    app.command(wish(author)).await?;
    app.read(move |reader| relationship_to(reader, &author).map(Json)).await
}

type Paged<T> = Result<(HeaderMap, Json<T>), Error>;

/// The posts of one author, newest first.
pub(super) async fn statuses(
    State(app): State<App>,
    Extension(base): At,
    Name(id): Name,
    params: Params,
) -> Paged<Vec<Status>> {
    let author = lookup::author(&id)?;
    app.read(move |reader| {
        let page = paging::page(&params)?;
        let wanted = |post: &Post| {
            let (is_reply, is_boost, media) = match &post.body {
                PostBody::Content { content, reply } => (reply.is_some(), false, !content.media.is_empty()),
                PostBody::Boost { .. } => (false, true, false),
                PostBody::Unknown { .. } | PostBody::Absent => (false, false, false),
            };
            !(is_reply && params.switch("exclude_replies")
                || is_boost && params.switch("exclude_reblogs")
                || !media && params.switch("only_media")
                || params.switch("pinned"))
        };
        let (posts, ends) = filtered(reader, &author, page, wanted)?;
        let path = format!("/api/v1/accounts/{author}/statuses");
        let link = ends.and_then(|ends| paging::link(&base.0, &path, &params, ends));
        let statuses = Dresser { base: &base.0, reader: Some(reader) }.statuses(&posts)?;
        Ok((HeaderMap::from_iter(link.map(|link| (header::LINK, link))), Json(statuses)))
    })
    .await
}

/// The newest and the oldest entry of a page.
type Ends = (EntryId, EntryId);

/// A page of what is wanted, and the first and last entry that were looked at.
fn filtered(
    reader: &Reader,
    author: &AuthorId,
    mut page: Page,
    wanted: impl Fn(&Post) -> bool,
) -> Result<(Vec<Post>, Option<Ends>), Error> {
    let limit = page.limit;
    let mut kept: Vec<Post> = Vec::new();
    let mut ends: Option<Ends> = None;
    for _ in 0..FILTERED_PAGES {
        page.limit = limit - kept.len();
        let posts = reader.author_posts(author, &page)?;
        let (Some(first), Some(last)) = (posts.first(), posts.last()) else { break };
        ends = Some(ends.map_or((first.id, last.id), |(newest, oldest)| match page.min {
            Some(_) => (first.id, oldest),
            None => (newest, last.id),
        }));
        let found = posts.iter().filter(|post| wanted(post)).cloned();
        if page.min.is_some() {
            page.min = Some(first.id);
            kept.splice(0..0, found.collect::<Vec<_>>());
        } else {
            page.max = Some(last.id);
            kept.extend(found);
        }
        if kept.len() >= limit || posts.len() < page.limit {
            break;
        }
    }
    Ok((kept, ends))
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
