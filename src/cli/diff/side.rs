//! The sides of a comparison: what the user named, and the objects there.

use super::{DiffArgs, copies};
use crate::Options;
use crate::cli::args::BuildArgs;
use crate::cli::environment::Environment;
use crate::cli::{input, session};
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files::{Disk, FileKind, FileSystem};
use crate::limits::Budget;
use crate::resource::{ResMap, from_source};
use crate::text::path::{clean, relative};
use crate::yaml::{Source, split};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of kustomization files.
const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// How the name of a file of manifests ends.
const MANIFESTS: [&str; 3] = ["yaml", "yml", "json"];

/// The most files that are read below a directory of manifests.
const MOST_FILES: usize = 100_000;

/// Why the charts of a revision are not rendered.
const NO_HELM: &str = "the charts of a revision cannot be rendered: helm reads the disk";

/// One side.
#[derive(Debug)]
pub(super) enum Side {
    /// Something on disk or in a revision.
    At {
        /// Where its files come from.
        files: Files,
        /// Where it is, absolute.
        path: PathBuf,
        /// As the user would name it.
        shown: String,
        /// What it is.
        what: What,
    },
    /// A remote location.
    Remote(String),
    /// Standard input, or a pipe that was named (`/dev/fd/63`).
    Input(Option<PathBuf>),
    /// The target is not on this side.
    Nothing,
}

/// Where the files of a side come from.
#[derive(Debug, Clone)]
pub(super) enum Files {
    /// From disk.
    Disk(Arc<dyn FileSystem>),
    /// From a revision.
    Revision(Arc<dyn FileSystem>),
}

impl Files {
    /// What reads them.
    pub(super) fn system(&self) -> &Arc<dyn FileSystem> {
        match self {
            Self::Disk(files) | Self::Revision(files) => files,
        }
    }
}

/// What a side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A directory to be rendered.
    Root,
    /// A file of manifests.
    File,
    /// A directory of manifests.
    Manifests,
}

/// A path as the user would name it.
pub(super) fn relative_to(directory: &Path, path: &Path) -> String {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    relative(&directory, path).to_string_lossy().into_owned()
}

impl Side {
    /// What a string of the command line names.
    pub(super) fn of(text: &str, args: &DiffArgs, environment: &Environment) -> Result<Self> {
        if text == "-" {
            return Ok(Self::Input(None));
        }
        let path = environment.directory.join(text);
        if path.exists() && !path.is_dir() {
            input::check(text, environment).map_err(|e| {
                Error::new(ErrorKind::Restricted, format!("`{text}` cannot be read: {}", cause(&e)))
                    .at(Location::file(text))
            })?;
        }
        let disk = Files::Disk(Arc::new(Disk::new(environment.directory.clone())));
        // A pipe has no path of its own.
        if path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            return Ok(Self::Input(Some(path)));
        }
        if let Ok(path) = path.canonicalize() {
            let is_file = path.is_file() || args.kubectl;
            return Ok(match Self::at(&disk, &path, text)? {
                Self::At { files, path, shown, .. } if is_file => {
                    let what = if path.is_dir() { What::Manifests } else { What::File };
                    Self::At { files, path, shown, what }
                }
                side => side,
            });
        }
        match text.split_once(':').filter(|(name, path)| !name.is_empty() && !path.starts_with("//")) {
            Some((name, path)) if !name.contains('/') || environment.repository().is_ok() => {
                Self::of_revision(name, path, text, environment)
            }
            _ if environment.repository().is_ok_and(|git| git.revision(text).is_ok()) => {
                let message = format!("`{text}` is a revision, not a directory of one");
                Err(Error::new(ErrorKind::Usage, message).hint(format!("write `{text}:DIR`")))
            }
            _ => Ok(Self::Remote(text.to_owned())),
        }
    }

    /// A directory or file of a revision. As for git the path counts from the top, unless it begins with a dot.
    fn of_revision(name: &str, path: &str, text: &str, environment: &Environment) -> Result<Self> {
        let repository = environment.repository()?;
        let revision = repository.revision(name)?;
        let from_here = path == "." || path.starts_with("./") || path.starts_with("../");
        let from = if from_here && !repository.is_bare() {
            environment.directory.canonicalize().unwrap_or_else(|_| environment.directory.clone())
        } else {
            repository.top().to_owned()
        };
        let files = Files::Revision(Arc::new(repository.files(&revision)));
        match Self::at(&files, &clean(&from.join(path)), text)? {
            Self::Nothing => {
                let message = format!("`{path}` does not exist in revision `{name}`");
                Err(Error::new(ErrorKind::NotFound, message).hint(
                    "the path counts from the top of the repository, or from here if it begins with `./`",
                ))
            }
            side => Ok(side),
        }
    }

    /// What is at a path.
    pub(super) fn at(files: &Files, path: &Path, shown: &str) -> Result<Self> {
        let system = files.system();
        let fail = |e: io::Error| {
            Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
                .at(Location::file(shown))
        };
        let what = match system.kind_behind_links(path) {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Self::Nothing);
            }
            Ok(FileKind::Directory) => {
                let is_root = KUSTOMIZATION.iter().any(|name| system.kind(&path.join(name)).is_ok());
                if is_root { What::Root } else { What::Manifests }
            }
            kind => kind.map(|_| What::File).map_err(fail)?,
        };
        let path = system.canonical(path).map_err(fail)?;
        Ok(Self::At { files: files.clone(), path, shown: shown.to_owned(), what })
    }

    /// The side if it is to be rendered, else nothing: without its kustomization file a directory is a root no longer.
    pub(super) fn only_root(self) -> Self {
        if matches!(self, Self::At { what: What::Root, .. }) { self } else { Self::Nothing }
    }

    /// As the user would name it.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::At { shown, .. } => shown,
            Self::Remote(text) => text,
            Self::Input(None) => "-",
            Self::Input(Some(path)) => path.to_str().unwrap_or("a pipe"),
            Self::Nothing => "nothing",
        }
    }

    /// The text, if the side is a file that can be read.
    pub(super) fn source(&self, budget: &Arc<Budget>, environment: &Environment) -> Option<Arc<Source>> {
        let Self::At { files, path, what: What::File, .. } = self else { return None };
        let (name, bytes) = content(&**files.system(), path, environment).ok()?;
        split::read_text(name, bytes, Some(budget)).ok().map(Source::unprinted)
    }

    /// The directory in which roots are looked for.
    pub(super) fn directory(&self) -> Result<(Files, PathBuf)> {
        match self {
            Self::At { files, path, what: What::Root | What::Manifests, .. } => {
                Ok((files.clone(), path.clone()))
            }
            _ => {
                let message = format!("`--all` needs directories, `{}` is none", self.shown());
                Err(Error::new(ErrorKind::Usage, message))
            }
        }
    }

    /// The objects, charged to a budget. `every`: files of manifests may have any name.
    pub(super) fn read(
        &self,
        budget: &Arc<Budget>,
        args: &BuildArgs,
        every: bool,
        environment: &Environment,
    ) -> Result<ResMap> {
        match self {
            Self::Nothing => Ok(ResMap::new()),
            Self::Remote(text) => session::render(budget, args, text, |_, fetch| Ok(fetch), environment),
            Self::Input(path) => {
                let mut bytes = vec![];
                let limit = Source::LIMIT as u64 + 1;
                let read = match path {
                    None => io::stdin().lock().take(limit).read_to_end(&mut bytes),
                    Some(path) => {
                        std::fs::File::open(path).and_then(|f| f.take(limit).read_to_end(&mut bytes))
                    }
                };
                let shown = path.as_ref().map_or("<stdin>".to_owned(), |path| path.display().to_string());
                read.map_err(|e| {
                    Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
                })?;
                objects(vec![(shown, bytes)], budget)
            }
            Self::At { files, path, what: What::Root, .. } => {
                let change = |options: &mut Options, fetch| {
                    let Files::Revision(revision) = files else { return Ok(fetch) };
                    options.files = revision.clone();
                    options.plugins.no_helm = Some(NO_HELM);
                    copies::of(revision, path, fetch)
                };
                session::render(budget, args, &path.to_string_lossy(), change, environment)
            }
            Self::At { files, path, what: What::File, .. } => {
                objects(vec![content(&**files.system(), path, environment)?], budget)
            }
            Self::At { files, path, what: What::Manifests, .. } => {
                let files = &**files.system();
                let found = manifests(files, path, every, environment)?;
                let read = found.iter().map(|file| content(files, file, environment));
                objects(read.collect::<Result<_>>()?, budget)
            }
        }
    }
}

/// Room for a file is made before it is read, for so many bytes at the most.
const MOST_AT_ONCE: usize = 64 << 20;

/// The content of a file, and its name.
fn content(files: &dyn FileSystem, path: &Path, environment: &Environment) -> Result<(String, Vec<u8>)> {
    let shown = relative_to(&environment.directory, path);
    let mut bytes = vec![];
    let read = match files.kind_behind_links(path) {
        Ok(FileKind::File(size)) => {
            bytes.reserve(usize::try_from(size).map_or(0, |size| (size + 1).min(MOST_AT_ONCE)));
            files.read(path, Source::LIMIT as u64 + 1, &mut bytes)
        }
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(e) => Err(e),
    };
    read.map_err(|e| {
        Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
            .at(Location::file(shown.as_str()))
    })?;
    Ok((shown, bytes))
}

/// The objects of files.
fn objects(files: Vec<(String, Vec<u8>)>, budget: &Arc<Budget>) -> Result<ResMap> {
    let mut all = ResMap::new();
    for (name, bytes) in files {
        let source = split::read_text(name, bytes, Some(budget))?.unprinted();
        for object in from_source(&source)? {
            all.push(object);
        }
    }
    Ok(all)
}

/// The files of manifests in and below a directory, sorted. `every`: whatever they are called.
fn manifests(
    files: &dyn FileSystem,
    directory: &Path,
    every: bool,
    environment: &Environment,
) -> Result<Vec<PathBuf>> {
    let shown = |path: &Path| relative_to(&environment.directory, path);
    let (mut found, mut open) = (vec![], vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        let names = files.list(&directory).map_err(|e| {
            let shown = shown(&directory);
            Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
                .at(Location::file(shown.as_str()))
        })?;
        for name in names {
            let path = directory.join(&name);
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            match files.kind(&path) {
                Ok(FileKind::Directory) if !name.to_string_lossy().starts_with('.') => open.push(path),
                Ok(FileKind::File(_)) if every || MANIFESTS.contains(&extension) => found.push(path),
                _ => {}
            }
        }
        if found.len() + open.len() > MOST_FILES {
            let message = format!("`{}` has more than {MOST_FILES} files in and below it", shown(&directory));
            return Err(Error::new(ErrorKind::Io, message));
        }
    }
    if found.is_empty() && !every {
        let message = format!("`{}` has neither a kustomization nor manifests", shown(directory));
        return Err(Error::new(ErrorKind::NotFound, message)
            .hint("name a directory with a `kustomization.yaml`, or with `.yaml` or `.json` files"));
    }
    found.sort();
    Ok(found)
}
