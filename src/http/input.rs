//! What callers send, read with errors that say what is wrong with it.

use std::str::FromStr;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

use super::{error::Error, form, multipart};

/// Bytes of a body, bundles aside: the longest post with all that it may name has under 100 KiB.
pub(super) const BODY: usize = 1024 * 1024;
/// Depth of nesting in JSON. Nothing here is deeper than 4; a parser's stack is finite.
const DEPTH: usize = 32;

/// A JSON body, or a form of either kind that stands for one. An empty body stands for `{}`, because many requests
/// say all in their path.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if is_type(request.headers(), multipart::TYPE) {
            return multipart::read(request, &[]).await?.value().map(Self);
        }
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        if is_type(&parts.headers, "application/json") {
            return parse(&bytes).map(Self);
        }
        if is_type(&parts.headers, "application/x-www-form-urlencoded") {
            let form = serde_json::from_value(form::parse(&bytes)?);
            return form.map(Self).map_err(|error| Error::Invalid(error.to_string()));
        }
        Err(Error::NotJson)
    }
}

/// The whole of a body.
pub(super) async fn read(body: Body) -> Result<Bytes, Error> {
    axum::body::to_bytes(body, BODY).await.map_err(|error| {
        // The one error that is not a broken connection, on which nobody hears the answer.
        if std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("limit")) {
            Error::TooLarge(BODY)
        } else {
            Error::Malformed("it ends too early".into())
        }
    })
}

pub(super) fn is_type(headers: &HeaderMap, wanted: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(wanted)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if depth(bytes) > DEPTH {
        return Err(Error::Malformed(format!("it is nested more than {DEPTH} deep")));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Error::Invalid(error.to_string()),
        _ => Error::Malformed(error.to_string()),
    })
}

/// How deep the brackets go, whether or not the rest is JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut text, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'[' | b'{' if !text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What a path names: an id, mostly.
pub(super) struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(name) = Path::from_request_parts(parts, state).await.map_err(|_| Error::Path)?;
        Ok(Self(name))
    }
}

/// The query's parameters, in order: names may come more than once.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(pub Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(pairs) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| Error::Malformed(error.body_text()))?;
        Ok(Self(pairs))
    }
}

impl Params {
    /// The parameter, if it is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The parameter, or an error that names it.
    pub(super) fn require(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::Invalid(format!("{name} is missing")))
    }

    /// The parameter as a `T`.
    pub(super) fn parse<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        let parse = |value: &str| value.parse().map_err(|error| Error::Invalid(format!("{name}: {error}")));
        self.get(name).map(parse).transpose()
    }

    /// Every `name[]` and `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |key: &str| key.strip_suffix("[]").unwrap_or(key) == name;
        self.0.iter().filter(move |(key, _)| named(key)).map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on, as Rails and its clients write it.
    pub(super) fn switch(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value, "true" | "1" | "t" | "on"))
    }
}

/// True or false, as JSON or as a form says it: forms have texts only.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(from)? {
        Value::Bool(on) => Ok(Some(on)),
        Value::Null => Ok(None),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
        Value::String(text) => match text.as_str() {
            "true" | "1" | "t" | "on" => Ok(Some(true)),
            "false" | "0" | "f" | "off" => Ok(Some(false)),
            "" => Ok(None),
            _ => Err(D::Error::custom("a switch is true or false")),
        },
        _ => Err(D::Error::custom("a switch is true or false")),
    }
}

/// A whole number, as JSON or as a form says it.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => {
            text.parse().map(Some).map_err(|_| D::Error::custom("this is no whole number"))
        }
        Value::Number(number) => {
            number.as_u64().map(Some).ok_or_else(|| D::Error::custom("this is no whole number"))
        }
        _ => Err(D::Error::custom("this is no whole number")),
    }
}

/// Texts, as a list, or one of them alone.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("this is no list of texts")),
    };
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::Array(values) => values.into_iter().map(text).collect::<Result<_, _>>().map(Some),
        // Rails writes lists as objects whose keys are places, and so do some clients.
        Value::Object(places) => {
            places.into_iter().map(|(_, value)| text(value)).collect::<Result<_, _>>().map(Some)
        }
        one => Ok(Some(vec![text(one)?])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_do_not_count() {
        assert_eq!(depth(br#"{"a": [1, {"b": []}], "c": "[[[[\"[["}"#), 4);
        assert_eq!(depth(b"]]]["), 1);
        let deep = [vec![b'['; 33], vec![b']'; 33]].concat();
        let deep = parse::<serde_json::Value>(&deep);
        assert!(matches!(deep, Err(Error::Malformed(_))));
        let bearable = [vec![b'['; 32], vec![b']'; 32]].concat();
        assert!(parse::<serde_json::Value>(&bearable).is_ok());
    }

    #[test]
    fn what_is_wrong_with_json_is_said() {
        assert!(matches!(parse::<Vec<u8>>(b"[1, 2"), Err(Error::Malformed(_))));
        assert!(matches!(parse::<Vec<u8>>(b"[1, 256]"), Err(Error::Invalid(_))));
        assert!(matches!(parse::<Vec<u8>>(b"{}"), Err(Error::Invalid(_))));
    }

    #[test]
    fn only_json_is_json() {
        let typed = |value: &'static str| {
            let value = header::HeaderValue::from_static(value);
            is_type(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)]), "application/json")
        };
        assert!(typed("application/json") && typed("Application/JSON; charset=utf-8"));
        assert!(!typed("text/plain") && !typed("application/jsonp") && !typed(""));
        assert!(!is_type(&HeaderMap::new(), "application/json"));
    }

    #[test]
    fn parameters_may_come_more_than_once() {
        let pairs = [("id[]", "a"), ("id[]", "b"), ("limit", "x"), ("only", "true"), ("empty", "")];
        let params = Params(pairs.map(|(name, value)| (name.into(), value.into())).to_vec());
        assert_eq!(params.all("id").collect::<Vec<_>>(), ["a", "b"]);
        assert!(params.switch("only") && !params.switch("limit"));
        assert!(params.get("empty").is_none());
        assert!(matches!(params.parse::<usize>("limit"), Err(Error::Invalid(_))));
        assert!(matches!(params.parse::<usize>("none"), Ok(None)));
    }
}
