//! The node's mind.

pub mod command;

pub use command::{Command, Refusal, Reply};
