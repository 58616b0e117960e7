//! A run that is ended by a signal leaves no temporary files, no programs, and no half of a file.
//!
//! A program that kfm starts says that it runs through a named pipe, which it holds open as long as it lives, and
//! waits for something that never comes.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test")]

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// A program that gets into the state in which a run is ended.
const WAITS: &str = "exec 3> \"$PIPES/alive\"\necho \"$0\" >&3\nread -r nothing < \"$PIPES/never\"\n";

fn put(file: &Path, text: &str, mode: u32) {
    fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
    fs::write(file, text).expect("a file");
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// Runs kfm in a directory with these files until the program of this name waits, and sends the signal.
fn interrupted(files: &[(&str, &str)], program: &str, script: &str, args: &[&str], signal: Signal) {
    let top = tempfile::tempdir().expect("a directory");
    let top = top.path().canonicalize().expect("a real path");
    let work = top.join("w");
    files.iter().for_each(|(path, text)| put(&work.join(path), text, 0o644));
    put(&work.join("out.yaml"), "old\n", 0o644);
    put(&work.join(program), &format!("#!/bin/sh\n{script}{WAITS}"), 0o755);
    let temporary = top.join("tmp");
    fs::create_dir(&temporary).expect("a directory");
    for pipe in ["alive", "never"] {
        let made = Command::new("mkfifo").arg(top.join(pipe)).status().expect("mkfifo runs");
        assert!(made.success());
    }
    let path = format!("{}:{}", work.display(), std::env::var("PATH").unwrap_or_default());
    let child = Command::new(env!("CARGO_BIN_EXE_kfm"))
        .args(args)
        .current_dir(&work)
        .env("PATH", path)
        .env("PIPES", &top)
        .env("TMPDIR", &temporary)
        .env("XDG_CACHE_HOME", top.join("cache"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    let (send, receive) = channel();
    let alive = top.join("alive");
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(fs::File::open(alive).expect("the pipe"));
        let mut line = String::new();
        pipe.read_line(&mut line).expect("a line");
        let _ = send.send(line);
        let mut rest = String::new();
        pipe.read_to_string(&mut rest).expect("an end");
        let _ = send.send(rest);
    });
    let limit = Duration::from_secs(60);
    let begun = receive.recv_timeout(limit).expect("the program begins");
    assert!(begun.trim_end().ends_with(program), "{begun}");
    let scratch = fs::read_dir(&temporary).expect("listed").count();
    kill_process(number, signal).expect("a signal is sent");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.signal(), Some(signal.as_raw()), "{program}");
    assert_eq!(receive.recv_timeout(limit).as_deref(), Ok(""), "`{program}` is still there");
    let cached = top.join("cache/kfm/tmp");
    let left = [&temporary, &cached].into_iter().filter_map(|directory| fs::read_dir(directory).ok());
    let left: Vec<_> = left.flatten().flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "{program}: {left:?} of {scratch}");
    assert_eq!(fs::read_to_string(work.join("out.yaml")).expect("the file"), "old\n");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let mut names: Vec<_> = fs::read_dir(&work).expect("listed").flatten().map(|e| e.file_name()).collect();
    names.sort();
    let own = files.iter().map(|(path, _)| path.split('/').next().unwrap_or_default());
    let mut expected: Vec<_> = own.chain(["out.yaml", program]).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

const REMOTE: &str = "resources:\n- https://git.invalid/o/r//base?ref=v1\n";

#[test]
fn git_leaves_no_clone() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        // The first commands succeed: there is something in the directory of the clone.
        let script = "while [ \"$1\" = -c ] || [ \"$1\" = -C ]; do\n  [ \"$1\" = -C ] && cd \"$2\"\n  shift 2\ndone\n\
                      echo x > clone\n[ \"$1\" = fetch ] || exit 0\n";
        let args = ["build", ".", "-o", "out.yaml"];
        interrupted(&[("kustomization.yaml", REMOTE)], "git", script, &args, signal);
    }
}

#[test]
fn programs_of_programs_are_ended() {
    // The program that git started holds the pipe, whatever becomes of git.
    let script = "while [ \"$1\" = -c ] || [ \"$1\" = -C ]; do shift 2; done\n[ \"$1\" = fetch ] || exit 0\n\
                  (trap '' TERM; exec 3> \"$PIPES/alive\"; read -r nothing < \"$PIPES/never\") &\n";
    interrupted(
        &[("kustomization.yaml", REMOTE)],
        "git",
        script,
        &["build", ".", "-o", "out.yaml"],
        Signal::TERM,
    );
}

#[test]
fn localize_leaves_no_clone_and_no_copy() {
    interrupted(&[("kustomization.yaml", REMOTE)], "git", "", &["localize", ".", "copy"], Signal::TERM);
}

#[test]
fn helm_leaves_no_values() {
    let files = [
        ("kustomization.yaml", "helmCharts: [{name: crew, valuesInline: {a: 1}}]\n"),
        ("charts/crew/values.yaml", "a: 2\n"),
    ];
    let script = "[ \"$1\" = version ] && echo v3.19.0 && exit\n";
    interrupted(&files, "helm", script, &["build", "--enable-helm", "-o", "out.yaml"], Signal::TERM);
}

fn function(how: &str) -> String {
    format!(
        "apiVersion: v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: |\n      {how}\n"
    )
}

#[test]
fn functions_are_ended() {
    let exec = function("exec: {path: ./function}");
    let files = [("kustomization.yaml", "generators: [f.yaml]\n"), ("f.yaml", exec.as_str())];
    let args = ["build", ".", "--enable-alpha-plugins", "--enable-exec"];
    interrupted(&files, "function", "", &args, Signal::INT);

    let image = function("container: {image: registry.example.com/f}");
    let files = [("kustomization.yaml", "generators: [f.yaml]\n"), ("f.yaml", image.as_str())];
    interrupted(&files, "docker", "", &["build", ".", "--enable-alpha-plugins"], Signal::TERM);
}
