//! From what a command made of the tree to the lines to change.
//!
//! The old and the new tree are walked side by side: nodes that came from the file know their place, so that a
//! changed scalar is replaced where it stands, an item that went is cut out with its line, and a new one is put
//! after its neighbour. Everything else (comments, order, quotes, indentation) is not touched. Where an item moves
//! (`bases` to `resources`), its lines and the comments above it move along. Comment lines of their own are never
//! removed.

#![expect(
    clippy::indexing_slicing,
    reason = "all spans of a collection are found or none, so there is one for each entry or item of the tree, whose places these are"
)]

mod blocks;
mod brackets;
mod moves;

use super::emit::{self, Form};
use super::layout::{Layout, NotInPlace};
use super::tree::{Entry, Node, Shape};
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::{FxHashMap, FxHashSet};

type Done<T = ()> = Result<T, NotInPlace>;

/// A piece of text to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// First byte.
    pub(crate) start: usize,
    /// After the last byte.
    pub(crate) end: usize,
    /// What comes there.
    pub(crate) text: String,
}

/// How far an edit may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum EditScope {
    /// Only what has changed.
    Values,
    /// Aliases and merge keys are written out, too.
    Aliases,
    /// Fields with a change in them are written anew.
    Fields,
}

/// The edits that make the new tree of the old one.
pub(super) fn edits(doc: &Doc, text: &str, old: &Node, new: &Node, scope: EditScope) -> Done<Vec<Edit>> {
    let mut s = LineEditor {
        layout: Layout::new(doc, text),
        scope,
        list_offset: 0,
        parents: FxHashMap::default(),
        moved: FxHashSet::default(),
        moved_lines: FxHashSet::default(),
        edits: vec![],
    };
    s.list_offset = s.usual_offset(doc.root()).unwrap_or(0);
    s.find_parents(doc.root());
    s.find_moved(new);
    s.root(old, new)?;
    s.edits.sort_by_key(|e| (e.start, e.end));
    let apart = s.edits.windows(2).all(|pair| pair[0].end <= pair[1].start);
    if apart { Ok(s.edits) } else { Err(NotInPlace) }
}

struct LineEditor<'a> {
    layout: Layout<'a>,
    scope: EditScope,
    list_offset: usize,
    /// The list or mapping in which an item or key stands, and at which place.
    parents: FxHashMap<NodeId, (NodeId, usize)>,
    /// Items and keys that have a place elsewhere in the new tree.
    moved: FxHashSet<NodeId>,
    /// Comment lines that move along.
    moved_lines: FxHashSet<usize>,
    edits: Vec<Edit>,
}

impl<'a> LineEditor<'a> {
    fn doc(&self) -> &'a Doc {
        self.layout.doc
    }

    fn put(&mut self, start: usize, end: usize, text: impl Into<String>) {
        let text = text.into();
        if start < end || !text.is_empty() {
            self.edits.push(Edit { start, end, text });
        }
    }

    fn form(&self) -> Form<'a> {
        let from = (self.scope < EditScope::Fields).then_some(self.layout.doc);
        Form { list_offset: self.list_offset, from }
    }

    /// How far the first block list of the file is indented.
    fn usual_offset(&mut self, id: NodeId) -> Option<usize> {
        let doc = self.doc();
        if doc.kind(id) != NodeKind::Map || doc.is_flow(id) {
            return None;
        }
        let entries = self.layout.entries(id).ok()?;
        doc.pairs(id).zip(entries.iter()).find_map(|((_, value), entry)| {
            let block_list = doc.kind(value) == NodeKind::Seq && !doc.is_flow(value);
            let item = block_list.then(|| self.layout.items(value).ok()).flatten()?.first()?.clone();
            self.layout.column(item.dash).checked_sub(self.layout.column(entry.key))
        })
    }

    fn root(&mut self, old: &Node, new: &Node) -> Done {
        let root = self.doc().root();
        match old.shape {
            Shape::Map if !old.is_empty() && self.doc().is_flow(root) => self.flow_map(old, new),
            Shape::Map if !old.is_empty() => {
                if old.opaque {
                    return Err(NotInPlace);
                }
                self.map(old, new, true)
            }
            _ => {
                let text = emit_all(self.form(), new);
                match self.doc().span(root) {
                    Some((start, end)) => self.put(start as usize, end as usize, text.trim_end()),
                    None => {
                        let at = end_of_document(self.layout.text);
                        self.put(at, at, text);
                    }
                }
                Ok(())
            }
        }
    }

    /// Entries that are in both mappings: their places in the old and in the new one.
    fn kept(new: &[Entry], old: &Node) -> Vec<(usize, usize)> {
        let places: FxHashMap<NodeId, usize> =
            old.entries().iter().enumerate().filter_map(|(i, e)| Some((e.origin?, i))).collect();
        new.iter().enumerate().filter_map(|(n, e)| Some((*places.get(&e.origin?)?, n))).collect()
    }

    /// Returns whether a mapping can be changed entry by entry.
    fn can_merge(old: &Node, new: &Node) -> bool {
        !old.opaque
            && match (old.shape, new.shape) {
                (Shape::Map, Shape::Map) => !Self::kept(new.entries(), old).is_empty(),
                (Shape::List, Shape::List) => !old.is_empty() && !new.is_empty(),
                _ => false,
            }
    }

    /// The places in the old list of the items of the new one, where they come from it.
    fn places(new: &Node, old: &Node) -> Vec<Option<usize>> {
        let places: FxHashMap<NodeId, usize> =
            old.items().iter().enumerate().filter_map(|(i, n)| Some((n.origin?, i))).collect();
        new.items().iter().map(|n| places.get(&n.origin?).copied()).collect()
    }

    fn unchanged(&self, old: &Node, new: &Node) -> bool {
        old == new && !(self.scope >= EditScope::Aliases && old.has_opaque())
    }

    fn merge(&mut self, old: &Node, new: &Node) -> Done {
        let id = old.origin.ok_or(NotInPlace)?;
        match (self.doc().is_flow(id), old.shape) {
            (true, Shape::Map) => self.flow_map(old, new),
            (true, _) => self.flow_list(old, new),
            (false, Shape::Map) => self.map(old, new, false),
            (false, _) => self.list(old, new),
        }
    }
}

/// All fields of a new file as lines.
pub(super) fn emit_all(form: Form<'_>, root: &Node) -> String {
    let one = |entry: &Entry| emit::entries(form, std::slice::from_ref(entry), 0);
    root.entries().iter().map(one).collect()
}

/// Where to write in a file without content: before a second document, or at the end.
fn end_of_document(text: &str) -> usize {
    let mut at = 0;
    let mut begun = false;
    for line in text.split_inclusive('\n') {
        let marker = line.starts_with("---");
        if line.starts_with("...") || marker && begun {
            return at;
        }
        begun |= marker;
        at += line.len();
    }
    at
}

/// The longest run of places that rise: those items need not move.
fn rising(found: &[Option<usize>]) -> Vec<Option<usize>> {
    // `tails[n]`: where in `found` the lowest end of a run of n + 1 places is.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; found.len()];
    for (i, place) in found.iter().enumerate() {
        let Some(place) = place else { continue };
        let at = tails.partition_point(|t| found[*t].is_some_and(|p| p < *place));
        before[i] = at.checked_sub(1).map(|b| tails[b]);
        match tails.get_mut(at) {
            Some(tail) => *tail = i,
            None => tails.push(i),
        }
    }
    let mut out = vec![None; found.len()];
    let mut at = tails.last().copied();
    while let Some(i) = at {
        out[i] = found[i];
        at = before[i];
    }
    out
}

/// The edits that fill a file without content.
pub(super) fn first(text: &str, new: &Node) -> Vec<Edit> {
    let form = Form { list_offset: 0, from: None };
    let at = end_of_document(text);
    vec![Edit { start: at, end: at, text: emit_all(form, new) }]
}
