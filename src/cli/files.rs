//! Files that a command sends along: read whole, because they are bounded, and put in one body with what is said of them.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::Value;
use starling::blobs::MAX_BYTES;

use super::{Failure, client::Client, door::Door, feed};

/// A body with files and fields (RFC 7578).
pub struct Parts {
    boundary: String,
    bytes: Vec<u8>,
}

impl Parts {
    /// Without anything in it.
    pub fn new() -> Result<Self, Failure> {
        // Random, so that no file can have it in it.
        Ok(Self { boundary: Door::token()?.to_string(), bytes: Vec::new() })
    }

    /// Adds a field.
    pub fn field(&mut self, name: &str, value: &str) {
        self.head(&format!("name=\"{name}\""));
        self.bytes.extend(value.as_bytes());
        self.bytes.extend(b"\r\n");
    }

    /// Adds a file. Its name stays here: it may say more than the picture does.
    pub fn file(&mut self, name: &str, path: &Path) -> Result<(), Failure> {
        let file = File::open(path).map_err(|error| feed::missing(path, error))?;
        self.head(&format!("name=\"{name}\"; filename=\"file\""));
        let before = self.bytes.len() as u64;
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut self.bytes);
        read.map_err(|error| feed::at(path, error))?;
        if self.bytes.len() as u64 - before > MAX_BYTES {
            let most = MAX_BYTES >> 20;
            return Err(Failure::failed(format!("{}: a file may have {most} MiB", path.display())));
        }
        self.bytes.extend(b"\r\n");
        Ok(())
    }

    fn head(&mut self, disposition: &str) {
        let head = format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n", self.boundary);
        self.bytes.extend(head.as_bytes());
    }

    /// The type of the body, and the body.
    pub fn finish(mut self) -> (String, Vec<u8>) {
        self.bytes.extend(format!("--{}--\r\n", self.boundary).as_bytes());
        (format!("multipart/form-data; boundary={}", self.boundary), self.bytes)
    }
}

/// Sends files for a post, each with its text, and gives the ids that it names them by.
pub fn upload(client: &Client, files: &[PathBuf], texts: &[String]) -> Result<Vec<Value>, Failure> {
    let mut ids = Vec::new();
    for (at, path) in files.iter().enumerate() {
        let mut parts = Parts::new()?;
        parts.file("file", path)?;
        if let Some(text) = texts.get(at) {
            parts.field("description", text);
        }
        let (kind, body) = parts.finish();
        let kept: Value = client.upload("/api/v1/media", &kind, &mut &body[..])?;
        ids.push(kept["id"].clone());
    }
    Ok(ids)
}
