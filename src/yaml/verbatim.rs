//! Documents that are written as they would be printed.
//!
//! Machines write most of the large files, in the form that kustomize prints. While reading, [`Verbatim`] holds what was
//! read against what the printer would write: where lines begin, the order of keys, the blanks between tokens; scalars
//! that are not obviously the same are written by the printer itself and compared. A document that is the same to
//! its end is printed by copying its bytes, as long as nobody changes it.

use super::emit::Scratch;
use super::fast::Fast;
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
    pub fn new(possible: bool) -> Self {
        Self { same: possible, ..Self::default() }
    }

    /// Something has to be so for the document to be the same.
    #[inline]
    pub fn hold(&mut self, so: bool) {
        self.same &= so;
    }

    /// A line without content was passed.
    #[inline]
    pub fn gap(&mut self) {
        self.gap = true;
    }

    /// A line with content begins.
    #[inline]
    pub fn line_begins(&mut self, at: usize) {
        if self.start.is_none() {
            (self.start, self.gap) = (Some(at), false);
        }
        self.same &= !self.gap;
        self.line = at;
    }

    /// The content of a line ends at a line feed at `at`, if everything is as it should be.
    #[inline]
    pub fn line_ends(&mut self, same: bool, at: usize) {
        self.same &= same;
        self.end = at + 1;
    }

    /// The part of the source that printing gives, if all of it was the same.
    pub fn range(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let start = self.start.filter(|_| self.same)?;
        // The last line may have ended with the source.
        (self.end <= bytes.len() && bytes.get(self.end - 1) == Some(&b'\n')).then_some((start, self.end))
    }
}

impl Fast<'_> {
    /// Looks at the key read last, whose `:` is at `colon`: is it written as it should be, and after the one before?
    #[inline]
    pub(super) fn check_order(&mut self, base: usize, colon: usize) {
        if !self.same.same {
            return;
        }
        let (Some(&key), doc) = (self.children.last(), &self.doc) else { return };
        let text = doc.text(key);
        // A key that is not a string, or in quotes, is rare in what machines write.
        let usual = doc.is_bare(key) && doc.simple_key(key).is_some() && text.len() <= SIMPLE_KEY;
        let usual = usual && self.b.get(colon.wrapping_sub(1)) != Some(&b' ');
        let before = self.children.len().checked_sub(3).filter(|i| *i >= base).map(|i| self.children[i]);
        self.same.same = usual && before.is_none_or(|before| order::less(doc.text(before), text));
    }

    /// Looks at the plain scalar of one line read last, which ends at `end` in a line that ends at `line`.
    #[inline]
    pub(super) fn check_plain(&mut self, end: usize, line: usize) {
        if !self.same.same {
            return;
        }
        let bare = self.children.last().is_some_and(|id| self.doc.is_bare(*id));
        // A line of no more bytes has no more characters either, and is not folded.
        if bare && end == line && line - self.same.line <= WIDTH {
            self.same.end = line + 1;
            self.same.gap = self.p > line + 1;
        } else {
            self.check_scalar();
        }
    }

    /// Looks at the scalar read last, after which the next line begins at `p`.
    pub(super) fn check_scalar(&mut self) {
        if !self.same.same {
            return;
        }
        let (Some(&id), Some(frame)) = (self.children.last(), self.frames.last()) else {
            return self.same.hold(false);
        };
        let Some((at, _)) = self.doc.span(id) else { return self.same.hold(false) };
        let (line, at) = (self.same.line, at as usize);
        let prefix = self.b.get(line..at).unwrap_or_default();
        let Some(written) = self.same.scratch.scalar(&self.doc, id, prefix, frame.indent + 2) else {
            return self.same.hold(false);
        };
        let end = line + written.len();
        self.same.same = self.b.get(line..end) == Some(written);
        self.same.end = end;
        self.same.gap = self.p != end;
    }
}
