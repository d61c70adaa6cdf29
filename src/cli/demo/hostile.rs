//! What nodes do when somebody is not honest.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use super::world::{World, text};

pub fn tampering(world: &mut World) -> Result<()> {
    let name = world.path("evidence").to_string_lossy().into_owned();
    let (good, bad) = (format!("{name}.entry"), format!("{name}.bad"));
    let id = world.remembered["laptop post"].clone();
    world.does("bob", &["verify", &id, "--save", &name])?;
    let identity = format!("{name}.identity");
    world.does("dave", &["verify", &good, "--identity", &identity])?;
    world.tell("dave", "checks an entry from a file: its bytes, its signature, its device");
    let bytes = flipped(&good, &bad)?;
    let said = world.fails("dave", &["verify", &bad, "--identity", &identity], 7)?;
    world.tell("dave", format!("one bit of its {bytes} bytes flipped, exit code 7: {said}"));

    let stick = world.path("bob.starling").to_string_lossy().into_owned();
    let altered = format!("{stick}.bad");
    world.does("bob", &["export", "feed", "--out", &stick])?;
    let bytes = flipped(&stick, &altered)?;
    let before = world.does("dave", &["store", "stats"])?;
    let said = world.fails("dave", &["import", "feed", &altered], 7)?;
    let after = world.does("dave", &["store", "stats"])?;
    ensure!(before["entries"] == after["entries"], "nothing should be stored: {before} became {after}");
    ensure!(before["authors"] == after["authors"], "nobody should become known: {before} became {after}");
    world.tell("dave", format!("one bit of a bundle of {bytes} flipped, nothing of it stored: {said}"));
    Ok(())
}

/// Copies a file with one bit changed, in the middle. Gives its size.
fn flipped(from: &str, to: &str) -> Result<usize> {
    let mut bytes = std::fs::read(from)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(to, &bytes)?;
    Ok(bytes.len())
}

pub fn fork(world: &mut World) -> Result<()> {
    let alice = world.author("alice")?;
    world.stop("laptop")?;
    copy(&world.home("laptop"), &world.home("thief"))?;
    world.meet("thief")?;
    let said = world.fails("thief", &["post", "buy my coins"], 8)?;
    ensure!(said.contains("copied"), "a copied home should say that it was copied, and says: {said}");
    world.tell("thief", "copies the laptop's home; the copy is noticed, and refuses to write");
    world.does("thief", &["restore", "--force"])?;
    let mine = world.posts("laptop", "it is really me", &[])?;
    world.posts("thief", "buy my coins", &[])?;
    world.tell("thief", "forced the guard: two entries are now signed for one place");
    world.start("laptop")?;
    world.holds("bob", &mine, "it is really me")?;
    world.stop("laptop")?;
    world.start("thief")?;

    let path = format!("/api/v1/accounts/{alice}");
    for who in ["bob", "carol"] {
        let look = |world: &World| Ok(world.look(who, &path)?["starling"]["forked"].clone());
        let forked = world.sees(format!("{who} knows of the fork"), look, |forked| *forked != json!([]))?;
        world.tell(who, format!("holds the proof, and froze that device from entry {} on", forked[0]["seq"]));
        let timeline = world.timeline(who)?;
        ensure!(
            timeline.iter().all(|(_, text)| text != "buy my coins"),
            "{who} should show neither: {timeline:?}"
        );
    }
    let id = world.posts("alice", "my laptop was stolen", &[])?;
    world.holds("bob", &id, "my laptop was stolen")?;
    world.tell("bob", "reads on: alice's other device is not affected");

    let device = text(&world.does("laptop", &["id", "show"])?, "device")?;
    world.does("alice", &["id", "devices", "remove", &device, "--yes"])?;
    world.tell("alice", "removes the laptop from her identity");
    for who in ["alice", "bob", "carol"] {
        let look = |world: &World| Ok(world.look(who, &path)?["starling"]["forked"].clone());
        world.sees(format!("{who} has nothing frozen any more"), look, |forked| *forked == json!([]))?;
    }
    let look = |world: &World| Ok(world.fails("thief", &["post", "are you sure?"], 8).unwrap_or_default());
    let said = world
        .sees("the thief's node knows that it was removed", look, |said| said.contains("does not speak"))?;
    world.tell("thief", format!("is told: {said}"));
    world.holds("bob", &world.remembered["laptop post"], "from the laptop")?;
    world.tell("bob", "still reads what the laptop wrote before");
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
