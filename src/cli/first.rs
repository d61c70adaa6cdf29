//! The first run: the terminal UI asks a newcomer, and what was answered becomes a home with a node in it.

use std::hash::{BuildHasher, RandomState};

use serde_json::{Value, json};
use starling::home::Home;
use starling_protocol::{invite::Invite, keys::Phrase, limits};
use starling_tui::{Began, Chosen, Meet, Newcomer, Options};

use super::{
    Failure, init,
    session::{Context, Session},
    tui::{self, Tui},
};

/// What is there already: a step that failed is tried again, and nothing is made twice.
#[derive(Default)]
struct Made {
    home: Option<Home>,
    session: Option<Session>,
    furnished: bool,
    /// Whether others are looked for on the local network because of an answer here.
    near: bool,
}

/// Asks, makes, and opens the UI on it.
pub fn run(tui: &Tui, context: &Context) -> Result<(), Failure> {
    let phrase = init::phrase()?;
    let Options { theme, pictures, keys, bidi, words, scratch, server: _ } = tui.options(context)?;
    let mut made = Made::default();
    let from = Newcomer {
        theme,
        bidi,
        words: words.clone(),
        phrase: phrase.words(),
        // Which words are asked back is no secret: the chance that tables are kept with is good enough.
        chance: RandomState::new().hash_one(std::process::id()),
        name_chars: limits::PROFILE_NAME_CHARS,
        invite: &|link| match link.parse::<Invite>() {
            Ok(invite) => Ok(invite.name),
            Err(error) => Err(error.to_string()),
        },
    };
    let began = starling_tui::begin(from, &mut |chosen| {
        let session = make(context, &phrase, chosen, &mut made).map_err(told)?;
        let home = context.home().map_err(told)?;
        let (keys, words, scratch) = (keys.clone(), words.clone(), scratch.clone());
        Ok(Options { server: tui::near(session, &home), theme, pictures, keys, bidi, words, scratch })
    });
    let mut ended = Ok(());
    if let Some(session) = made.session.take() {
        ended = session.ended();
        session.close();
    }
    ended?;
    match began? {
        Began::Opened(left) => tui::left(left),
        Began::Left(left) => {
            if made.home.is_none() {
                context.output.talk("nothing was made");
            }
            tui::left(left)
        }
    }
}

/// The home, a node in it, a name, something to read, and the way to others.
fn make<'m>(
    context: &Context,
    phrase: &Phrase,
    chosen: &Chosen,
    made: &'m mut Made,
) -> Result<&'m Session, Failure> {
    init::settings(context, false)?;
    let near = chosen.meet == Meet::Near;
    // After a try that came to nothing the last answer counts. What a person had set before is not touched.
    if (near || made.near)
        && init::find_near(context, near)?
        && let Some(session) = made.session.take()
    {
        session.close();
    }
    made.near = near;
    if made.home.is_none() {
        made.home = Some(Home::create(context.places.clone(), phrase)?);
    }
    if made.session.is_none() {
        tui::quiet();
        made.session = Some(Session::with_network(context.home()?, context.settings()?.config)?);
    }
    let Some(session) = &made.session else { return Err(Failure::failed("the node did not start")) };
    if !made.furnished {
        init::furnish(&session.client, &chosen.name, true)?;
        made.furnished = true;
    }
    if let Meet::Invite(link) = &chosen.meet {
        let _: Value = session.client.post("/api/starling/v1/invites/open", &json!({ "invite": link }))?;
    }
    Ok(session)
}

fn told(failure: Failure) -> String {
    match failure.hint {
        Some(hint) => format!("{}\n\n{hint}", failure.message),
        None => failure.message,
    }
}
