//! A corpus of hostile texts and of honest ones, and the laws over arbitrary ones.

use proptest::prelude::*;

use super::*;

fn check(input: &str, expected: &str) {
    assert_eq!(DisplayText::new(input).as_str(), expected, "{input:?}");
}

#[test]
fn escapes_and_controls_are_made_visible() {
    check("\u{1b}[31mred\u{1b}[0m", "\u{fffd}[31mred\u{fffd}[0m");
    check("\u{1b}]0;title\u{7}", "\u{fffd}]0;title\u{fffd}");
    check("\u{9b}2Jgone", "\u{fffd}2Jgone");
    check("back\u{8}\u{8}\u{8}\u{8}", "back\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
    check("nul\0del\u{7f}", "nul\u{fffd}del\u{fffd}");
    check("\u{ffff}\u{1fffe}\u{fdd0}", "\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn one_line_stays_one_line() {
    check("a\nb\rc\td\u{85}e\u{2028}f\u{2029}g\u{b}h\u{c}i", "a b c d e f g h i");
    let block = DisplayText::block("a\r\nb\rc\n\n\td\u{2028}e");
    assert_eq!(block.as_str(), "a\nb\nc\n\n\td\ne");
}

#[test]
fn nothing_turns_a_text_around() {
    check("invoice\u{202e}fdp.exe", "invoicefdp.exe");
    check("\u{2066}\u{2067}\u{2068}a\u{2069}\u{202a}\u{202b}\u{202c}\u{202d}", "a");
}

#[test]
fn what_cannot_be_seen_is_not_there() {
    check("ad\u{200b}min\u{feff}\u{2060}\u{ad}\u{34f}", "admin");
    check("ali\u{200d}ce\u{200c}\u{200e}", "alice\u{200e}");
    check("ali\u{200e}ce", "alice");
    check("\u{200d}\u{200f}\u{61c}", "");
    check("flag \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "flag \u{1f3f4}");
    // Bytes hidden in variation selectors.
    check("\u{1f600}\u{e0100}\u{e0112}\u{e0154}\u{fe0e}x\u{fe0f}\u{fe0f}", "\u{1f600}\u{e0100}x\u{fe0f}");
    check("\u{3164}\u{115f}", "");
}

#[test]
fn towers_of_marks_are_cut() {
    let tower = format!("Z{}a", "\u{311}\u{326}".repeat(2_000));
    let shown = DisplayText::new(&tower);
    assert_eq!(shown.as_str().chars().filter(|c| is_combining_mark(*c)).count(), MARKS);
    assert!(shown.as_str().ends_with('a'));
    check("\u{301}after our own text", "\u{25cc}\u{301}after our own text");
    // A cluster that no script has.
    check(&"\u{1100}".repeat(40), "\u{fffd}");
}

#[test]
fn lines_end() {
    let long = DisplayText::new(&"ab ".repeat(100_000));
    assert!(long.as_str().len() <= LINE_BYTES && long.as_str().ends_with('…'));
    let short = "x".repeat(LINE_BYTES);
    check(&short, &short);
    let block = DisplayText::block(&format!("{}\nend", "é".repeat(LINE_BYTES)));
    assert!(block.as_str().ends_with("…\nend"));
}

#[test]
fn honest_texts_pass_unharmed() {
    let honest = [
        "Opa, mba'éichapa? Avañe'ẽ",
        "ñuqaqa runasimita rimani",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ",
        "ߒߞߏ ߘߐ߫",
        "𞤆𞤵𞤤𞤢𞤪",
        "السَّلَامُ عَلَيْكُمْ",
        "שָׁלוֹם עֲלֵיכֶם",
        "می\u{200c}خواهم",
        "क्\u{200d}ष कार्त्स्न्य श्रीमान्",
        "ไม่เป็นไร ภาษาไทย",
        "བོད་སྐད།",
        "Tiếng Việt",
        "한국어",
        "日本語 中文",
        "ᠮᠣᠩᠭᠣᠯ\u{180b}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}",
        "\u{1f469}\u{1f3fd}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f48b}\u{200d}\u{1f468}\u{1f3ff}",
        "\u{1f1e7}\u{1f1f4} \u{2764}\u{fe0f} 1\u{fe0f}\u{20e3}",
        "C++\u{200e} בעברית",
    ];
    for text in honest {
        let composed: String = text.nfc().collect();
        check(text, &composed);
    }
    check("e\u{301}", "é");
    assert_eq!(format!("{:>6}|{:<6}|", DisplayText::new("ab"), DisplayText::new("cd")), "    ab|cd    |");
}

/// Characters that mean trouble next to each other, and a few that are innocent.
fn nasty() -> impl Strategy<Value = String> {
    let chars = prop_oneof![
        Just('a'),
        Just(' '),
        Just('\n'),
        Just('\t'),
        Just('\u{1b}'),
        Just('\u{301}'),
        Just('\u{327}'),
        Just('\u{200d}'),
        Just('\u{200c}'),
        Just('\u{200e}'),
        Just('\u{61c}'),
        Just('\u{202e}'),
        Just('\u{fe0f}'),
        Just('\u{e0101}'),
        Just('\u{1f600}'),
        Just('\u{1100}'),
        Just('\u{1161}'),
        Just('\u{11a8}'),
        Just('\u{600}'),
        Just('\u{212a}'),
        Just('\u{915}'),
        Just('\u{94d}'),
        Just('\u{1f1e6}'),
        Just('\u{ffff}'),
        Just('\u{180b}'),
        any::<char>(),
    ];
    proptest::collection::vec(chars, 0..60).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn what_was_made_safe_is_safe(text in nasty()) {
        for shown in [DisplayText::new(&text), DisplayText::block(&text)] {
            for line in shown.as_str().split('\n') {
                prop_assert!(line.len() <= LINE_BYTES);
                prop_assert!(!line.starts_with(is_combining_mark));
                prop_assert!(line.graphemes(true).all(|grapheme| grapheme.len() <= GRAPHEME_BYTES));
                prop_assert!(!line.chars().any(|c| (c.is_control() && c != '\t') || is_dropped(c)));
            }
            prop_assert_eq!(&DisplayText::block(shown.as_str()), &shown);
        }
        prop_assert!(!DisplayText::new(&text).as_str().contains(['\n', '\t']));
    }
}
