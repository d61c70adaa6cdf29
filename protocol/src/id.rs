//! Authors, devices and entries by name, in bytes and in text.
//!
//! | what | bytes | text |
//! |---|---|---|
//! | [`AuthorId`] | BLAKE3 of the inception record | `star1…`, bech32m (BIP 350) |
//! | [`DeviceKey`] | an ed25519 public key | `stardev1…`, bech32m |
//! | [`EntryId`] | BLAKE3 of the header | CIDv1, codec dag-cbor, multihash blake3, base32 |
//!
//! An entry's text form is a true CID: whoever has the header's bytes can check it with any IPLD
//! tool, or with `b3sum`.

use std::{fmt, str::FromStr};

use bech32::{Bech32m, Hrp};
use cid::{Cid, multihash::Multihash};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;

/// Codec of dag-cbor in the multicodec table.
const DAG_CBOR: u64 = 0x71;
/// Code of BLAKE3 in the multihash table.
const BLAKE3: u64 = 0x1e;

const AUTHOR: Hrp = Hrp::parse_unchecked("star");
const DEVICE: Hrp = Hrp::parse_unchecked("stardev");

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not an author id.
    #[error("not an author id: it starts with star1 and has a checksum ({0})")]
    Author(String),
    /// Not a device key.
    #[error("not a device key: it starts with stardev1 and has a checksum ({0})")]
    Device(String),
    /// Not an entry id.
    #[error("not an entry id: it is a CIDv1 of dag-cbor and blake3 ({0})")]
    Entry(String),
}

macro_rules! bytes32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(ByteArray<32>);

        impl $name {
            /// Wraps 32 bytes as they are.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(ByteArray::new(bytes))
            }

            /// The 32 bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}

bytes32! {
    /// A person's identity: the hash of the record that began it.
    AuthorId
}
bytes32! {
    /// One signing key of an author. Any 32 bytes can stand here; [`crate::keys::verify`] refuses
    /// those that are no key.
    DeviceKey
}
bytes32! {
    /// One entry, by the hash of its header.
    EntryId
}

impl fmt::Display for AuthorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_lower_to_fmt::<Bech32m, _>(f, AUTHOR, self.as_bytes()).map_err(|_| fmt::Error)
    }
}

impl FromStr for AuthorId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        bech32m(AUTHOR, text).map(Self::new).map_err(Error::Author)
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_lower_to_fmt::<Bech32m, _>(f, DEVICE, self.as_bytes()).map_err(|_| fmt::Error)
    }
}

impl FromStr for DeviceKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        bech32m(DEVICE, text).map(Self::new).map_err(Error::Device)
    }
}

/// Checked as bech32m alone: `bech32::decode` would also take the older bech32 checksum.
fn bech32m(expected: Hrp, text: &str) -> Result<[u8; 32], String> {
    let parsed = bech32::primitives::decode::CheckedHrpstring::new::<Bech32m>(text)
        .map_err(|error| error.to_string())?;
    if parsed.hrp() != expected {
        return Err(format!("it starts with {}", parsed.hrp()));
    }
    let bytes: Vec<u8> = parsed.byte_iter().collect();
    bytes.try_into().map_err(|_| "it does not hold 32 bytes".into())
}

impl EntryId {
    /// The id of the entry with this header: plain BLAKE3 of its exact bytes.
    pub fn of(header: &[u8]) -> Self {
        Self::new(*blake3::hash(header).as_bytes())
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = Multihash::<64>::wrap(BLAKE3, self.as_bytes()).map_err(|_| fmt::Error)?;
        write!(f, "{}", Cid::new_v1(DAG_CBOR, hash))
    }
}

impl FromStr for EntryId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let cid = Cid::from_str(text).map_err(|error| Error::Entry(error.to_string()))?;
        if cid.codec() != DAG_CBOR || cid.hash().code() != BLAKE3 {
            return Err(Error::Entry("it has another codec or hash".into()));
        }
        let bytes = cid.hash().digest().try_into();
        bytes.map(Self::new).map_err(|_| Error::Entry("its hash is not 32 bytes".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_round_trip() {
        let author = AuthorId::new([7; 32]);
        let device = DeviceKey::new([8; 32]);
        let entry = EntryId::new([9; 32]);
        assert_eq!(author.to_string().parse(), Ok(author));
        assert_eq!(device.to_string().parse(), Ok(device));
        assert_eq!(entry.to_string().parse(), Ok(entry));
        assert!(author.to_string().starts_with("star1"));
        assert!(entry.to_string().starts_with("bafyr4i"));
    }

    #[test]
    fn a_typo_and_a_wrong_kind_are_refused() {
        let author = AuthorId::new([7; 32]).to_string();
        let typo = author.replacen('q', "p", 1);
        assert!(typo == author || typo.parse::<AuthorId>().is_err());
        assert!(author.parse::<DeviceKey>().is_err());
        assert!(author.parse::<EntryId>().is_err());
        let old = bech32::encode::<bech32::Bech32>(AUTHOR, &[7; 32]).unwrap();
        assert!(old.parse::<AuthorId>().is_err());
    }
}
