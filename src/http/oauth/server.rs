//! What programs look up about letting in: where, how, and who the person is.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::scope;
use crate::{
    http::{
        App, At, Base, Error,
        entities::Dresser,
        route::{Needs, Route},
    },
    view,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/.well-known/oauth-authorization-server", Needs::Nothing, metadata),
        Route::get("/oauth/userinfo", Needs::Scope("profile"), userinfo),
        Route::post("/oauth/userinfo", Needs::Scope("profile"), userinfo),
    ]
}

/// RFC 8414, with Mastodon's `app_registration_endpoint`.
async fn metadata(Extension(Base(base)): At) -> Json<Value> {
    let scopes: Vec<&str> = scope::SCOPES.iter().map(|(scope, _)| *scope).collect();
    Json(json!({
        "issuer": format!("{base}/"),
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "revocation_endpoint": format!("{base}/oauth/revoke"),
        "userinfo_endpoint": format!("{base}/oauth/userinfo"),
        "app_registration_endpoint": format!("{base}/api/v1/apps"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// Who the person is, for programs that need no more than that.
async fn userinfo(State(app): State<App>, Extension(Base(base)): At) -> Result<Json<Value>, Error> {
    let me = app.node().author();
    app.read(move |reader| {
        let unknown = || view::Account { author: Some(me), ..view::Account::default() };
        let account = reader.account(&me)?.unwrap_or_else(unknown);
        let account = json!(Dresser { base: &base, reader: Some(reader) }.account(&account));
        Ok(Json(json!({
            "iss": format!("{base}/"),
            "sub": account["uri"],
            "name": account["display_name"],
            "preferred_username": account["username"],
            "profile": account["url"],
            "picture": account["avatar"],
        })))
    })
    .await
}
