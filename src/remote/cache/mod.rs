//! What was fetched before: repositories by URL and commit, files by URL and hash.
//!
//! ```text
//! git/HASH-OF-URL/COMMIT/entry.toml    what it is, and the hash of its files
//! git/HASH-OF-URL/COMMIT/tree/         the files
//! git/HASH-OF-URL/COMMIT/stamp         the state of the files when their hash was last computed
//! git/HASH-OF-URL/COMMIT-HASH/...      the same for one directory of the commit
//! git/HASH-OF-URL/COMMIT.use           locked by processes that read the files
//! git/HASH-OF-URL/lock                 locked by the process that fetches
//! git/HASH-OF-URL/references.toml      what branches and tags resolved to, for builds without network
//! http/HASH-OF-URL/latest.toml         which file came last
//! http/HASH-OF-URL/HASH                a file
//! tmp/                                 what is being fetched; tmp.lock is locked meanwhile
//! ```
//!
//! A commit appears whole, by a rename, and is used only if its files have the hash that they had then; one that was
//! changed is fetched again. Locks are those of the operating system, which end with the process.

mod disk;
mod files;
mod list;
mod repository;
mod stamp;

pub(crate) use list::Listed;
pub(crate) use repository::{CachedCommit, CachedRepository, Meta, Resolved, Writer};

use super::content;
use crate::diag::{Error, Result};
use disk::Root;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// What was fetched before.
#[derive(Debug, Clone)]
pub(crate) struct Cache(Root);

/// A cache that is opened when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct LazyCache {
    directory: Option<PathBuf>,
    opened: OnceLock<Result<Cache>>,
}

impl LazyCache {
    /// The cache in a directory; without one, in a temporary directory.
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, opened: OnceLock::new() }
    }

    /// Opens the cache.
    pub(crate) fn open(&self) -> Result<&Cache> {
        self.opened.get_or_init(|| Cache::open(self.directory.as_deref())).as_ref().map_err(Error::clone)
    }
}

impl Cache {
    /// Opens the cache in a directory, which is created if need be; in a temporary one where that is not possible.
    pub(crate) fn open(directory: Option<&Path>) -> Result<Self> {
        Root::open(directory).map(Self)
    }

    /// The commits of a repository, with submodules or without.
    pub(crate) fn repository(&self, url: &str, submodules: bool) -> Result<CachedRepository> {
        CachedRepository::open(&self.0, &name(&format!("{url}\n{submodules}")))
    }

    /// A file that was fetched before: the one with this hash, or the one that came last.
    pub(crate) fn file(&self, url: &str, sum: Option<&str>) -> Option<Vec<u8>> {
        files::get(&self.0, &name(url), sum)
    }

    /// Keeps a file; that it cannot be kept is no reason to fail.
    pub(crate) fn keep_file(&self, url: &str, bytes: &[u8]) {
        if !self.0.is_temporary() {
            files::keep(&self.0, &name(url), url, bytes);
        }
    }

    /// Everything in the cache, by URL.
    pub(crate) fn list(&self) -> Vec<Listed> {
        list::list(&self.0)
    }

    /// Removes what was not used for some time and is not in use; returns what was removed.
    pub(crate) fn prune(&self, unused: Duration) -> Result<Vec<Listed>> {
        list::prune(&self.0, unused)
    }
}

/// The name of the directory for a URL.
fn name(url: &str) -> String {
    content::hash(url.as_bytes()).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn put(repository: &CachedRepository, text: &str) -> CachedCommit {
        let writer = repository.writer().unwrap();
        let staging = writer.staging().unwrap();
        fs::write(staging.tree().join("a.yaml"), text).unwrap();
        let meta = Meta {
            url: "https://h/o/r".into(),
            commit: COMMIT.into(),
            tree: COMMIT.into(),
            submodules: true,
            part: None,
            sum: String::new(),
        };
        writer.add(staging, meta).unwrap()
    }

    #[test]
    fn what_was_put_is_there_until_it_is_changed() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(&top.path().join("kfm"))).unwrap();
        let repository = cache.repository("https://h/o/r", true).unwrap();
        assert!(repository.is_empty() && repository.commit(COMMIT, None).is_none());
        let entry = put(&repository, "a: 1\n");
        let file = entry.directory.join("a.yaml");
        assert_eq!(fs::read_to_string(&file).unwrap(), "a: 1\n");
        assert!(repository.commit(COMMIT, None).is_some());
        fs::write(&file, "a: 2\n").unwrap();
        assert!(repository.commit(COMMIT, None).is_none());
        drop(entry);
        put(&repository, "a: 1\n");
        assert!(repository.commit(COMMIT, None).is_some());
        assert_eq!(disk::entries(&top.path().join("kfm/tmp")).count(), 0);
    }

    #[test]
    fn what_is_in_use_is_not_pruned() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(top.path())).unwrap();
        let repository = cache.repository("https://h/o/r", true).unwrap();
        let entry = put(&repository, "a: 1\n");
        cache.keep_file("https://h/x.yaml", b"x");
        assert_eq!(cache.list().len(), 2);
        assert!(cache.prune(Duration::from_secs(1000)).unwrap().is_empty());
        assert_eq!(cache.prune(Duration::ZERO).unwrap().len(), 1);
        assert!(entry.directory.join("a.yaml").exists());
        drop(entry);
        assert_eq!(cache.prune(Duration::ZERO).unwrap().len(), 1);
        assert!(cache.list().is_empty() && repository.is_empty());
    }

    #[test]
    fn what_killed_runs_left_is_removed() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(top.path())).unwrap();
        fs::create_dir_all(top.path().join("tmp/left/behind")).unwrap();
        put(&cache.repository("https://h/o/r", true).unwrap(), "a: 1\n");
        assert!(!top.path().join("tmp/left").exists());
    }

    #[test]
    fn files_and_references_are_remembered() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(top.path())).unwrap();
        cache.keep_file("https://h/x.yaml", b"1");
        cache.keep_file("https://h/x.yaml", b"2");
        assert_eq!(cache.file("https://h/x.yaml", None).unwrap(), b"2");
        let first = content::prefixed_hash(b"1");
        assert_eq!(cache.file("https://h/x.yaml", Some(&first)).unwrap(), b"1");
        assert!(cache.file("https://h/y.yaml", None).is_none());
        let repository = cache.repository("https://h/o/r", true).unwrap();
        let resolved = Resolved { commit: COMMIT.into(), moves: true };
        repository.writer().unwrap().remember("main", &resolved);
        assert_eq!(repository.resolved("main"), Some(resolved));
        assert_eq!(repository.resolved("v1"), None);
    }

    #[test]
    fn without_a_directory_there_is_a_private_one() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("file"), "").unwrap();
        let cache = Cache::open(Some(&top.path().join("file/kfm"))).unwrap();
        let root = cache.0.path.clone();
        assert!(!root.starts_with(top.path().canonicalize().unwrap()));
        put(&cache.repository("https://h/o/r", true).unwrap(), "a: 1\n");
        drop(cache);
        assert!(!root.exists());
    }
}
