//! The command line: parse once at the door, one file a verb, an exit code by the kind of failure.

mod answer;
mod api;
mod backup;
mod bench;
mod client;
mod config;
mod demo;
mod doctor;
mod door;
mod failure;
mod feed;
mod files;
mod first;
mod follow;
mod id;
mod init;
mod invite;
mod layout;
mod look;
mod meta;
mod output;
mod peers;
mod poll;
mod post;
mod print;
mod profile;
mod read;
mod restore;
mod run;
mod search;
mod session;
mod sim;
mod status;
mod store;
mod tui;
mod verify;
mod welcome;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use starling::{
    config::{Color, Resolved},
    home::Places,
};

pub use failure::{Failure, Kind};
pub use output::Output;

/// A social network node without servers
#[derive(Debug, Parser)]
#[command(
    name = "starling",
    version,
    max_term_width = 100,
    propagate_version = true,
    after_help = "Without a command the terminal UI opens, as with `starling tui`; the first time, it begins.\n\
                  WHO is an author id (star1…), the beginning of one, or a display name. ID is an entry's \
                  id (bafyr4i…) or the beginning of one, as lists show it.\n\
                  Exit codes: 0 done, 1 failed, 2 usage, 3 settings, 4 no node runs, 5 not found, \
                  6 nobody reached, 7 verification failed, 8 refused by a rule, 129 the terminal went away, \
                  130 interrupted, 143 told to end."
)]
pub struct Cli {
    /// Keep everything in this folder
    #[arg(long, global = true, env = "STARLING_HOME", value_name = "DIR", hide_env_values = true)]
    home: Option<PathBuf>,
    /// Print objects for programs, one a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Run(run::Run),
    Status(status::Status),
    Tui(tui::Tui),
    Demo(demo::Demo),
    #[command(subcommand)]
    Id(id::Id),
    #[command(subcommand)]
    Profile(profile::Profile),
    Post(post::Post),
    Edit(post::Edit),
    Delete(post::Delete),
    Boost(post::Boost),
    Like(post::Like),
    Vote(poll::Vote),
    Show(read::Show),
    Thread(read::Thread),
    Verify(verify::Verify),
    Home(read::Home),
    Network(read::Network),
    Search(search::Search),
    Follow(follow::Follow),
    Unfollow(follow::Unfollow),
    Block(follow::Block),
    Unblock(follow::Unblock),
    Followers(follow::Followers),
    Following(follow::Following),
    #[command(subcommand)]
    Peers(peers::Peers),
    #[command(subcommand)]
    Invite(invite::Invite),
    #[command(subcommand)]
    Export(feed::Export),
    #[command(subcommand)]
    Import(feed::Import),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(subcommand)]
    Store(store::Store),
    #[command(subcommand)]
    Api(api::Api),
    #[command(subcommand)]
    Config(config::Config),
    Doctor(doctor::Doctor),
    Completions(meta::Completions),
    Man(meta::Man),
    Bench(bench::Bench),
    Sim(sim::Sim),
    Version(meta::Version),
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.quiet => ExitCode::SUCCESS,
        Err(failure) => {
            use std::io::Write;
            let mut stderr = std::io::stderr().lock();
            // Whoever closed stderr does not want to know.
            let _ = writeln!(stderr, "error: {}", failure.message);
            if let Some(hint) = failure.hint.as_deref().or(failure.kind.hint()) {
                let _ = writeln!(stderr, "hint: {hint}");
            }
            ExitCode::from(failure.kind as u8)
        }
    }
}

impl Cli {
    fn run(self) -> Result<(), Failure> {
        let places = Places::find(self.home)?;
        // Whether the settings are good is for those to say who need them.
        let color = Resolved::load(&places.config, &[]);
        let color = color.map_or(Color::Auto, |resolved| resolved.config.display.color);
        let context = session::Context { places, output: Output::new(self.json, color) };
        let context = &context;
        let Some(command) = self.command else { return front_door(context) };
        match command {
            Command::Init(command) => command.run(context),
            Command::Run(command) => command.run(context),
            Command::Status(command) => command.run(context),
            Command::Tui(command) => command.run(context),
            Command::Demo(command) => command.run(context),
            Command::Id(command) => command.run(context),
            Command::Profile(command) => command.run(context),
            Command::Post(command) => command.run(context),
            Command::Edit(command) => command.run(context),
            Command::Delete(command) => command.run(context),
            Command::Boost(command) => command.run(context),
            Command::Like(command) => command.run(context),
            Command::Vote(command) => command.run(context),
            Command::Show(command) => command.run(context),
            Command::Thread(command) => command.run(context),
            Command::Verify(command) => command.run(context),
            Command::Home(command) => command.run(context),
            Command::Network(command) => command.run(context),
            Command::Search(command) => command.run(context),
            Command::Follow(command) => command.run(context),
            Command::Unfollow(command) => command.run(context),
            Command::Block(command) => command.run(context),
            Command::Unblock(command) => command.run(context),
            Command::Followers(command) => command.run(context),
            Command::Following(command) => command.run(context),
            Command::Peers(command) => command.run(context),
            Command::Invite(command) => command.run(context),
            Command::Export(command) => command.run(context),
            Command::Import(command) => command.run(context),
            Command::Backup(command) => command.run(context),
            Command::Restore(command) => command.run(context),
            Command::Store(command) => command.run(context),
            Command::Api(command) => command.run(context),
            Command::Config(command) => command.run(context),
            Command::Doctor(command) => command.run(context),
            Command::Completions(command) => command.run(context),
            Command::Man(command) => command.run(context),
            Command::Bench(command) => command.run(context),
            Command::Sim(command) => command.run(context),
            Command::Version(command) => command.run(context),
        }
    }
}

/// No command: the terminal UI for a person, and for whoever cannot see it what the commands are.
fn front_door(context: &session::Context) -> Result<(), Failure> {
    use std::io::Write;
    if tui::possible() && !context.output.json {
        return tui::Tui::default().run(context);
    }
    // Said outright: clap takes STARLING_HOME for an argument that is there.
    let _ = write!(std::io::stderr(), "{}", Cli::command().render_help());
    std::process::exit(Kind::Usage as i32)
}

#[cfg(test)]
mod tests {

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
