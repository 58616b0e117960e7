//! What is compared with what: two sides that were named, or targets of the working tree with those of a revision.

use super::args::DiffArgs;
use super::side::{Files, Side, What, relative_to};
use super::usage;
use crate::cli::environment::Environment;
use crate::config;
use crate::diag::{Error, ErrorKind, Result};
use crate::files::{Disk, FileSystem};
use crate::revision::{Repository, Revision};
use crate::roots::{self, Affected, Changed, Graph, Tree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Two sides of one target.
pub(super) struct Pair {
    /// What the target is called; empty for the only one.
    pub(crate) name: String,
    /// The older side.
    pub(crate) old: Side,
    /// The newer side.
    pub(crate) new: Side,
}

/// What is compared with what.
pub(super) fn pairs(args: &DiffArgs, environment: &Environment) -> Result<Vec<Pair>> {
    let revision = match (&args.against, &args.merge_base) {
        (None, None) => return named(args, environment),
        (Some(_), Some(_)) => return Err(usage("`--against` and `--merge-base` exclude each other")),
        (Some(name), None) => Wanted::Revision(name),
        (None, Some(branch)) => Wanted::MergeBase(branch),
    };
    let repository = environment.repository()?;
    if repository.is_bare() {
        let message = format!(
            "`{}` is a bare repository: there is no working tree to compare",
            repository.top().display()
        );
        return Err(
            Error::new(ErrorKind::Usage, message).hint("compare two revisions: `kfm diff REV:DIR REV:DIR`")
        );
    }
    let revision = match revision {
        Wanted::Revision(name) => repository.revision(name)?,
        Wanted::MergeBase(branch) => repository.merge_base(branch)?,
    };
    let old = Files::Revision(Arc::new(repository.files(&revision)));
    let new = Files::Disk(Arc::new(Disk::new(environment.directory.clone())));
    let targets = targets(args);
    if args.all {
        let mut pairs = vec![];
        for target in targets {
            let below = repository_path(&repository, &environment.directory.join(target))?;
            for root in affected_roots(&repository, &revision, &below, environment)? {
                let directory = repository.top().join(&root.root);
                let pair = both(&old, &new, &revision, &directory, environment)?;
                pairs.push(Pair { old: pair.old.only_root(), new: pair.new.only_root(), ..pair });
            }
        }
        return Ok(pairs);
    }
    let alone = targets.len() == 1;
    let pairs = targets.into_iter().map(|target| {
        let directory = canonical(&environment.directory.join(target));
        let mut pair = both(&old, &new, &revision, &directory, environment)?;
        if matches!((&pair.old, &pair.new), (Side::Nothing, Side::Nothing)) {
            let message = format!("`{target}` exists neither in `{}` nor in the working tree", revision.name);
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        if alone {
            pair.name.clear();
        }
        Ok(pair)
    });
    pairs.collect()
}

enum Wanted<'a> {
    Revision(&'a str),
    MergeBase(&'a str),
}

/// The targets that were named, or the current directory.
fn targets(args: &DiffArgs) -> Vec<&str> {
    if args.sides.is_empty() { vec!["."] } else { args.sides.iter().map(String::as_str).collect() }
}

/// Two sides that were named.
fn named(args: &DiffArgs, environment: &Environment) -> Result<Vec<Pair>> {
    let [old, new] = args.sides.as_slice() else {
        return Err(usage(format!("expected two sides to compare, found {}", args.sides.len()))
            .hint("name two directories, files or `REV:DIR`; or compare with a revision: `--against REV`"));
    };
    if old == "-" && new == "-" {
        return Err(usage("only one side can be standard input"));
    }
    let [old, new] = [(old, "older"), (new, "newer")].map(|(text, which)| {
        Side::of(text, args, environment).map_err(|e| e.during(format!("reading the {which} side, `{text}`")))
    });
    let (old, new) = (old?, new?);
    if !args.all {
        return Ok(vec![Pair { name: String::new(), old, new }]);
    }
    let (a, b) = (Below::of(&old, environment)?, Below::of(&new, environment)?);
    let all: BTreeSet<&String> = a.roots.iter().chain(&b.roots).collect();
    let pair = |root: &String| Pair {
        name: if root.is_empty() { ".".to_owned() } else { root.clone() },
        old: a.side(root, old.shown()),
        new: b.side(root, new.shown()),
    };
    Ok(all.into_iter().map(pair).collect())
}

/// The kustomizations in and below a side.
struct Below {
    files: Files,
    top: PathBuf,
    graph: Graph,
    roots: Vec<String>,
}

impl Below {
    fn of(side: &Side, environment: &Environment) -> Result<Self> {
        let (files, top) = side.directory()?;
        let graph = Graph::read(&Tree { files: files.system().clone(), top: top.clone() }, "")?;
        let here = environment.directory.as_path();
        let target = if top.is_dir() { top.to_string_lossy() } else { ".".into() };
        let selection = config::Repository::find(here, &target)?.selection(here, &top);
        let roots = roots::select(&graph, "", &selection);
        Ok(Self { graph, roots, files, top })
    }

    /// A root of either side. Here it may be a kustomization that another one builds on, or nothing.
    fn side(&self, root: &str, shown: &str) -> Side {
        if !self.graph.0.contains_key(root) {
            return Side::Nothing;
        }
        Side::At {
            files: self.files.clone(),
            path: self.top.join(root),
            shown: if root.is_empty() {
                shown.to_owned()
            } else {
                format!("{}/{root}", shown.trim_end_matches('/'))
            },
            what: What::Root,
        }
    }
}

/// A directory in a revision and in the working tree.
fn both(
    old: &Files,
    new: &Files,
    revision: &Revision,
    directory: &Path,
    environment: &Environment,
) -> Result<Pair> {
    let name = relative_to(&environment.directory, directory);
    Ok(Pair {
        old: Side::at(old, directory, &format!("{}:{name}", revision.name))?,
        new: Side::at(new, directory, &name)?,
        name,
    })
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| crate::text::path::clean(path))
}

/// A directory as a path from the top of its repository.
pub(crate) fn repository_path(repository: &Repository, directory: &Path) -> Result<String> {
    let directory = canonical(directory);
    let inside = directory.strip_prefix(repository.top()).map_err(|_| {
        let message =
            format!("`{}` is not in the repository `{}`", directory.display(), repository.top().display());
        Error::new(ErrorKind::Usage, message)
    })?;
    Ok(inside.to_string_lossy().into_owned())
}

/// The roots below a directory that the changes since a revision reach, in the revision or in the working tree.
pub(crate) fn affected_roots(
    repository: &Repository,
    revision: &Revision,
    below: &str,
    environment: &Environment,
) -> Result<Vec<Affected>> {
    let configuration = config::Repository::find(&environment.directory, ".")?;
    let selection = configuration.selection(&environment.directory, repository.top());
    let top = repository.top().to_owned();
    let sides: [Arc<dyn FileSystem>; 2] =
        [Arc::new(Disk::new(top.clone())), Arc::new(repository.files(revision))];
    let trees = sides.map(|files| Tree { files, top: top.clone() });
    let changed = Changed::new(repository.changed(revision)?, &trees);
    let mut all: Vec<Affected> = vec![];
    for tree in &trees {
        // What is named may stand above.
        let graph = Graph::read(tree, "")?;
        let roots = roots::select(&graph, below, &selection);
        for found in roots::affected(&graph, &roots, &changed) {
            if !all.iter().any(|known| known.root == found.root) {
                all.push(found);
            }
        }
    }
    all.sort_by(|a, b| a.root.cmp(&b.root));
    Ok(all)
}
