//! Which roots a change reaches, and why.

use super::graph::{Graph, is_of};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// A root that a change reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Its directory.
    pub root: String,
    /// The changed file.
    pub file: String,
    /// The field that names it; empty if it is a kustomization file itself.
    pub field: String,
    /// The directories from the root to the one that names the file.
    pub through: Vec<String>,
}

/// Why a directory is affected: the file, the field that names it, and the next directory on the way there.
#[derive(Clone)]
struct Reason {
    file: String,
    field: String,
    next: Option<String>,
}

/// The roots that changed files reach, in their order. Every root is held against every file once.
pub fn affected(graph: &Graph, roots: &[String], changed: &BTreeSet<String>) -> Vec<Affected> {
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
    changed: &BTreeSet<String>,
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
fn own_reason(graph: &Graph, at: &str, changed: &BTreeSet<String>) -> Option<Reason> {
    let own = super::tree::KUSTOMIZATION.iter().map(|name| super::tree::join(at, name));
    if let Some(file) = own.into_iter().find(|file| changed.contains(file) && is_of(at, file)) {
        return Some(Reason { file, field: String::new(), next: None });
    }
    let directory = graph.0.get(at)?;
    directory.named.iter().find_map(|(field, path)| {
        let file = match changed.get(path) {
            Some(file) => file,
            // A directory with a kustomization file of its own answers for itself.
            None if graph.0.contains_key(path) => return None,
            None => below(path, changed)?,
        };
        Some(Reason { file: file.clone(), field: field.clone(), next: None })
    })
}

/// A changed file below a directory.
fn below<'a>(directory: &str, changed: &'a BTreeSet<String>) -> Option<&'a String> {
    let prefix = super::tree::join(directory, "");
    let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
    changed.range::<str, _>(from).next().filter(|file| file.starts_with(&prefix) && !directory.is_empty())
}
