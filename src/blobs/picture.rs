//! What is made of an uploaded picture before anybody sees it, and the small form of any picture.
//!
//! A picture is a program for a decoder, written by a stranger. The decoders are in safe Rust; what they may use is
//! bounded here: pixels before anything is decoded, memory while it is. A file that is not what it says, is not whole
//! or is too large gives [`Unfit`], and nothing of it is kept.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    metadata::Orientation,
};

use super::strip::strip;

/// Pixels of a picture: what Mastodon takes (7680 × 4320), and 127 MiB when it is decoded.
pub const PIXELS: u64 = 33_177_600;
/// Pixels of a side: the longest that WebP can say.
const SIDE: u32 = 16_384;
/// Bytes that a decoder may take at once: the largest picture with 8 bits a channel, and as much again.
const MEMORY: u64 = 256 * 1024 * 1024;
/// Pixels of the longer side of a small picture.
pub const SMALL: u32 = 400;
/// How many spots a blurhash has, across and down, and of how large a picture they are made.
const SPOTS: (u32, u32, u32) = (4, 3, 32);
/// Quality of a JPEG that is written anew: beyond it files grow and nobody sees why.
const QUALITY: u8 = 90;

/// The types that are taken. Sound and video are not: what they tell beside what is heard and seen (where, with what,
/// by whom) can only be taken out by a parser for each container, and 10 MiB hold little of them.
pub const TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Why a file is not taken as a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not one of [`TYPES`].
    #[error("only pictures are taken: {}", TYPES.join(", "))]
    Type,
    /// It says that it is another type than it is.
    #[error("the file is {0}, and was sent as something else")]
    Lies(&'static str),
    /// More pixels than [`PIXELS`], or too long a side.
    #[error("the picture may have {PIXELS} pixels, and {SIDE} on a side")]
    Large,
    /// It cannot be decoded, or ends too early.
    #[error("the picture is damaged")]
    Damaged,
}

/// A picture as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// One of [`TYPES`].
    pub mime: &'static str,
    /// Pixels across and down.
    pub dimensions: (u32, u32),
    /// A few spots for those who wait.
    pub blurhash: String,
    /// The small form, if it is worth one.
    pub small: Option<Vec<u8>>,
}

/// What a picture is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shown by a post: as it is, without what tells about its maker.
    Post,
    /// Shown beside every post of an author: no larger than this.
    Portrait {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

/// The type of a file by its first bytes, if it is one of [`TYPES`].
pub fn mime(bytes: &[u8]) -> Option<&'static str> {
    format(bytes).map(|format| format.to_mime_type())
}

fn format(bytes: &[u8]) -> Option<ImageFormat> {
    image::guess_format(bytes).ok().filter(|format| TYPES.contains(&format.to_mime_type()))
}

/// Makes of an uploaded file what is kept. `declared` is the type it was sent as, if any.
pub fn prepare(bytes: &[u8], declared: Option<&str>, purpose: Purpose) -> Result<Picture, Unfit> {
    let format = format(bytes).ok_or(Unfit::Type)?;
    check_declared(declared, format)?;
    let stripped = strip(bytes, format).ok_or(Unfit::Damaged)?;
    let (image, orientation, profile) = decode(bytes, format)?;
    let upright = orientation == Orientation::NoTransforms;
    let fits = match purpose {
        Purpose::Post => true,
        Purpose::Portrait { width, height } => image.width() <= width && image.height() <= height,
    };
    let blurhash = blurhash(&image, orientation)?;
    if upright && fits {
        let small = (image.width().max(image.height()) > SMALL).then(|| shrink(&image)).transpose()?;
        let dimensions = (image.width(), image.height());
        return Ok(Picture { bytes: stripped, mime: format.to_mime_type(), dimensions, blurhash, small });
    }
    let mut image = match purpose {
        Purpose::Portrait { width, height } if !fits => {
            let turned = matches!(
                orientation,
                Orientation::Rotate90
                    | Orientation::Rotate270
                    | Orientation::Rotate90FlipH
                    | Orientation::Rotate270FlipH
            );
            let (width, height) = if turned { (height, width) } else { (width, height) };
            image.resize(width, height, image::imageops::FilterType::Triangle)
        }
        _ => image,
    };
    image.apply_orientation(orientation);
    let small = (image.width().max(image.height()) > SMALL).then(|| shrink(&image)).transpose()?;
    let dimensions = (image.width(), image.height());
    let (bytes, mime) = encode(image, QUALITY, profile)?;
    Ok(Picture { bytes, mime, dimensions, blurhash, small })
}

/// The small form of a picture's file; none if the picture is small itself.
pub fn small(bytes: &[u8]) -> Result<Option<Vec<u8>>, Unfit> {
    let format = format(bytes).ok_or(Unfit::Type)?;
    let (mut image, orientation, _) = decode(bytes, format)?;
    if image.width().max(image.height()) <= SMALL {
        return Ok(None);
    }
    image = image.thumbnail(SMALL, SMALL);
    image.apply_orientation(orientation);
    encode(image, 80, None).map(|(bytes, _)| Some(bytes))
}

/// Width and height of the small form of a picture of this size.
pub fn small_size((width, height): (u32, u32)) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= SMALL {
        return (width, height);
    }
    let scaled = |side: u32| {
        let scaled = (u64::from(side) * u64::from(SMALL) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(SMALL).max(1)
    };
    (scaled(width), scaled(height))
}

fn check_declared(declared: Option<&str>, format: ImageFormat) -> Result<(), Unfit> {
    let declared = declared.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let declared = declared.to_ascii_lowercase();
    let same = match declared.as_str() {
        "" | "application/octet-stream" | "image/*" => true,
        "image/jpg" | "image/pjpeg" => format == ImageFormat::Jpeg,
        other => other == format.to_mime_type(),
    };
    if same { Ok(()) } else { Err(Unfit::Lies(format.to_mime_type())) }
}

type Decoded = (DynamicImage, Orientation, Option<Vec<u8>>);

fn decode(bytes: &[u8], format: ImageFormat) -> Result<Decoded, Unfit> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unfit)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > MEMORY {
        return Err(Unfit::Large);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    // Kept when a picture is written anew, which is always in RGB: another space's profile would turn its colours.
    let profile = decoder.icc_profile().ok().flatten();
    let profile = profile.filter(|profile| profile.get(16..20) == Some(b"RGB "));
    let image = DynamicImage::from_decoder(decoder).map_err(unfit)?;
    if image.width() == 0 || image.height() == 0 {
        return Err(Unfit::Damaged);
    }
    Ok((image, orientation, profile))
}

fn unfit(error: image::ImageError) -> Unfit {
    match error {
        image::ImageError::Limits(_) => Unfit::Large,
        _ => Unfit::Damaged,
    }
}

fn shrink(image: &DynamicImage) -> Result<Vec<u8>, Unfit> {
    encode(image.thumbnail(SMALL, SMALL), 80, None).map(|(bytes, _)| bytes)
}

/// JPEG, or PNG if one can see through it.
fn encode(
    image: DynamicImage,
    quality: u8,
    profile: Option<Vec<u8>>,
) -> Result<(Vec<u8>, &'static str), Unfit> {
    let mut bytes = Vec::new();
    let seen_through = image.has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX);
    if seen_through {
        let mut encoder = PngEncoder::new(&mut bytes);
        if let Some(profile) = profile {
            // A picture without its profile is still the picture.
            let _ = encoder.set_icc_profile(profile);
        }
        DynamicImage::ImageRgba8(image.into_rgba8()).write_with_encoder(encoder).map_err(unfit)?;
        return Ok((bytes, "image/png"));
    }
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(profile) = profile {
        let _ = encoder.set_icc_profile(profile);
    }
    DynamicImage::ImageRgb8(image.into_rgb8()).write_with_encoder(encoder).map_err(unfit)?;
    Ok((bytes, "image/jpeg"))
}

fn blurhash(image: &DynamicImage, orientation: Orientation) -> Result<String, Unfit> {
    let (across, down, side) = SPOTS;
    let mut image = image.thumbnail(side, side);
    image.apply_orientation(orientation);
    let image = image.into_rgba8();
    blurhash::encode(across, down, image.width(), image.height(), image.as_raw()).map_err(|_| Unfit::Damaged)
}
