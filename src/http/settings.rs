//! What clients remember here: how posts are written, and how far timelines were read.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    App,
    entities::time,
    error::Error,
    input::{self, Params},
    route::{Needs, Route},
};
use crate::{clock, store::kept::settings::Marker};

type Answer<T> = Result<Json<T>, Error>;

/// Timelines that have a marker.
const TIMELINES: [&str; 2] = ["home", "notifications"];
/// Bytes of what a client says that it saw last: an entry's id has 59.
const LAST_READ: usize = 128;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/preferences", Needs::Scope("read:accounts"), preferences),
        Route::get("/api/v1/markers", Needs::Scope("read:statuses"), markers),
        Route::post("/api/v1/markers", Needs::Scope("write:statuses"), mark),
    ]
}

async fn preferences(State(app): State<App>) -> Answer<Value> {
    app.read(|reader| {
        let posting = reader.posting()?;
        let mut answer = json!({
            "posting:default:visibility": posting.visibility,
            "posting:default:sensitive": posting.sensitive,
            "posting:default:quote_policy": "public",
            "reading:expand:media": "default",
            "reading:expand:spoilers": false,
            "reading:autoplay:gifs": false,
        });
        // Mastodon says null where none is chosen, and tooi ends over it; left out it is the same to all.
        if let Some(language) = posting.language {
            answer["posting:default:language"] = json!(language);
        }
        Ok(Json(answer))
    })
    .await
}

fn dressed(marker: &Marker) -> Value {
    json!({
        "last_read_id": marker.last_read,
        "version": marker.version,
        "updated_at": time(marker.at),
    })
}

async fn markers(State(app): State<App>, params: Params) -> Answer<Map<String, Value>> {
    app.read(move |reader| {
        let mut found = Map::new();
        for timeline in params.all("timeline").filter(|timeline| TIMELINES.contains(timeline)) {
            if let Some(marker) = reader.marker(timeline)? {
                found.insert(timeline.to_owned(), dressed(&marker));
            }
        }
        Ok(Json(found))
    })
    .await
}

#[derive(Debug, Deserialize)]
struct Mark {
    last_read_id: Option<String>,
    /// The version that the client knows. Mastodon finds out alone that two wrote at once; here a client may say.
    #[serde(default, deserialize_with = "input::number")]
    version: Option<u64>,
}

async fn mark(
    State(app): State<App>,
    input::Json(marks): input::Json<BTreeMap<String, Mark>>,
) -> Answer<Map<String, Value>> {
    let keep = app.keep(move |reader| {
        let (mut changes, mut found) = (Vec::new(), Map::new());
        for (timeline, mark) in marks {
            let Some(last_read) = mark.last_read_id else { continue };
            if !TIMELINES.contains(&timeline.as_str()) {
                continue;
            }
            if last_read.len() > LAST_READ {
                return Err(Error::Invalid("last_read_id is too long".into()));
            }
            let held = reader.marker(&timeline)?.map_or(0, |held| held.version);
            if mark.version.is_some_and(|known| known != held) {
                return Err(Error::Conflict);
            }
            let marker = Marker { last_read, version: held + 1, at: clock::now() };
            changes.push(marker.put(&timeline));
            found.insert(timeline, dressed(&marker));
        }
        Ok((changes, Json(found)))
    });
    keep.await
}
