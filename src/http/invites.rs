//! Links that say whom to follow and where they are.

use axum::{Json, extract::State};
use libp2p::Multiaddr;
use serde::{Deserialize, Serialize};
use starling_protocol::invite::Invite;
use utoipa::ToSchema;

use super::{
    App, blocking,
    error::Error,
    input,
    route::{OWNER, Route},
};
use crate::{engine::Command, store::kept::origin::Origin};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/invites/new", OWNER, new),
        Route::post("/api/starling/v1/invites/open", OWNER, open),
    ]
}

/// A link to an author.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Link {
    invite: String,
    author: String,
    name: String,
    /// Where the author's node may be, as multiaddrs.
    addresses: Vec<String>,
}

/// Whom a link led to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Opened {
    author: String,
    name: String,
    /// Where is called.
    addresses: Vec<String>,
}

/// `GET invites/new`: a link to this node's author.
pub(super) async fn new(State(app): State<App>) -> Result<Json<Link>, Error> {
    let node = app.node().clone();
    blocking(move || {
        let invite = node.invite()?;
        Ok(Json(Link {
            invite: invite.to_string(),
            author: invite.author.to_string(),
            name: invite.name,
            addresses: invite.addresses,
        }))
    })
    .await
}

/// A link that somebody gave.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Open {
    invite: String,
}

/// `POST invites/open`: follows whom it leads to, and calls at the addresses in it.
pub(super) async fn open(
    State(app): State<App>,
    input::Json(Open { invite }): input::Json<Open>,
) -> Result<Json<Opened>, Error> {
    let invite: Invite = invite.parse().map_err(|error| Error::Invalid(format!("invite: {error}")))?;
    if invite.author == app.node().author() {
        return Err(Error::Invalid("this invite leads to yourself".into()));
    }
    // An address of a kind that this version cannot read is no reason to leave the others.
    let addresses: Vec<Multiaddr> = invite.addresses.iter().filter_map(|text| text.parse().ok()).collect();
    let dialled: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    app.command(Command::Follow { author: invite.author, addresses, origin: Origin::Invite }).await?;
    Ok(Json(Opened { author: invite.author.to_string(), name: invite.name, addresses: dialled }))
}
