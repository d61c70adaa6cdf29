//! `completions`, `man` and `version`: about the program itself.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use super::{Cli, Failure, session::Context};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

/// Print the manual page, or write one for every command
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Write a page for every command into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Show the version
#[derive(Debug, clap::Args)]
pub struct Version {}

impl Completions {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        // Into memory first: the generator takes a broken pipe for a reason to panic.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "starling", &mut script);
        context.output.bytes(&script)
    }
}

impl Man {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut command = Cli::command();
        command.build();
        let Some(folder) = self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            return context.output.bytes(&page);
        };
        std::fs::create_dir_all(&folder)?;
        clap_mangen::generate_to(command, &folder)?;
        context
            .output
            .either(&json!({ "folder": folder }), format!("wrote the pages to {}", folder.display()))
    }
}

impl Version {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let version = env!("CARGO_PKG_VERSION");
        let protocol = starling_protocol::limits::VERSION;
        context.output.either(
            &json!({ "version": version, "protocol": protocol }),
            format!("starling {version}, protocol {protocol}"),
        )
    }
}
