//! Where things may lie: in the work tree of the user, not in what git keeps for itself.

use crate::files;
use crate::limits::{Limit, Limits};
use crate::text::path::{bytes, relative};
use std::io::{self, Read};
use std::path::{Component, Path};

/// Returns whether a path leads into a `.git` directory on the way from another one.
pub(super) fn is_of_git(from: &Path, to: &Path) -> bool {
    // Nearly every path is answered by its bytes alone.
    let bytes = bytes(to);
    let git = |at: usize| bytes.get(at + 1..at + 4).is_some_and(|name| name.eq_ignore_ascii_case(b"git"));
    memchr::memchr_iter(b'.', bytes).any(git) && names_git(&relative(from, to))
}

/// Returns whether a part of a path is `.git`, in any case that a file system may take for it.
pub(super) fn names_git(path: &Path) -> bool {
    path.components().any(|part| matches!(part, Component::Normal(name) if name.eq_ignore_ascii_case(".git")))
}

/// The work tree of git that a directory lies in; `exists` says whether there is something at a path.
pub(crate) fn work_tree<'a>(directory: &'a Path, exists: &dyn Fn(&Path) -> bool) -> Option<&'a Path> {
    directory.ancestors().find(|above| exists(&above.join(".git")))
}

/// The content of a regular file on disk, links followed, as far as a build without a budget would read it.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = Limits::default().get(Limit::File);
    files::open(&path.canonicalize()?)?.take(most + 1).read_to_end(&mut bytes)?;
    match Limit::File.check_default(bytes.len() as u64) {
        Ok(()) => Ok(bytes),
        Err(e) => Err(io::Error::new(io::ErrorKind::FileTooLarge, e.to_string())),
    }
}

/// The local path that a location of git names.
pub(crate) fn local_repository(url: &str) -> Option<&Path> {
    let scheme = url.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("file://"))?;
    url.get(scheme.len()..).map(Path::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_keeps_for_itself_is_known() {
        for (from, to, expected) in [
            ("/a", "/a/.git/config", true),
            ("/a", "/a/b/.GIT", true),
            ("/a", "/b/.git/x", true),
            ("/a", "/a/.github/x", false),
            ("/a", "/a/x.git/y", false),
            ("/a/.git/b", "/a/.git/b/c", false),
            ("/a/.git/b", "/a/.git/c", false),
        ] {
            assert_eq!(is_of_git(Path::new(from), Path::new(to)), expected, "{from} {to}");
        }
    }
}
