//! The files of the operating system.

use super::{FileKind, FileSystem};
use std::ffi::OsString;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many names of a directory are listed.
const MOST_NAMES: usize = 1_000_000;

/// The disk.
#[derive(Debug, Clone)]
pub struct Disk {
    directory: PathBuf,
}

impl Default for Disk {
    fn default() -> Self {
        Self::new(".")
    }
}

impl Disk {
    /// The disk as seen from a directory: relative targets start there, and messages name paths relative to it.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }
}

fn kind(metadata: &Metadata) -> FileKind {
    match metadata.file_type() {
        kind if kind.is_file() => FileKind::File(metadata.len()),
        kind if kind.is_dir() => FileKind::Directory,
        kind if kind.is_symlink() => FileKind::Link,
        _ => FileKind::Other,
    }
}

impl FileSystem for Disk {
    fn directory(&self) -> PathBuf {
        self.directory.canonicalize().unwrap_or_else(|_| self.directory.clone())
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        path.symlink_metadata().map(|metadata| kind(&metadata))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn read(&self, path: &Path, most: u64, content: &mut Vec<u8>) -> io::Result<()> {
        super::open(path)?.take(most).read_to_end(content).map(drop)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        path.read_dir()?.take(MOST_NAMES).map(|entry| Ok(entry?.file_name())).collect()
    }

    fn kind_behind_links(&self, path: &Path) -> io::Result<FileKind> {
        path.metadata().map(|metadata| kind(&metadata))
    }
}
