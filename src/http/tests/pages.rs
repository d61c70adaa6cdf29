//! Web pages of others that may use the door, and how much a program may ask.

use serde_json::json;

use super::*;

const CLIENT: &str = "https://client.example";

fn ask(house: &House, origin: &str, path: &str, token: Option<&str>) -> Answer {
    let bearer = format!("Bearer {}", token.unwrap_or_default());
    let headers = [("origin", origin), ("authorization", bearer.as_str())];
    house.send("GET", path, if token.is_some() { &headers } else { &headers[..1] }, &[])
}

#[test]
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
    // What is asked for wrongly counts as well, and is quicker to refuse than to write down.
    let register = || house.send("POST", "/api/v1/apps", &[("content-type", "application/json")], b"{}");
    assert_eq!(register().bad(), (422, "invalid".into()));
    let stopped = (0..101).map(|_| register()).find(|answer| answer.status != 422);
    assert_eq!(stopped.unwrap().bad(), (429, "too_many".into()));
}
