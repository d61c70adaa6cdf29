//! Programs that wait for the person's yes, and codes that wait for their program. In memory only: a node that is started
//! again is asked again.

use std::sync::{Mutex, PoisonError};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Refused, redirect::OUT_OF_BAND};
use crate::http::{Error, tokens};

/// Programs that wait at once: more than a person has open. The oldest goes.
const WAITING: usize = 64;
/// How long a request waits, and how long its code is good afterwards: RFC 6749 §4.1.2 recommends no more.
const PATIENCE: u64 = 10 * 60 * 1000;
/// Letters of what a person types: no vowels, so that no words come out of it, and nothing that looks like a digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What waits.
#[derive(Debug, Default)]
pub(in crate::http) struct Waiting(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    asked: Vec<Asked>,
    codes: Vec<Code>,
}

/// A program that asks to be let in.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// What the person calls it by in a terminal: eight letters.
    pub word: String,
    /// What its page continues it by.
    pub ticket: String,
    pub grant: Grant,
    /// What the program wants back with the answer.
    pub state: Option<String>,
    pub at: u64,
    /// The code, once the person said yes.
    pub code: Option<String>,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub client: String,
    pub name: String,
    pub website: Option<String>,
    pub redirect: String,
    pub scopes: Vec<String>,
    /// The SHA-256 that the program's verifier must have, in base64url.
    pub challenge: Option<String>,
}

#[derive(Debug)]
struct Code {
    hash: [u8; 32],
    grant: Grant,
    at: u64,
    /// Whether it was brought, and the number of the token that it was exchanged for.
    used: bool,
    token: Option<u64>,
}

/// What came of a code.
pub(super) enum Redeemed {
    /// It is good, and used now.
    Good(Grant),
    /// It was used before, for this token: somebody has stolen it, one or the other time.
    Again(Option<u64>),
}

impl Asked {
    /// Whether the code is to be shown instead of sent.
    pub(super) fn is_out_of_band(&self) -> bool {
        self.grant.redirect == OUT_OF_BAND
    }
}

impl Waiting {
    fn held(&self, now: u64) -> std::sync::MutexGuard<'_, Held> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.asked.retain(|asked| now.saturating_sub(asked.at) < PATIENCE);
        held.codes.retain(|code| now.saturating_sub(code.at) < PATIENCE);
        held
    }

    /// A program asks.
    pub(super) fn ask(&self, grant: Grant, state: Option<String>, now: u64) -> Result<Asked, Error> {
        let (word, ticket) = (word()?, tokens::secret()?);
        let asked = Asked { word, ticket, grant, state, at: now, code: None };
        let mut held = self.held(now);
        if held.asked.len() >= WAITING {
            held.asked.remove(0);
        }
        held.asked.push(asked.clone());
        Ok(asked)
    }

    /// What the page with this ticket asked for. Once there is a code it is taken from here: it is shown or sent once.
    pub(super) fn proceed(&self, ticket: &str, now: u64) -> Option<Asked> {
        let mut held = self.held(now);
        let found = held.asked.iter().position(|asked| same(&asked.ticket, ticket))?;
        if held.asked[found].code.is_some() {
            return Some(held.asked.remove(found));
        }
        held.asked.get(found).cloned()
    }

    /// The person says no on the page.
    pub(super) fn decline(&self, ticket: &str, now: u64) -> Option<Asked> {
        let mut held = self.held(now);
        let found = held.asked.iter().position(|asked| same(&asked.ticket, ticket))?;
        Some(held.asked.remove(found))
    }

    /// What the person calls by these letters.
    pub(super) fn find(&self, word: &str, now: u64) -> Option<Asked> {
        let word = plain(word);
        self.held(now).asked.iter().find(|asked| plain(&asked.word) == word).cloned()
    }

    /// All that waits.
    pub(super) fn list(&self, now: u64) -> Vec<Asked> {
        self.held(now).asked.clone()
    }

    /// The person says yes in a terminal. Saying it twice is once.
    pub(super) fn approve(&self, word: &str, now: u64) -> Result<Option<Asked>, Error> {
        let (word, code) = (plain(word), tokens::secret()?);
        let mut held = self.held(now);
        let Some(asked) = held.asked.iter_mut().find(|asked| plain(&asked.word) == word) else {
            return Ok(None);
        };
        if asked.code.is_none() {
            asked.code = Some(code.clone());
            let asked = asked.clone();
            let grant = asked.grant.clone();
            held.codes.push(Code { hash: tokens::hash(&code), grant, at: now, used: false, token: None });
            return Ok(Some(asked));
        }
        Ok(Some(asked.clone()))
    }

    /// A program brings a code. Whatever is wrong with it, a code that was brought is used up.
    pub(super) fn redeem(
        &self,
        code: &str,
        client: &str,
        redirect: &str,
        verifier: Option<&str>,
        now: u64,
    ) -> Result<Redeemed, Refused> {
        let hash = tokens::hash(code);
        let mut held = self.held(now);
        let found = held.codes.iter_mut().find(|held| held.hash == hash).ok_or(Refused::grant())?;
        if found.grant.client != client {
            // Not theirs: it stays good for the program that it was given to.
            return Err(Refused::grant());
        }
        if found.used {
            return Ok(Redeemed::Again(found.token));
        }
        found.used = true;
        let proven = match (&found.grant.challenge, verifier) {
            (Some(challenge), Some(verifier)) => same(challenge, &challenge_of(verifier)),
            (None, None) => true,
            // A verifier without a challenge: somebody took the challenge out of the request (RFC 9700 §2.1.1).
            _ => false,
        };
        if !proven || found.grant.redirect != redirect {
            return Err(Refused::grant());
        }
        Ok(Redeemed::Good(found.grant.clone()))
    }

    /// Notes what a code was exchanged for.
    pub(super) fn redeemed(&self, code: &str, token: u64, now: u64) {
        let hash = tokens::hash(code);
        if let Some(code) = self.held(now).codes.iter_mut().find(|code| code.hash == hash) {
            code.token = Some(token);
        }
    }
}

/// The challenge of a verifier (RFC 7636 §4.2, `S256`).
fn challenge_of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Whether two secrets are the same. How long that takes does not tell where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Eight letters, with a dash in the middle.
fn word() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    // 256 is no multiple of 20, which makes some letters a little likelier. Nobody can try them out.
    let letters: String =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    let (head, tail) = letters.split_at(4);
    Ok(format!("{head}-{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn grant(challenge: Option<&str>) -> Grant {
        Grant {
            client: "client".into(),
            name: "Client".into(),
            website: None,
            redirect: "a://b".into(),
            scopes: vec!["read".into()],
            challenge: challenge.map(String::from),
        }
    }

    /// A code that the person said yes to.
    fn code(waiting: &Waiting, challenge: Option<&str>) -> String {
        let asked = waiting.ask(grant(challenge), None, 0).unwrap();
        assert!(waiting.proceed(&asked.ticket, 0).unwrap().code.is_none());
        waiting.approve(&asked.word.to_lowercase().replace('-', ""), 0).unwrap().unwrap();
        let code = waiting.proceed(&asked.ticket, 0).unwrap().code.unwrap();
        assert!(waiting.proceed(&asked.ticket, 0).is_none(), "a page goes on once");
        code
    }

    fn good(redeemed: Result<Redeemed, Refused>) -> bool {
        matches!(redeemed, Ok(Redeemed::Good(_)))
    }

    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        assert_eq!(challenge_of(VERIFIER), CHALLENGE);
    }

    #[test]
    fn a_code_is_good_once_for_its_program_its_address_and_its_verifier() {
        let waiting = Waiting::default();
        let redeem =
            |code: &str, client, redirect, verifier| waiting.redeem(code, client, redirect, verifier, 1);
        let one = code(&waiting, Some(CHALLENGE));
        assert!(redeem(&one, "other", "a://b", Some(VERIFIER)).is_err());
        assert!(good(redeem(&one, "client", "a://b", Some(VERIFIER))));
        waiting.redeemed(&one, 7, 1);
        let again = redeem(&one, "client", "a://b", Some(VERIFIER));
        assert!(matches!(again, Ok(Redeemed::Again(Some(7)))));
        for (redirect, verifier) in
            [("a://c", Some(VERIFIER)), ("a://b", Some(CHALLENGE)), ("a://b", Some("")), ("a://b", None)]
        {
            let one = code(&waiting, Some(CHALLENGE));
            assert!(redeem(&one, "client", redirect, verifier).is_err(), "{redirect} {verifier:?}");
            // A second try with the right values comes too late.
            assert!(!good(redeem(&one, "client", "a://b", Some(VERIFIER))));
        }
        let plain = code(&waiting, None);
        assert!(redeem(&plain, "client", "a://b", Some(VERIFIER)).is_err());
        assert!(good(redeem(&code(&waiting, None), "client", "a://b", None)));
        assert!(redeem("guessed", "client", "a://b", None).is_err());
    }

    #[test]
    fn what_is_too_old_is_gone() {
        let waiting = Waiting::default();
        let asked = waiting.ask(grant(None), None, 0).unwrap();
        assert!(waiting.find(&asked.word, PATIENCE - 1).is_some());
        assert!(waiting.approve(&asked.word, PATIENCE).unwrap().is_none());
        assert!(waiting.proceed(&asked.ticket, 0).is_none());
        let code = code(&waiting, None);
        assert!(waiting.redeem(&code, "client", "a://b", None, PATIENCE).is_err());
    }

    #[test]
    fn only_so_many_wait() {
        let waiting = Waiting::default();
        let first = waiting.ask(grant(None), None, 0).unwrap();
        for _ in 0..WAITING {
            waiting.ask(grant(None), None, 0).unwrap();
        }
        assert_eq!(waiting.list(0).len(), WAITING);
        assert!(waiting.find(&first.word, 0).is_none());
    }
}
