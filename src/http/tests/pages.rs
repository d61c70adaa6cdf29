//! Pages that are given again: never one that is not so any more.

use serde_json::json;

use super::{House, TOKEN, ids};

#[test]
fn a_page_is_new_after_everything_that_was_answered() {
fn a_listed_page_is_answered_and_may_read_the_answer() {
    let house = House::with(1, |access| access.allow_origins(&[CLIENT.into()]));
    let asking = [
        ("origin", CLIENT),
        ("access-control-request-method", "DELETE"),
        ("access-control-request-headers", "authorization,content-type,idempotency-key"),
        ("access-control-request-private-network", "true"),
    ];
    let told = house.send("OPTIONS", "/api/v1/statuses/x", &asking, &[]);
    assert_eq!((told.status, told.header("access-control-allow-origin")), (200, CLIENT));
    assert!(told.header("access-control-allow-methods").contains("DELETE"));
    for name in ["authorization", "content-type", "idempotency-key"] {
        assert!(told.header("access-control-allow-headers").contains(name), "{name}");
    }
    assert_eq!(told.header("access-control-allow-private-network"), "true");
    assert_eq!(told.header("access-control-allow-credentials"), "");
    // Errors are read as well, or the page would not know what is wrong.
    for (path, token, status) in [
        ("/api/v1/instance", None, 200),
        ("/api/v1/timelines/home", Some(TOKEN), 200),
        ("/api/v1/timelines/home", Some("wrong"), 401),
        ("/api/v1/nothing", None, 404),
        ("/.well-known/oauth-authorization-server", None, 200),
    ] {
        let answer = ask(&house, CLIENT, path, token);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, CLIENT), "{path}");
        let read = answer.header("access-control-expose-headers");
        assert!(read.contains("link") && read.contains("x-ratelimit-remaining"), "{read}");
    }
    let picture = ask(&house, CLIENT, "/headers/starling.png", None);
    assert_eq!(picture.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(ask(&house, "https://evil.example", "/api/v1/instance", None).bad(), (403, "origin".into()));
}

#[test]
fn no_list_lets_a_page_see_what_waits_for_the_person() {
    let house = House::with(1, |access| access.allow_origins(&["*".into()]));
    assert_eq!(ask(&house, "https://any.example", "/api/v1/instance", None).status, 200);
    for path in ["/oauth/authorize?client_id=x", "/oauth/authorize/"] {
        let answer = ask(&house, "https://any.example", path, None);
        assert_eq!(answer.bad(), (403, "origin".into()));
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let alone = House::new(2);
    assert_eq!(ask(&alone, CLIENT, "/api/v1/instance", None).header("access-control-allow-origin"), "");
    let picture = alone.send("GET", "/headers/starling.png", &[], &[]);
    assert_eq!(picture.header("cross-origin-resource-policy"), "same-origin");
}

#[test]
fn a_program_that_asks_in_a_circle_is_stopped() {
    let house = House::with(1, |access| access.limit_requests(3));
    let made = house.post("/api/starling/v1/tokens", json!({ "scopes": "read" })).good();
    let bearer = format!("Bearer {}", made["access_token"].as_str().unwrap());
    let ask = || house.send("GET", "/api/v1/timelines/home", &[("authorization", &*bearer)], &[]);
    for left in ["2", "1", "0"] {
        let answer = ask();
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, left));
        assert_eq!(answer.header("x-ratelimit-limit"), "3");
        let reset: jiff::Timestamp = answer.header("x-ratelimit-reset").parse().unwrap();
        assert!(reset > jiff::Timestamp::now());
    }
    let over = ask();
    assert_eq!((over.bad(), over.header("x-ratelimit-remaining")), ((429, "too_many".into()), "0"));
    // Another token has its own count, and the command line none.
    assert_eq!(house.get("/api/v1/timelines/home").header("x-ratelimit-limit"), "");
    let other = house.post("/api/starling/v1/tokens", json!({ "scopes": "read" })).good();
    let other = format!("Bearer {}", other["access_token"].as_str().unwrap());
    assert_eq!(house.send("GET", "/api/v1/timelines/home", &[("authorization", &*other)], &[]).status, 200);
}

#[test]
fn strangers_cannot_fill_the_store() {
    let house = House::new(1);
    let home = || house.get("/api/v1/timelines/home").good();
    for n in 0..30 {
        let id = house.write(&format!("number {n}"));
        assert_eq!(ids(&home())[0], id);
        for (what, field) in [("favourite", "favourited"), ("bookmark", "bookmarked")] {
            house.post(&format!("/api/v1/statuses/{id}/{what}"), json!({})).good();
            assert_eq!(home()[0][field], true, "{what} {n}");
            house.post(&format!("/api/v1/statuses/{id}/un{what}"), json!({})).good();
            assert_eq!(home()[0][field], false, "un{what} {n}");
        }
        let edit = serde_json::to_vec(&json!({ "status": "other words" })).unwrap();
        house.call("PUT", &format!("/api/v1/statuses/{id}"), &edit).good();
        assert_eq!(home()[0]["content"], "<p>other words</p>");
        house.call("DELETE", &format!("/api/v1/statuses/{id}"), &[]).good();
        assert!(ids(&home()).is_empty());
    }
}

#[test]
fn whoever_has_a_page_is_told_that_it_is_the_same() {
    let house = House::new(1);
    house.write("one");
    let first = house.get("/api/v1/timelines/home");
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty() && !first.header("link").is_empty());
    let bearer = format!("Bearer {TOKEN}");
    let ask = |tag: &str| {
        let headers = [("authorization", bearer.as_str()), ("if-none-match", tag)];
        house.send("GET", "/api/v1/timelines/home", &headers, &[])
    };
    let same = ask(&tag);
    assert_eq!((same.status, same.bytes.len(), same.header("etag")), (304, 0, &*tag));
    house.write("two");
    let other = ask(&tag);
    assert_eq!((other.status, ids(&other.good()).len()), (200, 2));
    assert_ne!(other.header("etag"), tag);
    // Another page, and another door, are not the same.
    let short = house.get("/api/v1/timelines/home?limit=1");
    assert_eq!(ids(&short.good()).len(), 1);
    let headers = [("authorization", bearer.as_str()), ("host", &*format!("localhost:{}", house.port))];
    let elsewhere = house.send("GET", "/api/v1/timelines/home", &headers, &[]);
    assert!(elsewhere.text().contains("http://localhost:") && !elsewhere.text().contains("http://127.0.0.1:"));
}

#[test]
fn many_who_ask_at_once_while_it_changes_get_what_was_there_when_they_asked() {
    let house = House::new(1);
    std::thread::scope(|scope| {
        for reader in 0..4 {
            let house = &house;
            scope.spawn(move || {
                let mut held = 0;
                for _ in 0..60 {
                    let now = ids(&house.get("/api/v1/timelines/home?limit=40").good()).len();
                    assert!(now >= held, "reader {reader}: {now} after {held}");
                    held = now;
                }
            });
        }
        for n in 0..20 {
            let id = house.write(&format!("number {n}"));
            assert_eq!(ids(&house.get("/api/v1/timelines/home?limit=40").good())[0], id);
        }
    });
}
