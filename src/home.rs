//! The data directory: what lies where, who may read it, and how it stays whole.
//!
//! ```text
//! HOME/                 0700  the folder of --home or STARLING_HOME; else the platform's data folder
//! ├── config.toml             settings (beside other programs' settings unless --home is given)
//! ├── identity.cbor           the author's identity record, as this home began with it
//! ├── restoring               only until a restored author's network was asked: the inception
//! ├── keys/             0700
//! │   ├── root.key      0600  the root key; may be kept elsewhere, posting needs it not
//! │   ├── device.key    0600  this device's key: it signs entries and is never copied
//! │   └── node.key      0600  the key behind the node's peer id
//! ├── here              0600  where this folder lived when a node last ran in it
//! ├── token             0600  the key to the node's HTTP door
//! ├── tls/              0700  only with http.tls: the door's certificate, see `http::certificate`
//! ├── lock                    held while a node runs
//! ├── node.json         0600  where the running node's HTTP door is
//! ├── blobs/            0700  files of posts and profiles, see blobs
//! ├── index/            0700  words of the posts, made anew from the store if it is not there
//! └── store.redb        0600  everything else, see the store
//! ```
//!
//! The recovery phrase is in none of them. Secrets are written beside their place, synced, and
//! renamed into it, so a crash leaves the old file or the new one.

mod file;
mod here;
mod keyfile;
mod lock;

use std::{
    io,
    path::{Path, PathBuf},
};

use starling_protocol::{
    AuthorId, Identity, cbor,
    identity::{Action, Inception, Operation, Record},
    keys::{Phrase, Secret},
};
use zeroize::Zeroizing;

pub use file::replace;
pub(crate) use file::{folder, private, read, secret};
pub use lock::{Announcement, Door, Lock};

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was begun here.
    #[error("there is no home in {0}")]
    Missing(PathBuf),
    /// Something is here already.
    #[error("there is a home in {0} already")]
    Exists(PathBuf),
    /// The system has no place for a user's data.
    #[error("no data folder is known for this user")]
    Nowhere,
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file does not hold what was written to it.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process runs here.
    #[error("another starling process uses {0}")]
    Locked(PathBuf),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// The folder and the settings file, before anything is known about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The data directory.
    pub data: PathBuf,
    /// The settings file.
    pub config: PathBuf,
}

impl Places {
    /// Everything in one folder.
    pub fn within(folder: impl Into<PathBuf>) -> Self {
        let data = folder.into();
        let config = data.join("config.toml");
        Self { data, config }
    }

    /// The one folder if given, else where the platform wants data and settings (on Linux the XDG
    /// base directories).
    pub fn find(folder: Option<PathBuf>) -> Result<Self, Error> {
        use etcetera::BaseStrategy;
        if let Some(folder) = folder {
            return Ok(Self::within(folder));
        }
        let base = etcetera::choose_base_strategy().map_err(|_| Error::Nowhere)?;
        Ok(Self {
            data: base.data_dir().join("starling"),
            config: base.config_dir().join("starling").join("config.toml"),
        })
    }
}

/// The secrets of a home.
pub struct Keys {
    /// The root key, if it is kept here.
    pub root: Option<Secret>,
    /// What signs entries.
    pub device: Secret,
    /// Seed of the ed25519 key behind the peer id.
    pub node: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// The node's key as the network wants it.
    pub fn keypair(&self) -> libp2p::identity::Keypair {
        #[expect(clippy::expect_used, reason = "every 32 bytes are an ed25519 seed, RFC 8032 §5.1.5")]
        libp2p::identity::Keypair::ed25519_from_bytes(*self.node).expect("32 bytes are a seed")
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(secret)")
    }
}

/// A data directory that was begun.
#[derive(Debug, Clone)]
pub struct Home {
    places: Places,
}

impl Home {
    /// The home in the folder `path`, settings included.
    ///
    /// # Errors
    /// [`Error::Missing`] if none was begun there, [`Error::Io`] if that cannot be known.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_at(Places::within(path.as_ref()))
    }

    /// The home at `places`.
    ///
    /// # Errors
    /// [`Error::Missing`] if none was begun there, [`Error::Io`] if that cannot be known.
    pub fn open_at(places: Places) -> Result<Self, Error> {
        let home = Self { places };
        if home.begun()? { Ok(home) } else { Err(Error::Missing(home.places.data)) }
    }

    /// Begins a home for a new author: device and node keys are made up, and the identity says that
    /// the device speaks.
    ///
    /// # Errors
    /// [`Error::Exists`] if anything was begun there.
    pub fn create(places: Places, phrase: &Phrase) -> Result<Self, Error> {
        let (inception, root, device) = (Inception::of(phrase), phrase.root(0), random_secret()?);
        let add = Action::AddDevice(device.public());
        let mut identity = Identity::begin(inception.clone());
        let added = identity.apply(Operation::sign(inception.author(), 0, add, &root));
        added.map_err(|error| Error::Damaged { path: places.data.clone(), reason: error.to_string() })?;
        Self::write(places, Some(&root), &device, &identity.record(), None)
    }

    /// Begins a home on a new device of an author who is out there already. Nothing says yet that
    /// this device speaks: the node asks the network for the author's identity first, and `root`
    /// then vouches for the device.
    ///
    /// # Errors
    /// [`Error::Exists`] if anything was begun there.
    pub fn create_restoring(
        places: Places,
        inception: &Inception,
        root: &Secret,
        known: Option<&Record>,
    ) -> Result<Self, Error> {
        let record = match known {
            Some(record) => record.clone(),
            None => Identity::begin(inception.clone()).record(),
        };
        Self::write(places, Some(root), &random_secret()?, &record, Some(inception))
    }

    /// The identity record comes last: without it there is no home, so a crash in here leaves
    /// nothing that looks like one.
    fn write(
        places: Places,
        root: Option<&Secret>,
        device: &Secret,
        record: &Record,
        restoring: Option<&Inception>,
    ) -> Result<Self, Error> {
        let home = Self { places };
        if home.begun()? || home.store_path().exists() {
            return Err(Error::Exists(home.places.data));
        }
        file::folder(&home.places.data)?;
        file::folder(&home.file("keys"))?;
        if let Some(root) = root {
            keyfile::write(&home.file("keys/root.key"), "root", &root.seed())?;
        }
        keyfile::write(&home.file("keys/device.key"), "device", &device.seed())?;
        keyfile::write(&home.file("keys/node.key"), "node", &*random()?)?;
        if let Some(inception) = restoring {
            file::secret(&home.file("restoring"), &cbor::encode(inception))?;
        }
        home.token()?;
        home.settle()?;
        file::secret(&home.file("identity.cbor"), &cbor::encode(record))?;
        Ok(home)
    }

    /// Whether there is a home. What may not be looked at is not missing: whoever is told so begins a second identity.
    fn begun(&self) -> Result<bool, Error> {
        self.file("identity.cbor").try_exists().map_err(file::at(&self.places.data))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.places.data.join(name)
    }

    /// The data directory.
    pub fn path(&self) -> &Path {
        &self.places.data
    }

    /// The settings file; it need not exist.
    pub fn config_path(&self) -> &Path {
        &self.places.config
    }

    /// Where the store is, or will be.
    pub fn store_path(&self) -> PathBuf {
        self.file("store.redb")
    }

    /// Where the files of posts and profiles are, or will be.
    pub fn blobs_path(&self) -> PathBuf {
        self.file("blobs")
    }

    /// The folder of the index of words.
    pub fn index_path(&self) -> PathBuf {
        self.path().join("index")
    }

    /// Reads the secrets.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a file is not as it was written, to the last bit.
    pub fn keys(&self) -> Result<Keys, Error> {
        let root = self.file("keys/root.key");
        let root = if root.exists() { Some(keyfile::read(&root, "root")?) } else { None };
        Ok(Keys {
            root: root.map(|seed| Secret::from_seed(*seed)),
            device: Secret::from_seed(*keyfile::read(&self.file("keys/device.key"), "device")?),
            node: keyfile::read(&self.file("keys/node.key"), "node")?,
        })
    }

    /// The identity record that this home began with. The store may know more of it by now.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is none, or its signatures are not good.
    pub fn identity(&self) -> Result<Record, Error> {
        let path = self.file("identity.cbor");
        let damaged = |reason: String| Error::Damaged { path: path.clone(), reason };
        let record: Record =
            cbor::decode_canonical(&file::read(&path)?).map_err(|error| damaged(error.to_string()))?;
        Identity::verify(&record).map_err(|error| damaged(error.to_string()))?;
        Ok(record)
    }

    /// Whose home this is.
    ///
    /// # Errors
    /// As [`Home::identity`].
    pub fn author(&self) -> Result<AuthorId, Error> {
        let damaged = |reason: String| Error::Damaged { path: self.file("identity.cbor"), reason };
        self.identity()?.author().map_err(|error| damaged(error.to_string()))
    }

    /// The inception of the author that is being restored, until [`Home::restored`].
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file is no inception.
    pub fn restoring(&self) -> Result<Option<Inception>, Error> {
        let path = self.file("restoring");
        if !path.exists() {
            return Ok(None);
        }
        let inception = cbor::decode_canonical(&file::read(&path)?);
        inception.map(Some).map_err(|error| Error::Damaged { path, reason: error.to_string() })
    }

    /// The restored author's device was vouched for: `record` is the identity that says so.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn restored(&self, record: &Record) -> Result<(), Error> {
        file::secret(&self.file("identity.cbor"), &cbor::encode(record))?;
        file::remove(&self.file("restoring"))
    }

    /// Takes the home for this process. A command of a moment ago may still be putting the lock
    /// down, so this tries for a second.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process keeps it.
    pub fn lock(&self) -> Result<Lock, Error> {
        Lock::take(&self.places.data)
    }

    /// The door of the node that runs here now, if one does. What a killed node left behind does
    /// not count, because nobody holds the lock.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn running(&self) -> Result<Option<Door>, Error> {
        if lock::free(&self.places.data)? { Ok(None) } else { lock::read_door(&self.file("node.json")) }
    }

    /// Says where this process's HTTP door is, until the guard is dropped.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn announce(&self, http: &str) -> Result<lock::Announcement, Error> {
        lock::Announcement::write(self.file("node.json"), http)
    }

    /// The key to the HTTP door, 64 hexadecimal digits; made up if there is none yet.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn token(&self) -> Result<Zeroizing<String>, Error> {
        let path = self.file("token");
        if !path.exists() {
            let token = Zeroizing::new(keyfile::hex(&*random()?));
            file::secret(&path, token.as_bytes())?;
            return Ok(token);
        }
        let token = Zeroizing::new(file::read(&path)?);
        match std::str::from_utf8(&token).map(str::trim_ascii) {
            Ok(text) if keyfile::unhex(text).is_some() => Ok(Zeroizing::new(text.to_owned())),
            _ => Err(Error::Damaged { path, reason: "it is not 64 hexadecimal digits".into() }),
        }
    }

    /// Whether this folder, or the store in it, is not where and what it was when [`Home::settle`]
    /// was last called: it was copied, restored from a copy, or lost its store. Whoever signed on
    /// from here could fork the log.
    pub fn moved(&self) -> bool {
        !here::recorded(&self.file("here")).is_some_and(|then| then.still(&self.here()))
    }

    /// Notes that the folder lives here now. To be called again once the store exists. A note that says the same already
    /// is left alone: a home on a full disk can still be opened.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn settle(&self) -> Result<(), Error> {
        let (path, now) = (self.file("here"), self.here());
        if here::recorded(&path).as_ref() == Some(&now) {
            return Ok(());
        }
        file::secret(&path, now.to_string().as_bytes())
    }

    fn here(&self) -> here::Here {
        here::Here::look(&self.places.data, &self.store_path())
    }
}

/// The inception in an identity record.
///
/// # Errors
/// [`Error::Damaged`] if it has none.
pub fn inception(record: &Record) -> Result<Inception, Error> {
    let damaged = |error: String| Error::Damaged { path: "the identity record".into(), reason: error };
    let (inception, _): (serde_bytes::ByteBuf, serde::de::IgnoredAny) =
        cbor::decode(&cbor::encode(record)).map_err(|error| damaged(error.to_string()))?;
    cbor::decode_canonical(&inception).map_err(|error| damaged(error.to_string()))
}

/// 32 bytes that nobody can guess.
pub(crate) fn random() -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bytes)
}

fn random_secret() -> Result<Secret, Error> {
    Ok(Secret::from_seed(*random()?))
}

#[cfg(test)]
mod tests;
