//! A file that a post names.

use serde::Serialize;
use serde_json::{Value, json};
use starling_protocol::payload::Media;

/// Mastodon's MediaAttachment. Files are not carried by this version, so the type is `unknown`,
/// which clients show as a link with the alternative text.
#[derive(Debug, Serialize)]
pub(in crate::http) struct MediaAttachment {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub url: String,
    pub preview_url: Option<String>,
    pub remote_url: Option<String>,
    pub meta: Value,
    pub description: Option<String>,
    pub blurhash: Option<String>,
    pub starling: Value,
}

impl From<&Media> for MediaAttachment {
    fn from(media: &Media) -> Self {
        let blob: String = media.blob.iter().map(|byte| format!("{byte:02x}")).collect();
        let (width, height) = media.dimensions;
        let meta = match (width, height) {
            (0, _) | (_, 0) => json!({}),
            _ => json!({ "original": {
                "width": width,
                "height": height,
                "size": format!("{width}x{height}"),
                "aspect": f64::from(width) / f64::from(height),
            }}),
        };
        Self {
            url: format!("starling:blob/{blob}"),
            kind: "unknown",
            preview_url: None,
            remote_url: None,
            meta,
            description: Some(media.alt.clone()).filter(|alt| !alt.is_empty()),
            blurhash: Some(media.blurhash.clone()).filter(|hash| !hash.is_empty()),
            starling: json!({ "blob": blob, "mime": media.mime, "size": media.size }),
            id: blob,
        }
    }
}
