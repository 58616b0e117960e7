//! What all loaders of a build share: resolved directories, files, what was fetched.
//!
//! A directory is resolved once: its parent first, then its own name, which costs one question to the operating system
//! per directory instead of one per component of every path.

use super::fetch::{Fetch, RepoSpec};
use super::file::{File, reading};
use super::moved::moved;
use super::place::work_tree;
use super::stand_in::{Mount, StandIn, StandIns};
use crate::compat::Compat;
use crate::diag::{self, Error, ErrorKind, Result, nearest};
use crate::files::{Disk, FileKind, FileSystem};
use crate::limits::{Budget, Limit};
use crate::text::path::{clean, is_below, relative};
use crate::yaml::Mark;
use rustc_hash::FxHashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What the user decides.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The directory in which the user stands; paths in messages are relative to it. Absolute.
    pub(crate) directory: PathBuf,
    /// Files must be in or below the root of their kustomization (`LoadRestrictionsRootOnly`).
    pub(crate) restricted: bool,
    /// The version of kustomize to behave as.
    pub(crate) compat: Compat,
    /// Nothing outside of this directory is read, whatever else is allowed. Absolute and free of links.
    pub(crate) root: Option<PathBuf>,
    /// Repositories on this machine may be named by a kustomization file; without it those of its work tree alone.
    pub(crate) file_repositories: bool,
    /// What the build may take.
    pub(crate) budget: Arc<Budget>,
    /// Where the files come from.
    pub(crate) files: Arc<dyn FileSystem>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            directory: PathBuf::new(),
            restricted: true,
            compat: Compat::default(),
            root: None,
            file_repositories: false,
            budget: Arc::default(),
            files: Arc::new(Disk::default()),
        }
    }
}

type Slot = Arc<OnceLock<Result<Arc<File>>>>;

/// The files of a build.
pub(crate) struct Files {
    pub(super) options: Options,
    pub(super) fetch: Arc<dyn Fetch>,
    directories: Mutex<FxHashMap<PathBuf, Arc<Path>>>,
    files: Mutex<FxHashMap<PathBuf, Arc<File>>>,
    fetched: Mutex<FxHashMap<String, Slot>>,
    /// Directories of clones, and how to name what is in them.
    clones: Mutex<Vec<(Arc<Path>, RepoSpec)>>,
    stand_ins: Option<Arc<dyn StandIns>>,
    /// Directories whose files come from elsewhere: clones, stand-ins.
    mounts: Mutex<Vec<Mount>>,
    /// What the target is a part of: see [`Files::around`].
    around: OnceLock<PathBuf>,
    /// Directories that are read in place of others.
    inserted: Mutex<Vec<Arc<Path>>>,
    /// Stand-ins that have a name of their own.
    named: Mutex<Vec<(Arc<Path>, String)>>,
    /// Further builds will read the same files.
    kept: AtomicBool,
}

/// Where a path leads.
pub(super) struct Real {
    pub(crate) path: PathBuf,
    pub(crate) kind: FileKind,
}

/// Longer paths are not taken apart but left to the operating system, which refuses them.
const LONGEST_PATH: usize = 16 << 10;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Files {
    /// No files yet.
    pub(crate) fn new(options: Options, fetch: Arc<dyn Fetch>) -> Arc<Self> {
        Self::with_stand_ins(options, fetch, None)
    }

    /// No files yet; some directories are read in place of others.
    pub(crate) fn with_stand_ins(
        mut options: Options,
        fetch: Arc<dyn Fetch>,
        stand_ins: Option<Arc<dyn StandIns>>,
    ) -> Arc<Self> {
        if let Ok(real) = options.files.canonical(&options.directory) {
            options.directory = real;
        }
        Arc::new(Self {
            options,
            fetch,
            directories: Mutex::default(),
            files: Mutex::default(),
            fetched: Mutex::default(),
            clones: Mutex::default(),
            mounts: Mutex::new(stand_ins.as_ref().map(|s| s.mounts()).unwrap_or_default()),
            stand_ins,
            around: OnceLock::new(),
            inserted: Mutex::default(),
            named: Mutex::default(),
            kept: AtomicBool::new(false),
        })
    }

    /// Notes that further builds will read the same files, one build after the other.
    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Returns whether further builds will read the same files.
    pub(crate) fn are_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// What the build has used up of its limits.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.options.budget
    }

    /// Where the files at a path come from.
    pub(super) fn at(&self, path: &Path) -> Arc<dyn FileSystem> {
        let mounts = lock(&self.mounts);
        let mount = mounts.iter().find(|(directory, _)| is_below(path, directory));
        mount.map_or(&self.options.files, |(_, files)| files).clone()
    }

    /// What is at a path, without following a link that is there.
    pub(crate) fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.at(path).kind(path)
    }

    /// What a path leads to.
    pub(crate) fn kind_behind_links(&self, path: &Path) -> io::Result<FileKind> {
        self.at(path).kind_behind_links(path)
    }

    /// Some names in a directory, sorted; none where it cannot be listed.
    pub(crate) fn names(&self, directory: &Path) -> Vec<String> {
        let names = self.at(directory).list(directory).unwrap_or_default();
        let mut names: Vec<String> =
            names.into_iter().take(10_000).filter_map(|n| n.into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// Notes the target: what it is a part of is the root that the user names, else its work tree of git, else the
    /// directory in which the user stands or that of the target.
    pub(super) fn set_target(&self, target: &Path) {
        let tree = work_tree(target, &|path| self.kind(path).is_ok());
        self.around.get_or_init(|| match (&self.options.root, tree) {
            (Some(root), _) => root.clone(),
            (None, Some(tree)) => tree.to_owned(),
            (None, None) if target.starts_with(&self.options.directory) => self.options.directory.clone(),
            (None, None) => target.to_owned(),
        });
    }

    /// Returns whether a path, free of links, is a part of what the target is a part of.
    pub(super) fn is_around(&self, path: &Path) -> bool {
        self.around.get().is_some_and(|around| is_below(path, around))
    }

    /// Returns whether a path, free of links or not looked at yet, may be read at all.
    pub(super) fn is_within(&self, path: &Path) -> bool {
        let below = |directories: &[Arc<Path>]| directories.iter().any(|d| is_below(path, d));
        self.options.root.as_ref().is_none_or(|root| is_below(path, root))
            || below(&lock(&self.inserted))
            || lock(&self.mounts).iter().any(|(directory, _)| is_below(path, directory))
    }

    /// Where an absolute, clean path leads.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<Real> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Real { path: path.to_owned(), kind: self.kind_behind_links(path)? });
        };
        let real = if path.as_os_str().len() > LONGEST_PATH {
            self.at(path).canonical(path)?
        } else {
            self.real_directory(parent)?.join(name)
        };
        let kind = match self.kind(&real) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let stand_in = self.stand_ins.as_ref().and_then(|s| s.missing(&real)).ok_or(e)??;
                let path = self.enter_stand_in(stand_in);
                let kind = self.kind_behind_links(&path)?;
                return Ok(Real { path: path.to_path_buf(), kind });
            }
            kind => kind?,
        };
        if kind != FileKind::Link {
            return Ok(Real { path: real, kind });
        }
        self.used(&real);
        let path = self.at(&real).canonical(&real)?;
        let kind = self.kind(&path)?;
        Ok(Real { path, kind })
    }

    /// The directory to which an absolute, clean path leads.
    pub(super) fn real_directory(&self, path: &Path) -> io::Result<Arc<Path>> {
        if let Some(known) = lock(&self.directories).get(path) {
            return Ok(known.clone());
        }
        let real = self.resolve(path)?;
        if real.kind != FileKind::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let real: Arc<Path> = match self.stand_ins.as_ref().and_then(|s| s.instead(&real.path)) {
            Some(stand_in) => self.enter_stand_in(stand_in?),
            None => real.path.into(),
        };
        lock(&self.directories).insert(path.to_owned(), real.clone());
        Ok(real)
    }

    /// Remembers how to name a stand-in.
    fn enter_stand_in(&self, stand_in: StandIn) -> Arc<Path> {
        let directory: Arc<Path> = stand_in.directory.into();
        let mut inserted = lock(&self.inserted);
        if !inserted.contains(&directory) {
            inserted.push(directory.clone());
        }
        drop(inserted);
        if let Some(shown) = stand_in.shown {
            let mut named = lock(&self.named);
            if !named.iter().any(|(known, _)| *known == directory) {
                named.push((directory.clone(), shown));
            }
        }
        directory
    }

    /// The file at a resolved place.
    pub(super) fn file(&self, real: Real) -> Result<Arc<File>> {
        let shown = || self.show(&real.path);
        let FileKind::File(size) = real.kind else {
            return Err(Error::new(ErrorKind::Io, format!("`{}` is not a regular file", shown())));
        };
        if let Some(known) = lock(&self.files).get(&real.path) {
            return Ok(known.clone());
        }
        self.budget().check(Limit::File, size).map_err(|e| Error::from(e).during(reading(&shown())))?;
        self.used(&real.path);
        let (files, budget) = (self.at(&real.path), self.budget().clone());
        let file = Arc::new(File::found(real.path.clone(), shown(), size, files, budget));
        Ok(lock(&self.files).entry(real.path).or_insert(file).clone())
    }

    /// Tells of a file or link in a repository.
    fn used(&self, path: &Path) {
        if lock(&self.clones).iter().any(|(directory, _)| is_below(path, directory)) {
            self.fetch.used(path);
        }
    }

    /// The file at a URL.
    pub(super) fn fetched(&self, url: &str) -> Result<Arc<File>> {
        let slot = lock(&self.fetched).entry(url.to_owned()).or_default().clone();
        slot.get_or_init(|| {
            Ok(Arc::new(File::fetched(url.into(), self.fetch.file(url)?, self.budget().clone())))
        })
        .clone()
    }

    /// Remembers the directory of a clone.
    pub(super) fn cloned(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        let directory: Arc<Path> = clean(&self.fetch.checkout(repository)?).into();
        let mut clones = lock(&self.clones);
        if !clones.iter().any(|(known, _)| *known == directory) {
            lock(&self.mounts).push((directory.clone(), self.fetch.files()));
            clones.push((directory.clone(), repository.clone()));
        }
        Ok(directory)
    }

    /// A resolved path as the user would name it: relative to where the user stands, or absolute if that is shorter.
    /// What is in a clone gets the name under which a kustomization file could ask for it.
    pub(crate) fn show(&self, real: &Path) -> Arc<str> {
        for (directory, repository) in lock(&self.clones).iter() {
            if let Ok(inside) = real.strip_prefix(directory) {
                let query = match repository.reference.as_str() {
                    "" => String::new(),
                    reference => format!("?ref={reference}"),
                };
                let url = diag::without_secrets(&repository.url);
                return format!("{url}//{}{query}", inside.display()).into();
            }
        }
        for (directory, name) in lock(&self.named).iter() {
            if let Ok(inside) = real.strip_prefix(directory) {
                return Path::new(name).join(inside).to_string_lossy().trim_end_matches('/').into();
            }
        }
        let relative = relative(&self.options.directory, real).to_string_lossy().into_owned();
        let absolute = real.to_string_lossy();
        if relative.len() < absolute.len() { relative.into() } else { absolute.into() }
    }

    /// An error for a path that cannot be resolved, with the nearest name that is there.
    pub(super) fn missing(&self, path: &Path, given: &str, mark: Option<&Mark>, cause: &io::Error) -> Error {
        // What no file names was named on the command line.
        let what = if mark.is_none() { "the target " } else { "" };
        let (kind, message) = match cause.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotFound, format!("{what}`{given}` does not exist")),
            io::ErrorKind::NotADirectory => {
                (ErrorKind::NotFound, format!("{what}`{given}` is not a directory"))
            }
            _ => (ErrorKind::Io, format!("{what}`{given}` cannot be reached: {}", diag::cause(cause))),
        };
        let mut error = located(Error::new(kind, message), mark);
        if cause.kind() != io::ErrorKind::NotFound {
            return error;
        }
        let exists = |path: &Path| self.kind_behind_links(path).is_ok_and(|kind| kind == FileKind::Directory);
        let stands_in = |path: &Path| self.stand_ins.as_ref().is_some_and(|s| s.has(path));
        if let Some((old, new)) = moved(path, &exists).or_else(|| moved(path, &stands_in)) {
            let (location, query) = given.split_at(given.find(['?', '#']).unwrap_or(given.len()));
            let shown = match location.trim_end_matches('/').strip_suffix(&*old.to_string_lossy()) {
                Some(before) => format!("{before}{}{query}", new.display()),
                None => new.display().to_string(),
            };
            return error.hint(format!(
                "kubeflow/manifests (now kubeflow/community-distribution) moved it to `{shown}`"
            ));
        }
        if let (true, Err(why)) = (given.contains("://"), self.fetch.repository(given)) {
            return error.hint(format!("it is not the URL of a repository either: {why}"));
        }
        // From the top, since directories that are there are known from then on, and those that are not are asked for anew.
        let ancestors: Vec<&Path> = path.ancestors().collect();
        let down = ancestors.iter().rev().zip(ancestors.iter().rev().skip(1));
        let there = down.map_while(|(parent, lost)| Some((self.real_directory(parent).ok()?, lost))).last();
        // What lies around the user's tree is not told to whoever reads the message.
        let there = there.filter(|(directory, _)| mark.is_none() || self.is_around(directory));
        if let Some((directory, name)) =
            there.and_then(|(directory, lost)| Some((directory, lost.file_name()?)))
        {
            let names = self.names(&directory);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let name = name.to_string_lossy();
            if names.binary_search(&name.as_ref()).is_ok() {
                error = error
                    .hint(format!("`{}` is a dangling symbolic link", self.show(&directory.join(&*name))));
            } else if let Some(near) = nearest(&name, names) {
                error = error.hint(format!("did you mean `{near}`?"));
            }
        }
        if mark.is_some() && clean(&self.options.directory.join(given)) != path {
            let from_here = self.options.directory.join(given);
            if self.is_around(&clean(&from_here)) && self.kind_behind_links(&from_here).is_ok() {
                error = error.hint("paths are relative to the directory of the kustomization file");
            }
        }
        error
    }
}

/// Adds a place, if known.
pub(super) fn located(error: Error, mark: Option<&Mark>) -> Error {
    match mark {
        Some(mark) => error.at(mark.location()),
        None => error,
    }
}
