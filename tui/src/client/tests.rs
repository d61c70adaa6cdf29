//! What the sheets ask, against a server that says what it was asked.

use serde_json::{Value, json};

use super::{fake, *};
use crate::{
    api::List,
    msg::ask::{Since, Told},
};

fn worker(answers: fake::Answers) -> (Worker, fake::Asked) {
    let (base, asked) = fake::serve(answers);
    let server = Server { base, token: "t".into(), drafts: None, again: None };
    (Worker::new(server, Words::default()), asked)
}

fn post(id: usize) -> Value {
    json!({ "id": id.to_string(), "created_at": "2026-11-22T10:00:00Z", "account": { "id": "ada" } })
}

/// Posts 1 to 100, of which 42 was read last.
fn timeline(_: &str, path: &str) -> Value {
    let below = path.split_once("max_id=").map_or(101, |(_, id)| id.parse().unwrap());
    match path.split('?').next().unwrap() {
        "/api/v1/markers" => json!({ "home": { "last_read_id": "42" } }),
        "/api/v1/timelines/home" => (1..below).rev().take(PAGE).map(post).collect(),
        _ => json!({ "error": "not here" }),
    }
}

#[test]
fn catching_up_goes_down_to_what_was_read_and_no_further() {
    let (worker, asked) = worker(timeline);
    let Told::CaughtUp(posts, more) = worker.ask(&Ask::CatchUp(Since::Read)).unwrap() else { panic!() };
    let ids: Vec<usize> = posts.iter().map(|post| post.id.parse().unwrap()).collect();
    assert_eq!(ids, (43..101).rev().collect::<Vec<_>>());
    assert!(!more);
    assert_eq!(asked.lock().unwrap().len(), 3, "the marker and two pages");
    // All of them are older than a day: one page tells.
    let since = Ask::CatchUp(Since::Seconds(1));
    let Told::CaughtUp(posts, _) = worker.ask(&since).unwrap() else { panic!() };
    assert!(posts.is_empty());
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[test]
fn a_page_has_an_end() {
    let (worker, _) = worker(|_, _| (0..20_000).map(post).collect());
    let page = worker.page(&crate::msg::Line::Home, &crate::msg::Span::Newest).unwrap();
    assert_eq!((page.rows.len(), page.rows[0].id().as_str()), (1_000, "0"));
}

#[test]
fn what_a_server_does_not_have_is_left_out() {
    fn mastodon(_: &str, path: &str) -> Value {
        match path {
            "/api/v1/scheduled_statuses" => json!([{ "id": "7", "params": { "text": "later" } }]),
            "/api/v1/statuses/1" => post(1),
            "/api/v1/accounts/ada" => json!({ "id": "ada", "display_name": "Ada" }),
            "/api/v2/instance" => json!({
                "configuration": { "statuses": { "max_characters": 500 } }, "api_versions": { "mastodon": 6 },
            }),
            _ => json!({ "error": "Record not found" }),
        }
    }
    let (worker, _) = worker(mastodon);
    let Told::Queue(outbound) = worker.ask(&Ask::Queue).unwrap() else { panic!() };
    assert_eq!((outbound.posts.len(), outbound.scheduled[0].params.text.as_str()), (0, "later"));
    let Told::Origin(_, origin) = worker.ask(&Ask::Origin("1".into())).unwrap() else { panic!() };
    assert_eq!((origin.entry, origin.author.display_name.as_str()), (None, "Ada"));
    let Told::Limits(limits, ahead) = worker.ask(&Ask::Limits).unwrap() else { panic!() };
    assert_eq!((limits.statuses.max_characters, limits.quotes), (500, false));
    assert!(ahead.unwrap() < -1_000_000, "its clock stands still since 1994");
    assert_eq!(worker.ask(&Ask::Mesh).unwrap_err(), "Record not found");
    assert!(worker.ask(&Ask::Requests).is_err());
}

#[test]
fn people_are_put_on_lists_and_the_answer_is_all_of_them() {
    fn lists(method: &str, path: &str) -> Value {
        match (method, path) {
            ("GET", "/api/v1/accounts/ada/lists") => json!([{ "id": "2", "title": "Birds" }]),
            ("GET", "/api/v1/lists") => {
                json!([{ "id": "1", "title": "Friends" }, { "id": "2", "title": "Birds" }])
            }
            ("POST", "/api/v1/lists") => json!({ "id": "3", "title": "New" }),
            _ => json!({}),
        }
    }
    let (worker, asked) = worker(lists);
    let wish = Ask::NewList { person: "ada".into(), title: "New".into() };
    let Told::Lists(_, rows) = worker.ask(&wish).unwrap() else { panic!() };
    let row = |id: &str, title: &str, on| (List { id: id.into(), title: title.into() }, on);
    assert_eq!(rows, [row("1", "Friends", false), row("2", "Birds", true)]);
    worker.ask(&Ask::PutOn { person: "ada".into(), list: "2".into(), on: false }).unwrap();
    let asked = asked.lock().unwrap();
    let put = |method: &str, path: &str, body: Value| (method.to_owned(), path.to_owned(), body);
    assert!(asked.contains(&put("POST", "/api/v1/lists", json!({ "title": "New" }))));
    assert!(asked.contains(&put("POST", "/api/v1/lists/3/accounts", json!({ "account_ids": ["ada"] }))));
    assert!(asked.contains(&put("DELETE", "/api/v1/lists/2/accounts", json!({ "account_ids": ["ada"] }))));
}

#[test]
fn a_file_goes_with_its_description_and_a_post_with_all_that_belongs_to_it() {
    fn takes(_: &str, path: &str) -> Value {
        if path == "/api/v2/media" { json!({ "id": "77", "type": "image" }) } else { post(1) }
    }
    let (worker, asked) = worker(takes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bird.png");
    std::fs::write(&path, b"PNG").unwrap();
    let upload = |path: String| Ask::Upload { draft: "d".into(), number: 3, path, alt: "a red bird".into() };
    let Told::Uploaded(_, 3, Ok(media)) = worker.ask(&upload(path.display().to_string())).unwrap() else {
        panic!()
    };
    assert_eq!(media.id, "77");
    let sent = asked.lock().unwrap().remove(0).2;
    let sent = sent.as_str().unwrap();
    assert!(sent.contains("a red bird") && sent.contains("filename=\"bird.png\"") && sent.contains("PNG"));
    let look = |path: &std::path::Path| {
        let path = path.display().to_string();
        worker.ask(&Ask::Look { draft: "d".into(), number: 3, path }).unwrap()
    };
    assert!(matches!(look(&path), Told::Done));
    for unread in [folder.path(), std::path::Path::new("/nowhere/at/all.png")] {
        assert!(matches!(look(unread), Told::Uploaded(_, 3, Err(_))), "{}", unread.display());
    }
    let gone = worker.ask(&upload("/nowhere/at/all.png".into())).unwrap();
    assert!(matches!(gone, Told::Uploaded(_, _, Err(why)) if why.contains("/nowhere/at/all.png")));
    let draft: Draft = serde_json::from_value(json!({
        "key": "k", "text": "later", "quotes": ["q", "Bob"], "reply_to": ["r", "Bob"],
        "poll": { "options": ["a", "b"], "seconds": 300, "multiple": true },
    }))
    .unwrap();
    let due = Timestamp::from_second(1_800_000_000).unwrap();
    let done = worker.publish(&Draft { due: Some(due), ..draft }).unwrap();
    assert!(matches!(done, Msg::Sent(_, _, Sent::Scheduled)));
    let (_, _, body) = asked.lock().unwrap().remove(0);
    assert_eq!(body["scheduled_at"], due.to_string());
    assert_eq!((&body["quoted_status_id"], &body["in_reply_to_id"]), (&json!("q"), &json!("r")));
    assert_eq!(body["poll"], json!({ "options": ["a", "b"], "expires_in": 300, "multiple": true }));
}

#[test]
fn the_stream_is_read_line_by_line() {
    let (messages, got) = sync_channel(8);
    let stream = ":thump\n\nevent: update\ndata: {\"id\": \"1\"}\n\nevent: delete\ndata: 2\n\n\
                  event: delete\ndata: \"bafyb\"\n\nevent: odd\ndata: {}\n\n";
    let words = Words::default();
    assert_eq!(events(&words, stream.as_bytes(), &messages).unwrap(), "the server closed the stream");
    assert!(matches!(got.recv().unwrap(), Msg::News(News::Update(status)) if status.id == "1"));
    assert!(matches!(got.recv().unwrap(), Msg::News(News::Deleted(id)) if id == "2"));
    assert!(matches!(got.recv().unwrap(), Msg::News(News::Deleted(id)) if id == "bafyb"));
    assert!(got.try_recv().is_err());
    let endless = std::io::repeat(b'x');
    assert_eq!(events(&words, endless, &messages).unwrap(), "the server sent more than it should");
    let event = "data: and more of it\n".repeat(LINE as usize / 10);
    assert_eq!(events(&words, event.as_bytes(), &messages).unwrap(), "the server sent more than it should");
}

#[test]
fn a_post_that_the_server_does_not_have_any_more_is_said_to_be_gone() {
    fn has_one(method: &str, path: &str) -> Value {
        match (method, path) {
            ("GET", "/api/v1/statuses/1") => post(1),
            _ => json!({ "error": "Record not found" }),
        }
    }
    let (worker, _) = worker(has_one);
    let like = |id: &str| worker.answer_to(Effect::React(id.into(), Reaction::Like(true)));
    assert!(matches!(like("2"), Some(Msg::Gone(_, id, why)) if id == "2" && why == "Record not found"));
    // The post is there: it is something else that is not.
    assert!(matches!(like("1"), Some(Msg::Failed(..))));
    // What is missing from a thread was never here.
    assert!(matches!(worker.answer_to(Effect::Missing("2".into())), Some(Msg::Failed(..))));
}

#[test]
fn clocks_are_compared_by_what_the_server_says() {
    let now = Timestamp::from_second(784_111_777).unwrap();
    assert_eq!(ahead("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(0));
    assert_eq!(ahead("Sun, 06 Nov 1994 08:51:37 GMT", now), Some(120));
    assert_eq!(ahead("yesterday", now), None);
}
