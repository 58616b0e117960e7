//! The program: runs the command line on a thread whose stack is large enough for the deepest document.

use std::process::ExitCode;

/// Two threads allocate without waiting for each other or growing their heaps page by page; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let run = || kfm::cli::main(std::env::args_os().collect());
    let thread = std::thread::Builder::new().stack_size(kfm::STACK).spawn(run);
    ExitCode::from(thread.ok().and_then(|t| t.join().ok()).unwrap_or(1))
}
