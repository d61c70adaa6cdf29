//! What nodes do while all of them are there.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::world::{World, short, text};

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

pub fn identities(world: &mut World) -> Result<()> {
    for who in PEOPLE {
        let phrase = world.path(&format!("{who}.phrase"));
        let phrase = phrase.to_string_lossy();
        world.does(who, &["init", "--name", who, "--no-input", "--phrase-out", &phrase])?;
        let words = std::fs::read_to_string(&*phrase)?.split_whitespace().count();
        ensure!(words == 24, "a recovery phrase should have 24 words, and has {words}");
        world.meet(who)?;
        world.start(who)?;
        let author = world.author(who)?;
        world.tell(who, format!("is {}…, has 24 words to come back with, and runs a node", short(&author)));
    }
    let authors = PEOPLE.map(|who| world.author(who).unwrap_or_default());
    ensure!(authors[0] != authors[1] && authors[1] != authors[2], "three people should have three ids");
    Ok(())
}

pub fn invites(world: &mut World) -> Result<()> {
    for (guest, hosts) in
        [("alice", ["bob", "carol"]), ("bob", ["alice", "carol"]), ("carol", ["alice", "bob"])]
    {
        for host in hosts {
            let link = text(&world.does(host, &["invite", "new"])?, "invite")?;
            let opened = world.does(guest, &["follow", &link])?;
            ensure!(opened["author"] == world.author(host)?.as_str(), "the invite of {host} led to {opened}");
        }
        world.tell(guest, format!("opens the links of {} and {}, and follows both", hosts[0], hosts[1]));
    }
    for who in PEOPLE {
        let look = |world: &World| Ok(world.look(who, "/api/starling/v1/status")?["peers"].as_u64());
        world.sees(format!("{who} is connected to 2 nodes"), look, |peers| *peers == Some(2))?;
    }
    let alice = world.author("alice")?;
    for who in ["bob", "carol"] {
        let look = |world: &World| world.look(who, &format!("/api/v1/accounts/{alice}"));
        world
            .sees(format!("{who} knows alice's name"), look, |account| account["display_name"] == "alice")?;
    }
    let look = |world: &World| {
        let list = world.look("alice", &format!("/api/v1/accounts/{alice}/followers"))?;
        list.as_array()
            .into_iter()
            .flatten()
            .map(|account| text(account, "display_name"))
            .collect::<Result<Vec<_>>>()
    };
    world.sees("alice sees two followers", look, |followers| followers.len() == 2)?;
    world.tell("alice", "sees two followers; all three nodes are connected");
    Ok(())
}

pub fn live(world: &mut World) -> Result<()> {
    let words = "Good morning from a network without servers";
    let id = world.posts("alice", words, &[])?;
    let posted = Instant::now();
    for who in ["bob", "carol"] {
        world.holds(who, &id, words)?;
        let timeline = world.timeline(who)?;
        ensure!(
            timeline.iter().any(|(_, text)| text == words),
            "{who}'s timeline should show it: {timeline:?}"
        );
        world.tell(
            who,
            format!("has it on the home timeline within {} ms", posted.elapsed().as_millis().max(1)),
        );
    }
    world.remembered.insert("morning", id);
    Ok(())
}

pub fn thread(world: &mut World) -> Result<()> {
    let root = world.remembered["morning"].clone();
    let (question, answer) = ("Where is it, then?", "On your own disk, and on mine");
    let reply = world.posts("bob", question, &["--reply", &root])?;
    world.holds("alice", &reply, question)?;
    let second = world.posts("alice", answer, &["--reply", &reply])?;
    world.holds("carol", &second, answer)?;
    let look = |world: &World| world.lists("carol", &["thread", &root]);
    let depths = |places: &Vec<Value>| {
        let depth = |id: &str| {
            places.iter().find(|place| place["id"] == id).and_then(|place| place["depth"].as_u64())
        };
        [depth(&root), depth(&reply), depth(&second)]
    };
    world.sees("carol sees three posts, one below the other", look, |places| {
        matches!(depths(places), [Some(0), Some(1), Some(2)])
    })?;
    world.tell("carol", "reads the thread: alice › bob › alice");
    world.remembered.insert("reply", reply);
    Ok(())
}

pub fn reactions(world: &mut World) -> Result<()> {
    let id = world.remembered["morning"].clone();
    let status = format!("/api/v1/statuses/{id}");
    world.does("carol", &["like", &id])?;
    world.tell("carol", "likes alice's post");
    world.does("bob", &["boost", &id])?;
    world.tell("bob", "boosts it");
    let look = |world: &World| {
        let status = world.look("alice", &status)?;
        Ok((status["favourites_count"].as_u64(), status["reblogs_count"].as_u64()))
    };
    world.sees("alice counts one like and one boost", look, |counts| *counts == (Some(1), Some(1)))?;
    world.tell("alice", "counts 1 like and 1 boost");
    let bob = world.author("bob")?;
    let look = |world: &World| world.look("carol", "/api/v1/timelines/home?limit=40");
    let boosted = |list: &Value| {
        let mut list = list.as_array().into_iter().flatten();
        list.any(|status| status["account"]["id"] == bob.as_str() && status["reblog"]["id"] == id.as_str())
    };
    world.sees("carol sees bob's boost", look, boosted)?;
    world.tell("carol", "sees that bob passed it on");
    Ok(())
}

pub fn edit(world: &mut World) -> Result<()> {
    let id = world.remembered["morning"].clone();
    let words = "Good morning from a network without servers!";
    world.does("alice", &["edit", &id, words])?;
    world.tell("alice", "adds what was missing: “!”");
    for who in ["bob", "carol"] {
        let status = world.holds(who, &id, words)?;
        ensure!(status["edited_at"].is_string(), "{who} should see that it was edited: {status}");
    }
    let history = world.look("bob", &format!("/api/v1/statuses/{id}/history"))?;
    let versions = history.as_array().map_or(0, Vec::len);
    ensure!(versions == 2, "bob should see two versions, and sees {versions}");
    world.tell("bob", "reads the new text, marked as edited, and can see both versions");
    Ok(())
}

pub fn delete(world: &mut World) -> Result<()> {
    let words = "my door code is 1234";
    let id = world.posts("alice", words, &[])?;
    for who in ["bob", "carol"] {
        world.holds(who, &id, words)?;
    }
    world.does("alice", &["delete", &id, "--yes"])?;
    world.tell("alice", "thinks again, and deletes it");
    for who in PEOPLE {
        let look = |world: &World| Ok(world.fails(who, &["show", &id], 5).is_ok());
        world.sees(format!("{who} has it no longer"), look, |gone| *gone)?;
        let timeline = world.timeline(who)?;
        ensure!(timeline.iter().all(|(_, text)| text != words), "{who} should not show it: {timeline:?}");
        let raw = world.look(who, &format!("/api/starling/v1/entries/{id}"))?;
        ensure!(raw["deleted"] == true && raw["kind"].is_null(), "{who} should hold no text of it: {raw}");
        world.tell(who, "holds its place in the chain, and nothing of its text");
    }
    Ok(())
}
