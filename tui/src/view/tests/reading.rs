//! What strangers write, in every script and with every malice, on every screen where it is read; addresses, colours.

use ratatui::{Terminal, backend::TestBackend, buffer::CellDiffOption};

use super::{drawn, screens};
use crate::{
    api::{Context, Edit, Field, List, Media, Notification, Poll, PollOption, Quote, Status, Tag},
    app::{
        App,
        tests::{app, post, press, row, whole},
    },
    msg::{Line, Msg, Row, Span},
    view,
};

/// Texts that mean harm, and texts that are hard to draw.
fn texts() -> Vec<(String, bool)> {
    let harm = [
        "\u{1b}]0;title\u{7}\u{1b}[2Jgone".to_owned(),
        "\u{1b}]8;;https://evil.example\u{1b}\\bank\u{1b}]8;;\u{1b}\\".into(),
        "\u{1b}P1;1|x\u{1b}\\\u{1b}_Ga=d\u{1b}\\\u{9b}31m\u{0}\u{8}\u{7f}".into(),
        "invoice\u{202e}fdp.exe \u{2066}x\u{2069}\u{200b}\u{e0041}".into(),
        "e\u{301}\u{323}".repeat(50_000),
        "x".repeat(300),
        "word ".repeat(6_554), // 32 KB
        "\n".repeat(3_000),
        "漢".repeat(10_000),
        String::new(),
        "   ".into(),
        "{ $who } { -term } [other] <b>&amp;".into(),
    ];
    let honest = [
        "family 👨‍👩‍👧‍👦 kiss 👩🏽‍❤️‍💋‍👨🏿 flag 🇧🇴🇵🇪 key 1️⃣",
        "漢字とかな交じり文、そして한국어",
        "क्षत्रिय श्रीमान् कार्त्स्न्य",
        "מחיר: 1,234 ש\"ח (כולל 17%)",
        "السَّلَامُ عَلَيْكُمْ ١٢٣ و 456",
        "𞤆𞤵𞤤𞤢𞤪 ߒߞߏ ⵜⴰⵎⴰⵣⵉⵖⵜ",
        "ไม่เป็นไร བོད་སྐད། ᠮᠣᠩᠭᠣᠯ",
    ];
    let harm = harm.into_iter().map(|text| (text, true));
    harm.chain(honest.map(|text| (text.to_owned(), false))).collect()
}

/// A post that has this text wherever there is room for one.
fn full_of(id: &str, text: &str) -> Status {
    let mut status = post(id, text, text);
    status.account.id = "author".into();
    status.account.acct = text.into();
    status.account.note = text.into();
    status.account.fields = vec![Field { name: text.into(), value: text.into() }];
    status.tags = vec![Tag { name: text.into(), url: "http://h/t".into() }];
    status.content =
        format!("{text} <a href=\"http://h/t\">{text}</a> <a href=\"https://a/{text}\">{text}</a>");
    status.poll = Some(Poll {
        id: "poll".into(),
        options: vec![PollOption { title: text.into(), votes_count: Some(1) }; 2],
        ..Poll::default()
    });
    status.media_attachments = vec![Media {
        kind: text.into(),
        url: Some(format!("https://a/{text}")),
        description: Some(text.into()),
        ..Media::default()
    }];
    let quoted = post("quoted", text, text);
    status.quote = Some(Box::new(Quote { quoted_status: Some(quoted), ..Quote::default() }));
    status.edited_at = status.created_at;
    status
}

/// Screens that show such a post.
fn shown(size: (u16, u16), text: &str) -> Vec<App> {
    let plain = full_of("1", text);
    let warned = Status { spoiler_text: text.into(), ..full_of("2", text) };
    let mut boost = post("3", text, "");
    boost.reblog = Some(Box::new(full_of("of", text)));
    let home = || {
        let mut app = app(size, &[plain.clone(), warned.clone(), boost.clone()]);
        app.theme.links = false;
        app
    };
    let mut apps = vec![home()];
    let mut with = |keys: &str, msgs: Vec<Msg>| {
        let mut app = home();
        press(&mut app, keys);
        for msg in msgs {
            app.update(msg);
        }
        apps.push(app);
    };
    let answer = Status { in_reply_to_id: Some("missing".into()), ..full_of("4", text) };
    let context = Context { descendants: vec![answer], ..Context::default() };
    with("\n", vec![Msg::Context("1".into(), Box::new(context))]);
    with("js", vec![]);
    with("o", vec![]);
    with("v", vec![]);
    with("L", vec![Msg::Lists(vec![List { id: "1".into(), title: text.into() }])]);
    let edit = Edit { content: text.into(), spoiler_text: text.into(), ..Edit::default() };
    with("H", vec![Msg::History("1".into(), vec![edit])]);
    let mut notice = Notification { kind: "follow".into(), ..Notification::default() };
    notice.account = plain.account.clone();
    let page = whole(vec![Row::Notification(Box::new(notice))]);
    with("4", vec![Msg::Page(Line::Notifications, Span::Newest, page)]);
    with("#x\n", vec![Msg::Page(Line::Tag("x".into()), Span::Newest, whole(vec![row(plain.clone())]))]);
    apps
}

#[test]
fn whatever_strangers_write_is_drawn_as_text_and_nothing_else() {
    for (text, _) in texts() {
        // Long texts take long to draw where nothing is optimised, and are cut alike everywhere.
        let long = text.len() > 1_000;
        let sizes: &[_] = if long { &[(100, 30)] } else { &[(160, 30), (100, 30), (40, 15), (20, 6)] };
        for &size in sizes {
            for app in shown(size, &text).into_iter().step_by(if long { 2 } else { 1 }) {
                let screen = drawn(&app);
                let obeyed = |c: char| {
                    (c.is_control() && c != '\n')
                        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
                };
                assert!(!screen.chars().any(obeyed), "{:?}", &screen);
            }
        }
    }
}

#[test]
fn addresses_are_told_to_the_terminal_and_nothing_of_strangers_with_them() {
    let address = "https://a.example/x?y=1";
    let bad = "https://b.example/\u{202e}z";
    let text = format!("see {address} and {bad}");
    let html = format!("<p>see <a href=\"{address}\">{address}</a> and <a href=\"{bad}\">{bad}</a></p>");
    let mut linked = post("1", "Ada", &html);
    linked.starling = Some(crate::api::StatusExtra { source: text, ..Default::default() });
    let mut app = app((100, 20), &[linked]);
    let cells = |app: &App| {
        let mut terminal = Terminal::new(TestBackend::new(100, 20)).unwrap();
        terminal.draw(|frame| view::draw(app, frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let told = buffer.content.into_iter().filter(|cell| cell.symbol().contains('\u{1b}'));
        told.map(|cell| (cell.symbol().to_owned(), cell.diff_option)).collect::<Vec<_>>()
    };
    assert!(cells(&app).is_empty());
    app.theme.links = true;
    let wide = std::num::NonZeroU16::new(address.len() as u16).unwrap();
    let told = format!("\u{1b}]8;;{address}\u{1b}\\{address}\u{1b}]8;;\u{1b}\\");
    assert_eq!(cells(&app), [(told, CellDiffOption::ForcedWidth(wide))]);
}

#[test]
fn from_right_to_left_it_reads_as_well() {
    for (name, mut app) in screens((60, 20)) {
        app.words = crate::words::Words::shipped("he");
        if ["home", "thread", "reading", "write", "keys", "palette", "vote", "waiting", "lost"]
            .contains(&name)
        {
            insta::assert_snapshot!(format!("hebrew-{name}"), drawn(&app));
        }
    }
}
