//! Texts as lines of so many cells: words stay whole where they fit, graphemes always.
//!
//! A paragraph that runs from right to left is put in the order in which it is drawn (UAX 9), and stands at the right
//! edge; terminals that order letters themselves can be told apart by [`Bidi::Terminal`].

use std::borrow::Cow;

use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::{
    api::{Account, Edit, Status},
    html,
    text::DisplayText,
};

/// Bytes of a text that are read.
const TEXT_BYTES: usize = 128 * 1024;
/// Bytes that are read of what somebody says of themselves, which is drawn each time they are: many times what servers
/// allow.
const NOTE_BYTES: usize = 16 * 1024;
/// Bytes of a row of a profile that are read: an address in its tags, several times over.
const FIELD_BYTES: usize = 8 * 1024;
/// Rows of a profile that are drawn: servers allow some few.
const FIELDS: usize = 32;

/// Who puts letters in the order in which they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bidi {
    /// This program.
    #[default]
    Here,
    /// The terminal.
    Terminal,
}

/// A line as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its text, from left to right.
    pub text: String,
    /// Whether it belongs at the right edge.
    pub right: bool,
}

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(grapheme_width).sum()
}

/// A grapheme takes one or two cells, whatever it is put together from: terminals that are of another mind draw the rest
/// of the line a cell off, and nothing worse.
fn grapheme_width(grapheme: &str) -> usize {
    grapheme.width().min(2)
}

/// The beginning of a text that fits, with an ellipsis if that is not all of it.
pub fn clip(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return text.into();
    }
    let mut out = String::new();
    let mut used = 1; // the ellipsis
    for grapheme in text.graphemes(true) {
        used += grapheme_width(grapheme);
        if used > cells {
            break;
        }
        out.push_str(grapheme);
    }
    if cells > 0 {
        out.push('…');
    }
    out.into()
}

/// A text as lines of at most so many cells, as they are drawn.
pub fn lines(text: &str, cells: usize, bidi: Bidi) -> Vec<Drawn> {
    let cells = cells.max(2); // the widest grapheme
    let mut drawn = Vec::new();
    for paragraph in text.split('\n') {
        let paragraph = paragraph.replace('\t', "    ");
        if bidi == Bidi::Terminal || !paragraph.chars().any(is_right_to_left) {
            drawn.extend(
                wrapped(&paragraph, cells).into_iter().map(|line| Drawn { text: line, right: false }),
            );
            continue;
        }
        let info = BidiInfo::new(&paragraph, None);
        let right = info.paragraphs.first().is_some_and(|paragraph| paragraph.level.is_rtl());
        let level = if right { Level::rtl() } else { Level::ltr() };
        for line in wrapped(&paragraph, cells) {
            drawn.push(Drawn { text: ordered(&line, level), right });
        }
    }
    drawn
}

/// The beginning of a text in one line, as it is drawn. Which way it runs is told by its first letter.
pub fn line(text: &str, cells: usize, bidi: Bidi) -> String {
    let clipped = clip(text, cells);
    if bidi == Bidi::Terminal || !clipped.chars().any(is_right_to_left) {
        return clipped.into_owned();
    }
    let info = BidiInfo::new(&clipped, None);
    let level = info.paragraphs.first().map_or(Level::ltr(), |paragraph| paragraph.level);
    ordered(&clipped, level)
}

/// The beginning of a text that runs from right to left, whatever letter it begins with.
pub fn line_from_right(text: &str, cells: usize, bidi: Bidi) -> String {
    let clipped = clip(text, cells);
    if bidi == Bidi::Terminal { clipped.into_owned() } else { ordered(&clipped, Level::rtl()) }
}

/// A line in the order in which it is drawn, each grapheme whole.
fn ordered(line: &str, level: Level) -> String {
    let info = BidiInfo::new(line, Some(level));
    let Some(paragraph) = info.paragraphs.first() else { return String::new() };
    let (_, runs) = info.visual_runs(paragraph, paragraph.range.clone());
    let mut out = String::with_capacity(line.len());
    for run in runs {
        if info.levels[run.start].is_rtl() {
            out.extend(line[run].graphemes(true).rev().map(mirrored));
        } else {
            out.push_str(&line[run]);
        }
    }
    out
}

/// Brackets look the other way in what runs from right to left.
fn mirrored(grapheme: &str) -> &str {
    match grapheme {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        "{" => "}",
        "}" => "{",
        "<" => ">",
        ">" => "<",
        "«" => "»",
        "»" => "«",
        other => other,
    }
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

/// One paragraph in lines, in the order in which it is read. Broken where Unicode allows it (UAX 14), addresses nowhere
/// while they fit in a line of their own; a word that fits in none is broken where it ends.
fn wrapped(paragraph: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for piece in pieces(paragraph) {
        let word = piece.trim_end();
        let wide = width(word);
        if used > 0 && used + wide > cells {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        if wide > cells {
            for grapheme in word.graphemes(true) {
                let wide = grapheme_width(grapheme);
                if used + wide > cells {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(grapheme);
                used += wide;
            }
        } else {
            line.push_str(word);
            used += wide;
        }
        // Spaces at the end of a line are not drawn.
        let space = &piece[word.len()..];
        line.push_str(space);
        used += width(space);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// A paragraph in pieces between which a line may be broken, each with the spaces behind it.
fn pieces(paragraph: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in unicode_linebreak::linebreaks(paragraph) {
        let piece = &paragraph[from..at];
        let address = piece.contains("://") && !piece.ends_with(char::is_whitespace);
        if at < paragraph.len() && address && !paragraph[at..].starts_with(char::is_whitespace) {
            continue; // it goes on
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        from = at;
    }
    pieces.extend(Some(&paragraph[from..]).filter(|rest| !rest.is_empty()));
    pieces
}

/// What a post says, as plain text that is safe to draw.
pub fn plain(status: &Status) -> &DisplayText {
    status.plain.0.get_or_init(|| match &status.starling {
        Some(extra) if !extra.source.is_empty() => block(&extra.source),
        _ => DisplayText::block(&of_html(&status.content)),
    })
}

/// What somebody says of themselves, likewise.
pub fn about(account: &Account) -> &DisplayText {
    account.about.0.get_or_init(|| match &account.starling {
        Some(extra) => DisplayText::block(beginning(&extra.bio, NOTE_BYTES)),
        None => DisplayText::block(&of_html(beginning(&account.note, NOTE_BYTES))),
    })
}

/// The rows of a profile, name and value, likewise and in one line each.
pub fn fields(account: &Account) -> impl Iterator<Item = (DisplayText, DisplayText)> {
    account.fields.iter().take(FIELDS).map(|field| {
        let value = of_html(beginning(&field.value, FIELD_BYTES));
        (DisplayText::short(&field.name), DisplayText::short(&value))
    })
}

/// What a post said in this version, likewise.
pub fn version(edit: &Edit) -> &DisplayText {
    edit.plain.0.get_or_init(|| match &edit.starling {
        Some(extra) => block(&extra.source),
        None => DisplayText::block(&of_html(&edit.content)),
    })
}

/// Plain text that is safe to draw, as far as it is read.
pub fn block(text: &str) -> DisplayText {
    DisplayText::block(beginning(text, TEXT_BYTES))
}

/// HTML as plain text.
fn of_html(html: &str) -> String {
    let html = beginning(html, TEXT_BYTES);
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    // Lines are broken where they are drawn: here only where the author did.
    html::text(html).trim_end().to_owned()
}

fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, cells: usize) -> Vec<String> {
        lines(text, cells, Bidi::Here).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(texts("one two three", 8), ["one two", "three"]);
        assert_eq!(texts("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(texts("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(texts("", 8), [""]);
        assert_eq!(texts("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(texts("ten cells.", 9), ["ten", "cells."]);
        assert_eq!(texts("see https://a.example/b-c/d now", 24), ["see", "https://a.example/b-c/d", "now"]);
        assert_eq!(texts("one   ", 3), ["one"]);
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        for text in ["👩‍👩‍👧‍👦👩‍👩‍👧‍👦 family", "नमस्ते दुनिया", "שלום 123 world", &"x".repeat(300), &"e\u{301}".repeat(50)]
        {
            for cells in 2..20 {
                for line in texts(text, cells) {
                    assert!(width(&line) <= cells, "{line:?} in {cells}");
                }
            }
        }
    }

    #[test]
    fn what_runs_from_right_to_left_is_drawn_so() {
        let drawn = lines("שלום (אב) 12", 20, Bidi::Here);
        assert_eq!(drawn, [Drawn { text: "12 (בא) םולש".into(), right: true }]);
        let kept = lines("שלום", 20, Bidi::Terminal);
        assert_eq!(kept, [Drawn { text: "שלום".into(), right: false }]);
        assert!(!lines("see שלום", 20, Bidi::Here)[0].right);
    }

    #[test]
    fn a_line_is_cut_where_its_reading_ends() {
        assert_eq!(line("שלום עולם", 6, Bidi::Here), "… םולש");
        assert_eq!(line("see שלום", 20, Bidi::Here), "see םולש");
        assert_eq!(line("שלום", 6, Bidi::Terminal), "שלום");
        assert_eq!(line("f אב · / גד", 20, Bidi::Here), "f דג / · בא");
        assert_eq!(line_from_right("f אב · / גד", 20, Bidi::Here), "דג / · בא f");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
        assert_eq!(clip("漢字漢", 4), "漢…");
        assert_eq!(clip("abc", 0), "");
    }

    #[test]
    fn html_is_read_as_text() {
        assert_eq!(of_html("<p>a &amp; <b>b</b></p><p>c<br>d</p>"), "a & b\n\nc\nd");
        assert_eq!(of_html("plain"), "plain");
        assert_eq!(of_html(&format!("&amp;{}", "é".repeat(TEXT_BYTES))).len(), TEXT_BYTES - 5);
    }

    #[test]
    fn no_more_is_read_than_a_person_reads() {
        let long = "é".repeat(TEXT_BYTES);
        let extra = crate::api::AccountExtra { bio: long.clone(), ..Default::default() };
        let account = Account { starling: Some(extra), ..Account::default() };
        assert!(about(&account).as_str().len() <= NOTE_BYTES);
        let lines = |bytes| format!("<p>{}", "a<br>".repeat(bytes));
        let account = Account { note: lines(NOTE_BYTES), ..Account::default() };
        assert!(about(&account).as_str().len() <= NOTE_BYTES);
        let account = Account { note: "<p>a note".into(), ..Account::default() };
        assert_eq!(about(&account).as_str(), "a note");
        let field = crate::api::Field { name: "a".into(), value: format!("<b>b</b>{long}") };
        let account = Account { fields: vec![field; 2 * FIELDS], ..Account::default() };
        assert_eq!(fields(&account).count(), FIELDS);
        assert!(
            fields(&account).all(|(name, value)| name.as_str() == "a" && value.as_str().starts_with("bé"))
        );
        let lines = "a\n".repeat(TEXT_BYTES);
        let edit = Edit { starling: Some(crate::api::EditExtra { source: lines }), ..Edit::default() };
        assert_eq!(version(&edit).as_str().len(), TEXT_BYTES);
    }

    #[test]
    fn what_is_drawn_many_times_is_read_once() {
        let mut account = Account { note: "<p>a note".into(), ..Account::default() };
        let mut edit = Edit { content: "<p>a version".into(), ..Edit::default() };
        assert_eq!((about(&account).as_str(), version(&edit).as_str()), ("a note", "a version"));
        account.note.clear();
        edit.content.clear();
        assert_eq!((about(&account).as_str(), version(&edit).as_str()), ("a note", "a version"));
    }
}
