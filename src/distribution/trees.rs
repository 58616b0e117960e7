//! The built-in directories in place of directories that are not on disk.
//!
//! Where a build names `example`, `overlays/kgateway` or `manifests/...` and there is no such directory, the one of that
//! path in the program serves, and a note says so. It is read where it is. A built-in tree finds its neighbours the same way; `manifests` on disk, such as a clone of Kubeflow's,
//! come before the built-in ones, and a directory that the user names ([`Local`]) comes before both.

use super::embedded::{BuiltIn, MOUNT, SHOWN, TREES, has_directory};
use super::local::{Choice, Local};
use crate::diag::{Code, Error, Finding, Findings};
use crate::load::{Mount, StandIn, StandIns};
use crate::text::path::{clean, relative};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The directories that may be served.
#[derive(Debug)]
pub(crate) struct Trees {
    /// The directory in which `manifests`, `overlays` and `example` are, or would be. Free of links.
    anchor: PathBuf,
    /// The same, as the user would name it.
    shown: PathBuf,
    local: Option<Local>,
    chosen: OnceLock<Choice>,
    /// What there is to say about what was served.
    pub(crate) findings: Findings,
}

impl Trees {
    /// What a build of `target` by a user who stands in `directory` may be served; nothing if the target is outside of
    /// the three directories, unless manifests were named.
    pub(crate) fn for_target(directory: &Path, target: &str, local: Option<Local>) -> Option<Self> {
        let anchor = match (anchor(directory, target), &local) {
            (Some(anchor), _) => anchor,
            (None, Some(local)) if local.instead => directory.to_owned(),
            _ => return None,
        };
        // A directory that is missing altogether has no trees to stand beside.
        let anchor = anchor.canonicalize().ok()?;
        Some(Self {
            shown: relative(directory, &anchor),
            anchor,
            local,
            chosen: OnceLock::new(),
            findings: Findings::default(),
        })
    }

    /// Adds to an error what was served in place of what.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let error = self.findings.take().into_iter().fold(error, |error, note| error.hint(note.message));
        match (&self.local, self.chosen.get()) {
            (Some(local), Some(Choice::Directory(_))) => {
                error.hint(format!("`manifests` is `{}`, as {} says", local.given, local.by))
            }
            _ => error,
        }
    }

    /// Which manifests the user's choice comes to; `None` without one.
    fn local(&self) -> Option<&Choice> {
        let local = self.local.as_ref()?;
        Some(self.chosen.get_or_init(|| local.choose(&self.findings)))
    }

    /// The directory of the program at a path that begins with one of the trees.
    fn built_in(inside: &Path) -> StandIn {
        StandIn {
            directory: Path::new(MOUNT).join(inside),
            shown: Some(format!("{SHOWN}/{}", inside.display())),
        }
    }

    /// Where in the trees a path is: beside those on disk, or beside those of the program.
    fn inside<'p>(&self, path: &'p Path) -> Option<(&'p Path, bool)> {
        let is_tree = |p: &&Path| p.iter().next().is_some_and(|name| TREES.iter().any(|tree| name == *tree));
        if let Some(inside) = path.strip_prefix(&self.anchor).ok().filter(is_tree) {
            return Some((inside, true));
        }
        path.strip_prefix(MOUNT).ok().filter(is_tree).map(|inside| (inside, false))
    }
}

/// The directory beside whose trees a target is. Where more than one directory on the way has the name of a tree, it is the
/// one below which the program has a directory of that path, else the first one below the user.
fn anchor(directory: &Path, target: &str) -> Option<PathBuf> {
    let path = clean(&directory.join(target));
    let is_tree = |p: &&Path| p.file_name().is_some_and(|name| TREES.iter().any(|tree| name == *tree));
    let mut anchors: Vec<&Path> = path.ancestors().filter(is_tree).filter_map(Path::parent).collect();
    anchors.reverse();
    let carried = |a: &&&Path| path.strip_prefix(a).is_ok_and(has_directory);
    let found = match anchors.as_slice() {
        [] => return None,
        [only] => only,
        several => several
            .iter()
            .find(carried)
            .or_else(|| several.iter().find(|a| a.starts_with(directory)))
            .or(several.last())?,
    };
    Some((*found).to_owned())
}

impl StandIns for Trees {
    fn mounts(&self) -> Vec<Mount> {
        vec![(Path::new(MOUNT).into(), Arc::new(BuiltIn::default()))]
    }

    fn instead(&self, path: &Path) -> Option<io::Result<StandIn>> {
        let forced = self.local.as_ref().is_some_and(|local| local.instead);
        if path.strip_prefix(MOUNT).is_ok_and(|inside| inside == Path::new("manifests")) {
            // Built-in trees stand over the user's manifests, where there are any.
            let directory = match self.local() {
                Some(Choice::Directory(directory)) => directory.clone(),
                Some(Choice::BuiltIn) if forced => return None,
                _ => self.anchor.join("manifests").canonicalize().ok().filter(|d| d.is_dir())?,
            };
            return Some(Ok(StandIn { directory, shown: None }));
        }
        if !forced || path.strip_prefix(&self.anchor).ok()? != Path::new("manifests") {
            return None;
        }
        match self.local()? {
            Choice::Directory(directory) if directory == path => None,
            Choice::Directory(directory) => Some(Ok(StandIn { directory: directory.clone(), shown: None })),
            Choice::BuiltIn => Some(Ok(Self::built_in(Path::new("manifests")))),
        }
    }

    fn missing(&self, path: &Path) -> Option<io::Result<StandIn>> {
        let (inside, on_disk) = self.inside(path)?;
        let below_manifests = inside.strip_prefix("manifests").ok();
        if let Some(below) = below_manifests
            && let Some(Choice::Directory(directory)) = self.local()
        {
            let directory = clean(&directory.join(below)).canonicalize().ok().filter(|f| f.is_dir())?;
            return Some(Ok(StandIn { directory, shown: None }));
        }
        if !has_directory(inside) {
            return None;
        }
        if on_disk && !(below_manifests.is_some() && self.local.is_some()) {
            let missing = clean(&self.shown.join(inside));
            let message =
                format!("`{}` is not on disk: the copy that is built into kfm is used", missing.display());
            let hint = format!("`kfm init {}` writes it out", self.shown.display());
            self.findings.add(Finding::new(Code::Note, message).hint(hint));
        }
        Some(Ok(Self::built_in(inside)))
    }

    fn has(&self, path: &Path) -> bool {
        let Some((inside, _)) = self.inside(path) else { return false };
        match (inside.strip_prefix("manifests"), self.local()) {
            (Ok(below), Some(Choice::Directory(directory))) => directory.join(below).is_dir(),
            _ => has_directory(inside),
        }
    }
}
