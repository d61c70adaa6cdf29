//! What this server is, as clients ask first. Short, and true: one person, no registrations.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};
use starling_protocol::limits;

use super::{
    App, At, Base,
    entities::Dresser,
    error::Error,
    route::{Needs, Route},
};
use crate::{
    blobs::{MAX_BYTES, picture},
    view,
};

const TITLE: &str = "Starling";
const DESCRIPTION: &str = "A node of a social network without servers";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/instance", Needs::Nothing, v1),
        // What some clients ask first, with a slash more than is documented.
        Route::get("/api/v1/instance/", Needs::Nothing, v1),
        Route::get("/api/v2/instance", Needs::Nothing, v2),
        Route::get("/api/v2/instance/", Needs::Nothing, v2),
    ]
}

/// The API that clients may expect, and who answers.
fn version() -> String {
    format!("4.5.0 (compatible; Starling {})", env!("CARGO_PKG_VERSION"))
}

fn configuration() -> Value {
    json!({
        "urls": { "streaming": null, "status": null, "about": null },
        "accounts": {
            "max_featured_tags": 0,
            "max_pinned_statuses": 0,
            "max_profile_fields": limits::PROFILE_FIELDS,
            "profile_field_name_limit": limits::PROFILE_FIELD_CHARS,
            "profile_field_value_limit": limits::PROFILE_FIELD_CHARS,
            "max_display_name_length": limits::PROFILE_NAME_CHARS,
            "max_note_length": limits::PROFILE_BIO_CHARS,
        },
        "statuses": {
            "max_characters": limits::TEXT_CHARS,
            "max_media_attachments": limits::MEDIA,
            "characters_reserved_per_url": 0,
        },
        "media_attachments": {
            "supported_mime_types": picture::TYPES,
            "description_limit": limits::ALT_CHARS,
            "image_size_limit": MAX_BYTES,
            "image_matrix_limit": picture::PIXELS,
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
        },
        "polls": {
            "max_options": 0,
            "max_characters_per_option": 0,
            "min_expiration": 0,
            "max_expiration": 0,
        },
        "translation": { "enabled": false },
        "vapid": { "public_key": "" },
        "limited_federation": false,
    })
}

/// The only account there is, and how many posts it has.
async fn owner(app: &App, base: &str) -> Result<(Value, u64), Error> {
    let (me, base) = (app.node().author(), base.to_owned());
    app.read(move |reader| {
        let unknown = || view::Account { author: Some(me), ..view::Account::default() };
        let account = reader.account(&me)?.unwrap_or_else(unknown);
        let dressed = Dresser { base: &base, reader: Some(reader) }.account(&account);
        Ok((json!(dressed), account.posts))
    })
    .await
}

fn domain(base: &str) -> &str {
    base.trim_start_matches("http://")
}

pub(super) async fn v1(State(app): State<App>, Extension(Base(base)): At) -> Result<Json<Value>, Error> {
    let (account, posts) = owner(&app, &base).await?;
    Ok(Json(json!({
        "uri": domain(&base),
        "title": TITLE,
        "short_description": DESCRIPTION,
        "description": DESCRIPTION,
        "email": "",
        "version": version(),
        "urls": { "streaming_api": "" },
        "stats": { "user_count": 1, "status_count": posts, "domain_count": 0 },
        "thumbnail": format!("{base}/headers/starling.svg"),
        "languages": [],
        "registrations": false,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": configuration(),
        "contact_account": account,
        "rules": [],
    })))
}

pub(super) async fn v2(State(app): State<App>, Extension(Base(base)): At) -> Result<Json<Value>, Error> {
    let (account, _) = owner(&app, &base).await?;
    Ok(Json(json!({
        "domain": domain(&base),
        "title": TITLE,
        "version": version(),
        "source_url": env!("CARGO_PKG_REPOSITORY"),
        "description": DESCRIPTION,
        "usage": { "users": { "active_month": 1 } },
        "thumbnail": {
            "url": format!("{base}/headers/starling.svg"),
            "blurhash": null,
            "versions": {},
            "description": null,
        },
        "icon": [],
        "languages": [],
        "configuration": configuration(),
        "registrations": {
            "enabled": false,
            "approval_required": false,
            "reason_required": null,
            "message": null,
            "min_age": null,
            "url": null,
        },
        "api_versions": { "mastodon": 7 },
        "contact": { "email": "", "account": account },
        "rules": [],
    })))
}
