//! Polls: asked with a post, answered once, counted everywhere alike.

use serde_json::json;

use super::*;

fn ask(house: &House, poll: Value) -> Answer {
    house.post("/api/v1/statuses", json!({ "status": "Which?", "poll": poll }))
}

fn poll_of(house: &House, id: &str) -> Value {
    house.get(&format!("/api/v1/polls/{id}")).good()
}

fn vote(house: &House, id: &str, choices: Value) -> Answer {
    house.post(&format!("/api/v1/polls/{id}/votes"), json!({ "choices": choices }))
}

#[test]
fn a_poll_goes_with_its_post() {
    let house = House::new(1);
    let status = ask(&house, json!({ "options": ["yes", " no "], "expires_in": 3600 })).good();
    let (id, poll) = (status["id"].as_str().unwrap(), &status["poll"]);
    assert_eq!(
        poll["options"],
        json!([{ "title": "yes", "votes_count": 0 }, { "title": "no", "votes_count": 0 }])
    );
    for (field, value) in [
        ("id", json!(id)),
        ("expired", json!(false)),
        ("multiple", json!(false)),
        ("votes_count", json!(0)),
        ("voters_count", json!(0)),
        ("emojis", json!([])),
        ("voted", json!(true)),
        ("own_votes", json!([])),
    ] {
        assert_eq!(poll[field], value, "{field}");
    }
    let created: jiff::Timestamp = status["created_at"].as_str().unwrap().parse().unwrap();
    let ends: jiff::Timestamp = poll["expires_at"].as_str().unwrap().parse().unwrap();
    assert!((3_590..3_610).contains(&ends.duration_since(created).as_secs()));
    assert_eq!(&poll_of(&house, id), poll);
    assert_eq!(vote(&house, id, json!([0])).bad(), (422, "invalid".into()));
    let plain = house.write("no question");
    assert_eq!(house.get(&format!("/api/v1/polls/{plain}")).bad(), (404, "not_found".into()));
    assert_eq!(house.get(&format!("/api/v1/polls/{}", nobodys())).bad(), (404, "not_found".into()));
    assert_eq!(vote(&house, &plain, json!([0])).bad(), (404, "not_found".into()));
    // An edit leaves it as it is; other answers would change what votes meant.
    let path = format!("/api/v1/statuses/{id}");
    let same = json!({ "status": "Which one?", "poll": { "options": ["yes", "no"], "expires_in": 300 } });
    let edited = house.call("PUT", &path, &serde_json::to_vec(&same).unwrap()).good();
    assert_eq!((&edited["poll"], &edited["content"]), (poll, &json!("<p>Which one?</p>")));
    let other = json!({ "status": "Which?", "poll": { "options": ["no", "yes"], "expires_in": 300 } });
    let refused = house.call("PUT", &path, &serde_json::to_vec(&other).unwrap());
    assert_eq!(refused.bad(), (422, "invalid".into()));
}

#[test]
fn a_poll_that_is_none_is_refused() {
    let house = House::new(1);
    let many: Vec<_> = (0..9).map(|n| n.to_string()).collect();
    for poll in [
        json!({ "options": ["one"], "expires_in": 3600 }),
        json!({ "options": ["same", "same"], "expires_in": 3600 }),
        json!({ "options": ["", " ", "x"], "expires_in": 3600 }),
        json!({ "options": many, "expires_in": 3600 }),
        json!({ "options": ["x".repeat(101), "y"], "expires_in": 3600 }),
        json!({ "options": ["x", "y"], "expires_in": 299 }),
        json!({ "options": ["x", "y"], "expires_in": 2_629_747 }),
        json!({ "options": ["x", "y"], "expires_in": "soon" }),
        json!({ "options": ["x", "y"] }),
        json!({ "options": "x", "expires_in": 3600 }),
        json!({}),
        json!([]),
    ] {
        assert_eq!(ask(&house, poll.clone()).bad(), (422, "invalid".into()), "{poll}");
    }
    assert_eq!(house.get("/api/v1/timelines/home").good(), json!([]));
    let token = format!("Bearer {TOKEN}");
    let form = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let body = b"status=q&poll[options][]=a&poll[options][]=b&poll[expires_in]=300&poll[multiple]=true";
    let status = house.send("POST", "/api/v1/statuses", &form, body).good();
    assert_eq!(
        (&status["poll"]["multiple"], &status["poll"]["options"][1]["title"]),
        (&json!(true), &json!("b"))
    );
}

#[test]
fn votes_are_counted_where_they_arrive_and_go_with_their_voter() {
    let (alice, bob, carol) = (House::new(1), House::new(2), House::new(3));
    let wish =
        json!({ "options": ["a", "b", "c"], "expires_in": 3600, "multiple": true, "hide_totals": true });
    let id = ask(&alice, wish).good()["id"].as_str().unwrap().to_owned();
    for other in [&bob, &carol] {
        other.take_from(&alice);
        assert_eq!(poll_of(other, &id)["voted"], false);
    }
    for wrong in [json!([]), json!([3]), json!([-1]), json!(["x"]), json!([0, 1, 2, 3, 4, 5, 6, 7, 8])] {
        assert_eq!(vote(&bob, &id, wrong.clone()).bad(), (422, "invalid".into()), "{wrong}");
    }
    let voted = vote(&bob, &id, json!(["2", 0])).good();
    assert_eq!((&voted["voted"], &voted["own_votes"]), (&json!(true), &json!([0, 2])));
    assert_eq!((&voted["votes_count"], &voted["voters_count"]), (&json!(2), &json!(1)));
    assert_eq!(voted["options"][0], json!({ "title": "a", "votes_count": null }), "hidden until the end");
    assert_eq!(vote(&bob, &id, json!([1])).bad(), (422, "invalid".into()));
    vote(&carol, &id, json!([2])).good();
    for other in [&bob, &carol] {
        alice.take_from(other);
    }
    let poll = poll_of(&alice, &id);
    assert_eq!((&poll["votes_count"], &poll["voters_count"]), (&json!(3), &json!(2)));
    assert_eq!(poll["own_votes"], json!([]));
}
