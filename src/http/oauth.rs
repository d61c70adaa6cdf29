//! Who may use the door: OAuth 2 as Mastodon's clients speak it, and the person's word for it.
//!
//! A program registers, sends the person's browser to a page of the node, gets a code from there and exchanges it for a
//! token (RFC 6749 §4.1, with RFC 7636 for those that can). What is different here is who says yes. There is no password
//! to ask for and no session to recognise the person by, because a cookie of this machine's door would be sent to every
//! program that listens on another port of it. So the page only shows what is asked for, with a short code, and the
//! person says `starling api approve CODE` in a terminal, which holds the home's own token: that is the proof.
//!
//! What a web page of somebody else, open in the same browser, could do against that:
//! * It cannot approve. Approving happens outside the browser; neither a forged form nor a click on a frame that nobody
//!   sees reaches it. The page has no button that gives anything away before.
//! * It cannot collect what was approved. The page is continued with a ticket of 32 random bytes that only the page has;
//!   no other origin may read it, frames are forbidden, and the address that the code goes to is one that the program
//!   registered before, letter for letter.
//! * It cannot begin. A request names a client id of 16 random bytes, and registering one from a page of another origin
//!   is refused by its `Origin`, unless the person put that origin on the list.
//! * It cannot make the person approve something else than they see: the terminal names program, scopes and address
//!   again, and asks.
//!
//! A program on this machine can register and begin, under any name it likes; it gets nothing without the person's yes.
//! Nothing is redirected to because of an error: what is wrong is shown, and leads back by a link.

mod apps;
mod authorize;
mod client;
mod exchange;
mod owner;
mod page;
mod redirect;
mod refused;
mod scope;
mod server;
mod waiting;

pub(super) use owner::{Given, Held, Line, Revoked, Visitor, Wanted};
use refused::Refused;
pub(super) use waiting::Waiting;

use super::{App, Error, route::Route};
use crate::clock;

/// Registrations and tokens that those may ask for in five minutes whom nobody let in, because each is written down: as
/// many as a person needs who sets up every client they can find, many times over.
const STRANGERS: u64 = 100;

/// Counts what somebody asks for whom nobody let in.
fn count_stranger(app: &App) -> Result<(), Error> {
    match app.0.strangers.spend(clock::now(), STRANGERS) {
        Some(budget) if budget.over => Err(Error::TooMany),
        _ => Ok(()),
    }
}

pub(super) fn routes() -> Vec<Route> {
    [apps::routes(), authorize::routes(), exchange::routes(), server::routes(), owner::routes()]
        .into_iter()
        .flatten()
        .collect()
}
