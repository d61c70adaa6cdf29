//! A newcomer's way, told without a terminal, and each question as it was looked at.

use ratatui::{Terminal, backend::TestBackend};

use super::*;

const PHRASE: &str = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
                      sixteen seventeen eighteen nineteen twenty score dozen last";

fn known(link: &str) -> Result<String, String> {
    if link == "starling:invite:good" { Ok("Ada".into()) } else { Err("this is no invite".into()) }
}

fn newcomer(size: (u16, u16)) -> First<'static> {
    let from = Newcomer {
        theme: Theme::new(true, false),
        bidi: Bidi::Here,
        words: Words::default(),
        phrase: Zeroizing::new(PHRASE.into()),
        chance: 7,
        name_chars: 50,
        invite: &known,
    };
    First::new(from, size)
}

fn press(first: &mut First<'_>, keys: &str) -> Next {
    let mut next = Next::Stay;
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            c => KeyCode::Char(c),
        };
        next = first.update(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    next
}

/// Answers what is asked, rightly.
fn answer(first: &mut First<'_>) {
    while let Step::Asked(places, answered) = first.step.clone() {
        let word = first.phrase()[places[answered]].to_owned();
        press(first, &format!("{word}\n"));
    }
}

/// From the phrase to the question after it.
fn read(first: &mut First<'_>) {
    while matches!(first.step, Step::Why(_) | Step::Phrase(_)) {
        press(first, "\n");
    }
}

#[test]
fn four_answers_make_a_home() {
    let mut first = newcomer((80, 24));
    press(&mut first, "Ada\n");
    assert_eq!(first.step, Step::Phrase(0));
    read(&mut first);
    answer(&mut first);
    assert_eq!(first.step, Step::Meet(0));
    let made = press(&mut first, "3\n");
    assert_eq!(made, Next::Make(Chosen { name: "Ada".into(), meet: Meet::Nobody }));
    assert_eq!(press(&mut first, "\n\u{1b}q"), Next::Stay, "nothing is made twice");
    first.failed("the disk is full".into());
    assert!(matches!(press(&mut first, "\n"), Next::Make(chosen) if chosen.name == "Ada"));
    first.failed("the disk is full".into());
    assert_eq!(press(&mut first, "\u{1b}"), Next::Leave);
}

#[test]
fn a_wrong_word_leads_back_to_the_list_and_others_are_asked_for() {
    let mut first = newcomer((80, 24));
    press(&mut first, "\n");
    read(&mut first);
    let Step::Asked(places, 0) = first.step else { panic!("{:?}", first.step) };
    press(&mut first, "wrong\n");
    assert_eq!(first.step, Step::Phrase(0));
    assert_eq!(first.wrong, Some(format!("Word {} was another one: look again.", places[0] + 1)));
    read(&mut first);
    let Step::Asked(others, 0) = first.step else { panic!("{:?}", first.step) };
    assert_ne!(places, others);
    assert!(others[0] < others[1] && others[1] < others[2] && others[2] < 24);
    // Large letters and spaces are no other words.
    let word = first.phrase()[others[0]].to_uppercase();
    press(&mut first, &format!(" {word} \n"));
    assert!(matches!(first.step, Step::Asked(_, 1)));
    press(&mut first, "\u{1b}");
    assert_eq!(first.step, Step::Phrase(0));
}

#[test]
fn an_invite_is_looked_at_before_anything_is_made() {
    let mut first = newcomer((80, 24));
    press(&mut first, "\n");
    read(&mut first);
    answer(&mut first);
    press(&mut first, "\n");
    assert_eq!(first.step, Step::Invite);
    first.update(Msg::Paste("starling:invite:\u{1b}[2Jbad\n".into()));
    assert_eq!(press(&mut first, "\n"), Next::Stay);
    assert_eq!(first.wrong.as_deref(), Some("this is no invite"));
    first.update(Msg::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
    first.update(Msg::Paste(" starling:invite:good\n".into()));
    let chosen = Chosen { name: String::new(), meet: Meet::Invite("starling:invite:good".into()) };
    assert_eq!(press(&mut first, "\n"), Next::Make(chosen));
}

#[test]
fn whoever_leaves_leaves_nothing() {
    let mut first = newcomer((80, 24));
    press(&mut first, &"x".repeat(51));
    press(&mut first, "\n");
    assert_eq!((&first.step, first.wrong.is_some()), (&Step::Name, true));
    assert_eq!(press(&mut first, "\u{1b}"), Next::Leave);
    let mut first = newcomer((80, 24));
    press(&mut first, "Ada\n\n");
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(first.update(Msg::Key(ctrl_c)), Next::Leave);
    assert_eq!(press(&mut first, "\u{1b}\u{1b}\u{1b}"), Next::Leave);
}

#[test]
fn no_more_is_kept_than_an_invite_has() {
    let mut first = newcomer((80, 24));
    for _ in 0..20 {
        first.update(Msg::Paste("é".repeat(1_000)));
    }
    press(&mut first, "x");
    assert!(first.typed.len() <= TYPED);
}

fn steps(size: (u16, u16)) -> Vec<(&'static str, First<'static>)> {
    let mut name = newcomer(size);
    press(&mut name, "Ada Löve");
    let mut phrase = newcomer(size);
    press(&mut phrase, "\n");
    let mut asked = newcomer(size);
    press(&mut asked, "\n");
    read(&mut asked);
    press(&mut asked, "elev");
    let mut wrong = newcomer(size);
    press(&mut wrong, "\n");
    read(&mut wrong);
    press(&mut wrong, "elf\n");
    let mut meet = newcomer(size);
    press(&mut meet, "\n");
    read(&mut meet);
    answer(&mut meet);
    press(&mut meet, "2");
    let mut invite = newcomer(size);
    press(&mut invite, "\n");
    read(&mut invite);
    answer(&mut invite);
    press(&mut invite, "\n");
    invite.update(Msg::Paste(format!("starling:invite:{}", "qpzry".repeat(30))));
    press(&mut invite, "\n");
    let mut failed = newcomer(size);
    failed.failed("the disk is full".into());
    let mut making = newcomer(size);
    making.step = Step::Making;
    vec![
        ("name", name),
        ("phrase", phrase),
        ("wrong", wrong),
        ("asked", asked),
        ("meet", meet),
        ("invite", invite),
        ("making", making),
        ("failed", failed),
    ]
}

fn drawn(first: &First<'_>) -> String {
    let mut terminal = Terminal::new(TestBackend::new(first.size.0, first.size.1)).unwrap();
    terminal.draw(|frame| view::draw(first, frame)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn questions_are_as_they_were_looked_at() {
    let mut records: std::collections::BTreeMap<&str, String> = std::collections::BTreeMap::new();
    for size in [(120, 36), (80, 24), (60, 20), (40, 15), (20, 6)] {
        for (name, mut first) in steps(size) {
            let text = drawn(&first);
            first.from.theme = Theme::new(false, true);
            first.from.words = first.from.words.clone().in_ascii(true);
            let ascii = drawn(&first);
            assert_eq!(ascii.chars().filter(|c| "·…›".contains(*c)).count(), 0, "{ascii}");
            let other: Vec<&str> = ascii
                .lines()
                .zip(text.lines())
                .filter(|(ascii, text)| ascii != text)
                .map(|(ascii, _)| ascii)
                .collect();
            let record = records.entry(name).or_default();
            record.push_str(&format!("== {} by {}\n{text}\nascii\n{}\n", size.0, size.1, other.join("\n")));
        }
    }
    for (name, record) in records {
        insta::assert_snapshot!(name, record);
    }
}

#[test]
fn every_word_of_the_phrase_is_shown_at_every_size() {
    for columns in (20..100).step_by(5) {
        for rows in 6..30 {
            let mut first = newcomer((columns, rows));
            press(&mut first, "\n");
            let mut seen = String::new();
            while matches!(first.step, Step::Why(_) | Step::Phrase(_)) {
                seen += &drawn(&first);
                seen.push('\n');
                press(&mut first, "\n");
            }
            // What they are for as well, whatever the lines.
            let why = "them is you; without them a lost disk is a lost name. Three of them are asked back.";
            let read: String = seen.chars().filter(|c| c.is_alphabetic()).collect();
            let whole: String = why.chars().filter(|c| c.is_alphabetic()).collect();
            let keys =
                ["entergoesonescback", "entergoeson"].iter().fold(read, |read, keys| read.replace(keys, ""));
            let keys = keys.replace("Yourrecoveryphrase", "");
            assert!(keys.contains(&whole), "{columns} by {rows}: {seen}");
            for (number, word) in first.phrase().iter().enumerate() {
                let shown = format!("{:>2} {word}", number + 1);
                assert!(seen.contains(&shown), "{columns} by {rows}: no {shown}\n{seen}");
            }
        }
    }
}

#[test]
fn nothing_panics_at_any_size() {
    for (_, mut first) in steps((80, 24)) {
        for columns in (0..61).step_by(3) {
            for rows in (0..21).step_by(2) {
                first.update(Msg::Resize(columns, rows));
                let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
                terminal.draw(|frame| view::draw(&first, frame)).unwrap();
            }
        }
    }
}
