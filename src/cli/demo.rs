//! `demo`: everything that two nodes can do together, shown and checked on one machine.
//!
//! Real processes of this very program, in homes of their own, over real sockets on loopback. Every
//! step says what happens and then looks whether it did: what is printed was seen, not assumed.

mod apart;
mod children;
mod hostile;
mod together;
mod world;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Failure, Output, session::Context};
use children::Children;
use world::World;

/// Show what nodes do together: three of them on this machine, without any network
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Keep the homes in this folder, which must be empty or new, to look around in them afterwards
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// A use case: its name, what it shows, and how.
struct Step {
    name: &'static str,
    title: &'static str,
    run: fn(&mut World) -> anyhow::Result<()>,
}

/// In this order: each builds on those before it.
const STEPS: [Step; 13] = [
    Step {
        name: "identities",
        title: "Three people begin, each with a node of their own",
        run: together::identities,
    },
    Step {
        name: "invites",
        title: "They find and follow each other by invite links",
        run: together::invites,
    },
    Step { name: "live", title: "Posts travel live", run: together::live },
    Step { name: "thread", title: "A reply is seen in its thread by a third", run: together::thread },
    Step { name: "reactions", title: "A like and a boost", run: together::reactions },
    Step { name: "edit", title: "An edit arrives, and the history stays", run: together::edit },
    Step { name: "delete", title: "A deletion erases everywhere", run: together::delete },
    Step {
        name: "partition",
        title: "A node is cut off; both sides write; it heals, newest first",
        run: apart::partition,
    },
    Step {
        name: "carried",
        title: "A feed is carried by a third while its author is gone",
        run: apart::carried,
    },
    Step {
        name: "devices",
        title: "A backup becomes a second device, and no log forks",
        run: apart::devices,
    },
    Step {
        name: "bundle",
        title: "A feed travels on a USB stick, between nodes that never met",
        run: apart::bundle,
    },
    Step { name: "tampering", title: "What was tampered with is found out", run: hostile::tampering },
    Step { name: "fork", title: "A stolen device is proven, frozen, and cut off", run: hostile::fork },
];

impl Demo {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let output = context.output;
        let children = Arc::new(Children::new(self.keep)?);
        children.end_when_interrupted()?;
        if !output.json {
            output.line(format!(
                "{} {}",
                output.bold("Starling demo"),
                output.dim(env!("CARGO_PKG_VERSION"))
            ))?;
            output.line("Real nodes on this machine, over loopback only. Every line below was checked.")?;
        }
        let begun = Instant::now();
        let mut world = World::new(children.clone(), output).map_err(Failure::failed)?;
        for (number, step) in (1..).zip(&STEPS) {
            heading(&output, number, step)?;
            let started = Instant::now();
            let result = (step.run)(&mut world);
            children.not_interrupted();
            let seen = world.seen();
            report(&output, number, step, &result, &seen, started.elapsed())?;
            if let Err(error) = result {
                drop(world);
                let kept = children.end(true);
                return Err(Failure::failed(format!(
                    "step {number} of {}, {}, failed: {}",
                    STEPS.len(),
                    step.name,
                    one_line(&error),
                ))
                .hint(format!("the homes and logs are kept in {}", kept.display())));
            }
        }
        drop(world);
        let kept = children.kept();
        children.end(kept);
        summary(&output, &children, begun.elapsed())
    }
}

fn heading(output: &Output, number: usize, step: &Step) -> Result<(), Failure> {
    if output.json {
        return Ok(());
    }
    output.line("")?;
    output.line(output.bold(format!("{number:>2}. {}", step.title)))
}

fn report(
    output: &Output,
    number: usize,
    step: &Step,
    result: &anyhow::Result<()>,
    seen: &[String],
    took: Duration,
) -> Result<(), Failure> {
    if output.json {
        let mut object = json!({
            "event": "step", "number": number, "name": step.name, "title": step.title,
            "ok": result.is_ok(), "seconds": took.as_secs_f64(), "seen": seen,
        });
        if let Err(error) = result {
            object["error"] = json!(one_line(error));
        }
        return output.object(&object);
    }
    let verdict = if result.is_ok() { "ok".to_owned() } else { output.warn("failed") };
    let took = output.dim(format!("{:.1} s", took.as_secs_f64()));
    output.line(format!("    {verdict}  {}  {took}", step.name))
}

fn summary(output: &Output, children: &Children, took: Duration) -> Result<(), Failure> {
    let count = STEPS.len();
    let seconds = took.as_secs_f64();
    if output.json {
        return output.object(&json!({
            "event": "summary", "passed": count, "of": count, "seconds": seconds,
            "kept": children.kept().then(|| children.folder()),
        }));
    }
    output.line("")?;
    if children.kept() {
        output.line(format!("The homes are in {}; --home opens one.", children.folder().display()))?;
    }
    output.line(output.bold(format!("{count} of {count} steps passed in {seconds:.1} s")))
}

fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
