//! Addresses, tags and people in a text, as links. A text is a stranger's: what becomes a link is only what the post
//! itself names as a tag or a person, and addresses of the web, and all of it is escaped.

use super::escape;

/// What a word of a text leads to.
pub(in crate::http) trait Leads {
    /// The address of a tag, if the post carries it.
    fn tag(&self, name: &str) -> Option<String>;
    /// The address of a person whom the post names, and what to show for them.
    fn person(&self, id: &str) -> Option<(String, String)>;
}

/// Appends one line of a text.
pub(super) fn line(text: &str, leads: &impl Leads, html: &mut String) {
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let free = !before.is_some_and(in_word);
        let length = match c {
            'h' if free => address(rest, html),
            '#' if free && !matches!(before, Some('#' | '/' | '&')) => tag(rest, leads, html),
            '@' if free && before != Some('@') => person(rest, leads, html),
            _ => None,
        };
        let length = length.unwrap_or_else(|| {
            // Up to the next thing that may be one.
            let next = rest.char_indices().skip(1).find(|(_, c)| matches!(c, 'h' | '#' | '@'));
            let end = next.map_or(rest.len(), |(at, _)| at);
            escape(&rest[..end], html);
            end
        });
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

fn word(text: &str) -> &str {
    &text[..text.find(|c| !in_word(c)).unwrap_or(text.len())]
}

/// An address of the web at the beginning of `text`; how long it is.
fn address(text: &str, html: &mut String) -> Option<usize> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    host.chars().next().filter(|c| c.is_alphanumeric() || *c == '[')?;
    let end =
        text.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"`".contains(c)).unwrap_or(text.len());
    let mut address = &text[..end];
    // What ends a sentence, or closes a bracket that was opened before, is no part of it.
    while let Some(last) = address.chars().next_back() {
        let count = |c: char| address.chars().filter(|held| *held == c).count();
        let outside = match last {
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            last => ".,;:!?'*_~…".contains(last),
        };
        if !outside {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    html.push_str("<a href=\"");
    escape(address, html);
    html.push_str("\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">");
    escape(address, html);
    html.push_str("</a>");
    Some(address.len())
}

fn tag(text: &str, leads: &impl Leads, html: &mut String) -> Option<usize> {
    let name = word(&text[1..]);
    let at = leads.tag(name).filter(|_| !name.is_empty())?;
    html.push_str("<a href=\"");
    escape(&at, html);
    html.push_str("\" class=\"mention hashtag\" rel=\"tag\">#<span>");
    escape(name, html);
    html.push_str("</span></a>");
    Some(1 + name.len())
}

fn person(text: &str, leads: &impl Leads, html: &mut String) -> Option<usize> {
    let id = word(&text[1..]);
    let (at, name) = leads.person(id)?;
    html.push_str("<span class=\"h-card\"><a href=\"");
    escape(&at, html);
    html.push_str("\" class=\"u-url mention\">@<span>");
    escape(&name, html);
    html.push_str("</span></a></span>");
    Some(1 + id.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Leads for Known {
        fn tag(&self, name: &str) -> Option<String> {
            ["rust", "été"].contains(&name).then(|| format!("/t/{name}"))
        }

        fn person(&self, id: &str) -> Option<(String, String)> {
            (id == "star1x").then(|| ("/@star1x".into(), "Ada <3".into()))
        }
    }

    fn linked(text: &str) -> String {
        let mut html = String::new();
        line(text, &Known, &mut html);
        html
    }

    fn web(address: &str) -> String {
        format!("<a href=\"{address}\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">{address}</a>")
    }

    #[test]
    fn addresses_end_where_sentences_do() {
        for (text, address, rest) in [
            ("http://a.example", "http://a.example", ""),
            ("https://a.example/x_(y).", "https://a.example/x_(y)", "."),
            ("https://a.example/x)", "https://a.example/x", ")"),
            ("https://a.example/?q=1#part, ok", "https://a.example/?q=1#part", ", ok"),
            ("https://ñandú.example/ü!", "https://ñandú.example/ü", "!"),
        ] {
            assert_eq!(linked(text), format!("{}{rest}", web(address)), "{text}");
        }
        assert_eq!(linked("see (https://a.example)"), format!("see ({})", web("https://a.example")));
        for plain in ["http:// x", "xhttp://a.example", "https://", "h", "hello there"] {
            assert_eq!(linked(plain), plain);
        }
    }

    #[test]
    fn only_what_is_named_is_a_link() {
        let tag = "<a href=\"/t/rust\" class=\"mention hashtag\" rel=\"tag\">#<span>rust</span></a>";
        assert_eq!(linked("#rust"), tag);
        assert_eq!(linked("(#rust)#rust"), format!("({tag}){tag}"));
        assert!(linked("#été!").contains("<span>été</span></a>!"));
        let ada = "<span class=\"h-card\"><a href=\"/@star1x\" class=\"u-url mention\">@<span>Ada &lt;3</span></a></span>";
        assert_eq!(linked("hi @star1x."), format!("hi {ada}."));
        for plain in ["#other", "a#rust", "##rust", "/#rust", "@star1y", "mail@star1x", "#", "@", "@@star1x"]
        {
            assert_eq!(linked(plain), plain);
        }
    }

    #[test]
    fn no_text_breaks_out_of_a_link() {
        let hostile = "https://a.example/'onclick=alert(1)//&\"><script> #rust\" @star1x<";
        let html = linked(hostile);
        assert!(!html.contains("<script") && !html.contains("&\""), "{html}");
        assert!(html.contains("https://a.example/&#39;onclick"), "{html}");
        let scheme = linked("javascript:alert(1) data:text/html,x");
        assert!(!scheme.contains("href"), "{scheme}");
    }
}
