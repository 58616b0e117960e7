//! The hash of an object that is neither a ConfigMap nor a Secret, asked for by an annotation that only generators
//! are meant to write.
//!
//! Kustomize hashes the JSON of its node tree then, with styles, lines, columns and comments. Here that tree can
//! be had for objects as they were read, without comments; for others there is an error rather than another hash.

use crate::diag::{Error, ErrorKind, Result};
use crate::yaml::json::write_string;
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag, split};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::ops::Range;

/// The number of a style in kustomize's library.
const STYLES: [(Style, u8); 5] =
    [(Style::Plain, 0), (Style::Double, 2), (Style::Single, 4), (Style::Literal, 8), (Style::Folded, 16)];

/// The names of types.
const TAGS: [(Tag, &str); 10] = [
    (Tag::Null, "!!null"),
    (Tag::Bool, "!!bool"),
    (Tag::Int, "!!int"),
    (Tag::Float, "!!float"),
    (Tag::Str, "!!str"),
    (Tag::Timestamp, "!!timestamp"),
    (Tag::Binary, "!!binary"),
    (Tag::Merge, "!!merge"),
    (Tag::Map, "!!map"),
    (Tag::Seq, "!!seq"),
];

const TAGGED: u8 = 1;
const FLOW: u8 = 32;

/// The hash of the tree.
pub(super) fn suffix(doc: &Doc, root: NodeId) -> Result<String> {
    let source = doc.source();
    let start = doc.mark(root).map_or(0, |m| m.offset as usize);
    let pieces = split::documents(source)?;
    let piece = pieces.into_iter().find(|p| p.contains(&start)).unwrap_or(0..source.text.len());
    let text = source.text.get(piece.clone()).unwrap_or("");
    if doc.has_anchors || text.contains('#') {
        return Err(refused(doc, root));
    }
    let lines =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1)).collect();
    let mut tree = Tree { doc, piece, lines, json: String::new() };
    tree.node(root)?;
    Ok(encode(tree.json.as_bytes()))
}

/// The error for an object whose tree is not known as kustomize has it.
pub(super) fn refused(doc: &Doc, node: NodeId) -> Error {
    Error::new(
        ErrorKind::Resource,
        "only ConfigMaps, Secrets and unchanged objects without comments and anchors can have a hash in their name",
    )
    .at(doc.location(node))
    .hint("set `disableNameSuffixHash: true` for what is generated, or remove the annotation that asks for a hash")
}

struct Tree<'a> {
    doc: &'a Doc,
    piece: Range<usize>,
    /// Where the lines of the piece start, from its start.
    lines: Vec<usize>,
    json: String,
}

impl Tree<'_> {
    fn node(&mut self, id: NodeId) -> Result<()> {
        let doc = self.doc;
        let kind = match doc.kind(id) {
            NodeKind::Seq => 2,
            NodeKind::Map => 4,
            NodeKind::Scalar => 8,
            NodeKind::Alias => return Err(refused(doc, id)),
        };
        let style = STYLES.iter().find(|(style, _)| *style == doc.style(id)).map_or(0, |(_, n)| *n);
        let style =
            style | if doc.is_tagged(id) { TAGGED } else { 0 } | if doc.is_flow(id) { FLOW } else { 0 };
        let tag = TAGS.iter().find(|(tag, _)| *tag == doc.tag(id)).ok_or_else(|| refused(doc, id))?.1;
        let (line, column) = self.place(id).ok_or_else(|| refused(doc, id))?;
        let _ = write!(self.json, "{{\"Kind\":{kind},\"Style\":{style},\"Tag\":\"{tag}\",\"Value\":");
        write_string(doc.text(id), &mut self.json);
        self.json.push_str(",\"Anchor\":\"\",\"Alias\":null,\"Content\":");
        let children = doc.children(id);
        if children.is_empty() {
            self.json.push_str("null");
        } else {
            for (i, kid) in children.iter().enumerate() {
                self.json.push(if i == 0 { '[' } else { ',' });
                self.node(*kid)?;
            }
            self.json.push(']');
        }
        let _ = write!(
            self.json,
            ",\"HeadComment\":\"\",\"LineComment\":\"\",\"FootComment\":\"\",\"Line\":{line},\"Column\":{column}}}"
        );
        Ok(())
    }

    /// Line and column in the piece, from 1; `None` for what was not read from it.
    fn place(&self, id: NodeId) -> Option<(usize, usize)> {
        let mark = self.doc.mark(id).filter(|m| std::sync::Arc::ptr_eq(&m.source, self.doc.source()))?;
        let at = (mark.offset as usize).checked_sub(self.piece.start)?;
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.piece.start + self.lines.get(line.checked_sub(1)?)?;
        let before = self.doc.source().text.get(start..self.piece.start + at)?;
        Some((line, before.chars().count() + 1))
    }
}

/// Digits that would make words are replaced, so are vowels.
pub(super) fn encode(json: &[u8]) -> String {
    let digest = Sha256::digest(json);
    let digits = digest.iter().take(5).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|d| b"gh2k456789mbcdtf".get(usize::from(d)).copied().map(char::from)).collect()
}
