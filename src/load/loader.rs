//! The root of one kustomization, and what its file may name.
//!
//! As in kustomize an entry of `resources` is a file if it can be one, else a directory or repository. Where kustomize
//! asks an HTTP server for every URL before it clones, URLs that can only mean a repository are cloned at
//! once; the other way is tried if that fails.

use super::fetch::{Named, RepoSpec, is_file_like, is_remote_file};
use super::file::File;
use super::files::{Files, Real, located};
use super::place::{is_of_git, local_repository};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::files::FileKind;
use crate::limits::Limit;
use crate::text::path::{clean, is_below};
use crate::yaml::{Mark, Marked};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The root of a kustomization.
pub(crate) struct Loader {
    files: Arc<Files>,
    root: Arc<Path>,
    shown: Arc<str>,
    parent: Option<Arc<Self>>,
    /// How many roots led here.
    depth: usize,
    clone: Option<Arc<Clone>>,
    /// This root was reached by a remote location.
    entered: bool,
    /// The kustomization file, once it was found.
    kustomization: OnceLock<Arc<File>>,
}

/// A clone in which roots may lie.
struct Clone {
    directory: Arc<Path>,
    repository: RepoSpec,
}

/// What an entry of `resources` turned out to be.
#[derive(std::clone::Clone)]
pub(crate) enum Found {
    /// A file.
    File(Arc<File>),
    /// The root of another kustomization.
    Directory(Arc<Loader>),
}

impl Loader {
    /// The root that the user named on the command line.
    pub(crate) fn open_target(files: &Arc<Files>, given: &str) -> Result<Arc<Self>> {
        Self::open(files, given).map_err(|e| match e.hints() {
            [] => e.hint(
                "name a directory with a `kustomization.yaml`, as seen from the current directory, or a repository",
            ),
            _ => e,
        })
    }

    /// The root of a build: a directory or a remote location.
    pub(crate) fn open(files: &Arc<Files>, given: &str) -> Result<Arc<Self>> {
        if given.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "the target is an empty string"));
        }
        if let Ok(repository) = files.fetch.repository(given) {
            return Self::at_clone(files, None, repository, None);
        }
        let path = clean(&files.options.directory.join(given));
        let root = files.real_directory(&path).map_err(|e| directory_error(files, &path, given, None, &e))?;
        if !files.is_within(&root) {
            let message = format!("the target `{given}` is outside of the root of the build");
            return Err(Error::new(ErrorKind::Restricted, message));
        }
        files.set_target(&root);
        Ok(Self::at(files, root, None, None, false))
    }

    fn at(
        files: &Arc<Files>,
        root: Arc<Path>,
        parent: Option<Arc<Self>>,
        clone: Option<Arc<Clone>>,
        entered: bool,
    ) -> Arc<Self> {
        let shown = files.show(&root);
        Arc::new(Self {
            files: files.clone(),
            root,
            shown,
            depth: parent.as_ref().map_or(0, |parent| parent.depth + 1),
            parent,
            clone,
            entered,
            kustomization: OnceLock::new(),
        })
    }

    fn at_clone(
        files: &Arc<Files>,
        parent: Option<&Arc<Self>>,
        repository: RepoSpec,
        mark: Option<&Mark>,
    ) -> Result<Arc<Self>> {
        let add_place = |e: Error| match mark {
            Some(mark) => e.or_at(|| mark.location()),
            None => e,
        };
        if let Some(parent) = parent {
            parent.refuse_local(&repository).map_err(add_place)?;
        }
        let directory = files.cloned(&repository).map_err(add_place)?;
        let path = clean(&directory.join(repository.path.trim_start_matches('/')));
        let real = files.resolve(&path).map_err(|e| {
            let error = files.missing(&path, &repository.raw, mark, &e);
            misread(&repository.path).into_iter().fold(error, Error::hint)
        })?;
        if real.kind != FileKind::Directory {
            let message = format!("`{}` is a file in its repository, not a directory", repository.raw);
            let error = Error::new(ErrorKind::NotFound, message).hint(
                "name a directory with a kustomization file, or the file by the URL that serves it raw",
            );
            return Err(located(error, mark));
        }
        if !is_below(&real.path, &directory) {
            let message = format!("`{}` is outside its repository", repository.raw);
            return Err(located(Error::new(ErrorKind::Restricted, message), mark));
        }
        if is_of_git(&directory, &real.path) {
            return Err(located(of_git(&repository.raw), mark));
        }
        let clone = Arc::new(Clone { directory, repository });
        Ok(Self::at(files, real.path.into(), parent.cloned(), Some(clone), true))
    }

    /// Refuses repositories on this machine: what comes from a clone never names one, and other files name those in the
    /// user's own tree alone, unless the user allows more.
    fn refuse_local(&self, repository: &RepoSpec) -> Result<()> {
        let Some(path) = local_repository(&repository.url) else { return Ok(()) };
        let shown = crate::diag::without_secrets(&repository.raw);
        if self.clone.is_some() {
            let message = format!("`{shown}` is a repository of this machine, which no cloned one may name");
            return Err(Error::new(ErrorKind::Restricted, message));
        }
        let allowed = |options: &super::Options| options.file_repositories && options.root.is_none();
        if allowed(&self.files.options) || path.canonicalize().is_ok_and(|real| self.files.is_around(&real)) {
            return Ok(());
        }
        let message = format!("`{shown}` is a repository of this machine outside of this tree");
        Err(Error::new(ErrorKind::Restricted, message)
            .hint("pass `--enable-file-repositories` to allow repositories outside of it"))
    }

    /// The root, free of links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The root as the user would name it.
    pub(crate) fn shown(&self) -> &Arc<str> {
        &self.shown
    }

    /// The files that this loader shares with others.
    pub(crate) fn files(&self) -> &Arc<Files> {
        &self.files
    }

    /// The root from which this one was entered.
    #[cfg(test)]
    pub(crate) fn parent(&self) -> Option<&Arc<Self>> {
        self.parent.as_ref()
    }

    /// The repository in whose clone this root lies, and the clone's directory.
    pub(crate) fn repository(&self) -> Option<(&RepoSpec, &Path)> {
        self.clone.as_deref().map(|c| (&c.repository, &*c.directory))
    }

    /// The kustomization file of this root, which `find` is to find.
    pub(crate) fn kustomization(&self, find: impl FnOnce() -> Result<Arc<File>>) -> Result<Arc<File>> {
        if let Some(known) = self.kustomization.get() {
            return Ok(known.clone());
        }
        let found = find()?;
        Ok(self.kustomization.get_or_init(|| found).clone())
    }

    /// The root of a base or component: a directory or a remote location.
    pub(crate) fn enter(self: &Arc<Self>, entry: &Marked<String>) -> Result<Arc<Self>> {
        let (given, mark) = (entry.value.as_str(), &entry.mark);
        let wrong = |kind, message: String| Error::new(kind, message).at(mark.location());
        if given.is_empty() {
            return Err(wrong(ErrorKind::Config, "an entry that should name a directory is empty".into()));
        }
        let deeper = self.files.budget().check(Limit::DirectoryDepth, self.depth as u64 + 1);
        deeper.map_err(|e| Error::from(e).at(mark.location()))?;
        if let Ok(repository) = self.files.fetch.repository(given) {
            self.refuse_repeated_repository(&repository, mark)?;
            return Self::at_clone(&self.files, Some(self), repository, Some(mark));
        }
        if Path::new(given).is_absolute() {
            return Err(wrong(
                ErrorKind::Restricted,
                format!("directory `{given}` must be relative, found an absolute path"),
            )
            .hint("name the directory relative to that of the kustomization file"));
        }
        let path = clean(&self.root.join(given));
        if self.files.options.compat >= Compat::V5_8_2 && is_ambiguous(given) {
            let message = format!(
                "directory `{given}` is ambiguous: it would be `{}`, which is probably not meant",
                self.files.show(&path)
            );
            return Err(wrong(ErrorKind::Config, message).hint(
                "look at the indentation of the list: two entries may have become one; kustomize takes no name \
                 with `..` inside",
            ));
        }
        self.refuse_place(&path, given).map_err(|e| located(e, Some(mark)))?;
        let root = self
            .files
            .real_directory(&path)
            .map_err(|e| directory_error(&self.files, &path, given, Some(mark), &e))?;
        self.refuse_place(&root, given).map_err(|e| located(e, Some(mark)))?;
        if let Some(clone) = self.clone.as_ref().filter(|c| !is_below(&root, &c.directory)) {
            return Err(wrong(
                ErrorKind::Restricted,
                format!("directory `{given}` is outside its repository `{}`", clone.repository.url),
            ));
        }
        self.refuse_cycle(&root, given, mark)?;
        Ok(Self::at(&self.files, root, Some(self.clone()), self.clone.clone(), false))
    }

    /// Refuses what git keeps for itself, and what is outside of the root that the user named for the build.
    fn refuse_place(&self, path: &Path, given: &str) -> Result<()> {
        if is_of_git(&self.root, path) {
            return Err(of_git(given));
        }
        if self.clone.is_some() || self.files.is_within(path) {
            return Ok(());
        }
        let message = format!("`{given}` is outside of the root of the build");
        Err(Error::new(ErrorKind::Restricted, message)
            .hint("name a directory that holds all that is needed by `--root`"))
    }

    /// A directory may not be or hold a root that is being built. Every remote location counts as a clone of its own.
    fn refuse_cycle(&self, candidate: &Path, given: &str, mark: &Mark) -> Result<()> {
        let mut at = Some(self);
        while let Some(loader) = at {
            if is_below(&loader.root, candidate) {
                let shown = &loader.shown;
                let message = match *loader.root == *candidate {
                    true if &**shown == given => format!("directory `{given}` is being built already"),
                    true => format!("directory `{given}` is `{shown}`, which is being built already"),
                    false => format!("directory `{given}` holds `{shown}`, which is being built already"),
                };
                return Err(Error::new(ErrorKind::Conflict, message)
                    .at(mark.location())
                    .hint("remove the entry: a kustomization cannot include itself"));
            }
            at = if loader.entered { None } else { loader.parent.as_deref() };
        }
        Ok(())
    }

    fn refuse_repeated_repository(&self, new: &RepoSpec, mark: &Mark) -> Result<()> {
        let mut at = Some(self);
        while let Some(loader) = at {
            let known = loader.clone.as_ref().filter(|_| loader.entered);
            if let Some(clone) = known.filter(|c| c.repository.raw.starts_with(&new.raw)) {
                let message =
                    format!("`{}` is or holds `{}`, which is being built", new.raw, clone.repository.raw);
                return Err(Error::new(ErrorKind::Conflict, message).at(mark.location()));
            }
            at = loader.parent.as_deref();
        }
        Ok(())
    }

    /// Returns whether an entry names something that has to be fetched.
    pub(crate) fn is_remote(&self, entry: &str) -> bool {
        is_remote_file(entry) || self.files.fetch.repository(entry).is_ok()
    }

    /// Fetches what an entry names if it is remote, so that it is here when it is asked for.
    pub(crate) fn fetch_ahead(&self, entry: &str) {
        let fetch = &self.files.fetch;
        let repository = fetch.repository(entry).ok().filter(|repository| match fetch.known(repository) {
            Some(named) => named == Named::Directory,
            None => repository.explicit || !is_remote_file(entry),
        });
        match repository {
            Some(repository) => drop(fetch.checkout(&repository)),
            None if is_remote_file(entry) => drop(self.files.fetched(entry)),
            None => {}
        }
    }

    /// The file that an entry names: in or below the root unless the user allows more, or fetched by HTTP.
    pub(crate) fn file(&self, entry: &Marked<String>) -> Result<Arc<File>> {
        let (given, mark) = (entry.value.as_str(), &entry.mark);
        if is_remote_file(given) {
            return self.files.fetched(given).map_err(|e| e.or_at(|| mark.location()));
        }
        let path = clean(&self.root.join(given));
        // Some paths are made absolute on the way; the user named something shorter.
        let shorter = Path::new(given).is_absolute().then(|| self.files.show(&path));
        let given = shorter.as_deref().unwrap_or(given);
        self.refuse_place(&path, given).map_err(|e| located(e, Some(mark)))?;
        let real = self.files.resolve(&path).map_err(|e| self.files.missing(&path, given, Some(mark), &e))?;
        self.allowed_file(real, given, Some(mark))
    }

    /// The file that a text names, if it names one that is there and may be read. For texts that may be something else
    /// than a path.
    pub(crate) fn peek(&self, given: &str) -> Option<Arc<File>> {
        if is_remote_file(given) {
            return self.files.fetched(given).ok();
        }
        let path = clean(&self.root.join(given));
        self.refuse_place(&path, given).ok()?;
        let real = self.files.resolve(&path).ok()?;
        self.allowed_file(real, given, None).ok()
    }

    fn allowed_file(&self, real: Real, given: &str, mark: Option<&Mark>) -> Result<Arc<File>> {
        if real.kind == FileKind::Directory {
            let message = format!("`{given}` must be a file, found a directory");
            return Err(located(Error::new(ErrorKind::NotFound, message), mark));
        }
        self.refuse_place(&real.path, given).map_err(|e| located(e, mark))?;
        let restricted = self.files.options.restricted || self.clone.is_some();
        if restricted && !is_below(&real.path, &self.root) {
            let message = format!("file `{given}` is not in or below `{}`", self.shown);
            let error = located(Error::new(ErrorKind::Restricted, message), mark);
            return Err(match &self.clone {
                Some(_) => error.hint("what comes from a repository may read below its own directory only"),
                None => error.hint(
                    "pass `--load-restrictor LoadRestrictionsNone` to allow files outside the directory",
                ),
            });
        }
        self.files.file(real).map_err(|e| match mark {
            Some(mark) => e.or_at(|| mark.location()),
            None => e,
        })
    }

    /// What an entry of `resources` names.
    pub(crate) fn resource(self: &Arc<Self>, entry: &Marked<String>) -> Result<Found> {
        let given = entry.value.as_str();
        if given.is_empty() {
            let error =
                Error::new(ErrorKind::Config, "an entry that should name a file or directory is empty");
            return Err(error.at(entry.mark.location()));
        }
        if is_remote_file(given) {
            return self.remote_resource(entry);
        }
        let path = clean(&self.root.join(given));
        self.refuse_place(&path, given).map_err(|e| located(e, Some(&entry.mark)))?;
        match self.files.resolve(&path) {
            Ok(real) if real.kind != FileKind::Directory => {
                self.allowed_file(real, given, Some(&entry.mark)).map(Found::File)
            }
            Err(e) if self.files.fetch.repository(given).is_err() => {
                Err(self.files.missing(&path, given, Some(&entry.mark), &e))
            }
            _ => self.enter(entry).map(Found::Directory),
        }
    }

    fn remote_resource(self: &Arc<Self>, entry: &Marked<String>) -> Result<Found> {
        let Ok(repository) = self.files.fetch.repository(&entry.value) else {
            return self.file(entry).map(Found::File);
        };
        match self.files.fetch.known(&repository) {
            Some(Named::File) => return self.file(entry).map(Found::File),
            Some(Named::Directory) => return self.enter(entry).map(Found::Directory),
            None => {}
        }
        let second = |first: Error, error: Error| match first.message() == error.message() {
            true => first,
            false => first.hint(format!("it was tried in another way, too: {}", error.message())),
        };
        if repository.explicit {
            return self.enter(entry).map(Found::Directory).or_else(|first| match first.kind() {
                ErrorKind::Remote | ErrorKind::Program => match self.file(entry) {
                    Ok(file) if !is_page(&file) => Ok(Found::File(file)),
                    Ok(_) => Err(first.hint(PAGE)),
                    Err(error) => Err(second(first, error)),
                },
                _ => Err(first),
            });
        }
        match self.file(entry) {
            Ok(file) if !is_page(&file) => Ok(Found::File(file)),
            Ok(_) => self.enter(entry).map(Found::Directory).map_err(|e| e.hint(PAGE)),
            Err(error) => self
                .enter(entry)
                .map(Found::Directory)
                .map_err(|e| if is_file_like(&entry.value) { second(error, e) } else { second(e, error) }),
        }
    }
}

/// Whether a segment of a path has two dots and more: kustomize refuses it since 5.8.2, as `- ../../a` and an entry below it
/// that is indented too far are one path.
fn is_ambiguous(path: &str) -> bool {
    path.split('/').any(|segment| segment.contains("..") && segment != "..")
}

/// An error for what git keeps for itself: credentials are among it.
fn of_git(given: &str) -> Error {
    let message = format!("`{given}` is in a `.git` directory, which nothing is read from");
    Error::new(ErrorKind::Restricted, message)
}

/// What was probably meant by a path in a repository that has no such path.
fn misread(path: &str) -> Option<String> {
    if let Some((path, reference)) = path.split_once('#') {
        return Some(format!("a branch or tag goes into the query: `{path}?ref={reference}`"));
    }
    let rest = path.strip_prefix("tree/").or_else(|| path.strip_prefix("blob/"))?;
    let (reference, path) = rest.split_once('/').unwrap_or((rest, ""));
    Some(format!(
        "this is how a page for people is named; write `//{path}?ref={reference}` behind the repository"
    ))
}

/// What a page for people means where a repository should be.
const PAGE: &str = "the server answers with a page for people: look at it in a browser, and give git the credentials that \
    it asks for";

/// Returns whether what came for a URL is a page for people: what servers of repositories answer.
fn is_page(file: &File) -> bool {
    file.bytes().is_ok_and(|bytes| bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<'))
}

fn directory_error(files: &Files, path: &Path, given: &str, mark: Option<&Mark>, cause: &io::Error) -> Error {
    let is_file = || matches!(files.kind_behind_links(path), Ok(FileKind::File(_)));
    if cause.kind() == io::ErrorKind::NotADirectory && is_file() {
        let error = Error::new(ErrorKind::NotFound, format!("`{given}` must be a directory, found a file"));
        return match mark {
            Some(mark) => error.at(mark.location()),
            None => {
                error.at(Location::file(given)).hint("name the directory in which the kustomization file is")
            }
        };
    }
    files.missing(path, given, mark, cause)
}
