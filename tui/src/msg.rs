//! All that can happen to the UI, and all that it can want done.

pub mod ask;

use jiff::Timestamp;
use ratatui::crossterm::event::KeyEvent;

use crate::api::{Account, Context, Found, Id, NodeStatus, Notification, Relationship, Source, Status};

/// Something happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has so many columns and rows.
    Resize(u16, u16),
    /// Time passes: told about once a second.
    Tick(Timestamp),
    /// Who the reader is.
    Me(Box<Account>),
    /// Rows of a timeline.
    Page(Line, Span, Vec<Row>),
    /// What is around a post.
    Context(Id, Box<Context>),
    /// A post as it is now; who asked for it said why.
    Post(Box<Status>, Done),
    /// The text of an own post, to be changed.
    Source(Box<Source>),
    /// Somebody, with how the reader stands to them.
    Person(Box<Account>, Relationship),
    /// How the reader stands to somebody now.
    Relation(Relationship),
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
    /// Something could not be done.
    Failed(Box<Effect>, String),
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
}

/// A row of a timeline: a post, or a notification that may have one.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A post.
    Post(Box<Status>),
    /// A notification.
    Notification(Box<Notification>),
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
}

/// What a changed post is the answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// A new post.
    Posted,
    /// A post that waits for its hour.
    Scheduled,
    /// An edit.
    Edited,
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
    /// Follow.
    Follow(bool),
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
    /// Hand this to the terminal's clipboard.
    Copy(String),
    /// Stop.
    Quit,
}
