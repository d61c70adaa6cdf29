//! The index against a plain filter over all that is stored, through everything that happens to a store.

mod files;
mod room;

use room::Room;

use super::Query;

const QUESTIONS: [&str; 22] = [
    "reeds",
    "re",
    "reeds heron",
    "\"over the reeds\"",
    "-heron",
    "heron -reeds",
    "#möwe",
    "-#möwe reeds",
    "from:me heron",
    "from:nobody heron",
    "has:warning",
    "is:reply -has:warning",
    "is:boost",
    "is:edited",
    "before:2026-11-20",
    "after:2026-11-19 reeds",
    "language:de",
    "guarani",
    "guaraní",
    "京都",
    "都",
    "\"heron over\" -is:reply",
];

/// A small source of chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn whatever_happens_the_answer_is_what_a_plain_filter_gives() {
    let mut found = 0;
    for seed in 0..2 {
        let (mut room, mut chance) = (Room::new(), Chance(seed));
        let mut posts = Vec::new();
        for step in 0..96 {
            match chance.below(18) {
                0 if !posts.is_empty() => {
                    let at = chance.below(posts.len() as u64) as usize;
                    room.delete(posts.swap_remove(at));
                }
                1 | 2 if !posts.is_empty() => {
                    let at = chance.below(posts.len() as u64) as usize;
                    let text = text(&mut chance);
                    room.edit(posts[at], &text);
                }
                3 if !posts.is_empty() => room.boost(posts[chance.below(posts.len() as u64) as usize]),
                4 if !posts.is_empty() => {
                    let answered = posts[chance.below(posts.len() as u64) as usize];
                    let text = text(&mut chance);
                    posts.push(room.post_in(&text, Some(answered)));
                }
                5 => room.tend(),
                6 if step % 3 == 0 => room.wash(),
                _ => {
                    let text = text(&mut chance);
                    posts.push(room.post(&text));
                }
            }
            room.later(7 * 60 * 60 * 1000);
            if step % 16 == 15 {
                for question in QUESTIONS {
                    let (given, expected) = (room.ask(question, 1_000, 0), room.filter(question));
                    assert_eq!(given, expected, "{question} at step {step} of {seed}");
                    found += given.len();
                }
            }
        }
    }
    assert!(found > 500, "{found}");
}

fn text(chance: &mut Chance) -> String {
    const WORDS: [&str; 14] = [
        "over",
        "the",
        "reeds",
        "heron",
        "Guaraní",
        "guarani",
        "東京都",
        "京都",
        "#Möwe",
        "de!",
        "cw!",
        "return",
        "rest",
        "水",
    ];
    let count = 1 + chance.below(6);
    (0..count).map(|_| WORDS[chance.below(WORDS.len() as u64) as usize]).collect::<Vec<_>>().join(" ")
}

#[test]
fn pages_fit_together() {
    let mut room = Room::new();
    for n in 0..50 {
        room.post(&format!("heron number {n}"));
        room.later(1_000);
        if n == 30 {
            room.tend();
        }
    }
    let all = room.ask("heron", 100, 0);
    assert_eq!(all.len(), 50);
    let pages: Vec<_> = (0..6).flat_map(|page| room.ask("heron", 10, page * 10)).collect();
    assert_eq!(pages, all);
    let (mut down, mut max) = (Vec::new(), None);
    loop {
        let page = room.ask_between("heron", 7, max, None);
        let Some(last) = page.last() else { break };
        max = Some(*last);
        down.extend(page);
    }
    assert_eq!(down, all);
    let (mut up, mut min) = (Vec::new(), all.last().copied());
    loop {
        let page = room.ask_between("heron", 7, None, min);
        let Some(first) = page.first() else { break };
        min = Some(*first);
        up.splice(0..0, page);
    }
    assert_eq!(up, all[..49]);
}

#[test]
fn hostile_posts_are_entered_and_found() {
    let mut room = Room::new();
    let marks = format!("heron a{}", "\u{301}".repeat(4_900));
    let long = format!("reeds {}", "x".repeat(4_900));
    let ids = [
        room.post(&marks),
        room.post(&long),
        room.post(&"水".repeat(5_000)),
        room.post("\0 \u{202e}drow \u{feff}"),
    ];
    room.tend();
    assert_eq!(room.ask("heron", 9, 0), [ids[0]]);
    for length in [4_000, 900] {
        assert_eq!(room.ask(&"x".repeat(length), 9, 0), [ids[1]], "what begins alike that far is found");
    }
    assert_eq!(room.ask("\"水水水水\"", 9, 0), [ids[2]]);
    assert_eq!(room.ask("drow", 9, 0), [ids[3]]);
    assert!(Query::parse(&"\"".repeat(2_000)).is_empty());
}
