//! The files that are part of the program.
//!
//! The build script packs them: for each file a line with path and size, then its bytes, sorted by path.

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::files::{FileKind, FileSystem, Memory};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The directories that the program carries.
pub(crate) const TREES: [&str; 3] = ["manifests", "overlays", "example"];

/// How messages name the place of these files.
pub(crate) const SHOWN: &str = "<built-in>";

static ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/distribution.archive"));

/// A file of the program.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// `manifests/...`, with slashes.
    pub path: &'static str,
    /// What is in it.
    pub content: &'static [u8],
}

/// All files, sorted by path.
pub fn files() -> impl Iterator<Item = Embedded> {
    index().iter().copied()
}

/// The files in or below a directory.
pub(crate) fn below(directory: &str) -> impl Iterator<Item = Embedded> {
    let directory = format!("{directory}/");
    // Many directories are asked for that are not there.
    let start = index().partition_point(|file| *file.path < *directory);
    index().iter().skip(start).take_while(move |file| file.path.starts_with(&directory)).copied()
}

/// What is in the archive, found out once for the process: it is a constant.
fn index() -> &'static [Embedded] {
    static INDEX: OnceLock<Vec<Embedded>> = OnceLock::new();
    INDEX.get_or_init(|| Reader(ARCHIVE).collect())
}

/// Returns whether there is such a directory.
pub(crate) fn has_directory(directory: &Path) -> bool {
    directory.to_str().is_some_and(|directory| below(directory).next().is_some())
}

/// Writes the files of a directory to a new directory of the same path below `to`.
pub(crate) fn unpack(directory: &str, to: &Path) -> Result<()> {
    for file in below(directory) {
        let path = to.join(file.path);
        let failed = |e: std::io::Error| {
            Error::new(ErrorKind::Io, format!("`{}` cannot be written: {}", path.display(), cause(&e)))
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&path, file.content).map_err(failed)?;
    }
    Ok(())
}

/// The files as a file system, below [`MOUNT`]. They are not looked at before something is asked of them.
#[derive(Debug, Default)]
pub(crate) struct BuiltIn(OnceLock<Memory>);

/// The directory that no disk has, in which the trees are.
pub(crate) const MOUNT: &str = "/<built-in>";

impl BuiltIn {
    fn files(&self) -> &Memory {
        self.0.get_or_init(|| files().map(|file| (Path::new(MOUNT).join(file.path), file.content)).collect())
    }
}

impl FileSystem for BuiltIn {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.files().kind(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.files().canonical(path)
    }

    fn read(&self, path: &Path, most: u64, content: &mut Vec<u8>) -> io::Result<()> {
        self.files().read(path, most, content)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.files().list(path)
    }
}

struct Reader(&'static [u8]);

impl Iterator for Reader {
    type Item = Embedded;

    fn next(&mut self) -> Option<Embedded> {
        let end = memchr::memchr(b'\n', self.0)?;
        let (head, rest) = self.0.split_at(end);
        let (path, size) = std::str::from_utf8(head).ok()?.rsplit_once(' ')?;
        let (content, rest) = rest.get(1..)?.split_at_checked(size.parse().ok()?)?;
        self.0 = rest;
        Some(Embedded { path, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_on_disk_is_part_of_the_program() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut on_disk = vec![];
        for tree in TREES {
            for entry in walkdir::WalkDir::new(top.join(tree)) {
                let entry = entry.unwrap();
                let path = entry.path().strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                let name = entry.file_name().to_string_lossy();
                if entry.file_type().is_file() && !name.starts_with('.') && !name.ends_with('~') {
                    on_disk.push(path);
                }
            }
        }
        on_disk.sort_unstable();
        let carried: Vec<_> = files().collect();
        assert_eq!(carried.iter().map(|f| f.path).collect::<Vec<_>>(), on_disk);
        for file in carried {
            assert!(std::fs::read(top.join(file.path)).unwrap() == file.content, "{}", file.path);
        }
    }

    #[test]
    fn directories_are_known_by_their_files() {
        for (directory, there) in [
            ("example", true),
            ("manifests", true),
            ("examp", false),
            ("example/kustomization.yaml", false),
            ("", false),
        ] {
            assert_eq!(has_directory(Path::new(directory)), there, "{directory}");
        }
    }
}
