//! `profile`: how you, or others, want to be seen.

use std::path::PathBuf;

use serde_json::{Value, json};
use starling::text::DisplayText;

use super::{
    Failure,
    answer::{Account, Followed, Identity},
    client::Client,
    files, follow, layout,
    output::safe,
    print,
    session::Context,
};

/// Show or change how authors want to be seen
#[derive(Debug, clap::Subcommand)]
pub enum Profile {
    /// Show your profile, or another author's
    Show {
        /// Whose
        #[arg(value_name = "WHO")]
        who: Option<String>,
    },
    /// Change your profile; what is not named stays
    Set(Set),
}

/// Change your profile; what is not named stays
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Set {
    /// Your name
    #[arg(long)]
    name: Option<String>,
    /// A few words about you
    #[arg(long)]
    bio: Option<String>,
    /// A line of your profile, "NAME=VALUE"; all lines that you want must be given
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, String)>,
    /// Remove all lines
    #[arg(long, conflicts_with = "fields")]
    no_fields: bool,
    /// Your picture, shown at up to 400 by 400 pixels
    #[arg(long, value_name = "FILE")]
    avatar: Option<PathBuf>,
    /// Your banner, shown at up to 1500 by 500 pixels
    #[arg(long, value_name = "FILE")]
    header: Option<PathBuf>,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().into(), value.trim().into()))
}

impl Profile {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.session()?;
        let account: Account = match self {
            Self::Show { who } => {
                let author = match who {
                    Some(who) => follow::author(&session.client, &who)?,
                    None => session.client.get::<Identity>("/api/starling/v1/id")?.author,
                };
                session.client.get(&format!("/api/v1/accounts/{author}"))?
            }
            Self::Set(set) => set.send(&session.client)?,
        };
        let origin = if account.starling.followed {
            follow::origins(&session.client, &[&account.id])?.pop().flatten()
        } else {
            None
        };
        show(context, &account, origin.as_ref())
    }
}

impl Set {
    fn send(&self, client: &Client) -> Result<Account, Failure> {
        let path = "/api/v1/accounts/update_credentials";
        let pictures = [("avatar", &self.avatar), ("header", &self.header)];
        if pictures.iter().any(|(_, file)| file.is_some()) {
            let mut parts = files::Parts::new()?;
            for (name, file) in pictures {
                if let Some(file) = file {
                    parts.file(name, file)?;
                }
            }
            let (kind, body) = parts.finish();
            let account = client.patch_parts(path, &kind, &body)?;
            if self.name.is_none() && self.bio.is_none() && self.fields.is_empty() && !self.no_fields {
                return Ok(account);
            }
        }
        client.patch(path, &self.body())
    }

    fn body(&self) -> Value {
        let mut body = json!({});
        if let Some(name) = &self.name {
            body["display_name"] = json!(name);
        }
        if let Some(bio) = &self.bio {
            body["note"] = json!(bio);
        }
        if !self.fields.is_empty() || self.no_fields {
            let field = |(name, value): &(String, String)| json!({ "name": name, "value": value });
            body["fields_attributes"] = self.fields.iter().map(field).collect();
        }
        body
    }
}

/// How it came that somebody is followed, for people.
fn way(origin: &Followed) -> String {
    let how = match (origin.how.as_deref(), &origin.via) {
        (_, Some(via)) => {
            let name = safe(&via.name);
            let post = via.status.as_ref().map(|post| format!(", {}", layout::short_entry(post)));
            format!(", found through {name}{}", post.unwrap_or_default())
        }
        (Some("invite"), None) => ", by an invite".into(),
        (Some("welcome"), None) => ", came with the program".into(),
        (Some("device"), None) => ", on another of your devices".into(),
        _ => String::new(),
    };
    format!("{}{how}", safe(&origin.at))
}

fn show(context: &Context, account: &Account, origin: Option<&Followed>) -> Result<(), Failure> {
    let output = &context.output;
    let extra = &account.starling;
    if output.json {
        let mut object = json!({
            "author": account.id,
            "name": account.display_name,
            "bio": extra.bio,
            "fields": extra.fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
            "posts": account.statuses_count,
            "followers": account.followers_count,
            "following": account.following_count,
            "forked": extra.forked,
            "retired": extra.retired,
            "followed": extra.followed,
            "follows_me": extra.follows_me,
            "blocked": extra.blocked,
        });
        if let Some(origin) = origin {
            object["follow"] = json!(origin);
        }
        return output.object(&object);
    }
    output.line(print::name(output, account))?;
    for line in layout::wrap(DisplayText::block(&extra.bio).as_str(), output.width - 2) {
        output.line(format!("  {line}"))?;
    }
    for (name, value) in &extra.fields {
        output.line(format!("  {}: {}", safe(name), safe(value)))?;
    }
    output.line(format!("  author    {}", account.id))?;
    output.line(format!(
        "  {}, {}, follows {}",
        layout::count(account.statuses_count, "post", "posts"),
        layout::count(account.followers_count, "known follower", "known followers"),
        account.following_count,
    ))?;
    let relations = [
        (extra.followed, "you follow them"),
        (extra.follows_me, "they follow you"),
        (extra.blocked, "you block them"),
    ];
    let relations: Vec<&str> = relations.iter().filter(|(holds, _)| *holds).map(|(_, text)| *text).collect();
    if !relations.is_empty() {
        output.line(format!("  {}", relations.join(", ")))?;
    }
    origin.map_or(Ok(()), |origin| output.line(format!("  followed  {}", way(origin))))
}
