//! The files of one revision.

use git2::{ObjectType, Oid};
use rustc_hash::FxHashMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many links are followed one after the other.
const MOST_LINKS: usize = 40;

/// How the content of a file begins that Git LFS keeps elsewhere.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Another repository.
    Submodule,
}

type Listing = Arc<FxHashMap<String, (Kind, Oid)>>;

/// A revision that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// As the user named it.
    pub(crate) name: String,
    /// The commit.
    pub(crate) commit: String,
    /// The tree of the commit.
    pub(super) tree: Oid,
}

/// The files of one revision. Paths are relative to the top of the repository.
pub(crate) struct Tree {
    git: Arc<Mutex<git2::Repository>>,
    revision: Revision,
    /// Directories that were listed, by their object.
    listings: Mutex<FxHashMap<Oid, Listing>>,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("revision", &self.revision).finish_non_exhaustive()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What libgit2 says, as a part of a sentence.
pub(super) fn cause(e: &git2::Error) -> String {
    let text = e.message().trim_end_matches(['.', '\n']);
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

fn refused(e: &git2::Error) -> io::Error {
    io::Error::other(cause(e))
}

impl Tree {
    pub(super) fn new(git: Arc<Mutex<git2::Repository>>, revision: Revision) -> Self {
        Self { git, revision, listings: Mutex::default() }
    }

    /// What is in a directory, by its object.
    fn listing(&self, directory: Oid) -> io::Result<Listing> {
        if let Some(known) = lock(&self.listings).get(&directory) {
            return Ok(known.clone());
        }
        let git = lock(&self.git);
        let tree = git.find_tree(directory).map_err(|e| refused(&e))?;
        let entries = tree.iter().filter_map(|entry| {
            let kind = match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Tree), _) => Kind::Directory,
                (Some(ObjectType::Commit), _) => Kind::Submodule,
                (Some(ObjectType::Blob), 0o120000) => Kind::Link,
                (Some(ObjectType::Blob), _) => Kind::File,
                _ => return None,
            };
            let name = String::from_utf8(entry.name_bytes().to_vec()).ok()?;
            Some((name, (kind, entry.id())))
        });
        let listing: Listing = Arc::new(entries.collect());
        lock(&self.listings).insert(directory, listing.clone());
        Ok(listing)
    }

    /// What is at a path, the last name not followed if it is a link. No other part may be a link.
    fn find(&self, path: &Path) -> io::Result<(Kind, Oid)> {
        let mut at = (Kind::Directory, self.revision.tree);
        for part in path.components() {
            let Component::Normal(name) = part else { continue };
            match at.0 {
                Kind::Directory => {}
                Kind::Submodule => return Err(submodule(path)),
                Kind::File | Kind::Link => return Err(io::ErrorKind::NotADirectory.into()),
            }
            let listing = self.listing(at.1)?;
            let name = name.to_str().ok_or(io::ErrorKind::NotFound)?;
            at = *listing.get(name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(at)
    }

    /// What is at a path, a link as such.
    pub(crate) fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.find(path).map(|(kind, _)| kind)
    }

    /// The path without links, all of which have to stay in the repository.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut waiting: Vec<PathBuf> =
            path.components().rev().map(|c| PathBuf::from(c.as_os_str())).collect();
        let (mut real, mut links) = (PathBuf::new(), 0);
        while let Some(part) = waiting.pop() {
            match part.components().next() {
                Some(Component::Normal(_)) => real.push(&part),
                Some(Component::ParentDir) if real.pop() => continue,
                Some(Component::ParentDir | Component::RootDir | Component::Prefix(_)) => {
                    return Err(io::Error::other("a link leads out of the repository"));
                }
                _ => continue,
            }
            let (kind, oid) = self.find(&real)?;
            if kind == Kind::Link {
                links += 1;
                if links > MOST_LINKS {
                    return Err(io::Error::other("too many links lead to one another"));
                }
                let target = String::from_utf8(self.blob(oid)?).map_err(|_| io::ErrorKind::InvalidData)?;
                real.pop();
                waiting.extend(Path::new(&target).components().rev().map(|c| PathBuf::from(c.as_os_str())));
            }
        }
        Ok(real)
    }

    fn blob(&self, oid: Oid) -> io::Result<Vec<u8>> {
        let git = lock(&self.git);
        git.find_blob(oid).map(|blob| blob.content().to_vec()).map_err(|e| refused(&e))
    }

    /// The size of a file in bytes, and whether it is one.
    pub(crate) fn size(&self, path: &Path) -> io::Result<u64> {
        let (kind, oid) = self.find(path)?;
        if kind != Kind::File {
            return Ok(0);
        }
        let git = lock(&self.git);
        let odb = git.odb().map_err(|e| refused(&e))?;
        odb.read_header(oid).map(|(size, _)| size as u64).map_err(|e| refused(&e))
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.find(path)? {
            (Kind::File, oid) => {
                let content = self.blob(oid)?;
                if content.starts_with(LFS) {
                    return Err(io::Error::other("its content is kept by Git LFS and not in the repository"));
                }
                Ok(content)
            }
            (Kind::Submodule, _) => Err(submodule(path)),
            (Kind::Directory, _) => Err(io::ErrorKind::IsADirectory.into()),
            (Kind::Link, _) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// The names in a directory, sorted.
    pub(crate) fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        match self.find(path)? {
            (Kind::Directory, oid) => {
                let mut names: Vec<String> = self.listing(oid)?.keys().cloned().collect();
                names.sort();
                Ok(names)
            }
            (Kind::Submodule, _) => Err(submodule(path)),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
}

fn submodule(path: &Path) -> io::Error {
    io::Error::other(format!("`{}` is in a submodule, which is not looked into", path.display()))
}
