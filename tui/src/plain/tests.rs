//! The commands, against a server of a few lines that says what it was asked.

use std::io::Cursor;

use serde_json::{Value, json};

use super::*;
use crate::client::fake;

fn post(id: usize, text: &str) -> Value {
    json!({
        "id": id.to_string(), "content": format!("<p>{text}</p>"), "created_at": "2026-11-22T10:00:00Z",
        "account": { "id": "a1", "acct": "ada", "display_name": "Ada\u{1b}[2J" },
    })
}

fn answer(method: &str, path: &str) -> Value {
    let (route, query) = path.split_once('?').unwrap_or((path, ""));
    match (method, route) {
        ("GET", "/api/v1/accounts/verify_credentials") => json!({ "id": "me", "display_name": "Me" }),
        ("GET", "/api/v1/timelines/home") if query.contains("max_id=2") => json!([post(1, "the first")]),
        ("GET", "/api/v1/timelines/home") if query.contains("max_id=1") => json!([]),
        ("GET", "/api/v1/timelines/home") => {
            let mut warned = post(9, "the butler");
            warned["spoiler_text"] = "the end".into();
            let mut posts = vec![warned];
            posts.extend((2..13).rev().map(|id| post(id, &format!("number {id}"))));
            json!(posts)
        }
        ("GET", "/api/v1/statuses/9/context") => {
            let mut reply = post(20, "is it?");
            reply["in_reply_to_id"] = "9".into();
            json!({ "ancestors": [], "descendants": [reply] })
        }
        ("POST", "/api/v1/statuses") => json!(post(30, "new")),
        ("POST", "/api/v1/statuses/12/favourite") => json!(post(12, "number 12")),
        ("DELETE", _) => json!(post(9, "")),
        ("POST", route) if route.starts_with("/api/v1/accounts/a1/") => {
            json!({ "id": "a1", "following": route.ends_with("/follow") })
        }
        ("GET", "/api/v2/search") => {
            json!({ "accounts": [{ "id": "a1", "acct": "ada" }], "hashtags": [{ "name": "birds" }] })
        }
        _ => json!({ "error": "not here" }),
    }
}

/// What is said to these lines, and what the server was asked, streams and the like aside.
fn session(lines: &str) -> (String, Vec<(String, String, Value)>) {
    let (base, asked) = fake::serve(answer);
    let server = Server { base, token: "t".into(), drafts: None, again: None };
    let mut out = Vec::new();
    let options = Options { server, words: Words::default(), prompt: false };
    plain(options, Cursor::new(lines.to_owned()), &mut out).unwrap();
    let asked =
        asked.lock().unwrap().iter().filter(|(_, path, _)| !path.contains("streaming")).cloned().collect();
    (String::from_utf8(out).unwrap(), asked)
}

#[test]
fn a_command_is_found_by_its_beginning_if_only_one_begins_so() {
    assert_eq!(verbs::find("home"), Some(Verb::Home));
    assert_eq!(verbs::find("HELP"), Some(Verb::Help));
    assert_eq!(verbs::find("lik"), Some(Verb::Like));
    assert_eq!(verbs::find("un"), None);
    assert_eq!(verbs::find("re"), None);
    assert_eq!(verbs::find("fly"), None);
    let mut names: Vec<&str> = VERBS.iter().map(|(_, name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), VERBS.len());
}

#[test]
fn a_timeline_is_told_page_by_page_to_its_end() {
    let (said, asked) = session("home\nnext\nnext\nnext\nquit\nhome\n");
    assert!(said.contains("You are Me."), "{said}");
    assert!(said.contains("1. Ada") && said.contains("Warning: the end. read 1 tells"), "{said}");
    assert!(!said.contains("the butler"), "{said}");
    assert!(
        said.contains("\nnumber 12\n") && said.contains("13. Ada") && said.contains("\nthe first\n"),
        "{said}"
    );
    assert!(said.ends_with("That is all.\n"), "{said}");
    assert_eq!(asked.iter().filter(|(_, path, _)| path.contains("timelines/home")).count(), 3);
    let shown: Vec<char> = said.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(shown.is_empty(), "nothing moves a cursor: {shown:?}");
}

#[test]
fn posts_are_written_in_one_line_or_in_many() {
    let lines = "home\npost Hello, all\nwarn careful\npost\nfirst line\n\nthird line\n.\nreply 2 indeed\nedit 2 other\n";
    let (said, asked) = session(lines);
    let sent: Vec<_> = asked.iter().filter(|(method, ..)| method == "POST" || method == "PUT").collect();
    assert_eq!(sent[0].2["status"], "Hello, all");
    assert_eq!(
        (&sent[1].2["status"], &sent[1].2["spoiler_text"]),
        (&json!("first line\n\nthird line"), &json!("careful"))
    );
    assert_eq!((&sent[2].2["status"], &sent[2].2["in_reply_to_id"]), (&json!("@ada indeed"), &json!("12")));
    assert_eq!((sent[3].1.as_str(), &sent[3].2["status"]), ("/api/v1/statuses/12", &json!("other")));
    assert_eq!(said.matches("Posted.").count(), 3, "{said}");
    // An edit of somebody else's is refused, and what was written is not lost.
    assert!(said.contains("Not done: not here") && said.contains("send tries again"), "{said}");
}

#[test]
fn what_cannot_be_taken_back_is_asked_for() {
    let (said, asked) = session("home\ndelete 1\nhome\nyes\nblock 1\nyes\nlike 2\nfollow 1\nlike 99\n");
    let done: Vec<_> =
        asked.iter().filter(|(method, ..)| method != "GET").map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(
        done,
        ["/api/v1/accounts/a1/block", "/api/v1/statuses/12/favourite", "/api/v1/accounts/a1/follow"]
    );
    assert!(said.contains("Nothing was asked.") && said.contains("Which post?"), "{said}");
}

#[test]
fn threads_and_finds_are_numbered_anew() {
    let (said, _) = session("home\nopen 1\nread 1\nsearch ada\nhelp vote\n");
    assert!(said.contains("2. Ada") && said.contains("reply, level 1"), "{said}");
    assert!(said.contains("[the end]\nthe butler"), "{said}");
    assert!(said.contains("1. ada, ada\n2. #birds\n"), "{said}");
    assert!(said.contains("vote N CHOICE…: Vote in a poll\n"), "{said}");
}
