//! Changing nodes in place.
//!
//! Whatever changes a node goes through [`Doc::node_mut`], which notes that the document is no longer written as it is
//! printed. A change of the children also forgets where the node ends in the source.

use super::super::source::Mark;
use super::{BARE, Doc, FLOW, GROWN, NO_COMMENT, NodeId, NodeKind, Style, TAGGED, Tag};
use crate::limits::narrow;

impl Doc {
    /// Puts another text and tag in a scalar's place; the style stays. A collection becomes a plain scalar.
    pub(crate) fn set_text(&mut self, id: NodeId, text: &str, tag: Tag) {
        self.keys.changes(id);
        let (a, b) = self.own(text);
        let n = self.node_mut(id);
        if n.kind != NodeKind::Scalar {
            (n.kind, n.style) = (NodeKind::Scalar, Style::Plain);
        }
        (n.a, n.b, n.tag) = (a, b, tag);
        n.flags &= !(TAGGED | FLOW | BARE | GROWN);
        n.end = 0;
    }

    /// Changes how a scalar is written.
    pub(crate) fn set_style(&mut self, id: NodeId, style: Style) {
        let n = self.node_mut(id);
        n.style = style;
        n.flags &= !BARE;
    }

    /// Changes a tag. `written`: as if it stood in the input.
    pub(crate) fn set_tag(&mut self, id: NodeId, tag: Tag, written: bool) {
        let n = self.node_mut(id);
        n.tag = tag;
        let tagged = if written { TAGGED } else { 0 };
        n.flags = n.flags & !(TAGGED | BARE) | tagged;
    }

    /// Makes a collection count as written in `{}` or `[]`, or not.
    pub(crate) fn set_flow(&mut self, id: NodeId, flow: bool) {
        let n = self.node_mut(id);
        n.flags = if flow { n.flags | FLOW } else { n.flags & !FLOW };
    }

    /// Notes that a key has no comment of its own.
    pub(crate) fn forget_comment(&mut self, key: NodeId) {
        self.node_mut(key).flags |= NO_COMMENT;
    }

    /// Sets the byte offsets between which a node of the source stands. Used by the reader.
    pub(crate) fn set_span(&mut self, id: NodeId, start: u32, end: u32) {
        let n = self.node_mut(id);
        (n.start, n.end) = (start, end);
    }

    /// Gives a node the place of a text that it came from (a literal of a generator, an image entry).
    pub(crate) fn set_mark(&mut self, id: NodeId, mark: &Mark) {
        let origin = self.origin_of(&mark.source);
        let n = self.node_mut(id);
        (n.origin, n.start, n.end) = (origin, mark.offset, 0);
    }

    /// Makes `id` what `from` is; children are shared. The place becomes that of `from`.
    pub(crate) fn assign(&mut self, id: NodeId, from: NodeId) {
        self.keys.changes(id);
        *self.node_mut(id) = *self.node(from);
        self.node_mut(id).flags &= !GROWN;
    }

    /// Replaces all children. A scalar has none, and stays as it is.
    pub(crate) fn set_children(&mut self, id: NodeId, children: &[NodeId]) {
        let len = narrow(children.len());
        let n = *self.node(id);
        if n.kind == NodeKind::Scalar {
            return;
        }
        if n.kind == NodeKind::Map {
            self.keys.clear();
        }
        let start = self.make_room(id, len);
        self.children[start..start + children.len()].copy_from_slice(children);
        let n = self.node_mut(id);
        (n.b, n.end) = (len, 0);
    }

    /// Makes room for this many children of a collection; gives where they begin. Who grows gets room to the next power
    /// of two, so that many small additions neither take quadratic time nor leave as much memory after.
    fn make_room(&mut self, id: NodeId, len: u32) -> usize {
        let n = *self.node(id);
        let start = n.a as usize;
        if len <= n.b || n.flags & GROWN != 0 && len <= n.b.next_power_of_two() {
            return start;
        }
        let end = start + n.b as usize;
        let at = if end == self.children.len() { start } else { self.children.len() };
        let room = len.next_power_of_two() as usize;
        self.room_for_children(if at == start { room } else { room + n.b as usize });
        if at != start {
            self.children.extend_from_within(start..end);
        }
        self.children.resize(at + room, NodeId(0));
        let n = self.node_mut(id);
        n.a = narrow(at);
        n.flags |= GROWN;
        at
    }

    /// Appends children: an item to a sequence, or a key and its value to a mapping. A scalar stays as it is.
    pub(crate) fn append(&mut self, id: NodeId, more: &[NodeId]) {
        let n = *self.node(id);
        if n.kind == NodeKind::Scalar {
            return;
        }
        let len = n.b + narrow(more.len());
        let start = self.make_room(id, len);
        self.children[start + n.b as usize..start + len as usize].copy_from_slice(more);
        let n = self.node_mut(id);
        (n.b, n.end) = (len, 0);
    }

    /// Puts a child in the place of another.
    pub(crate) fn set_kid(&mut self, id: NodeId, index: usize, kid: NodeId) {
        let n = *self.node(id);
        if n.kind == NodeKind::Map && index.is_multiple_of(2) {
            self.keys.clear();
        }
        self.children[n.a as usize + index] = kid;
        self.node_mut(id).end = 0;
    }

    /// Inserts an item into a sequence.
    pub(crate) fn insert_item(&mut self, seq: NodeId, index: usize, item: NodeId) {
        let len = self.children(seq).len();
        self.append(seq, &[item]);
        let start = self.node(seq).a as usize;
        if let Some(after) = self.children.get_mut(start + index..start + len + 1) {
            after.rotate_right(1);
        }
    }

    /// Removes children `from..to`.
    pub(crate) fn remove_children(&mut self, id: NodeId, from: usize, to: usize) {
        let n = *self.node(id);
        let first = n.a as usize;
        if self.keys.has(id) {
            for entry in (from / 2..to / 2).rev() {
                let key = self.text(self.children[first + 2 * entry]).to_owned();
                self.keys.removes(id, entry, &key);
            }
        }
        self.children.copy_within(first + to..first + n.b as usize, first + from);
        let n = self.node_mut(id);
        n.b -= narrow(to - from);
        n.end = 0;
    }

    /// Sets a key of a mapping: the first entry of that name keeps its place, a new one goes last with a plain
    /// string key.
    pub(crate) fn set(&mut self, map: NodeId, key: &str, value: NodeId) {
        match self.entry(map, key) {
            Some(i) => self.set_kid(map, 2 * i + 1, value),
            None => {
                let key = self.string(key);
                self.append(map, &[key, value]);
            }
        }
    }

    /// Sets a key of a mapping to a string.
    pub(crate) fn set_string(&mut self, map: NodeId, key: &str, value: &str) {
        let value = self.string(value);
        self.set(map, key, value);
    }

    /// Removes the first entry of this name; gives its value.
    pub(crate) fn remove(&mut self, map: NodeId, key: &str) -> Option<NodeId> {
        let i = self.entry(map, key)?;
        let value = self.children(map)[2 * i + 1];
        self.remove_children(map, 2 * i, 2 * i + 2);
        Some(value)
    }

    /// The value of a key, made as an empty mapping where it is absent or null.
    pub(crate) fn get_or_make_map(&mut self, map: NodeId, key: &str) -> NodeId {
        match self.get(map, key) {
            Some(n) if !self.is_null(n) => n,
            _ => {
                let new = self.map();
                self.set(map, key, new);
                new
            }
        }
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
        d.remove_children(s, 1, 3);
        assert_eq!(d.items(s).iter().map(|i| d.text(*i)).collect::<Vec<_>>(), ["0", "3", "4"]);
        assert!(d.get(m, "k2").is_none());
    }

    #[test]
    fn growth_in_turn_takes_memory_in_proportion_and_leaves_copies_alone() {
        let mut d = doc();
        let lists = [d.seq(), d.seq()];
        let (assigned, mut copied) = (d.seq(), lists[0]);
        for i in 0..1000 {
            for list in lists {
                let item = d.string(&i.to_string());
                d.append(list, &[item]);
            }
            if i == 4 {
                d.assign(assigned, lists[0]);
                copied = d.copy(lists[0]);
            }
            if i == 5 {
                for list in [assigned, copied] {
                    let item = d.string("own");
                    d.append(list, &[item]);
                }
            }
        }
        assert!(d.children.len() < 8 * 1000, "{}", d.children.len());
        for list in lists {
            assert!(d.items(list).iter().enumerate().all(|(i, item)| d.text(*item) == i.to_string()));
        }
        for list in [assigned, copied] {
            let shown: Vec<_> = d.items(list).iter().map(|item| d.text(*item)).collect();
            assert_eq!(shown, ["0", "1", "2", "3", "4", "own"]);
        }
    }
}
