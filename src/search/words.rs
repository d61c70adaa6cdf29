//! Text as words that can be found, in every script, with nothing thrown away.
//!
//! Words are cut where Unicode says (UAX #29), brought to one form (NFKC, case folded) and kept whole: no stemming and
//! no list of words that "do not matter", because both know one language and spoil the others. Where people also write
//! a word in a simpler way, both ways are kept in the same place: `guaraní` is found by `guarani`, and `guaraní` finds
//! only itself. Scripts that do not put spaces between words are kept as overlapping pairs of characters, so that any
//! part of a sentence is found.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of a word that count. Longer ones are no words; what begins alike to here is found alike.
pub const WORD_BYTES: usize = 96;
/// Marks on one letter that count: no script stacks more, and a hundred thousand must cost nothing.
const MARKS: usize = 4;
/// Parts of a word that is held together by signs, such as a domain's.
const PARTS: usize = 8;

/// A word in a text: its place among the words, and one way in which it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// Which word of the text it is, from 0.
    pub place: u32,
    /// The folded form.
    pub form: String,
}

/// All words of a text in all their forms, as an index keeps them.
pub fn kept(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    cut(text, |place, piece| match piece {
        Piece::Word(form) => {
            for other in others(&form) {
                words.push(Word { place, form: other });
            }
            words.push(Word { place, form });
        }
        Piece::Pair(form) | Piece::Last(form) => words.push(Word { place, form }),
    });
    words
}

/// A text as somebody who looks for it means it: one form of each word. Whether the last word may go on.
pub fn asked(text: &str) -> (Vec<Word>, bool) {
    let (mut words, mut open) = (Vec::new(), false);
    let mut paired = false;
    cut(text, |place, piece| {
        let form = match piece {
            Piece::Word(form) => {
                (open, paired) = (true, false);
                form
            }
            Piece::Pair(form) => {
                (open, paired) = (false, true);
                form
            }
            // The last character of a run is in the pair before it, unless it is alone.
            Piece::Last(_) if paired => {
                paired = false;
                return;
            }
            Piece::Last(form) => {
                open = true;
                form
            }
        };
        words.push(Word { place, form });
    });
    (words, open)
}

/// One form of a word or tag, without cutting it.
pub fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut marks = 0;
    for character in text.chars().flat_map(simple).nfkc() {
        if is_combining_mark(character) {
            marks += 1;
            if marks > MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        let character = if matches!(character, '’' | 'ʼ' | '‘' | '＇') { '\'' } else { character };
        if folded.len() + character.len_utf8() > WORD_BYTES {
            break;
        }
        folded.push(character);
    }
    folded
}

/// Case folding of one character. The dotless ı is a letter of its own.
fn simple(character: char) -> impl Iterator<Item = char> {
    let keep = (character == 'ı').then_some(character);
    // Down first: the large ẞ has no upper case that it could be brought to.
    let fold = || character.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let folded = (character != 'ı').then(fold);
    // Signs that say how to draw, not what: soft hyphen, joiners of emoji, selectors.
    let drawn =
        |c: &char| !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}');
    keep.into_iter().chain(folded.into_iter().flatten()).filter(drawn)
}

/// The other ways to write a folded word.
fn others(form: &str) -> Vec<String> {
    let mut others = Vec::new();
    let plain = plain(form);
    if plain != form && !plain.is_empty() {
        others.push(plain);
    }
    let joined = |c: char| !c.is_alphanumeric() && !is_combining_mark(c);
    if form.contains(joined) {
        for part in form.split(joined).filter(|part| part.chars().nth(1).is_some()).take(PARTS) {
            others.push(part.to_owned());
            let plain = self::plain(part);
            if plain != part {
                others.push(plain);
            }
        }
    }
    others
}

/// Without the marks that people leave out when they are in a hurry: accents in the alphabets of Europe, vowel signs
/// of Hebrew and Arabic. In other scripts a mark is half of a letter, and stays.
fn plain(form: &str) -> String {
    let mut plain = String::with_capacity(form.len());
    let mut bare = false;
    for character in form.nfd() {
        if is_combining_mark(character) {
            if !bare {
                plain.push(character);
            }
            continue;
        }
        bare = matches!(character, 'a'..='z' | '\u{df}'..='\u{24f}' | '\u{370}'..='\u{52f}'
            | '\u{590}'..='\u{5ff}' | '\u{600}'..='\u{6ff}' | '\u{1e00}'..='\u{1fff}');
        match character {
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' => plain.push('d'),
            'ħ' => plain.push('h'),
            'ı' => plain.push('i'),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ـ' => {}
            other => plain.push(other),
        }
    }
    plain.nfc().collect()
}

/// What a text is cut into.
enum Piece {
    Word(String),
    /// Two characters of a script without spaces.
    Pair(String),
    /// The last character of a run of such, or the only one.
    Last(String),
}

/// Whether words are not set apart in this character's script, or its words grow so long that parts are asked for.
fn crowded(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1100}'..='\u{11ff}'   // Hangul
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}'
        | '\u{3041}'..='\u{3096}' | '\u{3099}'..='\u{309f}' // Hiragana
        | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' // Katakana
        | '\u{3105}'..='\u{318f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{a9e0}'..='\u{a9fe}'
        | '\u{aa60}'..='\u{aa7f}' | '\u{ac00}'..='\u{d7fb}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Whether it is a picture that stands for a word.
fn pictured(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2900}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}')
}

/// Gives every piece of a text with its place.
fn cut(text: &str, mut each: impl FnMut(u32, Piece)) {
    let mut place = 0;
    let mut from = 0;
    while from < text.len() {
        let rest = &text[from..];
        let Some(first) = rest.chars().next() else { return };
        // Half-width forms become the usual ones first, so that both are cut alike.
        let dense = |c: char| crowded(c) || (('\u{ff66}'..='\u{ffdc}').contains(&c));
        let inside = |c: char| if dense(first) { dense(c) || is_combining_mark(c) } else { !dense(c) };
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let run = &rest[..end];
        if dense(first) {
            pairs(run, &mut place, &mut each)
        } else {
            words(run, &mut place, &mut each)
        }
        from += end;
    }
}

fn words(run: &str, place: &mut u32, each: &mut impl FnMut(u32, Piece)) {
    for word in run.split_word_bounds() {
        let speaks = |c: char| c.is_alphanumeric() || pictured(c);
        if !word.chars().take(WORD_BYTES).any(speaks) {
            continue;
        }
        let form = fold(word);
        if !form.is_empty() {
            each(*place, Piece::Word(form));
            *place += 1;
        }
    }
}

fn pairs(run: &str, place: &mut u32, each: &mut impl FnMut(u32, Piece)) {
    let mut before: Option<String> = None;
    // A letter with its signs is one character; what has more signs than any letter has is cut in `fold`.
    let whole: String = run.nfkc().collect();
    for letter in whole.graphemes(true) {
        let letter = fold(letter);
        if letter.is_empty() {
            continue;
        }
        if let Some(before) = before.replace(letter.clone()) {
            each(*place, Piece::Pair(before + &letter));
            *place += 1;
        }
    }
    if let Some(last) = before {
        each(*place, Piece::Last(last));
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str) -> Vec<(u32, String)> {
        let mut words = kept(text);
        words.sort();
        words.into_iter().map(|word| (word.place, word.form)).collect()
    }

    fn at(place: u32, forms: &[&str]) -> Vec<(u32, String)> {
        forms.iter().map(|form| (place, (*form).to_owned())).collect()
    }

    #[test]
    fn words_are_folded_and_kept_in_both_ways() {
        assert_eq!(forms("Guaraní, STRAẞE"), [at(0, &["guarani", "guaraní"]), at(1, &["strasse"])].concat());
        assert_eq!(forms("Æsir Łódź"), [at(0, &["aesir", "æsir"]), at(1, &["lodz", "łódź"])].concat());
        assert_eq!(forms("ﬁn ｆｕｌｌ ②"), [at(0, &["fin"]), at(1, &["full"]), at(2, &["2"])].concat());
        assert_eq!(forms("ΣΊΣΥΦΟΣ"), at(0, &["σίσυφοσ", "σισυφοσ"]));
        assert_eq!(
            forms("İstanbul kıl"),
            [at(0, &["istanbul", "i\u{307}stanbul"]), at(1, &["kil", "kıl"])].concat()
        );
    }

    #[test]
    fn marks_that_are_half_a_letter_stay() {
        // Devanagari vowel signs and Japanese voicing tell words apart.
        assert_eq!(forms("किताब"), at(0, &["किताब"]));
        assert_eq!(asked("か\u{3099}").0, asked("が").0);
        assert_ne!(asked("が").0, asked("か").0);
        // The points of Hebrew and Arabic are left out by most who write.
        assert!(forms("שָׁלוֹם").contains(&(0, "שלום".into())));
        assert!(forms("مُحَمَّد").contains(&(0, "محمد".into())));
    }

    #[test]
    fn what_signs_hold_together_is_found_whole_and_in_parts() {
        assert_eq!(forms("mba’e"), at(0, &["mba", "mba'e"]));
        assert_eq!(forms("example.org"), at(0, &["example", "example.org", "org"]));
        let (url, _) = asked("https://example.org/a-page");
        assert_eq!(url.len(), 4);
    }

    #[test]
    fn scripts_without_spaces_become_pairs() {
        assert_eq!(forms("東京都"), [at(0, &["東京"]), at(1, &["京都"]), at(2, &["都"])].concat());
        assert_eq!(asked("京都"), (vec![Word { place: 0, form: "京都".into() }], false));
        assert_eq!(asked("都"), (vec![Word { place: 0, form: "都".into() }], true));
        assert_eq!(asked("ﾄｳｷｮｳ").0, asked("トウキョウ").0);
        // A part of a Thai sentence is in the pairs of the whole.
        let whole = forms("สวัสดีชาวโลก");
        assert!(asked("ชาวโลก").0.iter().all(|word| whole.iter().any(|(_, form)| *form == word.form)));
        assert_eq!(asked("go東京").0.len(), 2);
    }

    #[test]
    fn pictures_are_words_and_punctuation_is_none() {
        assert_eq!(forms("… — 🐦!"), at(0, &["🐦"]));
        assert_eq!(asked("❤\u{fe0f}").0, asked("❤").0);
    }

    #[test]
    fn hostile_text_costs_no_more_than_its_length() {
        let marks = format!("a{}", "\u{301}".repeat(100_000));
        assert!(kept(&marks).iter().all(|word| word.form.len() <= WORD_BYTES));
        assert_eq!(kept(&marks).len(), 2);
        let long = "x".repeat(32 * 1024);
        assert_eq!(kept(&long)[0].form.len(), WORD_BYTES);
        assert_eq!(asked(&long).0, asked(&long[..WORD_BYTES]).0);
        for text in ["\u{301}\u{301}", "\u{200d}", "\u{fe0f}", "\0", "é\u{0}東\u{301}", "กำกำ\u{e49}\u{e49}"]
        {
            let _ = (kept(text), asked(text));
        }
        let thai = format!("ก{}", "\u{e49}".repeat(50_000));
        assert!(kept(&thai).iter().all(|word| word.form.len() <= 2 * WORD_BYTES));
    }
}
