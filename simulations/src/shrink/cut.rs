//! Takes pieces out of a plan so that what remains is still one: numbers close up, and nothing points at what is gone.

use std::{collections::BTreeSet, sync::Arc};

use crate::plan::{Happening, Micros, NodeId, Plan, PostId, Role, What};

/// The plan without what happens after `span`.
pub fn shortened(plan: &Plan, span: Micros) -> Plan {
    let mut plan = plan.clone();
    plan.span = plan.span.min(span);
    plan.happenings.retain(|happening| happening.at <= span);
    plan.phases.retain(|phase| phase.from < span);
    for phase in &mut plan.phases {
        phase.to = phase.to.min(span);
    }
    close_posts(&mut plan);
    plan
}

/// The plan with only those of its happenings, by their index in it.
pub fn with_happenings(plan: &Plan, keep: &[usize]) -> Plan {
    let mut kept = plan.clone();
    kept.happenings = keep.iter().filter_map(|index| plan.happenings.get(*index).cloned()).collect();
    close_posts(&mut kept);
    kept
}

/// The plan with only those of its nodes, in their order.
pub fn with_nodes(plan: &Plan, keep: &[NodeId]) -> Plan {
    let mut new = vec![None; plan.nodes.len()];
    let mut nodes = Vec::with_capacity(keep.len());
    let kept: BTreeSet<NodeId> = keep.iter().copied().collect();
    for (number, old) in kept.iter().enumerate() {
        if let (Some(slot), Some(node)) = (new.get_mut(*old as usize), plan.nodes.get(*old as usize)) {
            *slot = Some(number as NodeId);
            nodes.push(node.clone());
        }
    }
    let of = |node: NodeId| new.get(node as usize).copied().flatten();
    let all = |list: &[NodeId]| list.iter().filter_map(|node| of(*node)).collect::<Vec<_>>();
    for node in &mut nodes {
        node.dials = all(&node.dials);
        node.bootstrap = all(&node.bootstrap);
        if let Role::Eclipse { victims } = &mut node.role {
            *victims = Arc::new(all(victims));
        }
    }
    let follows = kept.iter().map(|node| all(plan.follows.get(*node as usize).map_or(&[], Vec::as_slice)));
    let mut plan = Plan {
        follows: Arc::new(follows.collect()),
        happenings: plan
            .happenings
            .iter()
            .filter_map(|happening| renumbered(happening, &of, &kept))
            .collect(),
        nodes,
        ..plan.clone()
    };
    close_posts(&mut plan);
    plan
}

/// The happening among the nodes that are left; none if it needs one that is not.
fn renumbered(
    happening: &Happening,
    of: &impl Fn(NodeId) -> Option<NodeId>,
    kept: &BTreeSet<NodeId>,
) -> Option<Happening> {
    let what = match &happening.what {
        What::Start(node) => What::Start(of(*node)?),
        What::Stop(node, ending) => What::Stop(of(*node)?, *ending),
        What::Post { node, post, bytes, reply_to } => {
            What::Post { node: of(*node)?, post: *post, bytes: *bytes, reply_to: *reply_to }
        }
        What::Boost(node, post) => What::Boost(of(*node)?, *post),
        What::Like(node, post) => What::Like(of(*node)?, *post),
        What::Delete(node, post) => What::Delete(of(*node)?, *post),
        What::Follow(node, whom) => What::Follow(of(*node)?, of(*whom)?),
        What::Unfollow(node, whom) => What::Unfollow(of(*node)?, of(*whom)?),
        What::Block(node, whom) => What::Block(of(*node)?, of(*whom)?),
        What::Meet(node, whom) => What::Meet(of(*node)?, of(*whom)?),
        What::Cut(groups) => {
            let groups = kept.iter().filter_map(|node| groups.get(*node as usize).copied());
            What::Cut(Arc::new(groups.collect()))
        }
        What::Heal => What::Heal,
        What::Attack(on) => What::Attack(*on),
    };
    Some(Happening { at: happening.at, what })
}

/// Numbers the posts that are left from 0; what was about others goes.
fn close_posts(plan: &mut Plan) {
    let mut new = vec![None; plan.posts as usize];
    let mut count: PostId = 0;
    for happening in &plan.happenings {
        if let What::Post { post, .. } = happening.what
            && let Some(slot) = new.get_mut(post as usize)
        {
            *slot = Some(count);
            count += 1;
        }
    }
    let of = |post: PostId| new.get(post as usize).copied().flatten();
    plan.happenings.retain_mut(|happening| match &mut happening.what {
        What::Post { post, reply_to, .. } => {
            *reply_to = reply_to.and_then(of);
            of(*post).map(|number| *post = number).is_some()
        }
        What::Boost(_, post) | What::Like(_, post) | What::Delete(_, post) => {
            of(*post).map(|number| *post = number).is_some()
        }
        _ => true,
    });
    plan.posts = count;
}
