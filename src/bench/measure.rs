//! One figure: what was found, what it is held against, and whether it will do.

use serde::Serialize;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    /// Its name; never changes, so that runs can be compared.
    pub measure: &'static str,
    /// The figure.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// What the same machine does at best, if the figure is a share of that.
    pub bound: Option<Bound>,
    /// The figure divided by the bound.
    pub ratio: Option<f64>,
    /// What it is to be.
    pub target: Target,
    /// Whether it is.
    pub met: bool,
    /// What else there is to say: how much was measured.
    pub note: String,
}

/// What a figure is a share of.
#[derive(Debug, Clone, Serialize)]
pub struct Bound {
    /// What it is.
    pub what: &'static str,
    /// How much, in the unit of the figure.
    pub value: f64,
}

/// What a figure is to be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// At least this share of the bound.
    Ratio(f64),
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
}

impl Measure {
    /// A figure that is a share of a bound.
    pub fn share(measure: &'static str, value: f64, unit: &'static str, bound: Bound, least: f64) -> Self {
        let ratio = value / bound.value;
        Self {
            measure,
            value,
            unit,
            bound: Some(bound),
            ratio: Some(ratio),
            target: Target::Ratio(least),
            met: ratio >= least,
            note: String::new(),
        }
    }

    /// A figure that must not be larger than `most`.
    pub fn most(measure: &'static str, value: f64, unit: &'static str, most: f64) -> Self {
        let (bound, ratio, target) = (None, None, Target::Most(most));
        Self { measure, value, unit, bound, ratio, target, met: value <= most, note: String::new() }
    }

    /// A figure that must not be smaller than `least`.
    pub fn least(measure: &'static str, value: f64, unit: &'static str, least: f64) -> Self {
        let (bound, ratio, target) = (None, None, Target::Least(least));
        Self { measure, value, unit, bound, ratio, target, met: value >= least, note: String::new() }
    }

    /// The same with something said about it.
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// The value below which `part` (0 to 1) of the samples lie; 0 if there are none.
pub fn percentile(samples: &mut [f64], part: f64) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((last as f64 * part).ceil() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let mut samples: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut samples, 0.5), 50.0);
        assert_eq!(percentile(&mut samples, 0.99), 99.0);
        assert_eq!(percentile(&mut samples, 1.0), 100.0);
        assert_eq!(percentile(&mut [], 0.5), 0.0);
    }

    #[test]
    fn a_target_is_met_or_not() {
        let bound = || Bound { what: "all there is", value: 10.0 };
        assert!(Measure::share("a", 8.0, "x", bound(), 0.8).met);
        assert!(!Measure::share("a", 7.9, "x", bound(), 0.8).met);
        assert!(Measure::most("a", 2.0, "x", 2.0).met);
        assert!(!Measure::most("a", 2.1, "x", 2.0).met);
    }
}
