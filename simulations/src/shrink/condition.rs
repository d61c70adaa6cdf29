//! What a run is to be: a metric, a comparison and a value, such as `delivery_ratio>=0.99`.

use std::{fmt, str::FromStr};

use serde_json::Value;

/// What has to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    metric: String,
    compared: Compared,
    value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// The signs, the longer before those that they begin with.
const SIGNS: [(&str, Compared); 6] = [
    ("<=", Compared::AtMost),
    (">=", Compared::AtLeast),
    ("==", Compared::Equal),
    ("<", Compared::Less),
    (">", Compared::More),
    ("=", Compared::Equal),
];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text.find(['<', '>', '=']).ok_or("no comparison in it: <, <=, =, >= or >")?;
        let (metric, rest) = text.split_at(at);
        let found = SIGNS.iter().find_map(|(sign, compared)| Some((*compared, rest.strip_prefix(sign)?)));
        let (compared, value) = found.ok_or("no comparison in it: <, <=, =, >= or >")?;
        let value = value.trim();
        let number = value.parse().ok().filter(|number: &f64| number.is_finite());
        let value = number.ok_or_else(|| format!("{value:?} is not a number"))?;
        let metric = metric.trim().to_owned();
        if metric.is_empty() {
            Err("no metric before the comparison".into())
        } else {
            Ok(Self { metric, compared, value })
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = SIGNS.iter().find(|(_, compared)| *compared == self.compared).map_or("", |(sign, _)| sign);
        write!(to, "{}{sign}{}", self.metric, self.value)
    }
}

impl Condition {
    /// Whether it holds in a run's metrics; dots in the metric lead into objects.
    ///
    /// # Errors
    /// If there is no such number among them.
    pub fn holds(&self, metrics: &Value) -> Result<bool, String> {
        let found = self.metric.split('.').try_fold(metrics, |value, part| value.get(part));
        let number =
            found.and_then(Value::as_f64).ok_or_else(|| format!("no metric {:?} in the run", self.metric))?;
        Ok(match self.compared {
            Compared::Less => number < self.value,
            Compared::AtMost => number <= self.value,
            Compared::Equal => number == self.value,
            Compared::AtLeast => number >= self.value,
            Compared::More => number > self.value,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, expected: Result<bool, &str>) {
        let metrics = json!({ "delivery_ratio": 0.99, "latency": { "p50_ms": 200 }, "name": "x" });
        let condition: Condition = text.parse().unwrap();
        assert_eq!(condition.holds(&metrics), expected.map_err(String::from), "{text}");
        assert_eq!(condition.to_string().parse(), Ok(condition));
    }

    #[test]
    fn metrics_are_compared() {
        check("delivery_ratio>=0.99", Ok(true));
        check("delivery_ratio > 0.99", Ok(false));
        check("delivery_ratio<=0.98", Ok(false));
        check("latency.p50_ms<200.5", Ok(true));
        check("latency.p50_ms=200", Ok(true));
        check("latency.p50_ms == 201", Ok(false));
        check("name>1", Err("no metric \"name\" in the run"));
        check("latency>1", Err("no metric \"latency\" in the run"));
    }

    #[test]
    fn what_is_no_condition_is_told_why() {
        for (text, expected) in [
            ("delivery_ratio", "no comparison in it: <, <=, =, >= or >"),
            (">1", "no metric before the comparison"),
            ("x>=", "\"\" is not a number"),
            ("x<NaN", "\"NaN\" is not a number"),
        ] {
            assert_eq!(text.parse::<Condition>(), Err(expected.into()), "{text}");
        }
    }
}
