//! Writing keys and values into mappings: what labels and annotations have in common.
//!
//! For one object and one key there is a single value node. Where the key is missing that node is hung in; where
//! the key is there, the node there becomes a copy of it. So the places that got the node stay tied: whoever
//! later overwrites one of them in place changes all. The style of an overwritten node goes over to the single
//! node as well, as in kustomize.

use super::rows::RowsByType;
use super::write::wrong_kind;
use crate::diag::Result;
use crate::kube::{FieldSpec, Leaf, fieldspec};
use crate::kustomization::types::{Pairs, Text};
use crate::resource::ResMap;
use crate::yaml::scalar::{Dialect, resolve};
use crate::yaml::{Doc, Kind, NodeId, Style, Tag};

/// Writes all pairs into the mappings that the rows name, in all objects. `what` is for messages.
pub(super) fn apply(resources: &mut ResMap, pairs: &Pairs, rows: &[FieldSpec], what: &str) -> Result<()> {
    let pairs = in_order(pairs);
    if pairs.is_empty() {
        return Ok(());
    }
    let mut by_type = RowsByType::new(rows);
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        let rows = by_type.of(res.gvk());
        if !rows.iter().any(|r| r.leads(res.doc(), true)) {
            continue;
        }
        let id = res.id().clone();
        resources
            .edit(slot, |res| {
                res.edit(|doc| {
                    let root = doc.root();
                    for (key, value) in &pairs {
                        let mut entry = Entry { key, value, node: None };
                        for row in rows {
                            let create = row.spec.create.then_some(Leaf::Map);
                            fieldspec::apply_path(doc, root, &row.spec.path, create, &mut |doc, map| {
                                entry.put(doc, map)
                            })?;
                        }
                    }
                    Ok(())
                })
            })
            .map_err(|e| e.during(format!("writing {what} of {id}")))?;
    }
    Ok(())
}

/// The pairs by key; of several with one key the last.
fn in_order(pairs: &Pairs) -> Vec<&(Text, Text)> {
    let mut sorted: Vec<&(Text, Text)> = pairs.iter().collect();
    sorted.sort_by(|a, b| a.0.value.cmp(&b.0.value));
    sorted.reverse();
    sorted.dedup_by(|a, b| a.0.value == b.0.value);
    sorted.reverse();
    sorted
}

/// A key, its value, and the one node that holds the value in this object.
struct Entry<'a> {
    key: &'a Text,
    value: &'a Text,
    node: Option<NodeId>,
}

impl Entry<'_> {
    fn node(&mut self, doc: &mut Doc) -> NodeId {
        *self.node.get_or_insert_with(|| {
            // texts that the older library takes for something else are quoted from the start
            let style = match resolve(&self.value.value, Dialect::V2) {
                Tag::Str => Style::Plain,
                _ if self.value.value.is_empty() => Style::Plain,
                _ => Style::Double,
            };
            let node = doc.scalar(&self.value.value, style, Tag::Str);
            doc.set_mark(node, &self.value.mark);
            node
        })
    }

    /// Sets the key in a mapping.
    fn put(&mut self, doc: &mut Doc, map: NodeId) -> Result<()> {
        if doc.is_null(map) {
            return Ok(());
        }
        if doc.kind(map) != Kind::Map {
            return Err(wrong_kind(doc, map, "a mapping"));
        }
        if self.key.value.is_empty() {
            return Err(wrong_kind(doc, map, "a single value for the empty key")
                .label(self.key.mark.location(), "a key must not be empty"));
        }
        let node = self.node(doc);
        match doc.get(map, &self.key.value) {
            Some(old) if old == node => {}
            Some(old) => {
                let style = doc.style(old);
                doc.set_style(node, style);
                doc.assign(old, node);
            }
            None => {
                // a key without a tag: one that reads as a number is refused by the printer
                let key = doc.scalar(&self.key.value, Style::Plain, Tag::Unset);
                doc.set_mark(key, &self.key.mark);
                doc.append(map, &[key, node]);
            }
        }
        Ok(())
    }
}
