//! Takes out of a picture's file whatever is not the picture: where it was taken, with what, by whom, what somebody
//! wrote in it, and what is hidden behind its end.
//!
//! The pixels stay as they were coded, so nothing is lost and animations stay animated. Only parts that a reader needs
//! to show the picture are copied; what is not known is left out. A file that ends too early, or whose parts do not fit
//! together, is no picture.

use image::ImageFormat;

/// Frames of one animation. Readers keep all of them in memory.
const FRAMES: usize = 2_000;

/// The file with nothing but the picture in it; none if it is not whole.
pub fn strip(bytes: &[u8], format: ImageFormat) -> Option<Vec<u8>> {
    match format {
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => gif(bytes),
        ImageFormat::WebP => webp(bytes),
        _ => None,
    }
}

/// Reads from the front of a slice; none when there is not enough.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn be16(&mut self) -> Option<usize> {
        self.take(2).map(|bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    }
}

/// JPEG (ITU T.81, annex B): segments with a marker and a length, and scans, which end where a marker stands.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(bytes);
    (rest.take(2)? == [0xff, 0xd8]).then_some(())?;
    let mut out = vec![0xff, 0xd8];
    let mut scanned = false;
    loop {
        (rest.byte()? == 0xff).then_some(())?;
        let mut marker = rest.byte()?;
        while marker == 0xff {
            marker = rest.byte()?;
        }
        match marker {
            0xd9 if scanned => {
                out.extend([0xff, 0xd9]);
                return Some(out);
            }
            0x00 | 0x01 | 0xd0..=0xd9 => return None,
            _ => {}
        }
        let length = rest.be16()?;
        let body = rest.take(length.checked_sub(2)?)?;
        segment(marker, body, &mut out);
        if marker == 0xda {
            scanned = true;
            let end = end_of_scan(rest.0)?;
            out.extend(rest.take(end)?);
        }
    }
}

fn segment(marker: u8, body: &[u8], out: &mut Vec<u8>) {
    let jfif;
    let body = match marker {
        // JFIF, without the small picture that it may hold.
        0xe0 if body.starts_with(b"JFIF\0") && body.len() >= 14 => {
            jfif = [&body[..12], &[0, 0]].concat();
            &jfif
        }
        // Colours: a profile, and how Adobe's programs mean the channels.
        0xe2 if body.starts_with(b"ICC_PROFILE\0") => body,
        0xee if body.starts_with(b"Adobe") => body,
        // All other applications' parts (EXIF, XMP, IPTC), and comments.
        0xe0..=0xef | 0xfe => return,
        _ => body,
    };
    out.extend([0xff, marker]);
    // It was read with such a length, or is shorter.
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
}

/// Where the coded pixels end: at a marker that is neither a stuffed byte nor a restart.
fn end_of_scan(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff))
}

/// PNG: chunks of length, name, bytes, check sum.
fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const SHOWN: [&[u8; 4]; 16] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
        b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
    ];
    let mut rest = Rest(bytes);
    let mut out = rest.take(8)?.to_vec();
    let mut frames = 0;
    loop {
        let chunk = rest.0;
        let length =
            rest.take(4).map(|length| u32::from_be_bytes([length[0], length[1], length[2], length[3]]))?;
        let name = rest.take(4)?;
        let whole = (length as usize).checked_add(12)?;
        rest.take(length as usize)?;
        rest.take(4)?;
        frames += usize::from(name == b"fcTL");
        if SHOWN.iter().any(|shown| name == *shown) {
            out.extend(chunk.get(..whole)?);
        }
        match name {
            b"IEND" => return (frames <= FRAMES).then_some(out),
            _ => continue,
        }
    }
}

/// GIF89a: a screen, and blocks until the trailer.
fn gif(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    let head = rest.take(13)?;
    out.extend(head);
    out.extend(rest.take(palette(head[10]))?);
    let mut frames = 0;
    loop {
        let from = rest.0;
        let kept = match rest.byte()? {
            0x3b => {
                out.push(0x3b);
                return (1..=FRAMES).contains(&frames).then_some(out);
            }
            0x2c => {
                let head = rest.take(9)?;
                rest.take(palette(head[8]))?;
                rest.byte()?;
                blocks(&mut rest)?;
                frames += 1;
                true
            }
            0x21 => {
                let label = rest.byte()?;
                let first = rest.0.get(1..).unwrap_or_default();
                let loops = first.starts_with(b"NETSCAPE2.0") || first.starts_with(b"ANIMEXTS1.0");
                blocks(&mut rest)?;
                label == 0xf9 || label == 0xff && loops
            }
            _ => return None,
        };
        if kept {
            out.extend(&from[..from.len() - rest.0.len()]);
        }
    }
}

/// Bytes of the palette that these flags announce.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Passes over blocks, each with its length in front, up to an empty one.
fn blocks(rest: &mut Rest<'_>) -> Option<()> {
    loop {
        match rest.byte()? {
            0 => return Some(()),
            length => rest.take(usize::from(length))?,
        };
    }
}

/// WebP: RIFF chunks of name, length, bytes, padded to even lengths.
fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(bytes);
    let (riff, length, webp) = (rest.take(4)?, le32(rest.take(4)?), rest.take(4)?);
    if riff != b"RIFF" || webp != b"WEBP" {
        return None;
    }
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    let mut frames = 0;
    chunks(&mut Rest(rest.0.get(..length.checked_sub(4)?)?), &mut out, &mut frames, false)?;
    let length = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    (frames <= FRAMES).then_some(out)
}

/// Copies the chunks that are shown. A frame holds chunks of its own, and none of them is a frame: without that bound
/// a file could nest them until the stack ends.
fn chunks(rest: &mut Rest<'_>, out: &mut Vec<u8>, frames: &mut usize, in_frame: bool) -> Option<()> {
    while !rest.0.is_empty() {
        let (name, length) = (rest.take(4)?, le32(rest.take(4)?));
        let body = rest.take(length)?;
        if length % 2 == 1 && !rest.0.is_empty() {
            rest.take(1)?;
        }
        let mut changed;
        let body = match name {
            b"VP8X" => {
                changed = body.to_vec();
                // There is neither EXIF nor XMP any more.
                *changed.first_mut()? &= !0x0c;
                &changed
            }
            b"ANMF" if in_frame => return None,
            b"ANMF" => {
                *frames += 1;
                changed = body.get(..16)?.to_vec();
                chunks(&mut Rest(&body[16..]), &mut changed, frames, true)?;
                &changed
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ICCP" => body,
            _ => continue,
        };
        out.extend(name);
        out.extend(u32::try_from(body.len()).ok()?.to_le_bytes());
        out.extend(body);
        if body.len() % 2 == 1 {
            out.push(0);
        }
    }
    Some(())
}

fn le32(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}
