//! What the user asks for: target, scope and destination.

use super::places;
use super::walk::{Walk, refuse_without_reference};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::load::{self, Fetch, Files, Loader};
use crate::text::path::clean;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be copied to where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The directory in which the user stands. Absolute.
    pub(crate) directory: &'a Path,
    /// A directory or a location in a repository.
    pub(crate) target: &'a str,
    /// The new directory; empty for one that is named after the target.
    pub(crate) destination: &'a str,
    /// The directory to which local directories are limited; empty for the target.
    pub(crate) scope: &'a str,
    /// The version of kustomize to behave as.
    pub(crate) compat: Compat,
}

/// A copy that was made.
#[derive(Debug, Clone)]
pub(crate) struct Localized {
    /// The new directory.
    pub(crate) destination: PathBuf,
    /// Where the target is in it.
    pub(crate) target: PathBuf,
}

/// Makes the copy.
pub(crate) fn run(request: Request<'_>, fetch: &Arc<dyn Fetch>) -> Result<Localized> {
    let remote = fetch.repository(request.target).ok();
    if let Some(repository) = &remote {
        refuse_without_reference(repository, None)?;
    }
    let options = load::Options {
        directory: request.directory.to_owned(),
        restricted: true,
        compat: request.compat,
        ..load::Options::default()
    };
    let loader = Loader::open_target(&Files::new(options, fetch.clone()), request.target)?;
    let scope = scope(request, &loader)?;
    let inside = loader.root().strip_prefix(&scope).unwrap_or(Path::new("")).to_owned();
    let name = match (request.destination, &remote) {
        ("", Some(repository)) => places::remote_destination(repository, &inside),
        ("", None) => places::destination(loader.root()),
        (given, _) => given.to_owned(),
    };
    let destination = destination(request.directory, &name)?;
    let mut walk = Walk::new(fetch.clone(), scope, destination.clone());
    walk.target(&loader, &inside)?;
    walk.copy.write(&destination)?;
    let target = clean(&destination.join(inside));
    Ok(Localized { destination, target })
}

/// The directory that bounds the copy: for a remote target that of its repository.
fn scope(request: Request<'_>, loader: &Loader) -> Result<PathBuf> {
    let given = request.scope;
    let wrong = |kind, message: String| Err(Error::new(kind, message));
    if let Some((_, clone)) = loader.repository() {
        if !given.is_empty() {
            let message = format!(
                "a scope, found `{given}`, cannot be given for the remote target `{}`",
                request.target
            );
            return wrong(ErrorKind::Usage, message);
        }
        return Ok(clone.to_owned());
    }
    if given.is_empty() {
        return Ok(loader.root().to_owned());
    }
    let path = match request.directory.join(given).canonicalize() {
        Ok(path) if path.is_dir() => path,
        Ok(_) => {
            return wrong(
                ErrorKind::NotFound,
                format!("the scope `{given}` must be a directory, found a file"),
            );
        }
        Err(e) => {
            return wrong(
                ErrorKind::NotFound,
                format!("the scope `{given}` cannot be reached: {}", cause(&e)),
            );
        }
    };
    if !loader.root().starts_with(&path) {
        return wrong(
            ErrorKind::Usage,
            format!("the scope `{given}` does not hold the target `{}`", request.target),
        )
        .map_err(|e| e.hint("name a directory in which the target and all that it refers to are"));
    }
    Ok(path)
}

/// The path of the new directory, whose parent must be there.
fn destination(directory: &Path, name: &str) -> Result<PathBuf> {
    let path = clean(&directory.join(name));
    let wrong = |kind, message| Err(Error::new(kind, message).at(Location::file(name)));
    if path.symlink_metadata().is_ok() {
        return wrong(ErrorKind::Conflict, format!("the destination `{name}` is there already"))
            .map_err(|e| e.hint("remove it, or name another one"));
    }
    let (Some(parent), Some(last)) = (path.parent(), path.file_name()) else {
        return wrong(ErrorKind::Usage, format!("`{name}` cannot be a destination"));
    };
    match parent.canonicalize() {
        Ok(parent) if parent.is_dir() => Ok(parent.join(last)),
        _ => wrong(ErrorKind::NotFound, format!("the directory for the destination `{name}` does not exist"))
            .map_err(|e| e.hint("make it first")),
    }
}
