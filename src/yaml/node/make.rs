//! Making nodes: those of the reader, which stand at a place of the source, new ones, and copies.

use super::super::source::Source;
use super::{BARE, Doc, FLOW, GROWN, Node, NodeId, NodeKind, OWN, Style, Tag};
use crate::limits::narrow;
use std::sync::Arc;

impl Doc {
    fn add(&mut self, mut node: Node) -> NodeId {
        self.verbatim = None;
        // The room after the children of a collection is not that of its copy.
        node.flags &= !GROWN;
        if self.nodes.len() == self.nodes.capacity() {
            self.grow_nodes();
        }
        self.nodes.push(node);
        NodeId(narrow(self.nodes.len()) - 1)
    }

    /// Appends to the table of children; gives where they begin.
    fn add_children(&mut self, children: &[NodeId]) -> u32 {
        self.room_for_children(children.len());
        let start = narrow(self.children.len());
        self.children.extend_from_slice(children);
        start
    }

    /// Stores text of the document's own; gives the span. It is empty where a limit is reached.
    pub(super) fn own(&mut self, text: &str) -> (u32, u32) {
        if !self.room_for_text(text.len()) {
            return (OWN, 0);
        }
        let start = narrow(self.text.len());
        self.text.push_str(text);
        (start | OWN, narrow(text.len()))
    }

    /// A scalar whose text is a span of the source. Used by the reader.
    #[inline]
    pub(crate) fn add_span(
        &mut self,
        start: u32,
        end: u32,
        text: (u32, u32),
        style: Style,
        tag: Tag,
    ) -> NodeId {
        self.add(Node {
            kind: NodeKind::Scalar,
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
    pub(crate) fn set_bare(&mut self) {
        if let Some(last) = self.nodes.last_mut() {
            last.flags |= BARE;
        }
    }

    /// A scalar at a place of the source whose text had to be made. Used by the reader.
    pub(crate) fn add_text(&mut self, start: u32, end: u32, text: &str, style: Style, tag: Tag) -> NodeId {
        let (a, b) = self.own(text);
        self.add(Node { kind: NodeKind::Scalar, style, tag, flags: 0, start, end, a, b, origin: 0 })
    }

    /// The document's own text, for a scalar that is made piece by piece: append to it, then call
    /// [`Doc::add_made`] with the length it had before. Used by the reader.
    pub(crate) fn made(&mut self) -> &mut String {
        &mut self.text
    }

    /// A scalar whose text is what was appended to the document's own text after `from`. Used by the reader.
    pub(crate) fn add_made(&mut self, start: u32, end: u32, from: usize, style: Style, tag: Tag) -> NodeId {
        self.check_text(0);
        let (a, b) = match self.exceeded() {
            Some(_) => (OWN, 0),
            None => (narrow(from) | OWN, narrow(self.text.len() - from)),
        };
        self.add(Node { kind: NodeKind::Scalar, style, tag, flags: 0, start, end, a, b, origin: 0 })
    }

    /// A collection at a place of the source. Used by the reader.
    pub(crate) fn add_collection(
        &mut self,
        kind: NodeKind,
        start: u32,
        end: u32,
        children: &[NodeId],
        flow: bool,
    ) -> NodeId {
        if flow && kind == NodeKind::Map {
            children.iter().step_by(2).for_each(|key| self.forget_comment(*key));
        }
        let tag = if kind == NodeKind::Map { Tag::Map } else { Tag::Seq };
        let a = self.add_children(children);
        let flags = if flow { FLOW } else { 0 };
        let b = narrow(children.len());
        self.add(Node { kind, style: Style::Plain, tag, flags, start, end, a, b, origin: 0 })
    }

    /// An alias of a node. Used by the reader.
    pub(crate) fn add_alias(&mut self, start: u32, end: u32, target: NodeId) -> NodeId {
        let id = self.add_collection(NodeKind::Alias, start, end, &[target], false);
        self.node_mut(id).tag = Tag::Unset;
        id
    }

    /// A new scalar with no place of its own.
    pub(crate) fn scalar(&mut self, text: &str, style: Style, tag: Tag) -> NodeId {
        self.add_text(u32::MAX, 0, text, style, tag)
    }

    /// A new string: plain, with the tag `!!str`.
    pub(crate) fn string(&mut self, text: &str) -> NodeId {
        self.scalar(text, Style::Plain, Tag::Str)
    }

    /// A new empty mapping.
    pub(crate) fn map(&mut self) -> NodeId {
        self.add_collection(NodeKind::Map, u32::MAX, 0, &[], false)
    }

    /// A new empty sequence.
    pub(crate) fn seq(&mut self) -> NodeId {
        self.add_collection(NodeKind::Seq, u32::MAX, 0, &[], false)
    }

    /// The number of a source. Where there are more than numbers, places are shown in the first one.
    pub(super) fn origin_of(&mut self, source: &Arc<Source>) -> u16 {
        match self.sources.iter().position(|s| Arc::ptr_eq(s, source)) {
            Some(i) => u16::try_from(i).unwrap_or(0),
            None => match u16::try_from(self.sources.len()) {
                Ok(new) if new < u16::MAX => {
                    self.sources.push(source.clone());
                    new
                }
                _ => 0,
            },
        }
    }

    /// A deep copy of a node of this document, without children where a limit is reached.
    pub(crate) fn copy(&mut self, id: NodeId) -> NodeId {
        let n = *self.node(id);
        if n.kind == NodeKind::Scalar || n.b == 0 {
            return self.add(n);
        }
        if self.exceeded().is_some() {
            return self.add(Node { b: 0, ..n });
        }
        let mut children = Vec::with_capacity(n.b as usize);
        for i in n.a..n.a + n.b {
            children.push(self.copy(self.children[i as usize]));
        }
        let a = self.add_children(&children);
        self.add(Node { a, ..n })
    }

    /// A copy of a collection that has other children.
    pub(crate) fn copy_with(&mut self, id: NodeId, children: &[NodeId]) -> NodeId {
        let n = *self.node(id);
        let a = self.add_children(children);
        self.add(Node { a, b: narrow(children.len()), ..n })
    }

    /// A deep copy of a node of another document, without children where a limit is reached. Places are kept.
    pub(crate) fn import(&mut self, other: &Self, id: NodeId) -> NodeId {
        self.adopt_budget(other);
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
        if n.kind == NodeKind::Scalar {
            (n.a, n.b) = self.own(other.text(id));
        } else if self.exceeded().is_some() {
            (n.a, n.b) = (0, 0);
        } else {
            let children: Vec<NodeId> =
                other.children(id).iter().map(|k| self.import_with(other, *k, origins)).collect();
            n.a = self.add_children(&children);
            n.b = narrow(children.len());
        }
        self.add(n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::source::Source;
    use super::*;

    fn doc() -> Doc {
        Doc::new(Source::new("t.yaml", String::new()))
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
