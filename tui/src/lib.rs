//! The terminal UI: reads and writes through the Mastodon client API, of a Starling node or of any server that has it.
//!
//! ```text
//! keys, answers, news ─► Msg ─► update(&mut App, Msg) ─► Vec<Effect> ─► client (threads, HTTP) ─► Msg …
//!                                     │
//!                                     └─► view(&App, &mut Frame)
//! ```
//! `update` is the only place that changes anything, and does nothing else; `view` only draws; effects are carried out by
//! `client`, behind bounded queues. So every screen can be drawn in a test, and every story told without a terminal.

mod api;
mod app;
pub mod bench;
mod client;
mod first;
mod html;
mod keys;
mod layout;
mod links;
mod msg;
mod pictures;
mod plain;
mod run;
mod terminal;
pub mod text;
mod theme;
mod view;
mod words;

pub use client::{Again, Server};
pub use first::{Chosen, Meet, Newcomer};
pub use keys::Keys;
pub use layout::Bidi;
pub use msg::Leave;
pub use plain::{Options as PlainOptions, plain};
pub use run::{Began, Options, begin, open};
pub use terminal::{Asked, ask};
pub use theme::{Ground, Theme};
pub use words::{Words, asked as locale, names as languages};
