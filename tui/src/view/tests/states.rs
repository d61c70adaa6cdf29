//! States that screens can be in: empty, loading, failed, asked back, long, missing. Each as it was looked at, at a usual, a
//! small and the smallest size.

use jiff::Timestamp;

use super::{looked_at, posts};
use crate::{
    api::{
        Account, AccountExtra, Context, Followed, Found, List, NodeStatus, Notification, Poll, PollOption,
        RelationExtra, Relationship, Source, Status, Tag, Via,
        node::{Check, Entry},
    },
    app::{
        App, Screen,
        compose::Draft,
        tests::{app, ctrl, person, post, press, row, whole},
    },
    msg::{
        Effect, Line, Msg, Row, Span,
        ask::{Origin, Outbound, Told},
    },
};

const SIZES: [(u16, u16); 3] = [(80, 24), (40, 15), (20, 6)];

fn told(app: &mut App, told: Told) {
    app.update(Msg::Told(Box::new(told)));
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

/// A node that does well, and what stands on its home timeline.
fn home(size: (u16, u16), posts: &[Status]) -> App {
    let mut app = app(size, posts);
    app.update(Msg::Node(NodeStatus { network: true, peers: 3, ..NodeStatus::default() }));
    app.update(Msg::Stream(Ok(())));
    app
}

/// The same after these keys.
fn after(size: (u16, u16), keys: &str) -> App {
    let mut app = home(size, &posts());
    press(&mut app, keys);
    app
}

fn notifications(size: (u16, u16)) -> App {
    let mut app = after(size, "4");
    let notice = |id: &str, kind: &str, who: &str, status: Option<Status>| {
        Row::Notification(Box::new(Notification {
            id: id.into(),
            kind: kind.into(),
            account: person(who),
            status,
            created_at: at(1_000),
        }))
    };
    let mine = || Some(post("9", "Me", "What I wrote, which is long enough to be cut on a narrow screen"));
    let rows = vec![
        notice("8", "mention", "Ada", Some(post("10", "Ada", "Are you there?"))),
        notice("7", "favourite", "Bob", mine()),
        notice("6", "reblog", "Carol", mine()),
        notice("5", "follow", "Dan", None),
        notice("4", "poll", "Eve", mine()),
        notice("3", "something-new", "Mallory", None),
    ];
    app.update(Msg::Page(Line::Notifications, Span::Newest, whole(rows)));
    app
}

fn threads(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let answer = |id: &str, to: &str, who: &str, text: &str| Status {
        in_reply_to_id: Some(to.into()),
        ..post(id, who, text)
    };
    let loading = after(size, "jj\n");
    let mut missing = home(size, &[answer("3", "2", "Bob", "An answer to what is not here")]);
    press(&mut missing, "\n");
    missing.update(Msg::Context("3".into(), Box::default()));
    press(&mut missing, "k");
    let mut folded = after(size, "jj\n");
    let descendants = vec![answer("6", "3", "Ada", "Is it?"), answer("7", "6", "Bob", "It is.")];
    folded.update(Msg::Context("3".into(), Box::new(Context { descendants, ..Context::default() })));
    press(&mut folded, "jzk");
    let closed = after(size, "j\n");
    let opened = after(size, "j\ns");
    let mut long = home(size, &[post("1", "Ada", &"A paragraph of a long post.\n\n".repeat(12))]);
    press(&mut long, "\n");
    long.update(Msg::Context("1".into(), Box::default()));
    vec![
        ("thread-loading", loading),
        ("thread-missing", missing),
        ("thread-folded", folded),
        ("thread-closed", closed),
        ("thread-opened", opened),
        ("thread-long", long),
    ]
}

fn poll(size: (u16, u16), change: impl FnOnce(&mut Poll)) -> App {
    let option = |title: &str, votes| PollOption { title: title.into(), votes_count: votes };
    let mut poll = Poll {
        id: "1".into(),
        votes_count: 5,
        expires_at: at(90_000),
        options: vec![option("Heron", Some(2)), option("Kingfisher", Some(3))],
        ..Poll::default()
    };
    change(&mut poll);
    let mut app = home(size, &[Status { poll: Some(poll), ..post("1", "Ada", "Which?") }]);
    press(&mut app, "\n");
    app.update(Msg::Context("1".into(), Box::default()));
    app
}

fn forms(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let reply = after(size, "jrI like it");
    let mut edit = home(size, &[post("9", "Me", "what I wrote")]);
    press(&mut edit, "e");
    let source = Source { id: "9".into(), text: "what I wrote".into(), spoiler_text: "careful".into() };
    edit.update(Msg::Source(Box::new(source)));
    let mut quote = after(size, "");
    quote.limits.quotes = true;
    press(&mut quote, "jQLook");
    let mut sending = after(size, "cHello");
    ctrl(&mut sending, 's');
    let mut failed = after(size, "cHello");
    let sent = ctrl(&mut failed, 's');
    failed.update(Msg::Failed(Box::new(sent[0].clone()), "the disk is full (free some space)".into()));
    let mut long = after(size, "");
    long.limits.statuses.max_characters = 10;
    press(&mut long, "cfar too many characters");
    let describing = after(size, "cLook\t\t\t\t/tmp/bird.png\n");
    let warning = after(size, "cHello\tthe end of the film");
    vec![
        ("form-reply", reply),
        ("form-edit", edit),
        ("form-quote", quote),
        ("form-sending", sending),
        ("form-failed", failed),
        ("form-long", long),
        ("form-describing", describing),
        ("form-warning", warning),
    ]
}

fn health(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let of = |status: NodeStatus| {
        let mut app = after(size, "");
        app.update(Msg::Node(status));
        app
    };
    let node = || NodeStatus { network: true, peers: 2, ..NodeStatus::default() };
    vec![
        ("health-alone", of(NodeStatus { peers: 0, waiting: 3, ..node() })),
        ("health-no-network", of(NodeStatus::default())),
        ("health-disk", of(NodeStatus { disk_low: true, ..node() })),
        ("health-guarded", of(NodeStatus { guarded: true, ..node() })),
        ("health-unheld", of(NodeStatus { unheld: 1, ..node() })),
        // What is not sent to anybody is one number here and in the queue.
        ("health-waits", of(NodeStatus { unheld: 1, waiting: 3, ..node() })),
        ("health-connecting", app(size, &posts())),
    ]
}

fn people(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let of = |account: Account, relation: Relationship| {
        let mut app = after(size, "jja");
        app.update(Msg::Person(Box::new(account), relation));
        app.update(Msg::Page(
            Line::Person("bob".into()),
            Span::Newest,
            whole(vec![row(post("3", "Bob", "third"))]),
        ));
        app
    };
    let bob = |extra: AccountExtra| Account { starling: Some(extra), ..person("Bob") };
    let relation = || Relationship { id: "bob".into(), ..Relationship::default() };
    let followed = Followed {
        at: at(1_000),
        how: Some("hand".into()),
        via: Some(Via { account: "carol".into(), name: "Carol".into() }),
    };
    vec![
        (
            "person-forked",
            of(
                bob(AccountExtra { forked: vec![serde_json::Value::Null], ..AccountExtra::default() }),
                relation(),
            ),
        ),
        ("person-retired", of(bob(AccountExtra { retired: true, ..AccountExtra::default() }), relation())),
        ("person-blocked", of(person("Bob"), Relationship { blocking: true, ..relation() })),
        (
            "person-requested",
            of(person("Bob"), Relationship { requested: true, followed_by: true, ..relation() }),
        ),
        (
            "person-followed",
            of(
                person("Bob"),
                Relationship {
                    following: true,
                    starling: RelationExtra { followed: Some(followed) },
                    ..relation()
                },
            ),
        ),
    ]
}

fn finds(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let searching = after(size, "/heron\n");
    let found = |hashtags| {
        let mut app = after(size, "/heron\n");
        app.update(Msg::Found("heron".into(), Box::new(Found { hashtags, ..Found::default() })));
        app
    };
    let tag = Tag { name: "heron".into(), url: "http://h/t".into() };
    vec![("search-waits", searching), ("search-nothing", found(Vec::new())), ("search-tag", found(vec![tag]))]
}

fn origins(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let of = |origin: Origin| {
        let mut app = after(size, "jji");
        told(&mut app, Told::Origin("3".into(), Box::new(origin)));
        app
    };
    let doubtful = Entry {
        id: "3".into(),
        checks: vec![Check { name: "signature".into(), ok: false, detail: "not of this device".into() }],
        ..Entry::default()
    };
    let erasure = crate::api::node::Erasure {
        entry: "bafyr4ireceipt".into(),
        device: "stardev1qxyz".into(),
        time: at(1_100),
        received_at: at(1_110),
    };
    let deleted =
        Entry { id: "3".into(), deleted: true, erasure: Some(erasure), time: at(1_000), ..Entry::default() };
    let base = || Origin { status: post("3", "Bob", "third"), author: person("Bob"), ..Origin::default() };
    vec![
        ("origin-waits", after(size, "jji")),
        ("origin-doubtful", of(Origin { entry: Some(doubtful), ..base() })),
        ("origin-deleted", of(Origin { entry: Some(deleted), status: Status::default(), ..base() })),
        ("origin-unsigned", of(base())),
    ]
}

fn sheets(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let of = |keys: &str, answer: Option<Told>| {
        let mut app = after(size, keys);
        answer.into_iter().for_each(|answer| told(&mut app, answer));
        app
    };
    let mut lists = after(size, "L");
    let list = |id: &str, title: &str| List { id: id.into(), title: title.into() };
    lists.update(Msg::Lists(vec![list("1", "Friends"), list("2", "Birds and other fliers")]));
    let mut drafts = home(size, &posts());
    let draft = |key: &str, text: &str| Draft { key: key.into(), text: text.into(), ..Draft::default() };
    let reply = Draft {
        reply_to: Some(("3".into(), "Bob".into())),
        saved: 1_000_000,
        ..draft("b", "I think that this is")
    };
    told(&mut drafts, Told::Drafts(vec![draft("a", "Half a thought"), reply]));
    press(&mut drafts, "d");
    vec![
        ("queue-empty", of("w", Some(Told::Queue(Outbound::default())))),
        ("queue-waits", of("w", None)),
        ("peers-none", of("P", Some(Told::Mesh(crate::msg::ask::Mesh::default())))),
        ("requests-none", of("A", Some(Told::Requests(Vec::new())))),
        ("drafts-none", of("d", Some(Told::Drafts(Vec::new())))),
        ("drafts-two", drafts),
        ("on-lists-none", of("jj+", Some(Told::Lists("bob".into(), Vec::new())))),
        ("lists-choice", lists),
        ("invite-waits", of("I", None)),
        ("catchup-waits", of("u\n", None)),
        ("catchup-nothing", of("u\n", Some(Told::CaughtUp(Vec::new(), false)))),
        ("catchup-more", of("u\n", Some(Told::CaughtUp(posts(), true)))),
    ]
}

fn states(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let empty = |keys: &str| {
        let mut app = home(size, &[]);
        press(&mut app, keys);
        if let Some(Screen::Line(line, _)) = app.stack.last() {
            let line = line.clone();
            app.update(Msg::Page(line, Span::Newest, whole(Vec::new())));
        } else {
            for line in crate::app::TABS {
                app.update(Msg::Page(line, Span::Newest, whole(Vec::new())));
            }
        }
        app
    };
    let mut full = home(
        size,
        &(0..60).rev().map(|id| post(&id.to_string(), "Ada", &format!("post {id}"))).collect::<Vec<_>>(),
    );
    press(&mut full, "G");
    let mut failed = after(size, "");
    failed.update(Msg::Failed(Box::new(Effect::Search("x".into())), "the server answered 500".into()));
    let mut greeted = home(size, &posts());
    greeted.greet(greeted.words.say("first-done").into_owned());
    let mut all = vec![
        ("empty-home", empty("")),
        ("empty-local", empty("2")),
        ("empty-network", empty("3")),
        ("empty-notifications", empty("4")),
        ("empty-bookmarks", empty("5")),
        ("empty-likes", empty("6")),
        ("empty-tag", empty("#birds\n")),
        ("scrolled", full),
        ("notifications", notifications(size)),
        ("help", after(size, "?")),
        ("help-nothing", after(size, "?xyzzy")),
        ("palette-all", after(size, ":")),
        ("ask-search", after(size, "/her")),
        ("ask-tag", after(size, "#her")),
        ("ask-invite", after(size, "I\nstarling:invite:quavqifquavqifquavqifquavqifquavqifquavqif")),
        ("ask-delete", {
            let mut app = home(size, &[post("9", "Me", "mine")]);
            press(&mut app, "D");
            app
        }),
        ("ask-block", after(size, "B")),
        ("said-good", {
            let mut app = after(size, "y");
            app.update(Msg::Told(Box::new(Told::Opened("bob".into(), "Bob".into()))));
            app
        }),
        ("said-bad", failed),
        ("greeted", greeted),
        ("poll-several", {
            let mut app = poll(size, |poll| poll.multiple = true);
            press(&mut app, "v ");
            app
        }),
        (
            "poll-voted",
            poll(size, |poll| {
                poll.voted = Some(true);
                poll.own_votes = Some(vec![1]);
            }),
        ),
        ("poll-over", poll(size, |poll| poll.expired = true)),
    ];
    for more in [threads, forms, health, people, finds, origins, sheets] {
        all.extend(more(size));
    }
    all
}

#[test]
fn states_are_as_they_were_looked_at() {
    looked_at(&SIZES, states);
}

#[test]
fn nothing_panics_in_any_state() {
    for (_, mut app) in states((80, 24)) {
        for columns in (1..=61).step_by(6) {
            for rows in (1..=21).step_by(4) {
                app.update(Msg::Resize(columns, rows));
                super::drawn(&app);
            }
        }
    }
}

#[test]
fn below_the_smallest_size_one_line_says_so() {
    for (size, shown) in [((19, 6), "needs 20 by 6"), ((20, 5), "needs 20 by 6"), ((5, 2), "need…")] {
        let screen = super::drawn(&home(size, &posts()));
        assert!(screen.lines().next().unwrap().contains(shown), "{screen}");
    }
}
