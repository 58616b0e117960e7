//! The fast reader: the ordinary part of block YAML, line by line.
//!
//! It reads what nearly all manifests consist of (block mappings and sequences, scalars of all styles, flow
//! collections of one line) to exactly the document that the complete parser makes, without a token queue and
//! without touching a byte more often than needed. As soon as it meets anything else (anchors, aliases, tags, `?`,
//! directives, tabs between tokens, other line breaks than line feed, a null or `<<` as a key, any mistake) it gives
//! up, and the complete parser reads the document from its beginning; that one alone reports errors.
//!
//! A collection under construction is a `Frame`; children wait on one stack and are flushed as one run when their
//! collection ends.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "offsets are those at which a byte was just seen or searched for, classes have a row for every byte, and columns stay below 2 GiB"
)]

mod scalar;

use super::chars::{is_ordinary, spaces};
use super::node::{Doc, NodeId, NodeKind, Style, Tag, VERBATIM_DEPTH};
use super::scalar::Dialect;
use super::source::Source;
use super::verbatim::Verbatim;
use crate::limits::narrow;
use std::ops::Range;
use std::sync::Arc;

/// The longest key read here, in bytes: the limit of a simple key with some room for quotes and blanks.
const KEY: usize = 1000;

/// No value is awaited.
const NONE: usize = usize::MAX;

/// An open block collection.
pub(super) struct Frame {
    kind: NodeKind,
    /// A sequence at the column of its mapping.
    indentless: bool,
    pub(super) indent: usize,
    start: usize,
    /// Where its children begin on the stack of children.
    children: usize,
    /// After the indicator whose value is to come in a later line, or [`NONE`].
    awaits: usize,
}

pub(super) struct Fast<'a> {
    text: &'a str,
    /// The source up to the end of the document.
    b: &'a [u8],
    doc: Doc,
    dialect: Dialect,
    /// Start of the line to be read next.
    p: usize,
    /// Blanks at the start of that line, if counted already.
    counted: Option<usize>,
    frames: Vec<Frame>,
    children: Vec<NodeId>,
    /// Where the node read last ends.
    end: usize,
    /// Columns of the comments after the last value: of the first, and the least.
    tail: Option<(usize, usize)>,
    /// Whether the document is written as it would be printed.
    same: Verbatim,
}

/// Reads the first document of a range of a source, if it is the only one there and ordinary.
pub(crate) fn read(source: &Arc<Source>, range: Range<usize>, dialect: Dialect) -> Option<Doc> {
    let bytes = source.text.as_bytes().get(..range.end)?;
    if !is_ordinary(&bytes[range.start..]) || bytes[range.start..].starts_with("\u{feff}".as_bytes()) {
        return None;
    }
    let mut doc = Doc::new(source.clone());
    doc.reserve(range.len() / 40);
    let mut fast = Fast {
        text: &source.text,
        b: bytes,
        doc,
        dialect,
        p: range.start,
        counted: None,
        frames: Vec::with_capacity(32),
        children: Vec::with_capacity(64),
        end: range.start,
        tail: None,
        same: Verbatim::new(dialect == Dialect::V3 && !source.is_unprinted()),
    };
    fast.lines()?;
    let same = fast.same.range(bytes);
    let mut doc = fast.doc;
    doc.set_root(*fast.children.first()?);
    if dialect == Dialect::V3 {
        doc.tail_comment = fast.tail.is_some_and(|(first, least)| first == 0 || least > 0);
    }
    if let Some((start, end)) = same.filter(|_| !doc.tail_comment && doc.kind(doc.root()) == NodeKind::Map) {
        doc.set_verbatim(start, end);
    }
    Some(doc)
}

impl Fast<'_> {
    /// The byte at an offset; the end counts as a line feed.
    #[inline]
    fn byte(&self, i: usize) -> u8 {
        self.b.get(i).copied().unwrap_or(b'\n')
    }

    /// The offset after the blanks at `i`.
    #[inline]
    fn pass_blanks(&self, i: usize) -> usize {
        let mut i = i;
        while self.byte(i) == b' ' {
            i += 1;
        }
        i
    }

    /// The start of the line after the one that `i` is in.
    fn next_line(&self, i: usize) -> usize {
        memchr::memchr(b'\n', self.b.get(i..).unwrap_or_default()).map_or(self.b.len(), |n| i + n + 1)
    }

    /// Returns whether a scalar goes over several lines.
    fn has_break(&self, from: usize, to: usize) -> bool {
        self.b.get(from..to).is_some_and(|text| memchr::memchr(b'\n', text).is_some())
    }

    /// Ends a line at `i`, where only blanks and a comment may follow.
    fn end_line(&mut self, i: usize) -> Option<()> {
        let from = i;
        let i = self.pass_blanks(i);
        self.same.line_ends(i == from && self.byte(i) == b'\n', i);
        match self.byte(i) {
            b'\n' => self.p = i + 1,
            b'#' => self.p = self.next_line(i),
            _ => return None,
        }
        Some(())
    }

    fn lines(&mut self) -> Option<()> {
        let mut marked = false;
        while self.p < self.b.len() {
            let indent = self.counted.take().unwrap_or_else(|| spaces(self.b, self.p));
            let at = self.p + indent;
            match self.byte(at) {
                b'\n' => {
                    self.p = at + 1;
                    self.same.gap();
                    continue;
                }
                b'#' => {
                    self.same.gap();
                    let (first, least) = self.tail.unwrap_or((indent, indent));
                    self.tail = Some((first, least.min(indent)));
                    self.p = self.next_line(at);
                    continue;
                }
                b'\t' => return None,
                c @ (b'-' | b'.' | b'%') if indent == 0 && (c == b'%' || self.is_mark(at)) => {
                    let first = !marked && c == b'-' && self.frames.is_empty() && self.children.is_empty();
                    if !first {
                        return None;
                    }
                    marked = true;
                    self.tail = None;
                    self.end_line(at + 3)?;
                    self.same =
                        Verbatim::new(self.dialect == Dialect::V3 && !self.doc.source().is_unprinted());
                    continue;
                }
                _ => {}
            }
            self.tail = None;
            self.same.line_begins(self.p);
            self.content(at, indent)?;
        }
        while let Some(frame) = self.frames.last() {
            if frame.awaits != NONE {
                self.absent();
            }
            self.finish();
        }
        Some(())
    }

    /// `---` or `...`, and nothing directly after it.
    fn is_mark(&self, at: usize) -> bool {
        matches!(self.b.get(at..at + 3), Some(b"---" | b"..."))
            && matches!(self.byte(at + 3), b' ' | b'\t' | b'\n')
    }

    /// `-` and a blank or the end of the line.
    #[inline]
    fn is_entry(&self, at: usize) -> bool {
        self.byte(at) == b'-' && matches!(self.byte(at + 1), b' ' | b'\n')
    }

    /// A line whose text begins at `at`, which is the column `column`: finds the collection that it belongs to.
    #[inline]
    fn content(&mut self, at: usize, column: usize) -> Option<()> {
        let entry = self.is_entry(at);
        loop {
            let Some(top) = self.frames.last_mut() else {
                return if self.children.is_empty() { self.node(at, column) } else { None };
            };
            if top.awaits != NONE {
                if column > top.indent {
                    top.awaits = NONE;
                    let frames = self.frames.len();
                    self.node(at, column)?;
                    // A scalar would be printed in the line of its key.
                    self.same.hold(self.frames.len() > frames);
                    return Some(());
                }
                if entry && column == top.indent && top.kind == NodeKind::Map {
                    top.awaits = NONE;
                    self.open(NodeKind::Seq, true, at, column, self.children.len())?;
                    return self.entry(at, column);
                }
                self.absent();
                continue;
            }
            if column < top.indent || column == top.indent && top.indentless && !entry {
                self.finish();
                continue;
            }
            return match top.kind {
                _ if column != top.indent => None,
                NodeKind::Seq if entry => self.entry(at, column),
                NodeKind::Map if !entry => self.key(at),
                _ => None,
            };
        }
    }

    fn open(
        &mut self,
        kind: NodeKind,
        indentless: bool,
        start: usize,
        indent: usize,
        children: usize,
    ) -> Option<()> {
        if self.frames.len() as u64 >= VERBATIM_DEPTH {
            return None;
        }
        self.same.hold(match self.frames.last() {
            None => indent == 0,
            Some(top) if top.kind == NodeKind::Map => {
                indent == if kind == NodeKind::Seq { top.indent } else { top.indent + 2 }
            }
            Some(top) => indent == top.indent + 2,
        });
        self.frames.push(Frame { kind, indentless, indent, start, children, awaits: NONE });
        Some(())
    }

    /// Closes the innermost collection.
    #[inline]
    fn finish(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let (start, end) = (narrow(frame.start), narrow(self.end));
        let id = self.doc.add_collection(frame.kind, start, end, &self.children[frame.children..], false);
        self.children.truncate(frame.children);
        self.children.push(id);
    }

    /// The value awaited by the innermost collection is not there.
    fn absent(&mut self) {
        let Some(top) = self.frames.last_mut() else { return };
        let at = std::mem::replace(&mut top.awaits, NONE);
        self.same.hold(false);
        let offset = narrow(at);
        let id = self.doc.add_span(offset, offset, (offset, offset), Style::Plain, Tag::Null);
        self.children.push(id);
        self.end = at;
    }

    /// A node whose value stands in a later line, if it is there: `at` is after its indicator.
    fn later(&mut self, at: usize, next: usize) -> Option<()> {
        let top = self.frames.last_mut()?;
        top.awaits = at;
        self.same.line_ends(top.kind == NodeKind::Map && next == at + 1, next - 1);
        self.p = next;
        Some(())
    }

    /// An entry of the innermost sequence; `at` is its dash.
    fn entry(&mut self, at: usize, column: usize) -> Option<()> {
        let value = self.pass_blanks(at + 1);
        self.same.hold(value == at + 2);
        match self.byte(value) {
            b'\n' => self.later(at + 1, value + 1),
            b'#' => self.later(at + 1, self.next_line(value)),
            b'\t' => None,
            _ => self.node(value, column + value - at),
        }
    }

    /// A node that begins at the column `column`: a collection or a scalar.
    fn node(&mut self, at: usize, column: usize) -> Option<()> {
        let base = self.children.len();
        let colon = match self.byte(at) {
            b'-' if self.is_entry(at) => {
                self.open(NodeKind::Seq, false, at, column, base)?;
                return self.entry(at, column);
            }
            b'|' | b'>' => return self.block_scalar(at),
            b'{' | b'[' => {
                let end = self.flow(at, 0)?;
                self.same.hold(end == at + 2);
                return self.end_line(end);
            }
            quote @ (b'\'' | b'"') => {
                let end = self.quoted(at, quote)?;
                let after = self.pass_blanks(end);
                if self.byte(after) != b':' {
                    self.end_line(after)?;
                    self.check_scalar();
                    return Some(());
                }
                if self.has_break(at, end) {
                    return None;
                }
                after
            }
            _ => match self.plain(at, true)? {
                Some(colon) => colon,
                None => return Some(()),
            },
        };
        // the scalar was a key
        self.check_key(at, colon)?;
        self.open(NodeKind::Map, false, at, column, base)?;
        self.check_order(base, colon);
        self.value(colon)
    }

    /// An entry of the innermost mapping, which begins with its key.
    #[inline]
    fn key(&mut self, at: usize) -> Option<()> {
        let colon = match self.byte(at) {
            quote @ (b'\'' | b'"') => {
                let end = self.quoted(at, quote)?;
                if self.has_break(at, end) {
                    return None;
                }
                self.pass_blanks(end)
            }
            _ => self.plain_key(at)?,
        };
        self.check_key(at, colon)?;
        let base = self.frames.last()?.children;
        self.check_order(base, colon);
        self.value(colon)
    }

    /// Returns whether the scalar read last will do as a key that is followed by the `:` at `colon`.
    #[inline]
    fn check_key(&self, at: usize, colon: usize) -> Option<()> {
        let key = *self.children.last()?;
        let null = self.doc.tag(key) == Tag::Null && !self.doc.text(key).is_empty();
        let indicator = self.byte(colon) == b':' && matches!(self.byte(colon + 1), b' ' | b'\n');
        (indicator && !null && colon - at <= KEY).then_some(())
    }

    /// What follows a key in its line.
    #[inline]
    fn value(&mut self, colon: usize) -> Option<()> {
        let at = self.pass_blanks(colon + 1);
        self.same.hold(at == colon + 2 || self.byte(colon + 1) == b'\n');
        match self.byte(at) {
            b'\n' => self.later(colon + 1, at + 1),
            b'#' => self.later(colon + 1, self.next_line(at)),
            b'|' | b'>' => self.block_scalar(at),
            b'{' | b'[' => {
                let end = self.flow(at, 0)?;
                self.same.hold(end == at + 2);
                self.end_line(end)
            }
            quote @ (b'\'' | b'"') => {
                let end = self.quoted(at, quote)?;
                self.end_line(end)?;
                self.check_scalar();
                Some(())
            }
            _ => self.plain(at, false).map(|_| ()),
        }
    }

    /// Looks at the key read last for whether the document is written as it would be printed.
    #[inline]
    fn check_order(&mut self, base: usize, colon: usize) {
        let Some(&key) = self.children.last().filter(|_| self.same.is_same()) else { return };
        let before = self.children.len().checked_sub(3).filter(|i| *i >= base).map(|i| self.children[i]);
        self.same.check_order(&self.doc, self.b, key, before, colon);
    }

    /// The same for the plain scalar of one line read last, which ends at `end` in a line that ends at `line`.
    #[inline]
    fn check_plain(&mut self, end: usize, line: usize) {
        if !self.same.is_same() {
            return;
        }
        let is_bare = self.children.last().is_some_and(|id| self.doc.is_bare(*id));
        if self.same.check_plain(is_bare, end, line, self.p) {
            self.check_scalar();
        }
    }

    /// The same for any scalar read last.
    fn check_scalar(&mut self) {
        match (self.children.last(), self.frames.last()) {
            (Some(&id), Some(frame)) => {
                self.same.check_scalar(&self.doc, self.b, id, frame.indent + 2, self.p);
            }
            _ => self.same.hold(false),
        }
    }
}
