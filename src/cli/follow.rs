//! Whom you follow, who follows you, and whom you block.

use libp2p::Multiaddr;
use serde_json::json;
use starling_protocol::AuthorId;

use super::{
    Failure,
    answer::{Account, Followed, Identity, Relationship, Resolved},
    client::Client,
    invite, print, read,
    session::Context,
};

/// Authors that one question about relations may name.
const NAMED: usize = 80;

/// Follow an author
#[derive(Debug, clap::Args)]
pub struct Follow {
    /// Whom: an author id, the beginning of a known one, a display name, or an invite
    #[arg(value_name = "WHO")]
    who: String,
    /// Where a node that holds their posts may be; may be given several times
    #[arg(long = "at", value_name = "MULTIADDR")]
    at: Vec<Multiaddr>,
    /// The post in which, or the author through whom, you found them: told to nobody, and shown to you later
    #[arg(long, value_name = "ID|WHO")]
    via: Option<String>,
}

/// Follow an author no longer
#[derive(Debug, clap::Args)]
pub struct Unfollow {
    /// Whom
    #[arg(value_name = "WHO")]
    who: String,
}

/// Neither show, store nor pass on anything of an author
#[derive(Debug, clap::Args)]
pub struct Block {
    /// Whom
    #[arg(value_name = "WHO")]
    who: String,
}

/// Take a block back
#[derive(Debug, clap::Args)]
pub struct Unblock {
    /// Whom
    #[arg(value_name = "WHO")]
    who: String,
}

/// List who is known to follow you, or another author
#[derive(Debug, clap::Args)]
pub struct Followers {
    /// Whose followers
    #[arg(value_name = "WHO")]
    who: Option<String>,
}

/// List whom you, or another author, follow
#[derive(Debug, clap::Args)]
pub struct Following {
    /// Who follows
    #[arg(value_name = "WHO")]
    who: Option<String>,
}

/// The author that `who` means. A whole id is its own answer: it may be of somebody unknown.
pub fn author(client: &Client, who: &str) -> Result<String, Failure> {
    if who.parse::<AuthorId>().is_ok() {
        return Ok(who.to_lowercase());
    }
    if who.to_lowercase().starts_with("star1") && who.len() > 60 {
        // Long enough to be whole: the checksum says that it is not.
        who.parse::<AuthorId>().map_err(Failure::usage)?;
    }
    let resolved: Resolved = client.get_with("/api/starling/v1/resolve", &[("who", who)])?;
    Ok(resolved.author)
}

/// The id of the post or of the author that is meant.
fn found(client: &Client, via: &str) -> Result<String, Failure> {
    if via.starts_with("bafyr4i") { read::entry(client, via) } else { author(client, via) }
}

/// How it came that these authors are followed, in their order.
pub fn origins(client: &Client, authors: &[&str]) -> Result<Vec<Option<Followed>>, Failure> {
    let mut origins = Vec::with_capacity(authors.len());
    for page in authors.chunks(NAMED) {
        let query: Vec<_> = page.iter().map(|author| ("id[]", *author)).collect();
        let relations: Vec<Relationship> = client.get_with("/api/v1/accounts/relationships", &query)?;
        origins.extend(relations.into_iter().map(|relation| relation.starling.followed));
    }
    Ok(origins)
}

impl Follow {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        if invite::is_link(&self.who) {
            return invite::open(context, &self.who);
        }
        let session = context.session()?;
        let author = author(&session.client, &self.who)?;
        let addresses: Vec<String> = self.at.iter().map(ToString::to_string).collect();
        let path = format!("/api/v1/accounts/{author}/follow");
        let mut wish = json!({ "addresses": addresses });
        if let Some(via) = &self.via {
            wish["starling"] = json!({ "via": found(&session.client, via)? });
        }
        let _: Relationship = session.client.post(&path, &wish)?;
        if !session.online() {
            context.output.talk("stored; their posts are fetched once a node runs (`starling run`)");
        }
        context.output.either(&json!({ "author": author, "following": true }), format!("following {author}"))
    }
}

impl Unfollow {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        relate(context, &self.who, "unfollow", ("following", false), "no longer following")
    }
}

impl Block {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        relate(context, &self.who, "block", ("blocking", true), "blocked")
    }
}

impl Unblock {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        relate(context, &self.who, "unblock", ("blocking", false), "no longer blocked:")
    }
}

fn relate(context: &Context, who: &str, verb: &str, now: (&str, bool), text: &str) -> Result<(), Failure> {
    let session = context.session()?;
    let author = author(&session.client, who)?;
    let path = format!("/api/v1/accounts/{author}/{verb}");
    let _: Relationship = session.client.post(&path, &json!({}))?;
    context.output.either(&json!({ "author": author, now.0: now.1 }), format!("{text} {author}"))
}

impl Followers {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        people(context, self.who.as_deref(), "followers", "nobody is known to follow")
    }
}

impl Following {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        people(context, self.who.as_deref(), "following", "nobody is followed")
    }
}

fn people(context: &Context, who: Option<&str>, list: &str, nobody: &str) -> Result<(), Failure> {
    let session = context.session()?;
    let author = match who {
        Some(who) => author(&session.client, who)?,
        None => session.client.get::<Identity>("/api/starling/v1/id")?.author,
    };
    let path = format!("/api/v1/accounts/{author}/{list}");
    let people: Vec<Account> = session.client.get_with(&path, &[("limit", "10000")])?;
    if people.is_empty() && !context.output.json {
        context.output.talk(nobody);
    }
    // Of one's own follows it is known how they came about. People look at them one by one, with `profile show`.
    let origins = if context.output.json && who.is_none() && list == "following" {
        let authors: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
        origins(&session.client, &authors)?
    } else {
        Vec::new()
    };
    let mut origins = origins.into_iter();
    for person in &people {
        let mut object = json!({ "author": person.id, "name": person.display_name });
        if let Some(origin) = origins.next().flatten() {
            object["follow"] = json!(origin);
        }
        context.output.either(&object, print::name(&context.output, person))?;
    }
    Ok(())
}
