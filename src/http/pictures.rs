//! Pictures for those who have none: drawn from the id, so that everybody sees the same.
//!
//! Clients crash on an empty `avatar` or `header`. Files are not carried by this version, so every
//! author has these. They are served without the token: an `<img>` sends none, and whoever knows the
//! id can draw them alone.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::{
    error::Error,
    input::Name,
    route::{Needs, Route},
};

/// Longest name that is drawn: an author id has 63 characters.
const NAME: usize = 80;
/// A day: the same id has the same picture for ever.
const CACHE: &str = "public, max-age=86400, immutable";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/avatars/{file}", Needs::Nothing, avatar),
        Route::get("/headers/{file}", Needs::Nothing, header),
    ]
}

/// `star1….svg`: a mirrored pattern of 5 by 5 squares.
pub(super) async fn avatar(Name(file): Name) -> Result<Response, Error> {
    let hash = hash(&file)?;
    let mut squares = String::new();
    for row in 0..5 {
        for column in 0..3 {
            if hash[row * 3 + column] & 1 == 0 {
                continue;
            }
            let mut square = |column: usize| {
                squares.push_str(&format!("M{} {}h16v16h-16z", 8 + 16 * column, 8 + 16 * row));
            };
            square(column);
            if column < 2 {
                square(4 - column);
            }
        }
    }
    let (light, dark) = colours(&hash);
    Ok(svg(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\" width=\"96\" height=\"96\">\
         <path fill=\"{light}\" d=\"M0 0h96v96H0z\"/><path fill=\"{dark}\" d=\"{squares}\"/></svg>"
    )))
}

/// `star1….svg`: two bands in the avatar's colours.
pub(super) async fn header(Name(file): Name) -> Result<Response, Error> {
    let hash = hash(&file)?;
    let (light, dark) = colours(&hash);
    let (left, right) = (40 + u16::from(hash[20]) % 80, 40 + u16::from(hash[21]) % 80);
    Ok(svg(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 160\" width=\"480\" height=\"160\">\
         <path fill=\"{light}\" d=\"M0 0h480v160H0z\"/>\
         <path fill=\"{dark}\" d=\"M0 {left}L480 {right}V160H0z\"/></svg>"
    )))
}

/// What a picture is drawn from. The name itself never gets into it.
fn hash(file: &str) -> Result<[u8; 32], Error> {
    let name = file.strip_suffix(".svg").filter(|name| {
        (1..=NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let name = name.ok_or(Error::NoRoute)?;
    Ok(blake3::derive_key("starling 2026-11 picture v1", name.as_bytes()))
}

/// A light and a dark tone of one hue, as CSS writes them.
fn colours(hash: &[u8; 32]) -> (String, String) {
    let hue = u16::from_le_bytes([hash[30], hash[31]]) % 360;
    (format!("hsl({hue},45%,90%)"), format!("hsl({hue},55%,40%)"))
}

fn svg(text: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, CACHE)];
    (headers, text.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_drawn() {
        let id = starling_protocol::AuthorId::new([7; 32]);
        assert!(hash(&format!("{id}.svg")).is_ok());
        for name in
            ["", ".svg", "a", "a.png", "../a.svg", "<a>.svg", "é.svg", &format!("{}.svg", "a".repeat(81))]
        {
            assert!(matches!(hash(name), Err(Error::NoRoute)), "{name}");
        }
        assert_ne!(hash("a.svg").unwrap(), hash("b.svg").unwrap());
    }
}
