//! The value of a replacement, and how it is written into a field.

use super::matcher::{Field, Matcher};
use super::structured;
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::types::{FieldOptions, Text};
use crate::limits::Limit;
use crate::yaml::{Doc, NodeId, NodeKind, Source, Style, Tag};

/// The value to put, detached from where it came from.
pub(super) struct Value {
    pub doc: Doc,
    pub node: NodeId,
    /// Slot and node that it came from, if it changes together with that node.
    pub from: Option<(usize, NodeId)>,
}

impl Value {
    /// Takes the value anew where it is a part of the document that is being changed.
    fn follow(&mut self, doc: &Doc, slot: usize) {
        if let Some((_, node)) = self.from.filter(|(from, _)| *from == slot) {
            *self = Self { from: self.from, ..detached(doc, node) };
        }
    }
}

/// Why a value could not be put.
pub(super) enum Problem {
    /// The path does not exist.
    NotFound,
    /// The path cannot be followed.
    Path(Error),
    /// The value cannot be written.
    Other(Error),
}

/// Puts the value at a path. Gives whether it was written anywhere.
pub(super) fn put(
    doc: &mut Doc,
    slot: usize,
    parts: &[String],
    options: Option<&FieldOptions>,
    value: &mut Value,
    matcher: &mut Matcher<'_>,
) -> Result<bool, Problem> {
    let root = doc.root();
    value.follow(doc, slot);
    if matcher.compat >= Compat::V5_8_1
        && let Some(new) = structured::rewrite(doc, root, parts, value, options, matcher)
    {
        set_text(doc, new.node, &new.text);
        value.follow(doc, slot);
        return Ok(true);
    }
    let fields = matcher.find(doc, root, parts).map_err(Problem::Path)?;
    if fields.is_empty() {
        return Err(Problem::NotFound);
    }
    let (mut written, before) = (false, doc.size());
    for field in fields {
        match field {
            Field::Here(node) => {
                value.follow(doc, slot);
                set(doc, node, options, value).map_err(Problem::Other)?;
                let copied = (doc.size() - before) as u64;
                if let Some(e) = doc.check(Limit::Nodes, copied).err().or(doc.exceeded()) {
                    let why = match value.from {
                        Some((from, _)) if from == slot => ": the value holds the field that it is put into",
                        _ => ": the value grows with the fields that it is put into",
                    };
                    let error = Error::new(ErrorKind::Limit, format!("{e}{why}")).hint(e.hint());
                    return Err(Problem::Other(error));
                }
                written = true;
            }
            Field::Lost { scalar } => {
                if !scalar && options.is_some_and(|o| !o.delimiter.is_empty()) {
                    return Err(Problem::Other(delimiter_error(doc, root)));
                }
            }
        }
    }
    value.follow(doc, slot);
    Ok(written)
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
