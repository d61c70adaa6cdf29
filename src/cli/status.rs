//! `status`: am I connected, am I synced.

use serde_json::Value;

use super::{Failure, layout, output::safe, session::Context};

/// Show what the running node is doing
#[derive(Debug, clap::Args)]
pub struct Status {}

impl Status {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.running()?;
        let status: Value = session.client.get("/api/starling/v1/status")?;
        let output = &context.output;
        if output.json {
            return output.object(&status);
        }
        let number = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or(0);
        let text = |name: &str| status.get(name).and_then(Value::as_str).map(safe).unwrap_or_default();
        let name = text("name");
        output.line(format!(
            "{} {}",
            output.bold(if name.is_empty() { "unnamed" } else { &name }),
            text("author")
        ))?;
        let peers = match number("peers") {
            0 => output.warn("no peers: `starling peers add` or an invite connects"),
            peers => layout::count(peers, "peer", "peers"),
        };
        let syncing = match number("syncing") {
            0 => String::new(),
            many => format!(", syncing with {many}"),
        };
        output.line(format!("  network   {peers}{syncing}"))?;
        output.line(format!(
            "  holds     {}, {}",
            layout::count(number("feeds"), "feed", "feeds"),
            layout::count(number("entries"), "entry", "entries"),
        ))?;
        if number("waiting") > 0 {
            let waiting = layout::count(number("waiting"), "entry of yours waits", "entries of yours wait");
            output.line(format!("  outgoing  {waiting} for a peer"))?;
        }
        if status.get("guarded").and_then(Value::as_bool) == Some(true) {
            output.line(format!(
                "  writing   {}",
                output.warn(format!("closed: {}", text("guarded_because")))
            ))?;
        }
        if status.get("disk_low").and_then(Value::as_bool) == Some(true) {
            output.line(format!("  disk      {}", output.warn("nearly full: posts of others wait")))?;
        }
        for address in status.get("listen").and_then(Value::as_array).into_iter().flatten() {
            output.line(format!("  listens   {}", safe(address.as_str().unwrap_or_default())))?;
        }
        output.line(format!("  peer id   {}", text("peer_id")))?;
        let since = number("started_at");
        output.line(format!("  version   {}, since {}", text("version"), layout::date(since)))
    }
}
