//! `sim`: hands over to the simulator, a program of its own beside this one.
//!
//! It overrides the clock and the randomness of its own process to live through the same world twice. The node
//! that people run must hold no such switch, so the two are never one executable.

use std::{
    env::{self, consts::EXE_SUFFIX},
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Failure, Kind, session::Context};

/// Simulate a network of nodes: run worlds, draw and compare them, sweep, shrink (`starling sim --help`)
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Sim {
    /// What the simulator is told; `starling sim --help` lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

impl Sim {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut arguments = self.arguments;
        if context.output.json {
            // It was said before `sim`, where this program reads it.
            arguments.push("--json".into());
        }
        hand_over(arguments)
    }
}

/// Becomes the simulator. Only comes back if that fails, or where a process cannot become another.
pub fn hand_over(arguments: Vec<OsString>) -> Result<(), Failure> {
    let here = env::current_exe()?;
    let there = here.with_file_name(format!("starling-sim{EXE_SUFFIX}"));
    build(&here)?;
    if !there.is_file() {
        let missing = format!("the simulator, {}, is not there", there.display());
        return Err(Failure::failed(missing)
            .hint("`cargo build --release` in the sources makes it, beside `starling`"));
    }
    become_it(Command::new(&there).args(arguments), &there)
}

/// Under `cargo run`, which builds one program only, builds the other with the same profile.
fn build(here: &Path) -> Result<(), Failure> {
    let (Some(cargo), Some(sources)) = (env::var_os("CARGO"), env::var_os("CARGO_MANIFEST_DIR")) else {
        return Ok(());
    };
    let sources = PathBuf::from(sources);
    // A folder for each profile in that of the target; the profile `dev` has another name there.
    let folders = here.parent().and_then(|folder| Some((folder.file_name()?.to_str()?, folder.parent()?)));
    let Some((profile, target)) = folders.filter(|_| sources.join("simulations/Cargo.toml").is_file()) else {
        return Ok(());
    };
    let profile = if profile == "debug" { "dev" } else { profile };
    let built = Command::new(cargo)
        .current_dir(&sources)
        .args(["build", "--quiet", "--package", "starling-simulations", "--profile", profile, "--target-dir"])
        .arg(target)
        .status()?;
    if built.success() {
        Ok(())
    } else {
        Err(Failure::failed("the simulator could not be built").hint("cargo says above why"))
    }
}

#[cfg(unix)]
fn become_it(command: &mut Command, there: &Path) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::new(Kind::Failed, format!("{}: {error}", there.display())))
}

#[cfg(not(unix))]
fn become_it(command: &mut Command, there: &Path) -> Result<(), Failure> {
    let status = command.status();
    let status =
        status.map_err(|error| Failure::new(Kind::Failed, format!("{}: {error}", there.display())))?;
    std::process::exit(status.code().unwrap_or(Kind::Failed as i32))
}
