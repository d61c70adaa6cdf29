//! What this server is, as clients ask first. Short, and true: one person, no registrations.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};
use starling_protocol::limits;

use super::{
    App, At, Base,
    entities::{Dresser, day, time},
    error::Error,
    marks, polls,
    route::{Needs, Route},
};
use crate::{
    blobs::{MAX_BYTES, picture},
    clock,
    store::kept,
    view::{self, Page},
};

pub(super) const TITLE: &str = "Starling";
pub(super) const DESCRIPTION: &str = "A node of a social network without servers";

pub(super) fn routes() -> Vec<Route> {
    vec![
        // Whether anybody is there.
        Route::get("/health", Needs::Nothing, async || "OK"),
        Route::get("/api/v1/instance", Needs::Nothing, v1),
        Route::get("/api/v2/instance", Needs::Nothing, v2),
        Route::get("/api/v1/instance/rules", Needs::Nothing, nothing),
        Route::get("/api/v1/instance/peers", Needs::Nothing, nothing),
        Route::get("/api/v1/instance/domain_blocks", Needs::Nothing, nothing),
        Route::get("/api/v1/instance/languages", Needs::Nothing, nothing),
        Route::get("/api/v1/instance/translation_languages", Needs::Nothing, async || Json(json!({}))),
        Route::get("/api/v1/instance/activity", Needs::Nothing, activity),
        Route::get("/api/v1/instance/extended_description", Needs::Nothing, extended_description),
        Route::get("/api/v1/instance/privacy_policy", Needs::Nothing, privacy_policy),
        Route::get("/api/v1/instance/terms_of_service", Needs::Nothing, no_terms),
    ]
}

/// The API that clients may expect, and who answers.
fn version() -> String {
    format!("4.5.0 (compatible; Starling {})", env!("CARGO_PKG_VERSION"))
}

/// Where streams are, as this caller knows the door.
fn streaming(base: &str) -> String {
    // `https` becomes `wss`.
    base.replacen("http", "ws", 1)
}

fn configuration(base: &str) -> Value {
    // What is known of the person is for the programs that they let in.
    let access = json!({ "local": "authenticated", "remote": "authenticated" });
    json!({
        "urls": { "streaming": streaming(base), "status": null, "about": null },
        "timelines_access": { "live_feeds": access, "hashtag_feeds": access, "trending_link_feeds": access },
        "accounts": {
            "max_featured_tags": kept::tags::FEATURED,
            "max_pinned_statuses": marks::PINS,
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
            "max_options": limits::POLL_OPTIONS,
            "max_characters_per_option": limits::POLL_OPTION_CHARS,
            "min_expiration": polls::SHORTEST.as_secs(),
            "max_expiration": polls::LONGEST.as_secs(),
        },
        "translation": { "enabled": false },
        "vapid": { "public_key": "" },
        "limited_federation": false,
    })
}

/// The only account there is, and how many posts it has.
pub(super) async fn owner(app: &App, base: &str) -> Result<(Value, u64), Error> {
    let (me, base) = (app.node().author(), base.to_owned());
    app.read(move |reader| {
        let unknown = || view::Account { author: Some(me), ..view::Account::default() };
        let account = reader.account(&me)?.unwrap_or_else(unknown);
        let dressed = Dresser { base: &base, reader: Some(reader) }.account(&account);
        Ok((json!(dressed), account.posts))
    })
    .await
}

pub(super) fn domain(base: &str) -> &str {
    base.split_once("://").map_or(base, |(_, domain)| domain)
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
        "urls": { "streaming_api": streaming(&base) },
        "stats": { "user_count": 1, "status_count": posts, "domain_count": 0 },
        "thumbnail": format!("{base}/headers/starling.png"),
        "languages": [],
        "registrations": false,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": configuration(&base),
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
            "url": format!("{base}/headers/starling.png"),
            "blurhash": null,
            "versions": {},
            "description": null,
        },
        "icon": [],
        "languages": [],
        "configuration": configuration(&base),
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

/// Other hosts, rules that somebody set, translations: a node of one person has none.
async fn nothing() -> Json<[Value; 0]> {
    Json([])
}

/// How many posts the owner wrote in each of the last twelve weeks. There is one person here, who does not register
/// anew and signs in once.
async fn activity(State(app): State<App>) -> Result<Json<Vec<Value>>, Error> {
    const WEEK: u64 = 7 * 24 * 60 * 60 * 1000;
    const WEEKS: u64 = 12;
    /// Pages that are counted: of whoever writes more in a quarter, the older weeks are not counted to their end.
    const PAGES: usize = 25;
    let me = app.node().author();
    app.read(move |reader| {
        // Weeks begin on Mondays; 1970 began on a Thursday.
        let begin = |time: u64| (time + 3 * WEEK / 7) / WEEK;
        let this = begin(clock::now());
        let mut counts = [0u64; WEEKS as usize];
        let mut page = Page { limit: 80, ..Page::default() };
        for _ in 0..PAGES {
            let posts = reader.author_posts(&me, &page)?;
            let Some(last) = posts.last() else { break };
            page.max = Some(last.id);
            for post in &posts {
                let back = this.saturating_sub(begin(post.claimed_at)) as usize;
                if let Some(count) = counts.get_mut(back) {
                    *count += 1;
                }
            }
        }
        let week = |(back, count): (usize, &u64)| {
            let monday = ((this - back as u64) * WEEK).saturating_sub(3 * WEEK / 7) / 1000;
            json!({
                "week": monday.to_string(),
                "statuses": count.to_string(),
                "logins": "1",
                "registrations": "0",
            })
        };
        Ok(Json(counts.iter().enumerate().map(week).collect()))
    })
    .await
}

/// When this software was built is not known; what the texts below say is as old as the version.
const WRITTEN: u64 = 1_795_305_600_000;

async fn extended_description() -> Json<Value> {
    let content = "<p>This is the node of one person. It keeps their posts and those of the people whom they follow, \
                   and shows them to the programs that they let in.</p>";
    Json(json!({ "updated_at": time(WRITTEN), "content": content }))
}

async fn privacy_policy() -> Json<Value> {
    let content = "<p>What is posted here is signed and passed on to everybody who asks for it, and cannot be called \
                   back with certainty. Bookmarks, lists, filters, mutes and notes stay on this node.</p>";
    Json(json!({ "updated_at": time(WRITTEN), "content": content, "effective_date": day(WRITTEN) }))
}

async fn no_terms() -> Result<Json<Value>, Error> {
    Err(Error::NotFound("terms of service".into()))
}
