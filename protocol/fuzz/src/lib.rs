//! What is fuzzed, as plain functions. The tests of the crate call the same ones with bytes of their
//! own, so that they are exercised where no fuzzer is installed. In the folder above:
//! `cargo fuzz run --sanitizer none decode` runs one on a stable compiler; a sanitizer needs a nightly one.

pub mod targets;
