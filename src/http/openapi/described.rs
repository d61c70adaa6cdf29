//! The list: what each of our own routes does, takes and gives.

use axum::http::{Method, StatusCode};

use super::{Body, Described, OURS, many, one};
use crate::{
    http::{bundles, entities, entries, identity, invites, lookup, mesh, node, oauth, progress},
    runtime::{Peer, Progress, Status},
    store::Verification,
    view::Stats,
};

type Query = &'static [(&'static str, &'static str)];

const BUNDLE: Body = Body::Bytes("application/octet-stream");

fn line(method: Method, path: &'static str, says: &'static str, takes: Body, gives: Body) -> Described {
    debug_assert!(path.starts_with(OURS));
    Described { method, path, says, query: &[], takes, status: StatusCode::OK, gives }
}

fn get(path: &'static str, says: &'static str, gives: Body) -> Described {
    line(Method::GET, path, says, Body::Nothing, gives)
}

fn post(path: &'static str, says: &'static str, takes: Body, gives: Body) -> Described {
    line(Method::POST, path, says, takes, gives)
}

impl Described {
    fn query(self, query: Query) -> Self {
        Self { query, ..self }
    }

    /// What was wished for is begun, and is not done yet.
    fn begun(self) -> Self {
        Self { status: StatusCode::ACCEPTED, ..self }
    }
}

/// All of them.
pub(in crate::http) fn all() -> Vec<Described> {
    [the_node(), entries_and_people(), files(), programs()].into_iter().flatten().collect()
}

fn the_node() -> Vec<Described> {
    vec![
        get("/api/starling/v1/status", "How the node is doing", Body::Json(one::<Status>)),
        post("/api/starling/v1/stop", "Stop the node", Body::Nothing, Body::Json(one::<node::Stopping>))
            .begun(),
        get("/api/starling/v1/peers", "Connected and remembered peers", Body::Json(many::<Peer>)),
        post(
            "/api/starling/v1/peers",
            "Keep an address and call it",
            Body::Json(one::<node::AddPeer>),
            Body::Json(one::<node::PeerAdded>),
        )
        .begun(),
        post(
            "/api/starling/v1/peers/{peer}/ban",
            "Refuse a peer's connections",
            Body::Nothing,
            Body::Json(one::<node::PeerBanned>),
        ),
        post(
            "/api/starling/v1/peers/{peer}/unban",
            "Take them again",
            Body::Nothing,
            Body::Json(one::<node::PeerBanned>),
        ),
        get("/api/starling/v1/sync", "How fetching from each peer goes", Body::Json(one::<Progress>)),
        get("/api/starling/v1/queue", "What waits to be done", Body::Json(one::<progress::Queue>)),
        get(
            "/api/starling/v1/network",
            "Connections, gossip, and what went over the line",
            Body::Json(one::<mesh::Network>),
        ),
        get("/api/starling/v1/store/stats", "How much is held", Body::Json(one::<Stats>)),
        post(
            "/api/starling/v1/store/verify",
            "Check everything that is held",
            Body::Nothing,
            Body::Json(one::<Verification>),
        ),
        get("/api/starling/v1/id", "Who this node is", Body::Json(one::<identity::Myself>)),
        post(
            "/api/starling/v1/devices/{key}/remove",
            "Cut a device off at what is held of it",
            Body::Nothing,
            Body::Json(one::<identity::Myself>),
        ),
        post(
            "/api/starling/v1/guard/open",
            "Sign although nobody was asked what was signed before",
            Body::Nothing,
            Body::Json(one::<identity::Guarded>),
        ),
        get(
            "/api/starling/v1/routes",
            "Every route of the door, Mastodon's among them, and what it needs",
            Body::Json(many::<oauth::Line>),
        ),
        get("/api/starling/v1/openapi.json", "This description", Body::Json(super::anything)),
    ]
}

fn entries_and_people() -> Vec<Described> {
    let coverage: Query =
        &[("author[]", "Of whom: ids, beginnings of ids or names. Else of oneself and all that one follows")];
    vec![
        get(
            "/api/starling/v1/entries/{id}",
            "An entry, everything that speaks for it, and whether it is good",
            Body::Json(one::<entries::Entry>),
        ),
        get("/api/starling/v1/entries/{id}/raw", "The entry's exact bytes", Body::Bytes("application/cbor")),
        get(
            "/api/starling/v1/thread/{id}",
            "Every place of a thread, the missing and the deleted among them",
            Body::Json(many::<entities::Place>),
        ),
        get(
            "/api/starling/v1/coverage",
            "What is held of whom, and what is missing",
            Body::Json(many::<progress::Coverage>),
        )
        .query(coverage),
        get("/api/starling/v1/resolve", "Who is meant", Body::Json(one::<lookup::Resolved>))
            .query(&[("who", "An id, the beginning of one, a name, or an invite")]),
        get("/api/starling/v1/invites/new", "A link to this node's author", Body::Json(one::<invites::Link>)),
        post(
            "/api/starling/v1/invites/open",
            "Follow whom a link leads to",
            Body::Json(one::<invites::Open>),
            Body::Json(one::<invites::Opened>),
        ),
    ]
}

fn files() -> Vec<Described> {
    vec![
        get("/api/starling/v1/export", "Feeds as a bundle", BUNDLE)
            .query(&[("author", "Whose; else those of all that are kept")]),
        post("/api/starling/v1/import", "Take a bundle in", BUNDLE, Body::Json(one::<bundles::Imported>)),
        post(
            "/api/starling/v1/backup",
            "Everything that makes this identity, sealed",
            Body::Json(one::<bundles::Backup>),
            BUNDLE,
        ),
    ]
}

fn programs() -> Vec<Described> {
    vec![
        get(
            "/api/starling/v1/programs/waiting",
            "Programs that wait for the person's answer",
            Body::Json(many::<oauth::Visitor>),
        ),
        get(
            "/api/starling/v1/programs/waiting/{word}",
            "One of them, by the letters on its page",
            Body::Json(one::<oauth::Visitor>),
        ),
        post(
            "/api/starling/v1/programs/waiting/{word}/approve",
            "Let it in",
            Body::Nothing,
            Body::Json(one::<oauth::Visitor>),
        ),
        get("/api/starling/v1/tokens", "Tokens that were given out", Body::Json(many::<oauth::Held>)),
        post(
            "/api/starling/v1/tokens",
            "Make a token",
            Body::Json(one::<oauth::Wanted>),
            Body::Json(one::<oauth::Given>),
        ),
        line(
            Method::DELETE,
            "/api/starling/v1/tokens/{number}",
            "Revoke a token",
            Body::Nothing,
            Body::Json(one::<oauth::Revoked>),
        ),
    ]
}
