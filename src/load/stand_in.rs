//! Directories that are read in place of others.
//!
//! Kustomize knows no such thing. The program carries a distribution, which serves where a user names a directory
//! of it that is not on disk; which directories these are is for the implementation of [`StandIns`] to say.

use crate::files::FileSystem;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory that is read in place of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Where it is, free of links.
    pub directory: PathBuf,
    /// How to name it in messages, if not by its path.
    pub shown: Option<String>,
}

/// A directory, and what its files come from.
pub(crate) type Mount = (Arc<Path>, Arc<dyn FileSystem>);

/// Says what is read in place of which directory. Paths are absolute, clean, and free of links but for their last part.
pub trait StandIns: Debug + Send + Sync {
    /// Directories of stand-ins whose files are not on disk.
    fn mounts(&self) -> Vec<Mount> {
        vec![]
    }
    /// What is read in place of a directory that is there.
    fn instead(&self, path: &Path) -> Option<io::Result<StandIn>>;
    /// What is read in place of something that is not there.
    fn missing(&self, path: &Path) -> Option<io::Result<StandIn>>;
    /// Returns whether something would be read in place of a path that does not exist.
    fn has(&self, path: &Path) -> bool;
}
