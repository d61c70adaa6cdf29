//! Stories of reading: where the reader was, what is folded, warned of, unread and missing, and what a post leads to.

use proptest::prelude::*;

use super::*;
use crate::{
    api::{Edit, List, Poll, PollOption, Tag},
    app::{memory::Memory, reading::Of},
};

fn answer(id: &str, to: &str, who: &str) -> Status {
    Status { in_reply_to_id: Some(to.into()), ..post(id, who, "answer") }
}

fn thread(app: &mut App, descendants: Vec<Status>) {
    let context = Context { descendants, ..Context::default() };
    app.update(Msg::Context("3".into(), Box::new(context)));
}

#[test]
fn who_comes_back_is_on_the_tab_and_at_the_row_where_they_left() {
    let mut app = app((80, 24), &three());
    press(&mut app, "j2");
    app.update(Msg::Page(Line::Local, Span::Newest, whole(vec![row(post("9", "Me", "nine"))])));
    let left = press(&mut app, "q");
    let Some(Effect::Remember(memory)) = left.first() else { panic!("nothing is remembered: {left:?}") };
    let read: Memory = serde_json::from_str(&serde_json::to_string(memory).unwrap()).unwrap();
    assert_eq!(&read, &**memory);
    assert!(matches!(&left[1], Effect::Mark(marks) if marks["home"] == "2"));

    let theme = Theme::new(true, false);
    let now = Timestamp::from_second(2_000).unwrap();
    let (mut app, first) = App::new(theme, Keys::default(), Bidi::Here, Words::default(), (80, 24), now);
    assert!(!first.iter().any(|effect| matches!(effect, Effect::Load(..))), "{first:?}");
    let next = app.update(Msg::Memory(Box::new(read)));
    assert_eq!(app.tab, 1);
    assert_eq!(
        next,
        [
            Effect::Load(Line::Home, Span::Around("2".into())),
            Effect::Load(Line::Local, Span::Around("9".into()))
        ]
    );
    let around =
        vec![row(post("3", "Bob", "third")), row(post("2", "Ada", "second")), row(post("1", "Me", "one"))];
    app.update(Msg::Page(Line::Home, Span::Around("2".into()), whole(around)));
    press(&mut app, "1");
    assert_eq!((app.subject().unwrap().id.as_str(), app.line().1.unwrap().waiting()), ("2", 1));
    // The row is nowhere any more: the newest, then.
    let gone = app.update(Msg::Page(Line::Local, Span::Around("9".into()), whole(vec![])));
    assert_eq!(gone, [Effect::Load(Line::Local, Span::Newest)]);
    let failed = Effect::Load(Line::Local, Span::Around("9".into()));
    assert_eq!(
        app.update(Msg::Failed(Box::new(failed), "no".into())),
        [Effect::Load(Line::Local, Span::Newest)]
    );
}

#[test]
fn warnings_are_closed_until_they_are_opened_and_some_authors_always() {
    let warned = |id: &str, who: &str| Status { spoiler_text: "careful".into(), ..post(id, who, "text") };
    let mut app = app((80, 24), &[warned("3", "Ada"), warned("2", "Ada"), warned("1", "Bob")]);
    let closed = |app: &App| {
        let rows = app.line().1.unwrap();
        rows.all().map(|row| app.is_closed(row.post().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(closed(&app), [true, true, true]);
    press(&mut app, "s");
    assert_eq!(closed(&app), [false, true, true]);
    press(&mut app, "s");
    assert_eq!(closed(&app), [true, true, true]);
    press(&mut app, "S");
    assert_eq!(closed(&app), [false, false, true]);
    // One of theirs can still be closed.
    press(&mut app, "s");
    assert_eq!(closed(&app), [true, false, true]);
    press(&mut app, "jS");
    assert_eq!(closed(&app), [true, true, true]);
}

#[test]
fn the_next_unread_is_found_and_what_was_seen_is_none_when_the_thread_is_opened_again() {
    let mut app = app((80, 24), &three());
    press(&mut app, "\n");
    let answers = vec![
        answer("4", "3", "Ada"),
        answer("5", "4", "Bob"),
        answer("6", "3", "Me"),
        answer("7", "3", "Ada"),
    ];
    thread(&mut app, answers.clone());
    let unread = |app: &App| match app.stack.last() {
        Some(Screen::Thread(tree)) => tree.unread(),
        _ => panic!("no thread"),
    };
    assert_eq!(unread(&app), 3);
    // What is folded away is unfolded.
    press(&mut app, "jzkn");
    assert_eq!(app.subject().unwrap().id, "5");
    press(&mut app, "n");
    assert_eq!((app.subject().unwrap().id.as_str(), unread(&app)), ("7", 0));
    press(&mut app, "n");
    assert!(matches!(app.said, Some((Said::Good(_), _))));
    press(&mut app, "1\n");
    let mut again = answers;
    again
        .push(Status { created_at: Some(Timestamp::from_second(9_000).unwrap()), ..answer("8", "3", "Eve") });
    thread(&mut app, again);
    assert_eq!(unread(&app), 1);
}

#[test]
fn what_was_there_when_a_thread_was_left_is_not_unread_the_next_time() {
    let mut app = app((80, 24), &three());
    let unread = |app: &App| match app.stack.last() {
        Some(Screen::Thread(tree)) => tree.unread(),
        _ => panic!("no thread"),
    };
    let open = |app: &mut App| {
        press(app, "\n");
        thread(app, vec![answer("4", "3", "Ada"), answer("5", "4", "Bob")]);
        unread(app)
    };
    assert_eq!(open(&mut app), 2);
    press(&mut app, "1");
    assert_eq!(open(&mut app), 0);
    let left = press(&mut app, "q");
    let Some(Effect::Remember(memory)) = left.first() else { panic!("{left:?}") };
    assert!(memory.visited(&"3".to_owned()).is_some());
}

#[test]
fn a_missing_post_is_asked_for_and_takes_its_place() {
    let mut app = app((80, 24), &three());
    press(&mut app, "\n");
    thread(&mut app, vec![answer("5", "4", "Ada")]);
    press(&mut app, "j");
    assert_eq!(press(&mut app, "\n"), [Effect::Missing("4".into())]);
    app.update(Msg::Failed(Box::new(Effect::Missing("4".into())), "404".into()));
    assert!(matches!(app.said, Some((Said::Bad(_), _))));
    assert_eq!(app.update(Msg::Arrived(Box::new(answer("4", "3", "Bob")))), [Effect::Thread("3".into())]);
    assert_eq!(app.subject().unwrap().id, "4");
}

#[test]
fn a_post_leads_to_tags_people_and_addresses() {
    let mut linked = post("3", "Ada", "<a href=\"https://a.example\">a</a> <a href=\"http://h/t\">#t</a>");
    linked.tags = vec![Tag { name: "t".into(), url: "http://h/t".into() }];
    let mut app = app((80, 24), &[linked, post("2", "Bob", "nothing")]);
    assert_eq!(press(&mut app, "o1"), [Effect::Browse("https://a.example".into())]);
    assert_eq!(press(&mut app, "oy"), [Effect::Copy("https://a.example".into())]);
    assert_eq!(press(&mut app, "o2"), [Effect::Load(Line::Tag("t".into()), Span::Newest)]);
    press(&mut app, "\u{1b}jo");
    assert!(app.stack.is_empty() && matches!(app.said, Some((Said::Bad(_), _))));
    assert_eq!(press(&mut app, "##birds\n"), [Effect::Load(Line::Tag("birds".into()), Span::Newest)]);
    assert_eq!(press(&mut app, "\u{1b}#two words\n"), []);
}

#[test]
fn a_list_is_chosen_and_read() {
    let mut app = app((80, 24), &three());
    assert_eq!(press(&mut app, "L"), [Effect::Lists]);
    let list = |id: &str| List { id: id.into(), title: format!("list {id}") };
    app.update(Msg::Lists(vec![list("1"), list("2")]));
    let line = Line::List("2".into(), "list 2".into());
    assert_eq!(press(&mut app, "j\n"), [Effect::Load(line, Span::Newest)]);
    press(&mut app, "\u{1b}L");
    app.update(Msg::Lists(vec![]));
    assert!(app.stack.is_empty());
}

#[test]
fn a_vote_is_given_once_and_counted_wherever_the_poll_stands() {
    let poll = Poll {
        id: "p".into(),
        multiple: true,
        options: vec![PollOption::default(), PollOption::default(), PollOption::default()],
        ..Poll::default()
    };
    let asks = Status { poll: Some(poll.clone()), ..post("3", "Ada", "which?") };
    let mut app = app((80, 24), &[asks, post("2", "Bob", "no poll")]);
    assert_eq!(press(&mut app, "v1j j \n"), [Effect::Vote("p".into(), vec![0, 1, 2])]);
    app.update(Msg::Poll(Poll { voted: Some(true), votes_count: 3, ..poll }));
    assert_eq!(app.subject().unwrap().poll.as_ref().unwrap().votes_count, 3);
    press(&mut app, "v");
    assert!(app.stack.is_empty());
    press(&mut app, "jv");
    assert!(app.stack.is_empty());
}

#[test]
fn how_a_post_read_before_is_shown_if_it_was_changed() {
    let changed = Status { edited_at: Some(Timestamp::from_second(9).unwrap()), ..post("3", "Ada", "new") };
    let mut app = app((80, 24), &[changed, post("2", "Bob", "as it was")]);
    assert_eq!(press(&mut app, "H"), [Effect::History("3".into())]);
    app.update(Msg::History("3".into(), vec![Edit::default()]));
    assert!(matches!(app.stack.last(), Some(Screen::History(_, Some(edits), _)) if edits.len() == 1));
    press(&mut app, "jjjk\u{1b}j");
    assert_eq!(press(&mut app, "H"), []);
}

#[test]
fn a_long_post_is_read_page_by_page() {
    let long = post("3", "Ada", &"line\n".repeat(100));
    let mut app = app((80, 24), &[long]);
    press(&mut app, "\n");
    thread(&mut app, vec![answer("4", "3", "Bob")]);
    let mut pages = 0;
    while app.subject().unwrap().id == "3" {
        press(&mut app, " ");
        pages += 1;
        assert!(pages < 20);
    }
    assert_eq!(pages, 6);
    press(&mut app, "kG");
    assert_eq!(app.subject().unwrap().id, "4");
}

#[test]
fn screens_above_screens_end_somewhere() {
    let mut app = app((80, 24), &three());
    for tag in 0..100 {
        press(&mut app, &format!("#tag{tag}\n"));
    }
    assert!(app.stack.len() < 50 && app.lines.len() < 50);
    press(&mut app, "1");
    assert!(app.lines.len() <= TABS.len());
}

/// What happens that is nobody's wish.
fn event() -> impl Strategy<Value = u8> {
    any::<u8>()
}

proptest! {
    #[test]
    fn whatever_happens_the_reader_stays_where_they_are(
        events in proptest::collection::vec((event(), 0u16..130, 0u16..50), 0..80),
        steps in 0usize..30,
    ) {
        let posts: Vec<_> = (100..140).rev().map(|id| post(&id.to_string(), "Bob", "text")).collect();
        let mut app = app((80, 24), &posts);
        press(&mut app, &"j".repeat(steps));
        let selected = app.subject().unwrap().id.clone();
        for (event, a, b) in events {
            let other = (140 + a % 40).to_string();
            match event % 9 {
                0 => drop(app.update(Msg::Resize(a, b))),
                1 | 2 => drop(app.update(Msg::News(News::Update(Box::new(post(&other, "Eve", "new")))))),
                3 => drop(app.update(Msg::News(News::Changed(Box::new(post(&other, "Eve", "changed")))))),
                4 if other != selected => drop(app.update(Msg::News(News::Deleted(other)))),
                5 => drop(app.update(Msg::Stream(if a % 2 == 0 { Ok(()) } else { Err("gone".into()) }))),
                6 => {
                    let page = (140..141 + a % 39).rev().map(|id| row(post(&id.to_string(), "Eve", "page")));
                    let span = if b % 2 == 0 { Span::Newest } else { Span::Above("139".into()) };
                    app.update(Msg::Page(Line::Home, span, page.collect::<Vec<_>>().into()));
                }
                7 => drop(press(&mut app, ".")),
                _ => drop(app.update(Msg::Tick(Timestamp::from_second(1_000 + i64::from(a)).unwrap()))),
            }
            prop_assert_eq!(&app.subject().unwrap().id, &selected);
            let shown = app.line().1.unwrap().shown(app.height().max(1));
            prop_assert!(shown.iter().any(|shown| shown.selected), "the selection is off the screen");
        }
    }
}

#[test]
fn what_fails_late_closes_nothing_that_was_opened_since() {
    let mut app = app((80, 24), &[post("1", "Ada", "one")]);
    assert!(press(&mut app, "L").contains(&Effect::Lists));
    press(&mut app, "\u{1b}c");
    press(&mut app, "half");
    app.update(Msg::Failed(Box::new(Effect::Lists), "gone".into()));
    let Some(Screen::Compose(form)) = app.stack.last() else { panic!("the form is closed") };
    assert_eq!(form.draft().text, "half");
}

#[test]
fn what_comes_while_something_else_is_on_the_screen_finds_its_place() {
    let edited =
        Status { edited_at: Some(Timestamp::from_second(2_000).unwrap()), ..post("1", "Ada", "one") };
    let mut app = app((80, 24), &[edited]);
    let found = || Box::new(crate::api::Found { statuses: three(), ..Default::default() });
    let list = List { id: "1".into(), title: "list".into() };

    // Help over a search, then a form.
    assert_eq!(press(&mut app, "/ada\n"), [Effect::Search("ada".into())]);
    press(&mut app, "?");
    assert!(matches!(app.stack.last(), Some(Screen::Help(_))));
    app.update(Msg::Found("bob".into(), found()));
    assert!(matches!(&app.stack[0], Screen::Found(shown) if shown.loading && shown.is_empty()));
    app.update(Msg::Found("ada".into(), found()));
    assert!(matches!(&app.stack[0], Screen::Found(shown) if !shown.loading && shown.len() == 3));
    press(&mut app, "\u{1b}jj");
    // The answer to the same words asked before does not move the reader.
    app.update(Msg::Found("ada".into(), found()));
    assert!(matches!(&app.stack[0], Screen::Found(shown) if shown.selected == 2));
    press(&mut app, "\u{1b}/ada\n");
    press(&mut app, "c");
    assert!(matches!(app.stack.last(), Some(Screen::Compose(_))));
    app.update(Msg::Failed(Box::new(Effect::Search("ada".into())), "gone".into()));
    assert!(matches!(&app.stack[0], Screen::Found(shown) if !shown.loading));

    // A thread in which something was answered.
    app.stack.clear();
    assert!(press(&mut app, "\n").contains(&Effect::Thread("1".into())));
    press(&mut app, "?");
    let sent = Msg::Sent(Box::default(), Box::new(post("2", "Me", "two")), Sent::Posted);
    assert!(app.update(sent).contains(&Effect::Thread("1".into())));

    // How a post read before.
    app.stack.clear();
    app.stack.push(Screen::History("1".into(), None, 0));
    app.stack.push(Screen::Help(Help::default()));
    app.update(Msg::History("1".into(), vec![Edit::default()]));
    assert!(matches!(&app.stack[0], Screen::History(_, Some(edits), 0) if edits.len() == 1));

    // Lists, over which the answer to something else opened a form.
    for (lists, screens) in [(vec![list], 2), (vec![], 1)] {
        app.stack.clear();
        assert_eq!(press(&mut app, "L"), [Effect::Lists]);
        app.update(Msg::Source(Box::new(crate::api::Source { id: "1".into(), ..Default::default() })));
        app.update(Msg::Lists(lists));
        assert_eq!(app.stack.len(), screens);
        assert!(matches!(app.stack.last(), Some(Screen::Compose(_))));
        assert!(
            !app.stack.iter().any(
                |screen| matches!(screen, Screen::Choice(choice) if matches!(choice.of, Of::Lists(None)))
            )
        );
    }
}
