//! The simulator's command line: parse once at the door, one file a verb, an exit code by the kind of failure.

mod bench;
mod draw;
mod export;
mod failure;
mod jobs;
mod look;
mod output;
mod progress;
mod replay;
mod run;
mod shrink;
mod signals;
mod sweep;
mod world;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

pub use failure::{Failure, Kind};
pub use output::Output;

/// Simulate networks of nodes: the node's own code in a world with a seed, under virtual time
#[derive(Debug, Parser)]
#[command(
    name = "starling sim",
    bin_name = "starling sim",
    version,
    max_term_width = 100,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "From nothing to a plot: `starling sim run village --out DIR --report`.\n\
                  Exit codes: 0 done, 1 failed or an invariant does not hold, 2 usage or scenario, \
                  8 refused by a rule, 130 interrupted."
)]
pub struct Cli {
    /// Print objects for programs, one a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    List(look::List),
    Show(look::Show),
    Schema(look::Schema),
    Report(draw::Report),
    Compare(draw::Compare),
    Sweep(sweep::Sweep),
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    Shrink(shrink::Shrink),
    #[command(subcommand)]
    Export(export::Export),
    Replay(replay::Replay),
    Bench(bench::Bench),
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    let done = match cli.command {
        Command::Run(command) => command.run(output),
        Command::List(command) => command.run(output),
        Command::Show(command) => command.run(output),
        Command::Schema(command) => command.run(output),
        Command::Report(command) => command.run(output),
        Command::Compare(command) => command.run(output),
        Command::Sweep(command) => command.run(output),
        Command::Jobs(command) => command.run(output),
        Command::Shrink(command) => command.run(output),
        Command::Export(command) => command.run(output),
        Command::Replay(command) => command.run(output),
        Command::Bench(command) => command.run(output),
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    if failure.quiet {
        return ExitCode::SUCCESS;
    }
    let mut stderr = std::io::stderr().lock();
    // Whoever closed stderr does not want to know.
    if let Some(message) = &failure.message {
        let _ = writeln!(stderr, "error: {message}");
    }
    if let Some(hint) = &failure.hint {
        let _ = writeln!(stderr, "hint: {hint}");
    }
    ExitCode::from(failure.kind as u8)
}

/// Words of a command as a shell reads them back.
pub fn quoted(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed_and_explained() {
        fn explained(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} is not explained", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(explained);
        }
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        explained(&command);
    }
}
