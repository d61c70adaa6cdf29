//! Pictures as people and strangers send them.

mod fetching;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::{
    picture::{PIXELS, Purpose, SMALL, Unfit, mime, prepare, small, small_size},
    strip::strip,
};

/// What must not be in a file that is kept.
const SECRET: &[u8] = b"52.5200N 13.4050E taken by Alice";

fn colours(width: u32, height: u32) -> DynamicImage {
    let colour = |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 128]);
    RgbImage::from_fn(width, height, colour).into()
}

pub(crate) fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    colours(width, height).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// EXIF that says how the picture is to be turned, and a secret.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(SECRET);
    exif
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat()
}

/// A JPEG with all that cameras and programs put in, and something behind its end.
pub(crate) fn jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let plain = encoded(width, height, ImageFormat::Jpeg);
    let mut bytes = plain[..2].to_vec();
    bytes.extend(segment(0xe1, &[b"Exif\0\0", exif(orientation).as_slice()].concat()));
    bytes.extend(segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()));
    bytes.extend(segment(0xed, &[b"Photoshop 3.0\0", SECRET].concat()));
    bytes.extend(segment(0xfe, SECRET));
    bytes.extend(&plain[2..]);
    bytes.extend(SECRET);
    bytes
}

fn png() -> Vec<u8> {
    let plain = encoded(40, 30, ImageFormat::Png);
    let chunk = |name: &[u8; 4], body: &[u8]| {
        // Check sums of parts that are left out are nobody's business.
        [&(body.len() as u32).to_be_bytes()[..], name, body, &[0; 4]].concat()
    };
    let (front, rest) = plain.split_at(33);
    [front, &chunk(b"tEXt", SECRET), &chunk(b"eXIf", &exif(1)), rest, SECRET].concat()
}

fn gif(frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    encoder.set_repeat(image::codecs::gif::Repeat::Infinite).unwrap();
    for _ in 0..frames {
        encoder.encode_frame(image::Frame::new(colours(20, 10).into_rgba8())).unwrap();
    }
    drop(encoder);
    let end = bytes.pop().unwrap();
    let comment = [&[0x21, 0xfe, SECRET.len() as u8][..], SECRET, &[0]].concat();
    bytes.extend(comment);
    bytes.push(end);
    bytes.extend(SECRET);
    bytes
}

/// A chunk of a WebP file.
fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let pad = vec![0; body.len() % 2];
    [name, &(body.len() as u32).to_le_bytes()[..], body, &pad].concat()
}

fn webp() -> Vec<u8> {
    let plain = encoded(41, 31, ImageFormat::WebP);
    let canvas = [&[0x0c, 0, 0, 0][..], &[40, 0, 0, 30, 0, 0]].concat();
    let parts =
        [chunk(b"VP8X", &canvas), plain[12..].to_vec(), chunk(b"EXIF", &exif(1)), chunk(b"XMP ", SECRET)];
    let body = [b"WEBP".to_vec(), parts.concat()].concat();
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body, SECRET].concat()
}

fn pixels(bytes: &[u8]) -> RgbaImage {
    image::load_from_memory(bytes).unwrap().into_rgba8()
}

#[test]
fn what_is_not_the_picture_is_taken_out_and_the_picture_stays() {
    for (bytes, format) in [
        (jpeg(60, 40, 1), ImageFormat::Jpeg),
        (png(), ImageFormat::Png),
        (gif(3), ImageFormat::Gif),
        (webp(), ImageFormat::WebP),
    ] {
        assert!(has(&bytes, SECRET), "{format:?}");
        let kept = prepare(&bytes, Some(format.to_mime_type()), Purpose::Post).unwrap();
        assert!(!has(&kept.bytes, SECRET), "{format:?}");
        assert_eq!((kept.mime, mime(&kept.bytes)), (format.to_mime_type(), Some(format.to_mime_type())));
        assert_eq!(pixels(&kept.bytes), pixels(&bytes), "{format:?}");
        assert_eq!(kept.blurhash.len(), 28);
        assert_eq!(kept.small, None);
        // What is clean stays as it is, byte for byte.
        assert_eq!(prepare(&kept.bytes, None, Purpose::Post).unwrap().bytes, kept.bytes, "{format:?}");
    }
}

#[test]
fn an_animation_stays_animated() {
    use image::AnimationDecoder;
    let kept = prepare(&gif(3), None, Purpose::Post).unwrap();
    let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(&kept.bytes)).unwrap();
    assert_eq!(decoder.into_frames().count(), 3);
    assert!(has(&kept.bytes, b"NETSCAPE2.0"));
}

#[test]
fn a_picture_that_lies_on_its_side_is_put_upright() {
    let plain = colours(60, 40);
    for (orientation, dimensions) in [(1, (60, 40)), (3, (60, 40)), (6, (40, 60)), (8, (40, 60))] {
        let kept = prepare(&jpeg(60, 40, orientation), None, Purpose::Post).unwrap();
        assert_eq!(kept.dimensions, dimensions);
        let image = image::load_from_memory(&kept.bytes).unwrap();
        assert_eq!((image.width(), image.height()), dimensions);
        assert!(!has(&kept.bytes, SECRET));
        // The dark corner, where it is after turning.
        let corner = match orientation {
            1 => (0, 0),
            3 => (59, 39),
            6 => (39, 0),
            _ => (0, 59),
        };
        let (found, expected) = (pixels(&kept.bytes)[corner], plain.to_rgba8()[(0, 0)]);
        let near = found.0.iter().zip(expected.0).all(|(a, b)| a.abs_diff(b) < 24);
        assert!(near, "{orientation}: {found:?} {expected:?}");
    }
}

#[test]
fn large_pictures_get_a_small_form() {
    let kept = prepare(&encoded(1000, 500, ImageFormat::Jpeg), None, Purpose::Post).unwrap();
    let made = image::load_from_memory(kept.small.as_deref().unwrap()).unwrap();
    assert_eq!((made.width(), made.height()), (SMALL, 200));
    assert_eq!(small_size(kept.dimensions), (SMALL, 200));
    let later = small(&kept.bytes).unwrap().unwrap();
    assert_eq!(image::load_from_memory(&later).unwrap().width(), SMALL);
    assert_eq!(small(&encoded(400, 300, ImageFormat::Png)), Ok(None));
    for (size, expected) in [((1, 9000), (1, 400)), ((400, 400), (400, 400)), ((3000, 2000), (400, 267))] {
        assert_eq!(small_size(size), expected);
    }
}

#[test]
fn one_can_still_see_through_what_is_made_small() {
    let clear = RgbaImage::from_fn(800, 800, |x, _| Rgba([200, 0, 0, if x < 400 { 0 } else { 255 }]));
    let mut bytes = Cursor::new(Vec::new());
    clear.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let kept = prepare(bytes.get_ref(), None, Purpose::Portrait { width: 400, height: 400 }).unwrap();
    assert_eq!((kept.mime, kept.dimensions), ("image/png", (400, 400)));
    assert_eq!(pixels(&kept.bytes)[(10, 10)].0[3], 0);
}

#[test]
fn a_portrait_fits_its_frame() {
    let frame = Purpose::Portrait { width: 400, height: 300 };
    for (orientation, dimensions) in [(1, (400, 200)), (6, (150, 300))] {
        let kept = prepare(&jpeg(1000, 500, orientation), None, frame).unwrap();
        assert_eq!(kept.dimensions, dimensions, "{orientation}");
        assert!(!has(&kept.bytes, SECRET));
    }
    let fits = prepare(&jpeg(100, 50, 1), None, frame).unwrap();
    assert_eq!(fits.dimensions, (100, 50));
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in
        [&b""[..], b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"ID3\x04", b"BM"]
    {
        assert_eq!(prepare(bytes, None, Purpose::Post), Err(Unfit::Type));
    }
    let bytes = encoded(10, 10, ImageFormat::Png);
    for lie in ["image/jpeg", "text/html", "video/mp4", "image/svg+xml"] {
        assert_eq!(prepare(&bytes, Some(lie), Purpose::Post), Err(Unfit::Lies("image/png")));
    }
    for truth in ["image/png", "IMAGE/PNG; q=1", "application/octet-stream", ""] {
        assert!(prepare(&bytes, Some(truth), Purpose::Post).is_ok(), "{truth}");
    }
}

#[test]
fn a_picture_that_ends_too_early_is_refused_wherever_it_ends() {
    for (bytes, format) in [
        (encoded(16, 16, ImageFormat::Jpeg), ImageFormat::Jpeg),
        (encoded(16, 16, ImageFormat::Png), ImageFormat::Png),
        (encoded(16, 16, ImageFormat::Gif), ImageFormat::Gif),
        (encoded(16, 16, ImageFormat::WebP), ImageFormat::WebP),
    ] {
        assert!(strip(&bytes, format).is_some());
        for end in 0..bytes.len() {
            // A byte that only pads may be missing.
            if format == ImageFormat::WebP && end + 1 == bytes.len() {
                continue;
            }
            assert!(prepare(&bytes[..end], None, Purpose::Post).is_err(), "{format:?} at {end}");
        }
    }
}

#[test]
fn a_small_file_that_would_be_a_huge_picture_is_refused_before_it_is_decoded() {
    // 60,000 by 60,000 pixels of nothing: 10 GB, announced in a few bytes.
    let mut bomb = encoded(1, 1, ImageFormat::Png);
    bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let sum = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(prepare(&bomb, None, Purpose::Post), Err(Unfit::Large));
    // Within the sides, and over the pixels.
    let side = 16_000u32;
    assert!(u64::from(side) * u64::from(side) > PIXELS);
    bomb[16..20].copy_from_slice(&side.to_be_bytes());
    bomb[20..24].copy_from_slice(&side.to_be_bytes());
    let sum = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(prepare(&bomb, None, Purpose::Post), Err(Unfit::Large));
    // The same as a GIF, whose screen is announced beside its frames.
    let mut bomb = encoded(1, 1, ImageFormat::Gif);
    bomb[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(prepare(&bomb, None, Purpose::Post), Err(Unfit::Large));
}

#[test]
fn frames_within_frames_are_refused_however_deep_they_are() {
    /// The length of a chunk's name and length, and of what a frame says before its own chunks.
    const LEVEL: usize = 8 + 16;
    let canvas = chunk(b"VP8X", &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let nested = |levels: usize| {
        let mut frames = Vec::with_capacity(levels * LEVEL);
        for level in (0..levels).rev() {
            frames.extend(b"ANMF");
            frames.extend(((16 + level * LEVEL) as u32).to_le_bytes());
            frames.extend([0; 16]);
        }
        chunk(b"RIFF", &[b"WEBP", &canvas[..], &frames].concat())
    };
    assert!(strip(&nested(1), ImageFormat::WebP).is_some());
    let deepest = (super::MAX_BYTES as usize - 12 - canvas.len()) / LEVEL;
    for levels in [2, deepest] {
        assert_eq!(strip(&nested(levels), ImageFormat::WebP), None, "{levels}");
    }
}

/// The check sum of a PNG's chunk (RFC 2083 §15).
fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

#[test]
fn flipped_bits_are_refused_or_decoded_and_never_worse() {
    for (bytes, format) in [
        (jpeg(24, 24, 6), ImageFormat::Jpeg),
        (png(), ImageFormat::Png),
        (gif(2), ImageFormat::Gif),
        (webp(), ImageFormat::WebP),
    ] {
        for at in 0..bytes.len().min(400) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            if let Ok(kept) = prepare(&bytes, None, Purpose::Post) {
                assert!(mime(&kept.bytes).is_some(), "{format:?} at {at}");
            }
        }
    }
}
