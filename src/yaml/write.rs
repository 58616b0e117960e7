//! Writing lines: indentation, and the four forms of a string with their folding at 80 columns.
//!
//! A line is broken at the first blank that may be replaced by a break once more than 80 characters stand on it;
//! words are never cut. Keys are never broken.

#![expect(
    clippy::indexing_slicing,
    reason = "blanks are searched for before the last byte, so that there is one after them"
)]

use super::chars::{is_break, is_printable};
use super::style::Written;

/// Columns after which a blank becomes a line break.
pub(crate) const WIDTH: usize = 80;

const SPACES: [u8; 64] = [b' '; 64];

/// The output and where its last line starts.
pub(crate) struct Lines<'o> {
    /// Everything written so far.
    pub(crate) buf: &'o mut Vec<u8>,
    /// Long lines are folded.
    pub(crate) fold: bool,
    /// How long the output may become. Once it is longer, nothing more is indented or quoted, and it is of no use.
    pub(crate) most: usize,
    /// Where the last line starts.
    start: usize,
    /// A quoted text before it is folded.
    quoted: String,
}

impl<'o> Lines<'o> {
    /// Lines after what `buf` holds.
    pub(crate) fn new(buf: &'o mut Vec<u8>) -> Self {
        let start = buf.len();
        Self { buf, fold: true, most: usize::MAX, start, quoted: String::new() }
    }

    /// Returns whether the output is longer than it may be.
    #[inline]
    pub(crate) fn is_too_long(&self) -> bool {
        self.buf.len() > self.most
    }

    /// Writes text that has no line break.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }

    /// Ends the line.
    #[inline]
    pub(crate) fn end(&mut self) {
        self.buf.push(b'\n');
        self.start = self.buf.len();
    }

    /// Writes blanks.
    #[inline]
    pub(crate) fn indent(&mut self, mut columns: usize) {
        if self.is_too_long() {
            return;
        }
        while columns > SPACES.len() {
            self.buf.extend_from_slice(&SPACES);
            columns -= SPACES.len();
        }
        // Pieces of a known size are copied without a call.
        let end = self.buf.len() + columns;
        if columns <= SPACES.len() / 2 {
            self.buf.extend_from_slice(&SPACES[..SPACES.len() / 2]);
        } else {
            self.buf.extend_from_slice(&SPACES);
        }
        self.buf.truncate(end);
    }

    /// How many characters stand on the line.
    fn column(&self) -> usize {
        characters(&self.buf[self.start..])
    }

    /// Writes a string; literal blocks end their last line themselves, which is what is returned.
    /// `indent` is for the lines after the first; keys are not folded.
    pub(crate) fn string(&mut self, text: &str, how: Written, indent: usize, key: bool) -> bool {
        match how {
            Written::Plain => self.plain(text, indent, key),
            Written::Single => self.single(text, indent, key),
            Written::Double => self.double(text, indent, key),
            Written::Literal => {
                self.literal(text, indent);
                return true;
            }
        }
        false
    }

    /// Writes a bare text.
    #[inline]
    pub(crate) fn plain(&mut self, text: &str, indent: usize, key: bool) {
        self.fold_unless(key, text, indent, Written::Plain);
    }

    fn single(&mut self, text: &str, indent: usize, key: bool) {
        self.put(b"'");
        if text.contains(is_break) {
            self.single_broken(text, indent, key);
        } else if !text.contains('\'') {
            self.fold_unless(key, text, indent, Written::Single);
        } else {
            let mut quoted = std::mem::take(&mut self.quoted);
            quoted.clear();
            for (i, part) in text.split('\'').enumerate() {
                quoted.push_str(if i > 0 { "''" } else { "" });
                quoted.push_str(part);
            }
            self.fold_unless(key, &quoted, indent, Written::Single);
            self.quoted = quoted;
        }
        self.put(b"'");
    }

    fn double(&mut self, text: &str, indent: usize, key: bool) {
        self.put(b"\"");
        let mut quoted = std::mem::take(&mut self.quoted);
        quoted.clear();
        let all = text.starts_with('\u{feff}');
        for c in text.chars() {
            if quoted.len() + self.buf.len() > self.most {
                break;
            }
            if all || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                escape(c, &mut quoted);
            } else {
                quoted.push(c);
            }
        }
        self.fold_unless(key, &quoted, indent, Written::Double);
        self.quoted = quoted;
        self.put(b"\"");
    }

    /// Writes a text without breaks, folded unless it is a key.
    #[inline]
    fn fold_unless(&mut self, key: bool, text: &str, indent: usize, how: Written) {
        // Characters are not more than bytes: a line that cannot get long enough needs no closer look.
        if key || !self.fold || self.buf.len() - self.start + text.len() <= WIDTH + 2 {
            self.put(text.as_bytes());
        } else {
            self.folded(text, indent, how);
        }
    }

    /// Writes a text without breaks, folded.
    fn folded(&mut self, text: &str, indent: usize, how: Written) {
        let bytes = text.as_bytes();
        let ascii = text.is_ascii();
        let mut column = self.column();
        let mut from = 0;
        loop {
            let ahead = (WIDTH + 1).saturating_sub(column);
            let mut at = if ascii { from + ahead } else { skip(text, from, ahead) };
            // The first blank from there on that may go; never the first or the last character.
            let cut = loop {
                let Some(next) =
                    bytes.get(at..bytes.len().saturating_sub(1)).and_then(|b| memchr::memchr(b' ', b))
                else {
                    self.put(&bytes[from..]);
                    return;
                };
                at += next;
                let doubled = bytes[at + 1] == b' ' && how != Written::Double;
                if at > 0 && bytes[at - 1] != b' ' && !doubled {
                    break at;
                }
                at += 1;
            };
            self.put(&bytes[from..cut]);
            self.end();
            self.indent(indent);
            column = indent;
            from = cut + 1;
            if bytes[from] == b' ' {
                self.put(b"\\");
                column += 1;
            }
        }
    }

    /// Writes the inside of single quotes for a text with the breaks that may stand there, U+2028 and U+2029.
    fn single_broken(&mut self, text: &str, indent: usize, key: bool) {
        let (mut column, mut after) = (self.column(), '\0');
        for (i, c) in text.char_indices() {
            if c == ' ' {
                let inner = i > 0 && i + 1 < text.len() && text.as_bytes()[i + 1] != b' ';
                if !key && self.fold && after != ' ' && column > WIDTH && inner {
                    self.end();
                    self.indent(indent);
                    column = indent;
                    after = c;
                    continue;
                }
            } else if !is_break(c) && is_break(after) {
                self.indent(indent);
                column = indent;
            }
            self.put(c.encode_utf8(&mut [0; 4]).as_bytes());
            if c == '\'' {
                self.put(b"'");
                column += 1;
            }
            column += 1;
            if is_break(c) {
                self.start = self.buf.len();
                column = 0;
            }
            after = c;
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put(b"|");
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put(b"2");
        }
        let mut last = text.chars().rev();
        match (last.next().is_some_and(is_break), last.next().is_none_or(is_break)) {
            (false, _) => self.put(b"-"),
            (true, true) => self.put(b"+"),
            (true, false) => {}
        }
        self.end();
        let mut rest = text;
        while let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) {
            self.literal_line(&rest[..end], indent);
            self.end();
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            self.literal_line(rest, indent);
            if !rest.ends_with(is_break) {
                self.end();
            }
        }
        self.start = self.buf.len();
    }

    /// Writes a line of a literal block; breaks other than the line feed may stand in it.
    fn literal_line(&mut self, line: &str, indent: usize) {
        if line.is_ascii() || !line.contains(is_break) {
            if !line.is_empty() {
                self.indent(indent);
                self.put(line.as_bytes());
            }
            return;
        }
        for part in line.split_inclusive(is_break) {
            if !part.starts_with(is_break) {
                self.indent(indent);
            }
            self.put(part.as_bytes());
        }
    }
}

/// How many characters a UTF-8 text has.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b & 0xc0 != 0x80).count()
}

/// The byte offset `count` characters after `from`.
fn skip(text: &str, from: usize, count: usize) -> usize {
    text.get(from..).and_then(|t| t.char_indices().nth(count)).map_or(text.len(), |(i, _)| from + i)
}

fn escape(c: char, out: &mut String) {
    const SHORT: &[(char, char)] = &[
        ('\0', '0'),
        ('\x07', 'a'),
        ('\x08', 'b'),
        ('\t', 't'),
        ('\n', 'n'),
        ('\x0b', 'v'),
        ('\x0c', 'f'),
        ('\r', 'r'),
        ('\x1b', 'e'),
        ('"', '"'),
        ('\\', '\\'),
        ('\u{85}', 'N'),
        ('\u{a0}', '_'),
        ('\u{2028}', 'L'),
        ('\u{2029}', 'P'),
    ];
    out.push('\\');
    if let Some((_, short)) = SHORT.iter().find(|(from, _)| *from == c) {
        out.push(*short);
        return;
    }
    let n = c as u32;
    let (mark, digits) = match n {
        0..0x100 => ('x', 2),
        0x100..0x10000 => ('u', 4),
        _ => ('U', 8),
    };
    out.push(mark);
    out.extend(
        (0..digits)
            .rev()
            .filter_map(|i| char::from_digit(n >> (4 * i) & 15, 16))
            .map(|d| d.to_ascii_uppercase()),
    );
}
