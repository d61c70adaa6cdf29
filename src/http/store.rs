//! The store: how much is in it, and whether it is whole.

use axum::{Json, extract::State};

use super::{App, blocking, error::Error};
use crate::{store::Verification, view::Stats};

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
