//! `invite`: a link that says whom to follow and where they are.

use serde_json::{Value, json};
use starling_protocol::invite;

use super::{Failure, id, output::safe, session::Context};

/// Make an invite, or open one
#[derive(Debug, clap::Subcommand)]
pub enum Invite {
    /// Make a link with which others find and follow you
    New {
        /// Show it as a QR code as well
        #[arg(long)]
        qr: bool,
    },
    /// Follow whom a link names, and connect to where they are
    Open {
        /// The link
        #[arg(value_name = "LINK")]
        link: String,
    },
}

/// Whether a text wants to be an invite.
pub fn is_link(text: &str) -> bool {
    text.trim_start().get(..16).is_some_and(|scheme| scheme.eq_ignore_ascii_case("starling:invite:"))
}

impl Invite {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::New { qr } => new(context, qr),
            Self::Open { link } => open(context, &link),
        }
    }
}

fn new(context: &Context, qr: bool) -> Result<(), Failure> {
    let session = context.session()?;
    let answer: Value = session.client.get("/api/starling/v1/invites/new")?;
    let link = answer.get("invite").unwrap_or(&answer).as_str().unwrap_or_default().to_owned();
    let invite: invite::Invite =
        link.parse().map_err(|error| Failure::failed(format!("the node made a bad invite: {error}")))?;
    if invite.addresses.is_empty() {
        context.output.talk(
            "this invite has no address: who opens it must already be connected to somebody who has your \
             posts. Make it while your node runs, and it says where that is.",
        );
    }
    if qr && !context.output.json {
        id::print_qr(&context.output, &link)?;
    }
    context.output.either(&json!({ "invite": link, "addresses": invite.addresses }), link)
}

/// Follows whom `link` names.
pub fn open(context: &Context, link: &str) -> Result<(), Failure> {
    // Read here first: a typing error is no business of the node's.
    let invite: invite::Invite = link.parse().map_err(Failure::usage)?;
    let session = context.session()?;
    let _: Value = session.client.post("/api/starling/v1/invites/open", &json!({ "invite": link.trim() }))?;
    if !session.online() {
        context.output.talk("stored; their posts are fetched once a node runs (`starling run`)");
    }
    let author = invite.author.to_string();
    let called = if invite.name.is_empty() { String::new() } else { format!(" ({})", safe(&invite.name)) };
    context.output.either(
        &json!({ "author": author, "name": invite.name, "following": true }),
        format!("following {author}{called}"),
    )
}
