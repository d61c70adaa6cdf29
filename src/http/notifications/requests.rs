//! Whose notifications wait: the policy says of whom, and the person decides of each.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::{Value, json};
use starling_protocol::AuthorId;

use super::{Answer, READ, WRITE, all, take_away, unknown};
use crate::{
    engine::Command,
    http::{
        App, At, Base,
        entities::{Dresser, time},
        error::Error,
        input::{Json as Input, Name, Params},
        lookup, paging,
        route::Route,
    },
    store::{
        Reader,
        kept::{
            Change, Shelf,
            notification::Notification as Row,
            senders::{Verdict, let_in},
        },
    },
};

/// Requests on a page if nobody says how many, and at most.
const PAGE: (usize, usize) = (40, 80);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/notifications/requests", READ, list),
        Route::get("/api/v1/notifications/requests/merged", READ, async || Json(json!({ "merged": true }))),
        Route::post("/api/v1/notifications/requests/accept", WRITE, accept_all),
        Route::post("/api/v1/notifications/requests/dismiss", WRITE, dismiss_all),
        Route::get("/api/v1/notifications/requests/{id}", READ, show),
        Route::post("/api/v1/notifications/requests/{id}/accept", WRITE, accept),
        Route::post("/api/v1/notifications/requests/{id}/dismiss", WRITE, dismiss),
        Route::get("/api/v1/notifications/policy", READ, policy_in_switches),
        Route::put("/api/v1/notifications/policy", WRITE, change_switches),
        Route::patch("/api/v1/notifications/policy", WRITE, change_switches),
        Route::get("/api/v2/notifications/policy", READ, policy),
        Route::put("/api/v2/notifications/policy", WRITE, change),
        Route::patch("/api/v2/notifications/policy", WRITE, change),
    ]
}

/// What waits of one author: the newest first.
struct Waiting {
    from: AuthorId,
    rows: Vec<(u64, Row)>,
}

/// All that waits, those first of whom something came last.
fn waiting(reader: &Reader) -> Result<Vec<Waiting>, Error> {
    let mut found: Vec<Waiting> = Vec::new();
    for (number, row) in all::<Error>(reader, |row| row.filtered)? {
        match found.iter_mut().find(|waiting| waiting.from == row.from) {
            Some(waiting) => waiting.rows.push((number, row)),
            None => found.push(Waiting { from: row.from, rows: vec![(number, row)] }),
        }
    }
    Ok(found)
}

/// What waits of the author who is named.
fn waiting_of(reader: &Reader, id: &str) -> Result<Waiting, Error> {
    let author = lookup::author(id)?;
    let found = waiting(reader)?.into_iter().find(|waiting| waiting.from == author);
    found.ok_or_else(|| unknown(id))
}

impl Waiting {
    /// Mastodon's NotificationRequest; its id is the author's, of whom there is one.
    fn dress(&self, dresser: &Dresser<'_>) -> Result<Option<Value>, Error> {
        let (Some((_, newest)), Some((_, oldest))) = (self.rows.first(), self.rows.last()) else {
            return Ok(None);
        };
        let Some(account) = dresser.actor(newest)? else { return Ok(None) };
        let mut last_status = None;
        for (_, row) in self.rows.iter().filter(|(_, row)| row.post.is_some()) {
            last_status = dresser.subject(row)?;
            if last_status.is_some() {
                break;
            }
        }
        Ok(Some(json!({
            "id": self.from.to_string(),
            "created_at": time(oldest.at),
            "updated_at": time(newest.at),
            "account": dresser.account(&account),
            "notifications_count": self.rows.len().to_string(),
            "last_status": last_status,
        })))
    }
}

async fn list(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Value>>), Error> {
    let limit = params.parse("limit")?.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let (max, min) = (params.parse::<u64>("max_id")?, params.parse::<u64>("min_id")?);
    let since = params.parse::<u64>("since_id")?;
    app.read(move |reader| {
        let dresser = Dresser { base: &base, reader: Some(reader) };
        let newest = |waiting: &Waiting| waiting.rows.first().map_or(0, |(number, _)| *number);
        let mut found = waiting(reader)?;
        found.retain(|one| {
            let number = newest(one);
            max.is_none_or(|max| number < max) && min.or(since).is_none_or(|min| number > min)
        });
        if min.is_some() {
            found.drain(..found.len().saturating_sub(limit));
        }
        let more = min.is_some() || found.len() > limit;
        found.truncate(limit);
        let ends = found.first().zip(found.last()).map(|(first, last)| (newest(first), newest(last)));
        let path = "/api/v1/notifications/requests";
        let link = ends.and_then(|(newest, oldest)| {
            paging::link_to(&base, path, &params, &newest, more.then_some(&oldest))
        });
        let dressed = found.iter().filter_map(|one| one.dress(&dresser).transpose());
        let dressed = dressed.collect::<Result<_, _>>()?;
        Ok((paging::headers(link), Json(dressed)))
    })
    .await
}

async fn show(State(app): State<App>, Extension(Base(base)): At, Name(id): Name) -> Answer<Value> {
    app.read(move |reader| {
        let waiting = waiting_of(reader, &id)?;
        let dressed = waiting.dress(&Dresser { base: &base, reader: Some(reader) })?;
        dressed.map(Json).ok_or_else(|| unknown(&id))
    })
    .await
}

async fn accept(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let waiting = app.read(move |reader| waiting_of(reader, &id)).await?;
    let_through(&app, vec![waiting]).await
}

async fn dismiss(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let waiting = app.read(move |reader| waiting_of(reader, &id)).await?;
    take_away(&app, waiting.rows).await
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: Vec<String>,
}

impl Named {
    /// What waits of those who are named.
    async fn find(self, app: &App) -> Result<Vec<Waiting>, Error> {
        app.read(move |reader| {
            let mut found = waiting(reader)?;
            found.retain(|waiting| self.id.contains(&waiting.from.to_string()));
            Ok(found)
        })
        .await
    }
}

async fn accept_all(State(app): State<App>, Input(named): Input<Named>) -> Answer<Value> {
    let found = named.find(&app).await?;
    let_through(&app, found).await
}

async fn dismiss_all(State(app): State<App>, Input(named): Input<Named>) -> Answer<Value> {
    let found = named.find(&app).await?;
    take_away(&app, found.into_iter().flat_map(|waiting| waiting.rows).collect()).await
}

/// What waits of these is told, and what they do from now on.
async fn let_through(app: &App, found: Vec<Waiting>) -> Answer<Value> {
    let mut changes = Vec::new();
    for waiting in &found {
        changes.push(let_in(&waiting.from));
        for (number, row) in &waiting.rows {
            let told = Row { filtered: false, ..*row };
            changes.push(Change::put(Shelf::Notification, number.to_be_bytes(), &told));
        }
    }
    if !changes.is_empty() {
        app.command(Command::Keep(changes)).await?;
    }
    Ok(Json(json!({})))
}

fn summary(reader: &Reader) -> Result<Value, Error> {
    let waiting = waiting(reader)?;
    let rows: usize = waiting.iter().map(|waiting| waiting.rows.len()).sum();
    Ok(json!({ "pending_requests_count": waiting.len().min(100), "pending_notifications_count": rows }))
}

async fn policy(State(app): State<App>) -> Answer<Value> {
    app.read(|reader| {
        let policy = reader.sender_policy()?;
        Ok(Json(json!({
            "for_not_following": policy.not_following.word(),
            "for_not_followers": policy.not_followers.word(),
            "for_new_accounts": policy.new_accounts.word(),
            "for_private_mentions": policy.private_mentions.word(),
            "for_limited_accounts": policy.limited_accounts.word(),
            "summary": summary(reader)?,
        })))
    })
    .await
}

/// The policy as it was when a sender was either told or waited.
async fn policy_in_switches(State(app): State<App>) -> Answer<Value> {
    app.read(|reader| {
        let policy = reader.sender_policy()?;
        let held_back = |verdict: Verdict| verdict != Verdict::Accept;
        Ok(Json(json!({
            "filter_not_following": held_back(policy.not_following),
            "filter_not_followers": held_back(policy.not_followers),
            "filter_new_accounts": held_back(policy.new_accounts),
            "filter_private_mentions": held_back(policy.private_mentions),
            "summary": summary(reader)?,
        })))
    })
    .await
}

/// What of the policy is to change.
#[derive(Deserialize)]
struct Update {
    for_not_following: Option<String>,
    for_not_followers: Option<String>,
    for_new_accounts: Option<String>,
    for_private_mentions: Option<String>,
    for_limited_accounts: Option<String>,
}

fn verdict(word: &str) -> Result<Verdict, Error> {
    let found = Verdict::ALL.into_iter().find(|verdict| verdict.word() == word);
    found.ok_or_else(|| Error::Invalid("a policy is accept, filter or drop".into()))
}

async fn change(State(app): State<App>, Input(update): Input<Update>) -> Answer<Value> {
    let set = |place: &mut Verdict, word: Option<&str>| -> Result<(), Error> {
        if let Some(word) = word {
            *place = verdict(word)?;
        }
        Ok(())
    };
    let keep = app.keep(move |reader| {
        let mut policy = reader.sender_policy()?;
        set(&mut policy.not_following, update.for_not_following.as_deref())?;
        set(&mut policy.not_followers, update.for_not_followers.as_deref())?;
        set(&mut policy.new_accounts, update.for_new_accounts.as_deref())?;
        set(&mut policy.private_mentions, update.for_private_mentions.as_deref())?;
        set(&mut policy.limited_accounts, update.for_limited_accounts.as_deref())?;
        Ok((vec![policy.change()], ()))
    });
    keep.await?;
    self::policy(State(app)).await
}

/// The same in switches, which forms send as words.
#[derive(Deserialize)]
struct Switches {
    filter_not_following: Option<Value>,
    filter_not_followers: Option<Value>,
    filter_new_accounts: Option<Value>,
    filter_private_mentions: Option<Value>,
}

async fn change_switches(State(app): State<App>, Input(update): Input<Switches>) -> Answer<Value> {
    let set = |place: &mut Verdict, switch: Option<&Value>| match switch {
        Some(Value::Bool(true)) => *place = (*place).max(Verdict::Filter),
        Some(Value::String(word)) if matches!(word.as_str(), "true" | "1") => {
            *place = (*place).max(Verdict::Filter);
        }
        Some(Value::Bool(false) | Value::String(_)) => *place = Verdict::Accept,
        _ => {}
    };
    let keep = app.keep(move |reader| {
        let mut policy = reader.sender_policy()?;
        set(&mut policy.not_following, update.filter_not_following.as_ref());
        set(&mut policy.not_followers, update.filter_not_followers.as_ref());
        set(&mut policy.new_accounts, update.filter_new_accounts.as_ref());
        set(&mut policy.private_mentions, update.filter_private_mentions.as_ref());
        Ok((vec![policy.change()], ()))
    });
    keep.await?;
    policy_in_switches(State(app)).await
}
