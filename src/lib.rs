//! The Starling node as a library: the engine, its store, its network and its HTTP door.
//!
//! `main.rs` is the only other room that knows everything; tests and simulations come in through here.

pub mod backup;
pub mod bench;
pub mod blobs;
pub mod clock;
pub mod config;
pub mod engine;
pub mod home;
pub mod http;
pub mod network;
pub mod recording;
pub mod runtime;
pub mod search;
pub mod store;
pub mod view;

/// The text of strangers, made safe: one rule for the terminal, the log and the command line.
pub use starling_tui::text;
