//! Files that are found by their name beside what a stranger may have written: `kfm.toml`, `kfm.lock`, what the user
//! typed. A repository can hold a link by that name, to a device or to what is nobody's business.

use super::open;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads a regular file. A link is followed where it leads to something in or below the directory that holds it.
///
/// # Errors
///
/// It leads out of there, is not a regular file, has more bytes than `most`, or cannot be read.
pub(crate) fn read_beside(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_within(path, path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")), most)
}

/// As [`read_beside`], for a text.
///
/// # Errors
///
/// As for [`read_beside`]; also what is not UTF-8.
pub(crate) fn read_text_beside(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read_beside(path, most)?).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Reads a regular file. A link is followed where it leads to something in or below `directory`.
///
/// # Errors
///
/// As for [`read_beside`].
pub(crate) fn read_within(path: &Path, directory: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(&open(&check_within(path, directory)?)?, most)
}

/// Where a path leads, which must be in or below `directory`.
///
/// # Errors
///
/// It leads out of there, or does not exist.
pub(crate) fn check_within(path: &Path, directory: &Path) -> io::Result<PathBuf> {
    let real = path.canonicalize()?;
    match real.starts_with(directory.canonicalize()?) {
        true => Ok(real),
        false => Err(io::Error::other("it is a link that leads out of its directory")),
    }
}

/// Reads a file that is open.
///
/// # Errors
///
/// It has more bytes than `most`, or cannot be read.
pub(crate) fn read_open(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::other(format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_within_the_directory_alone() {
        let top = tempfile::tempdir().unwrap();
        let path = |name: &str| top.path().join(name);
        std::fs::create_dir_all(path("d/e")).unwrap();
        for (name, text) in [("outside", "o"), ("d/a", "12345"), ("d/e/b", "x")] {
            std::fs::write(path(name), text).unwrap();
        }
        for (name, to) in
            [("d/down", "e/b"), ("d/up", "../outside"), ("d/zero", "/dev/zero"), ("d/e/c", "../a")]
        {
            symlink(to, path(name)).unwrap();
        }
        assert_eq!(read_text_beside(&path("d/a"), 5).unwrap(), "12345");
        assert_eq!(read_text_beside(&path("d/down"), 5).unwrap(), "x");
        assert_eq!(read_within(&path("d/e/c"), &path("d"), 5).unwrap(), b"12345");
        let error = read_beside(&path("d/a"), 4).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 4 bytes");
        for name in ["d/up", "d/zero", "d/e/c"] {
            let error = read_beside(&path(name), 5).unwrap_err();
            assert_eq!(error.to_string(), "it is a link that leads out of its directory", "{name}");
        }
        assert!(read_beside(&path("d/e"), 5).is_err());
        assert_eq!(read_beside(&path("d/none"), 5).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
