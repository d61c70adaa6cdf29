//! A server that says anything, against the side that asks.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| starling_protocol_fuzz::targets::pulling(data));
