//! A question with answers to choose from, as an addition to a post, and what a vote on it counts for.
//!
//! `poll`: `[[answer, …], end, several, hidden]`: two to eight answers, all different; when it ends; whether several may
//! be chosen; whether readers are shown nothing of the votes before the end. It is what the entry says that began the
//! post: an edit does not change it, or votes would change their meaning.

use serde::{Deserialize, Serialize};

use super::{Content, OverLimit, within};
use crate::{cbor, limits};

/// Name of the extension for [`Content::poll`].
pub const POLL: &str = "poll";

/// A question with answers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The answers.
    pub options: Vec<String>,
    /// When it ends, in milliseconds since 1970: what claims to be of then or later counts for nothing.
    pub ends_at: u64,
    /// Whether several answers may be chosen.
    pub multiple: bool,
    /// Whether readers are shown nothing of the votes before the end.
    pub hides_totals: bool,
}

#[derive(Serialize, Deserialize)]
struct Wire(Vec<String>, u64, bool, bool);

/// The answers that a vote chooses, a bit for each: what is no ascending list of places chooses none.
pub fn chosen(choices: &[u8]) -> u8 {
    let ascending = choices.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || choices.iter().any(|choice| usize::from(*choice) >= limits::POLL_OPTIONS) {
        return 0;
    }
    choices.iter().fold(0, |chosen, choice| chosen | 1 << choice)
}

impl Poll {
    /// Whether a vote that chooses these answers, and claims to be of `time`, counts.
    pub fn counts(&self, chosen: u8, time: u64) -> bool {
        let known = u32::from(chosen) >> self.options.len().min(limits::POLL_OPTIONS) == 0;
        chosen != 0 && known && (self.multiple || chosen.count_ones() == 1) && time < self.ends_at
    }

    /// Checks the limits that readers hold a poll to.
    pub fn check_limits(&self) -> Result<(), OverLimit> {
        within("the list of answers", "entries", self.options.len(), limits::POLL_OPTIONS)?;
        for option in &self.options {
            within("an answer", "characters", option.chars().count(), limits::POLL_OPTION_CHARS)?;
        }
        Ok(())
    }

    /// Whether it is one: two answers at least, none of them empty or there twice.
    pub fn is_sound(&self) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        let different = self.options.iter().all(|option| !option.is_empty() && seen.insert(option));
        different && self.options.len() >= 2 && self.check_limits().is_ok()
    }
}

impl Content {
    /// The poll that goes with it. What cannot be read is none.
    pub fn poll(&self) -> Option<Poll> {
        let value = self.extension(POLL)?;
        let Wire(options, ends_at, multiple, hides_totals) = cbor::decode_canonical(value).ok()?;
        Some(Poll { options, ends_at, multiple, hides_totals }).filter(Poll::is_sound)
    }

    /// Says which poll goes with it.
    pub fn set_poll(&mut self, poll: Option<&Poll>) {
        let value = poll.map(|poll| {
            cbor::encode(&Wire(poll.options.clone(), poll.ends_at, poll.multiple, poll.hides_totals))
        });
        self.set_extension(POLL, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(options: &[&str]) -> Poll {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Poll { options, ends_at: 1_000, multiple: false, hides_totals: false }
    }

    #[test]
    fn a_poll_is_read_as_it_was_said() {
        let mut content = Content::default();
        assert_eq!(content.poll(), None);
        let said = Poll { multiple: true, ..poll(&["yes", "no"]) };
        content.set_poll(Some(&said));
        assert_eq!(content.poll(), Some(said));
        content.set_poll(None);
        assert!(content.extensions.is_empty());
    }

    #[test]
    fn what_is_no_poll_is_none() {
        let long = "x".repeat(limits::POLL_OPTION_CHARS + 1);
        let many = ["0", "1", "2", "3", "4", "5", "6", "7", "8"];
        for options in [&[][..], &["one"], &["same", "same"], &["", "x"], &[&long, "x"], &many] {
            let mut content = Content::default();
            content.set_poll(Some(&poll(options)));
            assert_eq!(content.poll(), None, "{options:?}");
        }
        let mut content = Content::default();
        for bytes in [vec![], vec![0x80], vec![0x84, 0x82, 0x61, 0x61, 0x61, 0x62, 0x18, 1, 0xf4, 0xf4]] {
            content.set_extension(POLL, Some(bytes));
            assert_eq!(content.poll(), None);
        }
    }

    #[test]
    fn a_vote_counts_before_the_end_and_for_what_can_be_chosen() {
        let one = poll(&["a", "b", "c"]);
        let several = Poll { multiple: true, ..one.clone() };
        for (choices, time, in_one, in_several) in [
            (&[0][..], 999, true, true),
            (&[2], 0, true, true),
            (&[0], 1_000, false, false),
            (&[3], 0, false, false),
            (&[], 0, false, false),
            (&[0, 2], 0, false, true),
            (&[2, 0], 0, false, false),
            (&[1, 1], 0, false, false),
            (&[0, 3], 0, false, false),
            (&[8], 0, false, false),
            (&[255], 0, false, false),
        ] {
            assert_eq!(one.counts(chosen(choices), time), in_one, "{choices:?}");
            assert_eq!(several.counts(chosen(choices), time), in_several, "{choices:?}");
        }
        let eight = poll(&["0", "1", "2", "3", "4", "5", "6", "7"]);
        assert!(eight.counts(chosen(&[7]), 0));
    }
}
