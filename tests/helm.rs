//! Renders the chart `tests/helm/chart` through real helms: the cases below `tests/helm/cases`, each as `case.rs`
//! describes it.
//!
//! The chart is copied as `crew` into the directories of the input that have a file `.chart`, else into `charts`. A case
//! that `needs helm` runs once with each helm of the list `KFM_TEST_HELM` (paths with colons or commas between
//! them), else with those that `PATH` has as `helm`, `helm3` and `helm4`; where there is none it is skipped.
//! Programs `helm` and `{bin}/steersman` are that helm. What stands in `stdout`, or `stdout.4` for helm 4 alone, was
//! printed by kustomize with the same helm. Nothing is fetched.

#![allow(clippy::print_stderr, reason = "a test says why it is skipped")]

mod case;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let arguments = Arguments::from_args();
    let top = top().join("cases");
    let helms = helms();
    let mut trials = Vec::new();
    for directory in case::directories(&top) {
        let name = directory.strip_prefix(&top).unwrap_or(&directory).display().to_string();
        if !case::read_command(&directory).needs.iter().any(|p| p == "helm") {
            trials.push(trial(name, directory, None));
            continue;
        }
        for (path, version) in &helms {
            trials.push(trial(format!("{name} (helm {version})"), directory.clone(), Some((path, version))));
        }
        if helms.is_empty() {
            trials.push(trial(name, directory, None).with_ignored_flag(true));
        }
    }
    if helms.is_empty() {
        eprintln!("skipped where a helm is needed: none in `PATH`, nor in the list `KFM_TEST_HELM`");
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm")
}

fn trial(name: String, directory: PathBuf, helm: Option<(&PathBuf, &String)>) -> Trial {
    let setting = case::Setting {
        program: helm.map(|(path, _)| (path.clone(), ["helm", "steersman"].as_slice())),
        prepare: Some(place_chart),
        variant: helm.and_then(|(_, version)| Some(version.split('.').next()?.to_owned())),
    };
    Trial::test(name, move || case::run(&directory, &setting))
}

/// The helms to test with and their versions. One that is asked for but does not answer is listed, so that its cases
/// fail.
fn helms() -> Vec<(PathBuf, String)> {
    let asked = std::env::var("KFM_TEST_HELM").unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        asked.split([':', ',']).filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    if paths.is_empty() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        for name in ["helm", "helm3", "helm4"] {
            paths.extend(std::env::split_paths(&path).map(|p| p.join(name)).find(|p| p.is_file()));
        }
    }
    let version = |path: &PathBuf| {
        let output = Command::new(path).args(["version", "--template", "{{.Version}}"]).output();
        let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
        text.trim().trim_start_matches('v').to_owned()
    };
    let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
    paths
        .into_iter()
        .map(real)
        .map(|path| (version(&path), path))
        .map(|(version, path)| (path, version))
        .collect()
}

fn place_chart(root: &Path) -> std::io::Result<()> {
    let marked = |entry: walkdir::DirEntry| {
        (entry.file_name() == ".chart").then(|| entry.path().with_file_name("crew"))
    };
    let mut homes: Vec<PathBuf> =
        walkdir::WalkDir::new(root).into_iter().flatten().filter_map(marked).collect();
    if homes.is_empty() {
        homes.push(root.join("charts/crew"));
    }
    homes.iter().try_for_each(|home| case::copy(&top().join("chart"), home))
}
