//! Windows on every line of posts that there is: home, all that came by, one author, several, tags, own likes.
//!
//! A line is put together from ranges of indexes while it is read. What is left out of it (muted people, filters) is
//! left out as it is read too, and a page goes on until it is full; how many rows that may take is bounded.

use std::ops::Bound;

use starling_protocol::{AuthorId, EntryId, payload::Body};

use super::{Bounds, Reader, limit};
use crate::{
    store::{Error, tags::folded},
    view::{Page, Post},
};

/// Rows that are looked at for one page. What is further is on the next one: a filter that leaves out nearly all must
/// not read the whole store.
const LOOKED_AT: usize = 1_000;

/// A line of posts, in the order of their time.
#[derive(Debug, Clone, Copy)]
pub enum Line<'a> {
    /// Our own, and those of authors we follow.
    Home,
    /// Home, and what carries one of these tags.
    HomeAndTags(&'a [String]),
    /// What came by of others.
    Network,
    /// Both.
    Everybody,
    /// Of these authors.
    Authors(&'a [AuthorId]),
    /// Under any of these tags.
    Tags(&'a [String]),
    /// What our own author likes, by when they liked it.
    Liked,
}

/// A page of a line.
#[derive(Debug, Default)]
pub struct Window {
    /// Newest first.
    pub posts: Vec<Post>,
    /// The newest and the oldest row that was looked at, whether it is shown or not: neighbouring pages hang on them.
    pub ends: Option<(EntryId, EntryId)>,
    /// Whether there may be more in the direction in which it was read.
    pub more: bool,
}

type Row = Result<(u64, u64), redb::StorageError>;
type Rows<'a> = Box<dyn Iterator<Item = Row> + 'a>;

impl Reader {
    /// A page of a line: of its posts those that are `wanted`.
    pub fn window(
        &self,
        line: Line<'_>,
        page: &Page,
        mut wanted: impl FnMut(&Post) -> Result<bool, Error>,
    ) -> Result<Window, Error> {
        let Some(bounds) = self.bounds(page)? else { return Ok(Window::default()) };
        let up = page.min.is_some();
        let mut rows = self.rows(line, &bounds, up)?;
        let mut window = Window::default();
        for looked_at in 0.. {
            if window.posts.len() == limit(page) || looked_at == LOOKED_AT {
                window.more = true;
                break;
            }
            let Some(key) = rows.next()? else { break };
            let Some((row, post)) = self.row(line, key.1)? else { continue };
            window.ends = Some(match window.ends {
                None => (row, row),
                Some((_, oldest)) if up => (row, oldest),
                Some((newest, _)) => (newest, row),
            });
            if let Some(post) = post
                && wanted(&post)?
            {
                window.posts.push(post);
            }
        }
        if up {
            window.posts.reverse();
        }
        Ok(window)
    }

    /// What a row is of, and the post that it shows.
    fn row(&self, line: Line<'_>, arrival: u64) -> Result<Option<(EntryId, Option<Post>)>, Error> {
        if !matches!(line, Line::Liked) {
            return Ok(self.post_at(arrival, 1)?.map(|post| (post.id, Some(post))));
        }
        let Some((like, _)) = self.entry_at(arrival)? else { return Ok(None) };
        let Some(Body::Like(link)) = like.payload().map(|payload| payload.body()) else { return Ok(None) };
        let post = self.post(&link.id)?.filter(|post| post.author.author == Some(link.author));
        Ok(Some((like.id(), post)))
    }

    fn rows<'a>(&'a self, line: Line<'_>, bounds: &Bounds, up: bool) -> Result<Merged<'a>, Error> {
        let (above, below) = (bounds.above, bounds.below);
        let mut all: Vec<Rows<'a>> = Vec::new();
        let mut simple = |table: &'a redb::ReadOnlyTable<(u64, u64), ()>| -> Result<(), Error> {
            let rows = table.range((Bound::Excluded(above), Bound::Excluded(below)))?;
            all.push(directed(rows.map(|row| row.map(|(key, _)| key.value())), up));
            Ok(())
        };
        match line {
            Line::Home | Line::HomeAndTags(_) => simple(&self.tables.home)?,
            Line::Network => simple(&self.tables.network)?,
            Line::Everybody => {
                simple(&self.tables.home)?;
                simple(&self.tables.network)?;
            }
            Line::Liked => simple(&self.tables.liked)?,
            Line::Authors(_) | Line::Tags(_) => {}
        }
        if let Line::Authors(authors) = line {
            for author in authors {
                let Some(number) = self.number(author)? else { continue };
                let span = (number, above.0, above.1)..(number, below.0, below.1);
                let rows = self.tables.authored.range(span)?;
                let rows = rows.map(|row| row.map(|(key, _)| (key.value().1, key.value().2)));
                all.push(directed(rows.filter(move |row| !matches!(row, Ok(key) if *key == above)), up));
            }
        }
        if let Line::Tags(tags) | Line::HomeAndTags(tags) = line {
            for tag in tags {
                let tag = folded(tag);
                let span = (tag.as_str(), above.0, above.1)..(tag.as_str(), below.0, below.1);
                let rows = self.tables.tagged.range(span)?;
                let rows = rows.map(|row| row.map(|(key, _)| (key.value().1, key.value().2)));
                all.push(directed(rows.filter(move |row| !matches!(row, Ok(key) if *key == above)), up));
            }
        }
        Merged::new(all, up)
    }
}

fn directed<'a>(rows: impl DoubleEndedIterator<Item = Row> + 'a, up: bool) -> Rows<'a> {
    if up { Box::new(rows) } else { Box::new(rows.rev()) }
}

/// Several lines as one, each row once.
struct Merged<'a> {
    lines: Vec<(Rows<'a>, (u64, u64))>,
    up: bool,
}

impl<'a> Merged<'a> {
    fn new(lines: Vec<Rows<'a>>, up: bool) -> Result<Self, Error> {
        let mut begun = Vec::with_capacity(lines.len());
        for mut line in lines {
            if let Some(first) = line.next() {
                begun.push((line, first?));
            }
        }
        Ok(Self { lines: begun, up })
    }

    fn next(&mut self) -> Result<Option<(u64, u64)>, Error> {
        let heads = self.lines.iter().map(|(_, head)| *head);
        let Some(next) = (if self.up { heads.min() } else { heads.max() }) else { return Ok(None) };
        let mut at = 0;
        while at < self.lines.len() {
            let (line, head) = &mut self.lines[at];
            if *head == next {
                match line.next() {
                    Some(row) => *head = row?,
                    None => {
                        drop(self.lines.swap_remove(at));
                        continue;
                    }
                }
            }
            at += 1;
        }
        Ok(Some(next))
    }
}
