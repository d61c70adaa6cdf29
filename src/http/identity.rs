//! This node's own identity: its author, its devices, and whether it may write.

use axum::{Json, extract::State};
use serde::Serialize;
use starling_protocol::{DeviceKey, Identity};
use utoipa::ToSchema;

use super::{
    App,
    error::Error,
    input::Name,
    route::{OWNER, Route},
};
use crate::{engine::Command, store};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/id", OWNER, show),
        Route::post("/api/starling/v1/devices/{key}/remove", OWNER, remove_device),
        Route::post("/api/starling/v1/guard/open", OWNER, open_guard),
    ]
}

/// Who this node is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Myself {
    author: String,
    /// The key that signs here.
    device: String,
    /// What other nodes know this one by.
    peer_id: String,
    /// Keys that speak for the author.
    devices: Vec<String>,
    /// Keys that did.
    removed: Vec<String>,
    /// How often the root key was changed.
    epoch: u32,
    /// Whether the author has said that nothing more will come.
    retired: bool,
}

/// Whether nothing may be signed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Guarded {
    guarded: bool,
}

pub(super) async fn show(State(app): State<App>) -> Result<Json<Myself>, Error> {
    let node = app.node();
    let (author, device, peer) = (node.author(), node.device(), node.peer_id());
    app.read(move |reader| {
        let identity = reader.identity_of(&author)?.map(|record| Identity::verify(&record)).transpose();
        let identity = identity.map_err(|error| store::Error::Corrupt(error.to_string()))?;
        let texts = |devices: Vec<&DeviceKey>| devices.iter().map(|key| key.to_string()).collect::<Vec<_>>();
        let identity = identity.as_ref();
        Ok(Json(Myself {
            author: author.to_string(),
            device: device.to_string(),
            peer_id: peer.to_string(),
            devices: texts(identity.map(|identity| identity.devices().collect()).unwrap_or_default()),
            removed: texts(identity.map(|identity| identity.removed().collect()).unwrap_or_default()),
            epoch: identity.map_or(0, Identity::epoch),
            retired: identity.is_some_and(Identity::retired),
        }))
    })
    .await
}

/// Cuts a device off at what is held of it now.
pub(super) async fn remove_device(State(app): State<App>, Name(key): Name) -> Result<Json<Myself>, Error> {
    let key: DeviceKey = key.parse().map_err(|_| Error::NotFound("a device with this key".into()))?;
    app.command(Command::RemoveDevice(key)).await?;
    show(State(app)).await
}

/// Lets this node write although nobody was asked what it wrote before.
pub(super) async fn open_guard(State(app): State<App>) -> Result<Json<Guarded>, Error> {
    app.command(Command::OpenGuard).await?;
    Ok(Json(Guarded { guarded: false }))
}
