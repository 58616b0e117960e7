//! The number of threads is no part of the result: texts, errors and exit codes are the same with any.

#![allow(clippy::expect_used, reason = "a test may fail so")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn build(directory: &Path, threads: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kfm"));
    command
        .arg("build")
        .arg(directory)
        .arg(format!("--threads={threads}"))
        .output()
        .expect("kfm can be started")
}

/// Enough files of enough bytes for work to be divided: hand-written ones, and ones that are printed as they stand.
fn write(directory: &Path) {
    let mut resources = String::from("namePrefix: p-\nresources:\n");
    for file in 0..40 {
        let mut text = String::new();
        for i in 0..20 {
            let lines = "    a line of some length, as it stands in files\n".repeat(10);
            let _ = match file % 2 {
                0 => write!(
                    text,
                    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{file}-{i}}}\ndata:\n  text: |\n{lines}"
                ),
                _ => write!(
                    text,
                    "---\napiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: t-{file}-{i}\nspec:\n  text: |\n{lines}"
                ),
            };
        }
        fs::write(directory.join(format!("r{file}.yaml")), text).expect("a file is written");
        let _ = writeln!(resources, "- r{file}.yaml");
    }
    fs::write(directory.join("kustomization.yaml"), resources).expect("a file is written");
}

#[test]
fn any_number_of_threads_prints_the_same() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    write(directory.path());
    let one = build(directory.path(), "1");
    assert!(one.status.success() && one.stdout.len() > 400_000, "{}", String::from_utf8_lossy(&one.stderr));
    for threads in ["2", "3", "8", "0"] {
        let more = build(directory.path(), threads);
        assert!(more.stdout == one.stdout && more.stderr == one.stderr, "{threads} threads");
    }
}

#[test]
fn any_number_of_threads_reports_the_same_error() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    write(directory.path());
    for file in [7, 31] {
        fs::write(directory.path().join(format!("r{file}.yaml")), "kind: A\n  b: c\n")
            .expect("a file is written");
    }
    let one = build(directory.path(), "1");
    assert!(!one.status.success() && one.stdout.is_empty());
    for threads in ["2", "8"] {
        let more = build(directory.path(), threads);
        assert_eq!(more.stderr, one.stderr, "{threads} threads");
        assert_eq!(more.status.code(), one.status.code(), "{threads} threads");
    }
}
