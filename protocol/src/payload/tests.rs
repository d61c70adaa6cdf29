//! Every kind survives the wire; what is not understood is carried.

use super::*;

fn link(n: u8) -> Link {
    Link { author: AuthorId::new([n; 32]), id: EntryId::new([n + 1; 32]) }
}

fn content() -> Content {
    Content {
        text: "¡Hola! 🐦".into(),
        warning: Some("birds".into()),
        language: Some("gn".into()),
        visibility: Visibility::Local,
        mentions: vec![AuthorId::new([1; 32])],
        tags: vec!["starling".into()],
        media: vec![Media {
            blob: [5; 32],
            mime: "image/png".into(),
            size: 1 << 20,
            dimensions: (640, 480),
            blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj".into(),
            alt: "a bird".into(),
        }],
        quote: Some(link(8)),
        extensions: vec![Extension { name: "x".into(), value: vec![1, 2] }],
    }
}

fn bodies() -> Vec<Body> {
    let author = AuthorId::new([3; 32]);
    vec![
        Body::Post(Content::default()),
        Body::Post(content()),
        Body::Reply { root: link(1), parent: link(2), content: content() },
        Body::Edit { replaces: link(1).id, content: content() },
        Body::Delete(vec![link(1).id, link(2).id]),
        Body::Boost(link(4)),
        Body::Like(link(4)),
        Body::Follow(author),
        Body::Unfollow(author),
        Body::Block(author),
        Body::Unblock(author),
        Body::Pin(link(4).id),
        Body::Unpin(link(4).id),
        Body::Vote(link(4), vec![0, 2]),
        Body::Profile(Profile {
            name: "Ada".into(),
            fields: vec![("web".into(), "ada.example".into())],
            avatar: Some([1; 32]),
            hints: vec!["/ip4/127.0.0.1/tcp/1".into()],
            ..Profile::default()
        }),
        Body::Unknown { kind: "x-test".into(), body: cbor::encode(&("shown instead", 7u8)) },
    ]
}

#[test]
fn every_kind_round_trips() {
    for body in bodies() {
        let payload = Payload::new([9; 16], body);
        assert_eq!(Payload::decode(&payload.encode()), Ok(payload));
    }
}

#[test]
fn unknown_kinds_show_their_fallback() {
    let unknown = bodies().pop().unwrap();
    assert_eq!(unknown.fallback().as_deref(), Some("shown instead"));
    let silent = Body::Unknown { kind: "x".into(), body: cbor::encode(&(7u8,)) };
    assert_eq!(silent.fallback(), None);
}

#[test]
fn a_known_kind_with_another_shape_is_carried_not_refused() {
    let bytes = cbor::encode(&(serde_bytes::ByteArray::new([0; 16]), "post", ("from the future",)));
    let payload = Payload::decode(&bytes).unwrap();
    assert_eq!(payload.body().kind(), "post");
    assert_eq!(payload.body().fallback().as_deref(), Some("from the future"));
    assert_eq!(payload.encode(), bytes);
}

#[test]
fn a_body_over_a_limit_is_carried_but_not_shown_as_a_post() {
    let long = Content { text: "x".repeat(limits::TEXT_CHARS + 1), ..Content::default() };
    let payload = Payload::new([0; 16], Body::Post(long));
    assert!(payload.body().check_limits().is_err());
    let read = Payload::decode(&payload.encode()).unwrap();
    assert!(matches!(read.body(), Body::Unknown { .. }));
    assert_eq!(read.encode(), payload.encode());
}

#[test]
fn another_spelling_is_refused() {
    for body in bodies() {
        let mut bytes = Payload::new([9; 16], body).encode();
        bytes.push(0);
        assert!(Payload::decode(&bytes).is_err());
    }
}
