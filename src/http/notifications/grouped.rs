//! Notifications in groups: ten likes of one post are one line, and whoever is named twice is sent once.

use std::collections::HashMap;

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, READ, UNREAD, WRITE, Wanted, all, last_read, take_away, unknown, window};
use crate::{
    http::{
        App, At, Base,
        entities::{Account, Dresser, Status, group_key, is_grouped, time},
        error::Error,
        input::{Name, Params},
        paging,
        route::Route,
    },
    store::{
        Reader,
        kept::notification::{Kind, Notification as Row, Window},
    },
};

/// People of a group who are shown with it.
const SAMPLE: usize = 8;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v2/notifications", READ, list),
        Route::get("/api/v2/notifications/unread_count", READ, unread),
        Route::get("/api/v2/notifications/{group_key}", READ, show),
        Route::post("/api/v2/notifications/{group_key}/dismiss", WRITE, dismiss),
        Route::get("/api/v2/notifications/{group_key}/accounts", READ, accounts),
    ]
}

/// Mastodon's NotificationGroup.
#[derive(Debug, Serialize)]
struct Dressed {
    group_key: String,
    notifications_count: usize,
    #[serde(rename = "type")]
    kind: &'static str,
    /// A number, where all other ids are texts: that is how Mastodon has it.
    most_recent_notification_id: u64,
    page_min_id: String,
    page_max_id: String,
    latest_page_notification_at: String,
    sample_account_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_id: Option<String>,
}

/// Mastodon's GroupedNotificationsResults.
#[derive(Debug, Default, Serialize)]
struct Results {
    accounts: Vec<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_accounts: Option<Vec<Value>>,
    statuses: Vec<Status>,
    notification_groups: Vec<Dressed>,
}

/// What happened to one thing, the newest first.
struct Group {
    key: String,
    rows: Vec<(u64, Row)>,
}

/// Which kinds are told together.
fn grouped_kinds(params: &Params) -> Vec<Kind> {
    let named: Vec<_> = params.all("grouped_types").filter(|word| !word.is_empty()).collect();
    let told = |kind: &Kind| is_grouped(*kind) && (named.is_empty() || named.contains(&kind.word()));
    Kind::ALL.into_iter().filter(told).collect()
}

/// All groups, the one first in which something happened last.
fn groups(reader: &Reader, wanted: &Wanted, together: &[Kind]) -> Result<Vec<Group>, Error> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = HashMap::new();
    for (number, row) in all::<Error>(reader, |row| wanted.fits(row))? {
        let key = group_key(number, &row, together.contains(&row.kind));
        let place = *places.entry(key.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { key, rows: Vec::new() });
        }
        groups[place].rows.push((number, row));
    }
    Ok(groups)
}

impl Group {
    fn newest(&self) -> u64 {
        self.rows.first().map_or(0, |(number, _)| *number)
    }

    fn oldest(&self) -> u64 {
        self.rows.last().map_or(0, |(number, _)| *number)
    }

    /// Those who did it, each once, the latest first.
    fn people(&self) -> Vec<&Row> {
        let mut people: Vec<&Row> = Vec::new();
        for (_, row) in &self.rows {
            if !people.iter().any(|held| held.from == row.from) {
                people.push(row);
            }
        }
        people
    }

    /// Enters the group into the results; false if what it is about is not shown any more.
    fn enter(&self, dresser: &Dresser<'_>, partial: bool, results: &mut Results) -> Result<bool, Error> {
        let Some((_, first)) = self.rows.first() else { return Ok(false) };
        let status_id = first.post.map(|post| post.to_string());
        let is_held =
            |results: &Results| results.statuses.iter().any(|one| Some(&one.id) == status_id.as_ref());
        if status_id.is_some() && !is_held(results) {
            let Some(status) = dresser.subject(first)? else { return Ok(false) };
            results.statuses.push(status);
        }
        let mut sample = Vec::new();
        for row in self.people() {
            if sample.len() == SAMPLE {
                break;
            }
            let Some(account) = dresser.actor(row)? else { continue };
            let account = dresser.account(&account);
            let whole = !partial || sample.is_empty();
            sample.push(account.id.clone());
            results.enter_account(account, whole);
        }
        if sample.is_empty() {
            return Ok(false);
        }
        results.notification_groups.push(Dressed {
            group_key: self.key.clone(),
            notifications_count: self.rows.len(),
            kind: first.kind.word(),
            most_recent_notification_id: self.newest(),
            page_min_id: self.oldest().to_string(),
            page_max_id: self.newest().to_string(),
            latest_page_notification_at: time(first.at),
            sample_account_ids: sample,
            status_id,
        });
        Ok(true)
    }
}

impl Results {
    fn enter_account(&mut self, account: Account, whole: bool) {
        if self.accounts.iter().any(|held| held.id == account.id) {
            return;
        }
        if whole {
            if let Some(partial) = &mut self.partial_accounts {
                partial.retain(|held| held["id"] != account.id);
            }
            return self.accounts.push(account);
        }
        let partial = self.partial_accounts.get_or_insert_default();
        if !partial.iter().any(|held| held["id"] == account.id) {
            partial.push(json!({
                "id": account.id,
                "acct": account.acct,
                "url": account.url,
                "avatar": account.avatar,
                "avatar_static": account.avatar_static,
                "locked": account.locked,
                "bot": account.bot,
            }));
        }
    }
}

async fn list(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<(HeaderMap, Json<Results>), Error> {
    app.read(move |reader| {
        let Window { max, since, min, limit } = window(&params)?;
        let mut groups = groups(reader, &Wanted::of(&params)?, &grouped_kinds(&params))?;
        // A group stands where its newest is: so it is on one page only.
        groups.retain(|group| {
            let newest = group.newest();
            max.is_none_or(|max| newest < max) && min.or(since).is_none_or(|min| newest > min)
        });
        if min.is_some() {
            groups.drain(..groups.len().saturating_sub(limit));
        }
        let partial = match params.get("expand_accounts") {
            None | Some("full") => false,
            Some("partial_avatars") => true,
            Some(_) => return Err(Error::Invalid("expand_accounts is full or partial_avatars".into())),
        };
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let mut results = Results { partial_accounts: partial.then(Vec::new), ..Results::default() };
        let (mut ends, mut shown) = (None, 0);
        for group in &groups {
            if shown == limit {
                break;
            }
            shown += usize::from(group.enter(&dresser, partial, &mut results)?);
            let (first, _) = ends.unwrap_or((group.newest(), 0));
            ends = Some((first, group.newest()));
        }
        let more =
            min.is_some() || ends.is_some_and(|(_, last)| groups.last().is_some_and(|g| g.newest() < last));
        let link = ends.and_then(|(newest, oldest)| {
            paging::link_to(&base, "/api/v2/notifications", &params, &newest, more.then_some(&oldest))
        });
        Ok((paging::headers(link), Json(results)))
    })
    .await
}

/// The group with this key: told together, unless the key says that it is alone.
fn find(reader: &Reader, key: &str) -> Result<Group, Error> {
    let everything = Wanted { kinds: Kind::ALL.to_vec(), from: None, filtered: true };
    if let Some(number) = key.strip_prefix("ungrouped-") {
        let (number, row) = super::find(reader, number)?;
        return Ok(Group { key: key.to_owned(), rows: vec![(number, row)] });
    }
    let together: Vec<_> = Kind::ALL.into_iter().filter(|kind| is_grouped(*kind)).collect();
    let found = groups(reader, &everything, &together)?.into_iter().find(|group| group.key == key);
    found.ok_or_else(|| unknown(key))
}

async fn show(State(app): State<App>, Extension(Base(base)): At, Name(key): Name) -> Answer<Results> {
    app.read(move |reader| {
        let mut results = Results::default();
        let dresser = Dresser { base: &base, reader: Some(reader) };
        match find(reader, &key)?.enter(&dresser, false, &mut results)? {
            true => Ok(Json(results)),
            false => Err(unknown(&key)),
        }
    })
    .await
}

async fn dismiss(State(app): State<App>, Name(key): Name) -> Answer<Value> {
    let group = app.read(move |reader| find(reader, &key)).await?;
    take_away(&app, group.rows).await
}

async fn accounts(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(key): Name,
) -> Answer<Vec<Account>> {
    app.read(move |reader| {
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let group = find(reader, &key)?;
        let mut people = Vec::new();
        for row in group.people() {
            people.extend(dresser.actor(row)?.map(|account| dresser.account(&account)));
        }
        Ok(Json(people))
    })
    .await
}

async fn unread(State(app): State<App>, params: Params) -> Answer<Value> {
    let limit = params.parse("limit")?.unwrap_or(UNREAD.0).clamp(1, UNREAD.1);
    app.read(move |reader| {
        let since = last_read(reader)?.unwrap_or(0);
        let mut groups = groups(reader, &Wanted::of(&params)?, &grouped_kinds(&params))?;
        groups.retain(|group| group.newest() > since && group.rows.iter().any(|(_, row)| !row.quiet));
        Ok(Json(json!({ "count": groups.len().min(limit) })))
    })
    .await
}
