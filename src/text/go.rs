//! Texts as Go writes and reads them: quoted strings, floating point numbers, booleans.
//!
//! kustomize's output and file names show Go's spelling in a few places; the functions here give the same bytes.

use regex::Regex;
use std::fmt::Write;
use std::sync::OnceLock;

/// A string in double quotes as `%q` and `strconv.Quote` write it.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let short = match c {
            '\x07' => 'a',
            '\x08' => 'b',
            '\x0c' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\x0b' => 'v',
            '"' | '\\' => c,
            _ if is_print(c) => {
                out.push(c);
                continue;
            }
            _ => {
                let n = c as u32;
                let _ = match n {
                    0..0x80 => write!(out, "\\x{n:02x}"),
                    0x80..0x10000 => write!(out, "\\u{n:04x}"),
                    _ => write!(out, "\\U{n:08x}"),
                };
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
    out.push('"');
    out
}

/// A boolean as `strconv.ParseBool` reads it.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Returns whether Go counts a character as printable: letters, marks, numbers, punctuation, symbols and the space.
pub(crate) fn is_print(c: char) -> bool {
    static PRINT: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    PRINT
        .get_or_init(|| Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").ok())
        .as_ref()
        .is_some_and(|r| r.is_match(c.encode_utf8(&mut [0; 4])))
}

/// Writes a float in Go's shortest `g` form: an exponent below 1e-4 and from 1e6 on.
fn shortest(digits: &str, out: &mut String) {
    // `digits` is Rust's `{:e}`: `-1.25e-7`, with the shortest digits that give the number back.
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let Some((mantissa, exponent)) = digits.split_once('e') else {
        out.push_str(sign);
        out.push_str(match digits {
            "inf" if sign.is_empty() => "+Inf",
            "inf" => "Inf",
            other => other,
        });
        return;
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    out.push_str(sign);
    if !(-4..6).contains(&exponent) {
        out.push_str(mantissa);
        let _ = write!(out, "e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1));
        out.push_str(first);
        out.push_str(rest);
    } else {
        let whole = exponent.unsigned_abs() as usize;
        out.push_str(first);
        out.push_str(&rest[..rest.len().min(whole)]);
        out.extend(std::iter::repeat_n('0', whole.saturating_sub(rest.len())));
        if rest.len() > whole {
            out.push('.');
            out.push_str(&rest[whole..]);
        }
    }
}

/// A 64-bit float as `strconv.FormatFloat(f, 'g', -1, 64)` writes it.
pub(crate) fn float(value: f64) -> String {
    let mut out = String::new();
    shortest(&format!("{value:e}"), &mut out);
    out
}

/// A 64-bit float as `%v` writes it: digits only from 1e-4 up to 1e21, else with an exponent.
pub(crate) fn float_v(value: f64) -> String {
    if (1e6..1e21).contains(&value.abs()) { value.to_string() } else { float(value) }
}

/// A 32-bit float as `strconv.FormatFloat(f, 'g', -1, 32)` writes it.
pub(crate) fn float32(value: f32) -> String {
    let mut out = String::new();
    shortest(&format!("{value:e}"), &mut out);
    out
}

/// A finite 64-bit float as Go's JSON encoder writes it: digits only from 1e-6 up to 1e21, else with an exponent.
pub(crate) fn json_float(value: f64) -> String {
    let mut out = String::new();
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let _ = write!(out, "{value:e}");
        if size >= 1.0 {
            out = out.replace('e', "e+");
        }
    } else {
        let _ = write!(out, "{value}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_in_go() {
        for (text, quoted) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a\"\\\n\t\r\x07\x08\x0b\x0c", r#""a\"\\\n\t\r\a\b\v\f""#),
            ("\0\x1b\x7f", r#""\x00\x1b\x7f""#),
            ("é😀", r#""é😀""#),
            ("\u{a0}\u{85}\u{feff}\u{2028}", r#""\u00a0\u0085\ufeff\u2028""#),
            ("\u{e0001}", r#""\U000e0001""#),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }

    #[test]
    fn floats_are_spelled_as_in_go() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (0.5, "0.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (100_000.5, "100000.5"),
            (1_234_567.5, "1.2345675e+06"),
            (123_456_789.125, "1.23456789125e+08"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1e20, "1e+20"),
            (1e-7, "1e-07"),
            (2.75, "2.75"),
            (5e-324, "5e-324"),
            (-1.5e300, "-1.5e+300"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float(value), text);
        }
        assert_eq!(float32(123_456_789.125), "1.2345679e+08");
        for (value, text) in
            [(-0.5, "-0.5"), (1e6, "1000000"), (1e20, "100000000000000000000"), (1e21, "1e+21")]
        {
            assert_eq!(float_v(value), text);
        }
    }

    #[test]
    fn json_floats_have_no_exponent_below_1e21() {
        for (value, text) in [
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-9, "1.5e-9"),
            (0.0, "0"),
            (-0.0, "-0"),
            (6.0, "6"),
            (1.5, "1.5"),
        ] {
            assert_eq!(json_float(value), text);
        }
    }
}
