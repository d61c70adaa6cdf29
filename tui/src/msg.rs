//! All that can happen to the UI, and all that it can want done.

pub mod ask;

use std::collections::BTreeMap;

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use crate::{
    api::{
        Account, Context, Edit, Found, Id, List, NodeStatus, Notification, Poll, Relationship, Source, Status,
    },
    app::memory::Memory,
    pictures::{Picture, Wanted},
};

/// Something happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Something was done with the mouse.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has so many columns and rows.
    Resize(u16, u16),
    /// Time passes: told about once a second.
    Tick(Timestamp),
    /// Who the reader is.
    Me(Box<Account>),
    /// Rows of a timeline.
    Page(Line, Span, Page),
    /// What is around a post.
    Context(Id, Box<Context>),
    /// A post as it is now; who asked for it said why.
    Post(Box<Status>, Done),
    /// What was written is at the server: the draft as it was sent is not needed any more.
    Sent(Box<crate::app::compose::Draft>, Box<Status>, Sent),
    /// The text of an own post, to be changed.
    Source(Box<Source>),
    /// Somebody, with how the reader stands to them.
    Person(Box<Account>, Relationship),
    /// How the reader stands to somebody now; and what was done to them, unless they were followed.
    Relation(Relationship, Option<Relate>),
    /// What a search found.
    Found(String, Box<Found>),
    /// How the node is doing.
    Node(NodeStatus),
    /// News from the server.
    News(News),
    /// The stream of news is open, or why it is not.
    Stream(Result<(), String>),
    /// The text as the editor left it.
    Edited(Option<String>),
    /// Something that a sheet asked for.
    Told(Box<ask::Told>),
    /// What was remembered when the UI ran last.
    Memory(Box<Memory>),
    /// The reader's lists.
    Lists(Vec<List>),
    /// A poll as it is now.
    Poll(Poll),
    /// How a post read before, oldest first.
    History(Id, Vec<Edit>),
    /// A picture, made for this room, or none.
    Picture(String, (u16, u16), Option<Picture>),
    /// A post that was missing in a thread.
    Arrived(Box<Status>),
    /// Something could not be done.
    Failed(Box<Effect>, String),
    /// Something could not be done, and the post that it was about is not there any more.
    Gone(Box<Effect>, Id, String),
    /// The UI is to end, and why.
    Leave(Leave),
    /// The process is to stand still.
    Suspend,
    /// The process goes on after it stood still.
    Woken,
}

/// Why the UI ends, if it is not the person who leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It was interrupted.
    Interrupted,
    /// The system told it to.
    Told,
    /// The terminal is gone.
    HungUp,
    /// The server that was starting does not start.
    NoServer,
}

/// News from the server.
#[derive(Debug)]
pub enum News {
    /// A new post for a timeline.
    Update(Box<Status>),
    /// A post says something else now.
    Changed(Box<Status>),
    /// A post is gone.
    Deleted(Id),
    /// Something concerns the reader.
    Notified(Box<Notification>),
}

/// A timeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Line {
    /// Those whom the reader follows.
    Home,
    /// The people of this server.
    Local,
    /// Everybody whom this server hears of.
    Network,
    /// What concerns the reader.
    Notifications,
    /// What the reader marked.
    Bookmarks,
    /// What the reader liked.
    Favourites,
    /// A tag.
    Tag(String),
    /// The posts of one person.
    Person(Id),
    /// A list, by its id, and what it is called.
    List(Id, String),
}

impl Line {
    /// As it is called where it is remembered.
    pub fn key(&self) -> String {
        match self {
            Self::Home => "home".into(),
            Self::Local => "local".into(),
            Self::Network => "network".into(),
            Self::Notifications => "notifications".into(),
            Self::Bookmarks => "bookmarks".into(),
            Self::Favourites => "favourites".into(),
            Self::Tag(tag) => format!("tag:{}", tag.to_lowercase()),
            Self::Person(id) => format!("person:{id}"),
            Self::List(id, _) => format!("list:{id}"),
        }
    }

    /// Whether its pages hang on the ids of its rows. Where they do not, no row of it is found again by its id.
    pub fn hangs_on_ids(&self) -> bool {
        !matches!(self, Self::Bookmarks | Self::Favourites)
    }
}

/// A row of a timeline: a post, or a notification that may have one.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A post.
    Post(Box<Status>),
    /// A notification.
    Notification(Box<Notification>),
}

impl Row {
    /// Its id within its timeline.
    pub fn id(&self) -> &Id {
        match self {
            Self::Post(status) => &status.id,
            Self::Notification(notification) => &notification.id,
        }
    }

    /// The post that it shows, if it shows one.
    pub fn post(&self) -> Option<&Status> {
        match self {
            Self::Post(status) => Some(status.inner()),
            Self::Notification(notification) => notification.status.as_ref().map(Status::inner),
        }
    }

    /// Who passed it on, if it is a boost.
    pub fn booster(&self) -> Option<&Id> {
        match self {
            Self::Post(status) if status.reblog.is_some() => Some(&status.account.id),
            _ => None,
        }
    }

    /// Whether somebody wrote it, passed it on or did it.
    pub fn is_by(&self, person: &Id) -> bool {
        let did = match self {
            Self::Post(status) => &status.account.id,
            Self::Notification(notification) => &notification.account.id,
        };
        did == person || self.post().is_some_and(|post| post.account.id == *person)
    }

    /// The post or boost that it is about, to be changed.
    pub fn status_mut(&mut self) -> Option<&mut Status> {
        match self {
            Self::Post(status) => Some(status),
            Self::Notification(notification) => notification.status.as_mut(),
        }
    }
}

/// Rows that were fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub rows: Vec<Row>,
    /// What the page below these begins under, if the server said so: not every page hangs on the ids of its rows.
    pub below: Option<Id>,
    /// Whether the server said that there is nothing below.
    pub last: bool,
}

impl From<Vec<Row>> for Page {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, ..Self::default() }
    }
}

/// Which part of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// The newest.
    Newest,
    /// What is just above this row.
    Above(Id),
    /// What is just below this row.
    Below(Id),
    /// This row, what is just above it and what is just below it.
    Around(Id),
}

/// What became of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// A new post.
    Posted,
    /// A post that waits for its hour.
    Scheduled,
    /// An edit.
    Edited,
}

/// What a changed post is the answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The reader erased it.
    Deleted,
    /// The reader liked it, passed it on, marked it, or took that back.
    Reacted,
}

/// What the reader does to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Pass on.
    Boost(bool),
    /// Like.
    Like(bool),
    /// Mark.
    Bookmark(bool),
}

/// What the reader does to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relate {
    /// Follow no longer.
    Unfollow,
    /// Mute.
    Mute(bool),
    /// Block.
    Block(bool),
}

/// Something is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask who the reader is.
    Me,
    /// Fetch a part of a timeline.
    Load(Line, Span),
    /// Fetch what is around a post.
    Thread(Id),
    /// Publish.
    Post(Box<crate::app::compose::Draft>),
    /// Erase an own post.
    Delete(Id),
    /// Fetch the text of an own post.
    Source(Id),
    /// Do something to a post.
    React(Id, Reaction),
    /// Do something to a person.
    Relate(Id, Relate),
    /// Follow a person; with the post or the person through whom the reader came upon them, if that is known.
    Follow(Id, Option<Id>),
    /// Fetch a person.
    Person(Id),
    /// Search.
    Search(String),
    /// Ask how the node is doing.
    Node,
    /// Something that a sheet wants.
    Ask(Box<ask::Ask>),
    /// Keep a draft; one with nothing in it is forgotten.
    Keep(Box<crate::app::compose::Draft>),
    /// Write this text in the person's editor.
    Editor(String),
    /// Look for what was remembered.
    Recall,
    /// Remember this.
    Remember(Box<Memory>),
    /// Tell the server how far the reader came, by the names of its markers.
    Mark(BTreeMap<String, Id>),
    /// Fetch the reader's lists.
    Lists,
    /// Vote in a poll.
    Vote(Id, Vec<usize>),
    /// Fetch how a post read before.
    History(Id),
    /// Ask once more for a post that is missing.
    Missing(Id),
    /// Fetch a picture.
    Picture(Wanted),
    /// Open an address with the person's program for it.
    Browse(String),
    /// Hand this to the terminal's clipboard.
    Copy(String),
    /// Take the mouse, or give it back.
    Mouse(bool),
    /// Stand still until the shell says otherwise.
    Suspend,
    /// Stop.
    Quit,
}
