//! Programs, as the store knows them, and how they prove which one they are.

use axum::http::{HeaderMap, header};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::Refused;
use crate::{
    http::{App, Error, form, tokens},
    store::kept::{Shelf, program::Program},
};

/// Bytes of a client id at most: a key in the store must not be too long.
const ID: usize = 64;

/// The program with this id.
pub(super) async fn find(app: &App, id: &str) -> Result<Option<Program>, Error> {
    if id.is_empty() || id.len() > ID {
        return Ok(None);
    }
    let id = id.to_owned();
    app.read(move |reader| Ok(reader.kept(Shelf::App, id.as_bytes())?)).await
}

/// Id and secret, from the header (RFC 6749 §2.3.1) or from the body, not from both.
pub(super) fn credentials(
    headers: &HeaderMap,
    id: Option<String>,
    secret: Option<String>,
) -> Result<(String, String), Refused> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let basic = match (given.next(), given.next()) {
        (None, _) => None,
        (Some(value), None) => basic(value.as_bytes()),
        _ => return Err(Refused::client()),
    };
    match (basic, secret) {
        (Some(_), Some(_)) => Err(Refused::request("The program shows its secret in two ways")),
        (Some((named, _)), None) if id.as_ref().is_some_and(|id| *id != named) => Err(Refused::client()),
        (Some(both), None) => Ok(both),
        (None, Some(secret)) => Ok((id.ok_or(Refused::client())?, secret)),
        (None, None) => Err(Refused::client()),
    }
}

/// What `Basic` carries: both parts are written as in a form before they are put together.
fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(rest.trim_ascii()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form::decoded(id.as_bytes()).ok()?, form::decoded(secret.as_bytes()).ok()?))
}

/// The program that shows this id and this secret.
pub(super) async fn check(app: &App, id: &str, secret: &str) -> Result<Program, Refused> {
    let program = find(app, id).await?.ok_or(Refused::client())?;
    // Hashes are compared in constant time.
    if blake3::Hash::from_bytes(program.secret) == blake3::Hash::from_bytes(tokens::hash(secret)) {
        Ok(program)
    } else {
        Err(Refused::client())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_in_one_way() {
        let header =
            |value: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        let (id, secret) = (|| Some("id".to_owned()), || Some("secret".to_owned()));
        let both = |headers: &HeaderMap, id, secret| credentials(headers, id, secret).ok();
        let expected = Some(("id".to_owned(), "secret".to_owned()));
        assert_eq!(both(&HeaderMap::new(), id(), secret()), expected);
        // "id:secret", and "i%64:se+cret".
        assert_eq!(both(&header("Basic aWQ6c2VjcmV0"), None, None), expected);
        assert_eq!(both(&header("basic aWQ6c2VjcmV0"), id(), None), expected);
        let coded = Some(("id".to_owned(), "se cret".to_owned()));
        assert_eq!(both(&header("Basic aSU2NDpzZStjcmV0"), None, None), coded);
        assert_eq!(both(&header("Basic aWQ6c2VjcmV0"), id(), secret()), None);
        assert_eq!(both(&header("Basic aWQ6c2VjcmV0"), Some("other".into()), None), None);
        for wrong in ["Basic", "Basic !", "Basic aWQ=", "Bearer aWQ6c2VjcmV0"] {
            assert_eq!(both(&header(wrong), None, None), None, "{wrong}");
        }
        assert_eq!(both(&HeaderMap::new(), id(), None), None);
    }
}
