//! The sides of a comparison: what the user named, and the objects there.

use super::DiffArgs;
use crate::cli::build;
use crate::cli::environment::Environment;
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::limits::{Budget, Limits};
use crate::resource::{ResMap, from_source};
use crate::yaml::{Source, split};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of kustomization files.
const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// How ends the name of a file of manifests.
const MANIFESTS: [&str; 3] = ["yaml", "yml", "json"];

/// The most files that are read below a directory of manifests.
const MOST_FILES: usize = 100_000;

/// One side.
#[derive(Debug)]
pub enum Side {
    /// A directory or URL to be rendered.
    Build(String),
    /// A file of manifests.
    File(PathBuf),
    /// A directory of manifests.
    Manifests(PathBuf),
    /// Standard input.
    Input,
}

impl Side {
    /// What a text of the command line names.
    pub fn of(text: &str, args: &DiffArgs, environment: &Environment) -> Result<Self> {
        if text == "-" {
            return Ok(Self::Input);
        }
        let path = environment.directory.join(text);
        let Ok(meta) = path.metadata() else { return Ok(Self::Build(text.to_owned())) };
        let is_root = KUSTOMIZATION.iter().any(|name| path.join(name).exists());
        Ok(match (meta.is_dir(), is_root && !args.kubectl) {
            (false, _) => Self::File(text.into()),
            (true, true) => Self::Build(text.to_owned()),
            (true, false) => Self::Manifests(text.into()),
        })
    }

    /// The objects.
    pub fn read(self, args: &DiffArgs, environment: &Environment) -> Result<ResMap> {
        match self {
            Self::Build(dir) => build::render(&dir, &args.build_flags(), None, environment),
            Self::Input => {
                let mut bytes = vec![];
                let limit = Source::LIMIT as u64 + 1;
                std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|e| {
                    Error::new(ErrorKind::Io, format!("standard input cannot be read: {}", cause(&e)))
                })?;
                objects(vec![("<stdin>".to_owned(), bytes)])
            }
            Self::File(path) => objects(vec![read(&path, environment)?]),
            Self::Manifests(path) => {
                let files = manifests(&path, args.kubectl, environment)?;
                let read = files.iter().map(|file| read(file, environment));
                objects(read.collect::<Result<_>>()?)
            }
        }
    }
}

/// The content of a file, and its name.
fn read(path: &Path, environment: &Environment) -> Result<(String, Vec<u8>)> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(environment.directory.join(path)).map_err(|e| {
        Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
            .at(Location::file(shown.as_str()))
    })?;
    Ok((shown, bytes))
}

/// The objects of files.
fn objects(files: Vec<(String, Vec<u8>)>) -> Result<ResMap> {
    let mut all = ResMap::new();
    let budget = Arc::new(Budget::new(Limits::default()));
    for (name, bytes) in files {
        let source = split::read_text(name, bytes, Some(&budget))?;
        for object in from_source(&source)? {
            all.push(object);
        }
    }
    Ok(all)
}

/// The files of manifests in and below a directory, sorted. `every`: whatever they are called.
fn manifests(directory: &Path, every: bool, environment: &Environment) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (vec![], vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        let shown = directory.display().to_string();
        let fail = |e: std::io::Error| {
            Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
                .at(Location::file(shown.as_str()))
        };
        for entry in environment.directory.join(&directory).read_dir().map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let (path, kind) = (directory.join(entry.file_name()), entry.file_type().map_err(fail)?);
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if kind.is_dir() && !hidden {
                open.push(path);
            } else if kind.is_file() && (every || MANIFESTS.contains(&extension)) {
                found.push(path);
            }
        }
        if found.len() + open.len() > MOST_FILES {
            let message = format!("`{shown}` is in a directory of more than {MOST_FILES} files");
            return Err(Error::new(ErrorKind::Io, message));
        }
    }
    if found.is_empty() && !every {
        let message = format!("`{}` has neither a kustomization nor manifests", directory.display());
        return Err(Error::new(ErrorKind::NotFound, message)
            .hint("name a directory with a `kustomization.yaml`, or with `.yaml` or `.json` files"));
    }
    found.sort();
    Ok(found)
}
