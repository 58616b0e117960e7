//! The program: runs the command line on a thread whose stack is large enough for the deepest document.

use std::process::ExitCode;

/// Documents may be 10,000 levels deep; the memory is only touched where it is needed.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let run = || kfm::cli::main(std::env::args_os().collect());
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    ExitCode::from(thread.ok().and_then(|t| t.join().ok()).unwrap_or(1))
}
