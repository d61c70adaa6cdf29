//! How the author of this node is seen: a picture and a banner, instead of those that are drawn.

use axum::{Extension, Json, extract::State};
use starling_protocol::payload::Profile;

use super::{
    App, At,
    accounts::verify_credentials,
    entities::CredentialAccount,
    error::Error,
    multipart::Parts,
    route::{Needs, Route},
};
use crate::blobs::Hash;

/// Pixels of an avatar and of a header, as Mastodon keeps them.
const AVATAR: (u32, u32) = (400, 400);
const HEADER: (u32, u32) = (1500, 500);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::delete("/api/v1/profile/avatar", Needs::Scope("write:accounts"), remove_avatar),
        Route::delete("/api/v1/profile/header", Needs::Scope("write:accounts"), remove_header),
    ]
}

/// Pictures that a profile is to have from now on.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Portraits {
    avatar: Option<Hash>,
    header: Option<Hash>,
}

impl Portraits {
    /// Names of the files in a body.
    pub(super) const FILES: [&'static str; 2] = ["avatar", "header"];

    /// Keeps the pictures that came in a body.
    pub(super) async fn keep(app: &App, parts: &mut Parts) -> Result<Self, Error> {
        let mut kept = Self::default();
        for (name, size, place) in
            [("avatar", AVATAR, &mut kept.avatar), ("header", HEADER, &mut kept.header)]
        {
            let Some(file) = parts.file(name) else { continue };
            let blobs = app.node().blobs();
            let slot = blobs.place().await?;
            *place = Some(blobs.portrait(app.node(), slot, file.bytes, file.declared, size).await?);
        }
        Ok(kept)
    }

    /// Puts them in a profile.
    pub(super) fn apply(self, profile: &mut Profile) {
        profile.avatar = self.avatar.or(profile.avatar);
        profile.header = self.header.or(profile.header);
    }
}

pub(super) async fn remove_avatar(state: State<App>, base: At) -> Result<Json<CredentialAccount>, Error> {
    remove(state, base, |profile| profile.avatar.take()).await
}

pub(super) async fn remove_header(state: State<App>, base: At) -> Result<Json<CredentialAccount>, Error> {
    remove(state, base, |profile| profile.header.take()).await
}

async fn remove(
    State(app): State<App>,
    Extension(base): At,
    take: fn(&mut Profile) -> Option<Hash>,
) -> Result<Json<CredentialAccount>, Error> {
    if let Some(gone) = app.change_profile(take).await? {
        app.node().blobs().let_go(app.node(), vec![gone]).await?;
    }
    verify_credentials(State(app), Extension(base)).await
}
