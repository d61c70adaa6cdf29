//! The form: what it keeps, what it sends, and what it refuses.

use super::*;
use crate::{api::Media, msg::ask::Ask};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn press(form: &mut Compose, code: KeyCode, modifiers: KeyModifiers) -> Typed {
    match form.key(KeyEvent::new(code, modifiers), at(10)) {
        Typed::Send => form.send(&TimeZone::UTC),
        typed => typed,
    }
}

fn ctrl(form: &mut Compose, c: char) -> Typed {
    press(form, KeyCode::Char(c), KeyModifiers::CONTROL)
}

fn write(form: &mut Compose, text: &str) {
    for c in text.chars() {
        press(form, KeyCode::Char(c), KeyModifiers::NONE);
    }
}

fn to(form: &mut Compose, field: Field) {
    for _ in 0..10 {
        if form.field == field {
            return;
        }
        press(form, KeyCode::Tab, KeyModifiers::NONE);
    }
    panic!("{field:?} is not reached");
}

#[test]
fn what_is_written_is_kept_at_a_pause_and_sent_once() {
    let mut form = Compose::new(Draft::default(), at(0));
    write(&mut form, "Hi");
    assert_eq!(form.pause(at(10)), None);
    let Some(Effect::Keep(kept)) = form.pause(at(11)) else { panic!("nothing is kept") };
    assert_eq!(kept.text, "Hi");
    assert_eq!(form.pause(at(20)), None);
    let Typed::Do(Effect::Post(sent)) = ctrl(&mut form, 's') else { panic!("nothing is sent") };
    assert_eq!(Draft { saved: kept.saved, ..*sent }, *kept);
    assert_eq!(ctrl(&mut form, 's'), Typed::Stay);
    assert_eq!(Compose::new(*kept.clone(), at(11)).draft(), *kept);
    write(&mut form, " there");
    form.paste("more", at(21));
    assert_eq!(form.draft().text, "Hi", "what is on its way does not change");
}

#[test]
fn every_field_is_reached_and_nothing_is_not_sent() {
    let mut form = Compose::new(Draft::default(), at(0));
    assert_eq!(ctrl(&mut form, 's'), Typed::Refused("compose-empty"));
    write(&mut form, "text");
    press(&mut form, KeyCode::Tab, KeyModifiers::NONE);
    write(&mut form, "careful");
    press(&mut form, KeyCode::Enter, KeyModifiers::NONE);
    write(&mut form, " ");
    press(&mut form, KeyCode::Tab, KeyModifiers::NONE);
    write(&mut form, "de");
    let draft = form.draft();
    assert_eq!(
        (draft.warning.as_str(), draft.visibility, draft.language.as_str()),
        ("careful", Visibility::Unlisted, "de")
    );
    assert_eq!(press(&mut form, KeyCode::Esc, KeyModifiers::NONE), Typed::Leave);
    // Each kind of server has its own ways to be seen.
    let go_round = |ours: bool| {
        let mut all = vec![Visibility::Public];
        while all.len() < 5 {
            all.push(all[all.len() - 1].next(ours));
        }
        all
    };
    use Visibility::{Direct, Local, Private, Public, Unlisted};
    assert_eq!(go_round(true), [Public, Unlisted, Local, Public, Unlisted]);
    assert_eq!(go_round(false), [Public, Unlisted, Private, Direct, Public]);
    // An edit changes what it can change.
    let form = Compose::new(Draft { edits: Some("1".into()), ..Draft::default() }, at(0));
    assert_eq!(form.fields(), [Field::Text, Field::Warning, Field::Language]);
}

#[test]
fn people_count_what_they_see() {
    let mut form = Compose::new(Draft::default(), at(0));
    form.paste("a👩‍👩‍👧‍👦\r\né", at(1));
    assert_eq!(form.count(), 4);
    form.edited("from the editor\n", at(2));
    assert_eq!(form.draft().text, "from the editor");
}

#[test]
fn a_file_is_described_and_arrives_before_the_post_goes() {
    let mut form = Compose::new(Draft::default(), at(0));
    to(&mut form, Field::Files);
    write(&mut form, "/tmp/bird.png");
    assert_eq!(looked(press(&mut form, KeyCode::Enter, KeyModifiers::NONE)), "/tmp/bird.png");
    assert!(form.files.describing);
    // Nothing is said: that is asked back once.
    let enter = |form: &mut Compose| press(form, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(enter(&mut form), Typed::Refused("compose-undescribed"));
    write(&mut form, "a red bird");
    let Typed::Do(Effect::Ask(ask)) = enter(&mut form) else { panic!("nothing is sent") };
    let Ask::Upload { number, ref path, ref alt, .. } = *ask else { panic!("{ask:?}") };
    assert_eq!((path.as_str(), alt.as_str()), ("/tmp/bird.png", "a red bird"));
    assert_eq!(ctrl(&mut form, 's'), Typed::Refused("compose-files-wait"));
    form.files.uploaded(number, Err("too large".into()));
    assert_eq!(ctrl(&mut form, 's'), Typed::Refused("compose-file-failed"));
    form.files.uploaded(number, Ok(Media { id: "7".into(), ..Media::default() }));
    let Typed::Do(Effect::Post(sent)) = ctrl(&mut form, 's') else { panic!("nothing is sent") };
    assert_eq!(sent.files[0].id.as_deref(), Some("7"));
    // A draft that is found again brings its files again.
    let kept: Draft = serde_json::from_str(&serde_json::to_string(&*sent).unwrap()).unwrap();
    let mut found = Compose::new(kept, at(20));
    let key = found.key_of().to_owned();
    assert_eq!(found.files.send_all(&key).len(), 1);
    to(&mut found, Field::Files);
    ctrl(&mut found, 'x');
    assert!(found.is_empty());
}

/// The path of the file that is looked at.
fn looked(typed: Typed) -> String {
    match typed {
        Typed::Do(Effect::Ask(ask)) | Typed::First(Effect::Ask(ask), _) => match *ask {
            Ask::Look { path, .. } => path,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_path_that_was_typed_is_never_left_out() {
    // Whoever goes on to the next field means it.
    for key in [KeyCode::Tab, KeyCode::BackTab] {
        let mut form = Compose::new(Draft::default(), at(0));
        to(&mut form, Field::Files);
        write(&mut form, "/tmp/bird.png");
        assert_eq!(looked(press(&mut form, key, KeyModifiers::NONE)), "/tmp/bird.png");
        assert!(form.files.describing && form.field == Field::Files);
        write(&mut form, "a red bird");
        let Typed::Do(Effect::Ask(ask)) = press(&mut form, key, KeyModifiers::NONE) else {
            panic!("not sent")
        };
        assert!(matches!(*ask, Ask::Upload { .. }));
        press(&mut form, key, KeyModifiers::NONE);
        assert_ne!(form.field, Field::Files);
    }
    // Whoever sends as well: nothing goes before it is described, or the lack of a description is meant.
    let mut form = Compose::new(Draft { text: "Look".into(), ..Draft::default() }, at(0));
    to(&mut form, Field::Files);
    write(&mut form, "/tmp/bird.png");
    assert_eq!(looked(ctrl(&mut form, 's')), "/tmp/bird.png");
    assert_eq!(ctrl(&mut form, 's'), Typed::Refused("compose-undescribed"));
    let Typed::First(Effect::Ask(ask), "compose-files-wait") = ctrl(&mut form, 's') else {
        panic!("not sent")
    };
    assert!(matches!(*ask, Ask::Upload { .. }) && !form.sending);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_at_once() {
    let mut form = Compose::new(Draft::default(), at(0));
    to(&mut form, Field::Files);
    write(&mut form, "/nowhere.png");
    press(&mut form, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(form.files.uploaded(0, Err("not there".into())), Some("not there".into()));
    assert!(form.files.list.is_empty() && !form.files.describing);
    assert_eq!(form.files.input.lines(), ["/nowhere.png"], "to be put right");
}

#[test]
fn what_is_left_with_a_path_half_taken_is_a_draft_with_the_file() {
    let mut form = Compose::new(Draft::default(), at(0));
    to(&mut form, Field::Files);
    write(&mut form, "/tmp/bird.png");
    form.files.settle();
    to(&mut form, Field::Files);
    write(&mut form, "/tmp/song.mp3");
    press(&mut form, KeyCode::Enter, KeyModifiers::NONE);
    write(&mut form, "a song");
    form.files.settle();
    let kept: Vec<_> = form.draft().files.into_iter().map(|file| (file.path, file.alt)).collect();
    let file = |path: &str, alt: &str| (path.to_owned(), alt.to_owned());
    assert_eq!(kept, [file("/tmp/bird.png", ""), file("/tmp/song.mp3", "a song")]);
}

#[test]
fn a_poll_has_answers_and_takes_the_place_of_files() {
    let mut form = Compose::new(Draft::default(), at(0));
    write(&mut form, "Tea?");
    to(&mut form, Field::Poll);
    write(&mut form, "yes");
    assert!(!form.fields().contains(&Field::Files));
    assert_eq!(ctrl(&mut form, 's'), Typed::Refused("compose-one-option"));
    press(&mut form, KeyCode::Enter, KeyModifiers::NONE);
    write(&mut form, "no");
    to(&mut form, Field::PollFor);
    write(&mut form, " ");
    to(&mut form, Field::PollMany);
    write(&mut form, " ");
    let Typed::Do(Effect::Post(sent)) = ctrl(&mut form, 's') else { panic!("nothing is sent") };
    let poll = Poll { options: vec!["yes".into(), "no".into()], seconds: 3 * 86_400, multiple: true };
    assert_eq!(sent.poll, poll);
    assert_eq!(Compose::new(*sent.clone(), at(10)).draft().poll, poll);
}

#[test]
fn a_post_may_wait_for_its_hour() {
    let mut form = Compose::new(Draft::default(), at(0));
    write(&mut form, "later");
    to(&mut form, Field::When);
    write(&mut form, "soon");
    assert_eq!(ctrl(&mut form, 's'), Typed::Refused("compose-when-wrong"));
    form.when = area("2h");
    let Typed::Do(Effect::Post(sent)) = ctrl(&mut form, 's') else { panic!("nothing is sent") };
    assert_eq!(sent.due, Some(at(10 + 7_200)));
}

#[test]
fn an_answer_goes_no_further_than_what_it_answers() {
    use crate::{api::StatusExtra, app::tests};
    let post = |visibility: &str| crate::api::Status {
        visibility: visibility.into(),
        ..tests::post("1", "Ada", "x")
    };
    let mut local = post("unlisted");
    local.starling = Some(StatusExtra { visibility: "local".into(), ..StatusExtra::default() });
    let cases = [
        (post("public"), Visibility::Public),
        (post("private"), Visibility::Private),
        (post("direct"), Visibility::Direct),
        (local, Visibility::Local),
        (post("something new"), Visibility::Public),
    ];
    for (post, expected) in cases {
        let mut app = tests::app((80, 24), std::slice::from_ref(&post));
        tests::press(&mut app, "r");
        let Some(crate::app::Screen::Compose(form)) = app.stack.last() else { panic!("no form") };
        assert_eq!(form.draft().visibility, expected, "{}", post.visibility);
    }
}

#[test]
fn a_line_feed_begins_a_line() {
    let mut form = Compose::new(Draft::default(), at(0));
    write(&mut form, "one");
    press(&mut form, KeyCode::Char('j'), KeyModifiers::CONTROL);
    write(&mut form, "two");
    assert_eq!(form.draft().text, "one\ntwo");
}
