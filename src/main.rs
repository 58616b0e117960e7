//! The program: the command line, and the signals that end it.

use std::process::ExitCode;

/// Two threads allocate without waiting for each other or growing their heaps page by page; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Returns whether the program was started with its standard output closed (`>&-`). That has to be found out before
/// `main`: the standard library opens `/dev/null` in its place, where the result would be lost with exit code 0.
#[cfg(unix)]
#[ctor::ctor(unsafe)]
static STDOUT_IS_CLOSED: bool = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();

fn main() -> ExitCode {
    #[cfg(unix)]
    {
        kfm::internals::set_signal_handler(listen);
        if *STDOUT_IS_CLOSED {
            kfm::internals::note_closed_stdout();
        }
    }
    ExitCode::from(kfm::internals::main(std::env::args_os().collect()))
}

/// Waits for the signals that ask the program to end, and lets it end by them when it has cleaned up.
#[cfg(unix)]
fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
    // Where a file may not become so large, writing it fails; nothing else listens to what is set here.
    let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
    let ignored = ignored_signals();
    let heard =
        [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let Ok(mut signals) = signal_hook::iterator::Signals::new(heard) else { return };
    // Where no thread can be had, a signal leaves behind what there is.
    let _ = std::thread::Builder::new().spawn(move || {
        if let Some(signal) = signals.forever().next() {
            kfm::internals::clean_up();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

/// The signals that whoever started the program wants to be ignored, as `nohup` does: a bit for each. Where that cannot
/// be found out, none.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
