//! Text in columns: wrapping, short ids, ages.

use unicode_segmentation::UnicodeSegmentation;

/// Characters of an entry's id that are shown: enough to name it, and to be found by.
const SHORT_ENTRY: usize = 18;
/// Characters of an author's id that are shown beside a name, which anybody may choose.
const SHORT_AUTHOR: usize = 13;

/// The beginning of an entry's id.
pub fn short_entry(id: &str) -> &str {
    id.get(..SHORT_ENTRY).unwrap_or(id)
}

/// The beginning of an author's id.
pub fn short_author(id: &str) -> &str {
    id.get(..SHORT_AUTHOR).unwrap_or(id)
}

/// How long ago, in one word; a date if that is longer than a month.
pub fn age(time: &str, now: u64) -> String {
    let Ok(then) = time.parse::<jiff::Timestamp>() else { return "at an unknown time".into() };
    let seconds = (i64::try_from(now).unwrap_or(i64::MAX) - then.as_millisecond()) / 1000;
    match seconds {
        ..-60 => then.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        -60..10 => "now".into(),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..2_592_000 => format!("{}d", seconds / 86_400),
        _ => then.strftime("%Y-%m-%d").to_string(),
    }
}

/// A time of ours as people write it.
pub fn date(milliseconds: u64) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| "an unknown time".into(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Bytes in a unit that people read.
pub fn bytes(count: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| count >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", count as f64 / *unit as f64),
        None => format!("{count} bytes"),
    }
}

/// One and many.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Breaks a safe text into lines of at most `width` columns where it may be broken (UAX 14). What is longer without such
/// a place is broken all the same; lines keep their indent.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(&line.replace('\t', "    "), width.max(1))).collect()
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut current, mut used) = (String::new(), 0);
    for piece in pieces(line) {
        let word = piece.trim_end();
        if used > 0 && used + columns(word) > width {
            lines.push(std::mem::take(&mut current).trim_end().to_owned());
            used = 0;
        }
        for grapheme in word.graphemes(true) {
            let columns = columns(grapheme);
            if used > 0 && used + columns > width {
                lines.push(std::mem::take(&mut current));
                used = 0;
            }
            current += grapheme;
            used += columns;
        }
        // The space that a line is broken at stays at its end, where it is cut off.
        let blank = &piece[word.len()..];
        current += blank;
        used += columns(blank);
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// A line in pieces between which it may be broken, each with the spaces behind it. Addresses stay whole, to be copied.
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in unicode_linebreak::linebreaks(line) {
        let piece = &line[from..at];
        let inside = at < line.len() && !piece.ends_with(char::is_whitespace);
        if inside && piece.contains("://") {
            continue;
        }
        pieces.push(piece);
        from = at;
    }
    pieces
}

/// Columns that a terminal gives a text.
pub fn columns(text: &str) -> usize {
    text.graphemes(true).map(|grapheme| if wide(grapheme) { 2 } else { 1 }).sum()
}

/// East Asian Wide and Fullwidth (Unicode Annex 11) and emoji, by block: terminals do not agree on
/// the rest.
fn wide(grapheme: &str) -> bool {
    let base = grapheme.chars().next().map_or(0, u32::from);
    let block = matches!(base,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0x4dbf | 0x4e00..=0xa4cf | 0xac00..=0xd7a3
        | 0xf900..=0xfaff | 0xfe30..=0xfe4f | 0xff01..=0xff60 | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd);
    block || grapheme.contains('\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_words_and_keep_paragraphs() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a\n\nb", 7), ["a", "", "b"]);
        assert_eq!(wrap("  deep\nflat", 20), ["  deep", "flat"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn signs_stay_with_the_words_that_they_belong_to() {
        let lines = wrap("it waits while you are alone. I never write", 28);
        assert_eq!(lines, ["it waits while you are", "alone. I never write"]);
        assert_eq!(wrap("look at #starling", 9), ["look at", "#starling"]);
        assert_eq!(wrap("(so it is)", 9), ["(so it", "is)"]);
        assert_eq!(wrap("at https://a.example/b/c?d=e f", 26), ["at", "https://a.example/b/c?d=e", "f"]);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        let text = "鳥の群れが空を舞う and 👩‍👩‍👧 fly over naïve cafés, ŋ̈ too: verylongwordwithoutend";
        for width in 2..40 {
            for line in wrap(text, width) {
                assert!(columns(&line) <= width, "{line:?} is wider than {width}");
            }
        }
        let letters = |text: &str| text.replace(char::is_whitespace, "");
        assert_eq!(letters(&wrap(text, 9).concat()), letters(text));
    }

    #[test]
    fn ages_are_one_word() {
        let now = 1_800_000_000_000;
        let time =
            |before: i64| jiff::Timestamp::from_millisecond(now as i64 - before * 1000).unwrap().to_string();
        assert_eq!(age(&time(0), now), "now");
        assert_eq!(age(&time(59), now), "59s");
        assert_eq!(age(&time(3_599), now), "59m");
        assert_eq!(age(&time(86_400), now), "1d");
        assert_eq!(age(&time(400 * 86_400), now), "2025-12-11");
        assert!(age(&time(-3_600), now).starts_with("2027-01-15 "));
        assert_eq!(age("yesterday", now), "at an unknown time");
    }
}
