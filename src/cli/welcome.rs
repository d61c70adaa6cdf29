//! The feed that comes with the program: a few signed posts that tell how to go on, so that the first timeline is not
//! empty. `welcome/make` makes it from the texts beside it.
//!
//! It is checked as if strangers had sent it, and followed as anybody is followed.

use serde_json::{Value, json};
use starling_protocol::bundle;

use super::{Failure, client::Client, feed};

const FEED: &[u8] = include_bytes!("welcome/feed.bundle");

/// Takes the feed in, and follows its author.
pub fn greet(client: &Client) -> Result<(), Failure> {
    let author = bundle::check(FEED).map_err(feed::damaged)?.about.author;
    let _: Value = client.upload("/api/starling/v1/import", "application/cbor-seq", &mut &*FEED)?;
    let led = json!({ "starling": { "how": "welcome" } });
    let _: Value = client.post(&format!("/api/v1/accounts/{author}/follow"), &led)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 6] = [
        include_str!("welcome/1-apps.txt"),
        include_str!("welcome/2-keep.txt"),
        include_str!("welcome/3-others.txt"),
        include_str!("welcome/4-write.txt"),
        include_str!("welcome/5-read.txt"),
        include_str!("welcome/6-welcome.txt"),
    ];

    /// The feed says what the texts beside it say, whoever changed either.
    #[test]
    fn the_feed_is_whole_and_of_these_texts() {
        let summary = bundle::check(FEED).unwrap();
        assert_eq!((summary.identities, summary.forks), (1, 0));
        let said: Vec<u8> = FEED.to_vec();
        for text in TEXTS {
            let text = text.trim_end().as_bytes();
            assert!(said.windows(text.len()).any(|part| part == text), "make the feed again");
        }
    }
}
