//! The patterns of selectors: regular expressions of Go, of which most are plain names. Those are compared as text,
//! and nothing is compiled for them.

use super::re2::{Room, compile};
use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
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
    /// A pattern that has to match the whole text, as `^(?:…)$`; an empty one matches everything. `room` is asked before a
    /// regular expression is compiled.
    pub(crate) fn anchored(pattern: &str, room: Room<'_>) -> Result<Self, String> {
        if pattern.is_empty() {
            Ok(Self::Any)
        } else if is_plain(pattern) {
            Ok(Self::Text(pattern.to_owned()))
        } else if is_wild(pattern) {
            Ok(Self::Wild(pattern.to_owned()))
        } else {
            compile(&format!("^(?:{pattern})$"), room).map(|r| Self::Regex(Box::new(r)))
        }
    }

    /// A pattern that has to match some part of the text.
    pub(crate) fn unanchored(pattern: &str, room: Room<'_>) -> Result<Self, String> {
        if pattern.is_empty() {
            Ok(Self::Any)
        } else if is_plain(pattern) {
            Ok(Self::Inside(pattern.to_owned()))
        } else {
            compile(pattern, room).map(|r| Self::Regex(Box::new(r)))
        }
    }

    /// Returns whether the text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(t) => t == text,
            Self::Inside(t) => text.contains(t.as_str()),
            Self::Regex(r) => r.is_match(text),
            Self::Wild(pattern) => matches_wild(pattern, text),
        }
    }

    /// The one text that matches, if the pattern is such.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }
}

/// Returns whether a pattern has no character with a meaning.
fn is_plain(pattern: &str) -> bool {
    !pattern.bytes().any(|b| b"\\.+*?()|[]{}^$".contains(&b))
}

/// Returns whether a pattern has no character with a meaning but `.` and `.*`.
fn is_wild(pattern: &str) -> bool {
    is_plain(&pattern.replace(".*", "").replace('.', ""))
}

/// Returns whether a pattern of plain characters, `.` and `.*` matches the whole text. A `.` is no line feed.
fn matches_wild(pattern: &str, text: &str) -> bool {
    let (mut rest, mut left) = (pattern, text);
    // What follows the last `.*`, and the text from which on that is to be tried next.
    let mut again: Option<(&str, &str)> = None;
    loop {
        if let Some(after) = rest.strip_prefix(".*") {
            (rest, again) = (after, Some((after, left)));
            continue;
        }
        let (mut wanted, mut found) = (rest.chars(), left.chars());
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(w), Some(f)) if w == f || w == '.' && f != '\n' => {
                (rest, left) = (wanted.as_str(), found.as_str());
            }
            _ => {
                let Some((after, from)) = again else { return false };
                let mut chars = from.chars();
                if chars.next().is_none_or(|c| c == '\n') {
                    return false;
                }
                (rest, left, again) = (after, chars.as_str(), Some((after, chars.as_str())));
            }
        }
    }
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
            assert!(matches!(Pattern::anchored(pattern, &|_| Ok(())), Ok(Pattern::Wild(_))), "{pattern}");
            let regex = compile(&format!("^(?:{pattern})$"), &|_| Ok(())).expect(pattern);
            for text in texts {
                assert_eq!(matches_wild(pattern, text), regex.is_match(text), "{pattern} {text:?}");
            }
        }
        for pattern in ["a*", ".**", ".*?", ".+", "a|b", "\\.", "[.]"] {
            assert!(!matches!(Pattern::anchored(pattern, &|_| Ok(())), Ok(Pattern::Wild(_))), "{pattern}");
        }
    }

    #[test]
    fn unanchored_patterns_match_parts() {
        assert!(Pattern::unanchored("b", &|_| Ok(())).is_ok_and(|p| p.matches("abc")));
        assert!(Pattern::unanchored("b.", &|_| Ok(())).is_ok_and(|p| p.matches("abc") && !p.matches("ab")));
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
            let compiled =
                Pattern::anchored(pattern, &|_| Ok(())).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(compiled.matches(text), *expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn errors_show_what_was_compiled() {
        let wrapped = Pattern::anchored("[a", &|_| Ok(())).err();
        assert_eq!(wrapped.as_deref(), Some("missing closing ]: `[a)$`"));
    }
}
