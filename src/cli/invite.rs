//! `invite`: a link that says whom to follow and where they are.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use starling_protocol::invite;

use super::{
    Failure, Kind,
    client::Client,
    id,
    output::safe,
    peers,
    session::{Context, Session},
};

/// How long a peer that is connected may take to tell what it holds of us.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether it did.
const PAUSE: Duration = Duration::from_millis(200);

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

/// Whether this home signs nothing yet.
fn guarded(client: &Client) -> Result<bool, Failure> {
    let status: Value = client.get("/api/starling/v1/status")?;
    Ok(status.get("guarded").and_then(Value::as_bool).unwrap_or(false))
}

/// A home that was restored or copied follows nobody until a peer has told what the network holds of its author. Whoever
/// gave the invite is called all the same, and may be that peer: then this returns, and they can be followed.
fn meet(session: &Session, invite: &invite::Invite) -> Result<(), Failure> {
    const WAITS: &str = "the follow waits until a peer has told what the network holds of you";
    if !session.online() {
        return Err(Failure::new(Kind::Refused, format!("their address is remembered; {WAITS}"))
            .hint("`starling run`, and give this command again"));
    }
    let Some(peer) = peers::met(&session.client, &invite.addresses)? else {
        return Err(Failure::new(Kind::Network, format!("they could not be reached; {WAITS}"))
            .hint("they are called again: give this command again when `starling peers list` shows them"));
    };
    let until = Instant::now() + PATIENCE;
    while guarded(&session.client)? {
        if Instant::now() > until {
            return Err(Failure::new(Kind::Refused, format!("connected to {peer}; {WAITS}")).hint(
                "give this command again when `starling status` no longer says that writing is closed",
            ));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Follows whom `link` names.
pub fn open(context: &Context, link: &str) -> Result<(), Failure> {
    // Read here first: a typing error is no business of the node's.
    let invite: invite::Invite = link.parse().map_err(Failure::usage)?;
    let session = context.session()?;
    let ask = || session.client.post("/api/starling/v1/invites/open", &json!({ "invite": link.trim() }));
    let opened: Result<Value, Failure> = ask();
    if let Err(failure) = opened {
        if failure.kind != Kind::Refused || invite.addresses.is_empty() || !guarded(&session.client)? {
            return Err(failure);
        }
        meet(&session, &invite)?;
        ask()?;
    }
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
