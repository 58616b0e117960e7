//! Which roots a change reaches, and why.

use super::graph::{Graph, Named};
use super::tree::{KUSTOMIZATION, Tree, join};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// What was changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    files: BTreeSet<String>,
    /// What changed links lead to, and the link.
    behind_links: BTreeMap<String, String>,
}

impl Changed {
    /// The files that were changed between trees.
    pub(crate) fn new(files: Vec<String>, trees: &[Tree]) -> Self {
        let behind = |file: &String| -> Vec<(String, String)> {
            trees.iter().filter_map(|tree| Some((tree.behind_link(file)?, file.clone()))).collect()
        };
        let behind_links = files.iter().flat_map(behind).collect();
        Self { files: files.into_iter().collect(), behind_links }
    }

    /// The file by which a path is another one: its own, or that of a directory above.
    fn at(&self, path: &str, through_link: bool) -> Option<&String> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).find_map(|part| {
            let link = || self.behind_links.get(part).filter(|_| through_link);
            self.files.get(part).or_else(link)
        })
    }

    /// A changed file below a directory.
    fn below(&self, directory: &str) -> Option<&String> {
        let prefix = join(directory, "");
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let first = self.files.range::<str, _>(from).next();
        first.filter(|file| file.starts_with(&prefix) && !directory.is_empty())
    }
}

/// A root that a change reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Affected {
    /// Its directory.
    pub(crate) root: String,
    /// The changed file.
    pub(crate) file: String,
    /// The field that names it; empty if it is a kustomization file itself.
    pub(crate) field: String,
    /// The directories from the root to the one that names the file.
    pub(crate) through: Vec<String>,
}

/// Why a directory is affected: the file, the field that names it, and the next directory on the way there.
#[derive(Clone)]
struct Reason {
    file: String,
    field: String,
    next: Option<String>,
}

/// The roots that changed files reach, in their order. Every directory is looked at once.
pub(crate) fn affected(graph: &Graph, roots: &[String], changed: &Changed) -> Vec<Affected> {
    let mut known = BTreeMap::new();
    roots
        .iter()
        .filter_map(|root| {
            let reason = reason(graph, root, changed, &mut known)?;
            let mut through = vec![root.clone()];
            let mut at = reason.clone();
            while let Some(next) = at.next {
                through.push(next.clone());
                match known.get(&next) {
                    Some(Some(reason)) if through.len() <= graph.0.len() => at = reason.clone(),
                    _ => break,
                }
            }
            Some(Affected { root: root.clone(), file: reason.file, field: reason.field, through })
        })
        .collect()
}

/// Why a directory is affected, if it is. `known` has what was found out, and `None` for what is being looked at.
fn reason(
    graph: &Graph,
    at: &str,
    changed: &Changed,
    known: &mut BTreeMap<String, Option<Reason>>,
) -> Option<Reason> {
    if let Some(known) = known.get(at) {
        return known.clone();
    }
    known.insert(at.to_owned(), None);
    let found = own_reason(graph, at, changed).or_else(|| {
        let directory = graph.0.get(at)?;
        directory.directories.iter().filter(|next| graph.0.contains_key(*next)).find_map(|next| {
            let reason = reason(graph, next, changed, known)?;
            Some(Reason { next: Some(next.clone()), ..reason })
        })
    });
    known.insert(at.to_owned(), found.clone());
    found
}

/// A changed file that a directory names itself.
fn own_reason(graph: &Graph, at: &str, changed: &Changed) -> Option<Reason> {
    let reason = |file: &str, field: &str| Reason { file: file.into(), field: field.into(), next: None };
    let mut own = KUSTOMIZATION.iter().map(|name| join(at, name));
    if let Some(file) = own.find(|file| changed.files.contains(file)) {
        return Some(reason(&file, ""));
    }
    graph.0.get(at)?.named.iter().find_map(|Named { field, path, through_link }| {
        // A directory with a kustomization file of its own answers for what is below it.
        let is_known = graph.0.contains_key(path);
        let file = changed.at(path, *through_link);
        let file = file.or_else(|| if is_known { None } else { changed.below(path) })?;
        Some(reason(file, field))
    })
}
