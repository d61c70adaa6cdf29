//! What is fuzzed, as plain functions. The tests of the crate call the same ones with bytes of their
//! own, so that they are exercised where no fuzzer is installed:
//! `cargo +nightly fuzz run decode` in the folder above.

pub mod targets;
