//! The copy: its files, in memory until all are known, and how they get to the disk.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::interrupt;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Files and directories below the destination.
#[derive(Debug, Default)]
pub(crate) struct Copy {
    files: BTreeMap<PathBuf, Arc<Vec<u8>>>,
    directories: BTreeSet<PathBuf>,
}

impl Copy {
    /// Adds a file, or puts another content in its place. The path is relative to the destination, and clean.
    pub(crate) fn file(&mut self, path: PathBuf, content: Arc<Vec<u8>>) -> Result<()> {
        inside(&path)?;
        self.files.insert(path, content);
        Ok(())
    }

    /// Adds a directory that may stay empty.
    pub(crate) fn directory(&mut self, path: PathBuf) -> Result<()> {
        inside(&path)?;
        self.directories.insert(path);
        Ok(())
    }

    /// Returns whether there is anything at a path or below it.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let below = |next: Option<&PathBuf>| next.is_some_and(|p| p.starts_with(path));
        below(self.files.range(path.to_owned()..).map(|(p, _)| p).next())
            || below(self.directories.range(path.to_owned()..).next())
    }

    /// Writes everything to a new directory, which has its name only when it is complete.
    pub(crate) fn write(&self, destination: &Path) -> Result<()> {
        let fail = |path: &Path, e: &std::io::Error| {
            Error::new(ErrorKind::Io, format!("the copy cannot be written: {}", cause(e)))
                .at(Location::file(path.to_string_lossy().into_owned()))
        };
        let parent = destination.parent().unwrap_or(Path::new("/"));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".kfm-localize-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let new = interrupt::directory(|| builder.tempdir_in(parent)).map_err(|e| fail(parent, &e))?;
        for directory in &self.directories {
            std::fs::create_dir_all(new.path().join(directory)).map_err(|e| fail(directory, &e))?;
        }
        let mut made = PathBuf::new();
        for (path, content) in &self.files {
            let directory = path.parent().unwrap_or(Path::new(""));
            if made != directory {
                std::fs::create_dir_all(new.path().join(directory)).map_err(|e| fail(directory, &e))?;
                made = directory.to_owned();
            }
            std::fs::write(new.path().join(path), content.as_slice()).map_err(|e| fail(path, &e))?;
        }
        new.rename(destination).map_err(|e| fail(destination, &e))
    }
}

/// Nothing is written outside of the destination, whatever the input names.
fn inside(path: &Path) -> Result<()> {
    if path.components().all(|c| matches!(c, Component::Normal(_))) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Restricted, format!("`{}` is outside the destination", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_destination() {
        let mut copy = Copy::default();
        for path in ["../x", "/x", "a/../../x"] {
            assert!(copy.file(path.into(), Arc::default()).is_err(), "{path}");
        }
        assert!(copy.file("a/b".into(), Arc::default()).is_ok());
    }

    #[test]
    fn what_is_below_a_path_is_found() {
        let mut copy = Copy::default();
        copy.file("charts/c/Chart.yaml".into(), Arc::default()).expect("inside");
        copy.directory("d/e".into()).expect("inside");
        for (path, there) in
            [("charts", true), ("charts/c", true), ("chart", false), ("d", true), ("x", false)]
        {
            assert_eq!(copy.has(Path::new(path)), there, "{path}");
        }
    }

    #[test]
    fn a_copy_is_there_whole_or_not_at_all() {
        let top = tempfile::tempdir().expect("a directory");
        let mut copy = Copy::default();
        copy.file("a".into(), Arc::default()).expect("inside");
        copy.write(&top.path().join("good")).expect("written");
        copy.file("a/b".into(), Arc::default()).expect("inside");
        assert!(copy.write(&top.path().join("bad")).is_err());
        let names: Vec<_> = top.path().read_dir().expect("listed").flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, ["good"]);
    }
}
