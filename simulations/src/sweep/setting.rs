//! Changes one setting in the text of a scenario, and leaves the rest, comments and lines, where it is.

use toml_edit::{DocumentMut, Item, Value};

/// Puts `value` at `key`, a path with dots such as `links.loss` or `event.0.at`. The value is TOML where it reads as
/// such, and a text otherwise, so that neither `0.01` nor `5m` needs quotes.
///
/// # Errors
/// A line that says what is wrong with the text or the path. Whether the scenario knows such a key is for its reader
/// to say.
pub fn set(text: &str, key: &str, value: &str) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let value: Value = value.parse().unwrap_or_else(|_| Value::from(value));
    let (path, last) = key.rsplit_once('.').map_or((None, key), |(path, last)| (Some(path), last));
    let mut at = document.as_item_mut();
    for part in path.into_iter().flat_map(|path| path.split('.')) {
        at = step(at, part).ok_or_else(|| format!("{key}: there is no {part} in the scenario"))?;
    }
    let slot = step(at, last).ok_or_else(|| format!("{key}: {last} cannot be put there"))?;
    let mut value = value;
    if let Some(old) = slot.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *slot = Item::Value(value);
    Ok(document.to_string())
}

/// The item of that name or number; in a table it is made if it is not there.
fn step<'i>(item: &'i mut Item, part: &str) -> Option<&'i mut Item> {
    match part.parse::<usize>() {
        Ok(number) if item.is_array_of_tables() || item.is_array() => item.get_mut(number),
        _ if item.is_table_like() => {
            let table = item.as_table_like_mut()?;
            Some(table.entry(part).or_insert_with(|| Item::Table(toml_edit::Table::new())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# what it asks\nnodes = 10 # few\nregions = [1, 2]\n\n[links]\nloss = 0.1\n\n[[event]]\nat = \"1m\"\n";

    fn check(key: &str, value: &str, expected: &str) {
        let changed = set(TEXT, key, value).unwrap();
        assert!(changed.contains(expected), "{key}={value}: {changed}");
        assert!(changed.contains("# what it asks"));
    }

    #[test]
    fn a_setting_is_changed_in_its_place() {
        check("nodes", "20", "nodes = 20 # few\n");
        check("links.loss", "0.25", "loss = 0.25\n");
        check("event.0.at", "5m", "at = \"5m\"\n");
        check("event.0.at", "\"5m\"", "at = \"5m\"\n");
        check("regions.1", "7", "regions = [1, 7]\n");
        check("links.queue", "4KiB", "[links]\nloss = 0.1\nqueue = \"4KiB\"\n");
        check("churn.share", "0.5", "[churn]\nshare = 0.5\n");
    }

    #[test]
    fn a_path_that_leads_nowhere_is_told() {
        for (key, expected) in [
            ("event.3.at", "event.3.at: there is no 3 in the scenario"),
            ("nodes.x", "nodes.x: x cannot be put there"),
            ("regions.9", "regions.9: 9 cannot be put there"),
        ] {
            assert_eq!(set(TEXT, key, "1"), Err(expected.into()), "{key}");
        }
        assert!(set("a = ", "a", "1").is_err());
    }
}
