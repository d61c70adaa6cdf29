//! How fast the UI is on its own: keys, a flood of news, bytes. It draws to memory by the way that it draws to a terminal,
//! escape sequences included; what a server and a terminal take is measured by whoever starts both.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    layout::Rect,
};

use crate::{
    api::{Account, Status},
    app::App,
    keys::Keys,
    layout::Bidi,
    msg::{Line, Msg, News, Row, Span},
    run::{BEFORE_DRAWING, MESSAGES, Quiet},
    theme::Theme,
    view,
    words::Words,
};

/// Posts a second of a flood.
const FLOOD: u64 = 1_000;
/// How long it lasts.
const FLOODED: Duration = Duration::from_secs(5);
/// Between two keys of somebody who reads during it.
const KEYS: Duration = Duration::from_millis(50);

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// From each key to its frame, in milliseconds.
    pub keys: Vec<f64>,
    /// The same during a flood of news.
    pub flooded: Vec<f64>,
    /// News that arrived meanwhile.
    pub arrived: usize,
    /// Whether the flood moved the selection by itself.
    pub moved: bool,
    /// Bytes of each moved selection at 80 by 24.
    pub bytes: Vec<f64>,
    /// Bytes of each page at 80 by 24.
    pub page_bytes: Vec<f64>,
}

/// Counts what would go to the terminal.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Desk {
    app: App,
    terminal: Terminal<Quiet<CrosstermBackend<Counter>>>,
    written: Counter,
}

impl Desk {
    fn new(size: (u16, u16), rows: usize) -> io::Result<Self> {
        let written = Counter::default();
        let backend = Quiet::new(CrosstermBackend::new(written.clone()));
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        let theme = Theme::new(true, false);
        let (mut app, _) =
            App::new(theme, Keys::default(), Bidi::Here, Words::default(), size, Timestamp::now());
        // Nothing is shown before it is known where the reader was.
        let _ = app.update(Msg::Memory(Box::default()));
        let page: Vec<Row> = (0..rows).rev().map(|number| Row::Post(Box::new(post(number)))).collect();
        let _ = app.update(Msg::Page(Line::Home, Span::Newest, page.into()));
        Ok(Self { app, terminal, written })
    }

    fn draw(&mut self) -> io::Result<()> {
        self.terminal.draw(|frame| view::draw(&self.app, frame)).map(drop)
    }

    /// Presses a key, and gives how long its frame took and how many bytes it has.
    fn press(&mut self, key: KeyEvent) -> io::Result<(f64, f64)> {
        let before = self.written.0.load(Ordering::Relaxed);
        let since = Instant::now();
        let _ = self.app.update(Msg::Key(key));
        self.draw()?;
        let took = since.elapsed().as_secs_f64() * 1e3;
        Ok((took, (self.written.0.load(Ordering::Relaxed) - before) as f64))
    }
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Posts as they come: short and long, in several scripts, some behind a warning.
fn post(number: usize) -> Status {
    let text = match number % 5 {
        0 => "Short.",
        1 => {
            "A post as people write them, of two or three lines, with a #tag and an address: \
             https://example.org/some/where, and a second sentence so that it is cut where the line ends."
        }
        2 => "שלום עולם, זה פוסט עם מספר 123 ועם (סוגריים) בתוכו, ועוד כמה מילים כדי שתהיה שורה שלמה.",
        3 => "漢字かな交じり文は一つの文字が二つの升目を取るので、行の幅を数えるのが少し難しい。",
        _ => "Families 👩‍👩‍👧‍👦, flags 🇵🇾 and नमस्ते: every grapheme at its true width, in one line of many.",
    };
    let who = ["Ada", "Noa", "Kenji", "Ysapy"][number % 4];
    Status {
        // Longer numbers are newer, as ids of servers are.
        id: format!("{number:012}"),
        account: Account {
            id: who.to_lowercase(),
            acct: who.to_lowercase(),
            display_name: who.into(),
            ..Account::default()
        },
        created_at: Timestamp::from_second(1_700_000_000 + number as i64).ok(),
        content: format!("<p>{text}</p>"),
        spoiler_text: if number % 11 == 7 { "a warning".into() } else { String::new() },
        visibility: "public".into(),
        replies_count: (number % 3) as u64,
        ..Status::default()
    }
}

/// Measures with so many rows in the timeline.
///
/// # Errors
/// If something cannot be drawn, or a thread not begun.
pub fn figures(rows: usize) -> io::Result<Figures> {
    let mut figures = Figures::default();
    let mut desk = Desk::new((120, 36), rows)?;
    desk.draw()?;
    let codes = "jjjjjkkj".chars().map(KeyCode::Char).chain([KeyCode::PageDown, KeyCode::PageUp]);
    let mut codes: Vec<KeyCode> = codes.collect();
    // To both ends, into a thread and back, and to the table of keys.
    codes.extend(['G', 'k', 'g', '?'].map(KeyCode::Char));
    codes.extend([KeyCode::Esc, KeyCode::Enter, KeyCode::Esc, KeyCode::PageDown]);
    for code in codes.iter().cycle().take(2_000) {
        figures.keys.push(desk.press(key(*code))?.0);
    }
    let mut small = Desk::new((80, 24), rows)?;
    small.draw()?;
    // From one row to the next on the same page, then over pages.
    for turn in 0..200 {
        let code = if turn / 5 % 2 == 0 { 'j' } else { 'k' };
        figures.bytes.push(small.press(key(KeyCode::Char(code)))?.1);
    }
    for _ in 0..50 {
        figures.page_bytes.push(small.press(key(KeyCode::PageDown))?.1);
    }
    flood(&mut figures, rows)?;
    Ok(figures)
}

/// A thousand posts a second arrive as they do from a server, through the queue that they come by, while somebody reads.
fn flood(figures: &mut Figures, rows: usize) -> io::Result<()> {
    let mut desk = Desk::new((120, 36), rows)?;
    desk.draw()?;
    let _ = desk.app.update(Msg::Key(key(KeyCode::Char('j'))));
    let selected = desk.app.subject().map(|post| post.id.clone());
    let (messages, incoming) = sync_channel(MESSAGES);
    let (pressed, presses) = sync_channel::<Instant>(MESSAGES);
    let keyboard = messages.clone();
    let news = thread::Builder::new().name("flood".into()).spawn(move || {
        let began = Instant::now();
        let mut sent = 0;
        while began.elapsed() < FLOODED {
            let due = began.elapsed().as_millis() as u64 * FLOOD / 1_000;
            while sent < due {
                let status = Box::new(post(rows + sent as usize));
                if messages.send(Msg::News(News::Update(status))).is_err() {
                    return sent;
                }
                sent += 1;
            }
            thread::sleep(Duration::from_millis(1));
        }
        sent
    })?;
    let keys = thread::Builder::new().name("keys".into()).spawn(move || {
        let began = Instant::now();
        let mut turn = 0u32;
        while began.elapsed() < FLOODED {
            thread::sleep(KEYS);
            // Down and up again, so that it ends where it began.
            let code = if turn.is_multiple_of(2) { 'j' } else { 'k' };
            turn += 1;
            let sent = pressed.send(Instant::now()).is_ok()
                && keyboard.send(Msg::Key(key(KeyCode::Char(code)))).is_ok();
            if !sent {
                return;
            }
        }
        if turn % 2 == 1 {
            let _ = keyboard.send(Msg::Key(key(KeyCode::Char('k'))));
        }
    })?;
    while let Ok(first) = incoming.recv() {
        // As the UI itself does: some of what waits, then a frame.
        let (mut seen, mut taken, mut next) = (0, 0, Some(first));
        while let Some(msg) = next {
            seen += usize::from(matches!(msg, Msg::Key(_)));
            let _ = desk.app.update(msg);
            taken += 1;
            next = if taken < BEFORE_DRAWING { incoming.try_recv().ok() } else { None };
        }
        desk.draw()?;
        for _ in 0..seen {
            if let Ok(since) = presses.try_recv() {
                figures.flooded.push(since.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    figures.arrived = news.join().map_or(0, |sent| sent as usize);
    let _ = keys.join();
    figures.moved = desk.app.subject().map(|post| post.id.clone()) != selected;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_what_happens() {
        let mut desk = Desk::new((80, 24), 100).unwrap();
        desk.draw().unwrap();
        let first = desk.app.subject().unwrap().id.clone();
        assert_eq!(first, format!("{:012}", 99));
        let (_, bytes) = desk.press(key(KeyCode::Char('j'))).unwrap();
        assert!(bytes > 0.0 && desk.app.subject().unwrap().id != first);
        // A key that does nothing costs nothing.
        assert_eq!(desk.press(key(KeyCode::F(9))).unwrap().1, 0.0);
    }
}
