//! Who asks: a program, and what it was let in for.

use std::sync::Arc;

use super::route::Needs;

/// A program that showed a token that is good.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// Names the token among all that were given out; 0 is the home's own.
    token: u64,
    scopes: Vec<String>,
}

impl Caller {
    /// The person's own command line, which knows the home's token and may do all.
    pub(super) fn owner() -> Self {
        let scopes = ["read", "write", "follow", "push", "profile", "starling:owner"];
        Self::new(0, scopes.map(String::from).to_vec())
    }

    /// A program with a token of its own.
    pub(super) fn new(token: u64, scopes: Vec<String>) -> Self {
        Self(Arc::new(Known { token, scopes }))
    }

    /// Which token was shown.
    pub(super) fn token(&self) -> u64 {
        self.0.token
    }

    /// What the program was let in for.
    pub(super) fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Whether it may use what needs this.
    pub(super) fn may(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing | Needs::Token => true,
            Needs::Scope(scope) => self.0.scopes.iter().any(|held| covers(held, scope)),
        }
    }
}

/// Whether a scope that is held is the one that is needed, or one that holds it (Mastodon's hierarchy).
fn covers(held: &str, needed: &str) -> bool {
    let within = |whole: &str| needed.strip_prefix(whole).is_some_and(|rest| rest.starts_with(':'));
    held == needed || within(held) || held == "follow" && FOLLOW.contains(&needed)
}

/// What the old scope `follow` holds.
const FOLLOW: [&str; 6] =
    ["read:blocks", "read:follows", "read:mutes", "write:blocks", "write:follows", "write:mutes"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_scope_holds_the_narrow_ones_and_no_others() {
        for (held, needed, expected) in [
            ("read", "read:statuses", true),
            ("read", "read", true),
            ("read:statuses", "read", false),
            ("read:statuses", "read:status", false),
            ("read", "readall", false),
            ("write", "read:statuses", false),
            ("follow", "write:follows", true),
            ("follow", "write:statuses", false),
            ("write", "starling:owner", false),
        ] {
            assert_eq!(covers(held, needed), expected, "{held} {needed}");
        }
        assert!(Caller::owner().may(Needs::Scope("write:media")));
        assert!(!Caller::new(1, Vec::new()).may(Needs::Scope("read:lists")));
        assert!(Caller::new(1, Vec::new()).may(Needs::Token));
    }
}
