//! What is in the cache, and removing it.

use super::disk::{Root, directories, entries, failed, lock_file, read_toml, size, touched};
use super::files::{LATEST, Latest};
use super::repository::{ENTRY, Meta, REFERENCES, Resolved};
use crate::diag::Result;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A commit or file in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The repository or file.
    pub(crate) url: String,
    /// The commit, or the hash of the file.
    pub(crate) version: String,
    /// Branches and tags that resolved to this commit.
    pub(crate) references: Vec<String>,
    /// Size in bytes.
    pub(crate) size: u64,
    /// When it was used last.
    pub(crate) used: SystemTime,
    path: PathBuf,
}

/// Everything in the cache, by URL.
pub(super) fn list(root: &Root) -> Vec<Listed> {
    let commits = directories(&root.path.join("git")).flat_map(|repository| commits(&repository));
    let files = directories(&root.path.join("http")).flat_map(|directory| files(&directory));
    let mut all: Vec<Listed> = commits.chain(files).collect();
    all.sort_by(|a, b| (&a.url, &a.version).cmp(&(&b.url, &b.version)));
    all
}

fn commits(repository: &Path) -> Vec<Listed> {
    let resolved: BTreeMap<String, Resolved> = read_toml(&repository.join(REFERENCES)).unwrap_or_default();
    let commit = |path: PathBuf| {
        let meta: Meta = read_toml(&path.join(ENTRY))?;
        let references = resolved.iter().filter(|(_, resolved)| resolved.commit == meta.commit);
        Some(Listed {
            references: references.map(|(name, _)| name.clone()).collect(),
            url: match meta.part {
                Some(part) => format!("{}//{part}", meta.url),
                None => meta.url,
            },
            version: meta.commit,
            size: size(&path),
            used: touched(&path.join(ENTRY)),
            path,
        })
    };
    directories(repository).filter_map(commit).collect()
}

fn files(directory: &Path) -> Vec<Listed> {
    let Some(latest) = read_toml::<Latest>(&directory.join(LATEST)) else { return vec![] };
    let file = |path: PathBuf| Listed {
        url: latest.url.clone(),
        version: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        references: vec![],
        size: size(&path),
        used: touched(&path),
        path,
    };
    entries(directory).filter(|path| is_fetched_file(path)).map(file).collect()
}

/// Returns whether a path is that of a fetched file, whose name is its hash.
fn is_fetched_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.len() == 64)
}

/// Removes what was not used for some time and is not in use; returns what was removed.
pub(super) fn prune(root: &Root, unused: Duration) -> Result<Vec<Listed>> {
    let since = SystemTime::now().checked_sub(unused).unwrap_or(SystemTime::UNIX_EPOCH);
    let (staging, _in_use) = root.staging()?;
    let mut removed = vec![];
    for (number, listed) in list(root).into_iter().enumerate().filter(|(_, listed)| listed.used <= since) {
        let is_file = listed.path.is_file();
        let lock = listed.path.with_extension("use");
        // Whoever reads a commit created this file.
        let held = File::options().append(true).open(&lock).ok();
        if held.as_ref().is_some_and(|file| file.try_lock().is_err()) {
            continue;
        }
        let gone = staging.path().join(number.to_string());
        fs::rename(&listed.path, &gone).map_err(|e| failed(&listed.path, &e))?;
        if !is_file {
            let _ = fs::remove_file(&lock);
        }
        removed.push(listed);
    }
    for directory in directories(&root.path.join("git")).chain(directories(&root.path.join("http"))) {
        if entries(&directory).any(|path| path.is_dir() || is_fetched_file(&path)) {
            continue;
        }
        // Whoever fetches holds the lock.
        if lock_file(&directory.join("lock")).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(&directory);
        }
    }
    Ok(removed)
}
