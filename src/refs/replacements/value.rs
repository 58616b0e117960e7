//! The value of a replacement, and how it is written into a field.

use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::types::{FieldOptions, Text};
use crate::yaml::{Doc, NodeId, NodeKind, Source, Style, Tag};

/// The value to put, detached from where it came from.
pub(super) struct Value {
    pub(crate) doc: Doc,
    pub(crate) node: NodeId,
    /// Slot and node that it came from, if it changes together with that node.
    pub(crate) from: Option<(usize, NodeId)>,
}

impl Value {
    /// Takes the value anew where it is a part of the document that is being changed.
    pub(super) fn follow(&mut self, doc: &Doc, slot: usize) {
        if let Some((_, node)) = self.from.filter(|(from, _)| *from == slot) {
            *self = Self { from: self.from, ..detached(doc, node) };
        }
    }
}

/// Writes the value into a field: the text alone into a scalar, whose type and style stay; else the whole node.
pub(super) fn set(doc: &mut Doc, node: NodeId, options: Option<&FieldOptions>, value: &Value) -> Result<()> {
    let new = value.doc.text(value.node);
    let scalar = doc.kind(node) == NodeKind::Scalar;
    match options.filter(|o| !o.delimiter.is_empty()) {
        Some(_) if !scalar => Err(delimiter_error(doc, node)),
        Some(options) => {
            let text = spliced(doc.text(node), &options.delimiter, options.index, new);
            set_text(doc, node, &text);
            Ok(())
        }
        None if scalar => {
            set_text(doc, node, new);
            Ok(())
        }
        None => {
            let copy = doc.import(&value.doc, value.node);
            doc.assign(node, copy);
            doc.check_depth(doc.root(), 0)?;
            Ok(())
        }
    }
}

/// Puts a text in the place of one of the parts that a delimiter divides another one into: before the first where the
/// index is negative, after the last where there are not so many.
fn spliced(text: &str, delimiter: &str, index: i64, new: &str) -> String {
    let Ok(index) = usize::try_from(index) else { return format!("{new}{delimiter}{text}") };
    let mut from = 0;
    for (number, part) in text.split(delimiter).enumerate() {
        if number == index {
            return [&text[..from], new, &text[from + part.len()..]].concat();
        }
        from += part.len() + delimiter.len();
    }
    format!("{text}{delimiter}{new}")
}

/// Changes the text of a scalar and nothing else.
pub(super) fn set_text(doc: &mut Doc, node: NodeId, text: &str) {
    if doc.text(node) == text {
        return;
    }
    let (tag, written) = (doc.tag(node), doc.is_tagged(node));
    doc.set_text(node, text, tag);
    doc.set_tag(node, tag, written);
}

pub(super) fn delimiter_error(doc: &Doc, node: NodeId) -> Error {
    Error::new(ErrorKind::Config, "`delimiter` can only be used with scalars, found a mapping or list")
        .at(doc.location(node))
}

/// A value of its own, copied from a document.
pub(super) fn detached(from: &Doc, node: NodeId) -> Value {
    let mut doc = Doc::new(Source::new("", String::new()));
    let node = doc.import(from, node);
    Value { doc, node, from: None }
}

/// The value of `sourceValue`.
pub(super) fn given(text: &Text) -> Value {
    let mut doc = Doc::new(Source::new("", String::new()));
    let node = doc.scalar(&text.value, Style::Plain, Tag::Unset);
    doc.set_mark(node, &text.mark);
    Value { doc, node, from: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_text_is_replaced_added_or_put_first() {
        for (text, delimiter, index, expected) in [
            ("a/b/c", "/", 0, "N/b/c"),
            ("a/b/c", "/", 1, "a/N/c"),
            ("a/b/c", "/", 2, "a/b/N"),
            ("a/b/c", "/", 3, "a/b/c/N"),
            ("a/b/c", "/", 99, "a/b/c/N"),
            ("a/b/c", "/", -1, "N/a/b/c"),
            ("", "/", 0, "N"),
            ("", "/", 1, "/N"),
            ("aéb", "é", 1, "aéN"),
            ("a", "::", 0, "N"),
            ("::a::", "::", 2, "::a::N"),
        ] {
            assert_eq!(spliced(text, delimiter, index, "N"), expected, "{text} {index}");
        }
    }
}
