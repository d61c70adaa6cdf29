//! Any bytes, read as everything that the protocol reads.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| starling_protocol_fuzz::targets::decode(data));
