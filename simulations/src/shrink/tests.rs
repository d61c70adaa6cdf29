//! Worlds that are said to fail for a known reason shrink to that reason.

use std::sync::Arc;

use super::*;
use crate::plan::{
    Ending, GossipModel, Happening, Links, MS, Nat, NodePlan, Phase, PolicyPlan, PostId, Role, Spread, What,
};

fn node(dials: Vec<NodeId>) -> NodePlan {
    NodePlan {
        region: 0,
        up_bps: 1_000_000,
        down_bps: 1_000_000,
        nat: Nat::Open,
        relay: false,
        skew_ms: 0,
        dials,
        bootstrap: vec![0],
        role: Role::Honest,
        careful_disk: false,
    }
}

/// A ring in which everybody follows the next two; node `n` posts at second `n`, and answers the post before.
fn ring(count: u32) -> Plan {
    let start = (0..count).map(|node| Happening { at: 0, what: What::Start(node) });
    let post = |node: u32| {
        let what = What::Post { node, post: node, bytes: 20, reply_to: node.checked_sub(1) };
        let like = What::Like((node + 1) % count, node);
        let at = u64::from(node + 1) * SEC;
        [Happening { at, what }, Happening { at: at + MS, what: like }]
    };
    let mut happenings: Vec<Happening> = start.chain((0..count).flat_map(post)).collect();
    let groups = (0..count).map(|node| (node % 2) as u16).collect();
    happenings.push(Happening { at: u64::from(count + 2) * SEC, what: What::Cut(Arc::new(groups)) });
    happenings.push(Happening { at: u64::from(count + 3) * SEC, what: What::Stop(0, Ending::Kill) });
    Plan {
        scenario: "ring".into(),
        asks: String::new(),
        expects: String::new(),
        seed: 1,
        span: u64::from(count + 10) * SEC,
        epoch_ms: 1_767_571_200_000,
        nodes: (0..count).map(|number| node(vec![(number + 1) % count])).collect(),
        regions: vec!["here".into()],
        links: Links {
            latency: vec![vec![Spread::Fixed(1000.0)]],
            jitter: Spread::Fixed(0.0),
            loss: 0.0,
            queue_bytes: 1 << 20,
        },
        follows: Arc::new((0..count).map(|node| vec![(node + 1) % count, (node + 2) % count]).collect()),
        follows_signed: false,
        happenings,
        posts: count,
        phases: vec![Phase { name: "cut".into(), from: 0, to: u64::from(count + 9) * SEC }],
        policy: PolicyPlan::default(),
        sample_every: SEC,
        gossip: GossipModel::default(),
    }
}

fn posts(plan: &Plan) -> Vec<(NodeId, PostId, Option<PostId>)> {
    let post = |happening: &Happening| match happening.what {
        What::Post { node, post, reply_to, .. } => Some((node, post, reply_to)),
        _ => None,
    };
    plan.happenings.iter().filter_map(post).collect()
}

#[test]
fn nodes_that_are_left_have_new_numbers_everywhere() {
    let plan = ring(6);
    assert_eq!(sound(&plan), Ok(()));
    let cut = with_nodes(&plan, &[1, 2, 4]);
    assert_eq!(sound(&cut), Ok(()));
    assert_eq!(*cut.follows, vec![vec![1], vec![2], vec![]]);
    assert_eq!(
        cut.nodes.iter().map(|node| node.dials.clone()).collect::<Vec<_>>(),
        [vec![1], vec![], vec![]]
    );
    // Post 2 answered post 1, which is still there; post 4 answered post 3, which is not.
    assert_eq!(posts(&cut), [(0, 0, None), (1, 1, Some(0)), (2, 2, None)]);
    assert_eq!(cut.posts, 3);
    let groups = cut.happenings.iter().find_map(|happening| match &happening.what {
        What::Cut(groups) => Some(groups.to_vec()),
        _ => None,
    });
    assert_eq!(groups, Some(vec![1, 0, 0]));
}

#[test]
fn what_is_about_a_post_goes_with_it() {
    let plan = ring(4);
    let keep: Vec<usize> = (0..plan.happenings.len()).filter(|index| !matches!(index, 4 | 6)).collect();
    let cut = with_happenings(&plan, &keep);
    assert_eq!(sound(&cut), Ok(()));
    assert_eq!((cut.posts, posts(&cut)), (2, vec![(2, 0, None), (3, 1, Some(0))]));
    let likes = cut.happenings.iter().filter(|happening| matches!(happening.what, What::Like(..))).count();
    assert_eq!(likes, 2);
}

#[test]
fn a_shorter_world_ends_before_what_comes_later() {
    let cut = shortened(&ring(4), 2 * SEC);
    assert_eq!((cut.span, cut.posts, cut.phases[0].to), (2 * SEC, 2, 2 * SEC));
    assert!(cut.happenings.iter().all(|happening| happening.at <= 2 * SEC));
    assert_eq!(shortened(&cut, 9 * SEC).span, 2 * SEC);
}

#[test]
fn a_plan_that_points_nowhere_is_told() {
    let check = |change: fn(&mut Plan), expected: &str| {
        let mut plan = ring(3);
        change(&mut plan);
        assert_eq!(sound(&plan), Err(expected.into()));
    };
    check(|plan| plan.nodes.clear(), "a world has at least one node");
    check(|plan| plan.nodes[1].dials = vec![7], "nodes.1: there is no node 7, only 3 from 0");
    check(|plan| plan.nodes[2].region = 4, "nodes.2: there is no region 4");
    check(|plan| plan.posts = 1, "happenings.5: there is no post 1, only 1 from 0");
    check(|plan| plan.links.loss = f64::NAN, "links.loss is NaN");
    check(|plan| plan.happenings.swap(0, 4), "happenings.1: happens before the one that stands before it");
}

/// Fails while a post of a follower of the post's author follows it within the span.
struct Answers {
    asked: u32,
    most: u32,
}

impl Trial for Answers {
    fn fails(&mut self, plan: &Plan, _stage: Stage) -> Result<bool, Enough> {
        assert_eq!(sound(plan), Ok(()));
        self.asked += 1;
        if self.asked > self.most {
            return Err(Enough);
        }
        // The pair that fails was 6 and 7 in the ring: skewed clocks mark them, so that they are known again.
        let marked = |node: NodeId| plan.nodes[node as usize].skew_ms > 0;
        let answer = |(node, _, reply): &(NodeId, PostId, Option<PostId>)| marked(*node) && reply.is_some();
        Ok(posts(plan).iter().any(answer)
            && posts(plan).iter().filter(|(node, ..)| marked(*node)).count() == 2)
    }
}

fn marked() -> Plan {
    let mut plan = ring(40);
    plan.nodes[6].skew_ms = 1;
    plan.nodes[7].skew_ms = 1;
    plan
}

#[test]
fn a_world_shrinks_to_what_fails() {
    let plan = marked();
    let mut trial = Answers { asked: 0, most: 1000 };
    assert_eq!(trial.fails(&plan, Stage::Time), Ok(true));
    let small = smaller(&plan, None, &mut trial);
    assert_eq!(small.nodes.len(), 2);
    assert_eq!(posts(&small), [(0, 0, None), (1, 1, Some(0))]);
    assert_eq!(small.happenings.len(), 2, "{:?}", small.happenings);
    assert!((8 * SEC..10 * SEC).contains(&small.span), "{}", small.span);
    // Where it fails is known: the time takes fewer tries.
    let (slow, mut trial) = (trial.asked, Answers { asked: 0, most: 1000 });
    let small = smaller(&plan, Some(8 * SEC), &mut trial);
    assert_eq!(small.nodes.len(), 2);
    assert!(trial.asked < slow, "{} of {slow}", trial.asked);
}

#[test]
fn whoever_has_had_enough_keeps_what_fails() {
    for most in 0..40 {
        let mut trial = Answers { asked: 0, most };
        let small = smaller(&marked(), None, &mut trial);
        assert!(Answers { asked: 0, most: 1 }.fails(&small, Stage::Time).unwrap(), "after {most}");
    }
}
