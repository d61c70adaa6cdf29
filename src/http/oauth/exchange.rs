//! `/oauth/token` and `/oauth/revoke`: codes and secrets for tokens, and tokens given back.

use axum::{Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Refused, client, count_stranger, scope, waiting::Redeemed};
use crate::{
    clock,
    http::{
        App, input,
        route::{Needs, Route},
    },
    store::kept::program::Token,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/oauth/token", Needs::Nothing, exchange),
        Route::post("/oauth/revoke", Needs::Nothing, revoke),
    ]
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    scope: Option<String>,
}

async fn exchange(
    State(app): State<App>,
    headers: HeaderMap,
    input::Json(asked): input::Json<Exchange>,
) -> Result<Json<Shown>, Refused> {
    let (id, secret) = client::credentials(&headers, asked.client_id.clone(), asked.client_secret.clone())?;
    let program = client::check(&app, &id, &secret).await?;
    let now = clock::now();
    let token = |scopes, person| Token {
        number: 0,
        client: Some(id.clone()),
        name: program.name.clone(),
        website: program.website.clone(),
        scopes,
        person,
        created: now,
        used: 0,
    };
    match asked.grant_type.as_deref() {
        Some("authorization_code") => {
            let code = asked.code.as_deref().ok_or(Refused::request("The code is missing"))?;
            let redirect = asked.redirect_uri.as_deref().unwrap_or_default();
            let verifier = asked.code_verifier.as_deref().filter(|verifier| !verifier.is_empty());
            match app.0.waiting.redeem(code, &id, redirect, verifier, now)? {
                Redeemed::Good(grant) => {
                    let (text, row) = app.0.access.tokens().give(&app, token(grant.scopes, true)).await?;
                    app.0.waiting.redeemed(code, row.number, now);
                    Ok(Json(shown(&text, &row)))
                }
                Redeemed::Again(number) => {
                    // One of the two who brought it is a thief (RFC 6749 §4.1.2).
                    app.0.access.tokens().revoke(&app, |token| Some(token.number) == number).await?;
                    Err(Refused::grant())
                }
            }
        }
        Some("client_credentials") => {
            let scopes = scope::parse(asked.scope.as_deref())?;
            scope::within(&scopes, &program.scopes)?;
            // Nobody said yes: it is told what it asked for, and sees what everybody may see.
            let scopes: Vec<_> =
                scopes.into_iter().filter(|scope| scope.split(':').next() == Some("read")).collect();
            if scopes.is_empty() {
                return Err(Refused::scope("Without the person a program may only read"));
            }
            count_stranger(&app)?;
            let (text, row) = app.0.access.tokens().give(&app, token(scopes, false)).await?;
            Ok(Json(shown(&text, &row)))
        }
        Some(_) => Err(Refused::grant_type()),
        None => Err(Refused::request("grant_type is missing")),
    }
}

/// What whoever gets a token is told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Shown {
    access_token: String,
    /// How it is shown: always `Bearer`.
    token_type: &'static str,
    /// What it is for, separated by blanks.
    scope: String,
    /// In seconds since 1970.
    created_at: u64,
}

pub(super) fn shown(token: &str, row: &Token) -> Shown {
    Shown {
        access_token: token.to_owned(),
        token_type: "Bearer",
        scope: row.scopes.join(" "),
        created_at: row.created / 1000,
    }
}

#[derive(Deserialize)]
struct Revocation {
    client_id: Option<String>,
    client_secret: Option<String>,
    token: Option<String>,
}

/// A token that is not known is as good as revoked (RFC 7009 §2.2).
async fn revoke(
    State(app): State<App>,
    headers: HeaderMap,
    input::Json(asked): input::Json<Revocation>,
) -> Result<Json<Value>, Refused> {
    let (id, secret) = client::credentials(&headers, asked.client_id, asked.client_secret)?;
    client::check(&app, &id, &secret).await?;
    let tokens = app.0.access.tokens();
    if let Some(row) = asked.token.and_then(|token| tokens.row(&token)) {
        if row.client.as_ref() != Some(&id) {
            return Err(Refused::not_theirs());
        }
        tokens.revoke(&app, |token| token.number == row.number).await?;
    }
    Ok(Json(json!({})))
}
