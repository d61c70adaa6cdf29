//! Bodies with files in them (`multipart/form-data`, RFC 7578): fields as in a form, and files beside them.
//!
//! A file is held in memory, because what is done with it needs all of it; whoever reads one has a place for it first
//! ([`crate::blobs::Blobs::place`]), and there are two.

use axum::extract::{FromRequest, Multipart, Request};
use serde::de::DeserializeOwned;

use super::{error::Error, form, input};
use crate::blobs::MAX_BYTES;

/// The media type.
pub(super) const TYPE: &str = "multipart/form-data";
/// Parts of a body: what a form may have, and as many again.
const PARTS: usize = 512;

/// What was in a body.
#[derive(Debug, Default)]
pub(super) struct Parts {
    fields: Vec<(String, String)>,
    files: Vec<(String, Received)>,
}

/// A file as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub bytes: Vec<u8>,
    /// The type that it was sent as.
    pub declared: Option<String>,
}

impl Parts {
    /// The fields as the JSON that they stand for.
    pub(super) fn value<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let fields = form::object(self.fields.iter().map(|field| Ok(field.clone())))?;
        serde_json::from_value(fields).map_err(|error| Error::Invalid(error.to_string()))
    }

    /// A file, taken out.
    pub(super) fn file(&mut self, name: &str) -> Option<Received> {
        let at = self.files.iter().position(|(named, _)| named == name)?;
        Some(self.files.swap_remove(at).1)
    }
}

/// Reads a body. Parts with a name in `files` are files whatever else they say; others are not, and must be text.
/// Only a file that is named may be larger than all fields together.
pub(super) async fn read(request: Request, files: &[&str]) -> Result<Parts, Error> {
    let mut body = Multipart::from_request(request, &()).await.map_err(|_| Error::NotJson)?;
    let mut parts = Parts::default();
    let mut left = input::BODY;
    for _ in 0..PARTS {
        let Some(mut field) = body.next_field().await.map_err(malformed)? else { return Ok(parts) };
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = files.contains(&name.as_str());
        let limit = if is_file { MAX_BYTES as usize } else { left };
        let declared = field.content_type().map(str::to_owned);
        let mut bytes = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(malformed)? {
            if bytes.len() + piece.len() > limit {
                return Err(Error::TooLarge(limit));
            }
            bytes.extend_from_slice(&piece);
        }
        if !is_file {
            left -= bytes.len();
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| Error::Malformed(format!("the field {name:?} is not UTF-8")))?;
            parts.fields.push((name, text));
        } else if !bytes.is_empty() && parts.files.iter().all(|(held, _)| *held != name) {
            // Clients send an empty part for a file that was not chosen.
            parts.files.push((name, Received { bytes, declared }));
        }
    }
    Err(Error::Malformed(format!("it has more than {PARTS} parts")))
}

fn malformed(error: axum::extract::multipart::MultipartError) -> Error {
    Error::Malformed(error.body_text())
}
