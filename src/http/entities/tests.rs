//! What strangers write comes out as data, and every field that strict clients want is there.

use serde_json::{Value, json};
use starling_protocol::{
    AuthorId, DeviceKey, EntryId,
    payload::{Content, Link, Media, Profile},
};

use super::*;
use crate::view::{self, Post, PostBody, Thread, ThreadItem};

const DRESSER: Dresser<'_> = Dresser { base: "http://localhost:1", reader: None };

fn author(n: u8) -> view::Account {
    view::Account { author: Some(AuthorId::new([n; 32])), ..view::Account::default() }
}

fn post(n: u8, body: PostBody) -> Post {
    Post {
        id: EntryId::new([n; 32]),
        author: author(n),
        device: DeviceKey::new([n; 32]),
        claimed_at: 1_000,
        received_at: 2_000,
        body,
        edited_at: None,
        likes: 1,
        boosts: 2,
        replies: 3,
        liked: false,
        boosted: false,
        poll: None,
        time_doubted: false,
    }
}

fn text(text: &str) -> PostBody {
    PostBody::Content { content: Content { text: text.into(), ..Content::default() }, reply: None }
}

fn dressed(post: &Post) -> Value {
    serde_json::to_value(DRESSER.status(post).unwrap()).unwrap()
}

fn link(n: u8) -> Link {
    Link { author: AuthorId::new([n; 32]), id: EntryId::new([n; 32]) }
}

#[test]
fn every_kind_has_every_field() {
    let boost = PostBody::Boost { of: link(2), post: Some(Box::new(post(2, text("inside")))) };
    let unknown = PostBody::Unknown { kind: "x-poll".into(), fallback: None };
    let kinds = [
        (text("plain"), "post"),
        (boost, "boost"),
        (PostBody::Boost { of: link(2), post: None }, "boost"),
        (unknown, "x-poll"),
        (PostBody::Absent, "absent"),
    ];
    for (body, kind) in kinds {
        let status = dressed(&post(1, body));
        for text in ["id", "uri", "created_at", "content", "visibility", "spoiler_text"] {
            assert!(status[text].is_string(), "{kind} {text}");
        }
        for list in ["media_attachments", "mentions", "tags", "emojis", "filtered"] {
            assert!(status[list].is_array(), "{kind} {list}");
        }
        for flag in ["sensitive", "favourited", "reblogged", "muted", "bookmarked", "pinned"] {
            assert!(status[flag].is_boolean(), "{kind} {flag}");
        }
        for count in ["reblogs_count", "favourites_count", "replies_count"] {
            assert!(status[count].is_u64(), "{kind} {count}");
        }
        let fields = status.as_object().unwrap();
        for nullable in [
            "url",
            "in_reply_to_id",
            "in_reply_to_account_id",
            "reblog",
            "poll",
            "card",
            "language",
            "text",
            "edited_at",
            "application",
            "quote",
        ] {
            assert!(fields.contains_key(nullable), "{kind} {nullable}");
        }
        assert_eq!(status["starling"]["kind"], kind);
        // Nothing is an empty post: it would look as if somebody had said nothing.
        let shown = !status["content"].as_str().unwrap().is_empty() || status["reblog"].is_object();
        assert!(shown, "{kind}");
    }
}

#[test]
fn the_words_of_strangers_are_no_markup() {
    let hostile = "<img src=x onerror=alert(1)>";
    let mut stranger = author(3);
    stranger.profile = Profile {
        name: hostile.into(),
        bio: hostile.into(),
        fields: vec![(hostile.into(), hostile.into())],
        ..Profile::default()
    };
    let account = serde_json::to_value(DRESSER.account(&stranger)).unwrap();
    assert_eq!(account["display_name"], hostile);
    for html in [&account["note"], &account["fields"][0]["value"]] {
        assert!(!html.as_str().unwrap().contains("<img"), "{html}");
    }
    let unknown = PostBody::Unknown { kind: hostile.into(), fallback: Some(hostile.into()) };
    let named = PostBody::Unknown { kind: hostile.into(), fallback: None };
    for body in [text(hostile), unknown, named] {
        assert!(!dressed(&post(1, body))["content"].as_str().unwrap().contains("<img"));
    }
}

#[test]
fn a_doubted_time_is_when_it_arrived() {
    let mut doubted = post(1, text("from the future"));
    doubted.claimed_at = u64::MAX;
    doubted.time_doubted = true;
    let status = dressed(&doubted);
    assert_eq!(status["created_at"], "1970-01-01T00:00:02.000Z");
    assert_eq!(status["starling"]["claimed_at"], "9999-12-30T22:00:00.999Z");
    assert_eq!(status["starling"]["time_doubted"], true);
}

#[test]
fn an_account_without_a_name_is_shown_by_its_id() {
    let account = serde_json::to_value(DRESSER.account(&author(3))).unwrap();
    let id = AuthorId::new([3; 32]).to_string();
    assert_eq!((&account["id"], &account["acct"]), (&json!(id), &json!(id)));
    assert_eq!(account["display_name"], id[..13]);
    assert_eq!(account["avatar"], format!("http://localhost:1/avatars/{id}.png"));
    for field in ["url", "uri", "note", "avatar_static", "header", "header_static", "created_at"] {
        assert!(account[field].is_string(), "{field}");
    }
    assert_eq!(account["last_status_at"], Value::Null);
}

#[test]
fn frozen_logs_are_told() {
    let mut forked = author(3);
    forked.forked = vec![(DeviceKey::new([4; 32]), 0, 7)];
    forked.retired = true;
    let account = serde_json::to_value(DRESSER.account(&forked)).unwrap();
    let device = DeviceKey::new([4; 32]).to_string();
    assert_eq!(account["starling"]["forked"], json!([{ "device": device, "log": 0, "seq": 7 }]));
    assert_eq!(account["starling"]["retired"], true);
}

#[test]
fn files_are_named_with_their_text() {
    let mut content = Content { text: "look".into(), ..Content::default() };
    content.media = vec![Media {
        blob: [0xab; 32],
        mime: "image/png".into(),
        size: 5,
        dimensions: (4, 2),
        blurhash: String::new(),
        alt: "a bird".into(),
    }];
    let media = &dressed(&post(1, PostBody::Content { content, reply: None }))["media_attachments"][0];
    assert_eq!((&media["type"], &media["description"]), (&json!("image"), &json!("a bird")));
    assert_eq!(media["url"], format!("http://localhost:1/media/{}", "ab".repeat(32)));
    assert_eq!(media["meta"]["original"]["aspect"], 2.0);
    assert_eq!((&media["blurhash"], &media["id"]), (&Value::Null, &json!("ab".repeat(32))));
}

#[test]
fn a_thread_is_shown_with_its_depth() {
    let held = |n| ThreadItem::Post(Box::new(post(n, text("held"))));
    let thread = Thread {
        ancestors: vec![ThreadItem::Missing(link(1)), ThreadItem::Deleted(link(2))],
        post: held(3),
        descendants: vec![(1, held(4)), (2, held(5)), (1, held(6))],
    };
    let places = serde_json::to_value(DRESSER.thread(&thread).unwrap()).unwrap();
    let shape: Vec<_> = places
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            (place["depth"].as_u64().unwrap(), place["state"].as_str().unwrap(), place["focus"] == true)
        })
        .collect();
    let expected = [
        (0, "missing", false),
        (1, "deleted", false),
        (2, "post", true),
        (3, "post", false),
        (4, "post", false),
        (3, "post", false),
    ];
    assert_eq!(shape, expected);
    assert_eq!(places[0]["id"], link(1).id.to_string());
    assert!(places[0].get("status").is_none());
    let context = DRESSER.context(&thread).unwrap();
    assert_eq!((context.ancestors.len(), context.descendants.len()), (0, 3));
}
