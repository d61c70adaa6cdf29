//! Which worlds a sweep runs: every seed with every combination of settings, numbered so that anybody who knows the
//! sweep finds the same row under the same number.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Rows of a sweep at most: enough for a thousand seeds of a thousand settings, and a mistyped range ends in a line
/// rather than in a list that fills the memory.
pub const MOST_ROWS: usize = 1_000_000;

/// Seeds, as a person writes them: `7`, `1,2,5` or `1..20`, which holds both ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds(pub Vec<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut seeds = Vec::new();
        let number = |text: &str| text.trim().parse().map_err(|_| format!("{text:?} is not a seed"));
        for part in text.split(',') {
            let Some((from, to)) = part.split_once("..") else {
                seeds.push(number(part)?);
                continue;
            };
            let (from, to) = (number(from)?, number(to.trim_start_matches('='))?);
            if to < from || to - from >= MOST_ROWS as u64 {
                return Err(format!("{part:?} is not a range of seeds, such as 1..20"));
            }
            seeds.extend(from..=to);
        }
        Ok(Self(seeds))
    }
}

/// A setting of the scenario and the values that it takes in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// Its place in the scenario, such as `links.loss` or `event.0.at`.
    pub key: String,
    /// The values, as TOML or as plain text.
    pub values: Vec<String>,
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, values) = text.split_once('=').ok_or("it is KEY=VALUE or KEY=VALUE,VALUE")?;
        let key = key.trim();
        if key.is_empty() || key.split('.').any(str::is_empty) {
            return Err(format!("{key:?} is not the place of a setting, such as links.loss"));
        }
        let values: Vec<String> = split(values).into_iter().map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            return Err(format!("a value of {key} is empty"));
        }
        Ok(Self { key: key.to_owned(), values })
    }
}

/// At commas that are in no brackets and no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut from) = (0_u32, None, 0);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Seeds and axes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Seeds, which vary fastest.
    pub seeds: Seeds,
    /// Settings; the last varies fastest among them.
    pub axes: Vec<Axis>,
}

/// One world of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 0.
    pub number: usize,
    /// What it is drawn from.
    pub seed: u64,
    /// Settings that differ from the scenario's, in the order of the axes.
    pub settings: Vec<(String, String)>,
}

impl Grid {
    /// How many worlds; none if there are more than [`MOST_ROWS`].
    pub fn rows(&self) -> Option<usize> {
        let factors = self.axes.iter().map(|axis| axis.values.len()).chain([self.seeds.0.len()]);
        let rows = factors.into_iter().try_fold(1_usize, usize::checked_mul)?;
        (rows <= MOST_ROWS).then_some(rows)
    }

    /// A world by its number.
    pub fn row(&self, number: usize) -> Option<Row> {
        if number >= self.rows()? {
            return None;
        }
        let seeds = self.seeds.0.len();
        let mut rest = number / seeds;
        let mut settings = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            let value = axis.values.get(rest % axis.values.len())?;
            settings.push((axis.key.clone(), value.clone()));
            rest /= axis.values.len();
        }
        settings.reverse();
        Some(Row { number, seed: *self.seeds.0.get(number % seeds)?, settings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_lists_and_ranges() {
        let check =
            |text: &str, expected: &[u64]| assert_eq!(text.parse(), Ok(Seeds(expected.into())), "{text}");
        check("7", &[7]);
        check("1..3", &[1, 2, 3]);
        check("1..=3,9", &[1, 2, 3, 9]);
        for bad in ["", "x", "3..1", "1..", "0..99999999999", "-1"] {
            assert!(bad.parse::<Seeds>().is_err(), "{bad}");
        }
    }

    #[test]
    fn values_may_hold_commas_in_brackets_and_quotes() {
        let axis: Axis = "a.b=1, [2,3],\"x,y\",{ z = 1, w = 2 }".parse().unwrap();
        assert_eq!(axis.key, "a.b");
        assert_eq!(axis.values, ["1", "[2,3]", "\"x,y\"", "{ z = 1, w = 2 }"]);
        for bad in ["a", "=1", "a.=1", "a=", "a=1,,2"] {
            assert!(bad.parse::<Axis>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_combination_has_one_number() {
        let axes = vec!["a=1,2".parse().unwrap(), "b=x,y,z".parse().unwrap()];
        let grid = Grid { seeds: "5..6".parse().unwrap(), axes };
        assert_eq!(grid.rows(), Some(12));
        let rows: Vec<Row> = (0..12).map(|number| grid.row(number).unwrap()).collect();
        let shown = |row: &Row| format!("{} {}{}", row.seed, row.settings[0].1, row.settings[1].1);
        let shown: Vec<String> = rows.iter().map(shown).collect();
        assert_eq!(shown[..5], ["5 1x", "6 1x", "5 1y", "6 1y", "5 1z"]);
        assert_eq!(shown.iter().collect::<std::collections::BTreeSet<_>>().len(), 12);
        assert_eq!(grid.row(12), None);
        let axes = vec![Axis { key: "a".into(), values: vec![String::new(); 1 << 11] }; 2];
        assert_eq!(Grid { seeds: Seeds(vec![1]), axes }.rows(), None);
    }
}
