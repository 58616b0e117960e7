//! The fast reader's scalars and its flow collections of one line.
//!
//! Scalars that stand in the source as they are become spans; others are put together in the document's own text.
//! Rare forms (escapes, block scalars with an indentation indicator or leading empty lines) are left to the scanner
//! of the complete parser, from the scalar's first character on.

use super::super::chars::spaces;
use super::super::node::{NodeKind, Style, Tag};
use super::super::scalar::resolve;
use super::super::scan::{Scanner, Text};
use super::super::{number, style};
use super::{Fast, KEY};
use crate::limits::narrow;

/// What a byte does in a plain scalar.
const CAN_START: u8 = 1;
/// It may end the scalar.
const STOPS: u8 = 2;
/// It may end the scalar in a flow collection.
const STOPS_FLOW: u8 = 4;

const CLASS: [u8; 256] = {
    let mut class = [CAN_START; 256];
    let mut i = 0;
    let never = b" \t\n?:,[]{}#&*!|>'\"%@`";
    while i < never.len() {
        class[never[i] as usize] = 0;
        i += 1;
    }
    let stops = b":#\t\n";
    i = 0;
    while i < stops.len() {
        class[stops[i] as usize] |= STOPS | STOPS_FLOW;
        i += 1;
    }
    let flow = b",?[]{}";
    i = 0;
    while i < flow.len() {
        class[flow[i] as usize] |= STOPS_FLOW;
        i += 1;
    }
    class
};

/// Where a piece of a plain scalar ends.
enum Stop {
    /// At a `:` that a blank or the end of the line follows.
    Colon(usize),
    /// At a comment.
    Comment(usize),
    /// At the end of the line.
    Line(usize),
}

impl Fast<'_> {
    /// Passes plain text in one line; gives up at tabs.
    #[inline]
    fn plain_text(&self, at: usize) -> Option<Stop> {
        let mut i = at;
        loop {
            while let Some(c) = self.b.get(i)
                && CLASS[*c as usize] & STOPS == 0
            {
                i += 1;
            }
            match self.byte(i) {
                b'\n' => return Some(Stop::Line(i)),
                b':' if matches!(self.byte(i + 1), b' ' | b'\n') => return Some(Stop::Colon(i)),
                b'#' if i > at && self.b[i - 1] == b' ' => return Some(Stop::Comment(i)),
                b':' | b'#' => i += 1,
                _ => return None,
            }
        }
    }

    /// The offset after the last character that is no blank, going back from `to`.
    #[inline]
    fn trimmed(&self, from: usize, to: usize) -> usize {
        let mut to = to;
        while to > from && self.b[to - 1] == b' ' {
            to -= 1;
        }
        to
    }

    /// Returns whether a plain scalar may start here.
    #[inline]
    fn starts_plain(&self, at: usize) -> bool {
        let c = self.byte(at);
        CLASS[c as usize] & CAN_START != 0
            && (c != b'-' || !matches!(self.byte(at + 1), b' ' | b'\t' | b'\n'))
    }

    /// Adds a plain scalar that is a span of the source; gives up for `<<`.
    #[inline]
    fn add_plain(&mut self, from: usize, to: usize) -> Option<()> {
        let text = self.text.get(from..to)?;
        if text == "<<" {
            return None;
        }
        let tag = resolve(text, self.dialect);
        let span = (narrow(from), narrow(to));
        let id = self.doc.add_span(span.0, span.1, span, Style::Plain, tag);
        let bare = match tag {
            Tag::Str => style::stays_bare(text),
            Tag::Bool => matches!(text, "true" | "false"),
            Tag::Int => number::is_usual(text),
            _ => false,
        };
        if bare {
            self.doc.set_bare();
        }
        self.children.push(id);
        self.end = to;
        Some(())
    }

    /// A plain key; gives its `:`.
    #[inline]
    pub(super) fn plain_key(&mut self, at: usize) -> Option<usize> {
        if !self.starts_plain(at) {
            return None;
        }
        let Stop::Colon(colon) = self.plain_text(at)? else { return None };
        self.add_plain(at, self.trimmed(at, colon))?;
        Some(colon)
    }

    /// A plain scalar of one or more lines, and the rest of its last line. `key`: it may turn out to be a key; then
    /// its `:` is given.
    pub(super) fn plain(&mut self, at: usize, key: bool) -> Option<Option<usize>> {
        if !self.starts_plain(at) {
            return None;
        }
        let end = match self.plain_text(at)? {
            Stop::Colon(colon) if key => {
                self.add_plain(at, self.trimmed(at, colon))?;
                return Some(Some(colon));
            }
            Stop::Colon(_) => return None,
            Stop::Comment(end) => {
                self.add_plain(at, self.trimmed(at, end))?;
                self.same.hold(false);
                self.p = self.next_line(end);
                return Some(None);
            }
            Stop::Line(end) => end,
        };
        let least = self.frames.last()?.indent + 1;
        self.p = end + 1;
        let line = end;
        let end = self.trimmed(at, end);
        match self.continued(least)? {
            None => {
                self.add_plain(at, end)?;
                self.check_plain(end, line);
            }
            Some(next) => {
                self.long_plain(at, end, next, least)?;
                self.check_scalar();
            }
        }
        Some(None)
    }

    /// Returns whether the scalar goes on in the next line with text: the breaks before it, and where it begins. Else the
    /// next line is made ready to be read.
    #[inline]
    fn continued(&mut self, least: usize) -> Option<Option<(usize, usize)>> {
        let mut breaks = 1;
        while self.p < self.b.len() {
            let indent = spaces(self.b, self.p);
            let at = self.p + indent;
            match self.byte(at) {
                b'\n' => {
                    breaks += 1;
                    self.p = at + 1;
                }
                b'\t' => return None,
                c if c == b'#' || indent < least => {
                    self.counted = Some(indent);
                    return Some(None);
                }
                _ => return Some(Some((breaks, at))),
            }
        }
        Some(None)
    }

    /// The rest of a plain scalar of several lines.
    fn long_plain(&mut self, start: usize, end: usize, next: (usize, usize), least: usize) -> Option<()> {
        let from = self.doc.made().len();
        let (mut begin, mut end, mut next) = (start, end, Some(next));
        let mut most = 1;
        while let Some((breaks, at)) = next {
            let piece = self.text.get(begin..end)?;
            self.doc.made().push_str(piece);
            self.fold(breaks);
            most = most.max(breaks);
            begin = at;
            next = match self.plain_text(at)? {
                Stop::Colon(_) => return None,
                Stop::Comment(stop) => {
                    end = self.trimmed(at, stop);
                    self.p = self.next_line(stop);
                    None
                }
                Stop::Line(stop) => {
                    end = self.trimmed(at, stop);
                    self.p = stop + 1;
                    self.continued(least)?
                }
            };
        }
        let piece = self.text.get(begin..end)?;
        self.doc.made().push_str(piece);
        // a text with a blank or a break in it may still be a time
        let text = &self.doc.made()[from..];
        let tag = resolve(text, self.dialect);
        let bare = most == 1 && tag == Tag::Str && style::stays_bare(text);
        let id = self.doc.add_made(narrow(start), narrow(end), from, Style::Plain, tag);
        if bare {
            self.doc.set_bare();
        }
        self.children.push(id);
        self.end = end;
        Some(())
    }

    /// Appends what line breaks count as between two words.
    fn fold(&mut self, breaks: usize) {
        let made = self.doc.made();
        match breaks {
            1 => made.push(' '),
            _ => made.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
    }

    // ---- quoted scalars ----

    /// A quoted scalar; gives the offset after it.
    pub(super) fn quoted(&mut self, at: usize, quote: u8) -> Option<usize> {
        let style = if quote == b'"' { Style::Double } else { Style::Single };
        let other = if quote == b'"' { b'\\' } else { quote };
        let mut from = at + 1;
        let mut made = None;
        loop {
            let stop = from + memchr::memchr3(quote, other, b'\n', self.b.get(from..)?)?;
            match self.b[stop] {
                b'\\' if quote == b'"' => {
                    if let Some(length) = made {
                        self.doc.made().truncate(length);
                    }
                    return self.left_to_scanner(at, quote, style);
                }
                b'\n' => {
                    made.get_or_insert(self.doc.made().len());
                    let blank = |c: &u8| matches!(c, b' ' | b'\t');
                    let kept =
                        self.b[from..stop].iter().rposition(|c| !blank(c)).map_or(from, |i| from + i + 1);
                    let piece = self.text.get(from..kept)?;
                    self.doc.made().push_str(piece);
                    let (mut breaks, mut line) = (1, stop + 1);
                    loop {
                        from = line + self.b.get(line..)?.iter().take_while(|c| blank(c)).count();
                        if self.b.get(from) != Some(&b'\n') {
                            break;
                        }
                        breaks += 1;
                        line = from + 1;
                    }
                    if from == line && self.is_mark(line) {
                        return None;
                    }
                    self.fold(breaks);
                }
                _ if quote == b'\'' && self.b.get(stop + 1) == Some(&b'\'') => {
                    made.get_or_insert(self.doc.made().len());
                    let piece = self.text.get(from..=stop)?;
                    self.doc.made().push_str(piece);
                    from = stop + 2;
                }
                _ => {
                    self.add_quoted(at, (from, stop), made, style)?;
                    return Some(stop + 1);
                }
            }
        }
    }

    /// Adds a quoted scalar that ends with a piece of the source; `made`: where the text before it begins.
    fn add_quoted(
        &mut self,
        at: usize,
        piece: (usize, usize),
        made: Option<usize>,
        style: Style,
    ) -> Option<()> {
        let (start, end) = (narrow(at), narrow(piece.1) + 1);
        let text = self.text.get(piece.0..piece.1)?;
        let (id, text) = match made {
            None => {
                let span = (narrow(piece.0), narrow(piece.1));
                (self.doc.add_span(start, end, span, style, Tag::Str), text)
            }
            Some(from) => {
                self.doc.made().push_str(text);
                let id = self.doc.add_made(start, end, from, style, Tag::Str);
                (id, self.doc.text(id))
            }
        };
        if text == "<<" {
            return None;
        }
        self.children.push(id);
        self.end = piece.1 + 1;
        Some(())
    }

    /// Lets the complete parser's scanner read a quoted scalar.
    fn left_to_scanner(&mut self, at: usize, quote: u8, style: Style) -> Option<usize> {
        let mut scanner = Scanner::at_scalar(self.text, at, self.b.len(), -1);
        let text = scanner.quoted(quote).ok()?;
        let end = scanner.p;
        self.add_scanned(&text, at, end, style)?;
        Some(end)
    }

    fn add_scanned(&mut self, text: &Text, at: usize, end: usize, style: Style) -> Option<()> {
        let (start, stop) = (narrow(at), narrow(end));
        let id = match text {
            Text::Empty => self.doc.add_span(start, stop, (stop, stop), style, Tag::Str),
            Text::Span(a, b) => self.doc.add_span(start, stop, (narrow(*a), narrow(*b)), style, Tag::Str),
            Text::Made(made) => self.doc.add_text(start, stop, made, style, Tag::Str),
        };
        if self.doc.text(id) == "<<" {
            return None;
        }
        self.children.push(id);
        self.end = end;
        Some(())
    }

    // ---- block scalars ----

    /// A block scalar and its lines.
    pub(super) fn block_scalar(&mut self, at: usize) -> Option<()> {
        let literal = self.byte(at) == b'|';
        let style = if literal { Style::Literal } else { Style::Folded };
        let parent = self.frames.last().map_or(-1, |f| f.indent as isize);
        let chomp = self.byte(at + 1);
        let header = self.pass_blanks(at + 1 + usize::from(matches!(chomp, b'+' | b'-')));
        let first = header + 1;
        let indent = spaces(self.b, first);
        let plain_header = self.byte(header) == b'\n';
        if !plain_header || indent == 0 || indent as isize <= parent || self.byte(first + indent) == b'\n' {
            let mut scanner = Scanner::at_scalar(self.text, at, self.b.len(), parent);
            let (text, end) = scanner.block_scalar(literal).ok()?;
            // the scanner stands after the indentation of the next line
            self.p = if scanner.at_end() { self.b.len() } else { scanner.p - scanner.column };
            self.add_scanned(&text, at, end, style)?;
            self.check_scalar();
            return Some(());
        }
        if self.byte(first + indent) == b'\t' {
            return None;
        }
        let from = self.doc.made().len();
        let mut line = first;
        let mut was_blank = false;
        let (mut end, mut last, mut breaks);
        loop {
            let begin = line + indent;
            end = begin + memchr::memchr(b'\n', &self.b[begin..]).unwrap_or(self.b.len() - begin);
            let piece = self.text.get(begin..end)?;
            self.doc.made().push_str(piece);
            (breaks, last, line) = (usize::from(end < self.b.len()), end, end + 1);
            let mut blanks;
            loop {
                blanks = spaces(self.b, line).min(indent);
                if line + blanks >= self.b.len() || self.b[line + blanks] != b'\n' {
                    break;
                }
                breaks += 1;
                last = line + blanks;
                line = last + 1;
            }
            if line + blanks >= self.b.len() {
                self.p = self.b.len();
                break;
            }
            let c = self.b[line + blanks];
            if blanks < indent {
                if c == b'\t' {
                    return None;
                }
                (self.p, self.counted) = (line, Some(blanks));
                break;
            }
            let blank = matches!(c, b' ' | b'\t');
            if literal || was_blank || blank {
                self.put_breaks(breaks);
            } else {
                self.fold(breaks);
            }
            was_blank = blank;
        }
        match chomp {
            b'-' => {}
            b'+' => {
                self.put_breaks(breaks);
                end = last;
            }
            _ => self.put_breaks(breaks.min(1)),
        }
        let id = self.doc.add_made(narrow(at), narrow(end), from, style, Tag::Str);
        if self.doc.text(id) == "<<" {
            return None;
        }
        self.children.push(id);
        self.end = end;
        self.check_scalar();
        Some(())
    }

    fn put_breaks(&mut self, breaks: usize) {
        self.doc.made().extend(std::iter::repeat_n('\n', breaks));
    }

    // ---- flow collections ----

    /// A flow collection that ends in its line; gives the offset after it.
    pub(super) fn flow(&mut self, at: usize, depth: usize) -> Option<usize> {
        let map = self.byte(at) == b'{';
        let close = if map { b'}' } else { b']' };
        let base = self.children.len();
        let mut i = self.pass_blanks(at + 1);
        if depth > 50 {
            return None;
        }
        if self.byte(i) != close {
            loop {
                if map {
                    let end = self.flow_scalar(i)?;
                    let colon = self.pass_blanks(end);
                    let quoted = matches!(self.byte(i), b'\'' | b'"');
                    let after = self.byte(colon + 1);
                    let key = *self.children.last()?;
                    let null = self.doc.tag(key) == Tag::Null && !self.doc.text(key).is_empty();
                    if self.byte(colon) != b':' || !quoted && after != b' ' || null || colon - i > KEY {
                        return None;
                    }
                    i = self.pass_blanks(colon + 1);
                }
                i = match self.byte(i) {
                    b'{' | b'[' => self.flow(i, depth + 1)?,
                    _ => self.flow_scalar(i)?,
                };
                i = self.pass_blanks(i);
                match self.byte(i) {
                    b',' => i = self.pass_blanks(i + 1),
                    c if c == close => break,
                    _ => return None,
                }
            }
        }
        let kind = if map { NodeKind::Map } else { NodeKind::Seq };
        let id = self.doc.add_collection(kind, narrow(at), narrow(i) + 1, &self.children[base..], true);
        self.children.truncate(base);
        self.children.push(id);
        self.end = i + 1;
        Some(i + 1)
    }

    /// A scalar in a flow collection; gives the offset after it.
    fn flow_scalar(&mut self, at: usize) -> Option<usize> {
        let quote = self.byte(at);
        if matches!(quote, b'\'' | b'"') {
            return self.quoted(at, quote).filter(|end| !self.has_break(at, *end));
        }
        if !self.starts_plain(at) || quote == b'-' && CLASS[self.byte(at + 1) as usize] & STOPS_FLOW != 0 {
            return None;
        }
        let mut i = at;
        loop {
            while CLASS[self.byte(i) as usize] & STOPS_FLOW == 0 {
                i += 1;
            }
            match self.byte(i) {
                b':' if self.byte(i + 1) == b' ' => break,
                b':' if CLASS[self.byte(i + 1) as usize] & STOPS_FLOW == 0 => i += 1,
                b'#' if self.b[i - 1] != b' ' => i += 1,
                b',' | b']' | b'}' => break,
                _ => return None,
            }
        }
        let end = self.trimmed(at, i);
        self.add_plain(at, end)?;
        Some(end)
    }
}
