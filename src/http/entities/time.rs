//! Times as clients read them.

use jiff::{Timestamp, tz::Offset};

/// RFC 3339 in UTC with milliseconds, `2026-11-22T08:00:00.000Z`.
pub(in crate::http) fn time(ms: u64) -> String {
    timestamp(ms).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The day in UTC, `2026-11-22`.
pub(in crate::http) fn day(ms: u64) -> String {
    Offset::UTC.to_datetime(timestamp(ms)).date().to_string()
}

/// What no calendar of four-digit years can say becomes the last moment that it can.
fn timestamp(ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).ok();
    ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_some_time() {
        assert_eq!(time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(time(1_795_334_400_001), "2026-11-22T08:00:00.001Z");
        assert_eq!(day(1_795_334_400_001), "2026-11-22");
        for far in [253_402_300_800_000, u64::MAX, i64::MAX as u64] {
            assert!(time(far).starts_with("9999-12-30T"), "{}", time(far));
            assert_eq!(day(far), "9999-12-30");
            assert!(time(far).parse::<Timestamp>().is_ok());
        }
    }
}
