//! Pictures of posts: fetched when one is looked at, decoded by the threads that fetch, drawn as the terminal can, and never
//! without the words that describe them.

use std::{collections::VecDeque, fmt, io::Cursor, sync::Arc};

use image::{DynamicImage, ImageReader, Limits};
use jiff::Timestamp;
use ratatui::layout::Size;
use ratatui_image::{
    Resize,
    picker::Picker,
    protocol::{Protocol, halfblocks::Halfblocks},
};

use crate::{api::Status, terminal::Asked};

/// Bytes of a picture that are fetched: as many as a file of the network has at most.
pub const BYTES: u64 = 10 * 1024 * 1024;
/// Pixels of a side that are decoded.
const SIDE: u32 = 8_192;
/// Memory that decoding one may take: 33 megapixels, the largest that nodes take in, at four bytes.
const MEMORY: u64 = 136 * 1024 * 1024;
/// Pictures that are kept ready: those of a few posts above and below.
const KEPT: usize = 16;
/// Pictures of one post that are drawn; the rest is told in words.
const OF_POST: usize = 4;
/// Seconds after which one that could not be had is asked for again: a file may be on its way here.
const AGAIN: i64 = 30;

/// How this terminal shows pictures.
#[derive(Clone)]
pub struct Eye(Arc<Way>);

enum Way {
    /// By two coloured halves in a cell, which every terminal with all colours can.
    Blocks,
    /// By one of the ways that terminals have for it.
    Graphics(Picker),
}

/// A picture as it is drawn.
#[derive(Clone)]
pub struct Picture(Arc<Protocol>);

/// A picture that is wanted, in so many columns and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub address: String,
    pub room: (u16, u16),
    pub eye: Eye,
}

/// The pictures that are there.
#[derive(Debug, Default)]
pub struct Pictures {
    pub eye: Option<Eye>,
    room: (u16, u16),
    held: VecDeque<(String, Result<Picture, Timestamp>)>,
    /// The one that is on its way: one at a time, so that the reader's other wishes are not kept waiting.
    waiting: Option<String>,
}

impl Eye {
    /// How the terminal shows pictures, if it does: one that answers is asked. While no keys are read, and in the mode that
    /// stays.
    pub fn of_terminal(asked: Asked) -> Option<Self> {
        let set = |name: &str| std::env::var(name).unwrap_or_default();
        let term = set("TERM");
        // Inside of another program the terminal's own ways would have to be opened to all that is printed there.
        let inside = ["tmux", "screen"].iter().any(|name| term.starts_with(name) || !set("TMUX").is_empty());
        if asked.answers
            && !inside
            && let Ok(picker) = Picker::from_query_stdio()
            && picker.protocol_type() != ratatui_image::picker::ProtocolType::Halfblocks
        {
            return Some(Self(Arc::new(Way::Graphics(picker))));
        }
        let all_colours = ["truecolor", "24bit"].contains(&set("COLORTERM").as_str());
        all_colours.then(Self::blocks)
    }

    /// By two coloured halves in a cell.
    pub fn blocks() -> Self {
        Self(Arc::new(Way::Blocks))
    }

    /// A file as a picture of at most so many columns and rows. None if it is none that can be read, or too large.
    pub fn see(&self, bytes: &[u8], room: (u16, u16)) -> Option<Picture> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
        limits.max_alloc = Some(MEMORY);
        reader.limits(limits);
        self.draw(reader.decode().ok()?, room)
    }

    fn draw(&self, image: DynamicImage, (columns, rows): (u16, u16)) -> Option<Picture> {
        let protocol = match &*self.0 {
            Way::Blocks => {
                // A cell is as high as it is wide twice.
                let image = image.thumbnail(columns.into(), u32::from(rows) * 2);
                let size = Size::new(image.width() as u16, (image.height().div_ceil(2)) as u16);
                Protocol::Halfblocks(Halfblocks::new(image, size).ok()?)
            }
            Way::Graphics(picker) => {
                picker.new_protocol(image, Size::new(columns, rows), Resize::Fit(None)).ok()?
            }
        };
        Some(Picture(Arc::new(protocol)))
    }
}

impl Picture {
    /// Columns and rows that it takes.
    pub fn size(&self) -> (u16, u16) {
        let size = self.0.size();
        (size.width, size.height)
    }

    /// What draws it.
    pub fn widget(&self) -> ratatui_image::Image<'_> {
        ratatui_image::Image::new(&self.0)
    }
}

impl Pictures {
    /// The picture at this address, if it is here.
    pub fn at(&self, address: &str) -> Option<&Picture> {
        self.held.iter().find(|(held, _)| held == address)?.1.as_ref().ok()
    }

    /// What is to be fetched next for this post, in this room.
    pub fn want(&mut self, post: &Status, room: (u16, u16), now: Timestamp) -> Option<Wanted> {
        let eye = self.eye.clone()?;
        if self.room != room {
            self.room = room;
            self.held.clear();
        }
        if self.waiting.is_some() || room.0 == 0 || room.1 == 0 {
            return None;
        }
        let wanted = |address: &&str| match self.held.iter().find(|(held, _)| held == address) {
            None => true,
            Some((_, Ok(_))) => false,
            Some((_, Err(failed))) => now.as_second() - failed.as_second() >= AGAIN,
        };
        let address = addresses(post).find(wanted)?.to_owned();
        self.waiting = Some(address.clone());
        Some(Wanted { address, room, eye })
    }

    #[cfg(test)]
    /// The one that was asked for last.
    pub fn on_its_way(&self) -> Option<Wanted> {
        Some(Wanted { address: self.waiting.clone()?, room: self.room, eye: self.eye.clone()? })
    }

    /// One arrived, or did not.
    pub fn take(&mut self, address: String, room: (u16, u16), picture: Option<Picture>, now: Timestamp) {
        if self.waiting.as_ref() == Some(&address) {
            self.waiting = None;
        }
        if room != self.room {
            return; // the screen is another one now
        }
        self.held.retain(|(held, _)| *held != address);
        if self.held.len() >= KEPT {
            self.held.pop_front();
        }
        self.held.push_back((address, picture.ok_or(now)));
    }
}

/// Where the pictures of a post are, small ones where the server has them.
pub fn addresses(post: &Status) -> impl Iterator<Item = &str> {
    let shown = post.media_attachments.iter().filter(|media| media.kind == "image" || media.kind == "gifv");
    shown.filter_map(|media| media.preview_url.as_deref().or(media.url.as_deref())).take(OF_POST)
}

impl PartialEq for Eye {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Eye {}

impl fmt::Debug for Eye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eye").finish_non_exhaustive()
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("size", &self.size()).finish()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::api::Media;

    /// A PNG of so many pixels, in stripes.
    pub fn png(wide: u32, high: u32) -> Vec<u8> {
        let image = image::RgbImage::from_fn(wide, high, |x, y| {
            if (x / 4 + y / 3) % 2 == 0 { image::Rgb([200, 0, 0]) } else { image::Rgb([0, 0, 200]) }
        });
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_picture_keeps_its_shape_and_its_room() {
        let eye = Eye::blocks();
        assert_eq!(eye.see(&png(400, 200), (40, 20)).unwrap().size(), (40, 10));
        assert_eq!(eye.see(&png(100, 400), (40, 20)).unwrap().size(), (10, 20));
        assert_eq!(eye.see(&png(3, 1), (40, 20)).unwrap().size().1, 7);
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_none() {
        let eye = Eye::blocks();
        assert!(eye.see(b"GIF89a", (40, 20)).is_none());
        assert!(eye.see(&[], (40, 20)).is_none());
        // Its head says that it is 60,000 pixels wide.
        let mut bomb = png(4, 4);
        bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        assert!(eye.see(&bomb, (40, 20)).is_none());
    }

    #[test]
    fn one_at_a_time_is_fetched_and_what_failed_is_tried_again_later() {
        let media = |address: &str| Media {
            kind: "image".into(),
            preview_url: Some(address.into()),
            ..Media::default()
        };
        let post = Status { media_attachments: vec![media("a"), media("b")], ..Status::default() };
        let mut pictures = Pictures::default();
        assert!(pictures.want(&post, (40, 10), at(0)).is_none());
        pictures.eye = Some(Eye::blocks());
        let first = pictures.want(&post, (40, 10), at(0)).unwrap();
        assert_eq!(first.address, "a");
        assert!(pictures.want(&post, (40, 10), at(0)).is_none());
        pictures.take("a".into(), (40, 10), first.eye.see(&png(8, 8), (40, 10)), at(0));
        assert!(pictures.at("a").is_some());
        assert_eq!(pictures.want(&post, (40, 10), at(0)).unwrap().address, "b");
        pictures.take("b".into(), (40, 10), None, at(0));
        assert!(pictures.at("b").is_none() && pictures.want(&post, (40, 10), at(9)).is_none());
        assert_eq!(pictures.want(&post, (40, 10), at(31)).unwrap().address, "b");
        // On another screen they have other sizes.
        pictures.take("b".into(), (40, 10), None, at(31));
        assert_eq!(pictures.want(&post, (20, 5), at(31)).unwrap().address, "a");
        assert!(pictures.at("a").is_none());
    }
}
