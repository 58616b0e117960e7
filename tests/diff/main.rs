//! `diff`, `affected` and `build --all` as programs: properties over random objects, scratch repositories, recipes for CI.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod dangers;
mod git;
mod live;
mod properties;
mod recipes;
mod rendered;

use std::path::Path;
use std::process::{Command, Output};

/// Runs kfm in a directory.
fn kfm(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kfm"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", directory)
        .output()
        .expect("kfm runs")
}

/// Runs kfm, and gives exit code, standard output and standard error.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = kfm(directory, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Runs git in a directory, with nothing of the machine's configuration.
fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "t")
        .env("GIT_AUTHOR_EMAIL", "t@example.com")
        .env("GIT_COMMITTER_NAME", "t")
        .env("GIT_COMMITTER_EMAIL", "t@example.com")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Writes a file, and the directories above it.
fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::write(path, text).expect("a file");
}

/// A component that labels everything.
const COMPONENT: &str =
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {a: b}}]\n";

/// A ConfigMap.
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n";

/// Writes files.
fn write_all(directory: &Path, files: &[(&str, &str)]) {
    files.iter().for_each(|(path, text)| write(directory, path, text));
}

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_printed_is_trouble_and_no_difference() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    write(directory.path(), "b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
    let full = std::fs::File::create("/dev/full").expect("the device");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kfm"));
    let command = command.args(["diff", "a.yaml", "b.yaml"]).current_dir(directory.path()).stdout(full);
    assert_eq!(command.output().expect("kfm runs").status.code(), Some(2));
}
