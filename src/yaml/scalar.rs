//! What a bare text means: null, boolean, number, time or string.
//!
//! Kustomize reads with two libraries. Resources and strategic merge patches are read by the newer one
//! ([`Dialect::V3`]): only `true` and `false` are booleans, and times are a type of their own. Kustomization files
//! and JSON 6902 patches in YAML are read by the older one ([`Dialect::V2`]): the words of YAML 1.1 (`yes`, `on`,
//! `n` …) are booleans too, and times stay strings. Everything else is the same in both.
//!
//! Nearly every scalar is a string and its first byte says so; the texts that need a closer look start with a
//! digit, a sign, a point, `~` or one of a few letters.

#![expect(
    clippy::indexing_slicing,
    reason = "the table has a row for every byte, and lengths are counted in the same bytes"
)]

use super::node::Tag;
use super::number;

/// Which of the two libraries reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    /// Resources and strategic merge patches.
    V3,
    /// Kustomization files, JSON 6902 patches in YAML, and the test by which the printer decides on quotes.
    V2,
}

/// The value of a bare text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// Nothing, `~` or `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number that fits 64 bits with a sign.
    Int(i64),
    /// A whole number that fits 64 bits only without a sign.
    Uint(u64),
    /// Any other number; may be infinite or no number where the text says so.
    Float(f64),
    /// Anything else.
    Str(&'a str),
    /// A time in RFC 3339 with as many decimals as it needs. The hour of its zone may be 24, which kustomize
    /// reads but refuses to print.
    Time(String),
}

/// How a text has to be looked at, decided by its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// A string whatever follows.
    Text,
    /// One of a few words, or a string.
    Word,
    /// As `Word`, but only in the older dialect.
    OldWord,
    /// A sign or a digit: number or time.
    Number,
    /// A point: a special float, or a fraction.
    Point,
}

/// The hint for each first byte.
const HINTS: [Hint; 256] = {
    let mut hints = [Hint::Text; 256];
    let words = b"nNtTfF~";
    let old = b"yYoO";
    let numbers = b"0123456789+-";
    let mut i = 0;
    while i < words.len() {
        hints[words[i] as usize] = Hint::Word;
        i += 1;
    }
    i = 0;
    while i < old.len() {
        hints[old[i] as usize] = Hint::OldWord;
        i += 1;
    }
    i = 0;
    while i < numbers.len() {
        hints[numbers[i] as usize] = Hint::Number;
        i += 1;
    }
    hints[b'.' as usize] = Hint::Point;
    hints
};

const INFINITE: &[&str] = &[".inf", ".Inf", ".INF"];
const NAN: &[&str] = &[".nan", ".NaN", ".NAN"];

/// The type of a bare text. `<<` is a string here: that it marks a merge as a key is the parser's business.
#[inline]
pub(crate) fn resolve(text: &str, dialect: Dialect) -> Tag {
    match text.as_bytes().first() {
        None => Tag::Null,
        Some(&first) => match HINTS[first as usize] {
            Hint::Text => Tag::Str,
            Hint::OldWord if dialect == Dialect::V3 => Tag::Str,
            Hint::Word | Hint::OldWord if text.len() > 5 => Tag::Str,
            Hint::Number if number::is_usual(text) => Tag::Int,
            _ => tag_of(&value(text, dialect)),
        },
    }
}

/// The type of a value.
pub(crate) fn tag_of(value: &Value<'_>) -> Tag {
    match value {
        Value::Null => Tag::Null,
        Value::Bool(_) => Tag::Bool,
        Value::Int(_) | Value::Uint(_) => Tag::Int,
        Value::Float(_) => Tag::Float,
        Value::Str(_) => Tag::Str,
        Value::Time(_) => Tag::Timestamp,
    }
}

/// The value of a bare text.
pub(crate) fn value(text: &str, dialect: Dialect) -> Value<'_> {
    let Some(&first) = text.as_bytes().first() else { return Value::Null };
    match HINTS[first as usize] {
        Hint::Text => Value::Str(text),
        Hint::Word | Hint::OldWord => word(text, dialect),
        Hint::Point => point(text),
        Hint::Number => {
            if let Some(time) = time(text) {
                return match dialect {
                    Dialect::V3 => Value::Time(time),
                    Dialect::V2 => Value::Str(text),
                };
            }
            number(text)
        }
    }
}

/// The value of a text under an explicit tag other than `!!timestamp`: as [`value`], but times are strings.
pub(crate) fn untimed(text: &str) -> Value<'_> {
    match text.as_bytes().first() {
        Some(&first) if HINTS[first as usize] == Hint::Number => number(text),
        _ => value(text, Dialect::V3),
    }
}

fn word(text: &str, dialect: Dialect) -> Value<'_> {
    match text {
        "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if dialect == Dialect::V3 => Value::Str(text),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => Value::Str(text),
    }
}

/// A text that starts with a point. Underscores may stand between digits only.
fn point(text: &str) -> Value<'_> {
    if INFINITE.contains(&text) {
        return Value::Float(f64::INFINITY);
    }
    if NAN.contains(&text) {
        return Value::Float(f64::NAN);
    }
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let lonely = (0..bytes.len()).any(|i| bytes[i] == b'_' && !(i > 0 && digit(i - 1) && digit(i + 1)));
    if lonely {
        return Value::Str(text);
    }
    float(&text.replace('_', "")).map_or(Value::Str(text), Value::Float)
}

/// A text that starts with a sign or a digit and is no time. Underscores may stand anywhere after.
fn number(text: &str) -> Value<'_> {
    match text.as_bytes() {
        [b'+', rest @ ..] if INFINITE.iter().any(|w| w.as_bytes() == rest) => {
            return Value::Float(f64::INFINITY);
        }
        [b'-', rest @ ..] if INFINITE.iter().any(|w| w.as_bytes() == rest) => {
            return Value::Float(f64::NEG_INFINITY);
        }
        _ => {}
    }
    let joined;
    let bare = if text.contains('_') {
        joined = text.replace('_', "");
        joined.as_str()
    } else {
        text
    };
    if let Some(value) = integer(bare) {
        return value;
    }
    float(bare).map_or(Value::Str(text), Value::Float)
}

/// A whole number in any base, within 64 bits.
fn integer(text: &str) -> Option<Value<'static>> {
    let (negative, signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (base, body) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    match body.as_bytes().first()? {
        b'+' | b'-' => {
            // a sign after the prefix is taken after `0b` and `0o`, where none stands before it
            let taken = !signed && (digits.starts_with("0b") || digits.starts_with("0o"));
            return if taken { i64::from_str_radix(body, base).ok().map(Value::Int) } else { None };
        }
        _ => {}
    }
    let size = u64::from_str_radix(body, base).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(n)) => Some(Value::Int(n)),
        (true, Ok(n)) => Some(Value::Int(-n)),
        (true, Err(_)) if size == 1 << 63 => Some(Value::Int(i64::MIN)),
        // a spelling with a sign has no range above that
        (false, Err(_)) if !signed => Some(Value::Uint(size)),
        _ => None,
    }
}

/// A decimal float within the range of 64 bits.
fn float(text: &str) -> Option<f64> {
    let b = text.as_bytes();
    let mut i = usize::from(matches!(b.first(), Some(b'+' | b'-')));
    let digits = |from: usize| b[from.min(b.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
    let whole = digits(i);
    i += whole;
    if b.get(i) == Some(&b'.') {
        let fraction = digits(i + 1);
        if whole + fraction == 0 {
            return None;
        }
        i += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(b.get(i), Some(b'e' | b'E')) {
        i += 1;
        i += usize::from(matches!(b.get(i), Some(b'+' | b'-')));
        let exponent = digits(i);
        if exponent == 0 {
            return None;
        }
        i += exponent;
    }
    if i != b.len() {
        return None;
    }
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// Reads a run of digits: the number and what follows it.
fn run(b: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let n = b.iter().take(most).take_while(|c| c.is_ascii_digit()).count();
    (n >= least).then(|| (b[..n].iter().fold(0, |v, c| v * 10 + u32::from(c - b'0')), &b[n..]))
}

/// A time, as RFC 3339; `None` if the text is none.
///
/// Taken are `YYYY-M-D`, the same with `h:m:s` after blanks and no zone, and with `T` or `t`, `h:m:s` and a zone.
/// One or two digits do for each part; the day has to exist.
pub(crate) fn time(text: &str) -> Option<String> {
    let b = text.as_bytes();
    if b.len() < 8 || b[4] != b'-' {
        return None;
    }
    let (year, b) = run(b, 4, 4)?;
    let (month, b) = run(b.strip_prefix(b"-")?, 1, 2)?;
    let (day, b) = run(b.strip_prefix(b"-")?, 1, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let (clock, zoned) = match b {
        [] => return Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z")),
        [b'T' | b't', rest @ ..] => (rest, true),
        [b' ', ..] => (&b[b.iter().take_while(|c| **c == b' ').count()..], false),
        _ => return None,
    };
    let (hour, b) = run(clock, 1, 2)?;
    let (minute, b) = run(b.strip_prefix(b":")?, 1, 2)?;
    let (second, mut b) = run(b.strip_prefix(b":")?, 1, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut fraction: &[u8] = &[];
    if let [b'.' | b',', rest @ ..] = b {
        let n = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        if n == 0 {
            return None;
        }
        (fraction, b) = rest.split_at(n);
    }
    let zone = match b {
        [] if !zoned => "Z".to_owned(),
        b"Z" if zoned => "Z".to_owned(),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] if zoned => {
            let (h, _) = run(&[*h1, *h2], 2, 2)?;
            let (m, _) = run(&[*m1, *m2], 2, 2)?;
            if h > 24 || m > 60 {
                return None;
            }
            let all = h * 60 + m;
            if all == 0 {
                "Z".to_owned()
            } else {
                format!("{}{:02}:{:02}", char::from(*sign), all / 60, all % 60)
            }
        }
        _ => return None,
    };
    let mut out = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let fraction = &fraction[..fraction.len().min(9)];
    let shown = fraction.iter().rposition(|c| *c != b'0').map_or(0, |last| last + 1);
    if shown > 0 {
        out.push('.');
        out.extend(fraction[..shown].iter().map(|c| char::from(*c)));
    }
    out.push_str(&zone);
    Some(out)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_types_that_kustomize_gives_them() {
        let table: &[(&str, Tag)] = &[
            ("", Tag::Null),
            ("~", Tag::Null),
            ("NULL", Tag::Null),
            ("nUll", Tag::Str),
            ("true", Tag::Bool),
            ("FALSE", Tag::Bool),
            ("tRue", Tag::Str),
            ("yes", Tag::Str),
            ("on", Tag::Str),
            ("n", Tag::Str),
            ("<<", Tag::Str),
            ("=", Tag::Str),
            ("abc", Tag::Str),
            (".", Tag::Str),
            ("+", Tag::Str),
            ("-", Tag::Str),
            ("1", Tag::Int),
            ("01", Tag::Int),
            ("08", Tag::Float),
            ("0777", Tag::Int),
            ("0o17", Tag::Int),
            ("0o8", Tag::Str),
            ("0b2", Tag::Str),
            ("0x", Tag::Str),
            ("0x_1", Tag::Int),
            ("1__", Tag::Int),
            ("_1", Tag::Str),
            ("1_000", Tag::Int),
            ("0x10000000000000000", Tag::Str),
            ("1e400", Tag::Str),
            ("1e-400", Tag::Float),
            ("18446744073709551615", Tag::Int),
            ("18446744073709551616", Tag::Float),
            ("+9223372036854775808", Tag::Float),
            ("-9223372036854775808", Tag::Int),
            ("1:30", Tag::Str),
            ("-9223372036854775809", Tag::Float),
            ("1.", Tag::Float),
            (".5", Tag::Float),
            ("+.5", Tag::Float),
            (".1_0", Tag::Float),
            ("._5", Tag::Str),
            (".5_", Tag::Str),
            (".5_e3", Tag::Str),
            (".5e1_0", Tag::Float),
            ("0x1p4", Tag::Str),
            ("10.0.0.1", Tag::Str),
            ("1Gi", Tag::Str),
            ("100m", Tag::Str),
            ("1e3", Tag::Float),
            ("-.inf", Tag::Float),
            ("+.INF", Tag::Float),
            (".nan", Tag::Float),
            ("+.nan", Tag::Str),
            ("0b-11", Tag::Int),
            ("-0b-1", Tag::Str),
            ("0o+7", Tag::Int),
            ("-0b11", Tag::Int),
            ("0x-1", Tag::Str),
            ("2001-1-1", Tag::Timestamp),
            ("2001-02-30", Tag::Str),
            ("2001-01-01T01:02:03", Tag::Str),
            ("2001-01-01 1:2:3", Tag::Timestamp),
            ("1e", Tag::Str),
            ("1e+", Tag::Str),
            ("0", Tag::Int),
            ("00", Tag::Int),
        ];
        for (text, tag) in table {
            assert_eq!(resolve(text, Dialect::V3), *tag, "{text}");
            if !matches!(*text, "yes" | "on" | "n") && *tag != Tag::Timestamp {
                assert_eq!(resolve(text, Dialect::V2), *tag, "{text}");
            }
        }
    }

    #[test]
    fn the_older_dialect_knows_more_booleans_and_no_times() {
        for (text, tag) in [
            ("yes", Tag::Bool),
            ("Off", Tag::Bool),
            ("y", Tag::Bool),
            ("oN", Tag::Str),
            ("2001-1-1", Tag::Str),
        ] {
            assert_eq!(resolve(text, Dialect::V2), tag, "{text}");
        }
        assert_eq!(value("N", Dialect::V2), Value::Bool(false));
    }

    #[test]
    fn numbers_have_their_values() {
        let table: &[(&str, Value<'_>)] = &[
            ("0777", Value::Int(511)),
            ("0x1F", Value::Int(31)),
            ("-0o17", Value::Int(-15)),
            ("0B11", Value::Int(3)),
            ("1_000", Value::Int(1000)),
            ("-0", Value::Int(0)),
            ("0b-11", Value::Int(-3)),
            ("012.5", Value::Float(12.5)),
            ("18446744073709551615", Value::Uint(u64::MAX)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("1__0.5", Value::Float(10.5)),
            ("08", Value::Float(8.0)),
            ("1e3_0", Value::Float(1e30)),
            (".5", Value::Float(0.5)),
        ];
        for (text, want) in table {
            assert_eq!(value(text, Dialect::V3), *want, "{text}");
        }
    }

    #[test]
    fn times_are_normalised() {
        let table = [
            ("2001-1-1", Some("2001-01-01T00:00:00Z")),
            ("2001-12-14T21:59:43.10-05:00", Some("2001-12-14T21:59:43.1-05:00")),
            ("2001-12-14t1:2:3,5Z", Some("2001-12-14T01:02:03.5Z")),
            ("2001-01-01T01:02:03.1234567891Z", Some("2001-01-01T01:02:03.123456789Z")),
            ("2001-01-01T01:02:03-00:00", Some("2001-01-01T01:02:03Z")),
            ("2001-01-01T01:02:03+01:60", Some("2001-01-01T01:02:03+02:00")),
            ("2001-01-01   1:2:3.000", Some("2001-01-01T01:02:03Z")),
            ("0000-02-29", Some("0000-02-29T00:00:00Z")),
            ("1900-02-29", None),
            ("2001-01-01T24:00:00Z", None),
            ("2001-01-01T1:2:3.Z", None),
            ("2001-01-01T1:2:3z", None),
            ("2001-01-01 1:2:3Z", None),
            ("2001-01-01T01:02:03+0100", None),
            ("2001-01-01 ", None),
            ("20010-1-1", None),
        ];
        for (text, want) in table {
            assert_eq!(time(text).as_deref(), want, "{text}");
        }
    }
}
