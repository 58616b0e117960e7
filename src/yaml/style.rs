//! How a string is written: bare, in single quotes, in double quotes or as a literal block.
//!
//! kustomize's printer writes a string bare where its own reader would take the bare text for a string again, in
//! double quotes where it would not, and else decides by what the text contains. One pass over the bytes gathers
//! what matters; the usual string needs no other.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have a row for every byte, and texts are not empty where their ends are looked at"
)]

use super::chars::{is_break, is_printable};
use super::node::Tag;
use super::scalar::{self, Dialect};

/// `:`
const COLON: u8 = 1;
/// `#`
const HASH: u8 = 2;
/// A line feed.
pub(crate) const LINE: u8 = 4;
/// Not ASCII.
pub(crate) const HIGH: u8 = 8;
/// A control character other than the line feed.
pub(crate) const CONTROL: u8 = 16;
/// What needs a closer look.
pub(crate) const ODD: u8 = LINE | HIGH | CONTROL;
/// Stands in no number and no time. Not to be relied upon in texts of more than [`LONG`] bytes.
const WORDY: u8 = 32;

/// Keys longer than this, in bytes, are written after `?`.
pub(crate) const SIMPLE_KEY: usize = 128;

/// No number or time that a person would write has as many bytes.
const LONG: usize = 32;

const BYTES: [u8; 256] = {
    let mut t = [WORDY; 256];
    let numeric = b"0123456789abcdefABCDEFxXoOiInNtTZ_+-., ";
    let mut i = 0;
    while i < numeric.len() {
        t[numeric[i] as usize] = 0;
        i += 1;
    }
    t[b':' as usize] = COLON;
    t[b'#' as usize] |= HASH;
    i = 0;
    while i < 32 {
        t[i] |= CONTROL;
        i += 1;
    }
    t[0x7f] |= CONTROL;
    t[b'\n' as usize] = LINE | WORDY;
    i = 128;
    while i < 256 {
        t[i] |= HIGH;
        i += 1;
    }
    t
};

/// A string that starts so is not written bare.
const INDICATOR: u8 = 1;
/// So it is if a blank or nothing follows: `-`, `?`, `:`.
const BEFORE_BLANK: u8 = 2;
/// May start one of the words that are no strings.
const WORD: u8 = 4;
/// May start a number or a time.
const NUMBER: u8 = 8;
/// May start `---` or `...`.
const MARKER: u8 = 16;

const FIRST: [u8; 256] = {
    let mut t = [0; 256];
    let sets: [(&[u8], u8); 5] = [
        (b" #,[]{}&*!|>'\"%@`", INDICATOR),
        (b"-?:", BEFORE_BLANK),
        (b"yYnNtTfFoO~", WORD),
        (b"0123456789+-.", NUMBER),
        (b"-.", MARKER),
    ];
    let mut s = 0;
    while s < sets.len() {
        let mut i = 0;
        while i < sets[s].0.len() {
            t[sets[s].0[i] as usize] |= sets[s].1;
            i += 1;
        }
        s += 1;
    }
    t
};

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Bare.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As a block after `|`.
    Literal,
}

/// What kinds of bytes a text holds.
#[inline]
pub(crate) fn bytes_of(text: &str) -> u8 {
    let (chunks, rest) = text.as_bytes().as_chunks::<LONG>();
    chunks.iter().map(chunk).chain(rest.iter().map(|b| BYTES[*b as usize])).fold(0, |all, bits| all | bits)
}

/// As [`bytes_of`], in a form that compiles to vector instructions.
fn chunk(bytes: &[u8; LONG]) -> u8 {
    let (mut colon, mut hash, mut line, mut low, mut high, mut delete) = (0, 0, 0, 0, 0, 0);
    for &b in bytes {
        colon |= u8::from(b == b':');
        hash |= u8::from(b == b'#');
        line |= u8::from(b == b'\n');
        low |= u8::from(b < b' ' && b != b'\n');
        delete |= u8::from(b == 0x7f);
        high |= b;
    }
    let found = [(colon, COLON), (hash, HASH), (line, LINE), (low | delete, CONTROL), (high >> 7, HIGH)];
    found.iter().fold(0, |all, (is_there, bit)| all | (is_there * bit))
}

/// How to write a text without line feeds, controls and characters beyond ASCII. `bytes` is its [`bytes_of`].
#[inline]
pub(crate) fn of_ascii(text: &str, bytes: u8) -> Written {
    let b = text.as_bytes();
    let Some(&start) = b.first() else { return Written::Double };
    let first = FIRST[start as usize];
    if first & (WORD | NUMBER) != 0 && !is_string(text, first, bytes) {
        return Written::Double;
    }
    let last = b[b.len() - 1];
    let quoted = first & INDICATOR != 0
        || last == b' '
        || first & BEFORE_BLANK != 0 && (b.len() == 1 || b[1] == b' ')
        || first & MARKER != 0 && (text.starts_with("---") || text.starts_with("..."))
        || bytes & COLON != 0 && (last == b':' && b.len() > 1 || follows(b, b':', b' '))
        || bytes & HASH != 0 && follows(b, b' ', b'#');
    if quoted { Written::Single } else { Written::Plain }
}

/// Returns whether `second` stands directly after `first` somewhere. In a form that compiles to vector instructions.
fn follows(bytes: &[u8], first: u8, second: u8) -> bool {
    let pairs = bytes.chunks(2 * LONG).zip(bytes.get(1..).unwrap_or_default().chunks(2 * LONG));
    let found =
        |a: &[u8], b: &[u8]| a.iter().zip(b).fold(false, |f, (x, y)| f | (*x == first) & (*y == second));
    pairs.into_iter().any(|(a, b)| found(a, b))
}

/// Returns whether a string that was read from a bare text of one or more lines is printed bare. False where it would take
/// long to find out.
#[inline]
pub(crate) fn stays_bare(text: &str) -> bool {
    let (Some(&start), Some(&end)) = (text.as_bytes().first(), text.as_bytes().last()) else { return false };
    if end == b':' {
        return false;
    }
    match FIRST[start as usize] {
        0 => text.is_ascii(),
        WORD => text.is_ascii() && (text.len() > 5 || scalar::resolve(text, Dialect::V2) == Tag::Str),
        _ => {
            let bytes = bytes_of(text);
            bytes & ODD == 0 && of_ascii(text, bytes) == Written::Plain
        }
    }
}

/// How to write any text. `bytes` is its [`bytes_of`].
pub(crate) fn of_any(text: &str, bytes: u8) -> Written {
    if bytes & LINE != 0 {
        return if literal_allowed(text, bytes) { Written::Literal } else { Written::Double };
    }
    if bytes & (HIGH | CONTROL) == 0 {
        return of_ascii(text, bytes);
    }
    let (mut special, mut breaks, mut indicator) = (false, false, false);
    let (mut after, mut after_blank) = ('\0', true);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let first = after == '\0';
        special |= !is_printable(c) || c == ' ' && is_break(after) || is_break(c) && after == ' ';
        breaks |= is_break(c);
        indicator |= match c {
            ':' | '?' | '-' if first || c == ':' => {
                rest.as_str().is_empty() || rest.as_str().starts_with([' ', '\t'])
            }
            '#' => after_blank,
            _ => first && c.is_ascii() && FIRST[c as usize] & INDICATOR != 0,
        };
        after_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
        // The writer's look at the first character is by place; a NUL is special anyway.
        after = if c == '\0' { '\u{1}' } else { c };
    }
    match () {
        () if special => Written::Double,
        () if breaks || indicator || text.ends_with(' ') => Written::Single,
        () if text.starts_with("---") || text.starts_with("...") => Written::Single,
        () => Written::Plain,
    }
}

/// Returns whether a text with line feeds can be a literal block: no blank before a break or at the end, only printable
/// characters.
fn literal_allowed(text: &str, bytes: u8) -> bool {
    if bytes & CONTROL != 0 {
        return false;
    }
    if bytes & HIGH == 0 {
        return !text.ends_with(' ') && !follows(text.as_bytes(), b' ', b'\n');
    }
    let mut after = '\0';
    text.chars().all(|c| {
        let fits = is_printable(c) && !(after == ' ' && is_break(c));
        after = c;
        fits
    }) && !text.ends_with(' ')
}

/// Returns whether the printer's library takes the bare text for a string. `first` is of its first byte.
fn is_string(text: &str, first: u8, bytes: u8) -> bool {
    if first & WORD != 0 {
        return text.len() > 5 || scalar::resolve(text, Dialect::V2) == Tag::Str;
    }
    if bytes & (WORDY | HIGH | CONTROL) != 0 {
        return true;
    }
    let alone = scalar::resolve(text, Dialect::V2) == Tag::Str;
    alone && !base60(text.as_bytes()) && scalar::time(text).is_none()
}

/// Returns whether a text is a number to base 60, as `1:30`: a string to the reader, but quoted for the sake of others.
fn base60(b: &[u8]) -> bool {
    let b = b.strip_prefix(b"-").or_else(|| b.strip_prefix(b"+")).unwrap_or(b);
    let digit = |c: &u8| c.is_ascii_digit();
    if !b.first().is_some_and(digit) {
        return false;
    }
    let head = b.iter().take_while(|c| digit(c) || **c == b'_').count();
    let mut rest = &b[head..];
    let mut parts = 0;
    loop {
        rest = match rest {
            [b':', b'0'..=b'5', b'0'..=b'9', tail @ ..] | [b':', b'0'..=b'9', tail @ ..] => tail,
            _ => break,
        };
        parts += 1;
    }
    let fraction = match rest {
        [] => true,
        [b'.', tail @ ..] => tail.iter().all(|c| digit(c) || *c == b'_'),
        _ => false,
    };
    parts > 0 && fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Written {
        of_any(text, bytes_of(text))
    }

    #[test]
    fn long_texts_are_looked_at_as_closely_as_short_ones() {
        for c in "aZ09 -_~:#\n\t\0\x1f\x7fé\u{a0}\u{2028}😀".chars() {
            for n in 0..70 {
                let text = format!("{}{c}{}", "x".repeat(n), "y".repeat(70 - n));
                let one_by_one = text.bytes().fold(0, |all, b| all | BYTES[b as usize]);
                assert_eq!(bytes_of(&text) & !WORDY, one_by_one & !WORDY, "{text}");
            }
        }
        let zeros = "0".repeat(80);
        assert_eq!(of(&zeros), Written::Double);
        assert_eq!(of(&format!("{zeros}g")), Written::Plain);
        assert_eq!(of(&format!("g{zeros}")), Written::Plain);
        assert_eq!(of(&format!("1{zeros}.5")), Written::Double);
        assert_eq!(of(&format!("1{zeros}\t")), Written::Double);
    }

    #[test]
    fn strings_that_would_be_read_as_something_else_are_in_double_quotes() {
        let quoted = "~ null Null NULL true True FALSE yes y N on Off 1 0x1F 0o7 1_000 1e3 .5 .inf +.inf -.INF .nan 08 \
                      1:30 1:30:45.5 -1:2 +1_0:5 2001-01-01 2001-1-1T1:2:3Z 2001-1-1t1:2:3.5+01:00 -1 +1 0b1 1. 190:20:30";
        for text in quoted.split_whitespace() {
            assert_eq!(of(text), Written::Double, "{text}");
        }
        assert_eq!(of(""), Written::Double);
        assert_eq!(of("2001-1-1 1:2:3"), Written::Double);
        let bare = "nUll tRue 0x 0o8 1e400 1:60 2001-02-30 . + = _1 << yess nope ~a 0x1g 1.2.3 10m 1Gi 1: -a .. - -- a#b ?a \
                    :a a:b a, it's 1:2:x";
        for text in bare.split_whitespace().filter(|t| !["-", "1:", "a,"].contains(t)) {
            assert_eq!(of(text), Written::Plain, "{text}");
        }
    }

    #[test]
    fn texts_with_a_meaning_to_yaml_are_in_single_quotes() {
        for text in [
            "-",
            "?",
            ":",
            "- a",
            "? a",
            ": a",
            "a: b",
            "a:",
            "a #b",
            " a",
            "a ",
            "#a",
            ",",
            "[",
            "]",
            "{",
            "}",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'a",
            "\"a",
            "%",
            "@a",
            "`",
            "---",
            "--- a",
            "...",
            "---a",
            "é: b",
            "é:",
            "é #",
            "1:",
            "\u{2028}a",
            "a\u{2028}",
            "a\u{2028}b",
            "#é",
            " é",
            "é ",
        ] {
            assert_eq!(of(text), Written::Single, "{text}");
        }
        for text in [
            "it's",
            "say \"hi\"",
            "a#b",
            "a, b",
            "-a",
            "é",
            "\u{a0}",
            "\u{200b}",
            "a?b",
            "é-",
            "é?",
            "-é",
            "a\u{3000}#b",
        ] {
            assert_eq!(of(text), Written::Plain, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_escaped() {
        for text in [
            "a\tb",
            "\r",
            "\u{feff}",
            "😀",
            "\0",
            "a \u{2028}",
            "a\u{2028} b",
            "a \nb",
            "a\nb ",
            "a\tb\n",
            "a\n😀",
        ] {
            assert_eq!(of(text), Written::Double, "{text}");
        }
        for text in ["a\nb", "a\n b", "\n", " a\nb\n", "é\nü", "a\u{2028}b\n"] {
            assert_eq!(of(text), Written::Literal, "{text}");
        }
    }
}
