//! The own profile as Mastodon 4.6 shows it: the fields alone, without counts.

use axum::{
    Extension, Json,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
};
use serde_json::{Value, json};

use super::{
    App, At, Base,
    accounts::update_credentials,
    entities::Dresser,
    error::Error,
    route::{Needs, Route},
    tags,
};
use crate::{store::kept::Shelf, view};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/profile", Needs::Scope("read:accounts"), show),
        Route::patch(
            "/api/v1/profile",
            Needs::Scope("write:accounts"),
            change.layer(DefaultBodyLimit::disable()),
        ),
    ]
}

async fn show(State(app): State<App>, Extension(Base(base)): At) -> Result<Json<Value>, Error> {
    let me = app.node().author();
    app.read(move |reader| {
        let unknown = || view::Account { author: Some(me), ..view::Account::default() };
        let known = reader.account(&me)?.unwrap_or_else(unknown);
        let has = (known.profile.avatar.is_some(), known.profile.header.is_some());
        let shown = Dresser { base: &base, reader: Some(reader) }.account(&known);
        // A picture that was drawn because there is none is none here.
        let given = |has: bool, address: &str| has.then(|| address.to_owned());
        let mut featured = Vec::new();
        for tag in reader.kept_tags(Shelf::FeaturedTag)? {
            featured.push(tags::shown(reader, &base, &me, &tag)?);
        }
        Ok(Json(json!({
            "id": shown.id,
            "display_name": known.profile.name,
            "note": known.profile.bio,
            "fields": known.profile.fields.iter()
                .map(|(name, value)| json!({ "name": name, "value": value, "verified_at": null }))
                .collect::<Vec<_>>(),
            "avatar": given(has.0, &shown.avatar),
            "avatar_static": given(has.0, &shown.avatar_static),
            "avatar_description": "",
            "header": given(has.1, &shown.header),
            "header_static": given(has.1, &shown.header_static),
            "header_description": "",
            "locked": false,
            "bot": false,
            "hide_collections": false,
            "discoverable": true,
            "indexable": false,
            "show_media": true,
            "show_media_replies": true,
            "show_featured": true,
            "attribution_domains": [],
            "featured_tags": featured,
        })))
    })
    .await
}

async fn change(State(app): State<App>, base: At, request: Request) -> Result<Json<Value>, Error> {
    let _ = update_credentials(State(app.clone()), base.clone(), request).await?;
    show(State(app), base).await
}
