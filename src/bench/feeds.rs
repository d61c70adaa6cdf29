//! Feeds that nobody wrote: the same ones for the same seed, signed as real ones are.

use rayon::prelude::*;
use starling_protocol::{
    AuthorId, Body, EntryId, Identity,
    entry::{self, Place, log},
    identity::{Action, Inception, Operation, Record},
    keys::{Phrase, Secret},
    payload::Content,
};

use super::Error;

/// When the first post of each feed was, in milliseconds since 1970: long enough ago that a thousand
/// posts an hour apart all lie in the past.
const BEGIN: u64 = 1_700_000_000_000;
/// Characters of each post.
const CHARACTERS: usize = 100;

/// An author with one device, and where the feed has got to.
pub struct Feed {
    /// Who.
    pub author: AuthorId,
    /// The identity that lets the device speak.
    pub record: Record,
    number: u64,
    device: Secret,
    seq: u64,
    previous: Option<EntryId>,
    /// Whether the words are spread as in language, or are sixteen.
    speaks: bool,
}

impl Feed {
    fn new(number: u64) -> Result<Self, Error> {
        let phrase = Phrase::from_entropy(seed("phrase", number));
        let device = Secret::from_seed(seed("device", number));
        let inception = Inception::of(&phrase);
        let author = inception.author();
        let mut identity = Identity::begin(inception);
        let add = Operation::sign(author, 0, Action::AddDevice(device.public()), &phrase.root(0));
        identity.apply(add).map_err(|error| Error::Void(error.to_string()))?;
        let record = identity.record();
        Ok(Self { author, record, number, device, seq: 0, previous: None, speaks: false })
    }

    /// From now on with words spread as in language.
    pub fn speak(&mut self) {
        self.speaks = true;
    }

    /// Writes the next `count` posts; their wire bytes, oldest first.
    pub fn write(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.post()).collect()
    }

    fn post(&mut self) -> Vec<u8> {
        let random = blake3::keyed_hash(&seed("text", self.number), &self.seq.to_le_bytes());
        let text = if self.speaks { speech(random.as_bytes()) } else { text(random.as_bytes()) };
        let content = Content { text, ..Content::default() };
        let salt = std::array::from_fn(|at| random.as_bytes()[at]);
        let place = Place { author: self.author, log: log::POSTS, seq: self.seq, previous: self.previous };
        // Feeds speak in turns, so that a page of a timeline shows forty of them.
        let time = BEGIN + self.seq * 3_600_000 + self.number * 3_571 % 3_600_000;
        let entry = entry::sign(place, Body::Post(content), salt, time, &self.device);
        self.seq += 1;
        self.previous = Some(entry.id());
        entry.signed().to_bytes()
    }
}

/// So many new feeds.
pub fn feeds(count: usize) -> Result<Vec<Feed>, Error> {
    (0..count as u64).into_par_iter().map(Feed::new).collect()
}

/// Has each feed write `each` posts: feed by feed, newest first, as sync brings them.
pub fn write(feeds: &mut [Feed], each: usize) -> Vec<Vec<u8>> {
    let written: Vec<Vec<Vec<u8>>> = feeds.par_iter_mut().map(|feed| feed.write(each)).collect();
    written.into_iter().flat_map(|feed| feed.into_iter().rev()).collect()
}

fn seed(what: &str, number: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("starling 2026-11 made up feeds v1");
    hasher.update(what.as_bytes()).update(&number.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// The word that is so many places down the list of the most common: short if it is common.
pub fn word(rank: usize) -> String {
    const BEGIN: [&str; 16] =
        ["b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "tr"];
    const END: [&str; 8] = ["a", "e", "i", "o", "u", "an", "er", "il"];
    let mut word = String::new();
    let mut left = rank + 1;
    while left > 0 {
        word.push_str(BEGIN[left % 16]);
        word.push_str(END[left / 16 % 8]);
        left /= 128;
    }
    word
}

/// Words of which the second most common is half as common as the first, the third a third, and so on, up to
/// [`CHARACTERS`].
fn speech(random: &[u8; 32]) -> String {
    /// Words that there are.
    const WORDS: f64 = 50_000.0;
    let mut stream = blake3::Hasher::new().update(random).finalize_xof();
    let mut text = String::with_capacity(CHARACTERS + 12);
    let mut bytes = [0; 4];
    while text.len() < CHARACTERS {
        stream.fill(&mut bytes);
        let part = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word(WORDS.powf(part) as usize - 1));
    }
    text
}

/// Words in a row, one for each byte, over and over, up to [`CHARACTERS`].
fn text(random: &[u8; 32]) -> String {
    const WORDS: [&str; 16] = [
        "starling", "in", "the", "evening", "over", "reeds", "a", "murmur", "turns", "and", "settles",
        "again", "before", "winter", "comes", "here",
    ];
    let mut text = String::with_capacity(CHARACTERS + 10);
    for byte in random.iter().cycle() {
        text.push_str(WORDS[usize::from(byte % 16)]);
        if text.len() >= CHARACTERS {
            break;
        }
        text.push(' ');
    }
    text.truncate(CHARACTERS);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_the_same_each_time_and_valid() {
        let make = || write(&mut feeds(2).unwrap(), 3);
        let entries = make();
        assert_eq!(entries, make());
        assert_eq!(entries.len(), 6);
        for bytes in &entries {
            let entry = entry::verify(bytes).unwrap();
            let content = entry.payload().and_then(|payload| payload.body().content()).unwrap();
            assert_eq!(content.text.chars().count(), CHARACTERS);
        }
    }
}
