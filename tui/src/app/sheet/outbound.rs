//! What own posts wait for: told as far as the node knows, which is what peers told it.

use super::{App, Row, Teller, Tone};
use crate::{
    api::{Id, node::Outgoing},
    layout,
    msg::{Effect, ask::Outbound},
    text::DisplayText,
};

/// Lines of the sheet. The posts come first, two lines each, so that the selected one can be found again.
pub(super) fn rows(teller: &Teller<'_>, outbound: &Outbound, loading: bool) -> Vec<Row> {
    let words = teller.words;
    let queue = &outbound.queue;
    let mut rows = Vec::new();
    for (post, status) in &outbound.posts {
        let gist = status.as_ref().map(|status| DisplayText::new(layout::plain(status).as_str()).to_string());
        let gist = gist.unwrap_or_else(|| words.say("outbound-gone").into_owned());
        rows.push(Row::new(Tone::Plain, gist));
        rows.push(state(teller, post).within());
    }
    if outbound.posts.is_empty() {
        let name = if loading { "sheet-loading" } else { "outbound-none" };
        rows.push(Row::new(Tone::Faint, words.say(name)));
    }
    for post in &outbound.scheduled {
        rows.push(Row::new(Tone::Plain, DisplayText::new(&post.params.text).as_str()));
        let at = post.scheduled_at.map(|at| teller.moment(at)).unwrap_or_default();
        rows.push(Row::new(Tone::Faint, words.put("outbound-scheduled", [("when", at)])).within());
    }
    let other = [
        ("outbound-unsent", queue.unsent as usize, Tone::Warning),
        ("outbound-files", queue.wanted_files, Tone::Faint),
        ("outbound-unindexed", queue.unindexed as usize, Tone::Faint),
    ];
    let waits = other.iter().filter(|(_, count, _)| *count > 0);
    rows.extend(waits.map(|(name, count, tone)| Row::new(*tone, words.count(name, *count))));
    if !queue.guarded_because.is_empty() {
        rows.push(Row::new(Tone::Warning, words.put("view-guarded", [("why", &*queue.guarded_because)])));
    }
    rows
}

/// Where one post is, in words.
fn state(teller: &Teller<'_>, post: &Outgoing) -> Row {
    let words = teller.words;
    let stored = words.say("outbound-stored");
    let dot = teller.dot;
    let sent = words.count("outbound-sent", post.peers);
    if post.held > 0 {
        let held = words.count("outbound-held", post.held);
        return Row::new(Tone::Good, format!("{stored}{dot}{sent}{dot}{held}"));
    }
    if post.peers > 0 {
        let unheld = words.say("outbound-unheld");
        return Row::new(Tone::Plain, format!("{stored}{dot}{sent}{dot}{unheld}"));
    }
    Row::new(Tone::Warning, format!("{stored}{dot}{}", waits(teller)))
}

/// What a post waits for that nobody was sent.
fn waits(teller: &Teller<'_>) -> String {
    let name = match teller.node {
        Some(node) if !node.network => "outbound-no-network",
        Some(node) if node.peers == 0 => "outbound-no-peer",
        _ => "outbound-nobody-asked",
    };
    teller.words.say(name).into_owned()
}

impl App {
    /// Opens the selected post, or the thread that it is in.
    pub(super) fn open_outbound(&mut self, outbound: &Outbound, at: usize) -> Vec<Effect> {
        let Some((_, Some(status))) = outbound.posts.get(at / 2) else { return Vec::new() };
        self.open_thread(status.clone())
    }

    /// What is called off by erasing the selected line: a post that waits for its hour.
    pub(in crate::app) fn scheduled_at(&self, outbound: &Outbound, at: usize) -> Option<Id> {
        let before = if outbound.posts.is_empty() { 1 } else { 2 * outbound.posts.len() };
        Some(outbound.scheduled.get(at.checked_sub(before)? / 2)?.id.clone())
    }
}
