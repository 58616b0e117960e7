//! JSON as Go's `encoding/json` reads and writes it.
//!
//! Kustomize reads a JSON 6902 patch as JSON if it starts with `[`; resource files in JSON are read as YAML instead.
//! Of equal keys the last one counts. Numbers keep their spelling, as operations compare texts. A lone half of a
//! surrogate pair becomes U+FFFD.

use super::node::{Doc, NodeId, NodeKind, Style, Tag};
use super::reencode;
use super::scalar::{self, Dialect, Value};
use super::source::Source;
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::narrow;
use crate::text::go;
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::sync::Arc;

/// The deepest nesting.
const DEPTH: usize = 10_000;

/// Reads a text that is one JSON value.
pub(crate) fn read_json(source: &Arc<Source>) -> Result<Doc> {
    let text = source.text.as_str();
    let doc = Doc::new(source.clone());
    let mut r = Reader { text, b: text.as_bytes(), p: 0, doc, open: vec![], children: vec![] };
    r.document()
        .map_err(|(at, message)| Error::new(ErrorKind::Syntax, message).at(source.location(narrow(at))))?;
    Ok(r.doc)
}

/// Where it went wrong, and how.
type Fail = (usize, String);

/// An open array or object.
struct Open {
    start: usize,
    /// Where its children begin on the stack of children.
    children: usize,
    /// The keys of an object, and where their values are among its children; `None` for an array.
    keys: Option<FxHashMap<String, usize>>,
    /// The value that comes next replaces this child.
    replaces: Option<usize>,
}

struct Reader<'a> {
    text: &'a str,
    b: &'a [u8],
    p: usize,
    doc: Doc,
    open: Vec<Open>,
    children: Vec<NodeId>,
}

impl Reader<'_> {
    /// What Go says of the character here.
    fn unexpected<T>(&self, place: &str) -> Result<T, Fail> {
        let message = match self.text.get(self.p..).and_then(|rest| rest.chars().next()) {
            None => "unexpected end of JSON input".to_owned(),
            Some(c) => format!("invalid character {c:?} {place}"),
        };
        Err((self.p, message))
    }

    fn at(&self) -> u8 {
        self.b.get(self.p).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while matches!(self.at(), b' ' | b'\t' | b'\n' | b'\r') {
            self.p += 1;
        }
    }

    fn document(&mut self) -> Result<(), Fail> {
        self.value()?;
        while !self.open.is_empty() {
            self.next()?;
        }
        self.blanks();
        if self.p < self.b.len() {
            return self.unexpected("after top-level value");
        }
        if let Some(root) = self.children.first() {
            self.doc.set_root(*root);
        }
        Ok(())
    }

    /// Reads a value; of an array or object its opening and what follows that.
    fn value(&mut self) -> Result<(), Fail> {
        self.blanks();
        let start = self.p;
        match self.at() {
            c @ (b'[' | b'{') => {
                if self.open.len() >= DEPTH {
                    return Err((start, "exceeded max depth".to_owned()));
                }
                self.p += 1;
                let keys = (c == b'{').then(FxHashMap::default);
                self.open.push(Open { start, children: self.children.len(), keys, replaces: None });
                self.blanks();
                match (c, self.at()) {
                    (b'[', b']') | (b'{', b'}') => {
                        self.close();
                        Ok(())
                    }
                    (b'[', _) => self.value(),
                    _ => self.key(),
                }
            }
            b'"' => {
                let text = self.string()?;
                let id = self.add_string(start, text);
                self.put(id);
                Ok(())
            }
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Tag::Bool),
            b'f' => self.word("false", Tag::Bool),
            b'n' => self.word("null", Tag::Null),
            _ => self.unexpected("looking for beginning of value"),
        }
    }

    /// Goes on after a value.
    fn next(&mut self) -> Result<(), Fail> {
        let object = self.open.last().is_some_and(|o| o.keys.is_some());
        self.blanks();
        match (self.at(), object) {
            (b',', true) => {
                self.p += 1;
                self.blanks();
                self.key()
            }
            (b',', false) => {
                self.p += 1;
                self.value()
            }
            (b'}', true) | (b']', false) => {
                self.close();
                Ok(())
            }
            (_, true) => self.unexpected("after object key:value pair"),
            (_, false) => self.unexpected("after array element"),
        }
    }

    fn key(&mut self) -> Result<(), Fail> {
        let start = self.p;
        if self.at() != b'"' {
            return self.unexpected("looking for beginning of object key string");
        }
        let text = self.string()?;
        let name = text.as_deref().unwrap_or(&self.text[start + 1..self.p - 1]).to_owned();
        if let Some(open) = self.open.last_mut()
            && let Some(keys) = &mut open.keys
        {
            let place = self.children.len() - open.children + 1;
            let known = *keys.entry(name).or_insert(place);
            open.replaces = (known != place).then_some(open.children + known);
        }
        if self.open.last().is_some_and(|o| o.replaces.is_none()) {
            let id = self.add_string(start, text);
            self.children.push(id);
        }
        self.blanks();
        if self.at() != b':' {
            return self.unexpected("after object key");
        }
        self.p += 1;
        self.value()
    }

    /// A finished value goes to its parent.
    fn put(&mut self, id: NodeId) {
        match self.open.last_mut().and_then(|o| o.replaces.take()) {
            Some(place) => {
                if let Some(replaced) = self.children.get_mut(place) {
                    *replaced = id;
                }
            }
            None => self.children.push(id),
        }
    }

    fn close(&mut self) {
        self.p += 1;
        let Some(open) = self.open.pop() else { return };
        let kind = if open.keys.is_some() { NodeKind::Map } else { NodeKind::Seq };
        let children = self.children.split_off(open.children);
        let id = self.doc.add_collection(kind, narrow(open.start), narrow(self.p), &children, true);
        self.put(id);
    }

    fn add_string(&mut self, start: usize, text: Option<String>) -> NodeId {
        let (start, end) = (narrow(start), narrow(self.p));
        match text {
            None => self.doc.add_span(start, end, (start + 1, end - 1), Style::Double, Tag::Str),
            Some(text) => self.doc.add_text(start, end, &text, Style::Double, Tag::Str),
        }
    }

    fn add_plain(&mut self, start: usize, tag: Tag) {
        let (start, end) = (narrow(start), narrow(self.p));
        let id = self.doc.add_span(start, end, (start, end), Style::Plain, tag);
        self.put(id);
    }

    fn word(&mut self, word: &str, tag: Tag) -> Result<(), Fail> {
        let start = self.p;
        for c in word.bytes() {
            if self.at() != c {
                return self.unexpected(&format!("in literal {word} (expecting {:?})", char::from(c)));
            }
            self.p += 1;
        }
        self.add_plain(start, tag);
        Ok(())
    }

    fn digits(&mut self, place: &str) -> Result<(), Fail> {
        if !self.at().is_ascii_digit() {
            return self.unexpected(place);
        }
        while self.at().is_ascii_digit() {
            self.p += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fail> {
        let start = self.p;
        self.p += usize::from(self.at() == b'-');
        if self.at() == b'0' {
            self.p += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.at() == b'.' {
            self.p += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.at(), b'e' | b'E') {
            self.p += 1;
            self.p += usize::from(matches!(self.at(), b'+' | b'-'));
            self.digits("in exponent of numeric literal")?;
        }
        let text = &self.text[start..self.p];
        let tag = match scalar::resolve(text, Dialect::V2) {
            Tag::Int if text != "-0" => Tag::Int,
            _ => Tag::Float,
        };
        self.add_plain(start, tag);
        Ok(())
    }

    /// A string: `None` if it stands in the source as it is.
    fn string(&mut self) -> Result<Option<String>, Fail> {
        self.p += 1;
        let mut from = self.p;
        let mut made: Option<String> = None;
        loop {
            match self.b.get(self.p) {
                Some(b'"') => {
                    if let Some(made) = &mut made {
                        made.push_str(&self.text[from..self.p]);
                    }
                    self.p += 1;
                    return Ok(made);
                }
                Some(b'\\') => {
                    let out = made.get_or_insert_default();
                    out.push_str(&self.text[from..self.p]);
                    self.p += 1;
                    let c = self.escape()?;
                    made.get_or_insert_default().push(c);
                    from = self.p;
                }
                None | Some(..0x20) => return self.unexpected("in string literal"),
                Some(_) => self.p += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fail> {
        let c = match self.at() {
            c @ (b'"' | b'\\' | b'/') => char::from(c),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.code()?;
                if let 0xD800..0xDC00 = high
                    && self.b.get(self.p..).is_some_and(|rest| rest.starts_with(b"\\u"))
                {
                    let before = self.p;
                    self.p += 1;
                    if let low @ 0xDC00..0xE000 = self.code()? {
                        let code = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
                        return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
                    }
                    self.p = before;
                }
                return Ok(char::from_u32(high).unwrap_or('\u{fffd}'));
            }
            _ => return self.unexpected("in string escape code"),
        };
        self.p += 1;
        Ok(c)
    }

    /// The four digits after `u`.
    fn code(&mut self) -> Result<u32, Fail> {
        let mut code = 0;
        for _ in 0..4 {
            self.p += 1;
            let Some(digit) = char::from(self.at()).to_digit(16) else {
                return self.unexpected("in \\u hexadecimal character escape");
            };
            code = code << 4 | digit;
        }
        self.p += 1;
        Ok(code)
    }
}

/// Writes a node as Go's `encoding/json` does: no blanks, keys sorted by their bytes, `<`, `>`, `&`, U+2028 and
/// U+2029 escaped. Of equal keys the last one counts; keys that are numbers or booleans become their text.
pub(crate) fn to_json(doc: &Doc, node: NodeId, out: &mut String) -> Result<()> {
    match doc.kind(node) {
        NodeKind::Scalar => write_scalar(doc, node, out),
        NodeKind::Alias => doc.children(node).first().map_or(Ok(()), |target| to_json(doc, *target, out)),
        NodeKind::Seq => {
            out.push('[');
            for (i, item) in doc.items(node).iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                to_json(doc, *item, out)?;
            }
            out.push(']');
            Ok(())
        }
        NodeKind::Map => {
            let mut entries = Vec::with_capacity(doc.children(node).len() / 2);
            for (key, value) in doc.pairs(node) {
                entries.push((key_text(doc, key)?, value));
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            let mut first = true;
            for (i, (key, value)) in entries.iter().enumerate() {
                if entries.get(i + 1).is_some_and(|next| next.0 == *key) {
                    continue;
                }
                if !first {
                    out.push(',');
                }
                first = false;
                write_string(key, out);
                out.push(':');
                to_json(doc, *value, out)?;
            }
            out.push('}');
            Ok(())
        }
    }
}

/// The value of a scalar by its tag; refused where the text does not fit a written tag. Base64 is not decoded.
fn value_of(doc: &Doc, node: NodeId) -> Result<Value<'_>> {
    let (text, tag) = (doc.text(node), doc.tag(node));
    let value = match tag {
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float => match scalar::untimed(text) {
            Value::Int(n) if tag == Tag::Float && doc.is_tagged(node) => Value::Float(n as f64),
            Value::Int(_) if tag == Tag::Float => Value::Float(text.parse().unwrap_or(0.0)),
            Value::Str(_) if tag == Tag::Bool => scalar::value(text, Dialect::V2),
            value => value,
        },
        Tag::Timestamp => scalar::value(text, Dialect::V3),
        Tag::Unset if doc.style(node) == Style::Plain => scalar::value(text, Dialect::V3),
        _ => return Ok(Value::Str(text)),
    };
    let found = scalar::tag_of(&value);
    if tag == Tag::Float && found == Tag::Str && !doc.is_tagged(node) {
        let message = format!("the number `{text}` is too large");
        return Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)));
    }
    if doc.is_tagged(node) && found != tag {
        let name = |tag| format!("{tag:?}").to_lowercase();
        let message = format!("cannot decode !!{} `{text}` as a !!{}", name(found), name(tag));
        return Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)));
    }
    Ok(value)
}

/// The text that the base64 of a `!!binary` stands for.
pub(crate) fn binary(doc: &Doc, node: NodeId) -> Result<String> {
    reencode::binary(doc.text(node)).map_err(|e| e.or_at(|| doc.location(node)))
}

/// The text that a key has in JSON.
pub(crate) fn key_text(doc: &Doc, key: NodeId) -> Result<String> {
    let odd = |what: &str| {
        let message = format!("a key must be a string, found {what}");
        Err(Error::new(ErrorKind::Resource, message).at(doc.location(key)))
    };
    match doc.kind(key) {
        NodeKind::Map => return odd("a mapping"),
        NodeKind::Seq | NodeKind::Alias => return odd("a sequence"),
        NodeKind::Scalar => {}
    }
    if doc.tag(key) == Tag::Binary {
        return binary(doc, key);
    }
    match value_of(doc, key)? {
        Value::Null => odd("null"),
        Value::Bool(b) => Ok(b.to_string()),
        Value::Int(n) => Ok(n.to_string()),
        Value::Uint(n) => odd(&format!("the number {n}, which is too large")),
        Value::Float(f) => Ok(short_float(f)),
        Value::Str(text) => Ok(text.to_owned()),
        Value::Time(text) => Ok(text),
    }
}

fn write_scalar(doc: &Doc, node: NodeId, out: &mut String) -> Result<()> {
    if doc.tag(node) == Tag::Binary {
        write_string(&binary(doc, node)?, out);
        return Ok(());
    }
    match value_of(doc, node)? {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Value::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Uint(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Float(f) if f.is_finite() => write_float(f, out),
        Value::Float(_) => {
            let message = format!("`{}` has no JSON representation", doc.text(node));
            return Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)));
        }
        Value::Str(text) => write_string(text, out),
        Value::Time(text) => write_string(&text, out),
    }
    Ok(())
}

/// Writes a string in JSON's quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (i, c) in text.char_indices() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..' ' => "",
            _ => continue,
        };
        out.push_str(&text[from..i]);
        if short.is_empty() {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        out.push_str(short);
        from = i + c.len_utf8();
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Writes a finite float.
pub(crate) fn write_float(f: f64, out: &mut String) {
    out.push_str(&go::json_float(f));
}

/// A float as a key or in the place of a text: kustomize's library rounds it to 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "it is rounded on purpose")]
pub(crate) fn short_float(f: f64) -> String {
    match f as f32 {
        f if f.is_nan() => ".nan".to_owned(),
        f if f.is_infinite() => if f > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        f => go::float32(f),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, split};
    use super::*;

    fn round(text: &str) -> Result<String, String> {
        let doc = read_json(&Source::new("p.json", text.into())).map_err(|e| e.to_string())?;
        let mut out = String::new();
        to_json(&doc, doc.root(), &mut out).map_err(|e| e.to_string())?;
        Ok(out)
    }

    #[test]
    fn json_is_read_and_written_as_go_does() {
        let table = [
            (
                r#" { "b" : [1, 2.50, -0, 1e3], "a" : {"c":null, "d":[ ]} } "#,
                r#"{"a":{"c":null,"d":[]},"b":[1,2.5,-0,1000]}"#,
            ),
            (r#""a\/b\u00e9\ud83d\ude00\n\u0001<""#, "\"a/bé😀\\n\\u0001\\u003c\""),
            (
                r#"["\ud83d", "\ud83dx", "\ud83d\u0041", "\udc00"]"#,
                "[\"\u{fffd}\",\"\u{fffd}x\",\"\u{fffd}A\",\"\u{fffd}\"]",
            ),
            (r#"{"a":1,"b":{"x":1},"a":{"y":2},"b":3}"#, r#"{"a":{"y":2},"b":3}"#),
            ("[1e21, 1e-7, 0.000001, 18446744073709551615]", "[1e+21,1e-7,0.000001,18446744073709551615]"),
            ("true", "true"),
        ];
        for (text, want) in table {
            assert_eq!(round(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let doc = read_json(&Source::new("p", "[3.0, 3e0, 10]".into())).unwrap();
        let shown: Vec<_> = doc.items(doc.root()).iter().map(|n| (doc.text(*n), doc.tag(*n))).collect();
        assert_eq!(shown, [("3.0", Tag::Float), ("3e0", Tag::Float), ("10", Tag::Int)]);
    }

    #[test]
    fn errors_say_what_go_says() {
        let table = [
            ("", "1:1: unexpected end of JSON input"),
            ("[1,", "1:4: unexpected end of JSON input"),
            ("[1,]", "1:4: invalid character ']' looking for beginning of value"),
            ("[1 2]", "1:4: invalid character '2' after array element"),
            ("{a:1}", "1:2: invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", "1:6: invalid character '1' after object key"),
            ("{\"a\":1 \"b\"}", "1:8: invalid character '\"' after object key:value pair"),
            ("[] x", "1:4: invalid character 'x' after top-level value"),
            ("[01]", "1:3: invalid character '1' after array element"),
            ("[1.]", "1:4: invalid character ']' after decimal point in numeric literal"),
            ("\"\\x\"", "1:3: invalid character 'x' in string escape code"),
            ("\"\n\"", "1:2: invalid character '\\n' in string literal"),
            ("trux", "1:4: invalid character 'x' in literal true (expecting 'e')"),
        ];
        for (text, want) in table {
            assert_eq!(round(text), Err(format!("p.json:{want}")), "{text:?}");
        }
        let deepest = || round(&"[".repeat(10_001)).unwrap_err();
        let thread = std::thread::Builder::new().stack_size(crate::parallel::STACK).spawn(deepest).unwrap();
        assert!(thread.join().unwrap().ends_with("exceeded max depth"));
    }

    #[test]
    fn yaml_is_written_as_json() {
        let text = "b: 0x10\na: yes\n1: x\n1.50: v\ntrue: z\nt: 2001-01-01\na: 'no'\nf: 1_0.5\nm:\n";
        let doc = split::read_v2(&Source::new("p", text.into())).unwrap().unwrap();
        let mut out = String::new();
        to_json(&doc, doc.root(), &mut out).unwrap();
        let want = r#"{"1":"x","1.5":"v","a":"no","b":16,"f":10.5,"m":null,"t":"2001-01-01","true":"z"}"#;
        assert_eq!(out, want);
        for bad in
            ["~: a", "a: .inf", "[a]: b", "a: !!int x", "a: !!bool", "a: !!binary x", "a: !!timestamp x"]
        {
            let doc =
                parse::parse(&Source::new("p", bad.into()), 0..bad.len(), Dialect::V3).unwrap().unwrap();
            assert!(to_json(&doc, doc.root(), &mut String::new()).is_err(), "{bad}");
        }
    }
}
