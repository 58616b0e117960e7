//! How kustomize writes texts into objects.
//!
//! A new text is a string whatever it looks like. Its style is seen only when something else takes its place later:
//! a new value keeps the style of the old one, so quotes make it a string.

use crate::yaml::compatibility::reads_as_string;
use crate::yaml::{Doc, NodeId, Style, Tag};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Base64 is cut into lines of this length.
const LINE: usize = 70;

/// A new string node: a block where it has several lines, in quotes where it would not be a string without them.
pub(super) fn string_node(doc: &mut Doc, text: &str) -> NodeId {
    let style = if memchr::memchr(b'\n', text.as_bytes()).is_some() {
        Style::Literal
    } else if reads_as_string(text) {
        Style::Plain
    } else {
        Style::Double
    };
    doc.scalar(text, style, Tag::Str)
}

/// A key as kustomize writes it: plain and without a type, so that `1` is a number.
pub(super) fn key_node(doc: &mut Doc, key: &str) -> NodeId {
    doc.scalar(key, Style::Plain, Tag::Unset)
}

/// Base64 in lines of 70 characters, each with a line feed after it; one short line has none.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;

    #[test]
    fn long_base64_is_cut_into_lines() {
        assert_eq!(base64_lines(b"top"), "dG9w");
        assert_eq!(base64_lines(&[0xff; 51]).len(), 68);
        assert_eq!(base64_lines(&[0xff; 52]), format!("{}w\n==\n", "/".repeat(69)));
    }

    #[test]
    fn the_style_of_a_text_keeps_it_a_string() {
        let mut doc = Doc::new(Source::new("r", String::new()));
        let table = [
            ("a", Style::Plain),
            ("", Style::Plain),
            ("5", Style::Double),
            ("yes", Style::Double),
            ("5 ", Style::Double),
            ("-5", Style::Double),
            ("-x", Style::Plain),
            ("a:b", Style::Plain),
            ("a: b", Style::Double),
            ("a: b: c", Style::Plain),
            ("[a]", Style::Double),
            ("[a", Style::Plain),
            ("# a", Style::Double),
            ("'5'", Style::Plain),
            ("1:20", Style::Plain),
            ("a\nb", Style::Literal),
        ];
        for (text, style) in table {
            let node = string_node(&mut doc, text);
            assert_eq!((doc.style(node), doc.tag(node)), (style, Tag::Str), "{text}");
        }
    }
}
