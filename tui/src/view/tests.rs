//! Screens, drawn to memory: as they were looked at, and at sizes that nobody looks at.

mod reading;
mod sheets;
mod states;

use jiff::Timestamp;
use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Modifier},
};

use super::*;
use crate::{
    api::{Context, Edit, Media, NodeStatus, Poll, PollOption, Quote, Status, Tag},
    app::tests::{app, ctrl, person, post, press, row, whole},
    msg::{Msg, News, Span as Part},
};

fn drawn(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    terminal.backend().to_string()
}

fn posts() -> Vec<Status> {
    let mut warned = post("4", "Ada", "the butler");
    warned.spoiler_text = "the end of the film".into();
    let mut boost = post("5", "Bob", "");
    boost.reblog = Some(Box::new(post("1", "Carol", "Every grapheme counts: 👩‍👩‍👧‍👦, नमस्ते, 漢字.")));
    let mut liked = post(
        "3",
        "Bob",
        "A long one, so long that it does not fit in one line of any terminal that people use every day for reading what others wrote.",
    );
    liked.favourited = true;
    vec![boost, warned, liked, post("2", "נועה", "שלום עולם 123")]
}

/// A post with a poll, a quote, links, files, and a past.
fn dressed() -> Status {
    let mut quoted =
        post("q", "Dan", "A long thought that somebody had once, which takes more lines than are shown. ");
    quoted.content = quoted.content.repeat(9);
    let mut post = post(
        "11",
        "Ada",
        "Which? See <a href=\"https://a.example/x\">this</a> <a href=\"http://h/t\">#birds</a>",
    );
    post.tags = vec![Tag { name: "birds".into(), url: "http://h/t".into() }];
    post.edited_at = Some(Timestamp::from_second(1_060).unwrap());
    let option = |title: &str, votes| PollOption { title: title.into(), votes_count: Some(votes) };
    post.poll = Some(Poll {
        id: "11".into(),
        votes_count: 7,
        expires_at: Some(Timestamp::from_second(90_000).unwrap()),
        options: vec![option("Heron", 3), option("Kingfisher, which is blue", 4)],
        ..Poll::default()
    });
    post.quote = Some(Box::new(Quote { quoted_status: Some(quoted), ..Quote::default() }));
    post.media_attachments = vec![Media {
        kind: "image".into(),
        url: Some("http://h/media/1".into()),
        description: Some("A heron in the reeds".into()),
        ..Media::default()
    }];
    post
}

fn screens(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let home = || {
        let mut app = app(size, &posts());
        app.update(Msg::Node(NodeStatus { network: true, peers: 3, syncing: 1, ..NodeStatus::default() }));
        app.update(Msg::Stream(Ok(())));
        app
    };
    let mut thread = home();
    press(&mut thread, "jj\n");
    let answer = |id: &str, to: &str, who: &str, text: &str| Status {
        in_reply_to_id: Some(to.into()),
        ..post(id, who, text)
    };
    let descendants = vec![
        answer("6", "3", "Ada", "Is it?"),
        answer("7", "6", "Bob", "It is."),
        answer("8", "3", "Me", "Indeed"),
    ];
    thread.update(Msg::Context("3".into(), Box::new(Context { descendants, ..Context::default() })));
    let mut write = home();
    press(&mut write, "cHello, world\nsecond line");
    let mut help = home();
    press(&mut help, "?post");
    let mut palette = home();
    press(&mut palette, ":bo");
    let mut found = home();
    press(&mut found, "/ada\n");
    let result = crate::api::Found { accounts: vec![person("Ada")], statuses: posts(), hashtags: vec![] };
    found.update(Msg::Found("ada".into(), Box::new(result)));
    let mut somebody = home();
    press(&mut somebody, "ja");
    let mut account = person("Ada");
    account.note = "<p>Writes <b>programs</b>.</p>".into();
    let relation = crate::api::Relationship { id: "ada".into(), following: true, ..Default::default() };
    somebody.update(Msg::Person(Box::new(account), relation));
    somebody.update(Msg::Page(
        Line::Person("ada".into()),
        Part::Newest,
        whole(vec![row(post("4", "Ada", "the butler"))]),
    ));
    let mut line = Vec::new();
    for (id, text) in [("15", "one"), ("14", "two"), ("13", "three"), ("12", "four")] {
        let mut boost = post(id, "Bob", "");
        boost.reblog = Some(Box::new(post(&format!("of-{id}"), "Carol", text)));
        line.push(row(boost));
    }
    line.push(row(dressed()));
    let reading = || {
        let mut app = home();
        press(&mut app, "2");
        app.update(Msg::Page(Line::Local, Part::Newest, whole(line.clone())));
        press(&mut app, "j");
        app
    };
    let mut picture = reading();
    picture.pictures.eye = Some(crate::pictures::Eye::blocks());
    press(&mut picture, "\n");
    picture.update(Msg::Context("11".into(), Box::default()));
    if let Some(wanted) = picture.pictures.on_its_way() {
        let made = wanted.eye.see(&crate::pictures::tests::png(60, 40), wanted.room);
        assert!(made.is_some());
        picture.update(Msg::Picture(wanted.address, wanted.room, made));
    }
    let mut links = reading();
    press(&mut links, "o");
    let mut vote = reading();
    press(&mut vote, "vj ");
    let mut before = reading();
    press(&mut before, "H");
    let edit = |second, text: &str| Edit {
        created_at: Some(Timestamp::from_second(second).unwrap()),
        content: text.into(),
        ..Edit::default()
    };
    // What was typed is better than what a node made of it.
    let typed = Some(crate::api::EditExtra { source: "Wich?".into() });
    let first = Edit { starling: typed, ..edit(1_000, "<p>made of it</p>") };
    before.update(Msg::History("11".into(), vec![first, edit(1_060, "<p>Which?</p>")]));
    let mut waiting = reading();
    press(&mut waiting, "1");
    let missed = Part::Above("5".into());
    waiting.update(Msg::Page(Line::Home, missed, whole(Vec::new())));
    for id in 20..32 {
        waiting.update(Msg::News(News::Update(Box::new(post(&id.to_string(), "Eve", "new")))));
    }
    let mut lost = home();
    lost.update(Msg::Stream(Err("the node does not run, or not there".into())));
    let mut all = vec![
        ("home", home()),
        ("thread", thread),
        ("write", write),
        ("keys", help),
        ("palette", palette),
        ("found", found),
        ("person", somebody),
        ("reading", reading()),
        ("picture", picture),
        ("links", links),
        ("vote", vote),
        ("before", before),
        ("waiting", waiting),
        ("lost", lost),
    ];
    all.extend(sheets::screens(home));
    all
}

/// Every cell of a screen by how it looks: a letter for its colour, large where it is bold, `~` where it is reversed.
fn looks(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let letter = |cell: &ratatui::buffer::Cell| {
        let colour = match cell.fg {
            Color::Reset => '.',
            Color::DarkGray => 'd',
            Color::Gray => 'y',
            Color::Cyan | Color::LightCyan => 'c',
            Color::Blue | Color::LightBlue => 'b',
            Color::Yellow | Color::LightYellow => 'w',
            Color::Red | Color::LightRed => 'r',
            Color::Green | Color::LightGreen => 'g',
            Color::Magenta | Color::LightMagenta => 'm',
            Color::Black => 'k',
            // A picture's own.
            Color::Rgb(..) => 'p',
            _ => '?',
        };
        match cell.modifier {
            modifier if modifier.contains(Modifier::REVERSED) => '~',
            modifier if modifier.contains(Modifier::BOLD) && colour == '.' => ':',
            modifier if modifier.contains(Modifier::BOLD) => colour.to_ascii_uppercase(),
            modifier if modifier.contains(Modifier::DIM) => ',',
            _ => colour,
        }
    };
    let rows = buffer.content.chunks(usize::from(app.size.0));
    rows.map(|row| row.iter().map(letter).collect::<String>()).collect::<Vec<_>>().join("\n")
}

/// A screen as it is recorded: what is read; how it looks in colours and without; and what reads otherwise in ASCII.
fn record(mut app: App) -> String {
    let text = drawn(&app);
    let colours = looks(&app);
    assert!(!colours.contains('?'), "no colour of ours\n{colours}");
    let theme = app.theme;
    app.theme = theme.on(crate::theme::Ground::Light);
    assert!(!looks(&app).contains('?'));
    app.theme = crate::theme::Theme::new(false, false);
    assert_eq!(drawn(&app).contains('★'), text.contains('★'), "what is read does not hang on colours");
    let bare = looks(&app);
    app.theme = crate::theme::Theme::new(false, true);
    app.words = app.words.clone().in_ascii(true);
    let ascii = drawn(&app);
    let ours = ascii.chars().filter(|c| "│┃▌★⟲⚠⚑↳▣·•›…–—▀▄".contains(*c)).count();
    assert_eq!(ours, 0, "{ascii}");
    let same = |looks: &str| {
        looks.lines().map(|row| row.trim_end_matches('.').to_owned()).collect::<Vec<_>>().join("\n")
    };
    let other: Vec<String> = ascii
        .lines()
        .zip(text.lines())
        .enumerate()
        .filter(|(_, (ascii, text))| ascii != text)
        .map(|(row, (ascii, _))| format!("{row:>2} {ascii}"))
        .collect();
    format!(
        "{text}\ncolours\n{}\nwithout colours\n{}\nascii\n{}",
        same(&colours),
        same(&bare),
        other.join("\n")
    )
}

/// Compares screens with how they were when somebody looked at them: each at these sizes, one file for each.
fn looked_at(sizes: &[(u16, u16)], screens: impl Fn((u16, u16)) -> Vec<(&'static str, App)>) {
    let mut records: std::collections::BTreeMap<&str, String> = std::collections::BTreeMap::new();
    for size in sizes {
        for (name, app) in screens(*size) {
            let record = record(app);
            let all = records.entry(name).or_default();
            all.push_str(&format!("== {} by {}\n{record}\n", size.0, size.1));
        }
    }
    for (name, record) in records {
        insta::assert_snapshot!(name, record);
    }
}

#[test]
fn screens_are_as_they_were_looked_at() {
    looked_at(&[(120, 36), (80, 24), (60, 20), (40, 15), (20, 6)], screens);
}

#[test]
fn three_columns_are_as_they_were_looked_at() {
    let wide = |size| {
        let named = |(name, _): &(&'static str, App)| ["home", "thread", "reading"].contains(name);
        let wide = |(name, app)| match name {
            "home" => ("wide-home", app),
            "thread" => ("wide-thread", app),
            _ => ("wide-reading", app),
        };
        screens(size).into_iter().filter(named).map(wide).collect()
    };
    looked_at(&[(160, 40)], wide);
}

#[test]
fn nothing_panics_at_any_size() {
    // Every screen at every size up to 60 by 20, on as many threads as there are: it is the longest of these tests.
    let screens = std::sync::Mutex::new(screens((80, 24)));
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let drawn = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some((_, mut app)) = screens.lock().unwrap().pop() else { return };
                    for columns in 0..=60 {
                        for rows in 0..=20 {
                            app.update(Msg::Resize(columns, rows));
                            let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
                            terminal.draw(|frame| draw(&app, frame)).unwrap();
                            drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let drawn = drawn.into_inner();
    assert!(drawn > 20 * 61 * 21, "{drawn}");
}

#[test]
fn any_keys_in_any_order_break_nothing() {
    // A walk with a seed: the same keys every time, and all of them.
    let keys: Vec<char> = "jkGg\n\u{1b}hltc.Rrebfmsz aFMB/y?:q123456 x\tNLKQiudwPnoHvSE|#,".chars().collect();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    for (_, mut app) in screens((80, 24)) {
        for _ in 0..200 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let key = keys[state as usize % keys.len()];
            press(&mut app, &key.to_string());
            if state.is_multiple_of(7) {
                app.update(Msg::Resize(1 + (state >> 8) as u16 % 130, 1 + (state >> 24) as u16 % 40));
            }
            if state.is_multiple_of(11) {
                ctrl(&mut app, if state & 64 == 0 { 's' } else { 'c' });
            }
            if state.is_multiple_of(13) {
                drawn(&app);
            }
        }
    }
}

#[test]
fn a_stream_that_opens_changes_nothing_on_an_empty_screen() {
    let mut app = app((80, 24), &[]);
    app.update(Msg::Node(NodeStatus { network: true, ..NodeStatus::default() }));
    let before = drawn(&app);
    assert!(before.contains("Nothing here yet"), "{before}");
    let asked = app.update(Msg::Stream(Ok(())));
    assert!(asked.contains(&crate::msg::Effect::Load(Line::Home, Part::Newest)), "{asked:?}");
    assert_eq!(drawn(&app), before);
    app.update(Msg::Page(Line::Home, Part::Newest, whole(vec![])));
    assert_eq!(drawn(&app), before);
}
