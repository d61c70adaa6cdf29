//! Where programs look first: which software this is, and who lives here (NodeInfo 2, RFC 6415, RFC 7033). And short
//! pages at the addresses that posts, people and tags are said to have, for whoever follows a link in a browser.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use starling_protocol::AuthorId;

use super::{
    App, At, Base,
    error::Error,
    html::escape,
    input::{Name, Params},
    instance,
    route::{Needs, Route},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/.well-known/nodeinfo", Needs::Nothing, nodeinfo),
        Route::get("/nodeinfo/2.0", Needs::Nothing, nodeinfo_2_0),
        Route::get("/nodeinfo/2.1", Needs::Nothing, nodeinfo_2_1),
        Route::get("/.well-known/host-meta", Needs::Nothing, host_meta),
        Route::get("/.well-known/host-meta.json", Needs::Nothing, host_meta_json),
        Route::get("/.well-known/webfinger", Needs::Nothing, webfinger),
        Route::get("/@{author}", Needs::Nothing, page),
        Route::get("/@{author}/{id}", Needs::Nothing, page_of_post),
        Route::get("/tags/{name}", Needs::Nothing, page),
    ]
}

async fn nodeinfo(Extension(Base(base)): At) -> Json<Value> {
    let link = |version: &str| {
        json!({
            "rel": format!("http://nodeinfo.diaspora.software/ns/schema/{version}"),
            "href": format!("{base}/nodeinfo/{version}"),
        })
    };
    Json(json!({ "links": [link("2.0"), link("2.1")] }))
}

/// A document of NodeInfo. It speaks no protocol that NodeInfo has a word for.
async fn described(app: &App, base: &str, version: &str) -> Result<Value, Error> {
    let (_, posts) = instance::owner(app, base).await?;
    Ok(json!({
        "version": version,
        "software": { "name": "starling", "version": env!("CARGO_PKG_VERSION") },
        "protocols": [],
        "services": { "inbound": [], "outbound": [] },
        "openRegistrations": false,
        "usage": { "users": { "total": 1, "activeMonth": 1, "activeHalfyear": 1 }, "localPosts": posts },
        "metadata": { "nodeName": instance::TITLE, "nodeDescription": instance::DESCRIPTION },
    }))
}

async fn nodeinfo_2_0(State(app): State<App>, Extension(Base(base)): At) -> Result<Json<Value>, Error> {
    described(&app, &base, "2.0").await.map(Json)
}

async fn nodeinfo_2_1(State(app): State<App>, Extension(Base(base)): At) -> Result<Json<Value>, Error> {
    let mut document = described(&app, &base, "2.1").await?;
    document["software"]["repository"] = json!(env!("CARGO_PKG_REPOSITORY"));
    Ok(Json(document))
}

fn template(base: &str) -> String {
    format!("{base}/.well-known/webfinger?resource={{uri}}")
}

async fn host_meta(Extension(Base(base)): At) -> ([(HeaderName, &'static str); 1], String) {
    let mut escaped = String::new();
    escape(&template(&base), &mut escaped);
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
         <Link rel=\"lrdd\" template=\"{escaped}\"/>\n</XRD>\n"
    );
    ([(header::CONTENT_TYPE, "application/xrd+xml; charset=utf-8")], document)
}

async fn host_meta_json(Extension(Base(base)): At) -> Json<Value> {
    Json(json!({ "links": [{ "rel": "lrdd", "template": template(&base) }] }))
}

/// Only the owner is found: the node speaks for nobody else.
async fn webfinger(
    State(app): State<App>,
    Extension(Base(base)): At,
    params: Params,
) -> Result<Response, Error> {
    let (me, host) = (app.node().author(), instance::domain(&base));
    let resource = params.get("resource").ok_or_else(|| Error::Malformed("resource is missing".into()))?;
    let unknown = || Error::NotFound("this resource".into());
    let account = resource.strip_prefix("acct:").unwrap_or(resource);
    let (name, at) = match account.strip_prefix(&format!("{base}/")) {
        Some(path) => (path, host),
        None => account.trim_start_matches('@').rsplit_once('@').ok_or_else(unknown)?,
    };
    let named: AuthorId = name.trim_start_matches('@').parse().map_err(|_| unknown())?;
    // The port is left out where a name cannot have one.
    let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    if named != me || at != host && at != bare {
        return Err(unknown());
    }
    let page = format!("{base}/@{me}");
    let document = json!({
        "subject": format!("acct:{me}@{host}"),
        "aliases": [page, format!("starling:{me}")],
        "links": [
            { "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": page },
            { "rel": "http://webfinger.net/rel/avatar", "type": "image/png",
              "href": format!("{base}/avatars/{me}.png") },
        ],
    });
    Ok(([(header::CONTENT_TYPE, "application/jrd+json")], document.to_string()).into_response())
}

async fn page(Name(name): Name) -> ([(HeaderName, &'static str); 1], String) {
    shown(&name)
}

async fn page_of_post(
    axum::extract::Path((_, id)): axum::extract::Path<(String, String)>,
) -> ([(HeaderName, &'static str); 1], String) {
    shown(&id)
}

/// What is here is for those who have a token: the page says only what its address says.
fn shown(name: &str) -> ([(HeaderName, &'static str); 1], String) {
    let mut escaped = String::new();
    escape(&name.chars().take(200).collect::<String>(), &mut escaped);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Starling</title>\n<h1>Starling</h1>\n\
         <p>This node shows posts and people to the programs of its owner. To see this one, search in your client \
         for</p>\n<p><code>{escaped}</code></p>\n"
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html)
}
