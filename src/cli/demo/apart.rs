//! What nodes do for each other although they are not there at the same time.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::world::{World, short, text};

/// Posts that are missed: several times what is asked for before any backfill.
const MISSED: usize = 120;

pub fn partition(world: &mut World) -> Result<()> {
    world.stop("carol")?;
    world.tell("carol", "is cut off");
    let mut missed = Vec::with_capacity(MISSED);
    for number in 1..=MISSED {
        let body = json!({ "status": format!("news {number}") });
        missed.push(text(&world.ask("alice", "/api/v1/statuses", &body)?, "id")?);
    }
    world.tell("alice", format!("posts {MISSED} times, which carol misses"));
    let words = "written where nobody could hear it";
    let offline = world.posts("carol", words, &[])?;
    world.start("carol")?;
    world.tell("carol", "is back");

    let alice = world.author("alice")?;
    let newest = format!("news {MISSED}");
    let look = |world: &World| {
        let mut timeline = world.timeline("carol")?;
        timeline.retain(|(author, text)| *author == alice && text.starts_with("news "));
        Ok(timeline)
    };
    let first = world.sees("carol hears of the news", look, |timeline| !timeline.is_empty())?;
    ensure!(first[0].1 == newest, "carol should see the newest post first, and sees {first:?}");
    for (number, id) in (1..).zip(&missed) {
        world.holds("carol", id, &format!("news {number}"))?;
    }
    let arrived =
        |id: &str| text(&world.look("carol", &format!("/api/starling/v1/entries/{id}"))?, "received_at");
    let (last, oldest) = (arrived(&missed[MISSED - 1])?, arrived(&missed[0])?);
    ensure!(last <= oldest, "the newest post came at {last}, after the oldest, which came at {oldest}");
    world.tell("carol", format!("has all {MISSED}; the newest were there first"));
    for who in ["alice", "bob"] {
        world.holds(who, &offline, words)?;
        world.tell(who, "reads what carol wrote meanwhile");
    }
    Ok(())
}

pub fn carried(world: &mut World) -> Result<()> {
    let words = "I leave this with bob";
    world.stop("carol")?;
    let id = world.posts("alice", words, &[])?;
    world.holds("bob", &id, words)?;
    world.stop("alice")?;
    world.tell("alice", "is gone");
    world.start("carol")?;
    world.holds("carol", &id, words)?;
    let entry = world.look("carol", &format!("/api/starling/v1/entries/{id}"))?;
    ensure!(entry["from"] == world.peer("bob")?.as_str(), "it should have come from bob's node: {entry}");
    let verified = world.does("carol", &["verify", &id])?;
    ensure!(verified["verified"] == true, "it should verify: {verified}");
    world.tell("carol", "has it from bob's node, and checked that alice signed it");
    world.start("alice")
}

pub fn devices(world: &mut World) -> Result<()> {
    let passphrase = world.path("alice.passphrase");
    std::fs::write(&passphrase, "correct horse battery staple\n")?;
    let (passphrase, file) = (passphrase.to_string_lossy().into_owned(), world.path("alice.backup"));
    let file = file.to_string_lossy().into_owned();
    let backup = world.does("alice", &["backup", &file, "--passphrase-file", &passphrase])?;
    world.tell("alice", format!("writes a backup of {} entries", backup["entries"]));
    let bob = world.listen("bob")?;
    world.does("laptop", &["restore", &file, "--passphrase-file", &passphrase, "--from", &bob])?;
    world.meet("laptop")?;
    ensure!(world.author("laptop")? == world.author("alice")?, "the laptop should be alice's");
    world.fails("laptop", &["post", "too early"], 8)?;
    world.tell("laptop", "is alice's too; it may not write before it has asked the network");
    world.start("laptop")?;
    let look = |world: &World| world.look("laptop", "/api/starling/v1/status");
    world.sees("the laptop may write", look, |status| status["guarded"] == false)?;

    let here = world.posts("alice", "from the desk", &[])?;
    let there = world.posts("laptop", "from the laptop", &[])?;
    let mut signers = Vec::new();
    for (id, words) in [(&here, "from the desk"), (&there, "from the laptop")] {
        let status = world.holds("bob", id, words)?;
        ensure!(
            status["account"]["id"] == world.author("alice")?.as_str(),
            "both should be alice's: {status}"
        );
        signers.push(text(&status["starling"], "device")?);
    }
    ensure!(signers[0] != signers[1], "two devices should sign with two keys");
    world.holds("laptop", &here, "from the desk")?;
    world.holds("alice", &there, "from the laptop")?;
    let account = world.look("bob", &format!("/api/v1/accounts/{}", world.author("alice")?))?;
    ensure!(account["starling"]["forked"] == json!([]), "no log should fork: {account}");
    world.tell("bob", "reads both in one feed, signed by two devices; no log forked");
    world.remembered.insert("laptop post", there);
    Ok(())
}

pub fn bundle(world: &mut World) -> Result<()> {
    let stick = world.path("stick.starling");
    let stick = stick.to_string_lossy().into_owned();
    let alice = world.author("alice")?;
    let written = world.does("bob", &["export", "feed", &alice, "--out", &stick])?;
    world.tell("bob", format!("puts {} entries of alice's on a stick", written["entries"]));
    let phrase = world.path("dave.phrase");
    world
        .does("dave", &["init", "--name", "dave", "--no-input", "--phrase-out", &phrase.to_string_lossy()])?;
    world.meet("dave")?;
    world.does("dave", &["follow", &alice])?;
    let answer = world.does("dave", &["import", "feed", &stick])?;
    ensure!(
        answer["refused"] == 0 && answer["new"] == written["entries"],
        "dave should take in all: {answer}"
    );
    let home = world.lists("dave", &["home", "--limit", "200"])?;
    let found = |words: &str| {
        home.iter().any(|post: &Value| post["text"] == words && post["author"] == alice.as_str())
    };
    ensure!(
        found("from the laptop") && found("news 1"),
        "dave should read alice's posts: {} seen",
        home.len()
    );
    let again = world.does("dave", &["import", "feed", &stick])?;
    ensure!(
        again["new"] == 0 && again["known"] == written["entries"],
        "a second time should bring nothing: {again}"
    );
    let alice = short(&alice).to_owned();
    world.tell("dave", format!("has no network at all, and reads {} posts of {alice}…", home.len()));
    Ok(())
}
