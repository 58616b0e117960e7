//! Commands of `git`, each with limits of time, memory, output and disk space.
//!
//! `git` gets the user's environment and configuration, but never asks on a terminal and does not hear of a repository
//! around the working directory. What a repository could bring along to be run is switched off: hooks, filters, helper
//! programs. A command that takes too long is ended, where kustomize leaves it running.

use super::access::{Access, refuse_misread};
use super::proxy::Proxies;
use super::size::{self, Watch};
use crate::diag::{Error, ErrorKind, Result, cause, without_secrets};
use crate::interrupt;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

/// Variables by which git would work on another repository than the one in its working directory, or take what it
/// should not from another place.
const FOREIGN: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE",
    "GIT_WORK_TREE",
];

/// What git is told before every command, whatever the user's configuration says: no hooks, no protocol that runs a
/// program, local repositories only where the user names them, nothing that goes on when the command has ended.
const SETTINGS: [&str; 8] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.allow=user",
    "protocol.ext.allow=never",
    "protocol.file.allow=user",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// Protocols that a repository may name, beside what the user allows.
const NETWORK: [&str; 3] =
    ["protocol.https.allow=always", "protocol.http.allow=always", "protocol.ssh.allow=always"];

/// Longest output of git that is kept.
const OUTPUT_LIMIT: usize = 1 << 20;

/// How much memory each process of git may use: it keeps what a server says at first whole.
const MEMORY: u64 = 1 << 30;

/// How often it is looked at whether git has ended.
const TICK: Duration = Duration::from_millis(100);

/// The commands of one clone.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    /// What may be reached.
    pub(crate) access: &'a Access,
    /// Proxies of the user.
    pub(crate) proxies: &'a Proxies,
    /// The location.
    pub(crate) url: &'a str,
    /// Branch, tag or commit.
    pub(crate) reference: &'a str,
    /// What a new clone begins with.
    pub(crate) template: &'a Path,
    /// How long each command may take.
    pub(crate) timeout: Duration,
}

impl Run<'_> {
    /// Refuses a location that git shall not see.
    pub(super) fn refuse(&self, url: &str) -> Result<()> {
        refuse_misread(url, "")?;
        self.access.refuse_host(url, self.proxies)
    }

    /// Runs git in a directory.
    pub(super) fn git(&self, directory: &Path, args: &[&str]) -> Result<()> {
        self.read(directory, args, &mut |_| true)
    }

    /// Runs git in a directory and gives what it printed. More than it has to say is an error.
    pub(super) fn output(&self, directory: &Path, args: &[&str]) -> Result<String> {
        let mut text = Vec::new();
        self.read(directory, args, &mut |bytes| {
            text.extend_from_slice(bytes);
            text.len() < OUTPUT_LIMIT
        })?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs git in a directory; `take` gets what it prints, and says whether that is not too much.
    fn read(&self, directory: &Path, args: &[&str], take: &mut dyn FnMut(&[u8]) -> bool) -> Result<()> {
        let step = args.first().copied().unwrap_or_default();
        self.start(directory, args, take).map_err(|e| match e {
            Failure::Size => size::too_large(self.url),
            e => e.explain(&without_secrets(self.url), step, self.reference),
        })
    }

    fn start(
        &self,
        directory: &Path,
        args: &[&str],
        take: &mut dyn FnMut(&[u8]) -> bool,
    ) -> std::result::Result<(), Failure> {
        let (output, writer) = std::io::pipe().map_err(Failure::Start)?;
        let (errors, error_writer) = std::io::pipe().map_err(Failure::Start)?;
        let mut command = self.access.search.command("git", Path::new("/")).map_err(Failure::Start)?;
        for setting in SETTINGS.iter().chain(&NETWORK) {
            command.args(["-c", setting]);
        }
        command.arg("-C").arg(directory).args(args).stdin(Stdio::null());
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_LFS_SKIP_SMUDGE", "1");
        command.env("GIT_TEMPLATE_DIR", self.template);
        command.stdout(writer).stderr(error_writer);
        let mut child = interrupt::Program::start(&mut command).map_err(Failure::Start)?;
        child.limit_memory(MEMORY);
        // Holds the writing ends of the pipes, without which they would never end.
        drop(command);

        let (sender, receiver) = mpsc::sync_channel(4);
        let errors_read = pump(errors, Stream::Errors, sender.clone());
        errors_read.and_then(|()| pump(output, Stream::Output, sender)).map_err(Failure::Thread)?;
        let begun = std::time::Instant::now();
        let mut said = Vec::new();
        let mut watch = Watch::new(directory);
        loop {
            if watch.is_too_large() {
                return Err(Failure::Size);
            }
            let left = self.timeout.saturating_sub(begun.elapsed());
            match receiver.recv_timeout(left.min(TICK)) {
                Ok((stream, bytes)) => {
                    if said.len() < OUTPUT_LIMIT {
                        said.extend_from_slice(&bytes);
                    }
                    if stream == Stream::Output && !take(&bytes) {
                        return Err(Failure::Output);
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) if left > TICK => {
                    // What it left behind may hold its pipes, and ends with it.
                    child.try_wait().map_err(Failure::Start)?;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => return Err(Failure::Timeout(self.timeout)),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = child.wait().map_err(Failure::Start)?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Exit(status.code(), String::from_utf8_lossy(&said).into_owned()))
    }
}

/// What a program writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Output,
    Errors,
}

/// Sends what comes out of a pipe, on a thread of its own.
fn pump(
    mut pipe: std::io::PipeReader,
    stream: Stream,
    sender: mpsc::SyncSender<(Stream, Vec<u8>)>,
) -> std::io::Result<()> {
    let read = move || {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(n @ 1..) = pipe.read(&mut bytes) {
            let read = bytes.get(..n).unwrap_or(&bytes);
            if sender.send((stream, read.to_vec())).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().spawn(read).map(drop)
}

/// What went wrong with a command.
enum Failure {
    Start(std::io::Error),
    Thread(std::io::Error),
    Timeout(Duration),
    Size,
    Output,
    Exit(Option<i32>, String),
}

impl Failure {
    fn explain(self, url: &str, step: &str, reference: &str) -> Error {
        let output = match self {
            Self::Start(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let error = Error::new(ErrorKind::Program, format!("no `git` program to fetch `{url}`"));
                return error.hint("install git, or put it on the search path");
            }
            Self::Start(e) => {
                return Error::new(ErrorKind::Program, format!("`git` cannot be started: {}", cause(&e)));
            }
            Self::Thread(e) => {
                let message = format!("no thread can be started for `git {step}`: {}", cause(&e));
                return Error::new(ErrorKind::Program, message);
            }
            Self::Timeout(limit) => {
                let message = format!("`git {step}` for `{url}` took longer than {limit:?}");
                let error = Error::new(ErrorKind::Remote, message);
                return error.hint("allow more seconds in the location: `?timeout=120`");
            }
            Self::Size | Self::Output => {
                let message = format!("`git {step}` for `{url}` gives more than {OUTPUT_LIMIT} bytes");
                return Error::new(ErrorKind::Restricted, message);
            }
            Self::Exit(code, output) => match output.trim() {
                "" => code.map_or("it was ended".into(), |c| format!("exit status {c}")),
                text => text.to_owned(),
            },
        };
        let telling = |line: &&str| line.starts_with("fatal: ") || line.starts_with("error: ");
        let line = output.lines().find(telling).or(output.lines().last()).unwrap_or_default();
        let message = format!("`git {step}` failed for `{url}`: {}", without_secrets(line));
        let error = Error::new(ErrorKind::Remote, message);
        let is_short = (4..40).contains(&reference.len()) && reference.bytes().all(|b| b.is_ascii_hexdigit());
        if output.contains("couldn't find remote ref") && is_short {
            return error.hint(format!(
                "`{reference}` is no branch or tag; if it is the beginning of a commit, give its full name of 40 digits: \
                 servers know no shorter ones"
            ));
        }
        if output.contains("ut of memory") {
            return error.hint(format!(
                "git may use {} MiB; does the server answer as a repository does?",
                MEMORY >> 20
            ));
        }
        if step == "submodule" {
            return error.hint("if the submodules are not needed, leave them out: `?submodules=false`");
        }
        if output.contains("couldn't find remote ref") {
            return error.hint(format!("the repository has no branch, tag or commit `{reference}`"));
        }
        if output.contains("could not read Username") || output.contains("Permission denied") {
            return error.hint("give git a credential helper or key for this host");
        }
        if step == "fetch" {
            return error.hint(format!("see what `git ls-remote {}` says", without_secrets(url)));
        }
        error
    }
}
