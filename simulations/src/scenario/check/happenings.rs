//! Events and roles that cannot be.

use std::collections::BTreeSet;

use super::{Checked, after_end, fail};
use crate::scenario::{
    Scenario,
    event::{By, Does, Happens, Who},
    quantity::{Length, Size},
};

/// Whether relays and adversaries fit the world.
///
/// # Errors
/// What does not.
pub fn roles(scenario: &Scenario, nodes: u32) -> Checked {
    if let Some(relays) = &scenario.relays
        && relays.count == 0
    {
        return fail("relays.count", "leave [relays] out if there are none");
    }
    let first = scenario.adversary.first().map(|adversary| (adversary.from, adversary.until));
    for (index, adversary) in scenario.adversary.iter().enumerate() {
        let path = format!("adversary.{index}");
        if adversary.count.is_some() == adversary.share.is_some() {
            return fail(
                format!("{path}.count"),
                "say how many there are: `count` or `share`, one of the two",
            );
        }
        if adversary.count == Some(0) {
            return fail(format!("{path}.count"), "leave the adversary out if there are none");
        }
        if Some((adversary.from, adversary.until)) != first {
            return fail(format!("{path}.from"), "all adversaries begin and end together");
        }
        let until = adversary.until.unwrap_or(scenario.duration);
        if until > scenario.duration {
            return fail(format!("{path}.until"), after_end(scenario));
        }
        if adversary.from >= until {
            return fail(format!("{path}.from"), format!("it is over at {until}, which is no later"));
        }
        match adversary.does {
            Does::Eclipse { victims: 0 } => {
                return fail(format!("{path}.victims"), "there is at least 1 victim");
            }
            Does::Flood { rate, .. } if rate.0 <= 0.0 => {
                return fail(format!("{path}.rate"), "that is no flood");
            }
            Does::SlowRead { bytes_per_second: Size(0) } => {
                return fail(
                    format!("{path}.bytes_per_second"),
                    "who reads nothing is not there; at least 1B",
                );
            }
            _ => {}
        }
    }
    let (relays, adversaries) = (scenario.relay_count(nodes), scenario.adversary_counts(nodes));
    let all = u64::from(relays) + adversaries.iter().map(|count| u64::from(*count)).sum::<u64>();
    if all >= u64::from(nodes) {
        let path = if scenario.adversary.is_empty() { "relays.count" } else { "adversary.0" };
        let message = format!("{all} relays and adversaries leave nobody else in a world of {nodes} nodes");
        return fail(path, message);
    }
    Ok(())
}

/// Whether everybody joins once.
///
/// # Errors
/// If not.
pub fn growth(scenario: &Scenario) -> Checked {
    let mut joined = scenario.start.share.0;
    let mut over = Length(0);
    let mut last = None;
    for (index, event) in scenario.event.iter().enumerate() {
        let Happens::Growth { to, within } = &event.what else { continue };
        if to.0 <= joined {
            let message =
                format!("{joined} of the nodes have joined before; `to` is the part that has afterwards");
            return fail(format!("event.{index}.to"), message);
        }
        if event.at < over {
            return fail(format!("event.{index}.at"), "the growth before it is not over yet");
        }
        joined = to.0;
        over = Length(event.at.0 + within.0);
        last = Some(index);
    }
    match last {
        _ if joined >= 1.0 => Ok(()),
        Some(index) => {
            fail(format!("event.{index}.to"), format!("{:.3} of the nodes never join", 1.0 - joined))
        }
        None => {
            fail("start.share", format!("{:.3} of the nodes never join; add a `growth` event", 1.0 - joined))
        }
    }
}

/// Whether events can happen.
///
/// # Errors
/// What cannot.
pub fn events(scenario: &Scenario, nodes: u32) -> Checked {
    let mut order: Vec<usize> = (0..scenario.event.len()).collect();
    order.sort_by_key(|index| scenario.event[*index].at);
    let mut cut_until: Option<Option<Length>> = None;
    let mut attacking = false;
    for index in order {
        let event = &scenario.event[index];
        let path = format!("event.{index}");
        let at = |key: &str| format!("{path}.{key}");
        if event.at > scenario.duration {
            return fail(at("at"), after_end(scenario));
        }
        if event.at.0 + event.what.lasts().0 > scenario.duration.0 {
            let key = if matches!(event.what, Happens::Partition { .. }) { "heal_after" } else { "within" };
            let end = Length(event.at.0 + event.what.lasts().0);
            return fail(at(key), format!("it is over at {end}: {}", after_end(scenario)));
        }
        match &event.what {
            Happens::Partition { by, heal_after, times, every } => {
                groups(scenario, nodes, by, &at("by"))?;
                let open = cut_until.is_some_and(|until| until.is_none_or(|until| event.at < until));
                if open {
                    return fail(at("at"), "the network is cut already at that time; heal it first");
                }
                if *times == 0 {
                    return fail(at("times"), "it happens at least once");
                }
                if *times > 1 {
                    let (Some(every), Some(heal)) = (every, heal_after) else {
                        return fail(at("times"), "what happens again needs `every` and `heal_after`");
                    };
                    if heal >= every {
                        return fail(at("every"), format!("it is healed after {heal}, which is no sooner"));
                    }
                }
                cut_until = Some(heal_after.map(|_| Length(event.at.0 + event.what.lasts().0)));
            }
            Happens::Heal {} => {
                if cut_until != Some(None) {
                    return fail(at("at"), "there is nothing to heal at that time");
                }
                cut_until = None;
            }
            Happens::Stop { who, .. } | Happens::Start { who, .. } => some(scenario, nodes, who, &at("who"))?,
            Happens::Burst { who, bytes, .. } => {
                some(scenario, nodes, who, &at("who"))?;
                text(*bytes, &at("bytes"))?;
            }
            Happens::Post { node, bytes } => {
                known(scenario, nodes, *node, &at("node"))?;
                text(*bytes, &at("bytes"))?;
            }
            Happens::FlashCrowd { node, bytes, posts, .. } => {
                known(scenario, nodes, *node, &at("node"))?;
                text(*bytes, &at("bytes"))?;
                if *posts == 0 {
                    return fail(at("posts"), "a crowd comes for at least one post");
                }
            }
            Happens::Viral { node, bytes, .. } => {
                known(scenario, nodes, *node, &at("node"))?;
                text(*bytes, &at("bytes"))?;
            }
            Happens::Follow { node, whom }
            | Happens::Unfollow { node, whom }
            | Happens::Block { node, whom }
            | Happens::Meet { node, whom } => {
                known(scenario, nodes, *node, &at("node"))?;
                known(scenario, nodes, *whom, &at("whom"))?;
                if node == whom {
                    return fail(at("whom"), "that is the same node");
                }
            }
            Happens::AttackOn {} | Happens::AttackOff {} => {
                if scenario.adversary.is_empty() {
                    return fail(at("kind"), "there is no [[adversary]]");
                }
                if scenario.adversary.iter().any(|it| it.from.0 > 0 || it.until.is_some()) {
                    return fail(at("kind"), "adversaries have `from` and `until` already; use either");
                }
                let on = matches!(event.what, Happens::AttackOn {});
                if on == attacking {
                    return fail(
                        at("kind"),
                        if on { "the attack is on already" } else { "there is no attack yet" },
                    );
                }
                attacking = on;
            }
            Happens::Growth { .. } => {}
        }
    }
    Ok(())
}

fn known(scenario: &Scenario, nodes: u32, node: u32, path: &str) -> Checked {
    if nodes == scenario.nodes && node >= nodes {
        return fail(path, format!("there is no node {node}: they are numbered from 0 to {}", nodes - 1));
    }
    Ok(())
}

fn text(bytes: Option<Size>, path: &str) -> Checked {
    let most = starling_protocol::limits::TEXT_CHARS as u64;
    match bytes {
        Some(size) if size.0 > most => fail(path, format!("a text has at most {most} bytes here")),
        _ => Ok(()),
    }
}

fn region(scenario: &Scenario, name: &str, path: &str) -> Checked {
    let regions = scenario.regions();
    let names = regions.iter().map(|region| region.name.as_str());
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let hint = match crate::scenario::nearest(name, names.clone()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    };
    fail(path, format!("there is no region {name:?}; {hint}"))
}

fn some(scenario: &Scenario, nodes: u32, who: &Who, path: &str) -> Checked {
    match who {
        Who::All | Who::People | Who::Share(_) => Ok(()),
        Who::Relays if scenario.relays.is_none() => fail(path, "there are no relays; add a [relays] section"),
        Who::Relays => Ok(()),
        Who::Count(count) => {
            let people = nodes - scenario.relay_count(nodes);
            if nodes == scenario.nodes && *count > people {
                return fail(path, format!("there are only {people} people"));
            }
            Ok(())
        }
        Who::Region(name) => region(scenario, name, path),
        Who::Nodes(list) => {
            if list.is_empty() {
                return fail(path, "the list is empty");
            }
            list.iter().try_for_each(|node| known(scenario, nodes, *node, path))
        }
    }
}

fn groups(scenario: &Scenario, nodes: u32, by: &By, path: &str) -> Checked {
    let count = match by {
        By::Half => 2,
        By::Thirds => 3,
        By::Groups(count) => *count,
        By::Fraction(share) => {
            if share.0 <= 0.0 || share.0 >= 1.0 {
                return fail(path, "a part that is cut off is more than nothing and less than everybody");
            }
            2
        }
        By::Nodes(list) => {
            list.iter().try_for_each(|node| known(scenario, nodes, *node, path))?;
            if list.is_empty() {
                return fail(path, "the list is empty");
            }
            2
        }
        By::Region => scenario.regions().len() as u32,
        By::Regions(groups) => {
            let mut seen = BTreeSet::new();
            for name in groups.iter().flatten() {
                region(scenario, name, path)?;
                if !seen.insert(name) {
                    return fail(path, format!("region {name:?} is in two groups"));
                }
            }
            let rest = u32::from(seen.len() < scenario.regions().len());
            groups.len() as u32 + rest
        }
    };
    if count < 2 {
        return fail(path, "a cut leaves at least two groups; this leaves one");
    }
    if count > nodes || count > u32::from(u16::MAX) {
        return fail(path, format!("{nodes} nodes do not fall apart into {count} groups"));
    }
    Ok(())
}
