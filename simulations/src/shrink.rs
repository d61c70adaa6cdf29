//! Finds a smaller world that fails in the same way: less time, fewer nodes, fewer happenings.
//!
//! Every candidate is run and asked whether it still fails; what is left out stays out only if it does. A world in
//! which less happens is read by a person, one in which a thousand nodes talk for a day is not.

mod condition;
mod cut;
mod fewer;
mod sound;

pub use condition::Condition;
pub use cut::{shortened, with_happenings, with_nodes};
pub use fewer::fewer;
pub use sound::sound;

use crate::plan::{Micros, NodeId, Plan, SEC};

/// The stages of the search, for a person who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// How long the world lasts.
    Time,
    /// Who is in it.
    Nodes,
    /// What happens.
    Happenings,
}

/// Why a candidate could not be asked any more: the search ends with what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enough;

/// Whoever runs candidates.
pub trait Trial {
    /// Whether the plan fails in the way that is looked into. An error ends the search.
    ///
    /// # Errors
    /// [`Enough`] after so many tries, or when interrupted.
    fn fails(&mut self, plan: &Plan, stage: Stage) -> Result<bool, Enough>;
}

/// A smaller plan that fails like `plan`, which is known to fail, at `at` if that is known.
pub fn smaller(plan: &Plan, at: Option<Micros>, trial: &mut impl Trial) -> Plan {
    let mut best = plan.clone();
    // The time first: everything after it is cheaper in a short world. Nodes next, with all that they do.
    loop {
        let size = |plan: &Plan| (plan.span, plan.nodes.len(), plan.happenings.len());
        let before = size(&best);
        let found = shorter(&mut best, at, trial)
            .and_then(|()| fewer_nodes(&mut best, trial))
            .and_then(|()| fewer_happenings(&mut best, trial));
        if found.is_err() || size(&best) == before {
            return best;
        }
    }
}

/// Halves the distance between the longest span that passes and the shortest that fails, down to a second.
fn shorter(best: &mut Plan, at: Option<Micros>, trial: &mut impl Trial) -> Result<(), Enough> {
    if let Some(at) = at.filter(|at| *at + SEC < best.span) {
        // What fails at a moment often fails in a world that ends there.
        take(best, shortened(best, at + SEC), Stage::Time, trial)?;
    }
    let mut passes = 0;
    while best.span.saturating_sub(passes) > SEC {
        let middle = u64::midpoint(passes, best.span);
        if !take(best, shortened(best, middle), Stage::Time, trial)? {
            passes = middle;
        }
    }
    Ok(())
}

fn fewer_nodes(best: &mut Plan, trial: &mut impl Trial) -> Result<(), Enough> {
    let whole = best.clone();
    let all: Vec<NodeId> = (0..whole.nodes.len() as NodeId).collect();
    let mut ended = false;
    let kept = fewer(all, |keep| ask(trial, &with_nodes(&whole, keep), Stage::Nodes, &mut ended));
    *best = with_nodes(&whole, &kept);
    if ended { Err(Enough) } else { Ok(()) }
}

fn fewer_happenings(best: &mut Plan, trial: &mut impl Trial) -> Result<(), Enough> {
    let whole = best.clone();
    let all: Vec<usize> = (0..whole.happenings.len()).collect();
    let mut ended = false;
    let kept = fewer(all, |keep| ask(trial, &with_happenings(&whole, keep), Stage::Happenings, &mut ended));
    *best = with_happenings(&whole, &kept);
    if ended { Err(Enough) } else { Ok(()) }
}

fn ask(trial: &mut impl Trial, plan: &Plan, stage: Stage, ended: &mut bool) -> Option<bool> {
    let answer = trial.fails(plan, stage).ok();
    *ended |= answer.is_none();
    answer
}

/// Takes a candidate that fails as well.
fn take(best: &mut Plan, candidate: Plan, stage: Stage, trial: &mut impl Trial) -> Result<bool, Enough> {
    let fails = trial.fails(&candidate, stage)?;
    if fails {
        *best = candidate;
    }
    Ok(fails)
}

#[cfg(test)]
mod tests;
