//! What the loader needs of whoever fetches remote things.

use crate::diag::{Error, Kind, Result};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A remote location, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repository {
    /// As written.
    pub raw: String,
    /// What git is given: `https://github.com/org/repo`.
    pub url: String,
    /// The folder in the repository, empty for its root.
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

/// Fetches remote files and repositories.
pub trait Fetch: Send + Sync {
    /// Takes a text apart if it names a repository.
    fn repository(&self, text: &str) -> Option<Repository>;
    /// Brings a repository here, once; the answer is the folder with its files, free of links.
    fn checkout(&self, repository: &Repository) -> Result<Arc<Path>>;
    /// Brings a file here.
    fn file(&self, url: &str) -> Result<Vec<u8>>;
}

/// Fetches nothing: everything is local, or an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFetch;

impl Fetch for NoFetch {
    fn repository(&self, _text: &str) -> Option<Repository> {
        None
    }

    fn checkout(&self, repository: &Repository) -> Result<Arc<Path>> {
        Err(Error::new(Kind::Remote, format!("`{}` is remote", repository.raw)))
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        Err(Error::new(Kind::Remote, format!("`{url}` is remote")))
    }
}

/// Whether a text names a file that is fetched by HTTP.
pub fn is_remote_file(text: &str) -> bool {
    ["http://", "https://"].iter().any(|p| text.get(..p.len()).is_some_and(|s| s.eq_ignore_ascii_case(p)))
}
