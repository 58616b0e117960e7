//! Finds, and where asked makes, the fields that a path of a replacement's target leads to.
//!
//! `[field=value]` selects every item whose field, as YAML, has a match of the pattern `value`; `[=value]` the
//! items themselves, and ends the path; `*` every item; a number one item. Below a text that is YAML the path goes
//! on inside it, but what is written there is lost: the text was taken apart for the search alone.

use super::print;
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit, room_for_patterns};
use crate::refs::fieldpath::{is_item, item, number, wrong_kind};
use crate::text::pattern::Pattern;
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Source, Style, Tag, parse};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Patterns of paths, compiled once.
#[derive(Default)]
pub(super) struct Patterns(FxHashMap<String, Rc<Pattern>>);

impl Patterns {
    fn get(&mut self, pattern: &str, budget: Option<&Budget>) -> Result<Rc<Pattern>> {
        if let Some(known) = self.0.get(pattern) {
            return Ok(known.clone());
        }
        let new = Pattern::unanchored(pattern, &room_for_patterns(budget)).map_err(|e| {
            Error::new(ErrorKind::Config, format!("invalid regular expression `{pattern}`: {e}"))
                .hint("the value in `[field=value]` is a pattern; put `\\` before its special characters")
        })?;
        let new = Rc::new(new);
        self.0.insert(pattern.to_owned(), new.clone());
        Ok(new)
    }
}

/// A field that the path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A node of the document.
    Here(NodeId),
    /// A node inside a text: it may be a scalar, and writing it changes nothing.
    Lost {
        /// Whether it is a scalar.
        scalar: bool,
    },
}

/// How a path is followed.
pub(super) struct Matcher<'a> {
    /// What a missing field at the end of the path is made as; `None`: nothing is made.
    pub(crate) create: Option<NodeKind>,
    /// Which version to be like.
    pub(crate) compat: Compat,
    /// Compiled patterns.
    pub(crate) patterns: &'a mut Patterns,
}

impl Matcher<'_> {
    /// All fields that the path leads to.
    pub(super) fn find(&mut self, doc: &mut Doc, root: NodeId, parts: &[String]) -> Result<Vec<Field>> {
        doc.check(Limit::Depth, parts.len() as u64)?;
        let mut found = Vec::new();
        self.walk(doc, root, parts, &mut found)?;
        Ok(found)
    }

    fn walk(&mut self, doc: &mut Doc, node: NodeId, parts: &[String], found: &mut Vec<Field>) -> Result<()> {
        let Some((part, rest)) = parts.split_first() else {
            found.push(Field::Here(node));
            return Ok(());
        };
        match number(part).map(usize::try_from) {
            Some(Ok(index)) => self.index(doc, node, index, part, rest, found),
            _ if is_item(part) => self.items(doc, node, part, rest, found),
            _ if part == "*" => {
                let items = list(doc, node, part)?;
                items.into_iter().try_for_each(|item| self.walk(doc, item, rest, found))
            }
            _ => self.field(doc, node, part, rest, found),
        }
    }

    fn index(
        &mut self,
        doc: &mut Doc,
        node: NodeId,
        index: usize,
        part: &str,
        rest: &[String],
        found: &mut Vec<Field>,
    ) -> Result<()> {
        let items = list(doc, node, part)?;
        let item = match items.get(index) {
            Some(item) => *item,
            None if items.len() == index && self.create.is_some() => {
                let new = self.make(doc, rest);
                append(doc, node, new);
                new
            }
            None => {
                let message = format!("index {index} specified but only {} elements found", items.len());
                return Err(Error::new(ErrorKind::Reference, message).at(doc.location(node)));
            }
        };
        self.walk(doc, item, rest, found)
    }

    fn items(
        &mut self,
        doc: &mut Doc,
        node: NodeId,
        part: &str,
        rest: &[String],
        found: &mut Vec<Field>,
    ) -> Result<()> {
        let (field, pattern) = item(part)?;
        let before = found.len();
        for item in list(doc, node, part)? {
            self.item(doc, item, field, pattern, rest, found)?;
        }
        if found.len() > before || self.create.is_none() {
            return Ok(());
        }
        let value = doc.scalar(pattern, Style::Plain, Tag::Unset);
        let new = if field.is_empty() {
            value
        } else {
            let key = doc.scalar(field, Style::Plain, Tag::Unset);
            let map = doc.map();
            doc.append(map, &[key, value]);
            map
        };
        append(doc, node, new);
        self.item(doc, new, field, pattern, rest, found)?;
        if found.len() > before {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Reference,
            format!("the item made for `{part}` does not match its own pattern"),
        )
        .at(doc.location(node)))
    }

    /// Follows the path into an item if the pattern matches.
    fn item(
        &mut self,
        doc: &mut Doc,
        item: NodeId,
        field: &str,
        pattern: &str,
        rest: &[String],
        found: &mut Vec<Field>,
    ) -> Result<()> {
        let pattern = self.patterns.get(pattern, doc.budget().map(|budget| &**budget))?;
        let value = if field.is_empty() { Some(item) } else { doc.get(item, field) };
        let Some(value) = value else { return Ok(()) };
        if !pattern.matches(print::yaml(doc, value, None).trim()) {
            return Ok(());
        }
        if field.is_empty() {
            found.push(Field::Here(item));
            return Ok(());
        }
        self.walk(doc, item, rest, found)
    }

    fn field(
        &mut self,
        doc: &mut Doc,
        node: NodeId,
        part: &str,
        rest: &[String],
        found: &mut Vec<Field>,
    ) -> Result<()> {
        if part.is_empty() && self.makes_anew(doc, node) {
            // See `replacements/path-target-ends-in-a-point-created`.
            let new = self.make(doc, rest);
            if node == doc.root() {
                let copy = doc.copy(new);
                doc.assign(node, copy);
            }
            return self.walk(doc, new, rest, found);
        }
        if part.is_empty() {
            return Err(Error::new(ErrorKind::Config, "the path has an empty part").at(doc.location(node)));
        }
        let value = match doc.kind(node) {
            _ if doc.is_null(node) => None,
            NodeKind::Map => doc.get(node, part),
            _ => return Err(wrong_kind(doc, node, part, "a mapping")),
        };
        let value = match value {
            Some(value) => value,
            None if self.create.is_none() => return Ok(()),
            None => {
                let key = doc.scalar(part, Style::Plain, Tag::Unset);
                let new = self.make(doc, rest);
                // A null stays one in kustomize too: what is put into it is lost.
                if doc.kind(node) == NodeKind::Map {
                    doc.append(node, &[key, new]);
                }
                new
            }
        };
        if doc.kind(value) == NodeKind::Scalar && !rest.is_empty() && self.compat >= Compat::V5_8_1 {
            return self.inside(doc, value, rest, found);
        }
        self.walk(doc, value, rest, found)
    }

    /// Returns whether kustomize makes a new node for an empty part of the path, whose value is lost: for a scalar in a
    /// text, where it may make fields.
    fn makes_anew(&self, doc: &Doc, node: NodeId) -> bool {
        self.create.is_some()
            && self.compat >= Compat::V5_8_1
            && doc.kind(node) == NodeKind::Scalar
            && !doc.text(node).is_empty()
    }

    /// Goes on inside a text.
    fn inside(&mut self, doc: &Doc, text: NodeId, rest: &[String], found: &mut Vec<Field>) -> Result<()> {
        let at = |e: Error| e.or_at(|| doc.location(text));
        let Some(mut inner) = read(doc.text(text))? else {
            return Err(at(Error::new(
                ErrorKind::Reference,
                "expected a mapping or sequence, found an empty string",
            )));
        };
        let root = inner.root();
        let fields = self
            .find(&mut inner, root, rest)
            .map_err(|e| Error::new(ErrorKind::Reference, e.message()).at(doc.location(text)))?;
        found.extend(fields.into_iter().map(|f| match f {
            Field::Here(node) => Field::Lost { scalar: inner.kind(node) == NodeKind::Scalar },
            lost => lost,
        }));
        Ok(())
    }

    /// A node for the end of the path, or one on the way to `rest`.
    fn make(&self, doc: &mut Doc, rest: &[String]) -> NodeId {
        let kind = match rest.first().map(String::as_str) {
            None | Some("") => self.create.unwrap_or(NodeKind::Map),
            Some(next) if is_item(next) || number(next).is_some_and(|n| n >= 0) => NodeKind::Seq,
            Some(_) => NodeKind::Map,
        };
        match kind {
            NodeKind::Map => doc.map(),
            NodeKind::Seq => doc.seq(),
            _ => doc.scalar("", Style::Plain, Tag::Unset),
        }
    }
}

/// The items of a list; none for a null.
fn list(doc: &Doc, node: NodeId, part: &str) -> Result<Vec<NodeId>> {
    match doc.kind(node) {
        NodeKind::Seq => Ok(doc.items(node).to_vec()),
        _ if doc.is_null(node) => Ok(vec![]),
        _ => Err(wrong_kind(doc, node, part, "a list")),
    }
}

/// Appends an item to a list; a null stays one, as in kustomize.
fn append(doc: &mut Doc, node: NodeId, item: NodeId) {
    if doc.kind(node) == NodeKind::Seq {
        doc.append(node, &[item]);
    }
}

/// Reads the first YAML document of a text, aliases as they are.
pub(super) fn read(text: &str) -> Result<Option<Doc>> {
    let source = Source::new("", text.to_owned());
    parse::parse(&source, 0..source.text.len(), Dialect::V3)
}
