//! What a node of one person says to what it has not, and where programs look first.

use serde_json::json;

use super::*;

#[test]
fn what_is_not_there_is_an_empty_list() {
    let house = House::new(1);
    for path in [
        "/api/v1/conversations",
        "/api/v1/announcements",
        "/api/v1/custom_emojis",
        "/api/v1/trends",
        "/api/v1/trends/tags",
        "/api/v1/trends/statuses",
        "/api/v1/trends/links",
        "/api/v1/follow_requests",
        "/api/v1/instance/rules",
        "/api/v1/instance/peers",
        "/api/v1/instance/domain_blocks",
    ] {
        assert_eq!(house.get(path).good(), json!([]), "{path}");
    }
    let nobody = AuthorId::new([9; 32]);
    for verb in ["authorize", "reject"] {
        let answer = house.post(&format!("/api/v1/follow_requests/{nobody}/{verb}"), json!({}));
        assert_eq!(answer.bad(), (404, "not_found".into()));
    }
    assert_eq!(house.post("/api/v1/reports", json!({ "account_id": "1" })).bad(), (422, "invalid".into()));
}

#[test]
fn the_owner_is_found_at_this_host_and_nobody_else() {
    let house = House::new(1);
    let (me, host) = (house.me(), format!("127.0.0.1:{}", house.port));
    let open = |path: &str| house.send("GET", path, &[], &[]);
    for resource in
        [format!("acct:{me}@{host}"), format!("acct:{me}@127.0.0.1"), format!("http://{host}/@{me}")]
    {
        let found = open(&format!("/.well-known/webfinger?resource={resource}"));
        assert_eq!(found.header("content-type"), "application/jrd+json");
        assert_eq!(found.good()["subject"], format!("acct:{me}@{host}"), "{resource}");
    }
    for resource in
        [format!("acct:{me}@evil.example"), format!("acct:{}@{host}", AuthorId::new([9; 32])), "x".into()]
    {
        assert_eq!(open(&format!("/.well-known/webfinger?resource={resource}")).bad().0, 404, "{resource}");
    }
    assert_eq!(open("/.well-known/webfinger").bad(), (400, "malformed".into()));
    let meta = open("/.well-known/host-meta");
    assert!(
        meta.text().contains(&format!("template=\"http://{host}/.well-known/webfinger?resource={{uri}}\""))
    );
    let links = open("/.well-known/nodeinfo").good();
    for (link, version) in links["links"].as_array().unwrap().iter().zip(["2.0", "2.1"]) {
        let path = link["href"].as_str().unwrap().strip_prefix(&house.base()).unwrap();
        let info = open(path).good();
        assert_eq!((&info["version"], &info["software"]["name"]), (&json!(version), &json!("starling")));
        assert_eq!(info["openRegistrations"], false);
    }
}

#[test]
fn the_address_of_a_post_leads_somewhere_and_betrays_nothing() {
    let house = House::new(1);
    let id = house.write("secret plans");
    let status = house.get(&format!("/api/v1/statuses/{id}")).good();
    let path = status["url"].as_str().unwrap().strip_prefix(&house.base()).unwrap().to_owned();
    let page = house.send("GET", &path, &[], &[]);
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text().contains(&id) && !page.text().contains("secret"));
    let hostile = house.send("GET", "/@x/%3Cscript%3E", &[], &[]);
    assert!(!hostile.text().contains("<script>"), "{}", hostile.text());
    let account = status["account"]["url"].as_str().unwrap().strip_prefix(&house.base()).unwrap().to_owned();
    assert_eq!(house.send("GET", &account, &[], &[]).status, 200);
}

#[test]
fn the_weeks_of_activity_are_counted() {
    let house = House::new(1);
    house.write("one");
    house.write("two");
    let weeks = house.send("GET", "/api/v1/instance/activity", &[], &[]).good();
    assert_eq!((weeks.as_array().unwrap().len(), &weeks[0]["statuses"]), (12, &json!("2")));
}

#[test]
fn the_profile_is_shown_without_what_was_drawn() {
    let house = House::new(1);
    house.write("#Birds");
    house.post("/api/v1/featured_tags", json!({ "name": "Birds" })).good();
    let profile =
        house.call("PATCH", "/api/v1/profile", br#"{"display_name": "Ada", "note": "counts"}"#).good();
    assert_eq!((&profile["display_name"], &profile["note"]), (&json!("Ada"), &json!("counts")));
    assert_eq!((&profile["avatar"], &profile["id"]), (&Value::Null, &json!(house.me().to_string())));
    assert_eq!(profile["featured_tags"][0]["name"], "Birds");
    assert_eq!(house.get("/api/v1/profile").good(), profile);
    let account = house.get("/api/v1/accounts/verify_credentials").good();
    assert_eq!((&account["display_name"], &account["hide_collections"]), (&json!("Ada"), &json!(false)));
    assert_eq!(house.send("GET", "/health", &[], &[]).text(), "OK");
}
