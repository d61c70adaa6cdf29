//! A link that says whom to follow and where they are.
//!
//! `starling:invite:` and base32 (RFC 4648, lower case, no padding) of
//! `[1, author, name, [address, …], [newest entry, …]]` in canonical CBOR and the first 4 bytes of
//! the BLAKE3 hash of that. Upper case is read as well: a QR code stores that in half the modules.
//! The checksum finds typing errors. It proves nothing: whoever makes a link can say anything in it,
//! and what it leads to is verified as everything else is.

use std::{fmt, str::FromStr};

use cid::multibase::Base;
use serde::{Deserialize, Serialize};

use crate::{
    cbor,
    id::{AuthorId, EntryId},
    limits,
};

const SCHEME: &str = "starling:invite:";
/// Bytes of the checksum: one typing error in 4 billion goes unseen.
const CHECKSUM: usize = 4;
/// Characters of a link: all parts at their limits, in base32.
const LINK_CHARS: usize = 5_000;

/// Whom to follow and where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Whom.
    pub author: AuthorId,
    /// How they call themselves; empty if they do not.
    pub name: String,
    /// Multiaddrs of nodes that hold the feed.
    pub addresses: Vec<String>,
    /// Newest entries when the link was made: one who is shown older ones sees an old copy.
    pub newest: Vec<EntryId>,
}

/// Why a text is not an invite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not begin like one.
    #[error("an invite begins with {SCHEME}")]
    Scheme,
    /// A character that no invite has, or a part of the last one missing.
    #[error("the invite has characters that do not belong in it, or is cut short")]
    Characters,
    /// The checksum is another.
    #[error("the invite has a typing error or is cut short: its checksum does not fit")]
    Checksum,
    /// It is whole, and says something that this version cannot read.
    #[error("the invite is not understood: {0}")]
    Encoding(#[from] cbor::Error),
    /// A version that this crate does not speak.
    #[error("invites of version {0} are not understood")]
    Version(u8),
    /// A part is over its limit.
    #[error("the invite is too long: {0}")]
    Limit(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Wire(u8, AuthorId, String, Vec<String>, Vec<EntryId>);

impl Invite {
    /// Checks the limits that readers hold an invite to.
    pub fn check_limits(&self) -> Result<(), Error> {
        let checks = [
            (self.name.chars().count() <= limits::PROFILE_NAME_CHARS, "the name"),
            (self.addresses.len() <= limits::HINTS, "the list of addresses"),
            (self.addresses.iter().all(|address| address.len() <= limits::HINT_BYTES), "an address"),
            (self.newest.len() <= limits::INVITE_NEWEST, "the list of entries"),
        ];
        checks.iter().find(|(good, _)| !good).map_or(Ok(()), |(_, what)| Err(Error::Limit(what)))
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { author, name, addresses, newest } = self.clone();
        let mut bytes = cbor::encode(&Wire(limits::VERSION, author, name, addresses, newest));
        let hash = blake3::hash(&bytes);
        bytes.extend(&hash.as_bytes()[..CHECKSUM]);
        write!(f, "{SCHEME}{}", Base::Base32Lower.encode(bytes))
    }
}

impl FromStr for Invite {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.len() > LINK_CHARS {
            return Err(Error::Limit("the link"));
        }
        let text = text.to_ascii_lowercase();
        let coded = text.strip_prefix(SCHEME).ok_or(Error::Scheme)?;
        let bytes = Base::Base32Lower.decode(coded).map_err(|_| Error::Characters)?;
        let (body, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Error::Checksum)?;
        if blake3::hash(body).as_bytes()[..CHECKSUM] != *checksum {
            return Err(Error::Checksum);
        }
        let Wire(version, author, name, addresses, newest) = cbor::decode_canonical(body)?;
        if version != limits::VERSION {
            return Err(Error::Version(version));
        }
        let invite = Self { author, name, addresses, newest };
        invite.check_limits()?;
        Ok(invite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> Invite {
        Invite {
            author: AuthorId::new([3; 32]),
            name: "Ñandú 🐦".into(),
            addresses: vec!["/dns4/node.example/udp/4001/quic-v1".into()],
            newest: vec![EntryId::new([4; 32])],
        }
    }

    #[test]
    fn links_round_trip_in_either_case() {
        let link = invite().to_string();
        assert!(link.starts_with(SCHEME));
        assert_eq!(link.parse(), Ok(invite()));
        assert_eq!(format!(" {}\n", link.to_uppercase()).parse(), Ok(invite()));
    }

    #[test]
    fn every_single_typing_error_is_found() {
        let link = invite().to_string();
        for at in SCHEME.len()..link.len() {
            let mut typo = link.clone().into_bytes();
            typo[at] = if typo[at] == b'a' { b'b' } else { b'a' };
            let typo = String::from_utf8(typo).unwrap();
            assert!(matches!(typo.parse::<Invite>(), Err(Error::Checksum | Error::Characters)), "{at}");
            assert!(link[..at].parse::<Invite>().is_err());
        }
        assert_eq!("https://example.org".parse::<Invite>(), Err(Error::Scheme));
        assert_eq!("starling:invite:".parse::<Invite>(), Err(Error::Checksum));
    }

    #[test]
    fn an_invite_over_its_limits_is_refused() {
        let mut long = invite();
        long.addresses = vec![String::new(); limits::HINTS + 1];
        assert_eq!(long.to_string().parse::<Invite>(), Err(Error::Limit("the list of addresses")));
        let full = Invite {
            name: "🐦".repeat(limits::PROFILE_NAME_CHARS),
            addresses: vec!["x".repeat(limits::HINT_BYTES); limits::HINTS],
            newest: vec![EntryId::new([4; 32]); limits::INVITE_NEWEST],
            ..invite()
        };
        assert_eq!(full.to_string().parse(), Ok(full));
    }
}
