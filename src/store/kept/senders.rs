//! Of whom this person wants to be told what concerns them, and of whom it waits until they look.

use serde::{Deserialize, Serialize};
use starling_protocol::AuthorId;

use super::{Change, Shelf, Span};
use crate::store::{Batch, Error, Reader};

const POLICY: &[u8] = b"notifications/policy";
const LET_IN: &[u8] = b"notifications/let in/";

/// What becomes of a notification. The numbers are on disk; of several, the highest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[repr(u8)]
pub enum Verdict {
    /// It is told.
    #[default]
    Accept = 0,
    /// It waits among the requests.
    Filter = 1,
    /// It is not kept.
    Drop = 2,
}

impl Verdict {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Filter, Self::Drop];

    /// The word for it in Mastodon's API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Filter => "filter",
            Self::Drop => "drop",
        }
    }
}

impl From<Verdict> for u8 {
    fn from(verdict: Verdict) -> Self {
        verdict as Self
    }
}

impl TryFrom<u8> for Verdict {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        Self::ALL.into_iter().find(|verdict| *verdict as u8 == number).ok_or("no such verdict")
    }
}

/// What becomes of notifications of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct Policy {
    /// Those whom the person does not follow.
    pub not_following: Verdict,
    /// Those who do not follow the person.
    pub not_followers: Verdict,
    /// Those of whom this node has not known for long.
    pub new_accounts: Verdict,
    /// What is said in private; kept for clients, nothing is private yet.
    pub private_mentions: Verdict,
    /// Those whom moderators limited; kept for clients, there are no moderators.
    pub limited_accounts: Verdict,
}

#[derive(Serialize, Deserialize)]
struct Wire(Verdict, Verdict, Verdict, Verdict, Verdict);

impl From<Wire> for Policy {
    fn from(
        Wire(not_following, not_followers, new_accounts, private_mentions, limited_accounts): Wire,
    ) -> Self {
        Self { not_following, not_followers, new_accounts, private_mentions, limited_accounts }
    }
}

impl From<Policy> for Wire {
    fn from(policy: Policy) -> Self {
        Self(
            policy.not_following,
            policy.not_followers,
            policy.new_accounts,
            policy.private_mentions,
            policy.limited_accounts,
        )
    }
}

impl Policy {
    /// What puts it in force.
    pub fn change(&self) -> Change {
        Change::put(Shelf::Preference, POLICY, self)
    }
}

/// What lets an author in whatever the policy says.
pub fn let_in(author: &AuthorId) -> Change {
    Change::put(Shelf::Preference, [LET_IN, author.as_bytes()].concat(), &true)
}

impl Batch<'_> {
    /// The policy that holds.
    pub fn sender_policy(&self) -> Result<Policy, Error> {
        Ok(self.kept(Shelf::Preference, POLICY)?.unwrap_or_default())
    }

    /// Whether this author was let in whatever the policy says.
    pub fn lets_in(&self, author: &AuthorId) -> Result<bool, Error> {
        let key = [LET_IN, author.as_bytes()].concat();
        Ok(self.kept::<bool>(Shelf::Preference, &key)?.is_some())
    }
}

impl Reader {
    /// The policy that holds.
    pub fn sender_policy(&self) -> Result<Policy, Error> {
        Ok(self.kept(Shelf::Preference, POLICY)?.unwrap_or_default())
    }

    /// Those who were let in whatever the policy says.
    pub fn let_in(&self) -> Result<Vec<AuthorId>, Error> {
        let rows = self.shelf::<bool>(Shelf::Preference, &Span::of(LET_IN, usize::MAX))?;
        let author = |key: &[u8]| Some(AuthorId::new(key.strip_prefix(LET_IN)?.try_into().ok()?));
        Ok(rows.iter().filter_map(|(key, _)| author(key)).collect())
    }
}
