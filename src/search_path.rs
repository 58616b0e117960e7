//! Where programs are found.
//!
//! A program is looked for once, in the absolute directories of the search path alone: an empty or relative part of it
//! means the directory in which a program happens to be started, which may be a clone or a pull request. What is
//! started gets the same search path, so that the programs which it starts are found in the same way.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// The directories in which programs are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPath(Arc<[PathBuf]>);

impl SearchPath {
    /// The absolute directories of a value of `PATH`.
    pub fn new(value: &OsStr) -> Self {
        Self(std::env::split_paths(value).filter(|directory| directory.is_absolute()).collect())
    }

    /// Where tests find shells and git.
    #[cfg(test)]
    pub(crate) fn of_the_tests() -> Self {
        Self::new(OsStr::new("/usr/local/bin:/usr/bin:/bin"))
    }

    /// The absolute path of a program. A name with a slash is a path, relative to `directory`.
    pub(crate) fn find(&self, name: &str, directory: &Path) -> io::Result<PathBuf> {
        if name.contains(std::path::is_separator) {
            return std::path::absolute(directory.join(name));
        }
        let mut refused = None;
        for directory in self.0.iter() {
            let path = directory.join(name);
            match path.metadata() {
                Ok(metadata) if metadata.is_file() && is_executable(&metadata) => return Ok(path),
                Ok(_) => refused = Some(io::ErrorKind::PermissionDenied),
                Err(_) => {}
            }
        }
        Err(refused.unwrap_or(io::ErrorKind::NotFound).into())
    }

    /// A command that starts a program in a directory.
    pub(crate) fn command(&self, name: &str, directory: &Path) -> io::Result<Command> {
        let mut command = Command::new(self.find(name, directory)?);
        command.current_dir(directory).env("PATH", self.value());
        Ok(command)
    }

    /// The value of `PATH` for programs that are started.
    fn value(&self) -> OsString {
        std::env::join_paths(self.0.iter()).unwrap_or_default()
    }
}

/// Returns whether somebody may run a file.
#[cfg(unix)]
pub(crate) fn is_executable(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

/// Returns whether somebody may run a file.
#[cfg(not(unix))]
pub(crate) fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn relative_and_empty_parts_are_ignored() {
        for (value, expected) in [("/a:/b", "/a:/b"), (":/a::.:b:./c:/d:", "/a:/d"), ("", ""), (".", "")] {
            assert_eq!(SearchPath::new(OsStr::new(value)).value(), OsStr::new(expected), "{value}");
        }
    }

    #[test]
    fn the_first_program_counts_that_may_be_run() {
        let top = tempfile::tempdir().unwrap();
        for (name, mode) in [("a/x", 0o644), ("b/x", 0o755), ("c/x", 0o755)] {
            let path = top.path().join(name);
            std::fs::create_dir(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let directory = |name: &str| top.path().join(name);
        let search = SearchPath::new(&std::env::join_paths(["a", "b", "c"].map(directory)).unwrap());
        let here = Path::new("/work");
        assert_eq!(search.find("x", here).unwrap(), top.path().join("b/x"));
        assert_eq!(search.find("./x", here).unwrap(), Path::new("/work/x"));
        assert_eq!(search.find("/x/y", here).unwrap(), Path::new("/x/y"));
        assert_eq!(search.find("y", here).unwrap_err().kind(), io::ErrorKind::NotFound);
        let first = SearchPath::new(directory("a").as_os_str());
        assert_eq!(first.find("x", here).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
