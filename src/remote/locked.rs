//! A lock with the directory that it belongs to: where copies and trees are, and whether they are what the lock says.

use super::content::{self, Contents, Difference};
use super::lock::{LARGEST, Lock, LockedFile, LockedRepository, LockedSource, NAME, SUMS};
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use std::path::{Path, PathBuf};

/// A lock and the directory it is in.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    /// The directory, absolute and free of links.
    pub(crate) directory: PathBuf,
    /// What the lock says.
    pub(crate) lock: Lock,
}

impl Locked {
    /// The lock that counts for a directory: its own or that of the nearest directory above.
    pub(crate) fn find(directory: &Path, show: &dyn Fn(&Path) -> String) -> Result<Option<Self>> {
        let Ok(directory) = directory.canonicalize() else { return Ok(None) };
        for above in directory.ancestors() {
            let path = above.join(NAME);
            if let Some(lock) = Lock::read(&path, &show(&path))? {
                return Ok(Some(Self { directory: above.to_owned(), lock }));
            }
        }
        Ok(None)
    }

    /// Where a copy is, free of links; `None` if it is not there.
    pub(crate) fn copy(&self, copy: &str) -> Result<Option<PathBuf>> {
        let refused = |why: String| {
            let message = format!("the copy `{copy}` {why}");
            Err(Error::new(ErrorKind::Restricted, message).at(Location::file(NAME)))
        };
        let path = self.directory.join(copy);
        match path.canonicalize() {
            Ok(real) if real == path => Ok(Some(real)),
            Ok(_) => refused("is reached by a link, which a copy may not be".into()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => refused(format!("cannot be reached: {}", cause(&e))),
        }
    }

    /// Refuses a copied directory that is not what the lock says.
    pub(crate) fn check_directory(&self, entry: &LockedRepository, path: &Path) -> Result<()> {
        let found = content::of(path)?;
        if content::sum(&found) == entry.sum {
            return Ok(());
        }
        let what = first(&Difference::between(&self.sums(&entry.copy), &found), &entry.copy);
        Err(differs(&entry.url, &what).hint("run `kfm vendor` to bring the copy back"))
    }

    /// Refuses a copied file that is not what the lock says.
    pub(crate) fn check_file(&self, entry: &LockedFile, bytes: &[u8]) -> Result<()> {
        match content::prefixed_hash(bytes) == entry.sum {
            true => Ok(()),
            false => Err(differs(&entry.url, &format!("`{}` is modified", entry.copy))
                .hint("run `kfm vendor` to bring the copy back")),
        }
    }

    /// Refuses trees that are not what the lock says.
    pub(crate) fn check_sources(&self) -> Result<()> {
        for entry in &self.lock.sources {
            if let Some(what) = self.source_problems(entry)?.first() {
                return Err(differs(&entry.git, what).hint(
                    "`kfm vendor diff` shows the edits; run `kfm vendor` to keep them, with `--force` to drop them",
                ));
            }
        }
        Ok(())
    }

    /// How a tree differs from what the lock says of it; nothing if it does not.
    pub(crate) fn source_problems(&self, entry: &LockedSource) -> Result<Vec<String>> {
        let Some(path) = self.copy(&entry.into)? else {
            return Ok(vec![format!("`{}` is missing", entry.into)]);
        };
        let upstream = self.sums(&entry.into);
        if content::sum(&upstream) != entry.sum {
            return Ok(vec![format!("`{SUMS}` is not what `{NAME}` says of `{}`", entry.into)]);
        }
        let edits = content::edits(&upstream, &content::of(&path)?);
        let unknown = edits.iter().filter(|(path, hash)| entry.edits.get(*path) != Some(hash));
        let mut problems: Vec<String> = unknown
            .map(|(path, hash)| {
                let what = match (hash.is_empty(), upstream.contains_key(path)) {
                    (true, _) => "is missing",
                    (false, true) => "is modified",
                    (false, false) => "was added",
                };
                format!("`{}/{path}` {what}", entry.into)
            })
            .collect();
        let undone = entry.edits.keys().filter(|path| !edits.contains_key(*path));
        problems.extend(undone.map(|path| format!("`{}/{path}` is no longer edited", entry.into)));
        Ok(problems)
    }

    /// What the list of hashes has for a copy or tree.
    pub(crate) fn sums(&self, copy: &str) -> Contents {
        let text = files::read_text_beside(&self.directory.join(SUMS), LARGEST).unwrap_or_default();
        content::below(&content::read_sums(&text), copy)
    }
}

/// The first of the differences, as a part of a sentence.
fn first(difference: &Difference, copy: &str) -> String {
    let kinds = [
        ("is modified", &difference.modified),
        ("is missing", &difference.missing),
        ("was added", &difference.added),
    ];
    let named = kinds.iter().find_map(|(what, paths)| Some(format!("`{copy}/{}` {what}", paths.first()?)));
    named.unwrap_or_else(|| format!("`{copy}` is modified"))
}

fn differs(url: &str, what: &str) -> Error {
    Error::new(ErrorKind::Remote, format!("the copy of `{url}` is not what `{NAME}` says: {what}"))
}
