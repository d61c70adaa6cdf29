//! What concerns a person reaches them once, and goes with what it is about.

use serde_json::json;

use super::*;

/// Somebody to whom others speak, and somebody who speaks.
fn two() -> (House, House) {
    (House::new(1), House::new(2))
}

impl House {
    /// Does something with a post of another house, which is told of it.
    fn react(&self, verb: &str, id: &str) {
        self.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).good();
    }

    fn answer(&self, id: &str, text: &str) -> String {
        let status = json!({ "status": text, "in_reply_to_id": id });
        self.post("/api/v1/statuses", status).good()["id"].as_str().unwrap().to_owned()
    }

    fn follows(&self, other: &House) {
        self.post(&format!("/api/v1/accounts/{}/follow", other.me()), json!({})).good();
    }

    /// Types of the notifications that a query finds.
    fn told(&self, query: &str) -> Vec<String> {
        let list = self.get(&format!("/api/v1/notifications{query}")).good();
        list.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect()
    }
}

/// A node that was answered, liked, passed on, quoted and followed, in this order.
fn busy() -> (House, House, String) {
    let (alice, bob) = two();
    let post = alice.write("hello");
    bob.take_from(&alice);
    bob.answer(&post, "hello yourself");
    bob.react("favourite", &post);
    bob.react("reblog", &post);
    bob.post("/api/v1/statuses", json!({ "status": "look", "quoted_status_id": post })).good();
    bob.follows(&alice);
    alice.take_from(&bob);
    (alice, bob, post)
}

#[test]
fn what_others_do_is_told_once() {
    let (alice, bob, post) = busy();
    let mut told = alice.told("");
    told.sort_unstable();
    assert_eq!(told, ["favourite", "follow", "mention", "quote", "reblog"]);
    let list = alice.get("/api/v1/notifications").good();
    for one in list.as_array().unwrap() {
        assert_eq!(one["account"]["id"], bob.me().to_string());
        assert!(one["id"].as_str().unwrap().parse::<u64>().is_ok() && one["created_at"].is_string());
        match one["type"].as_str().unwrap() {
            "favourite" | "reblog" => assert_eq!(one["status"]["id"], post),
            "follow" => assert!(one.get("status").is_none()),
            _ => assert_eq!(one["status"]["account"]["id"], bob.me().to_string()),
        }
        let shown = alice.get(&format!("/api/v1/notifications/{}", one["id"].as_str().unwrap())).good();
        assert_eq!(&shown, one);
    }
    alice.take_from(&bob);
    assert_eq!(alice.told("").len(), 5);
    // Nobody is told of what they do themselves.
    assert!(bob.told("").is_empty());
    alice.react("favourite", &post);
    alice.answer(&post, "and good night");
    assert_eq!(alice.told("").len(), 5);
}

#[test]
fn what_is_taken_back_is_told_no_longer() {
    let (alice, bob, post) = busy();
    bob.react("unfavourite", &post);
    bob.react("unreblog", &post);
    bob.post(&format!("/api/v1/accounts/{}/unfollow", alice.me()), json!({})).good();
    for status in bob.get(&format!("/api/v1/accounts/{}/statuses", bob.me())).good().as_array().unwrap() {
        bob.call("DELETE", &format!("/api/v1/statuses/{}", status["id"].as_str().unwrap()), &[]).good();
    }
    alice.take_from(&bob);
    assert_eq!(alice.told(""), Vec::<String>::new());
    bob.react("favourite", &post);
    alice.take_from(&bob);
    assert_eq!(alice.told(""), ["favourite"]);
    alice.call("DELETE", &format!("/api/v1/statuses/{post}"), &[]).good();
    assert_eq!(alice.told(""), Vec::<String>::new());
}

#[test]
fn pages_hang_on_numbers_and_types_are_chosen() {
    let (alice, bob, _) = busy();
    let all = ids(&alice.get("/api/v1/notifications").good());
    let first = alice.get("/api/v1/notifications?limit=2");
    assert_eq!(ids(&first.good()), all[..2]);
    let second = alice.get(&alice.next(&first).unwrap());
    assert_eq!(ids(&second.good()), all[2..4]);
    let page = |query: String| ids(&alice.get(&format!("/api/v1/notifications?{query}")).good());
    assert_eq!(page(format!("min_id={}&limit=2", all[4])), all[2..4]);
    assert_eq!(page(format!("since_id={}&limit=2", all[4])), all[..2]);
    assert_eq!(alice.told("?types[]=favourite&types[]=nonsense"), ["favourite"]);
    assert_eq!(alice.told("?types[]=nonsense"), Vec::<String>::new());
    assert_eq!(alice.told("?exclude_types[]=favourite").len(), 4);
    assert_eq!(alice.told(&format!("?account_id={}", bob.me())).len(), 5);
    assert_eq!(alice.told(&format!("?account_id={}", alice.me())).len(), 0);
    assert_eq!(alice.get("/api/v1/notifications?max_id=x").bad(), (422, "invalid".into()));
    assert_eq!(alice.get("/api/v1/notifications/unread_count").good(), json!({ "count": 5 }));
    assert_eq!(alice.get("/api/v1/notifications/unread_count?limit=3").good(), json!({ "count": 3 }));
}

#[test]
fn they_can_be_cleared_away() {
    let (alice, _, _) = busy();
    let all = ids(&alice.get("/api/v1/notifications").good());
    let path = format!("/api/v1/notifications/{}", all[0]);
    assert_eq!(alice.post(&format!("{path}/dismiss"), json!({})).good(), json!({}));
    assert_eq!(alice.get(&path).bad(), (404, "not_found".into()));
    assert_eq!(alice.post(&format!("{path}/dismiss"), json!({})).bad(), (404, "not_found".into()));
    alice.post("/api/v1/notifications/dismiss", json!({ "id": all[1] })).good();
    assert_eq!(ids(&alice.get("/api/v1/notifications").good()), all[2..]);
    assert_eq!(alice.post("/api/v1/notifications/clear", json!({})).good(), json!({}));
    assert_eq!(alice.told(""), Vec::<String>::new());
    for wrong in ["x", "0", "-1", "99999999999999999999"] {
        assert_eq!(alice.get(&format!("/api/v1/notifications/{wrong}")).bad().0, 404, "{wrong}");
    }
}

#[test]
fn an_edit_is_told_to_those_who_liked_the_post() {
    let (alice, bob) = two();
    let post = bob.write("one");
    alice.take_from(&bob);
    alice.react("favourite", &post);
    for text in ["two", "three"] {
        let body = serde_json::to_vec(&json!({ "status": text })).unwrap();
        bob.call("PUT", &format!("/api/v1/statuses/{post}"), &body).good();
    }
    alice.take_from(&bob);
    let told = alice.get("/api/v1/notifications").good();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    assert_eq!((&told[0]["type"], &told[0]["status"]["id"]), (&json!("update"), &json!(post)));
    assert_eq!(told[0]["status"]["content"], "<p>three</p>");
}

#[test]
fn what_happens_to_one_thing_is_told_together() {
    let (alice, bob) = two();
    let carol = House::new(3);
    let post = alice.write("hello");
    for other in [&bob, &carol] {
        other.take_from(&alice);
        other.react("favourite", &post);
        other.answer(&post, "hi");
        alice.take_from(other);
    }
    let grouped = alice.get("/api/v2/notifications").good();
    let groups = grouped["notification_groups"].as_array().unwrap();
    assert_eq!(groups.len(), 3, "{grouped}");
    let likes = groups.iter().find(|group| group["type"] == "favourite").unwrap();
    assert_eq!((&likes["notifications_count"], &likes["status_id"]), (&json!(2), &json!(post)));
    assert_eq!(likes["sample_account_ids"], json!([carol.me().to_string(), bob.me().to_string()]));
    assert!(likes["most_recent_notification_id"].is_u64() && likes["page_max_id"].is_string());
    assert_eq!(grouped["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(grouped["statuses"].as_array().unwrap().len(), 3);
    assert!(grouped.get("partial_accounts").is_none());
    let partial = alice.get("/api/v2/notifications?expand_accounts=partial_avatars&types[]=favourite").good();
    assert_eq!(partial["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(partial["partial_accounts"][0]["id"], bob.me().to_string());
    let apart = alice.get("/api/v2/notifications?grouped_types[]=follow").good();
    assert_eq!(apart["notification_groups"].as_array().unwrap().len(), 4);

    let key = likes["group_key"].as_str().unwrap();
    let one = alice.get(&format!("/api/v2/notifications/{key}")).good();
    assert_eq!(one["notification_groups"][0]["notifications_count"], 2);
    let people = alice.get(&format!("/api/v2/notifications/{key}/accounts")).good();
    assert_eq!(people.as_array().unwrap().len(), 2);
    assert_eq!(alice.get("/api/v2/notifications/unread_count").good(), json!({ "count": 3 }));
    let first = alice.get("/api/v2/notifications?limit=1");
    let second = alice.get(&alice.next(&first).unwrap()).good();
    assert_ne!(
        second["notification_groups"][0]["group_key"],
        first.good()["notification_groups"][0]["group_key"]
    );
    alice.post(&format!("/api/v2/notifications/{key}/dismiss"), json!({})).good();
    assert_eq!(alice.get(&format!("/api/v2/notifications/{key}")).bad(), (404, "not_found".into()));
    assert_eq!(alice.told(""), ["mention", "mention"]);
    assert_eq!(alice.get("/api/v2/notifications/ungrouped-77").bad(), (404, "not_found".into()));
}

#[test]
fn strangers_wait_where_the_policy_says_so() {
    let (alice, bob) = two();
    let policy = alice.get("/api/v2/notifications/policy").good();
    assert_eq!(policy["for_not_following"], "accept");
    let sent = serde_json::to_vec(&json!({ "for_not_following": "filter" })).unwrap();
    let changed = alice.call("PATCH", "/api/v2/notifications/policy", &sent).good();
    assert_eq!(changed["for_not_following"], "filter");
    assert_eq!(alice.get("/api/v1/notifications/policy").good()["filter_not_following"], true);
    let post = alice.write("hello");
    bob.take_from(&alice);
    bob.answer(&post, "hello yourself");
    alice.take_from(&bob);
    assert_eq!(alice.told(""), Vec::<String>::new());
    assert_eq!(alice.told("?include_filtered=true"), ["mention"]);
    let requests = alice.get("/api/v1/notifications/requests").good();
    let request = &requests[0];
    assert_eq!(
        (&request["account"]["id"], &request["notifications_count"]),
        (&json!(bob.me().to_string()), &json!("1"))
    );
    assert_eq!(request["last_status"]["content"], "<p>hello yourself</p>");
    let summary = &alice.get("/api/v2/notifications/policy").good()["summary"];
    assert_eq!(summary, &json!({ "pending_requests_count": 1, "pending_notifications_count": 1 }));
    let path = format!("/api/v1/notifications/requests/{}", bob.me());
    assert_eq!(&alice.get(&path).good(), request);
    alice.post(&format!("{path}/accept"), json!({})).good();
    assert_eq!(alice.told(""), ["mention"]);
    assert_eq!(alice.get(&path).bad(), (404, "not_found".into()));
    // Whoever was let in once need not ask again; what is to be dropped is not kept.
    let carol = House::new(3);
    bob.react("favourite", &post);
    alice.take_from(&bob);
    assert_eq!(alice.told(""), ["favourite", "mention"]);
    let sent = serde_json::to_vec(&json!({ "for_not_followers": "drop" })).unwrap();
    alice.call("PUT", "/api/v2/notifications/policy", &sent).good();
    carol.take_from(&alice);
    carol.answer(&post, "me too");
    alice.take_from(&carol);
    assert_eq!(alice.told("?include_filtered=true").len(), 2);
    let wrong = serde_json::to_vec(&json!({ "for_not_followers": "maybe" })).unwrap();
    assert_eq!(alice.call("PUT", "/api/v2/notifications/policy", &wrong).bad(), (422, "invalid".into()));
}

#[test]
fn requests_are_dismissed_and_accepted_in_bulk() {
    let (alice, bob) = two();
    let sent = serde_json::to_vec(&json!({ "filter_not_following": true })).unwrap();
    alice.call("PUT", "/api/v1/notifications/policy", &sent).good();
    let carol = House::new(3);
    let post = alice.write("hello");
    for other in [&bob, &carol] {
        other.take_from(&alice);
        other.react("favourite", &post);
        alice.take_from(other);
    }
    let named = |house: &House| json!({ "id": [house.me().to_string()] });
    alice.post("/api/v1/notifications/requests/dismiss", named(&bob)).good();
    let left = ids(&alice.get("/api/v1/notifications/requests").good());
    assert_eq!(left, [carol.me().to_string()]);
    alice.post("/api/v1/notifications/requests/accept", named(&carol)).good();
    assert_eq!(alice.told("?include_filtered=true"), ["favourite"]);
    assert_eq!(alice.get("/api/v1/notifications/requests/merged").good(), json!({ "merged": true }));
    assert_eq!(alice.get("/api/v1/notifications/requests").good(), json!([]));
}

#[test]
fn push_services_are_not_called() {
    let house = House::new(1);
    assert_eq!(house.get("/api/v1/push/subscription").bad(), (404, "not_found".into()));
    let sent = json!({ "subscription": { "endpoint": "https://push.example/" } });
    assert_eq!(house.post("/api/v1/push/subscription", sent).bad(), (422, "invalid".into()));
    assert_eq!(house.call("DELETE", "/api/v1/push/subscription", &[]).good(), json!({}));
}
