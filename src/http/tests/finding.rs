//! Tags, people, and what is asked for by many ids at once.

use serde_json::json;

use super::*;

fn names(tags: &Value) -> Vec<&str> {
    tags.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect()
}

#[test]
fn a_tag_finds_its_posts_as_they_are_now() {
    let house = House::new(1);
    let both = house.write("#Rust and #Birds");
    let rust = house.write("only #rust");
    let list = |query: &str| ids(&house.get(&format!("/api/v1/timelines/tag/{query}")).good());
    assert_eq!(list("RUST"), [rust.clone(), both.clone()]);
    assert_eq!(list("rust?all[]=birds"), [both.as_str()]);
    assert_eq!(list("rust?none[]=birds"), [rust.as_str()]);
    assert_eq!(list("nothing?any[]=birds"), [both.as_str()]);
    assert_eq!(list("rust?limit=1"), [rust.as_str()]);
    assert_eq!(list("rust?remote=true"), Vec::<String>::new());
    house.call("PUT", &format!("/api/v1/statuses/{both}"), br#"{"status": "now #fish"}"#).good();
    assert_eq!((list("birds"), list("fish")), (vec![], vec![both.clone()]));
    house.call("DELETE", &format!("/api/v1/statuses/{both}"), &[]).good();
    assert_eq!((list("fish"), list("rust")), (vec![], vec![rust.clone()]));
    let hidden = json!({ "status": "#rust", "visibility": "unlisted" });
    house.post("/api/v1/statuses", hidden).good();
    assert_eq!(list("rust"), [rust]);
}

#[test]
fn a_followed_tag_comes_home() {
    let (alice, bob) = (House::new(1), House::new(2));
    let post = bob.write("#Birds of the lake");
    let other = bob.write("something else");
    alice.take_from(&bob);
    assert_eq!(alice.get("/api/v1/timelines/home").good(), json!([]));
    let tag = alice.post("/api/v1/tags/birds/follow", json!({})).good();
    assert_eq!((&tag["following"], &tag["name"]), (&json!(true), &json!("birds")));
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [post]);
    assert_eq!(names(&alice.get("/api/v1/followed_tags").good()), ["birds"]);
    let history = tag["history"].as_array().unwrap();
    assert_eq!((history.len(), &history[0]["uses"], &history[0]["accounts"]), (7, &json!("1"), &json!("1")));
    assert_eq!(alice.post("/api/v1/tags/Birds/unfollow", json!({})).good()["following"], false);
    assert_eq!(alice.get("/api/v1/timelines/home").good(), json!([]));
    assert!(ids(&alice.get("/api/v1/timelines/public").good()).contains(&other));
    assert_eq!(alice.get("/api/v1/tags/no%20tag").bad(), (404, "not_found".into()));
    assert_eq!(alice.post("/api/v1/tags/12/follow", json!({})).bad(), (422, "invalid".into()));
}

#[test]
fn tags_are_shown_on_the_own_profile() {
    let house = House::new(1);
    house.write("#Birds and #fish");
    let suggested = house.get("/api/v1/featured_tags/suggestions").good();
    assert_eq!(names(&suggested), ["Birds", "fish"]);
    let shown = house.post("/api/v1/featured_tags", json!({ "name": "#Birds" })).good();
    assert_eq!((&shown["name"], &shown["statuses_count"]), (&json!("Birds"), &json!("1")));
    assert!(shown["last_status_at"].is_string());
    let of_me = house.get(&format!("/api/v1/accounts/{}/featured_tags", house.me())).good();
    assert_eq!(
        (names(&of_me), names(&house.get("/api/v1/featured_tags").good())),
        (vec!["Birds"], vec!["Birds"])
    );
    let path = format!("/api/v1/featured_tags/{}", shown["id"].as_str().unwrap());
    assert_eq!(house.call("DELETE", &path, &[]).good(), json!({}));
    assert_eq!(house.call("DELETE", &path, &[]).bad(), (404, "not_found".into()));
}

#[test]
fn everybodys_timeline_is_told_apart() {
    let (alice, bob) = (House::new(1), House::new(2));
    let (own, theirs) = (alice.write("own"), bob.write("theirs"));
    let reply = bob.post("/api/v1/statuses", json!({ "status": "re", "in_reply_to_id": theirs })).good();
    alice.take_from(&bob);
    let list = |query: &str| {
        let mut all = ids(&alice.get(&format!("/api/v1/timelines/public{query}")).good());
        all.sort();
        all
    };
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let reply = reply["id"].as_str().unwrap().to_owned();
    assert_eq!(list(""), sorted(vec![own.clone(), theirs.clone(), reply.clone()]));
    assert_eq!(list("?local=true"), [own]);
    assert_eq!(list("?remote=true"), sorted(vec![theirs.clone(), reply.clone()]));
    assert_eq!(list("?only_media=true"), Vec::<String>::new());
    alice.post(&format!("/api/v1/accounts/{}/follow", bob.me()), json!({})).good();
    assert_eq!(list("?strangers=true"), Vec::<String>::new());
    assert_eq!(list("?remote=true"), sorted(vec![theirs, reply]));
}

#[test]
fn friends_of_friends_are_suggested() {
    let (alice, bob, carol) = (House::new(1), House::new(2), House::new(3));
    carol
        .call(
            "PATCH",
            "/api/v1/accounts/update_credentials",
            "{\"display_name\": \"Carol Pérez\"}".as_bytes(),
        )
        .good();
    carol.write("hello");
    bob.post(&format!("/api/v1/accounts/{}/follow", carol.me()), json!({})).good();
    bob.take_from(&carol);
    alice.post(&format!("/api/v1/accounts/{}/follow", bob.me()), json!({})).good();
    alice.take_from(&carol);
    alice.take_from(&bob);
    let carol_id = carol.me().to_string();
    let suggested = alice.get("/api/v2/suggestions").good();
    assert_eq!(suggested[0]["account"]["id"], carol_id);
    assert_eq!(ids(&alice.get("/api/v1/suggestions").good()), [carol_id.as_str()]);
    let familiar = alice.get(&format!("/api/v1/accounts/familiar_followers?id[]={carol_id}")).good();
    assert_eq!(familiar[0]["id"], carol_id);
    assert_eq!(ids(&familiar[0]["accounts"]), [bob.me().to_string()]);
    assert_eq!(ids(&alice.get("/api/v1/accounts/search?q=P%C3%A9rez").good()), [carol_id.as_str()]);
    assert_eq!(alice.get("/api/v1/accounts/search?q=p%C3%A9rez&following=true").good(), json!([]));
    assert_eq!(
        ids(&alice.get(&format!("/api/v1/accounts/search?q=@{carol_id}")).good()),
        [carol_id.as_str()]
    );
    let directory = ids(&alice.get("/api/v1/directory?order=new").good());
    assert_eq!(directory, [carol_id.as_str()]);
    alice.call("DELETE", &format!("/api/v1/suggestions/{carol_id}"), &[]).good();
    assert_eq!(alice.get("/api/v2/suggestions").good(), json!([]));
    let path = format!("/api/v1/accounts?id[]={carol_id}&id[]={}&id[]=x", AuthorId::new([9; 32]));
    assert_eq!(ids(&alice.get(&path).good()), [carol_id.as_str()]);
}

#[test]
fn several_posts_are_asked_for_at_once() {
    let house = House::new(1);
    let (a, b) = (house.write("a"), house.write("b"));
    let path = format!("/api/v1/statuses?id[]={b}&id[]={}&id[]=x&id[]={a}", nobodys());
    assert_eq!(ids(&house.get(&path).good()), [b, a]);
}

#[test]
fn a_follower_cannot_be_sent_away() {
    let (alice, bob) = (House::new(1), House::new(2));
    bob.post(&format!("/api/v1/accounts/{}/follow", alice.me()), json!({})).good();
    bob.write("x");
    let path = format!("/api/v1/accounts/{}/remove_from_followers", bob.me());
    assert_eq!(alice.post(&path, json!({})).good()["followed_by"], false);
    alice.take_from(&bob);
    assert_eq!(alice.post(&path, json!({})).bad(), (422, "invalid".into()));
}
