//! Go's regular expressions (RE2 syntax) on top of the `regex` crate.
//!
//! Kustomize's selectors are patterns of Go's `regexp` package. The two languages agree in most things; a small
//! scanner reads the pattern as Go does, refuses what Go refuses and writes the rest anew for the crate:
//! `\Q..\E`, braces that are no repetition, classes without set operations, and `\d`, `\w`, `\s`, `\b` for ASCII
//! only. Two things differ still: a flag group between an expression and its repetition (`a(?i)*`) is refused, and
//! Unicode class names are those of the crate.
//!
//! Most patterns in practice are plain names: [`Pattern`] compares those as text and compiles nothing.

use regex::{Regex, RegexBuilder};
use std::fmt::Write;

/// The largest count in a repetition.
const MAX_REPEAT: i64 = 1000;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Matches everything: the pattern is empty.
    Any,
    /// Matches this text alone.
    Text(String),
    /// Matches texts that have this one inside.
    Inside(String),
    /// Everything else.
    Regex(Box<Regex>),
    /// The whole text, by a pattern of plain characters, `.` and `.*`: what nearly all patterns are, and compiling one
    /// takes longer than matching a thousand names.
    Wild(String),
}

impl Pattern {
    /// A pattern that has to match the whole text, as `^(?:…)$`; an empty one matches everything.
    pub fn anchored(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            Ok(Self::Any)
        } else if is_plain(pattern) {
            Ok(Self::Text(pattern.to_owned()))
        } else if is_wild(pattern) {
            Ok(Self::Wild(pattern.to_owned()))
        } else {
            compile(&format!("^(?:{pattern})$")).map(|r| Self::Regex(Box::new(r)))
        }
    }

    /// A pattern that has to match some part of the text.
    pub fn unanchored(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            Ok(Self::Any)
        } else if is_plain(pattern) {
            Ok(Self::Inside(pattern.to_owned()))
        } else {
            compile(pattern).map(|r| Self::Regex(Box::new(r)))
        }
    }

    /// Whether the text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(t) => t == text,
            Self::Inside(t) => text.contains(t.as_str()),
            Self::Regex(r) => r.is_match(text),
            Self::Wild(pattern) => matches_wild(pattern, text),
        }
    }

    /// The one text that matches, if the pattern is such.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }
}

/// Whether a pattern has no character with a meaning.
fn is_plain(pattern: &str) -> bool {
    !pattern.bytes().any(|b| b"\\.+*?()|[]{}^$".contains(&b))
}

/// Whether a pattern has no character with a meaning but `.` and `.*`.
fn is_wild(pattern: &str) -> bool {
    is_plain(&pattern.replace(".*", "").replace('.', ""))
}

/// Whether a pattern of plain characters, `.` and `.*` matches the whole text. A `.` is no line feed.
fn matches_wild(pattern: &str, text: &str) -> bool {
    let (mut rest, mut left) = (pattern, text);
    // What follows the last `.*`, and the text from which on that is to be tried next.
    let mut again: Option<(&str, &str)> = None;
    loop {
        if let Some(behind) = rest.strip_prefix(".*") {
            (rest, again) = (behind, Some((behind, left)));
            continue;
        }
        let (mut wanted, mut found) = (rest.chars(), left.chars());
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(w), Some(f)) if w == f || w == '.' && f != '\n' => {
                (rest, left) = (wanted.as_str(), found.as_str());
            }
            _ => {
                let Some((behind, from)) = again else { return false };
                let mut chars = from.chars();
                if chars.next().is_none_or(|c| c == '\n') {
                    return false;
                }
                (rest, left, again) = (behind, chars.as_str(), Some((behind, chars.as_str())));
            }
        }
    }
}

/// Compiles a pattern of Go. The error is Go's text.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let mut scanner = Scanner { text: pattern, at: 0, out: String::with_capacity(pattern.len() + 8) };
    scanner.scan()?;
    RegexBuilder::new(&scanner.out).nest_limit(1000).size_limit(64 << 20).build().map_err(|e| match e {
        regex::Error::CompiledTooBig(_) => format!("expression too large: `{pattern}`"),
        _ => other_error(pattern, &scanner.out),
    })
}

/// What Go says of patterns that only the crate's parser refused: parentheses or class names.
fn other_error(pattern: &str, translated: &str) -> String {
    let (mut depth, mut escaped, mut class) = (0i64, false, false);
    for c in translated.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return format!("unexpected ): `{pattern}`");
        }
    }
    match depth {
        0 => format!("invalid character class range or group: `{pattern}`"),
        _ => format!("missing closing ): `{pattern}`"),
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    out: String,
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
        // Whether there is something to repeat, and where the repetition before began.
        let mut operand = false;
        let mut repeated: Option<usize> = None;
        while let Some(c) = self.peek() {
            let start = self.at;
            let count = if c == '{' { self.count()? } else { None };
            if count.is_some() || matches!(c, '*' | '+' | '?') {
                match count {
                    Some(text) => self.out.push_str(&text),
                    None => {
                        self.at += 1;
                        self.out.push(c);
                    }
                }
                if self.take("?") {
                    self.out.push('?');
                }
                let written = |from: usize| self.text.get(from..self.at).unwrap_or("");
                if let Some(from) = repeated {
                    return Err(format!("invalid nested repetition operator: `{}`", written(from)));
                }
                if !operand {
                    return Err(format!("missing argument to repetition operator: `{}`", written(start)));
                }
                repeated = Some(start);
                continue;
            }
            repeated = None;
            match c {
                '(' => operand = self.group()?,
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                    operand = false;
                }
                ')' | '.' | '^' | '$' => {
                    self.at += 1;
                    self.out.push(c);
                    operand = true;
                }
                '[' => {
                    self.class()?;
                    operand = true;
                }
                '\\' => operand |= self.escape()?,
                _ => {
                    self.at += c.len_utf8();
                    literal(&mut self.out, c);
                    operand = true;
                }
            }
        }
        Ok(())
    }

    /// A repetition in braces, written anew; `None` where the brace is a plain character.
    fn count(&mut self) -> Result<Option<String>, String> {
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
        Ok(Some(whole))
    }

    /// A parenthesis that opens. Tells whether something that can be repeated is behind it: never.
    fn group(&mut self) -> Result<bool, String> {
        let start = self.at;
        if !self.take("(?") {
            self.at += 1;
            self.out.push('(');
            return Ok(false);
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
            return Ok(false);
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
        Ok(false)
    }

    /// An escape outside of classes. Tells whether it is something that can be repeated.
    fn escape(&mut self) -> Result<bool, String> {
        if self.take("\\Q") {
            let rest = self.rest();
            let (quoted, used) = rest.split_once("\\E").map_or((rest, rest.len()), |(q, _)| (q, q.len() + 2));
            quoted.chars().for_each(|c| literal(&mut self.out, c));
            self.at += used;
            return Ok(!quoted.is_empty());
        }
        let special = [("\\A", "\\A"), ("\\z", "\\z"), ("\\b", "(?-u:\\b)"), ("\\B", "(?-u:\\B)")];
        if let Some((_, written)) = special.iter().find(|(from, _)| self.take(from)) {
            self.out.push_str(written);
            return Ok(true);
        }
        if self.class_escape()? {
            return Ok(true);
        }
        let c = self.character()?;
        literal(&mut self.out, c);
        Ok(true)
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
            let high = if ahead.len() >= 2 && ahead[0] == b'-' && ahead[1] != b']' {
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
    fn patterns_with_points_match_as_the_regular_expressions_that_they_are() {
        let patterns =
            ["a.b", ".*", "a.*", ".*b", "a.*b", ".*a.*b.*", "..", "a..*", ".*.", ".*.*x", "é.", "."];
        let texts =
            ["", "a", "b", "ab", "a.b", "axb", "a\nb", "a\n", "\n", "aab", "abab", "xx", "éx", "aéb", "bax"];
        for pattern in patterns {
            assert!(matches!(Pattern::anchored(pattern), Ok(Pattern::Wild(_))), "{pattern}");
            let regex = compile(&format!("^(?:{pattern})$")).expect(pattern);
            for text in texts {
                assert_eq!(matches_wild(pattern, text), regex.is_match(text), "{pattern} {text:?}");
            }
        }
        for pattern in ["a*", ".**", ".*?", ".+", "a|b", "\\.", "[.]"] {
            assert!(!matches!(Pattern::anchored(pattern), Ok(Pattern::Wild(_))), "{pattern}");
        }
    }

    #[test]
    fn patterns_match_as_in_go() {
        let table: &[(&str, &str, bool)] = &[
            ("", "anything", true),
            ("web", "web", true),
            ("web", "web2", false),
            ("we.", "web", true),
            ("a|b", "b", true),
            ("a|b", "ab", false),
            ("(?i)web", "WEB", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"\d+", "12", true),
            (r"\d", "٣", false),
            (r"\w", "é", false),
            (r"[\w.-]+", "a.b-c", true),
            (r"[^\W]", "a", true),
            ("a{2}", "aa", true),
            ("a{,2}", "a{,2}", true),
            ("a{02}", "a{02}", true),
            ("{", "{", true),
            ("[[a]", "[", true),
            ("[a&&b]", "&", true),
            ("[]a]+", "]a", true),
            ("[a-]", "-", true),
            (r"\x41\x{42}\103", "ABC", true),
            (".", "\n", false),
            ("(?s).", "\n", true),
            (r"a\z", "a", true),
            (r"\Aa", "a", true),
            (r"\bab\b", "ab", true),
            (r"a\Bb", "ab", true),
            (r"\pL", "é", true),
            (r"\p{^L}", "1", true),
            (r"\p{Greek}", "α", true),
            ("[[:alpha:]]", "x", true),
            ("(?P<n>a)", "a", true),
            ("(?<n>a)", "a", true),
            ("(a*)*", "aaa", true),
            ("a*?", "aa", true),
            ("^a$", "a", true),
            ("a b", "a b", true),
            ("(?:a)", "a", true),
            ("", "", true),
            ("a)(b", "ab", true),
        ];
        for (pattern, text, expected) in table {
            let compiled = Pattern::anchored(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(compiled.matches(text), *expected, "{pattern} on {text:?}");
        }
    }

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
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
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
            assert_eq!(compile(pattern).err().as_deref(), Some(message));
        }
        let wrapped = Pattern::anchored("[a").err();
        assert_eq!(wrapped.as_deref(), Some("missing closing ]: `[a)$`"));
    }

    #[test]
    fn unanchored_patterns_match_parts() {
        assert!(Pattern::unanchored("b").is_ok_and(|p| p.matches("abc")));
        assert!(Pattern::unanchored("b.").is_ok_and(|p| p.matches("abc") && !p.matches("ab")));
    }
}
