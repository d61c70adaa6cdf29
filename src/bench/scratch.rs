//! A folder that goes when it is done with.

use std::path::{Path, PathBuf};

use super::Options;

/// The folder; dropped, it is removed with all that is in it.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new empty folder, only ours to read.
    pub fn new(options: &Options, name: &str) -> std::io::Result<Self> {
        let within = options.dir.clone().unwrap_or_else(std::env::temp_dir);
        let path = within.join(format!("starling-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("{} is left behind: {error}", self.0.display());
        }
    }
}
