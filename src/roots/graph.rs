//! What the kustomization files below a directory name.

use super::tree::{Tree, clean, join};
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::yaml::{Doc, NodeId, NodeKind, split};
use std::collections::BTreeMap;

/// Fields whose entries may be directories.
const DIRECTORIES: [&str; 3] = ["resources", "bases", "components"];

/// Fields whose files name further files.
const CONFIGURED: [&str; 3] = ["generators", "transformers", "validators"];

/// Where charts are if nothing is said.
const CHART_HOME: &str = "charts";

/// A directory with a kustomization file.
#[derive(Debug, Default)]
pub struct Directory {
    /// Whether it is a component.
    pub is_component: bool,
    /// The field and path of everything that it may name.
    pub named: Vec<(String, String)>,
    /// The paths of the directories that it may build on.
    pub directories: Vec<String>,
}

/// All of them by their path; `` is the top.
#[derive(Debug, Default)]
pub struct Graph(pub BTreeMap<String, Directory>);

impl Graph {
    /// Reads all kustomization files in and below a directory, and those of the directories outside that they name.
    ///
    /// # Errors
    ///
    /// When a directory or a file cannot be read. A file that is no valid YAML names nothing.
    pub fn read(tree: &Tree, below: &str) -> Result<Self> {
        let fail = |path: &str, e: &std::io::Error| {
            let shown = if path.is_empty() { "." } else { path };
            Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(e)))
                .at(Location::file(shown))
        };
        let mut graph = BTreeMap::new();
        for file in tree.kustomizations(below).map_err(|e| fail(below, &e))? {
            let at = file.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
            // What cannot be read (a dangling link, a submodule) is explained when it is built.
            let bytes = tree.read(&file).unwrap_or_default();
            graph.insert(at.clone(), directory(tree, &at, file, bytes));
        }
        Ok(Self(graph))
    }

    /// The graph without what is in and below a directory.
    #[must_use]
    pub fn without(mut self, directory: &str) -> Self {
        let prefix = join(directory, "");
        self.0.retain(|at, _| at != directory && !at.starts_with(&prefix));
        self
    }

    /// The directories that no other one builds on and that are no components.
    pub fn tops(&self) -> Vec<&str> {
        let inner: std::collections::BTreeSet<&str> = self
            .0
            .iter()
            .flat_map(|(at, directory)| directory.directories.iter().filter(move |inner| *inner != at))
            .map(String::as_str)
            .collect();
        let tops = self.0.iter().filter(|(at, d)| !d.is_component && !inner.contains(at.as_str()));
        tops.map(|(at, _)| at.as_str()).collect()
    }
}

fn directory(tree: &Tree, at: &str, file: String, bytes: Vec<u8>) -> Directory {
    let mut found = Directory::default();
    let Some(doc) = read(file, bytes) else { return found };
    let root = doc.root();
    found.is_component = doc.get(root, "kind").is_some_and(|kind| doc.text(kind) == "Component");
    let mut texts = vec![];
    for (key, value) in doc.pairs(root) {
        strings(&doc, value, doc.text(key), &mut texts);
    }
    if doc.get(root, "helmCharts").is_some() || doc.get(root, "helmChartInflationGenerator").is_some() {
        let home =
            doc.get_path(root, &["helmGlobals", "chartHome"]).map_or(CHART_HOME, |home| doc.text(home));
        texts.push(("helmCharts".to_owned(), home.to_owned()));
    }
    // What configures generators and transformers names files, too, as seen from the same directory.
    for (field, text) in texts.clone() {
        if CONFIGURED.contains(&field.as_str())
            && let Some(path) = clean(at, &text)
            && let Ok(bytes) = tree.read(&path)
            && let Some(doc) = read(path, bytes)
        {
            strings(&doc, doc.root(), &field, &mut texts);
        }
    }
    for (field, text) in texts {
        let Some(path) = clean(at, &text).filter(|path| path != at || text.contains('.')) else { continue };
        let mut paths = vec![path.clone()];
        paths.extend(tree.resolve(&path).filter(|real| *real != path));
        for path in paths {
            if DIRECTORIES.contains(&field.as_str()) || CONFIGURED.contains(&field.as_str()) {
                found.directories.push(path.clone());
            }
            found.named.push((field.clone(), path));
        }
    }
    found
}

fn read(path: String, bytes: Vec<u8>) -> Option<Doc> {
    split::read_v2(&split::read_text(path, bytes, None).ok()?).ok().flatten()
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
    let is_path = |text: &str| !text.is_empty() && text.len() < 4096 && !text.contains(['\n', '\0']);
    if is_path(text) {
        found.push((field.to_owned(), text.to_owned()));
    }
    if let Some((_, path)) = text.split_once('=').filter(|(_, path)| is_path(path)) {
        found.push((field.to_owned(), path.to_owned()));
    }
}

/// Whether a file is the kustomization file of a directory.
pub fn is_of(directory: &str, file: &str) -> bool {
    super::tree::KUSTOMIZATION.iter().any(|name| join(directory, name) == file)
}
