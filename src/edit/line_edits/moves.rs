//! Items and entries that come from elsewhere in the file: their lines and the comments above them move along.

use super::super::layout::NotInPlace;
use super::super::tree::{self, Entry, Node};
use super::{Done, LineEditor};
use crate::yaml::{NodeId, NodeKind};

impl LineEditor<'_> {
    pub(super) fn find_parents(&mut self, id: NodeId) {
        let doc = self.doc();
        match doc.kind(id) {
            NodeKind::Seq => {
                for (i, item) in doc.items(id).iter().enumerate() {
                    self.parents.insert(*item, (id, i));
                    self.find_parents(*item);
                }
            }
            NodeKind::Map => {
                for (i, (key, value)) in doc.pairs(id).enumerate() {
                    self.parents.insert(key, (id, i));
                    self.find_parents(value);
                }
            }
            _ => {}
        }
    }

    /// Notes the items and keys that are elsewhere now, and the comments that go with them.
    pub(super) fn find_moved(&mut self, node: &Node) {
        let items = node.items().iter().filter_map(|i| i.origin);
        let keys = node.entries().iter().filter_map(|e| e.origin);
        for id in items.chain(keys) {
            let Some(&(parent, place)) = self.parents.get(&id) else { continue };
            if Some(parent) == node.origin {
                continue;
            }
            self.moved.insert(id);
            self.move_comments(parent, place);
        }
        node.items().iter().for_each(|n| self.find_moved(n));
        node.entries().iter().for_each(|e| self.find_moved(&e.value));
    }

    fn move_comments(&mut self, parent: NodeId, place: usize) {
        if self.doc().is_flow(parent) {
            return;
        }
        let range = match self.doc().kind(parent) {
            NodeKind::Seq => {
                self.layout.items(parent).ok().and_then(|g| g.get(place).map(|g| (g.lead, g.start)))
            }
            _ => self.layout.entries(parent).ok().and_then(|g| g.get(place).map(|g| (g.lead, g.start))),
        };
        let Some((mut at, end)) = range else { return };
        while at < end {
            self.moved_lines.insert(at);
            at = self.layout.next_line(at);
        }
    }

    pub(super) fn is_home(&self, id: NodeId, collection: NodeId) -> bool {
        self.parents.get(&id).is_some_and(|(parent, _)| *parent == collection)
    }

    /// Returns whether a comment line stands inside of an item that moves.
    pub(super) fn moved_inside(&mut self, comment: usize, list: NodeId) -> bool {
        let doc = self.doc();
        if doc.kind(list) != NodeKind::Seq || doc.is_flow(list) {
            return false;
        }
        let Ok(items) = self.layout.items(list) else { return false };
        let around =
            doc.items(list).iter().zip(items.iter()).find(|(_, g)| (g.start..g.next).contains(&comment));
        around.is_some_and(|(id, _)| self.moved.contains(id))
    }

    /// Returns whether items or entries below a node come from elsewhere.
    pub(super) fn brings(&self, node: &Node) -> bool {
        let moved = |id: Option<NodeId>| id.is_some_and(|id| self.moved.contains(&id));
        node.items().iter().any(|i| moved(i.origin) || self.brings(i))
            || node.entries().iter().any(|e| moved(e.origin) || self.brings(&e.value))
    }

    /// The lines of an entry that comes from elsewhere unchanged.
    pub(super) fn moved_entry(&mut self, entry: &Entry, column: usize) -> Done<Option<String>> {
        let Some((parent, place)) = entry.origin.and_then(|k| self.parents.get(&k).copied()) else {
            return Ok(None);
        };
        let doc = self.doc();
        if doc.is_flow(parent) || entry.rename {
            return Ok(None);
        }
        let Some((_, value)) = doc.pairs(parent).nth(place) else { return Ok(None) };
        if tree::read(doc, value) != entry.value {
            return Ok(None);
        }
        let spans = self.layout.entries(parent)?.get(place).ok_or(NotInPlace)?.clone();
        if spans.inline {
            return Ok(None);
        }
        let from = self.layout.column(spans.key);
        shifted(&self.layout.text[spans.lead..spans.next], from, column).map(Some)
    }
}

/// Lines moved from one column to another.
pub(super) fn shifted(lines: &str, from: usize, to: usize) -> Done<String> {
    let mut out = String::with_capacity(lines.len());
    for line in lines.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() {
            out.push_str(line);
        } else if indent + to < from {
            // A comment further to the left may stay; anything else may not.
            if !line.trim_start().starts_with('#') {
                return Err(NotInPlace);
            }
            out.push_str(line.trim_start());
        } else {
            out.push_str(&" ".repeat(indent + to - from));
            out.push_str(&line[indent..]);
        }
    }
    Ok(out)
}
