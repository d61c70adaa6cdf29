//! What happens, as it happens: over WebSocket, or as events of a server (SSE).
//!
//! ```text
//! engine ─► hub (dresses an event once for each address that callers know) ─► a bounded queue each ─► socket
//! ```
//! Whoever does not keep up is let go with a word, and fetches what it missed by `min_id`: nothing is kept for it in
//! memory. A stream ends when its token is revoked and when the node stops.
//!
//! | file | what |
//! |---|---|
//! | `channel` | the streams' names, and what belongs on which |
//! | `told` | what of the engine's news is told, in which words |
//! | `hub` | who listens |
//! | `socket`, `lines` | the two ways to listen |

mod channel;
mod hub;
mod lines;
mod socket;
mod told;

use axum::{
    Extension,
    extract::{
        ConnectInfo, FromRequestParts, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::request::Parts,
    response::Response,
};

use super::{
    App, At, Base,
    caller::Caller,
    connection::Allowance,
    error::Error,
    input::Params,
    lists,
    route::{Needs, Route},
};
use channel::Channel;
pub(super) use hub::{End, Hub};

const PREFIX: &str = "/api/v1/streaming";

pub(super) fn routes() -> Vec<Route> {
    const STATUSES: Needs = Needs::Scope("read:statuses");
    vec![
        Route::get("/api/v1/streaming", Needs::Token, listen),
        // For whoever watches the node: it says nothing of anybody.
        Route::get("/api/v1/streaming/health", Needs::Nothing, async || "OK"),
        Route::get("/api/v1/streaming/user", STATUSES, listen),
        Route::get("/api/v1/streaming/user/notification", Needs::Scope("read:notifications"), listen),
        Route::get("/api/v1/streaming/public", STATUSES, listen),
        Route::get("/api/v1/streaming/public/local", STATUSES, listen),
        Route::get("/api/v1/streaming/public/remote", STATUSES, listen),
        Route::get("/api/v1/streaming/public/media", STATUSES, listen),
        Route::get("/api/v1/streaming/hashtag", STATUSES, listen),
        Route::get("/api/v1/streaming/hashtag/local", STATUSES, listen),
        Route::get("/api/v1/streaming/list", Needs::Scope("read:lists"), listen),
        Route::get("/api/v1/streaming/direct", STATUSES, listen),
    ]
}

/// Tells the listeners what happens, until the node stops.
pub(super) async fn run(app: App) {
    hub::run(app).await;
}

/// What a request for a stream is asked with.
struct Asked {
    channel: Option<Channel>,
    allowance: Option<Allowance>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = Params::from_request_parts(parts, state).await?;
        let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default().trim_matches('/');
        let media = if params.switch("only_media") { ":media" } else { "" };
        let name = match path {
            "" => params.get("stream").map(str::to_owned),
            "public/media" => Some("public:media".to_owned()),
            path if path.starts_with("public") => Some(path.replace('/', ":") + media),
            path => Some(path.replace('/', ":")),
        };
        let channel = name.map(|name| Channel::of(&name, params.get("tag"), params.get("list")));
        let channel = channel.transpose().map_err(|wrong| Error::Malformed(wrong.into()))?;
        let allowance = parts.extensions.get::<ConnectInfo<Allowance>>().map(|info| info.0.clone());
        Ok(Self { channel, allowance })
    }
}

/// Over WebSocket if that is asked for, else as a stream of lines.
async fn listen(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(Base(base)): At,
    Asked { channel, allowance }: Asked,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    if let Some(channel) = &channel
        && !caller.may(channel.needs())
    {
        return Err(Error::Scope);
    }
    if let Some(Channel::List(list)) = channel.clone() {
        app.read(move |reader| lists::find(reader, &list)).await?;
    }
    let seat = app.0.streams.join(&caller, &base, channel.clone())?;
    match upgrade {
        Ok(upgrade) => Ok(socket::open(upgrade, seat, caller, allowance)),
        Err(_) if channel.is_some() => Ok(lines::open(seat, caller, allowance)),
        Err(_) => Err(Error::Malformed("stream is missing".into())),
    }
}
