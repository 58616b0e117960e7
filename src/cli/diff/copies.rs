//! What a revision fetches: the copies that it has of remote content, as its own `kfm.lock` names them.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files::{Disk, FileKind, FileSystem};
use crate::load::{Fetch, Named, RepoSpec};
use crate::remote::Lock;
use crate::remote::lock::{NAME, VENDOR};
use crate::yaml::{Source, split};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Takes from a revision what it has copies of, at the commits that its lock names, and leaves the rest to another one.
pub(super) struct Copies {
    revision: Arc<dyn FileSystem>,
    /// The directory of the lock.
    directory: PathBuf,
    lock: Lock,
    rest: Arc<dyn Fetch>,
}

/// What fetches for a directory of a revision: by the nearest lock there, else the same as for other sides.
pub(super) fn of(
    revision: &Arc<dyn FileSystem>,
    target: &Path,
    rest: Arc<dyn Fetch>,
) -> Result<Arc<dyn Fetch>> {
    for directory in target.ancestors() {
        let path = directory.join(NAME);
        if revision.kind(&path).is_err() {
            continue;
        }
        let shown = path.display().to_string();
        let bytes = content(&**revision, &path).map_err(|e| {
            let message = format!("the lock of the revision cannot be read: {}", cause(&e));
            Error::new(ErrorKind::Io, message).at(Location::file(shown.as_str()))
        })?;
        let lock = Lock::parse(&split::read_text(shown, bytes, None)?)?;
        let directory = directory.to_owned();
        return Ok(Arc::new(Copies { revision: revision.clone(), directory, lock, rest }));
    }
    Ok(rest)
}

fn content(files: &dyn FileSystem, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    files.read(path, Source::LIMIT as u64 + 1, &mut bytes)?;
    Ok(bytes)
}

impl Copies {
    /// Where a copy is, if the revision has it. A copy is not reached through links.
    fn copy(&self, copy: &str) -> Option<PathBuf> {
        let path = self.directory.join(copy);
        (self.revision.canonical(&path).ok()? == path).then_some(path)
    }
}

impl Fetch for Copies {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        self.rest.repository(text)
    }

    fn known(&self, repository: &RepoSpec) -> Option<Named> {
        self.lock.known(repository).or_else(|| self.rest.known(repository))
    }

    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        let Some(entry) = self.lock.repository(repository) else { return self.rest.checkout(repository) };
        match self.copy(&entry.copy) {
            Some(path) => Ok(path.into()),
            None => {
                let reference = entry.commit.clone();
                self.rest.checkout(&RepoSpec { reference, ..repository.clone() })
            }
        }
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        let path = self.lock.file(url).and_then(|entry| self.copy(&entry.copy));
        let Some(path) = path else { return self.rest.file(url) };
        content(&*self.revision, &path).map_err(|e| {
            let message = format!("the copy of `{url}` in the revision cannot be read: {}", cause(&e));
            Error::new(ErrorKind::Io, message)
        })
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        let copies = self.directory.join(VENDOR);
        Arc::new(Fetched { revision: self.revision.clone(), copies, disk: Disk::default() })
    }

    fn used(&self, path: &Path) {
        self.rest.used(path);
    }
}

/// Copies in a revision, and clones on disk.
#[derive(Debug)]
struct Fetched {
    revision: Arc<dyn FileSystem>,
    copies: PathBuf,
    disk: Disk,
}

impl Fetched {
    fn at(&self, path: &Path) -> &dyn FileSystem {
        if path.starts_with(&self.copies) { &*self.revision } else { &self.disk }
    }
}

impl FileSystem for Fetched {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.at(path).kind(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.at(path).canonical(path)
    }

    fn read(&self, path: &Path, most: u64, content: &mut Vec<u8>) -> io::Result<()> {
        self.at(path).read(path, most, content)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.at(path).list(path)
    }
}
