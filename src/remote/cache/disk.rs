//! Directories and small files on disk, as the cache needs them.

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::interrupt;
use serde::{Serialize, de::DeserializeOwned};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The directory of the cache: the user's, or a temporary one for this run.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub(crate) path: PathBuf,
    /// Removes a temporary one at the end.
    temporary: Option<Arc<interrupt::Directory>>,
}

impl Root {
    /// Opens the directory, which is created if need be; a temporary one where that is not possible.
    pub(super) fn open(directory: Option<&Path>) -> Result<Self> {
        if let Some(directory) = directory
            && let Ok(path) = make(directory).and_then(|()| directory.canonicalize())
            && lock_file(&path.join("tmp.lock")).is_ok()
        {
            return Ok(Self { path, temporary: None });
        }
        let temporary = interrupt::directory(|| tempfile::Builder::new().prefix("kustomize-").tempdir())
            .map_err(|e| {
                let message = format!("cannot create a temporary directory for clones: {}", cause(&e));
                Error::new(ErrorKind::Io, message)
            })?;
        let path = temporary.path().canonicalize().map_err(|e| failed(temporary.path(), &e))?;
        Ok(Self { path, temporary: Some(Arc::new(temporary)) })
    }

    /// Returns whether the directory is gone at the end of the run.
    pub(super) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// Creates a directory for something unfinished. It is removed unless it is renamed; no other process removes it
    /// while the file that comes with it is open.
    pub(super) fn staging(&self) -> Result<(interrupt::Directory, File)> {
        let directory = self.path.join("tmp");
        let create = || -> io::Result<(interrupt::Directory, File)> {
            make(&directory)?;
            let lock = lock_file(&self.path.join("tmp.lock"))?;
            // An exclusive lock means that no other process is at work: what is there was left by killed ones.
            if lock.try_lock().is_ok() {
                for left in entries(&directory) {
                    let _ = fs::remove_dir_all(&left).or_else(|_| fs::remove_file(&left));
                }
                lock.unlock()?;
            }
            lock.lock_shared()?;
            Ok((interrupt::directory(|| tempfile::tempdir_in(&directory))?, lock))
        };
        create().map_err(|e| failed(&directory, &e))
    }
}

/// The error for a path of the cache that cannot be written.
pub(super) fn failed(path: &Path, e: &io::Error) -> Error {
    let message = format!("cannot write the cache: `{}`: {}", path.display(), cause(e));
    Error::new(ErrorKind::Io, message).hint("free some space, or set XDG_CACHE_HOME to another directory")
}

/// Opens a file that serves as a lock, and creates it if need be.
pub(super) fn lock_file(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

/// Creates a directory that only the user may enter.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = interrupt::file_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.rename(path)
}

pub(super) fn write_toml<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let text = toml::to_string(value).map_err(io::Error::other)?;
    write(path, text.as_bytes())
}

/// Reads a file; `None` if it is missing or not what was written.
pub(super) fn read_toml<T: DeserializeOwned>(path: &Path) -> Option<T> {
    toml::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Remembers in the time of a file that it is used now.
pub(super) fn touch(path: &Path) {
    let now = SystemTime::now();
    let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(now));
}

/// When a file was touched last.
pub(super) fn touched(path: &Path) -> SystemTime {
    path.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The paths in a directory; none if it cannot be read.
pub(super) fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    directory.read_dir().into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The directories in a directory.
pub(super) fn directories(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    entries(directory).filter(|path| path.is_dir())
}

/// The size in bytes of a file, or of all files below a directory.
pub(super) fn size(path: &Path) -> u64 {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => entries(path).map(|below| size(&below)).sum(),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    }
}
