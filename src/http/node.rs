//! The node itself: how it is, whom it is connected to, and how to stop it.

use axum::{Json, extract::State, http::StatusCode};
use libp2p::{Multiaddr, PeerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App, blocking,
    error::Error,
    input::{self, Name},
    route::{OWNER, Route},
};
use crate::{
    engine::Command,
    runtime::{Peer, Status},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/status", OWNER, status),
        Route::post("/api/starling/v1/stop", OWNER, stop),
        Route::get("/api/starling/v1/peers", OWNER, peers),
        Route::post("/api/starling/v1/peers", OWNER, add_peer),
        Route::post("/api/starling/v1/peers/{peer}/ban", OWNER, ban),
        Route::post("/api/starling/v1/peers/{peer}/unban", OWNER, unban),
    ]
}

pub(super) async fn status(State(app): State<App>) -> Result<Json<Status>, Error> {
    let node = app.node().clone();
    blocking(move || Ok(Json(node.status()?))).await
}

pub(super) async fn peers(State(app): State<App>) -> Result<Json<Vec<Peer>>, Error> {
    let node = app.node().clone();
    blocking(move || Ok(Json(node.peers()?))).await
}

/// Where a peer is.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AddPeer {
    /// A multiaddr, with the peer's id at its end if it is known.
    #[schema(value_type = String)]
    address: Multiaddr,
}

/// The address that is dialled.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PeerAdded {
    address: String,
}

/// Whether a peer's connections are refused from now on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PeerBanned {
    peer_id: String,
    banned: bool,
}

/// The node is about to stop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stopping {
    stopping: bool,
}

/// `202`: the address is kept and dialled; whether somebody answers shows in the list of peers.
pub(super) async fn add_peer(
    State(app): State<App>,
    input::Json(AddPeer { address }): input::Json<AddPeer>,
) -> Result<(StatusCode, Json<PeerAdded>), Error> {
    let text = address.to_string();
    app.command(Command::AddPeer(vec![address])).await?;
    Ok((StatusCode::ACCEPTED, Json(PeerAdded { address: text })))
}

pub(super) async fn ban(State(app): State<App>, Name(peer): Name) -> Result<Json<PeerBanned>, Error> {
    let peer = peer_id(&peer)?;
    app.command(Command::BanPeer(peer)).await?;
    Ok(Json(PeerBanned { peer_id: peer.to_string(), banned: true }))
}

pub(super) async fn unban(State(app): State<App>, Name(peer): Name) -> Result<Json<PeerBanned>, Error> {
    let peer = peer_id(&peer)?;
    app.command(Command::UnbanPeer(peer)).await?;
    Ok(Json(PeerBanned { peer_id: peer.to_string(), banned: false }))
}

fn peer_id(text: &str) -> Result<PeerId, Error> {
    text.parse().map_err(|_| Error::NotFound("a peer with this id".into()))
}

/// `202`: the node stops once this answer is on its way.
pub(super) async fn stop(State(app): State<App>) -> (StatusCode, Json<Stopping>) {
    app.begin_to_stop();
    app.node().stop();
    (StatusCode::ACCEPTED, Json(Stopping { stopping: true }))
}
