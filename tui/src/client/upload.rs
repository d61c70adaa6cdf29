//! Brings a file to the server. It is read here, on a thread of its own work, and sent as one part of a form (RFC 7578).

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::{Answer, Worker};
use crate::api::Media;

/// Bytes of a file at most, whatever the server would take: it is held in memory while it is sent.
const MOST: u64 = 64 * 1024 * 1024;
/// What ends a part. It must not be in the file, which nobody writes by chance.
const EDGE: &str = "starling-4b1f0c6e9a7d43d2";

impl Worker {
    /// Whether a file can be read.
    pub(super) fn can_read(&self, path: &str) -> Answer<()> {
        let path = placed(path);
        let is_folder = || std::io::Error::from(std::io::ErrorKind::IsADirectory);
        let kind = fs::metadata(&path).map_err(|error| self.unread(&path, &error))?;
        if kind.is_dir() {
            return Err(self.unread(&path, &is_folder()));
        }
        // Whoever opens a pipe waits for what somebody writes into it.
        if kind.is_file() {
            File::open(&path).map_err(|error| self.unread(&path, &error))?;
        }
        Ok(())
    }

    fn unread(&self, path: &Path, error: &std::io::Error) -> String {
        let things = [("path", path.display().to_string()), ("why", error.to_string())];
        self.words.put("upload-unreadable", things).into_owned()
    }

    /// Brings a file with its description to the server.
    pub(super) fn upload(&self, path: &str, alt: &str) -> Answer<Media> {
        let path = placed(path);
        let unread = |error: std::io::Error| self.unread(&path, &error);
        let file = File::open(&path).map_err(unread)?;
        let mut bytes = Vec::new();
        file.take(MOST + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 > MOST {
            return Err(self.words.count("upload-too-large", (MOST / 1024 / 1024) as usize).into_owned());
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let request = self
            .request("POST", "/api/v2/media")
            .header("Content-Type", format!("multipart/form-data; boundary={EDGE}"))
            .body(form(&name, alt, &bytes));
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.agent.run(request).map_err(|error| self.why(&error))?;
        self.read(answer)
    }
}

/// Where a path points: as people write it, or as terminals paste it.
fn placed(path: &str) -> PathBuf {
    let path = path.trim();
    let path =
        ['\'', '"'].iter().find_map(|quote| path.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(path);
    let path = path.strip_prefix("file://").unwrap_or(path);
    let home = std::env::home_dir();
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn form(name: &str, alt: &str, bytes: &[u8]) -> Vec<u8> {
    // A quote or a line break in a name would end the line that it stands in (RFC 7578 section 4.2).
    let name = name.replace(['"', '\r', '\n'], "_");
    let mut body = Vec::with_capacity(bytes.len() + alt.len() + 512);
    if !alt.is_empty() {
        let part = format!(
            "--{EDGE}\r\nContent-Disposition: form-data; name=\"description\"\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{alt}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    let part = format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(part.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_its_parts_and_no_name_breaks_out() {
        let body = form("a\"\r\nX: y.png", "a red bird", b"\x89PNG");
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains(
            "name=\"description\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\na red bird\r\n--"
        ));
        assert!(text.contains("filename=\"a___X: y.png\"\r\n"));
        assert!(text.ends_with(&format!("PNG\r\n--{EDGE}--\r\n")));
        assert!(!String::from_utf8_lossy(&form("a", "", b"")).contains("description"));
    }

    #[test]
    fn a_path_is_taken_as_people_write_it() {
        for text in ["/tmp/a b.png", " '/tmp/a b.png' ", "\"/tmp/a b.png\"", "file:///tmp/a b.png"] {
            assert_eq!(placed(text), PathBuf::from("/tmp/a b.png"), "{text}");
        }
        assert!(placed("~/a").is_absolute() || std::env::home_dir().is_none());
    }
}
