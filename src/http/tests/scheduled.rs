//! Posts that wait for their hour.

use serde_json::json;

use super::*;

fn in_minutes(minutes: i64) -> String {
    let now = jiff::Timestamp::now();
    (now + jiff::SignedDuration::from_mins(minutes)).to_string()
}

#[test]
fn a_post_waits_is_put_off_and_called_off() {
    let house = House::new(1);
    let token = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "once"),
    ];
    let body = json!({ "status": "later #then", "scheduled_at": in_minutes(10), "spoiler_text": "soon" })
        .to_string();
    let first = house.send("POST", "/api/v1/statuses", &headers, body.as_bytes()).good();
    let again = house.send("POST", "/api/v1/statuses", &headers, body.as_bytes()).good();
    assert_eq!(again, first);
    assert_eq!(
        (&first["params"]["text"], &first["params"]["spoiler_text"]),
        (&json!("later #then"), &json!("soon"))
    );
    assert_eq!(house.get("/api/v1/timelines/home").good(), json!([]));
    assert_eq!(ids(&house.get("/api/v1/scheduled_statuses").good()), ids(&json!([first])));
    let path = format!("/api/v1/scheduled_statuses/{}", first["id"].as_str().unwrap());
    let off = json!({ "scheduled_at": in_minutes(60) }).to_string();
    let put_off = house.call("PUT", &path, off.as_bytes()).good();
    assert_ne!(put_off["scheduled_at"], first["scheduled_at"]);
    assert_eq!(house.get(&path).good(), put_off);
    for wrong in [in_minutes(4), in_minutes(-10), "tomorrow".into()] {
        let body = json!({ "scheduled_at": wrong }).to_string();
        assert_eq!(house.call("PUT", &path, body.as_bytes()).bad(), (422, "invalid".into()), "{wrong}");
        let body = json!({ "status": "x", "scheduled_at": wrong });
        assert_eq!(house.post("/api/v1/statuses", body).bad(), (422, "invalid".into()), "{wrong}");
    }
    let empty = json!({ "status": " ", "scheduled_at": in_minutes(10) });
    assert_eq!(house.post("/api/v1/statuses", empty).bad(), (422, "invalid".into()));
    assert_eq!(house.call("DELETE", &path, &[]).good(), json!({}));
    assert_eq!(house.call("DELETE", &path, &[]).bad(), (404, "not_found".into()));
    assert_eq!(house.get("/api/v1/scheduled_statuses").good(), json!([]));
}

#[test]
fn a_poll_waits_with_its_post() {
    let house = House::new(1);
    let body = json!({
        "status": "which?",
        "scheduled_at": in_minutes(10),
        "poll": { "options": ["a", "b"], "expires_in": 3600, "multiple": true },
    });
    let waits = house.post("/api/v1/statuses", body).good();
    let poll = json!({ "options": ["a", "b"], "expires_in": 3600, "multiple": true, "hide_totals": false });
    assert_eq!(waits["params"]["poll"], poll);
    let path = format!("/api/v1/scheduled_statuses/{}", waits["id"].as_str().unwrap());
    let off = json!({ "scheduled_at": in_minutes(90) }).to_string();
    assert_eq!(house.call("PUT", &path, off.as_bytes()).good()["params"]["poll"], poll);
}
