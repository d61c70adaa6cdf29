//! `/api/starling/v1/openapi.json`: our own routes as OpenAPI 3.1, made of the types that answer them.
//!
//! What is Mastodon's is described by Mastodon. A test holds the list to the table of routes, both ways.

mod described;

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
        Ref, RefOr, Required, ResponseBuilder, Schema,
        path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem},
        request_body::RequestBodyBuilder,
        schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    App,
    route::{Needs, Route, Table},
};

/// Where our own routes begin.
const OURS: &str = "/api/starling/v1/";
/// What tokens are called in it.
const BEARER: &str = "token";

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/starling/v1/openapi.json", Needs::Nothing, show)]
}

async fn show(State(app): State<App>) -> Json<OpenApi> {
    Json(describe(&app.0.table))
}

/// One of our own routes.
struct Described {
    method: Method,
    path: &'static str,
    /// What it does, in a line.
    says: &'static str,
    query: &'static [(&'static str, &'static str)],
    takes: Body,
    status: StatusCode,
    gives: Body,
}

/// What a request or an answer holds.
#[derive(Clone, Copy)]
enum Body {
    Nothing,
    Json(Shape),
    Bytes(&'static str),
}

/// Notes a type and all that is in it, and says how to refer to it.
type Shape = fn(&mut Shapes) -> RefOr<Schema>;
type Shapes = Vec<(String, RefOr<Schema>)>;

fn one<T: ToSchema + PartialSchema>(shapes: &mut Shapes) -> RefOr<Schema> {
    shapes.push((T::name().into_owned(), T::schema()));
    T::schemas(shapes);
    Ref::from_schema_name(T::name()).into()
}

fn many<T: ToSchema + PartialSchema>(shapes: &mut Shapes) -> RefOr<Schema> {
    Schema::Array(ArrayBuilder::new().items(one::<T>(shapes)).build()).into()
}

/// An object of any kind.
fn anything(_: &mut Shapes) -> RefOr<Schema> {
    Schema::Object(ObjectBuilder::new().build()).into()
}

/// The description of all routes in the list, with what the table says that they need.
fn describe(table: &Table) -> OpenApi {
    let mut shapes = Shapes::new();
    let failed = one::<Failed>(&mut shapes);
    let mut paths = PathsBuilder::new();
    for line in described::all() {
        let needs = table.needs(&line.method, &line.path.replace(['{', '}'], "x"));
        let operation = operation(&line, needs, &failed, &mut shapes);
        paths = paths.path(line.path, PathItem::new(verb(&line.method), operation));
    }
    let info = InfoBuilder::new()
        .title("Starling")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("What a Starling node answers beside Mastodon's client API."))
        .build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components(shapes))).build()
}

fn components(shapes: Shapes) -> Components {
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    ComponentsBuilder::new().schemas_from_iter(shapes).security_scheme(BEARER, bearer).build()
}

fn operation(
    line: &Described,
    needs: Needs,
    failed: &RefOr<Schema>,
    shapes: &mut Shapes,
) -> OperationBuilder {
    let mut operation = OperationBuilder::new().summary(Some(line.says));
    let text = || Schema::Object(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build());
    let parts = line.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    for name in parts {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
        operation = operation.parameter(parameter.required(Required::True).schema(Some(text())));
    }
    for (name, says) in line.query {
        let parameter = ParameterBuilder::new().name(*name).parameter_in(ParameterIn::Query);
        let parameter = parameter.required(Required::False).description(Some(*says));
        operation = operation.parameter(parameter.schema(Some(text())));
    }
    if let Some((kind, content)) = content(line.takes, shapes) {
        let body = RequestBodyBuilder::new().content(kind, content).required(Some(Required::True)).build();
        operation = operation.request_body(Some(body));
    }
    let mut answer = ResponseBuilder::new().description(line.status.canonical_reason().unwrap_or_default());
    if let Some((kind, content)) = content(line.gives, shapes) {
        answer = answer.content(kind, content);
    }
    let refusal = ContentBuilder::new().schema(Some(failed.clone())).build();
    let refusal = ResponseBuilder::new().description("It was not done").content("application/json", refusal);
    operation = operation.response(line.status.as_str(), answer.build()).response("default", refusal.build());
    match needs.scope() {
        Some(scope) => operation.security(SecurityRequirement::new(BEARER, [scope])),
        None => operation.security(SecurityRequirement::default()),
    }
}

fn content(body: Body, shapes: &mut Shapes) -> Option<(&'static str, utoipa::openapi::Content)> {
    match body {
        Body::Nothing => None,
        Body::Json(shape) => {
            Some(("application/json", ContentBuilder::new().schema(Some(shape(shapes))).build()))
        }
        Body::Bytes(kind) => Some((kind, ContentBuilder::new().build())),
    }
}

fn verb(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// Why something was not done.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here: `error::Error` writes it")]
struct Failed {
    /// For people; may change.
    error: String,
    /// For programs; stays the same.
    code: String,
    /// What to do about it.
    hint: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_ours_is_described_and_no_other() {
        let (_, table) = crate::http::route::build(crate::http::routes()).unwrap();
        let ours = table.lines().iter().filter(|(_, path, _)| path.starts_with(OURS));
        let mut ours: Vec<_> = ours.map(|(method, path, _)| (method.to_string(), *path)).collect();
        let mut told: Vec<_> =
            described::all().iter().map(|line| (line.method.to_string(), line.path)).collect();
        ours.sort_unstable();
        told.sort_unstable();
        assert_eq!(ours, told);
        let written = serde_json::to_value(describe(&table)).unwrap();
        for (method, path, needs) in table.lines().iter().filter(|(_, path, _)| path.starts_with(OURS)) {
            let told = &written["paths"][path][method.as_str().to_lowercase()];
            let scopes = needs
                .scope()
                .map_or(serde_json::json!([{}]), |scope| serde_json::json!([{ BEARER: [scope] }]));
            assert_eq!(told["security"], scopes, "{method} {path}: {told}");
        }
    }

    #[test]
    fn what_is_referred_to_is_there() {
        let (_, table) = crate::http::route::build(crate::http::routes()).unwrap();
        let written = serde_json::to_value(describe(&table)).unwrap();
        assert!(written["openapi"].as_str().unwrap().starts_with("3.1"), "{}", written["openapi"]);
        let text = written.to_string();
        let names = text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut count = 0;
        for name in names {
            assert!(written["components"]["schemas"][name].is_object(), "{name}");
            count += 1;
        }
        assert!(count > 40, "{count}");
    }
}
