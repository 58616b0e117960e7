//! A revision in the place of the disk.

use super::tree::{Kind, Tree};
use crate::files::{FileKind, FileSystem};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The files of a revision, at the paths that they have where the revision is checked out. Nothing else is there.
#[derive(Debug)]
pub(crate) struct RevisionFiles {
    tree: Tree,
    /// The top of the working tree, free of links.
    top: PathBuf,
}

impl RevisionFiles {
    /// The files of a revision below a top directory.
    pub(crate) fn new(tree: Tree, top: impl Into<PathBuf>) -> Self {
        Self { tree, top: top.into() }
    }

    /// Returns the path from the top; `None` for the directories above.
    fn inside<'a>(&self, path: &'a Path) -> io::Result<Option<&'a Path>> {
        match path.strip_prefix(&self.top) {
            Ok(inside) => Ok(Some(inside)),
            Err(_) if self.top.starts_with(path) => Ok(None),
            Err(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Returns the path from the top, without links but for the last part.
    fn located(&self, inside: &Path) -> io::Result<PathBuf> {
        match (inside.parent(), inside.file_name()) {
            (Some(parent), Some(name)) => Ok(self.tree.resolve(parent)?.join(name)),
            _ => Ok(PathBuf::new()),
        }
    }
}

impl FileSystem for RevisionFiles {
    fn directory(&self) -> PathBuf {
        self.top.clone()
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let Some(inside) = self.inside(path)? else { return Ok(FileKind::Directory) };
        let real = self.located(inside)?;
        match self.tree.kind(&real)? {
            Kind::File => Ok(FileKind::File(self.tree.size(&real)?)),
            Kind::Directory => Ok(FileKind::Directory),
            Kind::Link => Ok(FileKind::Link),
            Kind::Submodule => Err(io::Error::other("a submodule, which is not looked into")),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        match self.inside(path)? {
            Some(inside) => Ok(self.top.join(self.tree.resolve(inside)?)),
            None => Ok(path.to_owned()),
        }
    }

    fn read(&self, path: &Path, most: u64, content: &mut Vec<u8>) -> io::Result<()> {
        let inside = self.inside(path)?.ok_or(io::ErrorKind::IsADirectory)?;
        let bytes = self.tree.read(&self.tree.resolve(inside)?)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
        content.extend_from_slice(bytes.get(..most).unwrap_or_default());
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let Some(inside) = self.inside(path)? else { return Ok(vec![]) };
        let names = self.tree.names(&self.tree.resolve(inside)?)?;
        Ok(names.into_iter().map(OsString::from).collect())
    }
}
