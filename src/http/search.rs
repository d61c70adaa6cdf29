//! Finding: people, posts and tags in one answer. What can be asked is in `search::query`.

use axum::{Extension, Json, extract::State};
use serde::Serialize;
use starling_protocol::{AuthorId, EntryId, invite::Invite};

use super::{
    App, At, Base,
    entities::{Account, Dresser, Status, Tag},
    error::Error,
    input::Params,
    route::{Needs, Route},
};
use crate::{
    clock,
    search::{Ask, Now, People, Query},
    store::Reader,
    view,
};

/// Of each kind if nobody says how many, and at most: Mastodon's numbers.
const DEFAULT: usize = 20;
const MOST: usize = 40;

/// Mastodon's Search.
#[derive(Debug, Default, Serialize)]
pub(super) struct Found {
    accounts: Vec<Account>,
    statuses: Vec<Status>,
    hashtags: Vec<Tag>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v2/search", Needs::Scope("read:search"), search)]
}

/// What is asked for.
struct Wanted {
    text: String,
    kind: Option<String>,
    resolve: bool,
    following: bool,
    account: Option<AuthorId>,
    max: Option<EntryId>,
    min: Option<EntryId>,
    offset: usize,
    limit: usize,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self, Error> {
        let kind = params.get("type").map(str::to_owned);
        if let Some(kind) = &kind
            && !matches!(kind.as_str(), "accounts" | "statuses" | "hashtags")
        {
            return Err(Error::Invalid("type is accounts, statuses or hashtags".into()));
        }
        // Pages are asked for of one kind: an offset into three lists at once means nothing.
        let offset = params.parse("offset")?.unwrap_or(0);
        Ok(Self {
            text: params.require("q")?.trim().to_owned(),
            offset: if kind.is_some() { offset } else { 0 },
            kind,
            resolve: params.switch("resolve"),
            following: params.switch("following"),
            account: params.parse("account_id")?,
            max: params.parse("max_id")?,
            min: params.parse("min_id")?,
            limit: params.parse("limit")?.unwrap_or(DEFAULT).clamp(1, MOST),
        })
    }

    fn wants(&self, kind: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
    }
}

async fn search(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<Json<Found>, Error> {
    let wanted = Wanted::read(&params)?;
    // The index before the store, so that nothing is between them.
    let now = app.node().search().now();
    app.read(move |reader| find(&now, reader, &base, &wanted).map(Json)).await
}

fn find(now: &Now, reader: &Reader, base: &str, wanted: &Wanted) -> Result<Found, Error> {
    let dresser = Dresser { base, reader: Some(reader) };
    let mut found = Found::default();
    if wanted.wants("accounts") {
        let mut accounts = meant(reader, &wanted.text, wanted.resolve)?;
        if accounts.is_empty() {
            let (text, following) = (wanted.text.clone(), wanted.following);
            let ask = People { text, following, offset: wanted.offset, limit: wanted.limit };
            accounts = now.people(reader, &ask)?;
        } else if wanted.offset > 0 {
            accounts.clear();
        }
        found.accounts = accounts.iter().map(|account| dresser.account(account)).collect();
    }
    if wanted.wants("statuses") {
        let named = named(&wanted.text).filter(|_| wanted.offset == 0);
        let posts = match named.map(|id| reader.post(&id)).transpose()?.flatten() {
            Some(post) => vec![post],
            None => now.posts(
                reader,
                &Ask {
                    query: Query::parse(&wanted.text),
                    account: wanted.account,
                    max: wanted.max,
                    min: wanted.min,
                    offset: wanted.offset,
                    limit: wanted.limit,
                },
            )?,
        };
        found.statuses = dresser.statuses(&posts)?;
    }
    if wanted.wants("hashtags") {
        let tags =
            now.tags(reader, &wanted.text, wanted.offset.saturating_add(wanted.limit).min(2 * MOST))?;
        let tags = tags.iter().skip(wanted.offset);
        found.hashtags = tags.map(|tag| dresser.tag(reader, tag, clock::now())).collect::<Result<_, _>>()?;
    }
    Ok(found)
}

/// The person whose id or invite this is. One of whom nothing is held is shown by their id alone, if they are to be
/// looked up: following them brings the rest.
fn meant(reader: &Reader, text: &str, resolve: bool) -> Result<Vec<view::Account>, Error> {
    // Alone, at the end of an address, or as a name at a host.
    let text = text.rsplit('/').next().unwrap_or(text);
    let text = text.strip_prefix('@').unwrap_or(text);
    let text = text.strip_prefix("starling:").unwrap_or(text);
    let text = text.split_once('@').map_or(text, |(name, _)| name);
    let invite = text.parse::<Invite>().ok();
    let Some(author) = invite.as_ref().map(|invite| invite.author).or_else(|| text.parse().ok()) else {
        return Ok(Vec::new());
    };
    let mut account = reader.account(&author)?;
    if account.is_none() && resolve {
        let mut unknown = view::Account { author: Some(author), ..view::Account::default() };
        unknown.profile.name = invite.map(|invite| invite.name).unwrap_or_default();
        account = Some(unknown);
    }
    Ok(account.into_iter().collect())
}

/// The entry whose id this is, alone or at the end of its address.
fn named(text: &str) -> Option<EntryId> {
    text.rsplit(['/', ':']).next()?.parse().ok()
}
