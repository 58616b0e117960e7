//! The document: one flat table of nodes.
//!
//! A node is 24 bytes. Scalars hold a span of the source or, where the text had to be made (escapes, folding,
//! transformers), of the document's own text. Collections hold a span of the table of children: items of a
//! sequence, or key, value, key, value … of a mapping, in the order of the input. A node may hang in several
//! places of its document; whoever then overwrites it in place changes all of them, as in kustomize.
//!
//! Nothing is ever freed before the document is: removed nodes stay in the table, out of reach of the root.

#![expect(
    clippy::indexing_slicing,
    reason = "ids are those of the nodes of the same document, whose ranges of children and of text lie in its tables; nothing shrinks"
)]

mod change;
mod keys;
mod make;
mod memory;

use super::source::{Mark, Source};
use crate::diag::Location;
use crate::limits::narrow;
use std::ops::Range;
use std::sync::Arc;

/// How deep documents are nested, at most, that the fast reader reads and that are printed as they were written.
pub(super) const VERBATIM_DEPTH: u64 = 500;

/// A node of a [`Doc`]; only meaningful together with the document that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    /// A single value.
    Scalar,
    /// A mapping; children are key, value, key, value …
    Map,
    /// A sequence.
    Seq,
    /// `*name`: exists only between parsing and the expansion of anchors. Its one child is what it means.
    Alias,
}

impl NodeKind {
    /// What it is called in messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Map => "a mapping",
            Self::Seq => "a list",
            Self::Alias => "an alias",
        }
    }
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
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
pub(crate) enum Tag {
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
/// A collection after whose children there is room up to the next power of two of their number.
const GROWN: u8 = 8;
/// A key after which no comment of its own can stand: it was written in `{}`, or went through JSON.
const NO_COMMENT: u8 = 16;

/// A span of the document's own text rather than of the source.
const OWN: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: NodeKind,
    style: Style,
    tag: Tag,
    flags: u8,
    /// Byte offset of the first character in the origin.
    start: u32,
    /// Byte offset after the last character, 0 where unknown.
    end: u32,
    /// Scalars: offset of the text. Collections: first child.
    a: u32,
    /// Scalars: length of the text. Collections: number of children.
    b: u32,
    /// Which of the document's sources `start` is an offset of.
    origin: u16,
}

/// A document: the nodes, their text, and where they came from.
#[derive(Debug)]
pub(crate) struct Doc {
    sources: Vec<Arc<Source>>,
    nodes: Vec<Node>,
    children: Vec<NodeId>,
    text: String,
    root: NodeId,
    /// Where the keys of large mappings are.
    keys: keys::Keys,
    /// What it has charged to the budget of its build.
    memory: memory::Memory,
    /// How many sources were asked for comments that may be JSON, and whether one has any.
    json_comments: (usize, bool),
    /// The bytes of the source that printing the root would give, while nothing was changed.
    verbatim: Option<(u32, u32)>,
    /// Comments stand after the last value in the way that costs a keep scalar at the document's end one more
    /// line break (see `reencode`).
    pub(crate) tail_comment: bool,
    /// The nodes went through JSON, which knows no comments.
    pub(crate) without_comments: bool,
    /// An anchor, an alias or a merge key was met, so that the document has to be expanded.
    pub(crate) has_anchors: bool,
}

impl NodeId {
    /// The place in the table of nodes.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Doc {
    /// A document without nodes over a source. Its root is the first node made, until [`Doc::set_root`].
    pub(crate) fn new(source: Arc<Source>) -> Self {
        let memory = memory::Memory::new(source.budget());
        Self {
            sources: vec![source],
            nodes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
            root: NodeId(0),
            keys: keys::Keys::default(),
            memory,
            json_comments: (0, false),
            verbatim: None,
            tail_comment: false,
            without_comments: false,
            has_anchors: false,
        }
    }

    /// The source that the document was read from.
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.sources[0]
    }

    /// The root node.
    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    /// What a node is, for messages: the beginning of a scalar, or the kind of a collection.
    pub(crate) fn describe(&self, node: NodeId) -> String {
        match self.kind(node) {
            NodeKind::Scalar if self.is_null(node) => "a null".into(),
            NodeKind::Scalar => {
                let line = self.text(node).lines().next().unwrap_or_default();
                format!("`{}`", line.chars().take(40).collect::<String>())
            }
            kind => kind.noun().into(),
        }
    }

    /// Returns whether a comment of a source may be a JSON object.
    pub(crate) fn has_json_comments(&mut self) -> bool {
        let (asked, found) = self.json_comments;
        let found = found || self.sources.iter().skip(asked).any(|source| source.has_json_comments());
        self.json_comments = (self.sources.len(), found);
        found
    }

    /// Makes another node the root.
    pub(crate) fn set_root(&mut self, root: NodeId) {
        self.root = root;
        self.verbatim = None;
    }

    /// How many nodes the table holds, reachable or not.
    pub(crate) fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Returns whether the table is empty.
    pub(crate) fn has_no_nodes(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Makes room for about this many more nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.reserve_nodes(nodes);
        self.room_for_children(nodes);
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

    /// What the node is.
    #[inline]
    pub(crate) fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).kind
    }

    /// How a scalar was written.
    #[inline]
    pub(crate) fn style(&self, id: NodeId) -> Style {
        self.node(id).style
    }

    /// The type of the node.
    #[inline]
    pub(crate) fn tag(&self, id: NodeId) -> Tag {
        self.node(id).tag
    }

    /// Returns whether the tag was written in the input.
    #[inline]
    pub(crate) fn is_tagged(&self, id: NodeId) -> bool {
        self.node(id).flags & TAGGED != 0
    }

    /// Returns whether the node is a scalar that is known to be printed as its bare text wherever it stands.
    #[inline]
    pub(crate) fn is_bare(&self, id: NodeId) -> bool {
        self.node(id).flags & BARE != 0
    }

    /// The text of a key that is a string in one of the styles of a line.
    #[inline]
    pub(crate) fn simple_key(&self, id: NodeId) -> Option<&str> {
        let n = self.node(id);
        let simple = n.tag == Tag::Str && !matches!(n.style, Style::Literal | Style::Folded);
        (simple && n.kind == NodeKind::Scalar).then(|| self.text(id))
    }

    /// Returns whether a collection was written in `{}` or `[]`.
    #[inline]
    pub(crate) fn is_flow(&self, id: NodeId) -> bool {
        self.node(id).flags & FLOW != 0
    }

    /// The text of a scalar, unescaped and unfolded; empty for collections.
    #[inline]
    pub(crate) fn text(&self, id: NodeId) -> &str {
        let n = self.node(id);
        if n.kind != NodeKind::Scalar {
            return "";
        }
        let start = (n.a & !OWN) as usize;
        let text = if n.a & OWN == 0 { self.sources[0].text.as_str() } else { self.text.as_str() };
        &text[start..start + n.b as usize]
    }

    /// The children: items, or keys and values in turn.
    #[inline]
    pub(crate) fn children(&self, id: NodeId) -> &[NodeId] {
        let n = self.node(id);
        if n.kind == NodeKind::Scalar {
            return &[];
        }
        &self.children[n.a as usize..(n.a + n.b) as usize]
    }

    /// The child at a place.
    #[inline]
    pub(crate) fn child(&self, id: NodeId, index: usize) -> Option<NodeId> {
        self.children(id).get(index).copied()
    }

    /// Key and value of the entry of a mapping at a place, found at once.
    #[inline]
    pub(crate) fn pair(&self, map: NodeId, index: usize) -> Option<(NodeId, NodeId)> {
        Some((self.child(map, 2 * index)?, self.child(map, 2 * index + 1)?))
    }

    /// The entries of a mapping; none for other nodes.
    #[inline]
    pub(crate) fn pairs(&self, id: NodeId) -> impl ExactSizeIterator<Item = (NodeId, NodeId)> + '_ {
        let children = if self.kind(id) == NodeKind::Map { self.children(id) } else { &[] };
        children.chunks_exact(2).map(|c| (c[0], c[1]))
    }

    /// The items of a sequence; none for other nodes.
    #[inline]
    pub(crate) fn items(&self, id: NodeId) -> &[NodeId] {
        if self.kind(id) == NodeKind::Seq { self.children(id) } else { &[] }
    }

    /// The value of a key; `None` also where `map` is not a mapping.
    pub(crate) fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        self.entry(map, key).map(|i| self.children(map)[2 * i + 1])
    }

    /// Follows keys of mappings.
    pub(crate) fn get_path(&self, from: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(from, |n, key| self.get(n, key))
    }

    /// Returns whether the node is a null.
    #[inline]
    pub(crate) fn is_null(&self, id: NodeId) -> bool {
        self.tag(id) == Tag::Null
    }

    /// Returns whether the node is a null or a collection without children.
    pub(crate) fn is_empty(&self, id: NodeId) -> bool {
        self.is_null(id) || self.kind(id) != NodeKind::Scalar && self.children(id).is_empty()
    }

    /// Which source the node came from, and the byte offset of its first character there; `None` for nodes that
    /// were made without one.
    pub(crate) fn mark(&self, id: NodeId) -> Option<Mark> {
        let n = self.node(id);
        (n.start != u32::MAX)
            .then(|| Mark { source: self.sources[n.origin as usize].clone(), offset: n.start })
    }

    /// [`Doc::mark`], or the start of the document's source for nodes that were made without one.
    pub(crate) fn mark_or_start(&self, id: NodeId) -> Mark {
        self.mark(id).unwrap_or_else(|| Mark { source: self.source().clone(), offset: 0 })
    }

    /// The place of a node; the whole file for nodes that were made without one.
    pub(crate) fn location(&self, id: NodeId) -> Location {
        self.mark(id).map_or_else(|| Location::file(self.source().path.clone()), |m| m.location())
    }

    /// The comment that a key holds: the one after its colon with nothing between, as it stands in the source of the
    /// key. Inside `{}` such a comment belongs to the value.
    pub(crate) fn comment_after(&self, key: NodeId) -> Option<&str> {
        const BLANKS: [char; 2] = [' ', '\t'];
        let n = self.node(key);
        if n.flags & NO_COMMENT != 0 || n.end <= n.start {
            return None;
        }
        let text = self.sources.get(n.origin as usize)?.text.get(n.end as usize..)?;
        // After `? key` the colon stands in a line of its own.
        let value = text.trim_ascii_start().strip_prefix(':')?.strip_prefix(BLANKS)?;
        let comment = value.trim_start_matches(BLANKS);
        comment.starts_with('#').then(|| comment.lines().next()).flatten()
    }

    /// The bytes of the document's own source that a node covers, if known.
    pub(crate) fn span(&self, id: NodeId) -> Option<(u32, u32)> {
        let n = self.node(id);
        (n.origin == 0 && n.start != u32::MAX && n.end > n.start).then_some((n.start, n.end))
    }

    /// The part of the source that is what printing the root gives, if the document was written so and nobody
    /// changed it since. Every change passes through `Doc::node_mut`, `Doc::add` or [`Doc::set_root`].
    pub(crate) fn verbatim(&self) -> Option<Range<usize>> {
        self.verbatim.map(|(start, end)| start as usize..end as usize)
    }

    /// Notes what [`Doc::verbatim`] is to give. Used by the reader, when it is done.
    pub(super) fn set_verbatim(&mut self, start: usize, end: usize) {
        self.verbatim = Some((narrow(start), narrow(end)));
    }
}

/// Returns whether two nodes are the same in kind, type, text and the way they are written, all the way down.
pub(crate) fn equal(a: &Doc, x: NodeId, b: &Doc, y: NodeId) -> bool {
    let (n, m) = (a.node(x), b.node(y));
    let seen = TAGGED | FLOW;
    (n.kind, n.style, n.tag, n.flags & seen) == (m.kind, m.style, m.tag, m.flags & seen)
        && a.text(x) == b.text(y)
        && a.children(x).len() == b.children(y).len()
        && a.children(x).iter().zip(b.children(y)).all(|(k, l)| equal(a, *k, b, *l))
}
