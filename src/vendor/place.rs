//! Puts the copies and the lock where they belong.
//!
//! All copies are written to a directory beside the lock first; only when that is done, and the disk was large enough, do
//! they take the place of the old ones, by renames. The lock is written last.

use super::plan::{Item, Plan, RepositoryCopy};
use super::walk::Targets;
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use crate::interrupt;
use crate::remote::content::{self, Content, Contents};
use crate::remote::lock::{LARGEST, NAME, SUMS, VENDOR, without_user};
use crate::remote::{Lock, LockedFile, LockedRepository, LockedSource};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A tree that was brought up to date.
pub(super) struct Updated {
    /// Its entry in the lock.
    pub(crate) entry: LockedSource,
    /// What its repository has.
    pub(crate) list: Contents,
    /// Whether files were written.
    pub(crate) written: bool,
}

/// What was put in its place.
pub(super) struct Placed {
    /// The lock as it is now.
    pub(crate) lock: Lock,
    /// Copies that were missing or changed although the lock had them.
    pub(crate) restored: Vec<String>,
}

pub(super) fn failed(path: &Path, e: &io::Error) -> Error {
    let shown = path.display().to_string();
    Error::new(ErrorKind::Io, format!("`{shown}` cannot be written: {}", cause(e))).at(Location::file(shown))
}

/// Writes the copies and the lock in a directory.
pub(super) fn place(
    directory: &Path,
    plan: Plan,
    old: &Lock,
    targets: &Targets,
    sources: &[Updated],
) -> Result<Placed> {
    let new = || tempfile::Builder::new().prefix(".kfm-vendor-").tempdir_in(directory);
    let staging = interrupt::directory(new).map_err(|e| failed(directory, &e))?;
    let mut lock = Lock { targets: targets.given.clone(), ..Lock::default() };
    lock.sources = sources.iter().map(|source| source.entry.clone()).collect();
    let mut lists: BTreeMap<String, Contents> = BTreeMap::new();
    for (copy, repository) in &plan.repositories {
        let staged = staging.path().join(copy);
        stage(&staged, repository)?;
        let list = content::of(&staged)?;
        lock.repositories.push(repository.entry(copy, content::sum(&list)));
        lists.insert(copy.clone(), list);
    }
    for (copy, (url, bytes)) in &plan.files {
        let staged = staging.path().join(copy);
        parent(&staged)
            .and_then(|()| fs::write(&staged, bytes.as_slice()))
            .map_err(|e| failed(&staged, &e))?;
        let sum = content::prefixed_hash(bytes);
        lock.files.push(LockedFile { url: url.clone(), copy: copy.clone(), sum });
        lists.insert(copy.clone(), [(String::new(), Content::File(content::hash(bytes)))].into());
    }
    let mut restored = vec![];
    for (copy, list) in &lists {
        if !is_there(&directory.join(copy), list) {
            exchange(staging.path(), directory, copy)?;
            restored.push(copy.clone());
        }
    }
    let copies = old.repositories.iter().map(|r| &r.copy).chain(old.files.iter().map(|f| &f.copy));
    for copy in copies.filter(|copy| !lists.contains_key(*copy)) {
        remove(staging.path(), directory, copy)?;
    }
    lists.extend(sources.iter().map(|source| (source.entry.into.clone(), source.list.clone())));
    write(&directory.join(SUMS), &content::write_sums(&lists))?;
    write(&directory.join(NAME), &lock.text()?)?;
    Ok(Placed { lock, restored })
}

/// Writes a file whole, if that changes it.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    if files::read_beside(path, LARGEST).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let put = || -> io::Result<()> {
        let mut file = interrupt::file_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.rename(path)
    };
    put().map_err(|e| failed(path, &e))
}

impl RepositoryCopy {
    fn entry(&self, copy: &str, sum: String) -> LockedRepository {
        LockedRepository {
            url: without_user(&self.asked.spec.url),
            reference: self.asked.spec.reference.clone(),
            without_submodules: !self.asked.spec.submodules,
            commit: self.asked.found.commit.clone(),
            tree: self.asked.found.tree.clone(),
            copy: copy.to_owned(),
            sum,
            references: self.asked.references.iter().cloned().collect(),
        }
    }
}

fn parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Writes what is needed of a repository.
fn stage(directory: &Path, repository: &RepositoryCopy) -> Result<()> {
    fs::create_dir_all(directory).map_err(|e| failed(directory, &e))?;
    repository.items.iter().try_for_each(|(path, item)| write_item(&directory.join(path), item))
}

/// Writes a file or link.
pub(super) fn write_item(to: &Path, item: &Item) -> Result<()> {
    let written = parent(to).and_then(|()| match item {
        Item::File(from) => fs::copy(from, to).map(drop),
        Item::Link(target) => link(target, to),
    });
    written.map_err(|e| failed(to, &e))
}

#[cfg(unix)]
pub(super) fn link(target: &str, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
pub(super) fn link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links cannot be written here"))
}

/// Whether a copy is there as it should be.
pub(super) fn is_there(path: &Path, list: &Contents) -> bool {
    match list.get("") {
        Some(content) => {
            path.is_file() && content::of_file(path).is_ok_and(|hash| *content == Content::File(hash))
        }
        None => path.is_dir() && content::of(path).is_ok_and(|found| found == *list),
    }
}

/// Puts a staged copy in the place of the old one, which goes to the staging directory.
pub(super) fn exchange(staging: &Path, directory: &Path, copy: &str) -> Result<()> {
    let place = free_place(directory, copy)?;
    let old = staging.join(format!("old-{}", content::hash(copy.as_bytes())));
    let swap = || -> io::Result<()> {
        parent(&place)?;
        let was = place.symlink_metadata().is_ok();
        if was {
            fs::rename(&place, &old)?;
        }
        fs::rename(staging.join(copy), &place).inspect_err(|_| {
            if was {
                let _ = fs::rename(&old, &place);
            }
        })
    };
    swap().map_err(|e| failed(&place, &e))
}

/// The place of a copy, none of whose parents is a link or a file.
fn free_place(directory: &Path, copy: &str) -> Result<PathBuf> {
    let place = directory.join(copy);
    for above in place.ancestors().skip(1).take_while(|above| *above != directory) {
        if above.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            let shown = above.display().to_string();
            let message = format!("`{shown}` must be a directory, found a file or link");
            return Err(Error::new(ErrorKind::Conflict, message).at(Location::file(shown)));
        }
    }
    Ok(place)
}

/// Removes a copy, and directories that are empty then.
fn remove(staging: &Path, directory: &Path, copy: &str) -> Result<()> {
    let place = free_place(directory, copy)?;
    let old = staging.join(format!("old-{}", content::hash(copy.as_bytes())));
    match fs::rename(&place, &old) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(&place, &e)),
        _ => {}
    }
    let vendor = directory.join(VENDOR);
    for above in place.ancestors().skip(1).take_while(|above| above.starts_with(&vendor)) {
        if fs::remove_dir(above).is_err() {
            break;
        }
    }
    Ok(())
}
