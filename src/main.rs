//! The `starling` program: the only place that knows everything.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
