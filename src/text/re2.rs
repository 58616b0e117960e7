//! Go's regular expressions (RE2 syntax) on top of the `regex` crate.
//!
//! Kustomize's selectors are patterns of Go's `regexp` package. The two languages agree in most things; a small
//! scanner reads the pattern as Go does, refuses what Go refuses and writes the rest anew for the crate:
//! `\Q..\E`, braces that are no repetition, classes without set operations, a repetition after a group of flags,
//! and `\d`, `\w`, `\s`, `\b` for ASCII only. One thing differs still: Unicode class names are those of the crate.

use regex::{Regex, RegexBuilder};
use std::fmt::Write;

/// The largest count in a repetition, and the largest product of those that stand one inside the other.
const MAX_REPEAT: i64 = 1000;

/// Sizes of compiled patterns that are tried, in bytes. Compiling takes time in proportion to the size, and how large a
/// pattern becomes is known only then: a few characters with counts can stand for a million states.
const SIZES: [u32; 7] = [8 << 10, 32 << 10, 128 << 10, 512 << 10, 2 << 20, 8 << 20, 32 << 20];

/// How large the tables may become that a pattern fills while it is matched, in bytes.
const TABLES: usize = 256 << 10;

/// Asks for a number of bytes; an error says why there are no more.
pub(crate) type Room<'a> = &'a dyn Fn(u64) -> Result<(), String>;

/// Compiles a pattern of Go. The error is Go's text, or that of `room`, which is asked before anything is allocated.
pub(crate) fn compile(pattern: &str, room: Room<'_>) -> Result<Regex, String> {
    let out = String::with_capacity(pattern.len() + 8);
    let mut scanner = Scanner { text: pattern, at: 0, out, groups: vec![Group::default()] };
    scanner.scan()?;
    if scanner.groups.len() > 1 {
        return Err(format!("missing closing ): `{pattern}`"));
    }
    let mut builder = RegexBuilder::new(&scanner.out);
    builder.nest_limit(1000).dfa_size_limit(TABLES);
    for size in SIZES {
        room(size.into())?;
        match builder.size_limit(size as usize).build() {
            Ok(regex) => return Ok(regex),
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(_) => return Err(format!("invalid character class range or group: `{pattern}`")),
        }
    }
    Err(format!("expression too large: `{pattern}`"))
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// The open groups, and the whole.
    groups: Vec<Group>,
}

/// What was read of a group.
#[derive(Default)]
struct Group {
    /// The largest product of counts that stand one inside the other, but for those of the operand.
    product: i64,
    /// What a repetition would repeat.
    operand: Option<Operand>,
}

impl Group {
    /// The largest product of all.
    fn close(self) -> i64 {
        self.product.max(self.operand.map_or(0, |o| o.product))
    }
}

/// What can be repeated.
struct Operand {
    /// Where in the output it ends.
    end: usize,
    /// Whether it ends in a repetition that is not lazy, so that a question mark would belong to that.
    greedy: bool,
    /// The largest product of counts in it.
    product: i64,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        self.at += if found { prefix.len() } else { 0 };
        found
    }

    fn scan(&mut self) -> Result<(), String> {
        // Where the repetition before began.
        let mut repeated: Option<usize> = None;
        while let Some(c) = self.peek() {
            let start = self.at;
            let count = if c == '{' { self.count()? } else { None };
            if count.is_some() || matches!(c, '*' | '+' | '?') {
                let (text, times) = count.unwrap_or_else(|| {
                    self.at += 1;
                    (c.to_string(), 1)
                });
                self.repeat(start, &text, times, repeated)?;
                repeated = Some(start);
                continue;
            }
            repeated = None;
            match c {
                '(' => self.group()?,
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                    self.set_operand(None);
                }
                ')' if self.groups.len() == 1 => return Err(format!("unexpected ): `{}`", self.text)),
                ')' => {
                    self.at += 1;
                    self.out.push(c);
                    let product = self.groups.pop().map_or(1, Group::close);
                    self.operand(product);
                }
                '.' | '^' | '$' => {
                    self.at += 1;
                    self.out.push(c);
                    self.operand(1);
                }
                '[' => {
                    self.class()?;
                    self.operand(1);
                }
                '\\' => self.escape()?,
                _ => {
                    self.at += c.len_utf8();
                    literal(&mut self.out, c);
                    self.operand(1);
                }
            }
        }
        Ok(())
    }

    fn set_operand(&mut self, operand: Option<Operand>) {
        if let Some(group) = self.groups.last_mut() {
            let before = std::mem::replace(&mut group.operand, operand);
            group.product = group.product.max(before.map_or(0, |o| o.product));
        }
    }

    /// What was written last can be repeated.
    fn operand(&mut self, product: i64) {
        self.set_operand(Some(Operand { end: self.out.len(), greedy: false, product }));
    }

    /// A repetition. It is put after what it repeats: groups of flags may have come between.
    fn repeat(&mut self, start: usize, text: &str, times: i64, before: Option<usize>) -> Result<(), String> {
        let lazy = self.take("?");
        let written = |from: usize| self.text.get(from..self.at).unwrap_or("");
        if let Some(from) = before {
            return Err(format!("invalid nested repetition operator: `{}`", written(from)));
        }
        let Some(operand) = self.groups.last_mut().and_then(|g| g.operand.take()) else {
            return Err(format!("missing argument to repetition operator: `{}`", written(start)));
        };
        let product = operand.product.saturating_mul(times);
        if times > 1 && product > MAX_REPEAT {
            return Err(format!("invalid repeat count: `{}`", written(start)));
        }
        // Whether the repetition before is lazy is all the same to what matches.
        let parts = [if operand.greedy { "?" } else { "" }, text, if lazy { "?" } else { "" }];
        let all = parts.concat();
        self.out.insert_str(operand.end, &all);
        self.set_operand(Some(Operand { end: operand.end + all.len(), greedy: !lazy, product }));
        Ok(())
    }

    /// A repetition in braces and how often it repeats; `None` where the brace is a plain character.
    fn count(&mut self) -> Result<Option<(String, i64)>, String> {
        let Some((inner, _)) = self.rest().get(1..).and_then(|r| r.split_once('}')) else { return Ok(None) };
        let (low, high) = match inner.split_once(',') {
            Some((low, "")) => (number(low), Some(-1)),
            Some((low, high)) => (number(low), number(high)),
            None => (number(inner), number(inner)),
        };
        let (Some(low), Some(high)) = (low, high) else { return Ok(None) };
        let whole = format!("{{{inner}}}");
        if low > MAX_REPEAT || high > MAX_REPEAT || high >= 0 && low > high {
            return Err(format!("invalid repeat count: `{whole}`"));
        }
        self.at += whole.len();
        Ok(Some((whole, if high < 0 { low.max(1) } else { high })))
    }

    /// A parenthesis that opens a group, or flags in parentheses.
    fn group(&mut self) -> Result<(), String> {
        let start = self.at;
        if !self.take("(?") {
            self.at += 1;
            self.out.push('(');
            self.groups.push(Group::default());
            return Ok(());
        }
        let rest = self.rest();
        if let Some(named) = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<')) {
            let shown = self.text.get(start..).unwrap_or("");
            if !rest.starts_with('P') && named.starts_with(['=', '!']) {
                return Err(format!("invalid or unsupported Perl syntax: `(?{}`", &rest[..2]));
            }
            let Some((name, _)) = named.split_once('>') else {
                return Err(format!("invalid named capture: `{shown}`"));
            };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let shown = shown.split_once('>').map_or(shown, |(s, _)| s);
                return Err(format!("invalid named capture: `{shown}>`"));
            }
            // The crate wants names to begin with a letter; Go does not care, and nobody asks for the group.
            self.at += rest.len() - named.len() + name.len() + 1;
            let _ = write!(self.out, "(?P<g{name}>");
            self.groups.push(Group::default());
            return Ok(());
        }
        let (mut negative, mut flags) = (false, 0);
        let begin = self.at;
        loop {
            match self.next() {
                Some('i' | 'm' | 's' | 'U') => flags += 1,
                Some('-') if !negative => (negative, flags) = (true, 0),
                Some(':' | ')') if !negative || flags > 0 => break,
                _ => {
                    let shown = self.text.get(start..self.at).unwrap_or("");
                    let code = if self.rest().is_empty() && shown.ends_with(['i', 'm', 's', 'U', '?']) {
                        "missing closing )"
                    } else {
                        "invalid or unsupported Perl syntax"
                    };
                    return Err(format!("{code}: `{shown}`"));
                }
            }
        }
        let flags = self.text.get(begin..self.at).unwrap_or("");
        if flags != ")" {
            self.out.push_str("(?");
            self.out.push_str(flags);
        }
        if flags.ends_with(':') {
            self.groups.push(Group::default());
        }
        Ok(())
    }

    /// An escape outside of classes.
    fn escape(&mut self) -> Result<(), String> {
        if self.take("\\Q") {
            let rest = self.rest();
            let (quoted, used) = rest.split_once("\\E").map_or((rest, rest.len()), |(q, _)| (q, q.len() + 2));
            self.at += used;
            for c in quoted.chars() {
                literal(&mut self.out, c);
                self.operand(1);
            }
            return Ok(());
        }
        let special = [("\\A", "\\A"), ("\\z", "\\z"), ("\\b", "(?-u:\\b)"), ("\\B", "(?-u:\\B)")];
        if let Some((_, written)) = special.iter().find(|(from, _)| self.take(from)) {
            self.out.push_str(written);
        } else if !self.class_escape()? {
            let c = self.character()?;
            literal(&mut self.out, c);
        }
        self.operand(1);
        Ok(())
    }

    /// `\d` and its kin or a Unicode class, written so that it stands inside and outside of brackets.
    fn class_escape(&mut self) -> Result<bool, String> {
        let perl = [
            ("\\d", "[0-9]"),
            ("\\D", "[^0-9]"),
            ("\\s", "[\\t\\n\\x0C\\r ]"),
            ("\\S", "[^\\t\\n\\x0C\\r ]"),
            ("\\w", "[0-9A-Za-z_]"),
            ("\\W", "[^0-9A-Za-z_]"),
        ];
        if let Some((_, written)) = perl.iter().find(|(from, _)| self.take(from)) {
            self.out.push_str(written);
            return Ok(true);
        }
        let start = self.at;
        let mut negative = match self.rest().get(..2) {
            Some("\\p") => false,
            Some("\\P") => true,
            _ => return Ok(false),
        };
        self.at += 2;
        let bad = |s: &Self| {
            Err(format!("invalid character class range: `{}`", s.text.get(start..s.at).unwrap_or("")))
        };
        let name = match self.next() {
            Some('{') => match self.rest().split_once('}') {
                Some((name, _)) => {
                    self.at += name.len() + 1;
                    name
                }
                None => {
                    self.at = self.text.len();
                    return bad(self);
                }
            },
            Some(_) => self.text.get(start + 2..self.at).unwrap_or(""),
            None => return bad(self),
        };
        let name = match name.strip_prefix('^') {
            Some(rest) => {
                negative = !negative;
                rest
            }
            None => name,
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return bad(self);
        }
        let _ = write!(self.out, "\\{}{{{name}}}", if negative { 'P' } else { 'p' });
        Ok(true)
    }

    /// An escape that stands for one character.
    fn character(&mut self) -> Result<char, String> {
        let start = self.at;
        self.at += 1;
        let bad =
            |s: &Self| Err(format!("invalid escape sequence: `{}`", s.text.get(start..s.at).unwrap_or("")));
        let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
        let Some(c) = self.next() else { return Err("trailing backslash at end of expression: ``".into()) };
        match c {
            '0' => {}
            '1'..='7' if octal(self.peek()).is_some() => {}
            'x' => {
                let digits = match self.next() {
                    Some('{') => {
                        let Some((digits, _)) = self.rest().split_once('}') else { return bad(self) };
                        self.at += digits.len() + 1;
                        digits
                    }
                    Some(_) if self.next().is_some() => self.text.get(start + 2..self.at).unwrap_or(""),
                    _ => return bad(self),
                };
                let value = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
                // Surrogates are in no text; the next character is, but nowhere in practice.
                let value = value.map(|v| if (0xD800..0xE000).contains(&v) { 0xE000 } else { v });
                return match value.and_then(char::from_u32) {
                    Some(c) => Ok(c),
                    None => bad(self),
                };
            }
            'a' => return Ok('\x07'),
            'f' => return Ok('\x0C'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\x0B'),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok(c),
            _ => return bad(self),
        }
        let mut value = c.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = octal(self.peek()) else { break };
            self.at += 1;
            value = value * 8 + digit;
        }
        Ok(char::from_u32(value).unwrap_or('\0'))
    }

    /// A class in brackets.
    fn class(&mut self) -> Result<(), String> {
        let start = self.at;
        self.at += 1;
        self.out.push('[');
        if self.take("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.peek() else {
                let shown = self.text.get(start..).unwrap_or("");
                return Err(format!("missing closing ]: `{shown}`"));
            };
            if c == ']' && !first {
                self.at += 1;
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if self.rest().starts_with("[:")
                && let Some((name, _)) = self.rest().get(2..).and_then(|r| r.split_once(":]"))
            {
                let whole = format!("[:{name}:]");
                if !ASCII_CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    return Err(format!("invalid character class range: `{whole}`"));
                }
                self.at += whole.len();
                self.out.push_str(&whole);
                continue;
            }
            if c == '\\' && self.class_escape()? {
                continue;
            }
            let from = self.at;
            let low = self.class_character()?;
            let ahead = self.rest().as_bytes();
            let high = if matches!(ahead, [b'-', after, ..] if *after != b']') {
                self.at += 1;
                self.class_character()?
            } else {
                low
            };
            if high < low {
                let shown = self.text.get(from..self.at).unwrap_or("");
                return Err(format!("invalid character class range: `{shown}`"));
            }
            literal(&mut self.out, low);
            if high > low {
                self.out.push('-');
                literal(&mut self.out, high);
            }
        }
    }

    fn class_character(&mut self) -> Result<char, String> {
        match self.peek() {
            Some('\\') => self.character(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(c)
            }
            None => Err("missing closing ]: ``".into()),
        }
    }
}

/// The names between `[:` and `:]`.
const ASCII_CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Writes a character so that it has no meaning, inside or outside of brackets.
fn literal(out: &mut String, c: char) {
    if c.is_ascii_punctuation() || c.is_ascii_control() || c == ' ' {
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// A count: digits without leading zeros. Those too large are large.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits && (text.len() == 1 || !text.starts_with('0'))).then(|| text.parse().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            "a**",
            "a*??",
            "*a",
            "(*a)",
            "a|*",
            "(",
            ")",
            "a)",
            "[a",
            "[b-a]",
            r"\1",
            r"\E",
            r"\Z",
            r"\C",
            r"\y",
            "(?x)a",
            "(?P=n)",
            "(?P<n",
            "a{1001}",
            "a{2,1}",
            "[[:foo:]]",
            r"\p{Nope}",
            r"[\b]",
            "\\",
            "(?i",
            "(?-)",
            "(?u)a",
            "x{2}{3}",
            "(?:a{100}){11}",
            "((a{10}b){10}|c){11}",
            "(?i)*",
            "a|(?i)*",
            "((?i)*)",
            "a*(?i)**",
        ] {
            assert!(compile(pattern, &|_| Ok(())).is_err(), "{pattern}");
        }
    }

    #[test]
    fn repetitions_follow_what_they_repeat() {
        let table = [
            ("a(?i)*B", "aab", true),
            ("a(?i)*B", "AAb", false),
            ("a(?i)(?s){2}", "aa", true),
            ("a+(?i)?", "", true),
            ("a+\\Q\\E?", "", true),
            ("a+?(?i)?", "", true),
            ("a{2}(?i){3}", "aaaaaa", true),
            ("a{2}(?i){3}", "aaaaa", false),
            ("a??(?i)*", "aaa", true),
            ("(?:a{100}){10}", "a", false),
            ("(?:(?:a{1000}){0}){1000}b", "b", true),
            ("\\Qab\\E*", "abb", true),
            ("(?U)a(?-U)+", "aa", true),
        ];
        for (pattern, text, expected) in table {
            let compiled = compile(&format!("^(?:{pattern})$"), &|_| Ok(()))
                .unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(compiled.is_match(text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn room_is_asked_for_before_a_pattern_is_compiled() {
        let asked = std::cell::RefCell::new(vec![]);
        let room = |most: u64| move |size: u64| if size > most { Err(format!("no {size}")) } else { Ok(()) };
        let log = |size: u64| {
            asked.borrow_mut().push(u32::try_from(size).unwrap());
            room(128 << 10)(size)
        };
        assert!(compile("a(b|c)*d", &log).is_ok());
        assert_eq!(asked.take(), [SIZES[0]]);
        assert_eq!(compile("[\\pL\\pN]{1000}", &log).err().as_deref(), Some("no 524288"));
        assert_eq!(asked.take(), SIZES[..4]);
        let error = compile("[\\pL\\pN]{1000}", &|_| Ok(())).err().unwrap_or_default();
        assert!(error.starts_with("expression too large: "), "{error}");
    }

    #[test]
    fn errors_show_the_pattern() {
        let table = [
            ("a**", "invalid nested repetition operator: `**`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(a", "missing closing ): `(a`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            ("[a", "missing closing ]: `[a`"),
            (r"\y", "invalid escape sequence: `\\y`"),
        ];
        for (pattern, message) in table {
            assert_eq!(compile(pattern, &|_| Ok(())).err().as_deref(), Some(message));
        }
    }
}
