//! What people say, and what others make of it: posts on a rhythm, answers, boosts and likes.

use std::collections::VecDeque;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp, LogNormal};

use super::{
    Cut,
    chance::{Chance, moment, poisson, some},
    events::Told,
    outages::Lives,
};
use crate::{
    plan::{Happening, Micros, NodeId, NodePlan, PostId, SEC, What},
    scenario::{Scenario, event::Does, sections::Rhythm},
};

/// Bytes of a text at least: the number of the post has to stand in it.
const LEAST_TEXT: u32 = 16;
/// Posts of an author that others still answer.
const ANSWERED: usize = 4;
/// How old a post is at least that is answered: it has to travel, and to be read.
const READ: Micros = 30 * SEC;
/// How old it is at most.
const STALE: Micros = 86_400 * SEC;
/// Mean time until somebody reacts to a post.
const REACTION: f64 = 20.0 * 60.0;
/// How much busier than the mean the busiest hour of a day is, with [`Rhythm::Day`]; the quietest is as much quieter.
const SWING: f64 = 0.9;
/// Hour of the day when people post most.
const EVENING: f64 = 20.0;

/// What a post answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Nothing.
    Nothing,
    /// Perhaps a recent post of somebody whom the author follows.
    Perhaps,
    /// A certain draft.
    Draft(usize),
}

/// A post that has no number yet.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    /// When.
    pub at: Micros,
    /// By whom.
    pub node: NodeId,
    /// Bytes of its text; none leaves that to chance.
    pub bytes: Option<u64>,
    /// What it answers.
    pub answers: Answers,
}

impl Draft {
    /// A post that answers nothing.
    pub fn said(at: Micros, node: NodeId, bytes: Option<u64>) -> Self {
        Self { at, node, bytes, answers: Answers::Nothing }
    }
}

/// What somebody makes of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Passes it on.
    Boost,
    /// Likes it.
    Like,
}

/// All that is said.
#[derive(Default)]
pub struct Drafts {
    posts: Vec<Draft>,
    reactions: Vec<(Micros, NodeId, usize, Reaction)>,
}

impl Drafts {
    /// Adds a post; says by which number reactions name it.
    pub fn push(&mut self, draft: Draft) -> usize {
        self.posts.push(draft);
        self.posts.len() - 1
    }

    /// Somebody reacts to a post.
    pub fn react(&mut self, at: Micros, node: NodeId, post: usize, reaction: Reaction) {
        self.reactions.push((at, node, post, reaction));
    }
}

/// A person's part of all activity, 1 in the mean.
fn activity(sigma: f64, rng: &mut impl Rng) -> f64 {
    if sigma == 0.0 {
        return 1.0;
    }
    // The median of a log-normal distribution whose mean is 1.
    LogNormal::new(-sigma * sigma / 2.0, sigma).map_or(1.0, |spread| spread.sample(rng))
}

/// How busy a moment is, 1 in the mean of a day.
fn busy(rhythm: Rhythm, epoch_ms: u64, utc_hours: f64, at: Micros) -> f64 {
    match rhythm {
        Rhythm::Even => 1.0,
        Rhythm::Day => {
            let hours = (epoch_ms as f64 / 1e3 + at as f64 / 1e6) / 3_600.0 + utc_hours;
            1.0 + SWING * ((hours - EVENING) / 24.0 * std::f64::consts::TAU).cos()
        }
    }
}

/// Lets people post on their rhythm.
pub fn chatter(
    scenario: &Scenario,
    cut: &Cut,
    nodes: &[NodePlan],
    lives: &Lives,
    chance: Chance,
    drafts: &mut Drafts,
) {
    let people = &scenario.people;
    let mut rng = chance.stream("posts");
    let from = people.from.micros();
    let until = people.until.unwrap_or(scenario.duration).micros();
    let members = cut.members.from..cut.members.to;
    let count = members.len().max(1) as f64;
    let each = people.posts.map(|rate| rate.0);
    let rate = each.or(people.posts_in_all.map(|rate| rate.0 / count)).unwrap_or(0.0);
    let busiest = if people.rhythm == Rhythm::Even { 1.0 } else { 1.0 + SWING };
    let regions = scenario.regions();
    let weights: Vec<f64> = members.clone().map(|_| activity(people.unequal.0, &mut rng)).collect();
    // Those who are drawn to be busy must not make all of them together busier than the scenario says.
    let scale = count / weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    for (node, weight) in members.zip(weights) {
        let seconds = (until - from) as f64 / 1e6;
        let utc_hours =
            regions.get(usize::from(nodes[node as usize].region)).map_or(0.0, |region| region.utc_hours);
        for _ in 0..poisson(rate * weight * scale * busiest * seconds, &mut rng) {
            let at = moment(from, until - from, &mut rng);
            let kept = rng.random::<f64>() * busiest < busy(people.rhythm, scenario.begins.0, utc_hours, at);
            if kept && lives.runs(node, at) {
                drafts.push(Draft { answers: Answers::Perhaps, ..Draft::said(at, node, None) });
            }
        }
    }
}

/// Lets sybils speak while the attack is on, and counts who is taken in by them.
pub fn campaign(
    scenario: &Scenario,
    cut: &Cut,
    told: &Told,
    chance: Chance,
    drafts: &mut Drafts,
) -> Vec<(NodeId, NodeId)> {
    let mut rng = chance.stream("campaign");
    let mut taken_in = Vec::new();
    let attacks: Vec<(Micros, Micros)> = told
        .phases
        .iter()
        .filter(|phase| phase.name == "attack")
        .map(|phase| (phase.from, phase.to))
        .collect();
    let honest: Vec<NodeId> = cut.honest().collect();
    for (adversary, numbers) in scenario.adversary.iter().zip(&cut.adversaries) {
        let Does::Sybil { posts, taken_in: share, .. } = adversary.does else { continue };
        for node in numbers.clone() {
            for (from, to) in &attacks {
                for _ in 0..poisson(posts.0 * (to - from) as f64 / 1e6, &mut rng) {
                    drafts.push(Draft::said(moment(*from, to - from, &mut rng), node, None));
                }
            }
        }
        let fooled = some(&honest, (share.0 * honest.len() as f64).round() as usize, &mut rng);
        taken_in.extend(fooled.into_iter().map(|node| (node, rng.random_range(numbers.clone()))));
    }
    taken_in
}

/// Gives posts their numbers in the order of time, finds what they answer, and adds what others make of them.
/// Returns the number of posts.
pub fn number(
    scenario: &Scenario,
    drafts: Drafts,
    follows: &[Vec<NodeId>],
    lives: &Lives,
    told: &Told,
    chance: Chance,
    into: &mut Vec<Happening>,
) -> PostId {
    let Drafts { posts, reactions } = drafts;
    let mut order: Vec<u32> = (0..posts.len() as u32).collect();
    order.sort_by_key(|draft| (posts[*draft as usize].at, posts[*draft as usize].node, *draft));
    let mut numbers = vec![0; posts.len()];
    for (number, draft) in (0..).zip(&order) {
        numbers[*draft as usize] = number;
    }
    let mut texts = chance.stream("texts");
    let mut replies = chance.stream("replies");
    let text = scenario.people.text.plan();
    let most = starling_protocol::limits::TEXT_CHARS as u32;
    let mut recent: Vec<VecDeque<(Micros, PostId)>> = vec![VecDeque::new(); follows.len()];
    for draft in &order {
        let Draft { at, node, bytes, answers } = posts[*draft as usize];
        let post = numbers[*draft as usize];
        let drawn = text.sample(&mut texts) as u32;
        let bytes = bytes.map_or(drawn, |bytes| bytes as u32).clamp(LEAST_TEXT, most);
        let reply_to = match answers {
            Answers::Nothing => None,
            Answers::Draft(draft) => numbers.get(draft).copied(),
            Answers::Perhaps if replies.random_bool(scenario.people.replies.0) => {
                parent(at, node, &follows[node as usize], &recent, told, &mut replies)
            }
            Answers::Perhaps => None,
        };
        into.push(Happening { at, what: What::Post { node, post, bytes, reply_to } });
        let mine = &mut recent[node as usize];
        mine.push_back((at, post));
        if mine.len() > ANSWERED {
            mine.pop_front();
        }
    }
    echoes(scenario, &posts, &order, follows, lives, told, chance, into);
    for (at, node, draft, reaction) in reactions {
        let post = numbers[draft];
        if lives.runs(node, at) && !told.apart(node, posts[draft].node, posts[draft].at, at) {
            into.push(Happening { at, what: reacted(reaction, node, post) });
        }
    }
    posts.len() as PostId
}

fn reacted(reaction: Reaction, node: NodeId, post: PostId) -> What {
    match reaction {
        Reaction::Boost => What::Boost(node, post),
        Reaction::Like => What::Like(node, post),
    }
}

/// A recent post that somebody could answer.
fn parent(
    at: Micros,
    node: NodeId,
    follows: &[NodeId],
    recent: &[VecDeque<(Micros, PostId)>],
    told: &Told,
    rng: &mut impl Rng,
) -> Option<PostId> {
    if follows.is_empty() {
        return None;
    }
    // Most people whom one follows said nothing lately; after some tries there is nothing to answer.
    (0..16).find_map(|_| {
        let author = follows[rng.random_range(0..follows.len())];
        let fresh = |(posted, _): &&(Micros, PostId)| {
            (READ..STALE).contains(&at.saturating_sub(*posted)) && !told.apart(node, author, *posted, at)
        };
        recent.get(author as usize)?.iter().rev().find(fresh).map(|(_, post)| *post)
    })
}

/// Followers pass posts on and like them.
#[expect(clippy::too_many_arguments, reason = "each is a part of the world that one look decides by")]
fn echoes(
    scenario: &Scenario,
    posts: &[Draft],
    order: &[u32],
    follows: &[Vec<NodeId>],
    lives: &Lives,
    told: &Told,
    chance: Chance,
    into: &mut Vec<Happening>,
) {
    let people = &scenario.people;
    if people.boosts.0 + people.likes.0 == 0.0 {
        return;
    }
    let mut followers = vec![Vec::new(); follows.len()];
    for (node, list) in (0..).zip(follows) {
        list.iter().for_each(|whom| followers[*whom as usize].push(node));
    }
    let mut rng = chance.stream("echoes");
    let until = people.until.unwrap_or(scenario.duration).micros();
    let soon = Exp::new(1.0 / REACTION).ok();
    for (post, draft) in (0..).zip(order) {
        let Draft { at, node: author, .. } = posts[*draft as usize];
        for (mean, reaction) in [(people.boosts.0, Reaction::Boost), (people.likes.0, Reaction::Like)] {
            let count = poisson(mean, &mut rng) as usize;
            for node in some(&followers[author as usize], count, &mut rng) {
                let after = soon.map_or(0.0, |soon| soon.sample(&mut rng)) * SEC as f64;
                let when = at + READ + after as Micros;
                if when < until && lives.runs(node, when) && !told.apart(node, author, at, when) {
                    into.push(Happening { at: when, what: reacted(reaction, node, post) });
                }
            }
        }
    }
}
