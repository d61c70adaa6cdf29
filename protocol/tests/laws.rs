//! What holds for every value: read∘write, verify∘sign, and that order never matters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use proptest::{collection::vec, prelude::*, sample::Index};
use starling_protocol::{
    AuthorId, Body, DeviceKey, EntryId, Identity, Payload, Verified,
    bundle::{self, Item},
    cbor, entry,
    feed::{ForkProof, LogState, Step, step},
    frame::Frame,
    identity::{Action, Cutoff, Inception, Operation, Removal, Voice},
    invite::Invite,
    keys::{Phrase, Secret},
    limits,
    payload::{Content, Extension, Link, Media, Profile, Visibility},
    sync::{Answer, Ask, FeedState, Interests, LogHead, Range},
};
use support::{Session, Shelf, Writer};

fn hash() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn author() -> impl Strategy<Value = AuthorId> {
    hash().prop_map(AuthorId::new)
}

fn id() -> impl Strategy<Value = EntryId> {
    hash().prop_map(EntryId::new)
}

fn link() -> impl Strategy<Value = Link> {
    (author(), id()).prop_map(|(author, id)| Link { author, id })
}

/// A text of at most `max` characters of any script.
fn text(max: usize) -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..=max).prop_map(String::from_iter)
}

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let extension = ("[a-z]{0,64}", vec(any::<u8>(), 0..300));
    vec(extension.prop_map(|(name, value)| Extension { name, value }), 0..3)
}

fn media() -> impl Strategy<Value = Media> {
    (hash(), "[a-z/]{0,64}", any::<u64>(), any::<(u32, u32)>(), "[a-z]{0,64}", text(50)).prop_map(
        |(blob, mime, size, dimensions, blurhash, alt)| Media { blob, mime, size, dimensions, blurhash, alt },
    )
}

fn content() -> impl Strategy<Value = Content> {
    let visibility =
        prop_oneof![Just(Visibility::Public), Just(Visibility::Unlisted), Just(Visibility::Local)];
    let words = (text(300), proptest::option::of(text(30)), proptest::option::of("[a-z-]{0,35}"), visibility);
    let lists = (vec(author(), 0..4), vec(text(20), 0..4), vec(media(), 0..3));
    (words, lists, proptest::option::of(link()), extensions()).prop_map(
        |((text, warning, language, visibility), (mentions, tags, media), quote, extensions)| Content {
            text,
            warning,
            language,
            visibility,
            mentions,
            tags,
            media,
            quote,
            extensions,
        },
    )
}

fn profile() -> impl Strategy<Value = Profile> {
    let blob = || proptest::option::of(hash());
    let words = (text(64), text(200), vec((text(20), text(20)), 0..4));
    (words, blob(), blob(), vec("[a-z0-9/]{0,60}", 0..4), extensions()).prop_map(
        |((name, bio, fields), avatar, header, hints, extensions)| Profile {
            name,
            bio,
            fields,
            avatar,
            header,
            hints,
            extensions,
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        content().prop_map(Body::Post),
        (link(), link(), content()).prop_map(|(root, parent, content)| Body::Reply { root, parent, content }),
        (id(), content()).prop_map(|(replaces, content)| Body::Edit { replaces, content }),
        vec(id(), 0..5).prop_map(Body::Delete),
        link().prop_map(Body::Boost),
        link().prop_map(Body::Like),
        author().prop_map(Body::Follow),
        author().prop_map(Body::Unfollow),
        author().prop_map(Body::Block),
        author().prop_map(Body::Unblock),
        id().prop_map(Body::Pin),
        id().prop_map(Body::Unpin),
        (link(), vec(0..8u8, 0..=8)).prop_map(|(link, choices)| Body::Vote(link, choices)),
        profile().prop_map(Body::Profile),
        ("x-[a-z]{0,60}", vec(any::<u32>(), 0..5))
            .prop_map(|(kind, list)| Body::Unknown { kind, body: cbor::encode(&list) }),
    ]
}

fn seed() -> impl Strategy<Value = [u8; 32]> {
    hash()
}

prop_compose! {
    fn signed()(
        device in seed(), author in author(), log in 0..entry::log::COUNT, seq in 0..=limits::MAX_SEQ,
        previous in id(), salt in any::<[u8; 16]>(), time in any::<u64>(), body in body(),
    ) -> Verified {
        let place = entry::Place { author, log, seq, previous: (seq > 0).then_some(previous) };
        entry::sign(place, body, salt, time, &Secret::from_seed(device))
    }
}

prop_compose! {
    fn feed_state()(
        author in author(), digest in hash(),
        logs in vec((hash(), 0..entry::log::COUNT, 0..1000u64, 0..1000u64, id(), any::<Option<u32>>()), 0..6),
    ) -> FeedState {
        let head = |(device, log, a, b, head, frozen): (_, _, u64, u64, _, Option<u32>)| {
            let frozen = frozen.map(u64::from);
            (DeviceKey::new(device), LogHead { log, lo: a.min(b), hi: a.max(b), head, frozen })
        };
        FeedState::new(author, &digest, logs.into_iter().map(head))
    }
}

fn range() -> impl Strategy<Value = Range> {
    (author(), hash(), 0..entry::log::COUNT, 0..=limits::MAX_SEQ, 0..=limits::MAX_SEQ).prop_map(
        |(author, device, log, a, b)| Range {
            author,
            device: DeviceKey::new(device),
            log,
            from: a.min(b),
            to: a.max(b),
        },
    )
}

fn interests() -> impl Strategy<Value = Interests> {
    vec(author(), 0..50).prop_map(|authors| Interests::of(&authors))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        (any::<u8>(), 0..4u32, interests()).prop_map(|(version, credit, interests)| Ask::Hello {
            version,
            credit,
            interests
        }),
        (interests(), interests()).prop_map(|(more, less)| Ask::Interests { more, less }),
        bytes().prop_map(Ask::Reconcile),
        (
            any::<bool>(),
            vec(feed_state().prop_map(|state| state.mark()), 0..5),
            vec(any::<[u8; 8]>(), 0..5),
            any::<bool>()
        )
            .prop_map(|(whole, marks, need, last)| Ask::Frontier { whole, marks, need, last }),
        Just(Ask::More),
        vec((any::<u32>(), range()), 0..5).prop_map(Ask::Pull),
        any::<u32>().prop_map(Ask::Credit),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let record = any::<u32>().prop_map(|n| Writer::new(n).identity.record());
    prop_oneof![
        bytes().prop_map(Answer::Reconcile),
        vec(record, 0..3).prop_map(Answer::Identities),
        vec(bytes(), 0..3).prop_map(Answer::Forks),
        (vec(feed_state(), 0..4), any::<bool>()).prop_map(|(feeds, last)| Answer::Heads { feeds, last }),
        (any::<bool>(), vec(bytes(), 0..4), vec((any::<u32>(), any::<Option<u64>>()), 0..4))
            .prop_map(|(live, entries, done)| Answer::Entries { live, entries, done }),
        text(100).prop_map(Answer::Refused),
    ]
}

/// `bytes` with one bit turned.
fn flipped(bytes: &[u8], at: Index, bit: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    bytes
}

proptest! {
    #[test]
    fn payloads_are_read_as_written(salt in any::<[u8; 16]>(), body in body()) {
        let payload = Payload::new(salt, body);
        prop_assert_eq!(Payload::decode(&payload.encode()), Ok(payload));
    }

    #[test]
    fn entries_are_verified_as_signed_and_in_no_other_form(
        entry in signed(), at in any::<Index>(), bit in 0..8u8,
    ) {
        let bytes = entry.signed().to_bytes();
        prop_assert_eq!(entry::verify(&bytes), Ok(entry.clone()));
        prop_assert!(entry::verify(&flipped(&bytes, at, bit)).is_err());
        let silent = entry.clone().without_payload();
        prop_assert_eq!(entry::verify(&silent.signed().to_bytes()), Ok(silent.clone()));
        prop_assert_eq!(silent.id(), entry.id());
    }

    #[test]
    fn ids_are_read_as_written(bytes in hash()) {
        let (author, device, entry) = (AuthorId::new(bytes), DeviceKey::new(bytes), EntryId::new(bytes));
        prop_assert_eq!(author.to_string().parse(), Ok(author));
        prop_assert_eq!(device.to_string().parse(), Ok(device));
        prop_assert_eq!(entry.to_string().parse(), Ok(entry));
    }

    #[test]
    fn phrases_are_read_as_written(entropy in hash()) {
        let phrase = Phrase::from_entropy(entropy);
        let words = phrase.words();
        let read = Phrase::parse(&words);
        prop_assert_eq!(read.as_ref().map(Phrase::entropy), Ok(phrase.entropy()));
    }

    #[test]
    fn sync_messages_are_read_as_written(ask in ask(), answer in answer()) {
        prop_assert_eq!(Ask::from_bytes(&ask.to_bytes()), Ok(ask));
        prop_assert_eq!(Answer::from_bytes(&answer.to_bytes()), Ok(answer));
    }

    #[test]
    fn how_far_down_a_node_holds_a_log_does_not_make_it_differ(state in feed_state(), n in any::<u64>()) {
        let lower = state.logs().map(|(device, head)| (*device, LogHead { lo: n % (head.hi + 1), ..*head }));
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(state.digest());
        prop_assert_eq!(FeedState::new(state.author(), &digest, lower).item(), state.item());
        let higher = state.logs().map(|(device, head)| (*device, LogHead { hi: head.hi + 1, ..*head }));
        prop_assert!(state.is_empty() || FeedState::new(state.author(), &digest, higher).item() != state.item());
    }

    #[test]
    fn invites_are_read_as_written_and_in_no_other_form(
        author in author(), name in text(64), addresses in vec("[a-z0-9/.]{0,256}", 0..8),
        newest in vec(id(), 0..3), at in any::<Index>(), bit in 0..8u8,
    ) {
        let invite = Invite { author, name, addresses, newest };
        let link = invite.to_string();
        prop_assert_eq!(link.parse(), Ok(invite.clone()));
        if let Ok(typo) = String::from_utf8(flipped(link.as_bytes(), at, bit)) {
            // Turning the sixth bit of a letter changes its case, and nothing else.
            prop_assert!(typo.to_lowercase() == link || typo.parse::<Invite>().is_err(), "{}", typo);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn frames_are_read_as_written(n in any::<u32>(), words in text(200)) {
        let mut writer = Writer::new(n);
        let entry = writer.write(entry::log::POSTS, &words);
        let other = writer.write_at(entry::log::POSTS, 0, None, &format!("{words}!"));
        let frames = [
            Frame::of_entry(&writer.identity, &entry).unwrap(),
            Frame::of_identity(&writer.identity).unwrap(),
            Frame::of_fork(&writer.identity, &ForkProof::of(&entry, &other).unwrap()).unwrap(),
        ];
        for frame in frames {
            prop_assert_eq!(Frame::from_bytes(&frame.to_bytes()), Ok(frame));
        }
    }

    #[test]
    fn bundles_are_read_as_written_and_not_when_changed(
        n in any::<u32>(), count in 0..20u64, at in any::<Index>(), bit in 0..8u8,
    ) {
        let mut writer = Writer::new(n);
        let entries = writer.write_many(entry::log::POSTS, count);
        let mut file = bundle::Writer::new(Vec::new(), writer.author(), &writer.device, 9).unwrap();
        file.identity(&writer.identity.record()).unwrap();
        entries.iter().for_each(|entry| file.entry(entry.signed()).unwrap());
        let bytes = file.finish().unwrap();
        let items = bundle::Reader::new(&bytes[..]).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        let written = entries.iter().map(|entry| Item::Entry(entry.signed().to_bytes()));
        let written = std::iter::once(Item::Identity(writer.identity.record())).chain(written);
        prop_assert_eq!(items, written.collect::<Vec<_>>());
        prop_assert!(bundle::check(&flipped(&bytes, at, bit)[..]).is_err());
        prop_assert!(bundle::check(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_fork_proof_with_a_turned_bit_proves_nothing(n in any::<u32>(), at in any::<Index>(), bit in 0..8u8) {
        let mut writer = Writer::new(n);
        let entry = writer.write(entry::log::POSTS, "one");
        let other = writer.write_at(entry::log::POSTS, 0, None, "two");
        let proof = ForkProof::of(&entry, &other).unwrap();
        prop_assert_eq!(&proof, &ForkProof::of(&other, &entry).unwrap());
        prop_assert_eq!(ForkProof::from_bytes(&proof.to_bytes()), Ok(proof.clone()));
        prop_assert!(ForkProof::from_bytes(&flipped(&proof.to_bytes(), at, bit)).is_err());
    }

    /// `step` answers everything, and a chain amounts to the same in whatever order it comes.
    #[test]
    fn a_chain_amounts_to_the_same_in_any_order(order in Just((0..32usize).collect::<Vec<_>>()).prop_shuffle()) {
        let chain = Writer::new(1).write_many(entry::log::POSTS, 32);
        let mut state = LogState::default();
        for &index in &order {
            let entry = &chain[index];
            let held = |seq: u64| Some(chain[seq as usize].id());
            prop_assert!(matches!(step(&state, entry.header(), entry.id(), held), Step::Next | Step::Gap));
            state.insert(entry.header(), entry.id());
            prop_assert_eq!(step(&state, entry.header(), entry.id(), held), Step::Duplicate);
            prop_assert!(state.runs().is_sorted_by(|a, b| a.hi + 1 < b.lo));
        }
        prop_assert_eq!(state.runs().len(), 1);
        prop_assert_eq!(state.top().map(|run| (run.lo, run.hi, run.before, run.head)), Some((0, 31, None, chain[31].id())));
        prop_assert!(state.missing(0, 31).is_empty());
    }

    /// Whatever of two branches comes first: everybody freezes where they part, and keeps what is
    /// below.
    #[test]
    fn forks_freeze_at_the_same_place_in_any_order(
        at in 0..8u64, lengths in (1..6u64, 1..6u64), turns in Just((0..20usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut writer = Writer::new(1);
        let trunk = writer.write_many(entry::log::POSTS, at);
        let mut all = trunk.clone();
        for (name, length) in [("a", lengths.0), ("b", lengths.1)] {
            let mut previous = trunk.last().map(Verified::id);
            for n in 0..length {
                let entry = writer.write_at(entry::log::POSTS, at + n, previous, name);
                previous = Some(entry.id());
                all.push(entry);
            }
        }
        let mut shelf = Shelf::default();
        shelf.meet(&writer.identity.record());
        for turn in turns.into_iter().filter(|turn| *turn < all.len()) {
            shelf.take(all[turn].clone());
        }
        let device = writer.device.public();
        prop_assert_eq!(shelf.frozen(writer.author(), device, entry::log::POSTS), Some(at));
        prop_assert_eq!(shelf.seqs(writer.author(), device, entry::log::POSTS), (0..at).collect::<Vec<_>>());
    }
}

fn phrase() -> Phrase {
    Phrase::from_entropy([42; 32])
}

fn device(n: u8) -> DeviceKey {
    Secret::from_seed([n; 32]).public()
}

fn removal(n: u8, seq: u64) -> Removal {
    Removal(device(n), vec![Cutoff(0, seq, EntryId::new([seq as u8; 32]))])
}

/// Operations of three epochs that contradict each other in every way the format allows.
fn operations() -> Vec<(u32, Operation)> {
    let author = Inception::of(&phrase()).author();
    let sign = |epoch, root, action| (epoch, Operation::sign(author, epoch, action, &phrase().root(root)));
    let rotate = |epoch: u32, keep: &[u8], removals| {
        let (root, next) = (phrase().root(epoch + 1).public(), phrase().commitment(epoch + 2));
        let keep = keep.iter().map(|n| device(*n)).collect();
        sign(epoch, epoch + 1, Action::RotateRoot { root, next, keep, removals })
    };
    vec![
        sign(0, 0, Action::AddDevice(device(1))),
        sign(0, 0, Action::AddDevice(device(2))),
        sign(0, 0, Action::RemoveDevice(removal(1, 9))),
        sign(0, 0, Action::RemoveDevice(removal(1, 4))),
        sign(0, 0, Action::RemoveDevice(Removal(device(1), vec![]))),
        sign(0, 0, Action::Retire(vec![removal(2, 3)])),
        rotate(0, &[2], vec![removal(1, 7)]),
        rotate(0, &[1, 3], vec![]),
        sign(1, 1, Action::AddDevice(device(4))),
        sign(1, 1, Action::RemoveDevice(removal(4, 1))),
        sign(1, 1, Action::Retire(vec![])),
        rotate(1, &[4], vec![removal(2, 2), removal(3, 3)]),
        sign(2, 2, Action::AddDevice(device(5))),
        sign(2, 2, Action::RemoveDevice(removal(5, 8))),
    ]
}

/// An identity of the operations whose bits are set; of an epoch only if something leads to it.
fn part(bits: u16) -> Identity {
    let mut identity = Identity::begin(Inception::of(&phrase()));
    let mut reached = 0;
    for (index, (epoch, operation)) in operations().into_iter().enumerate() {
        if bits & (1 << index) == 0 || epoch > reached {
            continue;
        }
        if matches!(operation.action(), Action::RotateRoot { .. }) {
            reached = reached.max(epoch + 1);
        }
        identity.apply(operation).unwrap();
    }
    identity
}

/// All that an identity says.
fn meaning(identity: &Identity) -> (u32, DeviceKey, bool, [u8; 32], Vec<Voice>) {
    let voices = (1..=5).flat_map(|n| (0..2).map(move |log| (n, log)));
    let voices = voices.map(|(n, log)| identity.voice(&device(n), log)).collect();
    (identity.epoch(), *identity.root(), identity.retired(), identity.digest(), voices)
}

fn merged(mut identity: Identity, other: &Identity) -> Identity {
    identity.merge(&other.record()).unwrap();
    identity
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn identities_merge_in_any_order(a in any::<u16>(), b in any::<u16>(), c in any::<u16>()) {
        let (a, b, c) = (part(a), part(b), part(c));
        let ab = merged(a.clone(), &b);
        prop_assert_eq!(meaning(&ab), meaning(&merged(b.clone(), &a)));
        let bc = merged(b.clone(), &c);
        prop_assert_eq!(meaning(&merged(ab.clone(), &c)), meaning(&merged(a.clone(), &bc)));
        prop_assert_eq!(meaning(&merged(ab.clone(), &ab)), meaning(&ab));
        prop_assert_eq!(meaning(&merged(ab.clone(), &a)), meaning(&ab));
        prop_assert_eq!(meaning(&Identity::verify(&ab.record()).unwrap()), meaning(&ab));
    }
}

/// A shelf that holds some of what these writers wrote. Of the first `forked` it holds stretches
/// without gaps: a fork behind a gap that nobody can fill is not seen until somebody can.
fn some(feeds: &[(Writer, Vec<Verified>)], bits: &[u64], forked: usize) -> Shelf {
    let mut shelf = Shelf::default();
    for (n, ((writer, entries), bits)) in feeds.iter().zip(bits).enumerate() {
        if bits & 1 == 0 {
            continue;
        }
        shelf.meet(&writer.identity.record());
        for entry in entries {
            // Eight blocks of a log, so that what both hold together stays within the runs of a log.
            let blocks = (bits >> (1 + 8 * entry.header().log)) as u8;
            let block = (entry.header().seq / 12) as u32;
            let whole = blocks.trailing_zeros() <= block && block < 8 - blocks.leading_zeros();
            if blocks >> block & 1 == 1 || (n < forked && whole) {
                shelf.take(entry.clone());
            }
        }
    }
    shelf
}

/// One session in which every step is one that `turns` picks, and then all that is left.
fn session(puller: &mut Shelf, server: &mut Shelf, authors: &[AuthorId], turns: &[u8]) {
    let mut session = Session::open(puller, authors, None);
    session.prompt = false;
    for turn in turns {
        match turn % 4 {
            0 | 1 => _ = session.serve_one(server),
            2 => _ = session.pull_one(puller),
            _ => session.commit(),
        }
    }
    session.prompt = true;
    session.commit();
    session.settle(puller, server);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn two_nodes_end_with_the_same(
        mine in vec(any::<u64>(), 3), theirs in vec(any::<u64>(), 3), forks in vec(0..96u64, 0..4),
        turns in vec(any::<u8>(), 0..60),
    ) {
        let mut feeds: Vec<(Writer, Vec<Verified>)> = (0..3)
            .map(|n| {
                let mut writer = Writer::new(n);
                let mut entries = writer.write_many(entry::log::POSTS, 96);
                entries.extend(writer.write_many(entry::log::GRAPH, 96));
                (writer, entries)
            })
            .collect();
        let forked = forks.len();
        let mut a = some(&feeds, &mine, forks.len());
        // Some devices told the other side another story from some place on.
        for (from, (writer, entries)) in forks.into_iter().zip(&mut feeds) {
            for at in from..96 {
                let previous = at.checked_sub(1).map(|before| entries[before as usize].id());
                entries[at as usize] = writer.write_at(entry::log::POSTS, at, previous, "another story");
            }
        }
        let mut b = some(&feeds, &theirs, forked);
        let authors: Vec<AuthorId> = feeds.iter().map(|(writer, _)| writer.author()).collect();
        for _ in 0..6 {
            session(&mut a, &mut b, &authors, &turns);
            session(&mut b, &mut a, &authors, &turns);
        }
        prop_assert!(a.contents() == b.contents());
    }
}
