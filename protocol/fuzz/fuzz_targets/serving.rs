//! A puller that says anything, against the side that answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| starling_protocol_fuzz::targets::serving(data));
