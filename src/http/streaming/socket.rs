//! A stream over WebSocket: events out, subscriptions in.

use std::time::Duration;

use axum::{
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    response::Response,
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    channel::Channel,
    hub::{End, Line, Seat},
};
use crate::http::{caller::Caller, connection::Allowance};

/// How often the other end is asked whether it is there.
const BEAT: Duration = Duration::from_secs(15);
/// How long it may be silent, beyond what any connection may.
const SILENCE: Duration = Duration::from_secs(30);
/// How long it has for its own goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// Bytes that may come in between two answers to that: a subscription has a hundred.
const INBOUND: usize = 64 * 1024;
/// Bytes of one message.
const MESSAGE: usize = 4 * 1024;

/// Goes over to WebSocket. The protocol that a page named is the one that was chosen: it was the token.
pub(super) fn open(
    mut upgrade: WebSocketUpgrade,
    seat: Seat,
    caller: Caller,
    allowance: Option<Allowance>,
) -> Response {
    let named = upgrade.requested_protocols().next().cloned();
    if let Some(protocol) = named {
        upgrade.set_selected_protocol(protocol);
    }
    upgrade.max_message_size(MESSAGE).max_frame_size(MESSAGE).on_upgrade(move |socket| {
        let stream = Stream { socket, seat, caller, allowance, asked: false };
        stream.run()
    })
}

struct Stream {
    socket: WebSocket,
    seat: Seat,
    caller: Caller,
    allowance: Option<Allowance>,
    /// The other end was asked whether it is there, and did not answer yet.
    asked: bool,
}

/// What a client may say.
#[derive(Deserialize)]
struct Wish {
    #[serde(rename = "type")]
    what: String,
    stream: Option<String>,
    tag: Option<String>,
    list: Option<serde_json::Value>,
}

impl Stream {
    async fn run(mut self) {
        self.renew();
        let caller = self.caller.clone();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once: it finds out whether anybody is there.
        let ended = loop {
            let going = tokio::select! {
                line = self.seat.next() => match line {
                    Ok(line) => self.say(Message::text(words(&line))).await,
                    Err(end) => break Some(end),
                },
                heard = self.socket.recv() => match heard {
                    Some(Ok(message)) => self.hear(message).await,
                    _ => break None,
                },
                _ = beat.tick() => {
                    self.asked = true;
                    self.say(Message::Ping(Default::default())).await
                }
                () = caller.ended() => break Some(End::Revoked),
            };
            if !going {
                break None;
            }
        };
        if let Some(end) = ended {
            let (code, reason) = end.explain();
            if self.say(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await {
                let Self { socket, seat, .. } = self;
                // Somebody else may have the place.
                drop(seat);
                goodbye(socket).await;
            }
        }
    }

    /// The connection may go on for a while.
    fn renew(&self) {
        if let Some(allowance) = &self.allowance {
            allowance.grant(INBOUND, SILENCE);
        }
    }

    /// Sends a message; false if nobody is there any more. Who does not read has the connection's deadline.
    async fn say(&mut self, message: Message) -> bool {
        self.socket.send(message).await.is_ok()
    }

    async fn hear(&mut self, message: Message) -> bool {
        match message {
            Message::Pong(_) => {
                // Only an answer counts: what comes unasked gives no leave to go on.
                if std::mem::take(&mut self.asked) {
                    self.renew();
                }
                true
            }
            Message::Text(text) => match self.wish(text.as_str()) {
                Ok(()) => true,
                Err(error) => {
                    let answer = json!({ "error": error, "status": 400 });
                    self.say(Message::text(answer.to_string())).await
                }
            },
            Message::Close(_) => false,
            Message::Ping(_) | Message::Binary(_) => true,
        }
    }

    fn wish(&mut self, text: &str) -> Result<(), &'static str> {
        let wish: Wish = serde_json::from_str(text).map_err(|_| "The message cannot be read")?;
        let list = match &wish.list {
            Some(serde_json::Value::String(list)) => Some(list.clone()),
            Some(serde_json::Value::Number(list)) => Some(list.to_string()),
            _ => None,
        };
        let name = wish.stream.as_deref().unwrap_or_default();
        let channel = Channel::of(name, wish.tag.as_deref(), list.as_deref())?;
        match wish.what.as_str() {
            "unsubscribe" => {
                self.seat.unsubscribe(&channel);
                Ok(())
            }
            "subscribe" if !self.caller.may(channel.needs()) => {
                Err("This action is outside the authorized scopes")
            }
            "subscribe" if self.seat.subscribe(channel) => Ok(()),
            "subscribe" => Err("Too many streams on one socket"),
            _ => Err("Unknown message type"),
        }
    }
}

/// Hears the other end out until it has closed too (RFC 6455 §7.1.1), or for a few seconds: a socket that is let go with
/// something unread in it takes the last words with it.
async fn goodbye(mut socket: WebSocket) {
    let closed = async { while let Some(Ok(_)) = socket.recv().await {} };
    // Who does not answer has had the time for it.
    let _ = tokio::time::timeout(GOODBYE, closed).await;
}

/// `{"stream": […], "event": …, "payload": …}`; the payload is a text, even where it is JSON.
fn words(line: &Line) -> String {
    json!({ "stream": line.channel.names(), "event": line.event, "payload": &*line.payload }).to_string()
}
