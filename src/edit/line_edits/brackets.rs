//! Changes inside `[]` and `{}`: new parts are put between commas, or on lines of their own where the others have them.
//! Files that are JSON stay JSON.

use super::super::emit;
use super::super::layout::NotInPlace;
use super::super::tree::{Entry, Node};
use super::{Done, LineEditor, rising};
use crate::yaml::{NodeId, NodeKind, Style};
use rustc_hash::FxHashMap;

impl LineEditor<'_> {
    pub(super) fn flow_list(&mut self, old: &Node, new: &Node) -> Done {
        let bounds = self.flow_bounds(old.items().iter().map(|n| n.origin))?;
        let in_place = rising(&Self::places(new, old));
        let json = old.items().first().is_some_and(|n| self.is_json(n.origin));
        let mut parts = Vec::new();
        for (item, place) in new.items().iter().zip(&in_place) {
            if let Some(i) = place {
                self.flow_value(&old.items()[*i], item, bounds[*i], json)?;
                parts.push((Some(*i), String::new()));
            } else {
                parts.push((None, emit::flow(item, json)));
            }
        }
        self.flow_parts(&bounds, &parts)
    }

    pub(super) fn flow_map(&mut self, old: &Node, new: &Node) -> Done {
        if old.opaque {
            return Err(NotInPlace);
        }
        let keys = self.flow_bounds(old.entries().iter().map(|e| e.origin))?;
        let mut bounds = Vec::new();
        for (entry, key) in old.entries().iter().zip(&keys) {
            let end = entry.value.origin.and_then(|id| self.doc().span(id)).map_or(key.1, |s| s.1 as usize);
            bounds.push((key.0, end.max(key.1)));
        }
        let json = old.entries().first().is_some_and(|e| self.is_json(e.origin));
        let kept = Self::kept(new.entries(), old);
        let place: FxHashMap<usize, usize> = kept.iter().map(|(o, n)| (*n, *o)).collect();
        let mut parts = Vec::new();
        for (n, entry) in new.entries().iter().enumerate() {
            let Some(&o) = place.get(&n) else {
                parts.push((None, emit::flow_entry(entry, json)));
                continue;
            };
            let was = &old.entries()[o];
            if entry.rename {
                let bare = Node::map(vec![Entry::new(&entry.key, Node::null())]);
                let text = emit::flow(&bare, json);
                let text = text.trim_start_matches('{').trim_end_matches(": null}").to_owned();
                self.put(keys[o].0, keys[o].1, text);
            }
            let span = was.value.origin.and_then(|id| self.doc().span(id));
            match span {
                Some((start, end)) => {
                    self.flow_value(&was.value, &entry.value, (start as usize, end as usize), json)?;
                }
                None if self.unchanged(&was.value, &entry.value) => {}
                None => return Err(NotInPlace),
            }
            parts.push((Some(o), String::new()));
        }
        self.flow_parts(&bounds, &parts)
    }

    fn flow_bounds(&self, ids: impl Iterator<Item = Option<NodeId>>) -> Done<Vec<(usize, usize)>> {
        ids.map(|id| {
            let (start, end) = id.and_then(|id| self.doc().span(id)).ok_or(NotInPlace)?;
            Ok((start as usize, end as usize))
        })
        .collect()
    }

    fn is_json(&self, id: Option<NodeId>) -> bool {
        id.is_some_and(|id| self.doc().kind(id) == NodeKind::Scalar && self.doc().style(id) == Style::Double)
    }

    fn flow_value(&mut self, old: &Node, new: &Node, (start, end): (usize, usize), json: bool) -> Done {
        if self.unchanged(old, new) {
            return Ok(());
        }
        if Self::can_merge(old, new) {
            return self.merge(old, new);
        }
        self.put(start, end, emit::flow(new, json));
        Ok(())
    }

    /// Puts new parts between the kept ones of a collection in brackets, and takes the others out with a comma each.
    fn flow_parts(&mut self, bounds: &[(usize, usize)], parts: &[(Option<usize>, String)]) -> Done {
        let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else { return Ok(()) };
        let line = self.layout.line_start(first.0);
        let own_line = self.layout.text[line..first.0].trim().is_empty();
        let separator =
            if own_line { format!(",\n{}", &self.layout.text[line..first.0]) } else { ", ".to_owned() };
        let kept: Vec<usize> = parts.iter().filter_map(|(place, _)| *place).collect();
        if !kept.is_sorted() {
            return Err(NotInPlace);
        }
        let text = |parts: &[(Option<usize>, String)]| {
            let texts: Vec<&str> = parts.iter().map(|(_, t)| t.as_str()).collect();
            texts.join(&separator)
        };
        let Some(first_kept) = kept.first() else {
            self.put(first.0, last.1, text(parts));
            return Ok(());
        };
        let is_kept = |(place, _): &(Option<usize>, String)| place.is_some();
        let lead = parts.iter().position(is_kept).unwrap_or(0);
        let mut new = text(&parts[..lead]);
        if !new.is_empty() {
            new.push_str(&separator);
        }
        self.put(first.0, bounds[*first_kept].0, new);
        let mut at = lead;
        while at < parts.len() {
            let Some(here) = parts[at].0 else { break };
            let more = parts[at + 1..].iter().position(is_kept).map_or(parts.len(), |i| at + 1 + i);
            let gone = match parts.get(more).and_then(|p| p.0) {
                Some(next) => bounds[next - 1].1,
                None => last.1,
            };
            let mut new = text(&parts[at + 1..more]);
            if !new.is_empty() {
                new.insert_str(0, &separator);
            }
            self.put(bounds[here].1, gone, new);
            at = more;
        }
        Ok(())
    }
}
