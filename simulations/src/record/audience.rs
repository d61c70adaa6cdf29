//! Who waits for whose posts, and how near two people are.
//!
//! Only the honest are waited on: what an adversary's own node holds says nothing about the network.

use std::collections::HashMap;

use crate::plan::{Micros, NodeId, Plan, What};

/// How near the node that stores a post is to its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ring {
    /// Follows the author, or does at some time of the plan.
    Follower,
    /// Follows somebody who follows the author.
    Friend,
    /// Neither: it only shares the author's gossip shard, or fetched the post for a thread.
    Stranger,
}

impl Ring {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Friend => "friend of a friend",
            Self::Stranger => "stranger in shard",
        }
    }
}

/// Everybody's followers over the whole plan.
pub struct Audience {
    /// Honest followers of each author in the order of their numbers, whenever they follow.
    followers: Vec<Vec<NodeId>>,
    /// Whom each node follows, in order, whenever.
    follows: Vec<Vec<NodeId>>,
    /// When somebody begins to follow, and stops; only those who do not follow throughout.
    spells: HashMap<(NodeId, NodeId), (Micros, Micros)>,
}

impl Audience {
    /// Reads a plan. Of somebody who follows, stops and follows again, only the first time counts.
    pub fn of(plan: &Plan) -> Self {
        let mut follows: Vec<Vec<NodeId>> = plan.follows.as_ref().clone();
        follows.resize(plan.nodes.len(), Vec::new());
        for list in &mut follows {
            list.sort_unstable();
            list.dedup();
        }
        let mut spells: HashMap<(NodeId, NodeId), (Micros, Micros)> = HashMap::new();
        let mut later = Vec::new();
        for happening in &plan.happenings {
            match happening.what {
                What::Follow(node, whom) => {
                    let from_start = follows.get(node as usize).is_some_and(|list| has(list, whom));
                    if !from_start && !spells.contains_key(&(node, whom)) {
                        spells.insert((node, whom), (happening.at, Micros::MAX));
                        later.push((node, whom));
                    }
                }
                What::Unfollow(node, whom) | What::Block(node, whom) => {
                    let from_start = follows.get(node as usize).is_some_and(|list| has(list, whom));
                    let spell = match from_start {
                        true => Some(spells.entry((node, whom)).or_insert((0, Micros::MAX))),
                        false => spells.get_mut(&(node, whom)),
                    };
                    if let Some(spell) = spell {
                        spell.1 = spell.1.min(happening.at);
                    }
                }
                _ => {}
            }
        }
        for (node, whom) in later {
            if let Some(list) = follows.get_mut(node as usize) {
                list.push(whom);
            }
        }
        let mut followers = vec![Vec::new(); plan.nodes.len()];
        for (list, node) in follows.iter_mut().zip(0..) {
            list.sort_unstable();
            let honest = plan.nodes.get(node as usize).is_some_and(|planned| planned.role.honest());
            for whom in list.iter().filter(|whom| honest && **whom != node) {
                if let Some(theirs) = followers.get_mut(*whom as usize) {
                    theirs.push(node);
                }
            }
        }
        Self { followers, follows, spells }
    }

    /// The honest followers of an author, whenever they follow.
    pub fn followers(&self, author: NodeId) -> &[NodeId] {
        self.followers.get(author as usize).map_or(&[], Vec::as_slice)
    }

    /// The place of a node among an author's followers.
    pub fn place(&self, author: NodeId, node: NodeId) -> Option<usize> {
        self.followers(author).binary_search(&node).ok()
    }

    /// Whether somebody follows an author at a moment.
    pub fn follows_at(&self, node: NodeId, author: NodeId, at: Micros) -> bool {
        self.spells.get(&(node, author)).is_none_or(|(from, until)| (*from..*until).contains(&at))
    }

    /// Whether somebody who follows an author never stops.
    pub fn stays(&self, node: NodeId, author: NodeId) -> bool {
        self.spells.get(&(node, author)).is_none_or(|(_, until)| *until == Micros::MAX)
    }

    /// How near a node is to an author.
    pub fn ring(&self, author: NodeId, node: NodeId) -> Ring {
        let followers = self.followers(author);
        if has(followers, node) {
            return Ring::Follower;
        }
        let follows = self.follows.get(node as usize).map_or(&[][..], Vec::as_slice);
        // The shorter list is looked up in the longer.
        let (few, many) =
            if follows.len() < followers.len() { (follows, followers) } else { (followers, follows) };
        if few.iter().any(|one| has(many, *one)) { Ring::Friend } else { Ring::Stranger }
    }
}

fn has(sorted: &[NodeId], node: NodeId) -> bool {
    sorted.binary_search(&node).is_ok()
}
