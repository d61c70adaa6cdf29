//! `post`, `edit`, `delete`, `boost` and `like`: writing.

use std::{
    io::{IsTerminal, Read},
    path::PathBuf,
};

use serde_json::{Value, json};

use super::{
    Failure, Kind,
    answer::{Identity, Status},
    door::Door,
    files,
    output::confirm,
    poll::Ask,
    print, read,
    session::{Context, Session},
};

/// Bytes of a text that is read from stdin: the longest post takes 20,000.
const STDIN_BYTES: u64 = 64 * 1024;

/// Post something
#[derive(Debug, clap::Args)]
pub struct Post {
    /// What to say; "-" or nothing reads it from stdin
    text: Option<String>,
    /// Answer this post
    #[arg(long, value_name = "ID")]
    reply: Option<String>,
    /// A warning that readers see first, and the rest only if they ask for it
    #[arg(long, value_name = "TEXT")]
    cw: Option<String>,
    /// The text's language as a BCP-47 tag, such as "gn"
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
    /// How far others may carry it
    #[arg(long, value_enum, default_value_t = Visibility::Public)]
    visibility: Visibility,
    /// Show this picture; up to 8 times
    #[arg(long, value_name = "FILE")]
    media: Vec<PathBuf>,
    /// What is to be seen on it, for those who do not see it; once for each picture, in their order
    #[arg(long, value_name = "TEXT", requires = "media")]
    alt: Vec<String>,
    /// Show the pictures only to those who ask for them
    #[arg(long, requires = "media")]
    sensitive: bool,
    #[command(flatten)]
    ask: Ask,
}

/// How far others may carry a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Visibility {
    /// Everywhere
    Public,
    /// Not to timelines of strangers
    Unlisted,
    /// Not beyond this network
    Local,
}

impl Visibility {
    fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Local => "local",
        }
    }
}

/// Say something else in one of your posts
#[derive(Debug, clap::Args)]
pub struct Edit {
    /// Which post
    #[arg(value_name = "ID")]
    id: String,
    /// What it says now; "-" or nothing reads it from stdin
    text: Option<String>,
    /// A warning that readers see first, and the rest only if they ask for it
    #[arg(long, value_name = "TEXT")]
    cw: Option<String>,
    /// The text's language as a BCP-47 tag
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
}

/// Erase one of your posts here, and ask all who hold it to erase it
#[derive(Debug, clap::Args)]
pub struct Delete {
    /// Which post
    #[arg(value_name = "ID")]
    id: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Pass a post on to those who follow you
#[derive(Debug, clap::Args)]
pub struct Boost {
    /// Which post
    #[arg(value_name = "ID")]
    id: String,
    /// Take it back
    #[arg(long)]
    undo: bool,
}

/// Like a post
#[derive(Debug, clap::Args)]
pub struct Like {
    /// Which post
    #[arg(value_name = "ID")]
    id: String,
    /// Take it back
    #[arg(long)]
    undo: bool,
}

/// The text given, or what stdin holds.
fn text(given: Option<String>) -> Result<String, Failure> {
    if let Some(text) = given.filter(|text| text != "-") {
        return Ok(text);
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("write your post, and end it with Ctrl-D on a line of its own:");
    }
    let mut bytes = Vec::new();
    stdin.lock().take(STDIN_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > STDIN_BYTES {
        return Err(Failure::usage("that is too much for one post"));
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage("the text is not UTF-8"))?;
    Ok(text.trim_end().to_owned())
}

impl Post {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        // A picture may speak for itself.
        let text = match self.text {
            None if !self.media.is_empty() => String::new(),
            given => text(given)?,
        };
        if self.alt.len() > self.media.len() {
            return Err(Failure::usage("there are more texts than pictures"));
        }
        let language = match self.lang {
            Some(language) => language,
            None => context.settings()?.config.profile.language,
        };
        let session = context.session()?;
        let mut body = json!({ "status": text, "visibility": self.visibility.name() });
        if let Some(parent) = self.reply {
            body["in_reply_to_id"] = read::entry(&session.client, &parent)?.into();
        }
        if let Some(warning) = self.cw {
            body["spoiler_text"] = warning.into();
        }
        if !language.is_empty() {
            body["language"] = language.into();
        }
        if !self.media.is_empty() {
            body["media_ids"] = files::upload(&session.client, &self.media, &self.alt)?.into();
            body["sensitive"] = self.sensitive.into();
        }
        if let Some(poll) = self.ask.poll() {
            body["poll"] = poll;
        }
        let name = Door::token()?;
        let status: Status = session.client.post_once("/api/v1/statuses", &name, &body)?;
        written(context, &session, &status)
    }
}

impl Edit {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let text = text(self.text)?;
        let session = context.session()?;
        let before = read::post(&session.client, &self.id)?;
        let path = read::path(&before.id)?;
        let mut body = json!({ "status": text });
        body["spoiler_text"] = self.cw.unwrap_or(before.spoiler_text).into();
        if let Some(language) = self.lang.or(before.language) {
            body["language"] = language.into();
        }
        let status: Status = session.client.put(&path, &body)?;
        written(context, &session, &status)
    }
}

/// Says that an entry is stored, and whether anybody has it.
fn written(context: &Context, session: &Session, status: &Status) -> Result<(), Failure> {
    let peers = status.starling.delivery.as_ref().map(|delivery| delivery.peers);
    match peers {
        _ if !session.online() => {
            context.output.talk("stored; it goes out once a node runs (`starling run`)")
        }
        Some(0) => context
            .output
            .talk("stored; nobody who follows you is connected, so it waits (`starling peers list`)"),
        _ => {}
    }
    let mut object = print::object(status);
    object["stored"] = json!(true);
    object["peers"] = json!(peers.unwrap_or(0));
    context.output.either(&object, &status.id)
}

impl Delete {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.session()?;
        let Status { id, account, .. } = read::post(&session.client, &self.id)?;
        // Before it is asked whether to go on with what cannot be done.
        if account.id != session.client.get::<Identity>("/api/starling/v1/id")?.author {
            let told = "this post is somebody else's: only its author can erase it";
            return Err(Failure::new(Kind::Refused, told));
        }
        let plan = format!("{id} will be erased here. Others who hold it are asked to do the same.");
        confirm(&plan, self.yes)?;
        let _: Value = session.client.delete(&read::path(&id)?)?;
        context.output.either(&json!({ "id": id, "deleted": true }), format!("erased {id}"))
    }
}

impl Boost {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        act(context, &self.id, if self.undo { "unreblog" } else { "reblog" }, "boosted", !self.undo)
    }
}

impl Like {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        act(context, &self.id, if self.undo { "unfavourite" } else { "favourite" }, "liked", !self.undo)
    }
}

fn act(context: &Context, id: &str, verb: &str, done: &str, now: bool) -> Result<(), Failure> {
    let session = context.session()?;
    let id = read::entry(&session.client, id)?;
    let path = format!("{}/{verb}", read::path(&id)?);
    let _: Value = session.client.post(&path, &json!({})).map_err(read::gone(&session.client, &id))?;
    let text = if now { format!("{done} {id}") } else { format!("no longer {done}: {id}") };
    context.output.either(&json!({ "id": id, done: now }), text)
}
