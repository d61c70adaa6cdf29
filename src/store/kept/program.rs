//! Programs that asked whether they may be let in, and the tokens that let them.
//!
//! Neither a secret nor a token is here, only its BLAKE3: whoever reads the store or a backup of it cannot come in. Both
//! are 32 random bytes, so a hash that is slow on purpose would protect nothing more.

use serde::{Deserialize, Serialize};

use super::{Change, Shelf};

/// A program, by its client id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// What it calls itself.
    pub name: String,
    /// Where one reads about it.
    pub website: Option<String>,
    /// Where the person may be sent back to, exactly.
    pub redirects: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// The hash of its secret.
    #[serde(with = "serde_bytes")]
    pub secret: [u8; 32],
    /// When it asked first, in milliseconds since 1970.
    pub created: u64,
}

impl Program {
    /// Keeps it under its client id.
    pub fn put(&self, client: &str) -> Change {
        Change::put(Shelf::App, client, self)
    }

    /// Lets it go.
    pub fn take(client: &str) -> Change {
        Change::take(Shelf::App, client)
    }
}

/// A token that was given out, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names it for the person.
    pub number: u64,
    /// The client id of the program; none if the person made it on the command line.
    pub client: Option<String>,
    /// What the program calls itself.
    pub name: String,
    /// Where one reads about it.
    pub website: Option<String>,
    /// What it was let in for.
    pub scopes: Vec<String>,
    /// Whether the person let it in. Else it only proves which program speaks.
    pub person: bool,
    /// When it was given out, in milliseconds since 1970.
    pub created: u64,
    /// When it was last used, give or take an hour; 0 if never.
    pub used: u64,
}

impl Token {
    /// Keeps it under its hash.
    pub fn put(&self, hash: &[u8; 32]) -> Change {
        Change::put(Shelf::Token, *hash, self)
    }

    /// Lets it go.
    pub fn take(hash: &[u8; 32]) -> Change {
        Change::take(Shelf::Token, *hash)
    }
}
