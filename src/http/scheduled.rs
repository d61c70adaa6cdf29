//! Posts that wait for their hour. The engine publishes them; here they are taken, listed, put off and called off.

use axum::{Extension, Json, extract::State, http::HeaderMap};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};
use starling_protocol::{
    EntryId,
    payload::{Content, Visibility},
};

use super::{
    App, At, Base,
    entities::{Dresser, time},
    error::Error,
    input::{self, Name, Params},
    paging,
    route::{Needs, Route},
};
use crate::{
    clock,
    store::{
        Reader,
        kept::{
            Shelf,
            scheduled::{self, Scheduled, WAITING},
        },
    },
};

type Answer<T> = Result<Json<T>, Error>;

/// How far ahead a post must be: nearer ones are posted at once, as Mastodon has it.
const AHEAD_MS: u64 = 5 * 60 * 1000;

/// How long before its hour a post cannot be put off any more: longer than an answer may take.
const TOO_LATE_MS: u64 = 60 * 1000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/scheduled_statuses", Needs::Scope("read:statuses"), all),
        Route::get("/api/v1/scheduled_statuses/{id}", Needs::Scope("read:statuses"), show),
        Route::put("/api/v1/scheduled_statuses/{id}", Needs::Scope("write:statuses"), put_off),
        Route::delete("/api/v1/scheduled_statuses/{id}", Needs::Scope("write:statuses"), call_off),
    ]
}

/// A time as clients write it: RFC 3339; without a zone it is UTC.
pub(super) fn moment(text: &str) -> Result<u64, Error> {
    let text = text.trim();
    let utc = || {
        text.parse::<DateTime>().and_then(|time| time.to_zoned(TimeZone::UTC)).map(|time| time.timestamp())
    };
    let time = text.parse::<Timestamp>().or_else(|_| utc());
    let time = time.map_err(|_| Error::Invalid("Scheduled at is not a time".into()))?;
    Ok(u64::try_from(time.as_millisecond()).unwrap_or(0))
}

fn ahead(at: u64) -> Result<u64, Error> {
    if at < clock::now().saturating_add(AHEAD_MS) {
        return Err(Error::Invalid("Scheduled at must be at least 5 minutes ahead".into()));
    }
    Ok(at)
}

/// Mastodon's ScheduledStatus.
fn dressed(base: &str, id: u64, post: &Scheduled) -> Value {
    let content = post.content().unwrap_or_default();
    let visibility = match content.visibility {
        Visibility::Public => "public",
        Visibility::Unlisted | Visibility::Local => "unlisted",
    };
    let media = Dresser { base, reader: None }.attachments(&content);
    let poll = content.poll().map(|poll| {
        json!({
            "options": poll.options,
            "expires_in": poll.ends_at.saturating_sub(post.at) / 1000,
            "multiple": poll.multiple,
            "hide_totals": poll.hides_totals,
        })
    });
    let media_ids: Vec<_> = media.iter().map(|media| media.id.clone()).collect();
    json!({
        "id": id.to_string(),
        "scheduled_at": time(post.at),
        "params": {
            "text": content.text,
            "poll": poll,
            "media_ids": Some(media_ids).filter(|ids| !ids.is_empty()),
            "sensitive": content.warning.is_some() || content.sensitive(),
            "spoiler_text": content.warning,
            "visibility": visibility,
            "in_reply_to_id": post.parent.map(|id| id.to_string()),
            "language": content.language,
            "application_id": null,
            "scheduled_at": null,
            "idempotency": post.idempotency,
            "with_rate_limit": false,
        },
        "media_attachments": media,
    })
}

/// Takes a post that is to be published at `at`. Asking twice in the same words takes it once.
pub(super) async fn take(
    (app, Base(base)): (&App, Base),
    at: u64,
    parent: Option<EntryId>,
    content: Content,
    idempotency: Option<String>,
) -> Result<Value, Error> {
    let at = ahead(at)?;
    if content.text.trim().is_empty() && content.media.is_empty() {
        return Err(Error::Invalid("Text can't be blank".into()));
    }
    app.keep(move |reader| {
        let waiting = reader.scheduled()?;
        let asked = waiting.iter().find(|(_, post)| idempotency.is_some() && post.idempotency == idempotency);
        if let Some((id, post)) = asked {
            return Ok((Vec::new(), dressed(&base, *id, post)));
        }
        if waiting.len() >= WAITING {
            return Err(Error::Invalid(format!("{WAITING} posts wait already")));
        }
        let post = Scheduled::new(at, parent, content, idempotency);
        let id = reader.next_number(Shelf::Scheduled, clock::now())?;
        let change = post.put(id);
        if !change.fits() {
            return Err(Error::Invalid("Text is too long".into()));
        }
        Ok((vec![change], dressed(&base, id, &post)))
    })
    .await
}

fn find(reader: &Reader, id: &str) -> Result<(u64, Scheduled), Error> {
    let unknown = || Error::NotFound("this scheduled status".into());
    let id: u64 = id.parse().map_err(|_| unknown())?;
    Ok((id, reader.kept(Shelf::Scheduled, &id.to_be_bytes())?.ok_or_else(unknown)?))
}

async fn all(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Value>>), Error> {
    app.read(move |reader| {
        let rows =
            reader.scheduled()?.into_iter().map(|(id, post)| (id, dressed(&base, id, &post))).collect();
        let (headers, page) = paging::numbered(&base, "/api/v1/scheduled_statuses", &params, rows)?;
        Ok((headers, Json(page)))
    })
    .await
}

async fn show(State(app): State<App>, Extension(Base(base)): At, Name(id): Name) -> Answer<Value> {
    app.read(move |reader| {
        let (id, post) = find(reader, &id)?;
        Ok(Json(dressed(&base, id, &post)))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
struct Wish {
    scheduled_at: Option<String>,
}

async fn put_off(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
    input::Json(wish): input::Json<Wish>,
) -> Answer<Value> {
    let keep = app.keep(move |reader| {
        let (id, mut post) = find(reader, &id)?;
        let Some(at) = wish.scheduled_at.filter(|at| !at.is_empty()) else {
            return Ok((Vec::new(), dressed(&base, id, &post)));
        };
        if post.due < clock::now().saturating_add(TOO_LATE_MS) {
            // Put off in the moment in which it is published, it would be published twice.
            return Err(Error::Invalid("This post is about to be published".into()));
        }
        post.put_off(ahead(moment(&at)?)?);
        Ok((vec![post.put(id)], dressed(&base, id, &post)))
    });
    keep.await.map(Json)
}

async fn call_off(State(app): State<App>, Name(id): Name) -> Answer<Value> {
    let keep = app.keep(move |reader| Ok((vec![scheduled::take(find(reader, &id)?.0)], ())));
    keep.await?;
    Ok(Json(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        for text in [
            "2026-11-22T08:00:00Z",
            "2026-11-22T08:00:00.000Z",
            "2026-11-22T05:00:00-03:00",
            "2026-11-22T08:00:00",
            "2026-11-22 08:00",
        ] {
            assert_eq!(moment(text).unwrap(), 1_795_334_400_000, "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01T00:00:00Z", "1795334400"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
