//! Who asks: a program, and what it was let in for.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;

use super::route::Needs;
use crate::store::kept::program::Token;

/// How long requests are counted before the count begins anew: Mastodon's five minutes, which clients know.
const WINDOW: u64 = 5 * 60 * 1000;

/// A program that showed a token that is good.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// Names the token among all that were given out; 0 is the home's own.
    token: u64,
    scopes: Vec<String>,
    program: Option<Program>,
    person: bool,
    /// When it was last used, as far as that was noted.
    used: AtomicU64,
    /// When the window began, and the requests in it.
    spent: Mutex<(u64, u64)>,
    /// True once the token is good no longer.
    ended: watch::Sender<bool>,
}

/// What a program says of itself.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// Its client id; none if the person made the token on the command line.
    pub client: Option<String>,
    pub name: String,
    pub website: Option<String>,
}

/// How many requests a token has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// In a window.
    pub limit: u64,
    /// In this one.
    pub left: u64,
    /// When the next begins, in milliseconds since 1970.
    pub reset: u64,
    /// Whether this request was one too many.
    pub over: bool,
}

impl Caller {
    /// The person's own command line, which knows the home's token and may do all.
    pub(super) fn owner() -> Self {
        let scopes = ["read", "write", "follow", "push", "profile", "starling:owner"];
        Self::new(0, scopes.map(String::from).to_vec())
    }

    /// A program with a token of its own.
    pub(super) fn new(token: u64, scopes: Vec<String>) -> Self {
        Self::with(token, scopes, None, true, 0)
    }

    /// All those together who are not known. They have nothing but a budget.
    pub(super) fn strangers() -> Self {
        Self::with(u64::MAX, Vec::new(), None, false, 0)
    }

    /// The program that a token was given to.
    pub(super) fn of(token: &Token) -> Self {
        let program = Program {
            client: token.client.clone(),
            name: token.name.clone(),
            website: token.website.clone(),
        };
        Self::with(token.number, token.scopes.clone(), Some(program), token.person, token.used)
    }

    fn with(token: u64, scopes: Vec<String>, program: Option<Program>, person: bool, used: u64) -> Self {
        let (spent, (ended, _)) = (Mutex::default(), watch::channel(false));
        let used = AtomicU64::new(used);
        Self(Arc::new(Known { token, scopes, program, person, used, spent, ended }))
    }

    /// Which token was shown.
    pub(super) fn token(&self) -> u64 {
        self.0.token
    }

    /// What the program was let in for.
    pub(super) fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// What the program says of itself; nothing is known of the command line.
    pub(super) fn program(&self) -> Option<&Program> {
        self.0.program.as_ref()
    }

    /// Whether the person let it in. A program that only showed its own secret proves who it is, not that it may see
    /// what is the person's.
    pub(super) fn is_let_in(&self) -> bool {
        self.0.person
    }

    /// When it was last used, as far as that was noted.
    pub(super) fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Whether its use was not noted for as long as this. Only one of those who ask is told so.
    pub(super) fn is_unnoted(&self, now: u64, long: u64) -> bool {
        let used = self.used();
        let unnoted = self.0.token != 0 && now.saturating_sub(used) >= long;
        unnoted && self.0.used.compare_exchange(used, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether it may use what needs this.
    pub(super) fn may(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing | Needs::Program => true,
            Needs::Token => self.0.person,
            Needs::Scope(scope) => self.0.person && self.0.scopes.iter().any(|held| covers(held, scope)),
        }
    }

    /// Counts a request. The person's own command line is not counted.
    pub(super) fn spend(&self, now: u64, limit: u64) -> Option<Budget> {
        if self.0.token == 0 || limit == 0 {
            return None;
        }
        let mut spent = self.0.spent.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back begins a window as well: nobody waits for the old one to come again.
        if spent.1 == 0 || !(spent.0..spent.0 + WINDOW).contains(&now) {
            *spent = (now, 0);
        }
        spent.1 += 1;
        let (reset, over) = (spent.0 + WINDOW, spent.1 > limit);
        Some(Budget { limit, left: limit.saturating_sub(spent.1), reset, over })
    }

    /// The token is good no longer: whoever still speaks for it has to end.
    pub(super) fn end(&self) {
        self.0.ended.send_replace(true);
    }

    /// Waits until the token is good no longer.
    pub(super) async fn ended(&self) {
        // The sender lives as long as this does.
        let _ = self.0.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

/// Whether a scope that is held is the one that is needed, or one that holds it (Mastodon's hierarchy).
pub(super) fn covers(held: &str, needed: &str) -> bool {
    let within = |whole: &str| needed.strip_prefix(whole).is_some_and(|rest| rest.starts_with(':'));
    let both = |whole: &str, parts: &[&str]| held == whole && parts.contains(&needed);
    held == needed || within(held) || both("follow", &FOLLOW) || both("read", &["profile"])
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
            ("read", "profile", true),
            ("profile", "read:accounts", false),
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

    #[test]
    fn a_program_that_the_person_did_not_let_in_sees_nothing_of_theirs() {
        let program = Caller::with(1, vec!["read".into()], None, false, 0);
        assert!(program.may(Needs::Program) && program.may(Needs::Nothing));
        assert!(!program.may(Needs::Token) && !program.may(Needs::Scope("read:statuses")));
    }

    #[test]
    fn a_budget_is_spent_and_comes_back() {
        let caller = Caller::new(1, Vec::new());
        let spent = |now| caller.spend(now, 2).unwrap();
        assert_eq!(spent(1_000), Budget { limit: 2, left: 1, reset: 1_000 + WINDOW, over: false });
        assert_eq!((spent(1_001).left, spent(1_002).over), (0, true));
        assert_eq!(spent(1_000 + WINDOW).left, 1);
        assert_eq!(spent(0).left, 1);
        assert!(Caller::owner().spend(0, 1).is_none() && caller.spend(0, 0).is_none());
    }

    #[tokio::test]
    async fn who_holds_a_caller_hears_of_its_end() {
        let caller = Caller::new(1, Vec::new());
        let held = caller.clone();
        let hears = tokio::spawn(async move { held.ended().await });
        caller.end();
        hears.await.unwrap();
    }
}
