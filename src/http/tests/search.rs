//! Finding, as a client sees it.

use serde_json::json;

use super::{House, ids};

fn found(house: &House, q: &str) -> Vec<String> {
    let encoded: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    ids(&house.get(&format!("/api/v2/search?q={encoded}")).good()["statuses"])
}

#[test]
fn what_was_answered_posted_is_found_at_once() {
    let house = House::new(1);
    for n in 0..40 {
        let id = house.write(&format!("murmuration number{n} over the reeds"));
        assert_eq!(found(&house, &format!("number{n} \"over the reeds\"")), [id]);
    }
}

#[test]
fn edits_and_deletions_are_found_out_at_once() {
    let house = House::new(1);
    let id = house.write("the old word");
    let path = format!("/api/v1/statuses/{id}");
    house.call("PUT", &path, &serde_json::to_vec(&json!({ "status": "the new word" })).unwrap()).good();
    assert!(found(&house, "old").is_empty());
    assert_eq!(found(&house, "new word is:edited"), [id]);
    house.call("DELETE", &path, &[]).good();
    assert!(found(&house, "new").is_empty());
}

#[test]
fn questions_are_answered_in_parts() {
    let house = House::new(1);
    let plain = house.write("a heron in the reeds");
    let tagged = house.post(
        "/api/v1/statuses",
        json!({ "status": "heron #möwe", "spoiler_text": "birds", "language": "de" }),
    );
    let tagged = tagged.good()["id"].as_str().unwrap().to_owned();
    let answer = json!({ "status": "another heron", "in_reply_to_id": plain });
    let reply = house.post("/api/v1/statuses", answer).good()["id"].as_str().unwrap().to_owned();
    assert_eq!(found(&house, "heron"), [&*reply, &*tagged, &*plain]);
    assert_eq!(found(&house, "heron -is:reply"), [&*tagged, &*plain]);
    assert_eq!(found(&house, "her"), [&*reply, &*tagged, &*plain]);
    assert_eq!(found(&house, "language:de"), [&*tagged]);
    assert_eq!(found(&house, "birds has:warning from:me"), [&*tagged]);
    assert_eq!(found(&house, &format!("heron from:{}", house.me())).len(), 3);
    assert!(found(&house, "heron before:2020").is_empty() && found(&house, "heron from:nobody").is_empty());
    assert_eq!(found(&house, &plain), [&*plain]);
    let page = house.get("/api/v2/search?q=heron&type=statuses&limit=1&offset=1").good();
    assert_eq!(ids(&page["statuses"]), [&*tagged]);
    assert_eq!((&page["accounts"], &page["hashtags"]), (&json!([]), &json!([])));
    let older = house.get(&format!("/api/v2/search?q=heron&max_id={tagged}")).good();
    assert_eq!(ids(&older["statuses"]), [&*plain]);
    let newer = house.get(&format!("/api/v2/search?q=heron&min_id={plain}&limit=1")).good();
    assert_eq!(ids(&newer["statuses"]), [&*tagged]);
}

#[test]
fn people_are_found_by_name_and_id_and_followed_ones_first() {
    let (house, other) = (House::new(1), House::new(2));
    let profile = json!({ "display_name": "Ana Guaraní", "note": "ornithologist" });
    other.call("PATCH", "/api/v1/accounts/update_credentials", &serde_json::to_vec(&profile).unwrap()).good();
    other.write("hello");
    let id = other.me().to_string();
    let people = |q: &str| {
        let found = house.get(&format!("/api/v2/search?type=accounts&{q}")).good();
        found["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(people("q=ana").is_empty() && people(&format!("q={id}")).is_empty());
    assert_eq!(people(&format!("q={id}&resolve=true")), [&*id]);
    house.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).good();
    house.take_from(&other);
    for q in [
        "q=ana",
        "q=guarani",
        "q=Ana+Gua",
        "q=ornitho&following=true",
        &format!("q={}", &id[..14]),
        &format!("q=%40{id}"),
    ] {
        assert_eq!(people(q), [&*id], "{q}");
    }
    house.post(&format!("/api/v1/accounts/{id}/block"), json!({})).good();
    assert!(people("q=ana").is_empty());
    assert!(found(&house, "hello").is_empty());
}

#[test]
fn tags_are_found_by_their_beginning() {
    let house = House::new(1);
    let id = house.write("on #Möwen and #moor");
    let tags = |q: &str| {
        let found = house.get(&format!("/api/v2/search?type=hashtags&q={q}")).good();
        found["hashtags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(tags("mo"), ["moor"]);
    assert_eq!(tags("%23m%C3%B6"), ["möwen"]);
    house.call("DELETE", &format!("/api/v1/statuses/{id}"), &[]).good();
    assert!(tags("mo").is_empty());
}

#[test]
fn odd_questions_are_answered() {
    let house = House::new(1);
    house.write("something");
    assert_eq!(house.get("/api/v2/search").bad().0, 422);
    assert_eq!(house.get("/api/v2/search?q=a&type=cheese").bad().0, 422);
    assert_eq!(house.get("/api/v2/search?q=a&account_id=1").bad().0, 422);
    assert_eq!(house.send("GET", "/api/v2/search?q=a", &[], &[]).bad().0, 401);
    for q in [
        "\"",
        "-",
        "#",
        "from:",
        "*",
        "\\",
        "a OR b",
        "[a TO b]",
        "\u{301}\u{301}",
        "before:99999",
        "-something",
    ] {
        assert!(found(&house, q).is_empty(), "{q}");
    }
}

#[test]
fn options_of_polls_are_found_and_people_who_are_muted_are_not() {
    let (house, other) = (House::new(1), House::new(2));
    let poll = json!({ "status": "which?", "poll": { "options": ["heron", "egret"], "expires_in": 3600 } });
    let id = house.post("/api/v1/statuses", poll).good()["id"].as_str().unwrap().to_owned();
    assert_eq!(found(&house, "egret has:poll"), [id]);
    other.write("a bittern");
    let author = other.me();
    house.post(&format!("/api/v1/accounts/{author}/follow"), json!({})).good();
    house.take_from(&other);
    assert_eq!(found(&house, "bittern").len(), 1);
    house.post(&format!("/api/v1/accounts/{author}/mute"), json!({})).good();
    assert!(found(&house, "bittern").is_empty());
}
