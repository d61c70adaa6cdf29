//! `export`: a world for engines that run the real program.

use std::path::PathBuf;

use serde_json::json;
use starling_simulations::export::{Error, Exported, netns, shadow};

use super::{
    Failure, Output,
    world::{Setting, World},
};

/// Write a world for an engine that runs the real program
#[derive(Debug, clap::Subcommand)]
pub enum Export {
    /// A script for network namespaces of Linux with `tc netem`: real sockets, real time
    Netns(Netns),
    /// A configuration and a graph for the Shadow simulator: virtual time
    Shadow(Shadow),
}

/// A script for network namespaces of Linux with `tc netem`: real sockets, real time
#[derive(Debug, clap::Args)]
pub struct Netns {
    #[command(flatten)]
    world: World,
    #[command(flatten)]
    place: Place,
}

/// A configuration and a graph for the Shadow simulator: virtual time
#[derive(Debug, clap::Args)]
pub struct Shadow {
    #[command(flatten)]
    world: World,
    #[command(flatten)]
    place: Place,
    /// The program that Shadow is to run
    #[arg(long, value_name = "PATH")]
    starling: PathBuf,
}

/// What both need.
#[derive(Debug, clap::Args)]
struct Place {
    /// Change a setting of the scenario; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<Setting>,
    /// Where to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Export {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let exported = match self {
            Self::Netns(Netns { world, place }) => {
                netns::export(&world.draw(&place.settings)?.plan, &place.out)
            }
            Self::Shadow(Shadow { world, place, starling }) => {
                shadow::export(&world.draw(&place.settings)?.plan, &place.out, &starling)
            }
        };
        let Exported { files, start, losses } = exported.map_err(|error| match error {
            Error::TooMany { .. } => Failure::usage(error).hint("--nodes takes fewer"),
            error => Failure::failed(error),
        })?;
        for loss in &losses {
            output.talk(format!("warning: not as planned: {loss}"));
        }
        let object = json!({ "files": files, "start": start, "losses": losses });
        output.either(&object, start)
    }
}
