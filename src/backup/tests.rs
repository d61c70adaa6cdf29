//! A backup opens with its passphrase, whole or not at all.

use starling_protocol::{Identity, identity::Inception, keys::Phrase};

use super::*;

/// Enough to be argon2id, and quick.
const CHEAP: Cost = Cost { memory: 8, passes: 1, lanes: 1 };

fn preface() -> Preface {
    let phrase = Phrase::from_entropy([5; 32]);
    let identity = Identity::begin(Inception::of(&phrase));
    Preface {
        author: identity.author(),
        time: 1_800_000_000_000,
        root: Some(phrase.root(0)),
        identity: identity.record(),
        settings: "[network]\nmdns = false\n".into(),
    }
}

fn sealed(bundle: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_at(CHEAP, &mut bytes, "höhle", &preface(), |to| to.write_all(bundle)).unwrap();
    bytes
}

/// All of the bundle, or why not.
fn open(bytes: &[u8], passphrase: &str) -> Result<Vec<u8>, String> {
    let (_, mut bundle) = read(bytes, passphrase).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    bundle.read_to_end(&mut all).map_err(|error| error.to_string())?;
    Ok(all)
}

#[test]
fn what_went_in_comes_out() {
    // Around the chunk's length, where the last chunk is empty, full, or one byte.
    let inside = preface().encode().len() + 4;
    for length in [0, 1, 65_536 - inside - 1, 65_536 - inside, 65_536 - inside + 1, 200_000] {
        let bundle: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let bytes = sealed(&bundle);
        assert_eq!(open(&bytes, "höhle").unwrap(), bundle, "{length}");
        let (found, _) = read(&bytes[..], "höhle").unwrap();
        assert_eq!(found.author, preface().author);
        assert_eq!(found.root.unwrap().public(), preface().root.unwrap().public());
        assert_eq!((found.identity, found.settings), (preface().identity, preface().settings));
    }
}

#[test]
fn one_passphrase_in_two_spellings_opens_it() {
    assert!(open(&sealed(b"x"), "ho\u{308}hle").is_ok());
    assert_eq!(open(&sealed(b"x"), "hohle").unwrap_err(), Error::Passphrase.to_string());
}

#[test]
fn a_changed_moved_or_missing_byte_is_found() {
    let bytes = sealed(&[7; 150_000]);
    for at in (0..bytes.len()).step_by(997).chain(0..64).chain([bytes.len() - 1]) {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        assert!(open(&bad, "höhle").is_err(), "byte {at}");
    }
    for length in [0, 15, 64, 100, 64 + 65_552, 64 + 2 * 65_552, bytes.len() - 1] {
        assert!(open(&bytes[..length], "höhle").is_err(), "{length} bytes");
    }
    let chunk = 65_552;
    let swapped =
        [&bytes[..64], &bytes[64 + chunk..64 + 2 * chunk], &bytes[64..64 + chunk], &bytes[64 + 2 * chunk..]]
            .concat();
    assert!(open(&swapped, "höhle").is_err());
    assert!(open(&[&bytes[..], b"more"].concat(), "höhle").is_err());
}

#[test]
fn a_file_that_asks_for_all_memory_is_refused() {
    let mut bytes = sealed(b"x");
    bytes[17..21].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(read(&bytes[..], "höhle"), Err(Error::Cost(u32::MAX, 1))));
    let mut bytes = sealed(b"x");
    bytes[16] = 2;
    assert!(matches!(read(&bytes[..], "höhle"), Err(Error::Version(2))));
}

#[test]
fn no_secret_stands_in_the_open() {
    let bytes = sealed(b"a bundle");
    let seed = preface().root.unwrap().seed();
    let author = preface().author;
    for secret in [&seed[..], b"a bundle", author.as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}
