//! Whether a plan that was read from a file can be run: what is drawn always can, what was written by hand may point
//! at what is not there.

use crate::plan::{NodeId, Plan, PostId, Role, Spread, What};

/// What a plan points at is there, and its figures are figures.
///
/// # Errors
/// The first thing that is wrong, in a line.
pub fn sound(plan: &Plan) -> Result<(), String> {
    let nodes = plan.nodes.len();
    if nodes == 0 {
        return Err("a world has at least one node".into());
    }
    if plan.follows.len() != nodes {
        return Err(format!("follows has {} lists for {nodes} nodes", plan.follows.len()));
    }
    let node = |what: &str, node: NodeId| match (node as usize) < nodes {
        true => Ok(()),
        false => Err(format!("{what}: there is no node {node}, only {nodes} from 0")),
    };
    let all = |what: &str, list: &[NodeId]| list.iter().try_for_each(|number| node(what, *number));
    for (number, planned) in plan.nodes.iter().enumerate() {
        let what = format!("nodes.{number}");
        if usize::from(planned.region) >= plan.links.latency.len() {
            return Err(format!("{what}: there is no region {}", planned.region));
        }
        all(&what, &planned.dials)?;
        all(&what, &planned.bootstrap)?;
        match &planned.role {
            Role::Eclipse { victims } => all(&what, victims)?,
            Role::Flood { per_second, garbage }
                if !(*per_second >= 0.0 && per_second.is_finite() && (0.0..=1.0).contains(garbage)) =>
            {
                return Err(format!("{what}: a flood of {per_second} a second, {garbage} of it garbage"));
            }
            _ => {}
        }
        all(&format!("follows.{number}"), &plan.follows[number])?;
    }
    links(plan)?;
    happenings(plan, &node)
}

fn links(plan: &Plan) -> Result<(), String> {
    let links = &plan.links;
    let regions = links.latency.len();
    if links.latency.iter().any(|row| row.len() != regions) {
        return Err(format!("links.latency is not {regions} lists of {regions}"));
    }
    for spread in links.latency.iter().flatten().chain([&links.jitter]) {
        let (one, two) = match *spread {
            Spread::Fixed(one) | Spread::Exponential(one) => (one, 0.0),
            Spread::Uniform(one, two)
            | Spread::Normal(one, two)
            | Spread::LogNormal(one, two)
            | Spread::Pareto(one, two) => (one, two),
            _ => continue,
        };
        if !(one.is_finite() && two.is_finite() && one >= 0.0 && two >= 0.0) {
            return Err(format!("links: {spread:?} is no distribution of a time"));
        }
    }
    if (0.0..=1.0).contains(&links.loss) { Ok(()) } else { Err(format!("links.loss is {}", links.loss)) }
}

fn happenings(plan: &Plan, node: &impl Fn(&str, NodeId) -> Result<(), String>) -> Result<(), String> {
    let post = |what: &str, post: PostId| match post < plan.posts {
        true => Ok(()),
        false => Err(format!("{what}: there is no post {post}, only {} from 0", plan.posts)),
    };
    let mut last = 0;
    for (number, happening) in plan.happenings.iter().enumerate() {
        let what = format!("happenings.{number}");
        if happening.at < last {
            return Err(format!("{what}: happens before the one that stands before it"));
        }
        last = happening.at;
        match &happening.what {
            What::Start(who) | What::Stop(who, _) => node(&what, *who)?,
            What::Post { node: who, post: number, reply_to, .. } => {
                node(&what, *who)?;
                post(&what, *number)?;
                reply_to.map_or(Ok(()), |number| post(&what, number))?;
            }
            What::Boost(who, number) | What::Like(who, number) | What::Delete(who, number) => {
                node(&what, *who)?;
                post(&what, *number)?;
            }
            What::Follow(who, whom)
            | What::Unfollow(who, whom)
            | What::Block(who, whom)
            | What::Meet(who, whom) => {
                node(&what, *who)?;
                node(&what, *whom)?;
            }
            What::Cut(groups) => {
                if groups.len() != plan.nodes.len() {
                    return Err(format!("{what}: {} groups for {} nodes", groups.len(), plan.nodes.len()));
                }
            }
            What::Heal | What::Attack(_) => {}
        }
    }
    Ok(())
}
