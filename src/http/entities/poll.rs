//! A poll, and what the votes come to.

use serde_json::{Value, json};
use starling_protocol::payload::poll::Poll;

use super::{Dresser, time::time};
use crate::{clock, store::polls::Tally, view::Post};

impl Dresser<'_> {
    /// Mastodon's Poll. Its id is the post's, which has one at most.
    pub(in crate::http) fn poll(&self, post: &Post, poll: &Poll, tally: &Tally) -> Value {
        let expired = poll.ends_at <= clock::now();
        let shown = expired || !poll.hides_totals;
        let options = poll.options.iter().zip(&tally.votes);
        let options: Vec<_> = options
            .map(|(title, votes)| json!({ "title": title, "votes_count": shown.then_some(votes) }))
            .collect();
        let own = self.reader.is_some_and(|reader| reader.is_me(post));
        json!({
            "id": post.id.to_string(),
            "expires_at": time(poll.ends_at),
            "expired": expired,
            "multiple": poll.multiple,
            "votes_count": tally.votes.iter().sum::<u64>(),
            "voters_count": tally.voters,
            "options": options,
            "emojis": [],
            // Whoever asks knows the answer.
            "voted": own || !tally.own.is_empty(),
            "own_votes": tally.own,
        })
    }
}
