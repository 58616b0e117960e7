//! `edit fix --vars`: variables become replacements.
//!
//! In the files of `resources` (those of bases too) and `patches` each text with `$(NAME)` becomes a target of a
//! replacement, and `$(NAME)` in these files becomes `NAME_PLACEHOLDER`. Where kustomize drops the replacements that the
//! file has, they are kept; where it takes a patch without a target to be for all objects, the target is the object
//! that the patch names; and `ports[0]`, which only the field path of a variable may say, becomes `ports.0`.

use super::tree::{Entry, Node};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::gvk::group_and_version;
use crate::kustomization::{Kustomization, Patch, Selector, decode, locate::NAMES};
use crate::limits::{Budget, Limit};
use crate::load;
use crate::yaml::{Doc, NodeId, NodeKind, split};
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Steps that looking at a node for a variable takes.
const STEPS: u64 = 16;

/// A file that may hold variables.
struct Touched {
    path: PathBuf,
    text: String,
    docs: Vec<Doc>,
    /// The patch whose file it is.
    patch: Option<Patch>,
}

/// What to write for the variables of a kustomization.
#[derive(Debug, Default)]
pub(crate) struct Converted {
    /// Entries for `replacements`.
    pub(crate) replacements: Vec<Node>,
    /// Files and their new content.
    pub(crate) files: Vec<(PathBuf, String)>,
    /// Variables that are used nowhere.
    pub(crate) unused: Vec<String>,
}

/// How targets are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Targets {
    /// As kustomize writes them: items of lists by number, and of several places in a text the first.
    Numbered,
    /// Items by their `name` where that is clear, so that a patch may add others, and all places in a text.
    Named,
}

/// Turns the variables of a kustomization in a directory into replacements.
pub(crate) fn convert(
    directory: &Path,
    kustomization: &Kustomization,
    targets: Targets,
) -> Result<Converted> {
    let how = targets;
    let mut touched = Vec::new();
    let budget = Arc::default();
    find_files(directory, kustomization, &budget, &mut FxHashSet::default(), &mut touched)?;
    let with_field_path = with_field_path(kustomization);
    let mut converted = Converted::default();
    for var in &kustomization.vars {
        let text = format!("$({})", var.name);
        let mut targets = Vec::new();
        for file in &touched {
            for doc in &file.docs {
                budget.take(Limit::Work, doc.size() as u64 * STEPS)?;
                let mut found = Vec::new();
                find_var(doc, doc.root(), (&text, how), &mut Vec::new(), &mut found)
                    .map_err(|e| e.or_at(|| crate::diag::Location::file(file.path.display().to_string())))?;
                let select = select(doc, file.patch.as_ref());
                targets.extend(found.into_iter().map(|f| target(&select, f)));
            }
        }
        if targets.is_empty() {
            converted.unused.push(var.name.clone());
            continue;
        }
        let gvk = &var.objref.gvk;
        // A field path that is absent stands for the name, in a source as in a variable.
        let numbered = with_numbers(&var.field_path);
        let keeps_path = var.field_path == "metadata.name" && with_field_path.contains(&var.name);
        let field_path = if numbered == "metadata.name" && !keeps_path { "" } else { &numbered };
        let source = vec![
            ("fieldPath", field_path),
            ("group", gvk.group.as_str()),
            ("kind", gvk.kind.as_str()),
            ("name", var.objref.name.as_str()),
            ("namespace", var.objref.namespace.as_str()),
            ("version", gvk.version.as_str()),
        ];
        converted.replacements.push(Node::map(vec![
            Entry::new("source", Node::fields(source)),
            Entry::new("targets", Node::list(targets)),
        ]));
    }
    for file in touched {
        let mut text = file.text.clone();
        for var in kustomization.vars.iter().filter(|v| !converted.unused.contains(&v.name)) {
            budget.take(Limit::Work, text.len() as u64)?;
            text = text.replace(&format!("$({})", var.name), &format!("{}_PLACEHOLDER", var.name));
        }
        if text != file.text && !converted.files.iter().any(|(p, _)| *p == file.path) {
            converted.files.push((file.path, text));
        }
    }
    Ok(converted)
}

/// A field path of a variable, `ports[0].name`, as replacements write it: `ports.0.name`.
fn with_numbers(path: &str) -> String {
    let numbered = |part: &str| {
        let (head, number) = part.strip_suffix(']')?.rsplit_once('[')?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| if head.is_empty() { number.to_owned() } else { format!("{head}.{number}") })
    };
    let parts = path.split('.').map(|part| numbered(part).unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join(".")
}

/// The names of the variables whose entries have a `fieldref` that says something.
fn with_field_path(kustomization: &Kustomization) -> FxHashSet<String> {
    let source = kustomization.vars.first().map(|var| &var.mark.source);
    let Some(Ok(Some(doc))) = source.map(split::read_v2) else { return FxHashSet::default() };
    let entries = doc.get(doc.root(), "vars").map_or(&[][..], |n| doc.items(n));
    let says = |n: NodeId| doc.pairs(n).any(|(_, path)| !doc.text(path).is_empty());
    let saying = entries.iter().filter(|n| doc.get(**n, "fieldref").is_some_and(says));
    saying.filter_map(|n| doc.get(*n, "name")).map(|name| doc.text(name).to_owned()).collect()
}

fn find_files(
    directory: &Path,
    kustomization: &Kustomization,
    budget: &Arc<Budget>,
    seen: &mut FxHashSet<PathBuf>,
    touched: &mut Vec<Touched>,
) -> Result<()> {
    for resource in &kustomization.resources {
        let path = directory.join(&resource.value);
        if !path.is_dir() {
            add_file(path, None, budget, touched)?;
            continue;
        }
        if !path.canonicalize().is_ok_and(|real| seen.insert(real)) {
            continue;
        }
        for name in NAMES {
            let Ok(bytes) = load::read(&path.join(name)) else { continue };
            let source = split::read_text(path.join(name).display().to_string(), bytes, Some(budget))?;
            if let Some(doc) = split::read_v2(&source)? {
                find_files(&path, &decode(&Arc::new(doc), Compat::default())?, budget, seen, touched)?;
            }
        }
    }
    for patch in &kustomization.patches {
        if let Some(path) = &patch.path {
            add_file(directory.join(&path.value), Some(patch.clone()), budget, touched)?;
        }
    }
    Ok(())
}

/// Files that cannot be read, or that hold no documents, are passed over.
fn add_file(
    path: PathBuf,
    patch: Option<Patch>,
    budget: &Arc<Budget>,
    touched: &mut Vec<Touched>,
) -> Result<()> {
    let text = load::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = text else { return Ok(()) };
    budget.read(text.len() as u64);
    let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    let read = split::read_text(shown, text.clone().into_bytes(), Some(budget));
    match read.and_then(|source| split::read_all(&source)) {
        Ok(docs) => touched.push(Touched { path, text, docs, patch }),
        Err(e) if e.kind() == ErrorKind::Limit => return Err(e),
        Err(_) => {}
    }
    Ok(())
}

/// Where a variable is, and between which delimiters.
struct Found {
    path: String,
    delimiter: Option<(String, usize)>,
}

fn find_var(
    doc: &Doc,
    node: NodeId,
    (var, how): (&str, Targets),
    path: &mut Vec<String>,
    found: &mut Vec<Found>,
) -> Result<()> {
    match doc.kind(node) {
        NodeKind::Scalar if doc.text(node).contains(var) => {
            let text = doc.text(node);
            if how == Targets::Named
                && let Some((delimiter, places)) = all_places(text, var)
            {
                let one = |place| Found { path: path.join("."), delimiter: Some((delimiter.clone(), place)) };
                found.extend(places.into_iter().map(one));
                return Ok(());
            }
            let delimiter = delimiter(text, var).map_err(|e| e.at(doc.location(node)))?;
            found.push(Found { path: path.join("."), delimiter });
        }
        NodeKind::Scalar | NodeKind::Alias => {}
        NodeKind::Seq => {
            let names = if how == Targets::Named { own_names(doc, node) } else { FxHashMap::default() };
            for (i, item) in doc.items(node).iter().enumerate() {
                let name = names.get(item).map(|name| format!("[name={name}]"));
                path.push(name.unwrap_or_else(|| i.to_string()));
                find_var(doc, *item, (var, how), path, found)?;
                path.pop();
            }
        }
        NodeKind::Map => {
            for (key, value) in doc.pairs(node) {
                let key = doc.text(key).trim();
                path.push(if key.contains('.') { format!("[{key}]") } else { key.to_owned() });
                find_var(doc, value, (var, how), path, found)?;
                path.pop();
            }
        }
    }
    Ok(())
}

/// The names of the items of a list, of those that have one which no other has and which means itself in a path.
fn own_names(doc: &Doc, list: NodeId) -> FxHashMap<NodeId, &str> {
    let mut by_name: FxHashMap<&str, Option<NodeId>> = FxHashMap::default();
    for item in doc.items(list) {
        let Some(name) = doc.get(*item, "name").map(|n| doc.text(n)) else { continue };
        by_name.entry(name).and_modify(|item| *item = None).or_insert(Some(*item));
    }
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    by_name.into_iter().filter_map(|(name, item)| Some((item.filter(|_| plain(name))?, name))).collect()
}

/// The delimiter that cuts out a variable at all of its places in a text, and these, if there are several.
fn all_places(text: &str, var: &str) -> Option<(String, Vec<usize>)> {
    let count = text.matches(var).count();
    let (before, after) = text.split_once(var)?;
    let candidates = [after.chars().next(), before.chars().next_back()];
    candidates.into_iter().flatten().filter(|_| count > 1).find_map(|delimiter| {
        let delimiter = delimiter.to_string();
        let parts = text.split(delimiter.as_str()).enumerate();
        let places: Vec<usize> = parts.filter(|(_, part)| *part == var).map(|(i, _)| i).collect();
        (places.len() == count).then_some((delimiter, places))
    })
}

/// The delimiter that cuts a variable out of a text, and its place among the parts; `None` if it is all of the text.
fn delimiter(text: &str, var: &str) -> Result<Option<(String, usize)>> {
    let Some((before, after)) = text.split_once(var) else { return Ok(None) };
    let last = before.chars().next_back().map(String::from);
    let next = after.chars().next().map(String::from);
    Ok(Some(match (last, next) {
        (None, None) => return Ok(None),
        (None, Some(next)) => (next, 0),
        (Some(last), None) => {
            let index = text.split(last.as_str()).count() - 1;
            (last, index)
        }
        (Some(last), Some(next)) => {
            let index = text.split(last.as_str()).position(|part| part == var).filter(|_| last == next);
            let wrong = || {
                let message = format!("`{var}` in `{text}` is not between two equal delimiters");
                Error::new(ErrorKind::Reference, message)
                    .hint("change the value, or write the replacement by hand")
            };
            (last, index.ok_or_else(wrong)?)
        }
    }))
}

/// What selects the objects in which the variable stands: the target of a patch, or the object of a file.
fn select(doc: &Doc, patch: Option<&Patch>) -> Node {
    let text = |path: &[&str]| doc.get_path(doc.root(), path).map_or("", |n| doc.text(n));
    let (group, version) = group_and_version(text(&["apiVersion"]));
    let (kind, name, namespace) =
        (text(&["kind"]), text(&["metadata", "name"]), text(&["metadata", "namespace"]));
    if let Some(target) = patch.and_then(|p| p.target.as_ref().map(|t| (p, t))) {
        let (patch, target): (&Patch, &Selector) = target;
        let or =
            |own: &'_ str, wins: bool, other: &'_ str| if wins { own.to_owned() } else { other.to_owned() };
        return Node::fields([
            ("annotationSelector", target.annotation_selector.as_str()),
            ("group", target.gvk.group.as_str()),
            ("kind", &or(kind, patch.allow_kind_change, &target.gvk.kind)),
            ("labelSelector", target.label_selector.as_str()),
            ("name", &or(name, patch.allow_name_change, &target.name)),
            ("namespace", &or(namespace, !namespace.is_empty(), &target.namespace)),
            ("version", target.gvk.version.as_str()),
        ]);
    }
    Node::fields([
        ("group", group),
        ("kind", kind),
        ("name", name),
        ("namespace", namespace),
        ("version", version),
    ])
}

fn target(select: &Node, found: Found) -> Node {
    let mut entries = vec![
        Entry::new("select", select.clone()),
        Entry::new("fieldPaths", Node::list(vec![found.path.as_str().into()])),
    ];
    if let Some((delimiter, index)) = found.delimiter {
        let mut options = Node::fields([("delimiter", delimiter.as_str())]);
        if index > 0 {
            options.entries_mut().push(Entry::new("index", Node::plain(&index.to_string())));
        }
        entries.push(Entry::new("options", options));
    }
    Node::map(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_cut_out_between_delimiters() {
        let table = [
            ("$(X)", None),
            ("$(X)/b", Some(("/", 0))),
            ("a/b/$(X)", Some(("/", 2))),
            ("a/$(X)/c", Some(("/", 1))),
        ];
        for (text, want) in table {
            let want = want.map(|(d, i)| (d.to_owned(), i));
            assert_eq!(delimiter(text, "$(X)").unwrap(), want, "{text}");
        }
        assert!(delimiter("a-$(X)/c", "$(X)").is_err());
    }

    #[test]
    fn all_places_of_a_variable_are_found() {
        for (text, want) in [
            ("$(X)/$(X)", Some(("/", vec![0, 1]))),
            ("a,$(X),b,$(X)", Some((",", vec![1, 3]))),
            ("$(X)/b", None),
            ("$(X)-$(X)/$(X)", None),
        ] {
            let want = want.map(|(d, places)| (d.to_owned(), places));
            assert_eq!(all_places(text, "$(X)"), want, "{text}");
        }
    }

    #[test]
    fn indices_in_brackets_become_parts() {
        for (path, want) in [
            ("spec.ports[0].name", "spec.ports.0.name"),
            ("a[12]", "a.12"),
            ("a[b]", "a[b]"),
            ("data.x\\.y[0]", "data.x\\.y.0"),
            ("metadata.name", "metadata.name"),
        ] {
            assert_eq!(with_numbers(path), want);
        }
    }
}
