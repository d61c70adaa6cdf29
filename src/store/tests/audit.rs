//! The invariants of a store: every index is made anew from the entries alone, naively, and compared.

use std::collections::{BTreeMap, BTreeSet};

use redb::ReadableTable;
use starling_protocol::{
    EntryId, Verified,
    entry::{self, log},
    payload::{Body, Visibility},
};

use crate::store::{
    Store, graph,
    index::{BOOST, LIKE, order_time},
    record::{AuthorRow, EntryRecord, LogRow, prefix, tie},
    tables::Prefix,
};

/// One held entry, as the audit sees it.
struct Held {
    arrival: u64,
    entry: Verified,
    row: LogRow,
    received: u64,
    bytes: u64,
}

impl Held {
    fn time(&self) -> u64 {
        order_time(self.entry.header().time, self.received)
    }

    /// What it says, if it stands and has its payload.
    fn body(&self) -> Option<&Body> {
        let header = self.entry.header();
        let stands = self.row.state.frozen().is_none_or(|frozen| header.seq < frozen);
        self.entry.payload().map(|payload| payload.body()).filter(|_| stands)
    }

    fn shown(&self) -> Option<Visibility> {
        match self.body()? {
            Body::Post(content) | Body::Reply { content, .. } => Some(content.visibility),
            Body::Boost(_) => Some(Visibility::Public),
            Body::Unknown { .. } if self.row.log == log::POSTS => Some(Visibility::Public),
            _ => None,
        }
    }
}

/// What is wrong with a store; nothing, if all is well.
pub(crate) fn audit(store: &Store) -> Vec<String> {
    let reader = store.read().unwrap();
    let tables = reader.tables();
    let mut wrong = store.verify().unwrap().bad;
    let mut check = |good: bool, what: &dyn Fn() -> String| {
        if !good && wrong.len() < 20 {
            wrong.push(what());
        }
    };

    let me = tables.meta.get("me").unwrap().map(|b| u32::from_le_bytes(b.value().try_into().unwrap()));
    let mut authors = BTreeMap::new();
    for row in tables.authors.iter().unwrap() {
        let (number, bytes) = row.unwrap();
        authors.insert(number.value(), AuthorRow::decode(bytes.value()).unwrap());
    }
    let numbers: BTreeMap<[u8; 32], u32> = tables
        .author_numbers
        .iter()
        .unwrap()
        .map(|r| r.unwrap())
        .map(|(k, v)| (*k.value(), v.value()))
        .collect();
    let named: BTreeMap<[u8; 32], u32> =
        authors.iter().map(|(number, row)| (*row.author.as_bytes(), *number)).collect();
    check(numbers == named, &|| "authors and their numbers differ".into());

    // Logs: what is said to be held is held, and it is one chain.
    let mut held: Vec<Held> = Vec::new();
    let (mut places, mut ids) = (0, BTreeMap::new());
    for row in tables.logs.iter().unwrap() {
        let (number, bytes) = row.unwrap();
        let (number, row) = (number.value(), LogRow::decode(bytes.value()).unwrap());
        let name = || format!("log {} of {} of author {}", row.log, row.device, row.author_number);
        let named = tables.log_numbers.get((row.author_number, row.device.as_bytes(), row.log)).unwrap();
        check(named.is_some_and(|named| named.value() == number), &|| format!("{}: misnamed", name()));
        let mut found: BTreeMap<u64, EntryId> = BTreeMap::new();
        for place in tables.places.range((number, 0)..=(number, u64::MAX)).unwrap() {
            let (place, arrival) = place.unwrap();
            let (seq, arrival) = (place.value().1, arrival.value());
            places += 1;
            let Some(bytes) = tables.entries.get(arrival).unwrap() else {
                check(false, &|| format!("{}: {seq} is missing", name()));
                continue;
            };
            let record = EntryRecord::decode(bytes.value()).unwrap();
            let (received, size) = (record.received_at, bytes.value().len() as u64);
            check(record.log == number, &|| format!("{}: {seq} is of another log", name()));
            // Signatures were checked above.
            let signed = record.signed(&row);
            let id = signed.id();
            let entry = entry::reread(signed, id).unwrap();
            check(entry.header().seq == seq, &|| format!("{}: {seq} is misplaced", name()));
            if let Some(before) = seq.checked_sub(1).and_then(|before| found.get(&before)) {
                let linked = entry.header().previous == Some(*before);
                check(linked, &|| format!("{}: {seq} does not follow {before}", name()));
            }
            found.insert(seq, entry.id());
            ids.insert(prefix(&entry.id()), arrival);
            held.push(Held { arrival, entry, row: row.clone(), received, bytes: size });
        }
        let said: u64 = row.state.runs().iter().map(|run| run.hi - run.lo + 1).sum();
        check(said == found.len() as u64, &|| format!("{}: {said} said, {} held", name(), found.len()));
        for run in row.state.runs() {
            check(found.get(&run.hi) == Some(&run.head), &|| format!("{}: wrong head at {}", name(), run.hi));
            check((run.lo..=run.hi).all(|seq| found.contains_key(&seq)), &|| {
                format!("{}: a hole in {}..={}", name(), run.lo, run.hi)
            });
            let lowest = held.iter().rev().find(|held| {
                held.row.author_number == row.author_number
                    && held.row.device == row.device
                    && held.row.log == row.log
                    && held.entry.header().seq == run.lo
            });
            let before = lowest.map(|held| held.entry.header().previous);
            check(before == Some(run.before), &|| format!("{}: wrong link at {}", name(), run.lo));
        }
        let touching = row.state.runs().windows(2).any(|pair| pair[0].hi + 1 >= pair[1].lo);
        check(!touching, &|| format!("{}: runs that touch", name()));
        let proof = tables.forks.get((row.author_number, row.device.as_bytes(), row.log)).unwrap();
        check(row.state.frozen().is_none() || proof.is_some(), &|| {
            format!("{}: frozen without a proof", name())
        });
    }
    let entries = tables.entries.iter().unwrap().count();
    check(entries == places, &|| format!("{entries} entries, {places} places"));
    let stored: BTreeMap<Prefix, u64> =
        tables.ids.iter().unwrap().map(|r| r.unwrap()).map(|(k, v)| (*k.value(), v.value())).collect();
    check(stored == ids, &|| "ids are not those of the entries".into());

    // Relations: the latest word of each author, and whether it holds.
    let mut relations = BTreeMap::new();
    // A graph of which a part was let go says nothing.
    for held in held.iter().filter(|held| held.row.log == log::GRAPH && held.row.floor == 0) {
        let (kind, target, holds) = match held.body() {
            Some(Body::Follow(target)) => (graph::FOLLOW, target, true),
            Some(Body::Unfollow(target)) => (graph::FOLLOW, target, false),
            Some(Body::Block(target)) => (graph::BLOCK, target, true),
            Some(Body::Unblock(target)) => (graph::BLOCK, target, false),
            _ => continue,
        };
        let header = held.entry.header();
        let Some(target) = numbers.get(target.as_bytes()) else {
            // Whoever nobody follows and of whom nothing is held may be forgotten.
            check(!holds || kind == graph::BLOCK, &|| "a relation to nobody".into());
            continue;
        };
        let standing = (header.time, tie(&header.device), header.seq, holds);
        let row = relations.entry((held.row.author_number, kind, *target)).or_insert(standing);
        *row = (*row).max(standing);
    }
    let mut stored: BTreeMap<_, _> =
        tables.relations.iter().unwrap().map(|r| r.unwrap()).map(|(k, v)| (k.value(), v.value())).collect();
    stored.retain(|(_, _, target), _| authors.contains_key(target));
    check(stored == relations, &|| format!("relations: {stored:?} instead of {relations:?}"));
    let holding: BTreeSet<_> =
        relations.iter().filter(|(_, row)| row.3).map(|((a, kind, b), _)| (*b, *kind, *a)).collect();
    let mut stored: BTreeSet<_> = tables.related.iter().unwrap().map(|r| r.unwrap().0.value()).collect();
    stored.retain(|(target, _, _)| authors.contains_key(target));
    check(stored == holding, &|| "relations and their mirror differ".into());
    let relates =
        |kind, target| me.is_some_and(|me| relations.get(&(me, kind, target)).is_some_and(|row| row.3));

    // Timelines, threads, reactions, edits, deletions.
    let (mut home, mut network, mut replies) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut edits, mut reactions, mut passing) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut erased, mut authored, mut hollow) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for held in &held {
        let (author, arrival, time) = (held.row.author_number, held.arrival, held.time());
        let stays = Some(author) == me || relates(graph::FOLLOW, author);
        if !stays || relates(graph::BLOCK, author) {
            passing.insert(arrival);
        }
        match held.body() {
            Some(Body::Reply { parent, .. }) => {
                replies.insert((prefix(&parent.id), time, arrival));
            }
            Some(Body::Boost(link)) => drop(reactions.insert((prefix(&link.id), BOOST, author, arrival))),
            Some(Body::Like(link)) => drop(reactions.insert((prefix(&link.id), LIKE, author, arrival))),
            Some(Body::Edit { replaces, .. }) => {
                edits.insert((prefix(replaces), author, held.entry.header().time, arrival));
            }
            Some(Body::Delete(ids)) => erased.extend(ids.iter().map(|id| (author, *id.as_bytes(), arrival))),
            _ => {}
        }
        if let Some(visibility) = held.shown() {
            authored.insert((author, time, arrival));
            let ours = Some(author) == me || relates(graph::FOLLOW, author);
            if relates(graph::BLOCK, author) {
            } else if ours {
                home.insert((time, arrival));
            } else if visibility != Visibility::Unlisted {
                network.insert((time, arrival));
            }
        }
    }
    let remembered: BTreeSet<(u32, [u8; 32])> = tables
        .erased
        .iter()
        .unwrap()
        .map(|r| r.unwrap().0)
        .map(|key| (key.value().0, *key.value().1))
        .collect();
    for held in &held {
        let (author, id) = (held.row.author_number, *held.entry.id().as_bytes());
        let gone = remembered.contains(&(author, id));
        let can_go = matches!(held.row.log, log::POSTS | log::REACTIONS)
            && !matches!(held.entry.payload().map(|payload| payload.body()), Some(Body::Delete(_)));
        let silent = held.entry.payload().is_none();
        let header = held.entry.header();
        let stands = held.row.state.frozen().is_none_or(|frozen| header.seq < frozen);
        check(!(gone && can_go && stands && !silent), &|| {
            format!("{} was deleted and is there", held.entry.id())
        });
        if silent && !gone {
            hollow.insert(held.entry.id());
        }
    }
    macro_rules! same {
        ($table:ident, $expected:ident, $key:expr) => {
            let stored: BTreeSet<_> = tables.$table.iter().unwrap().map(|r| r.unwrap()).map($key).collect();
            check(stored == $expected, &|| {
                let more: Vec<_> = stored.difference(&$expected).take(3).collect();
                let less: Vec<_> = $expected.difference(&stored).take(3).collect();
                format!(concat!(stringify!($table), ": too many {:?}, too few {:?}"), more, less)
            });
        };
    }
    same!(home, home, |(key, _)| key.value());
    same!(passing, passing, |(key, _)| key.value());
    same!(network, network, |(key, _)| key.value());
    same!(replies, replies, |(key, _)| (*key.value().0, key.value().1, key.value().2));
    same!(edits, edits, |(key, _)| (*key.value().0, key.value().1, key.value().2, key.value().3));
    same!(reactions, reactions, |(key, _)| (*key.value().0, key.value().1, key.value().2, key.value().3));
    // What a delete said that a quota forgot may be remembered still.
    let entries: BTreeSet<u64> = held.iter().map(|held| held.arrival).collect();
    let mut stored: BTreeSet<_> = tables
        .erased
        .iter()
        .unwrap()
        .map(|r| r.unwrap().0)
        .map(|key| (key.value().0, *key.value().1, key.value().2))
        .collect();
    stored.retain(|(.., arrival)| entries.contains(arrival));
    check(stored == erased, &|| "erased: not what the deletes say".into());
    same!(authored, authored, |(key, _)| key.value());

    // What is counted.
    for (number, row) in &authors {
        let own = || held.iter().filter(|held| held.row.author_number == *number);
        let (entries, bytes) = (own().count() as u64, own().map(|held| held.bytes).sum::<u64>());
        let posts = own().filter(|held| held.shown().is_some()).count() as u64;
        let following =
            relations.iter().filter(|((a, k, _), r)| a == number && *k == graph::FOLLOW && r.3).count();
        let followers =
            relations.iter().filter(|((_, k, b), r)| b == number && *k == graph::FOLLOW && r.3).count();
        let counted = (row.entries, row.bytes, row.posts, row.following, row.followers);
        let naive = (entries, bytes, posts, following as u64, followers as u64);
        check(counted == naive, &|| format!("author {number} counts {counted:?} instead of {naive:?}"));
        let profile = own()
            .filter(|held| matches!(held.body(), Some(Body::Profile(_))) && held.row.log == log::GRAPH)
            .filter(|held| held.row.floor == 0)
            .map(|held| {
                let header = held.entry.header();
                (header.time, tie(&header.device), header.seq, held.arrival)
            })
            .max();
        check(row.profile == profile, &|| {
            format!("author {number} has profile {:?}, not {profile:?}", row.profile)
        });
    }
    let stored: BTreeSet<_> = tables.hollow.iter().unwrap().map(|r| r.unwrap().0.value()).collect();
    let naive: BTreeSet<_> = held
        .iter()
        .filter(|held| hollow.contains(&held.entry.id()))
        .map(|held| {
            let key = (held.row.author_number, held.row.device.as_bytes(), held.row.log);
            (tables.log_numbers.get(key).unwrap().unwrap().value(), held.entry.header().seq)
        })
        .collect();
    check(stored == naive, &|| format!("hollow: {stored:?} instead of {naive:?}"));
    wrong
}
