//! A home and an engine to be measured, with nothing around them.

use std::path::Path;

use rayon::prelude::*;
use starling_protocol::keys::Phrase;

use super::{Error, feeds::Feed};
use crate::{
    clock,
    config::Config,
    engine::{
        Command, Engine, Input, Output, Policy, Refusal, Reply, Request, Setup, checked, command::ImportItem,
    },
    home::{Home, Places},
    store::Store,
};

/// Entries that are committed together: what comes in during one commit, at twenty thousand a second.
const BATCH: usize = 4_096;

/// A home for a new author. `number` keeps several apart.
pub fn home(dir: &Path, number: u8) -> Result<Home, Error> {
    let phrase = Phrase::from_entropy([number; 32]);
    Ok(Home::create(Places::within(dir.join(format!("home-{number}"))), &phrase)?)
}

/// The engine of a home, as the runtime sets it up.
pub fn engine(home: &Home) -> Result<Engine, Error> {
    let keys = home.keys()?;
    let cache = Config::default().store.cache_bytes as usize;
    let setup = Setup {
        author: home.author()?,
        peer: keys.keypair().public().to_peer_id(),
        identity: home.identity()?,
        device: keys.device.clone(),
        root: keys.root.clone(),
        entropy: Box::new(|bytes| bytes.fill(7)),
        guard: None,
        bootstrap: Vec::new(),
        policy: Policy::default(),
    };
    let store = Store::open(&home.store_path(), cache)?;
    // Now that the store exists, the home is where it was.
    home.settle()?;
    Ok(Engine::new(store, setup, clock::now())?.0)
}

/// Has the engine do something.
pub fn command(engine: &mut Engine, command: Command) -> Result<Reply, Error> {
    let outputs = engine.handle(clock::now(), Input::Command(Request(0), command));
    let reply = outputs.into_iter().find_map(|output| match output {
        Output::Reply(_, result) => Some(result),
        _ => None,
    });
    Ok(reply.ok_or_else(|| Refusal::Storage("no answer came".into()))??)
}

/// Follows all of the feeds and learns of their identities.
pub fn follow(engine: &mut Engine, feeds: &[Feed]) -> Result<(), Error> {
    let follow = |feed: &Feed| Command::Follow { author: feed.author, addresses: Vec::new() };
    let inputs = feeds.iter().map(|feed| Input::Command(Request(0), follow(feed))).collect();
    for output in engine.handle_all(clock::now(), inputs) {
        if let Output::Reply(_, result) = output {
            result?;
        }
    }
    let items = feeds.iter().map(|feed| ImportItem::Identity(feed.record.clone())).collect();
    command(engine, Command::Import(items))?;
    Ok(())
}

/// Takes entries in, from bytes to committed and indexed: signatures are checked on all cores while
/// the engine stores what was checked before.
pub fn ingest(engine: &mut Engine, entries: &[Vec<u8>]) -> Result<(), Error> {
    std::thread::scope(|scope| {
        let (checked, arriving) = std::sync::mpsc::sync_channel(2);
        scope.spawn(move || {
            for batch in entries.chunks(BATCH) {
                let items: Vec<Option<ImportItem>> = batch
                    .par_iter()
                    .map(|bytes| checked::check_entry(bytes).ok().map(ImportItem::Entry))
                    .collect();
                if checked.send(items).is_err() {
                    return;
                }
            }
        });
        for items in arriving {
            let wanted = items.len() as u64;
            let items = items.into_iter().flatten().collect();
            match command(engine, Command::Import(items))? {
                Reply::Imported { new, .. } if new == wanted => {}
                reply => return Err(Error::Void(format!("not all entries were new: {reply:?}"))),
            }
        }
        Ok(())
    })
}
