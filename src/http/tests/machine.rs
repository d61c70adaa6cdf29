//! The node itself: what it says of itself, its peers, its store, its end.

use std::io::{Read, Write};

use serde_json::json;

use super::*;

#[test]
fn the_instance_is_complete_enough_for_strict_clients() {
    let house = House::new(1);
    let v1 = house.get("/api/v1/instance").good();
    let v2 = house.get("/api/v2/instance").good();
    assert_eq!(house.get("/api/v1/instance/").good(), v1);
    assert_eq!(house.get("/api/v2/instance/").good(), v2);
    assert_eq!(v1["uri"], format!("127.0.0.1:{}", house.port));
    assert!(v1["version"].as_str().unwrap().starts_with("4.5.0 (compatible; Starling "));
    assert_eq!(v1["version"], v2["version"]);
    assert!(v1["thumbnail"].is_string() && v2["thumbnail"]["url"].is_string());
    assert_eq!(v1["configuration"]["statuses"]["max_characters"], 5_000);
    assert_eq!(v2["contact"]["account"]["id"], house.me().to_string());
    assert_eq!((&v1["registrations"], &v2["registrations"]["enabled"]), (&json!(false), &json!(false)));
}

#[test]
fn a_node_says_who_it_is_and_how_it_is() {
    let house = House::new(1);
    house.write("one");
    let id = house.get("/api/starling/v1/id").good();
    assert_eq!(id["author"], house.me().to_string());
    assert_eq!(id["devices"], json!([house.node.device().to_string()]));
    assert_eq!((&id["device"], &id["epoch"]), (&id["devices"][0], &json!(0)));
    assert_eq!(id["peer_id"], house.node.peer_id().to_string());
    let status = house.get("/api/starling/v1/status").good();
    assert_eq!((&status["peers"], &status["feeds"]), (&json!(0), &json!(1)));
    assert_eq!((&status["network"], &status["guarded"]), (&json!(false), &json!(false)));
    assert!(status["entries"].as_u64().unwrap() >= 1);
    let stats = house.get("/api/starling/v1/store/stats").good();
    assert_eq!(stats["entries"], status["entries"]);
    assert!(stats["file_bytes"].as_u64().unwrap() > 0);
    let verified = house.post("/api/starling/v1/store/verify", json!({})).good();
    assert_eq!((&verified["good"], &verified["bad_count"]), (&stats["entries"], &json!(0)));
}

#[test]
fn an_own_post_waits_where_it_can_be_seen() {
    let house = House::new(1);
    let id = house.write("one");
    let queue = house.get("/api/starling/v1/queue").good();
    let row = &queue["outgoing"][0];
    assert_eq!((&row["entry"], &row["peers"], &row["held"]), (&json!(id), &json!(0), &json!(0)));
    let shown = house.get(&format!("/api/v1/statuses/{id}")).good();
    assert_eq!(shown["starling"]["delivery"], json!({ "stored": true, "peers": 0, "held": 0 }));
    assert_eq!(house.get("/api/starling/v1/status").good()["unheld"], 1);
    // No network: nothing to tell of.
    let network = house.get("/api/starling/v1/network").good();
    assert_eq!((&network["on"], &network["peers"]), (&json!(false), &json!([])));
}

#[test]
fn peers_are_kept_and_banned() {
    let house = House::new(1);
    let peer = libp2p::identity::Keypair::generate_ed25519().public().to_peer_id();
    let address = format!("/ip4/127.0.0.1/tcp/9/p2p/{peer}");
    let added = house.post("/api/starling/v1/peers", json!({ "address": address }));
    assert_eq!((added.status, &added.good()["address"]), (202, &json!(address)));
    let banned = house.post(&format!("/api/starling/v1/peers/{peer}/ban"), json!({})).good();
    assert_eq!(banned, json!({ "peer_id": peer.to_string(), "banned": true }));
    let listed = |house: &House| {
        let peers = house.get("/api/starling/v1/peers").good();
        let ours = peers.as_array().unwrap().iter().find(|one| one["peer_id"] == peer.to_string());
        ours.map(|one| one["banned"].clone())
    };
    assert_eq!(listed(&house), Some(json!(true)));
    house.post(&format!("/api/starling/v1/peers/{peer}/unban"), json!({})).good();
    assert_eq!(listed(&house), Some(json!(false)));
    assert_eq!(house.post("/api/starling/v1/peers/nobody/ban", json!({})).bad(), (404, "not_found".into()));
    let wrong = json!({ "address": "example.org:80" });
    assert_eq!(house.post("/api/starling/v1/peers", wrong).bad(), (422, "invalid".into()));
    assert_eq!(house.post("/api/starling/v1/peers", json!({})).bad(), (422, "invalid".into()));
}

#[test]
fn a_device_that_is_not_ours_cannot_be_removed() {
    let house = House::new(1);
    let other = starling_protocol::DeviceKey::new([9; 32]);
    let answer = house.post(&format!("/api/starling/v1/devices/{other}/remove"), json!({}));
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    assert_eq!(house.post("/api/starling/v1/devices/x/remove", json!({})).bad(), (404, "not_found".into()));
    assert_eq!(house.get("/api/starling/v1/id").good()["removed"], json!([]));
}

/// An import whose body does not end.
fn endless_import(house: &House) -> std::net::TcpStream {
    let head = format!(
        "POST /api/starling/v1/import HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
        house.port
    );
    let mut socket = house.socket();
    socket.write_all(head.as_bytes()).unwrap();
    // The door asks for the body once the import has begun.
    let mut answer = [0; 25];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket
}

#[test]
fn a_request_without_end_does_not_hold_up_the_stop() {
    let mut house = House::new(1);
    let _held = endless_import(&house);
    house.stop.take().unwrap().send(()).unwrap();
    let served = house.served.take().unwrap();
    house.runtime.block_on(served).unwrap().unwrap();
}

#[test]
fn long_tasks_are_few() {
    let house = House::new(1);
    let held: Vec<_> = (0..2).map(|_| endless_import(&house)).collect();
    assert_eq!(house.get("/api/starling/v1/export").bad(), (429, "busy".into()));
    assert_eq!(house.post("/api/starling/v1/store/verify", json!({})).bad(), (429, "busy".into()));
    house.get("/api/v1/timelines/home").good();
    drop(held);
}

#[test]
fn a_stop_is_answered_and_orderly() {
    let mut house = House::new(1);
    house.write("kept");
    let answer = house.post("/api/starling/v1/stop", json!({}));
    assert_eq!((answer.status, answer.good()), (202, json!({ "stopping": true })));
    house.runtime.block_on(house.node.stopped());
    let served = house.served.take().unwrap();
    house.runtime.block_on(served).unwrap().unwrap();
}

#[test]
fn a_node_that_stops_says_so() {
    use crate::{engine::Command, http::App};
    let house = House::new(1);
    let (_, table) = crate::http::route::build(Vec::new()).unwrap();
    let app = App::new(house.node.clone(), Access::new(TOKEN, ([127, 0, 0, 1], 1).into()), table);
    assert!(app.check_running().is_ok());
    app.begin_to_stop();
    house.runtime.block_on(house.node.clone().shutdown());
    let refused = house.runtime.block_on(app.command(Command::Publish {
        content: Box::default(),
        in_reply_to: None,
        idempotency: None,
    }));
    assert!(matches!(refused, Err(crate::http::Error::Stopping)), "{refused:?}");
    assert!(matches!(app.check_running(), Err(crate::http::Error::Stopping)));
}
