//! The text of a scenario, and errors that point at the line in it.
//!
//! A table with a `kind` is read as an enum. The form that keeps the place of every key while it is read is
//! `{ kind-name = { … } }`, so [`shaped`] brings `{ kind = "kind-name", … }` into that form first.

use std::{fmt, ops::Range, path::PathBuf};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What is wrong with a scenario.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in its text, at a line.
    #[error("{0}")]
    At(Box<Located>),
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// There is neither a file nor a shipped scenario of that name.
    #[error("there is no file and no shipped scenario called {name}{}", near(nearest))]
    Unknown {
        /// The name.
        name: String,
        /// The one that it looks like.
        nearest: Option<String>,
    },
}

fn near(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// An error at a place of a file. Prints as `FILE:LINE:COL: message` with the line below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in a line.
    pub message: String,
    /// The line itself.
    pub text: String,
    /// How many of its characters are meant.
    pub width: usize,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, text, width } = self;
        write!(f, "{file}:{line}:{column}: {message}")?;
        if text.trim().is_empty() {
            return Ok(());
        }
        let margin = " ".repeat(line.to_string().len());
        // Tabs stay tabs, so that the mark stands below what it means.
        let before = text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' });
        let before: String = before.collect();
        write!(f, "\n {margin} |\n {line} | {text}\n {margin} | {before}{}", "^".repeat((*width).max(1)))
    }
}

/// Something that cannot be, at a place in the tables of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Keys and numbers of array items, with dots between: `event.2.at`. Empty for the whole.
    pub path: String,
    /// What is wrong, in a line.
    pub message: String,
}

impl Fault {
    /// Makes one.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// A text with the name that errors call it by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Name of the file.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// The tables that must say their kind, by the key they stand under.
const KINDS: [&str; 5] = ["topology", "follows", "latency", "event", "adversary"];

impl Source {
    /// Reads a value from the text.
    ///
    /// # Errors
    /// Where it is no TOML, or not what it has to be.
    pub fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Error> {
        let root = DeTable::parse(&self.text).map_err(|error| self.read_error(&error))?;
        let span = root.span();
        let table = root.into_inner().into_iter().map(|(key, value)| {
            let value = shaped(value, key.get_ref()).map_err(|(span, message)| self.at(span, message))?;
            Ok((key, value))
        });
        let table = Spanned::new(span, table.collect::<Result<DeTable<'_>, Error>>()?);
        T::deserialize(toml::Deserializer::from(table)).map_err(|error| self.read_error(&error))
    }

    /// The error of something that cannot be.
    pub fn fault(&self, fault: Fault) -> Error {
        let span = DeTable::parse(&self.text).map(|root| find(&root, &fault.path)).unwrap_or(0..0);
        self.at(span, fault.message)
    }

    /// An error at the line that begins at an offset.
    pub fn at_offset(&self, begin: usize, message: String) -> Error {
        let begin = begin.min(self.text.len());
        let end = self.text[begin..].find(['\n', '\r']).map_or(self.text.len(), |end| begin + end);
        self.at(begin..end, message)
    }

    fn read_error(&self, error: &toml::de::Error) -> Error {
        self.at(error.span().unwrap_or(0..0), reworded(error.message()))
    }

    fn at(&self, span: Range<usize>, message: String) -> Error {
        let text = &self.text;
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let shown = text[begin..end].trim_end_matches('\r');
        let marked = span.end.clamp(start, begin + shown.len().max(start - begin));
        Error::At(Box::new(Located {
            file: self.name.clone(),
            line: text[..begin].matches('\n').count() + 1,
            column: text[begin..start].chars().count() + 1,
            message,
            text: shown.to_owned(),
            width: text.get(start..marked).map_or(1, |marked| marked.chars().count()),
        }))
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Where a path leads, or the last place on the way there that exists.
fn find(root: &Spanned<DeTable<'_>>, path: &str) -> Range<usize> {
    let mut span = 0..0;
    let mut table = Some(root.get_ref());
    let mut array = None;
    for part in path.split('.') {
        let next: Option<&Value<'_>> = match (table, array) {
            (Some(table), _) => table.get(part),
            (_, Some(array)) => {
                let array: &toml::de::DeArray<'_> = array;
                part.parse::<usize>().ok().and_then(|index| array.get(index))
            }
            _ => None,
        };
        let Some(next) = next else { break };
        span = next.span();
        (table, array) = match next.get_ref() {
            DeValue::Table(table) => (Some(table), None),
            DeValue::Array(array) => (None, Some(array)),
            _ => (None, None),
        };
    }
    span
}

/// Keys that stay beside the enum of a table with a kind, and the key that the enum goes under.
fn beside(place: &str) -> Option<(&'static [&'static str], &'static str)> {
    match place {
        "event" => Some((&["at"], "what")),
        "adversary" => Some((&["count", "share", "from", "until"], "does")),
        "follows" => Some((&["signed", "over"], "graph")),
        _ => None,
    }
}

/// Brings every table that has a kind into the form that enums are read from.
fn shaped<'a>(value: Value<'a>, place: &str) -> Result<Value<'a>, (Range<usize>, String)> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| shaped(item, place));
            DeValue::Array(items.collect::<Result<Vec<_>, _>>()?.into_iter().collect())
        }
        DeValue::Table(table) => {
            let mut kind = None;
            let mut rest = DeTable::new();
            for (key, value) in table {
                if key.get_ref() == "kind" && matches!(value.get_ref(), DeValue::String(_)) {
                    kind = Some(value);
                    continue;
                }
                let value = shaped(value, key.get_ref())?;
                rest.insert(key, value);
            }
            match kind {
                None if KINDS.contains(&place) => {
                    return Err((span, format!("[{place}] has to say its `kind`")));
                }
                None => DeValue::Table(rest),
                Some(kind) => DeValue::Table(tagged(kind, rest, place, &span)),
            }
        }
        other => other,
    };
    Ok(Spanned::new(span, value))
}

fn tagged<'a>(kind: Value<'a>, rest: DeTable<'a>, place: &str, span: &Range<usize>) -> DeTable<'a> {
    let at = kind.span();
    let name = match kind.into_inner() {
        DeValue::String(name) => name,
        _ => Default::default(),
    };
    let (stay, under) = beside(place).unwrap_or((&[], ""));
    let (mut outer, mut inner) = (DeTable::new(), DeTable::new());
    for (key, value) in rest {
        let stays = stay.contains(&key.get_ref().as_ref());
        if stays {
            outer.insert(key, value)
        } else {
            inner.insert(key, value)
        };
    }
    let mut choice = DeTable::new();
    choice.insert(Spanned::new(at, name), Spanned::new(span.clone(), DeValue::Table(inner)));
    if under.is_empty() {
        return choice;
    }
    outer
        .insert(Spanned::new(span.clone(), under.into()), Spanned::new(span.clone(), DeValue::Table(choice)));
    outer
}

/// Says an error of the reader in one line, with the name that was perhaps meant.
fn reworded(message: &str) -> String {
    // Tables of a kind are compared as a whole: `unexpected keys in table: a, b, available keys: c, d`.
    if let Some((unknown, known)) = message
        .strip_prefix("unexpected keys in table: ")
        .and_then(|rest| rest.split_once(", available keys: "))
    {
        let name = unknown.split(", ").next().unwrap_or(unknown);
        return unknown_name(
            "key",
            name,
            &known.split(", ").filter(|name| !name.is_empty()).collect::<Vec<_>>(),
        );
    }
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.split_first() {
        Some((name, known)) if message.starts_with("unknown field") => unknown_name("key", name, known),
        Some((name, known)) if message.starts_with("unknown variant") => unknown_name("kind", name, known),
        _ if message.starts_with("wanted exactly 1 element") => "this table has to say its `kind`".into(),
        _ => message.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn unknown_name(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no {what} `{name}` here; did you mean `{near}`?"),
        None if known.is_empty() => format!("there is no {what} `{name}` here, and no other"),
        None => format!("there is no {what} `{name}` here; there are {}", known.join(", ")),
    }
}

/// The known name that a mistyped one looks like.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Two slips, or a third of a long name: beyond that a guess misleads.
    let allowed = (name.chars().count() / 3).max(2);
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    near.filter(|(distance, _)| *distance <= allowed).min().map(|(_, known)| known)
}
