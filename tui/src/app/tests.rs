//! Stories told without a terminal and without a server: what happens, what is wanted, and what stays as it is.

mod reading;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::{
    api::{Context, Notification, Source},
    msg::{Done, News, Page, Reaction, Row, Sent, Span, ask},
};

pub fn post(id: &str, who: &str, text: &str) -> Status {
    Status {
        id: id.into(),
        account: person(who),
        created_at: Some(Timestamp::from_second(1_000).unwrap()),
        content: text.into(),
        visibility: "public".into(),
        ..Status::default()
    }
}

pub fn person(name: &str) -> Account {
    Account {
        id: name.to_lowercase(),
        acct: name.to_lowercase(),
        display_name: name.into(),
        ..Account::default()
    }
}

pub fn row(status: Status) -> Row {
    Row::Post(Box::new(status))
}

/// A page with nothing below it.
pub fn whole(rows: Vec<Row>) -> Page {
    Page { rows, below: None, last: true }
}

/// An app on a screen of this size, with these posts on the home timeline.
pub fn app(size: (u16, u16), posts: &[Status]) -> App {
    let theme = Theme::new(true, false);
    let now = Timestamp::from_second(1_120).unwrap();
    let (mut app, first) = App::new(theme, Keys::default(), Bidi::Here, Words::default(), size, now);
    app.zone = TimeZone::UTC;
    assert!(first.contains(&Effect::Recall));
    let next = app.update(Msg::Memory(Box::default()));
    assert_eq!(next, [Effect::Load(Line::Home, Span::Newest)]);
    app.update(Msg::Me(Box::new(person("Me"))));
    app.update(Msg::Page(Line::Home, Span::Newest, whole(posts.iter().cloned().map(row).collect())));
    app
}

pub fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '\t' => KeyCode::Tab,
            c => KeyCode::Char(c),
        };
        effects = app.update(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    effects
}

pub fn ctrl(app: &mut App, c: char) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)))
}

pub fn three() -> Vec<Status> {
    vec![post("3", "Bob", "third"), post("2", "Ada", "second"), post("1", "Me", "first")]
}

#[test]
fn news_wait_above_and_move_nothing() {
    let mut app = app((80, 24), &three());
    press(&mut app, "j");
    assert_eq!(app.subject().unwrap().id, "2");
    for id in 10..1_010 {
        app.update(Msg::News(News::Update(Box::new(post(&id.to_string(), "Eve", "spam")))));
    }
    assert_eq!((app.subject().unwrap().id.as_str(), app.line().1.unwrap().waiting()), ("2", 1_000));
    press(&mut app, ".");
    assert_eq!((app.subject().unwrap().id.as_str(), app.line().1.unwrap().waiting()), ("2", 0));
}

#[test]
fn what_the_reader_wrote_is_shown_at_once_unless_it_would_bring_others_with_it() {
    let mut app = app((80, 24), &three());
    let arrives = |app: &mut App, id: &str, who: &str| {
        app.update(Msg::News(News::Update(Box::new(post(id, who, "new")))));
        (
            app.subject().unwrap().id.clone(),
            app.line().1.unwrap().all().len(),
            app.line().1.unwrap().waiting(),
        )
    };
    assert_eq!(arrives(&mut app, "4", "Me"), ("3".into(), 4, 0));
    assert_eq!(arrives(&mut app, "5", "Bob"), ("3".into(), 4, 1));
    assert_eq!(arrives(&mut app, "6", "Me"), ("3".into(), 4, 2));
}

#[test]
fn the_first_thing_that_comes_is_shown_at_once() {
    let mut app = app((80, 24), &[]);
    app.update(Msg::News(News::Update(Box::new(post("1", "Bob", "first")))));
    assert_eq!(app.subject().unwrap().id, "1");
}

#[test]
fn keys_do_to_a_post_what_they_say_and_take_it_back() {
    let mut app = app((80, 24), &three());
    assert_eq!(press(&mut app, "f"), [Effect::React("3".into(), Reaction::Like(true))]);
    app.update(Msg::Post(Box::new(Status { favourited: true, ..post("3", "Bob", "third") }), Done::Reacted));
    assert_eq!(press(&mut app, "f"), [Effect::React("3".into(), Reaction::Like(false))]);
    assert_eq!(press(&mut app, "b"), [Effect::React("3".into(), Reaction::Boost(true))]);
    assert_eq!(press(&mut app, "m"), [Effect::React("3".into(), Reaction::Bookmark(true))]);
    assert_eq!(press(&mut app, "F"), [Effect::Follow("bob".into(), None)]);
    assert_eq!(press(&mut app, "q").last(), Some(&Effect::Quit));
}

#[test]
fn only_own_posts_are_changed_and_erasing_is_asked_back() {
    let mut app = app((80, 24), &three());
    assert_eq!(press(&mut app, "D"), []);
    assert!(matches!(app.said, Some((Said::Bad(_), _))));
    assert_eq!(press(&mut app, "jjD"), []);
    assert_eq!(press(&mut app, "n"), []);
    assert_eq!(press(&mut app, "D"), []);
    assert_eq!(press(&mut app, "y"), [Effect::Delete("1".into())]);
    app.update(Msg::Post(Box::new(post("1", "Me", "first")), Done::Deleted));
    assert_eq!(app.line().1.unwrap().all().len(), 2);
    assert_eq!(press(&mut app, "e"), []);
}

#[test]
fn a_thread_opens_and_is_left() {
    let mut app = app((80, 24), &three());
    assert_eq!(press(&mut app, "\n"), [Effect::Thread("3".into())]);
    let answer = Status { in_reply_to_id: Some("3".into()), ..post("4", "Ada", "answer") };
    app.update(Msg::Context(
        "3".into(),
        Box::new(Context { descendants: vec![answer], ..Context::default() }),
    ));
    press(&mut app, "j");
    assert_eq!(app.subject().unwrap().id, "4");
    press(&mut app, "\u{1b}");
    assert_eq!(app.subject().unwrap().id, "3");
}

#[test]
fn what_is_written_is_never_lost() {
    let mut app = app((80, 24), &three());
    press(&mut app, "rhello");
    let Some(Screen::Compose(form)) = app.stack.last() else { panic!("no form") };
    assert_eq!(form.draft().text, "@bob hello");
    let sent = ctrl(&mut app, 's');
    assert!(matches!(sent.as_slice(), [Effect::Post(draft)] if draft.reply_to.as_ref().unwrap().0 == "3"));
    let effect = sent.into_iter().next().unwrap();
    app.update(Msg::Failed(Box::new(effect), "the node does not run".into()));
    let Some(Screen::Compose(form)) = app.stack.last() else { panic!("the form is gone") };
    assert!(!form.sending && form.failure.is_some() && form.draft().text == "@bob hello");
    assert!(app.said.is_none(), "the form says it");
    let kept = press(&mut app, "\u{1b}");
    assert!(matches!(kept.as_slice(), [Effect::Keep(draft)] if draft.text == "@bob hello"));
    press(&mut app, "d\n");
    let Some(Screen::Compose(form)) = app.stack.last() else { panic!("no form") };
    assert_eq!(form.draft().text, "@bob hello");
    let sent = ctrl(&mut app, 's');
    let done = answered(&mut app, &sent);
    let forgets = |effect: &Effect| matches!(effect, Effect::Keep(draft) if draft.is_empty());
    assert!(done.iter().any(forgets) && app.stack.is_empty());
}

/// The server took what was sent.
fn answered(app: &mut App, sent: &[Effect]) -> Vec<Effect> {
    let [Effect::Post(draft)] = sent else { panic!("nothing was sent") };
    app.update(Msg::Sent(draft.clone(), Box::new(post("9", "Me", &draft.text)), Sent::Posted))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_120 + second).unwrap()
}

fn forms(app: &App) -> Vec<(String, bool)> {
    let forms = app.stack.iter().filter_map(|screen| match screen {
        Screen::Compose(form) => Some((form.draft().text, form.sending)),
        _ => None,
    });
    forms.collect()
}

#[test]
fn of_two_posts_sent_at_once_each_answer_is_for_its_own() {
    let mut app = app((80, 24), &three());
    press(&mut app, "cone");
    let one = ctrl(&mut app, 's');
    ctrl(&mut app, 'n');
    press(&mut app, "two");
    let two = ctrl(&mut app, 's');
    let [Effect::Post(second)] = two.as_slice() else { panic!("nothing was sent") };
    let (key, effect) = (second.key.clone(), two[0].clone());
    let done = answered(&mut app, &one);
    assert!(!done.iter().any(|effect| matches!(effect, Effect::Keep(draft) if draft.key == key)));
    assert_eq!(forms(&app), [("two".to_owned(), true)]);
    app.update(Msg::Failed(Box::new(effect), "no".into()));
    assert_eq!(forms(&app), [("two".to_owned(), false)]);
    assert!(app.drafts.is_empty(), "{:?}", app.drafts);
}

#[test]
fn what_was_changed_after_it_was_sent_is_another_draft() {
    let mut app = app((80, 24), &three());
    press(&mut app, "cone");
    let sent = ctrl(&mut app, 's');
    press(&mut app, "\u{1b}");
    press(&mut app, "d\n!");
    assert_eq!(forms(&app), [("one!".to_owned(), false)]);
    let kept = answered(&mut app, &sent);
    assert_eq!(forms(&app), [("one!".to_owned(), false)]);
    let is = |effect: &Effect, text: &str| matches!(effect, Effect::Keep(draft) if draft.text == text);
    assert!(is(&kept[0], "") && is(&kept[1], "one!"), "one is gone, the other is on disk");
    let [Effect::Post(first)] = sent.as_slice() else { panic!("nothing was sent") };
    assert!(
        matches!(ctrl(&mut app, 's').as_slice(), [Effect::Post(second)] if second.key != first.key && second.text == "one!")
    );
}

#[test]
fn what_was_changed_and_sent_again_waits_for_its_own_answer() {
    let mut app = app((80, 24), &three());
    press(&mut app, "cone");
    let first = ctrl(&mut app, 's');
    press(&mut app, "\u{1b}d\n!");
    let second = ctrl(&mut app, 's');
    let (Effect::Post(one), Effect::Post(two)) = (&first[0], &second[0]) else { panic!("nothing was sent") };
    assert_ne!(one.wish(), two.wish(), "other words are another post");
    assert!(!answered(&mut app, &first).iter().any(|effect| matches!(effect, Effect::Keep(_))));
    assert_eq!(forms(&app), [("one!".to_owned(), true)]);
    answered(&mut app, &second);
    assert!(forms(&app).is_empty() && app.drafts.is_empty());
    // The same words, left and opened again, are the same post.
    press(&mut app, "ctwo");
    let sent = ctrl(&mut app, 's');
    press(&mut app, "\u{1b}d\n");
    answered(&mut app, &sent);
    assert!(forms(&app).is_empty() && app.drafts.is_empty());
}

#[test]
fn what_was_changed_after_it_was_sent_and_left_again_is_found_again() {
    let mut app = app((80, 24), &three());
    press(&mut app, "cone");
    let sent = ctrl(&mut app, 's');
    press(&mut app, "\u{1b}d\n!");
    // The answer to what was sent is no answer to what is on the screen: it is said, not put into the form.
    app.update(Msg::Failed(Box::new(sent[0].clone()), "the disk is full".into()));
    assert!(matches!(&app.said, Some((Said::Bad(why), _)) if why == "the disk is full"));
    press(&mut app, "\u{1b}");
    let kept = answered(&mut app, &sent);
    assert_eq!(app.drafts.iter().map(|draft| &*draft.text).collect::<Vec<_>>(), ["one!"]);
    let [Effect::Post(first)] = sent.as_slice() else { panic!("nothing was sent") };
    assert!(app.drafts[0].key != first.key);
    assert!(kept.contains(&Effect::Keep(Box::new(app.drafts[0].clone()))), "it is on disk under its own key");
}

#[test]
fn nothing_opens_while_somebody_types() {
    let mut app = app((80, 24), &three());
    press(&mut app, "chello");
    let source = Source { id: "1".into(), text: "first".into(), spoiler_text: String::new() };
    app.update(Msg::Source(Box::new(source)));
    app.update(Msg::Told(Box::new(ask::Told::Opened("ada".into(), "Ada".into()))));
    assert_eq!(forms(&app), [("hello".to_owned(), false)]);
    assert!(matches!(app.stack.as_slice(), [Screen::Compose(_)]));
    assert!(matches!(&app.said, Some((Said::Good(words), _)) if words.contains("Ada")));
}

#[test]
fn who_is_followed_was_come_upon_somewhere() {
    let ours = |status: Status| Status { starling: Some(crate::api::StatusExtra::default()), ..status };
    let boost = Status { reblog: Some(Box::new(ours(post("2", "Bob", "second")))), ..post("4", "Carol", "") };
    let mut app = app((80, 24), &[ours(post("3", "Bob", "third")), boost]);
    assert_eq!(press(&mut app, "F"), [Effect::Follow("bob".into(), Some("3".into()))]);
    let failed = Box::new(Effect::Follow("bob".into(), Some("3".into())));
    assert_eq!(app.update(Msg::Failed(failed, "not here".into())), [Effect::Follow("bob".into(), None)]);
    assert_eq!(press(&mut app, "jF"), [Effect::Follow("bob".into(), Some("carol".into()))]);
    // From the person's own posts it is still known which post led there.
    assert_eq!(press(&mut app, "kaF"), [Effect::Follow("bob".into(), Some("3".into()))]);
    let relation = Relationship { id: "bob".into(), following: true, ..Relationship::default() };
    app.update(Msg::Person(Box::new(person("Bob")), relation));
    assert_eq!(press(&mut app, "F"), [Effect::Relate("bob".into(), crate::msg::Relate::Unfollow)]);
}

#[test]
fn a_name_that_arrives_later_is_shown_everywhere() {
    let stranger =
        Status { account: Account { id: "bob".into(), ..person("star1bob") }, ..post("3", "Bob", "third") };
    let mut app = app((80, 24), &[stranger]);
    press(&mut app, "a");
    let relation = Relationship { id: "bob".into(), following: true, ..Relationship::default() };
    let known = Account { id: "bob".into(), ..person("star1bob") };
    app.update(Msg::Person(Box::new(known), relation.clone()));
    let asks = |effects: Vec<Effect>| effects.contains(&Effect::Person("bob".into()));
    assert!(asks(press(&mut app, "R")));
    app.update(Msg::Stream(Ok(())));
    assert!((0..4).any(|beat| asks(app.update(Msg::Tick(at(beat * 5))))), "without being asked");
    app.update(Msg::Person(Box::new(Account { id: "bob".into(), ..person("Bob") }), relation));
    press(&mut app, "\u{1b}");
    assert_eq!(app.subject().unwrap().account.display_name, "Bob");
}

#[test]
fn what_counts_as_read_was_in_sight() {
    let mut app = app((80, 24), &[]);
    press(&mut app, "u\n");
    let long = post("2", "Ada", &"A paragraph of a long post.\n\n".repeat(20));
    app.update(Msg::Told(Box::new(ask::Told::CaughtUp(vec![post("3", "Ada", "short"), long], false))));
    let at = |app: &App| match app.stack.last() {
        Some(Screen::CatchUp(it)) => (it.at, it.scroll > 0),
        _ => panic!("no catch-up"),
    };
    press(&mut app, "\nj");
    assert_eq!(at(&app), (Some(0), true), "its end was below the screen");
    press(&mut app, "k");
    assert_eq!(at(&app), (Some(0), false));
    press(&mut app, "jjj");
    assert_eq!(at(&app), (Some(1), false));
}

#[test]
fn help_is_read_to_its_end() {
    let mut app = app((80, 24), &[]);
    press(&mut app, "?");
    let key = |app: &mut App, code| app.update(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    let from = |app: &App| match app.stack.last() {
        Some(Screen::Help(help)) => (help.from, help.filter.clone()),
        _ => panic!("no help"),
    };
    key(&mut app, KeyCode::End);
    let (end, _) = from(&app);
    assert!(end > 20, "{end}");
    key(&mut app, KeyCode::PageDown);
    assert_eq!(from(&app).0, end);
    key(&mut app, KeyCode::PageUp);
    assert!(from(&app).0 < end);
    press(&mut app, "post");
    assert_eq!(from(&app), (0, "post".to_owned()));
    key(&mut app, KeyCode::Esc);
    assert!(app.stack.is_empty());
}

#[test]
fn a_node_that_hangs_is_asked_once() {
    let mut app = app((80, 24), &three());
    let asks = |effects: Vec<Effect>| effects.contains(&Effect::Node);
    app.update(Msg::Node(NodeStatus::default()));
    assert!(asks(app.update(Msg::Tick(at(10)))));
    assert!(!asks(app.update(Msg::Tick(at(20)))));
    app.update(Msg::Failed(Box::new(Effect::Node), "it hangs".into()));
    assert!(asks(app.update(Msg::Tick(at(30)))));
}

#[test]
fn an_own_post_is_written_again() {
    let mut app = app((80, 24), &three());
    assert_eq!(press(&mut app, "jje"), [Effect::Source("1".into())]);
    app.update(Msg::Source(Box::new(Source {
        id: "1".into(),
        text: "first".into(),
        spoiler_text: String::new(),
    })));
    press(&mut app, "!");
    assert!(
        matches!(ctrl(&mut app, 's').as_slice(), [Effect::Post(draft)] if draft.edits.as_deref() == Some("1") && draft.text == "first!")
    );
}

#[test]
fn the_server_goes_and_comes_back_and_what_was_missed_is_fetched() {
    let mut app = app((80, 24), &three());
    app.update(Msg::Stream(Err("gone".into())));
    assert_eq!(app.link, Link::Lost("gone".into()));
    let effects = app.update(Msg::Stream(Ok(())));
    assert!(effects.contains(&Effect::Load(Line::Home, Span::Above("3".into()))));
    app.update(Msg::Page(
        Line::Home,
        Span::Above("3".into()),
        vec![row(post("4", "Bob", "fourth")), row(post("3", "Bob", "third"))].into(),
    ));
    assert_eq!(app.line().1.unwrap().waiting(), 1);
}

#[test]
fn everything_can_be_done_by_its_name() {
    let mut app = app((80, 24), &three());
    assert_eq!(press(&mut app, ":bookm\n"), [Effect::React("3".into(), Reaction::Bookmark(true))]);
    assert_eq!(press(&mut app, "/ada lovelace\n"), [Effect::Search("ada lovelace".into())]);
    let found = crate::api::Found { accounts: vec![person("Ada")], statuses: three(), hashtags: vec![] };
    app.update(Msg::Found("ada lovelace".into(), Box::new(found)));
    let effects = press(&mut app, "\n");
    assert!(effects.contains(&Effect::Person("ada".into())));
    assert!(effects.contains(&Effect::Load(Line::Person("ada".into()), Span::Newest)));
}

#[test]
fn a_post_that_is_gone_leaves_no_row_behind() {
    let mut app = app((80, 24), &three());
    let sent = press(&mut app, "f");
    app.update(Msg::Gone(Box::new(sent[0].clone()), "3".into(), "Record not found".into()));
    assert!(matches!(&app.said, Some((Said::Bad(why), _)) if why == "Record not found"));
    assert_eq!((app.subject().unwrap().id.as_str(), app.line().1.unwrap().all().len()), ("2", 2));
    // It was deleted elsewhere while nobody listened: who asks again sees it go.
    assert_eq!(press(&mut app, "R"), [Effect::Load(Line::Home, Span::Newest)]);
    app.update(Msg::Page(Line::Home, Span::Newest, whole(vec![row(post("1", "Me", "first"))])));
    assert_eq!((app.subject().unwrap().id.as_str(), app.line().1.unwrap().all().len()), ("1", 1));
}

#[test]
fn who_is_muted_or_blocked_is_shown_nowhere_and_can_be_taken_back() {
    let boost = |id: &str, by: &str, of: &str| Status {
        reblog: Some(Box::new(post(&format!("of-{id}"), of, "passed on"))),
        ..post(id, by, "")
    };
    let posts = [
        post("5", "Ada", "five"),
        post("4", "Bob", "four"),
        boost("3", "Bob", "Ada"),
        boost("2", "Eve", "Bob"),
    ];
    let ids = |app: &App| app.line().1.unwrap().all().map(|row| row.id().clone()).collect::<Vec<_>>();
    let relation =
        |muting, blocking| Relationship { id: "bob".into(), muting, blocking, ..Default::default() };
    for (muting, blocking) in [(true, false), (false, true)] {
        let mut app = app((80, 24), &posts);
        press(&mut app, "\n");
        let answers = vec![
            Status { in_reply_to_id: Some("5".into()), ..post("6", "Bob", "answer") },
            Status { in_reply_to_id: Some("6".into()), ..post("7", "Ada", "answer") },
            Status { in_reply_to_id: Some("5".into()), ..post("8", "Bob", "answer") },
        ];
        let context = Context { descendants: answers, ..Context::default() };
        app.update(Msg::Context("5".into(), Box::new(context)));
        app.update(Msg::Relation(relation(muting, blocking), None));
        let Some(Screen::Thread(tree)) = app.stack.last() else { panic!("the thread is closed") };
        let left: Vec<_> = tree.visible().iter().map(|place| place.item.id().clone()).collect();
        assert_eq!(left, ["5", "6", "7"]);
        assert!(tree.visible()[1].post().is_none());
        press(&mut app, "\u{1b}");
        assert_eq!(ids(&app), ["5"]);
    }
    // Whoever looks at them sees them.
    let mut app = app((80, 24), &posts);
    press(&mut app, "ja");
    app.update(Msg::Page(
        Line::Person("bob".into()),
        Span::Newest,
        whole(vec![row(post("4", "Bob", "four"))]),
    ));
    app.update(Msg::Relation(relation(true, false), None));
    assert_eq!(ids(&app), ["4"]);
    press(&mut app, "\u{1b}");
    assert_eq!(ids(&app), ["5"]);
    // In a timeline it is not known who is muted: that is asked first.
    app.update(Msg::Page(Line::Home, Span::Newest, whole(posts.into_iter().map(row).collect())));
    press(&mut app, "jM");
    let stands = ask::Told::Stands(relation(true, false));
    app.update(Msg::Told(Box::new(stands)));
    let ended = press(&mut app, "\n");
    let end = crate::msg::Relate::Mute(false);
    assert_eq!(ended, [Effect::Relate("bob".into(), end)]);
    app.update(Msg::Relation(relation(false, false), Some(end)));
    assert!(
        matches!(&app.said, Some((Said::Good(words), _)) if words.contains("Not muted")),
        "{:?}",
        app.said
    );
    assert_eq!((app.stack.len(), ids(&app).len()), (0, 4));
}

#[test]
fn a_new_post_is_new_however_many_drafts_there_are() {
    let mut app = app((80, 24), &three());
    let draft =
        |key: &str| compose::Draft { key: key.into(), text: format!("half of {key}"), ..Default::default() };
    for drafts in [vec![], vec![draft("a")], vec![draft("a"), draft("b")]] {
        let kept = drafts.len();
        app.update(Msg::Told(Box::new(ask::Told::Drafts(drafts))));
        if kept > 0 {
            assert!(
                matches!(&app.said, Some((Said::Good(words), _)) if words.contains("[d]")),
                "{:?}",
                app.said
            );
        }
        press(&mut app, "cjolly");
        assert_eq!(forms(&app), [("jolly".to_owned(), false)]);
        assert_eq!(app.drafts.len(), kept);
        app.stack.clear();
        app.drafts.clear();
    }
    app.update(Msg::Told(Box::new(ask::Told::Drafts(vec![draft("a"), draft("b")]))));
    press(&mut app, "d\n!");
    assert_eq!(forms(&app), [("half of a!".to_owned(), false)]);
}

#[test]
fn what_is_copied_leads_to_the_post_wherever_it_is_pasted() {
    let at = |url: &str, status: Status| Status { url: Some(url.into()), ..status };
    let extra = crate::api::StatusExtra { entry: "bafyentry".into(), ..Default::default() };
    let ours = Status { starling: Some(extra), ..post("bafyentry", "Bob", "ours") };
    let posts =
        [at("http://127.0.0.1:36333/@bob/bafyentry", ours), at("https://a.example/1", post("1", "Ada", "x"))];
    let mut app = app((80, 24), &posts);
    assert_eq!(press(&mut app, "y"), [Effect::Copy("bafyentry".into())]);
    assert_eq!(press(&mut app, "jy"), [Effect::Copy("https://a.example/1".into())]);
}

#[test]
fn notices_wait_in_their_own_place() {
    let mut app = app((80, 24), &three());
    press(&mut app, "4");
    app.update(Msg::Page(Line::Notifications, Span::Newest, whole(vec![])));
    let notice = Notification {
        id: "1".into(),
        kind: "follow".into(),
        account: person("Ada"),
        ..Notification::default()
    };
    app.update(Msg::News(News::Notified(Box::new(Notification { id: "0".into(), ..notice.clone() }))));
    app.update(Msg::News(News::Notified(Box::new(notice))));
    assert_eq!(app.line().1.unwrap().waiting(), 1);
    // Whoever opens the tab sees them: that is what its number counts.
    press(&mut app, "1");
    assert_eq!(app.lines[&Line::Notifications].waiting(), 1);
    press(&mut app, "4");
    let rows = app.line().1.unwrap();
    assert_eq!((rows.waiting(), rows.selected().unwrap().1.id().as_str()), (0, "1"));
    assert!(press(&mut app, "\n").contains(&Effect::Person("ada".into())));
}
