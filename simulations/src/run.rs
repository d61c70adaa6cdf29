//! One world from its plan to its figures: the cast is made, a layer carries its bytes, and what was recorded becomes
//! a run that can be written down.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;

#[cfg(target_os = "linux")]
use crate::real;
use crate::{
    cast::{Agreement, Cast},
    control::{Control, Ended, Layer},
    metrics::{Agreement as Agreed, Metrics, Run},
    model,
    plan::Plan,
};

/// Bytes of pages that all stores of a modelled world keep at hand. In the real layer connections take the memory, and the
/// time as well.
pub const PAGES: usize = 1 << 30;

/// What connections of the real layer are secured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Crypto {
    /// As the node does it.
    #[default]
    Noise,
    /// Not at all, for large worlds.
    Plaintext,
}

/// What a run came to.
pub struct Outcome {
    /// What was run.
    pub plan: Arc<Plan>,
    /// By which layer.
    pub layer: Layer,
    /// How it ended.
    pub ended: Ended,
    /// The trace of it, in hexadecimal; none if none was kept.
    pub trace_hash: Option<String>,
    /// Its figures.
    pub metrics: Metrics,
    /// How far followers agree at the end.
    pub agreement: Agreement,
    /// Time that it took.
    pub wall: Duration,
}

/// Lives through a plan.
///
/// # Errors
/// If the simulator fails, or the layer is not available here. What fails within the world is a figure of it.
pub fn run(plan: Arc<Plan>, layer: Layer, crypto: Crypto, control: &mut Control) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let mut cast = Cast::new(plan.clone(), control)?;
    let (cast, ended) = match layer {
        Layer::Model => {
            cast.keep_pages(PAGES);
            let ended = model::run(&mut cast, control)?;
            (cast, ended)
        }
        Layer::Real => really(cast, crypto, control)?,
    };
    let wall = began.elapsed();
    let mut finish = cast.finish(ended).context("the stores cannot be read at the end")?;
    finish.record.storage(&finish.storage);
    let mut metrics = finish.record.finish(ended, wall);
    let (trace_hash, agreement) = (finish.trace_hash, finish.agreement);
    metrics.agreement = Some(Agreed {
        pairs: agreement.pairs,
        agreeing: agreement.agreeing,
        ratio: (agreement.pairs > 0).then(|| agreement.agreeing as f64 / agreement.pairs as f64),
    });
    Ok(Outcome { plan, layer, ended, trace_hash, metrics, agreement, wall })
}

#[cfg(target_os = "linux")]
fn really(cast: Cast, crypto: Crypto, control: &mut Control) -> anyhow::Result<(Cast, Ended)> {
    let crypto = match crypto {
        Crypto::Noise => real::Crypto::Noise,
        Crypto::Plaintext => real::Crypto::Plaintext,
    };
    let real::Outcome { cast, ended, .. } = real::run(cast, control, crypto)?;
    Ok((cast, ended))
}

#[cfg(not(target_os = "linux"))]
fn really(_cast: Cast, _crypto: Crypto, _control: &mut Control) -> anyhow::Result<(Cast, Ended)> {
    anyhow::bail!(
        "the real layer runs on Linux only: elsewhere clock and randomness cannot be taken over; use --layer model"
    )
}

impl Outcome {
    /// The run as it is written down. `command` is what repeats it.
    pub fn run(self, command: String) -> Run {
        Run::new(&self.plan, self.layer, self.trace_hash, command, self.metrics)
    }
}
