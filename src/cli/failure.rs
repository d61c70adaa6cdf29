//! What can go wrong, as the person and their scripts are told: a line, a hint, an exit code.

use std::{fmt, io};

use starling::{backup, config, home};

/// Exit codes, which scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It did not work.
    Failed = 1,
    /// The command is not one.
    Usage = 2,
    /// The settings are wrong.
    Config = 3,
    /// A running node is needed.
    NotRunning = 4,
    /// There is no such thing.
    NotFound = 5,
    /// Nobody could be reached.
    Network = 6,
    /// Something is not what was signed.
    Verification = 7,
    /// A rule forbids it.
    Refused = 8,
    /// The terminal went away.
    HungUp = 129,
    /// Interrupted before it was done.
    Interrupted = 130,
    /// The system told it to end.
    Told = 143,
}

impl Kind {
    /// What to do when nobody knows better. Advice that does not help is worse than none.
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Usage => "--help after the command says what it takes",
            Self::NotRunning => "`starling run` starts a node",
            Self::NotFound => {
                "look at how it is written; what has not arrived yet may come with the next peer"
            }
            Self::Network => "`starling peers list` shows who is there",
            Self::Verification => "do not rely on it; get it again from where it came from",
            Self::Refused => "nothing was changed",
            // The first two have too many reasons for one advice to fit all.
            Self::Failed | Self::Config | Self::HungUp | Self::Interrupted | Self::Told => return None,
        })
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// Its exit code.
    pub kind: Kind,
    /// One line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whoever reads our output has gone: nothing to complain about, and nobody to complain to.
    pub quiet: bool,
}

impl Failure {
    /// A failure without advice.
    pub fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hint: None, quiet: false }
    }

    /// With advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// It did not work.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The arguments make no sense together.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { quiet: error.kind() == io::ErrorKind::BrokenPipe, ..Self::failed(error) }
    }
}

impl From<home::Error> for Failure {
    fn from(error: home::Error) -> Self {
        use home::Error as E;
        let (kind, hint) = match &error {
            E::Missing(_) => (Kind::Config, Some("`starling init` begins one; --home says where")),
            E::Exists(_) => (Kind::Refused, Some("choose another folder with --home")),
            E::Locked(_) => (Kind::Failed, Some("wait until it is done, or stop it")),
            E::Damaged { .. } => {
                (Kind::Verification, Some("restore from your phrase or a backup, into another folder"))
            }
            E::Nowhere => (Kind::Config, Some("say where with --home")),
            E::Io { error, .. } => (Kind::Failed, denied(error)),
            E::Random(_) => (Kind::Failed, None),
        };
        Self { kind, message: error.to_string(), hint: hint.map(Into::into), quiet: false }
    }
}

/// What to do about a place that the system keeps from us.
fn denied(error: &io::Error) -> Option<&'static str> {
    (error.kind() == io::ErrorKind::PermissionDenied)
        .then_some("look whose it is and who may use it; another home can be named with --home")
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        use config::Error as E;
        let hint = match &error {
            E::Io { error, .. } => denied(error),
            // While a layer cannot be read nobody can list the settings.
            E::Unknown { from, .. } | E::Invalid { from, .. } if from.ends_with(".toml") => {
                Some("mend the file, or move it away and the defaults hold")
            }
            E::Unknown { from, .. } | E::Invalid { from, .. } if from.starts_with("STARLING_") => {
                Some("unset the variable, or set it to something else")
            }
            E::Unknown { .. } | E::Invalid { .. } => Some(SETTINGS),
        };
        Self { hint: hint.map(Into::into), ..Self::new(Kind::Config, error) }
    }
}

/// What to do about a setting that is asked for and cannot be.
pub const SETTINGS: &str = "`starling config list` shows what may be set";

impl From<backup::Error> for Failure {
    fn from(error: backup::Error) -> Self {
        match error {
            backup::Error::Io(error) => Self::from(error),
            error @ (backup::Error::Random(_) | backup::Error::TooLarge) => Self::failed(error),
            error => Self::new(Kind::Verification, error)
                .hint("look at the passphrase, and try another copy of the file"),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() { Self::from(io::Error::from(error)) } else { Self::failed(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_given_where_it_helps() {
        let told =
            |failure: Failure| failure.hint.or(failure.kind.hint().map(Into::into)).unwrap_or_default();
        assert_eq!(told(Failure::failed("you have voted already")), "");
        let denied =
            |path: &str| home::Error::Io { path: path.into(), error: io::ErrorKind::PermissionDenied.into() };
        let failure = Failure::from(denied("/home/alice"));
        assert!(failure.message.starts_with("/home/alice: permission denied"), "{failure:?}");
        assert!(told(failure).contains("who may use it"));

        let resolved = |file: &str, variable: &str| {
            let variables = [("STARLING_HTTP_LISTEN".to_owned(), variable.to_owned())];
            config::Resolved::new(Some(("home/config.toml", file)), &variables, &[]).unwrap_err()
        };
        let broken = Failure::from(resolved("[http]\nlisten = ", "127.0.0.1:0"));
        assert!(
            broken.message.contains("home/config.toml") && broken.message.contains("line 2"),
            "{broken:?}"
        );
        assert!(told(broken).contains("move it away"));
        assert!(told(resolved("", "nowhere").into()).contains("unset"));
        let wrong = config::edit("home/config.toml", "", "network.mdsn", "true").unwrap_err();
        assert_eq!(told(wrong.into()), SETTINGS);
    }
}
