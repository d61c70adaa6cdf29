//! What a reader does beside moving: opens links, lists and tags, votes, looks at how a post read before, unfolds runs,
//! finds what is unread in a thread.

use std::collections::BTreeSet;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{App, Asks, Found, Prompt, Said, Screen, memory::COLUMNS, rows::Rows, tree};
use crate::{
    api::{Context, Edit, Id, List, Poll, Status},
    links,
    msg::{Effect, Line},
};

/// Cells from which the selected post or the thread stands beside its timeline.
const TWO_COLUMNS: u16 = 90;
/// Cells from which its author and origin stand beside it.
const THREE_COLUMNS: u16 = 150;

/// Something to choose from, drawn over what is below.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub of: Of,
    /// Which of them is selected.
    pub selected: usize,
    /// The beginning of a number that is typed.
    typed: usize,
}

/// What is chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Of {
    /// An address in a post, to be opened.
    Links(Vec<links::Link>),
    /// A list, to be read; none yet if they are being fetched.
    Lists(Option<Vec<List>>),
    /// Answers of a poll.
    Poll(Poll, BTreeSet<usize>),
}

impl Choice {
    fn new(of: Of) -> Self {
        Self { of, selected: 0, typed: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.of {
            Of::Links(links) => links.len(),
            Of::Lists(lists) => lists.as_ref().map_or(0, Vec::len),
            Of::Poll(poll, _) => poll.options.len(),
        }
    }

    /// Takes a digit. True if the number cannot go on: then it is chosen.
    fn digit(&mut self, digit: usize) -> bool {
        let number = self.typed * 10 + digit;
        let number = if number > self.len() { digit } else { number };
        if (1..=self.len()).contains(&number) {
            (self.selected, self.typed) = (number - 1, number);
            return number * 10 > self.len();
        }
        false
    }
}

impl App {
    /// A key, while something is chosen.
    pub(super) fn chosen(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Screen::Choice(choice)) = self.stack.last_mut() else { return Vec::new() };
        let last = choice.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc | KeyCode::Left | KeyCode::Char('h' | 'q') => drop(self.stack.pop()),
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => drop(self.stack.pop()),
            KeyCode::Down | KeyCode::Char('j') => choice.selected = (choice.selected + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => choice.selected = choice.selected.saturating_sub(1),
            KeyCode::Enter => return self.choose(),
            KeyCode::Char('y') => {
                if let Of::Links(links) = &choice.of
                    && let Some(link) = links.get(choice.selected)
                {
                    let address = link.address.clone();
                    self.stack.pop();
                    return self.copy(address);
                }
            }
            KeyCode::Char(' ') => mark(choice),
            KeyCode::Char(c) => {
                if let Some(digit) = c.to_digit(10)
                    && choice.digit(digit as usize)
                {
                    match choice.of {
                        // A number marks an answer: what is given away is given with one key more.
                        Of::Poll(..) => mark(choice),
                        _ => return self.choose(),
                    }
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn choose(&mut self) -> Vec<Effect> {
        let Some(Screen::Choice(choice)) = self.stack.pop() else { return Vec::new() };
        match choice.of {
            Of::Links(mut links) if choice.selected < links.len() => {
                match links.swap_remove(choice.selected).leads {
                    links::Leads::Tag(tag) => self.show_line(Line::Tag(tag)),
                    links::Leads::Person(id) => self.show_person(id),
                    links::Leads::Post(post) => self.open_thread(*post),
                    links::Leads::Web(address) => {
                        let words =
                            self.words.put("reading-opens", [("address", address.as_str())]).into_owned();
                        let _ = self.say(Said::Good(words));
                        vec![Effect::Browse(address)]
                    }
                }
            }
            Of::Lists(Some(mut lists)) if choice.selected < lists.len() => {
                let list = lists.swap_remove(choice.selected);
                self.show_line(Line::List(list.id, list.title))
            }
            Of::Poll(poll, mut chosen) => {
                if chosen.is_empty() {
                    chosen.insert(choice.selected);
                }
                vec![Effect::Vote(poll.id, chosen.into_iter().collect())]
            }
            Of::Links(_) | Of::Lists(_) => Vec::new(),
        }
    }

    /// Hands an address to the terminal's clipboard, and says so.
    pub(super) fn copy(&mut self, address: String) -> Vec<Effect> {
        let words = self.words.put("input-copied", [("address", address.as_str())]).into_owned();
        let _ = self.say(Said::Good(words));
        vec![Effect::Copy(address)]
    }

    pub(super) fn show_links(&mut self, post: &Status) -> Vec<Effect> {
        let links = links::of(post, self.is_closed(post));
        if links.is_empty() {
            return self.bad("reading-no-links");
        }
        self.push(Screen::Choice(Choice::new(Of::Links(links))));
        Vec::new()
    }

    pub(super) fn show_lists(&mut self) -> Vec<Effect> {
        self.push(Screen::Choice(Choice::new(Of::Lists(None))));
        vec![Effect::Lists]
    }

    pub(super) fn take_lists(&mut self, lists: Vec<List>) -> Vec<Effect> {
        // Another screen may have been opened over it meanwhile.
        let waits = self.stack.iter().rposition(
            |screen| matches!(screen, Screen::Choice(choice) if matches!(choice.of, Of::Lists(None))),
        );
        let Some(at) = waits else { return Vec::new() };
        if lists.is_empty() {
            self.stack.remove(at);
            return self.bad("reading-no-lists");
        }
        if let Some(Screen::Choice(choice)) = self.stack.get_mut(at) {
            choice.of = Of::Lists(Some(lists));
        }
        Vec::new()
    }

    pub(super) fn vote(&mut self, post: Status) -> Vec<Effect> {
        match post.poll {
            None => self.bad("reading-no-poll"),
            Some(poll) if poll.expired => self.bad("reading-poll-over"),
            Some(poll) if poll.voted == Some(true) => self.bad("reading-voted"),
            Some(poll) => {
                self.push(Screen::Choice(Choice::new(Of::Poll(poll, BTreeSet::new()))));
                Vec::new()
            }
        }
    }

    pub(super) fn take_poll(&mut self, poll: &Poll) -> Vec<Effect> {
        let put = |post: &mut Status| {
            if post.poll.as_ref().is_some_and(|held| held.id == poll.id) {
                post.poll = Some(poll.clone());
            }
        };
        for rows in self.lines.values_mut() {
            rows.each(put);
        }
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => tree.each(put),
                Screen::Found(Found { posts, .. }) => posts.iter_mut().for_each(put),
                _ => {}
            }
        }
        self.good("reading-vote-counted")
    }

    pub(super) fn show_history(&mut self, post: Status) -> Vec<Effect> {
        if post.edited_at.is_none() {
            return self.bad("reading-never-edited");
        }
        self.push(Screen::History(post.id.clone(), None, 0));
        vec![Effect::History(post.id)]
    }

    pub(super) fn take_history(&mut self, id: &Id, edits: Vec<Edit>) -> Vec<Effect> {
        // Another screen may have been opened over it meanwhile.
        let waits = self.stack.iter_mut().rev().find_map(|screen| match screen {
            Screen::History(held, shown @ None, _) if held == id => Some(shown),
            _ => None,
        });
        if let Some(shown) = waits {
            *shown = Some(edits);
        }
        Vec::new()
    }

    /// Whether a post stands behind a warning that is closed.
    pub fn is_closed(&self, post: &Status) -> bool {
        let open = self.opened.get(&post.id).copied();
        !post.spoiler_text.is_empty()
            && !open.unwrap_or_else(|| self.memory.always.contains(&post.account.id))
    }

    /// Whether the pictures of a post are veiled: its author says that not everybody wants to see them.
    pub fn is_veiled(&self, post: &Status) -> bool {
        let open = self.opened.get(&post.id).copied();
        post.sensitive && !open.unwrap_or_else(|| self.memory.always.contains(&post.account.id))
    }

    /// Fetches what the selected post shows, where it is drawn whole.
    pub(super) fn want_picture(&mut self) -> Option<Effect> {
        self.pictures.eye.as_ref()?;
        let room = self.picture_room();
        let in_thread = matches!(self.stack.last(), Some(Screen::Thread(_)));
        if !in_thread && self.columns() < 2 {
            return None;
        }
        let post = self.selected_post().filter(|post| !post.media_attachments.is_empty())?;
        let post = Some(post).filter(|post| !self.is_closed(post) && !self.is_veiled(post))?.clone();
        self.pictures.want(&post, room, self.now).map(Effect::Picture)
    }

    /// Columns and rows that a picture may have: it goes beside its post's text, and should leave some of it in sight.
    fn picture_room(&self) -> (u16, u16) {
        let (columns, rows) = self.size;
        let wide = match self.columns() {
            1 => columns.saturating_sub(6),
            2 => columns / 2,
            _ => columns / 3,
        };
        (wide.min(80), (rows / 2).saturating_sub(2).min(24))
    }

    /// How many columns the screen has: the timeline; beside it the post or its thread; beside that where it comes from.
    pub fn columns(&self) -> u8 {
        let fit = match self.size.0 {
            0..TWO_COLUMNS => 1,
            TWO_COLUMNS..THREE_COLUMNS => 2,
            THREE_COLUMNS.. => 3,
        };
        fit.min(self.memory.columns.max(1))
    }

    /// Opens what is behind a warning, or closes it.
    pub(super) fn reveal(&mut self, post: &Status) -> Vec<Effect> {
        let closed = self.is_closed(post) || self.is_veiled(post);
        self.opened.insert(post.id.clone(), closed);
        Vec::new()
    }

    /// Opens all warnings of an author from now on, or no longer.
    pub(super) fn reveal_always(&mut self, post: &Status) -> Vec<Effect> {
        let name = match self.memory.open_always(post.account.id.clone()) {
            true => "reading-always",
            false => "reading-not-always",
        };
        self.opened.remove(&post.id);
        let who = crate::text::DisplayText::new(&post.account.display_name);
        let words = self.words.put(name, [("who", who.as_str())]).into_owned();
        self.say(Said::Good(words))
    }

    /// Folds or unfolds: answers in a thread, a run of boosts on a timeline.
    pub(super) fn fold(&mut self) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(Screen::Thread(tree)) => tree.fold(),
            Some(Screen::Line(..)) | None => {
                let height = self.height();
                self.rows_mut().fold(height);
            }
            _ => {}
        }
        Vec::new()
    }

    /// One column fewer at most; after one, all again.
    pub(super) fn fewer_columns(&mut self) -> Vec<Effect> {
        self.memory.columns = match self.memory.columns {
            0 | 1 => COLUMNS,
            columns => columns - 1,
        };
        let columns = usize::from(self.memory.columns);
        let words = self.words.count("reading-columns", columns).into_owned();
        self.say(Said::Good(words))
    }

    pub(super) fn open_thread(&mut self, post: Status) -> Vec<Effect> {
        self.read_selected();
        let id = post.id.clone();
        self.saw(id.clone());
        self.push(Screen::Thread(tree::Tree::new(post)));
        vec![Effect::Thread(id)]
    }

    pub(super) fn take_thread(&mut self, id: &Id, context: Context) -> Vec<Effect> {
        let me = self.me.as_ref().map(|me| me.id.clone());
        for screen in &mut self.stack {
            if let Screen::Thread(tree) = screen
                && tree.focus == *id
            {
                tree.take(context.clone());
                let Some(root) = tree.root().cloned() else { continue };
                let visited = self.memory.visited(&root);
                let seen = &self.seen;
                tree.find_unread(|post| {
                    let own = me.as_ref() == Some(&post.account.id);
                    let arrived =
                        post.starling.as_ref().and_then(|extra| extra.received_at).or(post.created_at);
                    let old = visited.zip(arrived).is_some_and(|(visited, arrived)| arrived <= visited);
                    !own && !old && !seen.contains(&post.id)
                });
            }
        }
        Vec::new()
    }

    /// A thread is left: what is in it was seen now.
    pub(super) fn thread_left(&mut self, tree: &tree::Tree) {
        if let Some(root) = tree.root().filter(|_| !tree.loading) {
            self.memory.visit(root.clone(), self.now);
        }
    }

    /// All threads are left at once.
    pub(super) fn threads_left(&mut self) {
        let trees = self.stack.iter().filter_map(|screen| match screen {
            Screen::Thread(tree) if !tree.loading => tree.root().cloned(),
            _ => None,
        });
        for root in trees.collect::<Vec<_>>() {
            self.memory.visit(root, self.now);
        }
    }

    /// Goes to what is unread: in a thread to the next such post, on a timeline to what waits.
    pub(super) fn next_unread(&mut self) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(Screen::Thread(tree)) => match tree.next_unread() {
                true => {
                    self.read_selected();
                    Vec::new()
                }
                false => self.good("reading-all-read"),
            },
            Some(Screen::Line(..)) | None => {
                let height = self.height();
                let rows = self.rows_mut();
                if rows.waiting() == 0 {
                    return self.good("reading-nothing-new");
                }
                rows.show_new(height);
                rows.step(-1, height);
                let line = self.line().0.clone();
                self.load_more(&line)
            }
            _ => Vec::new(),
        }
    }

    /// Asks for the selected post of a thread again, if it is missing.
    pub(super) fn ask_for_missing(&mut self) -> Option<Vec<Effect>> {
        let Some(Screen::Thread(tree)) = self.stack.last() else { return None };
        let tree::Item::Missing(id, _) = &tree.selected()?.item else { return None };
        let effect = Effect::Missing(id.clone());
        let _ = self.good("reading-asked");
        Some(vec![effect])
    }

    /// It is here now: what it answers may be missing in turn, so the whole thread is asked for.
    pub(super) fn take_missing(&mut self, post: Status) -> Vec<Effect> {
        let mut effects = Vec::new();
        for screen in &mut self.stack {
            if let Screen::Thread(tree) = screen
                && tree.change(&post)
            {
                tree.loading = true;
                effects.push(Effect::Thread(tree.focus.clone()));
            }
        }
        effects
    }

    pub(super) fn ask_tag(&mut self) -> Vec<Effect> {
        self.stack.push(Screen::Prompt(Prompt { asks: Asks::Tag, text: String::new(), chosen: 0 }));
        Vec::new()
    }

    /// Opens a run of boosts instead of a post, if one is selected.
    pub(super) fn open_run(&mut self) -> bool {
        let height = self.height();
        let on_line = matches!(self.stack.last(), Some(Screen::Line(..)) | None);
        on_line && self.line().1.map_or(0, Rows::selected_run) > 1 && self.rows_mut().fold(height)
    }
}

/// Marks the selected answer of a poll, or takes the mark away.
fn mark(choice: &mut Choice) {
    let at = choice.selected;
    if let Of::Poll(poll, chosen) = &mut choice.of
        && at < poll.options.len()
        && !chosen.remove(&at)
    {
        if !poll.multiple {
            chosen.clear();
        }
        chosen.insert(at);
    }
}
