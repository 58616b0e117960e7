//! Files that the command line names.

use super::environment::Environment;
use crate::{files, load};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Directories whose links and special files are meant: `/dev/stdout`, `/dev/fd/63`.
const SPECIAL: [&str; 2] = ["/dev", "/proc"];

/// Reads a file. Where it lies in a git work tree, or below the directory in which the user stands, somebody else may
/// have put a link in its place: one that leads out of there is not followed.
pub(super) fn file(name: &str, most: u64, environment: &Environment) -> io::Result<Vec<u8>> {
    let path = environment.directory.join(name);
    match tree_of(&path, environment)? {
        Some(tree) => files::read_within(&path, &tree, most),
        None => files::read_open(&File::open(&path)?, most),
    }
}

/// Refuses what [`file`] refuses for being a link.
pub(super) fn check(name: &str, environment: &Environment) -> io::Result<()> {
    let path = environment.directory.join(name);
    match tree_of(&path, environment)? {
        Some(tree) => files::check_within(&path, &tree).map(drop),
        None => Ok(()),
    }
}

/// The tree that a link in the place of a file may not leave.
fn tree_of(path: &Path, environment: &Environment) -> io::Result<Option<PathBuf>> {
    let directory = path.parent().unwrap_or(path).canonicalize()?;
    if is_special(&directory) {
        return Ok(None);
    }
    let here = environment.directory.canonicalize()?;
    let tree = load::work_tree(&directory, &|path| path.exists()).map(Path::to_owned);
    Ok(tree.or_else(|| directory.starts_with(&here).then_some(here)))
}

/// Returns whether a directory, free of links, is one of the system's.
pub(super) fn is_special(directory: &Path) -> bool {
    SPECIAL.iter().any(|special| directory.starts_with(special))
}
