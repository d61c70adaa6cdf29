//! `home`, `network`, `show` and `thread`: reading.

use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Failure, Kind,
    answer::{Place, Status},
    client::Client,
    print,
    session::Context,
};

/// Posts that a node gives in one answer.
const PAGE: u64 = 40;

/// How every entry's id begins, and characters of one that a node looks for: fewer name too many.
const BEGINNING: &str = "bafyr4i";
const SHORTEST: usize = 12;

/// Which part of a timeline.
#[derive(Debug, clap::Args)]
pub struct Window {
    /// How many
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    limit: u64,
    /// Only what is older than this entry
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// Only what is newer than this entry
    #[arg(long, value_name = "ID")]
    since: Option<String>,
}

/// Show the posts of those you follow
#[derive(Debug, clap::Args)]
pub struct Home {
    #[command(flatten)]
    window: Window,
}

/// Show posts that came by of people whom you do not follow
#[derive(Debug, clap::Args)]
pub struct Network {
    #[command(flatten)]
    window: Window,
}

/// Show one post
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Which post
    #[arg(value_name = "ID")]
    id: String,
    /// Print the entry's exact bytes instead, as they were signed
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

/// Show a post, what it answers, and what answers it
#[derive(Debug, clap::Args)]
pub struct Thread {
    /// Which post
    #[arg(value_name = "ID")]
    id: String,
}

impl Home {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let hint = "follow somebody with `starling follow`, or open an invite with `starling invite open`";
        timeline(context, "/api/v1/timelines/home", &self.window, hint)
    }
}

impl Network {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let hint = "posts of others come by while a node runs and is connected: see `starling status`";
        timeline(context, NETWORK, &self.window, hint)
    }
}

/// What came by of people who are not followed: everybody's timeline, without the rest.
const NETWORK: &str = "/api/v1/timelines/public";

fn timeline(context: &Context, path: &str, window: &Window, hint: &str) -> Result<(), Failure> {
    let session = context.session()?;
    let statuses = pages(&session.client, path, window)?;
    if statuses.is_empty() && !context.output.json {
        context.output.talk(format!("nothing here yet: {hint}"));
    }
    print::list(&context.output, &statuses)
}

/// Asks page by page until there are enough.
pub fn pages(client: &Client, path: &str, window: &Window) -> Result<Vec<Status>, Failure> {
    let mut statuses: Vec<Status> = Vec::new();
    let mut before = match &window.before {
        Some(id) => Some(entry(client, id)?),
        None => None,
    };
    let since = match &window.since {
        Some(id) => Some(entry(client, id)?),
        None => None,
    };
    while (statuses.len() as u64) < window.limit {
        let limit = (window.limit - statuses.len() as u64).min(PAGE).to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend((path == NETWORK).then_some(("strangers", "true")));
        query.extend(before.as_deref().map(|id| ("max_id", id)));
        query.extend(since.as_deref().map(|id| ("since_id", id)));
        let page: Vec<Status> = client.get_with(path, &query)?;
        let Some(oldest) = page.last() else { break };
        before = Some(oldest.id.clone());
        statuses.extend(page);
    }
    statuses.truncate(usize::try_from(window.limit).unwrap_or(usize::MAX));
    Ok(statuses)
}

/// The full id of the post that `text` begins.
pub fn entry(client: &Client, text: &str) -> Result<String, Failure> {
    if text.parse::<starling_protocol::EntryId>().is_ok() {
        return Ok(text.into());
    }
    Ok(post(client, text)?.id)
}

/// The post with this id, or whose id begins like this.
pub fn post(client: &Client, text: &str) -> Result<Status, Failure> {
    client.get(&path(text)?).map_err(gone(client, text))
}

/// Why a post is not shown: what its author erased is known, and no peer brings it.
pub fn gone<'a>(client: &'a Client, id: &'a str) -> impl FnOnce(Failure) -> Failure + 'a {
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        deleted: bool,
    }
    move |failure| {
        if failure.kind != Kind::NotFound {
            return failure;
        }
        match client.get::<Entry>(&format!("/api/starling/v1/entries/{id}")) {
            Ok(entry) if entry.deleted => {
                Failure::new(Kind::NotFound, format!("the post {} was erased by its author", entry.id))
                    .hint("`starling verify` with its id checks what is left of it")
            }
            _ => failure,
        }
    }
}

/// The path of a post. What could not be an id must not become another path.
pub fn path(id: &str) -> Result<String, Failure> {
    if !id.is_empty() && id.len() < SHORTEST && (id.starts_with(BEGINNING) || BEGINNING.starts_with(id)) {
        return Err(Failure::new(Kind::NotFound, format!("several ids may begin with {id:?}"))
            .hint(format!("write at least {SHORTEST} of its characters; lists show more")));
    }
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Failure::new(Kind::NotFound, format!("{id:?} is no entry id"))
            .hint("an entry's id begins with bafyr4i; lists show the beginnings"));
    }
    Ok(format!("/api/v1/statuses/{id}"))
}

impl Show {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.session()?;
        if self.raw {
            let id = entry(&session.client, &self.id)?;
            let mut bytes = Vec::new();
            let raw = format!("/api/starling/v1/entries/{id}/raw");
            session.client.download(&raw, &[])?.read_to_end(&mut bytes)?;
            return context.output.bytes(&bytes);
        }
        let status = post(&session.client, &self.id)?;
        print::one(&context.output, &status)?;
        if context.output.json {
            return Ok(());
        }
        context.output.line("")?;
        context.output.line(format!("  entry     {}", status.id))?;
        context.output.line(format!("  author    {}", status.account.id))?;
        context.output.line(format!("  device    {}", status.starling.device))?;
        context.output.line(format!("  created   {}", status.created_at))?;
        if let Some(edited) = &status.edited_at {
            context.output.line(format!("  edited    {edited}"))?;
        }
        if let Some(parent) = &status.in_reply_to_id {
            context.output.line(format!("  answers   {parent}"))?;
        }
        Ok(())
    }
}

impl Thread {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.session()?;
        let id = entry(&session.client, &self.id)?;
        let answer: Value = session.client.get(&format!("/api/starling/v1/thread/{id}"))?;
        let list = answer.get("items").cloned().unwrap_or(answer);
        let places: Vec<Place> = serde_json::from_value(list)?;
        for (number, place) in places.iter().enumerate() {
            if number > 0 && !context.output.json {
                context.output.line("")?;
            }
            print::place(&context.output, place)?;
        }
        Ok(())
    }
}
