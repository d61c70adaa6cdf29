//! `store`: how much is held, whether it is whole, and giving space back.

use serde_json::{Value, json};
use starling::{home, store};

use super::{Failure, Kind, layout, output::safe, session::Context};

/// Look after the database
#[derive(Debug, clap::Subcommand)]
pub enum Store {
    /// Count what is held
    Stats,
    /// Check every hash and signature in it
    Verify,
    /// Give unused space back to the disk; no node may run meanwhile
    Compact,
}

impl Store {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Stats => stats(context),
            Self::Verify => verify(context),
            Self::Compact => compact(context),
        }
    }
}

fn stats(context: &Context) -> Result<(), Failure> {
    let session = context.session()?;
    let mut stats: Value = session.client.get("/api/starling/v1/store/stats")?;
    // A node knows its tables; the file is there for us to look at.
    let file = std::fs::metadata(context.home()?.store_path()).map_or(0, |metadata| metadata.len());
    stats["file_bytes"] = json!(file);
    let output = &context.output;
    if output.json {
        return output.object(&stats);
    }
    let number = |name: &str| stats.get(name).and_then(Value::as_u64).unwrap_or(0);
    for (label, name) in [
        ("authors known", "authors"),
        ("feeds held", "feeds"),
        ("entries held", "entries"),
        ("home timeline", "home"),
        ("network timeline", "network"),
        ("forks proven", "forks"),
    ] {
        output.line(format!("{label:<17} {}", number(name)))?;
    }
    output.line(format!("{:<17} {}", "entries take", layout::bytes(number("entry_bytes"))))?;
    output.line(format!("{:<17} {}", "the file takes", layout::bytes(number("file_bytes"))))
}

fn verify(context: &Context) -> Result<(), Failure> {
    let session = context.session()?;
    let progress = context.output.progress("checking every entry");
    let found: Value = session.client.post_slow("/api/starling/v1/store/verify")?;
    drop(progress);
    let number = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or(0);
    if context.output.json {
        context.output.object(&found)?;
    } else {
        for finding in found.get("bad").and_then(Value::as_array).into_iter().flatten() {
            context.output.line(safe(finding.as_str().unwrap_or_default()))?;
        }
        context.output.line(format!("{} good, {} bad", number("good"), number("bad_count")))?;
    }
    if number("bad_count") == 0 {
        return Ok(());
    }
    Err(Failure::new(Kind::Verification, "the store holds entries that are not what was signed")
        .hint("restore into another folder, from your phrase or a backup: peers give the rest back"))
}

fn compact(context: &Context) -> Result<(), Failure> {
    let home = context.home()?;
    let lock = home.lock().map_err(|error| match error {
        home::Error::Locked(_) => {
            Failure::new(Kind::Refused, "the store is in use").hint("stop the node first")
        }
        error => error.into(),
    })?;
    let path = home.store_path();
    let size = || std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let before = size();
    if before > 0 {
        let cache = usize::try_from(context.settings()?.config.store.cache_bytes).unwrap_or(usize::MAX);
        // Each pass frees what the one before could only mark, until one gains nothing.
        let mut last = u64::MAX;
        while size() < last {
            last = size();
            store::Store::open(&path, cache).and_then(store::Store::compact).map_err(Failure::failed)?;
        }
    }
    drop(lock);
    let after = size();
    context.output.either(
        &json!({ "before": before, "after": after }),
        format!("{} before, {} after", layout::bytes(before), layout::bytes(after)),
    )
}
