//! What a scalar's value is by the time it is printed.
//!
//! kustomize writes the node tree as YAML and reads that back, sends the values through JSON, reads the JSON with
//! its older YAML library, and prints. Values survive all this but for a few, which are gathered here:
//!
//! - a null without text becomes the empty string inside `{}`, `[]` and as a key;
//! - a time with a colon inside `{}` or `[]` stays as written;
//! - a folded text (`>`) may gain or lose line breaks, because of a mistake in how it is written;
//! - a block text that starts with a tab is refused;
//! - a quoted or block scalar is a string, whatever type a transformer gave it;
//! - U+0085 is folded like a line break, other C1 controls, DEL, U+FFFE and U+FFFF are refused.
//!
//! [`Options::reencode`] leaves the first writing and reading out, as kustomize does for `-o DIR`.
//!
//! [`Options::reencode`]: super::emit::Options

use super::chars::{is_break, is_printable};
use super::node::{Doc, NodeId, NodeKind, Style, Tag};
use super::scalar::{self, Dialect};
use crate::diag::{Error, ErrorKind, Result};
use base64::Engine;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;

/// The value of a scalar, ready for the printer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'d> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Cow<'d, str>),
    /// A time, normalised; printed as a string.
    Time(String),
    /// The text of a `!!binary`; printed as a string.
    Binary(String),
}

impl Value<'_> {
    /// The type of the value.
    pub(crate) fn tag(&self) -> Tag {
        match self {
            Value::Null => Tag::Null,
            Value::Bool(_) => Tag::Bool,
            Value::Int(_) => Tag::Int,
            Value::Float(_) => Tag::Float,
            Value::Str(_) => Tag::Str,
            Value::Time(_) => Tag::Timestamp,
            Value::Binary(_) => Tag::Binary,
        }
    }
}

/// Where a scalar stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Inside `{}` or `[]`.
    pub(crate) flow: bool,
    /// A key short enough to be written without `?`.
    pub(crate) simple_key: bool,
    /// The document's last scalar, with comments after it that cost a line break.
    pub(crate) last: bool,
    /// The tree is written as YAML and read again before values are taken.
    pub(crate) reencode: bool,
}

/// The value of a scalar node.
pub(crate) fn value(doc: &Doc, id: NodeId, place: Place) -> Result<Value<'_>> {
    let (text, style, tag) = (doc.text(id), doc.style(id), doc.tag(id));
    let string = || block_text(text, style, place).map(Value::Str);
    let result = match tag {
        Tag::Str | Tag::Other | Tag::Merge | Tag::Map | Tag::Seq => string(),
        Tag::Unset if style != Style::Plain => string(),
        Tag::Binary => binary(text).map(Value::Binary),
        Tag::Unset => match scalar::resolve(text, Dialect::V3) {
            Tag::Str => string(),
            resolved => bare(text, resolved, place),
        },
        _ if !place.reencode || doc.is_tagged(id) || scalar::resolve(text, Dialect::V3) != tag => {
            typed(text, tag)
        }
        _ if style != Style::Plain => string(),
        _ => bare(text, tag, place),
    };
    result.map_err(|e| e.or_at(|| doc.location(id)))
}

/// The string that kustomize 5.8.3 makes of a key that is none: integers in decimal, times in RFC 3339. `None` for a key
/// that it refuses; older versions refuse all of them (see [`refuse_odd_keys`]).
pub(crate) fn key_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Int(n) => Some(n.to_string()),
        Value::Time(text) => Some(text.clone()),
        _ => None,
    }
}

/// Refuses the keys in an object that only 5.8.3 prints. The object's own keys need not be strings in any version.
pub(crate) fn refuse_odd_keys(doc: &Doc) -> Result<()> {
    let root = doc.root();
    doc.children(root).iter().try_for_each(|kid| refuse_odd_keys_at(doc, *kid, doc.is_flow(root)))
}

/// Refuses such keys in a node. `flow`: it stands inside `{}` or `[]`.
pub(crate) fn refuse_odd_keys_at(doc: &Doc, node: NodeId, flow: bool) -> Result<()> {
    let flow = flow || doc.is_flow(node);
    let place = Place { flow, simple_key: true, last: false, reencode: true };
    for (key, _) in doc.pairs(node).filter(|(key, _)| doc.simple_key(*key).is_none()) {
        let odd =
            doc.kind(key) == NodeKind::Scalar && value(doc, key, place).is_ok_and(|v| key_text(&v).is_some());
        if odd {
            let message = format!("the key `{}` is not a string", doc.text(key));
            return Err(Error::new(ErrorKind::Resource, message)
                .at(doc.location(key))
                .hint("kustomize 5.8.3 makes a string of it, older versions do not: put it in quotes"));
        }
    }
    doc.children(node).iter().try_for_each(|kid| refuse_odd_keys_at(doc, *kid, flow))
}

/// Whether a scalar has a tag that makes it no string, nor anything else that a scalar can be. As a value it is its
/// text; as a key it keeps its mapping from being one with strings as keys.
pub(crate) fn has_own_type(doc: &Doc, id: NodeId) -> bool {
    doc.tag(id) == Tag::Other
}

/// Refuses a comment after the key of a sequence or mapping inside `{}` or `[]`, where a patch may have put them: kustomize
/// writes the comment before the brackets, and cannot read that again.
pub(crate) fn refuse_comment_in_flow(doc: &Doc, key: NodeId) -> Result<()> {
    if doc.comment_after(key).is_none() {
        return Ok(());
    }
    let text = doc.text(key);
    let message =
        format!("the comment after `{text}:` keeps its value from being printed inside of `{{}}` or `[]`");
    Err(Error::new(ErrorKind::Resource, message)
        .at(doc.location(key))
        .hint("put the comment above the key, or write the object that is patched without `{}`"))
}

/// The value of a plain text whose type follows from the text.
fn bare(text: &str, tag: Tag, place: Place) -> Result<Value<'_>> {
    let empty_null = tag == Tag::Null && text.is_empty() && (place.flow || place.simple_key);
    let quoted_time = tag == Tag::Timestamp && place.flow && text.contains(':');
    if place.reencode && (empty_null || quoted_time) {
        return Ok(Value::Str(text.into()));
    }
    Ok(convert(scalar::value(text, Dialect::V3)))
}

/// The value of a text whose type is given.
fn typed(text: &str, tag: Tag) -> Result<Value<'_>> {
    let found = match tag {
        Tag::Timestamp => scalar::value(text, Dialect::V3),
        _ => scalar::untimed(text),
    };
    match (tag, found) {
        (Tag::Float, scalar::Value::Int(n)) => Ok(Value::Float(n as f64)),
        (_, found) if scalar::tag_of(&found) == tag => Ok(convert(found)),
        (_, found) => Err(Error::new(
            ErrorKind::Resource,
            format!("`{text}` is a {}, but its tag says {}", noun(scalar::tag_of(&found)), noun(tag)),
        )),
    }
}

fn convert(value: scalar::Value<'_>) -> Value<'_> {
    match value {
        scalar::Value::Null => Value::Null,
        scalar::Value::Bool(b) => Value::Bool(b),
        scalar::Value::Int(n) => Value::Int(n.into()),
        scalar::Value::Uint(n) => Value::Int(n.into()),
        scalar::Value::Float(f) => Value::Float(f),
        scalar::Value::Str(s) => Value::Str(s.into()),
        scalar::Value::Time(t) => Value::Time(t),
    }
}

/// What a type is called in messages.
pub(crate) fn noun(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "boolean",
        Tag::Int => "whole number",
        Tag::Float => "number",
        Tag::Timestamp => "time",
        Tag::Map => "mapping",
        Tag::Seq => "sequence",
        Tag::Binary => "base64 text",
        Tag::Str | Tag::Unset | Tag::Merge | Tag::Other => "string",
    }
}

/// The text that base64 stands for; what is no UTF-8 in it is replaced.
pub(crate) fn binary(text: &str) -> Result<String> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let packed: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    match GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(packed) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => Err(Error::new(ErrorKind::Resource, "the value of a `!!binary` is not base64")),
    }
}

/// A string's text, as it comes back from being written in its style.
fn block_text(text: &str, style: Style, place: Place) -> Result<Cow<'_, str>> {
    let block = matches!(style, Style::Literal | Style::Folded);
    if !place.reencode
        || place.flow
        || place.simple_key
        || !(block || style == Style::Plain && text.contains('\n'))
    {
        return Ok(text.into());
    }
    let interesting = style == Style::Folded
        && memchr::memchr(b'\n', text.trim_end_matches('\n').as_bytes()).is_some()
        || text.ends_with("\n\n")
        || text.starts_with(['\t', '\n', '\u{2028}', '\u{2029}'])
        || place.last;
    if !interesting || !block_allowed(text) {
        return Ok(text.into());
    }
    if text.starts_with('\t') {
        let message = "a block scalar that starts with a tab cannot be printed";
        return Err(Error::new(ErrorKind::Resource, message)
            .hint("start the string with a character other than a tab"));
    }
    let mut text = if style == Style::Folded { refold(text).into() } else { Cow::Borrowed(text) };
    if place.last && block && (text.ends_with("\n\n") || text == "\n") {
        text.to_mut().push('\n');
    }
    Ok(text)
}

/// Returns whether a text may be written as a block by the library that writes the node tree.
pub(crate) fn block_allowed(text: &str) -> bool {
    let mut space = false;
    for c in text.chars() {
        if space && is_break(c) || !is_printable(c) && c != '\t' {
            return false;
        }
        space = c == ' ';
    }
    !space && !text.is_empty()
}

/// A folded text, written as kustomize writes it and read again.
///
/// The writer doubles a break that follows text, so that it is not folded away, if the line to come does not start
/// with a blank. But it looks at the start of the whole text instead of at that line.
fn refold(text: &str) -> String {
    let start = text.trim_start_matches(is_break).chars().next();
    let doubles = !matches!(start, None | Some(' ' | '\t'));
    let keep = {
        let mut last = text.chars().rev();
        last.next().is_some_and(is_break) && last.next().is_none_or(is_break)
    };
    let clip = text.ends_with(is_break);

    let mut out = String::with_capacity(text.len() + 8);
    // Of the last line of text: its break and whether it started with a blank; then the breaks after it.
    let (mut first_break, mut after_blank, mut breaks) = (None, false, String::new());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_break).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        let c = tail.chars().next();
        rest = tail.get(c.map_or(0, char::len_utf8)..).unwrap_or("");
        let blank = line.starts_with([' ', '\t']);
        if !line.is_empty() {
            let folds = first_break == Some('\n') && !after_blank && !blank;
            if !folds {
                out.extend(first_break);
            } else if breaks.is_empty() {
                out.push(' ');
            }
            out.push_str(&breaks);
            out.push_str(line);
            breaks.clear();
            (first_break, after_blank) = (Some(c.unwrap_or('\n')), blank);
            if c == Some('\n') && doubles && !blank {
                breaks.push('\n');
            }
        } else if let Some(c) = c {
            breaks.push(c);
        }
    }
    if clip {
        out.extend(first_break);
    }
    if keep {
        out.push_str(&breaks);
    }
    out
}

/// A string as it comes back from JSON: U+0085 is folded as a line break in quotes is. Refused are characters that
/// the older YAML library does not read, and U+0085 in a key.
pub(crate) fn from_json(text: &str, key: bool) -> Result<Cow<'_, str>> {
    // U+0080 to U+009F begin with C2, U+FFFE and U+FFFF with EF.
    if memchr::memchr3(0x7f, 0xc2, 0xef, text.as_bytes()).is_none() {
        return Ok(text.into());
    }
    let refused = |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    if let Some(c) = text.chars().find(|c| refused(*c)) {
        let message = format!("the control character U+{:04X} is not allowed", c as u32);
        return Err(Error::new(ErrorKind::Resource, message));
    }
    if !text.contains('\u{85}') {
        return Ok(text.into());
    }
    if key {
        return Err(Error::new(ErrorKind::Resource, "a key with the line break U+0085 cannot be printed"));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        out.push_str(rest[..at].trim_end_matches(' '));
        let after = rest[at..].trim_start_matches([' ', '\u{85}']);
        let gap = &rest[at..rest.len() - after.len()];
        let breaks = gap.matches('\u{85}').count();
        if breaks == 1 {
            out.push(' ');
        }
        out.extend(std::iter::repeat_n('\n', breaks - 1));
        // At a line's start three dashes or points followed by a blank would begin or end a document.
        let mark = after.starts_with("---") || after.starts_with("...");
        if mark && gap.ends_with('\u{85}') && after[3..].starts_with([' ', '\u{85}']) {
            return Err(Error::new(ErrorKind::Resource, "a document marker after U+0085 is not allowed"));
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out.into())
}

/// Returns whether a key is too long to be read back from JSON: more than 1024 characters in its JSON spelling.
pub(crate) fn key_too_long(text: &str) -> bool {
    let spelled = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0c' => 2,
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => 6,
        _ => 1,
    };
    text.chars().map(spelled).sum::<usize>() + 2 > 1024
}
