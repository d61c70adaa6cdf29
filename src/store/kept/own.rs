//! What decides for this person how posts are shown, read once for a page: whom they mute, what they filter, what they
//! keep apart.

use std::collections::{HashMap, HashSet};

use starling_protocol::{AuthorId, EntryId};

use super::{
    Shelf, Span,
    filters::{Action, Filter, Place, prepared},
    people::{Following, Mute},
};
use crate::{
    store::{Error, Reader},
    view::{Post, PostBody},
};

/// All of it, as it is at one moment.
#[derive(Debug, Default)]
pub struct Own {
    me: Option<AuthorId>,
    muted: HashSet<AuthorId>,
    following: HashMap<AuthorId, Following>,
    /// On lists whose people are not shown at home.
    apart: HashSet<AuthorId>,
    /// Those that hold, by number.
    filters: Vec<(u64, Filter)>,
    pins: Vec<EntryId>,
    bookmarks: bool,
    muted_threads: bool,
}

/// A filter that found something in a post.
#[derive(Debug, Clone)]
pub struct Match<'a> {
    /// Its number.
    pub id: u64,
    /// The filter.
    pub filter: &'a Filter,
    /// Words of it that are in the post.
    pub words: Vec<&'a str>,
    /// Whether it names the post.
    pub named: Option<EntryId>,
}

impl Own {
    fn read(reader: &Reader, now: u64) -> Result<Self, Error> {
        let me = reader.me_id()?;
        let author = |key: &[u8]| Some(AuthorId::new(key.try_into().ok()?));
        let everything = Span::of([], usize::MAX);
        let mutes = reader.shelf::<Mute>(Shelf::Mute, &everything)?.into_iter();
        let muted = mutes.filter(|(_, mute)| mute.holds(now)).filter_map(|(key, _)| author(&key));
        let following = reader.shelf::<Following>(Shelf::Following, &everything)?.into_iter();
        let mut apart = HashSet::new();
        for (id, list) in reader.lists()? {
            if list.exclusive {
                apart.extend(reader.list_members(id)?.into_iter().map(|(_, author)| author));
            }
        }
        let filters = reader.filters()?.into_iter().filter(|(_, filter)| filter.holds(now)).collect();
        let any = |shelf| -> Result<bool, Error> {
            Ok(!reader.shelf::<serde::de::IgnoredAny>(shelf, &Span::of([], 1))?.is_empty())
        };
        let pins = match &me {
            Some(me) => reader.pins(me)?,
            None => Vec::new(),
        };
        Ok(Self {
            muted: muted.collect(),
            following: following.filter_map(|(key, like)| Some((author(&key)?, like))).collect(),
            apart,
            filters,
            pins,
            bookmarks: any(Shelf::Bookmark)?,
            muted_threads: any(Shelf::MutedThread)?,
            me,
        })
    }

    /// Whether somebody is not to be seen.
    pub fn mutes(&self, author: &AuthorId) -> bool {
        self.muted.contains(author)
    }

    /// Whether a post stands first on the own profile.
    pub fn pinned(&self, post: &EntryId) -> bool {
        self.pins.contains(post)
    }

    /// The filters that find something in a post, or in the post that it passes on.
    pub fn matches(&self, post: &Post) -> Vec<Match<'_>> {
        if self.filters.is_empty() || post.author.author == self.me {
            return Vec::new();
        }
        let (text, inner) = match &post.body {
            PostBody::Boost { post: Some(inner), .. } => (words_of(inner), Some(inner.id)),
            _ => (words_of(post), None),
        };
        let find = |(id, filter): &'_ (u64, Filter)| -> Option<(u64, Vec<usize>, Option<EntryId>)> {
            let words: Vec<usize> =
                (0..filter.words.len()).filter(|at| filter.words[*at].is_in(&text)).collect();
            let named = filter.posts.iter().map(|(_, id)| *id);
            let named = named.into_iter().find(|id| *id == post.id || Some(*id) == inner);
            (!words.is_empty() || named.is_some()).then_some((*id, words, named))
        };
        let found = self.filters.iter().filter_map(|row| Some((row, find(row)?)));
        found
            .map(|((id, filter), (_, words, named))| Match {
                id: *id,
                filter,
                words: words.into_iter().map(|at| filter.words[at].text.as_str()).collect(),
                named,
            })
            .collect()
    }

    /// Our own author.
    pub fn me(&self) -> Option<AuthorId> {
        self.me
    }

    /// Whether a post is left out of a list that its author is on.
    pub fn hides_on_list(&self, post: &Post) -> bool {
        let unwanted = |author: &AuthorId| {
            let boost = matches!(post.body, PostBody::Boost { .. });
            boost && self.following.get(author).is_some_and(|like| !like.boosts)
        };
        let Some(author) = post.author.author.filter(|author| Some(*author) != self.me) else { return false };
        unwanted(&author)
            || self.mutes(&author)
            || self.hides_inside(post)
            || self.filtered_out(post, Place::Home)
    }

    /// Whether a post is left out in this place.
    pub fn hides(&self, post: &Post, place: Place) -> bool {
        let Some(author) = post.author.author.filter(|author| Some(*author) != self.me) else { return false };
        let people = place != Place::Account && (self.mutes(&author) || self.hides_inside(post));
        people || place == Place::Home && self.not_at_home(post, &author) || self.filtered_out(post, place)
    }

    fn filtered_out(&self, post: &Post, place: Place) -> bool {
        let hidden =
            |found: &Match<'_>| found.filter.action == Action::Hide && found.filter.places.contains(&place);
        self.matches(post).iter().any(hidden)
    }

    /// Whether a post that passes on or speaks to somebody would show who is not to be seen.
    fn hides_inside(&self, post: &Post) -> bool {
        match &post.body {
            PostBody::Boost { of, .. } => self.mutes(&of.author),
            _ => false,
        }
    }

    fn not_at_home(&self, post: &Post, author: &AuthorId) -> bool {
        if self.apart.contains(author) {
            return true;
        }
        let like = self.following.get(author);
        match (&post.body, like) {
            (PostBody::Boost { .. }, Some(like)) => !like.boosts,
            (PostBody::Content { content, reply }, like) => {
                let spoken_to =
                    reply.iter().map(|(_, parent)| parent.author).chain(content.mentions.iter().copied());
                let foreign = like.is_some_and(|like| {
                    !like.languages.is_empty() && !speaks(like, content.language.as_deref())
                });
                foreign || !self.muted.is_empty() && spoken_to.into_iter().any(|author| self.mutes(&author))
            }
            _ => false,
        }
    }
}

/// Whether a language is one of those that are wanted of somebody. `pt-BR` is `pt`.
fn speaks(like: &Following, language: Option<&str>) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    language.is_none_or(|language| like.languages.iter().any(|wanted| primary(wanted) == primary(language)))
}

/// All that a post says, as words are looked for in it.
fn words_of(post: &Post) -> String {
    let PostBody::Content { content, .. } = &post.body else { return String::new() };
    let mut all = content.warning.clone().unwrap_or_default();
    for text in std::iter::once(&content.text).chain(content.media.iter().map(|media| &media.alt)) {
        all.push('\n');
        all.push_str(text);
    }
    for option in content.poll().map(|poll| poll.options).unwrap_or_default() {
        all.push('\n');
        all.push_str(&option);
    }
    prepared(&all)
}

impl Reader {
    /// What decides how posts are shown, as it is at `now`, in milliseconds since 1970. A reader sees one moment, so it
    /// is read once.
    pub fn own(&self, now: u64) -> Result<&Own, Error> {
        if let Some(own) = self.own_read().get() {
            return Ok(own);
        }
        let own = Own::read(self, now)?;
        Ok(self.own_read().get_or_init(|| own))
    }

    /// Whether a post is our own author's.
    pub fn is_me(&self, post: &Post) -> bool {
        post.author.author.is_some() && self.me_id().ok().flatten() == post.author.author
    }

    /// Whether a post is marked to be found again.
    pub fn is_bookmarked(&self, post: &EntryId, now: u64) -> Result<bool, Error> {
        Ok(self.own(now)?.bookmarks && self.keeps(Shelf::Bookmark, post.as_bytes())?)
    }

    /// Whether no more is wanted of the thread that a post is in.
    pub fn is_thread_muted(&self, post: &Post, now: u64) -> Result<bool, Error> {
        let root = match &post.body {
            PostBody::Content { reply: Some((root, _)), .. } => root.id,
            _ => post.id,
        };
        Ok(self.own(now)?.muted_threads && self.thread_muted(&root)?)
    }
}
