//! The scanner's scalars: plain, quoted and block text, unfolded and unescaped as far as needed.

use super::{Fail, Scanner, Text};

/// A text under construction: a span of the source as long as that will do.
struct Builder<'a> {
    source: &'a str,
    text: Text,
}

impl<'a> Builder<'a> {
    fn new(source: &'a str) -> Self {
        Self { source, text: Text::Empty }
    }

    /// Appends a piece of the source.
    fn span(&mut self, from: usize, to: usize) {
        match &mut self.text {
            _ if from == to => {}
            Text::Empty => self.text = Text::Span(from, to),
            Text::Span(_, end) if *end == from => *end = to,
            _ => self.push(&self.source[from..to]),
        }
    }

    /// Appends text that does not stand so in the source.
    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match &mut self.text {
            Text::Empty => self.text = Text::Made(text.to_owned()),
            Text::Span(from, to) => self.text = Text::Made([&self.source[*from..*to], text].concat()),
            Text::Made(made) => made.push_str(text),
        }
    }
}

/// What stands between two words of a scalar.
struct Gap {
    /// The blanks, if there is no break.
    blanks: (usize, usize),
    /// The first break, `None` if there is none; empty for one that was escaped.
    first: Option<&'static str>,
    /// The other breaks.
    more: String,
}

impl Gap {
    /// What the gap counts as: its blanks, or folded breaks.
    fn put(&self, out: &mut Builder<'_>) {
        match self.first {
            None => out.span(self.blanks.0, self.blanks.1),
            Some("\n") if self.more.is_empty() => out.push(" "),
            Some(first) => {
                if first != "\n" {
                    out.push(first);
                }
                out.push(&self.more);
            }
        }
    }
}

/// Escapes of one letter.
const ESCAPES: &[(u8, &str)] = &[
    (b'0', "\0"),
    (b'a', "\x07"),
    (b'b', "\x08"),
    (b't', "\t"),
    (b'\t', "\t"),
    (b'n', "\n"),
    (b'v', "\x0b"),
    (b'f', "\x0c"),
    (b'r', "\r"),
    (b'e', "\x1b"),
    (b' ', " "),
    (b'"', "\""),
    (b'\'', "'"),
    (b'\\', "\\"),
    (b'N', "\u{85}"),
    (b'_', "\u{a0}"),
    (b'L', "\u{2028}"),
    (b'P', "\u{2029}"),
];

impl Scanner<'_> {
    /// Passes blanks and breaks. `escaped`: a break was passed already and does not count. `plain`: the start of a
    /// plain scalar and the least column of its lines, where tabs may not stand below.
    fn gap(&mut self, escaped: bool, plain: Option<(usize, usize)>) -> Result<Gap, Fail> {
        let mut gap = Gap { blanks: (self.p, self.p), first: escaped.then_some(""), more: String::new() };
        loop {
            if self.is_blank(0) {
                if let Some((start, least)) = plain
                    && gap.first.is_some()
                    && self.column < least
                    && self.at(0) == b'\t'
                {
                    let context = Some(("while scanning a plain scalar", start));
                    return self.fail(context, "found a tab character that violates indentation");
                }
                self.skip();
                gap.blanks.1 = self.p;
            } else if self.is_break(0) {
                let read = self.read_break();
                match gap.first {
                    None => gap.first = Some(read),
                    Some(_) => gap.more.push_str(read),
                }
            } else {
                return Ok(gap);
            }
        }
    }

    /// A plain scalar: its text and where it ends.
    pub(super) fn plain(&mut self) -> Result<(Text, usize), Fail> {
        let (start, mut end) = (self.p, self.p);
        let least = (self.indent + 1) as usize;
        let mut out = Builder::new(self.text);
        let mut gap: Option<Gap> = None;
        while !self.at_document_mark() && self.at(0) != b'#' {
            while !self.is_blankz(0) {
                let c = self.at(0);
                if c == b':' && self.is_blankz(1) || self.flow > 0 && b",?[]{}".contains(&c) {
                    break;
                }
                if let Some(gap) = gap.take() {
                    gap.put(&mut out);
                }
                let from = self.p;
                self.skip();
                out.span(from, self.p);
                end = self.p;
            }
            if !self.is_blank(0) && !self.is_break(0) {
                break;
            }
            gap = Some(self.gap(false, Some((start, least)))?);
            if self.flow == 0 && self.column < least {
                break;
            }
        }
        if gap.is_some_and(|g| g.first.is_some()) {
            self.allowed = true;
        }
        Ok((out.text, end))
    }

    /// A quoted scalar.
    pub(crate) fn quoted(&mut self, quote: u8) -> Result<Text, Fail> {
        let start = self.p;
        let scanning = Some(("while scanning a quoted scalar", start));
        let mut out = Builder::new(self.text);
        self.skip();
        loop {
            if self.at_document_mark() {
                return self.fail(scanning, "found unexpected document indicator");
            }
            if self.at_end() {
                return self.fail(scanning, "found unexpected end of stream");
            }
            let mut escaped = false;
            while !self.is_blankz(0) {
                let c = self.at(0);
                if c == quote && c == b'\'' && self.at(1) == b'\'' {
                    out.push("'");
                    self.skip_many(2);
                } else if c == quote {
                    break;
                } else if c == b'\\' && quote == b'"' {
                    if self.is_break(1) {
                        self.skip();
                        self.read_break();
                        escaped = true;
                        break;
                    }
                    self.escape(start, &mut out)?;
                } else {
                    let from = self.p;
                    self.skip();
                    out.span(from, self.p);
                }
            }
            if self.at(0) == quote {
                self.skip();
                return Ok(out.text);
            }
            self.gap(escaped, None)?.put(&mut out);
        }
    }

    fn escape(&mut self, start: usize, out: &mut Builder<'_>) -> Result<(), Fail> {
        let context = Some(("while parsing a quoted scalar", start));
        let letter = self.at(1);
        let digits = match letter {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => {
                let Some((_, text)) = ESCAPES.iter().find(|(l, _)| *l == letter) else {
                    return self.fail(context, "found unknown escape character");
                };
                out.push(text);
                self.skip_many(2);
                return Ok(());
            }
        };
        self.skip_many(2);
        let mut code = 0u32;
        for k in 0..digits {
            let Some(digit) = char::from(self.at(k)).to_digit(16) else {
                return self.fail(context, "did not find expected hexdecimal number");
            };
            code = code << 4 | digit;
        }
        let Some(c) = char::from_u32(code) else {
            return self.fail(context, "found invalid Unicode character escape code");
        };
        out.push(c.encode_utf8(&mut [0; 4]));
        self.skip_many(digits);
        Ok(())
    }

    /// A block scalar: its text and where it ends, the break of its last line not counted.
    pub(crate) fn block_scalar(&mut self, literal: bool) -> Result<(Text, usize), Fail> {
        let start = self.p;
        let context = Some(("while scanning a block scalar", start));
        self.skip();
        let (mut chomp, mut step) = (None, 0);
        for _ in 0..2 {
            let c = self.at(0);
            if chomp.is_none() && (c == b'+' || c == b'-') {
                chomp = Some(c);
                self.skip();
            } else if step == 0 && c.is_ascii_digit() {
                if c == b'0' {
                    return self.fail(context, "found an indentation indicator equal to 0");
                }
                step = usize::from(c - b'0');
                self.skip();
            }
        }
        self.skip_blanks();
        if self.at(0) == b'#' {
            self.skip_line_rest();
        }
        if !self.is_breakz(0) {
            return self.fail(context, "did not find expected comment or line break");
        }
        let mut end = self.p;
        self.read_break();

        let mut indent = if step > 0 { self.indent.max(0) as usize + step } else { 0 };
        let mut out = Builder::new(self.text);
        let mut lead = "";
        let mut lead_blank = false;
        let mut trail = String::new();
        let mut trail_end = end;
        self.block_breaks(&mut indent, &mut trail, &mut trail_end, start)?;
        while self.column == indent && !self.at_end() {
            let blank = self.is_blank(0);
            if !literal && lead == "\n" && !lead_blank && !blank {
                if trail.is_empty() {
                    out.push(" ");
                }
            } else {
                out.push(lead);
            }
            out.push(&trail);
            trail.clear();
            lead_blank = blank;
            let from = self.p;
            self.skip_line_rest();
            out.span(from, self.p);
            end = self.p;
            trail_end = end;
            lead = self.read_break();
            self.block_breaks(&mut indent, &mut trail, &mut trail_end, start)?;
        }
        if chomp != Some(b'-') {
            out.push(lead);
        }
        if chomp == Some(b'+') {
            out.push(&trail);
            end = trail_end;
        }
        Ok((out.text, end))
    }

    /// Passes indentation and empty lines, and finds the indentation out if it is not known yet. `end`: where the
    /// last empty line ends, its break not counted.
    fn block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        end: &mut usize,
        start: usize,
    ) -> Result<(), Fail> {
        let mut most = 0;
        loop {
            let inside = |s: &Self, indent: usize| indent == 0 || s.column < indent;
            while inside(self, *indent) && self.at(0) == b' ' {
                self.skip();
            }
            most = most.max(self.column);
            if inside(self, *indent) && self.at(0) == b'\t' {
                let context = Some(("while scanning a block scalar", start));
                return self.fail(context, "found a tab character where an indentation space is expected");
            }
            if !self.is_break(0) {
                break;
            }
            *end = self.p;
            breaks.push_str(self.read_break());
        }
        if *indent == 0 {
            *indent = most.max((self.indent + 1) as usize).max(1);
        }
        Ok(())
    }
}
