//! Chance: a stream for each purpose, so that what is drawn for one never moves what is drawn for another. A world
//! with one event more has the same graph and the same people.

use rand::{Rng, RngExt, seq::index};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, Poisson};

use crate::{people, plan::NodeId};

/// Where streams come from.
#[derive(Debug, Clone, Copy)]
pub struct Chance(pub u64);

impl Chance {
    /// The stream for a purpose.
    pub fn stream(self, purpose: &str) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(people::derive(self.0, NodeId::MAX, &format!("world {purpose}")))
    }
}

/// How often something happens that happens so often in the mean.
pub fn poisson(mean: f64, rng: &mut impl Rng) -> u64 {
    Poisson::new(mean).map_or(0, |spread| spread.sample(rng) as u64)
}

/// Whole numbers that come to `total`, as near to the shares as can be; what is left over goes to the largest
/// remainders.
pub fn apportion(total: usize, shares: &[f64]) -> Vec<usize> {
    let sum: f64 = shares.iter().sum();
    let exact: Vec<f64> =
        shares.iter().map(|share| share / sum.max(f64::MIN_POSITIVE) * total as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|exact| exact.floor() as usize).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()).then(a.cmp(b)));
    let missing = total.saturating_sub(counts.iter().sum());
    for part in order.into_iter().cycle().take(missing) {
        counts[part] += 1;
    }
    counts
}

/// So many of `from`, none twice, in no order; all of them if there are not so many.
pub fn some(from: &[NodeId], count: usize, rng: &mut impl Rng) -> Vec<NodeId> {
    index::sample(rng, from.len(), count.min(from.len())).iter().map(|place| from[place]).collect()
}

/// One of `from`.
pub fn one(from: &[NodeId], rng: &mut impl Rng) -> Option<NodeId> {
    (!from.is_empty()).then(|| from[rng.random_range(0..from.len())])
}

/// Any moment of a stretch of time.
pub fn moment(from: u64, lasts: u64, rng: &mut impl Rng) -> u64 {
    if lasts == 0 { from } else { from + rng.random_range(0..lasts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_become_whole_numbers_that_add_up() {
        assert_eq!(apportion(10, &[0.5, 0.5]), [5, 5]);
        assert_eq!(apportion(10, &[1.0 / 3.0; 3]), [4, 3, 3]);
        assert_eq!(apportion(7, &[0.2, 0.3, 0.5]), [1, 2, 4]);
        assert_eq!(apportion(0, &[0.2, 0.8]), [0, 0]);
    }

    #[test]
    fn streams_of_different_purposes_differ_and_one_purpose_repeats() {
        let draw = |purpose| Chance(1).stream(purpose).random::<u64>();
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
        assert_ne!(Chance(2).stream("a").random::<u64>(), draw("a"));
    }
}
