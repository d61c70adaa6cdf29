//! A file that a post shows, or is to show.

use serde::Serialize;
use serde_json::{Value, json};
use starling_protocol::payload::{Content, Media};

use super::Dresser;
use crate::{
    blobs::{hex, picture},
    store::kept::blob::UploadRow,
};

/// Mastodon's MediaAttachment. What is no picture has the type `unknown`, which clients show as a link with the
/// alternative text.
#[derive(Debug, Serialize)]
pub(in crate::http) struct MediaAttachment {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// None while it is worked on.
    pub url: Option<String>,
    pub preview_url: Option<String>,
    pub remote_url: Option<String>,
    pub preview_remote_url: Option<String>,
    pub text_url: Option<String>,
    pub meta: Value,
    pub description: Option<String>,
    pub blurhash: Option<String>,
    pub starling: Value,
}

impl MediaAttachment {
    /// An upload that is being worked on.
    pub(in crate::http) fn waiting(id: u64, row: &UploadRow) -> Self {
        Self {
            id: id.to_string(),
            kind: "unknown",
            url: None,
            preview_url: None,
            remote_url: None,
            preview_remote_url: None,
            text_url: None,
            meta: json!({}),
            description: said(&row.alt),
            blurhash: None,
            starling: json!({}),
        }
    }
}

impl Dresser<'_> {
    /// The files that a post shows.
    pub(in crate::http) fn attachments(&self, content: &Content) -> Vec<MediaAttachment> {
        let focus = content.focus();
        let focus = |at: usize| focus.get(at).copied().flatten();
        content.media.iter().enumerate().map(|(at, media)| self.attachment(media, focus(at))).collect()
    }

    /// One file. `focus` is in thousandths from the middle.
    pub(in crate::http) fn attachment(&self, media: &Media, focus: Option<(i16, i16)>) -> MediaAttachment {
        let blob = hex(&media.blob);
        let shown = picture::TYPES.contains(&media.mime.as_str());
        let url = format!("{}/media/{blob}", self.base);
        let mut meta = match media.dimensions {
            (0, _) | (_, 0) => json!({}),
            whole => json!({ "original": size(whole), "small": size(picture::small_size(whole)) }),
        };
        if let Some((x, y)) = focus {
            meta["focus"] = json!({ "x": f64::from(x) / 1000.0, "y": f64::from(y) / 1000.0 });
        }
        MediaAttachment {
            kind: if shown { "image" } else { "unknown" },
            preview_url: Some(if shown { format!("{url}/small") } else { url.clone() }),
            url: Some(url),
            remote_url: None,
            preview_remote_url: None,
            text_url: None,
            meta,
            description: said(&media.alt),
            blurhash: Some(media.blurhash.clone()).filter(|hash| is_blurhash(hash)),
            starling: json!({ "blob": blob, "mime": media.mime, "size": media.size }),
            id: blob,
        }
    }
}

fn said(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn size((width, height): (u32, u32)) -> Value {
    json!({
        "width": width,
        "height": height,
        "size": format!("{width}x{height}"),
        "aspect": f64::from(width) / f64::from(height),
    })
}

/// Whether clients can decode it: some fall over what is none, and it is a stranger who wrote it.
fn is_blurhash(text: &str) -> bool {
    const DIGITS: &[u8] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
    let Some(Some(first)) = text.as_bytes().first().map(digit) else { return false };
    let (across, down) = (first % 9 + 1, first / 9 + 1);
    down <= 9 && text.len() == 4 + 2 * across * down && text.bytes().all(|byte| digit(&byte).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_decoded_is_a_blurhash() {
        assert!(is_blurhash("LNAdAqj[00aymkj[TKay9}ay-Sj["));
        for wrong in ["", "L", "LNAdAqj[00aymkj[TKay9}ay-Sj", "LNAdAqj[00aymkj[TKay9}ay-Sj\"", "é", "~~~~~~"]
        {
            assert!(!is_blurhash(wrong), "{wrong}");
        }
    }
}
