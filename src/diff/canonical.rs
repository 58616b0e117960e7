//! When two values are the same: types and values count, the way they are written does not.
//!
//! Of mappings the order does not count, and a key whose value is null counts as absent. Names that changed only by
//! the hash of their content count as the same: see [`Names`].

use crate::yaml::json::{key_text, to_json, write_string};
use crate::yaml::scalar::{self, Value};
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Style, Tag};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Names of generated objects that changed only their hash suffix, older to newer.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    renamed: FxHashMap<String, String>,
}

impl Names {
    /// Notes that an object got another suffix.
    pub(super) fn insert(&mut self, old: &str, new: &str) {
        self.renamed.insert(old.to_owned(), new.to_owned());
    }

    /// A text of the older side with the newer names in place of the older ones.
    pub(super) fn renew<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if let Some(new) = self.renamed.get(text) {
            return Cow::Owned(new.clone());
        }
        // A suffix is a dash and ten characters; what is shorter holds no such name.
        if self.renamed.is_empty() || text.len() < 12 || !text.contains('-') {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_of_name) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c| !is_of_name(c)).unwrap_or(from.len());
            let (word, behind) = from.split_at(end);
            out.push_str(before);
            out.push_str(self.renamed.get(word).map_or(word, String::as_str));
            rest = behind;
        }
        out.push_str(rest);
        if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
    }

    /// Returns whether a text of the newer side is one of the older side, renamed.
    fn are_same(&self, old: &str, new: &str) -> bool {
        !self.renamed.is_empty() && self.renew(old) == new
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.'
}

/// Returns whether a node counts as absent where it is the value of a key.
pub(super) fn is_absent(doc: &Doc, node: NodeId) -> bool {
    is_null(doc, node)
}

fn is_null(doc: &Doc, node: NodeId) -> bool {
    doc.kind(node) == NodeKind::Scalar && matches!(value(doc, node), Value::Null)
}

/// The value of a scalar.
pub(super) fn value(doc: &Doc, node: NodeId) -> Value<'_> {
    let text = doc.text(node);
    match doc.tag(node) {
        Tag::Str | Tag::Binary | Tag::Other | Tag::Merge | Tag::Map | Tag::Seq => Value::Str(text),
        Tag::Unset if doc.style(node) != Style::Plain => Value::Str(text),
        Tag::Unset | Tag::Timestamp => scalar::value(text, Dialect::V3),
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float => match scalar::untimed(text) {
            Value::Str(_) if doc.tag(node) == Tag::Bool => scalar::value(text, Dialect::V2),
            value => value,
        },
    }
}

/// The text of a scalar that is a string.
pub(super) fn string(doc: &Doc, node: NodeId) -> Option<&str> {
    let is_string = doc.kind(node) == NodeKind::Scalar && matches!(value(doc, node), Value::Str(_));
    is_string.then(|| doc.text(node))
}

/// Returns whether two scalars have the same value.
pub(super) fn same_scalar(a: &Doc, x: NodeId, b: &Doc, y: NodeId, names: &Names) -> bool {
    if a.tag(x) == Tag::Str && b.tag(y) == Tag::Str {
        let (old, new) = (a.text(x), b.text(y));
        return old == new || names.are_same(old, new);
    }
    match (value(a, x), value(b, y)) {
        (Value::Str(old), Value::Str(new)) => old == new || names.are_same(old, new),
        (Value::Int(n), Value::Float(f)) | (Value::Float(f), Value::Int(n)) => n as f64 == f,
        (Value::Float(f), Value::Float(g)) => f == g || f.is_nan() && g.is_nan(),
        (old, new) => old == new,
    }
}

/// Returns whether two nodes have the same value, with sequences in the same order.
pub(super) fn same(a: &Doc, x: NodeId, b: &Doc, y: NodeId, names: &Names) -> bool {
    match (a.kind(x), b.kind(y)) {
        (NodeKind::Scalar, NodeKind::Scalar) => same_scalar(a, x, b, y, names),
        (NodeKind::Seq, NodeKind::Seq) => {
            let (old, new) = (a.items(x), b.items(y));
            old.len() == new.len() && old.iter().zip(new).all(|(x, y)| same(a, *x, b, *y, names))
        }
        (NodeKind::Map, NodeKind::Map) => same_mapping(a, x, b, y, names),
        _ => false,
    }
}

fn same_mapping(a: &Doc, x: NodeId, b: &Doc, y: NodeId, names: &Names) -> bool {
    let in_order = a.pairs(x).len() == b.pairs(y).len()
        && a.pairs(x).zip(b.pairs(y)).all(|((o, _), (n, _))| a.text(o) == b.text(n));
    if in_order {
        return a.pairs(x).zip(b.pairs(y)).all(|((_, o), (_, n))| same(a, o, b, n, names));
    }
    let has_all = |a: &Doc, x: NodeId, b: &Doc, y: NodeId| {
        a.pairs(x).all(|(key, value)| {
            is_absent(a, value) || b.get(y, a.text(key)).is_some_and(|other| !is_absent(b, other))
        })
    };
    has_all(b, y, a, x)
        && a.pairs(x).all(|(key, value)| {
            is_absent(a, value) || b.get(y, a.text(key)).is_some_and(|other| same(a, value, b, other, names))
        })
}

/// A text that is the same for the same values. Of the older side, `names` are given, so that names that changed only
/// their suffix are the same.
pub(super) fn text(doc: &Doc, node: NodeId, names: Option<&Names>) -> String {
    let mut out = String::new();
    put(doc, node, names, &mut out);
    out
}

fn put(doc: &Doc, node: NodeId, names: Option<&Names>, out: &mut String) {
    match doc.kind(node) {
        NodeKind::Map => {
            let present = doc.pairs(node).filter(|(_, value)| !is_absent(doc, *value));
            let mut entries: Vec<_> = present.map(|(key, value)| (key_of(doc, key), value)).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (key, value) in entries {
                write_string(&key, out);
                out.push(':');
                put(doc, value, names, out);
                out.push(',');
            }
            out.push('}');
        }
        NodeKind::Seq => {
            out.push('[');
            for item in doc.items(node) {
                put(doc, *item, names, out);
                out.push(',');
            }
            out.push(']');
        }
        NodeKind::Alias => doc.children(node).iter().for_each(|kid| put(doc, *kid, names, out)),
        NodeKind::Scalar => match (value(doc, node), names) {
            (Value::Str(text), Some(names)) => write_string(&names.renew(text), out),
            (Value::Str(text), None) => write_string(text, out),
            (Value::Int(n), _) => write_number(n as f64, out),
            (Value::Float(f), _) => write_number(f, out),
            _ => out.push_str(&json(doc, node)),
        },
    }
}

fn write_number(number: f64, out: &mut String) {
    out.push_str(&number.to_string());
}

/// The text of a key.
pub(super) fn key_of(doc: &Doc, key: NodeId) -> String {
    key_text(doc, key).unwrap_or_else(|_| doc.text(key).to_owned())
}

/// The value as JSON; a scalar that JSON has no text for as a string.
pub(super) fn json(doc: &Doc, node: NodeId) -> String {
    let mut out = String::new();
    if to_json(doc, node, &mut out).is_err() {
        out.clear();
        write_string(doc.text(node), &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;
    use crate::yaml::split;

    fn doc(text: &str) -> Doc {
        split::read_all(&Source::new("t.yaml", text.to_owned())).unwrap().remove(0)
    }

    #[test]
    fn values_count_and_not_their_spelling() {
        let mut names = Names::default();
        names.insert("conf-2456789bcd", "conf-fghkmt2456");
        for (old, new, equal) in [
            ("{a: 1, b: x}", "b: 'x'\na: 0x1", true),
            ("a: 1", "a: '1'", false),
            ("a: 1.0", "a: 1", true),
            ("{a: 1, b: null}", "a: 1", true),
            ("a: 1", "{a: 1, b: null}", true),
            ("{a: 1, b: 2}", "{a: 1, c: 2}", false),
            ("a: [1, 2]", "a: [2, 1]", false),
            ("a: [null]", "a: []", false),
            ("{a: {}, b: 1}", "b: 1", false),
            ("a: true", "a: 'true'", false),
            ("a: conf-2456789bcd", "a: conf-fghkmt2456", true),
            ("a: --from=conf-2456789bcd,x", "a: --from=conf-fghkmt2456,x", true),
            ("a: xconf-2456789bcd", "a: xconf-fghkmt2456", false),
            ("a: conf-fghkmt2456", "a: conf-2456789bcd", false),
        ] {
            let (a, b) = (doc(old), doc(new));
            assert_eq!(same(&a, a.root(), &b, b.root(), &names), equal, "{old} {new}");
            assert_eq!(text(&a, a.root(), Some(&names)) == text(&b, b.root(), None), equal, "{old} {new}");
        }
    }
}
