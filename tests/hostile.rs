//! Inputs that a stranger wrote to take memory, time, files or programs. Each is run with its processor time and memory
//! measured; SECURITY.md names the test that holds each of its sentences.
//!
//! What can be shown by one input with one message is a case below `tests/cases/hostile`.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

#[path = "hostile/growth.rs"]
mod growth;
#[path = "hostile/programs.rs"]
mod programs;
#[path = "hostile/reach.rs"]
mod reach;

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use wait4::Wait4;

/// What any input of at most 1 MB may take. Without optimisation everything takes many times as long.
const MOST_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 150 } else { 5 });
const MOST_MEMORY: u64 = if cfg!(debug_assertions) { 3 << 29 } else { 1 << 30 };

/// What may not come out.
const SECRET: &str = "TOP-SECRET";

/// A directory with an input.
struct Input {
    top: TempDir,
}

/// How a run ended.
struct Ended {
    code: Option<i32>,
    time: Duration,
    /// The largest memory, in bytes.
    peak: u64,
    stdout: String,
    stderr: String,
}

impl Input {
    fn new() -> Self {
        Self { top: tempfile::tempdir().expect("a directory") }
    }

    /// The directory of the input, free of links.
    fn path(&self, inside: &str) -> PathBuf {
        self.top.path().canonicalize().expect("a real path").join(inside)
    }

    fn put(&self, file: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
        self
    }

    fn program(&self, file: &str, script: &str) -> &Self {
        use std::os::unix::fs::PermissionsExt;
        self.put(file, format!("#!/bin/sh\n{script}"));
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(0o755)).expect("a mode");
        self
    }

    fn link(&self, file: &str, to: &str) -> &Self {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::os::unix::fs::symlink(to, path).expect("a link");
        self
    }

    fn exists(&self, file: &str) -> bool {
        self.path(file).symlink_metadata().is_ok()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("a text")
    }

    /// Runs kfm in a directory of the input.
    fn run_in(&self, directory: &str, args: &[&str], env: &[(&str, &str)]) -> Ended {
        let [out, err] = ["stdout", "stderr"].map(|name| self.path(&format!("_{name}")));
        let open = |path: &Path| Stdio::from(fs::File::create(path).expect("a file"));
        let home = self.path("_home");
        let child = Command::new(env!("CARGO_BIN_EXE_kfm"))
            .args(args)
            .current_dir(self.path(directory))
            .env("HOME", &home)
            .env_remove("XDG_CONFIG_HOME")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(open(&out))
            .stderr(open(&err))
            .spawn()
            .expect("the program runs");
        let used = child.wait4().expect("it ends");
        // The peak of a process counts from its fork, so this one may not hold what the program prints.
        let text = |path: &Path| {
            let mut head = vec![];
            fs::File::open(path).expect("a text").take(1 << 20).read_to_end(&mut head).expect("a text");
            String::from_utf8_lossy(&head).into_owned()
        };
        assert_eq!(used.status.signal(), None, "{}", text(&err));
        Ended {
            code: used.status.code(),
            time: used.rusage.utime + used.rusage.stime,
            peak: used.rusage.maxrss,
            stdout: text(&out),
            stderr: text(&err),
        }
    }

    fn build(&self) -> Ended {
        self.run_in("", &["build", "."], &[])
    }
}

impl Ended {
    /// It took no more than anything may take, and was refused with this in the message.
    fn refused(&self, expected: &str) {
        self.within_limits();
        let head: String = self.stderr.chars().take(1000).collect();
        assert_eq!(self.code, Some(1), "{head}");
        assert!(self.stderr.starts_with("Error: ") && self.stderr.contains(expected), "{head}");
        assert!(self.stdout.is_empty());
        assert!(self.stderr.len() < 20_000, "{}", self.stderr.len());
    }

    /// It took no more than anything may take, and came to something.
    fn built(&self) {
        self.within_limits();
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        assert!(self.stderr.lines().all(|line| line.starts_with("Warning: ")), "{}", self.stderr);
        assert!(!self.stdout.is_empty());
    }

    fn within_limits(&self) {
        assert!(self.time < MOST_TIME && self.peak < MOST_MEMORY, "{:?}, {} bytes", self.time, self.peak);
    }
}

/// A list of numbered lines.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, i| {
        let _ = writeln!(all, "{}", line(i));
        all
    })
}

fn config_map(name: &str, data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: {data}\n")
}
