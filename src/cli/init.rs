//! `init`: a new author, a first device, and 24 words to keep.

use std::path::PathBuf;

use serde_json::{Value, json};
use starling::{
    config,
    home::{self, Home},
};
use starling_protocol::{keys::Phrase, limits};
use zeroize::Zeroizing;

use super::{
    Failure,
    client::Client,
    feed,
    output::{ask, interactive},
    session::{Context, Session},
    welcome,
};

/// Ports that a home may choose from: above those that need rights, below those that systems hand
/// out for outgoing connections.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

/// How a settings file begins.
const HEAD: &str = "# Settings of this home. `starling config list` shows all that may be set.\n\n";

/// Begin: make an identity and a home for it
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Your name, as others see it; it can be changed at any time
    #[arg(long)]
    name: Option<String>,
    /// Let others on the local network see that this node is here, and look for theirs
    #[arg(long)]
    mdns: bool,
    /// Ask nothing
    #[arg(long)]
    no_input: bool,
    /// Begin with an empty timeline, without the few posts that come with the program and tell how to go on. So do
    /// --no-input and --json
    #[arg(long)]
    no_welcome: bool,
    /// Write the recovery phrase to this file, which must not exist, instead of showing it
    #[arg(long, value_name = "FILE")]
    phrase_out: Option<PathBuf>,
}

impl Init {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let places = &context.places;
        match Home::open_at(places.clone()) {
            Ok(_) => return Err(home::Error::Exists(places.data.clone()).into()),
            Err(home::Error::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(path) = self.phrase_out.as_ref().filter(|path| path.exists()) {
            return Err(Failure::usage(format!("{} is there already", path.display()))
                .hint("a phrase never replaces a file: choose another name"));
        }
        let asks = !self.no_input && interactive();
        let name = match self.name {
            Some(name) => name,
            None if asks => ask("Your name, as others see it (may be empty):", "")?,
            None => String::new(),
        };
        let length = name.chars().count();
        if length > limits::PROFILE_NAME_CHARS {
            let most = limits::PROFILE_NAME_CHARS;
            return Err(Failure::usage(format!("a name has at most {most} characters, this has {length}")));
        }
        let question = "May others on your local network see that you are here? [y/N]";
        let mdns = self.mdns || (asks && ask(question, "n")?.to_lowercase().starts_with('y'));

        let phrase = phrase()?;
        // First of all: an identity whose phrase could not be kept must not begin.
        if let Some(path) = &self.phrase_out {
            let words = phrase.words();
            feed::whole(path, false, |to| {
                use std::io::Write;
                Ok(writeln!(to, "{}", *words)?)
            })?;
        }
        settings(context, mdns)?;
        let home = Home::create(places.clone(), &phrase)?;
        let welcome = !self.no_welcome && !self.no_input && !context.output.json;
        if !name.is_empty() || welcome {
            // The phrase is still to be shown: nothing that goes wrong here may keep it back.
            if let Err(failure) = furnished(context, &home, &name, welcome) {
                context.output.talk(format!("warning: your name is not set yet: {}", failure.message));
            }
        }
        report(context, &home, &phrase, self.phrase_out.as_deref())
    }
}

/// A phrase that nobody had before.
pub fn phrase() -> Result<Phrase, Failure> {
    let mut entropy = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *entropy).map_err(Failure::failed)?;
    Ok(Phrase::from_entropy(*entropy))
}

fn furnished(context: &Context, home: &Home, name: &str, welcome: bool) -> Result<(), Failure> {
    let session = Session::inside(home.clone(), context.settings()?.config)?;
    furnish(&session.client, name, welcome)?;
    session.close();
    Ok(())
}

/// Makes the name the first entry of the feed, and puts something on the timeline.
pub fn furnish(client: &Client, name: &str, welcome: bool) -> Result<(), Failure> {
    if !name.is_empty() {
        let body = json!({ "display_name": name });
        let _: Value = client.patch("/api/v1/accounts/update_credentials", &body)?;
    }
    if welcome { welcome::greet(client) } else { Ok(()) }
}

/// Writes a settings file, unless there is one: a port of its own, so that addresses stay true.
pub fn settings(context: &Context, mdns: bool) -> Result<(), Failure> {
    let path = &context.places.config;
    if path.exists() {
        return if mdns { find_near(context, true).map(drop) } else { Ok(()) };
    }
    let mut random = [0; 2];
    getrandom::fill(&mut random).map_err(Failure::failed)?;
    let port = PORTS.start + u16::from_le_bytes(random) % (PORTS.end - PORTS.start);
    let listen = format!("/ip4/0.0.0.0/udp/{port}/quic-v1,/ip4/0.0.0.0/tcp/{port}");
    let text = config::edit("config.toml", HEAD, "network.listen", &listen)?;
    let text = if mdns { config::edit("config.toml", &text, "network.mdns", "true")? } else { text };
    write_settings(context, &text)
}

/// Settles whether others are looked for on the local network; whether that was otherwise before.
pub fn find_near(context: &Context, near: bool) -> Result<bool, Failure> {
    if context.settings()?.config.network.mdns == near {
        return Ok(false);
    }
    let path = &context.places.config;
    let text = std::fs::read_to_string(path).map_err(|error| feed::at(path, error))?;
    write_settings(context, &config::edit("config.toml", &text, "network.mdns", &near.to_string())?)?;
    Ok(true)
}

/// Writes the settings file whole.
pub fn write_settings(context: &Context, text: &str) -> Result<(), Failure> {
    let path = &context.places.config;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| feed::at(folder, error))?;
    }
    feed::whole(path, true, |to| {
        use std::io::Write;
        Ok(to.write_all(text.as_bytes())?)
    })?;
    Ok(())
}

fn report(
    context: &Context,
    home: &Home,
    phrase: &Phrase,
    phrase_out: Option<&std::path::Path>,
) -> Result<(), Failure> {
    let output = &context.output;
    let (author, keys) = (home.author()?, home.keys()?);
    let words = phrase.words();
    if output.json {
        let mut object = json!({
            "author": author.to_string(),
            "device": keys.device.public().to_string(),
            "peer_id": keys.keypair().public().to_peer_id().to_string(),
            "home": home.path(),
        });
        match phrase_out {
            Some(path) => object["phrase_file"] = json!(path),
            None => object["phrase"] = json!(*words),
        }
        return output.object(&object);
    }
    output.line(format!("You are {author}"))?;
    output.line(format!("Your home is {}", home.path().display()))?;
    output.line("")?;
    match phrase_out {
        Some(path) => {
            output.line(format!("Your recovery phrase is in {}: keep it somewhere safe.", path.display()))?
        }
        None => {
            output.line("Your recovery phrase, shown this once. Write it down, and keep it from others:")?;
            output.line("")?;
            let words: Vec<&str> = words.split(' ').collect();
            for (row, words) in words.chunks(4).enumerate() {
                let numbered =
                    words.iter().enumerate().map(|(n, word)| format!("{:>2} {word:<9}", row * 4 + n + 1));
                output.line(format!("  {}", numbered.collect::<String>().trim_end()))?;
            }
            output.line("")?;
            output.line("Whoever has these words is you; without them a lost disk is a lost name.")?;
        }
    }
    output.line("")?;
    output.line("Next: `starling` opens the terminal UI; `starling run` keeps a node running without it.")
}
