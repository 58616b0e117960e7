//! Clones by the `git` program.
//!
//! The commands are kustomize's, each with the timeout of the location; a command that takes longer is ended, where
//! kustomize leaves it running. `git` gets the environment as it is, but never asks on a terminal, and does not
//! hear of a repository around the working directory. Locations and branches that `git` could take for an
//! option or for a helper program are refused before it starts.

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::interrupt;
use crate::load::RepoSpec;
use crate::load::fetch::without_password;
use rustc_hash::FxHashMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

/// Variables by which git would work on another repository than the one in its working directory.
const FOREIGN: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"];

/// Longest output of git that is kept.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// A location, branch and whether there are submodules.
type Key = (String, String, bool);

type Slot = Arc<OnceLock<Result<Checkout>>>;

#[derive(Debug)]
struct Checkout {
    path: Arc<Path>,
    /// Removes the directory in the end.
    _directory: interrupt::Directory,
}

/// The clones of a build.
#[derive(Debug, Default)]
pub struct Git {
    clones: Mutex<FxHashMap<Key, Slot>>,
}

impl Git {
    /// The directory of a clone. `url` is where the user's configuration leads the repository.
    pub fn checkout(&self, url: &str, repository: &RepoSpec) -> Result<Arc<Path>> {
        let key = (url.to_owned(), repository.reference.clone(), repository.submodules);
        let mut clones = self.clones.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = clones.entry(key).or_default().clone();
        drop(clones);
        slot.get_or_init(|| clone(url, repository)).as_ref().map(|c| c.path.clone()).map_err(Error::clone)
    }
}

/// Why git shall not see a location or branch.
fn refuse(url: &str, reference: &str) -> Result<()> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Restricted, message));
    let shown = without_password(url);
    let scheme = url.find("://");
    let host = scheme.map_or(url, |at| &url[at + 3..]);
    let authority = host.split('/').next().unwrap_or_default();
    let name = authority.rsplit('@').next().unwrap_or_default();
    let path = if scheme.is_none() { url.split_once(':').map_or("", |(_, path)| path) } else { "" };
    if [url, authority, name, path].iter().any(|part| part.starts_with('-')) {
        return wrong(format!(
            "`{shown}` has a part that begins with `-`, which git could take for an option"
        ));
    }
    let helper = url.find("::").map(|at| &url[..at]);
    if helper.is_some_and(|h| h.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))) {
        return wrong(format!("`{shown}` names a helper program of git"));
    }
    if reference.starts_with('-') {
        return wrong(format!("`{reference}` begins with `-` and cannot be a branch, tag or commit"));
    }
    if [url, reference].iter().any(|text| text.contains(|c: char| c.is_control())) {
        return wrong(format!("`{}` has control characters", shown.escape_debug()));
    }
    Ok(())
}

fn clone(url: &str, repository: &RepoSpec) -> Result<Checkout> {
    let reference = if repository.reference.is_empty() { "HEAD" } else { &repository.reference };
    refuse(url, reference)?;
    let failed = |e: std::io::Error| {
        Error::new(ErrorKind::Io, format!("cannot create a temporary directory for the clone: {}", cause(&e)))
    };
    let directory =
        interrupt::directory(|| tempfile::Builder::new().prefix("kustomize-").tempdir()).map_err(failed)?;
    let path: Arc<Path> = directory.path().canonicalize().map_err(failed)?.into();
    let shown = without_password(url);
    let run = |args: &[&str]| {
        let step = args.first().copied().unwrap_or_default();
        run(&path, args, repository.timeout).map_err(|e| e.explain(&shown, step, reference))
    };
    run(&["init"])?;
    run(&["remote", "add", "origin", url])?;
    run(&["fetch", "--depth=1", url, reference])?;
    run(&["checkout", "FETCH_HEAD"])?;
    if repository.submodules {
        run(&["submodule", "update", "--init", "--recursive"])?;
    }
    Ok(Checkout { path, _directory: directory })
}

/// What went wrong with a command.
enum Failure {
    Start(std::io::Error),
    Thread(std::io::Error),
    Timeout(Duration),
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
            Self::Exit(code, output) => match output.trim() {
                "" => code.map_or("it was ended".into(), |c| format!("exit status {c}")),
                text => text.to_owned(),
            },
        };
        let telling = |line: &&str| line.starts_with("fatal: ") || line.starts_with("error: ");
        let line = output.lines().find(telling).or(output.lines().last()).unwrap_or_default();
        let message = format!("`git {step}` failed for `{url}`: {}", without_password(line));
        let error = Error::new(ErrorKind::Remote, message);
        if output.contains("couldn't find remote ref") {
            return error.hint(format!("the repository has no branch, tag or commit `{reference}`"));
        }
        if output.contains("could not read Username") || output.contains("Permission denied") {
            return error.hint("give git a credential helper or key for this host");
        }
        if step == "fetch" {
            return error.hint(format!("see what `git ls-remote {}` says", without_password(url)));
        }
        error
    }
}

/// Runs git in a directory; its output is kept for messages.
fn run(directory: &Path, args: &[&str], timeout: Duration) -> std::result::Result<(), Failure> {
    let (mut output, writer) = std::io::pipe().map_err(Failure::Start)?;
    let mut command = Command::new("git");
    command.args(args).current_dir(directory).env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.stdout(writer.try_clone().map_err(Failure::Start)?).stderr(writer);
    let mut child = interrupt::Program::start(&mut command).map_err(Failure::Start)?;
    // Holds the writing ends of the pipe, without which it would never end.
    drop(command);

    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut bytes = Vec::new();
        let _ = output.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut bytes);
        let _ = std::io::copy(&mut output, &mut std::io::sink());
        let _ = sender.send(bytes);
    };
    std::thread::Builder::new().spawn(read).map_err(Failure::Thread)?;
    let Ok(bytes) = receiver.recv_timeout(timeout) else {
        return Err(Failure::Timeout(timeout));
    };
    let status = child.wait().map_err(Failure::Start)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Exit(status.code(), String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Fetch;
    use crate::remote::{Mirrors, Proxies, Remote, url};

    #[test]
    fn what_git_could_misread_is_refused() {
        for (url, reference, refused) in [
            ("https://h.example/o/r", "v1", false),
            ("git@h.example:o/r", "HEAD", false),
            ("file:///srv/r", "a/b", false),
            ("https://[::1]/o/r", "v1", false),
            ("-u", "v1", true),
            ("ssh://-oProxyCommand=x/o/r", "v1", true),
            ("ssh://u@-oProxyCommand=x/o/r", "v1", true),
            ("git@h.example:-x/r", "v1", true),
            ("ext::sh -c x", "v1", true),
            ("https://h.example/o/r", "--upload-pack=x", true),
            ("https://h.example/o/r\n", "v1", true),
        ] {
            assert_eq!(refuse(url, reference).is_err(), refused, "{url} {reference}");
        }
    }

    fn git(directory: &Path, args: &[&str]) {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "init.defaultBranch=main",
        ]);
        let done = command.arg("-C").arg(directory).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn a_local_repository_is_cloned_once_and_removed_in_the_end() {
        if Command::new("git").arg("version").output().is_err() {
            return;
        }
        let top = tempfile::tempdir().unwrap();
        std::fs::write(top.path().join("a.yaml"), "a: 1\n").unwrap();
        git(top.path(), &["init", "-q"]);
        git(top.path(), &["add", "-A"]);
        git(top.path(), &["commit", "-qm", "x"]);
        git(top.path(), &["tag", "v1"]);
        let remote = Remote::new(Mirrors::default(), Proxies::default());
        let given = format!("file://{}", top.path().display());
        let first = remote.checkout(&url::parse(&format!("{given}//x?ref=v1")).unwrap()).unwrap();
        let again = remote.checkout(&url::parse(&format!("{given}?ref=v1")).unwrap()).unwrap();
        assert_eq!(first, again);
        assert_eq!(std::fs::read_to_string(first.join("a.yaml")).unwrap(), "a: 1\n");
        let error = remote.checkout(&url::parse(&format!("{given}?ref=v2")).unwrap()).unwrap_err();
        assert!(error.message().starts_with("`git fetch` failed for `file://"), "{error}");
        assert_eq!(error.hints(), ["the repository has no branch, tag or commit `v2`"]);
        let slow = url::parse(&format!("{given}?timeout=1ns&ref=v1&submodules=0")).unwrap();
        let error = remote.checkout(&slow).unwrap_err();
        assert!(error.message().ends_with("took longer than 1ns"), "{error}");
        drop(remote);
        assert!(!first.exists());
    }
}
