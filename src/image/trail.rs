//! Where a walk is: in which document, and at which path of it.

use super::text::Text;
use crate::yaml::{Doc, NodeId};

/// A step of a path.
#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Key(&'a str),
    Item(usize),
}

/// Where the walk is within a document.
#[derive(Default)]
pub(super) struct Trail<'a> {
    pub(crate) segments: Vec<Segment<'a>>,
    /// Scalars that are parts of an image already, or of none.
    pub(crate) covered: Vec<NodeId>,
}

/// A document: an object, or what was read from a text.
pub(super) struct Level<'a> {
    pub(crate) doc: &'a Doc,
    /// The text it was read from.
    pub(crate) text: Option<&'a Text<'a>>,
    /// The path of that text.
    pub(crate) prefix: &'a str,
    pub(crate) depth: usize,
    pub(crate) json: bool,
}

impl<'a> Level<'a> {
    /// A line of a text, whose path is known.
    pub(super) fn line(doc: &'a Doc, path: &'a str) -> Self {
        Level { doc, text: None, prefix: path, depth: 0, json: false }
    }
}

impl<'a> Trail<'a> {
    pub(super) fn push(&mut self, step: Segment<'a>) {
        self.segments.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.segments.pop();
    }

    /// A trail that ends in these segments from the root.
    pub(super) fn at(segments: Vec<Segment<'a>>) -> Self {
        Self { segments, covered: vec![] }
    }
}

/// The path of the place where the walk is.
pub(super) fn path(level: &Level<'_>, trail: &Trail<'_>) -> String {
    let mut out = String::from(level.prefix);
    if level.text.is_some() && !trail.segments.is_empty() {
        out.push_str(" → ");
    }
    let start = out.len();
    for step in &trail.segments {
        match step {
            Segment::Item(i) => out.push_str(&format!("[{i}]")),
            Segment::Key(key) if is_plain(key) => {
                if out.len() > start {
                    out.push('.');
                }
                out.push_str(key);
            }
            Segment::Key(key) => out.push_str(&format!("[{key}]")),
        }
    }
    out
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
