//! Builds the targets, for what they ask for.

use super::Request;
use crate::accumulate;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result, cause};
use crate::kustomization::locate::NAMES;
use crate::limits::Budget;
use crate::remote::{Locked, Record, Remote, lock};
use crate::text::path::relative;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is built.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    /// As the lock names them, relative to its directory; none for everything below it.
    pub(crate) given: Vec<String>,
    /// The directories as seen from where the user stands, and whether the user named them.
    pub(crate) directories: Vec<(String, bool)>,
}

impl Targets {
    /// The targets of a lock in `top` for a user who stands in `directory`. A target without a kustomization file stands for
    /// all directories below it that have one.
    pub(crate) fn find(top: &Path, directory: &Path, given: Vec<String>) -> Result<Self> {
        let (mut directories, mut named) = (vec![], vec![]);
        let all = [".".to_owned()];
        for target in if given.is_empty() { &all[..] } else { &given } {
            let path = top.join(target).canonicalize().map_err(|e| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("the target `{target}` cannot be reached: {}", cause(&e)),
                )
            })?;
            if !path.starts_with(top) {
                let message = format!("the target `{target}` is not below `{}`", top.display());
                return Err(Error::new(ErrorKind::Usage, message).hint(
                    "run the command in a directory that holds all targets: the lock is written there",
                ));
            }
            match given.is_empty() || !is_kustomization(&path) {
                true => below(&path, top, &mut directories)?,
                false => named.push(path),
            }
        }
        directories.extend(named.iter().cloned());
        directories.sort();
        directories.dedup();
        let shown =
            |path: &PathBuf| (relative(directory, path).to_string_lossy().into_owned(), named.contains(path));
        Ok(Self { given, directories: directories.iter().map(shown).collect() })
    }
}

fn is_kustomization(directory: &Path) -> bool {
    NAMES.iter().any(|name| directory.join(name).is_file())
}

/// Directories with a kustomization file; copies, hidden directories and links are passed over.
fn below(directory: &Path, top: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if is_kustomization(directory) {
        found.push(directory.to_owned());
    }
    let unreadable = |e: std::io::Error| {
        let shown = directory.display().to_string();
        Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(&e)))
            .at(Location::file(shown))
    };
    for entry in directory.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let copies = directory == top && entry.file_name() == lock::VENDOR;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !hidden && !copies {
            below(&entry.path(), top, found)?;
        }
    }
    Ok(())
}

/// What a walk came upon.
pub(super) struct Walked {
    /// What was asked for.
    pub(crate) record: Record,
    /// Targets that do not build, and why.
    pub(crate) failed: Vec<(String, Error)>,
    /// What there is to say.
    pub(crate) findings: Vec<Finding>,
}

/// Builds all targets. A target that the user named has to build; one that was found has to get everything remote.
pub(super) fn walk(targets: &Targets, options: &accumulate::Options, remote: &Arc<Remote>) -> Result<Walked> {
    let walked = try_all(targets, options, remote);
    for (target, error) in &walked.failed {
        let named = targets.directories.iter().any(|(directory, named)| directory == target && *named);
        if named || is_about_remote(error) || error.kind() == ErrorKind::Program {
            return Err(error.clone());
        }
    }
    Ok(walked)
}

/// Returns whether a build failed because of something remote, not because of the user's own files.
pub(super) fn is_about_remote(error: &Error) -> bool {
    let remote = |text: &str| text.contains("://") || text.contains('@');
    match error.kind() {
        ErrorKind::Remote => true,
        ErrorKind::Restricted | ErrorKind::NotFound => {
            remote(error.message()) || error.labels().first().is_some_and(|label| remote(&label.at.path))
        }
        _ => false,
    }
}

/// Builds all targets, whatever comes of it.
pub(super) fn try_all(targets: &Targets, options: &accumulate::Options, remote: &Arc<Remote>) -> Walked {
    let mut failed = vec![];
    let budget = Arc::new(Budget::new(options.limits.clone()));
    for (target, _) in &targets.directories {
        // What there is to say about the build itself is for the build to say.
        let findings = Findings::default();
        match accumulate::build(&budget, target, options, remote.clone(), &findings) {
            Ok(objects) => drop(objects),
            Err(error) => failed.push((target.clone(), error)),
        }
    }
    let mut findings = remote.findings.take();
    if let Some((target, error)) = failed.first() {
        let message = format!(
            "{} of {} directories do not build and were followed as far as that goes, `{target}` first: {}",
            failed.len(),
            targets.directories.len(),
            error.message()
        );
        findings.push(Finding::new(Code::Note, message));
    }
    Walked { record: remote.take_record(), failed, findings }
}

impl Request {
    /// The lock and where it is.
    pub(super) fn locked(&self) -> Locked {
        Locked { directory: self.directory.clone(), lock: self.lock.clone() }
    }
}
