//! What happens is heard as it happens, by those who may, and by nobody for longer than they listen.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use futures::StreamExt;
use serde_json::json;

use super::*;

/// A stream of lines.
struct Lines(BufReader<TcpStream>);

impl Lines {
    fn open(house: &House, path: &str) -> Self {
        let mut socket = house.socket();
        let head = format!(
            "GET /api/v1/streaming/{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n",
            house.port
        );
        socket.write_all(head.as_bytes()).unwrap();
        let mut lines = Self(BufReader::new(socket));
        let head: Vec<String> =
            std::iter::from_fn(|| Some(lines.line())).take_while(|line| !line.is_empty()).collect();
        assert!(head[0].ends_with("200 OK"), "{head:?}");
        assert!(head.contains(&"content-type: text/event-stream".to_owned()), "{head:?}");
        assert_eq!(lines.content(), ":)");
        assert_eq!(lines.content(), "");
        lines
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream has ended");
        line.trim_end().to_owned()
    }

    /// A line that is no length of a chunk.
    fn content(&mut self) -> String {
        loop {
            let line = self.line();
            let length = !line.is_empty() && line.len() < 5 && line.bytes().all(|b| b.is_ascii_hexdigit());
            // Each piece comes as a chunk of its own: its length, itself, and an empty line.
            if !length {
                return line;
            }
        }
    }

    /// The next event and its data.
    fn event(&mut self) -> (String, Value) {
        let mut event = String::new();
        loop {
            let line = self.content();
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return (event, serde_json::from_str(data).unwrap());
            }
        }
    }

    /// The id that the next event is about, which must be of this kind.
    fn id_of(&mut self, kind: &str) -> String {
        let (event, data) = self.event();
        assert_eq!(event, kind, "{data}");
        data["id"].as_str().or(data.as_str()).unwrap().to_owned()
    }
}

#[test]
fn posts_edits_and_deletions_are_heard_as_they_happen() {
    let house = House::new(1);
    let mut user = Lines::open(&house, "user");
    let id = house.write("one #Birds");
    let (event, status) = user.event();
    assert_eq!((event.as_str(), &status["id"]), ("update", &json!(id)));
    let mut shown = house.get(&format!("/api/v1/statuses/{id}")).good();
    // Where it is changes as peers take it: that is for whoever asks.
    assert!(shown["starling"].as_object_mut().unwrap().remove("delivery").is_some());
    assert_eq!(status, shown);
    let mut tag = Lines::open(&house, "hashtag?tag=birds");
    let mut local = Lines::open(&house, "public/local");
    let mut remote = Lines::open(&house, "public/remote");
    house.call("PUT", &format!("/api/v1/statuses/{id}"), br#"{"status": "two #birds"}"#).good();
    let (event, status) = tag.event();
    assert_eq!((event.as_str(), &status["starling"]["source"]), ("status.update", &json!("two #birds")));
    assert_eq!(user.id_of("status.update"), id);
    assert_eq!(local.id_of("status.update"), id);
    house.call("DELETE", &format!("/api/v1/statuses/{id}"), &[]).good();
    for lines in [&mut user, &mut tag, &mut local, &mut remote] {
        assert_eq!(lines.id_of("delete"), id);
    }
}

#[test]
fn only_what_the_person_wants_to_see_is_told() {
    let (alice, bob) = (House::new(1), House::new(2));
    bob.write("first");
    alice.take_from(&bob);
    alice.post(&format!("/api/v1/accounts/{}/follow", bob.me()), json!({})).good();
    let list =
        alice.post("/api/v1/lists", json!({ "title": "birds" })).good()["id"].as_str().unwrap().to_owned();
    let members = json!({ "account_ids": [bob.me().to_string()] });
    alice.post(&format!("/api/v1/lists/{list}/accounts"), members).good();
    let (mut user, mut public) = (Lines::open(&alice, "user"), Lines::open(&alice, "public"));
    let mut listed = Lines::open(&alice, &format!("list?list={list}"));
    let heard = bob.write("heard");
    alice.take_from(&bob);
    for lines in [&mut user, &mut public, &mut listed] {
        assert_eq!(lines.id_of("update"), heard);
    }
    alice.post(&format!("/api/v1/accounts/{}/mute", bob.me()), json!({})).good();
    bob.write("not heard");
    alice.take_from(&bob);
    let own = alice.write("own");
    for lines in [&mut user, &mut public] {
        assert_eq!(lines.id_of("update"), own);
    }
    let words = json!({ "title": "x", "context": ["home"], "filter_action": "hide" });
    alice.post("/api/v2/filters", words).good();
    assert_eq!(user.event(), ("filters_changed".into(), json!({})));
}

#[test]
fn who_was_away_gets_what_was_missed_and_nothing_twice() {
    let house = House::new(1);
    let mut user = Lines::open(&house, "user");
    let heard = house.write("heard");
    assert_eq!(user.id_of("update"), heard);
    drop(user);
    let missed: Vec<_> = (0..3).map(|n| house.write(&format!("missed {n}"))).collect();
    let mut user = Lines::open(&house, "user");
    let mut found = ids(&house.get(&format!("/api/v1/timelines/home?min_id={heard}")).good());
    found.reverse();
    assert_eq!(found, missed);
    let later = house.write("later");
    assert_eq!(user.id_of("update"), later);
}

#[test]
fn notices_are_heard_with_the_timeline_and_alone() {
    let (alice, bob) = (House::new(1), House::new(2));
    let post = alice.write("hello");
    bob.take_from(&alice);
    bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).good();
    let (mut user, mut notices) = (Lines::open(&alice, "user"), Lines::open(&alice, "user/notification"));
    alice.take_from(&bob);
    let (event, notice) = notices.event();
    assert_eq!((event.as_str(), &notice["type"]), ("notification", &json!("favourite")));
    assert_eq!(
        (&notice["account"]["id"], &notice["status"]["id"]),
        (&json!(bob.me().to_string()), &json!(post))
    );
    assert_eq!(user.event(), (event, notice));
}

type Socket = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

/// Opens a WebSocket with these header lines.
async fn socket(house: &House, query: &str, headers: &[(&str, &str)]) -> Result<(Socket, String), u16> {
    use tokio_tungstenite::tungstenite::{Error, client::IntoClientRequest};
    let uri = format!("ws://127.0.0.1:{}/api/v1/streaming{query}", house.port);
    let mut request = uri.into_client_request().unwrap();
    for (name, value) in headers {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, answer)) => {
            let protocol = answer.headers().get("sec-websocket-protocol");
            Ok((socket, protocol.map_or("", |value| value.to_str().unwrap()).to_owned()))
        }
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next message in words.
async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message = socket.next().await.unwrap().unwrap();
        if let Ok(text) = message.to_text()
            && message.is_text()
        {
            return serde_json::from_str(text).unwrap();
        }
    }
}

async fn say(socket: &mut Socket, words: Value) {
    use futures::SinkExt;
    use tokio_tungstenite::tungstenite::Message;
    socket.send(Message::text(words.to_string())).await.unwrap();
}

#[test]
fn a_socket_hears_what_it_subscribes_to() {
    let house = House::new(1);
    house.runtime.block_on(async {
        let (mut socket, protocol) = socket(&house, "", &[("sec-websocket-protocol", TOKEN)]).await.unwrap();
        assert_eq!(protocol, TOKEN);
        say(&mut socket, json!({ "type": "subscribe", "stream": "nonsense" })).await;
        let unknown = hear(&mut socket).await;
        assert_eq!(unknown, json!({ "error": "Unknown stream type", "status": 400 }));
        for wish in ["not json", "{}", r#"{"type": "dance", "stream": "user"}"#] {
            use futures::SinkExt;
            socket.send(tokio_tungstenite::tungstenite::Message::text(wish)).await.unwrap();
            assert_eq!(hear(&mut socket).await["status"], 400, "{wish}");
        }
        say(&mut socket, json!({ "type": "subscribe", "stream": "user" })).await;
        say(&mut socket, json!({ "type": "subscribe", "stream": "hashtag", "tag": "Birds" })).await;
        // Once this is answered, what was said before was heard.
        say(&mut socket, json!({ "type": "subscribe", "stream": "nonsense" })).await;
        hear(&mut socket).await;
        let id = tokio::task::block_in_place(|| house.write("one #birds"));
        let (first, second) = (hear(&mut socket).await, hear(&mut socket).await);
        assert_eq!((&first["stream"], &second["stream"]), (&json!(["user"]), &json!(["hashtag", "Birds"])));
        assert_eq!((&first["event"], &first["payload"]), (&json!("update"), &second["payload"]));
        let status: Value = serde_json::from_str(first["payload"].as_str().unwrap()).unwrap();
        assert_eq!(status["id"], id);
        say(&mut socket, json!({ "type": "unsubscribe", "stream": "hashtag", "tag": "Birds" })).await;
        say(&mut socket, json!({ "type": "subscribe", "stream": "nonsense" })).await;
        hear(&mut socket).await;
        tokio::task::block_in_place(|| house.call("DELETE", &format!("/api/v1/statuses/{id}"), &[]));
        let gone = hear(&mut socket).await;
        assert_eq!(gone, json!({ "stream": ["user"], "event": "delete", "payload": id }));
        let next = tokio::task::block_in_place(|| house.write("two #birds"));
        assert!(hear(&mut socket).await["payload"].as_str().unwrap().contains(&next));
    });
}

#[test]
fn a_stream_needs_a_token_wherever_it_is_shown() {
    let house = House::new(1);
    house.runtime.block_on(async {
        assert_eq!(socket(&house, "?stream=user", &[]).await.err(), Some(401));
        assert_eq!(socket(&house, "?stream=user&access_token=wrong", &[]).await.err(), Some(401));
        let wrong = [("sec-websocket-protocol", "wrong")];
        assert_eq!(socket(&house, "?stream=user", &wrong).await.err(), Some(401));
        let foreign = [("origin", "http://evil.example"), ("sec-websocket-protocol", TOKEN)];
        assert_eq!(socket(&house, "?stream=user", &foreign).await.err(), Some(403));
        assert_eq!(socket(&house, &format!("?stream=x&access_token={TOKEN}"), &[]).await.err(), Some(400));
        let bearer = format!("Bearer {TOKEN}");
        assert!(socket(&house, "?stream=user", &[("authorization", &bearer)]).await.is_ok());
        let query = format!("/?access_token={TOKEN}&stream=user");
        let (mut socket, _) = socket(&house, &query, &[]).await.unwrap();
        let id = tokio::task::block_in_place(|| house.write("one"));
        assert!(hear(&mut socket).await["payload"].as_str().unwrap().contains(&id));
    });
    for path in ["", "/user", "/public", "/hashtag?tag=a", "/user/notification"] {
        let answer = house.send("GET", &format!("/api/v1/streaming{path}"), &[], &[]);
        assert_eq!(answer.status, 401, "{path}");
    }
    assert_eq!(house.get("/api/v1/streaming").bad().0, 400);
    assert_eq!(house.get("/api/v1/streaming/hashtag").bad().0, 400);
    assert_eq!(house.get("/api/v1/streaming/list?list=1").bad(), (404, "not_found".into()));
    let health = house.send("GET", "/api/v1/streaming/health", &[], &[]);
    assert_eq!((health.status, health.text().as_str()), (200, "OK"));
}

#[test]
fn streams_are_few() {
    let house = House::new(1);
    let open: Vec<_> = (0..64).map(|_| Lines::open(&house, "user")).collect();
    assert_eq!(house.get("/api/v1/streaming/user").bad(), (429, "streams".into()));
    house.get("/api/v1/timelines/home").good();
    drop(open);
    // The door finds out that they are gone when their sockets say so.
    while house.send("GET", "/api/v1/streaming", &[("authorization", &format!("Bearer {TOKEN}"))], &[]).status
        == 429
    {}
    Lines::open(&house, "user");
}

#[test]
fn who_does_not_read_is_let_go_with_a_word() {
    use tokio_tungstenite::tungstenite::Message;
    let house = House::new(1);
    let _others: Vec<_> = (0..63).map(|_| Lines::open(&house, "direct")).collect();
    let query = format!("?stream=user&access_token={TOKEN}");
    let (mut deaf, _) = house.runtime.block_on(socket(&house, &query, &[])).unwrap();
    assert_eq!(house.get("/api/v1/streaming").bad(), (429, "streams".into()));
    // One post is told twenty times: soon every buffer on the way is full, and then the queue.
    let mut text = String::new();
    house.runtime.block_on(async {
        for n in 0..19 {
            say(&mut deaf, json!({ "type": "subscribe", "stream": "hashtag", "tag": format!("t{n}") })).await;
            text.push_str(&format!("#t{n} "));
        }
    });
    text.push_str(&"\"".repeat(4_800));
    let mut written = 0;
    while house.get("/api/v1/streaming").status == 429 {
        house.write(&text);
        written += 1;
        assert!(written < 200, "nobody was let go");
    }
    let close = house.runtime.block_on(async {
        loop {
            if let Message::Close(close) = deaf.next().await.unwrap().unwrap() {
                return close.unwrap();
            }
        }
    });
    assert_eq!(u16::from(close.code), 1008, "{}", close.reason);
}

#[test]
fn streams_end_when_the_node_stops() {
    let mut house = House::new(1);
    let mut lines = Lines::open(&house, "user");
    let (mut socket, _) =
        house.runtime.block_on(socket(&house, &format!("?stream=user&access_token={TOKEN}"), &[])).unwrap();
    house.stop.take().unwrap().send(()).unwrap();
    let mut rest = String::new();
    lines.0.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
    let close = house.runtime.block_on(async {
        loop {
            let message = socket.next().await.unwrap().unwrap();
            if let tokio_tungstenite::tungstenite::Message::Close(close) = message {
                return close;
            }
        }
    });
    assert_eq!(u16::from(close.unwrap().code), 1001);
}

#[test]
fn a_stream_ends_with_its_token() {
    use tokio_tungstenite::tungstenite::Message;
    let house = House::new(1);
    let made =
        house.post("/api/starling/v1/tokens", json!({ "scopes": "read:statuses", "name": "reader" })).good();
    let token = made["access_token"].as_str().unwrap();
    let query = format!("?access_token={token}");
    let (mut socket, _) = house.runtime.block_on(socket(&house, &query, &[])).unwrap();
    house.runtime.block_on(async {
        // It may hear posts, and nothing of what concerns the person.
        say(&mut socket, json!({ "type": "subscribe", "stream": "user:notification" })).await;
        assert_eq!(hear(&mut socket).await["status"], 400);
    });
    let authorization = format!("Bearer {token}");
    let refused =
        house.send("GET", "/api/v1/streaming/user/notification", &[("authorization", &authorization)], &[]);
    assert_eq!(refused.status, 403);
    assert_eq!(house.call("DELETE", "/api/starling/v1/tokens/1", &[]).good()["revoked"], true);
    let close = house.runtime.block_on(async {
        loop {
            if let Message::Close(close) = socket.next().await.unwrap().unwrap() {
                return close.unwrap();
            }
        }
    });
    assert_eq!(u16::from(close.code), 1008, "{}", close.reason);
}
