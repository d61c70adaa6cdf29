//! What somebody looks for, as they write it.
//!
//! | written | found |
//! |---|---|
//! | `word other` | posts with both; the last word may go on |
//! | `"two words"` | in this order |
//! | `-word`, `-has:media` | without |
//! | `#tag` | with the tag |
//! | `from:me`, `from:star1…`, `from:name` | by this author |
//! | `before:`, `after:`, `during:` and a day, month or year | then, in UTC |
//! | `has:media`, `has:poll`, `has:link`, `has:quote`, `has:warning` | showing such |
//! | `is:reply`, `is:boost`, `is:quote`, `is:sensitive`, `is:edited` | being such |
//! | `language:gn` | in this language |
//!
//! What looks like one of these and is none is taken for words.

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::words::{self, Word};

/// Characters of a question that count: longer ones are pasted by mistake.
pub const QUERY_CHARS: usize = 1_000;
/// Parts of a question that count; each may cost as much as a question of its own.
pub const CLAUSES: usize = 16;
/// Words of a phrase that count.
const PHRASE: usize = 32;

/// A question: all of it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Its parts.
    pub clauses: Vec<Clause>,
}

/// One part of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Whether it must not hold.
    pub not: bool,
    /// What.
    pub what: What,
}

/// What must hold of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// These words, at these distances from the first. Whether the last, if it is the only one, may go on.
    Words(Vec<Word>, bool),
    /// This tag, folded.
    Tag(String),
    /// Who wrote it, as somebody wrote it.
    From(String),
    /// Written in these milliseconds since 1970.
    During(std::ops::Range<u64>),
    /// It has or is something: see [`FLAGS`].
    Flag(&'static str),
    /// This language, or a kind of it.
    Language(String),
}

/// What a post can have or be, by the words that ask for it.
pub const FLAGS: [(&str, &str); 14] = [
    ("has:media", "media"),
    ("has:image", "media"),
    ("has:poll", "poll"),
    ("has:link", "link"),
    ("has:embed", "link"),
    ("has:quote", "quote"),
    ("has:warning", "warning"),
    ("has:cw", "warning"),
    ("is:reply", "reply"),
    ("is:boost", "boost"),
    ("is:reblog", "boost"),
    ("is:quote", "quote"),
    ("is:sensitive", "warning"),
    ("is:edited", "edited"),
];

impl Query {
    /// Reads a question. None of them is wrong; some find nothing.
    pub fn parse(text: &str) -> Self {
        let mut clauses = Vec::new();
        for piece in pieces(text) {
            if clauses.len() == CLAUSES {
                break;
            }
            let Piece { not, quoted, text, last } = piece;
            let what = match quoted {
                true => run(text, false),
                false => operator(text).or_else(|| run(text, last)),
            };
            clauses.extend(what.map(|what| Clause { not, what }));
        }
        Self { clauses }
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Whether boosts are asked for; otherwise what they pass on is found, once.
    pub fn wants_boosts(&self) -> bool {
        self.clauses.iter().any(|clause| !clause.not && clause.what == What::Flag("boost"))
    }
}

struct Piece<'a> {
    not: bool,
    quoted: bool,
    text: &'a str,
    /// Whether it is the end of what was written, where somebody may still be writing.
    last: bool,
}

/// What stands between spaces, or between quotation marks.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let end = text.char_indices().nth(QUERY_CHARS).map_or(text.len(), |(at, _)| at);
    let mut rest = &text[..end];
    let mut pieces = Vec::new();
    let marks = ['"', '“', '”', '„', '«', '»'];
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return pieces };
        let not = first == '-' && rest.chars().nth(1).is_some_and(|next| !next.is_whitespace());
        let body = if not { &rest[1..] } else { rest };
        let Some(first) = body.chars().next() else { return pieces };
        if marks.contains(&first) {
            let inside = &body[first.len_utf8()..];
            let (text, after) = match inside.find(marks) {
                Some(at) => (&inside[..at], inside[at..].trim_start_matches(marks)),
                None => (inside, ""),
            };
            pieces.push(Piece { not, quoted: true, text, last: false });
            rest = after;
        } else {
            let end = body.find(|c: char| c.is_whitespace() || marks.contains(&c)).unwrap_or(body.len());
            pieces.push(Piece { not, quoted: false, text: &body[..end], last: end == body.len() });
            rest = &body[end..];
        }
    }
}

fn run(text: &str, last: bool) -> Option<What> {
    let (mut found, open) = words::asked(text);
    found.truncate(PHRASE);
    // One letter is the beginning of too much: only where it is a word, it is asked for as a beginning.
    let long = found.first().is_some_and(|word| word.form.len() > 1);
    let open = open && found.len() == 1 && long && (last || wide(&found));
    (!found.is_empty()).then_some(What::Words(found, open))
}

/// A single character of a script without spaces stands at the beginning of a pair, always.
fn wide(found: &[Word]) -> bool {
    let form = found.first().map_or("", |word| &word.form);
    !form.is_ascii()
        && words::asked(form).0.len() == 1
        && words::kept(form).len() == 1
        && form.chars().count() == 1
}

fn operator(text: &str) -> Option<What> {
    if let Some(tag) = text.strip_prefix(['#', '＃']) {
        let tag = words::fold(tag);
        return (!tag.is_empty()).then_some(What::Tag(tag));
    }
    let (name, value) = text.split_once(':')?;
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "from" if !value.is_empty() => Some(What::From(value.trim_start_matches('@').into())),
        "before" => Some(What::During(0..days(value)?.start)),
        "after" => Some(What::During(days(value)?.end..u64::MAX)),
        "during" | "on" => Some(What::During(days(value)?)),
        "language" | "lang" if !value.is_empty() => Some(What::Language(value.to_lowercase())),
        "has" | "is" => {
            let wanted = format!("{name}:{}", value.to_ascii_lowercase());
            let found = FLAGS.iter().find(|(written, _)| *written == wanted);
            found.map(|(_, flag)| What::Flag(flag))
        }
        _ => None,
    }
}

/// The milliseconds of a day, month or year.
fn days(text: &str) -> Option<std::ops::Range<u64>> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let (month, day) = (parts.next(), parts.next());
    let span = match (month, day) {
        (None, _) => 1.year(),
        (_, None) => 1.month(),
        _ => 1.day(),
    };
    let number = |part: Option<&str>| part.map_or(Some(1), |part| part.parse().ok());
    let first = Date::new(year, number(month)?, number(day)?).ok()?;
    let ms = |date: Date| {
        let at = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
        Some(u64::try_from(at).unwrap_or(0))
    };
    Some(ms(first)?..ms(first.checked_add(span).ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |clause: Clause| {
            let what = match clause.what {
                What::Words(words, open) => {
                    let words: Vec<_> = words.iter().map(|word| word.form.as_str()).collect();
                    format!("{}{}", words.join("+"), if open { "*" } else { "" })
                }
                What::Tag(tag) => format!("#{tag}"),
                What::From(who) => format!("from {who}"),
                What::During(when) => format!("{}..{}", when.start, when.end),
                What::Flag(flag) => format!("is {flag}"),
                What::Language(language) => format!("in {language}"),
            };
            format!("{}{what}", if clause.not { "-" } else { "" })
        };
        Query::parse(text).clauses.into_iter().map(show).collect()
    }

    #[test]
    fn a_question_is_read_as_it_is_written() {
        assert_eq!(shown("Over the Reeds"), ["over", "the", "reeds*"]);
        assert_eq!(shown("over reeds "), ["over", "reeds"]);
        assert_eq!(shown("\"two words\" -third “a b”"), ["two+words", "-third", "a+b"]);
        assert_eq!(shown("-\"not these\" #Möwe -#gone"), ["-not+these", "#möwe", "-#gone"]);
        assert_eq!(
            shown("from:@star1abc from:me HAS:media -is:reply"),
            ["from star1abc", "from me", "is media", "-is reply"]
        );
        assert_eq!(shown("language:pt-BR lang:gn"), ["in pt-br", "in gn"]);
        assert_eq!(shown("foo-bar x"), ["foo+bar", "x"]);
        assert_eq!(shown("東京都 水"), ["東京+京都", "水*"]);
        assert_eq!(shown("水 b"), ["水*", "b"]);
    }

    #[test]
    fn dates_are_days_months_and_years() {
        assert_eq!(shown("during:2026-11-22"), ["1795305600000..1795392000000"]);
        assert_eq!(shown("before:2026-11-22"), ["0..1795305600000"]);
        assert_eq!(shown("after:1970"), [format!("31536000000..{}", u64::MAX)]);
        assert_eq!(shown("during:1970-02"), ["2678400000..5097600000"]);
        for odd in [
            "before:yesterday",
            "during:2026-13",
            "during:2026-02-30",
            "after:99999",
            "during:",
            "before:0001-01",
        ] {
            assert!(!shown(odd).is_empty(), "{odd}");
        }
    }

    #[test]
    fn what_is_no_operator_is_words_and_nothing_is_wrong() {
        assert_eq!(shown("has:cheese http://x"), ["has:cheese", "http+x"]);
        assert!(shown("  -  \"\" “ # from: … ").is_empty() || shown("from:") == ["from*"]);
        assert_eq!(shown("-"), Vec::<String>::new());
        assert_eq!(Query::parse(&"a ".repeat(5_000)).clauses.len(), CLAUSES);
        let long = format!("\"{}\"", "a b ".repeat(1_000));
        assert!(
            matches!(&Query::parse(&long).clauses[0].what, What::Words(words, _) if words.len() == PHRASE)
        );
        for hostile in ["\"", "-\"", "--", "\u{301}", "#\u{301}", "during:٢٠٢٦", "before:-1-1-1", "“”„«»\"-"]
        {
            let _ = shown(hostile);
        }
    }
}
