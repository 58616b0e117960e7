//! The comments of a text that is to be written anew.
//!
//! The reader keeps no comments. They are found here between the nodes of the text, before it is changed. Comments
//! inside `{}` and `[]` are lost; kustomize keeps those and breaks the line there.

use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::FxHashMap;

/// Comments on lines of their own that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The comments, `#` included.
    pub(crate) lines: Vec<String>,
    /// Column of the first one, from 0.
    pub(crate) column: usize,
    /// A blank line follows.
    pub(crate) blank_after: bool,
}

/// The comments of a text, by the nodes that they stand at, and the names of anchors.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Above the line that starts with the node.
    pub(crate) above: FxHashMap<NodeId, Vec<Block>>,
    /// On the line of the node.
    pub(crate) beside: FxHashMap<NodeId, String>,
    /// Beside the `-` of the item that starts with the node.
    pub(crate) beside_dash: FxHashMap<NodeId, String>,
    /// Where nodes start in their lines, from 0.
    pub(crate) columns: FxHashMap<NodeId, usize>,
    /// After everything; the flag: a blank line comes before.
    pub(crate) end: Vec<(Block, bool)>,
    /// Names of anchors that an alias refers to.
    pub(crate) anchors: FxHashMap<NodeId, String>,
}

impl Comments {
    /// The comments of the text that a document was read from.
    pub(super) fn of(doc: &Doc) -> Self {
        let mut all = Self::default();
        let text = doc.source().text.as_str();
        let mut leaves = Vec::new();
        collect(doc, doc.root(), &mut leaves, &mut all.anchors);
        if !text.contains('#') {
            return all;
        }
        let mut last: Option<(NodeId, usize)> = None;
        for (node, start, end) in leaves {
            let before = text.get(..start).unwrap_or_default();
            all.columns.insert(node, start - before.rfind('\n').map_or(0, |i| i + 1));
            let gap =
                Gap::of(text.get(last.map_or(0, |(_, end)| end)..start).unwrap_or_default(), last.is_none());
            if let (Some(comment), Some((before, _))) = (gap.beside, last) {
                all.beside.insert(before, comment);
            }
            if let Some(comment) = gap.beside_dash {
                all.beside_dash.insert(node, comment);
            }
            if !gap.blocks.is_empty() {
                all.above.insert(node, gap.blocks.into_iter().map(|(block, _)| block).collect());
            }
            last = Some((node, end));
        }
        if let Some((before, end)) = last {
            let gap = Gap::of(first_document(text.get(end..).unwrap_or_default()), false);
            if let Some(comment) = gap.beside {
                all.beside.insert(before, comment);
            }
            all.end = gap.blocks;
        }
        all
    }
}

/// The text up to a line that ends the document.
fn first_document(text: &str) -> &str {
    let ends = |line: &str| line.starts_with("---") || line.starts_with("...");
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && ends(line) {
            break;
        }
        at += line.len();
    }
    &text[..at]
}

/// Scalars and empty collections in the order of the text, with their places there.
fn collect(
    doc: &Doc,
    node: NodeId,
    leaves: &mut Vec<(NodeId, usize, usize)>,
    anchors: &mut FxHashMap<NodeId, String>,
) {
    if doc.kind(node) == NodeKind::Alias {
        if let (Some((start, end)), Some(target)) = (doc.span(node), doc.children(node).first()) {
            let name = doc.source().text.get(start as usize..end as usize).unwrap_or_default();
            anchors.insert(*target, name.trim_start_matches('*').to_owned());
        }
    } else if !doc.children(node).is_empty() {
        doc.children(node).iter().for_each(|kid| collect(doc, *kid, leaves, anchors));
        return;
    }
    if let Some((start, end)) = doc.span(node) {
        leaves.push((node, start as usize, end as usize));
    }
}

/// The comments between two nodes.
#[derive(Default)]
struct Gap {
    /// On the first line.
    beside: Option<String>,
    /// After the `-` of an item that starts on the next line.
    beside_dash: Option<String>,
    /// On lines of their own; the flag: a blank line comes before.
    blocks: Vec<(Block, bool)>,
}

impl Gap {
    /// `whole`: the first line is not the rest of a line but a whole one.
    fn of(gap: &str, whole: bool) -> Self {
        let mut all = Self::default();
        let (mut open, mut blank) = (false, false);
        let mut lines = gap.split('\n').enumerate().peekable();
        while let Some((i, line)) = lines.next() {
            let Some(column) = comment_column(line) else {
                if line.trim().is_empty() && lines.peek().is_some() && (i > 0 || whole) {
                    if let Some((block, _)) = all.blocks.last_mut() {
                        block.blank_after = true;
                    }
                    (open, blank) = (false, true);
                }
                continue;
            };
            let comment = line[column..].trim_end().to_owned();
            if i == 0 && !whole {
                all.beside = Some(comment);
            } else if line.trim_start().starts_with('-') {
                all.beside_dash = Some(comment);
            } else if let Some((block, _)) = all.blocks.last_mut().filter(|_| open) {
                block.lines.push(comment);
            } else {
                all.blocks.push((Block { lines: vec![comment], column, blank_after: false }, blank));
                open = true;
            }
            blank = false;
        }
        all
    }
}

/// Where the comment starts in a line that holds nothing else but indicators.
fn comment_column(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'#', bytes).find(|i| matches!(bytes.get(..*i), Some([] | [.., b' ' | b'\t'])))
}
