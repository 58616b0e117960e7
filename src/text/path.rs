//! Paths by their text alone; nothing is asked of the disk.

use std::path::{Component, Path, PathBuf, is_separator};

/// A path without `.`, `..` and doubled slashes, by its text alone.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if matches!(out.components().next_back(), Some(Component::Normal(_))) {
                    out.pop();
                } else if !out.has_root() {
                    out.push("..");
                }
            }
            part => out.push(part),
        }
    }
    out
}

/// The way from one absolute, clean path to another.
pub(crate) fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().count() - common;
    let mut out: PathBuf = std::iter::repeat_n("..", up).collect();
    out.extend(to.components().skip(common));
    if out.as_os_str().is_empty() { ".".into() } else { out }
}

/// Returns whether a path is a directory or below it; both are absolute and clean, so that comparing bytes is enough.
pub(crate) fn is_below(path: &Path, directory: &Path) -> bool {
    let directory = bytes(directory);
    let is_separator = |byte: Option<&u8>| byte.is_some_and(|b| is_separator(char::from(*b)));
    bytes(path)
        .strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || is_separator(rest.first()) || is_separator(directory.last()))
}

/// The bytes of a path.
pub(crate) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_by_their_text() {
        for (given, expected) in
            [("/a/./b/../c//d/", "/a/c/d"), ("/../a", "/a"), ("a/../..", ".."), ("../../a", "../../a")]
        {
            assert_eq!(clean(Path::new(given)), Path::new(expected), "{given}");
        }
    }

    #[test]
    fn the_way_between_two_directories_goes_over_their_common_parent() {
        for (from, to, expected) in
            [("/a/b", "/a/b/c/d", "c/d"), ("/a/b", "/a/x", "../x"), ("/a", "/a", "."), ("/", "/a", "a")]
        {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(expected), "{from} {to}");
        }
    }

    #[test]
    fn a_directory_holds_itself_and_what_is_below() {
        for (path, directory, expected) in [
            ("/a/b", "/a", true),
            ("/a", "/a", true),
            ("/a", "/", true),
            ("/ab", "/a", false),
            ("/", "/a", false),
        ] {
            assert_eq!(is_below(Path::new(path), Path::new(directory)), expected, "{path} {directory}");
        }
    }
}
