//! Catching up: all that was written at home in a range, one author after the other, with the total. It ends, and says so.

use std::collections::HashMap;

use super::ask;
use crate::{
    api::{Account, Id, Status},
    app::{App, Screen},
    msg::{Effect, ask::Ask},
};

/// A catch-up, and where the reader is in it.
#[derive(Debug, Clone, Default)]
pub struct CatchUp {
    pub loading: bool,
    /// Grouped by author, those who wrote least first; of each the oldest first.
    pub posts: Vec<Status>,
    /// Of each author the name and the place of their first post.
    pub authors: Vec<(String, usize)>,
    /// Whether there was more than is fetched.
    pub more: bool,
    /// The author that is chosen on the first page.
    pub chosen: usize,
    /// Which post is read; none while the first page shows, their count at the end.
    pub at: Option<usize>,
    /// Lines of that post that were scrolled away.
    pub scroll: usize,
    /// The newest post, which is the mark of having read all.
    newest: Option<Id>,
}

impl CatchUp {
    /// One whose posts were asked for.
    pub fn waiting() -> Self {
        Self { loading: true, ..Self::default() }
    }

    /// Takes in the posts, the newest first. What the reader wrote needs no catching up with.
    pub fn take(&mut self, mut posts: Vec<Status>, more: bool, me: Option<&Id>) {
        self.newest = posts.first().map(|post| post.id.clone());
        posts.retain(|post| me != Some(&post.account.id));
        let mut counts: HashMap<Id, usize> = HashMap::new();
        for post in &posts {
            *counts.entry(post.account.id.clone()).or_default() += 1;
        }
        // Who writes little is missed most easily.
        let mut posts: Vec<Status> = posts.into_iter().rev().collect();
        posts.sort_by_key(|post| (counts[&post.account.id], post.account.id.clone()));
        self.authors.clear();
        for (number, post) in posts.iter().enumerate() {
            if number == 0 || posts[number - 1].account.id != post.account.id {
                self.authors.push((crate::view::name(&post.account), number));
            }
        }
        (self.posts, self.more, self.loading) = (posts, more, false);
    }

    /// The post that is read.
    pub fn post(&self) -> Option<&Status> {
        self.posts.get(self.at?)
    }

    /// Which author is read: their number, and the places of their posts.
    pub fn author(&self) -> Option<(usize, std::ops::Range<usize>)> {
        let at = self.at.filter(|at| *at < self.posts.len())?;
        let number = self.authors.iter().rposition(|(_, first)| *first <= at)?;
        Some((number, self.span(number)))
    }

    /// The places of an author's posts.
    pub fn span(&self, number: usize) -> std::ops::Range<usize> {
        let first = self.authors.get(number).map_or(self.posts.len(), |(_, first)| *first);
        let end = self.authors.get(number + 1).map_or(self.posts.len(), |(_, next)| *next);
        first..end
    }

    fn step(&mut self, by: isize) {
        self.scroll = 0;
        match &mut self.at {
            Some(at) => *at = at.saturating_add_signed(by).min(self.posts.len()),
            None => {
                let last = self.authors.len().saturating_sub(1);
                self.chosen = self.chosen.saturating_add_signed(by).min(last);
            }
        }
    }

    /// To the next author.
    fn skip(&mut self) {
        if let Some((_, span)) = self.author() {
            self.at = Some(span.end);
            self.scroll = 0;
        }
    }

    /// Once all was read: the newest post.
    fn finished(&mut self) -> Option<Id> {
        if self.at? < self.posts.len() { None } else { self.newest.take() }
    }

    /// What is known of an author now.
    pub fn rename(&mut self, account: &Account) {
        for post in self.posts.iter_mut().filter(|post| post.account.id == account.id) {
            post.account = account.clone();
        }
        for (name, first) in &mut self.authors {
            if self.posts.get(*first).is_some_and(|post| post.account.id == account.id) {
                *name = crate::view::name(account);
            }
        }
    }

    /// A post says something else, or counts otherwise.
    pub fn change(&mut self, new: &Status) {
        for held in &mut self.posts {
            if held.id == new.id {
                *held = new.clone();
            } else if let Some(inner) = held.reblog.as_mut().filter(|inner| inner.id == new.id) {
                **inner = new.clone();
            }
        }
    }

    /// A post is gone. Its place stays, so that nothing moves: it says so.
    pub fn remove(&mut self, id: &Id) {
        self.empty(|held| held.id == *id || held.inner().id == *id);
    }

    /// Nothing of somebody is shown any more. Their places stay likewise.
    pub fn hide(&mut self, person: &Id) {
        self.empty(|held| held.account.id == *person || held.inner().account.id == *person);
    }

    fn empty(&mut self, is: impl Fn(&Status) -> bool) {
        for held in self.posts.iter_mut().filter(|held| is(held)) {
            let account = held.account.clone();
            *held = Status { id: held.id.clone(), account, ..Status::default() };
        }
    }
}

impl App {
    fn catch_up(&mut self) -> Option<&mut CatchUp> {
        match self.stack.last_mut() {
            Some(Screen::CatchUp(catch_up)) => Some(catch_up),
            _ => None,
        }
    }

    /// Goes on, or back.
    pub(in crate::app) fn step_catch_up(&mut self, by: isize) -> Vec<Effect> {
        let (hidden, height) = crate::view::hidden(self);
        let Some(catch_up) = self.catch_up() else { return Vec::new() };
        // What counts as read was in sight: first the rest of a long post, then the next, one at a time.
        let part = height.saturating_sub(1).max(1);
        if catch_up.at.is_some() && by > 0 && hidden > 0 {
            catch_up.scroll += part.min(hidden);
            return Vec::new();
        }
        if by < 0 && catch_up.scroll > 0 {
            catch_up.scroll = catch_up.scroll.saturating_sub(part);
            return Vec::new();
        }
        catch_up.step(if catch_up.at.is_some() { by.signum() } else { by });
        self.end_catch_up()
    }

    /// To the next author.
    pub(in crate::app) fn skip_author(&mut self) -> Vec<Effect> {
        if let Some(catch_up) = self.catch_up() {
            catch_up.skip();
        }
        self.end_catch_up()
    }

    /// Tells the server that all was read, once it was.
    fn end_catch_up(&mut self) -> Vec<Effect> {
        let read = self.catch_up().and_then(CatchUp::finished);
        read.map_or(Vec::new(), |id| ask(Ask::Read(id)))
    }

    /// Begins with the chosen author; opens the thread of the post that is read.
    pub(in crate::app) fn open_catch_up(&mut self) -> Vec<Effect> {
        let Some(catch_up) = self.catch_up() else { return Vec::new() };
        if let Some(post) = catch_up.post().map(|post| post.inner().clone()) {
            return self.open_thread(post);
        }
        if catch_up.at.is_none() && !catch_up.posts.is_empty() {
            catch_up.at = Some(catch_up.span(catch_up.chosen).start);
        }
        Vec::new()
    }

    /// From a post back to the first page. False if that is where the reader is.
    pub(in crate::app) fn leave_post(&mut self) -> bool {
        let Some(catch_up) = self.catch_up() else { return false };
        let author = catch_up.author().map(|(number, _)| number);
        catch_up.chosen = author.unwrap_or(catch_up.chosen);
        catch_up.scroll = 0;
        catch_up.at.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::post;

    fn catch_up(authors: &[&str]) -> CatchUp {
        let mut catch_up = CatchUp::waiting();
        let post = |(number, who): (usize, &&str)| post(&number.to_string(), who, "text");
        catch_up.take(authors.iter().enumerate().map(post).collect(), false, Some(&"me".into()));
        catch_up
    }

    #[test]
    fn it_goes_by_author_and_ends() {
        let mut it = catch_up(&["Bob", "Ada", "Bob", "Bob", "Me"]);
        let order: Vec<_> = it.posts.iter().map(|post| post.id.as_str()).collect();
        assert_eq!(order, ["1", "3", "2", "0"]);
        assert_eq!(it.authors, [("Ada".into(), 0), ("Bob".into(), 1)]);
        it.at = Some(0);
        assert_eq!(it.author(), Some((0, 0..1)));
        it.step(1);
        assert_eq!(it.author(), Some((1, 1..4)));
        it.remove(&"3".into());
        assert_eq!(it.post().unwrap().content, "");
        it.step(1);
        assert_eq!(it.finished(), None);
        it.skip();
        assert_eq!((it.at, it.post()), (Some(4), None));
        assert_eq!((it.finished(), it.finished()), (Some("0".into()), None));
        it.step(1);
        assert_eq!(it.at, Some(4));
        it.step(-1);
        assert_eq!(it.post().unwrap().id, "0");
    }

    #[test]
    fn nothing_to_catch_up_with_is_no_trouble() {
        let mut it = catch_up(&[]);
        it.step(1);
        it.skip();
        assert_eq!((it.at, it.author(), it.finished()), (None, None, None));
    }
}
