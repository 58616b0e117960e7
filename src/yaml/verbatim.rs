//! Documents that are written as they would be printed.
//!
//! Machines write most of the large files, in the form that kustomize prints. While reading, [`Verbatim`] holds what was
//! read against what the printer would write: where lines begin, the order of keys, the blanks between tokens; scalars
//! that are not obviously the same are written by the printer itself and compared. A document that is the same to
//! its end is printed by copying its bytes, as long as nobody changes it.

use super::emit::Scratch;
use super::node::{Doc, NodeId};
use super::order;
use super::style::SIMPLE_KEY;
use super::write::WIDTH;

/// What is known of the document up to where it was read.
#[derive(Default)]
pub(super) struct Verbatim {
    /// Everything up to here is the same.
    same: bool,
    /// Where the first line with content begins.
    start: Option<usize>,
    /// Where the line that is being read begins.
    line: usize,
    /// After the last line with content.
    end: usize,
    /// Lines without content follow `end`.
    gap: bool,
    scratch: Scratch,
}

impl Verbatim {
    /// Nothing was read. `possible`: whether it is worth looking.
    pub(super) fn new(possible: bool) -> Self {
        Self { same: possible, ..Self::default() }
    }

    /// Something has to be so for the document to be the same.
    #[inline]
    pub(super) fn hold(&mut self, so: bool) {
        self.same &= so;
    }

    /// A line without content was passed.
    #[inline]
    pub(super) fn gap(&mut self) {
        self.gap = true;
    }

    /// A line with content begins.
    #[inline]
    pub(super) fn line_begins(&mut self, at: usize) {
        if self.start.is_none() {
            (self.start, self.gap) = (Some(at), false);
        }
        self.same &= !self.gap;
        self.line = at;
    }

    /// The content of a line ends at a line feed at `at`, if everything is as it should be.
    #[inline]
    pub(super) fn line_ends(&mut self, same: bool, at: usize) {
        self.same &= same;
        self.end = at + 1;
    }

    /// The part of the source that printing gives, if all of it was the same.
    pub(super) fn range(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let start = self.start.filter(|_| self.same)?;
        // The last line may have ended with the source.
        (self.end <= bytes.len() && bytes.get(self.end - 1) == Some(&b'\n')).then_some((start, self.end))
    }

    /// Returns whether everything so far is the same. Where it is not, there is nothing left to look at.
    #[inline]
    pub(super) fn is_same(&self) -> bool {
        self.same
    }

    /// Looks at a key, whose `:` is at `colon`: is it written as it should be, and after the one before?
    #[inline]
    pub(super) fn check_order(
        &mut self,
        doc: &Doc,
        bytes: &[u8],
        key: NodeId,
        before: Option<NodeId>,
        colon: usize,
    ) {
        let text = doc.text(key);
        // A key that is not a string, or in quotes, is rare in what machines write.
        let usual = doc.is_bare(key) && doc.simple_key(key).is_some() && text.len() <= SIMPLE_KEY;
        let usual = usual && bytes.get(colon.wrapping_sub(1)) != Some(&b' ');
        self.same = usual && before.is_none_or(|before| order::less(doc.text(before), text));
    }

    /// Looks at a plain scalar of one line, which ends at `end` in a line that ends at `line`; the next one with content
    /// begins at `next`. Returns whether [`Verbatim::check_scalar`] has to decide.
    #[inline]
    pub(super) fn check_plain(&mut self, is_bare: bool, end: usize, line: usize, next: usize) -> bool {
        // A line of no more bytes has no more characters either, and is not folded.
        let plain = is_bare && end == line && line - self.line <= WIDTH;
        if plain {
            self.end = line + 1;
            self.gap = next > line + 1;
        }
        !plain
    }

    /// Looks at a scalar, which the printer would indent by so much, and after which the next line begins at `next`.
    pub(super) fn check_scalar(&mut self, doc: &Doc, bytes: &[u8], id: NodeId, indent: usize, next: usize) {
        if !self.same {
            return;
        }
        let Some((at, _)) = doc.span(id) else { return self.hold(false) };
        let (line, at) = (self.line, at as usize);
        let prefix = bytes.get(line..at).unwrap_or_default();
        let Some(written) = self.scratch.scalar(doc, id, prefix, indent) else {
            return self.hold(false);
        };
        let end = line + written.len();
        self.same = bytes.get(line..end) == Some(written);
        self.end = end;
        self.gap = next != end;
    }
}
