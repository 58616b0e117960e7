//! Which file of a directory is the kustomization file.
//!
//! Kustomize takes any of three names and refuses a directory that has more than one. A directory of that name, a link that
//! does not exist or out of the root, and a file that cannot be read count as none.

use crate::diag::{Error, ErrorKind, Location, Result, cause, nearest};
use crate::files::FileKind;
use crate::load::{File, Loader};
use std::sync::Arc;

/// The names, in the order in which kustomize looks for them.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The kustomization file of a root.
pub(crate) fn locate(loader: &Loader) -> Result<Arc<File>> {
    loader.kustomization(|| find(loader))
}

fn find(loader: &Loader) -> Result<Arc<File>> {
    let mut found: Vec<(&str, Arc<File>)> =
        NAMES.iter().filter_map(|name| Some((*name, loader.peek(name)?))).collect();
    if found.len() > 1 {
        found.retain(|(_, file)| file.bytes().is_ok());
    }
    let shown = loader.shown();
    match found.len() {
        0 => {
            let names = NAMES.map(|n| format!("`{n}`")).join(", ");
            let error = Error::new(ErrorKind::NotFound, format!("no kustomization file in `{shown}`"))
                .at(Location::file(shown.clone()));
            Err(error.hint(match (unusable(loader), near_miss(loader)) {
                (Some(why), _) => why,
                (None, Some(name)) => format!("rename `{name}` to `kustomization.yaml`"),
                (None, None) => format!("the file must be named {names}"),
            }))
        }
        1 => Ok(found.remove(0).1),
        _ => {
            let names: Vec<String> = found.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!("several kustomization files in `{shown}`: {}", names.join(", "));
            Err(Error::new(ErrorKind::Conflict, message)
                .at(Location::file(shown.clone()))
                .hint("keep one of them"))
        }
    }
}

/// Why something with the right name is not taken.
fn unusable(loader: &Loader) -> Option<String> {
    NAMES.iter().find_map(|name| {
        let path = loader.root().join(name);
        let link = loader.files().kind(&path).ok()? == FileKind::Link;
        Some(match loader.files().kind_behind_links(&path) {
            Ok(FileKind::Directory) => format!("`{name}` is a directory, expected a file"),
            Ok(FileKind::Other | FileKind::Link) => format!("`{name}` is not a regular file"),
            Ok(FileKind::File(_)) if link => {
                format!("`{name}` is a symbolic link that points outside `{}`", loader.shown())
            }
            Ok(FileKind::File(_)) => format!("`{name}` cannot be used"),
            Err(_) if link => format!("`{name}` is a dangling symbolic link"),
            Err(e) => format!("`{name}` cannot be reached: {}", cause(&e)),
        })
    })
}

/// A file whose name is nearly right.
fn near_miss(loader: &Loader) -> Option<String> {
    let mut names = loader.files().names(loader.root());
    names.retain(|name| !NAMES.contains(&name.as_str()));
    let like =
        |name: &str| name.to_ascii_lowercase().starts_with("kustomiz") || nearest(name, NAMES).is_some();
    let is_file = |name: &str| {
        matches!(loader.files().kind_behind_links(&loader.root().join(name)), Ok(FileKind::File(_)))
    };
    let near = |name: &&String| like(name) && is_file(name);
    names.iter().find(near).cloned()
}
