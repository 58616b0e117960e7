//! What the loader needs of whoever fetches remote things.

use crate::diag::{Error, ErrorKind, Result};
use crate::files::{Disk, FileSystem};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A remote location, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepoSpec {
    /// As written.
    pub raw: String,
    /// What git is given: `https://github.com/org/repo`.
    pub url: String,
    /// The directory in the repository, empty for its root.
    pub path: String,
    /// Branch, tag or commit; empty for the default branch.
    pub reference: String,
    /// Whether submodules are fetched too.
    pub submodules: bool,
    /// How long each git command may take.
    pub timeout: Duration,
    /// The text has something that only locations of repositories have: `//`, `.git`, a branch.
    pub explicit: bool,
}

/// What a text names that may name a file as well as a directory of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A file.
    File,
    /// A directory of a repository.
    Directory,
}

/// Fetches remote files and repositories.
pub trait Fetch: Send + Sync {
    /// Takes a text apart if it names a repository, else says why it does not.
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str>;
    /// Returns what a text names as far as that is known without asking anybody.
    fn known(&self, _repository: &RepoSpec) -> Option<Named> {
        None
    }
    /// Brings a repository here, once; the answer is the directory with its files, free of links.
    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>>;
    /// Brings a file here.
    fn file(&self, url: &str) -> Result<Vec<u8>>;
    /// Where the files of a checkout come from.
    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(Disk::default())
    }
    /// Is told of each file that is read in the directory of a repository, and of each link that is followed there.
    fn used(&self, _path: &Path) {}
}

/// Fetches nothing: everything is local, or an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFetch;

impl Fetch for NoFetch {
    fn repository(&self, _text: &str) -> std::result::Result<RepoSpec, &'static str> {
        Err("remote locations are not looked at")
    }

    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        Err(Error::new(ErrorKind::Remote, format!("`{}` is remote", repository.raw)))
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        Err(Error::new(ErrorKind::Remote, format!("`{url}` is remote")))
    }
}

/// Returns whether a text names a file that is fetched by HTTP.
pub(crate) fn is_remote_file(text: &str) -> bool {
    ["http://", "https://"].iter().any(|p| text.get(..p.len()).is_some_and(|s| s.eq_ignore_ascii_case(p)))
}

/// Returns whether a location ends as the name of a file of resources does, whatever its query.
pub(crate) fn is_file_like(text: &str) -> bool {
    let location = text.split('?').next().unwrap_or_default();
    [".yaml", ".yml", ".json"].iter().any(|end| location.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_by_http_alone() {
        for (text, remote) in
            [("HTTPS://h/x", true), ("http://h", true), ("ftp://h", false), ("http:x", false)]
        {
            assert_eq!(is_remote_file(text), remote, "{text}");
        }
    }
}
