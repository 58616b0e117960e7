//! What was fetched before: repositories by URL and commit, files by URL and hash.
//!
//! ```text
//! git/HASH-OF-URL/COMMIT/entry.toml    what it is, and the hash of its files
//! git/HASH-OF-URL/COMMIT/tree/         the files
//! git/HASH-OF-URL/COMMIT.use           locked by whoever reads the files
//! git/HASH-OF-URL/lock                 locked by whoever fetches
//! git/HASH-OF-URL/references.toml      which commits branches and tags were, for builds without network
//! http/HASH-OF-URL/latest.toml         which file came last
//! http/HASH-OF-URL/HASH                a file
//! tmp/                                 what is being fetched; tmp.lock is locked meanwhile
//! ```
//!
//! Entries appear whole, by a rename, and are compared with their hash before they are used; one that differs is fetched
//! anew. Locks are those of the operating system, which end with the process. Where no directory can be had, a private
//! temporary one serves for the length of the run.

use super::content;
use crate::diag::{Error, ErrorKind, Result, cause};
use crate::interrupt;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// The directory of a user's cache, or a private one.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    /// Removes a private directory in the end.
    _private: Option<Arc<interrupt::Directory>>,
}

/// A cache that is opened when it is needed.
#[derive(Debug, Default)]
pub struct Store {
    directory: Option<PathBuf>,
    opened: OnceLock<Result<Cache>>,
}

impl Store {
    /// The cache in a directory; a private one without.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, opened: OnceLock::new() }
    }

    /// The cache.
    pub fn open(&self) -> Result<&Cache> {
        self.opened.get_or_init(|| Cache::open(self.directory.as_deref())).as_ref().map_err(Error::clone)
    }
}

/// What there is to know about a commit that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The repository, without password.
    pub url: String,
    /// The commit.
    pub commit: String,
    /// The commit's tree, as git names it.
    pub tree: String,
    /// Whether submodules were fetched, too.
    pub submodules: bool,
    /// The hash of the files.
    pub sum: String,
}

/// What a branch or tag was when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The commit.
    pub commit: String,
    /// Whether it is a branch, which moves.
    pub moves: bool,
}

/// A commit that is here, and stays while this is held.
#[derive(Debug)]
pub struct Entry {
    /// What it is.
    pub meta: Meta,
    /// The directory with its files, free of links.
    pub directory: Arc<Path>,
    _use: File,
}

/// One line of `kfm cache list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The repository or file.
    pub url: String,
    /// The commit, or the hash of the file.
    pub version: String,
    /// Branches and tags that were this commit.
    pub references: Vec<String>,
    /// Size in bytes.
    pub size: u64,
    /// When it was used last.
    pub used: SystemTime,
    path: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Latest {
    url: String,
    sum: String,
}

const ENTRY: &str = "entry.toml";
const REFERENCES: &str = "references.toml";
const LATEST: &str = "latest.toml";
const TREE: &str = "tree";

fn failed(path: &Path, e: &io::Error) -> Error {
    let message = format!("the cache cannot be written: `{}`: {}", path.display(), cause(e));
    Error::new(ErrorKind::Io, message).hint("free some space, or set XDG_CACHE_HOME to another directory")
}

impl Cache {
    /// The cache in a directory, which is made if need be; a private one where that cannot be.
    pub fn open(directory: Option<&Path>) -> Result<Self> {
        if let Some(directory) = directory
            && let Ok(root) = make(directory).and_then(|()| directory.canonicalize())
            && File::options().create(true).append(true).open(root.join("tmp.lock")).is_ok()
        {
            return Ok(Self { root, _private: None });
        }
        let private = interrupt::directory(|| tempfile::Builder::new().prefix("kustomize-").tempdir())
            .map_err(|e| {
                Error::new(ErrorKind::Io, format!("no directory for a clone can be made: {}", cause(&e)))
            })?;
        let root = private.path().canonicalize().map_err(|e| failed(private.path(), &e))?;
        Ok(Self { root, _private: Some(Arc::new(private)) })
    }

    /// The directory.
    #[cfg(test)]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the commits of a repository are.
    pub fn repository(&self, url: &str, submodules: bool) -> Result<Shelf> {
        let key = format!("{url}\n{submodules}");
        let directory = self.root.join("git").join(short(&key));
        make(&directory).map_err(|e| failed(&directory, &e))?;
        Ok(Shelf { cache: self.clone(), directory })
    }

    /// A new directory, removed unless it gets its name; nobody else removes it while the file is held.
    fn temporary(&self) -> Result<(interrupt::Directory, File)> {
        let directory = self.root.join("tmp");
        let new = || -> io::Result<(interrupt::Directory, File)> {
            make(&directory)?;
            let file = File::options().create(true).append(true).open(self.root.join("tmp.lock"))?;
            // Whoever can lock it alone is the only one here: what is left was left by runs that were killed.
            if file.try_lock().is_ok() {
                for left in directory.read_dir()?.flatten() {
                    let _ = fs::remove_dir_all(left.path()).or_else(|_| fs::remove_file(left.path()));
                }
                file.unlock()?;
            }
            file.lock_shared()?;
            Ok((interrupt::directory(|| tempfile::tempdir_in(&directory))?, file))
        };
        new().map_err(|e| failed(&directory, &e))
    }

    fn file_shelf(&self, url: &str) -> PathBuf {
        self.root.join("http").join(short(url))
    }

    /// A file that was fetched before: the one with this hash, or the last one.
    pub fn file(&self, url: &str, sum: Option<&str>) -> Option<Vec<u8>> {
        let shelf = self.file_shelf(url);
        let sum = match sum {
            Some(sum) => sum.to_owned(),
            None => read_toml::<Latest>(&shelf.join(LATEST))?.sum,
        };
        let path = shelf.join(sum.rsplit(':').next()?);
        let bytes = fs::read(&path).ok().filter(|bytes| content::prefixed_hash(bytes) == sum)?;
        touch(&path);
        Some(bytes)
    }

    /// Keeps a file. That it cannot be kept is no reason to fail.
    pub fn keep_file(&self, url: &str, bytes: &[u8]) {
        if self._private.is_some() {
            return;
        }
        let shelf = self.file_shelf(url);
        let sum = content::prefixed_hash(bytes);
        let name = sum.rsplit(':').next().unwrap_or_default();
        let latest = Latest { url: url.to_owned(), sum: sum.clone() };
        let _ = make(&shelf)
            .and_then(|()| write(&shelf.join(name), bytes))
            .and_then(|()| write_toml(&shelf.join(LATEST), &latest));
    }

    /// Everything that is here, by URL.
    pub fn list(&self) -> Vec<Listed> {
        let mut listed = vec![];
        for shelf in directories(&self.root.join("git")) {
            let seen: BTreeMap<String, Seen> = read_toml(&shelf.join(REFERENCES)).unwrap_or_default();
            for path in directories(&shelf) {
                let Some(meta) = read_toml::<Meta>(&path.join(ENTRY)) else { continue };
                let is_here = |(_, seen): &(&String, &Seen)| seen.commit == meta.commit;
                listed.push(Listed {
                    references: seen.iter().filter(is_here).map(|(name, _)| name.clone()).collect(),
                    url: meta.url,
                    version: meta.commit,
                    size: size(&path),
                    used: used(&path.join(ENTRY)),
                    path,
                });
            }
        }
        for shelf in directories(&self.root.join("http")) {
            let Some(latest) = read_toml::<Latest>(&shelf.join(LATEST)) else { continue };
            for path in entries(&shelf).filter(|path| shelf_file(path)) {
                let version = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                listed.push(Listed {
                    url: latest.url.clone(),
                    version,
                    references: vec![],
                    size: size(&path),
                    used: used(&path),
                    path,
                });
            }
        }
        listed.sort_by(|a, b| (&a.url, &a.version).cmp(&(&b.url, &b.version)));
        listed
    }

    /// Removes what was not used for some time and is not in use; gives what was removed.
    pub fn prune(&self, unused: Duration) -> Result<Vec<Listed>> {
        let limit = SystemTime::now().checked_sub(unused).unwrap_or(SystemTime::UNIX_EPOCH);
        let (grave, _held) = self.temporary()?;
        let mut removed = vec![];
        for (number, listed) in self.list().into_iter().enumerate() {
            if listed.used > limit {
                continue;
            }
            let is_file = listed.path.is_file();
            let lock = listed.path.with_extension("use");
            // Without the file nobody can be reading.
            let held = File::options().append(true).open(&lock).ok();
            if held.as_ref().is_some_and(|file| file.try_lock().is_err()) {
                continue;
            }
            let gone = grave.path().join(number.to_string());
            fs::rename(&listed.path, &gone).map_err(|e| failed(&listed.path, &e))?;
            if !is_file {
                let _ = fs::remove_file(&lock);
            }
            removed.push(listed);
        }
        for shelf in directories(&self.root.join("git")).chain(directories(&self.root.join("http"))) {
            if entries(&shelf).any(|path| path.is_dir() || shelf_file(&path)) {
                continue;
            }
            // Whoever fetches holds the lock.
            let lock = File::options().create(true).append(true).open(shelf.join("lock"));
            if lock.as_ref().is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_dir_all(&shelf);
            }
        }
        Ok(removed)
    }
}

/// Returns whether a file of a shelf is one that was fetched.
fn shelf_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.len() == 64)
}

/// Where the commits of a repository are.
#[derive(Debug, Clone)]
pub struct Shelf {
    cache: Cache,
    directory: PathBuf,
}

/// The right to add commits of a repository: nobody else has it meanwhile.
#[derive(Debug)]
pub struct Turn<'a> {
    shelf: &'a Shelf,
    _lock: File,
}

impl Shelf {
    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        directories(&self.directory).next().is_none()
    }

    /// A commit, if it is here whole.
    pub fn get(&self, commit: &str) -> Option<Entry> {
        let path = self.directory.join(commit);
        let lock = path.with_extension("use");
        if !path.is_dir() {
            return None;
        }
        let file = File::options().create(true).append(true).open(lock).ok()?;
        file.lock_shared().ok()?;
        let meta: Meta = read_toml(&path.join(ENTRY))?;
        let directory = path.join(TREE).canonicalize().ok()?;
        let found = content::of(&directory).ok()?;
        if meta.commit != commit || content::sum(&found) != meta.sum {
            return None;
        }
        touch(&path.join(ENTRY));
        Some(Entry { meta, directory: directory.into(), _use: file })
    }

    /// What a branch or tag was when it was asked for last.
    pub fn seen(&self, reference: &str) -> Option<Seen> {
        read_toml::<BTreeMap<String, Seen>>(&self.directory.join(REFERENCES))?.remove(reference)
    }

    /// Waits until nobody else adds commits of this repository.
    pub fn turn(&self) -> Result<Turn<'_>> {
        let path = self.directory.join("lock");
        let lock = || -> io::Result<File> {
            let file = File::options().create(true).append(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => file.lock()?,
                Err(TryLockError::Error(e)) => return Err(e),
            }
            Ok(file)
        };
        Ok(Turn { shelf: self, _lock: lock().map_err(|e| failed(&path, &e))? })
    }
}

/// A directory in which a commit is fetched.
#[derive(Debug)]
pub struct Draft {
    directory: interrupt::Directory,
    held: File,
}

impl Draft {
    /// The directory, beside whose files nothing is kept but what describes them.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where the files go.
    pub fn tree(&self) -> PathBuf {
        self.directory.path().join(TREE)
    }
}

impl Turn<'_> {
    /// A new directory for a commit.
    pub fn draft(&self) -> Result<Draft> {
        let (directory, held) = self.shelf.cache.temporary()?;
        let draft = Draft { directory, held };
        fs::create_dir(draft.tree()).map_err(|e| failed(draft.directory.path(), &e))?;
        Ok(draft)
    }

    /// Adds a commit. `meta` comes without the hash of the files.
    pub fn put(&self, draft: Draft, mut meta: Meta) -> Result<Entry> {
        meta.sum = content::sum(&content::of(&draft.tree())?);
        let commit = meta.commit.clone();
        let path = self.shelf.directory.join(&commit);
        let place = || -> io::Result<()> {
            write_toml(&draft.directory.path().join(ENTRY), &meta)?;
            if path.exists() {
                // It was looked at and found broken.
                let broken = draft.directory.path().with_extension("broken");
                fs::rename(&path, &broken)?;
                let _ = fs::remove_dir_all(&broken);
            }
            draft.directory.rename(&path)
        };
        place().map_err(|e| failed(&path, &e))?;
        drop(draft.held);
        self.shelf
            .get(&commit)
            .ok_or_else(|| failed(&path, &io::Error::other("what was written is not there")))
    }

    /// Remembers what a branch or tag is.
    pub fn remember(&self, reference: &str, seen: &Seen) {
        let path = self.shelf.directory.join(REFERENCES);
        let mut all: BTreeMap<String, Seen> = read_toml(&path).unwrap_or_default();
        if all.get(reference) != Some(seen) {
            all.insert(reference.to_owned(), seen.clone());
            let _ = write_toml(&path, &all);
        }
    }
}

/// A name for a text.
fn short(text: &str) -> String {
    content::hash(text.as_bytes()).chars().take(32).collect()
}

/// Makes a directory that only the user may enter.
fn make(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = interrupt::file_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.rename(path)
}

fn write_toml<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let text = toml::to_string(value).map_err(io::Error::other)?;
    write(path, text.as_bytes())
}

fn read_toml<T: DeserializeOwned>(path: &Path) -> Option<T> {
    toml::from_str(&fs::read_to_string(path).ok()?).ok()
}

fn touch(path: &Path) {
    let now = SystemTime::now();
    let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(now));
}

fn used(path: &Path) -> SystemTime {
    path.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    directory.read_dir().into_iter().flatten().flatten().map(|entry| entry.path())
}

fn directories(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    entries(directory).filter(|path| path.is_dir())
}

fn size(path: &Path) -> u64 {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => entries(path).map(|below| size(&below)).sum(),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn put(shelf: &Shelf, text: &str) -> Entry {
        let turn = shelf.turn().unwrap();
        let draft = turn.draft().unwrap();
        fs::write(draft.tree().join("a.yaml"), text).unwrap();
        let meta = Meta {
            url: "https://h/o/r".into(),
            commit: COMMIT.into(),
            tree: COMMIT.into(),
            submodules: true,
            sum: String::new(),
        };
        turn.put(draft, meta).unwrap()
    }

    #[test]
    fn what_was_put_is_there_until_it_is_changed() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(&top.path().join("kfm"))).unwrap();
        let shelf = cache.repository("https://h/o/r", true).unwrap();
        assert!(shelf.is_empty() && shelf.get(COMMIT).is_none());
        let entry = put(&shelf, "a: 1\n");
        let file = entry.directory.join("a.yaml");
        assert_eq!(fs::read_to_string(&file).unwrap(), "a: 1\n");
        assert!(shelf.get(COMMIT).is_some());
        fs::write(&file, "a: 2\n").unwrap();
        assert!(shelf.get(COMMIT).is_none());
        drop(entry);
        put(&shelf, "a: 1\n");
        assert!(shelf.get(COMMIT).is_some());
        assert_eq!(entries(&top.path().join("kfm/tmp")).count(), 0);
    }

    #[test]
    fn what_is_in_use_is_not_pruned() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(top.path())).unwrap();
        let shelf = cache.repository("https://h/o/r", true).unwrap();
        let entry = put(&shelf, "a: 1\n");
        cache.keep_file("https://h/x.yaml", b"x");
        assert_eq!(cache.list().len(), 2);
        assert!(cache.prune(Duration::from_secs(1000)).unwrap().is_empty());
        assert_eq!(cache.prune(Duration::ZERO).unwrap().len(), 1);
        assert!(entry.directory.join("a.yaml").exists());
        drop(entry);
        assert_eq!(cache.prune(Duration::ZERO).unwrap().len(), 1);
        assert!(cache.list().is_empty() && shelf.is_empty());
    }

    #[test]
    fn what_killed_runs_left_is_removed() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(top.path())).unwrap();
        fs::create_dir_all(top.path().join("tmp/left/behind")).unwrap();
        put(&cache.repository("https://h/o/r", true).unwrap(), "a: 1\n");
        assert!(!top.path().join("tmp/left").exists());
    }

    #[test]
    fn files_and_references_are_remembered() {
        let top = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(top.path())).unwrap();
        cache.keep_file("https://h/x.yaml", b"1");
        cache.keep_file("https://h/x.yaml", b"2");
        assert_eq!(cache.file("https://h/x.yaml", None).unwrap(), b"2");
        let first = content::prefixed_hash(b"1");
        assert_eq!(cache.file("https://h/x.yaml", Some(&first)).unwrap(), b"1");
        assert!(cache.file("https://h/y.yaml", None).is_none());
        let shelf = cache.repository("https://h/o/r", true).unwrap();
        let seen = Seen { commit: COMMIT.into(), moves: true };
        shelf.turn().unwrap().remember("main", &seen);
        assert_eq!(shelf.seen("main"), Some(seen));
        assert_eq!(shelf.seen("v1"), None);
    }

    #[test]
    fn without_a_directory_there_is_a_private_one() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("file"), "").unwrap();
        let cache = Cache::open(Some(&top.path().join("file/kfm"))).unwrap();
        let root = cache.root().to_owned();
        assert!(!root.starts_with(top.path().canonicalize().unwrap()));
        put(&cache.repository("https://h/o/r", true).unwrap(), "a: 1\n");
        drop(cache);
        assert!(!root.exists());
    }
}
