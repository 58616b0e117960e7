//! Annotations at the end of a build.
//!
//! kustomize takes `metadata.annotations` of every resource apart and sets it anew, without the annotations that it
//! uses itself. On the way every value becomes a string of its source text, collections become empty strings, and
//! keys are written bare, so that a key like `1` or `"true"` is no string any more and is refused when printed.
//! An empty `annotations` vanishes, whatever it is. kustomize dies on an empty key and on a sequence with an odd
//! number of items; here these are errors.

use crate::diag::{Error, ErrorKind, Result};
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Style, Tag, scalar};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::hash_map::Entry;

const METADATA: &str = "metadata";
const ANNOTATIONS: &str = "annotations";

/// Rebuilds `metadata.annotations` of a resource, leaving out those that `drop` names. A resource without `metadata`
/// gets an empty one.
pub(crate) fn rebuild(doc: &mut Doc, root: NodeId, drop: &dyn Fn(&str) -> bool) -> Result<()> {
    let Some(metadata) = doc.get(root, METADATA) else {
        let metadata = doc.map();
        doc.set(root, METADATA, metadata);
        return Ok(());
    };
    if is_rebuilt(doc, root, drop) {
        return Ok(());
    }
    if fields(doc, metadata) == 1 {
        return renew(doc, metadata, drop);
    }
    // Of several fields each step takes the first away and puts its entries into the next.
    for step in 0..3 {
        match doc.get(metadata, ANNOTATIONS) {
            None => break,
            Some(field) if step == 0 && doc.children(field).is_empty() => {}
            Some(_) => renew(doc, metadata, drop)?,
        }
    }
    Ok(())
}

/// Returns whether [`rebuild`] would change nothing.
pub(crate) fn is_rebuilt(doc: &Doc, root: NodeId, drop: &dyn Fn(&str) -> bool) -> bool {
    let Some(metadata) = doc.get(root, METADATA) else { return false };
    match fields(doc, metadata) {
        0 => true,
        1 => !doc.tail_comment && doc.get(metadata, ANNOTATIONS).is_some_and(|field| stays(doc, field, drop)),
        _ => false,
    }
}

/// Returns whether the annotations of a resource are a mapping of strings, or none, so that [`make_strings`] would change nothing.
pub(crate) fn are_strings(doc: &Doc, root: NodeId) -> bool {
    let field = doc.get_path(root, &[METADATA, ANNOTATIONS]);
    field.is_none_or(|field| doc.children(field).is_empty() || stays(doc, field, &|_| false))
}

/// Makes the annotations of a resource a mapping of strings.
pub(crate) fn make_strings(doc: &mut Doc, root: NodeId) -> Result<()> {
    doc.get(root, METADATA).map_or(Ok(()), |metadata| renew(doc, metadata, &|_| false))
}

fn fields(doc: &Doc, metadata: NodeId) -> usize {
    doc.pairs(metadata).filter(|(key, _)| doc.text(*key) == ANNOTATIONS).count()
}

/// Returns whether the annotations are printed as they are.
fn stays(doc: &Doc, field: NodeId, drop: &dyn Fn(&str) -> bool) -> bool {
    let mut seen = FxHashSet::default();
    doc.kind(field) == NodeKind::Map
        && !doc.children(field).is_empty()
        && doc.pairs(field).all(|(key, value)| {
            let name = doc.text(key);
            key_stays(doc, key) && value_stays(doc, value) && !drop(name) && seen.insert(name)
        })
}

fn key_stays(doc: &Doc, key: NodeId) -> bool {
    let text = doc.text(key);
    doc.tag(key) == Tag::Str
        && !matches!(doc.style(key), Style::Literal | Style::Folded)
        && scalar::resolve(text, Dialect::V3) == Tag::Str
        && !text.contains('\n')
}

fn value_stays(doc: &Doc, value: NodeId) -> bool {
    let lines = doc.text(value).contains('\n');
    doc.tag(value) == Tag::Str
        && match doc.style(value) {
            Style::Literal => lines,
            Style::Folded => false,
            Style::Plain | Style::Single | Style::Double => !lines,
        }
}

/// Takes the first field away and sets its entries, in the field that is then the first or in a new one.
fn renew(doc: &mut Doc, metadata: NodeId, drop: &dyn Fn(&str) -> bool) -> Result<()> {
    let Some(old) = doc.remove(metadata, ANNOTATIONS) else { return Ok(()) };
    let mut entries = entries(doc, old)?;
    entries.retain(|(name, _)| !drop(name));
    if entries.is_empty() {
        return Ok(());
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let (new, there) = match doc.get(metadata, ANNOTATIONS) {
        None => (doc.map(), FxHashMap::default()),
        Some(next) if doc.kind(next) == NodeKind::Map => {
            let mut there = FxHashMap::default();
            for (key, value) in doc.pairs(next) {
                there.entry(doc.text(key).to_owned()).or_insert(value);
            }
            (next, there)
        }
        Some(next) if doc.is_null(next) => (doc.map(), FxHashMap::default()),
        Some(next) => {
            let message = "a second `annotations` is not a mapping; expected one `annotations`";
            return Err(Error::new(ErrorKind::Resource, message).at(doc.location(next)));
        }
    };
    let mut children = Vec::with_capacity(2 * entries.len());
    for (name, value) in entries {
        let text = doc.text(value).to_owned();
        if let Some(same) = there.get(&name) {
            doc.set_text(*same, &text, Tag::Str);
            continue;
        }
        let style = if text.contains('\n') { Style::Literal } else { Style::Plain };
        let new_value = doc.scalar(&text, style, Tag::Str);
        // A name that is no string stays undecided, and is refused by the printer where it is none.
        let tag = if scalar::resolve(&name, Dialect::V3) == Tag::Str { Tag::Str } else { Tag::Unset };
        let key = doc.scalar(&name, Style::Plain, tag);
        if let Some(mark) = doc.mark(value) {
            doc.set_mark(key, &mark);
            doc.set_mark(new_value, &mark);
        }
        children.extend([key, new_value]);
    }
    doc.append(new, &children);
    doc.set(metadata, ANNOTATIONS, new);
    Ok(())
}

/// Names and values; of equal names the last counts.
fn entries(doc: &Doc, field: NodeId) -> Result<Vec<(String, NodeId)>> {
    let children = doc.children(field);
    let refuse =
        |message: &str, at: NodeId| Err(Error::new(ErrorKind::Resource, message).at(doc.location(at)));
    if let [last] = children.chunks_exact(2).remainder() {
        return refuse("`annotations` is a sequence with an odd number of items, expected a mapping", *last);
    }
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    let mut entries: Vec<(String, NodeId)> = Vec::with_capacity(children.len() / 2);
    for [key, value] in children.as_chunks().0 {
        let name = doc.text(*key);
        if name.is_empty() {
            return refuse("the name of an annotation is empty", *key);
        }
        match places.entry(name) {
            Entry::Occupied(place) => {
                if let Some(entry) = entries.get_mut(*place.get()) {
                    entry.1 = *value;
                }
            }
            Entry::Vacant(place) => {
                place.insert(entries.len());
                entries.push((name.to_owned(), *value));
            }
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Source, parse, print};

    fn rebuilt(annotations: &str) -> Result<String> {
        let text = format!("kind: A\nmetadata:\n  name: a\n  {}\n", annotations.replace('\n', "\n  "));
        let source = Source::new("a.yaml", text);
        let mut doc = parse::parse(&source, 0..source.text.len(), Dialect::V3)?.expect("a document");
        let root = doc.root();
        rebuild(&mut doc, root, &|name| name.starts_with("internal/"))?;
        let mut out = Vec::new();
        print(&doc, root, &mut out)?;
        let out = String::from_utf8(out).expect("text");
        let inner = out.strip_prefix("kind: A\nmetadata:\n").and_then(|s| s.strip_suffix("  name: a\n"));
        Ok(inner.expect("the frame").to_owned())
    }

    #[test]
    fn values_become_strings_of_their_source_text() {
        for (input, output) in [
            (
                "annotations: {a: true, b: null, c: , d: 1.0, e: {x: y}, f: 0x10}",
                "  annotations:\n    a: \"true\"\n    b: \"null\"\n    c: \"\"\n    d: \"1.0\"\n    e: \"\"\n    f: \"0x10\"\n",
            ),
            ("annotations:", ""),
            ("annotations: {}", ""),
            ("annotations: []", ""),
            ("annotations: text", ""),
            ("annotations: {internal/x: a}", ""),
            ("annotations: [a, b]", "  annotations:\n    a: b\n"),
            ("annotations: {a: 1, b: x, a: 2}", "  annotations:\n    a: \"2\"\n    b: x\n"),
            ("annotations:\n  b: x\n  internal/x: y\n  a: 'y'", "  annotations:\n    a: \"y\"\n    b: x\n"),
            ("annotations: {a: \"x\\ny\"}", "  annotations:\n    a: |-\n      x\n      y\n"),
            (
                "annotations: {a: 1}\nannotations: {b: 2, a: 3}",
                "  annotations:\n    a: \"1\"\n    b: \"2\"\n",
            ),
            ("annotations: {a: b}", "  annotations:\n    a: b\n"),
            ("annotations:\n  a: |2-\n    \tx", "  annotations:\n    a: \"\\tx\"\n"),
        ] {
            assert_eq!(rebuilt(input).expect(input), output, "{input}");
        }
    }

    #[test]
    fn names_that_are_no_strings_are_refused() {
        for input in [
            "annotations: {'1.5': a}",
            "annotations: {\"true\": a}",
            "annotations: {'': a}",
            "annotations: [a]",
            "annotations: {a: \"\\tx\\ny\"}",
        ] {
            assert!(rebuilt(input).is_err(), "{input}");
        }
    }
}
