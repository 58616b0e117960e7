//! The scanner of the complete parser: characters to tokens.
//!
//! It is the scanner of go-yaml in what it takes, refuses and says: libyaml's rules (YAML 1.1), plus, in the newer
//! dialect, a look-ahead of two tokens and comments that are read as part of the line of a token or in groups. Both
//! are visible: text after the first document is refused only within the look-ahead, and a tab may stand before a
//! comment that follows another one.
//!
//! Offsets are bytes of the source; limits (1024 characters for a simple key) and columns count characters.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "there is a key for every open level, a token in the queue once one was fetched; columns stay below 2 GiB, and an indent is at least -1"
)]

mod pass;
mod scalar;
mod tag;
mod token;

use super::chars::is_name;
use super::node::Style;
use super::scalar::Dialect;
use std::collections::VecDeque;

pub(super) use token::{Fail, Text, Token, TokenKind};

/// The deepest nesting of block and of flow collections.
const DEPTH: usize = 10_000;

/// Something that becomes a key if a `:` follows.
#[derive(Debug, Default, Clone, Copy)]
struct SimpleKey {
    possible: bool,
    /// It stands where the block wants a key.
    required: bool,
    /// Its token is kept back until it is decided whether it is a key.
    waits: bool,
    number: usize,
    line: usize,
    index: usize,
    column: usize,
    at: usize,
}

/// The scanner.
pub(super) struct Scanner<'a> {
    text: &'a str,
    b: &'a [u8],
    dialect: Dialect,
    /// Byte offset, line, column and number of the next character.
    pub(super) p: usize,
    line: usize,
    pub(super) column: usize,
    index: usize,
    /// Line breaks since the last visible character.
    newlines: usize,
    flow: usize,
    /// Column of the open block collection, -1 where there is none.
    indent: isize,
    indents: Vec<isize>,
    queue: VecDeque<Token>,
    /// How many tokens were taken out of the queue.
    taken: usize,
    /// One for each flow level.
    keys: Vec<SimpleKey>,
    /// A simple key may start here.
    allowed: bool,
    /// Columns of the comments after the last token that stand in lines of their own: of the first, and the least.
    tail: Option<(usize, usize)>,
}

impl<'a> Scanner<'a> {
    /// Starts at `from`; the text ends at `to`.
    pub(super) fn new(text: &'a str, from: usize, to: usize, dialect: Dialect) -> Self {
        let b = &text.as_bytes()[..to];
        let p = if b[from..].starts_with("\u{feff}".as_bytes()) { from + 3 } else { from };
        let start = Token { kind: TokenKind::StreamStart, start: p, end: p, level: None };
        Self {
            text,
            b,
            dialect,
            p,
            line: 0,
            column: 0,
            index: 0,
            newlines: 0,
            flow: 0,
            indent: -1,
            indents: Vec::new(),
            queue: VecDeque::from([start]),
            taken: 0,
            keys: vec![SimpleKey::default()],
            allowed: true,
            tail: None,
        }
    }

    /// A scanner that reads a single scalar at `from` in a block collection at the column `indent` (-1 for none).
    pub(super) fn at_scalar(text: &'a str, from: usize, to: usize, indent: isize) -> Self {
        let mut scanner = Self::new(text, 0, to, Dialect::V3);
        (scanner.p, scanner.column, scanner.indent) = (from, 1, indent);
        scanner
    }

    fn fail<T>(&self, context: Option<(&'static str, usize)>, message: &str) -> Result<T, Fail> {
        Err(Fail { message: message.to_owned(), at: self.p, context })
    }

    // ---- the queue ----

    /// The next token; it stays in the queue.
    pub(super) fn peek(&mut self) -> Result<&Token, Fail> {
        let ahead = if self.dialect == Dialect::V3 { 2 } else { 0 };
        loop {
            if self.queue.len() > ahead {
                // a token that may start a simple key has to wait until that is decided
                let level = self.queue.front().and_then(|t| t.level);
                let waits = match level {
                    Some(l) if self.keys.get(l).is_some_and(|k| k.waits && k.number == self.taken) => {
                        self.is_valid_key(l)?
                    }
                    _ => false,
                };
                if !waits {
                    break;
                }
            }
            self.fetch()?;
        }
        Ok(&self.queue[0])
    }

    /// Takes the next token out of the queue.
    pub(super) fn take(&mut self) -> Result<Token, Fail> {
        self.peek()?;
        self.taken += 1;
        match self.queue.pop_front() {
            Some(token) => Ok(token),
            None => self.fail(None, "did not find expected token"),
        }
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        self.queue.push_back(Token { kind, start, end: self.p, level: None });
    }

    /// Appends a token before which [`Self::save_key`] was called.
    fn push_key(&mut self, kind: TokenKind, start: usize) {
        let level = Some(self.keys.len() - 1);
        self.queue.push_back(Token { kind, start, end: self.p, level });
    }

    /// Puts a token before the one of this number, or at the end if that was taken already.
    fn insert(&mut self, number: Option<usize>, token: Token) {
        let place = number.and_then(|n| n.checked_sub(self.taken)).unwrap_or(self.queue.len());
        self.queue.insert(place.min(self.queue.len()), token);
    }

    /// A token of one character.
    fn push_char(&mut self, kind: TokenKind) {
        let start = self.p;
        self.skip();
        self.push(kind, start);
    }

    // ---- simple keys ----

    fn is_valid_key(&mut self, level: usize) -> Result<bool, Fail> {
        let key = self.keys[level];
        if key.possible && (key.line < self.line || key.index + 1024 < self.index) {
            if key.required {
                return self
                    .fail(Some(("while scanning a simple key", key.at)), "could not find expected ':'");
            }
            self.keys[level].possible = false;
        }
        Ok(self.keys[level].possible)
    }

    fn drop_key(&mut self) -> Result<(), Fail> {
        let level = self.keys.len() - 1;
        let key = self.keys[level];
        if key.possible && key.required {
            return self.fail(Some(("while scanning a simple key", key.at)), "could not find expected ':'");
        }
        self.keys[level].possible = false;
        Ok(())
    }

    fn save_key(&mut self) -> Result<(), Fail> {
        if self.allowed {
            self.drop_key()?;
            let level = self.keys.len() - 1;
            self.keys[level] = SimpleKey {
                possible: true,
                waits: true,
                required: self.flow == 0 && self.indent == self.column as isize,
                number: self.taken + self.queue.len(),
                line: self.line,
                index: self.index,
                column: self.column,
                at: self.p,
            };
        }
        Ok(())
    }

    // ---- indentation ----

    /// Opens a block collection if the column is deeper than the open one. `number`: before which token.
    fn roll(&mut self, column: usize, number: Option<usize>, kind: TokenKind, at: usize) -> Result<(), Fail> {
        if self.flow == 0 && self.indent < column as isize {
            self.indents.push(self.indent);
            self.indent = column as isize;
            if self.indents.len() > DEPTH {
                return self.fail(Some(("while increasing indent level", at)), "exceeded max depth of 10000");
            }
            let token = Token { kind, start: at, end: at, level: None };
            self.insert(number, token);
        }
        Ok(())
    }

    /// Closes block collections deeper than the column.
    fn unroll(&mut self, column: isize) {
        while self.flow == 0 && self.indent > column {
            self.push(TokenKind::BlockEnd, self.p);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // ---- tokens ----

    /// Reads at least one more token into the queue.
    fn fetch(&mut self) -> Result<(), Fail> {
        self.pass_to_token();
        self.unroll(self.column as isize);
        if self.at_end() {
            if self.column != 0 {
                self.line += 1;
                self.column = 0;
            }
            self.unroll(-1);
            self.drop_key()?;
            self.allowed = false;
            self.push(TokenKind::StreamEnd, self.p);
            return Ok(());
        }
        let mark = self.at_document_mark();
        if !mark {
            self.tail = None;
        }
        if mark || self.column == 0 && self.at(0) == b'%' {
            self.unroll(-1);
            self.drop_key()?;
            self.allowed = false;
            if !mark {
                return self.directive();
            }
            let kind = if self.at(0) == b'-' { TokenKind::DocStart } else { TokenKind::DocEnd };
            let start = self.p;
            self.skip_many(3);
            self.push(kind, start);
            return Ok(());
        }
        let entry = self.at(0) == b'-' && self.is_blankz(1);
        self.fetch_content()?;
        if !entry && self.dialect == Dialect::V3 {
            self.line_comment();
        }
        Ok(())
    }

    fn fetch_content(&mut self) -> Result<(), Fail> {
        let start = self.p;
        match self.at(0) {
            c @ (b'[' | b'{') => {
                self.save_key()?;
                let number = self.taken + self.queue.len();
                self.push_key(if c == b'[' { TokenKind::FlowSeq } else { TokenKind::FlowMap }, start);
                self.keys.push(SimpleKey { number, ..SimpleKey::default() });
                self.flow += 1;
                if self.flow > DEPTH {
                    return self
                        .fail(Some(("while increasing flow level", start)), "exceeded max depth of 10000");
                }
                self.allowed = true;
                self.skip();
                self.end_last();
            }
            c @ (b']' | b'}') => {
                self.drop_key()?;
                if self.flow > 0 {
                    self.flow -= 1;
                    // go-yaml forgets to wait for an empty collection that may be a key
                    let inner = self.keys.pop().map(|k| k.number);
                    if let Some(outer) = self.keys.last_mut()
                        && Some(outer.number) == inner
                    {
                        outer.waits = false;
                    }
                }
                self.allowed = false;
                self.push_char(if c == b']' { TokenKind::FlowSeqEnd } else { TokenKind::FlowMapEnd });
            }
            b',' => {
                self.drop_key()?;
                self.allowed = true;
                self.push_char(TokenKind::Comma);
            }
            b'-' if self.is_blankz(1) => {
                if self.flow == 0 {
                    if !self.allowed {
                        return self.fail(None, "block sequence entries are not allowed in this context");
                    }
                    self.roll(self.column, None, TokenKind::BlockSeq, start)?;
                }
                self.drop_key()?;
                self.allowed = true;
                self.push_char(TokenKind::Entry);
            }
            b'?' if self.flow > 0 || self.is_blankz(1) => {
                if self.flow == 0 {
                    if !self.allowed {
                        return self.fail(None, "mapping keys are not allowed in this context");
                    }
                    self.roll(self.column, None, TokenKind::BlockMap, start)?;
                }
                self.drop_key()?;
                self.allowed = self.flow == 0;
                self.push_char(TokenKind::Key);
            }
            b':' if self.flow > 0 || self.is_blankz(1) => self.value()?,
            c @ (b'*' | b'&') => {
                self.save_key()?;
                self.allowed = false;
                self.anchor(if c == b'*' { TokenKind::Alias } else { TokenKind::Anchor })?;
            }
            b'!' => {
                self.save_key()?;
                self.allowed = false;
                self.tag()?;
            }
            c @ (b'|' | b'>') if self.flow == 0 => {
                self.drop_key()?;
                self.allowed = true;
                let (text, end) = self.block_scalar(c == b'|')?;
                let style = if c == b'|' { Style::Literal } else { Style::Folded };
                self.push(TokenKind::Scalar(style, text), start);
                self.end_last_at(end);
            }
            c @ (b'\'' | b'"') => {
                self.save_key()?;
                self.allowed = false;
                let text = self.quoted(c)?;
                let style = if c == b'"' { Style::Double } else { Style::Single };
                self.push_key(TokenKind::Scalar(style, text), start);
            }
            c if self.starts_plain(c) => {
                self.save_key()?;
                self.allowed = false;
                let (text, end) = self.plain()?;
                self.push_key(TokenKind::Scalar(Style::Plain, text), start);
                self.end_last_at(end);
            }
            _ => {
                return self.fail(
                    Some(("while scanning for the next token", start)),
                    "found character that cannot start any token",
                );
            }
        }
        Ok(())
    }

    fn end_last(&mut self) {
        self.end_last_at(self.p);
    }

    fn end_last_at(&mut self, end: usize) {
        if let Some(last) = self.queue.back_mut() {
            last.end = end;
        }
    }

    fn starts_plain(&self, c: u8) -> bool {
        match c {
            b'-' => !self.is_blank(1),
            b'?' | b':' => self.flow == 0 && !self.is_blankz(1),
            _ => !self.is_blankz(0) && !b",[]{}#&*!|>'\"%@`".contains(&c),
        }
    }

    fn value(&mut self) -> Result<(), Fail> {
        let level = self.keys.len() - 1;
        if self.is_valid_key(level)? {
            let key = self.keys[level];
            let token = Token { kind: TokenKind::Key, start: key.at, end: key.at, level: None };
            self.insert(Some(key.number), token);
            self.roll(key.column, Some(key.number), TokenKind::BlockMap, key.at)?;
            self.keys[level].possible = false;
            self.allowed = false;
        } else {
            if self.flow == 0 {
                if !self.allowed {
                    return self.fail(None, "mapping values are not allowed in this context");
                }
                self.roll(self.column, None, TokenKind::BlockMap, self.p)?;
            }
            self.allowed = self.flow == 0;
        }
        self.push_char(TokenKind::Value);
        Ok(())
    }

    fn anchor(&mut self, kind: TokenKind) -> Result<(), Fail> {
        let start = self.p;
        self.skip();
        while is_name(self.at(0)) {
            self.skip();
        }
        let ended = self.is_blankz(0) || b"?:,]}%@`".contains(&self.at(0));
        if self.p == start + 1 || !ended {
            let what =
                if kind == TokenKind::Alias { "while scanning an alias" } else { "while scanning an anchor" };
            return self.fail(Some((what, start)), "did not find expected alphabetic or numeric character");
        }
        self.push_key(kind, start);
        Ok(())
    }
}
