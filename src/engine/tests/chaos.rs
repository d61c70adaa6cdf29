//! Whatever happens in whatever order: people write, connections come and go, nodes restart, time passes.
//! In the end everybody who follows everybody reads the same.

use proptest::{prelude::*, sample::Index};

use super::world::{World, content, publish};
use crate::engine::{Command, Reply};

#[derive(Debug, Clone)]
enum Happening {
    Post(usize),
    Reply(usize, Index),
    Edit(usize, Index),
    Delete(usize, Index),
    Like(usize, Index),
    Unlike(usize, Index),
    Boost(usize, Index),
    Refollow(usize, usize),
    Link(usize, usize),
    Unlink(usize, usize),
    Restart(usize),
    Deliver(Vec<u8>),
    Pass(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let who = || 0..3usize;
    let which = any::<Index>;
    prop_oneof![
        4 => who().prop_map(Happening::Post),
        2 => (who(), which()).prop_map(|(who, which)| Happening::Reply(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Happening::Edit(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Happening::Delete(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Happening::Like(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Happening::Unlike(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Happening::Boost(who, which)),
        1 => (who(), who()).prop_map(|(who, whom)| Happening::Refollow(who, whom)),
        4 => (who(), who()).prop_map(|(a, b)| Happening::Link(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Happening::Unlink(a, b)),
        1 => who().prop_map(Happening::Restart),
        6 => prop::collection::vec(any::<u8>(), 1..30).prop_map(Happening::Deliver),
        1 => (0..20_000u64).prop_map(Happening::Pass),
    ]
}

fn happen(world: &mut World, ids: &mut Vec<starling_protocol::EntryId>, what: Happening) {
    let pick = |ids: &[starling_protocol::EntryId], which: Index| {
        (!ids.is_empty()).then(|| ids[which.index(ids.len())])
    };
    world.now += 1;
    let text = format!("text {}", ids.len());
    let wish = match what {
        Happening::Post(who) => Some((who, publish(&text, None))),
        Happening::Reply(who, which) => pick(ids, which).map(|id| (who, publish(&text, Some(id)))),
        Happening::Edit(who, which) => {
            pick(ids, which).map(|id| (who, Command::Edit { id, content: content(&text) }))
        }
        Happening::Delete(who, which) => pick(ids, which).map(|id| (who, Command::Delete(vec![id]))),
        Happening::Like(who, which) => pick(ids, which).map(|id| (who, Command::Like(id))),
        Happening::Unlike(who, which) => pick(ids, which).map(|id| (who, Command::Unlike(id))),
        Happening::Boost(who, which) => pick(ids, which).map(|id| (who, Command::Boost(id))),
        Happening::Refollow(who, whom) => {
            let author = world.author(whom);
            drop(world.ask_only(who, Command::Unfollow(author)));
            world.now += 1;
            Some((who, Command::follow(author, vec![])))
        }
        Happening::Link(a, b) => {
            world.link(a, b);
            None
        }
        Happening::Unlink(a, b) => {
            world.unlink(a, b);
            None
        }
        Happening::Restart(who) => {
            world.stop(who);
            world.start(who);
            None
        }
        Happening::Deliver(choices) => {
            for choice in choices {
                world.step_to(usize::from(choice));
            }
            None
        }
        Happening::Pass(ms) => {
            world.pass(ms);
            None
        }
    };
    // Much of it is refused, and rightly: another's post is edited, an unknown one is answered.
    if let Some((who, command)) = wish
        && let Ok(Reply::Published { id, .. }) = world.ask_only(who, command)
    {
        ids.push(id);
    }
}

proptest! {
    #![proptest_config(super::laws::config())]

    #[test]
    fn everybody_reads_the_same_in_the_end(happenings in prop::collection::vec(happening(), 1..60)) {
        let mut world = World::of(3);
        world.careful = false;
        for who in 0..3 {
            for whom in (0..3).filter(|whom| *whom != who) {
                world.follow(who, world.author(whom));
            }
        }
        let mut ids = Vec::new();
        for what in happenings {
            happen(&mut world, &mut ids, what);
        }
        for (a, b) in [(0, 1), (1, 2), (2, 0)] {
            world.unlink(a, b);
            world.settle();
            world.meet(a, b);
        }
        world.pass(30_000);
        world.audit();
        let authors: Vec<_> = (0..3).map(|at| world.author(at)).collect();
        let first = super::laws::seen(&world, 0, &authors);
        for at in 1..3 {
            prop_assert_eq!(&super::laws::seen(&world, at, &authors), &first, "node {}", at);
        }
    }
}
