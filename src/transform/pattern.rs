//! Go's regular expressions for a library with a slightly different syntax.
//!
//! Both are of the RE2 family. What differs in expressions that people write: in Go `\d`, `\w`, `\s` and `\b` mean
//! ASCII only, a `{` that begins no repetition stands for itself, and so do `[`, `&&`, `--` and `~~` within
//! brackets; `\Q…\E` quotes.

use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// Compiles an expression written for Go.
pub fn compile(expression: &str) -> Result<Regex, regex::Error> {
    Regex::new(&translate(expression))
}

/// Whether a text has no character that is special in an expression, but for `.`.
pub fn is_literal(expression: &str) -> bool {
    !expression.contains(['\\', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'])
}

/// The classes of a backslash and a letter: letter, members, negated.
const CLASSES: &[(char, &str)] = &[('d', "0-9"), ('w', "0-9A-Za-z_"), ('s', "\\t\\n\\f\\r ")];

fn translate(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len() + 16);
    let mut rest = expression.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut out, &mut rest, in_class),
            '[' if in_class => {
                // a named class such as [:alpha:] stays one
                out.push_str(if rest.peek() == Some(&':') { "[" } else { "\\[" });
                if rest.peek() == Some(&':') {
                    for c in rest.by_ref() {
                        out.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                }
            }
            '[' => {
                in_class = true;
                out.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if rest.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '-' if in_class && rest.peek() == Some(&'-') => out.push_str("\\-"),
            '{' if !in_class && !is_repetition(rest.clone()) => out.push_str("\\{"),
            _ => out.push(c),
        }
    }
    out
}

fn escape(out: &mut String, rest: &mut Peekable<Chars<'_>>, in_class: bool) {
    let Some(c) = rest.next() else {
        out.push('\\');
        return;
    };
    if let Some((_, members)) = CLASSES.iter().find(|(letter, _)| *letter == c.to_ascii_lowercase()) {
        match (c.is_ascii_uppercase(), in_class) {
            (true, _) => out.extend(["[^", members, "]"]),
            (false, true) => out.push_str(members),
            (false, false) => out.extend(["[", members, "]"]),
        }
        return;
    }
    match c {
        'b' if !in_class => out.push_str("(?-u:\\b)"),
        'Q' => {
            let mut quoted = String::new();
            while let Some(c) = rest.next() {
                if c == '\\' && rest.next_if_eq(&'E').is_some() {
                    break;
                }
                quoted.push(c);
            }
            out.push_str(&regex::escape(&quoted));
        }
        // a sign is itself; the other library refuses to have some escaped
        _ if c.is_ascii_punctuation() => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        _ => {
            out.push('\\');
            out.push(c);
        }
    }
}

/// Whether what follows a `{` makes it a repetition: `n}`, `n,}` or `n,m}`.
fn is_repetition(rest: Peekable<Chars<'_>>) -> bool {
    let inner: String = rest.take_while(|c| *c != '}').collect();
    let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        let table: &[(&str, &str, bool)] = &[
            (r"^\d+$", "12", true),
            (r"^\d+$", "१२", false),
            (r"^[\w-]+$", "a-b_1", true),
            (r"^\W$", "é", true),
            (r"^{A}/b$", "{A}/b", true),
            (r"^a{2}$", "aa", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^[[a]$", "[", true),
            (r"^[[:alpha:]]+$", "ab", true),
            (r"^[]a]+$", "]a", true),
            (r"^[a&&b]+$", "&", true),
            (r"\bx\b", "éx", true),
            (r"^(?i)nginx$", "NGINX", true),
            (r"^a\/b\-c$", "a/b-c", true),
            ("a\nb", "a\nb", true),
        ];
        for (expression, text, want) in table {
            let compiled = compile(expression).map(|r| r.is_match(text));
            assert_eq!(compiled, Ok(*want), "{expression} on {text}");
        }
        assert!(compile("(").is_err());
    }
}
