//! `kfm.toml`: what a repository says about how it is built.
//!
//! The file is part of the input, possibly a stranger's pull request. It names images, registries and rules; nothing in it
//! starts a program, switches plugins on or makes anything be read. An unknown key is an error.

mod diff;
mod images;
mod sources;

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::diff::Allowance;
use crate::files;
use crate::roots::Selection;
use crate::yaml::Source;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use diff::{Danger, Roots};
pub(crate) use images::Images;
pub(crate) use sources::SourceTree;

/// The name of the file.
pub(crate) const FILE: &str = "kfm.toml";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// What stands in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Which images there are and where they are pulled from.
    #[serde(default)]
    pub(crate) images: Images,
    /// Dangers of a change that are accepted.
    #[serde(default)]
    danger: Vec<Danger>,
    /// Which kustomizations are roots.
    #[serde(default)]
    pub(crate) roots: Roots,
    /// Trees that `kfm vendor` keeps.
    #[serde(default, rename = "source")]
    pub(crate) sources: Vec<SourceTree>,
}

/// A file that was read.
#[derive(Debug, Default)]
pub(crate) struct Repository {
    /// What it says.
    pub(crate) config: Config,
    /// Its text, for places in messages.
    pub(crate) source: Option<Arc<Source>>,
}

impl Repository {
    /// The configuration that holds for a directory: that of the nearest directory above that has one, within the
    /// repository, or within the directory in which the user stands. Errors: a file that cannot be read, or is invalid.
    pub(crate) fn find(directory: &Path, target: &str) -> Result<Self> {
        match locate(directory, target) {
            Some(path) => Self::read(directory, &path),
            None => Ok(Self::default()),
        }
    }

    /// The file in a directory; nothing if there is none. Errors: as for [`Self::find`].
    pub(crate) fn of(directory: &Path, here: &Path) -> Result<Self> {
        let path = directory.join(FILE);
        match path.symlink_metadata().is_ok_and(|m| m.is_file()) {
            true => Self::read(here, &path),
            false => Ok(Self::default()),
        }
    }

    fn read(directory: &Path, path: &Path) -> Result<Self> {
        let shown = path.strip_prefix(directory).unwrap_or(path).to_string_lossy().into_owned();
        let unreadable = |why: String| {
            Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {why}"))
                .at(Location::file(shown.as_str()))
        };
        let text = files::read_text_beside(path, LARGEST).map_err(|e| unreadable(cause(&e)))?;
        let source = Source::new(shown, text);
        Ok(Self { config: Config::parse(&source)?, source: Some(source) })
    }

    /// The dangers that are accepted. Errors: a rule that does not exist, an invalid object, no reason.
    pub(crate) fn allowances(&self) -> Result<Vec<Allowance>> {
        let Some(source) = &self.source else { return Ok(vec![]) };
        self.config.danger.iter().map(|danger| danger.allowance(source)).collect()
    }

    /// Which kustomizations below a directory are roots. Patterns count from the directory of the file.
    pub(crate) fn selection(&self, directory: &Path, top: &Path) -> Selection {
        let Some(source) = &self.source else { return Selection::default() };
        let file = directory.join(&*source.path).canonicalize().unwrap_or_default();
        let own = file.parent().unwrap_or(top);
        self.config.roots.selection(own, top)
    }
}

impl Config {
    /// Reads the text of a file. Errors: invalid TOML, an unknown key, a value of the wrong type.
    pub(crate) fn parse(source: &Arc<Source>) -> Result<Self> {
        let config: Self = toml::from_str(&source.text).map_err(|e| {
            let message = e.message().trim().trim_end_matches('.');
            let message = message.lines().collect::<Vec<_>>().join(", ");
            let offset = e.span().map_or(0, |span| span.start);
            Error::new(ErrorKind::Config, message).at(source.location(u32::try_from(offset).unwrap_or(0)))
        })?;
        sources::check(&config.sources, source)?;
        Ok(config)
    }
}

/// Where the file is: up to the root of the repository, which holds `.git`, or the directory in which the user stands.
fn locate(directory: &Path, target: &str) -> Option<PathBuf> {
    let start = directory.join(target).canonicalize().ok().filter(|path| path.is_dir())?;
    let here = directory.canonicalize().ok()?;
    let top = start.ancestors().find(|path| path.join(".git").exists());
    let top = top.or_else(|| start.starts_with(&here).then_some(here.as_path())).unwrap_or(&start).to_owned();
    for path in start.ancestors() {
        let file = path.join(FILE);
        // A link could lead out of the repository.
        if file.symlink_metadata().is_ok_and(|m| m.is_file()) {
            return Some(file);
        }
        if path == top {
            break;
        }
    }
    None
}
