//! Sheets, forms and the catch-up, as they were looked at.

use jiff::Timestamp;

use crate::{
    api::{
        Delivery, Edit, EditExtra, List, Media, Relationship, Status, StatusExtra,
        node::{
            Check, Connected, Coverage, Entry, Limits, MediaLimits, Network, Outgoing, Peer, PeerProgress,
            PollLimits, Progress, Queue, Scheduled, ScheduledText, Shard, StatusLimits, Traffic,
        },
    },
    app::{
        App,
        compose::Draft,
        tests::{ctrl, person, post, press},
    },
    msg::{
        Effect, Line, Msg,
        ask::{Ask, Mesh, Origin, Outbound, Told, Wish},
    },
};

const AUTHOR: &str = "star1qqtnwks4c7pe0lzyjyzpmq4ka7vwj2vl7ryh3tsm2ajc9a6ce3qxgtv0k";

pub fn told(app: &mut App, told: Told) {
    app.update(Msg::Told(Box::new(told)));
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

pub fn outbound() -> Outbound {
    let row = |entry: &str, peers, held| Outgoing { entry: entry.into(), at: at(1_000), peers, held };
    Outbound {
        queue: Queue { unsent: 2, wanted_files: 1, ..Queue::default() },
        posts: vec![
            (row("9", 0, 0), Some(post("9", "Me", "Nobody was there when I wrote this."))),
            (row("8", 2, 0), Some(post("8", "Me", "On its way"))),
            (
                row("7", 3, 2),
                Some(post(
                    "7",
                    "Me",
                    "An older one that two peers hold by now, so that it outlives this disk.",
                )),
            ),
            (row("6", 1, 1), None),
        ],
        scheduled: vec![Scheduled {
            id: "1".into(),
            scheduled_at: at(90_000),
            params: ScheduledText { text: "Good morning".into() },
        }],
    }
}

pub fn mesh() -> Mesh {
    let peer = |id: &str, address: &str| Peer {
        peer_id: format!("12D3KooW{id}"),
        connected: true,
        addresses: vec![address.into()],
        ..Peer::default()
    };
    let progress =
        |id: &str, state: &str| PeerProgress { peer_id: format!("12D3KooW{id}"), state: state.into() };
    Mesh {
        peers: vec![
            Peer {
                outbound: true,
                serving: true,
                received: 1_204,
                ..peer("nearnear", "/ip4/192.168.1.7/udp/4001/quic-v1")
            },
            Peer {
                syncing: true,
                received: 1,
                demerits: 10,
                ..peer("farfarfar", "/dns4/relay.example/tcp/443")
            },
            Peer { connected: false, last_seen: 900_000, banned: true, ..peer("gonegone", "") },
            Peer { connected: false, ..peer("nevernever", "") },
        ],
        progress: Progress {
            caught_up: false,
            feeds: 3,
            entries: 4_000,
            peers: vec![progress("nearnear", "caught_up"), progress("farfarfar", "fetching")],
        },
        coverage: vec![
            Coverage { author: "me".into(), name: "Me".into(), held: 12, missing: 0, sources: Some(1) },
            Coverage { author: "bob".into(), name: "Bob".into(), held: 3_900, missing: 88, sources: Some(0) },
            Coverage { author: AUTHOR.into(), held: 1, ..Coverage::default() },
        ],
        network: Some(Network {
            on: true,
            peers: vec![Connected { peer_id: "12D3KooWnearnear".into(), agent: "starling/0.1.0".into() }],
            shards: vec![Shard { shard: 3, mesh: 2, peers: 2 }],
            traffic: Traffic {
                gossip_in_bytes: 40_960,
                sync_in_bytes: 3_500_000,
                refused: 2,
                ..Traffic::default()
            },
            ..Network::default()
        }),
    }
}

pub fn origin() -> Origin {
    let check = |name: &str, ok, detail: &str| Check { name: name.into(), ok, detail: detail.into() };
    let version = |second, text: &str| Edit {
        created_at: at(second),
        starling: Some(EditExtra { source: text.into() }),
        ..Edit::default()
    };
    let mut author = person("Bob");
    author.id = AUTHOR.into();
    let extra = StatusExtra {
        delivery: Some(Delivery { stored: true, peers: 2, held: 1 }),
        ..StatusExtra::default()
    };
    Origin {
        status: Status { starling: Some(extra), ..post("3", "Bob", "third") },
        entry: Some(Entry {
            id: "3".into(),
            device: "stardev1qxyz".into(),
            seq: 41,
            time: at(1_000),
            received_at: at(1_060),
            from: Some("12D3KooWnearnear".into()),
            checks: vec![
                check("signature", true, "ed25519 of the device"),
                check("identity", true, "the device speaks for the author"),
            ],
            ..Entry::default()
        }),
        versions: vec![version(1_000, "thrid"), version(1_050, "third")],
        author,
    }
}

/// Everybody's timeline, and on it each of these screens.
pub fn screens(home: impl Fn() -> App) -> Vec<(&'static str, App)> {
    let opened = |keys: &str, answer: Option<Told>| {
        let mut app = home();
        press(&mut app, keys);
        answer.into_iter().for_each(|answer| told(&mut app, answer));
        app
    };
    let queue = opened("w", Some(Told::Queue(outbound())));
    let mut peers = opened("P", Some(Told::Mesh(mesh())));
    press(&mut peers, "jj");
    let origin = opened("jji", Some(Told::Origin("3".into(), Box::new(origin()))));
    let mut mute = opened("jjM", None);
    told(&mut mute, Told::Stands(Relationship { id: "bob".into(), muting: true, ..Relationship::default() }));
    press(&mut mute, "j");
    let list = |id: &str, title: &str| List { id: id.into(), title: title.into() };
    let lists = vec![(list("1", "Friends"), true), (list("2", "Birds and other fliers"), false)];
    let lists = opened("jj+j", Some(Told::Lists("bob".into(), lists)));
    let mut compare = home();
    compare.me = Some(crate::api::Account { id: AUTHOR.into(), ..person("Me") });
    press(&mut compare, "K");
    let mut drafts = home();
    let draft = |key: &str, text: &str| Draft { key: key.into(), text: text.into(), ..Draft::default() };
    let reply = Draft { reply_to: Some(("3".into(), "Bob".into())), ..draft("b", "I think that") };
    told(&mut drafts, Told::Drafts(vec![draft("a", "Half a thought"), reply]));
    press(&mut drafts, "d");
    told(&mut drafts, Told::Drafts(vec![draft("a", "Half a thought"), draft("b", "I think that")]));
    let wish = |who: &str, follow, post| Wish { id: who.into(), account: person(who), follow, post };
    let wishes =
        vec![wish("Eve", true, None), wish("Mallory", false, Some(post("x", "Mallory", "Buy this!")))];
    let requests = opened("A", Some(Told::Requests(wishes)));
    let invite = opened("I", Some(Told::Invite(format!("starling:invite:{}", "quavqif".repeat(6)))));
    let since = opened("u", None);
    let posts = || vec![post("6", "Ada", "newest"), post("5", "Bob", "second"), post("4", "Bob", "first")];
    let caught = |keys: &str| {
        let mut app = opened("uj\n", Some(Told::CaughtUp(posts(), false)));
        press(&mut app, keys);
        app
    };
    let (overview, reading, end) = (caught(""), caught("\nj"), caught("\njjj"));
    vec![
        ("queue", queue),
        ("peers", peers),
        ("origin", origin),
        ("mute", mute),
        ("lists", lists),
        ("compare", compare),
        ("drafts", drafts),
        ("requests", requests),
        ("invite", invite),
        ("since", since),
        ("catchup", overview),
        ("catchup-post", reading),
        ("catchup-end", end),
        ("write-all", form(home())),
        ("write-poll", {
            let mut app = form(home());
            press(&mut app, "\u{1b}");
            ctrl(&mut app, 'c');
            app.drafts.clear();
            press(&mut app, "cTea?\t\t\t\t\tyes\nno");
            app
        }),
        ("write-file", {
            let mut app = form(home());
            press(&mut app, "\u{1b}");
            app.drafts.clear();
            press(&mut app, "c\t\t\t\t/tmp/");
            app
        }),
        ("person-known", somebody(home())),
        ("note", {
            let mut app = somebody(home());
            press(&mut app, "N");
            app
        }),
        ("clock", {
            let mut app = home();
            app.ahead = Some(-400);
            app
        }),
    ]
}

/// A form with files and a time.
fn form(mut app: App) -> App {
    let statuses = StatusLimits { max_characters: 5_000, ..StatusLimits::default() };
    let statuses = StatusLimits { max_media_attachments: 8, ..statuses };
    let media_attachments = MediaLimits {
        supported_mime_types: vec!["image/png".into(), "image/jpeg".into()],
        description_limit: 1_500,
        image_size_limit: 10 << 20,
    };
    let polls = PollLimits { max_options: 8, ..PollLimits::default() };
    told(&mut app, Told::Limits(Limits { statuses, media_attachments, polls, quotes: true }, Some(0)));
    press(&mut app, "cLook at this");
    press(&mut app, "\t\t\t\t/tmp/bird.png\na red bird\n");
    let name = match app.stack.last() {
        Some(crate::app::Screen::Compose(form)) => form.key_of().to_owned(),
        _ => panic!("no form"),
    };
    told(&mut app, Told::Uploaded(name.clone(), 0, Ok(Media { id: "1".into(), ..Media::default() })));
    press(&mut app, "/tmp/song.mp3\na song\n");
    told(&mut app, Told::Uploaded(name, 1, Err("sound is not taken".into())));
    press(&mut app, "\t2h");
    app
}

fn somebody(mut app: App) -> App {
    press(&mut app, "jja");
    let mut account = person("Bob");
    account.note = "<p>Flies.</p>".into();
    account.fields = vec![crate::api::Field { name: "Nest".into(), value: "the old oak".into() }];
    let relation = Relationship {
        id: "bob".into(),
        following: true,
        notifying: true,
        muting: true,
        muting_expires_at: at(90_000),
        note: "met at the lake".into(),
        ..Relationship::default()
    };
    app.update(Msg::Person(Box::new(account), relation));
    app
}

#[test]
fn what_strangers_say_of_themselves_is_drawn_as_text() {
    let hostile = "\u{1b}]0;title\u{7}\u{202e}fdp.exe\u{1b}[2J\n\u{9b}31m";
    let mut origin = origin();
    origin.author.display_name = hostile.into();
    origin.author.id = hostile.into();
    let entry = origin.entry.as_mut().unwrap();
    (entry.device, entry.from) = (hostile.into(), Some(hostile.into()));
    entry.checks[0].detail = hostile.into();
    origin.versions[0].starling.as_mut().unwrap().source = hostile.into();
    let mut mesh = mesh();
    mesh.peers[0].peer_id = hostile.into();
    mesh.peers[0].addresses = vec![hostile.into()];
    mesh.network.as_mut().unwrap().peers[0].agent = hostile.into();
    mesh.network.as_mut().unwrap().peers[0].peer_id = mesh.peers[1].peer_id.clone();
    mesh.coverage[0].name = hostile.into();
    mesh.coverage[2].author = hostile.into();
    let mut outbound = outbound();
    outbound.posts[0].1.as_mut().unwrap().content = hostile.into();
    outbound.scheduled[0].params.text = hostile.into();
    outbound.queue.guarded_because = hostile.into();
    let lists = vec![(List { id: "1".into(), title: hostile.into() }, true)];
    let draft =
        Draft { text: hostile.into(), reply_to: Some(("1".into(), hostile.into())), ..Draft::default() };
    for size in [(120, 36), (40, 15), (20, 6)] {
        let bad = post("3", hostile, hostile);
        let id = bad.account.id.clone();
        let home = || {
            let mut app = crate::app::tests::app(size, std::slice::from_ref(&bad));
            app.update(Msg::Me(Box::new(person(hostile))));
            app
        };
        let answers = [
            ("w", Told::Queue(outbound.clone())),
            ("P", Told::Mesh(mesh.clone())),
            ("i", Told::Origin("3".into(), Box::new(origin.clone()))),
            ("+", Told::Lists(id, lists.clone())),
            ("K", Told::Done),
            ("M", Told::Done),
            ("d", Told::Drafts(vec![draft.clone()])),
            (
                "A",
                Told::Requests(vec![Wish {
                    account: person(hostile),
                    post: Some(bad.clone()),
                    ..Wish::default()
                }]),
            ),
            ("uj\n", Told::CaughtUp(vec![bad.clone()], false)),
        ];
        for (keys, answer) in answers {
            let mut app = home();
            press(&mut app, keys);
            told(&mut app, answer);
            for keys in ["", "\n", "j", "jj", "G"] {
                press(&mut app, keys);
                let shown = super::drawn(&app);
                let hurts = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
                assert!(!shown.chars().any(hurts), "{shown:?}");
            }
        }
    }
}

/// Selects the line of a sheet with these words.
fn select(app: &mut App, words: &str) {
    press(app, "g");
    loop {
        let Some(crate::app::Screen::Sheet(sheet)) = app.stack.last() else { panic!("no sheet") };
        let (rows, at) = (sheet.rows(app), sheet.selected);
        if rows[at].text.contains(words) {
            return;
        }
        assert!(at + 1 < rows.len(), "{words} is not there: {rows:?}");
        press(app, "j");
    }
}

#[test]
fn sheets_do_what_their_lines_say() {
    let mut app = crate::app::tests::app((80, 24), &[post("3", "Bob", "third")]);
    let asked = |effects: Vec<Effect>| match effects.into_iter().next() {
        Some(Effect::Ask(ask)) => *ask,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(press(&mut app, "w")), Ask::Queue);
    told(&mut app, Told::Queue(outbound()));
    assert_eq!(press(&mut app, "jj\n"), [Effect::Thread("8".into())]);
    press(&mut app, "\u{1b}G");
    // The posts, then what waits for its hour: its two lines, then the rest.
    press(&mut app, "kk");
    press(&mut app, "D");
    assert_eq!(asked(press(&mut app, "y")), Ask::CallOff("1".into()));
    press(&mut app, "\u{1b}");
    assert_eq!(asked(press(&mut app, "P")), Ask::Mesh);
    // What changes by itself is asked for again, and one question is enough.
    let tick = |app: &mut App, second| app.update(Msg::Tick(at(second).unwrap()));
    assert!(!tick(&mut app, 2_000).iter().any(|effect| matches!(effect, Effect::Ask(_))));
    told(&mut app, Told::Mesh(mesh()));
    assert!(tick(&mut app, 2_010).contains(&Effect::Ask(Box::new(Ask::Mesh))));
    select(&mut app, "88 missing");
    assert!(
        press(&mut app, "\n").contains(&Effect::Load(Line::Person("bob".into()), crate::msg::Span::Newest))
    );
    press(&mut app, "\u{1b}\u{1b}");
    let stands = || Told::Stands(Relationship { id: "bob".into(), ..Relationship::default() });
    assert_eq!(asked(press(&mut app, "M")), Ask::Stands("bob".into()));
    assert_eq!(press(&mut app, "\n"), [], "it is not known yet what there is to choose");
    told(&mut app, stands());
    assert_eq!(asked(press(&mut app, "jj\n")), Ask::Mute("bob".into(), 8 * 3_600, true));
    press(&mut app, "M");
    told(&mut app, stands());
    press(&mut app, "G\n");
    assert_eq!(asked(press(&mut app, "g\n")), Ask::Mute("bob".into(), 0, false));
    press(&mut app, "+");
    told(&mut app, Told::Lists("bob".into(), vec![(List { id: "1".into(), title: "Friends".into() }, true)]));
    let off = Ask::PutOn { person: "bob".into(), list: "1".into(), on: false };
    assert_eq!(asked(press(&mut app, "\n")), off);
    press(&mut app, "j\n");
    let new = Ask::NewList { person: "bob".into(), title: "New".into() };
    assert_eq!(asked(press(&mut app, "New\n")), new);
}

#[test]
fn a_note_is_written_where_the_person_is() {
    let mut app = somebody(crate::app::tests::app(
        (80, 24),
        &[post("1", "Ada", "x"), post("2", "Eve", "y"), post("3", "Bob", "third")],
    ));
    press(&mut app, "N");
    let effects = press(&mut app, ", in June\n");
    let note = Ask::Note("bob".into(), "met at the lake, in June".into());
    assert_eq!(effects, [Effect::Ask(Box::new(note))]);
    let relation =
        Relationship { id: "bob".into(), following: true, note: "noted".into(), ..Relationship::default() };
    told(&mut app, Told::Kept(relation));
    assert!(super::drawn(&app).contains("noted"));
    let effects = ctrl(&mut app, 'n');
    assert_eq!(effects, [Effect::Ask(Box::new(Ask::Notify("bob".into(), true)))]);
    // Muted already: the key ends it.
    let mut muted = somebody(crate::app::tests::app(
        (80, 24),
        &[post("1", "Ada", "x"), post("2", "Eve", "y"), post("3", "Bob", "third")],
    ));
    assert_eq!(press(&mut muted, "M"), [Effect::Relate("bob".into(), crate::msg::Relate::Mute(false))]);
}

#[test]
fn drafts_are_chosen_from_and_thrown_away() {
    let mut app = crate::app::tests::app((80, 24), &[]);
    let draft = |key: &str, text: &str| Draft { key: key.into(), text: text.into(), ..Draft::default() };
    told(&mut app, Told::Drafts(vec![draft("a", "one"), draft("b", "two")]));
    press(&mut app, "d");
    press(&mut app, "j\n");
    let text = |app: &App| match app.stack.last() {
        Some(crate::app::Screen::Compose(form)) => form.draft().text,
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&app), "two");
    // What is open is no draft to choose; what is left is one again.
    assert_eq!(app.drafts.len(), 1);
    press(&mut app, "\u{1b}");
    assert_eq!(app.drafts.len(), 2);
    press(&mut app, "d");
    press(&mut app, "D");
    let effects = press(&mut app, "y");
    assert!(matches!(effects.as_slice(), [Effect::Ask(ask)] if **ask == Ask::Forget("b".into())));
    told(&mut app, Told::Drafts(vec![draft("a", "one")]));
    press(&mut app, "g\n");
    assert_eq!(text(&app), "");
}

#[test]
fn a_code_is_drawn_wherever_there_is_room_for_it() {
    let link = format!("starling:invite:{}", "quavqif".repeat(60));
    let drawn = |size: (u16, u16)| {
        let mut app = crate::app::tests::app(size, &[]);
        press(&mut app, "I");
        told(&mut app, Told::Invite(link.clone()));
        press(&mut app, "G");
        super::drawn(&app)
    };
    let scan = |screen: &str| screen.matches('▄').count() + screen.matches('▀').count() > 500;
    for size in [(110, 35), (200, 35), (80, 60)] {
        let screen = drawn(size);
        assert!(scan(&screen) && screen.contains("Enter copies it"), "{screen}");
    }
    // Where there is none, it is said how much it takes.
    let screen = drawn((80, 24));
    assert!(!scan(&screen) && screen.contains("A code to scan needs 65 by 35"), "{screen}");
    assert!(scan(&drawn((65, 35))));
}

#[test]
fn invites_are_opened_and_peers_called_and_refused() {
    let mut app = crate::app::tests::app((80, 24), &[]);
    let asked = |effects: Vec<Effect>| match effects.into_iter().next() {
        Some(Effect::Ask(ask)) => *ask,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(press(&mut app, "I")), Ask::Invite);
    told(&mut app, Told::Invite("starling:invite:abc".into()));
    assert_eq!(press(&mut app, "jj\n"), [Effect::Copy("starling:invite:abc".into())]);
    press(&mut app, "g\n");
    assert_eq!(asked(press(&mut app, "starling:invite:xyz\n")), Ask::Open("starling:invite:xyz".into()));
    app.update(Msg::Told(Box::new(Told::Opened("bob".into(), "Bob".into()))));
    assert!(super::drawn(&app).contains("You follow Bob now"));
    press(&mut app, "\u{1b}");
    press(&mut app, "\u{1b}P");
    told(&mut app, Told::Mesh(mesh()));
    press(&mut app, "jD");
    assert_eq!(asked(press(&mut app, "y")), Ask::Ban("12D3KooWnearnear".into(), true));
    // Who is refused already is taken again.
    press(&mut app, "GkD");
    assert_eq!(asked(press(&mut app, "y")), Ask::Ban("12D3KooWgonegone".into(), false));
    select(&mut app, "Add an address");
    press(&mut app, "\n");
    let call = Ask::Call("/ip4/192.0.2.1/tcp/1".into());
    assert_eq!(asked(press(&mut app, "/ip4/192.0.2.1/tcp/1\n")), call);
}
