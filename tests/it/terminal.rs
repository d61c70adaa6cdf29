//! The terminal UI in terminals that no person sits at, on nodes that run: what a person does in their first days.

use std::{collections::BTreeMap, io::Write, path::Path, process::Stdio};

use rustix::process::Signal;

use crate::support::{
    Home, eventually, starling,
    terminal::{Terminal, holds},
    when,
};

const CTRL_C: &str = "\x03";
const CTRL_O: &str = "\x0f";
const CTRL_S: &str = "\x13";
const ESC: &str = "\x1b";

/// The words of the phrase by their numbers, as they are shown.
fn words(screen: &str) -> BTreeMap<usize, String> {
    let tokens: Vec<&str> = screen.split_whitespace().collect();
    let pairs = tokens.windows(2).filter_map(|pair| Some((pair[0].parse().ok()?, pair[1].to_owned())));
    let words: BTreeMap<usize, String> =
        pairs.filter(|(_, word)| word.chars().all(|c| c.is_ascii_lowercase()) && word != "words").collect();
    assert_eq!(words.keys().copied().collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>(), "{screen}");
    words
}

/// Answers the three questions about the phrase.
fn answer(terminal: &mut Terminal, words: &BTreeMap<usize, String>) {
    for _ in 0..3 {
        let screen = terminal.shows("of 3):");
        let asked = screen.lines().find(|line| line.contains("of 3):")).unwrap();
        let number: usize = asked.split_whitespace().nth(1).unwrap().parse().unwrap();
        terminal.types(&format!("{}\r", words[&number]));
        terminal.hides(&format!("Word {number} ("));
    }
}

fn contain(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contain(&path, text));
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|part| part == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_newcomer_begins_and_posts() {
    let home = Home::none();
    let mut terminal = Terminal::open(&home, &[], &[]);
    terminal.shows("What should others call you?");
    terminal.types("Ada\r");
    let shown = terminal.shows("24 ");
    let words = words(&shown);
    terminal.types("\r");
    answer(&mut terminal, &words);
    terminal.shows("How do you meet others?");
    assert!(!home.path().exists(), "nothing is made before all is asked");
    terminal.types("3\r");
    terminal.shows("Welcome! This is your home timeline");
    terminal.shows("[c] writes your first post");
    terminal.types("c");
    terminal.shows("A new post");
    terminal.types("My first words here");
    terminal.shows("My first words here");
    terminal.types(CTRL_S);
    terminal.hides("A new post");
    terminal.types(".");
    terminal.shows("My first words here");
    terminal.types("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
    let posts = home.lists(&["home", "--limit", "40"]);
    assert_eq!((&posts[0]["text"], &posts[0]["name"]), (&"My first words here".into(), &"Ada".into()));
    assert_eq!(posts.len(), 7, "the first post and those that came with the program");
    let phrase: Vec<&str> = words.values().map(String::as_str).collect();
    for some in phrase.chunks(4) {
        assert_eq!(contain(home.path().parent().unwrap(), &some.join(" ")), Vec::<String>::new());
    }
}

#[test]
fn who_leaves_the_first_run_leaves_nothing() {
    let home = Home::none();
    let mut terminal = Terminal::open(&home, &[], &[]);
    terminal.shows("What should others call you?");
    terminal.types("Ada\r");
    terminal.shows("recovery phrase");
    terminal.types("\r");
    terminal.shows("Word ");
    terminal.types("nonsense\r");
    terminal.shows("was another one: look again");
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
    assert!(!home.path().exists());
}

#[test]
fn what_one_writes_the_other_reads_and_answers_in_an_editor() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    alice.follows(&b);
    b.meets(1);
    let early = alice.posts("what was there before");
    b.holds(&early, "what was there before");
    let script = bob.file("editor", "#!/bin/sh\nprintf 'typed in the editor' > \"$1\"\n");
    std::process::Command::new("chmod").args(["+x", &script]).status().unwrap();
    let mut terminal = Terminal::open(&bob, &["tui"], &[("EDITOR", &script)]);
    terminal.shows("what was there before");
    terminal.shows("1 peer");
    let post = alice.posts("does anybody read this?");
    terminal.shows("1 new");
    terminal.types(".");
    terminal.shows("does anybody read this?");
    terminal.types("g\r");
    terminal.shows("Thread");
    terminal.types("r");
    terminal.shows("Reply to alice");
    terminal.types(CTRL_O);
    terminal.shows("typed in the editor");
    terminal.types(CTRL_S);
    terminal.hides("Reply to alice");
    terminal.shows("typed in the editor");
    let answered = eventually("the answer at alice's", || {
        let thread = alice.tries(&["thread", &post])?;
        let found = thread.iter().find(|post| post["text"] == "typed in the editor").cloned();
        found.ok_or_else(|| format!("{thread:?}"))
    });
    assert_eq!(answered["author"], b.author.as_str());
    terminal.types("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
    drop((a, b));
}

#[test]
fn a_draft_survives_what_nothing_survives() {
    let home = Home::of("alice");
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    terminal.types("c");
    terminal.shows("A new post");
    terminal.types("half a thought");
    holds(&home.path().join("draft.json"), "half a thought");
    terminal.signal(Signal::KILL);
    terminal.ends();
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("draft");
    terminal.types("d");
    terminal.shows("half a thought");
    terminal.types("\r");
    terminal.shows("ctrl-s send");
    terminal.shows("half a thought");
    terminal.types(ESC);
    terminal.hides("A new post");
    terminal.types("q");
    assert_eq!(terminal.ends().exit_code(), 0);
}

#[test]
fn other_commands_use_the_node_of_the_ui() {
    let home = Home::of("alice");
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    home.posts("from another window");
    terminal.shows("from another window");
    let status = home.does(&["status"]);
    assert_eq!(status["network"], true, "{status}");
    terminal.types("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    assert!(!home.path().join("node.json").exists());
    home.posts("and with nobody there");
}

/// What is typed is kept at once when a signal ends the UI, not only after a pause.
fn ended_by(signal: Signal, code: u32) {
    let home = Home::of("alice");
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    terminal.types("c");
    terminal.shows("A new post");
    terminal.types("said in the last moment");
    terminal.shows("said in the last moment");
    terminal.signal(signal);
    assert_eq!(terminal.ends().exit_code(), code);
    terminal.is_restored();
    holds(&home.path().join("draft.json"), "said in the last moment");
    // The node inside ended in good order: another one finds the home free.
    home.posts("still works");
}

#[test]
fn who_tells_it_to_end_finds_the_terminal_as_it_was() {
    ended_by(Signal::TERM, 143);
}

#[test]
fn who_interrupts_it_finds_the_terminal_as_it_was() {
    ended_by(Signal::INT, 130);
}

#[test]
fn it_stands_still_and_goes_on() {
    let home = Home::of("alice");
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    for how in ["key", "signal"] {
        match how {
            "key" => terminal.types("\x1a"),
            _ => terminal.signal(Signal::TSTP),
        }
        eventually("it stands still", || when(terminal.state() == 'T', terminal.state()));
        terminal.is_restored();
        terminal.signal(Signal::CONT);
        terminal.until("the UI again", vt100::Screen::alternate_screen);
        terminal.shows("No peers");
    }
    // It reads keys as before.
    terminal.types("?");
    terminal.shows("Keys");
    terminal.types(ESC);
    terminal.hides("Keys");
    terminal.types("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn a_terminal_that_is_closed_ends_it_and_keeps_what_was_typed() {
    let home = Home::of("alice");
    let node = home.runs();
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    terminal.types("c");
    terminal.shows("A new post");
    terminal.types("before the window closed");
    terminal.shows("before the window closed");
    // Who closes this terminal types enter, control and d before, which would send the post if there were a node.
    node.kill();
    terminal.shows("Not connected");
    terminal.closes();
    assert_eq!(terminal.ends().exit_code(), 129);
    holds(&home.path().join("draft.json"), "before the window closed");
    home.posts("still works");
}

#[test]
fn a_node_that_goes_and_comes_back_costs_nothing() {
    let home = Home::of("alice");
    let node = home.runs();
    let mut terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    terminal.types("c");
    terminal.shows("A new post");
    terminal.types("typed before and ");
    terminal.shows("typed before and");
    node.kill();
    terminal.shows("Not connected");
    terminal.types("after");
    terminal.shows("typed before and after");
    terminal.types(CTRL_S);
    // It was not sent, and the form is still there with all that is in it.
    terminal.shows("typed before and after");
    let node = home.runs();
    terminal.hides("Not connected");
    terminal.shows("No peers");
    terminal.types(CTRL_S);
    terminal.hides("A new post");
    eventually("the post is there", || {
        let timeline = node.timeline();
        when(timeline == ["typed before and after"], timeline)
    });
    terminal.types("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn lines_do_what_the_screen_does() {
    let (alice, bob) = (Home::of("alice"), Home::of("bob"));
    let post = alice.posts("read me aloud");
    let (a, b) = (alice.runs(), bob.runs());
    bob.follows(&a);
    b.holds(&post, "read me aloud");
    // Through a pipe: no terminal is needed, and nothing but lines comes out.
    let mut command = starling(&["--home", bob.path().to_str().unwrap(), "tui", "--plain"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).env("LC_ALL", "C.UTF-8");
    let mut child = command.spawn().unwrap();
    let lines = "home\nlike 1\nreply 1 gladly\npost\ntwo\nlines\n.\nsearch aloud\nstatus\nfly\nquit\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("You are bob."), "{said}");
    assert!(said.contains("1. alice, ") && said.contains("\nread me aloud\n"), "{said}");
    assert!(said.contains("There is no command \"fly\""), "{said}");
    assert!(said.contains("\n1 peer\n"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    let mine: Vec<String> = b.timeline();
    assert_eq!(mine[0], "two\nlines");
    assert!(mine.iter().any(|text| text == "gladly"), "{mine:?}");
    assert_eq!(b.get(&format!("/api/v1/statuses/{post}"))["favourited"], true);
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let home = Home::of("alice");
    let terminal = Terminal::open(&home, &["tui"], &[]);
    terminal.shows("No peers");
    terminal.shows("Nothing here yet");
    // The clock ticks each second, and the node is asked how it is every five.
    let (bytes, worked) = quiet_for(&terminal, 6);
    assert_eq!(bytes, 0, "{terminal:?}");
    // Half a percent of a core is bound by the release build; here only a loop that never sleeps is to be found.
    assert!(worked < 200, "{worked} hundredths of a second");
}

/// Bytes written and hundredths of seconds worked over so many ticks of the clock.
fn quiet_for(terminal: &Terminal, seconds: u64) -> (usize, u64) {
    let (bytes, worked) = (terminal.bytes(), terminal.worked());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    // An event that must not come can only be waited for until it is late.
    while std::time::Instant::now() < until && terminal.bytes() == bytes {
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    (terminal.bytes() - bytes, terminal.worked() - worked)
}
