//! The scanner's way over characters: single ones, line breaks, and what stands between tokens.

use super::super::chars::{break_at, width};
use super::super::scalar::Dialect;
use super::Scanner;

impl Scanner<'_> {
    #[inline]
    pub(super) fn at(&self, k: usize) -> u8 {
        self.b.get(self.p + k).copied().unwrap_or(0)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.p >= self.b.len()
    }

    pub(super) fn is_blank(&self, k: usize) -> bool {
        matches!(self.at(k), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, k: usize) -> bool {
        break_at(self.b, self.p + k) > 0
    }

    /// A line break or the end.
    pub(super) fn is_breakz(&self, k: usize) -> bool {
        self.p + k >= self.b.len() || self.is_break(k)
    }

    /// A blank, a line break or the end.
    pub(super) fn is_blankz(&self, k: usize) -> bool {
        self.is_blank(k) || self.is_breakz(k)
    }

    /// Passes one character that is no line break.
    #[inline]
    pub(super) fn skip(&mut self) {
        let c = self.at(0);
        if c != b' ' && c != b'\t' {
            self.newlines = 0;
        }
        self.p = (self.p + width(c)).min(self.b.len());
        self.column += 1;
        self.index += 1;
    }

    pub(super) fn skip_many(&mut self, n: usize) {
        for _ in 0..n {
            self.skip();
        }
    }

    /// Passes a line break, if there is one; gives what it counts as in a scalar.
    pub(super) fn read_break(&mut self) -> &'static str {
        let (bytes, chars, meaning) = match self.at(0) {
            b'\r' if self.at(1) == b'\n' => (2, 2, "\n"),
            b'\r' | b'\n' => (1, 1, "\n"),
            0xC2 => (2, 1, "\n"),
            0xE2 if self.at(2) == 0xA8 => (3, 1, "\u{2028}"),
            0xE2 => (3, 1, "\u{2029}"),
            _ => return "",
        };
        self.p += bytes;
        self.index += chars;
        self.line += 1;
        self.column = 0;
        self.newlines += 1;
        meaning
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    pub(super) fn skip_line_rest(&mut self) {
        while !self.is_breakz(0) {
            self.skip();
        }
    }

    /// `---` or `...` at the start of a line, and nothing directly after it.
    pub(super) fn at_document_mark(&self) -> bool {
        self.column == 0
            && matches!(self.b.get(self.p..self.p + 3), Some(b"---" | b"..."))
            && self.is_blankz(3)
    }

    // ---- between tokens ----

    pub(super) fn pass_to_token(&mut self) {
        loop {
            while self.at(0) == b' ' || self.at(0) == b'\t' && (self.flow > 0 || !self.allowed) {
                self.skip();
            }
            if self.at(0) == b'#' {
                match self.dialect {
                    Dialect::V3 => self.comments(),
                    Dialect::V2 => self.skip_line_rest(),
                }
            }
            if !self.is_break(0) {
                return;
            }
            self.read_break();
            if self.flow == 0 {
                self.allowed = true;
            }
        }
    }

    /// A comment, and those that follow it over blanks and empty lines.
    fn comments(&mut self) {
        loop {
            if self.newlines > 0 {
                let (first, least) = self.tail.unwrap_or((self.column, self.column));
                self.tail = Some((first, least.min(self.column)));
            }
            self.skip_line_rest();
            let Some(k) = self.comment_within(true) else { return };
            self.pass_to(self.p + k);
        }
    }

    /// A comment in the line of the token just read.
    pub(super) fn line_comment(&mut self) {
        if self.newlines == 0
            && let Some(k) = self.comment_within(false)
        {
            self.pass_to(self.p + k);
            self.skip_line_rest();
        }
    }

    /// How far the next `#` is, if only blanks (and breaks) stand before it, at most 511 of them.
    fn comment_within(&self, breaks: bool) -> Option<usize> {
        let passed = |c: u8| c == b' ' || c == b'\t' || breaks && (c == b'\n' || c == b'\r');
        (0..512).find(|k| !passed(self.at(*k))).filter(|k| self.at(*k) == b'#')
    }

    fn pass_to(&mut self, offset: usize) {
        while self.p < offset {
            if self.is_break(0) {
                self.read_break();
            } else {
                self.skip();
            }
        }
    }

    /// Returns whether the comments met since the last token are those that cost a keep scalar a line: the first of them is
    /// at column 0, or none is.
    pub(crate) fn tail_comment(&self) -> bool {
        self.tail.is_some_and(|(first, least)| first == 0 || least > 0)
    }
}
