//! How large a clone is: before its files are written, and while git writes them.

use crate::diag::{Error, ErrorKind, Result, without_secrets};
use git2::{ObjectType, Oid, Repository, RepositoryOpenFlags, TreeEntry, TreeWalkMode, TreeWalkResult};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Any clone may have this much.
const SMALL: Size = Size { files: 50_000, bytes: 512 << 20 };

/// How many bytes of what was fetched allow one more file, and how many bytes of files each of them allows.
const PER_FILE: u64 = 16;
const FACTOR: u64 = 32;

/// No clone may have more, the objects of git included.
pub(super) const LARGEST: Size = Size { files: 500_000, bytes: 4 << 30 };

/// How deep directories may be nested.
const DEEPEST: usize = 1000;

/// How often a clone is measured at most, and which part of the time that may take.
const INTERVAL: Duration = Duration::from_secs(1);
const SHARE: u32 = 20;

/// Files, and their bytes in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn is_within(self, most: Self) -> bool {
        self.files <= most.files && self.bytes <= most.bytes
    }

    /// What a clone may have for which git has fetched so many bytes: a few bytes can name any number of files.
    fn allowed(fetched: u64) -> Self {
        Self {
            files: SMALL.files.saturating_add(fetched / PER_FILE).min(LARGEST.files),
            bytes: SMALL.bytes.saturating_add(fetched.saturating_mul(FACTOR)).min(LARGEST.bytes),
        }
    }
}

fn unreadable(url: &str, e: &git2::Error) -> Error {
    let message = format!("`{}` cannot be read: {}", without_secrets(url), e.message());
    Error::new(ErrorKind::Remote, message)
}

fn open(clone: &Path) -> std::result::Result<Repository, git2::Error> {
    let none: [&OsStr; 0] = [];
    Repository::open_ext(clone, RepositoryOpenFlags::NO_SEARCH, none)
}

/// Refuses a commit with more files than what was fetched for it accounts for. Each directory is counted once,
/// however often it stands in the tree.
pub(super) fn check(url: &str, clone: &Path, commit: &str) -> Result<()> {
    let failed = |e: git2::Error| unreadable(url, &e);
    let repository = open(clone).map_err(failed)?;
    let tree = repository.revparse_single(commit).and_then(|o| o.peel_to_tree()).map_err(failed)?;
    let fetched = on_disk(&clone.join(".git/objects"), LARGEST).bytes;
    let size = of_tree(&repository, tree.id(), 0, &mut FxHashMap::default()).map_err(failed)?;
    if size.is_within(Size::allowed(fetched)) { Ok(()) } else { Err(too_large(url)) }
}

/// What is known of a directory of a commit and the files beside it before they are fetched.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// How many files and directories there are.
    pub(crate) entries: u64,
    /// The objects of files that are not here.
    pub(crate) missing: Vec<String>,
    /// Whether the repository has submodules.
    pub(crate) modules: bool,
}

/// Looks at a directory of a commit and the files beside it. Nothing if there is no such directory, if it has too many
/// entries, or if libgit2 cannot read the clone.
pub(super) fn part(clone: &Path, commit: &str, name: &str) -> Option<Part> {
    let repository = open(clone).ok()?;
    let tree = repository.revparse_single(commit).ok()?.peel_to_tree().ok()?;
    let directory = tree.get_name(name)?.to_object(&repository).ok()?.into_tree().ok()?;
    let objects = repository.odb().ok()?;
    let mut part = Part { modules: tree.get_name(".gitmodules").is_some(), ..Part::default() };
    let mut seen = FxHashSet::default();
    let mut add = |entry: &TreeEntry<'_>| {
        part.entries += 1;
        match entry.kind() {
            Some(ObjectType::Blob) if seen.insert(entry.id()) && !objects.exists(entry.id()) => {
                part.missing.push(entry.id().to_string());
            }
            Some(ObjectType::Commit) => part.modules = true,
            _ => {}
        }
        if part.entries <= SMALL.files { TreeWalkResult::Ok } else { TreeWalkResult::Abort }
    };
    for entry in tree.iter().filter(|entry| entry.kind() == Some(ObjectType::Blob)) {
        add(&entry);
    }
    directory.walk(TreeWalkMode::PreOrder, |_, entry| add(entry)).ok()?;
    (part.entries <= SMALL.files).then_some(part)
}

/// Refuses a directory of a commit that has too many files or bytes with the files beside it.
pub(super) fn check_part(url: &str, clone: &Path, commit: &str, name: &str) -> Result<()> {
    let measure = || {
        let repository = open(clone)?;
        let tree = repository.revparse_single(commit)?.peel_to_tree()?;
        let objects = repository.odb()?;
        let mut size = Size::default();
        for entry in &tree {
            match entry.kind() {
                Some(ObjectType::Tree) if entry.name_bytes() == name.as_bytes() => {
                    size.add(of_tree(&repository, entry.id(), 0, &mut FxHashMap::default())?);
                }
                Some(ObjectType::Blob) => {
                    size.add(Size { files: 1, bytes: objects.read_header(entry.id())?.0 as u64 });
                }
                _ => {}
            }
        }
        Ok(size)
    };
    let size = measure().map_err(|e: git2::Error| unreadable(url, &e))?;
    let fetched = on_disk(&clone.join(".git/objects"), LARGEST).bytes;
    if size.is_within(Size::allowed(fetched)) { Ok(()) } else { Err(too_large(url)) }
}

/// The size of a tree, with those that are known.
fn of_tree(
    repository: &Repository,
    id: Oid,
    depth: usize,
    known: &mut FxHashMap<Oid, Size>,
) -> std::result::Result<Size, git2::Error> {
    if let Some(size) = known.get(&id) {
        return Ok(*size);
    }
    if depth > DEEPEST {
        return Ok(Size { files: u64::MAX, bytes: u64::MAX });
    }
    let tree = repository.find_tree(id)?;
    let objects = repository.odb()?;
    let mut size = Size::default();
    for entry in &tree {
        match entry.kind() {
            Some(ObjectType::Tree) => {
                size.add(Size { files: 1, bytes: 0 });
                size.add(of_tree(repository, entry.id(), depth + 1, known)?);
            }
            Some(ObjectType::Blob) => {
                size.add(Size { files: 1, bytes: objects.read_header(entry.id())?.0 as u64 });
            }
            _ => {}
        }
    }
    known.insert(id, size);
    Ok(size)
}

/// What is in and below a directory; counting ends beyond `most`.
fn on_disk(directory: &Path, most: Size) -> Size {
    let (mut size, mut left) = (Size::default(), vec![directory.to_owned()]);
    while let Some(directory) = left.pop() {
        // What git removes meanwhile is not there any more.
        for entry in directory.read_dir().into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                left.push(entry.path());
            }
            size.add(Size { files: 1, bytes: if meta.is_file() { meta.len() } else { 0 } });
        }
        if !size.is_within(most) {
            break;
        }
    }
    size
}

/// Measures a clone now and then while git works on it.
pub(super) struct Watch<'a> {
    clone: &'a Path,
    next: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(clone: &'a Path) -> Self {
        Self { clone, next: Instant::now() + INTERVAL }
    }

    /// Returns whether the clone is known to be too large.
    pub(super) fn is_too_large(&mut self) -> bool {
        let start = Instant::now();
        if start < self.next || self.clone == Path::new("/") {
            return false;
        }
        let fits = fits(self.clone);
        self.next = Instant::now() + INTERVAL.max(start.elapsed() * SHARE);
        !fits
    }
}

/// Returns whether a clone is as large as any may be.
fn fits(clone: &Path) -> bool {
    on_disk(clone, LARGEST).is_within(LARGEST)
}

/// Refuses a clone that has become too large, by its submodules.
pub(super) fn check_on_disk(url: &str, clone: &Path) -> Result<()> {
    if fits(clone) { Ok(()) } else { Err(too_large(url)) }
}

pub(super) fn too_large(url: &str) -> Error {
    let message = format!(
        "`{}` has more files than a repository of its size may have, or more than {} or {} GiB",
        without_secrets(url),
        LARGEST.files,
        LARGEST.bytes >> 30
    );
    Error::new(ErrorKind::Restricted, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_allows_more_files_up_to_a_limit() {
        assert_eq!(Size::allowed(0), SMALL);
        assert_eq!(Size::allowed(1 << 20), Size { files: 50_000 + (1 << 16), bytes: 544 << 20 });
        assert_eq!(Size::allowed(u64::MAX), LARGEST);
    }

    #[test]
    fn counting_ends_beyond_what_is_allowed() {
        let top = tempfile::tempdir().unwrap();
        for name in ["a/b", "a/c", "d/e"] {
            let path = top.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "12345").unwrap();
        }
        assert_eq!(on_disk(top.path(), LARGEST), Size { files: 5, bytes: 15 });
        assert!(on_disk(top.path(), Size { files: 1, bytes: 1 }).files < 5);
    }
}
