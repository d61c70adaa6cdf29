//! A village whose plan is written by hand, and questions to it after it was lived through.

use std::{sync::Arc, time::Duration};

use starling::view::{Page, PostBody};

use crate::{
    cast::Cast,
    control::{Control, Ended},
    model::World,
    plan::{
        Ending, GossipModel, Happening, Links, MS, Micros, Nat, NodeId, NodePlan, Plan, PolicyPlan, PostId,
        Role, SEC, Spread, What,
    },
};

pub fn node() -> NodePlan {
    NodePlan {
        region: 0,
        up_bps: 20_000_000,
        down_bps: 100_000_000,
        nat: Nat::Open,
        relay: false,
        skew_ms: 0,
        dials: Vec::new(),
        bootstrap: Vec::new(),
        role: Role::Honest,
        careful_disk: false,
    }
}

/// So many nodes in a ring, each of which also calls some further on; everybody follows everybody. All start at
/// the beginning, in the course of a second.
pub fn village(count: NodeId, calls: NodeId, span: Micros) -> Plan {
    let dials =
        |me: NodeId| (1..=calls).map(|step| (me + step * step) % count).filter(|to| *to != me).collect();
    let nodes = (0..count).map(|me| NodePlan { dials: dials(me), ..node() }).collect();
    let follows = (0..count).map(|me| (0..count).filter(|whom| *whom != me).collect()).collect();
    let starts =
        (0..count).map(|me| Happening { at: u64::from(me) * SEC / u64::from(count), what: What::Start(me) });
    Plan {
        scenario: "village".into(),
        asks: String::new(),
        expects: String::new(),
        seed: 1,
        span,
        epoch_ms: 1_795_000_000_000,
        nodes,
        regions: vec!["here".into()],
        links: Links {
            latency: vec![vec![Spread::Fixed(20.0 * MS as f64)]],
            jitter: Spread::Exponential(5.0 * MS as f64),
            loss: 0.0,
            queue_bytes: 1 << 20,
        },
        follows: Arc::new(follows),
        follows_signed: false,
        happenings: starts.collect(),
        posts: 0,
        phases: Vec::new(),
        policy: PolicyPlan::default(),
        sample_every: 10 * SEC,
        gossip: GossipModel::default(),
    }
}

impl Plan {
    /// Adds something that happens.
    pub(super) fn at(mut self, at: Micros, what: What) -> Self {
        self.happenings.push(Happening { at, what });
        self
    }

    /// Adds a post.
    pub(super) fn post(mut self, at: Micros, node: NodeId) -> Self {
        let post: PostId = self.posts;
        self.posts += 1;
        self.at(at, What::Post { node, post, bytes: 120, reply_to: None })
    }

    pub(super) fn stop(self, at: Micros, node: NodeId, ending: Ending) -> Self {
        self.at(at, What::Stop(node, ending))
    }
}

/// A world that was lived through.
pub struct Lived {
    pub cast: Cast,
    pub ended: Ended,
    /// Connections that were made.
    pub made: u32,
    /// Peers that each node has at the end.
    pub peers: Vec<usize>,
}

/// Lives through a plan.
pub fn live(plan: Plan) -> Lived {
    live_under(plan, &mut Control::default())
}

/// Lives through a plan in somebody's hands.
pub fn live_under(plan: Plan, control: &mut Control) -> Lived {
    live_with(plan, control, 0)
}

/// The same with so many bytes of pages at hand.
pub fn live_with(mut plan: Plan, control: &mut Control, pages: usize) -> Lived {
    plan.happenings.sort_by_key(|happening| happening.at);
    let mut cast = Cast::new(Arc::new(plan), control).unwrap();
    cast.keep_pages(pages);
    let mut world = World::new(&mut cast);
    let ended = world.run(control).unwrap();
    let made = world.links.made();
    let peers = world.hosts.iter().map(|host| host.neighbours.len()).collect();
    Lived { cast, ended, made, peers }
}

impl Lived {
    /// How many posts of an author a node holds.
    pub fn posts(&self, node: NodeId, author: NodeId) -> usize {
        let engine = self.cast.engine(node).expect("it runs");
        let author = self.cast.person(author).author;
        let page = Page { limit: 80, ..Page::default() };
        let posts = engine.store().read().unwrap().author_posts(&author, &page).unwrap();
        posts.iter().filter(|post| matches!(post.body, PostBody::Content { .. })).count()
    }

    /// First copies of gossiped frames, and those that were there already.
    pub fn copies(self) -> (u64, u64) {
        let traffic = self.cast.record.finish(self.ended, Duration::ZERO).traffic;
        (traffic.firsts, traffic.duplicates)
    }

    pub fn hash(&self) -> String {
        self.cast.record.trace_hash().expect("a trace is kept")
    }
}
