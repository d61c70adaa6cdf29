//! The rows of a sweep as a table: a column for each number that a run found, and medians with ranges over the seeds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Row;

/// What a finished row found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which.
    pub row: Row,
    /// Its values by name: those of nested objects have names with dots.
    pub values: Vec<(String, Value)>,
}

impl Found {
    /// Takes what can stand in a table out of a run's object.
    pub fn new(row: Row, run: &Value) -> Self {
        let mut values = Vec::new();
        flatten("", run, &mut values);
        Self { row, values }
    }

    /// A number by its name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(key, _)| key == name)?.1.as_f64()
    }
}

/// Most items of a list that get columns of their own: heals are few, and what is longer has no place in a cell.
const ITEMS: usize = 4;

fn flatten(name: &str, value: &Value, to: &mut Vec<(String, Value)>) {
    match value {
        // The latencies of all deliveries, of all groups that there are.
        Value::Array(groups) if name == "latency" => {
            if let Some(all) = groups.iter().find(|group| group["kind"] == "all") {
                // Which group it is needs no column.
                let figures = all.as_object().into_iter().flatten();
                for (key, value) in figures.filter(|(key, _)| !matches!(key.as_str(), "kind" | "group")) {
                    flatten(&format!("{name}.{key}"), value, to);
                }
            }
        }
        Value::Array(items) if items.len() <= ITEMS && items.iter().all(Value::is_object) => {
            for (number, item) in items.iter().enumerate() {
                flatten(&format!("{name}.{number}"), item, to);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(&name, value, to);
            }
        }
        Value::Array(_) | Value::Null => {}
        value => to.push((name.to_owned(), value.clone())),
    }
}

/// The table as CSV: number and settings first, then what the runs found, in the order in which it first occurs.
///
/// # Errors
/// None of its own: what cannot be written in memory cannot be written anywhere.
pub fn csv(rows: &[Found]) -> Result<Vec<u8>, csv::Error> {
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        for (name, _) in &row.values {
            if name != "seed" && !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let settings = rows.first().map_or(&[][..], |row| &row.row.settings);
    let settings = settings.iter().map(|(key, _)| format!("set.{key}"));
    let head = ["row".to_owned(), "seed".to_owned()].into_iter().chain(settings);
    writer.write_record(head.chain(columns.iter().map(|name| (*name).to_owned())))?;
    for Found { row, values } in rows {
        let values: BTreeMap<&str, &Value> =
            values.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let cell = |name: &&str| values.get(name).map_or(String::new(), |value| shown(value));
        let fixed = [row.number.to_string(), row.seed.to_string()];
        let settings = row.settings.iter().map(|(_, value)| value.clone());
        writer.write_record(fixed.into_iter().chain(settings).chain(columns.iter().map(cell)))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A metric over the seeds of one combination of settings.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Range {
    /// The least.
    pub least: f64,
    /// As many are smaller as are larger.
    pub median: f64,
    /// The most.
    pub most: f64,
    /// Runs that have it.
    pub runs: usize,
}

/// Settings with their values, in the order of the axes.
pub type Settings = Vec<(String, String)>;

/// Each combination of settings, in the order of the rows, with the range of one metric; none where no run has it.
pub fn ranges(rows: &[Found], metric: &str) -> Vec<(Settings, Option<Range>)> {
    let mut groups: Vec<(&Settings, Vec<f64>)> = Vec::new();
    for found in rows {
        let settings = &found.row.settings;
        let number = found.number(metric);
        match groups.iter_mut().find(|(known, _)| *known == settings) {
            Some((_, numbers)) => numbers.extend(number),
            None => groups.push((settings, number.into_iter().collect())),
        }
    }
    groups.into_iter().map(|(settings, numbers)| (settings.clone(), range(numbers))).collect()
}

fn range(mut numbers: Vec<f64>) -> Option<Range> {
    numbers.sort_unstable_by(f64::total_cmp);
    let (least, most) = (*numbers.first()?, *numbers.last()?);
    let (low, high) = (numbers.get((numbers.len() - 1) / 2)?, numbers.get(numbers.len() / 2)?);
    Some(Range { least, median: f64::midpoint(*low, *high), most, runs: numbers.len() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(number: usize, value: &str, run: &Value) -> Found {
        let settings = vec![("links.loss".to_owned(), value.to_owned())];
        Found::new(Row { number, seed: number as u64, settings }, run)
    }

    #[test]
    fn a_column_for_each_number_a_row_for_each_run() {
        let rows = [
            found(
                0,
                "0.1",
                &json!({ "layer": "model", "latency": [{ "kind": "hops", "p50": 9 }, { "kind": "all", "p50": 1.5 }] }),
            ),
            found(
                1,
                "a, b",
                &json!({ "layer": "model", "heals": [{ "missing": null }], "regions": ["x"], "late": 3 }),
            ),
        ];
        let table = String::from_utf8(csv(&rows).unwrap()).unwrap();
        let expected =
            "row,seed,set.links.loss,latency.p50,layer,late\n0,0,0.1,1.5,model,\n1,1,\"a, b\",,model,3\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn a_range_is_over_the_seeds_of_one_setting() {
        let rows: Vec<Found> = [("1", 4.0), ("1", 1.0), ("2", 5.0), ("1", 2.0), ("1", 9.0)]
            .iter()
            .enumerate()
            .map(|(number, (value, metric))| found(number, value, &json!({ "m": metric })))
            .collect();
        let ranges = ranges(&rows, "m");
        assert_eq!(ranges[0].1, Some(Range { least: 1.0, median: 3.0, most: 9.0, runs: 4 }));
        assert_eq!(ranges[1].1, Some(Range { least: 5.0, median: 5.0, most: 5.0, runs: 1 }));
        assert_eq!(super::ranges(&rows, "other")[0].1, None);
    }
}
