//! How objects go to a plugin and come back.
//!
//! A plugin sees objects as kustomize prints them, together with kustomize's bookkeeping as annotations: what it
//! leaves out of them is forgotten. What comes back takes the place of the object of that id; new objects are added,
//! missing ones removed.

use crate::diag::{Error, ErrorKind, Location, Result};
use crate::kube::ResId;
use crate::limits::Budget;
use crate::resource::{ResMap, Resource, internal, read};
use crate::text::go;
use crate::yaml::{Doc, Mark, NodeId, Options, Style, Tag, emit, split};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// By this annotation kustomize tells a plugin the id of an object.
const ID: &str = "kustomize.config.k8s.io/id";
/// A generator asks for a hash suffix.
const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
/// A generator asks to merge or replace.
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";

/// An object as text, with its bookkeeping. `with_id`: with the annotation that tells its id. `fold`: long texts are
/// folded.
pub(crate) fn to_text(res: &Resource, with_id: bool, fold: bool) -> Result<String> {
    let mut doc = res.doc().clone();
    let root = doc.root();
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    if let Some(map) = doc.get_path(root, &["metadata", "annotations"]) {
        let stale = |key: &str| internal::is_bookkeeping(key) && key != internal::BEHAVIOR;
        for (key, value) in doc.pairs(map).filter(|(key, _)| !stale(doc.text(*key))) {
            all.insert(doc.text(key).to_owned(), doc.text(value).to_owned());
        }
    }
    all.extend(internal::annotations(res).into_iter().map(|(k, v)| (k.to_owned(), v)));
    if with_id {
        all.insert(ID.to_owned(), id_text(res.id())?);
    }
    set_annotations(&mut doc, &all);
    text_with(&doc, Options { fold, ..Options::default() })
}

/// A document as kustomize prints it.
pub(crate) fn text_of(doc: &Doc) -> Result<String> {
    text_with(doc, Options::default())
}

fn text_with(doc: &Doc, options: Options) -> Result<String> {
    let mut out = Vec::new();
    emit::print_with(doc, doc.root(), options, &mut out)?;
    String::from_utf8(out).map_err(|_| Error::new(ErrorKind::Resource, "an object is not UTF-8"))
}

fn set_annotations(doc: &mut Doc, all: &BTreeMap<String, String>) {
    let root = doc.root();
    let metadata = doc.get_or_make_map(root, "metadata");
    doc.remove(metadata, "annotations");
    if all.is_empty() {
        return;
    }
    let children: Vec<NodeId> =
        all.iter().flat_map(|(key, value)| [key_of(doc, key), doc.string(value)]).collect();
    let map = doc.map();
    doc.append(map, &children);
    doc.set(metadata, "annotations", map);
}

fn key_of(doc: &mut Doc, key: &str) -> NodeId {
    doc.scalar(key, Style::Plain, Tag::Unset)
}

/// An id as a YAML text: the parts that are there, sorted by name.
fn id_text(id: &ResId) -> Result<String> {
    let mut doc = Doc::new(crate::yaml::Source::new("", String::new()));
    let map = doc.map();
    doc.set_root(map);
    let gvk = &id.gvk;
    for (name, part) in [
        ("group", &gvk.group),
        ("kind", &gvk.kind),
        ("name", &id.name),
        ("namespace", &id.namespace),
        ("version", &gvk.version),
    ] {
        if !part.is_empty() {
            doc.set_string(map, name, part);
        }
    }
    text_of(&doc)
}

/// Adds annotations after those that an object's text has.
pub(crate) fn add_annotations(text: &str, more: &[(&str, &str)]) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let end_of = |lines: &[&str], from: usize, depth: usize| {
        let rest = lines.iter().skip(from).position(|l| !l.is_empty() && indent(l) < depth);
        rest.map_or(lines.len(), |n| from + n)
    };
    let mut added: Vec<String> = more.iter().map(|(k, v)| format!("    {k}: '{v}'")).collect();
    let at = match lines.iter().position(|l| *l == "metadata:") {
        Some(metadata) => {
            let end = end_of(&lines, metadata + 1, 2);
            match lines.iter().take(end).skip(metadata + 1).position(|l| *l == "  annotations:") {
                Some(found) => end_of(&lines, metadata + found + 2, 4),
                None => {
                    added.insert(0, "  annotations:".to_owned());
                    end
                }
            }
        }
        None => {
            added.splice(0..0, ["metadata:".to_owned(), "  annotations:".to_owned()]);
            lines.len()
        }
    };
    lines.splice(at..at, added.iter().map(String::as_str));
    let mut out = lines.join("\n");
    out.push('\n');
    out
}

/// Writes a text further to the right; the first line after `first`, the others after as many blanks.
pub(crate) fn indented(out: &mut String, text: &str, first: &str) {
    for (i, line) in text.lines().enumerate() {
        if !line.is_empty() {
            let _ = match i {
                0 => write!(out, "{first}{line}"),
                _ => write!(out, "{:width$}{line}", "", width = first.len()),
            };
        }
        out.push('\n');
    }
}

/// Adds where a program was asked for to an error about what it did or printed.
pub(crate) fn blame_config(error: Error, at: impl FnOnce() -> Location) -> Error {
    let config = at();
    match error.labels() {
        [] => error.at(config),
        labels if labels.iter().any(|l| l.at.path == config.path && l.at.line == config.line) => error,
        _ => error.label(config, "it was asked for here"),
    }
}

/// Makes an object that a program made point to where the program was asked for: that is what the user can edit.
pub(crate) fn set_place(res: &mut Resource, mark: &Mark) {
    res.edit(|doc| {
        let root = doc.root();
        doc.set_mark(root, mark);
    });
}

/// The objects that a plugin printed.
pub(crate) fn from_output(
    name: &str,
    output: Vec<u8>,
    budget: Option<&Arc<Budget>>,
) -> Result<Vec<Resource>> {
    let source = split::read_text(format!("<output of {name}>"), output, budget)?;
    read::from_source(&source)
}

/// Takes what a generator asks for out of its objects' annotations.
pub(crate) fn apply_generator_annotations(all: &mut [Resource]) -> Result<()> {
    for res in all {
        let needs_hash = match res.annotation(NEEDS_HASH) {
            None => false,
            Some(text) => go::parse_bool(text).ok_or_else(|| {
                Error::new(
                    ErrorKind::Program,
                    format!("expected `true` or `false` in `{NEEDS_HASH}`, found `{text}`"),
                )
                .at(res.doc().location(res.root()))
            })?,
        };
        res.behavior = internal::behavior(res.annotation(BEHAVIOR).unwrap_or_default());
        res.needs_hash |= needs_hash;
        let behavior = internal::behavior_text(res.behavior);
        res.edit(|doc| {
            let root = doc.root();
            let metadata = doc.get_or_make_map(root, "metadata");
            let annotations = doc.get_or_make_map(metadata, "annotations");
            doc.remove(annotations, NEEDS_HASH);
            doc.remove(annotations, BEHAVIOR);
            let value = doc.string(behavior);
            doc.set(annotations, internal::BEHAVIOR, value);
        });
    }
    Ok(())
}

/// Puts what a transformer printed in the place of what it got.
pub(crate) fn update(resources: &mut ResMap, output: Vec<Resource>, plugin: &str) -> Result<()> {
    let mut seen: FxHashSet<ResId> = FxHashSet::default();
    for mut res in output {
        res.edit(|doc| {
            if let Some(annotations) = doc.get_path(doc.root(), &["metadata", "annotations"]) {
                doc.remove(annotations, ID);
            }
        });
        if !seen.insert(res.id().clone()) {
            return Err(Error::new(ErrorKind::Conflict, format!("{plugin} printed {} twice", res.id()))
                .at(res.doc().location(res.root())));
        }
        match resources.find(res.id()).as_slice() {
            [] => {
                resources.append(res)?;
            }
            [slot] => resources.edit(*slot, |old| {
                res.origin = old.origin.take();
                res.transformations = std::mem::take(&mut old.transformations);
                *old = res;
                Ok(())
            })?,
            many => {
                let message = format!("{} resources have the id {}, expected one", many.len(), res.id());
                return Err(Error::new(ErrorKind::Conflict, message));
            }
        }
    }
    let gone: Vec<usize> =
        resources.slots().filter(|s| resources.get(*s).is_some_and(|r| !seen.contains(r.id()))).collect();
    for slot in gone {
        resources.remove(slot);
    }
    Ok(())
}

/// The pairs `NAME=value` of several lists; later ones win, sorted by name. Texts with no or several `=` are dropped.
pub(crate) fn environment(lists: [&[String]; 2]) -> Vec<(String, String)> {
    let mut all: FxHashMap<&str, &str> = FxHashMap::default();
    for entry in lists.into_iter().flatten() {
        if let Some((name, value)) = entry.split_once('=')
            && !value.contains('=')
        {
            all.insert(name, value);
        }
    }
    let mut all: Vec<(String, String)> = all.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;

    fn objects(text: &str) -> Vec<Resource> {
        read::from_source(&Source::new("r.yaml", text.into())).unwrap()
    }

    #[test]
    fn a_plugin_sees_the_bookkeeping() {
        let mut all = objects(
            "apiVersion: apps/v1\nkind: D\nmetadata: {name: a, annotations: {z: '1', \
                               internal.config.kubernetes.io/needsHashSuffix: enabled}}\n",
        );
        all[0].needs_hash = false;
        all[0].prefixes.push("p-".into());
        assert_eq!(
            to_text(&all[0], true, true).unwrap(),
            "apiVersion: apps/v1\nkind: D\nmetadata:\n  annotations:\n    \
             internal.config.kubernetes.io/prefixes: p-\n    kustomize.config.k8s.io/id: |\n      \
             group: apps\n      kind: D\n      name: a\n      version: v1\n    z: \"1\"\n  name: a\n"
        );
    }

    #[test]
    fn annotations_are_added_after_the_last() {
        let table = [
            (
                "kind: A\nmetadata:\n  annotations:\n    a: |\n      x\n\n      y\n  name: n\nspec: 1\n",
                "kind: A\nmetadata:\n  annotations:\n    a: |\n      x\n\n      y\n    k: '1'\n  name: n\nspec: 1\n",
            ),
            (
                "kind: A\nmetadata:\n  name: n\n",
                "kind: A\nmetadata:\n  name: n\n  annotations:\n    k: '1'\n",
            ),
            ("kind: A\n", "kind: A\nmetadata:\n  annotations:\n    k: '1'\n"),
        ];
        for (text, expected) in table {
            assert_eq!(add_annotations(text, &[("k", "1")]), expected);
        }
    }

    #[test]
    fn output_replaces_adds_and_removes() {
        let mut map = ResMap::new();
        let object = |name: &str, v: &str| format!("kind: A\nmetadata: {{name: {name}}}\nv: {v}\n---\n");
        for res in objects(&[object("a", "1"), object("b", "1")].concat()) {
            map.append(res).unwrap();
        }
        update(&mut map, objects(&[object("b", "2"), object("c", "2")].concat()), "it").unwrap();
        let all: Vec<String> = map
            .iter()
            .map(|r| format!("{} {}", r.name(), r.doc().text(r.doc().get(r.root(), "v").unwrap())))
            .collect();
        assert_eq!(all, ["b 2", "c 2"]);
        let error =
            update(&mut map, objects(&[object("c", "2"), object("c", "3")].concat()), "it").unwrap_err();
        assert_eq!(error.message(), "it printed A.[noVer].[noGrp]/c.[noNs] twice");
    }

    #[test]
    fn generators_say_what_they_want_in_annotations() {
        let text = "kind: A\nmetadata: {name: a, annotations: {kustomize.config.k8s.io/needs-hash: \"VALUE\", \
                    kustomize.config.k8s.io/behavior: merge}}\n";
        let mut all = objects(&text.replace("VALUE", "true"));
        apply_generator_annotations(&mut all).unwrap();
        assert!(all[0].needs_hash);
        assert_eq!(all[0].behavior, crate::resource::Behavior::Merge);
        assert_eq!(all[0].annotation(NEEDS_HASH), None);
        assert!(apply_generator_annotations(&mut objects(&text.replace("VALUE", "maybe"))).is_err());
    }

    #[test]
    fn odd_environment_entries_are_dropped() {
        let list = |l: &[&str]| l.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (spec, flags) = (list(&["B=1", "A=1", "X"]), list(&["A=2", "C=x=y"]));
        let all = environment([&spec, &flags]);
        assert_eq!(all, [("A".into(), "2".into()), ("B".into(), "1".into())]);
    }
}
