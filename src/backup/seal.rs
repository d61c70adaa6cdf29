//! Sealing and opening in chunks, so that no backup has to fit in memory.

use std::io::{self, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce, aead::Aead, aead::Payload};
use zeroize::Zeroizing;

use super::Error;

const MAGIC: &[u8; 16] = b"starling backup\n";
const HEADER: usize = 64;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// How dear each guess at a passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB and 3 passes, RFC 9106's second recommendation: small machines can do it too.
    pub const USUAL: Self = Self { memory: 64 * 1024, passes: 3, lanes: 1 };
    /// A file may not ask for more: it could otherwise take all memory before it is known to be ours.
    const MOST: Self = Self { memory: 1024 * 1024, passes: 16, lanes: 16 };

    fn key(self, passphrase: &str, salt: &[u8]) -> Result<XChaCha20Poly1305, Error> {
        let refused = |_| Error::Cost(self.memory, self.passes);
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32)).map_err(refused)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; 32]);
        argon2.hash_password_into(passphrase.as_bytes(), salt, &mut *key).map_err(refused)?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }
}

struct Cipher {
    cipher: XChaCha20Poly1305,
    header: [u8; HEADER],
    chunk: u32,
}

impl Cipher {
    fn nonce(&self, last: bool) -> XNonce {
        let mut nonce = [0; 24];
        nonce[..19].copy_from_slice(&self.header[45..]);
        nonce[19..23].copy_from_slice(&self.chunk.to_be_bytes());
        nonce[23] = u8::from(last);
        nonce.into()
    }
}

/// Seals what is written into it.
pub(super) struct Sealing<W> {
    to: W,
    cipher: Cipher,
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealing<W> {
    pub(super) fn begin(mut to: W, cost: Cost, passphrase: &str) -> Result<Self, Error> {
        let mut header = [0; HEADER];
        header[..16].copy_from_slice(MAGIC);
        header[16] = 1;
        header[17..21].copy_from_slice(&cost.memory.to_le_bytes());
        header[21..25].copy_from_slice(&cost.passes.to_le_bytes());
        header[25..29].copy_from_slice(&cost.lanes.to_le_bytes());
        getrandom::fill(&mut header[29..]).map_err(|error| Error::Random(error.to_string()))?;
        let cipher = cost.key(passphrase, &header[29..45])?;
        to.write_all(&header)?;
        let waiting = Zeroizing::new(Vec::with_capacity(CHUNK));
        Ok(Self { to, cipher: Cipher { cipher, header, chunk: 0 }, waiting })
    }

    /// Seals what waits. A full chunk waits until more comes, because it may be the last.
    fn seal(&mut self, last: bool) -> Result<(), Error> {
        let payload = Payload { msg: &self.waiting, aad: &self.cipher.header };
        let nonce = self.cipher.nonce(last);
        let sealed = self.cipher.cipher.encrypt(&nonce, payload).map_err(|_| Error::TooLarge)?;
        self.to.write_all(&sealed)?;
        self.waiting.clear();
        if !last {
            self.cipher.chunk = self.cipher.chunk.checked_add(1).ok_or(Error::TooLarge)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.seal(true)?;
        Ok(self.to.flush()?)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len() == CHUNK {
            self.seal(false).map_err(io_error)?;
        }
        let taken = bytes.len().min(CHUNK - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

/// Reads what was sealed. Every byte that it gives is one that was written, in its place; only the
/// end, `Ok(0)`, says that nothing is missing.
pub struct Opened<R> {
    from: R,
    cipher: Cipher,
    open: Zeroizing<Vec<u8>>,
    given: usize,
    /// The next chunk, still sealed: whether another follows says if it is the last.
    next: Vec<u8>,
    done: bool,
}

impl<R: Read> Opened<R> {
    pub(super) fn begin(mut from: R, passphrase: &str) -> Result<Self, Error> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header).map_err(|_| Error::Format)?;
        if header[..16] != MAGIC[..] {
            return Err(Error::Format);
        }
        if header[16] != 1 {
            return Err(Error::Version(header[16]));
        }
        let number = |at: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&header[at..at + 4]);
            u32::from_le_bytes(bytes)
        };
        let cost = Cost { memory: number(17), passes: number(21), lanes: number(25) };
        let most = Cost::MOST;
        if cost.memory > most.memory || cost.passes > most.passes || cost.lanes > most.lanes {
            return Err(Error::Cost(cost.memory, cost.passes));
        }
        let cipher = Cipher { cipher: cost.key(passphrase, &header[29..45])?, header, chunk: 0 };
        let next = chunk(&mut from)?;
        Ok(Self { from, cipher, open: Zeroizing::default(), given: 0, next, done: false })
    }

    fn advance(&mut self) -> Result<(), Error> {
        let following = if self.next.len() == CHUNK + TAG { chunk(&mut self.from)? } else { Vec::new() };
        let last = following.is_empty();
        let payload = Payload { msg: &self.next, aad: &self.cipher.header };
        let number = self.cipher.chunk;
        let wrong = || {
            if number == 0 { Error::Passphrase } else { Error::Damaged(number) }
        };
        let nonce = self.cipher.nonce(last);
        self.open = Zeroizing::new(self.cipher.cipher.decrypt(&nonce, payload).map_err(|_| wrong())?);
        self.given = 0;
        self.next = following;
        self.done = last;
        if !last {
            self.cipher.chunk = number.checked_add(1).ok_or(Error::TooLarge)?;
        }
        Ok(())
    }

    /// As `read_exact`, with our own errors.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.read_exact(bytes).map_err(|error| match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Error::Contents("less than a preface".into())
            }
            Err(error) => Error::Io(error),
        })
    }
}

/// The next sealed chunk; empty at the end.
fn chunk(from: &mut impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(CHUNK + TAG);
    from.take((CHUNK + TAG) as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.given == self.open.len() && !self.done {
            self.advance().map_err(io_error)?;
        }
        let taken = bytes.len().min(self.open.len() - self.given);
        bytes[..taken].copy_from_slice(&self.open[self.given..self.given + taken]);
        self.given += taken;
        Ok(taken)
    }
}
