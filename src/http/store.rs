//! The store: how much is in it, and whether it is whole.

use axum::{Json, extract::State};

use super::{App, blocking, error::Error};
use crate::{store::Verification, view::Stats};

/// How much is held, and how large the file is: that, the reader of the store does not know.
pub(super) async fn stats(State(app): State<App>) -> Result<Json<Stats>, Error> {
    let path = app.node().home().store_path();
    app.read(move |reader| {
        let file_bytes = std::fs::metadata(path).map_or(0, |file| file.len());
        Ok(Json(Stats { file_bytes, ..reader.stats()? }))
    })
    .await
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
