//! Between network and engine: signatures are checked on all cores, in order, off both their tasks.

use rayon::prelude::*;
use tokio::sync::mpsc;

use crate::{
    engine::{Input, checked},
    network::Event,
};

/// Events checked at once. Sync frames hold up to 256 entries each, which is work enough.
const AT_ONCE: usize = 64;

/// Starts the thread. It ends when the network does.
pub(super) fn spawn(
    mut arriving: mpsc::Receiver<Event>,
    checked: mpsc::Sender<Vec<Input>>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("verifier".into()).spawn(move || {
        let mut events = Vec::with_capacity(AT_ONCE);
        while arriving.blocking_recv_many(&mut events, AT_ONCE) > 0 {
            let inputs: Vec<Input> = events
                .par_drain(..)
                .map(|event| {
                    let found = checked::check(&event);
                    Input::Network(event, found)
                })
                .collect();
            if checked.blocking_send(inputs).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
