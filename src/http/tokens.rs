//! The tokens that are good, in memory: a request must not wait for the disk to be let in.
//!
//! A token is found by its hash, so how long that takes tells nothing about those that are held. All that changes the
//! tokens goes through one lock, so that a token whose last use is being noted cannot come back after it was revoked.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tokio::sync::Mutex;

use super::{App, caller::Caller, error::Error};
use crate::{
    engine::Command,
    store::{
        self, Reader,
        kept::{Change, Shelf, Span, program::Token},
    },
};

/// Tokens that the person gave out: more programs than a person has.
const TOKENS: usize = 1_000;
/// Tokens of programs that nobody let in. Anybody on this machine can ask for one.
const UNKNOWN: usize = 100;
/// How often the last use of a token is written down.
const NOTED: u64 = 60 * 60 * 1000;

/// The tokens that are good.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    held: RwLock<HashMap<[u8; 32], Held>>,
    /// Whoever changes them holds this.
    changing: Mutex<()>,
}

#[derive(Debug, Clone)]
struct Held {
    caller: Caller,
    row: Arc<Token>,
}

impl Held {
    fn new(row: Token) -> Self {
        Self { caller: Caller::of(&row), row: Arc::new(row) }
    }

    /// The row as it is now.
    fn row(&self) -> Token {
        Token { used: self.caller.used(), ..(*self.row).clone() }
    }
}

/// 32 bytes that nobody can guess, in letters that fit into a header, an address and a file name.
pub(super) fn secret() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What a secret is known by.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

impl Tokens {
    /// Takes those that are in the store.
    pub(super) fn load(&self, reader: &Reader) -> Result<(), store::Error> {
        let rows = reader.shelf::<Token>(Shelf::Token, &Span::of([], 2 * (TOKENS + UNKNOWN)))?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        for (hash, row) in rows {
            if let Ok(hash) = hash.try_into() {
                held.insert(hash, Held::new(row));
            }
        }
        Ok(())
    }

    fn find(&self, hash: &[u8; 32]) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn all(&self) -> Vec<([u8; 32], Held)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|(hash, held)| (*hash, held.clone())).collect()
    }

    /// Who shows this token.
    pub(super) fn caller(&self, token: &[u8]) -> Option<Caller> {
        self.find(blake3::hash(token).as_bytes()).map(|held| held.caller.clone())
    }

    /// What is known of a token.
    pub(super) fn row(&self, token: &str) -> Option<Token> {
        self.find(&hash(token)).map(|held| held.row())
    }

    /// All of them, the oldest first.
    pub(super) fn list(&self) -> Vec<Token> {
        let mut rows: Vec<Token> = self.all().iter().map(|(_, held)| held.row()).collect();
        rows.sort_by_key(|row| row.number);
        rows
    }

    /// Gives out a token; `row` says for what, its number is chosen here. What is the longest unused goes if there are
    /// too many.
    pub(super) async fn give(&self, app: &App, mut row: Token) -> Result<(String, Token), Error> {
        let token = secret()?;
        let _changing = self.changing.lock().await;
        let all = self.all();
        row.number = all.iter().map(|(_, held)| held.row.number).max().unwrap_or(0) + 1;
        let mut changes = vec![row.put(&hash(&token))];
        let alike = all.into_iter().filter(|(_, held)| held.row.person == row.person);
        let mut alike: Vec<_> =
            alike.map(|(hash, held)| (held.row.created.max(held.row().used), hash)).collect();
        alike.sort_unstable();
        let most = if row.person { TOKENS } else { UNKNOWN };
        let going = alike.len().saturating_sub(most - 1);
        changes.extend(alike[..going].iter().map(|(_, hash)| Token::take(hash)));
        self.change(app, changes, &alike[..going]).await?;
        self.held
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(hash(&token), Held::new(row.clone()));
        Ok((token, row))
    }

    /// Writes, then forgets those that go.
    async fn change(&self, app: &App, changes: Vec<Change>, going: &[(u64, [u8; 32])]) -> Result<(), Error> {
        app.command(Command::Keep(changes)).await?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        for (_, hash) in going {
            if let Some(gone) = held.remove(hash) {
                gone.caller.end();
            }
        }
        Ok(())
    }

    /// Revokes those that `which` says; how many.
    pub(super) async fn revoke(&self, app: &App, which: impl Fn(&Token) -> bool) -> Result<usize, Error> {
        let _changing = self.changing.lock().await;
        let going: Vec<_> = self.all().into_iter().filter(|(_, held)| which(&held.row)).collect();
        let going: Vec<_> = going.into_iter().map(|(hash, _)| (0, hash)).collect();
        if !going.is_empty() {
            let changes = going.iter().map(|(_, hash)| Token::take(hash)).collect();
            self.change(app, changes, &going).await?;
        }
        Ok(going.len())
    }

    /// Notes that a token is used, if that was not noted for an hour. Nobody waits for it.
    pub(super) fn note(app: &App, caller: &Caller, now: u64) {
        if !caller.is_unnoted(now, NOTED) {
            return;
        }
        let (app, number) = (app.clone(), caller.token());
        tokio::spawn(async move {
            let tokens = app.0.access.tokens();
            let _changing = tokens.changing.lock().await;
            // Gone by now, if it was revoked.
            let found = tokens.all().into_iter().find(|(_, held)| held.row.number == number);
            if let Some((hash, held)) = found {
                // Only for the person to read: what cannot be written now is noted again in an hour.
                let _ = app.command(Command::Keep(vec![held.row().put(&hash)])).await;
            }
        });
    }
}
