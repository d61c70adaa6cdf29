//! Windows on a timeline: Mastodon's parameters in, its `Link` header out.
//!
//! `max_id` walks down into the past; `since_id` gives the newest above an entry; `min_id` the page
//! just above one, which is how a client fills a gap. Pages hang on entries, never on numbers, so
//! nothing is skipped or shown twice when something new arrives in between.

use std::{cmp::Reverse, fmt::Display};

use axum::http::{HeaderMap, HeaderValue, header};
use starling_protocol::EntryId;

use super::{error::Error, html::encoded, input::Params};
use crate::{store::Window, view::Page};

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

/// `Link` (RFC 8288) to the pages above `newest` and, if there are any, below `oldest`. All other parameters stay.
pub(super) fn link_to<T: Display>(
    base: &str,
    path: &str,
    params: &Params,
    newest: &T,
    oldest: Option<&T>,
) -> Option<HeaderValue> {
    let kept: String = params
        .0
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "max_id" | "since_id" | "min_id"))
        .map(|(name, value)| format!("{}={}&", encoded(name), encoded(value)))
        .collect();
    // Some clients want `next` to be the first.
    let next = oldest.map(|oldest| format!("<{base}{path}?{kept}max_id={oldest}>; rel=\"next\", "));
    let previous = format!("<{base}{path}?{kept}min_id={newest}>; rel=\"prev\"");
    HeaderValue::try_from(next.unwrap_or_default() + &previous).ok()
}

/// A page of things that have numbers.
pub(super) struct Numbers {
    pub max: Option<u64>,
    pub since: Option<u64>,
    pub min: Option<u64>,
    pub limit: usize,
}

/// The page that the parameters ask for.
pub(super) fn numbers(params: &Params) -> Result<Numbers, Error> {
    Ok(Numbers {
        max: params.parse("max_id")?,
        since: params.parse("since_id")?,
        min: params.parse("min_id")?,
        limit: params.parse("limit")?.unwrap_or(DEFAULT).clamp(1, MOST),
    })
}

/// The headers of an answer with this link, if there is one.
pub(super) fn headers(link: Option<HeaderValue>) -> HeaderMap {
    link.map(|link| (header::LINK, link)).into_iter().collect()
}

/// `Link` around a window on a line of posts.
pub(super) fn window(base: &str, path: &str, params: &Params, window: &Window) -> HeaderMap {
    let Some((newest, oldest)) = &window.ends else { return HeaderMap::new() };
    // Read upwards, what is below is known to be there.
    let more = window.more || params.get("min_id").is_some();
    let link = link_to(base, path, params, newest, more.then_some(oldest));
    headers(link)
}

/// A page of things that are ordered by a number which is no id of theirs, the highest first.
pub(super) fn numbered<T>(
    base: &str,
    path: &str,
    params: &Params,
    all: Vec<(u64, T)>,
) -> Result<(HeaderMap, Vec<T>), Error> {
    numbered_up_to(base, path, params, all, MOST)
}

/// The same, with as many on a page as `most` if that is asked for.
pub(super) fn numbered_up_to<T>(
    base: &str,
    path: &str,
    params: &Params,
    mut all: Vec<(u64, T)>,
    most: usize,
) -> Result<(HeaderMap, Vec<T>), Error> {
    all.sort_by_key(|(number, _)| Reverse(*number));
    let limit = params.parse("limit")?.unwrap_or(DEFAULT).clamp(1, most);
    let (max, min) = (params.parse::<u64>("max_id")?, params.parse::<u64>("min_id")?);
    let above = min.or(params.parse("since_id")?);
    all.retain(|(number, _)| {
        max.is_none_or(|max| *number < max) && above.is_none_or(|above| *number > above)
    });
    let skipped = if min.is_some() { all.len().saturating_sub(limit) } else { 0 };
    let more = all.len() > skipped + limit || min.is_some();
    let page: Vec<(u64, T)> = all.into_iter().skip(skipped).take(limit).collect();
    let ends = page.first().zip(page.last());
    let link = ends
        .and_then(|((newest, _), (oldest, _))| link_to(base, path, params, newest, more.then_some(oldest)));
    Ok((headers(link), page.into_iter().map(|(_, thing)| thing).collect()))
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
        let link =
            link_to("http://localhost:1", "/api/v1/timelines/home", &params, &new, Some(&old)).unwrap();
        let at = "http://localhost:1/api/v1/timelines/home?limit=2&tagged=a%26b%0D%0A&";
        let expected = format!("<{at}max_id={old}>; rel=\"next\", <{at}min_id={new}>; rel=\"prev\"");
        assert_eq!(link, expected.as_str());
    }
}
