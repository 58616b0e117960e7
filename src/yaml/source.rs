//! Texts that were read, and places in them.

#![expect(
    clippy::indexing_slicing,
    reason = "offsets are cut to the length of the text, and there is a sum before each piece of it and one after the last"
)]

use crate::diag::Location;
use crate::limits::{Budget, narrow};
use std::sync::{Arc, OnceLock};

/// A text and where it came from. Offsets into it are bytes; it is shorter than 2 GiB.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The file as the user would name it; the file that holds the text for an inline one.
    pub(crate) path: Arc<str>,
    /// The text: UTF-8, CR LF already LF.
    pub(crate) text: String,
    /// Lines above the text's first line in the file (an inline patch begins further down).
    pub(crate) lines_above: u32,
    /// Columns left of the text in the file.
    pub(crate) columns_left: u32,
    known: Known,
}

/// What was asked of a text before, and whose it is.
#[derive(Debug, Default)]
struct Known {
    /// Whether a comment may be a JSON object.
    json_comments: OnceLock<bool>,
    /// The budget of the build that reads it.
    budget: Option<Arc<Budget>>,
    /// Its documents are not printed.
    is_unprinted: bool,
    /// How many line breaks stand before each piece of a long text, and in all of it.
    breaks: OnceLock<Vec<u32>>,
    /// The same for characters.
    chars: OnceLock<Vec<u32>>,
}

/// Texts are the same whatever they were asked.
impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Known {}

/// The size of the pieces in which places are counted, in bytes.
const PIECE: usize = 4 << 10;

impl Source {
    /// The longest text that offsets can address, in bytes.
    pub(crate) const LIMIT: usize = (1 << 31) - 1;

    /// A text that is a whole file. The caller has checked [`Source::LIMIT`].
    pub(crate) fn new(path: impl Into<Arc<str>>, text: String) -> Arc<Self> {
        Self::limited(path, text, None)
    }

    /// A text that is a whole file; its documents are charged to a budget. The caller has checked [`Source::LIMIT`].
    pub(crate) fn limited(
        path: impl Into<Arc<str>>,
        text: String,
        budget: Option<&Arc<Budget>>,
    ) -> Arc<Self> {
        let known = Known { budget: budget.cloned(), ..Known::default() };
        Arc::new(Self { path: path.into(), text, lines_above: 0, columns_left: 0, known })
    }

    /// A text that stands inside another one, as the value at `at`.
    pub(crate) fn inline(of: &Self, at: &Location, text: String) -> Arc<Self> {
        Self::part(of, at.path.clone(), text, at.line.saturating_sub(1), 0)
    }

    /// A text that stands inside another one, below so many lines and right of so many columns.
    pub(crate) fn part(
        of: &Self,
        path: Arc<str>,
        text: String,
        lines_above: u32,
        columns_left: u32,
    ) -> Arc<Self> {
        let known = Known { budget: of.known.budget.clone(), ..Known::default() };
        Arc::new(Self { path, text, lines_above, columns_left, known })
    }

    /// The text for who only looks at its documents: it is not found out which of them stand there as they would be printed.
    pub(crate) fn unprinted(mut self: Arc<Self>) -> Arc<Self> {
        if let Some(source) = Arc::get_mut(&mut self) {
            source.known.is_unprinted = true;
        }
        self
    }

    /// Returns whether documents of this text are not printed.
    pub(crate) fn is_unprinted(&self) -> bool {
        self.known.is_unprinted
    }

    /// The budget that documents of this text are charged to.
    pub(crate) fn budget(&self) -> Option<&Arc<Budget>> {
        self.known.budget.as_ref()
    }

    /// Returns whether a `#` is followed by `{`, so that a comment may be a JSON object.
    pub(crate) fn has_json_comments(&self) -> bool {
        *self.known.json_comments.get_or_init(|| {
            let bytes = self.text.as_bytes();
            memchr::memchr_iter(b'#', bytes).any(|i| {
                let rest = bytes[i..].iter().find(|b| !matches!(b, b'#' | b' ' | b'\t'));
                rest == Some(&b'{')
            })
        })
    }

    /// The place of a byte offset. Takes time proportional to the line, and once to the text: for messages only.
    pub(crate) fn location(&self, offset: u32) -> Location {
        let bytes = self.text.as_bytes();
        let offset = (offset as usize).min(bytes.len());
        let (start, end) = self.line_around(offset);
        let line = self.breaks_before(start) + 1;
        let column =
            if self.text.is_char_boundary(offset) { self.chars_between(start, offset) + 1 } else { 1 };
        Location {
            path: self.path.clone(),
            line: line + self.lines_above,
            column: column + self.columns_left,
            length: self.text.get(offset..end).map_or(1, token_length),
            text: self
                .text
                .get(start..end)
                .map(|text| format!("{}{text}", " ".repeat(self.columns_left as usize)).into()),
        }
    }

    /// How many of something stand before each piece, the last time in the whole text.
    fn sums(&self, count: fn(&[u8]) -> u32) -> Vec<u32> {
        let counts = self.text.as_bytes().chunks(PIECE).map(count);
        let sums = counts.scan(0, |sum, n| {
            *sum += n;
            Some(*sum)
        });
        std::iter::once(0).chain(sums).collect()
    }

    fn all_breaks(&self) -> &[u32] {
        self.known.breaks.get_or_init(|| self.sums(breaks))
    }

    /// How many line breaks stand before an offset.
    fn breaks_before(&self, offset: usize) -> u32 {
        let piece = offset / PIECE;
        let before = if piece == 0 { 0 } else { self.all_breaks()[piece] };
        before + breaks(&self.text.as_bytes()[piece * PIECE..offset])
    }

    /// How many characters stand between two offsets.
    fn chars_between(&self, start: usize, end: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let (first, last) = (start.div_ceil(PIECE), end / PIECE);
        if first >= last {
            return chars(&bytes[start..end]);
        }
        let whole = self.known.chars.get_or_init(|| self.sums(chars));
        chars(&bytes[start..first * PIECE]) + whole[last] - whole[first] + chars(&bytes[last * PIECE..end])
    }

    /// Where the line begins and ends that an offset is in.
    fn line_around(&self, offset: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let piece = offset / PIECE;
        let from = piece * PIECE;
        let to = (from + PIECE).min(bytes.len());
        let start = memchr::memrchr(b'\n', &bytes[from..offset]).map(|i| from + i + 1).unwrap_or_else(|| {
            let breaks = if piece == 0 { &[0][..] } else { self.all_breaks() };
            if breaks[piece] == 0 {
                return 0;
            }
            // The piece with the last line break before this one.
            let from = (breaks.partition_point(|n| *n < breaks[piece]) - 1) * PIECE;
            memchr::memrchr(b'\n', &bytes[from..from + PIECE]).map_or(0, |i| from + i + 1)
        });
        let end = memchr::memchr(b'\n', &bytes[offset..to]).map(|i| offset + i).unwrap_or_else(|| {
            if to == bytes.len() {
                return to;
            }
            let breaks = self.all_breaks();
            // The piece with the first line break after this one.
            let next = breaks.partition_point(|n| *n <= breaks[piece + 1]);
            let from = (next.saturating_sub(1) * PIECE).min(bytes.len());
            memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |i| from + i)
        });
        (start, end)
    }
}

/// How many line breaks bytes of a text hold.
fn breaks(bytes: &[u8]) -> u32 {
    narrow(memchr::memchr_iter(b'\n', bytes).count())
}

/// How many characters bytes of a text hold.
fn chars(bytes: &[u8]) -> u32 {
    narrow(bytes.iter().filter(|b| **b & 0xC0 != 0x80).count())
}

/// How many characters of a line the token takes that begins there.
fn token_length(rest: &str) -> u32 {
    let plain = |rest: &str| {
        let mut before = ' ';
        let mut chars = rest.chars().peekable();
        let mut length = 0;
        while let Some(c) = chars.next() {
            let ends = match c {
                ':' => chars.peek().is_none_or(|next| next.is_whitespace()),
                '#' => before.is_whitespace(),
                ',' | ']' | '}' => true,
                _ => false,
            };
            if ends {
                break;
            }
            before = c;
            length += c.len_utf8();
        }
        rest[..length].trim_end().chars().count()
    };
    let quoted = |rest: &str, quote: char| {
        let mut escaped = false;
        let end = rest.chars().skip(1).position(|c| {
            let ends = c == quote && !escaped;
            escaped = quote == '"' && c == '\\' && !escaped;
            ends
        });
        end.map_or_else(|| rest.trim_end().chars().count(), |inside| inside + 2)
    };
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(rest, quote),
        Some('{' | '[' | '|' | '>') | None => 1,
        Some('-' | '?') if rest[1..].starts_with(' ') => 1,
        Some(blank) if blank.is_whitespace() => 1,
        Some(_) => plain(rest),
    };
    narrow(length.max(1))
}

/// A place in a source, cheap to keep; turned into a [`Location`] when something is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The text.
    pub(crate) source: Arc<Source>,
    /// Byte offset.
    pub(crate) offset: u32,
}

impl Mark {
    /// The place as file, line and column.
    pub(crate) fn location(&self) -> Location {
        self.source.location(self.offset)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marked<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place.
    pub(crate) mark: Mark,
}

impl<T> std::ops::Deref for Marked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_long_texts_are_those_that_counting_gives() {
        let mut text = String::new();
        for i in 0..900_usize {
            text += &"é".repeat((i * 37) % 90);
            text += &"x".repeat(if i % 300 == 299 { 3 * PIECE } else { i % 7 });
            text.push('\n');
        }
        for text in [text.clone(), text.replace('\n', " "), "\n".repeat(3 * PIECE), text + "end"] {
            let source = Source::new("t", text.clone());
            for offset in (0..=text.len()).step_by(97).chain([text.len()]) {
                let at = source.location(narrow(offset));
                let start = text.as_bytes()[..offset].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
                let line = narrow(text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count()) + 1;
                let column = narrow(text.get(start..offset).map_or(0, |s| s.chars().count())) + 1;
                assert_eq!((at.line, at.column), (line, column), "{offset}");
                assert_eq!(at.text.as_deref(), text.get(start..).and_then(|t| t.split('\n').next()));
            }
        }
    }

    #[test]
    fn tokens_are_measured_to_their_end() {
        for (rest, length) in [
            ("name: x", 4),
            ("a b # c", 3),
            ("a: {b: c}", 1),
            ("c}, d", 1),
            ("'a b': c", 5),
            (r#""a\" b" c"#, 7),
            ("\"open", 5),
            ("{a: b}", 1),
            ("- a", 1),
            ("--x", 3),
            ("http://h/x", 10),
            ("|", 1),
            ("", 1),
            ("世界: 1", 2),
        ] {
            assert_eq!(token_length(rest), length, "{rest}");
        }
    }
}
