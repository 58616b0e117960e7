//! Field specs: in which types a transformer looks at which fields, and the walk to those fields.
//!
//! A path is names divided by `/`. `\/` is a slash within a name, one leading slash is ignored, blanks around
//! a name are. At a list the rest of the path goes on in every item; `name[]` only says that `name` is one.
//! Paths stay text: they are taken apart while walking, which costs no more than comparing the names does.

use super::{Gvk, List, Str};
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::Limit;
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};
use std::borrow::Cow;

/// A list of field specs; the built-in ones are static.
pub(crate) type FieldSpecs = List<FieldSpec>;

/// A field spec of a transformer's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The types meant; empty parts match anything.
    pub(crate) gvk: Gvk,
    /// The field: names divided by `/`, `\/` for a slash in a name, `[]` after the name of a list.
    pub(crate) path: Str,
    /// Whether missing fields on the way are made.
    pub(crate) create: bool,
}

/// A kind that is referred to by name, and where those names stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameReference {
    /// The type referred to; empty parts match anything.
    pub(crate) gvk: Gvk,
    /// The fields that refer.
    pub(crate) referrers: FieldSpecs,
}

/// What the last field of a path becomes where it is missing or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// An empty mapping.
    Map,
    /// A missing field becomes an empty scalar without a tag; a null gets this tag and keeps its text (`null`,
    /// `~` or nothing), as in kustomize.
    Scalar(Tag),
}

/// A step of a path.
struct Step<'a> {
    name: Cow<'a, str>,
    /// The name is marked with `[]`.
    list: bool,
    /// What follows, `None` after the last step.
    rest: Option<&'a str>,
}

/// A path that is not longer than documents may be deep, without its leading slash.
fn within_depth<'a>(doc: &Doc, path: &'a str) -> Result<&'a str> {
    // Nearly all paths are so short that their steps need not be counted.
    if path.len() > 512 {
        doc.check(Limit::Depth, path.matches('/').count() as u64)?;
    }
    Ok(without_slash(path))
}

/// The path without the one leading slash that is ignored.
fn without_slash(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// Takes the first step off a path.
fn first_step(path: &str) -> Step<'_> {
    let bytes = path.as_bytes();
    let end = memchr::memchr_iter(b'/', bytes).find(|i| !matches!(bytes.get(..*i), Some([.., b'\\'])));
    let (step, rest) = match end {
        Some(i) => (&path[..i], Some(&path[i + 1..])),
        None => (path, None),
    };
    let (step, list) = match step.strip_suffix("[]") {
        Some(shorter) => (shorter, true),
        None => (step, false),
    };
    let name = if step.contains("\\/") { Cow::Owned(step.replace("\\/", "/")) } else { Cow::Borrowed(step) };
    Step { name, list, rest }
}

/// The names of a path, and which of them are marked with `[]`.
pub(crate) fn split_path(path: &str) -> Vec<(Cow<'_, str>, bool)> {
    let mut steps = Vec::new();
    let mut rest = Some(without_slash(path));
    while let Some(path) = rest {
        let step = first_step(path);
        steps.push((step.name, step.list));
        rest = step.rest;
    }
    steps
}

/// Returns whether a name is one that kustomize's walk takes for the place of an item in a list, so that no mapping can
/// have it.
pub(crate) fn is_index(name: &str) -> bool {
    match name.as_bytes() {
        [b'0'..=b'9' | b'+' | b'-', ..] => name == "-" || name.parse::<i64>().is_ok(),
        [b'*'] => true,
        [b'[', .., b']'] => true,
        _ => false,
    }
}

/// Gives every field that a field spec names in an object to `set`: nothing if the field spec is for another type, or if the
/// field is missing and neither the field spec nor the transformer makes it. Also nulls are given.
///
/// `create` is what a missing last field becomes; `None` for transformers that never make one.
#[cfg(test)]
pub(crate) fn apply(
    doc: &mut Doc,
    root: NodeId,
    spec: &FieldSpec,
    gvk: &Gvk,
    create: Option<Leaf>,
    set: &mut dyn FnMut(&mut Doc, NodeId) -> Result<()>,
) -> Result<()> {
    if !gvk.is_selected(&spec.gvk) {
        return Ok(());
    }
    apply_path(doc, root, &spec.path, create.filter(|_| spec.create), set)
}

/// As `apply`, without a look at the type; `create` is what a missing last field becomes, if it is to be made.
pub(crate) fn apply_path(
    doc: &mut Doc,
    root: NodeId,
    path: &str,
    create: Option<Leaf>,
    set: &mut dyn FnMut(&mut Doc, NodeId) -> Result<()>,
) -> Result<()> {
    Walk { create, set }
        .step(doc, root, Some(within_depth(doc, path)?))
        .map_err(|e| e.during(format!("looking at field `{path}`")))
}

struct Walk<'a> {
    create: Option<Leaf>,
    set: &'a mut dyn FnMut(&mut Doc, NodeId) -> Result<()>,
}

impl Walk<'_> {
    fn step(&mut self, doc: &mut Doc, node: NodeId, path: Option<&str>) -> Result<()> {
        let Some(rest) = path else {
            return (self.set)(doc, node);
        };
        if doc.is_null(node) {
            return Ok(());
        }
        match doc.kind(node) {
            NodeKind::Map => self.map(doc, node, rest),
            NodeKind::Seq => {
                // By index: the walk may change the tables of the document.
                for i in 0..doc.items(node).len() {
                    let Some(item) = doc.items(node).get(i).copied() else { break };
                    self.step(doc, item, path)?;
                }
                Ok(())
            }
            NodeKind::Alias => match doc.children(node).first().copied() {
                Some(target) => self.step(doc, target, path),
                None => Ok(()),
            },
            NodeKind::Scalar => {
                let name = first_step(rest).name;
                let message = format!("expected a mapping or list with `{name}`, found `{}`", doc.text(node));
                Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)))
            }
        }
    }

    fn map(&mut self, doc: &mut Doc, node: NodeId, path: &str) -> Result<()> {
        let step = first_step(path);
        if step.name.is_empty() {
            return Err(Error::new(ErrorKind::Config, "expected a field name, found an empty one"));
        }
        let name = step.name.trim();
        if name.is_empty() {
            return self.step(doc, node, step.rest);
        }
        if is_index(name) {
            let message = format!("expected a list for index `{name}`, found a mapping");
            return Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)));
        }
        let create = match (self.create, step.rest) {
            _ if step.list => None,
            (Some(_), Some(_)) => Some(Leaf::Map),
            (leaf, _) => leaf,
        };
        let field = match doc.get(node, name) {
            Some(field) => {
                if doc.is_null(field) {
                    if step.list {
                        let empty = doc.seq();
                        replace(doc, field, empty);
                    } else if let Some(leaf) = create {
                        fill_null(doc, field, leaf);
                    }
                }
                field
            }
            None => match create {
                Some(leaf) => make(doc, node, name, leaf),
                None => return Ok(()),
            },
        };
        self.step(doc, field, step.rest)
    }
}

/// Makes a missing field. Its key has no tag: one that reads as a number is refused by the printer.
fn make(doc: &mut Doc, map: NodeId, name: &str, leaf: Leaf) -> NodeId {
    let key = doc.scalar(name, Style::Plain, Tag::Unset);
    let value = match leaf {
        Leaf::Map => doc.map(),
        Leaf::Scalar(_) => doc.scalar("", Style::Plain, Tag::Unset),
    };
    doc.append(map, &[key, value]);
    value
}

fn fill_null(doc: &mut Doc, field: NodeId, leaf: Leaf) {
    match leaf {
        Leaf::Map => {
            let empty = doc.map();
            replace(doc, field, empty);
        }
        Leaf::Scalar(tag) => doc.set_tag(field, tag, false),
    }
}

/// Makes a node what a new one is; it stays where it stands.
fn replace(doc: &mut Doc, node: NodeId, new: NodeId) {
    let mark = doc.mark(node);
    doc.assign(node, new);
    if let Some(mark) = mark {
        doc.set_mark(node, &mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;

    #[test]
    fn paths_are_split_at_slashes() {
        let table: [(&str, &[(&str, bool)]); 9] = [
            ("metadata/name", &[("metadata", false), ("name", false)]),
            ("/metadata/name", &[("metadata", false), ("name", false)]),
            ("//a", &[("", false), ("a", false)]),
            ("a/", &[("a", false), ("", false)]),
            ("", &[("", false)]),
            ("spec/containers[]/image", &[("spec", false), ("containers", true), ("image", false)]),
            ("a/b.c\\/d/e", &[("a", false), ("b.c/d", false), ("e", false)]),
            ("a\\/b\\/c[]", &[("a/b/c", true)]),
            ("a\\", &[("a\\", false)]),
        ];
        for (path, steps) in table {
            let split = split_path(path);
            let split: Vec<_> = split.iter().map(|(n, l)| (n.as_ref(), *l)).collect();
            assert_eq!(split, steps, "{path}");
        }
    }

    /// A document from a text like `{a: [x, ~]}`: mappings, lists, bare scalars.
    fn read(text: &str) -> Doc {
        let mut doc = Doc::new(Source::new("t.yaml", String::new()));
        let mut rest = text;
        let root = value(&mut doc, &mut rest);
        doc.set_root(root);
        doc
    }

    fn value(doc: &mut Doc, rest: &mut &str) -> NodeId {
        let (open, inner) = rest.split_at(1);
        if open != "{" && open != "[" {
            let end = rest.find([',', ':', ']', '}']).unwrap_or(rest.len());
            let text = &rest[..end];
            *rest = &rest[end..];
            let tag = if matches!(text, "~" | "null") { Tag::Null } else { Tag::Str };
            return doc.scalar(text, Style::Plain, tag);
        }
        *rest = inner;
        let node = if open == "{" { doc.map() } else { doc.seq() };
        while !rest.starts_with(['}', ']']) {
            let kid = value(doc, rest);
            doc.append(node, &[kid]);
            *rest = rest.trim_start_matches([',', ':', ' ']);
        }
        *rest = &rest[1..];
        node
    }

    fn show(doc: &Doc, node: NodeId) -> String {
        let list = |sep: &str| doc.items(node).iter().map(|i| show(doc, *i)).collect::<Vec<_>>().join(sep);
        match doc.kind(node) {
            NodeKind::Scalar => doc.text(node).to_owned(),
            NodeKind::Seq => format!("[{}]", list(", ")),
            _ => {
                let pairs = doc.pairs(node).map(|(k, v)| format!("{}: {}", doc.text(k), show(doc, v)));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn the_walk_reaches_makes_and_refuses_as_kustomize_does() {
        let string = Some(Leaf::Scalar(Tag::Str));
        let map = Some(Leaf::Map);
        let table = [
            ("{a: {b: x}}", "a/b", None, Ok("{a: {b: !}}")),
            ("{a: {b: x}}", "/a/b", None, Ok("{a: {b: !}}")),
            ("{a: [{b: x}, {c: y}, {b: z}]}", "a/b", None, Ok("{a: [{b: !}, {c: y}, {b: !}]}")),
            ("{a: [{b: x}, {c: y}]}", "a/b", string, Ok("{a: [{b: !}, {c: y, b: !}]}")),
            ("{a: [[{b: x}]]}", "a[]/b", None, Ok("{a: [[{b: !}]]}")),
            ("{a: {b: x}}", "a[]/b", None, Ok("{a: {b: !}}")),
            ("{a: [x, y]}", "a", None, Ok("{a: !}")),
            ("{a: ~}", "a", None, Ok("{a: !}")),
            ("{a: ~}", "a/b", None, Ok("{a: ~}")),
            ("{a: ~}", "a/b", string, Ok("{a: {b: !}}")),
            ("{a: ~}", "a[]/b", None, Ok("{a: []}")),
            ("{a: ~}", "a[]/b", string, Ok("{a: []}")),
            ("{a: ~}", "a[]", None, Ok("{a: !}")),
            ("{}", "a[]/b", string, Ok("{}")),
            ("{}", "a/b", None, Ok("{}")),
            ("{}", "a/b", string, Ok("{a: {b: !}}")),
            ("{}", "a/b", map, Ok("{a: {b: !}}")),
            ("{a: []}", "a/b", string, Ok("{a: []}")),
            ("{a: [~, {b: x}]}", "a/b", string, Ok("{a: [~, {b: !}]}")),
            ("{a: x}", "a/b", None, Err("expected a mapping or list with `b`, found `x`")),
            ("{a: [x]}", "a/b/c", None, Err("expected a mapping or list with `b`, found `x`")),
            ("{a: x}", "", None, Err("expected a field name, found an empty one")),
            ("{a: {b: x}}", "a//b", None, Err("expected a field name, found an empty one")),
            ("{a: {b: x}}", "a/[]", None, Err("expected a field name, found an empty one")),
            ("{a: ~}", "a//b", None, Ok("{a: ~}")),
            ("{a: {0: x}}", "a/0", None, Err("expected a list for index `0`, found a mapping")),
            ("{a: {b: x}}", "a/ b ", None, Ok("{a: {b: !}}")),
            ("{a/b: x}", "a\\/b", None, Ok("{a/b: !}")),
        ];
        for (text, path, create, wanted) in table {
            let mut doc = read(text);
            let root = doc.root();
            let result = apply_path(&mut doc, root, path, create, &mut |doc, node| {
                doc.set_text(node, "!", Tag::Str);
                Ok(())
            });
            let shown = result.map(|()| show(&doc, root)).map_err(|e| e.message().to_owned());
            assert_eq!(shown, wanted.map(String::from).map_err(String::from), "{text} {path}");
        }
    }

    #[test]
    fn specs_apply_to_their_types_and_make_fields_only_if_both_want_it() {
        let spec = |kind: &str, create| FieldSpec { gvk: Gvk::new("v1", kind), path: "a".into(), create };
        let leaf = Some(Leaf::Map);
        let table = [
            (spec("Pod", true), leaf, 1),
            (spec("Pod", false), leaf, 0),
            (spec("Pod", true), None, 0),
            (spec("Service", true), leaf, 0),
            (spec("", true), leaf, 1),
            (FieldSpec { gvk: Gvk::new("apps/v1", "Pod"), path: "a".into(), create: true }, leaf, 0),
        ];
        for (spec, create, wanted) in table {
            let mut doc = read("{}");
            let root = doc.root();
            let mut count = 0;
            let mut set = |_: &mut Doc, _| {
                count += 1;
                Ok(())
            };
            assert!(apply(&mut doc, root, &spec, &Gvk::new("v1", "Pod"), create, &mut set).is_ok());
            assert_eq!(count, wanted, "{spec:?} {create:?}");
        }
    }
}
