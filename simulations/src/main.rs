//! The simulator's own program. `starling sim` hands over to it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
