//! Pictures for those who have none: drawn from the id, so that everybody sees the same.
//!
//! Clients crash on an empty `avatar` or `header`, and few of them draw SVG. These are served without
//! the token: an `<img>` sends none, and whoever knows the id can draw them alone.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use image::{
    ExtendedColorType, ImageEncoder, Rgb, RgbImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
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

/// `star1….png`: a mirrored pattern of 5 by 5 squares.
pub(super) async fn avatar(Name(file): Name) -> Result<Response, Error> {
    let hash = hash(&file)?;
    let (light, dark) = colours(&hash);
    let is_dark = |place: u32| (1..=5).contains(&place);
    png(192, 192, |x, y| {
        // Squares of 32 within a margin of half a one.
        let (column, row) = ((x + 16) / 32, (y + 16) / 32);
        if !is_dark(column) || !is_dark(row) {
            return light;
        }
        let (column, row) = (column - 1, row - 1);
        let drawn = hash[(row * 3 + column.min(4 - column)) as usize];
        if drawn & 1 == 1 { dark } else { light }
    })
}

/// `star1….png`: two bands in the avatar's colours.
pub(super) async fn header(Name(file): Name) -> Result<Response, Error> {
    let hash = hash(&file)?;
    let (light, dark) = colours(&hash);
    let (left, right) = (80 + i64::from(hash[20]) % 160, 80 + i64::from(hash[21]) % 160);
    png(960, 320, |x, y| {
        let edge = left + (right - left) * i64::from(x) / 960;
        if i64::from(y) < edge { light } else { dark }
    })
}

/// What a picture is drawn from. The name itself never gets into it.
fn hash(file: &str) -> Result<[u8; 32], Error> {
    let name = file.strip_suffix(".png").filter(|name| {
        (1..=NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let name = name.ok_or(Error::NoRoute)?;
    Ok(blake3::derive_key("starling 2026-11 picture v1", name.as_bytes()))
}

/// A light and a dark tone of one hue.
fn colours(hash: &[u8; 32]) -> (Rgb<u8>, Rgb<u8>) {
    let hue = u16::from_le_bytes([hash[30], hash[31]]) % 360;
    (tone(hue, 45, 90), tone(hue, 55, 40))
}

/// A tone by its hue in degrees, and saturation and lightness in hundredths.
fn tone(hue: u16, saturation: i32, lightness: i32) -> Rgb<u8> {
    let reach = saturation * lightness.min(100 - lightness) / 100;
    let part = |offset: i32| {
        // Where on the wheel, in degrees of 12 steps of 30.
        let place = (offset * 30 + i32::from(hue)) % 360;
        let slope = (place - 90).min(270 - place).clamp(-30, 30);
        let hundredths = lightness - reach * slope / 30;
        u8::try_from(hundredths * 255 / 100).unwrap_or(u8::MAX)
    };
    Rgb([part(0), part(8), part(4)])
}

/// Bytes that every client can show: phones and terminals draw no SVG.
fn png(width: u32, height: u32, tone: impl Fn(u32, u32) -> Rgb<u8>) -> Result<Response, Error> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up);
    let picture = RgbImage::from_fn(width, height, tone);
    let written = encoder.write_image(&picture, width, height, ExtendedColorType::Rgb8);
    written.map_err(|error| Error::Internal(error.to_string()))?;
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, CACHE)];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_drawn() {
        let id = starling_protocol::AuthorId::new([7; 32]);
        assert!(hash(&format!("{id}.png")).is_ok());
        for name in
            ["", ".png", "a", "a.svg", "../a.png", "<a>.png", "é.png", &format!("{}.png", "a".repeat(81))]
        {
            assert!(matches!(hash(name), Err(Error::NoRoute)), "{name}");
        }
        assert_ne!(hash("a.png").unwrap(), hash("b.png").unwrap());
    }

    #[test]
    fn tones_are_what_css_makes_of_them() {
        for (hue, saturation, lightness, expected) in [
            (0, 100, 50, [255, 0, 0]),
            (60, 100, 50, [255, 255, 0]),
            (120, 100, 50, [0, 255, 0]),
            (240, 100, 50, [0, 0, 255]),
            (200, 0, 40, [102, 102, 102]),
            (359, 45, 100, [255, 255, 255]),
        ] {
            assert_eq!(tone(hue, saturation, lightness), Rgb(expected), "{hue}");
        }
    }

    #[tokio::test]
    async fn pictures_are_small_and_mirrored() {
        let id = "star1abc.png".to_owned();
        let face = avatar(Name(id.clone())).await.unwrap();
        let face = axum::body::to_bytes(face.into_body(), 64 * 1024).await.unwrap();
        let face = image::load_from_memory(&face).unwrap().to_rgb8();
        assert_eq!(face.dimensions(), (192, 192));
        assert!((0..192).all(|x| face.get_pixel(x, 100) == face.get_pixel(191 - x, 100)));
        assert!(axum::body::to_bytes(header(Name(id)).await.unwrap().into_body(), 64 * 1024).await.is_ok());
    }
}
