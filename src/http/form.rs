//! Forms as the JSON that they stand for: many Mastodon clients send
//! `application/x-www-form-urlencoded`, with brackets in names for lists and objects.
//!
//! `id[]=1&id[]=2&fields[0][name]=a` is `{"id": ["1", "2"], "fields": {"0": {"name": "a"}}}`. Every
//! value is a text.

use serde_json::{Map, Value};

use super::error::Error;

/// Fields of a form: a profile at its limits has 20.
const FIELDS: usize = 256;
/// Names within names, as in `fields[0][name]`.
const DEPTH: usize = 4;

/// Reads a form.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    object(pairs.map(|pair| {
        let middle = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        Ok((decoded(&pair[..middle])?, decoded(pair.get(middle + 1..).unwrap_or_default())?))
    }))
}

/// Puts names with brackets and their values together.
pub(super) fn object(pairs: impl Iterator<Item = Result<(String, String), Error>>) -> Result<Value, Error> {
    let mut form = Map::new();
    for (count, pair) in pairs.enumerate() {
        if count == FIELDS {
            return Err(Error::Malformed(format!("it has more than {FIELDS} fields")));
        }
        let (name, value) = pair?;
        let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
        let mut path = vec![first];
        for part in rest.split_terminator(']') {
            path.push(part.strip_prefix('[').ok_or_else(|| unreadable(&name))?);
        }
        if path.len() > DEPTH {
            return Err(unreadable(&name));
        }
        insert(&mut form, &path, value).ok_or_else(|| unreadable(&name))?;
    }
    Ok(Value::Object(form))
}

fn unreadable(name: &str) -> Error {
    Error::Malformed(format!("the name {name:?} cannot be read, or is two things at once"))
}

/// None if the name is a list here and something else there.
fn insert(form: &mut Map<String, Value>, path: &[&str], value: String) -> Option<()> {
    match path {
        [] => return None,
        [name] => {
            form.insert((*name).to_owned(), Value::String(value));
        }
        [name, ""] => {
            let list = form.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut()?.push(Value::String(value));
        }
        [name, rest @ ..] => {
            let inner = form.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            insert(inner.as_object_mut()?, rest, value)?;
        }
    }
    Some(())
}

/// `+` is a space, `%41` a byte; what that makes must be UTF-8.
pub(super) fn decoded(text: &[u8]) -> Result<String, Error> {
    let bad = || Error::Malformed("a field is not UTF-8 in percent-encoding".into());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit().ok_or_else(bad)?, digit().ok_or_else(bad)?);
                (high * 16 + low) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_make_lists_and_objects() {
        let form = "status=a+b%26%C3%B1&id[]=1&id%5B%5D=2&f[0][name]=x&f[0][value]=&flag&=n";
        let expected = json!({
            "status": "a b&ñ",
            "id": ["1", "2"],
            "f": { "0": { "name": "x", "value": "" } },
            "flag": "",
            "": "n",
        });
        assert_eq!(parse(form.as_bytes()).unwrap(), expected);
        assert_eq!(parse(b"").unwrap(), json!({}));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let long = "a=1&".repeat(FIELDS + 1);
        for form in [
            "a=%",
            "a=%4",
            "a=%zz",
            "a=%ff",
            "%ff=a",
            "a=1&a[]=2",
            "a[]=1&a[b]=2",
            "a[b]=1&a[b][c]=2",
            "a[b]c=1",
            "a[b]c[d]=1",
            "a[1][2][3][4]=1",
            &long,
        ] {
            assert!(matches!(parse(form.as_bytes()), Err(Error::Malformed(_))), "{form}");
        }
    }
}
