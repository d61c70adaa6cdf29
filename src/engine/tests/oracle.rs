//! Timelines, threads and pages against a naive reading of all entries.

use proptest::{prelude::*, sample::Index};
use starling_protocol::{Body, EntryId, Verified};

use super::{
    script::Script,
    world::{Person, World},
};
use crate::{
    engine::{Command, command::ImportItem},
    view::{Page, Post, ThreadItem},
};

/// Every post that stands, newest first: time, id, author, the entry.
fn naive(script: &Script) -> Vec<(u64, EntryId, Verified)> {
    let erased = |entry: &Verified| {
        script.entries.iter().any(|other| {
            let theirs = other.header().author == entry.header().author;
            let body = other.payload().map(|payload| payload.body());
            theirs && matches!(body, Some(Body::Delete(ids)) if ids.contains(&entry.id()))
        })
    };
    let mut posts: Vec<_> = script
        .entries
        .iter()
        .filter(|entry| {
            let body = entry.payload().map(|payload| payload.body());
            matches!(body, Some(Body::Post(_) | Body::Reply { .. } | Body::Boost(_))) && !erased(entry)
        })
        .map(|entry| (entry.header().time, entry.id(), entry.clone()))
        .collect();
    posts.sort_by_key(|(time, ..)| std::cmp::Reverse(*time));
    posts
}

/// A page of a list, newest first.
fn cut(all: &[(u64, EntryId)], page: &Page) -> Vec<EntryId> {
    let at = |id: &Option<EntryId>| id.map(|id| all.iter().find(|(_, other)| *other == id).unwrap().0);
    let (max, since, min) = (at(&page.max), at(&page.since), at(&page.min));
    let within: Vec<_> = all
        .iter()
        .filter(|(time, _)| max.is_none_or(|max| *time < max))
        .filter(|(time, _)| min.or(since).is_none_or(|above| *time > above))
        .map(|(_, id)| *id)
        .collect();
    let limit = if page.limit == 0 { 20 } else { page.limit };
    let skip = if page.min.is_some() { within.len().saturating_sub(limit) } else { 0 };
    within.into_iter().skip(skip).take(limit).collect()
}

fn ids(posts: Vec<Post>) -> Vec<EntryId> {
    posts.into_iter().map(|post| post.id).collect()
}

fn pick(all: &[(u64, EntryId)], choice: &Option<Index>) -> Option<EntryId> {
    choice.filter(|_| !all.is_empty()).map(|index| all[index.index(all.len())].1)
}

proptest! {
    #![proptest_config(super::laws::config())]

    #[test]
    fn pages_and_threads_are_what_a_naive_reader_finds(
        writes in prop::collection::vec((0..3u8, 0..14u8, any::<Index>()), 1..60),
        order in prop::collection::vec(any::<Index>(), 60),
        pages in prop::collection::vec(
            (prop::option::of(any::<Index>()), prop::option::of(any::<Index>()), any::<bool>(), 0..9usize),
            12,
        ),
    ) {
        let mut script = Script::new();
        for (pen, kind, target) in writes {
            // Nobody blocks here: what is blocked has a story of its own.
            let kind = if kind == 8 { 0 } else { kind };
            script.write(usize::from(pen), kind, target.index(1 << 16));
        }
        let mut world = World::new();
        world.now += 3_600_000;
        let me = world.add(Person::new(1));
        let one = script.people[0].author;
        // One author is followed and the other is heard.
        world.follow(me, one);
        let mut items: Vec<ImportItem> =
            script.entries.iter().map(|entry| ImportItem::Entry(Box::new(entry.clone()))).collect();
        for (n, index) in order.iter().enumerate() {
            let length = items.len();
            items.swap(n % length, index.index(length));
        }
        world.ask(me, Command::Import(script.first.clone())).unwrap();
        world.ask(me, Command::Import(items)).unwrap();

        let all = naive(&script);
        let of = |wanted: &dyn Fn(&Verified) -> bool| -> Vec<(u64, EntryId)> {
            all.iter().filter(|(.., entry)| wanted(entry)).map(|(time, id, _)| (*time, *id)).collect()
        };
        let unlisted = |entry: &Verified| {
            let content = entry.payload().and_then(|payload| payload.body().content());
            content.is_some_and(|content| content.visibility == starling_protocol::payload::Visibility::Unlisted)
        };
        let home = of(&|entry| entry.header().author == one);
        let network = of(&|entry| entry.header().author != one && !unlisted(entry));
        let other = of(&|entry| entry.header().author != one);
        let reader = world.read(me);
        for (a, b, min, limit) in &pages {
            for (list, which) in [(&home, 0), (&network, 1), (&home, 2), (&other, 3)] {
                let mut page = Page { max: pick(list, a), limit: *limit, ..Page::default() };
                let above = pick(list, b);
                if *min { page.min = above } else { page.since = above }
                let found = match which {
                    0 => reader.home(&page),
                    1 => reader.network(&page),
                    2 => reader.author_posts(&one, &page),
                    _ => reader.author_posts(&script.people[1].author, &page),
                };
                prop_assert_eq!(ids(found.unwrap()), cut(list, &page), "{} {:?}", which, page);
            }
        }
        // Every post's answers, depth first, oldest first.
        for (_, id, _) in &all {
            let mut expected = Vec::new();
            answers(&all, id, 1, &mut expected);
            let thread = reader.thread(id).unwrap().unwrap();
            let found: Vec<(usize, EntryId)> = thread
                .descendants
                .iter()
                .map(|(depth, item)| match item {
                    ThreadItem::Post(post) => (*depth, post.id),
                    other => panic!("{other:?}"),
                })
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}

fn answers(all: &[(u64, EntryId, Verified)], id: &EntryId, depth: usize, found: &mut Vec<(usize, EntryId)>) {
    for (_, reply, entry) in all.iter().rev() {
        match entry.payload().map(|payload| payload.body()) {
            Some(Body::Reply { parent, .. }) if parent.id == *id => {
                found.push((depth, *reply));
                answers(all, reply, depth + 1, found);
            }
            _ => {}
        }
    }
}
