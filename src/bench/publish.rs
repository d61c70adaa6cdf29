//! From publishing a post to a follower's timeline: two nodes, two homes, sockets on loopback, both
//! ends on disk.

use std::time::{Duration, Instant};

use starling_protocol::payload::Content;
use tokio::sync::broadcast::error::RecvError;

use super::{
    Error, Measure, Options, Watch,
    measure::percentile,
    rig,
    scratch::Scratch,
    start::{node, threads},
};
use crate::{
    engine::{Command, Event, Reply},
    runtime::Node,
    view::Page,
};

/// Posts that are sent.
const POSTS: usize = 200;
/// Between one and the next: people do not post faster, and queues would be measured instead.
const PAUSE: Duration = Duration::from_millis(20);
/// A post that is not there by then was lost.
const LOST: Duration = Duration::from_secs(30);

pub fn run(options: &Options, watch: &mut dyn Watch) -> Result<(), Error> {
    watch.doing("publishing to a follower");
    let scratch = Scratch::new(options, "publish")?;
    let (alice, bob) = (rig::home(scratch.path(), 4)?, rig::home(scratch.path(), 5)?);
    let mut times = threads()?.block_on(async {
        let (alice, bob) = (node(alice.path()).await?, node(bob.path()).await?);
        let times = deliver(&alice, &bob).await;
        alice.shutdown().await;
        bob.shutdown().await;
        times
    })?;
    let note = format!("{POSTS} posts, two nodes on loopback, on disk at both ends");
    for (name, part, most) in [("publish, p50", 0.5, 25.0), ("publish, p95", 0.95, 100.0)] {
        watch.measured(&Measure::most(name, percentile(&mut times, part), "ms", most).noting(note.clone()));
    }
    Ok(())
}

async fn deliver(alice: &Node, bob: &Node) -> Result<Vec<f64>, Error> {
    alice.wait_for(|status| !status.listen.is_empty()).await;
    let mut news = bob.events();
    bob.command(Command::follow(alice.author(), alice.listen())).await?;
    // The first one waits for the connection and is not counted.
    let mut times = Vec::new();
    for turn in 0..=POSTS {
        let content = Content { text: format!("Murmuration number {turn}."), ..Content::default() };
        let wish = Command::Publish { content: Box::new(content), in_reply_to: None, idempotency: None };
        let since = Instant::now();
        let Reply::Published { id: wanted, .. } = alice.command(wish).await? else {
            return Err(Error::Void("publishing gave something else".into()));
        };
        let here = async {
            loop {
                match news.recv().await {
                    Ok(Event::Stored { id, home: true, .. }) if id == wanted => return true,
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return false,
                }
            }
        };
        if tokio::time::timeout(LOST, here).await != Ok(true) {
            return Err(Error::Void(format!("post {turn} did not arrive")));
        }
        let newest = bob.read()?.home(&Page { limit: 1, ..Page::default() })?;
        if newest.first().map(|post| post.id) != Some(wanted) {
            return Err(Error::Void(format!("post {turn} is not on the timeline")));
        }
        if turn > 0 {
            times.push(since.elapsed().as_secs_f64() * 1e3);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}
