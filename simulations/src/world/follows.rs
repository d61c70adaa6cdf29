//! Who follows whom.

use rand::{Rng, RngExt, seq::SliceRandom, seq::index};

use super::{chance::poisson, community::Communities};
use crate::plan::NodeId;

/// People who may follow and be followed: a range of numbers.
#[derive(Debug, Clone, Copy)]
pub struct Members {
    /// The first.
    pub from: NodeId,
    /// The one after the last.
    pub to: NodeId,
}

impl Members {
    /// How many there are.
    pub fn count(&self) -> u32 {
        self.to - self.from
    }

    fn all(&self) -> std::ops::Range<NodeId> {
        self.from..self.to
    }
}

/// How many somebody follows.
fn many(mean: f64, members: Members, rng: &mut impl Rng) -> usize {
    (poisson(mean, rng) as usize).min(members.count().saturating_sub(1) as usize)
}

/// So many of a range of numbers, none twice, and not `me`.
fn others(me: NodeId, from: NodeId, to: NodeId, count: usize, rng: &mut impl Rng) -> Vec<NodeId> {
    let within = (from..to).contains(&me);
    let size = (to.saturating_sub(from) - u32::from(within)) as usize;
    let picked = index::sample(rng, size, count.min(size));
    let number = |place: usize| {
        let number = from + place as NodeId;
        // The numbers from mine on move up by one: I am left out.
        if within && number >= me { number + 1 } else { number }
    };
    picked.iter().map(number).collect()
}

/// Anybody follows anybody.
pub fn random(nodes: u32, members: Members, mean: f64, rng: &mut impl Rng) -> Vec<Vec<NodeId>> {
    let mut follows = vec![Vec::new(); nodes as usize];
    for me in members.all() {
        let count = many(mean, members, rng);
        follows[me as usize] = sorted(others(me, members.from, members.to, count, rng));
    }
    follows
}

/// Some are followed by many. Whoever is at rank r of popularity is followed in proportion to r^(-1/(exponent-1)),
/// which gives numbers of followers with that exponent.
pub fn power_law(
    nodes: u32,
    members: Members,
    mean: f64,
    exponent: f64,
    rng: &mut impl Rng,
) -> Vec<Vec<NodeId>> {
    let mut ranks: Vec<NodeId> = members.all().collect();
    ranks.shuffle(rng);
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=ranks.len())
        .map(|rank| {
            sum += (rank as f64).powf(-1.0 / (exponent - 1.0));
            sum
        })
        .collect();
    let mut follows = vec![Vec::new(); nodes as usize];
    let mut picked = vec![NodeId::MAX; nodes as usize];
    for me in members.all() {
        let count = many(mean, members, rng);
        let mut mine = Vec::with_capacity(count);
        // Who follows nearly everybody draws the same popular people again and again: the rest comes by even chance.
        for _ in 0..count * 20 {
            if mine.len() == count {
                break;
            }
            let at = rng.random::<f64>() * sum;
            let whom = ranks[sums.partition_point(|sum| *sum <= at).min(ranks.len() - 1)];
            if whom != me && picked[whom as usize] != me {
                picked[whom as usize] = me;
                mine.push(whom);
            }
        }
        if mine.len() < count {
            let rest: Vec<NodeId> =
                members.all().filter(|whom| *whom != me && picked[*whom as usize] != me).collect();
            mine.extend(super::chance::some(&rest, count - mine.len(), rng));
        }
        follows[me as usize] = sorted(mine);
    }
    follows
}

/// Groups whose members mostly follow each other.
pub fn communities(
    groups: &Communities,
    members: Members,
    mean: f64,
    inside: f64,
    rng: &mut impl Rng,
) -> Vec<Vec<NodeId>> {
    let mut follows = vec![Vec::new(); groups.nodes as usize];
    for me in members.all() {
        let count = many(mean, members, rng);
        let (from, to) = groups.people(groups.of(me));
        let (from, to) = (from.clamp(members.from, members.to), to.clamp(members.from, members.to));
        let near = (to - from).saturating_sub(1) as usize;
        let far = (members.count() - (to - from)) as usize;
        let within = (0..count).filter(|_| rng.random_bool(inside)).count();
        // What does not fit inside is followed outside, and the other way round.
        let within = within.max(count.saturating_sub(far)).min(near);
        let mut mine = others(me, from, to, within, rng);
        let beyond = index::sample(rng, far, (count - within).min(far));
        let place = |place: usize| {
            let number = members.from + place as NodeId;
            if number >= from { number + (to - from) } else { number }
        };
        mine.extend(beyond.iter().map(place));
        follows[me as usize] = sorted(mine);
    }
    follows
}

/// Everybody follows everybody.
pub fn full(nodes: u32, members: Members) -> Vec<Vec<NodeId>> {
    let mut follows = vec![Vec::new(); nodes as usize];
    for me in members.all() {
        follows[me as usize] = members.all().filter(|whom| *whom != me).collect();
    }
    follows
}

/// Everybody follows the first few.
pub fn stars(nodes: u32, members: Members, count: u32) -> Vec<Vec<NodeId>> {
    let mut follows = vec![Vec::new(); nodes as usize];
    for me in members.all() {
        follows[me as usize] = members.all().take(count as usize).filter(|whom| *whom != me).collect();
    }
    follows
}

/// As a list says.
pub fn listed(nodes: u32, pairs: &[(NodeId, NodeId)]) -> Vec<Vec<NodeId>> {
    let mut follows = vec![Vec::new(); nodes as usize];
    for (me, whom) in pairs {
        follows[*me as usize].push(*whom);
    }
    follows.into_iter().map(sorted).collect()
}

fn sorted(mut list: Vec<NodeId>) -> Vec<NodeId> {
    list.sort_unstable();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::chance::Chance;

    fn lawful(follows: &[Vec<NodeId>], members: Members) {
        for (me, list) in follows.iter().enumerate() {
            assert!(list.is_sorted_by(|a, b| a < b), "somebody is followed twice");
            assert!(!list.contains(&(me as NodeId)), "{me} follows themselves");
            assert!(list.iter().all(|whom| members.all().contains(whom)), "a stranger is followed");
        }
    }

    fn mean(follows: &[Vec<NodeId>], members: Members) -> f64 {
        follows.iter().map(Vec::len).sum::<usize>() as f64 / f64::from(members.count())
    }

    #[test]
    fn people_follow_as_many_as_the_mean_says() {
        let members = Members { from: 10, to: 990 };
        let mut rng = Chance(1).stream("test");
        let groups = Communities::new(1000, 10, 100);
        for follows in [
            random(1000, members, 30.0, &mut rng),
            power_law(1000, members, 30.0, 2.3, &mut rng),
            communities(&groups, members, 30.0, 0.9, &mut rng),
        ] {
            lawful(&follows, members);
            assert!((29.0..31.0).contains(&mean(&follows, members)));
            assert!(follows[..10].iter().chain(&follows[990..]).all(Vec::is_empty));
        }
    }

    #[test]
    fn the_popular_are_followed_by_many() {
        let members = Members { from: 0, to: 2000 };
        let follows = power_law(2000, members, 20.0, 2.2, &mut Chance(1).stream("test"));
        let mut followers = vec![0; 2000];
        follows.iter().flatten().for_each(|whom| followers[*whom as usize] += 1);
        followers.sort_unstable();
        assert!(followers[1999] > 400, "the most popular has {} followers", followers[1999]);
        assert!(followers[1000] < 20, "half have {} followers", followers[1000]);
    }

    #[test]
    fn small_worlds_are_clipped_and_not_endless() {
        let members = Members { from: 0, to: 5 };
        let mut rng = Chance(1).stream("test");
        let groups = Communities::new(5, 0, 2);
        for follows in [
            random(5, members, 100.0, &mut rng),
            power_law(5, members, 100.0, 2.1, &mut rng),
            communities(&groups, members, 100.0, 0.9, &mut rng),
        ] {
            lawful(&follows, members);
            assert!(follows.iter().all(|list| list.len() == 4), "{follows:?}");
        }
    }

    #[test]
    fn follows_stay_in_the_community_as_often_as_the_share_says() {
        let members = Members { from: 0, to: 1000 };
        let groups = Communities::new(1000, 0, 100);
        let follows = communities(&groups, members, 20.0, 0.9, &mut Chance(1).stream("test"));
        let pairs = follows
            .iter()
            .enumerate()
            .flat_map(|(me, list)| list.iter().map(move |whom| (me as NodeId, *whom)));
        let inside = pairs.filter(|(me, whom)| groups.of(*me) == groups.of(*whom)).count();
        let share = inside as f64 / follows.iter().map(Vec::len).sum::<usize>() as f64;
        assert!((0.88..0.92).contains(&share), "{share}");
    }
}
