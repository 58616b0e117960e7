//! Clones by the `git` program.
//!
//! The commands are kustomize's, each with the timeout of the location; a command that takes longer is ended, where
//! kustomize leaves it running. `git` gets the user's environment and configuration, but never asks on a terminal and
//! does not hear of a repository around the working directory. What a repository could bring along to be run is switched
//! off: hooks, filters, helper programs. Locations and branches that `git` could take for an option or for a helper
//! program are refused before it starts, and trees that are larger than any tree of manifests before they are written.

use super::access::{Access, OFFLINE_HINT};
use super::cache::{Entry, Meta, Seen, Shelf, Store, Turn};
use super::lock::{is_commit, without_user};
use super::proxy::Proxies;
use super::size::{self, Watch};
use super::submodules;
use crate::diag::{Error, ErrorKind, Result, cause, without_secrets};
use crate::interrupt;
use crate::load::RepoSpec;
use rustc_hash::FxHashMap;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
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

/// Attributes that no repository overrides: no filter is run.
const ATTRIBUTES: &str = "* -filter\n";

/// Longest output of git that is kept.
const OUTPUT_LIMIT: usize = 1 << 20;

/// How much memory each process of git may use: it keeps what a server says at first whole.
const MEMORY: u64 = 1 << 30;

/// The longest that a location may let a command of git take.
const LONGEST: Duration = Duration::from_secs(600);

/// How often it is looked at whether git has ended.
const TICK: Duration = Duration::from_millis(100);

/// A location, branch and whether there are submodules.
type Key = (String, String, bool);

type Slot = Arc<OnceLock<Result<Checkout>>>;

/// What a reference turned out to be.
#[derive(Debug, Clone)]
pub struct Found {
    /// The directory with the files, free of links.
    pub directory: Arc<Path>,
    /// The commit.
    pub commit: String,
    /// The commit's tree, as git names it.
    pub tree: String,
    /// Whether the reference is a branch, which moves.
    pub moves: bool,
}

#[derive(Debug)]
struct Checkout {
    found: Found,
    /// Keeps the directory.
    _entry: Entry,
}

impl Checkout {
    fn new(entry: Entry, moves: bool) -> Self {
        let directory = entry.directory.clone();
        let Meta { commit, tree, .. } = entry.meta.clone();
        Self { found: Found { directory, commit, tree, moves }, _entry: entry }
    }
}

/// The repositories of a build.
#[derive(Debug, Default)]
pub struct Git {
    clones: Mutex<FxHashMap<Key, Slot>>,
    proxies: Proxies,
    access: Access,
    store: Arc<Store>,
}

impl Git {
    /// No repositories yet.
    pub fn new(proxies: Proxies, access: Access, store: Arc<Store>) -> Self {
        Self { clones: Mutex::default(), proxies, access, store }
    }

    /// Brings a repository here, once. `url` is where the user's configuration leads it.
    pub fn checkout(&self, url: &str, spec: &RepoSpec) -> Result<Found> {
        let key = (url.to_owned(), spec.reference.clone(), spec.submodules);
        let mut clones = self.clones.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = clones.entry(key).or_default().clone();
        drop(clones);
        let checkout = slot.get_or_init(|| self.find(url, spec)).as_ref();
        checkout.map(|c| c.found.clone()).map_err(Error::clone)
    }

    /// Refuses a location that git shall not see.
    pub(super) fn refuse(&self, url: &str) -> Result<()> {
        refuse(url, "")?;
        self.access.refuse_host(url, &self.proxies)
    }

    /// Takes a commit from the cache, or fetches it. Full names of commits need no network if they are there; for others
    /// the server is asked what they are, and for all in one go if there is nothing yet.
    fn find(&self, url: &str, spec: &RepoSpec) -> Result<Checkout> {
        let reference = if spec.reference.is_empty() { "HEAD" } else { &spec.reference };
        refuse(url, reference)?;
        let cache = self.store.open()?;
        let shelf = cache.repository(&without_user(url), spec.submodules)?;
        if is_commit(reference)
            && let Some(entry) = shelf.get(reference)
        {
            return Ok(Checkout::new(entry, false));
        }
        if !self.access.allows(url) {
            let seen = shelf.seen(reference);
            let known = seen.and_then(|seen| Some(Checkout::new(shelf.get(&seen.commit)?, seen.moves)));
            return known.map_or_else(|| Err(offline(url, reference)), Ok);
        }
        self.access.refuse_host(url, &self.proxies)?;
        let timeout = spec.timeout.min(LONGEST);
        let run = Run { git: self, url, reference, template: Path::new("/"), timeout };
        let mut asked = None;
        if !shelf.is_empty() {
            asked = run.ask()?;
            if let Some(known) = asked.as_ref().and_then(|seen| take(&shelf, seen)) {
                return Ok(known);
            }
        }
        let turn = shelf.turn()?;
        // Somebody else may have fetched it meanwhile.
        if asked.is_none() && !shelf.is_empty() {
            asked = run.ask()?;
        }
        if let Some(seen) = &asked
            && let Some(known) = take(&shelf, seen)
        {
            turn.remember(reference, seen);
            return Ok(known);
        }
        let (entry, moves) = self.fetch(&turn, &run, spec)?;
        turn.remember(reference, &Seen { commit: entry.meta.commit.clone(), moves });
        Ok(Checkout::new(entry, moves))
    }

    fn fetch(&self, turn: &Turn<'_>, run: &Run<'_>, spec: &RepoSpec) -> Result<(Entry, bool)> {
        let failed = |e: std::io::Error| {
            Error::new(
                ErrorKind::Io,
                format!("cannot create a temporary directory for the clone: {}", cause(&e)),
            )
        };
        let draft = turn.draft()?;
        let template = draft.directory().join("template");
        std::fs::create_dir_all(template.join("info")).map_err(failed)?;
        std::fs::write(template.join("info/attributes"), ATTRIBUTES).map_err(failed)?;
        let run = Run { template: &template, ..*run };
        let path = draft.tree();
        run.git(&path, &["init"])?;
        run.git(&path, &["remote", "add", "origin", run.url])?;
        run.git(&path, &["fetch", "--depth=1", run.url, run.reference])?;
        size::check(&run, &path, "FETCH_HEAD")?;
        run.git(&path, &["checkout", "FETCH_HEAD"])?;
        if spec.submodules {
            submodules::update(&run, &path)?;
        }
        let names = run.output(&path, &["rev-parse", "HEAD", "HEAD^{tree}"])?;
        let mut names = names.lines().map(str::to_owned);
        let (commit, tree) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let fetched = std::fs::read_to_string(path.join(".git/FETCH_HEAD")).unwrap_or_default();
        let moves = run.reference == "HEAD" || fetched.contains("\tbranch '");
        std::fs::remove_dir_all(&template).map_err(failed)?;
        remove_metadata(&path).map_err(failed)?;
        let url = without_user(run.url);
        let meta = Meta { url, commit, tree, submodules: spec.submodules, sum: String::new() };
        Ok((turn.put(draft, meta)?, moves))
    }
}

/// A commit of the cache.
fn take(shelf: &Shelf, seen: &Seen) -> Option<Checkout> {
    shelf.get(&seen.commit).map(|entry| Checkout::new(entry, seen.moves))
}

/// Removes what git keeps beside the files, also of submodules.
fn remove_metadata(directory: &Path) -> std::io::Result<()> {
    for entry in directory.read_dir()? {
        let entry = entry?;
        let kind = entry.file_type()?;
        match (entry.file_name() == ".git", kind.is_dir()) {
            (true, true) => std::fs::remove_dir_all(entry.path())?,
            (true, false) => std::fs::remove_file(entry.path())?,
            (false, true) => remove_metadata(&entry.path())?,
            (false, false) => {}
        }
    }
    Ok(())
}

/// What is not here and may not be fetched.
fn offline(url: &str, reference: &str) -> Error {
    let message = format!("`{}` at `{reference}` would have to be fetched", without_secrets(url));
    Error::new(ErrorKind::Restricted, message).hint(OFFLINE_HINT)
}

/// Why git shall not see a location or branch.
fn refuse(url: &str, reference: &str) -> Result<()> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Restricted, message));
    let shown = without_secrets(url);
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
    if reference.contains([':', '*', '^', '~', '\\', ' ']) || reference.starts_with('+') {
        return wrong(format!("`{reference}` cannot be a branch, tag or commit"));
    }
    if [url, reference].iter().any(|text| text.contains(|c: char| c.is_control())) {
        return wrong(format!("`{}` has control characters", shown.escape_debug()));
    }
    Ok(())
}

/// What a server says about a reference: lines of a name's object and the name, `^{}` behind that of a tag's commit.
fn read_listed(listed: &str, reference: &str) -> Option<Seen> {
    let lines: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    let object = |name: &str| lines.iter().find(|(_, n)| *n == name).map(|(object, _)| (*object).to_owned());
    ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"].iter().find_map(|start| {
        let name = format!("{start}{reference}");
        let commit = object(&format!("{name}^{{}}")).or_else(|| object(&name)).filter(|c| is_commit(c))?;
        Some(Seen { commit, moves: !name.starts_with("refs/tags/") })
    })
}

/// The commands of one clone.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    /// What may be reached.
    pub git: &'a Git,
    url: &'a str,
    reference: &'a str,
    template: &'a Path,
    timeout: Duration,
}

impl Run<'_> {
    /// The location.
    pub fn url(&self) -> &str {
        self.url
    }

    /// Asks the server what a reference is, in the order in which git looks for names; `None` for what it does not list,
    /// such as commits.
    fn ask(&self) -> Result<Option<Seen>> {
        if is_commit(self.reference) {
            return Ok(None);
        }
        let peeled = format!("{}^{{}}", self.reference);
        let listed = self.output(Path::new("/"), &["ls-remote", self.url, self.reference, &peeled])?;
        Ok(read_listed(&listed, self.reference))
    }

    /// Runs git in a directory.
    pub fn git(&self, directory: &Path, args: &[&str]) -> Result<()> {
        self.read(directory, args, &mut |_| true)
    }

    /// Runs git in a directory and gives what it printed. More than it has to say is an error.
    pub fn output(&self, directory: &Path, args: &[&str]) -> Result<String> {
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
            Failure::Size => size::too_large(self),
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
        let mut command = self.git.access.search.command("git", Path::new("/")).map_err(Failure::Start)?;
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
            if sender.send((stream, bytes[..n].to_vec())).is_err() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Fetch;
    use crate::remote::{Remote, Settings, url};
    use crate::search_path::SearchPath;
    use std::process::Command;

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
            ("https://h.example/o/r", "refs/*:refs/*", true),
            ("https://h.example/o/r", "HEAD:refs/heads/x", true),
            ("https://h.example/o/r", "+v1", true),
            ("https://h.example/o/r", "v1~2", true),
        ] {
            assert_eq!(refuse(url, reference).is_err(), refused, "{url} {reference}");
        }
    }

    #[test]
    fn what_servers_list_is_read_in_the_order_of_git() {
        let (tag, commit, branch) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
        let listed = format!(
            "{branch}\trefs/heads/v1\n{branch}\trefs/heads/x/v1\n{tag}\trefs/tags/v1\n{commit}\trefs/tags/v1^{{}}\n"
        );
        for (reference, expected) in [
            ("v1", Some((&commit, false))),
            ("heads/v1", Some((&branch, true))),
            ("refs/tags/v1", Some((&commit, false))),
            ("x/v1", Some((&branch, true))),
            ("v2", None),
        ] {
            let seen = read_listed(&listed, reference);
            assert_eq!(seen.as_ref().map(|s| (&s.commit, s.moves)), expected, "{reference}");
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
        let search = SearchPath::of_the_tests();
        let access = Access { search, ..Access::default() };
        let remote = Remote::new(Settings { access, ..Settings::default() });
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
