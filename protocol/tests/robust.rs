//! Bytes that nobody would send: the fuzz targets, where no fuzzer is at hand.
//!
//! Random bytes alone rarely get past the first check, so most of them begin as a valid vector.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::{fs, path::Path, sync::LazyLock};

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value;

/// Every byte string of the vectors, valid or not.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    fn collect(value: &Value, seeds: &mut Vec<Vec<u8>>) {
        match value {
            Value::String(text) => seeds.push(unhex(text).unwrap_or_else(|| text.clone().into_bytes())),
            Value::Array(items) => items.iter().for_each(|item| collect(item, seeds)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, seeds)),
            _ => {}
        }
    }
    let mut seeds = Vec::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            collect(&serde_json::from_slice(&fs::read(path).unwrap()).unwrap(), &mut seeds);
        }
    }
    seeds.sort();
    assert!(seeds.len() > 100);
    seeds
});

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect();
    Some(digits?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// A vector with a few bytes changed, and perhaps a piece of it cut out.
fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<Index>(), any::<u8>()), 0..4);
    (any::<Index>(), changes, proptest::option::of((any::<Index>(), 1..40usize))).prop_map(
        |(seed, changes, cut)| {
            let mut bytes = SEEDS[seed.index(SEEDS.len())].clone();
            if bytes.is_empty() {
                return bytes;
            }
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some((at, length)) = cut {
                let at = at.index(bytes.len());
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn reading_never_panics_and_what_is_read_is_written_the_same(
        data in prop_oneof![1 => vec(any::<u8>(), 0..300), 4 => spoiled()],
    ) {
        targets::decode(&data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_server_may_say_anything(data in vec(any::<u8>(), 0..1_500)) {
        targets::pulling(&data);
    }

    #[test]
    fn a_puller_may_say_anything(mut data in vec(any::<u8>(), 0..1_500)) {
        // Most sessions begin as they should, so that there is something to break.
        if data.first().is_some_and(|byte| byte % 4 > 0) {
            data.splice(0..0, [7, 1, 0, 4]);
        }
        targets::serving(&data);
    }

    #[test]
    fn operations_may_come_in_any_order(data in vec(any::<u8>(), 0..20)) {
        targets::identity(&data);
    }
}

#[test]
fn every_vector_is_read_without_a_panic() {
    SEEDS.iter().for_each(|seed| targets::decode(seed));
}
