//! What a scenario makes happen: events at a time, and people who do not keep to the rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::quantity::{Length, Rate, Share, Size};

/// Something happens at a time.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, since the world began.
    pub at: Length,
    /// What.
    #[schemars(flatten)]
    pub what: Happens,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum Happens {
    /// The network falls apart: packets only travel within a group.
    Partition {
        /// Into which groups.
        by: By,
        /// It is whole again after so long; without it, a later `heal` event says when.
        heal_after: Option<Length>,
        /// It happens so often.
        #[serde(default = "one")]
        times: u32,
        /// From the beginning of one to the beginning of the next.
        every: Option<Length>,
    },
    /// The network is whole again.
    Heal {},
    /// Nodes end.
    Stop {
        /// Which.
        who: Who,
        /// How.
        #[serde(default)]
        how: How,
        /// They start again after so long; without it they stay away, unless a `start` event brings them back.
        back_after: Option<Length>,
        /// They do not end at once but one after the other, by chance within this time.
        #[serde(default)]
        within: Length,
    },
    /// Nodes start, for the first time or again.
    Start {
        /// Which.
        who: Who,
        /// They do not start at once but one after the other, by chance within this time.
        #[serde(default)]
        within: Length,
    },
    /// People join who were not there at the beginning; see `[start] share`. Newcomers join in the order of their
    /// numbers.
    Growth {
        /// Part of all nodes that has joined when it is over.
        to: Share,
        /// How long it takes.
        #[serde(default)]
        within: Length,
    },
    /// Somebody posts.
    Post {
        /// Who.
        node: u32,
        /// Bytes of the text.
        bytes: Option<Size>,
    },
    /// Several people post, each so often.
    Burst {
        /// Who.
        who: Who,
        /// How often each.
        #[serde(default = "one")]
        each: u32,
        /// By chance within this time.
        #[serde(default)]
        within: Length,
        /// Bytes of each text.
        bytes: Option<Size>,
    },
    /// Somebody posts, and many come to follow them for it.
    FlashCrowd {
        /// Who.
        node: u32,
        /// Part of all people that follows.
        followers: Share,
        /// By chance within this time.
        within: Length,
        /// Posts of theirs in that time, the first one at its beginning.
        #[serde(default = "one")]
        posts: u32,
        /// Bytes of each text.
        bytes: Option<Size>,
    },
    /// A post that is passed on by many, liked by more and answered by some.
    Viral {
        /// Who posts it.
        node: u32,
        /// Part of all people that passes it on.
        boosts: Share,
        /// Part of all people that likes it.
        #[serde(default)]
        likes: Share,
        /// Part of all people that answers.
        #[serde(default)]
        replies: Share,
        /// Most of it happens early in this time.
        within: Length,
        /// Bytes of the text.
        bytes: Option<Size>,
    },
    /// Somebody follows somebody.
    Follow {
        /// Who.
        node: u32,
        /// Whom.
        whom: u32,
    },
    /// Somebody follows somebody no longer.
    Unfollow {
        /// Who.
        node: u32,
        /// Whom.
        whom: u32,
    },
    /// Somebody blocks somebody.
    Block {
        /// Who.
        node: u32,
        /// Whom.
        whom: u32,
    },
    /// A node learns where another is and calls it.
    Meet {
        /// Who.
        node: u32,
        /// Whom.
        whom: u32,
    },
    /// Those who do not keep to the rules begin.
    AttackOn {},
    /// They end.
    AttackOff {},
}

fn one() -> u32 {
    1
}

/// Groups that a network falls apart into.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Two groups of the same size, by chance.
    Half,
    /// Three groups of the same size, by chance.
    Thirds,
    /// Each region for itself.
    Region,
    /// So many groups of the same size, by chance.
    Groups(u32),
    /// A part of the nodes by chance, and all others.
    Fraction(Share),
    /// These nodes, and all others.
    Nodes(Vec<u32>),
    /// Groups of regions; regions that are not named are a group of their own.
    Regions(Vec<Vec<String>>),
}

/// Some of the nodes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Everybody.
    All,
    /// The relays.
    Relays,
    /// Everybody but the relays.
    People,
    /// A part of the people, by chance.
    Share(Share),
    /// So many people, by chance.
    Count(u32),
    /// Everybody in a region.
    Region(String),
    /// These.
    Nodes(Vec<u32>),
}

/// How a node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// In good order: connections are closed.
    #[default]
    Quit,
    /// The process is killed: connections break, what was committed is on disk.
    Kill,
    /// The power fails: peers hear nothing, and what was not synced may be gone.
    PowerCut,
    /// The device sleeps: peers hear nothing, and later it goes on from memory.
    Sleep,
}

/// People who do not keep to the rules. They have the last numbers.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adversary {
    /// What they do.
    #[schemars(flatten)]
    pub does: Does,
    /// How many of the scenario's nodes; in a world of another size, as large a part of it, and at least one.
    pub count: Option<u32>,
    /// Or which part of all nodes.
    pub share: Option<Share>,
    /// When they begin; all adversaries begin and end together.
    #[serde(default)]
    pub from: Length,
    /// When they end; without it they never do.
    pub until: Option<Length>,
}

/// What somebody does who does not keep to the rules.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum Does {
    /// Many identities of one attacker join and speak so much that honest voices drown.
    Sybil {
        /// Honest nodes that each of them calls.
        #[serde(default = "some_dials")]
        dials: u32,
        /// How often each of them posts.
        posts: Rate,
        /// Part of the honest people that is taken in, and follows one of them each.
        #[serde(default)]
        taken_in: Share,
    },
    /// They take the connections of victims and keep back what passes.
    Eclipse {
        /// How many people they surround; in a world of another size, as large a part of it.
        victims: u32,
    },
    /// They send so much that others have no time left.
    Flood {
        /// Frames to each neighbour, so often.
        rate: Rate,
        /// Part of the frames that is garbage.
        #[serde(default)]
        garbage: Share,
        /// Honest nodes that each of them calls.
        #[serde(default = "some_dials")]
        dials: u32,
    },
    /// They sign two entries for one place, and tell one to one half of the world, the other to the other.
    Equivocate {},
    /// They tell old things again, and serve an old state of their feed.
    Replay {},
    /// They read so slowly that queues towards them fill.
    SlowRead {
        /// What they take in a second, in bytes.
        bytes_per_second: Size,
    },
}

fn some_dials() -> u32 {
    8
}

impl Does {
    /// Whether honest people have reason to follow them: they are members of the network, and only later turn out.
    pub fn member(&self) -> bool {
        matches!(self, Self::Equivocate {} | Self::Replay {} | Self::SlowRead { .. })
    }

    /// Its kind, as written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sybil { .. } => "sybil",
            Self::Eclipse { .. } => "eclipse",
            Self::Flood { .. } => "flood",
            Self::Equivocate {} => "equivocate",
            Self::Replay {} => "replay",
            Self::SlowRead { .. } => "slow-read",
        }
    }
}

impl Happens {
    /// Its kind, as written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Partition { .. } => "partition",
            Self::Heal {} => "heal",
            Self::Stop { .. } => "stop",
            Self::Start { .. } => "start",
            Self::Growth { .. } => "growth",
            Self::Post { .. } => "post",
            Self::Burst { .. } => "burst",
            Self::FlashCrowd { .. } => "flash-crowd",
            Self::Viral { .. } => "viral",
            Self::Follow { .. } => "follow",
            Self::Unfollow { .. } => "unfollow",
            Self::Block { .. } => "block",
            Self::Meet { .. } => "meet",
            Self::AttackOn {} => "attack-on",
            Self::AttackOff {} => "attack-off",
        }
    }

    /// How long it goes on.
    pub fn lasts(&self) -> Length {
        match self {
            Self::Partition { heal_after, times, every, .. } => {
                let again =
                    every.map_or(0, Length::micros).saturating_mul(u64::from(times.saturating_sub(1)));
                Length(again + heal_after.map_or(0, Length::micros))
            }
            Self::Stop { within, .. }
            | Self::Start { within, .. }
            | Self::Growth { within, .. }
            | Self::Burst { within, .. }
            | Self::FlashCrowd { within, .. }
            | Self::Viral { within, .. } => *within,
            _ => Length(0),
        }
    }
}
