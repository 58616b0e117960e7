//! What the kustomization files below a directory name.

use super::tree::{COPIES, LOCK, Tree, clean, join};
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::limits::{Budget, Limit};
use crate::yaml::{Doc, NodeId, NodeKind, split};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Fields whose entries may be directories.
const DIRECTORIES: [&str; 3] = ["resources", "bases", "components"];

/// Fields whose files name further files.
const CONFIGURED: [&str; 3] = ["generators", "transformers", "validators"];

/// Where charts are if nothing is said.
const CHART_HOME: &str = "charts";

/// A directory with a kustomization file.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// Whether it is a component.
    pub(crate) is_component: bool,
    /// Everything that it may name.
    pub(crate) named: Vec<Named>,
    /// The paths of the directories that it may build on.
    pub(crate) directories: Vec<String>,
}

/// Something that a kustomization file may name.
#[derive(Debug)]
pub(crate) struct Named {
    /// The field; empty for the file itself.
    pub(crate) field: String,
    /// The path.
    pub(crate) path: String,
    /// It is what the path in the file leads to through links.
    pub(crate) through_link: bool,
}

/// All of them by their path; `` is the top.
#[derive(Debug, Default)]
pub(crate) struct Graph(pub(crate) BTreeMap<String, Directory>);

impl Graph {
    /// Reads all kustomization files in and below a directory, and those of hidden directories and copies that they name.
    ///
    /// # Errors
    ///
    /// When a directory cannot be read. A file that is no valid YAML names nothing.
    pub(crate) fn read(tree: &Tree, below: &str) -> Result<Self> {
        let fail = |path: &str, e: &std::io::Error| {
            let shown = if path.is_empty() { "." } else { path };
            Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(e)))
                .at(Location::file(shown))
        };
        let mut graph = BTreeMap::new();
        let budget = Arc::default();
        let mut waiting = tree.kustomizations(below).map_err(|e| fail(below, &e))?;
        while let Some(file) = waiting.pop() {
            let at = file.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
            if graph.contains_key(&at) {
                continue;
            }
            let found = directory(tree, &budget, &at, file);
            // What one file cannot hold is explained when it is built; that all together are too much is said here.
            budget.take(Limit::Work, 0)?;
            let hidden =
                found.directories.iter().filter(|next| is_left_out(next) && !graph.contains_key(*next));
            waiting.extend(hidden.filter_map(|next| tree.kustomization(next)));
            graph.insert(at, found);
        }
        Ok(Self(graph))
    }

    /// The graph without what is in and below a directory.
    #[must_use]
    pub(crate) fn without(mut self, directory: &str) -> Self {
        let prefix = join(directory, "");
        self.0.retain(|at, _| at != directory && !at.starts_with(&prefix));
        self
    }

    /// The directories that no other one builds on and that are no components.
    pub(crate) fn tops(&self) -> Vec<&str> {
        let inner: BTreeSet<&str> = self
            .0
            .iter()
            .flat_map(|(at, directory)| directory.directories.iter().filter(move |inner| *inner != at))
            .map(String::as_str)
            .collect();
        let tops = self.0.iter().filter(|(at, d)| !d.is_component && !inner.contains(at.as_str()));
        tops.map(|(at, _)| at.as_str()).collect()
    }
}

/// Returns whether a directory may be below one that is not looked into.
fn is_left_out(directory: &str) -> bool {
    directory.split('/').any(|part| part.starts_with('.') || part == COPIES)
}

/// Returns whether a field is one of these. Kustomize takes the names of fields in any case.
fn is_one_of(field: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(field))
}

/// What a kustomization file names.
fn directory(tree: &Tree, budget: &Arc<Budget>, at: &str, file: String) -> Directory {
    let mut found = Directory::default();
    // Where the file is a link, it is the file behind it that changes.
    let real = tree.resolve(&file).filter(|real| *real != file);
    found.named.extend(real.map(|path| Named { field: String::new(), path, through_link: true }));
    // What cannot be read (a dangling link, a submodule) is explained when it is built.
    let bytes = tree.read(&file).unwrap_or_default();
    let Some(doc) = read(file, bytes, budget) else { return found };
    let mut texts = vec![];
    for (key, value) in doc.pairs(doc.root()) {
        let field = doc.text(key);
        found.is_component |= is_one_of(field, &["kind"]) && doc.text(value) == "Component";
        strings(&doc, value, field, &mut texts);
        if is_one_of(field, &["helmCharts", "helmChartInflationGenerator"]) {
            texts.push(("helmCharts".to_owned(), CHART_HOME.to_owned()));
        }
    }
    let mut seen = BTreeSet::new();
    for (field, text) in texts.clone() {
        if is_one_of(&field, &CONFIGURED) {
            let from = (at, text.as_str());
            configured((tree, budget), at, from, &field, &mut seen, &mut texts);
        }
    }
    texts.dedup();
    add_named(tree, at, texts, &mut found);
    found
}

/// Adds the paths that strings of fields may be, as seen from a directory.
fn add_named(tree: &Tree, at: &str, texts: Vec<(String, String)>, found: &mut Directory) {
    let mut is_remote = None;
    for (field, text) in texts {
        let Some(path) = clean(at, &text).filter(|path| is_path(&text) && (path != at || text.contains('.')))
        else {
            continue;
        };
        let real = tree.resolve(&path);
        let names_directory = is_one_of(&field, &DIRECTORIES) || is_one_of(&field, &CONFIGURED);
        if text.contains("://") || names_directory && real.is_none() {
            is_remote.get_or_insert_with(|| field.clone());
        }
        let real = real.filter(|real| *real != path);
        for (path, through_link) in [(Some(path), false), (real, true)] {
            let Some(path) = path else { continue };
            if names_directory {
                found.directories.push(path.clone());
            }
            found.named.push(Named { field: field.clone(), path, through_link });
        }
    }
    // What is remote may come from any of the copies: they refer to one another.
    if let (Some(field), Some(directory)) = (is_remote, tree.locked(at)) {
        let path = |name| join(&directory, name);
        let named = |path| Named { field: field.clone(), path, through_link: false };
        found.named.extend([path(LOCK), path(COPIES)].map(named));
    }
}

/// Adds what configures generators and transformers names: paths as seen from the directory `at` of the kustomization that
/// runs them. The configuration is an entry as seen from another directory: YAML, a file, or a directory with a
/// kustomization file of its own.
fn configured(
    (tree, budget): (&Tree, &Arc<Budget>),
    at: &str,
    (from, entry): (&str, &str),
    field: &str,
    seen: &mut BTreeSet<String>,
    texts: &mut Vec<(String, String)>,
) {
    let path = clean(from, entry).filter(|_| !entry.contains('\n')).and_then(|path| tree.resolve(&path));
    let (inside, name, bytes) = match path {
        None if entry.contains('\n') => (None, at.to_owned(), entry.as_bytes().to_vec()),
        Some(path) if seen.insert(path.clone()) => match tree.kustomization(&path) {
            Some(file) => (Some(path), file.clone(), tree.read(&file).unwrap_or_default()),
            None => (None, path.clone(), tree.read(&path).unwrap_or_default()),
        },
        _ => return,
    };
    budget.read(bytes.len() as u64);
    let source = split::read_text(name, bytes, Some(budget));
    let Ok(docs) = source.and_then(|source| split::read_all(&source)) else { return };
    let mut found = vec![];
    docs.iter().for_each(|doc| strings(doc, doc.root(), field, &mut found));
    if let Some(directory) = inside {
        found
            .iter()
            .for_each(|(_, text)| configured((tree, budget), at, (&directory, text), field, seen, texts));
    } else {
        texts.append(&mut found);
    }
}

fn read(path: String, bytes: Vec<u8>, budget: &Arc<Budget>) -> Option<Doc> {
    budget.read(bytes.len() as u64);
    split::read_v2(&split::read_text(path, bytes, Some(budget)).ok()?).ok().flatten()
}

/// The strings below a node that may be paths, and what follows `=` in those of generators.
fn strings(doc: &Doc, node: NodeId, field: &str, found: &mut Vec<(String, String)>) {
    if doc.kind(node) != NodeKind::Scalar {
        for child in doc.children(node) {
            strings(doc, *child, field, found);
        }
        return;
    }
    let text = doc.text(node);
    if is_path(text) || is_one_of(field, &CONFIGURED) {
        found.push((field.to_owned(), text.to_owned()));
    }
    if let Some((_, path)) = text.split_once('=').filter(|(_, path)| is_path(path)) {
        found.push((field.to_owned(), path.to_owned()));
    }
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.len() < 4096 && !text.contains(['\n', '\0'])
}
