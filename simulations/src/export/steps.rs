//! What a plan asks of people who have a real node: the steps that its command line can take, and what cannot be
//! carried over to another engine.

use crate::plan::{Ending, Micros, NodeId, Plan, PostId, SEC, What};

/// Something that is done at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Micros,
    /// What.
    pub what: Verb,
}

/// What can be done to a real node, or to the wires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// The process starts.
    Start(NodeId),
    /// It goes on after a sleep.
    Wake(NodeId),
    /// It is asked to end.
    Quit(NodeId),
    /// It is killed.
    Kill(NodeId),
    /// It stands still.
    Sleep(NodeId),
    /// Its person posts.
    Post {
        /// Who.
        node: NodeId,
        /// Number of the post.
        post: PostId,
        /// Bytes of its text.
        bytes: u32,
        /// What it answers.
        reply_to: Option<PostId>,
    },
    /// Its person does something about a post: the name of the command.
    About(&'static str, NodeId, PostId),
    /// Its person does something about somebody: the name of the command.
    Toward(&'static str, NodeId, NodeId),
    /// It calls another.
    Meet(NodeId, NodeId),
    /// The wires between groups are cut: the group of each node.
    Cut(std::sync::Arc<Vec<u16>>),
    /// They are mended.
    Heal,
}

impl Step {
    /// The step as one line for a shell: a function of the runner and its arguments. Moments are in microseconds.
    pub fn line(&self) -> String {
        let at = self.at;
        match &self.what {
            Verb::Start(node) => format!("step {at} start {node}"),
            Verb::Wake(node) => format!("step {at} wake {node}"),
            Verb::Quit(node) => format!("step {at} quit {node}"),
            Verb::Kill(node) => format!("step {at} kill {node}"),
            Verb::Sleep(node) => format!("step {at} sleep {node}"),
            Verb::Post { node, post, bytes, reply_to } => {
                let reply = reply_to.map_or_else(|| "-".to_owned(), |post| post.to_string());
                format!("step {at} post {node} {post} {bytes} {reply}")
            }
            Verb::About(verb, node, post) => format!("step {at} {verb} {node} {post}"),
            Verb::Toward(verb, node, whom) => format!("step {at} {verb} {node} {whom}"),
            Verb::Meet(node, whom) => format!("step {at} meet {node} {whom}"),
            Verb::Cut(groups) => {
                let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
                format!("step {at} cut {}", groups.join(" "))
            }
            Verb::Heal => format!("step {at} heal"),
        }
    }
}

/// The steps of a plan in the order of time.
pub fn steps(plan: &Plan) -> Vec<Step> {
    let mut asleep = vec![false; plan.nodes.len()];
    let mut steps = Vec::with_capacity(plan.happenings.len());
    for happening in &plan.happenings {
        let what = match &happening.what {
            What::Start(node) => match asleep.get_mut(*node as usize).map(std::mem::take) {
                Some(true) => Verb::Wake(*node),
                _ => Verb::Start(*node),
            },
            What::Stop(node, Ending::Quit) => Verb::Quit(*node),
            What::Stop(node, Ending::Kill | Ending::PowerCut) => Verb::Kill(*node),
            What::Stop(node, Ending::Sleep) => {
                if let Some(asleep) = asleep.get_mut(*node as usize) {
                    *asleep = true;
                }
                Verb::Sleep(*node)
            }
            What::Post { node, post, bytes, reply_to } => {
                Verb::Post { node: *node, post: *post, bytes: *bytes, reply_to: *reply_to }
            }
            What::Boost(node, post) => Verb::About("boost", *node, *post),
            What::Like(node, post) => Verb::About("like", *node, *post),
            What::Delete(node, post) => Verb::About("delete", *node, *post),
            What::Follow(node, whom) => Verb::Toward("follow", *node, *whom),
            What::Unfollow(node, whom) => Verb::Toward("unfollow", *node, *whom),
            What::Block(node, whom) => Verb::Toward("block", *node, *whom),
            What::Meet(node, whom) => Verb::Meet(*node, *whom),
            What::Cut(groups) => Verb::Cut(groups.clone()),
            What::Heal => Verb::Heal,
            What::Attack(_) => continue,
        };
        steps.push(Step { at: happening.at, what });
    }
    steps
}

/// Whom each node follows when the plan is over: whose posts it should then hold.
pub fn followed_at_the_end(plan: &Plan) -> Vec<Vec<NodeId>> {
    let mut all: Vec<std::collections::BTreeSet<NodeId>> =
        plan.follows.iter().map(|follows| follows.iter().copied().collect()).collect();
    all.resize_with(plan.nodes.len(), Default::default);
    for happening in &plan.happenings {
        let (node, whom, holds) = match happening.what {
            What::Follow(node, whom) => (node, whom, true),
            What::Unfollow(node, whom) | What::Block(node, whom) => (node, whom, false),
            _ => continue,
        };
        if let Some(follows) = all.get_mut(node as usize) {
            if holds {
                follows.insert(whom);
            } else {
                follows.remove(&whom);
            }
        }
    }
    all.into_iter().map(|follows| follows.into_iter().collect()).collect()
}

/// What real processes cannot do of a plan, whatever runs them: each in a sentence.
pub fn losses(plan: &Plan) -> Vec<String> {
    let mut losses = Vec::new();
    let mut lose = |count: usize, what: String| {
        if count > 0 {
            losses.push(what);
        }
    };
    let skewed = plan.nodes.iter().filter(|node| node.skew_ms != 0).count();
    lose(skewed, format!("the clocks of {skewed} nodes that are wrong in the plan are right here"));
    let liars = plan.nodes.iter().filter(|node| !node.role.honest()).count();
    lose(liars, format!("{liars} nodes that attack in the plan keep to the rules here"));
    let count = |wanted: fn(&What) -> bool| plan.happenings.iter().filter(|it| wanted(&it.what)).count();
    let power = count(|what| matches!(what, What::Stop(_, Ending::PowerCut)));
    lose(power, format!("{power} power cuts are kills here: what was written but not synced is kept"));
    if !plan.follows_signed && plan.follows.iter().any(|follows| !follows.is_empty()) {
        lose(1, "the first follows are signed entries here, which the plan spares".into());
    }
    let outbound = starling::engine::Policy::default().outbound;
    if plan.policy.outbound != outbound {
        let planned = plan.policy.outbound;
        lose(1, format!("nodes make up to {outbound} connections by themselves here, {planned} in the plan"));
    }
    losses
}

/// A moment in seconds, for people.
pub fn seconds(at: Micros) -> String {
    format!("{}.{:03}", at / SEC, at % SEC / 1_000)
}
