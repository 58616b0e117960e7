//! The program: runs the command line on a thread whose stack is large enough for the deepest document.

use std::io::Write;
use std::process::ExitCode;

/// Two threads allocate without waiting for each other or growing their heaps page by page; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(unix)]
    kfm::interrupt::set_signal_handler(listen);
    let run = || kfm::cli::main(std::env::args_os().collect());
    match std::thread::Builder::new().stack_size(kfm::STACK).spawn(run) {
        Ok(thread) => ExitCode::from(thread.join().unwrap_or(1)),
        Err(e) => {
            let cause = kfm::diag::cause(&e);
            let _ = writeln!(std::io::stderr(), "Error: no thread can be started: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// Waits for the signals that ask the program to end, and lets it end by them when it has cleaned up.
#[cfg(unix)]
fn listen() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    // Where no thread can be had, a signal leaves after what there is.
    let _ = std::thread::Builder::new().spawn(move || {
        if let Some(signal) = signals.forever().next() {
            kfm::interrupt::clean_up();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}
