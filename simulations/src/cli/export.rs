//! `export`: a world for engines that run the real program.

use std::path::{Path, PathBuf};

use starling_simulations::{
    export::{self, Exported, netns, shadow},
    plan::Plan,
};

use super::{
    Failure, Output,
    world::{Setting, World},
};

/// Write a world for engines that run the real program
#[derive(Debug, clap::Subcommand)]
pub enum Export {
    /// A script that builds it out of Linux network namespaces, with real sockets in real time
    Netns(To),
    /// A configuration for the Shadow simulator, with a graph and a home for every node, in virtual time
    Shadow(Shadow),
}

/// A configuration for the Shadow simulator, with a graph and a home for every node, in virtual time
#[derive(Debug, clap::Args)]
pub struct Shadow {
    #[command(flatten)]
    to: To,
    /// The program that Shadow is to run
    #[arg(long, value_name = "PATH")]
    starling: PathBuf,
}

/// Which world, and where to.
#[derive(Debug, clap::Args)]
pub struct To {
    #[command(flatten)]
    world: World,
    /// Another value for a setting of the scenario
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// Folder for what is written
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Export {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Netns(to) => to.run(output, netns::export),
            Self::Shadow(Shadow { to, starling }) => {
                to.run(output, |plan, into| shadow::export(plan, into, &starling))
            }
        }
    }
}

impl To {
    fn run(
        self,
        output: Output,
        export: impl FnOnce(&Plan, &Path) -> Result<Exported, export::Error>,
    ) -> Result<(), Failure> {
        let drawn = self.world.draw(&self.set)?;
        let Exported { files, start, losses } = &export(&drawn.plan, &self.out).map_err(Failure::failed)?;
        if output.json {
            return output.object(&serde_json::json!({ "files": files, "start": start, "losses": losses }));
        }
        for file in files {
            output.line(file.display())?;
        }
        for loss in losses {
            output.talk(format!("not as planned: {loss}"));
        }
        output.talk(format!("start it with: {start}"));
        Ok(())
    }
}
