//! Operations of an identity in any order.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| starling_protocol_fuzz::targets::identity(data));
