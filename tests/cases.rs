//! Runs the cases below `tests/cases`: `tests/cases/TOPIC/NAME/`, each as `case.rs` describes it.

mod case;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;

fn main() {
    let arguments = Arguments::from_args();
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut trials = Vec::new();
    for directory in case::directories(&top).iter().flat_map(|topic| case::directories(topic)) {
        let name = directory.strip_prefix(&top).unwrap_or(&directory).display().to_string();
        let ignored = !case::read_command(&directory).needs.iter().all(|p| is_installed(p));
        let run = move || case::run(&directory, &case::Setting::default());
        trials.push(Trial::test(name, run).with_ignored_flag(ignored));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Whether `PATH` has a program.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
