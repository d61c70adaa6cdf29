//! What is being written, as it is kept and sent.

use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::{Id, Status};

/// What is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Names the draft.
    pub key: String,
    /// When it was kept, in milliseconds since 1970.
    pub saved: i64,
    pub text: String,
    pub warning: String,
    pub visibility: Visibility,
    pub language: String,
    /// The post that is answered, and whose it is.
    pub reply_to: Option<(Id, String)>,
    /// The post that is quoted, and whose it is.
    pub quotes: Option<(Id, String)>,
    /// The own post that is changed.
    pub edits: Option<Id>,
    pub files: Vec<File>,
    pub poll: Poll,
    /// When it is to be published, as it was typed; nothing is now.
    pub when: String,
    /// The same as a moment, once it is sent.
    #[serde(skip)]
    pub due: Option<Timestamp>,
}

impl Draft {
    /// Names the wish to publish just this: the same words sent twice are one post, other words are another.
    pub fn wish(&self) -> String {
        let mut hash = std::hash::DefaultHasher::new();
        let said = Self { key: String::new(), saved: 0, ..self.clone() };
        serde_json::to_string(&said).unwrap_or_default().hash(&mut hash);
        format!("{}-{:016x}", self.key, hash.finish())
    }

    /// Whether the other says the same, whenever it was kept.
    pub fn says(&self, other: &Self) -> bool {
        let bare = |draft: &Self| Self { saved: 0, due: None, ..draft.clone() };
        bare(self) == bare(other)
    }

    /// Whether there is nothing in it that would be missed.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.files.is_empty() && self.poll.options.is_empty()
    }
}

/// A file of a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct File {
    pub path: String,
    /// What it shows, in words.
    pub alt: String,
    /// What the server calls it. Not kept: a server lets go of what no post shows.
    #[serde(skip)]
    pub id: Option<Id>,
}

/// A question with answers to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Poll {
    pub options: Vec<String>,
    pub seconds: u32,
    pub multiple: bool,
}

/// How far a post goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everyone, everywhere.
    #[default]
    Public,
    /// Everyone, but not on timelines of strangers.
    Unlisted,
    /// Never by a bridge to other networks; Starling's nodes only.
    Local,
    /// Those who follow the author; other servers only, since every post of ours can be read by all who hold it.
    Private,
    /// Those whom it names; other servers only.
    Direct,
}

impl Visibility {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Public, Self::Unlisted, Self::Local, Self::Private, Self::Direct];

    /// How far a post goes: what answers it goes no further.
    pub fn of(post: &Status) -> Self {
        let ours = post.starling.as_ref().map(|extra| extra.visibility.as_str());
        let name = ours.filter(|name| !name.is_empty()).unwrap_or(&post.visibility);
        Self::ALL.into_iter().find(|visibility| visibility.name() == name).unwrap_or_default()
    }

    /// The name of the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Public => "compose-public",
            Self::Unlisted => "compose-unlisted",
            Self::Local => "compose-local",
            Self::Private => "compose-private",
            Self::Direct => "compose-direct",
        }
    }

    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Local => "local",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }

    /// The next of those that there are, on one of our nodes or elsewhere.
    pub(super) fn next(self, ours: bool) -> Self {
        match self {
            Self::Public => Self::Unlisted,
            Self::Unlisted if ours => Self::Local,
            Self::Unlisted => Self::Private,
            Self::Private if !ours => Self::Direct,
            Self::Local | Self::Private | Self::Direct => Self::Public,
        }
    }
}
