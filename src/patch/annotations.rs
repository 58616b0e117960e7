//! What happens to the annotations of an object while it is patched.
//!
//! Kustomize keeps its bookkeeping there, which a patch may see or remove, and sets all of them anew after operations.

use crate::diag::{Error, ErrorKind, Result};
use crate::resource::{Resource, internal, origin};
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Style, Tag, scalar};

/// Stands for the bookkeeping while a patch runs that may remove it.
pub(super) const MARKER: &str = "internal.config.kubernetes.io/kept";

/// The annotations of an object, made if there are none.
pub(super) fn make(doc: &mut Doc) -> NodeId {
    let metadata = doc.get_or_make_map(doc.root(), "metadata");
    doc.get_or_make_map(metadata, "annotations")
}

/// Takes the marker out again; `false` if it is gone. `noted`: kustomize has noted something anew, so that an empty
/// mapping vanishes in the end.
pub(super) fn remove_marker(doc: &mut Doc, noted: bool) -> bool {
    let Some(metadata) = doc.get(doc.root(), "metadata") else { return false };
    let Some(annotations) = doc.get(metadata, "annotations") else { return false };
    let kept = doc.remove(annotations, MARKER).is_some();
    if (kept || noted) && doc.pairs(annotations).len() == 0 {
        doc.remove(metadata, "annotations");
    }
    kept
}

/// What kustomize has noted in the annotations of an object.
pub(super) fn notes(res: &Resource) -> Vec<(&'static str, String)> {
    let mut notes = internal::annotations(res);
    notes.extend(origin::annotations(res));
    notes
}

/// Takes notes out of the annotations again. Kustomize restores its bookkeeping; the notes of `buildMetadata` are what
/// the operations have left.
pub(super) fn restore_notes(res: &mut Resource, shown: &[(&'static str, String)], behavior: Option<&str>) {
    origin::take(res, shown);
    res.edit(|doc| {
        let annotations = doc.get_path(doc.root(), &["metadata", "annotations"]);
        if let Some(map) = annotations.filter(|n| doc.kind(*n) == NodeKind::Map) {
            shown.iter().for_each(|(key, _)| {
                doc.remove(map, key);
            });
        }
        // Of the bookkeeping this stands in the document of a generated object.
        if let Some(behavior) = behavior.filter(|_| annotations.is_none_or(|n| doc.kind(n) == NodeKind::Map))
        {
            let annotations = make(doc);
            doc.set_string(annotations, internal::BEHAVIOR, behavior);
        }
    });
}

/// After operations kustomize sets all annotations anew: values become the texts that they are written as, keys
/// lose their quotes, and an empty mapping vanishes.
pub(super) fn renew(doc: &mut Doc) -> Result<()> {
    let Some(metadata) = doc.get(doc.root(), "metadata") else { return Ok(()) };
    let Some(annotations) = doc.get(metadata, "annotations") else { return Ok(()) };
    if doc.kind(annotations) == NodeKind::Seq {
        return renew_from_list(doc, metadata, annotations);
    }
    let entries: Vec<(NodeId, NodeId)> = doc.pairs(annotations).collect();
    if entries.is_empty() {
        doc.remove(metadata, "annotations");
        return Ok(());
    }
    let children = renewed(doc, &entries);
    doc.set_children(annotations, &children);
    Ok(())
}

/// Kustomize takes the items of a list for keys and values in turn.
fn renew_from_list(doc: &mut Doc, metadata: NodeId, list: NodeId) -> Result<()> {
    let items = doc.items(list).to_vec();
    if !items.len().is_multiple_of(2) || items.iter().any(|n| doc.kind(*n) != NodeKind::Scalar) {
        let message = "expected a mapping in `metadata.annotations`, found a list";
        return Err(Error::new(ErrorKind::Resource, message).at(doc.location(list)));
    }
    doc.remove(metadata, "annotations");
    if !items.is_empty() {
        let entries: Vec<(NodeId, NodeId)> =
            items.as_chunks().0.iter().map(|[key, value]| (*key, *value)).collect();
        let children = renewed(doc, &entries);
        let map = doc.get_or_make_map(metadata, "annotations");
        doc.set_children(map, &children);
    }
    Ok(())
}

/// Entries as kustomize writes them anew.
fn renewed(doc: &mut Doc, entries: &[(NodeId, NodeId)]) -> Vec<NodeId> {
    let mut children = Vec::with_capacity(2 * entries.len());
    for (key, value) in entries.iter().copied() {
        if doc.tag(value) != Tag::Str {
            let text = doc.text(value).to_owned();
            let copy = doc.scalar(&text, Style::Double, Tag::Str);
            if let Some(mark) = doc.mark(value) {
                doc.set_mark(copy, &mark);
            }
            children.extend([key, copy]);
        } else {
            children.extend([key, value]);
        }
        if scalar::resolve(doc.text(key), Dialect::V3) != Tag::Str {
            doc.set_tag(key, Tag::Unset, false);
            doc.set_style(key, Style::Plain);
        }
    }
    children
}
