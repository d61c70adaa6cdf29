//! The story of a scenario in less time, for tests: cuts, sessions and attacks take their part of the time that there
//! is. What belongs to the network stays as it is: latencies, and how fast a flood runs.

use super::{
    Scenario,
    event::{Does, Event, Happens},
    quantity::{Length, Rate},
    spread::{Drawn, Spread},
};

/// Posts that are said in a hurried world at least, if the scenario has people who post: without posts nothing can be
/// seen.
const SOME_POSTS: f64 = 30.0;

/// By which part times shrink.
#[derive(Clone, Copy)]
struct Hurry(f64);

impl Hurry {
    fn one(self, length: &mut Length) {
        length.0 = (length.0 as f64 * self.0) as u64;
    }

    fn some(self, length: &mut Option<Length>) {
        if let Some(length) = length {
            self.one(length);
        }
    }

    fn spread(self, spread: &mut Spread<Length>) {
        // What is drawn from has to stay above 0.
        let least = |length: &mut Length| {
            self.one(length);
            length.0 = length.0.max(1);
        };
        match spread {
            Spread::Fixed(value) => self.one(value),
            Spread::Drawn(Drawn::Uniform { from, to }) => {
                self.one(from);
                self.one(to);
            }
            Spread::Drawn(Drawn::Normal { mean, deviation }) => {
                self.one(mean);
                self.one(deviation);
            }
            Spread::Drawn(
                Drawn::LogNormal { median: value, .. }
                | Drawn::Exponential { mean: value }
                | Drawn::Pareto { least: value, .. }
                | Drawn::Weibull { scale: value, .. },
            ) => least(value),
        }
    }

    fn event(self, event: &mut Event) {
        self.one(&mut event.at);
        match &mut event.what {
            Happens::Partition { heal_after, every, .. } => {
                self.some(heal_after);
                self.some(every);
            }
            Happens::Stop { back_after, within, .. } => {
                self.some(back_after);
                self.one(within);
            }
            Happens::Start { within, .. }
            | Happens::Growth { within, .. }
            | Happens::Burst { within, .. }
            | Happens::FlashCrowd { within, .. }
            | Happens::Viral { within, .. } => self.one(within),
            _ => {}
        }
    }
}

impl Scenario {
    /// The same story told within `duration`, if it lasts longer, to be drawn with so many `nodes`. About as many posts
    /// a minute are said as ever, but at least a few; failures and restarts happen as often to a node as in the whole.
    pub fn hurried(&self, duration: Length, nodes: Option<u32>) -> Self {
        let mut told = self.clone();
        if self.duration <= duration {
            return told;
        }
        let hurry = Hurry(duration.0 as f64 / self.duration.0 as f64);
        told.duration = duration;
        hurry.one(&mut told.start.within);
        hurry.some(&mut told.follows.over);
        hurry.one(&mut told.people.from);
        hurry.some(&mut told.people.until);
        hurry.some(&mut told.measure.sample);
        if let Some(churn) = &mut told.churn {
            hurry.spread(&mut churn.session);
            hurry.spread(&mut churn.absence);
            hurry.some(&mut churn.until);
        }
        for failures in [&mut told.restarts, &mut told.crashes].into_iter().flatten() {
            failures.rate = Rate(failures.rate.0 / hurry.0);
            hurry.spread(&mut failures.down);
            hurry.some(&mut failures.until);
        }
        for adversary in &mut told.adversary {
            hurry.one(&mut adversary.from);
            hurry.some(&mut adversary.until);
            if let Does::Sybil { posts, .. } = &mut adversary.does {
                posts.0 *= more(posts.0 * duration.seconds(), 1.0);
            }
        }
        told.event.iter_mut().for_each(|event| hurry.event(event));
        let people = f64::from(nodes.unwrap_or(self.nodes));
        if let Some(rate) = &mut told.people.posts {
            rate.0 *= more(rate.0 * people * duration.seconds(), SOME_POSTS);
        }
        if let Some(rate) = &mut told.people.posts_in_all {
            rate.0 *= more(rate.0 * duration.seconds(), SOME_POSTS);
        }
        told
    }
}

/// By what a rate grows that gives so many in the time there is, to be enough for `least`.
fn more(now: f64, least: f64) -> f64 {
    if now <= 0.0 { 1.0 } else { (least / now).max(1.0) }
}
