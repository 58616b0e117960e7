//! Where kustomization files are read from.

use crate::files::{FileKind, FileSystem};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of kustomization files.
pub(super) const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The lock of remote content.
pub(super) const LOCK: &str = "kfm.lock";

/// The directory beside it for copies.
pub(super) const COPIES: &str = "vendor";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The most directories that are looked into.
const MOST_DIRECTORIES: usize = 1_000_000;

/// Files below a top directory, by their path from there with `/` between the parts; the empty path is the top itself.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// Where the files come from.
    pub(crate) files: Arc<dyn FileSystem>,
    /// The top directory, free of links.
    pub(crate) top: PathBuf,
}

impl Tree {
    /// Returns the paths of all kustomization files in and below a directory, sorted. Links are not followed; hidden
    /// directories and copies of remote content are left out.
    pub(super) fn kustomizations(&self, below: &str) -> io::Result<Vec<String>> {
        let (mut found, mut open, mut looked) = (vec![], vec![below.to_owned()], 0);
        while let Some(directory) = open.pop() {
            looked += 1;
            if looked > MOST_DIRECTORIES {
                return Err(io::Error::other(format!("more than {MOST_DIRECTORIES} directories")));
            }
            let at = self.top.join(&directory);
            let names = self.files.list(&at)?;
            let has_lock = names.iter().any(|name| name == LOCK);
            for name in names {
                let Some(name) = name.to_str().filter(|name| !has_lock || *name != COPIES) else { continue };
                let is_kustomization = KUSTOMIZATION.contains(&name);
                // What has an extension is hardly ever a directory, but may be one.
                match self.files.kind(&at.join(name)) {
                    Ok(FileKind::Directory) if !name.starts_with('.') => open.push(join(&directory, name)),
                    Ok(FileKind::File(_) | FileKind::Link) if is_kustomization => {
                        found.push(join(&directory, name));
                    }
                    _ => {}
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Returns the path of the kustomization file of a directory, if it has one.
    pub(super) fn kustomization(&self, directory: &str) -> Option<String> {
        let mut files = KUSTOMIZATION.iter().map(|name| join(directory, name));
        files.find(|file| self.files.kind(&self.top.join(file)).is_ok())
    }

    /// Returns the directory of the lock that counts for a directory: the nearest one above that has one.
    pub(super) fn locked(&self, directory: &str) -> Option<String> {
        let mut above = Some(directory);
        while let Some(at) = above {
            if self.files.kind(&self.top.join(at).join(LOCK)).is_ok() {
                return Some(at.to_owned());
            }
            above = (!at.is_empty()).then(|| at.rsplit_once('/').map_or("", |(above, _)| above));
        }
        None
    }

    /// Returns the content of a file.
    pub(super) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = self.top.join(path);
        match self.files.kind_behind_links(&path)? {
            FileKind::File(size) if size <= LARGEST => {
                let mut content = vec![];
                self.files.read(&self.files.canonical(&path)?, LARGEST, &mut content)?;
                Ok(content)
            }
            FileKind::File(_) => Err(io::Error::other(format!("it is larger than {LARGEST} bytes"))),
            _ => Err(io::Error::other("it is not a regular file")),
        }
    }

    /// Returns the path to which a link leads, unless it leads out of the top; `None` for what is no link.
    pub(super) fn behind_link(&self, path: &str) -> Option<String> {
        match self.files.kind(&self.top.join(path)) {
            Ok(FileKind::Link) => self.resolve(path),
            _ => None,
        }
    }

    /// Returns the path to which a path leads if links are followed, unless it leads out of the top.
    pub(super) fn resolve(&self, path: &str) -> Option<String> {
        let path = self.top.join(path);
        // Most strings of a kustomization file are no paths, which is found out without asking for every part.
        self.files.kind(&path).ok()?;
        let real = self.files.canonical(&path).ok()?;
        shown(real.strip_prefix(&self.top).ok()?)
    }
}

fn shown(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|c| c.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// A path below a directory.
pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// A path as seen from a directory, without `.` and `..`; `None` if it leads out of the top.
pub(super) fn clean(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
