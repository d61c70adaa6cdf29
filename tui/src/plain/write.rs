//! Writing: in one line or in many, with what stands beside the text said before it. What was not taken is never lost.

use std::io::{self, Write};

use super::{Plain, now, verbs::Verb};
use crate::{
    api::Status,
    app::compose::{Draft, File, Visibility, due},
    msg::{
        Effect, Msg,
        ask::{Ask, Told},
    },
    text::DisplayText,
    view::post::name,
};

/// How long a poll is open if nothing else is said: Mastodon's own beginning.
const POLL_SECONDS: u32 = 24 * 3_600;

impl<W: Write> Plain<W> {
    /// Begins a post: with a text it is sent at once, without one lines follow until one is a single dot.
    pub(super) fn begin(&mut self, draft: Draft, text: &str) -> io::Result<()> {
        let mut next = std::mem::take(&mut self.next);
        // A language and how far posts go stay; the rest was for this one.
        self.next.language = next.language.clone();
        self.next.visibility = next.visibility;
        next.key = format!("plain-{}", now().as_nanosecond());
        next.saved = now().as_millisecond();
        next.text = draft.text;
        if !draft.warning.is_empty() {
            next.warning = draft.warning;
        }
        (next.reply_to, next.quotes, next.edits) = (draft.reply_to, draft.quotes, draft.edits);
        if text.is_empty() {
            self.writing = Some(next);
            return self.line("plain-write");
        }
        next.text.push_str(text);
        self.send(next)
    }

    /// One more line of a post.
    pub(super) fn write_on(&mut self, mut draft: Draft, line: &str) -> io::Result<()> {
        if line == "." {
            return self.send(draft);
        }
        if !(draft.text.is_empty() || draft.text.ends_with(' ')) {
            draft.text.push('\n');
        }
        draft.text.push_str(DisplayText::new(line).as_str());
        draft.saved = now().as_millisecond();
        // After every line: whatever ends this program, what was typed is found again.
        self.ask(&Effect::Keep(Box::new(draft.clone())))?;
        self.writing = Some(draft);
        Ok(())
    }

    fn send(&mut self, mut draft: Draft) -> io::Result<()> {
        if draft.is_empty() {
            return self.line("compose-empty");
        }
        let mut sent = false;
        if self.files_are_there(&mut draft)? {
            if !draft.when.is_empty() {
                draft.due = due(&draft.when, now(), &self.zone);
            }
            if let Some(msg) = self.ask(&Effect::Post(Box::new(draft.clone())))? {
                self.came(msg)?;
                sent = true;
            }
        }
        if sent {
            self.kept.retain(|held| held.key != draft.key);
            self.told_by(Ask::Forget(draft.key))?;
            return Ok(());
        }
        // On disk at once: this program may end as the line did.
        self.ask(&Effect::Keep(Box::new(draft.clone())))?;
        self.kept.retain(|held| held.key != draft.key);
        self.kept.insert(0, draft);
        self.line("plain-unsent")
    }

    /// Brings the files of a draft to the server. False if one could not be brought.
    fn files_are_there(&mut self, draft: &mut Draft) -> io::Result<bool> {
        for number in 0..draft.files.len() {
            let file = &draft.files[number];
            if file.id.is_some() {
                continue;
            }
            let (path, alt) = (file.path.clone(), file.alt.clone());
            let ask = Ask::Upload { draft: draft.key.clone(), number: number as u64, path, alt };
            match self.told_by(ask)? {
                Some(Told::Uploaded(_, _, Ok(media))) => draft.files[number].id = Some(media.id),
                Some(Told::Uploaded(_, _, Err(why))) => {
                    self.put("plain-failed", [("why", DisplayText::new(&why).to_string())])?;
                    return Ok(false);
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    pub(super) fn reply(&mut self, post: &Status, text: &str) -> io::Result<()> {
        let own = self.me.as_ref().is_some_and(|me| me.id == post.account.id);
        let draft = Draft {
            text: post.addressed(own),
            warning: post.spoiler_text.clone(),
            visibility: Visibility::of(post),
            reply_to: Some((post.id.clone(), name(&post.account))),
            ..Draft::default()
        };
        self.begin(draft, text)
    }

    pub(super) fn quote(&mut self, post: &Status, text: &str) -> io::Result<()> {
        let draft = Draft { quotes: Some((post.id.clone(), name(&post.account))), ..Draft::default() };
        self.begin(draft, text)
    }

    pub(super) fn edit(&mut self, post: &Status, text: &str) -> io::Result<()> {
        if text.is_empty() {
            let Some(Msg::Source(source)) = self.ask(&Effect::Source(post.id.clone()))? else {
                return Ok(());
            };
            writeln!(self.out, "{}", DisplayText::block(&source.text))?;
        }
        let draft =
            Draft { warning: post.spoiler_text.clone(), edits: Some(post.id.clone()), ..Draft::default() };
        self.begin(draft, text)
    }

    /// What stands beside the text of the next post.
    pub(super) fn beside(&mut self, verb: Verb, rest: &str) -> io::Result<()> {
        match verb {
            Verb::Warn => self.next.warning = rest.to_owned(),
            Verb::Language => self.next.language = rest.to_owned(),
            Verb::Attach => {
                let (path, alt) = rest.split_once('|').unwrap_or((rest, ""));
                if path.trim().is_empty() {
                    self.next.files.clear();
                } else {
                    let (path, alt) = (path.trim().to_owned(), alt.trim().to_owned());
                    if alt.is_empty() {
                        self.line("plain-no-alt")?;
                    }
                    self.next.files.push(File { path, alt, id: None });
                }
            }
            Verb::Poll => {
                let options = rest.split('|').map(str::trim).filter(|option| !option.is_empty());
                self.next.poll.options = options.map(str::to_owned).collect();
                self.next.poll.seconds = POLL_SECONDS;
            }
            Verb::At => {
                if !rest.is_empty() && due(rest, now(), &self.zone).is_none() {
                    return self.line("plain-no-time");
                }
                self.next.when = rest.to_owned();
            }
            _ => match Visibility::ALL.into_iter().find(|visibility| visibility.name() == rest) {
                Some(visibility) => self.next.visibility = visibility,
                None => {
                    let now = self.next.visibility.name();
                    return self.put("plain-visibility-is", [("now", now)]);
                }
            },
        }
        self.line("plain-noted")
    }

    /// Drafts with numbers of their own.
    pub(super) fn drafts(&mut self) -> io::Result<()> {
        if self.kept.is_empty() {
            return self.line("plain-no-drafts");
        }
        for (number, draft) in self.kept.iter().enumerate() {
            writeln!(self.out, "{}. {}", number + 1, DisplayText::new(&draft.text))?;
        }
        Ok(())
    }

    fn draft(&self, rest: &str) -> Option<Draft> {
        let number: usize = if rest.is_empty() { 1 } else { rest.parse().ok()? };
        self.kept.get(number.checked_sub(1)?).cloned()
    }

    pub(super) fn send_again(&mut self, rest: &str) -> io::Result<()> {
        match self.draft(rest) {
            Some(draft) => self.send(draft),
            None => self.line("plain-no-drafts"),
        }
    }

    pub(super) fn forget(&mut self, rest: &str) -> io::Result<()> {
        let Some(draft) = self.draft(rest) else { return self.line("plain-no-drafts") };
        self.kept.retain(|held| held.key != draft.key);
        self.told_by(Ask::Forget(draft.key))?;
        self.line("plain-noted")
    }
}
