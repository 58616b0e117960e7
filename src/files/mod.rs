//! Where files come from: the disk, memory, the tree of a git revision.
//!
//! A [`FileSystem`] answers four questions about absolute paths and decides nothing: which files a build may read is
//! decided above it (`load`), once for all of them. [`Disk`] and [`Memory`] are the two that kfm brings; what else has
//! files implements the trait.

mod disk;
mod memory;
mod named;
mod open;

pub use disk::Disk;
pub use memory::Memory;
#[cfg(feature = "cli")]
pub(crate) use named::{check_within, read_open, read_within};
pub(crate) use named::{read_beside, read_text_beside};
pub(crate) use open::open;

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file of this many bytes.
    File(u64),
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket.
    Other,
}

/// A tree of files. All paths are absolute and free of `.`, `..` and doubled slashes.
pub trait FileSystem: Debug + Send + Sync {
    /// Returns the directory that relative targets start from.
    fn directory(&self) -> PathBuf {
        PathBuf::from("/")
    }

    /// Returns what is at a path, without following a link that is there; links in the directories above are followed.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`], [`io::ErrorKind::NotADirectory`] where something above is a file, or another
    /// reason.
    fn kind(&self, path: &Path) -> io::Result<FileKind>;

    /// Returns where a path leads when all links are followed.
    ///
    /// # Errors
    ///
    /// As for [`FileSystem::kind`]; also where links lead in a circle.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;

    /// Appends the content of a file, at most this many bytes of it.
    ///
    /// # Errors
    ///
    /// There is no such file, or it cannot be read.
    fn read(&self, path: &Path, most: u64, content: &mut Vec<u8>) -> io::Result<()>;

    /// Returns the names in a directory, in any order.
    ///
    /// # Errors
    ///
    /// There is no such directory, or it cannot be read.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;

    /// Returns what a path leads to when all links are followed.
    ///
    /// # Errors
    ///
    /// As for [`FileSystem::canonical`].
    fn kind_behind_links(&self, path: &Path) -> io::Result<FileKind> {
        match self.kind(path)? {
            FileKind::Link => self.kind(&self.canonical(path)?),
            kind => Ok(kind),
        }
    }
}
