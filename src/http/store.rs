//! The store: how much is in it, and whether it is whole.

use axum::{Json, extract::State};

use super::{
    App, blocking,
    error::Error,
    route::{OWNER, Route},
};
use crate::{store::Verification, view::Stats};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/store/stats", OWNER, stats),
        Route::post("/api/starling/v1/store/verify", OWNER, verify),
    ]
}

/// How much is held.
pub(super) async fn stats(State(app): State<App>) -> Result<Json<Stats>, Error> {
    let node = app.node().clone();
    blocking(move || Ok(Json(node.stats()?))).await
}

/// Checks every entry as if it had just come from a stranger.
pub(super) async fn verify(State(app): State<App>) -> Result<Json<Verification>, Error> {
    let place = app.long_task()?;
    let node = app.node().clone();
    blocking(move || {
        let found = node.verify_store()?;
        drop(place);
        Ok(Json(found))
    })
    .await
}
