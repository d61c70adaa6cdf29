//! Pages that are given again: never one that is not so any more.

use serde_json::json;

use super::{House, TOKEN, ids};

#[test]
fn a_page_is_new_after_everything_that_was_answered() {
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
    assert!(
        elsewhere.text().contains("http://localhost:") && !elsewhere.text().contains("http://127.0.0.1:")
    );
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
