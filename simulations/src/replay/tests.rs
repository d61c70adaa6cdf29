//! Recordings of small engines, whole, changed and made up.

use std::io::Cursor;

use proptest::prelude::*;
use starling::{
    engine::{Command, Engine, Input, Policy, Request, Setup, checked},
    network::{Event, StreamId, SyncRole},
    recording::{Recorder, summary},
    store::Store,
};
use starling_protocol::payload::Content;

use super::*;
use crate::people::{self, person};

fn setup(node: u32) -> Setup {
    let person = person(7, node).unwrap();
    let mut drawn = 0_u8;
    Setup {
        author: person.author,
        peer: person.peer,
        identity: person.record,
        device: person.device,
        root: Some(person.root),
        entropy: Box::new(move |bytes| {
            drawn = drawn.wrapping_add(1);
            bytes.fill(drawn);
        }),
        guard: None,
        bootstrap: Vec::new(),
        policy: Policy::default(),
    }
}

fn says(number: u64, text: &str) -> Input {
    let content = Content { text: text.into(), ..Content::default() };
    Input::Command(
        Request(number),
        Command::Publish { content: Box::new(content), in_reply_to: None, idempotency: None },
    )
}

/// What an engine went through that posted, follows somebody, met a peer and took in what that one had written.
fn recording() -> (Vec<u8>, recording::Summary) {
    let theirs = Store::over(Disk::new(false), 0).unwrap();
    let (mut other, _) = Engine::new(theirs, setup(2), 1_000).unwrap();
    for number in 0..5 {
        other.handle(2_000 + number, says(number, "what the other one wrote"));
    }
    let them = person(7, 2).unwrap();
    let mut items = vec![ImportItem::Identity(them.record)];
    let reader = other.store().read().unwrap();
    let each = |signed: starling_protocol::Signed| {
        items.push(ImportItem::Entry(Box::new(starling_protocol::entry::check(signed).unwrap())));
        Ok(())
    };
    reader.each_entry(&them.author, each).unwrap().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    let store = Store::over(Disk::new(false), 0).unwrap();
    // Something is held already when the recording begins.
    let (mut engine, _) = Engine::new(store.clone(), setup(1), 900).unwrap();
    engine.handle(950, says(0, "an early word"));
    drop(engine);
    let mut setup = setup(1);
    let mut recorder = Recorder::create(&path, &mut setup, &store, 1_000).unwrap();
    let (mut engine, first) = Engine::new(store.clone(), setup, 1_000).unwrap();
    recorder.began(&first);
    let met = Event::Connected { peer: them.peer, address: people::address(2), outbound: false, first: true };
    let opened = Event::SyncOpened { stream: StreamId::new(1), peer: them.peer, role: SyncRole::Serve };
    let network = |event: Event| {
        let found = checked::check(&event);
        Input::Network(event, found)
    };
    let follow = Command::follow(them.author, vec![people::address(2).with_p2p(them.peer).unwrap()]);
    let batches = [
        vec![says(1, "mine"), Input::Tick],
        vec![Input::Command(Request(2), follow)],
        vec![network(met), network(opened)],
        vec![Input::Command(Request(3), Command::Import(items))],
        vec![network(Event::SyncFrame { stream: StreamId::new(1), frame: vec![9, 1, 2].into() })],
        vec![says(4, "mine as well"), says(5, "and this")],
        vec![Input::Tick],
    ];
    for (number, inputs) in (0_u64..).zip(batches) {
        let at = 2_000 + number * 20_000;
        let happened = recorder.before(&inputs);
        let outputs = engine.handle_all(at, inputs);
        recorder.batch(at, happened, &outputs, &store);
    }
    recorder.stop(&store);
    (std::fs::read(&path).unwrap(), summary(&store).unwrap())
}

fn run(bytes: &[u8], options: Options) -> Result<Report, Error> {
    replay(Cursor::new(bytes), options)
}

#[test]
fn a_replay_does_what_was_done_and_twice_the_same() {
    let (bytes, held) = recording();
    let options = Options { audit_every: Some(1), until: None };
    let report = run(&bytes, options).unwrap();
    assert_eq!((report.same_state, report.differing), (Some(true), 0), "{report}");
    assert_eq!((report.state.entries, &report.state.heads), (held.entries, &held.heads));
    assert_eq!(held.entries, 5 + 1 + 3 + 1, "theirs, the early one, three more, a follow");
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!((report.batches, report.held, report.file_end.as_str()), (7, 1, "stopped"));
    let again = run(&bytes, options).unwrap();
    assert_eq!(again.digest, report.digest);
    let timed: u64 = report.timings.iter().map(|timing| timing.inputs).sum();
    assert_eq!(timed, report.inputs);

    let early = run(&bytes, Options { until: Some(2_000), audit_every: None }).unwrap();
    assert_eq!((early.batches, early.same_state), (1, None), "{early}");
    assert!(early.to_string().contains("replayed up to here: as far as was asked for"), "{early}");
}

#[test]
fn what_was_blanked_is_taken_in_a_replay_and_nowhere_else() {
    let (bytes, _) = recording();
    let mut reader = Reader::new(Cursor::new(&bytes)).unwrap();
    let mut entries = Vec::new();
    while let Some(item) = reader.next().unwrap() {
        if let Item::Held(Thing::Entry(bytes)) = item {
            entries.push(bytes);
        }
    }
    assert_eq!(entries.len(), 1);
    assert!(starling_protocol::entry::verify(&entries[0]).is_err());
    {
        let _taken = blanked::take();
        assert!(starling_protocol::entry::verify(&entries[0]).is_ok());
        let elsewhere = entries[0].clone();
        let other = std::thread::spawn(move || starling_protocol::entry::verify(&elsewhere).is_err());
        assert!(other.join().unwrap(), "another thread takes nothing");
        // The signature is checked as ever.
        let mut forged = entries[0].clone();
        forged[40] ^= 1;
        assert!(starling_protocol::entry::verify(&forged).is_err());
    }
    assert!(starling_protocol::entry::verify(&entries[0]).is_err());
}

/// The bodies of the items of a file.
fn bodies(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (length, head) = match rest[1] {
            short @ 0x40..0x58 => (usize::from(short - 0x40), 2),
            0x58 => (usize::from(rest[2]), 3),
            _ => (usize::from(u16::from_be_bytes([rest[2], rest[3]])), 4),
        };
        bodies.push(rest[head..head + length].to_vec());
        rest = &rest[head + length + 9..];
    }
    bodies
}

/// A file of these items, with the check sums that belong to them.
fn sealed(bodies: &[Vec<u8>]) -> Vec<u8> {
    let item = |body: &Vec<u8>| {
        let check = blake3::derive_key("starling 2026-11 recording v1", body);
        let part = |bytes: &[u8]| match bytes.len() {
            short @ 0..24 => [&[0x40 + short as u8][..], bytes].concat(),
            short @ 24..256 => [&[0x58, short as u8][..], bytes].concat(),
            long => [&[0x59, (long >> 8) as u8, long as u8][..], bytes].concat(),
        };
        [&[0x82][..], &part(body), &part(&check[..8])].concat()
    };
    bodies.iter().flat_map(item).collect()
}

/// Made once: it is the same each time.
static RECORDED: std::sync::LazyLock<(Vec<u8>, recording::Summary)> = std::sync::LazyLock::new(recording);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a file says with the right check sums: it is an error, or a report.
    #[test]
    fn no_file_whatever_is_in_it_does_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let bytes = &RECORDED.0;
        let mut bodies = bodies(bytes);
        prop_assert_eq!(&sealed(&bodies), bytes);
        for (item, at, value) in changes {
            let body = item.get_mut(&mut bodies[..]);
            let at = at.index(body.len());
            body[at] = value;
        }
        if let Ok(report) = run(&sealed(&bodies), Options { audit_every: Some(3), until: None }) {
            prop_assert!(report.batches <= 7);
            prop_assert_eq!(report.violations, Vec::<String>::new());
        }
    }
}
