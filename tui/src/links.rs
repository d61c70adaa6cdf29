//! Where a post leads: addresses, tags, people, the post that it quotes.

use crate::api::{Id, Status};

/// Links of one post that are offered: the protocol has 20 at most, other servers may have more.
const MOST: usize = 50;

/// Bytes of a post's HTML in which links are looked for, each time it is drawn whole.
const READ: usize = 128 * 1024;
/// Letters of an address that a terminal is told, which has to keep it in mind.
const LONGEST: usize = 2_000;

/// A place that a post leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// What it is called, as strangers wrote it.
    pub name: String,
    /// Its address, to be copied.
    pub address: String,
    pub leads: Leads,
}

/// What opens it.
#[derive(Debug, Clone, PartialEq)]
pub enum Leads {
    /// The person's program for addresses.
    Web(String),
    /// The timeline of a tag.
    Tag(String),
    /// Somebody's posts.
    Person(Id),
    /// A thread.
    Post(Box<Status>),
}

/// The links of a post, in the order of its text, each once. While its warning is closed, only those that do not tell what
/// is behind it.
pub fn of(post: &Status, closed: bool) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    if let Some(quoted) = post.quoted() {
        let address = quoted.url.clone().unwrap_or_else(|| quoted.uri.clone());
        let name = quoted.account.display_name.clone();
        links.push(Link { name, address, leads: Leads::Post(Box::new(quoted.clone())) });
    }
    if !closed {
        for address in addresses(post) {
            let held = |url: &Option<String>| url.as_deref() == Some(address.as_str());
            let leads = if let Some(tag) = post.tags.iter().find(|tag| same(&tag.url, &address)) {
                Leads::Tag(tag.name.clone())
            } else if let Some(mention) = post.mentions.iter().find(|mention| held(&mention.url)) {
                Leads::Person(mention.id.clone())
            } else {
                Leads::Web(address.clone())
            };
            let name = match &leads {
                Leads::Tag(tag) => format!("#{tag}"),
                Leads::Person(_) => {
                    let mention = post.mentions.iter().find(|mention| held(&mention.url));
                    mention.map(|mention| format!("@{}", mention.acct)).unwrap_or_default()
                }
                _ => address.clone(),
            };
            links.push(Link { name, address, leads });
        }
        for media in &post.media_attachments {
            if let Some(address) = media.url.clone().filter(|address| is_web(address)) {
                let name = media.description.clone().filter(|text| !text.is_empty());
                let name = name.unwrap_or_else(|| address.clone());
                links.push(Link { name, address: address.clone(), leads: Leads::Web(address) });
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    links.retain(|link| seen.insert(link.address.clone()));
    links.truncate(MOST);
    links
}

fn same(url: &str, address: &str) -> bool {
    url == address || url.to_lowercase() == address.to_lowercase()
}

/// Whether an address is one that a person's browser is given. Others would start who knows what.
pub fn is_web(address: &str) -> bool {
    let lower = address.get(..8.min(address.len())).unwrap_or_default().to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    web && !address.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Addresses in the text of a post that are told to the terminal as such: in plain letters, so that nothing in them is taken
/// for the end of what the terminal is told, or looks like something else.
pub fn plain_addresses(post: &Status) -> Vec<String> {
    let plain =
        |address: &String| address.len() <= LONGEST && address.bytes().all(|byte| byte.is_ascii_graphic());
    addresses(post).into_iter().filter(plain).collect()
}

/// The addresses in the text of a post: of its HTML, which every server gives.
pub fn addresses(post: &Status) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = &post.content[..post.content.floor_char_boundary(READ)];
    while let Some(at) = rest.find("href=").filter(|_| found.len() < MOST) {
        rest = &rest[at + 5..];
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some((address, after)) = rest[1..].split_once(quote) else { break };
        let address = address
            .replace("&amp;", "&")
            .replace("&#39;", "'")
            .replace("&#x27;", "'")
            .replace("&quot;", "\"");
        if is_web(&address) {
            found.push(address);
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Media, Mention, Quote, Tag};

    fn post() -> Status {
        Status {
            content: "<p><a href=\"https://a.example/?x=1&amp;y=2\">a</a> \
                <a class='tag' href='http://here/tags/Rust'>#Rust</a> <a href=\"http://here/@ada\">@ada</a> \
                <a href=\"javascript:alert(1)\">x</a> <a href=\"https://a.example/?x=1&amp;y=2\">again</a> \
                <a href=\"https://evil.example/\u{1b}]0;x\">y</a></p>"
                .into(),
            tags: vec![Tag { name: "Rust".into(), url: "http://here/tags/rust".into() }],
            mentions: vec![Mention {
                id: "7".into(),
                acct: "ada".into(),
                url: Some("http://here/@ada".into()),
            }],
            ..Status::default()
        }
    }

    #[test]
    fn links_are_found_each_once_and_only_those_that_are_safe_to_open() {
        let leads: Vec<Leads> = of(&post(), false).into_iter().map(|link| link.leads).collect();
        let web = Leads::Web("https://a.example/?x=1&y=2".into());
        assert_eq!(leads, [web, Leads::Tag("Rust".into()), Leads::Person("7".into())]);
        assert!(of(&post(), true).is_empty());
    }

    #[test]
    fn pictures_and_quotes_are_places_too() {
        let quoted = Status { id: "q".into(), url: Some("http://here/q".into()), ..Status::default() };
        let picture = Media {
            url: Some("http://here/a.png".into()),
            description: Some("A bird".into()),
            ..Media::default()
        };
        let post = Status {
            quote: Some(Box::new(Quote { quoted_status: Some(quoted), ..Quote::default() })),
            media_attachments: vec![picture],
            ..Status::default()
        };
        let links = of(&post, false);
        assert_eq!((links.len(), links[1].name.as_str()), (2, "A bird"));
        assert!(matches!(&links[0].leads, Leads::Post(post) if post.id == "q"));
    }

    #[test]
    fn only_the_web_is_opened() {
        for (address, web) in [
            ("https://a.example", true),
            ("HTTP://a.example", true),
            ("file:///etc/passwd", false),
            ("javascript:x", false),
            ("https://a b", false),
            ("", false),
            ("é", false),
        ] {
            assert_eq!(is_web(address), web, "{address}");
        }
    }
}
