//! Pictures: up, into a post, seen, changed and gone.

use serde_json::json;

use super::*;
use crate::{
    blobs::{
        Blobs,
        disk::Beside,
        tests::{encoded, jpeg},
    },
    engine::Command,
    store::kept::{Change, Shelf, blob::WantedRow},
};
use image::ImageFormat;

const BOUNDARY: &str = "----starling-7d93b";

/// A body with these parts: name, file name, type, bytes.
pub(super) fn body(parts: &[(&str, Option<&str>, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, kind, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{kind}\r\n");
        body.extend(head.as_bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl House {
    pub(super) fn parts(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let token = format!("Bearer {TOKEN}");
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(method, path, &[("authorization", token.as_str()), ("content-type", kind.as_str())], body)
    }

    pub(super) fn upload(&self, bytes: &[u8], alt: &str) -> Value {
        let parts = [("file", Some("a.jpg"), "", bytes), ("description", None, "", alt.as_bytes())];
        let answer = self.parts("POST", "/api/v1/media", &body(&parts));
        answer.good()
    }

    /// As an `<img>` asks: without a token.
    pub(super) fn file(&self, url: &Value, headers: &[(&str, &str)]) -> Answer {
        let path = url.as_str().unwrap().strip_prefix(&self.base()).unwrap();
        self.send("GET", path, headers, &[])
    }

    fn blobs_on_disk(&self) -> usize {
        let folders = std::fs::read_dir(self.folder.path().join("home/blobs"));
        folders
            .into_iter()
            .flatten()
            .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
            .sum()
    }
}

#[test]
fn a_picture_goes_up_into_a_post_and_is_seen() {
    let house = House::new(1);
    let sent = jpeg(1000, 500, 1);
    let parts = [
        ("file", Some("bird.jpg"), "image/jpeg", &sent[..]),
        ("description", None, "", "a bird".as_bytes()),
        ("focus", None, "", b"0.5,-0.25"),
    ];
    let up = house.parts("POST", "/api/v2/media", &body(&parts)).good();
    // On a machine that has other things to do it may take longer than the answer waits.
    let path = format!("/api/v1/media/{}", up["id"].as_str().unwrap());
    let up = std::iter::repeat_with(|| house.get(&path)).find(|answer| answer.status == 200).unwrap().json();
    assert_eq!((&up["type"], &up["description"]), (&json!("image"), &json!("a bird")));
    assert_eq!(up["meta"]["focus"], json!({ "x": 0.5, "y": -0.25 }));
    assert_eq!(up["meta"]["original"]["size"], "1000x500");
    assert_eq!(up["meta"]["small"]["size"], "400x200");
    assert_eq!(up["blurhash"].as_str().unwrap().len(), 28);
    let again = house.get(&format!("/api/v1/media/{}", up["id"].as_str().unwrap()));
    assert_eq!((again.status, again.json()), (200, up.clone()));
    // The text may be empty.
    let post = json!({ "media_ids": [up["id"]], "sensitive": true });
    let status = house.post("/api/v1/statuses", post).good();
    assert_eq!((&status["sensitive"], &status["spoiler_text"]), (&json!(true), &json!("")));
    let shown = &status["media_attachments"][0];
    for field in ["type", "url", "preview_url", "meta", "description", "blurhash"] {
        assert_eq!(shown[field], up[field], "{field}");
    }
    let whole = house.file(&shown["url"], &[]);
    assert_eq!((whole.status, whole.header("content-type")), (200, "image/jpeg"));
    assert_eq!(whole.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    assert_eq!(whole.header("content-disposition"), "inline");
    assert!(whole.header("content-security-policy").contains("sandbox"));
    assert!(whole.header("cache-control").contains("immutable"));
    assert!(!whole.bytes.windows(5).any(|bytes| bytes == b"Alice"));
    let hash = blake3::hash(&whole.bytes).to_hex().to_string();
    assert_eq!(
        (&shown["starling"]["blob"], &shown["starling"]["size"]),
        (&json!(hash), &json!(whole.bytes.len()))
    );
    let small = house.file(&shown["preview_url"], &[]);
    let small = image::load_from_memory(&small.bytes).unwrap();
    assert_eq!((small.width(), small.height()), (400, 200));
}

#[test]
fn parts_of_a_file_are_served() {
    let house = House::new(1);
    let up = house.upload(&encoded(300, 300, ImageFormat::Png), "");
    let whole = house.file(&up["url"], &[]);
    let (size, tag) = (whole.bytes.len(), whole.header("etag").to_owned());
    let part = |headers: &[(&str, &str)]| house.file(&up["url"], headers);
    let first = part(&[("range", "bytes=0-99")]);
    assert_eq!((first.status, first.header("content-range")), (206, format!("bytes 0-99/{size}").as_str()));
    assert_eq!(first.bytes, whole.bytes[..100]);
    assert_eq!(part(&[("range", "bytes=-7")]).bytes, whole.bytes[size - 7..]);
    let beyond = part(&[("range", &format!("bytes={size}-"))]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{size}").as_str()));
    assert_eq!(part(&[("range", "bytes=5-4")]).status, 200);
    assert_eq!(part(&[("range", "bytes=0-1"), ("if-range", &tag)]).status, 206);
    assert_eq!(part(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]).status, 200);
    let known = part(&[("if-none-match", &tag)]);
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let path = up["url"].as_str().unwrap().strip_prefix(&house.base()).unwrap();
    let head = house.send("HEAD", path, &[], &[]);
    assert_eq!((head.status, head.header("content-length")), (200, size.to_string().as_str()));
}

#[test]
fn only_what_is_shown_is_served() {
    let house = House::new(1);
    for path in
        ["/media/x", &format!("/media/{}", "ab".repeat(32)), &format!("/media/{}/large", "ab".repeat(32))]
    {
        assert_eq!(house.send("GET", path, &[], &[]).bad(), (404, "no_route".into()), "{path}");
    }
}

#[test]
fn what_is_no_picture_is_refused_and_leaves_nothing() {
    let house = House::new(1);
    let good = encoded(20, 20, ImageFormat::Png);
    let cases: [(&str, &[u8]); 5] = [
        ("", b"just text"),
        ("image/png", b"<html><script>alert(1)</script>"),
        ("image/jpeg", &good),
        ("image/png", &good[..good.len() - 1]),
        ("video/mp4", b"\0\0\0\x20ftypisom"),
    ];
    for version in ["/api/v1/media", "/api/v2/media"] {
        for (kind, bytes) in cases {
            let answer = house.parts("POST", version, &body(&[("file", Some("x"), kind, bytes)]));
            assert_eq!(answer.bad(), (422, "invalid".into()), "{kind}");
            let hint = answer.json()["hint"].as_str().unwrap().to_owned();
            assert!(hint.contains("WebP") && hint.contains("10 MiB"), "{hint}");
        }
        let nothing = house.parts("POST", version, &body(&[("description", None, "", b"of nothing")]));
        assert_eq!(nothing.bad().0, 422);
    }
    assert_eq!(house.blobs_on_disk(), 0);
    let long = "x".repeat(1_501);
    let parts = [("file", Some("x"), "", &good[..]), ("description", None, "", long.as_bytes())];
    assert_eq!(house.parts("POST", "/api/v2/media", &body(&parts)).bad().0, 422);
}

#[test]
fn a_file_has_an_end() {
    let house = House::new(1);
    let huge = vec![0; 10 * 1024 * 1024 + 1];
    let large = body(&[("file", Some("x"), "image/png", &huge)]);
    let head = format!(
        "POST /api/v2/media HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        house.port,
        large.len()
    );
    let answer = house.raw(&[head.as_bytes(), &large].concat());
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("10 MiB"), "{answer}");
    let endless = head.replace(&large.len().to_string(), &(64 << 20).to_string());
    assert!(house.raw(endless.as_bytes()).starts_with("HTTP/1.1 413 "));
    // The next one is taken all the same.
    house.upload(&encoded(8, 8, ImageFormat::Png), "");
}

#[test]
fn an_upload_is_described_until_a_post_shows_it() {
    let house = House::new(1);
    let up = house.upload(&encoded(8, 8, ImageFormat::Png), "");
    assert_eq!(up["description"], Value::Null);
    let path = format!("/api/v1/media/{}", up["id"].as_str().unwrap());
    let about = json!({ "description": "now in words", "focus": "0,1" });
    let described = house.call("PUT", &path, &serde_json::to_vec(&about).unwrap()).good();
    assert_eq!(
        (&described["description"], &described["meta"]["focus"]["y"]),
        (&json!("now in words"), &json!(1.0))
    );
    let post = json!({ "status": "look", "media_ids": [up["id"]] });
    let status = house.post("/api/v1/statuses", post).good();
    assert_eq!(status["media_attachments"][0]["description"], "now in words");
    assert_eq!(house.call("DELETE", &path, &[]).bad().0, 422);
    let other = house.upload(&encoded(9, 9, ImageFormat::Png), "");
    let other = format!("/api/v1/media/{}", other["id"].as_str().unwrap());
    assert_eq!(house.call("DELETE", &other, &[]).good(), json!({}));
    assert_eq!(house.get(&other).bad().0, 404);
    assert_eq!(house.blobs_on_disk(), 1);
    for unknown in ["/api/v1/media/1", "/api/v1/media/x", "/api/v1/media/99999999999999999999999999"] {
        assert_eq!(house.get(unknown).bad().0, 404, "{unknown}");
    }
}

#[test]
fn an_edit_says_which_files_stay_and_what_they_show() {
    let house = House::new(1);
    let ups: Vec<Value> = (8..10).map(|n| house.upload(&encoded(n, n, ImageFormat::Png), "first")).collect();
    let ids: Vec<&Value> = ups.iter().map(|up| &up["id"]).collect();
    let status = house.post("/api/v1/statuses", json!({ "status": "two", "media_ids": ids })).good();
    let path = format!("/api/v1/statuses/{}", status["id"].as_str().unwrap());
    let put = |body: Value| house.call("PUT", &path, &serde_json::to_vec(&body).unwrap());
    let shown = |status: &Value| status["media_attachments"].as_array().unwrap().clone();
    // Nothing said: all stays.
    assert_eq!(shown(&put(json!({ "status": "still two" })).good()), shown(&status));
    let second = shown(&status)[1]["id"].clone();
    let about = json!([{ "id": second, "description": "second", "focus": "0.1,0.2" }]);
    let one = put(json!({ "status": "one", "media_ids": [second], "media_attributes": about })).good();
    let left = shown(&one);
    assert_eq!((left.len(), &left[0]["description"]), (1, &json!("second")));
    assert_eq!(left[0]["meta"]["focus"]["x"], 0.1);
    // A file that an earlier version shows can be seen in the history.
    let history = house.get(&format!("{path}/history")).good();
    assert_eq!(history[0]["media_attachments"].as_array().unwrap().len(), 2);
    let none = put(json!({ "status": "none", "media_ids": [] })).good();
    assert!(shown(&none).is_empty());
    assert_eq!(put(json!({ "status": "", "media_ids": [] })).bad().0, 422);
    for ids in [json!(["1"]), json!(["x"]), json!(["ab".repeat(32)])] {
        assert_eq!(house.post("/api/v1/statuses", json!({ "media_ids": ids })).bad().0, 404);
    }
    let nine: Vec<_> = (0..9).map(|_| ups[0]["id"].clone()).collect();
    assert_eq!(house.post("/api/v1/statuses", json!({ "media_ids": nine })).bad().0, 422);
}

#[test]
fn forms_may_come_in_parts_and_name_files() {
    let house = House::new(1);
    let up = house.upload(&encoded(8, 8, ImageFormat::Png), "");
    let id = up["id"].as_str().unwrap();
    let parts = [("status", None, "", &b"in parts"[..]), ("media_ids[]", None, "", id.as_bytes())];
    let status = house.parts("POST", "/api/v1/statuses", &body(&parts)).good();
    assert_eq!(status["media_attachments"].as_array().unwrap().len(), 1);
    let token = format!("Bearer {TOKEN}");
    let headers = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let form = format!("status=form&media_ids[]={id}&sensitive=true");
    let status = house.send("POST", "/api/v1/statuses", &headers, form.as_bytes()).good();
    assert_eq!(
        (status["media_attachments"].as_array().unwrap().len(), &status["sensitive"]),
        (1, &json!(true))
    );
}

#[test]
fn a_file_goes_with_the_last_post_that_shows_it() {
    let house = House::new(1);
    let up = house.upload(&encoded(8, 8, ImageFormat::Png), "");
    let write = || {
        let status = house.post("/api/v1/statuses", json!({ "media_ids": [up["id"]] })).good();
        status["id"].as_str().unwrap().to_owned()
    };
    let look_through = |now: u64| {
        let blobs = house.node.blobs().clone();
        house.runtime.block_on(async { blobs.look_through(&house.node, now).await }).unwrap();
    };
    let (first, second) = (write(), write());
    let (day, hour) = (crate::blobs::UPLOAD_MS, crate::blobs::LOOSE_MS);
    let later = crate::clock::now() + day + 1;
    house.call("DELETE", &format!("/api/v1/statuses/{first}"), &[]).good();
    look_through(later);
    look_through(later + hour);
    assert_eq!((house.file(&up["url"], &[]).status, house.blobs_on_disk()), (200, 1));
    house.call("DELETE", &format!("/api/v1/statuses/{second}"), &[]).good();
    look_through(crate::clock::now() + hour - 60_000);
    assert_eq!(house.blobs_on_disk(), 1, "it can be written again for an hour");
    let again = house.post("/api/v1/statuses", json!({ "media_ids": [up["starling"]["blob"]] })).good();
    let again = again["id"].as_str().unwrap().to_owned();
    look_through(later + 2 * hour);
    assert_eq!(house.file(&up["url"], &[]).status, 200);
    house.call("DELETE", &format!("/api/v1/statuses/{again}?delete_media=true"), &[]).good();
    assert_eq!((house.file(&up["url"], &[]).status, house.blobs_on_disk()), (404, 0));
}

#[test]
fn an_upload_that_no_post_shows_is_let_go_after_a_day() {
    let house = House::new(1);
    let up = house.upload(&encoded(8, 8, ImageFormat::Png), "");
    let blobs = house.node.blobs().clone();
    let look_through =
        |now: u64| house.runtime.block_on(async { blobs.look_through(&house.node, now).await }).unwrap();
    let now = crate::clock::now();
    look_through(now + crate::blobs::UPLOAD_MS - 60_000);
    assert_eq!(house.file(&up["url"], &[]).status, 200);
    let day = now + crate::blobs::UPLOAD_MS + 60_000;
    look_through(day);
    look_through(day + crate::blobs::LOOSE_MS);
    assert_eq!((house.file(&up["url"], &[]).status, blobs.bytes(), house.blobs_on_disk()), (404, 0, 0));
    let path = format!("/api/v1/media/{}", up["id"].as_str().unwrap());
    assert_eq!(house.get(&path).bad().0, 404);
}

#[test]
fn what_has_arrived_of_files_takes_the_room_of_who_shows_them() {
    let house = House::new(1);
    let folder = tempfile::tempdir().unwrap();
    // An eighth of it is 100,000.
    let blobs = Blobs::new(folder.path().into(), 800_000).unwrap();
    let mut rows = Vec::new();
    let mut arrived = |blob: u8, author: u8, bytes: usize| {
        blobs.disk().put_beside(&[blob; 32], Beside::Part, &vec![0; bytes]).unwrap();
        let author = AuthorId::new([author; 32]);
        let row = WantedRow { author, size: 1_000_000, since: u64::from(blob), tries: 0 };
        rows.push(Change::put(Shelf::WantedBlob, [blob; 32], &row));
    };
    // One shows many files and never gives the last of any; eight have less than their part, each.
    (20..25).for_each(|blob| arrived(blob, 1, 50_000));
    (2..10).for_each(|blob| arrived(blob, blob, 95_000));
    let part = |blob: u8| blobs.disk().part(&[blob; 32]);
    house.runtime.block_on(async {
        house.node.command(Command::Keep(rows)).await.unwrap();
        blobs.settle(&house.node).await.unwrap();
        assert_eq!(blobs.bytes(), 1_010_000);
        assert!(blobs.make_room(&house.node, &AuthorId::new([1; 32])).await.unwrap());
    });
    // The oldest of the one's go, and then, as it is too much still, the oldest of all.
    assert_eq!((20..25).map(part).collect::<Vec<_>>(), [0, 0, 0, 0, 50_000]);
    assert_eq!((2..10).map(part).sum::<u64>(), 7 * 95_000);
    assert_eq!((part(2), blobs.bytes()), (0, 715_000));
}

#[test]
fn without_room_nothing_is_begun_and_files_are_looked_through_once() {
    let house = House::new(1);
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::new(folder.path().into(), 0).unwrap();
    let author = AuthorId::new([1; 32]);
    let row = WantedRow { author, size: 1_000_000, since: 1, tries: 0 };
    let wish = Command::Keep(vec![Change::put(Shelf::WantedBlob, [1; 32], &row)]);
    house.runtime.block_on(house.node.command(wish)).unwrap();
    for left in [0, 20_000] {
        blobs.disk().put_beside(&[1; 32], Beside::Part, &[0; 20_000]).unwrap();
        let room = house.runtime.block_on(async {
            blobs.settle(&house.node).await.unwrap();
            blobs.make_room(&house.node, &author).await.unwrap()
        });
        assert!(!room);
        assert_eq!(blobs.disk().part(&[1; 32]), left, "they were looked through just before");
    }
}

#[test]
fn a_profile_has_pictures_of_its_own() {
    let house = House::new(1);
    let (face, banner) = (encoded(800, 800, ImageFormat::Png), jpeg(1600, 400, 1));
    let parts = [
        ("display_name", None, "", &b"Alice"[..]),
        ("avatar", Some("me.png"), "image/png", &face[..]),
        ("header", Some("sky.jpg"), "image/jpeg", &banner[..]),
    ];
    let drawn = house.get("/api/v1/accounts/verify_credentials").good();
    let account = house.parts("PATCH", "/api/v1/accounts/update_credentials", &body(&parts)).good();
    assert_eq!(account["display_name"], "Alice");
    for (field, size) in [("avatar", (400, 400)), ("header", (1500, 375))] {
        assert_eq!(account[field], account[format!("{field}_static")]);
        let file = house.file(&account[field], &[]);
        let image = image::load_from_memory(&file.bytes).unwrap();
        assert_eq!((image.width(), image.height()), size, "{field}");
    }
    // Another name, and the pictures stay; in JSON, as in parts.
    let named = json!({ "display_name": "Alicia" });
    let path = "/api/v1/accounts/update_credentials";
    let named = house.call("PATCH", path, &serde_json::to_vec(&named).unwrap()).good();
    assert_eq!(named["avatar"], account["avatar"]);
    let bad = [("avatar", Some("x"), "", &b"no picture"[..])];
    assert_eq!(house.parts("PATCH", path, &body(&bad)).bad(), (422, "invalid".into()));
    let bare = house.call("DELETE", "/api/v1/profile/avatar", &[]).good();
    assert_eq!((&bare["avatar"], &bare["header"]), (&drawn["avatar"], &account["header"]));
    assert_eq!(house.file(&account["avatar"], &[]).status, 404);
    let bare = house.call("DELETE", "/api/v1/profile/header", &[]).good();
    assert_eq!(bare["header"], drawn["header"]);
    assert_eq!(house.blobs_on_disk(), 0);
}

#[test]
fn a_slow_picture_is_worked_on_while_the_client_goes_on() {
    let house = House::new(1);
    // The worker is kept busy until this test lets it go.
    let (go, waits) = std::sync::mpsc::sync_channel::<()>(1);
    house.node.blobs().keep_busy(move || {
        let _ = waits.recv();
    });
    let up = house.parts(
        "POST",
        "/api/v2/media",
        &body(&[("file", Some("x"), "", &encoded(8, 8, ImageFormat::Png))]),
    );
    assert_eq!((up.status, &up.json()["url"]), (202, &Value::Null));
    let path = format!("/api/v1/media/{}", up.json()["id"].as_str().unwrap());
    let meanwhile = house.get(&path);
    assert_eq!((meanwhile.status, &meanwhile.json()["url"]), (206, &Value::Null));
    assert_eq!(house.post("/api/v1/statuses", json!({ "media_ids": [up.json()["id"]] })).bad().0, 404);
    go.send(()).unwrap();
    let done = std::iter::repeat_with(|| house.get(&path)).find(|answer| answer.status == 200);
    let done = done.unwrap().json();
    assert_eq!(done["type"], "image");
}

#[test]
fn a_post_that_waits_for_its_hour_keeps_its_files() {
    let house = House::new(1);
    let up = house.upload(&encoded(8, 8, ImageFormat::Png), "");
    let at = crate::clock::now() + 7 * crate::blobs::UPLOAD_MS;
    let at = jiff::Timestamp::from_millisecond(at as i64).unwrap().to_string();
    let post = json!({ "status": "later", "media_ids": [up["id"]], "scheduled_at": at });
    let waiting = house.post("/api/v1/statuses", post).good();
    assert_eq!(waiting["media_attachments"].as_array().unwrap().len(), 1, "{waiting}");
    let blobs = house.node.blobs().clone();
    let look_through =
        |now: u64| house.runtime.block_on(async { blobs.look_through(&house.node, now).await }).unwrap();
    let later = crate::clock::now() + 3 * crate::blobs::UPLOAD_MS;
    look_through(later);
    look_through(later + crate::blobs::LOOSE_MS);
    assert_eq!(house.file(&up["url"], &[]).status, 200);
    let path = format!("/api/v1/scheduled_statuses/{}", waiting["id"].as_str().unwrap());
    house.call("DELETE", &path, &[]).good();
    look_through(later);
    look_through(later + crate::blobs::LOOSE_MS);
    assert_eq!((house.file(&up["url"], &[]).status, house.blobs_on_disk()), (404, 0));
}

#[test]
fn a_page_of_pictures_gets_its_small_forms() {
    let house = House::new(1);
    // More at once than the worker takes, of which none was made before.
    let ups: Vec<Value> =
        (0..12).map(|n| house.upload(&encoded(500 + n, 20, ImageFormat::Png), "")).collect();
    for up in &ups {
        let hash = crate::blobs::unhex(up["starling"]["blob"].as_str().unwrap()).unwrap();
        let small = house.node.blobs().disk().beside(&hash, crate::blobs::disk::Beside::Small);
        std::fs::remove_file(small).unwrap();
    }
    std::thread::scope(|scope| {
        for up in &ups {
            let house = &house;
            scope.spawn(move || {
                let small = house.file(&up["preview_url"], &[]);
                assert_eq!(
                    (small.status, image::load_from_memory(&small.bytes).unwrap().width()),
                    (200, 400)
                );
            });
        }
    });
    // What is small already is served as it is, and looked at once only.
    let tiny = house.upload(&encoded(9, 9, ImageFormat::Png), "");
    for _ in 0..2 {
        assert!(house.file(&tiny["preview_url"], &[]).bytes == house.file(&tiny["url"], &[]).bytes);
    }
}
