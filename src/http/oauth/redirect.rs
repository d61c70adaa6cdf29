//! Where a program may have the person sent back to.
//!
//! What is asked for must be what was registered, letter for letter: whoever could choose another address would be sent
//! the code. Only the port of a loopback address may differ (RFC 8252 §7.3), because a program on this machine cannot
//! know beforehand which one is free.

use axum::http::{Uri, uri::Authority};

/// The code is shown on the page, for the person to carry over.
pub(super) const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
/// Bytes of an address, and how many of them: Mastodon's bound for all of them together.
const BYTES: usize = 2_000;
const MOST: usize = 16;
/// What a browser would not take as an address to go to, but as something to execute or to open.
const NEVER: [&str; 7] = ["javascript", "data", "vbscript", "file", "blob", "about", "view-source"];

/// Reads what a program registers: one a line. What is wrong with it, if anything.
pub(super) fn parse(text: &str) -> Result<Vec<String>, &'static str> {
    let redirects: Vec<String> = text.split_whitespace().map(String::from).collect();
    if redirects.is_empty() {
        return Err("Redirect URI can't be blank");
    }
    if text.len() > BYTES || redirects.len() > MOST {
        return Err("Redirect URI is too long");
    }
    if redirects.iter().any(|redirect| !is_good(redirect)) {
        return Err("Redirect URI must be an absolute URI without fragment");
    }
    Ok(redirects)
}

fn is_good(redirect: &str) -> bool {
    let Some((scheme, rest)) = redirect.split_once(':') else { return false };
    let letters =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    redirect == OUT_OF_BAND
        || scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && letters(scheme)
            && !NEVER.iter().any(|never| scheme.eq_ignore_ascii_case(never))
            && redirect.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte))
            && (!is_web(scheme) || host(redirect).is_some())
            && !rest.is_empty()
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// Host and port of a web address that names nobody on the way (`https://known.example@evil.example`).
pub(super) fn host(redirect: &str) -> Option<Authority> {
    let uri: Uri = redirect.parse().ok()?;
    let authority = uri.authority()?;
    (is_web(uri.scheme_str()?) && !authority.as_str().contains('@')).then(|| authority.clone())
}

/// Whether `asked` is among the registered ones.
pub(super) fn is_registered(asked: &str, registered: &[String]) -> bool {
    registered.iter().any(|known| {
        let same = known == asked;
        same || matches!((without_port(known), without_port(asked)), (Some(known), Some(asked)) if known == asked)
    })
}

/// A loopback address without its port; the rest as it is.
fn without_port(redirect: &str) -> Option<(&str, &str)> {
    let rest = redirect.strip_prefix("http://")?;
    let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let name = ["127.0.0.1", "[::1]"].into_iter().find(|name| place.starts_with(name))?;
    let port = &place[name.len()..];
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_port.then_some((name, path))
}

/// The address with these added to its query.
pub(super) fn with(redirect: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = redirect.to_owned();
    for (name, value) in pairs {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    address.push(char::from(byte));
                }
                byte => address.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_an_address() {
        for good in [
            OUT_OF_BAND,
            "https://elk.example/api/callback?x=1",
            "http://127.0.0.1:8080",
            "ivory://callback",
            "com.example.app:/oauth",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        assert_eq!(parse("https://a.example/\nb://c\r\n").unwrap(), ["https://a.example/", "b://c"]);
        for bad in [
            "",
            " \n",
            "/relative",
            "a.example/x",
            "https://a.example/#x",
            "https://",
            "https:/a",
            "https://known.example@evil.example/",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "1a://b",
            "a:",
            "https://ä.example",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"https://a.example/x\n".repeat(17)).is_err());
    }

    #[test]
    fn only_what_is_registered_is_gone_to() {
        let known = ["https://a.example/back", "http://127.0.0.1:80/in", "http://[::1]/in"].map(String::from);
        for good in
            ["https://a.example/back", "http://127.0.0.1:4711/in", "http://127.0.0.1/in", "http://[::1]:1/in"]
        {
            assert!(is_registered(good, &known), "{good}");
        }
        for bad in [
            "https://a.example/back/",
            "https://a.example/back?x",
            "https://a.example:444/back",
            "https://A.example/back",
            "https://b.example/back",
            "http://127.0.0.1/other",
            "http://127.0.0.1:1@evil.example/in",
            "http://127.0.0.1.evil.example/in",
            "http://127.0.0.12/in",
            "https://127.0.0.1:80/in",
            "http://localhost/in",
            "http://127.0.0.1:99999/in",
            "",
        ] {
            assert!(!is_registered(bad, &known), "{bad}");
        }
    }

    #[test]
    fn what_is_added_stays_in_the_query() {
        assert_eq!(with("a://b", &[("code", "x"), ("state", "&= é")]), "a://b?code=x&state=%26%3D%20%C3%A9");
        assert_eq!(with("a://b?c", &[("d", "e")]), "a://b?c&d=e");
    }
}
