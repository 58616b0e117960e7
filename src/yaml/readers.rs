//! The readers held against each other: the same acceptance, the same nodes. What differs ends in a panic.

#![allow(clippy::panic, reason = "what does not hold ends in a panic")]

use super::{Dialect, Doc, NodeId, NodeKind, Source, Style, fast, parse};
use libyaml_safer::{EventData, Parser, ScalarStyle};

/// Compares two documents node by node.
fn differ(a: &Doc, x: NodeId, b: &Doc, y: NodeId) -> Option<String> {
    let facts = |d: &Doc, n: NodeId| {
        let place = d.mark(n).map(|m| m.offset);
        (
            d.kind(n),
            d.tag(n),
            d.style(n),
            d.is_flow(n),
            d.is_tagged(n),
            d.text(n).to_owned(),
            d.span(n),
            place,
        )
    };
    let (p, q) = (facts(a, x), facts(b, y));
    if p != q || a.children(x).len() != b.children(y).len() {
        return Some(format!("{p:?} / {q:?}"));
    }
    a.children(x).iter().zip(b.children(y)).find_map(|(x, y)| differ(a, *x, b, *y))
}

/// Reads with both readers; whether the fast one took the text.
pub(crate) fn compare(text: &str, dialect: Dialect) -> bool {
    let source = Source::new("t.yaml", text.to_owned());
    let Some(quick) = fast::read(&source, 0..text.len(), dialect) else { return false };
    match parse::parse(&source, 0..text.len(), dialect) {
        Ok(Some(full)) => {
            assert_eq!(differ(&quick, quick.root(), &full, full.root()), None, "{text}");
            assert_eq!(quick.tail_comment, full.tail_comment, "{text}");
            assert_eq!(quick.has_anchors, full.has_anchors, "{text}");
        }
        Ok(None) => panic!("taken, but there is no document: {text}"),
        Err(e) => panic!("taken, but refused ({e}): {text}"),
    }
    true
}

/// What the complete parser and libyaml made of a text.
pub(crate) enum Outcome {
    /// Both read the same.
    Taken,
    /// Both refused it.
    Refused,
    /// They differ where go-yaml is known to differ from libyaml.
    Differs,
}

/// Reads with the complete parser and with the port of libyaml.
pub(crate) fn compare_with_libyaml(text: &str) -> Outcome {
    // The port fails at the end of a text without a line break.
    let text = format!("{text}\n");
    let source = Source::new("t.yaml", text.clone());
    let ours = parse::parse(&source, 0..text.len(), Dialect::V2).map_err(|e| e.to_string()).map(|doc| {
        let mut out = vec![];
        if let Some(doc) = doc {
            events(&doc, doc.root(), &mut out);
        }
        out
    });
    let theirs = libyaml(&text);
    if ours == theirs {
        return Outcome::Taken;
    }
    if ours.is_err() && theirs.is_err() {
        return Outcome::Refused;
    }
    let (a, b) = (ours.as_ref().err(), theirs.as_ref().err());
    let known = is_known_difference(&text, a.map(String::as_str), b.map(String::as_str));
    assert!(known, "{ours:?} / {theirs:?}: {text}");
    Outcome::Differs
}

/// A document as libyaml's events, one a line.
fn events(doc: &Doc, id: NodeId, out: &mut Vec<String>) {
    match doc.kind(id) {
        NodeKind::Scalar => out.push(format!("{:?} {:?}", doc.style(id), doc.text(id))),
        NodeKind::Alias => out.push("alias".to_owned()),
        kind => {
            out.push(format!("{kind:?}"));
            doc.children(id).iter().for_each(|kid| events(doc, *kid, out));
            out.push("end".to_owned());
        }
    }
}

/// The events of the first document as libyaml sees it.
fn libyaml(text: &str) -> Result<Vec<String>, String> {
    let mut parser = Parser::new();
    let mut input = text.as_bytes();
    parser.set_input_string(&mut input);
    let mut out = vec![];
    loop {
        match parser.parse().map_err(|e| e.to_string())?.data {
            EventData::StreamEnd | EventData::DocumentEnd { .. } => return Ok(out),
            EventData::Scalar { value, style, .. } => {
                let style = match style {
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                    _ => Style::Plain,
                };
                out.push(format!("{style:?} {value:?}"));
            }
            EventData::Alias { .. } => out.push("alias".to_owned()),
            EventData::MappingStart { .. } => out.push("Map".to_owned()),
            EventData::SequenceStart { .. } => out.push("Seq".to_owned()),
            EventData::MappingEnd | EventData::SequenceEnd => out.push("end".to_owned()),
            _ => {}
        }
    }
}

/// Where go-yaml is known to differ from libyaml: `?` in a plain scalar in flow, `:` before a flow indicator, the
/// escapes `\/` and `\'`, brackets and commas in a tag, a byte order mark at the start of a line, anchors, which libyaml
/// does not look up, and text after an empty flow collection (or `[}`), for which go-yaml does not wait whether it becomes a key.
fn is_known_difference(text: &str, ours: Option<&str>, theirs: Option<&str>) -> bool {
    let has = |problem: Option<&str>, part: &str| problem.is_some_and(|p| p.contains(part));
    let is_after_empty = |(at, _): (usize, &str)| {
        let rest = text[at + 1..].trim_start_matches([' ', '\t']);
        text[..at].trim_end().ends_with(['[', '{']) && rest.starts_with(|c| !",]}#\r\n".contains(c))
    };
    has(ours, "unknown anchor")
        || text.match_indices([']', '}']).any(is_after_empty)
        || has(theirs, "found unexpected ':'")
        || ["\\/", "\\'", "\u{feff}"].iter().any(|odd| text.contains(odd))
        || has(theirs, "while scanning a tag")
        || has(theirs, "while parsing a tag") && text.contains(['[', ']', ','])
        || text.contains('?') && text.contains(['[', '{'])
}
