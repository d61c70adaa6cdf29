//! Authors: oneself, others, those who are blocked.

use serde_json::json;

use super::*;

/// Alice, and Bob's node that she follows and holds everything of.
fn alice_and_bob() -> (House, House, String) {
    let (alice, bob) = (House::new(1), House::new(2));
    let name = br#"{"display_name": "Bob"}"#;
    bob.call("PATCH", "/api/v1/accounts/update_credentials", name).good();
    let follow = format!("/api/v1/accounts/{}/follow", bob.me());
    let relationship = alice.post(&follow, json!({ "addresses": ["/ip4/127.0.0.1/tcp/9"] })).good();
    assert_eq!((&relationship["following"], &relationship["followed_by"]), (&json!(true), &json!(false)));
    let post = bob.write("from bob");
    alice.take_from(&bob);
    (alice, bob, post)
}

#[test]
fn a_profile_is_written_and_read() {
    let house = House::new(1);
    let path = "/api/v1/accounts/update_credentials";
    let update = json!({
        "display_name": "Ñandú <b>",
        "note": "line one\nline two",
        "fields_attributes": { "1": { "name": "b", "value": "<2>" }, "0": { "name": "a", "value": "1" } },
        "locked": true,
    });
    let account = house.call("PATCH", path, update.to_string().as_bytes()).good();
    assert_eq!(account["display_name"], "Ñandú <b>");
    assert_eq!(account["note"], "<p>line one<br>line two</p>");
    assert_eq!(account["fields"][1], json!({ "name": "b", "value": "&lt;2&gt;", "verified_at": null }));
    assert_eq!(account["source"]["note"], "line one\nline two");
    assert_eq!(account["starling"]["fields"], json!([["a", "1"], ["b", "<2>"]]));
    // What is not named stays.
    let account = house.call("PATCH", path, br#"{"display_name": "Choique"}"#).good();
    assert_eq!(account["display_name"], "Choique");
    assert_eq!(account["source"]["note"], "line one\nline two");
    assert_eq!(house.get("/api/v1/accounts/verify_credentials").good()["display_name"], "Choique");
    let long = json!({ "display_name": "x".repeat(65) });
    assert_eq!(house.call("PATCH", path, long.to_string().as_bytes()).bad(), (422, "over_limit".into()));
    let many: Vec<_> = (0..7).map(|n| json!({ "name": n.to_string(), "value": "x" })).collect();
    let many = json!({ "fields_attributes": many });
    assert_eq!(house.call("PATCH", path, many.to_string().as_bytes()).bad(), (422, "over_limit".into()));
}

#[test]
fn who_is_followed_comes_home() {
    let (alice, bob, post) = alice_and_bob();
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [post]);
    let bob_id = bob.me().to_string();
    let account = alice.get(&format!("/api/v1/accounts/{bob_id}")).good();
    assert_eq!((&account["display_name"], &account["statuses_count"]), (&json!("Bob"), &json!(1)));
    let following = alice.get(&format!("/api/v1/accounts/{}/following", alice.me())).good();
    assert_eq!(ids(&following), [bob_id.as_str()]);
    let followers = alice.get(&format!("/api/v1/accounts/{bob_id}/followers")).good();
    assert_eq!(ids(&followers), [alice.me().to_string()]);
    for who in [bob_id.as_str(), &bob_id[..20], "bob", "@Bob", "BOB"] {
        let found = alice.get(&format!("/api/starling/v1/resolve?who={who}")).good();
        assert_eq!(found, json!({ "author": bob_id, "petname": "Bob", "known": true }), "{who}");
        assert_eq!(alice.get(&format!("/api/v1/accounts/lookup?acct={who}")).good()["id"], bob_id);
    }
    let unfollow = alice.post(&format!("/api/v1/accounts/{bob_id}/unfollow"), json!({})).good();
    assert_eq!(unfollow["following"], false);
}

#[test]
fn lists_of_people_are_paged() {
    let house = House::new(1);
    let authors: Vec<_> = (10..15).map(|n| AuthorId::new([n; 32]).to_string()).collect();
    for author in &authors {
        house.call("POST", &format!("/api/v1/accounts/{author}/follow"), &[]).good();
    }
    let mut seen = Vec::new();
    let mut next = Some(format!("/api/v1/accounts/{}/following?limit=2", house.me()));
    while let Some(path) = next {
        let answer = house.get(&path);
        let page = ids(&answer.good());
        assert!((1..=2).contains(&page.len()));
        seen.extend(page);
        next = house.next(&answer);
    }
    seen.sort();
    let mut expected = authors.clone();
    expected.sort();
    assert_eq!(seen, expected);
    let query: Vec<_> = authors.iter().map(|author| format!("id[]={author}")).collect();
    let path = format!("/api/v1/accounts/relationships?{}&id[]=nobody", query.join("&"));
    let relationships = house.get(&path).good();
    assert_eq!(ids(&relationships), authors);
    assert!(relationships.as_array().unwrap().iter().all(|one| one["following"] == true));
    let too_many = vec![query[0].clone(); 81].join("&");
    let answer = house.get(&format!("/api/v1/accounts/relationships?{too_many}"));
    assert_eq!(answer.bad(), (422, "invalid".into()));
}

#[test]
fn a_blocked_author_never_surfaces() {
    let (alice, bob, post) = alice_and_bob();
    let write = |body: Value| {
        let status = alice.post("/api/v1/statuses", body).good();
        status["id"].as_str().unwrap().to_owned()
    };
    let reply = write(json!({ "status": "re", "in_reply_to_id": post }));
    let quote = write(json!({ "status": "see", "quoted_status_id": post }));
    let boost = alice.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).good();
    let boost = boost["id"].as_str().unwrap();
    let bob_id = bob.me().to_string();
    let relationship = alice.post(&format!("/api/v1/accounts/{bob_id}/block"), json!({})).good();
    assert_eq!(relationship["blocking"], true);
    for path in [
        format!("/api/v1/statuses/{post}"),
        format!("/api/v1/statuses/{post}/context"),
        format!("/api/v1/statuses/{post}/source"),
        format!("/api/v1/statuses/{post}/history"),
        format!("/api/starling/v1/thread/{post}"),
        format!("/api/starling/v1/entries/{post}"),
        format!("/api/starling/v1/entries/{post}/raw"),
        format!("/api/v1/statuses/{boost}"),
    ] {
        assert_eq!(alice.get(&path).bad(), (404, "not_found".into()), "{path}");
    }
    for path in [
        "/api/v1/timelines/home".to_owned(),
        "/api/v1/timelines/public".to_owned(),
        format!("/api/v1/accounts/{bob_id}/statuses"),
        format!("/api/v1/accounts/{}/statuses", alice.me()),
        format!("/api/v1/accounts/{}/following", alice.me()),
        format!("/api/v1/statuses/{reply}/context"),
        format!("/api/starling/v1/thread/{reply}"),
        format!("/api/v1/statuses/{quote}"),
    ] {
        let answer = alice.get(&path);
        assert!(!answer.good().to_string().contains("from bob"), "{path} {}", answer.text());
        assert!(!answer.text().contains("\"display_name\":\"Bob\""), "{path} {}", answer.text());
    }
    for verb in ["favourite", "reblog"] {
        let answer = alice.post(&format!("/api/v1/statuses/{post}/{verb}"), json!({}));
        assert_eq!(answer.status, 404, "{verb}");
    }
    // To be found is what one needs to take it back.
    let path = format!("/api/v1/accounts/relationships?id={bob_id}");
    assert_eq!(alice.get(&path).good()[0]["blocking"], true);
    let unblocked = alice.post(&format!("/api/v1/accounts/{bob_id}/unblock"), json!({})).good();
    assert_eq!(unblocked["blocking"], false);
}

#[test]
fn the_post_of_another_is_not_ours_to_change() {
    let (alice, _bob, post) = alice_and_bob();
    let path = format!("/api/v1/statuses/{post}");
    assert_eq!(alice.call("PUT", &path, br#"{"status": "mine"}"#).bad(), (403, "not_ours".into()));
    assert_eq!(alice.call("DELETE", &path, &[]).bad(), (403, "not_ours".into()));
    assert_eq!(alice.get(&path).good()["content"], "<p>from bob</p>");
}

#[test]
fn who_is_not_known_is_not_found() {
    let house = House::new(1);
    let nobody = AuthorId::new([0xcd; 32]).to_string();
    assert_eq!(house.get(&format!("/api/v1/accounts/{nobody}")).bad(), (404, "not_found".into()));
    assert_eq!(house.get(&format!("/api/v1/accounts/{nobody}/statuses")).good(), json!([]));
    for path in ["/api/v1/accounts/1", "/api/v1/accounts/star1", "/api/v1/accounts/1/statuses"] {
        assert_eq!(house.get(path).bad(), (404, "not_found".into()), "{path}");
    }
    assert_eq!(house.get("/api/v1/accounts/lookup?acct=nobody").bad(), (404, "not_found".into()));
    assert_eq!(house.get("/api/v1/accounts/lookup").bad(), (422, "invalid".into()));
    let resolved = house.get(&format!("/api/starling/v1/resolve?who={nobody}")).good();
    assert_eq!(resolved, json!({ "author": nobody, "petname": null, "known": false }));
    let addresses = json!({ "addresses": ["http://nowhere"] });
    let follow = format!("/api/v1/accounts/{nobody}/follow");
    assert_eq!(house.post(&follow, addresses).bad(), (422, "invalid".into()));
    let many = json!({ "addresses": vec!["/ip4/127.0.0.1/tcp/9"; 9] });
    assert_eq!(house.post(&follow, many).bad(), (422, "invalid".into()));
}

#[test]
fn a_name_that_two_have_is_not_guessed() {
    let (alice, bob, _) = alice_and_bob();
    alice.call("PATCH", "/api/v1/accounts/update_credentials", br#"{"display_name": "bob"}"#).good();
    let answer = alice.get("/api/starling/v1/resolve?who=Bob");
    assert_eq!(answer.bad(), (422, "ambiguous".into()));
    let mut matches: Vec<_> = answer.json()["matches"].as_array().unwrap().clone();
    matches.sort_by_key(Value::to_string);
    let mut both = [json!(alice.me().to_string()), json!(bob.me().to_string())];
    both.sort_by_key(Value::to_string);
    assert_eq!(matches, both);
}

#[test]
fn what_led_to_a_follow_is_told_to_the_follower() {
    let (alice, bob, post) = alice_and_bob();
    let (carol, dave) = (AuthorId::new([3; 32]), AuthorId::new([4; 32]));
    let stands = |house: &House, who: &AuthorId| {
        house.get(&format!("/api/v1/accounts/relationships?id[]={who}")).good()[0]["starling"].clone()
    };
    let by_hand = stands(&alice, &bob.me())["followed"].clone();
    assert_eq!((&by_hand["how"], &by_hand["via"]), (&json!("hand"), &Value::Null));
    let at: jiff::Timestamp = by_hand["at"].as_str().unwrap().parse().unwrap();
    let now = i64::try_from(crate::clock::now()).unwrap();
    assert!((now - 600_000..=now).contains(&at.as_millisecond()), "{at}");
    // What is not known here led to nobody, and then nobody is followed.
    let follow = format!("/api/v1/accounts/{carol}/follow");
    let unknown = EntryId::new([9; 32]).to_string();
    let nowhere = [
        unknown,
        post.replace("bafyr4i", "bafyr4ia"),
        dave.to_string(),
        "1".into(),
        "../..".into(),
        "x".repeat(9_999),
    ];
    for via in nowhere.iter().map(|via| json!({ "via": via })).chain([
        json!({ "via": 1 }),
        json!({ "via": [post] }),
        json!({ "how": "welcome", "via": post }),
        json!({ "how": "invite" }),
        json!("via"),
    ]) {
        let answer = alice.post(&follow, json!({ "starling": via }));
        assert_eq!(answer.bad(), (422, "invalid".into()), "{via}");
    }
    assert_eq!(stands(&alice, &carol), json!({}));
    // A form says the same.
    let token = format!("Bearer {TOKEN}");
    let form = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let body = format!("starling[via]={post}");
    let told = alice.send("POST", &follow, &form, body.as_bytes()).good()["starling"]["followed"].clone();
    let via = json!({ "account": bob.me().to_string(), "name": "Bob", "status": post });
    assert_eq!((&told["how"], &told["via"]), (&json!("hand"), &via));
    let follow = format!("/api/v1/accounts/{dave}/follow");
    let person = json!({ "starling": { "via": bob.me().to_string() } });
    let through_bob = alice.post(&follow, person).good()["starling"]["followed"].clone();
    assert_eq!(through_bob["via"], json!({ "account": bob.me().to_string(), "name": "Bob" }));
    // To change how one follows changes nothing of it.
    let again = alice.post(&follow, json!({ "reblogs": false, "starling": { "how": "welcome" } })).good();
    assert_eq!(again["starling"]["followed"], through_bob);
    let alice = House::open(alice.close(), false);
    assert_eq!(stands(&alice, &carol)["followed"], told);
    assert_eq!(stands(&alice, &dave)["followed"], through_bob);
    let left = alice.post(&format!("/api/v1/accounts/{dave}/unfollow"), json!({})).good();
    assert_eq!((&left["following"], &left["starling"]), (&json!(false), &json!({})));
    let greeted = alice.post(&follow, json!({ "starling": { "how": "welcome" } })).good();
    assert_eq!(greeted["starling"]["followed"]["how"], "welcome");
    // Nobody else learns of it.
    let exported = alice.get("/api/starling/v1/export").bytes;
    assert!(!exported.windows(32).any(|part| part == post.parse::<EntryId>().unwrap().as_bytes()));
}

#[test]
fn an_invite_leads_to_its_author() {
    let (alice, bob) = (House::new(1), House::new(2));
    let invite = bob.get("/api/starling/v1/invites/new").good();
    let link = invite["invite"].as_str().unwrap();
    let opened = alice.post("/api/starling/v1/invites/open", json!({ "invite": link })).good();
    assert_eq!(opened["author"], bob.me().to_string());
    let path = format!("/api/v1/accounts/relationships?id[]={}", bob.me());
    let relationship = &alice.get(&path).good()[0];
    assert_eq!(relationship["following"], true);
    assert_eq!(relationship["starling"]["followed"]["how"], "invite");
    let resolved = alice.get(&format!("/api/starling/v1/resolve?who={link}")).good();
    assert_eq!(resolved["author"], bob.me().to_string());
    let open = |invite: &str| alice.post("/api/starling/v1/invites/open", json!({ "invite": invite })).bad();
    let own = alice.get("/api/starling/v1/invites/new").good()["invite"].as_str().unwrap().to_owned();
    for wrong in ["", "starling:invite:abc", "https://example.org", &own] {
        assert_eq!(open(wrong), (422, "invalid".into()), "{wrong}");
    }
}
