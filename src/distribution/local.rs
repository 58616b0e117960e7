//! A copy of `manifests` that the user keeps: which one serves.
//!
//! The rule is that of the operator whose place this takes: a directory that holds files is used, and the built-in
//! manifests are not looked at; an empty or missing one is filled with the built-in manifests first; where neither can
//! be done the built-in ones serve, with a warning.

use super::embedded;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result, cause};
use crate::interrupt;
use std::io;
use std::path::{Path, PathBuf};

/// Where the operator kept its copy. A KfDef that names it is not asking for it to be made.
pub(crate) const OPERATOR_DEFAULT: &str = "/mapr/kubeflow/manifests";

/// A directory of manifests that the user names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Local {
    /// The directory, absolute.
    pub(crate) directory: PathBuf,
    /// As it was given.
    pub(crate) given: String,
    /// Who named it, for messages: `--manifests`.
    pub(crate) by: String,
    /// It serves also where there is a directory `manifests` on disk.
    pub(crate) instead: bool,
}

/// Which manifests serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Those in this directory, free of links.
    Directory(PathBuf),
    /// Those of the program.
    BuiltIn,
}

impl Local {
    /// Decides, and fills the directory if it is empty.
    pub(crate) fn choose(&self, findings: &Findings) -> Choice {
        let given = &self.given;
        let refused = |message: String, hint: &str| {
            let message = format!("{message}: the built-in manifests are used");
            let at = Location::file(self.by.as_str());
            findings.add(Finding::new(Code::Skipped, message).at(at).hint(hint));
            Choice::BuiltIn
        };
        let is_default = Path::new(given) == Path::new(OPERATOR_DEFAULT);
        let empty = match is_empty(&self.directory) {
            Ok(empty) => empty,
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_default => {
                return refused(
                    format!("`{given}` does not exist"),
                    "make the directory to have a copy there",
                );
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => true,
            Err(e) => {
                return refused(
                    format!("`{given}` cannot be read ({})", cause(&e)),
                    "name a directory with manifests, or one that may be filled",
                );
            }
        };
        if empty {
            if let Err(e) = seed(&self.directory) {
                return refused(
                    format!("`{given}` is empty and cannot be filled ({})", e.message()),
                    "make it writable, or fill it",
                );
            }
            let message = format!("`{given}` was empty: the built-in manifests were copied there");
            findings.add(Finding::new(Code::Note, message).at(Location::file(self.by.as_str())));
        }
        match self.directory.canonicalize() {
            Ok(directory) => Choice::Directory(directory),
            Err(e) => refused(format!("`{given}` cannot be read ({})", cause(&e)), "see who may read it"),
        }
    }
}

/// Returns whether a directory holds nothing but what file systems and broken-off copies leave after.
fn is_empty(directory: &Path) -> io::Result<bool> {
    for entry in directory.read_dir()? {
        let name = entry?.file_name();
        if name != "lost+found" && !name.to_string_lossy().starts_with(STAGE) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How directories begin in which a copy is made ready.
const STAGE: &str = ".kfm-seed-";

/// Copies the built-in manifests into an empty directory. They are made ready inside of it, on the same file system, and
/// then moved, so that an interruption leaves no half of them to be taken for the user's.
fn seed(directory: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::new(ErrorKind::Io, cause(&e));
    std::fs::create_dir_all(directory).map_err(failed)?;
    let stage = interrupt::directory(|| tempfile::Builder::new().prefix(STAGE).tempdir_in(directory))
        .map_err(failed)?;
    embedded::unpack("manifests", stage.path())?;
    for entry in stage.path().join("manifests").read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let target = directory.join(entry.file_name());
        if let Err(e) = std::fs::rename(entry.path(), &target) {
            // Another run may have been first.
            if target.symlink_metadata().is_err() {
                return Err(failed(e));
            }
        }
    }
    Ok(())
}
