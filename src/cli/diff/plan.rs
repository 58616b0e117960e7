//! What is compared with what: two sides that were named, or targets of the working tree with those of a revision.

use super::args::DiffArgs;
use super::side::{Side, relative_to};
use super::usage;
use crate::cli::environment::Environment;
use crate::config;
use crate::diag::{Error, ErrorKind, Result};
use crate::files::{Disk, FileSystem};
use crate::revision::{Repository, Revision};
use crate::roots::{self, Affected, Graph, Selection, Tree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Two sides of one target.
pub struct Pair {
    /// What the target is called; empty for the only one.
    pub name: String,
    /// The older side.
    pub old: Side,
    /// The newer side.
    pub new: Side,
}

/// What is compared with what.
pub fn pairs(args: &DiffArgs, environment: &Environment) -> Result<Vec<Pair>> {
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
    let old: Arc<dyn FileSystem> = Arc::new(repository.files(&revision));
    let new: Arc<dyn FileSystem> = Arc::new(Disk::new(environment.directory.clone()));
    let targets = targets(args);
    if args.all {
        let mut pairs = vec![];
        for target in targets {
            let below = repository_path(&repository, &environment.directory.join(target))?;
            for root in affected_roots(&repository, &revision, &below, environment)? {
                let directory = repository.top().join(&root.root);
                pairs.push(both(&old, &new, &revision, &directory, environment)?);
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
    let (a, b) = (old.tree(environment)?, new.tree(environment)?);
    let (roots_a, roots_b) = (roots_of(&a)?, roots_of(&b)?);
    let all: BTreeSet<&String> = roots_a.iter().chain(&roots_b).collect();
    let side = |tree: &Tree, roots: &[String], root: &String, whole: &Side| match roots.contains(root) {
        true => Side::build(tree.files.clone(), tree.top.join(root), whole.shown()),
        false => Side::Nothing,
    };
    Ok(all
        .into_iter()
        .map(|root| Pair {
            name: if root.is_empty() { ".".to_owned() } else { root.clone() },
            old: side(&a, &roots_a, root, &old),
            new: side(&b, &roots_b, root, &new),
        })
        .collect())
}

fn roots_of(tree: &Tree) -> Result<Vec<String>> {
    Ok(roots::select(&Graph::read(tree, "")?, "", &Selection::default()))
}

/// A directory in a revision and in the working tree.
fn both(
    old: &Arc<dyn FileSystem>,
    new: &Arc<dyn FileSystem>,
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
pub fn repository_path(repository: &Repository, directory: &Path) -> Result<String> {
    let directory = canonical(directory);
    let inside = directory.strip_prefix(repository.top()).map_err(|_| {
        let message =
            format!("`{}` is not in the repository `{}`", directory.display(), repository.top().display());
        Error::new(ErrorKind::Usage, message)
    })?;
    Ok(inside.to_string_lossy().into_owned())
}

/// The roots below a directory that the changes since a revision reach, in the revision or in the working tree.
pub fn affected_roots(
    repository: &Repository,
    revision: &Revision,
    below: &str,
    environment: &Environment,
) -> Result<Vec<Affected>> {
    let configuration = config::Repository::find(&environment.directory, ".")?;
    let selection = configuration.selection(&environment.directory, repository.top());
    let changed: BTreeSet<String> = repository.changed(revision, None)?.into_iter().collect();
    let top = repository.top().to_owned();
    let sides: [Arc<dyn FileSystem>; 2] =
        [Arc::new(Disk::new(top.clone())), Arc::new(repository.files(revision))];
    let mut all: Vec<Affected> = vec![];
    for files in sides {
        let tree = Tree { files, top: top.clone() };
        // What is named may stand above.
        let graph = Graph::read(&tree, "")?;
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
