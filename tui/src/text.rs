//! The text of strangers, made safe for a terminal and a log.
//!
//! A terminal obeys what it is shown: an escape sequence moves the cursor, a bidi override turns a
//! name around, a tower of accents paints over the lines above. Whatever was written by somebody
//! else therefore passes through [`DisplayText`] before it is printed, and what comes out
//!
//! - is NFC, so that equal letters have equal bytes;
//! - has no control characters, escapes, bidi embeddings, overrides or isolates, and no tag characters;
//! - has zero-width characters only where a script needs them, one at a time;
//! - has at most 4 marks on a letter, 35 bytes in a grapheme and 8 KiB in a line, and
//! - does not begin with a mark, which would sit on the character that was printed before it.
//!
//! A control character is shown as U+FFFD, because it tells that something was there. Marks of
//! direction (LRM, RLM, ALM) stay: Arabic and Hebrew texts need them, and they only order what is
//! next to them.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of a line. The longest post is 5,000 characters, and a line of a log needs an end.
const LINE_BYTES: usize = 8 * 1024;
/// Bytes of a line that are looked at, so that work is bounded too: normalization grows a line at
/// most threefold and dropping can shrink it to nothing.
const RAW_LINE_BYTES: usize = 4 * LINE_BYTES;
/// Bytes of a line of a screen: 250 cells of what takes most bytes.
const SHORT_BYTES: usize = 1024;
/// Bytes of a grapheme: the longest emoji that Unicode recommends for interchange without tag
/// characters, a kiss between two skin tones, has 35.
const GRAPHEME_BYTES: usize = 35;
/// Marks in a row. Vietnamese needs 2, pointed Hebrew and vocalised Arabic 3 or 4.
const MARKS: usize = 4;
/// Marks in a row that are even sorted: normalization holds a run of them in memory.
const RAW_MARKS: usize = 4 * MARKS;

/// A text that is safe to print. See the module's documentation for what that means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DisplayText(String);

impl DisplayText {
    /// As a single line: line breaks and tabs become spaces.
    pub fn new(text: &str) -> Self {
        Self(line(text, false))
    }

    /// The beginning, as a single line: of what goes into one line of a screen, which is drawn again and again, nothing is
    /// looked at that no screen has room for.
    pub fn short(text: &str) -> Self {
        Self::new(&text[..text.floor_char_boundary(SHORT_BYTES)])
    }

    /// As it is laid out: line breaks (`\n` for all kinds of them) and tabs stay.
    pub fn block(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let lines: Vec<_> = text.split(is_line_break).map(|text| line(text, true)).collect();
        Self(lines.join("\n"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for DisplayText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<DisplayText> for String {
    fn from(text: DisplayText) -> Self {
        text.0
    }
}

fn line(raw: &str, tabs: bool) -> String {
    let cut = raw.len() > RAW_LINE_BYTES;
    let raw = &raw[..raw.floor_char_boundary(RAW_LINE_BYTES)];
    let composed: String = few_marks(raw, RAW_MARKS).nfc().collect();
    // Dropping what is invisible can bring a letter and its mark together, hence the second time.
    let composed: String = visible(&composed, tabs).nfc().collect();
    clipped(&few_marks(&composed, MARKS), cut)
}

/// Graphemes of a bearable size, up to the longest line.
fn clipped(text: &str, mut cut: bool) -> String {
    let mut out = String::with_capacity(text.len().min(LINE_BYTES));
    if text.starts_with(is_combining_mark) {
        out.push('\u{25cc}'); // dotted circle: what a mark without a letter is printed on
    }
    for grapheme in text.graphemes(true) {
        let grapheme = if grapheme.len() > GRAPHEME_BYTES { "\u{fffd}" } else { grapheme };
        if out.len() + grapheme.len() > LINE_BYTES {
            cut = true;
            break;
        }
        out.push_str(grapheme);
    }
    if cut {
        while out.len() + '…'.len_utf8() > LINE_BYTES {
            out.pop();
        }
        out.push('…');
    }
    out
}

/// The text with at most `limit` marks in a row.
fn few_marks(text: &str, limit: usize) -> String {
    let mut run = 0;
    let keep = |c: &char| {
        run = if is_combining_mark(*c) { run + 1 } else { 0 };
        run <= limit
    };
    text.chars().filter(keep).collect()
}

/// The text without what cannot be seen, and with controls made visible.
fn visible(text: &str, tabs: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    let mut rest = text.chars().filter(|c| !is_dropped(*c));
    let mut rest = std::iter::from_fn(|| {
        let next = rest.find(|c| !is_selector(*c) || last.is_some_and(is_selectable));
        last = next;
        next
    })
    .peekable();
    while let Some(c) = rest.next() {
        let before = out.chars().next_back();
        match c {
            '\t' if tabs => out.push('\t'),
            '\t' => out.push(' '),
            _ if is_line_break(c) => out.push(' '),
            _ if c.is_control() || is_noncharacter(c) => out.push('\u{fffd}'),
            _ if is_joiner(c) && !joins(c, before, rest.peek().copied()) => {}
            _ => out.push(c),
        }
    }
    out
}

/// Whether an invisible character does something between these two.
fn joins(joiner: char, before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before.filter(|c| !is_joiner(*c) && *c != '\u{fffd}') else {
        return false;
    };
    if after.is_some_and(is_joiner) {
        return false;
    }
    if matches!(joiner, '\u{200c}' | '\u{200d}') {
        // In scripts that join, and in emoji; never in what could be spelled in ASCII.
        let joining = |c: char| !c.is_ascii() && !c.is_control() && !c.is_whitespace() && !is_noncharacter(c);
        return joining(before)
            && after.is_some_and(|c| joining(c) && !is_combining_mark(c) && !is_selector(c));
    }
    !(before.is_ascii_alphanumeric() && after.is_some_and(|c| c.is_ascii_alphanumeric()))
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// ZWNJ, ZWJ, and the marks of direction LRM, RLM, ALM.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

/// Chooses among shapes of the character before it, which is all that it may follow.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180f}')
}

fn is_selectable(c: char) -> bool {
    let shown_as_replacement = c.is_control() || is_noncharacter(c) || c == '\u{fffd}';
    !is_selector(c) && !is_joiner(c) && !c.is_whitespace() && !shown_as_replacement
}

/// What is never shown, whatever is next to it.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'       // bidi embeddings, overrides, isolates
        | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' // tags, and what is kept free for the like
        | '\u{ad}' | '\u{34f}' | '\u{200b}' | '\u{feff}'        // soft hyphen, grapheme joiner, zero-width spaces
        | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'     // word joiner, invisible operators, old controls
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'     // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'                               // Khmer vowels that are not there
        | '\u{fff0}'..='\u{fffb}'                               // interlinear annotation
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' // controls of shorthand and of music
    )
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests;
