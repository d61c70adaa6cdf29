//! The certificate of this machine's own door.
//!
//! No authority of the world vouches for `localhost`, so the person tells their browser to trust one that was made here.
//! That authority signs one certificate and then its key is thrown away: whoever takes everything from this home cannot
//! make certificates for other names with it, and trusting it costs nothing more than trusting this door.
//!
//! ```text
//! HOME/tls/
//! ├── authority.pem   what browsers and programs are told to trust
//! ├── door.pem        the certificate of the door, which the authority signed
//! ├── door.key        its key, for the owner alone
//! └── names           what it is for, and until when
//! ```

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::home::{folder, read, secret};

/// Days that a certificate is good for. Some systems take none that is good for more than 825.
const DAYS: i64 = 800;
/// Days before its end at which another is made, so that a node that runs for weeks does not outlive it.
const EARLY: i64 = 60;
const DAY: i64 = 24 * 60 * 60;

/// What the door proves who it is with.
#[derive(Clone)]
pub struct Certificate {
    pub(super) acceptor: TlsAcceptor,
    authority: PathBuf,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// Where the authority is, once there is one, in the home at `home`.
pub fn authority(home: &Path) -> PathBuf {
    home.join("tls").join("authority.pem")
}

impl Certificate {
    /// The one in the home at `home`, for a door at `address`. Made anew if there is none, if it ends soon, or if it is
    /// for other names. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// If files cannot be read or written, or are not what was written.
    pub fn open(home: &Path, address: IpAddr, now: u64) -> io::Result<Self> {
        let place = home.join("tls");
        let now = i64::try_from(now / 1000).map_err(io::Error::other)?;
        let mut names = ["localhost", "127.0.0.1", "::1"].map(String::from).to_vec();
        if !address.is_loopback() && !address.is_unspecified() {
            names.push(address.to_string());
        }
        if !is_good(&place, &names, now) {
            make(&place, &names, now)?;
        }
        let chain = CertificateDer::pem_slice_iter(&read(&place.join("door.pem")).map_err(io::Error::other)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_slice(&read(&place.join("door.key")).map_err(io::Error::other)?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key.map_err(io::Error::other)?)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority: authority(home) })
    }

    /// What browsers and programs are told to trust.
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

/// Whether the certificate is for these names and for long enough.
fn is_good(place: &Path, names: &[String], now: i64) -> bool {
    let Some(text) = read(&place.join("names")).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    let mut lines = text.lines();
    let until = lines.next().and_then(|until| until.parse::<i64>().ok());
    until.is_some_and(|until| until - EARLY * DAY > now) && lines.eq(names.iter())
}

/// The note of names is written last: without it the rest is made anew.
fn make(place: &Path, names: &[String], now: i64) -> io::Result<()> {
    let failed = |error: rcgen::Error| io::Error::other(error);
    let until = now + DAYS * DAY;
    let date = |seconds: i64| {
        let day = jiff::Timestamp::from_second(seconds).map_err(io::Error::other)?;
        let day = day.to_zoned(jiff::tz::TimeZone::UTC).date();
        let (month, day_of) = (day.month().unsigned_abs(), day.day().unsigned_abs());
        Ok::<_, io::Error>(rcgen::date_time_ymd(i32::from(day.year()), month, day_of))
    };
    let mut authority = CertificateParams::default();
    (authority.not_before, authority.not_after) = (date(now - DAY)?, date(until)?);
    authority.distinguished_name.push(DnType::CommonName, "Starling on this machine");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate().map_err(failed)?;
    let authority = authority.self_signed(&authority_key).map_err(failed)?;
    let mut door = CertificateParams::new(names).map_err(failed)?;
    (door.not_before, door.not_after) = (date(now - DAY)?, date(until)?);
    door.distinguished_name.push(DnType::CommonName, "localhost");
    door.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    door.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    door.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let door = door.signed_by(&key, &authority, &authority_key).map_err(failed)?;
    let text = std::iter::once(until.to_string()).chain(names.iter().cloned()).collect::<Vec<_>>().join("\n");
    let write = |name: &str, text: &str| secret(&place.join(name), text.as_bytes()).map_err(io::Error::other);
    folder(place).map_err(io::Error::other)?;
    write("authority.pem", &authority.pem())?;
    write("door.pem", &door.pem())?;
    write("door.key", &key.serialize_pem())?;
    write("names", &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    #[test]
    fn a_certificate_is_kept_until_it_ends_or_is_for_another_name() {
        let home = tempfile::tempdir().unwrap();
        let near: IpAddr = [127, 0, 0, 1].into();
        let open = |address: IpAddr, now: u64| {
            let certificate = Certificate::open(home.path(), address, now).unwrap();
            std::fs::read(certificate.authority()).unwrap()
        };
        let first = open(near, NOW);
        assert_eq!(open(near, NOW + 1_000), first);
        let far: IpAddr = [192, 0, 2, 7].into();
        let second = open(far, NOW);
        assert_ne!(second, first);
        assert_eq!(open(far, NOW), second);
        let late = NOW + (DAYS - EARLY + 1) as u64 * DAY as u64 * 1_000;
        assert_ne!(open(far, late), second);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let key = std::fs::metadata(home.path().join("tls/door.key")).unwrap();
            assert_eq!(key.mode() & 0o777, 0o600);
        }
    }
}
