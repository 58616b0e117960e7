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
        if part.is_empty() {
            return self.empty_part(doc, node, rest, found);
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

    /// Follows an empty part of the path, which stands for a scalar of that text. Where fields may be made, kustomize puts an
    /// empty one in the place of any other, and loses what is written into it.
    fn empty_part(
        &mut self,
        doc: &mut Doc,
        node: NodeId,
        rest: &[String],
        found: &mut Vec<Field>,
    ) -> Result<()> {
        let (is_scalar, is_old) = (doc.kind(node) == NodeKind::Scalar, self.compat < Compat::V5_8_1);
        let ends = rest.first().is_none_or(|part| is_old || !part.is_empty());
        match (doc.text(node).is_empty(), self.create.is_some()) {
            (true, create) if is_scalar && doc.is_null(node) && rest.is_empty() => {
                found.extend(create.then_some(Field::Lost { scalar: true }));
                Ok(())
            }
            (true, _) if is_scalar && (is_old || rest.is_empty()) => self.walk(doc, node, rest, found),
            (false, true) if is_scalar && ends => {
                // See `replacements/path-target-ends-in-a-point-created`.
                let new = self.make(doc, rest);
                let copy = doc.copy(new);
                doc.assign(node, copy);
                self.walk(doc, new, rest, found)
            }
            (false, false) if is_scalar => Ok(()),
            _ => Err(Error::new(ErrorKind::Config, "the path has an empty part").at(doc.location(node))),
        }
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
