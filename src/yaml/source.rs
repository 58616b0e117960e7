//! Texts that were read, and places in them.

use crate::diag::Location;
use std::sync::{Arc, OnceLock};

/// A text and where it came from. Offsets into it are bytes; it is shorter than 2 GiB.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The file as the user would name it; the file that holds the text for an inline one.
    pub path: Arc<str>,
    /// The text: UTF-8, CR LF already LF.
    pub text: String,
    /// Lines above the text's first line in the file (an inline patch begins further down).
    pub lines_above: u32,
    /// Columns left of the text in the file.
    pub columns_left: u32,
    /// Whether a comment may be a JSON object, once that was asked.
    json_comments: OnceLock<bool>,
}

impl Source {
    /// The longest text that offsets can address, in bytes.
    pub const LIMIT: usize = (1 << 31) - 1;

    /// A text that is a whole file. The caller has checked [`Source::LIMIT`].
    pub fn new(path: impl Into<Arc<str>>, text: String) -> Arc<Self> {
        Self::part(path, text, 0, 0)
    }

    /// A text that stands inside a file, as the value at `at`.
    pub fn inline(at: &Location, text: String) -> Arc<Self> {
        Self::part(at.path.clone(), text, at.line.saturating_sub(1), 0)
    }

    /// A text that stands inside a file, below so many lines and right of so many columns.
    pub fn part(path: impl Into<Arc<str>>, text: String, lines_above: u32, columns_left: u32) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text, lines_above, columns_left, json_comments: OnceLock::new() })
    }

    /// Whether a `#` is followed by `{`, so that a comment may be a JSON object.
    pub fn has_json_comments(&self) -> bool {
        *self.json_comments.get_or_init(|| {
            let bytes = self.text.as_bytes();
            memchr::memchr_iter(b'#', bytes).any(|i| {
                let rest = bytes[i..].iter().find(|b| !matches!(b, b'#' | b' ' | b'\t'));
                rest == Some(&b'{')
            })
        })
    }

    /// The place of a byte offset. Takes time proportional to the offset: for messages only.
    pub fn location(&self, offset: u32) -> Location {
        let bytes = self.text.as_bytes();
        let offset = (offset as usize).min(bytes.len());
        let start = memchr::memrchr(b'\n', &bytes[..offset]).map_or(0, |i| i + 1);
        let end = memchr::memchr(b'\n', &bytes[offset..]).map_or(bytes.len(), |i| offset + i);
        let line = memchr::memchr_iter(b'\n', &bytes[..start]).count() as u32 + 1;
        let column = self.text.get(start..offset).map_or(0, |s| s.chars().count()) as u32 + 1;
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
    length.max(1) as u32
}

/// A place in a source, cheap to keep; turned into a [`Location`] when something is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The text.
    pub source: Arc<Source>,
    /// Byte offset.
    pub offset: u32,
}

impl Mark {
    /// The place as file, line and column.
    pub fn location(&self) -> Location {
        self.source.location(self.offset)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub mark: Mark,
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
