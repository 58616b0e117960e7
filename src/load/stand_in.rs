//! Folders that are read in place of others.
//!
//! Kustomize knows no such thing. The program carries a distribution, which serves where a user names a folder
//! of it that is not on disk; which folders these are is for the implementation of [`StandIns`] to say.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that is read in place of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Where it is, free of links.
    pub folder: PathBuf,
    /// How to name it in messages, if not by its path.
    pub shown: Option<String>,
}

/// Says what is read in place of which folder. Paths are absolute, clean, and free of links but for their last part.
pub trait StandIns: Debug + Send + Sync {
    /// What is read in place of a folder that is there.
    fn instead(&self, path: &Path) -> Option<io::Result<StandIn>>;
    /// What is read in place of something that is not there.
    fn missing(&self, path: &Path) -> Option<io::Result<StandIn>>;
}
