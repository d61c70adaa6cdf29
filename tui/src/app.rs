//! What the UI knows, and how it changes: [`App::update`] takes what happened and says what is to be done.

mod answers;
pub use answers::{posted, related};
pub mod compose;
mod input;
mod palette;
pub use palette::offered;
mod lines;
pub mod memory;
mod mouse;
mod news;
pub mod people;
pub mod reading;
pub mod rows;
pub mod sheet;
pub mod tree;

use std::collections::{BTreeMap, HashSet};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    api::{Account, Edit, Id, NodeStatus, Relationship, Status, node::Limits},
    keys::Keys,
    layout::Bidi,
    msg::{Effect, Line, Msg, ask::Ask},
    pictures::Pictures,
    theme::Theme,
    words::Words,
};
use compose::Compose;
use memory::Memory;
use reading::Choice;
use rows::Rows;
use sheet::{CatchUp, Sheet};
use tree::Tree;

/// Timelines that stand side by side, in the order of their tabs.
pub const TABS: [Line; 6] =
    [Line::Home, Line::Local, Line::Network, Line::Notifications, Line::Bookmarks, Line::Favourites];
/// Rows of the screen that are not the timeline: tabs above, health and hints below.
pub const CHROME: u16 = 3;
/// Lines of a row of a timeline.
pub const ROW_LINES: u16 = 2;
/// At which of the beats at which the node is asked the person on the screen is asked for again: four times a minute.
const PERSON_BEATS: i64 = 3;
/// How often the node is asked how it is doing, in seconds.
const NODE_EVERY: i64 = 5;

/// What is on the screen above the timelines.
#[derive(Debug, Clone)]
pub enum Screen {
    /// A thread.
    Thread(Tree),
    /// A timeline that is no tab: a tag, a person's posts.
    Line(Line, Option<Box<Person>>),
    /// A form to write in.
    Compose(Box<Compose>),
    /// A line to type in.
    Prompt(Prompt),
    /// What a search found.
    Found(Found),
    /// What the keys do.
    Help(Help),
    /// A list of lines.
    Sheet(Box<Sheet>),
    /// A catch-up.
    CatchUp(Box<CatchUp>),
    /// Something to choose from.
    Choice(Choice),
    /// How a post read before, oldest first, and how far down the reader is.
    History(Id, Option<Vec<Edit>>, usize),
}

/// What the keys do: what is typed to find one, and how far down the reader is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Help {
    pub filter: String,
    pub from: usize,
}

/// Somebody, and how the reader stands to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub account: Account,
    pub relation: Relationship,
}

/// What is typed in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub asks: Asks,
    pub text: String,
    /// Which of what is offered is chosen.
    pub chosen: usize,
}

/// What it is typed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A search.
    Search,
    /// Something to do, by its name.
    Palette,
    /// What is noted about somebody.
    Note(Id),
    /// An invite that somebody gave.
    Invite,
    /// Where a peer is.
    Address,
    /// What a new list is called, that somebody is to be on.
    NewList(Id),
    /// The name of a tag.
    Tag,
    /// Whether this is really to be done: y does it.
    Sure(Box<Effect>, &'static str), // the name of the question's words
}

/// What a search found: posts as rows, people and tags above them.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub words: String,
    pub loading: bool,
    pub people: Vec<Account>,
    pub tags: Vec<String>,
    pub posts: Vec<Status>,
    pub selected: usize,
}

/// Whether the server is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Link {
    /// Nobody answered yet.
    #[default]
    Opening,
    /// News come.
    Open,
    /// It went away, and why.
    Lost(String),
}

/// The whole UI.
#[derive(Debug)]
pub struct App {
    pub theme: Theme,
    pub keys: Keys,
    pub bidi: Bidi,
    pub words: Words,
    pub size: (u16, u16),
    pub now: Timestamp,
    /// Where the reader's clock is.
    pub zone: TimeZone,
    pub me: Option<Account>,
    pub tab: usize,
    pub lines: BTreeMap<Line, Rows>,
    pub stack: Vec<Screen>,
    /// Posts whose warnings the reader opened or closed.
    pub opened: BTreeMap<Id, bool>,
    pub pictures: Pictures,
    /// What is remembered from one run to the next.
    pub memory: Memory,
    /// What of it is kept already, and since when; nothing until it was asked for.
    kept: Option<(Memory, Timestamp)>,
    /// Posts that were looked at in this run.
    seen: HashSet<Id>,
    pub link: Link,
    pub node: Option<NodeStatus>,
    /// The last thing that was said to the reader, and until when it stands.
    pub said: Option<(Said, Timestamp)>,
    /// Drafts that were kept and are not open, the newest first.
    pub drafts: Vec<compose::Draft>,
    /// What the server takes.
    pub limits: Limits,
    /// How far the server's clock is ahead of ours, in seconds.
    pub ahead: Option<i64>,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Forms that were begun, so that no two have one key.
    begun: u64,
    asked_node: i64,
    /// Whether the node was asked how it is doing and has not answered: one that hangs is not asked again and again.
    node_asked: bool,
    asked_line: i64,
}

/// Something said to the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It was done.
    Good(String),
    /// It was not.
    Bad(String),
}

impl App {
    /// Nothing known yet, and what is to be asked first.
    pub fn new(
        theme: Theme,
        keys: Keys,
        bidi: Bidi,
        words: Words,
        size: (u16, u16),
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let words = words.in_ascii(theme.ascii);
        let app = Self {
            theme,
            keys,
            bidi,
            words,
            size,
            now,
            zone: TimeZone::system(),
            me: None,
            tab: 0,
            lines: BTreeMap::new(),
            stack: Vec::new(),
            opened: BTreeMap::new(),
            pictures: Pictures::default(),
            memory: Memory::default(),
            kept: None,
            seen: HashSet::new(),
            link: Link::default(),
            node: None,
            said: None,
            drafts: Vec::new(),
            limits: Limits::default(),
            ahead: None,
            mouse: false,
            begun: 0,
            asked_node: i64::MIN,
            node_asked: true,
            asked_line: now.as_second(),
        };
        let mut effects = vec![Effect::Recall, Effect::Me, Effect::Node];
        effects.extend([Ask::Drafts, Ask::Limits].map(|ask| Effect::Ask(Box::new(ask))));
        (app, effects)
    }

    /// Takes what happened, and says what is to be done.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = self.happened(msg);
        effects.extend(self.want_picture());
        effects
    }

    fn happened(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Resize(columns, rows) => self.resize(columns, rows),
            Msg::Tick(now) => self.tick(now),
            Msg::Me(account) => self.is_me(*account),
            Msg::Page(line, span, page) => self.take_page(&line, &span, page),
            Msg::Context(id, around) => self.take_thread(&id, *around),
            Msg::Post(status, done) => self.take_post(&status, done),
            Msg::Sent(draft, status, sent) => self.take_sent(&draft, &status, sent),
            Msg::Source(source) => self.change_post(*source),
            Msg::Person(account, relation) => self.take_person(*account, relation),
            Msg::Relation(relation, done) => self.take_relation(relation, done),
            Msg::Found(words, found) => self.take_found(&words, *found),
            Msg::Node(status) => self.take_node(status),
            Msg::News(news) => self.news(news),
            Msg::Stream(state) => self.stream(state),
            Msg::Edited(text) => self.edited(text),
            Msg::Mouse(event) => self.moused(event),
            Msg::Told(told) => self.told(*told),
            Msg::Memory(memory) => self.take_memory(*memory),
            Msg::Lists(lists) => self.take_lists(lists),
            Msg::Poll(poll) => self.take_poll(&poll),
            Msg::History(id, edits) => self.take_history(&id, edits),
            Msg::Picture(address, room, picture) => {
                self.pictures.take(address, room, picture, self.now);
                Vec::new()
            }
            Msg::Arrived(post) => self.take_missing(*post),
            Msg::Failed(effect, why) => self.failed(&effect, why),
            Msg::Gone(effect, id, why) => {
                self.remove(&id);
                self.failed(&effect, why)
            }
            // The terminal's own business, done before this is asked.
            Msg::Leave(_) | Msg::Suspend | Msg::Woken => Vec::new(),
        }
    }

    /// What is to be kept before the UI ends, whatever ends it.
    pub fn part(&mut self) -> Vec<Effect> {
        let forms = self.stack.iter_mut().filter_map(|screen| match screen {
            Screen::Compose(form) => {
                form.files.settle();
                Some(form.keep())
            }
            _ => None,
        });
        let mut effects: Vec<_> = forms.collect();
        self.threads_left();
        effects.extend(self.keep_memory());
        effects
    }

    /// Rows of a timeline that are on a screen of this height.
    pub fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(CHROME) / ROW_LINES)
    }

    /// Whether the reader is typing: then nothing that arrives opens a screen under their fingers.
    fn is_typed_in(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Compose(_) | Screen::Prompt(_) | Screen::Help(_)))
    }

    /// The post that a key would be about.
    pub fn subject(&self) -> Option<&Status> {
        match self.stack.last() {
            Some(Screen::Thread(tree)) => match &tree.selected()?.item {
                tree::Item::Post(status) => Some(status.inner()),
                tree::Item::Missing(..) => None,
            },
            Some(Screen::Found(found)) => found.post(),
            Some(Screen::Line(..)) | None => self.line().1?.selected()?.1.post(),
            Some(Screen::CatchUp(catch_up)) => catch_up.post().map(Status::inner),
            Some(_) => None,
        }
    }

    /// The post that stands beside its timeline: the subject, whatever is drawn over it.
    pub fn selected_post(&self) -> Option<&Status> {
        let above = |screen: &&Screen| matches!(screen, Screen::Prompt(_) | Screen::Choice(_));
        match self.stack.iter().rev().find(|screen| !above(screen)) {
            Some(Screen::Thread(tree)) => tree.selected()?.post(),
            Some(Screen::Found(found)) => found.post(),
            _ => self.line().1?.selected()?.1.post(),
        }
    }

    /// Says something to the reader for a few seconds.
    fn say(&mut self, said: Said) -> Vec<Effect> {
        let stands = jiff::SignedDuration::from_secs(if matches!(said, Said::Bad(_)) { 12 } else { 4 });
        self.said = Some((said, self.now.saturating_add(stands).unwrap_or(self.now)));
        Vec::new()
    }

    /// Says these words of ours to the reader.
    fn good(&mut self, name: &str) -> Vec<Effect> {
        let words = self.words.say(name).into_owned();
        self.say(Said::Good(words))
    }

    /// Says these words of ours to the reader: something cannot be done.
    fn bad(&mut self, name: &str) -> Vec<Effect> {
        let words = self.words.say(name).into_owned();
        self.say(Said::Bad(words))
    }

    /// The first word to somebody who has just begun. It stands until something else is said.
    pub fn greet(&mut self, words: String) {
        self.said = Some((Said::Good(words), Timestamp::MAX));
    }

    fn resize(&mut self, columns: u16, rows: u16) -> Vec<Effect> {
        self.size = (columns, rows);
        let height = self.height();
        for rows in self.lines.values_mut() {
            rows.keep_in_sight(height);
        }
        let line = self.line().0.clone();
        self.load_more(&line)
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        if self.said.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.said = None;
        }
        let mut effects = self.keep_memory_now_and_then();
        effects.extend(self.ask_now_and_then());
        if let Some(Screen::Compose(form)) = self.stack.last_mut() {
            effects.extend(form.pause(now));
        }
        if now.as_second() - NODE_EVERY >= self.asked_node {
            self.asked_node = now.as_second();
            if !std::mem::replace(&mut self.node_asked, true) {
                effects.push(Effect::Node);
            }
            // What is known of somebody arrives little by little once they are followed.
            if let (Some(Screen::Line(Line::Person(id), Some(person))), 0) =
                (self.stack.last(), now.as_second() / NODE_EVERY % PERSON_BEATS)
                && person.relation.following
                // A server that is away, or hangs, is not asked again and again.
                && self.link == Link::Open
            {
                effects.push(Effect::Person(id.clone()));
            }
            if matches!(self.stack.last(), Some(Screen::Sheet(sheet)) if sheet.lives(now.as_second() / NODE_EVERY))
            {
                effects.extend(self.reload_sheet());
            }
        }
        effects
    }

    fn is_me(&mut self, account: Account) -> Vec<Effect> {
        self.me = Some(account);
        Vec::new()
    }
}

impl Found {
    /// Rows in all: people, tags, posts.
    pub fn len(&self) -> usize {
        self.people.len() + self.tags.len() + self.posts.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The selected post, if it is one.
    pub fn post(&self) -> Option<&Status> {
        self.posts.get(self.selected.checked_sub(self.people.len() + self.tags.len())?)
    }
}

#[cfg(test)]
pub mod tests;
