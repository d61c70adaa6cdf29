//! Every route of the door in one table: method, path, who may use it. The router, the check of tokens and the test that
//! no route is open by mistake read the same lines.
//!
//! ```text
//! Route::get("/api/v1/bookmarks", Needs::Scope("read:bookmarks"), list)
//! ```

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};

use super::App;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Everybody who reaches the door. What it tells is no secret, and what it costs is little.
    Nothing,
    /// Any program that says who it is, whether or not it was let in.
    Program,
    /// Any program that was let in, whatever it may do.
    Token,
    /// A program that was let in for this: one of Mastodon's scopes, `read:statuses`, or a wider one, `read`.
    Scope(&'static str),
}

impl Needs {
    /// The scope that is needed; `token` is any, and none is everybody.
    pub(super) fn scope(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Program | Self::Token => Some("token"),
            Self::Scope(scope) => Some(scope),
        }
    }
}

/// The scope of what only the person's own programs do: the command line with the home's token.
pub(super) const OWNER: Needs = Needs::Scope("starling:owner");

/// One way to use the door.
pub(super) struct Route {
    pub method: Method,
    /// As axum writes it: `/api/v1/statuses/{id}`.
    pub path: &'static str,
    pub needs: Needs,
    handler: MethodRouter<App>,
}

macro_rules! methods {
    ($($name:ident $method:ident;)*) => {
        $(pub(super) fn $name<H: Handler<T, App>, T: 'static>(
            path: &'static str,
            needs: Needs,
            handler: H,
        ) -> Self {
            Self { method: Method::$method, path, needs, handler: on(MethodFilter::$method, handler) }
        })*
    };
}

impl Route {
    methods! {
        get GET;
        post POST;
        put PUT;
        patch PATCH;
        delete DELETE;
    }
}

/// Finds what a request needs before anything of it is read.
pub(super) struct Table {
    paths: matchit::Router<Vec<(Method, Needs)>>,
    lines: Vec<(Method, &'static str, Needs)>,
}

impl Table {
    /// Every line, in the order of their paths.
    pub(super) fn lines(&self) -> &[(Method, &'static str, Needs)] {
        &self.lines
    }

    /// What this request needs. What is no route is answered with that, which needs nothing.
    pub(super) fn needs(&self, method: &Method, path: &str) -> Needs {
        // A HEAD is answered by what answers a GET.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let Ok(found) = self.paths.at(path) else { return Needs::Nothing };
        let found = found.value.iter().find(|(held, _)| held == method);
        found.map_or(Needs::Nothing, |(_, needs)| *needs)
    }
}

/// Builds the router and the table of the same routes.
///
/// # Errors
/// Names a path that is not one, or a line that is there twice.
pub(super) fn build(routes: Vec<Route>) -> Result<(Router<App>, Table), String> {
    let mut paths = std::collections::BTreeMap::<&'static str, Vec<(Method, Needs)>>::new();
    let mut router = Router::new();
    for Route { method, path, needs, handler } in routes {
        let methods = paths.entry(path).or_default();
        if methods.iter().any(|(held, _)| *held == method) {
            return Err(format!("{method} {path} has two lines"));
        }
        methods.push((method, needs));
        router = router.route(path, handler);
    }
    let mut table = matchit::Router::new();
    let mut lines = Vec::new();
    for (path, methods) in paths {
        lines.extend(methods.iter().map(|(method, needs)| (method.clone(), path, *needs)));
        table.insert(path, methods).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok((router, Table { paths: table, lines }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_stands_in_the_way_of_another() {
        let twice = || Route::get("/a", Needs::Nothing, async || "a");
        assert_eq!(build(vec![twice(), twice()]).err().unwrap(), "GET /a has two lines");
        assert!(build(crate::http::routes()).is_ok());
    }

    #[test]
    fn a_request_needs_what_its_line_says() {
        let routes = vec![
            Route::get("/a/{id}", Needs::Nothing, async || "read"),
            Route::delete("/a/{id}", Needs::Scope("write"), async || "gone"),
            Route::get("/a/all", Needs::Token, async || "all"),
        ];
        let (_, table) = build(routes).unwrap();
        for (method, path, needs) in [
            (Method::GET, "/a/1", Needs::Nothing),
            (Method::HEAD, "/a/all", Needs::Token),
            (Method::DELETE, "/a/1", Needs::Scope("write")),
            (Method::DELETE, "/a/all", Needs::Nothing),
            (Method::GET, "/b", Needs::Nothing),
        ] {
            assert_eq!(table.needs(&method, path), needs, "{method} {path}");
        }
    }
}
