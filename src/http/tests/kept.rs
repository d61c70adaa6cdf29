//! What the person keeps for themselves: marks, lists, filters, mutes, tags, settings, and what that changes in answers.

use serde_json::json;

use super::*;

/// Alice, who follows Bob and holds everything of his, with one post of his.
fn alice_and_bob() -> (House, House, String) {
    let (alice, bob) = (House::new(1), House::new(2));
    alice.post(&format!("/api/v1/accounts/{}/follow", bob.me()), json!({})).good();
    let post = bob.write("from bob #Birds");
    alice.take_from(&bob);
    (alice, bob, post)
}

/// All pages of a list, and what is on them.
fn pages(house: &House, path: &str) -> Vec<Vec<String>> {
    let (mut all, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let answer = house.get(&path);
        all.push(ids(&answer.good()));
        next = house.next(&answer);
    }
    all
}

fn ask(house: &House, id: &str, verb: &str) -> Value {
    house.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).good()
}

#[test]
fn bookmarks_are_listed_in_the_order_of_marking() {
    let house = House::new(1);
    let posts: Vec<_> = (0..5).map(|n| house.write(&format!("{n}"))).collect();
    for at in [3, 0, 4, 1] {
        assert_eq!(ask(&house, &posts[at], "bookmark")["bookmarked"], true);
    }
    // Once more changes nothing.
    ask(&house, &posts[3], "bookmark");
    let expected: Vec<_> = [1, 4, 0, 3].map(|at| posts[at].clone()).to_vec();
    assert_eq!(pages(&house, "/api/v1/bookmarks?limit=3"), [&expected[..3], &expected[3..]]);
    assert_eq!(ask(&house, &posts[4], "unbookmark")["bookmarked"], false);
    house.call("DELETE", &format!("/api/v1/statuses/{}", posts[0]), &[]).good();
    let first = house.get("/api/v1/bookmarks?limit=1");
    assert_eq!(ids(&first.good()), [posts[1].as_str()]);
    // What is gone in between is no empty page.
    assert_eq!(ids(&house.get(&house.next(&first).unwrap()).good()), [posts[3].as_str()]);
    assert_eq!(house.get(&format!("/api/v1/statuses/{}", posts[2])).good()["bookmarked"], false);
    assert_eq!(house.post(&format!("/api/v1/statuses/{}/bookmark", nobodys()), json!({})).status, 404);
}

#[test]
fn likes_are_listed_in_the_order_of_liking_and_by_whom() {
    let (alice, bob, post) = alice_and_bob();
    let own = alice.write("own");
    for id in [&own, &post] {
        ask(&alice, id, "favourite");
    }
    assert_eq!(pages(&alice, "/api/v1/favourites?limit=1")[..2], [vec![post.clone()], vec![own.clone()]]);
    let by = ids(&alice.get(&format!("/api/v1/statuses/{post}/favourited_by")).good());
    assert_eq!(by, [alice.me().to_string()]);
    ask(&alice, &post, "reblog");
    bob.take_from(&alice);
    let by = ids(&bob.get(&format!("/api/v1/statuses/{post}/reblogged_by")).good());
    assert_eq!(by, [alice.me().to_string()]);
    ask(&alice, &own, "unfavourite");
    assert_eq!(ids(&alice.get("/api/v1/favourites").good()), [post]);
}

#[test]
fn a_pin_is_seen_by_others_and_there_are_five() {
    let (alice, bob, post) = alice_and_bob();
    let more: Vec<_> = (0..5).map(|n| bob.write(&format!("{n}"))).collect();
    assert_eq!(ask(&bob, &post, "pin")["pinned"], true);
    for id in &more[..4] {
        ask(&bob, id, "pin");
    }
    let sixth = bob.post(&format!("/api/v1/statuses/{}/pin", more[4]), json!({}));
    assert_eq!(sixth.bad().0, 422);
    alice.take_from(&bob);
    let pinned = format!("/api/v1/accounts/{}/statuses?pinned=true", bob.me());
    let expected: Vec<_> = more[..4].iter().rev().chain([&post]).cloned().collect();
    assert_eq!(ids(&alice.get(&pinned).good()), expected);
    assert_eq!(ask(&bob, &more[0], "unpin")["pinned"], false);
    alice.take_from(&bob);
    assert_eq!(ids(&alice.get(&pinned).good()).len(), 4);
    // Only one's own, and no boosts.
    assert_eq!(alice.post(&format!("/api/v1/statuses/{post}/pin"), json!({})).bad(), (422, "invalid".into()));
    bob.call("DELETE", &format!("/api/v1/statuses/{post}"), &[]).good();
    assert!(!ids(&bob.get(&pinned).good()).contains(&post));
    assert_eq!(ask(&bob, &more[4], "pin")["pinned"], true);
}

#[test]
fn a_list_shows_its_people_and_takes_them_home_with_it() {
    let (alice, bob, post) = alice_and_bob();
    let list = alice.post("/api/v1/lists", json!({ "title": " Birds " })).good();
    assert_eq!((&list["title"], &list["replies_policy"]), (&json!("Birds"), &json!("list")));
    let path = format!("/api/v1/lists/{}", list["id"].as_str().unwrap());
    let people = json!({ "account_ids": [bob.me().to_string()] });
    alice.post(&format!("{path}/accounts"), people.clone()).good();
    assert_eq!(alice.post(&format!("{path}/accounts"), people.clone()).bad(), (422, "invalid".into()));
    let stranger = json!({ "account_ids": [AuthorId::new([9; 32]).to_string()] });
    assert_eq!(alice.post(&format!("{path}/accounts"), stranger).bad(), (404, "not_found".into()));
    assert_eq!(ids(&alice.get(&format!("{path}/accounts")).good()), [bob.me().to_string()]);
    let of_bob = format!("/api/v1/accounts/{}/lists", bob.me());
    assert_eq!(ids(&alice.get(&of_bob).good()), ids(&json!([list])));
    let timeline = format!("/api/v1/timelines/list/{}", list["id"].as_str().unwrap());
    let reply = bob.post("/api/v1/statuses", json!({ "status": "again", "in_reply_to_id": post })).good();
    let reply = reply["id"].as_str().unwrap().to_owned();
    let own = alice.write("mine");
    bob.take_from(&alice);
    let to_alice = json!({ "status": "hello alice", "in_reply_to_id": own });
    let to_alice = bob.post("/api/v1/statuses", to_alice).good()["id"].as_str().unwrap().to_owned();
    alice.take_from(&bob);
    assert_eq!(ids(&alice.get(&timeline).good()), [to_alice.clone(), reply.clone(), post.clone()]);
    let change = br#"{"replies_policy": "none", "exclusive": "true"}"#;
    let changed = alice.call("PUT", &path, change).good();
    assert_eq!((&changed["exclusive"], &changed["title"]), (&json!(true), &json!("Birds")));
    assert_eq!(ids(&alice.get(&timeline).good()), [reply.clone(), post.clone()]);
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [own]);
    // Whoever is followed no longer is on no list.
    alice.post(&format!("/api/v1/accounts/{}/unfollow", bob.me()), json!({})).good();
    assert_eq!(alice.get(&format!("{path}/accounts")).good(), json!([]));
    assert_eq!(alice.call("DELETE", &path, &[]).good(), json!({}));
    assert_eq!(alice.get(&path).bad(), (404, "not_found".into()));
    assert_eq!(alice.get(&timeline).bad(), (404, "not_found".into()));
    assert_eq!(alice.post("/api/v1/lists", json!({})).bad(), (422, "invalid".into()));
}

#[test]
fn people_are_taken_off_a_list_as_clients_ask_for_it() {
    let (alice, bob, _) = alice_and_bob();
    let list = alice.post("/api/v1/lists", json!({ "title": "x" })).good();
    let path = format!("/api/v1/lists/{}/accounts", list["id"].as_str().unwrap());
    let token = format!("Bearer {TOKEN}");
    let form = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let body = format!("account_ids[]={}", bob.me());
    for query in [false, true] {
        alice.send("POST", &path, &form, body.as_bytes()).good();
        match query {
            true => alice.call("DELETE", &format!("{path}?{body}"), &[]).good(),
            false => alice.send("DELETE", &path, &form, body.as_bytes()).good(),
        };
        assert_eq!(alice.get(&path).good(), json!([]), "{query}");
    }
}

#[test]
fn a_filter_covers_or_hides_where_it_says() {
    let (alice, bob, post) = alice_and_bob();
    let other = bob.write("nothing of that kind");
    alice.take_from(&bob);
    let filter = json!({
        "title": "No birds",
        "context": ["home"],
        "keywords_attributes": [{ "keyword": "birds", "whole_word": true }],
    });
    let filter = alice.post("/api/v2/filters", filter).good();
    assert_eq!((&filter["filter_action"], &filter["expires_at"]), (&json!("warn"), &Value::Null));
    let path = format!("/api/v2/filters/{}", filter["id"].as_str().unwrap());
    let shown = alice.get("/api/v1/timelines/home").good();
    assert_eq!(ids(&shown), [other.clone(), post.clone()]);
    assert_eq!(shown[0]["filtered"], json!([]));
    let found = &shown[1]["filtered"][0];
    assert_eq!((&found["filter"]["id"], &found["keyword_matches"]), (&filter["id"], &json!(["birds"])));
    assert_eq!((&found["filter"]["context"], &found["status_matches"]), (&json!(["home"]), &Value::Null));
    alice.call("PUT", &path, br#"{"filter_action": "hide"}"#).good();
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [other.as_str()]);
    // Not where it does not hold, and never where one looks for this very post.
    assert_eq!(ids(&alice.get("/api/v1/timelines/public").good()), [other.clone(), post.clone()]);
    assert_eq!(alice.get(&format!("/api/v1/statuses/{post}")).good()["id"], post);
    let word = filter["keywords"][0]["id"].as_str().unwrap();
    let word = format!("/api/v2/filters/keywords/{word}");
    assert_eq!(alice.call("PUT", &word, br#"{"keyword": "BIRD"}"#).good()["keyword"], "BIRD");
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()).len(), 2);
    alice.call("DELETE", &word, &[]).good();
    assert_eq!(alice.get(&word).bad(), (404, "not_found".into()));
    let named = alice.post(&format!("{path}/statuses"), json!({ "status_id": other })).good();
    assert_eq!(named["status_id"], other);
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [post]);
    let named = format!("/api/v2/filters/statuses/{}", named["id"].as_str().unwrap());
    alice.call("DELETE", &named, &[]).good();
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()).len(), 2);
    assert_eq!(alice.call("DELETE", &path, &[]).good(), json!({}));
    assert_eq!(alice.get("/api/v2/filters").good(), json!([]));
    for wrong in [json!({}), json!({ "title": "x" }), json!({ "title": "x", "context": ["everywhere"] })] {
        assert_eq!(alice.post("/api/v2/filters", wrong).bad(), (422, "invalid".into()));
    }
}

#[test]
fn old_clients_see_each_word_as_a_filter() {
    let house = House::new(1);
    let body =
        json!({ "phrase": "spam", "context": ["home", "public"], "irreversible": true, "expires_in": 3600 });
    let old = house.post("/api/v1/filters", body).good();
    assert_eq!((&old["phrase"], &old["irreversible"]), (&json!("spam"), &json!(true)));
    assert!(old["expires_at"].is_string());
    let new = house.get("/api/v2/filters").good();
    assert_eq!((&new[0]["title"], &new[0]["filter_action"]), (&json!("spam"), &json!("hide")));
    assert_eq!(new[0]["keywords"][0]["id"], old["id"]);
    let path = format!("/api/v1/filters/{}", old["id"].as_str().unwrap());
    let changed = br#"{"phrase": "ham", "context": ["home"], "expires_in": ""}"#;
    let changed = house.call("PUT", &path, changed).good();
    assert_eq!((&changed["phrase"], &changed["expires_at"]), (&json!("ham"), &Value::Null));
    house.call("DELETE", &path, &[]).good();
    assert_eq!(house.get("/api/v2/filters").good(), json!([]));
    assert_eq!(house.get(&path).bad(), (404, "not_found".into()));
}

#[test]
fn who_is_muted_is_not_seen_until_they_are_again() {
    let (alice, bob, post) = alice_and_bob();
    let bob_id = bob.me().to_string();
    let mute = |body: Value| alice.post(&format!("/api/v1/accounts/{bob_id}/mute"), body).good();
    let muted = mute(json!({ "notifications": false, "duration": 3600 }));
    assert_eq!((&muted["muting"], &muted["muting_notifications"]), (&json!(true), &json!(false)));
    assert!(muted["muting_expires_at"].is_string());
    let listed = alice.get("/api/v1/mutes").good();
    assert_eq!(ids(&listed), [bob_id.as_str()]);
    assert!(listed[0]["mute_expires_at"].is_string());
    let own = alice.post("/api/v1/statuses", json!({ "status": "re", "in_reply_to_id": post })).good();
    for path in ["/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/birds"] {
        assert!(!ids(&alice.get(path).good()).contains(&post), "{path}");
    }
    let context = alice.get(&format!("/api/v1/statuses/{}/context", own["id"].as_str().unwrap())).good();
    assert_eq!(context["ancestors"], json!([]));
    // Their own page shows what they wrote.
    assert_eq!(ids(&alice.get(&format!("/api/v1/accounts/{bob_id}/statuses")).good()), [post.as_str()]);
    assert_eq!(mute(json!({}))["muting_expires_at"], Value::Null);
    let unmuted = alice.post(&format!("/api/v1/accounts/{bob_id}/unmute"), json!({})).good();
    assert_eq!(unmuted["muting"], false);
    assert!(ids(&alice.get("/api/v1/timelines/home").good()).contains(&post));
    let me = format!("/api/v1/accounts/{}/mute", alice.me());
    assert_eq!(alice.post(&me, json!({})).bad(), (422, "invalid".into()));
}

#[test]
fn a_muted_thread_is_muted_as_a_whole() {
    let house = House::new(1);
    let root = house.write("root");
    let reply = json!({ "status": "leaf", "in_reply_to_id": root });
    let leaf = house.post("/api/v1/statuses", reply).good()["id"].as_str().unwrap().to_owned();
    assert_eq!(ask(&house, &leaf, "mute")["muted"], true);
    assert_eq!(house.get(&format!("/api/v1/statuses/{root}")).good()["muted"], true);
    assert_eq!(ask(&house, &root, "unmute")["muted"], false);
    assert_eq!(house.get(&format!("/api/v1/statuses/{leaf}")).good()["muted"], false);
}

#[test]
fn boosts_of_somebody_can_be_left_out_of_home() {
    let (alice, bob, post) = alice_and_bob();
    let boost = ask(&bob, &post, "reblog")["id"].as_str().unwrap().to_owned();
    alice.take_from(&bob);
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [boost, post.clone()]);
    let follow = format!("/api/v1/accounts/{}/follow", bob.me());
    let like = alice.post(&follow, json!({ "reblogs": false, "notify": true, "languages": ["gn"] })).good();
    assert_eq!((&like["showing_reblogs"], &like["notifying"]), (&json!(false), &json!(true)));
    assert_eq!(like["languages"], json!(["gn"]));
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [post.as_str()]);
    let foreign = json!({ "status": "hallo", "language": "de" });
    bob.post("/api/v1/statuses", foreign).good();
    alice.take_from(&bob);
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()), [post]);
    let like = alice.post(&follow, json!({ "reblogs": "true", "languages": [] })).good();
    assert_eq!((&like["showing_reblogs"], &like["languages"]), (&json!(true), &Value::Null));
    assert_eq!(ids(&alice.get("/api/v1/timelines/home").good()).len(), 3);
}

#[test]
fn notes_and_recommendations_stay_here() {
    let (alice, bob, _) = alice_and_bob();
    let bob_id = bob.me().to_string();
    let noted =
        alice.post(&format!("/api/v1/accounts/{bob_id}/note"), json!({ "comment": "met in Asunción" }));
    assert_eq!(noted.good()["note"], "met in Asunción");
    let endorsed = alice.post(&format!("/api/v1/accounts/{bob_id}/pin"), json!({})).good();
    assert_eq!(endorsed["endorsed"], true);
    assert_eq!(ids(&alice.get("/api/v1/endorsements").good()), [bob_id.as_str()]);
    let path = format!("/api/v1/accounts/relationships?id[]={bob_id}");
    let relationship = alice.get(&path).good();
    assert_eq!(
        (&relationship[0]["endorsed"], &relationship[0]["note"]),
        (&json!(true), &json!("met in Asunción"))
    );
    let stranger = AuthorId::new([9; 32]);
    let answer = alice.post(&format!("/api/v1/accounts/{stranger}/pin"), json!({}));
    assert_eq!(answer.bad(), (422, "invalid".into()));
    alice.post(&format!("/api/v1/accounts/{bob_id}/unpin"), json!({})).good();
    alice.post(&format!("/api/v1/accounts/{bob_id}/note"), json!({ "comment": "" })).good();
    let relationship = alice.get(&path).good();
    assert_eq!((&relationship[0]["endorsed"], &relationship[0]["note"]), (&json!(false), &json!("")));
    let long = json!({ "comment": "x".repeat(2_001) });
    assert_eq!(alice.post(&format!("/api/v1/accounts/{bob_id}/note"), long).bad(), (422, "invalid".into()));
}

#[test]
fn who_is_blocked_is_listed_and_hosts_are_kept() {
    let house = House::new(1);
    for n in 10..13 {
        house.post(&format!("/api/v1/accounts/{}/block", AuthorId::new([n; 32])), json!({})).good();
    }
    let listed = pages(&house, "/api/v1/blocks?limit=2");
    assert_eq!(listed.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    house.post("/api/v1/domain_blocks", json!({ "domain": "Bad.Example" })).good();
    house.post("/api/v1/domain_blocks", json!({ "domain": "worse.example" })).good();
    assert_eq!(house.get("/api/v1/domain_blocks").good(), json!(["worse.example", "bad.example"]));
    house.call("DELETE", "/api/v1/domain_blocks?domain=bad.example", &[]).good();
    assert_eq!(house.get("/api/v1/domain_blocks").good(), json!(["worse.example"]));
    for wrong in ["", "nodots", "a b.example", "-", "x..y"] {
        let answer = house.post("/api/v1/domain_blocks", json!({ "domain": wrong }));
        assert_eq!(answer.bad(), (422, "invalid".into()), "{wrong}");
    }
}

#[test]
fn markers_move_and_say_if_somebody_else_moved_them() {
    let house = House::new(1);
    assert_eq!(house.get("/api/v1/markers?timeline[]=home").good(), json!({}));
    let body = json!({ "home": { "last_read_id": "a" }, "elsewhere": { "last_read_id": "b" } });
    let moved = house.post("/api/v1/markers", body).good();
    assert_eq!((&moved["home"]["version"], &moved["elsewhere"]), (&json!(1), &Value::Null));
    let known = json!({ "home": { "last_read_id": "c", "version": 1 } });
    assert_eq!(house.post("/api/v1/markers", known.clone()).good()["home"]["version"], 2);
    assert_eq!(house.post("/api/v1/markers", known).bad(), (409, "conflict".into()));
    let token = format!("Bearer {TOKEN}");
    let form = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    house.send("POST", "/api/v1/markers", &form, b"notifications[last_read_id]=7").good();
    let both = house.get("/api/v1/markers?timeline[]=home&timeline[]=notifications").good();
    assert_eq!(
        (&both["home"]["last_read_id"], &both["notifications"]["last_read_id"]),
        (&json!("c"), &json!("7"))
    );
}

#[test]
fn settings_hold_for_posts_that_say_nothing_else() {
    let house = House::new(1);
    let update = br#"{"source": {"privacy": "unlisted", "language": "gn", "sensitive": true}}"#;
    let account = house.call("PATCH", "/api/v1/accounts/update_credentials", update).good();
    assert_eq!(
        (&account["source"]["privacy"], &account["source"]["language"]),
        (&json!("unlisted"), &json!("gn"))
    );
    let preferences = house.get("/api/v1/preferences").good();
    assert_eq!(preferences["posting:default:visibility"], "unlisted");
    assert_eq!(
        (&preferences["posting:default:sensitive"], &preferences["posting:default:language"]),
        (&json!(true), &json!("gn"))
    );
    let status = house.post("/api/v1/statuses", json!({ "status": "x" })).good();
    assert_eq!((&status["visibility"], &status["language"]), (&json!("unlisted"), &json!("gn")));
    let said = json!({ "status": "y", "visibility": "public", "language": "es" });
    let status = house.post("/api/v1/statuses", said).good();
    assert_eq!((&status["visibility"], &status["language"]), (&json!("public"), &json!("es")));
}

/// Lets two programs change something at the same moment.
fn at_once(house: &House, method: &str, path: &str, wishes: [Value; 2]) {
    let start = &std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        for wish in &wishes {
            scope.spawn(move || {
                start.wait();
                house.call(method, path, &serde_json::to_vec(wish).unwrap()).good();
            });
        }
    });
}

/// How often two programs meet: the one between the reading and the writing of the other, sooner or later.
const MEETINGS: usize = 30;

#[test]
fn two_programs_that_change_the_profile_at_once_both_have_their_way() {
    let house = House::new(1);
    for n in 0..MEETINGS {
        let (name, note) = (format!("Alice {n}"), format!("note {n}"));
        let wishes = [json!({ "display_name": name }), json!({ "note": note })];
        at_once(&house, "PATCH", "/api/v1/accounts/update_credentials", wishes);
        let account = house.get("/api/v1/accounts/verify_credentials").good();
        assert_eq!((&account["display_name"], &account["source"]["note"]), (&json!(name), &json!(note)));
    }
}

#[test]
fn two_programs_that_change_the_policy_at_once_both_have_their_way() {
    let house = House::new(1);
    let path = "/api/v2/notifications/policy";
    for n in 0..MEETINGS {
        let word = ["filter", "drop", "accept"][n % 3];
        let wishes = [json!({ "for_not_following": word }), json!({ "for_new_accounts": word })];
        at_once(&house, "PATCH", path, wishes);
        let policy = house.get(path).good();
        assert_eq!((&policy["for_not_following"], &policy["for_new_accounts"]), (&json!(word), &json!(word)));
        // The same in switches.
        let path = "/api/v1/notifications/policy";
        let on = n.is_multiple_of(2);
        let wishes = [json!({ "filter_not_followers": on }), json!({ "filter_private_mentions": on })];
        at_once(&house, "PATCH", path, wishes);
        let policy = house.get(path).good();
        assert_eq!(
            (&policy["filter_not_followers"], &policy["filter_private_mentions"]),
            (&json!(on), &json!(on))
        );
    }
}

#[test]
fn two_programs_that_describe_a_file_at_once_both_have_their_way() {
    let house = House::new(1);
    let up = house.upload(&crate::blobs::tests::encoded(8, 8, image::ImageFormat::Png), "");
    let path = format!("/api/v1/media/{}", up["id"].as_str().unwrap());
    for n in 0..MEETINGS {
        let alt = format!("in words {n}");
        let x = if n.is_multiple_of(2) { 0.5 } else { -0.5 };
        let wishes = [json!({ "description": alt }), json!({ "focus": format!("{x},0") })];
        at_once(&house, "PUT", &path, wishes);
        let shown = house.get(&path).good();
        assert_eq!((&shown["description"], &shown["meta"]["focus"]["x"]), (&json!(alt), &json!(x)));
    }
}
