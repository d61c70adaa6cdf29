//! What the UI knows, and how it changes: [`App::update`] takes what happened and says what is to be done.

pub mod compose;
mod input;
pub use input::offered;
mod news;
pub mod people;
pub mod rows;
pub mod sheet;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    api::{Account, Context, Id, NodeStatus, Relationship, Status, node::Limits},
    keys::Keys,
    layout::Bidi,
    msg::{Done, Effect, Line, Msg, Span, ask::Ask},
    theme::Theme,
    words::Words,
};
use compose::Compose;
use rows::Rows;
use sheet::{CatchUp, Sheet};
use tree::Tree;

/// Timelines that stand side by side, in the order of their tabs.
pub const TABS: [Line; 6] =
    [Line::Home, Line::Local, Line::Network, Line::Notifications, Line::Bookmarks, Line::Favourites];
/// Rows of the screen that are not the timeline: tabs above, health and hints below.
const CHROME: u16 = 3;
/// Lines of a row of a timeline.
pub const ROW_LINES: u16 = 2;
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
    Help(String),
    /// A list of lines.
    Sheet(Box<Sheet>),
    /// A catch-up.
    CatchUp(Box<CatchUp>),
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
    /// What a new list is called, that somebody is to be on.
    NewList(Id),
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
    pub lines: BTreeMap<usize, Rows>,
    /// Rows of what is on the stack and no tab.
    pub other: Option<(Line, Rows)>,
    pub stack: Vec<Screen>,
    /// Posts whose warnings were opened.
    pub opened: BTreeSet<Id>,
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
    asked_node: i64,
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
        let mut app = Self {
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
            other: None,
            stack: Vec::new(),
            opened: BTreeSet::new(),
            link: Link::default(),
            node: None,
            said: None,
            drafts: Vec::new(),
            limits: Limits::default(),
            ahead: None,
            asked_node: i64::MIN,
        };
        let mut effects = vec![Effect::Me, Effect::Node];
        effects.extend([Ask::Drafts, Ask::Limits].map(|ask| Effect::Ask(Box::new(ask))));
        effects.extend(app.load_newest());
        (app, effects)
    }

    /// Takes what happened, and says what is to be done.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Resize(columns, rows) => self.resize(columns, rows),
            Msg::Tick(now) => self.tick(now),
            Msg::Me(account) => self.is_me(*account),
            Msg::Page(line, span, page) => self.take_page(&line, &span, page),
            Msg::Context(id, context) => self.take_context(&id, *context),
            Msg::Post(status, done) => self.take_post(&status, done),
            Msg::Source(source) => self.change_post(*source),
            Msg::Person(account, relation) => self.take_person(*account, relation),
            Msg::Relation(relation) => self.take_relation(relation),
            Msg::Found(words, found) => self.take_found(&words, *found),
            Msg::Node(status) => self.take_node(status),
            Msg::News(news) => self.news(news),
            Msg::Stream(state) => self.stream(state),
            Msg::Edited(text) => self.edited(text),
            Msg::Told(told) => self.told(*told),
            Msg::Failed(effect, why) => self.failed(&effect, why),
        }
    }

    /// The timeline that is on the screen, and its rows.
    pub fn line(&self) -> (&Line, Option<&Rows>) {
        match (self.stack.iter().rev().find_map(as_line), &self.other) {
            (Some(line), Some((held, rows))) if held == line => (line, Some(rows)),
            (Some(line), _) => (line, None),
            (None, _) => (&TABS[self.tab], self.lines.get(&self.tab)),
        }
    }

    /// The rows that are on the screen, to be moved in.
    fn rows_mut(&mut self) -> &mut Rows {
        if self.stack.iter().any(|screen| as_line(screen).is_some())
            && let Some((_, rows)) = &mut self.other
        {
            return rows;
        }
        self.lines.entry(self.tab).or_default()
    }

    /// Rows of a timeline that are on a screen of this height.
    pub fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(CHROME) / ROW_LINES)
    }

    /// The post that a key would be about.
    pub fn subject(&self) -> Option<&Status> {
        match self.stack.last() {
            Some(Screen::Thread(tree)) => match &tree.selected()?.item {
                tree::Item::Post(status) => Some(status.inner()),
                tree::Item::Missing(_) => None,
            },
            Some(Screen::Found(found)) => found.post(),
            Some(Screen::Line(..)) | None => self.line().1?.selected()?.1.post(),
            Some(Screen::CatchUp(catch_up)) => catch_up.post().map(Status::inner),
            Some(Screen::Compose(_) | Screen::Prompt(_) | Screen::Help(_) | Screen::Sheet(_)) => None,
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

    fn resize(&mut self, columns: u16, rows: u16) -> Vec<Effect> {
        self.size = (columns, rows);
        let height = self.height();
        self.rows_mut().keep_in_sight(height);
        Vec::new()
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        if self.said.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.said = None;
        }
        let mut effects = Vec::new();
        if let Some(Screen::Compose(form)) = self.stack.last_mut() {
            effects.extend(form.pause(now));
        }
        if now.as_second() - NODE_EVERY >= self.asked_node {
            self.asked_node = now.as_second();
            effects.push(Effect::Node);
            if matches!(self.stack.last(), Some(Screen::Sheet(sheet)) if sheet.lives()) {
                effects.extend(self.reload_sheet());
            }
        }
        effects
    }

    /// Fetches the newest of the timeline on the screen, unless that is under way.
    fn load_newest(&mut self) -> Vec<Effect> {
        let line = self.line().0.clone();
        let rows = self.rows_mut();
        if rows.loading.is_some() {
            return Vec::new();
        }
        rows.loading = Some(Span::Newest);
        vec![Effect::Load(line, Span::Newest)]
    }

    /// Fetches older rows if the reader is near the end of those that are here.
    fn load_older(&mut self) -> Vec<Effect> {
        let (line, height) = (self.line().0.clone(), self.height());
        let rows = self.rows_mut();
        let Some(oldest) = rows.oldest().filter(|_| rows.wants_more(height)).cloned() else {
            return Vec::new();
        };
        rows.loading = Some(Span::Below(oldest.clone()));
        vec![Effect::Load(line, Span::Below(oldest))]
    }

    fn is_me(&mut self, account: Account) -> Vec<Effect> {
        self.me = Some(account);
        Vec::new()
    }

    fn take_page(&mut self, line: &Line, span: &Span, page: Vec<crate::msg::Row>) -> Vec<Effect> {
        let height = self.height();
        let rows = match TABS.iter().position(|tab| tab == line) {
            Some(tab) => self.lines.entry(tab).or_default(),
            None => match &mut self.other {
                Some((held, rows)) if held == line => rows,
                _ => return Vec::new(), // closed meanwhile
            },
        };
        rows.take(span, page);
        rows.keep_in_sight(height);
        Vec::new()
    }

    fn take_context(&mut self, id: &Id, context: Context) -> Vec<Effect> {
        for screen in &mut self.stack {
            if let Screen::Thread(tree) = screen
                && tree.focus == *id
            {
                tree.take(context.clone());
            }
        }
        Vec::new()
    }

    fn take_post(&mut self, status: &Status, done: Done) -> Vec<Effect> {
        match done {
            Done::Deleted => {
                self.remove(&status.id);
                self.good("app-erased")
            }
            Done::Reacted => {
                self.change(status.inner());
                Vec::new()
            }
            Done::Edited | Done::Posted | Done::Scheduled => {
                let mut effects = self.sent();
                if done != Done::Scheduled {
                    self.change(status);
                }
                let delivery = status.starling.as_ref().and_then(|extra| extra.delivery);
                let words = match delivery {
                    _ if done == Done::Scheduled => self.words.say("app-scheduled"),
                    Some(delivery) if delivery.peers == 0 => self.words.say("app-stored"),
                    Some(delivery) => self.words.count("app-handed", delivery.peers),
                    None => self.words.say("app-posted"),
                };
                let words = words.into_owned();
                let _ = self.say(Said::Good(words));
                effects.extend(self.reload_thread());
                if self.link != Link::Open {
                    effects.extend(self.load_newest());
                }
                effects
            }
        }
    }

    /// Closes the form whose post the server took, and forgets its draft.
    fn sent(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.stack.retain(|screen| match screen {
            Screen::Compose(form) if form.sending => {
                effects.push(form.forget());
                false
            }
            _ => true,
        });
        effects
    }

    /// The thread on the screen is fetched again: an answer belongs in it.
    fn reload_thread(&mut self) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(Screen::Thread(tree)) => {
                tree.loading = true;
                vec![Effect::Thread(tree.focus.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// A post says something else, or counts otherwise, wherever it stands.
    fn change(&mut self, status: &Status) {
        for rows in self.lines.values_mut().chain(self.other.iter_mut().map(|(_, rows)| rows)) {
            rows.change(status);
        }
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => tree.change(status),
                Screen::CatchUp(catch_up) => catch_up.change(status),
                Screen::Found(found) => {
                    found
                        .posts
                        .iter_mut()
                        .filter(|post| post.id == status.id)
                        .for_each(|post| *post = status.clone());
                }
                _ => {}
            }
        }
    }

    /// A post is gone, wherever it stood.
    fn remove(&mut self, id: &Id) {
        for rows in self.lines.values_mut().chain(self.other.iter_mut().map(|(_, rows)| rows)) {
            rows.remove(id);
        }
        for screen in &mut self.stack {
            match screen {
                Screen::Thread(tree) => tree.remove(id),
                Screen::CatchUp(catch_up) => catch_up.remove(id),
                Screen::Found(found) => found.posts.retain(|post| post.id != *id),
                _ => {}
            }
        }
    }

    fn change_post(&mut self, source: crate::api::Source) -> Vec<Effect> {
        let draft = compose::Draft {
            text: source.text,
            warning: source.spoiler_text,
            edits: Some(source.id),
            ..compose::Draft::default()
        };
        self.stack.push(Screen::Compose(Box::new(Compose::new(draft, self.now))));
        Vec::new()
    }

    fn take_person(&mut self, account: Account, relation: Relationship) -> Vec<Effect> {
        for screen in &mut self.stack {
            if let Screen::Line(Line::Person(id), person) = screen
                && *id == account.id
            {
                *person = Some(Box::new(Person { account: account.clone(), relation: relation.clone() }));
            }
        }
        Vec::new()
    }

    fn take_relation(&mut self, relation: Relationship) -> Vec<Effect> {
        let mut words = if relation.following { "app-following" } else { "app-not-following" };
        if relation.blocking {
            words = "app-blocked";
        } else if relation.muting {
            words = "app-muted";
        }
        for screen in &mut self.stack {
            if let Screen::Line(Line::Person(id), Some(person)) = screen
                && *id == relation.id
            {
                person.relation = relation.clone();
            }
        }
        self.good(words)
    }

    fn take_found(&mut self, words: &str, found: crate::api::Found) -> Vec<Effect> {
        if let Some(Screen::Found(shown)) = self.stack.last_mut()
            && shown.words == words
        {
            shown.loading = false;
            shown.people = found.accounts;
            shown.tags = found.hashtags.into_iter().map(|tag| tag.name).collect();
            shown.posts = found.statuses;
            shown.selected = 0;
        }
        Vec::new()
    }

    fn take_node(&mut self, status: NodeStatus) -> Vec<Effect> {
        self.ahead = status.ahead.or(self.ahead);
        self.node = Some(status);
        Vec::new()
    }

    fn failed(&mut self, effect: &Effect, why: String) -> Vec<Effect> {
        match effect {
            Effect::Load(line, _) => {
                let tab = TABS.iter().position(|tab| tab == line);
                let rows = match tab {
                    Some(tab) => self.lines.get_mut(&tab),
                    None => self.other.as_mut().map(|(_, rows)| rows),
                };
                if let Some(rows) = rows {
                    rows.loading = None;
                }
            }
            Effect::Post(_) => {
                for screen in &mut self.stack {
                    if let Screen::Compose(form) = screen
                        && form.sending
                    {
                        form.sending = false;
                        form.failure = Some(why.clone());
                    }
                }
            }
            Effect::Thread(id) => {
                for screen in &mut self.stack {
                    if let Screen::Thread(tree) = screen
                        && tree.focus == *id
                    {
                        tree.loading = false;
                    }
                }
            }
            Effect::Search(_) => {
                if let Some(Screen::Found(found)) = self.stack.last_mut() {
                    found.loading = false;
                }
            }
            // A server that is no node of ours has no such route, and the health line says what is known without.
            Effect::Node => return Vec::new(),
            Effect::Ask(ask) if self.not_told(ask) => return Vec::new(),
            _ => {}
        }
        self.say(Said::Bad(why))
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

fn as_line(screen: &Screen) -> Option<&Line> {
    match screen {
        Screen::Line(line, _) => Some(line),
        _ => None,
    }
}

#[cfg(test)]
pub mod tests;
