//! What a program may be let in for: Mastodon's scopes, and what they mean in words.

use super::Refused;
use crate::http::caller::covers;

/// What is asked for when nothing is said.
const DEFAULT: &str = "read";

/// Every scope that a program can have, with what it means to the person. What administers a server is missing: there
/// is nobody to administer.
pub(super) const SCOPES: [(&str, &str); 31] = [
    ("profile", "know who you are"),
    ("read", "read everything that you can read"),
    ("read:accounts", "see people's profiles"),
    ("read:blocks", "see whom you block"),
    ("read:bookmarks", "see your bookmarks"),
    ("read:collections", "see your collections"),
    ("read:favourites", "see what you like"),
    ("read:filters", "see your filters"),
    ("read:follows", "see whom you follow"),
    ("read:lists", "see your lists"),
    ("read:mutes", "see whom you mute"),
    ("read:notifications", "see your notifications"),
    ("read:search", "search for you"),
    ("read:statuses", "see all posts that you can see"),
    ("write", "do everything that you can do: post, delete, follow, change your profile"),
    ("write:accounts", "change your profile"),
    ("write:blocks", "block people"),
    ("write:bookmarks", "bookmark posts"),
    ("write:collections", "change your collections"),
    ("write:conversations", "mute and delete conversations"),
    ("write:favourites", "like posts"),
    ("write:filters", "change your filters"),
    ("write:follows", "follow people, and follow them no longer"),
    ("write:lists", "change your lists"),
    ("write:media", "upload files"),
    ("write:mutes", "mute people and conversations"),
    ("write:notifications", "dismiss your notifications"),
    ("write:reports", "report people"),
    ("write:statuses", "post, edit and delete posts"),
    ("follow", "change whom you follow, block and mute"),
    ("push", "send you notifications"),
];

/// Reads a list of scopes, separated by blanks; each once, and at least one.
pub(super) fn parse(text: Option<&str>) -> Result<Vec<String>, Refused> {
    let mut scopes = Vec::new();
    for scope in text.unwrap_or_default().split_whitespace() {
        if !SCOPES.iter().any(|(known, _)| *known == scope) {
            return Err(Refused::scope("The requested scope is invalid, unknown, or malformed"));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if scopes.is_empty() {
        scopes.push(DEFAULT.to_owned());
    }
    Ok(scopes)
}

/// Checks that what is asked for is within what was registered.
pub(super) fn within(asked: &[String], registered: &[String]) -> Result<(), Refused> {
    match asked.iter().find(|asked| !registered.iter().any(|held| covers(held, asked))) {
        Some(_) => Err(Refused::scope("The requested scope is invalid, unknown, or malformed")),
        None => Ok(()),
    }
}

/// What a scope means to the person.
pub(super) fn words(scope: &str) -> &'static str {
    SCOPES.iter().find(|(known, _)| *known == scope).map_or("", |(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_and_named_once() {
        assert_eq!(parse(None).ok().unwrap(), ["read"]);
        assert_eq!(
            parse(Some(" write:statuses  read write:statuses ")).ok().unwrap(),
            ["write:statuses", "read"]
        );
        for wrong in ["admin:read", "starling:owner", "reader", "read:", "READ"] {
            assert!(parse(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_given_that_was_not_registered() {
        let all = |scopes: &[&str]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(within(&all(&["read:lists", "read"]), &all(&["read"])).is_ok());
        assert!(within(&all(&["read"]), &all(&["read:lists"])).is_err());
        assert!(within(&all(&["read", "write"]), &all(&["read"])).is_err());
    }
}
