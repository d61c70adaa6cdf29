//! The 24 words, the root keys they give, and what each signature covers.
//!
//! The phrase is 32 bytes of entropy as 24 words of BIP 39. Root key *n* is
//! `BLAKE3 derive_key(ROOT_CONTEXT, entropy ‖ n)`, *n* as 4 bytes little-endian, used as an ed25519
//! seed (RFC 8032). BIP 39's own PBKDF2 stretching is left out: the entropy is full already.
//!
//! A signature covers a context of its own and the 32-byte hash of what is signed, so that a
//! signature made for one purpose never serves another. Verification is `verify_strict`: batch and
//! cofactored verification accept signatures that it refuses, and nodes must not disagree.

use std::{cell::Cell, fmt};

use bip39::{Language, Mnemonic};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{id::DeviceKey, limits};

const ROOT_CONTEXT: &str = "starling 2026-11 root key v1";
const COMMIT_CONTEXT: &str = "starling 2026-11 root commitment v1";

/// Prefix of what a device signs: this, then the entry's id.
pub const ENTRY_SIGNATURE: &[u8] = b"starling entry v1\0";
/// Prefix of what a root key signs: this, then the BLAKE3 hash of the operation.
pub const IDENTITY_SIGNATURE: &[u8] = b"starling identity v1\0";
/// Prefix of what a device signs over a bundle file: this, then the BLAKE3 hash of its contents.
pub const BUNDLE_SIGNATURE: &[u8] = b"starling bundle v1\0";

/// Why words are not a recovery phrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// A word count other than 24.
    #[error("a recovery phrase has 24 words, this has {0}")]
    Length(usize),
    /// A word that is not on the list.
    #[error("word {0} is not on the list of recovery words")]
    Word(usize),
    /// All words are known, but together they are no phrase.
    #[error("the words do not fit together: one of them is wrong, or two are swapped")]
    Checksum,
}

/// The recovery phrase: whoever has it has the identity.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Phrase([u8; 32]);

impl Phrase {
    /// From 32 random bytes, which the caller brings.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// The 32 bytes that the words stand for.
    pub fn entropy(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 24 words, separated by single spaces.
    pub fn words(&self) -> Zeroizing<String> {
        #[expect(clippy::expect_used, reason = "BIP 39 defines a phrase for every 32 bytes")]
        let mnemonic = Mnemonic::from_entropy(&self.0).expect("32 bytes are valid entropy");
        Zeroizing::new(mnemonic.to_string())
    }

    /// Reads 24 words, whatever the case and the white space between them.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        if words.len() != 24 {
            return Err(PhraseError::Length(words.len()));
        }
        let joined = Zeroizing::new(words.join(" "));
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &joined).map_err(|error| match error {
                bip39::Error::UnknownWord(index) => PhraseError::Word(index + 1),
                _ => PhraseError::Checksum,
            })?;
        let entropy = Zeroizing::new(mnemonic.to_entropy());
        entropy.as_slice().try_into().map(Self).map_err(|_| PhraseError::Length(words.len()))
    }

    /// Root key number `n`.
    pub fn root(&self, n: u32) -> Secret {
        let mut hasher = blake3::Hasher::new_derive_key(ROOT_CONTEXT);
        hasher.update(&self.0).update(&n.to_le_bytes());
        Secret::from_seed(*hasher.finalize().as_bytes())
    }

    /// What commits to root key number `n` and, through it, to all that come after it.
    pub fn commitment(&self, n: u32) -> [u8; 32] {
        let next = |next: [u8; 32], n| commitment(&self.root(n).public(), &next);
        (n..limits::ROOTS).rev().fold([0; 32], next)
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(secret)")
    }
}

/// What commits to a root key before it is used, and to all that come after it: its public half and the commitment to the
/// next, hashed. Were the next one left to whoever uses the key, a thief of it could name another.
pub fn commitment(root: &DeviceKey, next: &[u8; 32]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(COMMIT_CONTEXT);
    *hasher.update(root.as_bytes()).update(next).finalize().as_bytes()
}

/// A secret ed25519 key: a device's, or a root.
#[derive(Clone)]
pub struct Secret(SigningKey);

impl Secret {
    /// From an ed25519 seed (RFC 8032 §5.1.5), 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(SigningKey::from_bytes(&seed))
    }

    /// The seed, to be kept in a file of its owner alone.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> DeviceKey {
        DeviceKey::new(self.0.verifying_key().to_bytes())
    }

    /// Signs `hash` for the purpose that `context` names.
    pub fn sign(&self, context: &[u8], hash: &[u8; 32]) -> [u8; 64] {
        self.0.sign(&message(context, hash)).to_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret of {}", self.public())
    }
}

/// Checks a signature of `key` over `hash` for the purpose that `context` names. Weak keys, keys
/// and signatures in other than their shortest form, and small-order components are refused.
pub fn verify(key: &DeviceKey, context: &[u8], hash: &[u8; 32], signature: &[u8; 64]) -> bool {
    let Some(parsed) = parse(key) else { return false };
    let signature = Signature::from_bytes(signature);
    parsed.verify_strict(&message(context, hash), &signature).is_ok()
}

thread_local! {
    /// The key that this thread parsed last. Entries come log by log, and finding the point that a
    /// key stands for costs a tenth of a verification.
    static PARSED: Cell<Option<VerifyingKey>> = const { Cell::new(None) };
}

fn parse(key: &DeviceKey) -> Option<VerifyingKey> {
    if let Some(parsed) = PARSED.get().filter(|parsed| parsed.as_bytes() == key.as_bytes()) {
        return Some(parsed);
    }
    if misspelled(key.as_bytes()) {
        return None;
    }
    let parsed = VerifyingKey::from_bytes(key.as_bytes()).ok()?;
    PARSED.set(Some(parsed));
    Some(parsed)
}

/// Whether the y coordinate is 2^255 − 19 or more. Decompression accepts it, and then one point
/// would have two names. (The other misspelling, a sign on x = 0, is a weak key and refused as such.)
fn misspelled(key: &[u8; 32]) -> bool {
    key[31] & 0x7f == 0x7f && key[1..31].iter().all(|&byte| byte == 0xff) && key[0] >= 0xed
}

fn message(context: &[u8], hash: &[u8; 32]) -> Vec<u8> {
    [context, hash.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_the_phrase_back() {
        let phrase = Phrase::from_entropy([0xa5; 32]);
        let words = phrase.words();
        assert_eq!(words.split(' ').count(), 24);
        let spaced = words.to_uppercase().replace(' ', "\n  ");
        assert_eq!(Phrase::parse(&spaced).unwrap().entropy(), phrase.entropy());
    }

    #[test]
    fn wrong_words_are_named() {
        let words = Phrase::from_entropy([1; 32]).words();
        let short: Vec<&str> = words.split(' ').take(12).collect();
        assert_eq!(Phrase::parse(&short.join(" ")).unwrap_err(), PhraseError::Length(12));
        let mut list: Vec<&str> = words.split(' ').collect();
        list[4] = "starling";
        assert_eq!(Phrase::parse(&list.join(" ")).unwrap_err(), PhraseError::Word(5));
        list[4] = "zoo";
        assert_eq!(Phrase::parse(&list.join(" ")).unwrap_err(), PhraseError::Checksum);
    }

    #[test]
    fn a_signature_serves_one_purpose() {
        let secret = Secret::from_seed([3; 32]);
        let signature = secret.sign(ENTRY_SIGNATURE, &[9; 32]);
        assert!(verify(&secret.public(), ENTRY_SIGNATURE, &[9; 32], &signature));
        assert!(!verify(&secret.public(), IDENTITY_SIGNATURE, &[9; 32], &signature));
        assert!(!verify(&secret.public(), ENTRY_SIGNATURE, &[8; 32], &signature));
    }

    #[test]
    fn weak_and_misspelled_keys_are_refused() {
        // The identity point signs anything under lax verification.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&DeviceKey::new(identity), ENTRY_SIGNATURE, &[0; 32], &signature));
        // y = p + 1 spells the identity point a second time.
        let mut misspelled = [0xff; 32];
        misspelled[0] = 0xee;
        misspelled[31] = 0x7f;
        assert!(!verify(&DeviceKey::new(misspelled), ENTRY_SIGNATURE, &[0; 32], &signature));
    }
}
