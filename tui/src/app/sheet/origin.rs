//! Where a post comes from: who signed it and how that was checked, when it was here first and from whom, what it said
//! before, and whether it was erased. What nobody knows is not said.

use super::{About, App, Row, Teller, Tone};
use crate::{
    api::{Edit, node::Entry},
    app::Screen,
    layout,
    msg::{Effect, Line, ask::Origin},
    text::DisplayText,
};

pub(super) fn rows(teller: &Teller<'_>, origin: &Origin, loading: bool) -> Vec<Row> {
    let words = teller.words;
    if origin.entry.is_none() && origin.status.id.is_empty() {
        let name = if loading { "sheet-loading" } else { "origin-unknown" };
        return vec![Row::new(Tone::Faint, words.say(name))];
    }
    let status = &origin.status;
    let name = crate::view::name(&origin.author);
    let put = |name: &str, key: &'static str, value: &str| {
        let value = DisplayText::new(value).to_string();
        words.put(name, [(key, value)]).into_owned()
    };
    let mut rows = vec![
        Row::new(Tone::Plain, words.put("origin-author", [("who", name)])),
        Row::new(Tone::Faint, DisplayText::new(&origin.author.id).as_str()).within(),
    ];
    match &origin.entry {
        Some(entry) => {
            rows.push(signature(teller, entry));
            rows.extend(entry.checks.iter().map(|check| {
                let tone = if check.ok { Tone::Faint } else { Tone::Bad };
                let text = format!("{}: {}", DisplayText::new(&check.name), DisplayText::new(&check.detail));
                Row::new(tone, text).within()
            }));
            rows.push(Row::new(Tone::Plain, put("origin-device", "device", &entry.device)));
            let place = [("log", u64::from(entry.log)), ("place", entry.seq)];
            rows.push(Row::new(Tone::Plain, words.put("origin-place", place)));
            rows.extend(times(teller, origin, entry));
            let from = match &entry.from {
                Some(peer) => put("origin-from", "peer", peer),
                None => words.say("origin-written-here").into_owned(),
            };
            rows.push(Row::new(Tone::Plain, from));
            if entry.deleted {
                rows.push(Row::new(Tone::Warning, words.say("origin-erased")));
                rows.extend(receipt(teller, entry));
            }
        }
        None => {
            rows.push(Row::new(Tone::Warning, words.say("origin-unsigned")));
            if let Some(at) = status.created_at {
                rows.push(Row::new(Tone::Plain, words.put("origin-time", [("when", teller.moment(at))])));
            }
        }
    }
    let bridged = status.starling.is_none() && !status.uri.is_empty();
    if bridged {
        rows.push(Row::new(Tone::Plain, put("origin-address", "address", &status.uri)));
    }
    if let Some(delivery) = status.starling.as_ref().and_then(|extra| extra.delivery) {
        let sent = words.count("outbound-sent", delivery.peers);
        let held = words.count("outbound-held", delivery.held);
        let dot = teller.dot;
        rows.push(Row::new(Tone::Plain, format!("{}{dot}{sent}{dot}{held}", words.say("outbound-stored"))));
    }
    rows.extend(history(teller, &origin.versions));
    rows
}

/// What erased it, which its author signed.
fn receipt(teller: &Teller<'_>, entry: &Entry) -> Vec<Row> {
    let Some(erasure) = &entry.erasure else { return Vec::new() };
    let put = |name: &str, key: &'static str, value: String| {
        Row::new(Tone::Faint, teller.words.put(name, [(key, value)])).within()
    };
    let safe = |text: &str| DisplayText::new(text).to_string();
    let mut rows = vec![
        put("origin-receipt", "id", safe(&erasure.entry)),
        put("origin-device", "device", safe(&erasure.device)),
    ];
    rows.extend(erasure.time.map(|at| put("origin-claimed", "when", teller.moment(at))));
    rows.extend(erasure.received_at.map(|at| put("origin-first-here", "when", teller.moment(at))));
    rows
}

fn signature(teller: &Teller<'_>, entry: &Entry) -> Row {
    let all = !entry.checks.is_empty() && entry.checks.iter().all(|check| check.ok);
    let (name, tone) = if all { ("origin-good", Tone::Good) } else { ("origin-doubtful", Tone::Bad) };
    Row::new(tone, teller.words.say(name))
}

fn times(teller: &Teller<'_>, origin: &Origin, entry: &Entry) -> Vec<Row> {
    let words = teller.words;
    let mut rows = Vec::new();
    if let Some(at) = entry.time {
        let doubted = origin.status.starling.as_ref().is_some_and(|extra| extra.time_doubted);
        let (name, tone) =
            if doubted { ("origin-claimed-wrongly", Tone::Warning) } else { ("origin-claimed", Tone::Plain) };
        rows.push(Row::new(tone, words.put(name, [("when", teller.moment(at))])));
    }
    if let Some(at) = entry.received_at {
        rows.push(Row::new(Tone::Plain, words.put("origin-first-here", [("when", teller.moment(at))])));
    }
    rows
}

/// What it said before, the oldest first; nothing if it was never changed.
fn history(teller: &Teller<'_>, versions: &[Edit]) -> Vec<Row> {
    if versions.len() < 2 {
        return vec![Row::new(Tone::Faint, teller.words.say("origin-never-changed"))];
    }
    let mut rows = vec![Row::new(Tone::Head, teller.words.count("origin-versions", versions.len()))];
    for version in versions {
        let at = version.created_at.map(|at| teller.moment(at)).unwrap_or_default();
        rows.push(Row::new(Tone::Faint, at).within());
        rows.push(Row::new(Tone::Plain, layout::version(version).as_str()).within().within());
    }
    rows
}

impl App {
    /// Where the selected post comes from; of one that is missing or was erased, as far as its entry tells.
    pub(in crate::app) fn origin(&mut self) -> Vec<Effect> {
        let missing = match self.stack.last() {
            Some(Screen::Thread(tree)) => tree.selected().map(|place| place.item.id().clone()),
            _ => None,
        };
        match self.subject().map(|post| post.id.clone()).or(missing) {
            Some(id) => self.show_sheet(About::Origin(id, Box::default())),
            None => Vec::new(),
        }
    }

    /// Opens the author of the post whose origin is shown.
    pub(super) fn open_origin(&mut self, origin: &Origin, at: usize) -> Vec<Effect> {
        if at > 1 || origin.author.id.is_empty() {
            return Vec::new();
        }
        let id = origin.author.id.clone();
        let mut effects = vec![Effect::Person(id.clone())];
        effects.extend(self.show_line(Line::Person(id)));
        effects
    }
}
