//! Writing keys and values into mappings: what labels and annotations have in common.
//!
//! For one object and one key there is a scalar node. Where the key is missing that node is hung in; where
//! the key is there, the node there becomes a copy of it. So the places that got the node stay tied: whoever
//! later overwrites one of them in place changes all. The style of an overwritten node goes over to the single
//! node as well, as in kustomize.

use super::specs::{SpecsByType, SplitSpec};
use super::write::wrong_kind;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::{FieldSpec, Leaf, fieldspec};
use crate::kustomization::types::{Pairs, Text};
use crate::resource::ResMap;
use crate::yaml::compatibility::reads_as_string;
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};
use std::collections::BTreeMap;

/// Writes all pairs into the mappings that the field specs name, in all objects. `what` is for messages.
pub(super) fn apply(resources: &mut ResMap, pairs: &Pairs, specs: &[FieldSpec], what: &str) -> Result<()> {
    // In the order of their keys; of several with one key the last counts.
    let pairs: BTreeMap<&str, &(Text, Text)> = pairs.iter().map(|p| (p.0.as_str(), p)).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let mut by_type = SpecsByType::new(specs);
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        let specs = by_type.of(res.gvk());
        let noted = res.has_bookkeeping();
        let exists = |r: &SplitSpec<'_>| noted && is_annotations(&r.spec.path);
        if !specs.iter().any(|r| exists(r) || r.leads(res.doc(), true)) {
            continue;
        }
        let id = res.id().clone();
        resources
            .edit(slot, |res| {
                res.edit(|doc| {
                    let root = doc.root();
                    for (key, value) in pairs.values() {
                        let mut entry = Entry { key, value, node: None };
                        for spec in specs {
                            let create = (spec.spec.create || exists(spec)).then_some(Leaf::Map);
                            fieldspec::apply_path(doc, root, &spec.spec.path, create, &mut |doc, map| {
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

/// Returns whether a field spec leads to the annotations of an object, where kustomize keeps its notes.
fn is_annotations(path: &str) -> bool {
    path.strip_prefix('/').unwrap_or(path) == "metadata/annotations"
}

/// A pair, and the one node that holds its value in this object.
struct Entry<'a> {
    key: &'a Text,
    value: &'a Text,
    node: Option<NodeId>,
}

impl Entry<'_> {
    fn node(&mut self, doc: &mut Doc) -> NodeId {
        *self.node.get_or_insert_with(|| {
            let value = self.value.as_str();
            // Texts that the older library takes for something else are quoted from the start.
            let bare = reads_as_string(value);
            let node = doc.scalar(value, if bare { Style::Plain } else { Style::Double }, Tag::Str);
            doc.set_mark(node, &self.value.mark);
            node
        })
    }

    /// Sets the key in a mapping.
    fn put(&mut self, doc: &mut Doc, map: NodeId) -> Result<()> {
        if doc.is_null(map) {
            return Ok(());
        }
        if doc.kind(map) != NodeKind::Map {
            return Err(wrong_kind(doc, map, "a mapping"));
        }
        if self.key.is_empty() {
            return Err(Error::new(ErrorKind::Config, "expected a key, found an empty string")
                .at(self.key.mark.location()));
        }
        let node = self.node(doc);
        match doc.get(map, self.key) {
            Some(old) if old == node => {}
            Some(old) => {
                let style = doc.style(old);
                doc.set_style(node, style);
                doc.assign(old, node);
            }
            None => {
                // A key without a tag: one that reads as a number is refused by the printer.
                let key = doc.scalar(self.key, Style::Plain, Tag::Unset);
                doc.set_mark(key, &self.key.mark);
                doc.append(map, &[key, node]);
            }
        }
        Ok(())
    }
}
