//! A stream as events of a server (SSE): lines that go on for as long as somebody reads them.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::hub::{Line, Seat};
use crate::http::{caller::Caller, connection::Allowance};

/// How often a line goes out at least, so that nothing on the way takes the silence for the end.
const BEAT: Duration = Duration::from_secs(15);
/// How long the other end may take none of them, beyond what any connection may.
const SILENCE: Duration = Duration::from_secs(30);

struct Stream {
    seat: Seat,
    caller: Caller,
    allowance: Option<Allowance>,
    beat: Interval,
    greeted: bool,
}

/// Answers with lines. The first goes out at once: clients wait for it before they say that they are connected.
pub(super) fn open(seat: Seat, caller: Caller, allowance: Option<Allowance>) -> Response {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    let stream = Stream { seat, caller, allowance, beat, greeted: false };
    let lines = futures::stream::unfold(stream, |mut stream| async {
        let bytes = stream.next().await?;
        Some((Ok::<_, Infallible>(bytes), stream))
    });
    let mut response = Response::new(Body::from_stream(lines));
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

impl Stream {
    /// What goes out next. It is asked for when what came before has left this program, so whoever does not read does
    /// not get here, and meets the connection's deadline.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(allowance) = &self.allowance {
            allowance.grant(0, BEAT + SILENCE);
        }
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(Bytes::from_static(b":)\n\n"));
        }
        tokio::select! {
            line = self.seat.next() => line.ok().map(|line| words(&line).into()),
            _ = self.beat.tick() => Some(Bytes::from_static(b":thump\n\n")),
            () = self.caller.ended() => None,
        }
    }
}

/// The data is JSON in every event: what is an id alone is quoted here, because clients read it as JSON.
fn words(line: &Line) -> String {
    let (event, payload) = (line.event, &line.payload);
    let quote = if line.json { "" } else { "\"" };
    format!("event: {event}\ndata: {quote}{payload}{quote}\n\n")
}
