//! The document: one flat table of nodes.
//!
//! A node is 24 bytes. Scalars hold a span of the source or, where the text had to be made (escapes, folding,
//! transformers), of the document's own text. Collections hold a span of the table of children: items of a
//! sequence, or key, value, key, value … of a mapping, in the order of the input. A node may hang in several
//! places of its document; whoever then overwrites it in place changes all of them, as in kustomize.
//!
//! Nothing is ever freed before the document is: removed nodes stay in the table, out of reach of the root.

use super::source::{Mark, Source};
use crate::diag::Location;
use std::ops::Range;
use std::sync::Arc;

/// A node of a [`Doc`]; only meaningful together with the document that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A single value.
    Scalar,
    /// A mapping; children are key, value, key, value …
    Map,
    /// A sequence.
    Seq,
    /// `*name`: exists only between parsing and the expansion of anchors. Its one child is what it means.
    Alias,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bare.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A `|` block.
    Literal,
    /// A `>` block.
    Folded,
}

/// The type of a node, written or resolved from a plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Not decided: the text is resolved when it is printed.
    Unset,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!str`
    Str,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// The key `<<`.
    Merge,
    /// `!!map`
    Map,
    /// `!!seq`
    Seq,
    /// Any other written tag; a scalar that has one is a string.
    Other,
}

/// The tag was written in the input.
const TAGGED: u8 = 1;
/// A collection in `{}` or `[]`.
const FLOW: u8 = 2;
/// A scalar that is printed as its bare text wherever it stands.
const BARE: u8 = 4;

/// A span of the document's own text rather than of the source.
const OWN: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    style: Style,
    tag: Tag,
    flags: u8,
    /// Byte offset of the first character in the origin.
    start: u32,
    /// Byte offset behind the last character, 0 where unknown.
    end: u32,
    /// Scalars: offset of the text. Collections: first child.
    a: u32,
    /// Scalars: length of the text. Collections: number of children.
    b: u32,
    /// Which of the document's sources `start` is an offset of.
    origin: u16,
}

/// A document: the nodes, their text, and where they came from.
#[derive(Debug, Clone)]
pub struct Doc {
    sources: Vec<Arc<Source>>,
    nodes: Vec<Node>,
    kids: Vec<NodeId>,
    text: String,
    root: NodeId,
    /// The bytes of the source that printing the root would give, while nothing was changed.
    verbatim: Option<(u32, u32)>,
    /// Comments stand behind the last value in the way that costs a keep scalar at the document's end one more
    /// line break (see `reencode`).
    pub tail_comment: bool,
    /// The nodes went through JSON, which knows no comments.
    pub without_comments: bool,
    /// An anchor, an alias or a merge key was met, so that the document has to be expanded.
    pub has_anchors: bool,
}

impl NodeId {
    /// The place in the table of nodes.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Doc {
    /// A document without nodes over a source. Its root is the first node made, until [`Doc::set_root`].
    pub fn new(source: Arc<Source>) -> Self {
        Self {
            sources: vec![source],
            nodes: Vec::new(),
            kids: Vec::new(),
            text: String::new(),
            root: NodeId(0),
            verbatim: None,
            tail_comment: false,
            without_comments: false,
            has_anchors: false,
        }
    }

    /// The source that the document was read from.
    pub fn source(&self) -> &Arc<Source> {
        &self.sources[0]
    }

    /// The root node.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// All sources that nodes came from.
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// Makes another node the root.
    pub fn set_root(&mut self, root: NodeId) {
        self.root = root;
        self.verbatim = None;
    }

    /// How many nodes the table holds, reachable or not.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the table is empty.
    pub fn has_no_nodes(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Makes room for about this many more nodes.
    pub fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
        self.kids.reserve(nodes);
    }

    #[inline]
    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    #[inline]
    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.verbatim = None;
        &mut self.nodes[id.0 as usize]
    }

    // ---- reading ----

    /// What the node is.
    #[inline]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// How a scalar was written.
    #[inline]
    pub fn style(&self, id: NodeId) -> Style {
        self.node(id).style
    }

    /// The type of the node.
    #[inline]
    pub fn tag(&self, id: NodeId) -> Tag {
        self.node(id).tag
    }

    /// Whether the tag was written in the input.
    #[inline]
    pub fn is_tagged(&self, id: NodeId) -> bool {
        self.node(id).flags & TAGGED != 0
    }

    /// Whether the node is a scalar that is known to be printed as its bare text wherever it stands.
    #[inline]
    pub fn is_bare(&self, id: NodeId) -> bool {
        self.node(id).flags & BARE != 0
    }

    /// The text of a key that is a string in one of the styles of a line.
    #[inline]
    pub fn simple_key(&self, id: NodeId) -> Option<&str> {
        let n = self.node(id);
        let simple = n.tag == Tag::Str && !matches!(n.style, Style::Literal | Style::Folded);
        (simple && n.kind == Kind::Scalar).then(|| self.text(id))
    }

    /// Whether a collection was written in `{}` or `[]`.
    #[inline]
    pub fn is_flow(&self, id: NodeId) -> bool {
        self.node(id).flags & FLOW != 0
    }

    /// The text of a scalar, unescaped and unfolded; empty for collections.
    #[inline]
    pub fn text(&self, id: NodeId) -> &str {
        let n = self.node(id);
        if n.kind != Kind::Scalar {
            return "";
        }
        let start = (n.a & !OWN) as usize;
        let text = if n.a & OWN == 0 { self.sources[0].text.as_str() } else { self.text.as_str() };
        &text[start..start + n.b as usize]
    }

    /// The children: items, or keys and values in turn.
    #[inline]
    pub fn kids(&self, id: NodeId) -> &[NodeId] {
        let n = self.node(id);
        if n.kind == Kind::Scalar {
            return &[];
        }
        &self.kids[n.a as usize..(n.a + n.b) as usize]
    }

    /// The entries of a mapping; none for other nodes.
    #[inline]
    pub fn pairs(&self, id: NodeId) -> impl ExactSizeIterator<Item = (NodeId, NodeId)> + '_ {
        let kids = if self.kind(id) == Kind::Map { self.kids(id) } else { &[] };
        kids.chunks_exact(2).map(|c| (c[0], c[1]))
    }

    /// The items of a sequence; none for other nodes.
    #[inline]
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        if self.kind(id) == Kind::Seq { self.kids(id) } else { &[] }
    }

    /// Which entry of a mapping has this key: the first one.
    pub fn entry(&self, map: NodeId, key: &str) -> Option<usize> {
        self.pairs(map).position(|(k, _)| self.text(k) == key && self.kind(k) == Kind::Scalar)
    }

    /// The value of a key; `None` also where `map` is no mapping.
    pub fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        self.entry(map, key).map(|i| self.kids(map)[2 * i + 1])
    }

    /// Follows keys of mappings.
    pub fn get_path(&self, from: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(from, |n, key| self.get(n, key))
    }

    /// Whether the node is a null.
    #[inline]
    pub fn is_null(&self, id: NodeId) -> bool {
        self.tag(id) == Tag::Null
    }

    /// Whether the node is a null or a collection without children.
    pub fn is_empty(&self, id: NodeId) -> bool {
        self.is_null(id) || self.kind(id) != Kind::Scalar && self.kids(id).is_empty()
    }

    /// Which source the node came from, and the byte offset of its first character there; `None` for nodes that
    /// were made without one.
    pub fn mark(&self, id: NodeId) -> Option<Mark> {
        let n = self.node(id);
        (n.start != u32::MAX)
            .then(|| Mark { source: self.sources[n.origin as usize].clone(), offset: n.start })
    }

    /// The place of a node; the whole file for nodes that were made without one.
    pub fn location(&self, id: NodeId) -> Location {
        self.mark(id).map_or_else(|| Location::file(self.source().path.clone()), |m| m.location())
    }

    /// Whether a comment stands behind the colon of a key, as far as is known.
    pub fn has_comment_behind(&self, key: NodeId) -> bool {
        let behind = || {
            let mark = self.mark(key)?;
            let line = mark.source.text.get(mark.offset as usize..)?.lines().next()?;
            let rest = line.trim_start_matches(['"', '\'']).strip_prefix(self.text(key))?;
            let rest = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
            Some(rest.trim_start().starts_with('#'))
        };
        !self.without_comments && behind().unwrap_or(false)
    }

    /// The bytes of the document's own source that a node covers, if known.
    pub fn span(&self, id: NodeId) -> Option<(u32, u32)> {
        let n = self.node(id);
        (n.origin == 0 && n.start != u32::MAX && n.end > n.start).then_some((n.start, n.end))
    }

    /// The part of the source that is what printing the root gives, if the document was written so and nobody
    /// changed it since. Every change passes through `Doc::node_mut`, `Doc::add` or [`Doc::set_root`].
    pub fn verbatim(&self) -> Option<Range<usize>> {
        self.verbatim.map(|(start, end)| start as usize..end as usize)
    }

    /// Notes what [`Doc::verbatim`] is to give. Used by the reader, when it is done.
    pub(super) fn set_verbatim(&mut self, start: usize, end: usize) {
        self.verbatim = Some((start as u32, end as u32));
    }

    // ---- making nodes ----

    fn add(&mut self, node: Node) -> NodeId {
        self.verbatim = None;
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Stores text of the document's own; gives the span.
    fn own(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        (start | OWN, text.len() as u32)
    }

    /// A scalar whose text is a span of the source. Used by the reader.
    #[inline]
    pub fn add_span(&mut self, start: u32, end: u32, text: (u32, u32), style: Style, tag: Tag) -> NodeId {
        self.add(Node {
            kind: Kind::Scalar,
            style,
            tag,
            flags: 0,
            start,
            end,
            a: text.0,
            b: text.1 - text.0,
            origin: 0,
        })
    }

    /// Notes that the scalar added last is printed as its bare text wherever it stands. Used by the reader.
    #[inline]
    pub fn set_bare(&mut self) {
        if let Some(last) = self.nodes.last_mut() {
            last.flags |= BARE;
        }
    }

    /// A scalar at a place of the source whose text had to be made. Used by the reader.
    pub fn add_text(&mut self, start: u32, end: u32, text: &str, style: Style, tag: Tag) -> NodeId {
        let (a, b) = self.own(text);
        self.add(Node { kind: Kind::Scalar, style, tag, flags: 0, start, end, a, b, origin: 0 })
    }

    /// The document's own text, for a scalar that is made piece by piece: append to it, then call
    /// [`Doc::add_made`] with the length it had before. Used by the reader.
    pub fn made(&mut self) -> &mut String {
        &mut self.text
    }

    /// A scalar whose text is what was appended to the document's own text behind `from`. Used by the reader.
    pub fn add_made(&mut self, start: u32, end: u32, from: usize, style: Style, tag: Tag) -> NodeId {
        let (a, b) = (from as u32 | OWN, (self.text.len() - from) as u32);
        self.add(Node { kind: Kind::Scalar, style, tag, flags: 0, start, end, a, b, origin: 0 })
    }

    /// A collection at a place of the source. Used by the reader.
    pub fn add_collection(
        &mut self,
        kind: Kind,
        start: u32,
        end: u32,
        kids: &[NodeId],
        flow: bool,
    ) -> NodeId {
        let tag = if kind == Kind::Map { Tag::Map } else { Tag::Seq };
        let a = self.kids.len() as u32;
        self.kids.extend_from_slice(kids);
        let flags = if flow { FLOW } else { 0 };
        let b = kids.len() as u32;
        self.add(Node { kind, style: Style::Plain, tag, flags, start, end, a, b, origin: 0 })
    }

    /// An alias of a node. Used by the reader.
    pub fn add_alias(&mut self, start: u32, end: u32, target: NodeId) -> NodeId {
        let id = self.add_collection(Kind::Alias, start, end, &[target], false);
        self.node_mut(id).tag = Tag::Unset;
        id
    }

    /// A new scalar with no place of its own.
    pub fn scalar(&mut self, text: &str, style: Style, tag: Tag) -> NodeId {
        self.add_text(u32::MAX, 0, text, style, tag)
    }

    /// A new string: plain, with the tag `!!str`.
    pub fn string(&mut self, text: &str) -> NodeId {
        self.scalar(text, Style::Plain, Tag::Str)
    }

    /// A new empty mapping.
    pub fn map(&mut self) -> NodeId {
        self.add_collection(Kind::Map, u32::MAX, 0, &[], false)
    }

    /// A new empty sequence.
    pub fn seq(&mut self) -> NodeId {
        self.add_collection(Kind::Seq, u32::MAX, 0, &[], false)
    }

    /// Gives a node the place of a text that it came from (a literal of a generator, an image entry).
    pub fn set_mark(&mut self, id: NodeId, mark: &Mark) {
        let origin = self.origin_of(&mark.source);
        let n = self.node_mut(id);
        (n.origin, n.start, n.end) = (origin, mark.offset, 0);
    }

    fn origin_of(&mut self, source: &Arc<Source>) -> u16 {
        match self.sources.iter().position(|s| Arc::ptr_eq(s, source)) {
            Some(i) => i as u16,
            None if self.sources.len() < usize::from(u16::MAX) => {
                self.sources.push(source.clone());
                self.sources.len() as u16 - 1
            }
            None => 0,
        }
    }

    // ---- changing nodes ----

    /// Puts another text and tag in a scalar's place; the style stays. A collection becomes a plain scalar.
    pub fn set_text(&mut self, id: NodeId, text: &str, tag: Tag) {
        let (a, b) = self.own(text);
        let n = self.node_mut(id);
        if n.kind != Kind::Scalar {
            (n.kind, n.style) = (Kind::Scalar, Style::Plain);
        }
        (n.a, n.b, n.tag) = (a, b, tag);
        n.flags &= !(TAGGED | FLOW | BARE);
        n.end = 0;
    }

    /// Changes how a scalar is written.
    pub fn set_style(&mut self, id: NodeId, style: Style) {
        let n = self.node_mut(id);
        n.style = style;
        n.flags &= !BARE;
    }

    /// Changes a tag. `written`: as if it stood in the input.
    pub fn set_tag(&mut self, id: NodeId, tag: Tag, written: bool) {
        let n = self.node_mut(id);
        n.tag = tag;
        let tagged = if written { TAGGED } else { 0 };
        n.flags = n.flags & !(TAGGED | BARE) | tagged;
    }

    /// Makes a collection count as written in `{}` or `[]`, or not.
    pub fn set_flow(&mut self, id: NodeId, flow: bool) {
        let n = self.node_mut(id);
        n.flags = if flow { n.flags | FLOW } else { n.flags & !FLOW };
    }

    /// Sets the byte offsets between which a node of the source stands. Used by the reader.
    pub fn set_span(&mut self, id: NodeId, start: u32, end: u32) {
        let n = self.node_mut(id);
        (n.start, n.end) = (start, end);
    }

    /// Makes `id` what `from` is; children are shared. The place becomes that of `from`.
    pub fn assign(&mut self, id: NodeId, from: NodeId) {
        *self.node_mut(id) = *self.node(from);
    }

    /// Replaces all children. A scalar has none, and stays as it is.
    pub fn set_kids(&mut self, id: NodeId, kids: &[NodeId]) {
        let len = kids.len() as u32;
        let n = *self.node(id);
        if n.kind == Kind::Scalar {
            return;
        }
        let start = if len <= n.b {
            self.kids[n.a as usize..n.a as usize + kids.len()].copy_from_slice(kids);
            n.a
        } else {
            let start = self.kids.len() as u32;
            self.kids.extend_from_slice(kids);
            start
        };
        let n = self.node_mut(id);
        (n.a, n.b, n.end) = (start, len, 0);
    }

    /// Appends children: an item to a sequence, or a key and its value to a mapping. A scalar stays as it is.
    pub fn append(&mut self, id: NodeId, more: &[NodeId]) {
        let n = *self.node(id);
        if n.kind == Kind::Scalar {
            return;
        }
        let (from, to) = (n.a as usize, (n.a + n.b) as usize);
        let start = if to == self.kids.len() {
            n.a
        } else {
            let start = self.kids.len() as u32;
            self.kids.extend_from_within(from..to);
            start
        };
        self.kids.extend_from_slice(more);
        let n = self.node_mut(id);
        (n.a, n.b, n.end) = (start, n.b + more.len() as u32, 0);
    }

    /// Puts a child in the place of another.
    pub fn set_kid(&mut self, id: NodeId, index: usize, kid: NodeId) {
        let first = self.node(id).a as usize;
        self.kids[first + index] = kid;
        self.node_mut(id).end = 0;
    }

    /// Inserts an item into a sequence.
    pub fn insert_item(&mut self, seq: NodeId, index: usize, item: NodeId) {
        let mut kids = self.kids(seq).to_vec();
        kids.insert(index, item);
        self.set_kids(seq, &kids);
    }

    /// Removes children `from..to`.
    pub fn remove_kids(&mut self, id: NodeId, from: usize, to: usize) {
        let n = *self.node(id);
        let first = n.a as usize;
        self.kids.copy_within(first + to..first + n.b as usize, first + from);
        let n = self.node_mut(id);
        n.b -= (to - from) as u32;
        n.end = 0;
    }

    /// Sets a key of a mapping: the first entry of that name keeps its place, a new one goes last with a plain
    /// string key.
    pub fn set(&mut self, map: NodeId, key: &str, value: NodeId) {
        match self.entry(map, key) {
            Some(i) => self.set_kid(map, 2 * i + 1, value),
            None => {
                let key = self.string(key);
                self.append(map, &[key, value]);
            }
        }
    }

    /// Sets a key of a mapping to a string.
    pub fn set_string(&mut self, map: NodeId, key: &str, value: &str) {
        let value = self.string(value);
        self.set(map, key, value);
    }

    /// Removes the first entry of this name; gives its value.
    pub fn remove(&mut self, map: NodeId, key: &str) -> Option<NodeId> {
        let i = self.entry(map, key)?;
        let value = self.kids(map)[2 * i + 1];
        self.remove_kids(map, 2 * i, 2 * i + 2);
        Some(value)
    }

    /// The value of a key, made as an empty mapping where it is absent or null.
    pub fn get_or_make_map(&mut self, map: NodeId, key: &str) -> NodeId {
        match self.get(map, key) {
            Some(n) if !self.is_null(n) => n,
            _ => {
                let new = self.map();
                self.set(map, key, new);
                new
            }
        }
    }

    /// A deep copy of a node of this document.
    pub fn copy(&mut self, id: NodeId) -> NodeId {
        let n = *self.node(id);
        if n.kind == Kind::Scalar || n.b == 0 {
            return self.add(n);
        }
        let mut kids = Vec::with_capacity(n.b as usize);
        for i in n.a..n.a + n.b {
            kids.push(self.copy(self.kids[i as usize]));
        }
        let a = self.kids.len() as u32;
        self.kids.extend_from_slice(&kids);
        self.add(Node { a, ..n })
    }

    /// A copy of a collection that has other children.
    pub fn copy_with(&mut self, id: NodeId, kids: &[NodeId]) -> NodeId {
        let n = *self.node(id);
        let a = self.kids.len() as u32;
        self.kids.extend_from_slice(kids);
        self.add(Node { a, b: kids.len() as u32, ..n })
    }

    /// A deep copy of a node of another document. Places are kept.
    pub fn import(&mut self, other: &Self, id: NodeId) -> NodeId {
        let mut origins: Vec<Option<u16>> = vec![None; other.sources.len()];
        self.import_with(other, id, &mut origins)
    }

    fn import_with(&mut self, other: &Self, id: NodeId, origins: &mut [Option<u16>]) -> NodeId {
        let mut n = *other.node(id);
        let slot = n.origin as usize;
        n.origin = match origins[slot] {
            Some(known) => known,
            None => *origins[slot].insert(self.origin_of(&other.sources[slot])),
        };
        if n.kind == Kind::Scalar {
            (n.a, n.b) = self.own(other.text(id));
        } else {
            let kids: Vec<NodeId> =
                other.kids(id).iter().map(|k| self.import_with(other, *k, origins)).collect();
            n.a = self.kids.len() as u32;
            self.kids.extend_from_slice(&kids);
        }
        self.add(n)
    }
}

/// Whether two nodes are the same in kind, type, text and the way they are written, all the way down.
pub fn equal(a: &Doc, x: NodeId, b: &Doc, y: NodeId) -> bool {
    let (n, m) = (a.node(x), b.node(y));
    (n.kind, n.style, n.tag, n.flags & !BARE) == (m.kind, m.style, m.tag, m.flags & !BARE)
        && a.text(x) == b.text(y)
        && a.kids(x).len() == b.kids(y).len()
        && a.kids(x).iter().zip(b.kids(y)).all(|(k, l)| equal(a, *k, b, *l))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc() -> Doc {
        Doc::new(Source::new("t.yaml", String::new()))
    }

    #[test]
    fn set_keeps_the_place_of_an_entry_and_appends_new_ones() {
        let mut d = doc();
        let m = d.map();
        d.set_string(m, "b", "1");
        d.set_string(m, "a", "2");
        d.set_string(m, "b", "3");
        let shown: Vec<_> = d.pairs(m).map(|(k, v)| (d.text(k), d.text(v))).collect();
        assert_eq!(shown, [("b", "3"), ("a", "2")]);
    }

    #[test]
    fn a_shared_node_changes_in_all_places() {
        let mut d = doc();
        let (m, shared) = (d.map(), d.string("x"));
        d.set(m, "a", shared);
        d.set(m, "b", shared);
        d.set_text(shared, "y", Tag::Str);
        assert_eq!(d.get(m, "b").map(|n| d.text(n)), Some("y"));
    }

    #[test]
    fn children_survive_growth_of_neighbours() {
        let mut d = doc();
        let (m, s) = (d.map(), d.seq());
        d.set(m, "list", s);
        for i in 0..5 {
            let item = d.string(&i.to_string());
            d.append(s, &[item]);
            d.set_string(m, &format!("k{i}"), "v");
        }
        assert_eq!(d.items(s).len(), 5);
        assert_eq!(d.pairs(m).len(), 6);
        d.remove(m, "k2");
        d.remove_kids(s, 1, 3);
        assert_eq!(d.items(s).iter().map(|i| d.text(*i)).collect::<Vec<_>>(), ["0", "3", "4"]);
        assert!(d.get(m, "k2").is_none());
    }

    #[test]
    fn import_brings_text_and_places() {
        let other = Source::new("o.yaml", "abc".into());
        let mut o = Doc::new(other);
        let n = o.add_span(1, 3, (1, 3), Style::Plain, Tag::Str);
        let mut d = doc();
        let copy = d.import(&o, n);
        assert_eq!(d.text(copy), "bc");
        assert_eq!(d.location(copy).to_string(), "o.yaml:1:2");
    }
}
