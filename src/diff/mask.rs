//! Values that are not to be seen: those of Secrets.

use super::canonical;
use super::report::{MASK, Path};
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId, NodeKind, Tag};

/// Where a Secret holds values.
const FIELDS: [&str; 2] = ["data", "stringData"];

/// Annotation in which `kubectl apply` keeps the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Returns whether an object holds values that are not to be seen.
pub(super) fn is_secret(object: &Resource) -> bool {
    object.gvk().kind == "Secret" && object.gvk().group.is_empty()
}

/// Returns whether a field of a Secret is not to be seen.
pub(super) fn hides(path: &Path) -> bool {
    FIELDS.iter().any(|field| path.starts_with(&[field]))
        || path.starts_with(&["metadata", "annotations", LAST_APPLIED])
        // All annotations at once may hold that one.
        || path.starts_with(&["metadata", "annotations"]) && path.0.len() == 2
}

/// A copy of an object in which the values of a Secret are replaced by a mask. `other` is the same object on the other
/// side: values that are not the same there get `sign`, so that the change is seen.
pub(super) fn masked(object: &Resource, other: Option<&Resource>, sign: &str) -> Doc {
    let mut doc = object.doc().clone();
    let root = doc.root();
    let fields = FIELDS.iter().filter_map(|field| Some((*field, doc.get(root, field)?)));
    let mut replacements: Vec<(NodeId, bool)> = vec![];
    for (field, map) in fields {
        for (key, value) in doc.pairs(map) {
            let key = doc.text(key);
            let same = other.and_then(|other| {
                let value_there = other.doc().get_path(other.root(), &[field, key])?;
                let names = canonical::Names::default();
                Some(canonical::same(&doc, value, other.doc(), value_there, &names))
            });
            replacements.push((value, same == Some(false)));
        }
        if doc.kind(map) != NodeKind::Map {
            replacements.push((map, false));
        }
    }
    let applied = doc.get_path(root, &["metadata", "annotations", LAST_APPLIED]);
    replacements.extend(applied.map(|node| (node, false)));
    for (node, changed) in replacements {
        let text = if changed { format!("{MASK} ({sign})") } else { MASK.to_owned() };
        doc.set_text(node, &text, Tag::Str);
    }
    doc
}
