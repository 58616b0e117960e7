//! Clones by the `git` program.
//!
//! The commands are kustomize's, each with the timeout of the location. Locations and branches that `git` could take for
//! an option or for a helper program are refused before it starts, and trees that are larger than any tree of manifests
//! before they are written.

use super::access::{Access, OFFLINE_HINT, refuse_misread};
use super::cache::{CachedCommit, LazyCache, Meta, Resolved, Writer};
use super::command::Run;
use super::lock::{is_commit, without_user};
use super::part::{self, Outcome};
use super::proxy::Proxies;
use super::{size, submodules};
use crate::diag::{Error, ErrorKind, Result, cause, without_secrets};
use crate::load::RepoSpec;
use rustc_hash::FxHashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Attributes that no repository overrides: no filter is run.
const ATTRIBUTES: &str = "* -filter\n";

/// The longest that a location may let a command of git take.
const LONGEST: Duration = Duration::from_secs(600);

/// A location, branch, whether there are submodules, and the part that is needed.
type Key = (String, String, bool, Option<String>);

type Slot = Arc<OnceLock<Result<Checkout>>>;

/// What a reference resolved to.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The directory with the files, free of links.
    pub(crate) directory: Arc<Path>,
    /// The commit.
    pub(crate) commit: String,
    /// The commit's tree, as git names it.
    pub(crate) tree: String,
    /// Whether the reference is a branch, which moves.
    pub(crate) moves: bool,
}

#[derive(Debug)]
struct Checkout {
    found: Found,
    /// Keeps the directory from being removed.
    _cached: CachedCommit,
}

impl Checkout {
    fn new(cached: CachedCommit, moves: bool) -> Self {
        let directory = cached.directory.clone();
        let Meta { commit, tree, .. } = cached.meta.clone();
        Self { found: Found { directory, commit, tree, moves }, _cached: cached }
    }
}

/// The repositories of a build.
#[derive(Debug, Default)]
pub(crate) struct Git {
    clones: Mutex<FxHashMap<Key, Slot>>,
    proxies: Proxies,
    access: Access,
    cache: Arc<LazyCache>,
    /// Whether parts of repositories may be fetched.
    parts: bool,
}

impl Git {
    /// No repositories yet.
    pub(crate) fn new(proxies: Proxies, access: Access, cache: Arc<LazyCache>, parts: bool) -> Self {
        Self { clones: Mutex::default(), proxies, access, cache, parts }
    }

    /// Fetches a repository, or the part of it that is needed, once in a run. `url` is the location after mirrors.
    pub(crate) fn checkout(&self, url: &str, spec: &RepoSpec) -> Result<Found> {
        let part = if self.parts { part::of(url, spec) } else { None };
        let key = (url.to_owned(), spec.reference.clone(), spec.submodules, part.clone());
        let mut clones = self.clones.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = clones.entry(key).or_default().clone();
        drop(clones);
        let checkout = slot.get_or_init(|| self.find(url, spec, part.as_deref())).as_ref();
        checkout.map(|c| c.found.clone()).map_err(Error::clone)
    }

    /// Takes a commit from the cache, or fetches it. A full commit that is in the cache needs no network. For a branch or
    /// tag the server is asked what it resolves to, unless there is nothing of the repository in the cache yet.
    fn find(&self, url: &str, spec: &RepoSpec, part: Option<&str>) -> Result<Checkout> {
        let reference = if spec.reference.is_empty() { "HEAD" } else { &spec.reference };
        refuse_misread(url, reference)?;
        let known = self.cache.open()?.repository(&without_user(url), spec.submodules)?;
        let take = |resolved: &Resolved| {
            let whole = known.commit(&resolved.commit, None);
            let commit =
                whole.or_else(|| part.and_then(|part| known.commit(&resolved.commit, Some(part))))?;
            Some(Checkout::new(commit, resolved.moves))
        };
        let named = is_commit(reference).then(|| Resolved { commit: reference.to_owned(), moves: false });
        if let Some(checkout) = named.as_ref().and_then(take) {
            return Ok(checkout);
        }
        if !self.access.allows(url) {
            let resolved = known.resolved(reference).as_ref().and_then(take);
            return resolved.map_or_else(|| Err(offline(url, reference)), Ok);
        }
        self.access.refuse_host(url, &self.proxies)?;
        let timeout = time(spec.timeout);
        let Self { access, proxies, .. } = self;
        let run = Run { access, proxies, url, reference, template: Path::new("/"), timeout };
        let mut asked = None;
        if !known.is_empty() {
            asked = ask(&run)?;
            if let Some(checkout) = asked.as_ref().and_then(take) {
                return Ok(checkout);
            }
        }
        let writer = known.writer()?;
        // Somebody else may have fetched it meanwhile.
        if asked.is_none() && !known.is_empty() {
            asked = ask(&run)?;
        }
        let resolved = asked.or(named);
        if let Some(resolved) = &resolved
            && let Some(checkout) = take(resolved)
        {
            writer.remember(reference, resolved);
            return Ok(checkout);
        }
        // Whoever needs a second part soon needs them all.
        let part = part.filter(|_| !resolved.is_some_and(|resolved| known.has_part(&resolved.commit)));
        let (commit, moves) = fetch(&writer, &run, spec, part)?;
        writer.remember(reference, &Resolved { commit: commit.meta.commit.clone(), moves });
        Ok(Checkout::new(commit, moves))
    }
}

/// Fetches a commit without those before it, or a part of it where that is enough, and adds it to the cache.
fn fetch(
    writer: &Writer<'_>,
    run: &Run<'_>,
    spec: &RepoSpec,
    part: Option<&str>,
) -> Result<(CachedCommit, bool)> {
    let failed = |e: std::io::Error| {
        Error::new(ErrorKind::Io, format!("cannot create a temporary directory for the clone: {}", cause(&e)))
    };
    let staging = writer.staging()?;
    let template = staging.directory().join("template");
    std::fs::create_dir_all(template.join("info")).map_err(failed)?;
    std::fs::write(template.join("info/attributes"), ATTRIBUTES).map_err(failed)?;
    let run = Run { template: &template, ..*run };
    let path = staging.tree();
    run.git(&path, &["init"])?;
    run.git(&path, &["remote", "add", "origin", run.url])?;
    let outcome = check_out(&run, &path, part, spec.submodules)?;
    if outcome == Outcome::Insufficient {
        drop(staging);
        return fetch(writer, &run, spec, None);
    }
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
    let part = part.filter(|_| outcome == Outcome::CheckedOut).map(str::to_owned);
    let meta = Meta { url, commit, tree, submodules: spec.submodules, part, sum: String::new() };
    Ok((writer.add(staging, meta)?, moves))
}

/// Fetches and checks out a commit, or a part of it where that is enough.
fn check_out(run: &Run<'_>, clone: &Path, part: Option<&str>, submodules: bool) -> Result<Outcome> {
    let outcome = match part {
        None => {
            run.git(clone, &["fetch", "--depth=1", run.url, run.reference])?;
            Outcome::NotFiltered
        }
        Some(part) => {
            let filtered = ["fetch", "--depth=1", "--no-tags", "--filter=blob:none", "origin", run.reference];
            match run.git(clone, &filtered) {
                // An old git knows no filters.
                Err(e) if e.message().contains("filter") => return Ok(Outcome::Insufficient),
                fetched => fetched?,
            }
            part::check_out(run, clone, part, submodules)?
        }
    };
    if outcome == Outcome::NotFiltered {
        size::check(run.url, clone, "FETCH_HEAD")?;
        run.git(clone, &["checkout", "FETCH_HEAD"])?;
    }
    Ok(outcome)
}

/// Asks the server what a reference is, in the order in which git looks for names; `None` for what it does not list,
/// such as commits.
fn ask(run: &Run<'_>) -> Result<Option<Resolved>> {
    if is_commit(run.reference) {
        return Ok(None);
    }
    let peeled = format!("{}^{{}}", run.reference);
    let listed = run.output(Path::new("/"), &["ls-remote", run.url, run.reference, &peeled])?;
    Ok(read_listed(&listed, run.reference))
}

/// What a server says about a reference: lines of a name's object and the name, `^{}` behind that of a tag's commit.
fn read_listed(listed: &str, reference: &str) -> Option<Resolved> {
    let lines: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    let object = |name: &str| lines.iter().find(|(_, n)| *n == name).map(|(object, _)| (*object).to_owned());
    ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"].iter().find_map(|start| {
        let name = format!("{start}{reference}");
        let commit = object(&format!("{name}^{{}}")).or_else(|| object(&name)).filter(|c| is_commit(c))?;
        Some(Resolved { commit, moves: !name.starts_with("refs/tags/") })
    })
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

/// How long a command may take for which a location asks so much time.
fn time(asked: Duration) -> Duration {
    asked.min(LONGEST)
}

/// What is not here and may not be fetched.
fn offline(url: &str, reference: &str) -> Error {
    let message = format!("`{}` at `{reference}` would have to be fetched", without_secrets(url));
    Error::new(ErrorKind::Restricted, message).hint(OFFLINE_HINT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Fetch;
    use crate::remote::{Remote, RemoteOptions, url};
    use crate::search_path::SearchPath;
    use std::process::Command;

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

    #[test]
    fn a_location_cannot_ask_for_more_time_than_there_is() {
        for (asked, given) in [("?timeout=5s", 5), ("?timeout=999999999", 600), ("", 27)] {
            let spec = url::parse(&format!("https://h.example/o/r{asked}")).unwrap();
            assert_eq!(time(spec.timeout), Duration::from_secs(given), "{asked}");
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
        let remote = Remote::new(RemoteOptions { access, ..RemoteOptions::default() });
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
