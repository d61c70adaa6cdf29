//! Entries and feeds as bytes: out, in, and not in if a bit is wrong.

use serde_json::json;
use starling_protocol::{bundle, entry};

use super::*;

#[test]
fn an_entry_can_be_checked_by_others() {
    let house = House::new(1);
    let id = house.write("signed");
    let shown = house.get(&format!("/api/starling/v1/entries/{id}")).good();
    let raw = house.get(&format!("/api/starling/v1/entries/{id}/raw"));
    assert_eq!((raw.status, raw.header("content-type")), (200, "application/cbor"));
    let verified = entry::verify(&raw.bytes).unwrap();
    assert_eq!(verified.id().to_string(), id);
    assert_eq!(shown["seq"], verified.header().seq);
    assert_eq!((&shown["kind"], &shown["from"]), (&json!("post"), &Value::Null));
    let checks = shown["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 5);
    assert!(checks.iter().all(|check| check["ok"] == true), "{shown}");
    for path in ["", "/raw"] {
        let unknown = format!("/api/starling/v1/entries/{}{path}", nobodys());
        assert_eq!(house.get(&unknown).bad(), (404, "not_found".into()));
    }
}

#[test]
fn a_feed_goes_out_and_comes_in_once() {
    let (alice, bob) = (House::new(1), House::new(2));
    for n in 0..20 {
        bob.write(&format!("post {n}"));
    }
    let all = bob.get("/api/starling/v1/export");
    assert_eq!((all.status, all.header("content-type")), (200, "application/cbor-seq"));
    let summary = bundle::check(&all.bytes[..]).unwrap();
    let one = bob.get(&format!("/api/starling/v1/export?author={}", bob.me()));
    assert_eq!(bundle::check(&one.bytes[..]).unwrap().entries, summary.entries);
    let follow = format!("/api/v1/accounts/{}/follow", bob.me());
    alice.post(&follow, json!({})).good();
    let import = |bytes: &[u8]| alice.call("POST", "/api/starling/v1/import", bytes);
    let first = import(&all.bytes).good();
    assert_eq!((&first["refused"], &first["known"]), (&json!(0), &json!(0)), "{first}");
    assert!(first["new"].as_u64().unwrap() >= 20, "{first}");
    let again = import(&all.bytes).good();
    assert_eq!((&again["new"], &again["refused"]), (&json!(0), &json!(0)), "{again}");
    let path = format!("/api/v1/accounts/{}/statuses", bob.me());
    assert_eq!(alice.get(&path).good().as_array().unwrap().len(), 20);
    let unknown = format!("/api/starling/v1/export?author={}", AuthorId::new([0xcd; 32]));
    assert_eq!(alice.get(&unknown).bad(), (404, "not_found".into()));
}

#[test]
fn a_damaged_bundle_leaves_nothing_behind() {
    let (alice, bob) = (House::new(1), House::new(2));
    bob.write("from bob");
    let bundle = bob.get("/api/starling/v1/export").bytes;
    let entries = || alice.get("/api/starling/v1/store/stats").good()["entries"].clone();
    let before = entries();
    let mut flipped = bundle.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let longer = [bundle.clone(), vec![0]].concat();
    for bytes in [&b""[..], b"nothing", &bundle[..bundle.len() - 1], &flipped, &longer] {
        let answer = alice.call("POST", "/api/starling/v1/import", bytes);
        assert_eq!(answer.bad(), (422, "bundle".into()));
    }
    assert_eq!(entries(), before);
    let left: Vec<_> = std::fs::read_dir(alice.folder.path().join("home"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_bundle_may_be_larger_than_other_bodies_and_has_an_end() {
    let house = House::new(1);
    let head = |length: u64| {
        format!(
            "POST /api/starling/v1/import HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n",
            house.port
        )
    };
    let huge = house.raw(head(257 * 1024 * 1024).as_bytes());
    assert!(huge.starts_with("HTTP/1.1 413 "), "{huge}");
    let mut large = head(3 * 1024 * 1024).into_bytes();
    large.resize(large.len() + 3 * 1024 * 1024, 0);
    let large = house.raw(&large);
    assert!(large.starts_with("HTTP/1.1 422 ") && large.contains("\"bundle\""), "{large}");
}

#[test]
fn a_backup_is_sealed() {
    let house = House::new(1);
    house.write("a secret of mine");
    let backup = house.post("/api/starling/v1/backup", json!({ "passphrase": "correct horse" }));
    assert_eq!((backup.status, backup.header("content-type")), (200, "application/octet-stream"));
    assert!(backup.bytes.len() > 1_000);
    assert!(!backup.bytes.windows(16).any(|bytes| bytes == b"a secret of mine"));
    for body in [json!({}), json!({ "passphrase": "" })] {
        assert_eq!(house.post("/api/starling/v1/backup", body).bad(), (422, "invalid".into()));
    }
}
