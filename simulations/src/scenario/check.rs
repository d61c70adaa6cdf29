//! What types alone do not forbid: impossible graphs, times after the end, shares that are no whole. Each is one line
//! that says what is wrong, and a path to where it stands.
//!
//! A world of another size than the scenario's own is less strict: degrees and lists are cut to what fits.

mod graphs;
mod happenings;

use std::collections::BTreeSet;

use super::{
    Fault, Scenario,
    quantity::{Length, Quantity, Share},
    sections::Latency,
    spread::Spread,
};

/// Nodes of a world at most. Each has an address of its own in 10.0.0.0/8, and even the leanest takes ten kilobytes:
/// what is beyond this does not fit a machine.
pub const MOST_NODES: u32 = 2_000_000;
/// Posts of a world at most: each takes about a hundred bytes while the world lives.
pub const MOST_POSTS: f64 = 50e6;
/// Samples of a run at most; more are no better plot and a file of gigabytes.
const MOST_SAMPLES: u64 = 100_000;

type Checked = Result<(), Fault>;

fn fail(path: impl Into<String>, message: impl Into<String>) -> Checked {
    Err(Fault::new(path, message))
}

/// Checks a scenario for a world of so many nodes.
///
/// # Errors
/// The first thing that cannot be.
pub fn check(scenario: &Scenario, nodes: u32) -> Checked {
    world(scenario, nodes)?;
    places(scenario)?;
    wires(scenario)?;
    graphs::topology(scenario, nodes)?;
    graphs::follows(scenario, nodes)?;
    happenings::roles(scenario, nodes)?;
    failures(scenario)?;
    people(scenario)?;
    happenings::growth(scenario)?;
    happenings::events(scenario, nodes)
}

fn world(scenario: &Scenario, nodes: u32) -> Checked {
    if nodes == 0 {
        return fail("nodes", "a world without nodes has nothing to tell; `nodes` is at least 1");
    }
    if nodes > MOST_NODES {
        return fail("nodes", format!("{nodes} nodes do not fit a machine; at most {MOST_NODES} do"));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if scenario.name.is_empty() || !scenario.name.chars().all(plain) {
        return fail("name", "a name is lowercase letters, digits and dashes: files are called by it");
    }
    if scenario.duration.0 < 1_000_000 {
        return fail("duration", "a world lasts at least a second");
    }
    if let Some(sample) = scenario.measure.sample
        && (sample.0 == 0 || scenario.duration.0 / sample.0 > MOST_SAMPLES)
    {
        return fail("measure.sample", format!("that is more than {MOST_SAMPLES} samples"));
    }
    if scenario.start.within > scenario.duration {
        return fail("start.within", after_end(scenario));
    }
    if scenario.gossip.mesh.is_some_and(|mesh| !(1..=64).contains(&mesh)) {
        return fail("gossip.mesh", "a mesh has 1 to 64 peers");
    }
    if scenario.gossip.heartbeat.is_some_and(|beat| beat.0 < 10_000) {
        return fail(
            "gossip.heartbeat",
            "a heart that beats more than a hundred times a second does nothing else",
        );
    }
    Ok(())
}

fn after_end(scenario: &Scenario) -> String {
    format!("that is after the end of the world, which lasts {}", scenario.duration)
}

/// Shares of several things that have to be a whole.
fn whole(shares: impl Iterator<Item = Share>, path: &str, what: &str) -> Checked {
    let sum: f64 = shares.map(|share| share.0).sum();
    // A third and two thirds, written with three digits each, are a whole.
    if (sum - 1.0).abs() > 0.005 {
        return fail(path, format!("the shares of all {what} come to {sum:.3}, not to 1"));
    }
    Ok(())
}

fn spread<T: Quantity>(path: &str, spread: &Spread<T>) -> Checked {
    match spread.fault() {
        Some((key, message)) => fail(format!("{path}.{key}"), message),
        None => Ok(()),
    }
}

fn places(scenario: &Scenario) -> Checked {
    let mut names = BTreeSet::new();
    for (index, region) in scenario.region.iter().enumerate() {
        if !names.insert(&region.name) {
            return fail(
                format!("region.{index}.name"),
                format!("there are two regions called {}", region.name),
            );
        }
        if !(-14.0..=14.0).contains(&region.utc_hours) {
            return fail(format!("region.{index}.utc_hours"), "no clock is further than 14 hours from UTC");
        }
    }
    if !scenario.region.is_empty() {
        whole(scenario.region.iter().map(|region| region.share), "region.0.share", "regions")?;
    }
    let count = scenario.regions().len();
    match &scenario.latency {
        Latency::Same { latency } => spread("latency.latency", latency),
        Latency::Earth {} => {
            let known = super::earth::regions();
            for (index, region) in scenario.region.iter().enumerate() {
                if !known.iter().any(|known| known.name == region.name) {
                    let names = known.iter().map(|known| known.name.as_str());
                    let near = super::nearest(&region.name, names.clone());
                    let hint = near.map_or_else(
                        || format!("there are {}", names.collect::<Vec<_>>().join(", ")),
                        |near| format!("did you mean {near:?}?"),
                    );
                    let message = format!("the earth has no region {:?}; {hint}", region.name);
                    return fail(format!("region.{index}.name"), message);
                }
            }
            Ok(())
        }
        Latency::Matrix { ms } => {
            if ms.len() != count {
                return fail(
                    "latency.ms",
                    format!("{} rows for {count} regions: there is one for each", ms.len()),
                );
            }
            match ms.iter().position(|row| row.len() != count) {
                Some(row) => {
                    let message =
                        format!("{} columns for {count} regions: there is one for each", ms[row].len());
                    fail(format!("latency.ms.{row}"), message)
                }
                None => Ok(()),
            }
        }
        Latency::File { .. } => Ok(()),
    }
}

fn wires(scenario: &Scenario) -> Checked {
    let links = &scenario.links;
    spread("links.jitter", &links.jitter)?;
    spread("links.up", &links.up)?;
    spread("links.down", &links.down)?;
    for (index, class) in links.class.iter().enumerate() {
        spread(&format!("links.class.{index}.up"), &class.up)?;
        spread(&format!("links.class.{index}.down"), &class.down)?;
    }
    if !links.class.is_empty() {
        whole(links.class.iter().map(|class| class.share), "links.class.0.share", "classes")?;
    }
    if links.loss.0 > 0.9 {
        return fail("links.loss", "a wire that loses more than 0.9 of the packets carries no connection");
    }
    if links.queue.0 < 1_500 {
        return fail("links.queue", "a queue has room for at least one packet, 1500B");
    }
    Ok(())
}

fn failures(scenario: &Scenario) -> Checked {
    let late = |path: &str, until: Option<Length>| match until {
        Some(until) if until > scenario.duration => fail(path, after_end(scenario)),
        _ => Ok(()),
    };
    if let Some(churn) = &scenario.churn {
        spread("churn.session", &churn.session)?;
        spread("churn.absence", &churn.absence)?;
        late("churn.until", churn.until)?;
    }
    for (path, failures) in [("restarts", &scenario.restarts), ("crashes", &scenario.crashes)] {
        if let Some(failures) = failures {
            spread(&format!("{path}.down"), &failures.down)?;
            late(&format!("{path}.until"), failures.until)?;
        }
    }
    if scenario.clocks.wrong.0 > 0.0 && scenario.clocks.wrong_by.0 == 0 {
        return fail("clocks.wrong", "`wrong_by` has to say by how much those clocks are wrong");
    }
    Ok(())
}

/// Checks that no more is said in a world of so many nodes than a machine holds.
///
/// # Errors
/// How much it would be.
pub fn volume(scenario: &Scenario, nodes: u32) -> Checked {
    let people = &scenario.people;
    let until = people.until.unwrap_or(scenario.duration);
    let each = people.posts.map_or(0.0, |rate| rate.0 * f64::from(nodes));
    let posts =
        (each + people.posts_in_all.map_or(0.0, |rate| rate.0)) * (until.0 - people.from.0) as f64 / 1e6;
    if posts > MOST_POSTS {
        let key = if people.posts.is_some() { "people.posts" } else { "people.posts_in_all" };
        return fail(
            key,
            format!("that is about {posts:.0} posts, and at most {MOST_POSTS:.0} fit a machine"),
        );
    }
    Ok(())
}

fn people(scenario: &Scenario) -> Checked {
    let people = &scenario.people;
    if people.posts.is_some() && people.posts_in_all.is_some() {
        return fail("people.posts_in_all", "say how often a person posts, or how often all do, not both");
    }
    let until = people.until.unwrap_or(scenario.duration);
    if until > scenario.duration {
        return fail("people.until", after_end(scenario));
    }
    if people.from >= until {
        return fail("people.from", format!("people post until {until}, which is no later"));
    }
    spread("people.text", &people.text)?;
    let most = starling_protocol::limits::TEXT_CHARS as u64;
    match people.text {
        Spread::Fixed(size) if size.0 > most => {
            fail("people.text", format!("a text has at most {most} bytes here"))
        }
        _ => Ok(()),
    }
}
