//! Windows on a timeline: Mastodon's parameters in, its `Link` header out.
//!
//! `max_id` walks down into the past; `since_id` gives the newest above an entry; `min_id` the page
//! just above one, which is how a client fills a gap. Pages hang on entries, never on numbers, so
//! nothing is skipped or shown twice when something new arrives in between.

use axum::http::HeaderValue;
use starling_protocol::EntryId;

use super::{error::Error, input::Params};
use crate::view::Page;

/// Posts on a page if nobody says how many.
pub(super) const DEFAULT: usize = 20;
/// Posts on a page at most: clients ask for 40, and a page is built in memory.
const MOST: usize = 80;

/// The page that the parameters ask for.
pub(super) fn page(params: &Params) -> Result<Page, Error> {
    Ok(Page {
        max: params.parse::<EntryId>("max_id")?,
        since: params.parse::<EntryId>("since_id")?,
        min: params.parse::<EntryId>("min_id")?,
        limit: params.parse("limit")?.unwrap_or(DEFAULT).clamp(1, MOST),
    })
}

/// `Link` (RFC 8288) to the pages around one that begins and ends with these entries. All other
/// parameters stay.
pub(super) fn link<T: std::fmt::Display>(
    base: &str,
    path: &str,
    params: &Params,
    ends: (T, T),
) -> Option<HeaderValue> {
    let kept: String = params
        .0
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "max_id" | "since_id" | "min_id"))
        .map(|(name, value)| format!("{}={}&", encoded(name), encoded(value)))
        .collect();
    let (newest, oldest) = ends;
    let next = format!("<{base}{path}?{kept}max_id={oldest}>; rel=\"next\"");
    let previous = format!("<{base}{path}?{kept}min_id={newest}>; rel=\"prev\"");
    HeaderValue::try_from(format!("{next}, {previous}")).ok()
}

/// Percent-encoding of all but unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    #[test]
    fn a_page_is_what_was_asked_for_and_never_all() {
        let id = EntryId::new([7; 32]);
        let asked = page(&params(&[("max_id", &id.to_string()), ("limit", "5")])).unwrap();
        assert_eq!((asked.max, asked.min, asked.since, asked.limit), (Some(id), None, None, 5));
        for (limit, given) in [("0", 1), ("81", MOST), ("18446744073709551615", MOST)] {
            assert_eq!(page(&params(&[("limit", limit)])).unwrap().limit, given);
        }
        assert_eq!(page(&params(&[])).unwrap().limit, DEFAULT);
        for wrong in [("limit", "-1"), ("limit", "many"), ("max_id", "1234"), ("min_id", "star1q")] {
            assert!(matches!(page(&params(&[wrong])), Err(Error::Invalid(_))), "{wrong:?}");
        }
    }

    #[test]
    fn neighbouring_pages_are_linked_with_the_same_filters() {
        let (new, old) = (EntryId::new([9; 32]), EntryId::new([1; 32]));
        let params = params(&[("limit", "2"), ("tagged", "a&b\r\n"), ("max_id", "x")]);
        let link = link("http://localhost:1", "/api/v1/timelines/home", &params, (new, old)).unwrap();
        let at = "http://localhost:1/api/v1/timelines/home?limit=2&tagged=a%26b%0D%0A&";
        let expected = format!("<{at}max_id={old}>; rel=\"next\", <{at}min_id={new}>; rel=\"prev\"");
        assert_eq!(link, expected.as_str());
    }
}
