//! What is fuzzed, as plain functions. The tests of the crate call the same ones with bytes of their
//! own, so that they are exercised where no fuzzer is installed. In the folder above:
//! `cargo +nightly fuzz run decode`, or with `RUSTC_BOOTSTRAP=1` on the compiler of the house.

pub mod targets;
