//! Plain text as the little HTML that Mastodon clients expect in `content` and `note`.
//!
//! Nothing of a stranger's text is markup: every character that HTML knows is escaped, and the only elements are `<p>`,
//! `<br>`, and in posts the links that [`links`] makes.

pub(super) mod links;

use links::Leads;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Paragraphs where blank lines are, line breaks where single ones are.
pub(super) fn paragraphs(text: &str) -> String {
    lines(text, escape)
}

/// The same, with links.
pub(super) fn linked(text: &str, leads: &impl Leads) -> String {
    lines(text, |line, html| links::line(line, leads, html))
}

fn lines(text: &str, append: impl Fn(&str, &mut String)) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let (mut open, mut breaks) = (false, 0);
    for line in text.lines() {
        if line.trim().is_empty() {
            breaks += 2;
            continue;
        }
        match (open, breaks) {
            (false, _) => html.push_str("<p>"),
            (true, 1) => html.push_str("<br>"),
            (true, _) => html.push_str("</p><p>"),
        }
        append(line, &mut html);
        (open, breaks) = (true, 1);
    }
    if open {
        html.push_str("</p>");
    }
    html
}

/// Text between tags or in a quoted attribute.
pub(super) fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\0' => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
}

/// Percent-encoding of all but unreserved characters (RFC 3986 §2.3).
pub(super) fn encoded(text: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_paragraphs_stay() {
        let cases = [
            ("", ""),
            ("one", "<p>one</p>"),
            ("one\ntwo", "<p>one<br>two</p>"),
            ("one\r\n\r\ntwo\n", "<p>one</p><p>two</p>"),
            ("\n\n one\n \n\n\ntwo\nthree", "<p> one</p><p>two<br>three</p>"),
        ];
        for (text, html) in cases {
            assert_eq!(paragraphs(text), html, "{text:?}");
        }
    }

    #[test]
    fn nothing_of_a_stranger_is_markup() {
        let hostile = "<script>alert('x')</script> & <img src=\"x\" onerror=y>\n</p>&lt;";
        let html = paragraphs(hostile);
        let tags: Vec<_> = html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()).collect();
        assert_eq!(tags, ["p", "br", "/p"]);
        assert!(!html.contains(['"', '\'']));
        assert!(html.contains("&amp;lt;"));
    }
}
