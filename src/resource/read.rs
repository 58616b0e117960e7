//! From documents to objects.
//!
//! A document must be a mapping with a kind, and a name unless the kind ends in `List`; nulls and empty collections
//! are dropped. A `List` or `ResourceList` that is alone in its file is replaced by its items; other lists with
//! `items` are opened too, their items go after the other objects of the file.
//!
//! Kustomize turns the items of the second sort of lists into JSON and reads that. What remains of it is the way
//! scalars are written, which decides how later changes to them are printed; see `to_json_styles`.

use super::{Resource, internal};
use crate::diag::{Error, ErrorKind, Result};
use crate::yaml::json::to_json;
use crate::yaml::{Doc, NodeId, NodeKind, Source, Style, Tag, reencode, scalar, split};
use std::collections::VecDeque;
use std::sync::Arc;

/// The objects of a text.
pub(crate) fn from_source(source: &Arc<Source>) -> Result<Vec<Resource>> {
    let pieces = split::documents(source)?;
    let single = pieces.len() == 1;
    let mut docs = Vec::with_capacity(pieces.len());
    for piece in pieces {
        docs.extend(split::read_piece(source, piece)?);
    }
    from_docs(docs, single)
}

/// The objects of documents. `single`: there is one document in the text, so that a `List` is unwrapped.
pub(crate) fn from_docs(docs: Vec<Doc>, single: bool) -> Result<Vec<Resource>> {
    let mut queue = VecDeque::with_capacity(docs.len());
    for doc in docs {
        add_checked(doc, single, &mut queue)?;
    }
    let mut objects = Vec::with_capacity(queue.len());
    while let Some(mut doc) = queue.pop_front() {
        let kind = doc.get(doc.root(), "kind").map_or("", |n| doc.text(n));
        match doc.get(doc.root(), "items") {
            Some(items) if kind.ends_with("List") => {
                if doc.kind(items) != NodeKind::Seq && !doc.is_null(items) {
                    let message =
                        format!("expected a list in `items` of {kind}, found {}", doc.describe(items));
                    return Err(Error::new(ErrorKind::Resource, message).at(doc.location(items)));
                }
                to_json_styles(&mut doc, items)?;
                for item in doc.items(items) {
                    add_checked(part(&doc, *item), true, &mut queue)?;
                }
            }
            _ => {
                let mut res = Resource::new(doc);
                internal::adopt(&mut res)?;
                objects.push(res);
            }
        }
    }
    Ok(objects)
}

/// A document of its own for a node.
fn part(doc: &Doc, node: NodeId) -> Doc {
    let mut new = Doc::new(doc.source().clone());
    let root = new.import(doc, node);
    new.set_root(root);
    new
}

/// Queues a document, or the items of a sole `List`.
fn add_checked(doc: Doc, single: bool, queue: &mut VecDeque<Doc>) -> Result<()> {
    let root = doc.root();
    if doc.has_no_nodes() || doc.is_empty(root) {
        return Ok(());
    }
    if single && matches!(text(&doc, doc.get(root, "kind")), "List" | "ResourceList") {
        let items = doc.get(root, "items");
        if items.is_some() || doc.get(root, "functionConfig").is_some() {
            // A mapping in place of the list counts by its keys and values, and is refused because of them.
            for item in items.map_or(&[][..], |n| doc.children(n)) {
                let item = part(&doc, *item);
                if !item.is_empty(item.root()) {
                    check(&item)?;
                    queue.push_back(item);
                }
            }
            return Ok(());
        }
    }
    check(&doc)?;
    queue.push_back(doc);
    Ok(())
}

/// The text of a field; empty for nulls and collections.
fn text(doc: &Doc, node: Option<NodeId>) -> &str {
    node.filter(|n| !doc.is_null(*n)).map_or("", |n| doc.text(n))
}

fn check(doc: &Doc) -> Result<()> {
    let root = doc.root();
    let fail =
        |at: NodeId, message: String| Err(Error::new(ErrorKind::Resource, message).at(doc.location(at)));
    if doc.kind(root) != NodeKind::Map {
        return fail(
            root,
            format!("expected an object, a mapping with a kind, found {}", doc.describe(root)),
        );
    }
    let (kind, metadata) = (doc.get(root, "kind"), doc.get(root, "metadata"));
    let name = metadata.and_then(|m| doc.get(m, "name"));
    match (text(doc, kind), text(doc, name)) {
        ("", name) => {
            let whose = if name.is_empty() { String::new() } else { format!(" of `{name}`") };
            fail(kind.unwrap_or(root), format!("missing `kind` in the object{whose}"))
        }
        (_, "") if metadata.is_some_and(|m| doc.kind(m) != NodeKind::Map && !doc.is_empty(m)) => {
            let at = metadata.unwrap_or(root);
            fail(at, format!("expected a mapping in `metadata`, found {}", doc.describe(at)))
        }
        (kind, "") if !kind.ends_with("List") => {
            let at = name.or(metadata).unwrap_or(root);
            let error = fail(at, format!("missing `metadata.name` in the object of kind {kind}"));
            let generated = metadata.is_some_and(|m| doc.get(m, "generateName").is_some());
            error.map_err(|e| {
                if generated { e.hint("set `metadata.name`: `generateName` is not supported") } else { e }
            })
        }
        _ => Ok(()),
    }
}

/// Makes the nodes look as if they had been read from JSON: strings and times in double quotes, everything else
/// plain.
fn to_json_styles(doc: &mut Doc, node: NodeId) -> Result<()> {
    if doc.kind(node) != NodeKind::Scalar {
        doc.set_flow(node, true);
        if doc.kind(node) == NodeKind::Map {
            for i in (0..doc.children(node).len()).step_by(2) {
                let Some(key) = doc.child(node, i) else { break };
                to_json_key(doc, key)?;
                doc.forget_comment(key);
            }
        }
        let mut i = 0;
        while let Some(kid) = doc.child(node, i) {
            to_json_styles(doc, kid)?;
            i += 1;
        }
        return Ok(());
    }
    let style = match doc.tag(node) {
        // What these become is left to the printer.
        Tag::Binary | Tag::Merge => return Ok(()),
        Tag::Bool => Style::Plain,
        tag @ (Tag::Int | Tag::Float) => {
            let mut text = String::new();
            // What JSON has no text for is refused by the printer.
            if to_json(doc, node, &mut text).is_ok() && text != doc.text(node) {
                doc.set_text(node, &text, tag);
            }
            Style::Plain
        }
        Tag::Null => {
            doc.set_text(node, "null", Tag::Null);
            Style::Plain
        }
        Tag::Timestamp => {
            if let Some(time) = scalar::time(doc.text(node)) {
                doc.set_text(node, &time, Tag::Str);
            }
            Style::Double
        }
        _ => Style::Double,
    };
    doc.set_style(node, style);
    if style == Style::Double {
        doc.set_tag(node, Tag::Str, false);
    }
    Ok(())
}

/// Writes a key as JSON has it. An integer or a time keeps its type: versions before 5.8.3 refuse it at the end.
fn to_json_key(doc: &mut Doc, key: NodeId) -> Result<()> {
    let tag = doc.tag(key);
    if matches!(tag, Tag::Str | Tag::Merge) {
        return Ok(());
    }
    let place = reencode::Place { flow: true, simple_key: true, last: false, reencode: false };
    let text = reencode::value(doc, key, place).ok().and_then(|value| reencode::key_text(&value));
    match text.filter(|_| doc.kind(key) == NodeKind::Scalar) {
        Some(text) => {
            doc.set_text(key, &text, tag);
            Ok(())
        }
        None => {
            let message = format!("expected a string as key, found {}", doc.describe(key));
            Err(Error::new(ErrorKind::Resource, message).at(doc.location(key)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>> {
        let all = from_source(&Source::new("r.yaml", text.into()))?;
        Ok(all.iter().map(|r| format!("{}/{}", r.gvk().kind, r.name())).collect())
    }

    #[test]
    fn documents_become_objects() {
        let table: [(&str, &[&str]); 12] = [
            ("", &[]),
            ("# only a comment\n", &[]),
            ("null\n", &[]),
            ("{}\n", &[]),
            ("kind: A\nmetadata: {name: a}\n---\n---\nkind: B\nmetadata: {name: 5}\n", &["A/a", "B/5"]),
            ("kind: List\nitems: [{kind: A, metadata: {name: a}}, null, {}]\n", &["A/a"]),
            ("kind: List\nitems:\n", &[]),
            ("kind: List\n", &["List/"]),
            (
                "kind: AList\nitems: [{kind: A, metadata: {name: a}}]\n---\nkind: B\nmetadata: {name: b}\n",
                &["B/b", "A/a"],
            ),
            ("kind: AList\nitems: [{kind: List, items: [{kind: A, metadata: {name: a}}]}]\n", &["A/a"]),
            ("kind: AList\nitems: null\n", &[]),
            ("kind: ResourceList\nfunctionConfig: {kind: F}\n", &[]),
        ];
        for (text, objects) in table {
            assert_eq!(read(text).unwrap(), objects, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let table = [
            ("hello\n", "r.yaml:1:1: expected an object, a mapping with a kind, found `hello`"),
            ("- a\n", "r.yaml:1:1: expected an object, a mapping with a kind, found a list"),
            ("metadata: {name: x}\n", "r.yaml:1:1: missing `kind` in the object of `x`"),
            ("kind:\nmetadata: {name: x}\n", "missing `kind` in the object of `x`"),
            ("kind: {a: b}\nmetadata: {name: x}\n", "missing `kind`"),
            ("kind: A\nmetadata: {generateName: x}\n", "missing `metadata.name` in the object of kind A"),
            ("kind: A\nmetadata: {name: }\n", "missing `metadata.name` in the object of kind A"),
            ("kind: A\nmetadata: [name]\n", "expected a mapping in `metadata`, found a list"),
            ("kind: List\nmetadata: x\n", "expected a mapping in `metadata`, found `x`"),
            (
                "kind: AList\nitems: [{kind: A, metadata: {name: a}, 1.5: x}]\n",
                "expected a string as key, found `1.5`",
            ),
            ("kind: List\nitems: {a: b}\n", "expected an object, a mapping with a kind, found `a`"),
            ("kind: AList\nitems: {a: b}\n", "expected a list in `items` of AList, found a mapping"),
            ("kind: AList\nitems: [{kind: A}]\n", "missing `metadata.name` in the object of kind A"),
        ];
        for (text, message) in table {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
