//! The UI without a screen: words in, lines out, and nothing that was said is ever changed. For screen readers, for lines
//! that are slow, and for pipes. Whatever can be done on the screen can be done here, by the same requests.

mod act;
mod people;
mod say;
mod verbs;
mod write;

use std::{
    io::{self, BufRead, Read, Write},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    api::{Account, Id, List, Status},
    app::compose::Draft,
    client::{Server, Worker},
    msg::{Effect, Line, Msg, News, Page, Row, Span, ask::Wish},
    words::Words,
};
pub use verbs::VERBS;
use verbs::Verb;

/// News that may wait until the person presses enter. Beyond it the server lets us go, and what was missed is fetched.
const NEWS: usize = 256;
/// Rows that are told at once: about a minute of listening.
const PAGE: usize = 10;
/// Bytes of a line that is read: the longest post has 20,000.
const LINE: u64 = 64 * 1024;

/// How it is to be run.
pub struct Options {
    /// Where the server is.
    pub server: Server,
    /// What it says, in which language.
    pub words: Words,
    /// Whether somebody waits for a sign that it is their turn.
    pub prompt: bool,
}

/// Something that was told and has a number.
#[derive(Debug, Clone)]
enum Thing {
    Post(Box<Status>),
    Person(Box<Account>),
    Tag(String),
    List(List),
    Wish(Box<Wish>),
}

struct Plain<W> {
    worker: Worker,
    words: Words,
    out: W,
    news: Receiver<Msg>,
    zone: TimeZone,
    me: Option<Account>,
    /// What has a number, in the order of numbers.
    told: Vec<Thing>,
    /// Rows that were fetched and are not told yet.
    rows: Vec<Row>,
    /// The timeline that they are of, and where its next page begins.
    line: Line,
    below: Option<Id>,
    /// Posts and notices that came since they were last told of.
    fresh: (usize, usize),
    lost: bool,
    /// What stands in the next post beside its text: warning, language, how far it goes.
    next: Draft,
    /// A post that is being written line by line.
    writing: Option<Draft>,
    /// Drafts: what was not taken, and what was kept when the UI ran last.
    kept: Vec<Draft>,
    /// What is done if the answer is yes.
    sure: Option<Effect>,
}

/// Runs until the person leaves or nothing more comes in.
///
/// # Errors
/// If what comes in cannot be read, or nobody reads what goes out.
pub fn plain(options: Options, input: impl BufRead, out: impl Write) -> io::Result<()> {
    let (messages, news) = sync_channel(NEWS);
    let worker = Worker::new(options.server, options.words.clone());
    if !worker.is_somewhere() {
        return Ok(()); // whoever starts it says why it does not start
    }
    let listener = worker.clone();
    // It ends with the process: what it waits for may never come.
    thread::Builder::new().name("stream".into()).spawn(move || listener.listen(&messages))?;
    let mut plain = Plain {
        worker,
        words: options.words,
        out,
        news,
        zone: TimeZone::system(),
        me: None,
        told: Vec::new(),
        rows: Vec::new(),
        line: Line::Home,
        below: None,
        fresh: (0, 0),
        lost: false,
        next: Draft::default(),
        writing: None,
        kept: Vec::new(),
        sure: None,
    };
    let result = plain.run(input, options.prompt);
    // What was being written when the line broke is a draft like any other.
    if let Some(draft) = plain.writing.take() {
        let _ = plain.worker.carry(&Effect::Keep(Box::new(draft)));
    }
    match result {
        // Nobody reads any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

impl<W: Write> Plain<W> {
    fn run(&mut self, mut input: impl BufRead, prompt: bool) -> io::Result<()> {
        if let Some(Msg::Me(me)) = self.ask(&Effect::Me)? {
            self.me = Some(*me);
        }
        self.hello()?;
        loop {
            if self.writing.is_none() {
                self.announce()?;
                if prompt {
                    write!(self.out, "> ")?;
                }
            }
            self.out.flush()?;
            let mut line = Vec::new();
            if (&mut input).take(LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            match self.writing.take() {
                Some(draft) => self.write_on(draft, line)?,
                None if !self.obey(line)? => return Ok(()),
                None => {}
            }
        }
    }

    /// Does what a line says. False when the person leaves.
    fn obey(&mut self, line: &str) -> io::Result<bool> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let sure = self.sure.take();
        if word.is_empty() {
            return Ok(true);
        }
        match verbs::find(word) {
            Ok(Verb::Quit) => return Ok(false),
            Ok(Verb::Yes) => match sure {
                Some(effect) => self.done(&effect)?,
                None => self.line("plain-nothing-asked")?,
            },
            Ok(verb) => self.act(verb, rest.trim())?,
            Err(several) if !several.is_empty() => {
                self.put("plain-which-command", [("names", several.join(", "))])?
            }
            Err(_) => {
                self.put("plain-unknown", [("word", crate::text::DisplayText::new(word).to_string())])?
            }
        }
        Ok(true)
    }

    /// Says what came meanwhile, by its count.
    fn announce(&mut self) -> io::Result<()> {
        while let Ok(msg) = self.news.try_recv() {
            match msg {
                Msg::News(News::Update(status)) => {
                    // Own posts are no news.
                    let own = self.me.as_ref().is_some_and(|me| me.id == status.account.id);
                    self.fresh.0 += usize::from(!own);
                }
                Msg::News(News::Notified(_)) => self.fresh.1 += 1,
                Msg::Stream(Err(why)) if !self.lost => {
                    self.lost = true;
                    self.put("plain-lost", [("why", why)])?;
                }
                Msg::Stream(Ok(())) if self.lost => {
                    self.lost = false;
                    self.line("news-back")?;
                }
                _ => {}
            }
        }
        let (posts, notices) = std::mem::take(&mut self.fresh);
        if posts > 0 {
            self.count("plain-new-posts", posts)?;
        }
        if notices > 0 {
            self.count("plain-new-notices", notices)?;
        }
        Ok(())
    }

    /// Has something done, and says why if it was not.
    fn ask(&mut self, effect: &Effect) -> io::Result<Option<Msg>> {
        match self.worker.carry(effect) {
            Ok(msg) => Ok(msg),
            Err(why) => {
                self.put("plain-failed", [("why", crate::text::DisplayText::new(&why).to_string())])?;
                Ok(None)
            }
        }
    }

    /// Begins to tell a timeline.
    fn read(&mut self, line: Line) -> io::Result<()> {
        let Some(Msg::Page(_, _, page)) = self.ask(&Effect::Load(line.clone(), Span::Newest))? else {
            return Ok(());
        };
        self.told.clear();
        self.rows.clear();
        self.line = line;
        if page.rows.is_empty() {
            return self.line("plain-empty");
        }
        self.take(page);
        self.tell()
    }

    fn take(&mut self, page: Page) {
        let last = page.rows.last().map(|row| row.id().clone());
        let own = if self.line.hangs_on_ids() { last } else { None };
        self.below = if page.last { None } else { page.below.or(own) };
        self.rows.extend(page.rows);
    }

    /// Tells the next rows, and fetches more when there are none.
    fn tell(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            let Some(below) = self.below.take() else { return self.line("plain-end") };
            let load = Effect::Load(self.line.clone(), Span::Below(below.clone()));
            match self.ask(&load)? {
                Some(Msg::Page(_, _, page)) if !page.rows.is_empty() => self.take(page),
                Some(_) => return self.line("plain-end"),
                None => {
                    self.below = Some(below); // to be asked for again
                    return Ok(());
                }
            }
        }
        let rows: Vec<Row> = self.rows.drain(..PAGE.min(self.rows.len())).collect();
        for row in rows {
            self.row(row)?;
        }
        if !self.rows.is_empty() || self.below.is_some() {
            self.line("plain-more")?;
        }
        Ok(())
    }

    /// What has this number.
    fn thing(&self, number: &str) -> Option<Thing> {
        let number: usize = number.parse().ok()?;
        self.told.get(number.checked_sub(1)?).cloned()
    }

    /// Gives something the next number.
    fn number(&mut self, thing: Thing) -> usize {
        self.told.push(thing);
        self.told.len()
    }

    /// All commands, or those that have these letters in them.
    fn help(&mut self, wanted: &str) -> io::Result<()> {
        for (_, name, takes) in VERBS {
            let what = self.words.say(&format!("verb-{name}")).into_owned();
            let line = format!("{name} {takes}");
            if wanted.is_empty()
                || name.contains(wanted)
                || what.to_lowercase().contains(&wanted.to_lowercase())
            {
                writeln!(self.out, "{}: {what}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

/// Now.
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests;
