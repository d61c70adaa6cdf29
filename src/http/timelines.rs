//! Timelines: home, and what comes by of people who are not followed.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
};

use super::{
    App, At, Base,
    entities::{Dresser, Status},
    error::Error,
    input::Params,
    paging,
    route::{Needs, Route},
};
use crate::{
    store::{self, Reader},
    view::{Page, Post},
};

type Paged = Result<(HeaderMap, Json<Vec<Status>>), Error>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/timelines/home", Needs::Scope("read:statuses"), home),
        Route::get("/api/v1/timelines/public", Needs::Scope("read:statuses"), public),
    ]
}

pub(super) async fn home(State(app): State<App>, base: At, params: Params) -> Paged {
    timeline(app, base, params, "/api/v1/timelines/home", Reader::home).await
}

pub(super) async fn public(State(app): State<App>, base: At, params: Params) -> Paged {
    timeline(app, base, params, "/api/v1/timelines/public", Reader::network).await
}

type Window = fn(&Reader, &Page) -> Result<Vec<Post>, store::Error>;

async fn timeline(app: App, Extension(Base(base)): At, params: Params, path: &str, window: Window) -> Paged {
    let path = path.to_owned();
    app.read(move |reader| {
        let posts = window(reader, &paging::page(&params)?)?;
        let ends = posts.first().zip(posts.last());
        let link = ends.and_then(|(first, last)| paging::link(&base, &path, &params, (first.id, last.id)));
        let statuses = Dresser { base: &base, reader: Some(reader) }.statuses(&posts)?;
        Ok((HeaderMap::from_iter(link.map(|link| (header::LINK, link))), Json(statuses)))
    })
    .await
}
