//! When a post is to be published: a wait ("2h", "3 days") or a moment ("2026-11-24 18:00", "18:00").

use jiff::{Span, SpanRelativeTo, Timestamp, civil::DateTime, civil::Time, tz::TimeZone};

/// The moment that is meant; none for what says none, or one that is past.
pub fn due(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let here = now.to_zoned(zone.clone());
    let due = if let Ok(span) = text.parse::<Span>() {
        // "1d" is the same hour tomorrow, whatever the clocks do tonight.
        let ms = span.total((jiff::Unit::Second, SpanRelativeTo::from(&here))).ok()?;
        now.checked_add(jiff::SignedDuration::from_secs(ms as i64)).ok()?
    } else if let Ok(moment) = text.parse::<DateTime>() {
        moment.to_zoned(zone.clone()).ok()?.timestamp()
    } else {
        let time: Time = text.parse().ok()?;
        let today = here.date().to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp();
        if today > now { today } else { today.checked_add(jiff::SignedDuration::from_hours(24)).ok()? }
    };
    (due > now).then_some(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_or_a_moment_is_understood_and_the_past_is_not() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2h", Some("2026-11-22T14:00:00Z")),
            ("90 minutes", Some("2026-11-22T13:30:00Z")),
            ("1d", Some("2026-11-23T12:00:00Z")),
            ("2026-11-24 18:00", Some("2026-11-24T18:00:00Z")),
            ("18:30", Some("2026-11-22T18:30:00Z")),
            ("11:00", Some("2026-11-23T11:00:00Z")),
            ("2026-11-21 18:00", None),
            ("-2h", None),
            ("soon", None),
            ("", None),
        ] {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(due(text, now, &TimeZone::UTC), expected, "{text}");
        }
    }
}
