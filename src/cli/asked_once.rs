//! Of many builds in one run those that need the same unreachable location: it is asked for once.

use crate::diag::{Error, Result};
use crate::files::FileSystem;
use crate::load::{Fetch, Named, RepoSpec};
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Fetches as another one does, and remembers what cannot be fetched.
pub(super) struct AskedOnce {
    fetch: Arc<dyn Fetch>,
    repositories: Failures<RepoSpec>,
    files: Failures<String>,
}

type Failures<K> = Mutex<FxHashMap<K, Error>>;

impl AskedOnce {
    pub(super) fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, repositories: Mutex::default(), files: Mutex::default() }
    }
}

/// Asks, unless that is known to fail.
fn ask<K: Hash + Eq, T>(failures: &Failures<K>, key: K, ask: impl FnOnce(&K) -> Result<T>) -> Result<T> {
    let hold = || failures.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(e) = hold().get(&key) {
        return Err(e.clone());
    }
    ask(&key).inspect_err(|e| {
        hold().insert(key, e.clone());
    })
}

impl Fetch for AskedOnce {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        self.fetch.repository(text)
    }

    fn known(&self, repository: &RepoSpec) -> Option<Named> {
        self.fetch.known(repository)
    }

    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        ask(&self.repositories, repository.clone(), |repository| self.fetch.checkout(repository))
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        ask(&self.files, url.to_owned(), |url| self.fetch.file(url))
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        self.fetch.files()
    }

    fn used(&self, path: &Path) {
        self.fetch.used(path);
    }
}
