//! The simulator's own program. `starling sim` hands over to it.

mod cli;

use std::process::ExitCode;

/// Small pieces of memory come and go millions of times a second, all on one thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
