//! Submodules of clones: what they name is looked at before git asks for it.
//!
//! Kustomize lets git fetch all of them at once. Here each level is fetched by itself, since only then the locations of
//! the next one are known.

use super::command::Run;
use super::size;
use crate::diag::{Error, ErrorKind, Result};
use std::path::{Component, Path, PathBuf};

/// How many submodules may be fetched for one clone.
const MOST: usize = 1000;

/// Fetches the submodules of a clone, and theirs.
pub(super) fn update(run: &Run<'_>, clone: &Path) -> Result<()> {
    let mut left = vec![clone.to_owned()];
    let mut fetched = 0;
    while let Some(directory) = left.pop() {
        // A link would let git read another file than the one that was checked out.
        if !directory.join(".gitmodules").symlink_metadata().is_ok_and(|m| m.is_file()) {
            continue;
        }
        for url in values(run, &directory, "url")?.iter().filter(|url| !is_relative(url)) {
            run.refuse(url)?;
        }
        let paths = values(run, &directory, "path")?;
        fetched += paths.len();
        if fetched > MOST {
            let message = format!("more than {MOST} submodules in one clone");
            return Err(Error::new(ErrorKind::Restricted, message));
        }
        run.git(&directory, &["submodule", "update", "--init"])?;
        size::check_on_disk(run.url, clone)?;
        left.extend(paths.iter().filter_map(|path| inside(&directory, path)));
    }
    Ok(())
}

/// Whether a location is relative to that of the repository which names it.
fn is_relative(url: &str) -> bool {
    url.starts_with("./") || url.starts_with("../")
}

/// What the modules of a repository have for a key.
fn values(run: &Run<'_>, directory: &Path, key: &str) -> Result<Vec<String>> {
    let pattern = format!("^submodule\\..*\\.{key}$");
    let args = ["config", "-z", "-f", ".gitmodules", "--get-regexp", &pattern];
    let text = match run.output(directory, &args) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::Restricted => return Err(e),
        // Without a match git fails; a file that it cannot read is for the next command to complain about.
        Err(_) => String::new(),
    };
    Ok(text.split('\0').filter_map(|entry| Some(entry.split_once('\n')?.1.to_owned())).collect())
}

/// The directory of a submodule, free of links.
fn inside(directory: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let whole = directory.join(path);
    (plain && whole.canonicalize().ok()? == whole && whole.is_dir()).then_some(whole)
}
