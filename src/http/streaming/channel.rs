//! The streams' names, and what belongs on which.

use std::collections::BTreeSet;

use starling_protocol::limits;

use crate::{http::route::Needs, store::tags::folded};

/// Bytes of a list's id in a name.
const LIST_BYTES: usize = 64;

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Channel {
    /// The home timeline, and what concerns the person.
    User,
    /// What concerns the person.
    Notifications,
    /// What is for everybody.
    Public(Whose, bool),
    /// What has a tag, as the client writes it.
    Tag(String, Whose),
    /// What those on a list write.
    List(String),
    /// What is said in private, which nothing is.
    Direct,
}

/// Whose posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    All,
    /// This node's author's.
    Local,
    /// Everybody else's.
    Remote,
}

/// What decides where a post belongs.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// It stands on the home timeline.
    pub home: bool,
    /// It stands on the timelines of everybody.
    pub public: bool,
    /// It is this node's author's.
    pub own: bool,
    /// It shows a file.
    pub media: bool,
    /// The tags under which it is found, in the form that they are compared in.
    pub tags: Vec<String>,
    /// Lists that show it.
    pub lists: BTreeSet<String>,
}

impl Facts {
    /// Whether it is seen anywhere.
    pub(super) fn are_seen(&self) -> bool {
        self.home || self.public || !self.tags.is_empty() || !self.lists.is_empty()
    }
}

/// Where something belongs.
#[derive(Debug, Clone)]
pub(super) enum Where {
    /// Where posts like this one do.
    Posts(Facts),
    /// Wherever posts do.
    AllPosts,
    /// Among what concerns the person.
    Notices,
    /// With the person's own timeline.
    User,
}

impl Channel {
    /// The stream of this name.
    pub(super) fn of(name: &str, tag: Option<&str>, list: Option<&str>) -> Result<Self, &'static str> {
        let tagged = |whose| {
            let tag = tag.map(|tag| tag.trim_start_matches('#')).filter(|tag| !tag.is_empty());
            let tag = tag.filter(|tag| tag.chars().count() <= limits::TAG_CHARS).ok_or("tag is missing")?;
            Ok(Self::Tag(tag.to_owned(), whose))
        };
        let (plain, media) = match name.strip_suffix(":media") {
            Some(plain) if plain.starts_with("public") => (plain, true),
            _ => (name, false),
        };
        match plain {
            "user" => Ok(Self::User),
            "user:notification" => Ok(Self::Notifications),
            "public" => Ok(Self::Public(Whose::All, media)),
            "public:local" => Ok(Self::Public(Whose::Local, media)),
            "public:remote" => Ok(Self::Public(Whose::Remote, media)),
            "hashtag" => tagged(Whose::All),
            "hashtag:local" => tagged(Whose::Local),
            "direct" => Ok(Self::Direct),
            "list" => {
                let list = list.filter(|list| !list.is_empty() && list.len() <= LIST_BYTES);
                list.map(|list| Self::List(list.to_owned())).ok_or("list is missing")
            }
            _ => Err("Unknown stream type"),
        }
    }

    /// The name, and what is named with it: as events say which stream they are on.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::User => vec!["user"],
            Self::Notifications => vec!["user:notification"],
            Self::Public(Whose::All, false) => vec!["public"],
            Self::Public(Whose::Local, false) => vec!["public:local"],
            Self::Public(Whose::Remote, false) => vec!["public:remote"],
            Self::Public(Whose::All, true) => vec!["public:media"],
            Self::Public(Whose::Local, true) => vec!["public:local:media"],
            Self::Public(Whose::Remote, true) => vec!["public:remote:media"],
            Self::Tag(tag, Whose::Local) => vec!["hashtag:local", tag],
            Self::Tag(tag, _) => vec!["hashtag", tag],
            Self::List(list) => vec!["list", list],
            Self::Direct => vec!["direct"],
        }
    }

    /// What a program must be let in for.
    pub(super) fn needs(&self) -> Needs {
        Needs::Scope(match self {
            Self::Notifications => "read:notifications",
            Self::List(_) => "read:lists",
            _ => "read:statuses",
        })
    }

    /// Whether something belongs on it; `notices` if the program may know what concerns the person.
    pub(super) fn takes(&self, place: &Where, notices: bool) -> bool {
        match (self, place) {
            (Self::User, Where::User) => true,
            (Self::User | Self::Notifications, Where::Notices) => notices,
            (Self::Notifications | Self::Direct, _) | (_, Where::Notices | Where::User) => false,
            (_, Where::AllPosts) => true,
            (Self::User, Where::Posts(facts)) => facts.home,
            (Self::Public(whose, media), Where::Posts(facts)) => {
                facts.public && whose.takes(facts) && (facts.media || !media)
            }
            (Self::Tag(tag, whose), Where::Posts(facts)) => {
                whose.takes(facts) && facts.tags.contains(&folded(tag))
            }
            (Self::List(list), Where::Posts(facts)) => facts.lists.contains(list),
        }
    }
}

impl Whose {
    fn takes(self, facts: &Facts) -> bool {
        match self {
            Self::All => true,
            Self::Local => facts.own,
            Self::Remote => !facts.own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_is_called_as_it_calls_itself() {
        for name in [
            "user",
            "user:notification",
            "public",
            "public:media",
            "public:local",
            "public:local:media",
            "public:remote",
            "public:remote:media",
            "hashtag",
            "hashtag:local",
            "list",
            "direct",
        ] {
            let channel = Channel::of(name, Some("#Birds"), Some("7")).unwrap();
            let rest = match name {
                "list" => &["7"][..],
                name if name.starts_with("hashtag") => &["Birds"],
                _ => &[],
            };
            assert_eq!(channel.names(), [&[name], rest].concat());
        }
        for (name, tag, list) in [
            ("", None, None),
            ("users", None, None),
            ("user:media", None, None),
            ("hashtag", None, None),
            ("hashtag", Some("#"), None),
            ("hashtag:media", Some("a"), None),
            ("list", None, None),
        ] {
            assert!(Channel::of(name, tag, list).is_err(), "{name}");
        }
        assert!(Channel::of("hashtag", Some(&"x".repeat(limits::TAG_CHARS + 1)), None).is_err());
    }

    #[test]
    fn posts_are_where_they_belong() {
        let own = Facts { home: true, public: true, own: true, ..Facts::default() };
        let tagged = Facts { public: true, tags: vec!["birds".into()], media: true, ..Facts::default() };
        let unlisted = Facts { public: false, tags: Vec::new(), ..tagged.clone() };
        for (name, facts, expected) in [
            ("user", &own, true),
            ("user", &tagged, false),
            ("public", &tagged, true),
            ("public", &unlisted, false),
            ("public:local", &own, true),
            ("public:local", &tagged, false),
            ("public:remote", &own, false),
            ("public:media", &own, false),
            ("public:media", &tagged, true),
            ("hashtag", &tagged, true),
            ("hashtag", &unlisted, false),
            ("hashtag:local", &tagged, false),
            ("list", &own, false),
            ("direct", &own, false),
            ("user:notification", &own, false),
        ] {
            let channel = Channel::of(name, Some("Birds"), Some("7")).unwrap();
            assert_eq!(channel.takes(&Where::Posts(facts.clone()), true), expected, "{name}");
        }
        assert!(Channel::User.takes(&Where::Notices, true) && !Channel::User.takes(&Where::Notices, false));
        assert!(!Channel::Direct.takes(&Where::AllPosts, true));
    }
}
