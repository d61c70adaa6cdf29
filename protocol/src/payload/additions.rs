//! Additions to a post that this version understands, as the extensions that carry them.
//!
//! `sensitive`: the one byte `f5` (true): the files are not to be seen before a reader asks.
//! `focus`: a list with a place for each file: `[x, y]` in thousandths from the middle, to the right and upwards, or
//! null. It says what a cut of the picture should show.

use super::{Content, Extension};
use crate::{cbor, limits};

/// Name of the extension for [`Content::sensitive`].
pub const SENSITIVE: &str = "sensitive";
/// Name of the extension for [`Content::focus`].
pub const FOCUS: &str = "focus";

const TRUE: [u8; 1] = [0xf5];

/// A point of a picture in thousandths from its middle: to the right, and upwards.
pub type Focus = (i16, i16);

impl Content {
    /// Whether its files are not to be seen before a reader asks.
    pub fn sensitive(&self) -> bool {
        self.extension(SENSITIVE).is_some_and(|value| value == TRUE)
    }

    /// Says whether its files are to be seen at once.
    pub fn set_sensitive(&mut self, sensitive: bool) {
        self.set_extension(SENSITIVE, sensitive.then(|| TRUE.to_vec()));
    }

    /// What a cut of each file should show, as far as the author says. What cannot be read says nothing.
    pub fn focus(&self) -> Vec<Option<Focus>> {
        let Some(value) = self.extension(FOCUS) else { return Vec::new() };
        if cbor::check_canonical(value).is_err() {
            return Vec::new();
        }
        let points = cbor::decode::<Vec<Option<Focus>>>(value).unwrap_or_default();
        let within = |(x, y): &Focus| (-1000..=1000).contains(x) && (-1000..=1000).contains(y);
        points.into_iter().take(limits::MEDIA).map(|point| point.filter(within)).collect()
    }

    /// Says what a cut of each file should show.
    pub fn set_focus(&mut self, points: &[Option<Focus>]) {
        let any = points.iter().any(Option::is_some);
        self.set_extension(FOCUS, any.then(|| cbor::encode(&points)));
    }

    /// The bytes of an extension.
    pub fn extension(&self, name: &str) -> Option<&[u8]> {
        self.extensions.iter().find(|held| held.name == name).map(|held| held.value.as_slice())
    }

    /// Puts an extension in its place among the others, or takes it away.
    pub fn set_extension(&mut self, name: &str, value: Option<Vec<u8>>) {
        self.extensions.retain(|held| held.name != name);
        if let Some(value) = value {
            let at = self.extensions.partition_point(|held| held.name.as_str() < name);
            self.extensions.insert(at, Extension { name: name.into(), value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_are_read_as_they_were_said() {
        let mut content = Content::default();
        assert!(!content.sensitive() && content.focus().is_empty());
        content.set_sensitive(true);
        content.set_focus(&[None, Some((-500, 1000))]);
        assert!(content.sensitive());
        assert_eq!(content.focus(), [None, Some((-500, 1000))]);
        let names: Vec<_> = content.extensions.iter().map(|held| held.name.as_str()).collect();
        assert_eq!(names, [FOCUS, SENSITIVE]);
        content.set_sensitive(false);
        content.set_focus(&[None, None]);
        assert!(content.extensions.is_empty());
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let mut content = Content::default();
        content.set_extension(SENSITIVE, Some(vec![0xf4]));
        assert!(!content.sensitive());
        for (bytes, points) in [
            (vec![0x81, 0x82, 0x19, 0x03, 0xe9, 0x00], vec![None]),
            (vec![0x81, 0x82, 0x18, 0x01, 0x00], vec![]),
            (vec![0x81, 0x83, 0, 0, 0], vec![]),
            (vec![0xff], vec![]),
            (vec![], vec![]),
        ] {
            content.set_extension(FOCUS, Some(bytes));
            assert_eq!(content.focus(), points);
        }
    }
}
