//! Files that are held in memory.

use super::{FileKind, FileSystem};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Bound;
use std::path::{Component, Path, PathBuf};

/// Files by path. There are no links, and a directory is there if a file is below it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Cow<'static, [u8]>>,
}

impl Memory {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file at a path, which counts from the top: `overlays/prod/kustomization.yaml`. A file that was there is
    /// replaced.
    pub fn insert(&mut self, path: impl AsRef<Path>, content: impl Into<Cow<'static, [u8]>>) {
        self.files.insert(absolute(path.as_ref()), content.into());
    }

    /// Returns the first path below a directory.
    fn first_below(&self, directory: &Path) -> Option<&Path> {
        let behind = (Bound::Excluded(directory), Bound::Unbounded);
        let (path, _) = self.files.range::<Path, _>(behind).next()?;
        path.starts_with(directory).then_some(path)
    }
}

/// A path from the top, without `.` and `..`.
fn absolute(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::ParentDir => {
                out.pop();
            }
            _ => {}
        }
    }
    out
}

impl<P: AsRef<Path>, C: Into<Cow<'static, [u8]>>> FromIterator<(P, C)> for Memory {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> Self {
        let files = files.into_iter().map(|(path, content)| (absolute(path.as_ref()), content.into()));
        Self { files: files.collect() }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Memory {
    fn from(files: [(&str, &str); N]) -> Self {
        files.into_iter().map(|(path, content)| (path, content.as_bytes().to_vec())).collect()
    }
}

impl FileSystem for Memory {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if let Some(content) = self.files.get(path) {
            return Ok(FileKind::File(content.len() as u64));
        }
        if path.parent().is_none() || self.first_below(path).is_some() {
            return Ok(FileKind::Directory);
        }
        let below_a_file = path.ancestors().skip(1).any(|above| self.files.contains_key(above));
        Err(if below_a_file { io::ErrorKind::NotADirectory } else { io::ErrorKind::NotFound }.into())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.kind(path).map(|_| path.to_owned())
    }

    fn read(&self, path: &Path, most: u64, content: &mut Vec<u8>) -> io::Result<()> {
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
        content.extend_from_slice(bytes.get(..most).unwrap_or_default());
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let behind = (Bound::Excluded(path), Bound::Unbounded);
        let below = self.files.range::<Path, _>(behind).map_while(|(file, _)| file.strip_prefix(path).ok());
        let mut names: Vec<OsString> =
            below.filter_map(|rest| rest.iter().next().map(OsStr::to_owned)).collect();
        names.dedup();
        if names.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(names) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_there_if_a_file_is_below_them() {
        let memory = Memory::from([("a/b/x", "1"), ("./a/c", "22"), ("ab", "333"), ("/a/b/../b-", "")]);
        for (path, expected) in [
            ("/", Ok(FileKind::Directory)),
            ("/a", Ok(FileKind::Directory)),
            ("/a/b", Ok(FileKind::Directory)),
            ("/a/b-", Ok(FileKind::File(0))),
            ("/a/c", Ok(FileKind::File(2))),
            ("/ab", Ok(FileKind::File(3))),
            ("/a/c/d", Err(io::ErrorKind::NotADirectory)),
            ("/a/d", Err(io::ErrorKind::NotFound)),
            ("/b", Err(io::ErrorKind::NotFound)),
        ] {
            assert_eq!(memory.kind(Path::new(path)).map_err(|e| e.kind()), expected, "{path}");
        }
        let list = |path: &str| memory.list(Path::new(path)).map_err(|e| e.kind());
        assert_eq!(list("/"), Ok(vec!["a".into(), "ab".into()]));
        assert_eq!(list("/a"), Ok(vec!["b".into(), "b-".into(), "c".into()]));
        assert_eq!(list("/d"), Err(io::ErrorKind::NotFound));
    }

    #[test]
    fn no_more_is_read_than_asked_for() {
        let memory = Memory::from([("a", "123")]);
        let mut content = vec![];
        assert!(memory.read(Path::new("/a"), 2, &mut content).is_ok());
        assert_eq!(content, b"12");
        assert!(memory.read(Path::new("/b"), 2, &mut content).is_err());
    }
}
