//! The commits of a repository.

use super::disk::{self, Root, failed, lock_file, read_toml, touch, write_toml};
use super::stamp;
use crate::diag::Result;
use crate::interrupt;
use crate::remote::content;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What describes a commit.
pub(super) const ENTRY: &str = "entry.toml";
/// What branches and tags resolved to.
pub(super) const REFERENCES: &str = "references.toml";
const TREE: &str = "tree";
/// The state of the files when their hash was last computed.
const STAMP: &str = "stamp";

/// A commit that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// The repository, without password.
    pub(crate) url: String,
    /// The commit.
    pub(crate) commit: String,
    /// The commit's tree, as git names it.
    pub(crate) tree: String,
    /// Whether submodules were fetched, too.
    pub(crate) submodules: bool,
    /// The directory that was fetched with the files beside it, if that is not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
    /// The hash of the files.
    pub(crate) sum: String,
}

/// What a branch or tag resolved to when the server was asked last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resolved {
    /// The commit.
    pub(crate) commit: String,
    /// Whether the reference is a branch, which moves.
    pub(crate) moves: bool,
}

/// A commit in the cache. It is not removed as long as this is held.
#[derive(Debug)]
pub(crate) struct CachedCommit {
    /// What it is.
    pub(crate) meta: Meta,
    /// The directory with its files, free of links.
    pub(crate) directory: Arc<Path>,
    _in_use: File,
}

/// The commits of one repository that are in the cache.
#[derive(Debug, Clone)]
pub(crate) struct CachedRepository {
    root: Root,
    directory: PathBuf,
}

/// The right to add commits of a repository, which one process has at a time.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    repository: &'a CachedRepository,
    _lock: File,
}

/// A directory in which a commit is fetched.
#[derive(Debug)]
pub(crate) struct Staging {
    directory: interrupt::Directory,
    in_use: File,
}

impl CachedRepository {
    pub(super) fn open(root: &Root, name: &str) -> Result<Self> {
        let directory = root.path.join("git").join(name);
        disk::make(&directory).map_err(|e| failed(&directory, &e))?;
        Ok(Self { root: root.clone(), directory })
    }

    /// Returns whether there is no commit yet.
    pub(crate) fn is_empty(&self) -> bool {
        disk::directories(&self.directory).next().is_none()
    }

    /// A commit or a part of it, if it is there and its files are what was fetched.
    pub(crate) fn commit(&self, commit: &str, part: Option<&str>) -> Option<CachedCommit> {
        let path = self.directory.join(file_name(commit, part));
        if !path.is_dir() {
            return None;
        }
        let in_use = lock_file(&path.with_extension("use")).ok()?;
        in_use.lock_shared().ok()?;
        let meta: Meta = read_toml(&path.join(ENTRY))?;
        let directory = path.join(TREE).canonicalize().ok()?;
        if meta.commit != commit
            || meta.part.as_deref() != part
            || !is_unchanged(&path.join(STAMP), &directory, &meta.sum)
        {
            return None;
        }
        touch(&path.join(ENTRY));
        Some(CachedCommit { meta, directory: directory.into(), _in_use: in_use })
    }

    /// Returns whether a part of a commit is there.
    pub(crate) fn has_part(&self, commit: &str) -> bool {
        let of_commit = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.strip_prefix(commit).is_some_and(|rest| !rest.is_empty())
        };
        disk::directories(&self.directory).any(|path| of_commit(&path))
    }

    /// What a branch or tag resolved to when the server was asked last.
    pub(crate) fn resolved(&self, reference: &str) -> Option<Resolved> {
        read_toml::<BTreeMap<String, Resolved>>(&self.directory.join(REFERENCES))?.remove(reference)
    }

    /// Waits until no other process adds commits of this repository.
    pub(crate) fn writer(&self) -> Result<Writer<'_>> {
        let path = self.directory.join("lock");
        let lock = || -> io::Result<File> {
            let file = lock_file(&path)?;
            file.lock()?;
            Ok(file)
        };
        Ok(Writer { repository: self, _lock: lock().map_err(|e| failed(&path, &e))? })
    }
}

/// The name of the directory of a commit or a part of it.
fn file_name(commit: &str, part: Option<&str>) -> String {
    match part {
        None => commit.to_owned(),
        Some(part) => format!("{commit}-{}", content::hash(part.as_bytes())),
    }
}

/// Returns whether the files of a commit have the hash that they had when they were fetched. Their hash is computed
/// unless no file was touched since that was done last.
fn is_unchanged(stamp_file: &Path, directory: &Path, sum: &str) -> bool {
    let stamp = stamp::of(directory);
    if stamp.is_some() && stamp == fs::read_to_string(stamp_file).ok() {
        return true;
    }
    let unchanged = content::of(directory).is_ok_and(|found| content::sum(&found) == sum);
    if let Some(stamp) = stamp.filter(|_| unchanged) {
        let _ = disk::write(stamp_file, stamp.as_bytes());
    }
    unchanged
}

impl Staging {
    /// The directory, which also has room for what is needed while the commit is fetched.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where the files go.
    pub(crate) fn tree(&self) -> PathBuf {
        self.directory.path().join(TREE)
    }
}

impl Writer<'_> {
    /// Creates a directory for a commit.
    pub(crate) fn staging(&self) -> Result<Staging> {
        let (directory, in_use) = self.repository.root.staging()?;
        let staging = Staging { directory, in_use };
        fs::create_dir(staging.tree()).map_err(|e| failed(staging.directory(), &e))?;
        Ok(staging)
    }

    /// Adds a commit. The hash in `meta` is computed here.
    pub(crate) fn add(&self, staging: Staging, mut meta: Meta) -> Result<CachedCommit> {
        meta.sum = content::sum(&content::of(&staging.tree())?);
        let Staging { directory, in_use } = staging;
        let commit = meta.commit.clone();
        let part = meta.part.clone();
        let path = self.repository.directory.join(file_name(&commit, part.as_deref()));
        let place = || -> io::Result<()> {
            write_toml(&directory.path().join(ENTRY), &meta)?;
            if path.exists() {
                // Its files were changed.
                let broken = directory.path().with_extension("broken");
                fs::rename(&path, &broken)?;
                let _ = fs::remove_dir_all(&broken);
            }
            directory.rename(&path)
        };
        place().map_err(|e| failed(&path, &e))?;
        drop(in_use);
        self.repository
            .commit(&commit, part.as_deref())
            .ok_or_else(|| failed(&path, &io::Error::other("its files changed while they were written")))
    }

    /// Remembers what a branch or tag resolved to.
    pub(crate) fn remember(&self, reference: &str, resolved: &Resolved) {
        let path = self.repository.directory.join(REFERENCES);
        let mut all: BTreeMap<String, Resolved> = read_toml(&path).unwrap_or_default();
        if all.get(reference) != Some(resolved) {
            all.insert(reference.to_owned(), resolved.clone());
            let _ = write_toml(&path, &all);
        }
    }
}
