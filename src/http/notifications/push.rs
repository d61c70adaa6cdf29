//! Push: browsers are called over services of their makers, who would learn when this person is spoken to. None is
//! contacted, and clients are told so instead of being left to wait.

use axum::Json;
use serde_json::{Value, json};

use crate::http::{
    error::Error,
    route::{Needs, Route},
};

const PATH: &str = "/api/v1/push/subscription";
const PUSH: Needs = Needs::Scope("push");

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, PUSH, none),
        Route::post(PATH, PUSH, refuse),
        Route::put(PATH, PUSH, none),
        // What is not there is gone.
        Route::delete(PATH, PUSH, async || Json(json!({}))),
    ]
}

async fn none() -> Result<Json<Value>, Error> {
    Err(Error::NotFound("a push subscription".into()))
}

async fn refuse() -> Result<Json<Value>, Error> {
    let why = "no push service is contacted from here: listen to /api/v1/streaming instead";
    Err(Error::Invalid(why.into()))
}
