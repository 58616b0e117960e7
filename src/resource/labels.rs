//! Label selectors in the syntax of Kubernetes, also used for annotations.
//!
//! `a`, `!a`, `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x,y)`, `a>1`, `a<1`, joined by commas. Keys and values
//! are validated as those of labels, so there are no patterns in them.

/// A condition on labels or annotations; an empty one is always met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    /// One of these.
    In(Vec<String>),
    /// None of these; also met where the key is missing.
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl LabelSelector {
    /// Reads a selector. The error is Kubernetes' text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = scan(text);
        Parser { tokens: &tokens, at: 0 }.parse().map(Self)
    }

    /// Returns whether labels meet the condition; `get` gives the value of a key.
    pub(crate) fn matches<'v>(&self, get: impl Fn(&str) -> Option<&'v str>) -> bool {
        self.0.iter().all(|r| {
            let value = get(&r.key);
            let number = || value.and_then(|v| v.parse::<i64>().ok());
            let one_of = |all: &[String]| value.is_some_and(|v| all.iter().any(|a| a == v));
            match &r.test {
                Test::Exists => value.is_some(),
                Test::Missing => value.is_none(),
                Test::In(all) => one_of(all),
                Test::NotIn(all) => !one_of(all),
                Test::Above(n) => number().is_some_and(|v| v > *n),
                Test::Below(n) => number().is_some_and(|v| v < *n),
            }
        })
    }
}

/// The symbols, longer ones first.
const SYMBOLS: &[&str] = &["!=", "==", "!", "=", "<", ">", "(", ")", ","];

/// A symbol, a word, or at the end the empty text.
fn scan(text: &str) -> Vec<&str> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(blank);
    while !rest.is_empty() {
        let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s)).map(|s| s.len());
        let word = || rest.find(|c| blank(c) || "=!(),><".contains(c)).unwrap_or(rest.len());
        let (token, more) = rest.split_at(symbol.unwrap_or_else(word));
        tokens.push(token);
        rest = more.trim_start_matches(blank);
    }
    tokens
}

fn is_word(token: &str) -> bool {
    !token.is_empty() && !SYMBOLS.contains(&token)
}

struct Parser<'a> {
    tokens: &'a [&'a str],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &'a str {
        self.tokens.get(self.at).copied().unwrap_or("")
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn parse(mut self) -> Result<Vec<Requirement>, String> {
        let mut all = Vec::new();
        loop {
            let token = self.peek();
            if token.is_empty() {
                return Ok(all);
            }
            if token != "!" && !is_word(token) {
                return Err(format!("found '{token}', expected: !, identifier, or 'end of string'"));
            }
            let requirement = self.requirement();
            all.push(requirement.map_err(|e| format!("unable to parse requirement: {e}"))?);
            match self.next() {
                "" => return Ok(all),
                "," => {
                    let token = self.peek();
                    if token != "!" && !is_word(token) {
                        return Err(format!("found '{token}', expected: identifier after ','"));
                    }
                }
                token => return Err(format!("found '{token}', expected: ',' or 'end of string'")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let absent = self.peek() == "!";
        self.at += usize::from(absent);
        let key = self.next();
        if !is_word(key) {
            return Err(format!("found '{key}', expected: identifier"));
        }
        validate_key(key)?;
        let test = if absent {
            Test::Missing
        } else if matches!(self.peek(), "" | ",") {
            Test::Exists
        } else {
            self.test(key)?
        };
        Ok(Requirement { key: key.into(), test })
    }

    fn test(&mut self, key: &str) -> Result<Test, String> {
        let operator = self.next();
        let values = match operator {
            "in" | "notin" => self.values()?,
            "=" | "==" | "!=" | "<" | ">" => vec![self.value()?],
            _ => return Err(format!("found '{operator}', expected: '=', '!=', '==', 'in', notin'")),
        };
        let number = || {
            let parsed = values.first().and_then(|v| v.parse::<i64>().ok());
            parsed.ok_or("for 'Gt', 'Lt' operators, the value must be an integer")
        };
        let test = match operator {
            "<" => Test::Below(number()?),
            ">" => Test::Above(number()?),
            _ => Test::Exists,
        };
        values.iter().try_for_each(|v| validate_value(key, v))?;
        Ok(match operator {
            "in" | "=" | "==" => Test::In(values),
            "notin" | "!=" => Test::NotIn(values),
            _ => test,
        })
    }

    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            token if is_word(token) => {
                self.at += 1;
                Ok(token.into())
            }
            token => Err(format!("found '{token}', expected: identifier")),
        }
    }

    /// The values in parentheses. Empty ones count.
    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if open != "(" {
            return Err(format!("found '{open}' expected: '('"));
        }
        let mut values: Vec<String> = Vec::new();
        match self.peek() {
            ")" => {
                self.at += 1;
                return Ok(vec![String::new()]);
            }
            token if token == "," || is_word(token) => {}
            token => return Err(format!("found '{token}', expected: ',', ')' or identifier")),
        }
        loop {
            let token = self.next();
            if is_word(token) {
                values.push(token.into());
                match self.peek() {
                    "," => {}
                    ")" => break,
                    other => return Err(format!("found '{other}', expected: ',' or ')'")),
                }
            } else if token == "," {
                if values.is_empty() {
                    values.push(String::new());
                }
                if self.peek() == ")" {
                    values.push(String::new());
                    break;
                }
                if self.peek() == "," {
                    self.at += 1;
                    values.push(String::new());
                }
            } else {
                return Err(format!("found '{token}', expected: ',', or identifier"));
            }
        }
        self.at += 1;
        Ok(values)
    }
}

/// Letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_name(text: &str) -> bool {
    let end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// A DNS name of lower case labels.
fn is_subdomain(text: &str) -> bool {
    let end = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            end(bytes.first()) && end(bytes.last()) && bytes.iter().all(|b| *b == b'-' || end(Some(b)))
        })
}

fn validate_key(key: &str) -> Result<(), String> {
    let bad = |why: &str| Err(format!("invalid label key {key:?}: {why}"));
    let (prefix, name) = key.split_once('/').map_or((None, key), |(p, n)| (Some(p), n));
    match prefix {
        _ if name.contains('/') => return bad("expected at most one `/`"),
        Some("") => return bad("prefix part must be non-empty"),
        Some(p) if !is_subdomain(p) => return bad("prefix part must be a lower case DNS name"),
        _ => {}
    }
    match name {
        "" => bad("name part must be non-empty"),
        _ if name.len() > 63 => bad("name part must be no more than 63 characters"),
        _ if !is_name(name) => bad(NAME),
        _ => Ok(()),
    }
}

fn validate_value(key: &str, value: &str) -> Result<(), String> {
    let bad = |why: &str| Err(format!("invalid label value: {value:?}: at key: {key:?}: {why}"));
    if value.len() > 63 {
        bad("must be no more than 63 characters")
    } else if !value.is_empty() && !is_name(value) {
        bad(NAME)
    } else {
        Ok(())
    }
}

const NAME: &str = "must consist of alphanumeric characters, `-`, `_` or `.`, and start and end with an \
                    alphanumeric character";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_met_as_in_kubernetes() {
        let labels = |key: &str| match key {
            "app" => Some("web"),
            "tier" => Some("3"),
            "empty" => Some(""),
            "k8s.io/x" => Some("in"),
            _ => None,
        };
        let table = [
            ("", true),
            ("  ", true),
            ("app", true),
            ("!app", false),
            ("! none", true),
            ("none", false),
            ("app=web", true),
            ("app == web", true),
            ("app!=web", false),
            ("none!=web", true),
            ("app in (web, db)", true),
            ("app in(db)", false),
            ("app notin (db)", true),
            ("none notin (db)", true),
            ("empty=", true),
            ("empty in ()", true),
            ("empty in (,a)", true),
            ("app in (a,)", false),
            ("app in (a,,b)", false),
            ("tier>2", true),
            ("tier>3", false),
            ("tier < 10", true),
            ("app>1", false),
            ("app=web,tier=3", true),
            ("app=web,tier=4", false),
            ("k8s.io/x=in", true),
            ("k8s.io/x in (in,notin)", true),
        ];
        for (text, met) in table {
            let selector = LabelSelector::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(selector.matches(labels), met, "{text}");
        }
    }

    #[test]
    fn wrong_selectors_are_refused() {
        let table = [
            ("=a", "found '=', expected: !, identifier, or 'end of string'"),
            ("a b", "unable to parse requirement: found 'b', expected: '=', '!=', '==', 'in', notin'"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("!a=b", "found '=', expected: ',' or 'end of string'"),
            ("a>x", "unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer"),
        ];
        for (text, message) in table {
            assert_eq!(LabelSelector::parse(text).err().as_deref(), Some(message), "{text}");
        }
        for text in ["a=.*", "a*", "-a", "a/b/c", "/a", "A.B/c", "a=-1", "a in (b", "a=!", "é"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }
}
