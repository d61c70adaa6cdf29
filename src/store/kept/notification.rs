//! What concerns this person: who speaks to them, follows them, likes what they wrote.
//!
//! A notification stands on two shelves. On the one by its number, which only ever grows, so that a page hangs on a
//! number and nothing is skipped or shown twice. On the other by what it is about, so that it is made once, and found
//! when that is taken back.

use serde::{Deserialize, Serialize};
use starling_protocol::{AuthorId, EntryId};

use super::{Change, Shelf, Span};
use crate::store::{Batch, Error, Reader};

/// Notifications that are kept, the newest: a page shows 40, and nobody reads on for long.
pub const MOST: u64 = 10_000;
/// Where the next number stands: no notification is about nothing.
const COUNTER: &[u8] = b"";
/// Rows that are read at once while a page is filled.
const CHUNK: usize = 128;

/// What happened. The numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[repr(u8)]
pub enum Kind {
    /// Somebody answers this person, or names them.
    Mention = 1,
    /// Somebody passes on what they wrote.
    Reblog = 2,
    /// Somebody likes what they wrote.
    Favourite = 3,
    /// Somebody follows them.
    Follow = 4,
    /// A poll that they began or voted in has ended.
    Poll = 5,
    /// A post that they liked or passed on says something else now.
    Update = 6,
    /// Somebody of whom they want to hear at once wrote something.
    Status = 7,
    /// Somebody quotes what they wrote.
    Quote = 8,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Mention,
        Self::Reblog,
        Self::Favourite,
        Self::Follow,
        Self::Poll,
        Self::Update,
        Self::Status,
        Self::Quote,
    ];

    /// The word for it in Mastodon's API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Reblog => "reblog",
            Self::Favourite => "favourite",
            Self::Follow => "follow",
            Self::Poll => "poll",
            Self::Update => "update",
            Self::Status => "status",
            Self::Quote => "quote",
        }
    }
}

impl From<Kind> for u8 {
    fn from(kind: Kind) -> Self {
        kind as Self
    }
}

impl TryFrom<u8> for Kind {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        let found = Self::ALL.into_iter().find(|kind| *kind as u8 == number);
        found.ok_or("no such kind of notification")
    }
}

/// One thing that concerns this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct Notification {
    /// What happened.
    pub kind: Kind,
    /// Who did it.
    pub from: AuthorId,
    /// The post to show with it.
    pub post: Option<EntryId>,
    /// When it happened, in milliseconds since 1970.
    pub at: u64,
    /// It was old when it came here: it is kept, and nobody is called for it.
    pub quiet: bool,
    /// Held back by the person's policy: it waits among the requests.
    pub filtered: bool,
}

#[derive(Serialize, Deserialize)]
struct Wire(Kind, AuthorId, Option<EntryId>, u64, bool, bool);

impl From<Wire> for Notification {
    fn from(Wire(kind, from, post, at, quiet, filtered): Wire) -> Self {
        Self { kind, from, post, at, quiet, filtered }
    }
}

impl From<Notification> for Wire {
    fn from(Notification { kind, from, post, at, quiet, filtered }: Notification) -> Self {
        Self(kind, from, post, at, quiet, filtered)
    }
}

impl Notification {
    /// What it is about: two notifications of one subject are one.
    pub fn subject(&self) -> Vec<u8> {
        subject(self.kind, &self.from, self.post.as_ref())
    }

    /// What takes it away.
    pub fn dismissal(&self, number: u64) -> [Change; 2] {
        [
            Change::take(Shelf::Notification, number.to_be_bytes()),
            Change::take(Shelf::NotificationOf, self.subject()),
        ]
    }
}

fn subject(kind: Kind, from: &AuthorId, post: Option<&EntryId>) -> Vec<u8> {
    let post = post.map_or([0; 32], |post| *post.as_bytes());
    [&[kind as u8], &post[..], from.as_bytes()].concat()
}

impl Batch<'_> {
    /// Notes something and gives its number; none if that was noted before.
    pub fn notify(&mut self, new: &Notification) -> Result<Option<u64>, Error> {
        let subject = new.subject();
        if self.kept::<u64>(Shelf::NotificationOf, &subject)?.is_some() {
            return Ok(None);
        }
        let number = self.kept::<u64>(Shelf::NotificationOf, COUNTER)?.unwrap_or(1);
        self.keep(&Change::put(Shelf::NotificationOf, COUNTER, &(number + 1)))?;
        self.keep(&Change::put(Shelf::NotificationOf, subject, &number))?;
        self.keep(&Change::put(Shelf::Notification, number.to_be_bytes(), new))?;
        self.trim_notifications(number)?;
        Ok(Some(number))
    }

    /// Takes back what was noted of this. Whether there was anything.
    pub fn unnotify(&mut self, kind: Kind, from: &AuthorId, post: Option<&EntryId>) -> Result<bool, Error> {
        let subject = subject(kind, from, post);
        let Some(number) = self.kept::<u64>(Shelf::NotificationOf, &subject)? else { return Ok(false) };
        self.keep(&Change::take(Shelf::NotificationOf, subject))?;
        self.keep(&Change::take(Shelf::Notification, number.to_be_bytes()))
    }

    /// Lets go of what is far below the newest. One comes, so two at a time are enough.
    fn trim_notifications(&mut self, newest: u64) -> Result<(), Error> {
        let lowest = newest.saturating_sub(MOST - 1).to_be_bytes().to_vec();
        let span = Span { below: Some(lowest), limit: 2, ..Span::default() };
        for (key, old) in self.shelf::<Notification>(Shelf::Notification, &span)? {
            self.keep(&Change::take(Shelf::Notification, key))?;
            self.keep(&Change::take(Shelf::NotificationOf, old.subject()))?;
        }
        Ok(())
    }
}

/// Which part of the notifications, by number: as [`crate::view::Page`] for posts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Only those below.
    pub max: Option<u64>,
    /// Only those above, beginning with the newest.
    pub since: Option<u64>,
    /// Only those above, the page just above.
    pub min: Option<u64>,
    /// How many.
    pub limit: usize,
}

impl Reader {
    /// The notification with this number.
    pub fn notification(&self, number: u64) -> Result<Option<Notification>, Error> {
        self.kept(Shelf::Notification, &number.to_be_bytes())
    }

    /// What `pick` makes of the notifications of a window, newest first. Those of which it makes nothing do not
    /// count.
    pub fn notifications<T, E: From<Error>>(
        &self,
        window: &Window,
        mut pick: impl FnMut(u64, &Notification) -> Result<Option<T>, E>,
    ) -> Result<Vec<T>, E> {
        let backwards = window.min.is_none();
        let key = |number: u64| number.to_be_bytes().to_vec();
        let mut span = Span {
            below: window.max.map(key),
            above: window.min.or(window.since).map(key),
            backwards,
            limit: CHUNK,
            ..Span::default()
        };
        let mut found = Vec::new();
        while found.len() < window.limit {
            let rows = self.shelf::<Notification>(Shelf::Notification, &span)?;
            let (full, last) = (rows.len() == CHUNK, rows.last().map(|(key, _)| key.clone()));
            for (key, row) in rows {
                let number = u64::from_be_bytes(key.try_into().unwrap_or_default());
                found.extend(pick(number, &row)?);
                if found.len() == window.limit {
                    break;
                }
            }
            if !full {
                break;
            }
            *(if backwards { &mut span.below } else { &mut span.above }) = last;
        }
        if !backwards {
            found.reverse();
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn like(of: u16, at: u64) -> Notification {
        let mut post = [7; 32];
        post[..2].copy_from_slice(&of.to_be_bytes());
        let (kind, from) = (Kind::Favourite, AuthorId::new([1; 32]));
        Notification { kind, from, post: Some(EntryId::new(post)), at, quiet: false, filtered: false }
    }

    fn numbers(store: &Store, window: Window) -> Vec<u64> {
        let all = |number, _: &Notification| Ok::<_, Error>(Some(number));
        store.read().unwrap().notifications(&window, all).unwrap()
    }

    #[test]
    fn a_thing_is_noted_once_and_its_number_is_never_used_again() {
        let store = Store::in_memory().unwrap();
        let told = |one: Notification| store.write(|batch| batch.notify(&one)).unwrap();
        assert_eq!((told(like(1, 5)), told(like(1, 9)), told(like(2, 5))), (Some(1), None, Some(2)));
        let back = store.write(|batch| {
            let like = like(2, 0);
            batch.unnotify(like.kind, &like.from, like.post.as_ref())
        });
        assert!(back.unwrap());
        assert_eq!(numbers(&store, Window { limit: 9, ..Window::default() }), [1]);
        assert_eq!(told(like(2, 5)), Some(3));
        store
            .write(|batch| {
                for change in like(1, 5).dismissal(1) {
                    assert!(batch.keep(&change)?);
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(numbers(&store, Window { limit: 9, ..Window::default() }), [3]);
        assert_eq!(store.read().unwrap().notification(3).unwrap(), Some(like(2, 5)));
    }

    #[test]
    fn only_the_newest_are_kept_and_a_window_is_one_of_them() {
        let store = Store::in_memory().unwrap();
        store
            .write(|batch| {
                for n in 0..MOST as u16 + 3 {
                    batch.notify(&like(n, 0))?;
                }
                Ok(())
            })
            .unwrap();
        let all = numbers(&store, Window { limit: usize::MAX, ..Window::default() });
        assert_eq!((all.len() as u64, all.first(), all.last()), (MOST, Some(&(MOST + 3)), Some(&4)));
        let rows = store.read().unwrap().shelf::<u64>(Shelf::NotificationOf, &Span::of([], usize::MAX));
        assert_eq!(rows.unwrap().len() as u64, MOST + 1, "what they are about is forgotten with them");
        let window = Window { limit: 3, ..Window::default() };
        assert_eq!(numbers(&store, Window { max: Some(300), ..window }), [299, 298, 297]);
        assert_eq!(numbers(&store, Window { min: Some(300), ..window }), [303, 302, 301]);
        assert_eq!(numbers(&store, Window { since: Some(300), ..window }), [10_003, 10_002, 10_001]);
        let odd =
            |number: u64, _: &Notification| Ok::<_, Error>(number.is_multiple_of(200).then_some(number));
        let window = Window { max: Some(900), limit: 3, ..Window::default() };
        assert_eq!(store.read().unwrap().notifications(&window, odd).unwrap(), [800, 600, 400]);
    }
}
