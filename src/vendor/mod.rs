//! `vendor`: copies of all remote content that builds reach, beside `kfm.lock`, which says what they are.
//!
//! Targets are built, and what is asked for on the way is recorded: which references, and which files and links below
//! the repositories (`walk`). Of those a copy is made (`plan`), which takes its place when it is complete
//! (`place`). Whole trees that `kfm.toml` names come first, since targets may build on them (`source`). Commits that the lock names stay until they are told to move. [`check`] goes the same way without
//! network and without changing anything.

mod bundle;
mod check;
mod place;
mod plan;
mod source;
mod walk;

pub(crate) use bundle::{pack, unpack};
pub(crate) use check::check;
pub(crate) use walk::Targets;

use crate::accumulate;
use crate::config::SourceTree;
use crate::diag::{Error, ErrorKind, Finding, Result};
use crate::remote::{Copies, Lock, LockedFile, LockedRepository, Remote, RemoteOptions};
use check::Checked;
use place::Updated;
use plan::Plan;
use std::path::PathBuf;
use std::sync::Arc;

/// What the user asks for.
pub(crate) struct Request {
    /// The directory of the lock, absolute and free of links.
    pub(crate) directory: PathBuf,
    /// How it is built.
    pub(crate) options: accumulate::Options,
    /// How remote content is fetched.
    pub(crate) settings: RemoteOptions,
    /// The lock as it is.
    pub(crate) lock: Lock,
    /// URLs whose commits may move; all of them if one is empty.
    pub(crate) moving: Vec<String>,
    /// The trees that `kfm.toml` asks for.
    pub(crate) sources: Vec<SourceTree>,
    /// Edits of trees are dropped.
    pub(crate) force: bool,
}

impl Request {
    /// Whether what the lock has for a URL may move.
    fn moves(&self, url: &str) -> bool {
        self.moving.iter().any(|m| m.is_empty() || url == m || url.starts_with(&format!("{m}/")))
    }
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What happened to which entry, in order.
    pub(crate) changes: Vec<Change>,
    /// How many references the lock has now.
    pub(crate) entries: usize,
    /// What there is to say besides.
    pub(crate) findings: Vec<Finding>,
}

/// What happened to an entry of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// `added`, `moved`, `changed`, `restored`, `edited` or `removed`.
    pub(crate) what: &'static str,
    /// The repository and reference, or the file.
    pub(crate) name: String,
    /// What is to be seen of it: commits or hashes.
    pub(crate) detail: String,
}

/// Brings the lock, the trees and the copies to what the targets need.
pub(crate) fn run(request: &Request, targets: &dyn Fn() -> Result<Targets>) -> Result<Report> {
    let remote = Remote::new(RemoteOptions { lock: None, locked: false, ..request.settings.clone() });
    let update = |tree: &SourceTree| source::update(request, tree, &remote, request.force);
    let trees: Vec<Updated> = request.sources.iter().map(update).collect::<Result<_>>()?;
    // What is below a tree that was just written is a target, too.
    let targets = targets()?;
    let (plan, findings) = match check::copies(request, &targets)? {
        Checked { plan, problems, findings } if problems.is_empty() && request.moving.is_empty() => {
            (plan, findings)
        }
        _ => {
            let settings = RemoteOptions {
                lock: Some(request.locked()),
                copies: Copies::Never,
                locked: false,
                moving: request.moving.clone(),
                ..request.settings.clone()
            };
            let remote = Arc::new(Remote::new(settings));
            let walked = walk::walk(&targets, &request.options, &remote)?;
            (Plan::of(&walked.record)?, walked.findings)
        }
    };
    let placed = place::place(&request.directory, plan, &request.lock, &targets, &trees)?;
    let mut changes = changes(&request.lock, &placed.lock, &placed.restored);
    changes.extend(trees.iter().flat_map(|tree| tree_changes(&request.lock, tree)));
    let entries = placed.lock.repositories.len() + placed.lock.files.len() + placed.lock.sources.len();
    Ok(Report { changes, entries, findings })
}

/// The edits of the trees as patches: of those with these names, or of all.
pub(crate) fn diff(request: &Request, names: &[String]) -> Result<String> {
    let remote = Remote::new(RemoteOptions { lock: None, locked: false, ..request.settings.clone() });
    let wanted = |tree: &&SourceTree| names.is_empty() || names.contains(&tree.name);
    if let Some(name) = names.iter().find(|name| !request.sources.iter().any(|tree| tree.name == **name)) {
        let error = Error::new(ErrorKind::Usage, format!("there is no source `{name}`"));
        return Err(error.hint("name one by its `name` in `kfm.toml`"));
    }
    request.sources.iter().filter(wanted).map(|tree| source::diff(request, tree, &remote)).collect()
}

/// What happened to a tree.
fn tree_changes(old: &Lock, tree: &Updated) -> Vec<Change> {
    let short = |commit: &str| commit.chars().take(12).collect::<String>();
    let entry = &tree.entry;
    let name = format!("{} {} in `{}`", entry.git, entry.reference, entry.into);
    let known = old.sources.iter().find(|known| known.name == entry.name);
    let mut changes = match known {
        None => vec![("added", short(&entry.commit))],
        Some(known) if known.commit != entry.commit => {
            vec![("moved", format!("{} -> {}", short(&known.commit), short(&entry.commit)))]
        }
        Some(_) if tree.written => vec![("restored", short(&entry.commit))],
        Some(_) => vec![],
    };
    if !entry.edits.is_empty() && (tree.written || known.is_some_and(|known| known.edits != entry.edits)) {
        changes.push(("edited", format!("{} files", entry.edits.len())));
    }
    changes.into_iter().map(|(what, detail)| Change { what, name: name.clone(), detail }).collect()
}

/// What is different between two locks.
fn changes(old: &Lock, new: &Lock, restored: &[String]) -> Vec<Change> {
    let short = |commit: &str| commit.chars().take(12).collect::<String>();
    let mut changes = vec![];
    let mut add = |what, name: String, detail: String| changes.push(Change { what, name, detail });
    let same = |a: &LockedRepository, b: &LockedRepository| {
        a.url == b.url && a.reference == b.reference && a.without_submodules == b.without_submodules
    };
    for entry in &new.repositories {
        let commit = short(&entry.commit);
        match old.repositories.iter().find(|e| same(e, entry)) {
            None => add("added", name(entry), commit),
            Some(known) if known.commit != entry.commit => {
                add("moved", name(entry), format!("{} -> {commit}", short(&known.commit)));
            }
            Some(known) if known.sum != entry.sum || known.copy != entry.copy => {
                add("changed", name(entry), commit);
            }
            Some(_) if restored.contains(&entry.copy) => add("restored", name(entry), commit),
            Some(_) => {}
        }
    }
    let hash = |sum: &str| short(sum.rsplit(':').next().unwrap_or_default());
    for entry in &new.files {
        let find = |file: &&LockedFile| file.url == entry.url;
        match old.files.iter().find(find) {
            None => add("added", entry.url.clone(), hash(&entry.sum)),
            Some(known) if known.sum != entry.sum => {
                add("moved", entry.url.clone(), format!("{} -> {}", hash(&known.sum), hash(&entry.sum)));
            }
            Some(_) if restored.contains(&entry.copy) => add("restored", entry.url.clone(), hash(&entry.sum)),
            Some(_) => {}
        }
    }
    for entry in old.repositories.iter().filter(|e| !new.repositories.iter().any(|n| same(n, e))) {
        add("removed", name(entry), short(&entry.commit));
    }
    for entry in old.files.iter().filter(|e| !new.files.iter().any(|n| n.url == e.url)) {
        add("removed", entry.url.clone(), hash(&entry.sum));
    }
    changes
}

/// A repository and its reference.
fn name(entry: &LockedRepository) -> String {
    match entry.reference.as_str() {
        "" => entry.url.clone(),
        reference => format!("{} {reference}", entry.url),
    }
}
