//! What can go wrong, as the person and their scripts are told: a line, a hint, an exit code. The codes are the node's.

use std::{fmt, io};

/// Exit codes, which scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It did not work, or an invariant does not hold.
    Failed = 1,
    /// The command or the scenario is not one.
    Usage = 2,
    /// A rule forbids it.
    Refused = 8,
    /// Interrupted before it was done.
    Interrupted = 130,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// Its exit code.
    pub kind: Kind,
    /// What is told; nothing if it was told already.
    pub message: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whoever reads our output has gone: nothing to complain about, and nobody to complain to.
    pub quiet: bool,
}

impl Failure {
    /// A failure without advice.
    pub fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: Some(message.to_string()), hint: None, quiet: false }
    }

    /// An exit code whose reason was told already.
    pub fn told(kind: Kind) -> Self {
        Self { kind, message: None, hint: None, quiet: false }
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

    /// The arguments, or what they name, make no sense.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { quiet: error.kind() == io::ErrorKind::BrokenPipe, ..Self::failed(error) }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() { Self::from(io::Error::from(error)) } else { Self::failed(error) }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}
