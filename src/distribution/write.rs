//! Writing files out, again and again, without ever touching what the user has changed.
//!
//! Beside the files lies `.kfm-manifest`: the hash of every file as it was offered last, in the form of `sha256sum`, so
//! that `sha256sum --check .kfm-manifest` lists what was changed. A file with that hash is as it was written, and may
//! be replaced by a newer one or removed; any other file is the user's, and a file that is missing was removed by
//! them.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use crate::interrupt;
use crate::text::go;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

/// The file with the hashes.
pub(crate) const MANIFEST: &str = ".kfm-manifest";

/// The largest file that is compared with what would be written, in bytes.
const LARGEST: u64 = 256 << 20;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was not there before.
    Wrote,
    /// It was as kfm wrote it, and is replaced by a newer one.
    Updated,
    /// It is what would be written.
    Same,
    /// The user's own stays, although it differs.
    Kept {
        /// What would be written has changed since it was offered last.
        newer: bool,
    },
    /// It stays away, as the user removed it.
    LeftOut,
    /// It was as kfm wrote it, and is not part of what is written any more.
    Removed,
    /// A link or file stands where its directory should be.
    Blocked,
}

/// What became of which file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report(pub(crate) Vec<(String, Outcome)>);

impl Report {
    /// How many files had this outcome.
    pub(crate) fn count(&self, is_it: impl Fn(Outcome) -> bool) -> usize {
        self.0.iter().filter(|(_, outcome)| is_it(*outcome)).count()
    }

    /// One line for each file that is not simply written, then a line of numbers.
    pub(crate) fn text(&self, shown: &str) -> String {
        let mut out = String::new();
        for (path, outcome) in &self.0 {
            let (word, why) = match outcome {
                Outcome::Wrote | Outcome::Updated | Outcome::Same => continue,
                Outcome::Kept { newer: false } => ("kept", "it is not as kfm wrote it"),
                Outcome::Kept { newer: true } => ("kept", "it is not as kfm wrote it; kfm has a newer one"),
                Outcome::LeftOut => ("skipped", "it was removed here"),
                Outcome::Removed => ("removed", "kfm does not have it any more"),
                Outcome::Blocked => ("skipped", "a link or file is where its directory should be"),
            };
            out.push_str(&format!("{word} {}: {why}\n", visible(path)));
        }
        let numbers = [
            ("wrote", self.count(|o| o == Outcome::Wrote)),
            ("updated", self.count(|o| o == Outcome::Updated)),
            ("left unchanged", self.count(|o| o == Outcome::Same)),
            ("kept", self.count(|o| matches!(o, Outcome::Kept { .. }))),
            ("removed", self.count(|o| o == Outcome::Removed)),
            ("skipped", self.count(|o| matches!(o, Outcome::LeftOut | Outcome::Blocked))),
        ];
        let numbers: Vec<_> =
            numbers.iter().filter(|(_, n)| *n > 0).map(|(w, n)| format!("{w} {n}")).collect();
        let what = if numbers.is_empty() { "nothing to write".to_owned() } else { numbers.join(", ") };
        out + &format!("{shown}: {what}\n")
    }
}

/// A path without anything that a terminal would obey.
fn visible(path: &str) -> Cow<'_, str> {
    if path.chars().all(go::is_print) { path.into() } else { go::quote(path).into() }
}

/// Writes files, given by path with slashes, below a directory. What was written earlier and is in or below one of
/// `owned` but is not given any more is removed.
pub(crate) fn write(
    directory: &Path,
    files: &[(String, Cow<'_, [u8]>)],
    owned: &[&str],
    force: bool,
) -> Result<Report> {
    std::fs::create_dir_all(directory).map_err(|e| failed(directory, &e))?;
    let manifest = directory.join(MANIFEST);
    let mut known = read(&manifest)?;
    let mut report = Report::default();
    let mut hashes: Vec<(String, String)> = Vec::with_capacity(files.len());
    for (path, content) in files {
        let new = hash(content);
        let old = known.remove(path.as_str());
        let outcome = decide(directory, path, &new, old.as_deref(), force);
        if matches!(outcome, Outcome::Wrote | Outcome::Updated) {
            put(&directory.join(path), content)?;
        }
        report.0.push((path.clone(), outcome));
        hashes.push((path.clone(), new));
    }
    let mut gone: Vec<_> = known.into_iter().collect();
    gone.sort_unstable();
    for (path, old) in gone {
        if !owned.iter().any(|own| Path::new(&path).starts_with(own)) {
            hashes.push((path, old));
            continue;
        }
        let file = directory.join(&path);
        if is_reachable(directory, &path) && hash_of(&file).as_deref() == Some(&old) {
            std::fs::remove_file(&file).map_err(|e| failed(&file, &e))?;
            remove_empty(directory, &file);
            report.0.push((path, Outcome::Removed));
        }
    }
    hashes.sort_unstable();
    let text: String = hashes.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
    if files::read_beside(&manifest, LARGEST).ok().as_deref() != Some(text.as_bytes()) {
        put(&manifest, text.as_bytes())?;
    }
    Ok(report)
}

fn decide(directory: &Path, path: &str, new: &str, old: Option<&str>, force: bool) -> Outcome {
    if !is_reachable(directory, path) {
        return Outcome::Blocked;
    }
    let file = directory.join(path);
    let Ok(meta) = file.symlink_metadata() else {
        return if old.is_some() && !force { Outcome::LeftOut } else { Outcome::Wrote };
    };
    if meta.is_dir() {
        return Outcome::Blocked;
    }
    let now = if meta.is_file() { hash_of(&file) } else { None };
    match now.as_deref() {
        Some(now) if now == new => Outcome::Same,
        Some(now) if force || Some(now) == old => Outcome::Updated,
        _ if force => Outcome::Updated,
        _ => Outcome::Kept { newer: old.is_some_and(|old| old != new) },
    }
}

/// Returns whether the directories on the way to a file are directories, or not there.
fn is_reachable(directory: &Path, path: &str) -> bool {
    let directories = Path::new(path).ancestors().skip(1).filter(|p| !p.as_os_str().is_empty());
    directories.into_iter().all(|p| directory.join(p).symlink_metadata().map_or(true, |m| m.is_dir()))
}

/// Hashes by path. Lines that name no file below the directory are ignored.
fn read(manifest: &Path) -> Result<FxHashMap<String, String>> {
    let text = match files::read_beside(manifest, LARGEST) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(failed(manifest, &e)),
    };
    let line = |line: &str| {
        let (hash, path) = line.split_once("  ")?;
        let inside =
            !path.is_empty() && Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
        inside.then(|| (path.to_owned(), hash.to_owned()))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// The hash of a file, if it can be read.
fn hash_of(file: &Path) -> Option<String> {
    files::read_beside(file, LARGEST).ok().map(|bytes| hash(&bytes))
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a file whole or not at all, in place of whatever is there.
fn put(file: &Path, content: &[u8]) -> Result<()> {
    let fail = |e: std::io::Error| failed(file, &e);
    let directory = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(fail)?;
    let mut new = interrupt::file_in(directory).map_err(fail)?;
    new.write_all(content).map_err(fail)?;
    new.rename(file).map_err(fail)
}

/// Removes the directories of a file that are empty now.
fn remove_empty(directory: &Path, file: &Path) {
    let mut at: Option<PathBuf> = file.parent().map(Path::to_owned);
    while let Some(here) = at.filter(|h| h != directory && h.starts_with(directory)) {
        if std::fs::remove_dir(&here).is_err() {
            break;
        }
        at = here.parent().map(Path::to_owned);
    }
}

fn failed(path: &Path, e: &std::io::Error) -> Error {
    let shown = path.display().to_string();
    Error::new(ErrorKind::Io, format!("`{shown}` cannot be written: {}", cause(e))).at(Location::file(shown))
}
