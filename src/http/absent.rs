//! What clients ask for and a node of one person has not, answered as what it is: empty lists where there is nothing,
//! and a reason where something cannot be done.

use axum::Json;
use serde_json::{Value, json};

use super::{
    error::Error,
    input::Name,
    route::{Needs, Route},
};

type Answer<T> = Result<Json<T>, Error>;

pub(super) fn routes() -> Vec<Route> {
    let trends = ["/api/v1/trends", "/api/v1/trends/tags", "/api/v1/trends/statuses", "/api/v1/trends/links"];
    let mut routes: Vec<Route> =
        trends.into_iter().map(|path| Route::get(path, Needs::Nothing, nothing)).collect();
    routes.extend([
        // Conversations are private posts, and every post here can be read by all who hold it.
        Route::get("/api/v1/conversations", Needs::Scope("read:statuses"), nothing),
        Route::delete("/api/v1/conversations/{id}", Needs::Scope("write:conversations"), no_conversation),
        Route::post("/api/v1/conversations/{id}/read", Needs::Scope("write:conversations"), no_conversation),
        // Nobody is above a node who could announce anything.
        Route::get("/api/v1/announcements", Needs::Token, nothing),
        Route::post("/api/v1/announcements/{id}/dismiss", Needs::Scope("write:accounts"), no_announcement),
        Route::put(
            "/api/v1/announcements/{id}/reactions/{name}",
            Needs::Scope("write:favourites"),
            no_reaction,
        ),
        Route::delete(
            "/api/v1/announcements/{id}/reactions/{name}",
            Needs::Scope("write:favourites"),
            no_reaction,
        ),
        Route::get("/api/v1/custom_emojis", Needs::Nothing, nothing),
        // Nobody has to ask before they follow.
        Route::get("/api/v1/follow_requests", Needs::Scope("read:follows"), nothing),
        Route::post("/api/v1/follow_requests/{id}/authorize", Needs::Scope("write:follows"), no_request),
        Route::post("/api/v1/follow_requests/{id}/reject", Needs::Scope("write:follows"), no_request),
        Route::post("/api/v1/reports", Needs::Scope("write:reports"), no_moderators),
        Route::get("/api/v1/accounts/{id}/identity_proofs", Needs::Scope("read:accounts"), nothing),
        Route::get("/api/v1/annual_reports", Needs::Scope("read:accounts"), no_reports),
    ]);
    routes
}

async fn nothing() -> Json<[Value; 0]> {
    Json([])
}

async fn no_reports() -> Json<Value> {
    Json(json!({ "annual_reports": [], "accounts": [], "statuses": [] }))
}

async fn no_conversation(Name(_): Name) -> Answer<Value> {
    Err(Error::NotFound("this conversation".into()))
}

async fn no_announcement(Name(_): Name) -> Answer<Value> {
    Err(Error::NotFound("this announcement".into()))
}

async fn no_reaction() -> Answer<Value> {
    Err(Error::NotFound("this announcement".into()))
}

async fn no_request(Name(_): Name) -> Answer<Value> {
    Err(Error::NotFound("this follow request".into()))
}

/// A report that nobody reads would be worse than none.
async fn no_moderators() -> Answer<Value> {
    Err(Error::Invalid("nobody moderates this network who could read a report: mute or block instead".into()))
}
