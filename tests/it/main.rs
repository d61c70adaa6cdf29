//! Whole nodes: real processes, real sockets on loopback, everything through the command line and the
//! HTTP door that people and programs use.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod carrying;
mod content;
mod demo;
mod devices;
mod faults;
mod kills;
mod meeting;
mod refusals;
mod support;
mod terminal;
