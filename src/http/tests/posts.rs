//! Posts: written, read, paged, answered, changed, erased, liked, passed on.

use serde_json::json;

use super::*;

#[test]
fn a_post_is_stored_before_it_is_answered() {
    let house = House::new(1);
    let text = "Opa! <b>#Ñe'ẽ</b> & co\n\nsecond";
    let sent = json!({
        "status": text, "spoiler_text": "greeting", "language": "gn", "visibility": "unlisted",
    });
    let status = house.post("/api/v1/statuses", sent).good();
    assert_eq!(status["starling"]["delivery"], json!({ "stored": true, "peers": 0, "held": 0 }));
    let tag = format!(
        "<a href=\"{}/tags/%C3%91e\" class=\"mention hashtag\" rel=\"tag\">#<span>Ñe</span></a>",
        house.base()
    );
    assert_eq!(
        status["content"],
        format!("<p>Opa! &lt;b&gt;{tag}&#39;ẽ&lt;/b&gt; &amp; co</p><p>second</p>")
    );
    assert_eq!(status["starling"]["source"], text);
    assert_eq!(status["spoiler_text"], "greeting");
    assert_eq!((&status["sensitive"], &status["language"]), (&json!(true), &json!("gn")));
    assert_eq!(status["visibility"], "unlisted");
    assert_eq!(status["tags"][0]["name"], "Ñe");
    assert_eq!(status["account"]["id"], house.me().to_string());
    let shown = house.get(&format!("/api/v1/statuses/{}", status["id"].as_str().unwrap())).good();
    assert_eq!(shown["created_at"], status["created_at"]);
    assert_eq!(shown["starling"]["delivery"], status["starling"]["delivery"]);
    assert_eq!(ids(&house.get("/api/v1/timelines/home").good()), ids(&json!([status])));
}

#[test]
fn a_form_is_as_good_as_json() {
    let house = House::new(1);
    let token = format!("Bearer {TOKEN}");
    let form = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let body = b"status=%C3%B1and%C3%BA+%231&local_only=true&poll=&language=gn";
    let status = house.send("POST", "/api/v1/statuses", &form, body).good();
    assert_eq!((&status["starling"]["source"], &status["local_only"]), (&json!("ñandú #1"), &json!(true)));
    let body = b"display_name=A&fields_attributes[0][name]=n&fields_attributes[0][value]=v";
    let account = house.send("PATCH", "/api/v1/accounts/update_credentials", &form, body).good();
    assert_eq!(
        (&account["display_name"], &account["starling"]["fields"]),
        (&json!("A"), &json!([["n", "v"]]))
    );
    assert_eq!(house.send("POST", "/api/v1/statuses", &form, b"status=%ff").bad(), (400, "malformed".into()));
    assert_eq!(house.send("POST", "/api/v1/statuses", &form, b"status[]=x").bad(), (422, "invalid".into()));
}

#[test]
fn asking_twice_posts_once() {
    let house = House::new(1);
    let token = format!("Bearer {TOKEN}");
    let send = |key: &str| {
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        house.send("POST", "/api/v1/statuses", &headers, br#"{"status": "once"}"#)
    };
    let first = send("a").good()["id"].clone();
    assert_eq!(send("a").good()["id"], first);
    assert_ne!(send("b").good()["id"], first);
    assert_eq!(send(&"k".repeat(300)).bad(), (422, "invalid".into()));
    assert_eq!(house.get("/api/v1/timelines/home").good().as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_posted_is_refused_with_the_reason() {
    let house = House::new(1);
    let post = |body: Value| house.post("/api/v1/statuses", body).bad();
    assert_eq!(post(json!({})), (422, "empty".into()));
    assert_eq!(post(json!({ "status": " \n" })), (422, "empty".into()));
    assert_eq!(post(json!({ "status": "x".repeat(5_001) })), (422, "over_limit".into()));
    assert_eq!(post(json!({ "status": "x", "spoiler_text": "x".repeat(301) })), (422, "over_limit".into()));
    assert_eq!(post(json!({ "status": "x", "visibility": "direct" })), (422, "invalid".into()));
    assert_eq!(post(json!({ "status": "x", "language": "<script>" })), (422, "invalid".into()));
    let unknown = nobodys().to_string();
    assert_eq!(post(json!({ "status": "x", "in_reply_to_id": unknown })), (404, "not_found".into()));
    assert_eq!(post(json!({ "status": "x", "quoted_status_id": unknown })), (404, "not_found".into()));
    let me = house.me().to_string();
    assert_eq!(post(json!({ "status": "x", "in_reply_to_id": me })), (404, "not_found".into()));
    assert_eq!(house.get("/api/v1/timelines/home").good(), json!([]));
    let longest = "ñ".repeat(5_000);
    let shown = house.get(&format!("/api/v1/statuses/{}", house.write(&longest))).good();
    assert_eq!(shown["starling"]["source"], longest);
}

#[test]
fn pages_cover_a_timeline_once() {
    let house = House::new(1);
    let written: Vec<_> = (0..7).map(|n| house.write(&format!("post {n}"))).collect();
    let written: Vec<_> = written.into_iter().rev().collect();
    for path in ["/api/v1/timelines/home".to_owned(), format!("/api/v1/accounts/{}/statuses", house.me())] {
        let mut seen = Vec::new();
        let mut next = format!("{path}?limit=3");
        loop {
            let answer = house.get(&next);
            let page = ids(&answer.good());
            if page.is_empty() {
                assert_eq!(answer.header("link"), "");
                break;
            }
            seen.extend(page);
            assert!(answer.header("link").contains("rel=\"prev\""));
            // The last page leads no further.
            let Some(older) = house.next(&answer) else { break };
            next = older;
        }
        assert_eq!(seen, written, "{path}");
        // Newest first throughout; since: the newest above; min: the page just above.
        let window = |query: &str| ids(&house.get(&format!("{path}?limit=2&{query}")).good());
        assert_eq!(window(&format!("since_id={}", written[5])), written[..2]);
        assert_eq!(window(&format!("min_id={}", written[5])), written[3..5]);
        assert_eq!(window(&format!("max_id={}", written[5])), written[6..]);
        assert_eq!(window(&format!("max_id={}", nobodys())), Vec::<String>::new());
        assert_eq!(house.get(&format!("{path}?max_id=123")).bad(), (422, "invalid".into()));
        assert_eq!(house.get(&format!("{path}?limit=x")).bad(), (422, "invalid".into()));
    }
}

#[test]
fn threads_show_their_gaps() {
    let house = House::new(1);
    let root = house.write("root");
    let reply = |to: &str, text: &str| {
        let status = house.post("/api/v1/statuses", json!({ "status": text, "in_reply_to_id": to })).good();
        assert_eq!(status["in_reply_to_id"], to);
        assert_eq!(status["in_reply_to_account_id"], house.me().to_string());
        assert_eq!(status["starling"]["root"]["entry"], root);
        status["id"].as_str().unwrap().to_owned()
    };
    let middle = reply(&root, "middle");
    let leaf = reply(&middle, "leaf");
    let context = house.get(&format!("/api/v1/statuses/{middle}/context")).good();
    assert_eq!(ids(&context["ancestors"]), [root.as_str()]);
    assert_eq!(ids(&context["descendants"]), [leaf.as_str()]);
    house.call("DELETE", &format!("/api/v1/statuses/{middle}"), &[]).good();
    let thread = house.get(&format!("/api/starling/v1/thread/{leaf}")).good();
    let places = thread.as_array().unwrap();
    assert!(places.iter().any(|place| place["state"] == "deleted" && place["id"] == middle), "{thread}");
    let last = places.last().unwrap();
    assert_eq!((&last["state"], &last["id"], &last["focus"]), (&json!("post"), &json!(leaf), &json!(true)));
    assert_eq!(last["depth"], places.len() - 1);
    assert_eq!(last["status"]["starling"]["source"], "leaf");
    let context = house.get(&format!("/api/v1/statuses/{leaf}/context")).good();
    assert!(!ids(&context["ancestors"]).contains(&middle));
    assert_eq!(house.get(&format!("/api/starling/v1/thread/{}", nobodys())).bad(), (404, "not_found".into()));
}

#[test]
fn an_edit_keeps_what_was_said_before() {
    let house = House::new(1);
    let first = json!({ "status": "one #a", "spoiler_text": "careful", "language": "gn" });
    let id = house.post("/api/v1/statuses", first).good()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/statuses/{id}");
    let edited = house.call("PUT", &path, br#"{"status": "two #b"}"#).good();
    let tagged = |word: &str, tag: &str| {
        let link = format!("{}/tags/{tag}", house.base());
        format!(
            "<p>{word} <a href=\"{link}\" class=\"mention hashtag\" rel=\"tag\">#<span>{tag}</span></a></p>"
        )
    };
    assert_eq!((&edited["id"], &edited["content"]), (&json!(id), &json!(tagged("two", "b"))));
    assert_eq!((&edited["spoiler_text"], &edited["language"]), (&json!("careful"), &json!("gn")));
    assert_eq!(edited["tags"][0]["name"], "b");
    assert!(edited["edited_at"].is_string());
    let source = house.get(&format!("{path}/source")).good();
    assert_eq!(source, json!({ "id": id, "text": "two #b", "spoiler_text": "careful" }));
    let history = house.get(&format!("{path}/history")).good();
    let said: Vec<_> = history.as_array().unwrap().iter().map(|version| &version["content"]).collect();
    assert_eq!(said, [&json!(tagged("one", "a")), &json!(tagged("two", "b"))]);
    assert_eq!(house.call("PUT", &path, br#"{"status": ""}"#).bad(), (422, "empty".into()));
    let unknown = format!("/api/v1/statuses/{}", nobodys());
    assert_eq!(house.call("PUT", &unknown, br#"{"status": "x"}"#).bad(), (404, "not_found".into()));
}

#[test]
fn what_is_erased_is_gone() {
    let house = House::new(1);
    let id = house.write("regret");
    let path = format!("/api/v1/statuses/{id}");
    let deleted = house.call("DELETE", &path, &[]).good();
    assert_eq!((&deleted["id"], &deleted["text"]), (&json!(id), &json!("regret")));
    for path in [path.clone(), format!("{path}/source"), format!("{path}/history")] {
        assert_eq!(house.get(&path).bad(), (404, "not_found".into()), "{path}");
    }
    assert_eq!(house.call("DELETE", &path, &[]).bad(), (404, "not_found".into()));
    assert_eq!(house.get("/api/v1/timelines/home").good(), json!([]));
    let entry = house.get(&format!("/api/starling/v1/entries/{id}")).good();
    assert_eq!((&entry["deleted"], &entry["kind"]), (&json!(true), &Value::Null));
    // The receipt is an entry like every other: signed, by the same device, and there to be checked.
    let receipt = house
        .get(&format!("/api/starling/v1/entries/{}", entry["erasure"]["entry"].as_str().unwrap()))
        .good();
    assert_eq!((&receipt["kind"], &receipt["device"]), (&json!("delete"), &entry["erasure"]["device"]));
    assert_eq!((&receipt["author"], &receipt["time"]), (&entry["author"], &entry["erasure"]["time"]));
    let raw = house.get(&format!("/api/starling/v1/entries/{id}/raw"));
    assert!(!raw.bytes.windows(6).any(|bytes| bytes == b"regret"));
}

#[test]
fn likes_and_boosts_come_and_go() {
    let house = House::new(1);
    let id = house.write("good");
    let ask = |verb: &str, id: &str| house.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).good();
    for _ in 0..2 {
        let liked = ask("favourite", &id);
        assert_eq!(liked["id"], id);
        assert_eq!((&liked["favourited"], &liked["favourites_count"]), (&json!(true), &json!(1)));
    }
    let unliked = ask("unfavourite", &id);
    assert_eq!((&unliked["favourited"], &unliked["favourites_count"]), (&json!(false), &json!(0)));

    let boost = ask("reblog", &id);
    let boosted = boost["id"].as_str().unwrap().to_owned();
    assert_ne!(boosted, id);
    assert_eq!((&boost["reblog"]["id"], &boost["content"]), (&json!(id), &json!("")));
    assert_eq!((&boost["reblog"]["reblogged"], &boost["reblog"]["reblogs_count"]), (&json!(true), &json!(1)));
    assert_eq!(boost["starling"]["of"]["entry"], id);
    // Of a boost, what is meant is the post inside.
    assert_eq!(ask("favourite", &boosted)["id"], id);
    assert_eq!(ask("reblog", &boosted)["reblogs_count"], 1);
    assert_eq!(ask("unreblog", &id)["reblogged"], false);
    assert_eq!(house.get(&format!("/api/v1/statuses/{boosted}")).status, 404);
    let unknown = format!("/api/v1/statuses/{}/reblog", nobodys());
    assert_eq!(house.post(&unknown, json!({})).bad(), (404, "not_found".into()));
}

#[test]
fn filters_leave_out_and_go_on() {
    let house = House::new(1);
    let root = house.write("root");
    for n in 0..30 {
        let reply = json!({ "status": format!("{n}"), "in_reply_to_id": root });
        house.post("/api/v1/statuses", reply).good();
    }
    house.post(&format!("/api/v1/statuses/{root}/reblog"), json!({})).good();
    let path = format!("/api/v1/accounts/{}/statuses", house.me());
    let list = |query: &str| ids(&house.get(&format!("{path}?{query}")).good());
    assert_eq!(list("limit=5&exclude_replies=true&exclude_reblogs=true"), [root.as_str()]);
    assert_eq!(list("limit=5&exclude_replies=true").len(), 2);
    assert_eq!(list("limit=80&exclude_reblogs=true").len(), 31);
    assert_eq!(list("only_media=true"), Vec::<String>::new());
    assert_eq!(list("pinned=true"), Vec::<String>::new());
}

#[test]
fn a_quote_holds_the_post_and_not_everything_it_quotes() {
    let house = House::new(1);
    let quote = |of: &str, text: &str| {
        let status = json!({ "status": text, "quoted_status_id": of });
        house.post("/api/v1/statuses", status).good()["id"].as_str().unwrap().to_owned()
    };
    let first = house.write("first");
    let third = quote(&quote(&first, "second"), "third");
    let shown = house.get(&format!("/api/v1/statuses/{third}")).good();
    let second = &shown["quote"]["quoted_status"];
    assert_eq!((&shown["quote"]["state"], &second["content"]), (&json!("accepted"), &json!("<p>second</p>")));
    assert_eq!(second["quote"]["quoted_status_id"], first);
    assert!(second["quote"].get("quoted_status").is_none());
    house.call("DELETE", &format!("/api/v1/statuses/{first}"), &[]).good();
    let second = second["id"].as_str().unwrap();
    let shown = house.get(&format!("/api/v1/statuses/{second}")).good();
    assert_eq!(shown["quote"], json!({ "state": "pending", "quoted_status": null }));
    assert_eq!(shown["starling"]["quotes"]["entry"], first);
}

#[test]
fn local_posts_are_marked_in_words_that_clients_know() {
    let house = House::new(1);
    let status = house.post("/api/v1/statuses", json!({ "status": "here", "visibility": "local" })).good();
    assert_eq!((&status["visibility"], &status["local_only"]), (&json!("unlisted"), &json!(true)));
    assert_eq!(status["starling"]["visibility"], "local");
}

#[test]
fn ids_may_be_shortened_and_are_never_of_another_kind() {
    let house = House::new(1);
    let id = house.write("findable");
    assert_eq!(house.get(&format!("/api/v1/statuses/{}", &id[..24])).good()["id"], id);
    let me = house.me().to_string();
    // The third is a CID of raw bytes with SHA-256.
    for wrong in ["1", "bafyr4i", "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", &me] {
        for path in ["", "/context", "/source", "/history"] {
            let path = format!("/api/v1/statuses/{wrong}{path}");
            assert_eq!(house.get(&path).bad(), (404, "not_found".into()), "{path}");
        }
    }
    assert_eq!(house.get(&format!("/api/v1/accounts/{id}")).bad(), (404, "not_found".into()));
    let device = house.node.device();
    assert_eq!(house.get(&format!("/api/v1/accounts/{device}")).bad(), (404, "not_found".into()));
}
