//! The commands, against a server of a few lines that says what it was asked.

use std::{
    io::Cursor,
    sync::{Arc, Mutex},
};

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
    assert_eq!(verbs::find("home"), Ok(Verb::Home));
    assert_eq!(verbs::find("HELP"), Ok(Verb::Help));
    assert_eq!(verbs::find("lik"), Ok(Verb::Like));
    assert_eq!(verbs::find("notif"), Err(vec!["notifications", "notify"]));
    assert_eq!(verbs::find("fly"), Err(Vec::new()));
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

/// Hands out a line when one is asked for, and looks then what is kept on disk.
struct Watched {
    lines: Vec<&'static str>,
    drafts: std::path::PathBuf,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.seen.lock().unwrap().push(std::fs::read_to_string(&self.drafts).unwrap_or_default());
        let line = if self.lines.is_empty() { "" } else { self.lines.remove(0) };
        into[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}

#[test]
fn what_is_typed_is_on_disk_before_the_next_line_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let drafts = folder.path().join("draft.json");
    let (base, _) = fake::serve(answer);
    let server = Server { base, token: "t".into(), drafts: Some(drafts.clone()), again: None };
    let seen = Arc::default();
    let lines = vec!["post\n", "half a\n", "post\n", ".\n"];
    let input = io::BufReader::new(Watched { lines, drafts, seen: Arc::clone(&seen) });
    plain(Options { server, words: Words::default(), prompt: false }, input, &mut Vec::new()).unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen[2].contains(r#""half a""#) && seen[3].contains(r#""half a\npost""#), "{seen:?}");
    assert_eq!(seen[4], "", "what was posted is no draft");
}

#[test]
fn people_and_versions_are_told_as_on_the_screen() {
    fn node(method: &str, path: &str) -> Value {
        match path.split('?').next().unwrap() {
            "/api/v1/accounts/a1" => {
                let field = json!({ "name": "site", "value": "<b>mine</b>\u{1b}" });
                json!({ "id": "a1", "acct": "ada", "note": "<p>Flies.</p>", "fields": vec![field; 999] })
            }
            "/api/v1/accounts/relationships" => json!([]),
            "/api/v1/statuses/9/history" => json!([
                { "content": "<p>made of it</p>", "starling": { "source": "as it was <typed>" } },
                { "content": "<blockquote>the second</blockquote>" },
            ]),
            _ => answer(method, path),
        }
    }
    let (base, _) = fake::serve(node);
    let server = Server { base, token: "t".into(), drafts: None, again: None };
    let mut out = Vec::new();
    let lines = Cursor::new("home\nhistory 1\nsearch ada\nperson 1\n");
    plain(Options { server, words: Words::default(), prompt: false }, lines, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains(":\nas it was <typed>\n") && said.contains(":\n> the second\n"), "{said}");
    assert!(said.contains("ada, ada\nFlies.\nsite: mine\u{fffd}\n"), "{said}");
    assert!(!said.contains("made of it"), "{said}");
    // As many rows as the screen has room for.
    assert_eq!(said.matches("site: mine").count(), 32);
}

#[test]
fn peers_the_queue_and_where_a_post_comes_from_are_told_as_on_the_screen() {
    fn node(method: &str, path: &str) -> Value {
        match path.split('?').next().unwrap() {
            "/api/starling/v1/status" => json!({ "network": true, "peers": 1, "syncing": 0, "waiting": 0 }),
            "/api/starling/v1/peers" => json!([{
                "peer_id": "12D3KooWAbcdefghijklmnop", "connected": true, "addresses": ["/ip4/192.168.1.7/tcp/1"],
            }]),
            "/api/starling/v1/sync" => json!({ "caught_up": true }),
            "/api/starling/v1/coverage" => {
                json!([{ "author": "a1", "name": "Ada", "held": 3, "missing": 0 }])
            }
            "/api/starling/v1/queue" => {
                json!({ "outgoing": [{ "entry": "30", "peers": 2, "held": 1 }], "unsent": 0 })
            }
            "/api/v1/scheduled_statuses" => json!([]),
            "/api/v1/statuses" if method == "GET" => json!([post(30, "sent\u{1b}[2J")]),
            "/api/v1/statuses/12" => post(12, "number 12"),
            "/api/starling/v1/entries/12" => json!({
                "id": "12", "author": "a1", "device": "d1", "log": 1, "seq": 7, "from": "12D3KooWPeer",
                "checks": [{ "name": "signature", "ok": true, "detail": "ed25519" }],
            }),
            _ => answer(method, path),
        }
    }
    let (base, _) = fake::serve(node);
    let server = Server { base, token: "t".into(), drafts: None, again: None };
    let mut out = Vec::new();
    let lines = Cursor::new("status\npeers\nqueue\nhome\nwhy 2\n");
    plain(Options { server, words: Words::default(), prompt: false }, lines, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    for words in [
        "12D3KooWAbcdefghijklmnop, ",
        "Everything that peers have for you is here.",
        "Ada",
        "stored, sent to 2 peers, held by 1",
        "The signature is good",
        "From the peer 12D3KooWPeer",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains('\u{1b}') && !said.contains("Add an address"), "{said}");
}
