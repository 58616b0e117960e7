//! Texts that hold values: YAML, JSON, TOML, ini files and properties in a ConfigMap.
//!
//! Both sides must be of the same format for their values to be compared. What is not surely one of them is left to be
//! compared line by line.

use crate::diag::Location;
use crate::limits::narrow;
use crate::yaml::{Doc, NodeId, NodeKind, Source, json, split};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Longer texts are compared line by line.
const LONGEST: usize = 4 << 20;

/// A format: its name, and how it is read.
type Format = (&'static str, fn(&Arc<Source>) -> Option<Doc>);

/// The formats in the order in which they are tried.
const FORMATS: [Format; 5] = [
    ("json", |source| json::read_json(source).ok()),
    ("toml", read_toml),
    ("ini", |source| read_lines(source, true)),
    ("properties", |source| read_lines(source, false)),
    ("yaml", read_yaml),
];

/// A text, where it stands, and the text that it is a part of.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// Where it begins.
    pub(crate) at: &'a Location,
    /// What it is a part of.
    pub(crate) of: &'a Source,
}

/// The values of two texts, and the name of their format.
pub(super) fn read(old: Part<'_>, new: Part<'_>) -> Option<(&'static str, Doc, Doc)> {
    let may_be = |text: &str| text.len() <= LONGEST && (text.trim_end().contains('\n') || is_json(text));
    if !may_be(old.text) && !may_be(new.text) || old.text.is_empty() || new.text.is_empty() {
        return None;
    }
    let source = |part: Part<'_>| Source::inline(part.of, part.at, part.text.to_owned());
    let (old, new) = (source(old), source(new));
    FORMATS.iter().find_map(|(name, read)| Some((*name, read(&old)?, read(&new)?)))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// One document, or several as items of a sequence.
fn read_yaml(source: &Arc<Source>) -> Option<Doc> {
    let mut docs = split::read_all(source).ok()?;
    let holds_values = |doc: &Doc| !doc.has_no_nodes() && doc.kind(doc.root()) != NodeKind::Scalar;
    if docs.is_empty() || !docs.iter().all(holds_values) {
        return None;
    }
    if docs.len() == 1 {
        return docs.pop();
    }
    let mut all = Doc::new(source.clone());
    let items: Vec<NodeId> = docs.iter().map(|doc| all.import(doc, doc.root())).collect();
    let root = all.seq();
    all.set_children(root, &items);
    all.set_root(root);
    Some(all)
}

fn read_toml(source: &Arc<Source>) -> Option<Doc> {
    // The parser reads a text to its end before it says what is wrong at its beginning.
    let text = source.text.trim_start_matches('\u{feff}');
    let mut lines =
        text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().filter(|line| line.starts_with('[') || line.contains('='))?;
    let table: toml::Table = source.text.parse().ok()?;
    if table.is_empty() {
        return None;
    }
    let mut doc = Doc::new(source.clone());
    let root = from_toml(&mut doc, &toml::Value::Table(table));
    doc.set_root(root);
    Some(doc)
}

fn from_toml(doc: &mut Doc, value: &toml::Value) -> NodeId {
    use crate::yaml::{Style, Tag};
    match value {
        toml::Value::String(text) => doc.string(text),
        toml::Value::Integer(n) => doc.scalar(&n.to_string(), Style::Plain, Tag::Int),
        toml::Value::Float(f) => doc.scalar(&f.to_string(), Style::Plain, Tag::Float),
        toml::Value::Boolean(b) => doc.scalar(&b.to_string(), Style::Plain, Tag::Bool),
        toml::Value::Datetime(time) => doc.string(&time.to_string()),
        toml::Value::Array(items) => {
            let items: Vec<NodeId> = items.iter().map(|item| from_toml(doc, item)).collect();
            let seq = doc.seq();
            doc.set_children(seq, &items);
            seq
        }
        toml::Value::Table(entries) => {
            let map = doc.map();
            for (key, value) in entries {
                let value = from_toml(doc, value);
                let key = doc.string(key);
                doc.append(map, &[key, value]);
            }
            map
        }
    }
}

/// Lines `key=value` or `key: value`, below `[section]` if there are sections. Each key once.
fn read_lines(source: &Arc<Source>, sections: bool) -> Option<Doc> {
    let mut doc = Doc::new(source.clone());
    let root = doc.map();
    doc.set_root(root);
    let (mut at, mut section, mut seen) = (root, "", FxHashSet::default());
    let mut offset = 0_u32;
    for line in source.text.split_inclusive('\n') {
        let start = offset;
        offset += narrow(line.len());
        let line = line.trim_end_matches('\n');
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';', '!']) {
            continue;
        }
        if let Some(name) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).filter(|_| sections) {
            section = name;
            let (key, map) = (doc.string(name), doc.map());
            seen.insert((name, "")).then_some(())?;
            doc.append(root, &[key, map]);
            at = map;
            continue;
        }
        let (key, value) = text.split_once('=').filter(|_| !text.ends_with('\\'))?;
        let key = key.trim_end();
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '$');
        if key.is_empty() || !key.chars().all(is_key) || !seen.insert((section, key)) {
            return None;
        }
        let (key, node) = (doc.string(key), doc.string(value.trim()));
        doc.set_span(node, start, start + narrow(line.len()));
        doc.append(at, &[key, node]);
    }
    let is_one = if sections { !section.is_empty() } else { !seen.is_empty() };
    is_one.then_some(doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        for (text, format) in [
            ("{\"a\": 1}", Some("json")),
            ("a: 1\nb: 2\n", Some("yaml")),
            ("a: 1\n---\nb: 2\n", Some("yaml")),
            ("a = 1\nb = \"x\"\n", Some("toml")),
            ("[server]\nport = 1\n", Some("toml")),
            ("[server]\nport = 1 MB\n", Some("ini")),
            ("A=x\nB=y z\n", Some("properties")),
            ("# note\na.b=x\n\nc=\n", Some("properties")),
            ("#!/bin/sh\necho a=b\n", None),
            ("export A=b\nexport B=c\n", None),
            ("a=1\na=x y\n", None),
            ("two\nlines\n", None),
            ("a: 1", None),
            ("x", None),
        ] {
            assert_eq!(format_of(text, text), format, "{text}");
        }
    }

    #[test]
    fn both_sides_are_of_one_format() {
        assert_eq!(format_of("a: 1\nb: 2\n", "echo 'a\nb\n"), None);
        assert_eq!(format_of("{\"a\": 1}", "a: 1\nb: 2\n"), Some("yaml"));
    }

    fn format_of(old: &str, new: &str) -> Option<&'static str> {
        let (at, of) = (Location::file("t"), Source::new("t", String::new()));
        let [old, new] = [old, new].map(|text| Part { text, at: &at, of: &of });
        read(old, new).map(|(name, ..)| name)
    }
}
