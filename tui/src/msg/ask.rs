//! What the sheets ask the server for and have done by it, and what they are told.

use super::Id;
use crate::{
    api::{
        Account, Edit, List, Media, Relationship, Status,
        node::{Coverage, Entry, Limits, Network, Outgoing, Peer, Progress, Queue, Scheduled},
    },
    app::compose::Draft,
};

/// Something to be asked or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What own posts wait for.
    Queue,
    /// Whom the node is connected to, and how that goes.
    Mesh,
    /// Where a post comes from.
    Origin(Id),
    /// What the server takes.
    Limits,
    /// The lists there are, and which of them somebody is on.
    Lists(Id),
    /// Put somebody on a list, or take them off.
    PutOn {
        /// Whom.
        person: Id,
        /// Which list.
        list: Id,
        /// On it, or off.
        on: bool,
    },
    /// Make a list with somebody on it.
    NewList {
        /// Whom.
        person: Id,
        /// What it is called.
        title: String,
    },
    /// The reader's own invite.
    Invite,
    /// Follow whom this invite leads to, and call where they are.
    Open(String),
    /// Keep an address and call it.
    Call(String),
    /// Refuse a peer's connections, or take them again.
    Ban(String, bool),
    /// Who asks for something: to follow the reader, or to be heard.
    Requests,
    /// An answer to one of them.
    Answer {
        /// Which.
        id: Id,
        /// Whether it is one to follow the reader.
        follow: bool,
        /// Whether it is granted.
        yes: bool,
    },
    /// How the reader stands to somebody.
    Stands(Id),
    /// Keep a note about somebody.
    Note(Id, String),
    /// Mute somebody for so many seconds (0: for good), and what they do as well or not.
    Mute(Id, u64, bool),
    /// Be told of what somebody writes, or no longer.
    Notify(Id, bool),
    /// Whether a file can be read. Told as if it had been brought to the server if it cannot.
    Look {
        /// The draft that it belongs to.
        draft: String,
        /// Its number within the draft.
        number: u64,
        /// Where it is.
        path: String,
    },
    /// Bring a file to the server.
    Upload {
        /// The draft that it belongs to.
        draft: String,
        /// Its number within the draft.
        number: u64,
        /// Where it is.
        path: String,
        /// What it shows, in words.
        alt: String,
    },
    /// All that was written at home since.
    CatchUp(Since),
    /// The reader has read their home timeline down to this post.
    Read(Id),
    /// Drafts that were kept.
    Drafts,
    /// A draft is not wanted any more.
    Forget(String),
    /// A post that waits for its hour is not wanted any more.
    CallOff(Id),
}

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Since the reader read last.
    Read,
    /// For so many seconds.
    Seconds(i64),
}

/// What the server says.
#[derive(Debug)]
pub enum Told {
    /// What own posts wait for.
    Queue(Outbound),
    /// Whom the node is connected to.
    Mesh(Mesh),
    /// Where a post comes from.
    Origin(Id, Box<Origin>),
    /// What the server takes, and how far its clock is ahead of ours, in seconds.
    Limits(Limits, Option<i64>),
    /// The lists, and which of them somebody is on.
    Lists(Id, Vec<(List, bool)>),
    /// The reader's own invite.
    Invite(String),
    /// An invite led to somebody of this id and name.
    Opened(Id, String),
    /// Who asks for something.
    Requests(Vec<Wish>),
    /// How the reader stands to somebody.
    Stands(Relationship),
    /// How the reader stands to somebody now: something about it was kept.
    Kept(Relationship),
    /// A file arrived, or why not.
    Uploaded(String, u64, Result<Media, String>),
    /// Posts of a range, the newest first; whether there were more than are fetched.
    CaughtUp(Vec<Status>, bool),
    /// Drafts that were kept, the newest first.
    Drafts(Vec<Draft>),
    /// It was done, and there is nothing to say about it.
    Done,
}

/// What own posts wait for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outbound {
    pub queue: Queue,
    /// Where each of the newest posts is, and the post if it is still there.
    pub posts: Vec<(Outgoing, Option<Status>)>,
    pub scheduled: Vec<Scheduled>,
}

/// Whom the node is connected to, and how that goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    pub peers: Vec<Peer>,
    pub progress: Progress,
    pub coverage: Vec<Coverage>,
    /// Older nodes do not tell.
    pub network: Option<Network>,
}

/// Where a post comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    pub status: Status,
    /// What only Starling's nodes can tell.
    pub entry: Option<Entry>,
    /// What it said, from the beginning until now.
    pub versions: Vec<Edit>,
    /// Its author, as far as they are known.
    pub author: Account,
}

/// Somebody asks for something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// What the request is called.
    pub id: Id,
    pub account: Account,
    /// Whether they want to follow the reader; else they did something that waits to be let in.
    pub follow: bool,
    /// The last thing that they wrote to the reader.
    pub post: Option<Status>,
}
