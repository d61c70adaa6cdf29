//! Who is let in, and how little the others get.

use super::*;

const PATHS: [&str; 5] = [
    "/api/v1/timelines/home",
    "/api/v1/accounts/verify_credentials",
    "/api/starling/v1/status",
    "/api/starling/v1/export",
    "/api/starling/v1/id",
];

/// What clients ask before they have a token, and what is nothing.
const OPEN: [(&str, u16); 4] =
    [("/api/v1/instance", 200), ("/api/v2/instance", 200), ("/api/starling/v1/nothing", 404), ("/", 404)];

#[test]
fn nothing_is_said_without_the_token() {
    let house = House::new(1);
    for path in PATHS {
        let answer = house.send("GET", path, &[], &[]);
        assert_eq!(answer.bad(), (401, "no_token".into()), "{path}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        for wrong in ["Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Basic eDp5"] {
            let answer = house.send("GET", path, &[("authorization", wrong)], &[]);
            assert_eq!(answer.status, 401, "{path} {wrong}");
        }
        // A token in an address would end up in histories and logs.
        let query = house.send("GET", &format!("{path}?access_token={TOKEN}"), &[], &[]);
        assert_eq!(query.status, 401, "{path}");
    }
    for (path, status) in OPEN {
        assert_eq!(house.send("GET", path, &[], &[]).status, status, "{path}");
    }
    let body = br#"{"status": "not mine"}"#;
    let posted = house.send("POST", "/api/v1/statuses", &[("content-type", "application/json")], body);
    assert_eq!(posted.status, 401);
    assert_eq!(house.get("/api/v1/timelines/home").good(), serde_json::json!([]));
}

#[test]
fn a_rebound_name_and_a_foreign_page_are_turned_away() {
    let house = House::new(1);
    let token = format!("Bearer {TOKEN}");
    let port = house.port;
    for host in [format!("evil.example:{port}"), "127.0.0.1".into(), format!("127.0.0.1:{}", port ^ 1)] {
        let headers = [("authorization", token.as_str()), ("host", host.as_str())];
        let answer = house.send("GET", "/api/v1/timelines/home", &headers, &[]);
        assert_eq!(answer.bad(), (421, "host".into()), "{host}");
    }
    for origin in ["http://evil.example", "null", &format!("https://127.0.0.1:{port}")] {
        let headers = [("authorization", token.as_str()), ("origin", origin)];
        let answer = house.send("GET", "/api/v1/timelines/home", &headers, &[]);
        assert_eq!(answer.bad(), (403, "origin".into()), "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    // What a browser asks before a page of somebody else may send a token.
    let asking = [("origin", "http://evil.example"), ("access-control-request-method", "POST")];
    assert_eq!(house.send("OPTIONS", "/api/v1/statuses", &asking, &[]).status, 403);
    let ours = format!("http://localhost:{port}");
    let headers = [("authorization", token.as_str()), ("origin", ours.as_str())];
    assert_eq!(house.send("GET", "/api/v1/timelines/home", &headers, &[]).status, 200);
}

#[test]
fn two_hosts_or_none_are_no_host() {
    let house = House::new(1);
    let ours = format!("127.0.0.1:{}", house.port);
    let line = "GET /api/v1/instance HTTP/1.1\r\nConnection: close\r\n";
    let two = house.raw(format!("{line}Host: {ours}\r\nHost: evil.example\r\n\r\n").as_bytes());
    assert!(two.starts_with("HTTP/1.1 421 "), "{two}");
    let none = house.raw(format!("{line}\r\n").as_bytes());
    assert!(none.starts_with("HTTP/1.1 421 ") || none.starts_with("HTTP/1.1 400 "), "{none}");
    let absolute = format!("GET http://evil.example/ HTTP/1.1\r\nConnection: close\r\nHost: {ours}\r\n\r\n");
    assert!(house.raw(absolute.as_bytes()).starts_with("HTTP/1.1 421 "));
}

#[test]
fn a_stranger_cannot_fill_the_memory() {
    let house = House::new(1);
    let head = format!("POST /api/v1/statuses HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", house.port);
    // A head without end is cut.
    let endless = house.raw(format!("{head}{}", "X-Long: aaaaaaaaaaaaaaaa\r\n".repeat(100_000)).as_bytes());
    assert!(endless.is_empty() || endless.starts_with("HTTP/1.1 4"), "{endless}");
    let long = format!("{head}X-Long: {}\r\nConnection: close\r\n\r\n", "a".repeat(17_000));
    let long = house.raw(long.as_bytes());
    assert!(long.starts_with("HTTP/1.1 431 "), "{long}");
    // A body without token is not waited for.
    let body = house.raw(format!("{head}Content-Length: 900000\r\nConnection: close\r\n\r\nabc").as_bytes());
    assert!(body.starts_with("HTTP/1.1 401 "), "{body}");
    // With the token, a body that is announced too large is not read, and one that grows is cut.
    let known = "Content-Type: application/json\r\nConnection: close\r\n";
    let head = format!("{head}Authorization: Bearer {TOKEN}\r\n{known}");
    let announced = house.raw(format!("{head}Content-Length: 2000000\r\n\r\n").as_bytes());
    assert!(announced.starts_with("HTTP/1.1 413 ") && announced.contains("too_large"), "{announced}");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let growing =
        house.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(17)).as_bytes());
    assert!(growing.is_empty() || growing.starts_with("HTTP/1.1 413 "), "{growing}");
    // And the door still opens.
    house.get("/api/v1/instance").good();
}

#[test]
fn what_is_not_json_is_said_to_be_none() {
    let house = House::new(1);
    let path = "/api/v1/statuses";
    let token = format!("Bearer {TOKEN}");
    for media_type in ["text/plain", "application/xml", ""] {
        let headers = [("authorization", token.as_str()), ("content-type", media_type)];
        let answer = house.send("POST", path, &headers, b"{\"status\": \"x\"}");
        assert_eq!(answer.bad(), (415, "not_json".into()), "{media_type}");
    }
    for body in [&b"{"[..], b"\xff\xfe", b"{\"status\": \"x\"} trailing", b"{\"status\": \"\\ud800\"}"] {
        assert_eq!(house.call("POST", path, body).bad(), (400, "malformed".into()));
    }
    let deep = format!("{{\"status\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(house.call("POST", path, deep.as_bytes()).bad(), (400, "malformed".into()));
    for body in ["[]", "{\"status\": 1}", "{\"status\": \"x\", \"local_only\": \"perhaps\"}"] {
        assert_eq!(house.call("POST", path, body.as_bytes()).bad(), (422, "invalid".into()), "{body}");
    }
    assert_eq!(house.get("/api/v1/timelines/home").good(), serde_json::json!([]));
}

#[test]
fn a_slash_at_the_end_of_a_path_changes_nothing() {
    // Clients of others write some paths so, and servers of others do not mind.
    let house = House::new(1);
    assert_eq!(house.get("/api/v1/timelines/home/?limit=2").good(), serde_json::json!([]));
    let refused = house.send("GET", "/api/v1/timelines/home/", &[], &[]);
    assert_eq!(refused.status, 401, "{}", refused.text());
}

#[test]
fn unknown_paths_and_methods_are_errors_like_the_others() {
    let house = House::new(1);
    for path in ["/", "/api/v1", "/api/v1/nothing", "/api/starling/v1/peers/x/y", "/api/v1/statuses/a/b/c"] {
        assert_eq!(house.get(path).bad(), (404, "no_route".into()), "{path}");
    }
    for (method, path) in [
        ("DELETE", "/api/v1/timelines/home"),
        ("POST", "/api/v1/instance"),
        ("GET", "/api/starling/v1/stop"),
        ("PUT", "/api/v1/statuses"),
    ] {
        assert_eq!(house.call(method, path, &[]).bad(), (405, "method".into()), "{method} {path}");
    }
    // A path that is no UTF-8 once it is decoded.
    assert_eq!(house.get("/api/v1/statuses/%ff").bad().0, 400);
}

#[test]
fn answers_stay_data_in_a_browser() {
    let house = House::new(1);
    for answer in [house.get("/api/v1/instance"), house.get("/nothing"), house.send("GET", "/", &[], &[])] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[test]
fn pictures_need_no_token_and_say_nothing() {
    let house = House::new(1);
    let account = house.get("/api/v1/accounts/verify_credentials").good();
    for field in ["avatar", "avatar_static", "header", "header_static"] {
        let path = account[field].as_str().unwrap().strip_prefix(&house.base()).unwrap().to_owned();
        let picture = house.send("GET", &path, &[], &[]);
        assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
        assert!(picture.header("cache-control").contains("max-age"));
    }
    let foreign = [("origin", "http://evil.example")];
    assert_eq!(house.send("GET", "/avatars/star1.png", &foreign, &[]).status, 403);
    assert_eq!(house.send("GET", "/avatars/%3Cscript%3E.png", &[], &[]).status, 404);
}
