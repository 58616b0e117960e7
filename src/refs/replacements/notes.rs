//! Kustomize's notes about an object, which are annotations to a path that leads to all of these.

use crate::diag::Result;
use crate::resource::{Resource, internal, origin};
use crate::yaml::NodeKind;

/// Returns whether a path leads to all annotations, to what holds them, or to a note.
pub(super) fn are_at(parts: &[String]) -> bool {
    let is = |i: usize, name: &str| parts.get(i).is_some_and(|p| p == name || p == "*");
    is(0, "metadata")
        && (parts.len() == 1
            || is(1, "annotations") && parts.get(2).is_none_or(|key| key.contains("config.k")))
}

/// A copy of an object with the notes as annotations.
pub(super) fn shown(res: &Resource) -> Resource {
    let mut copy = res.clone();
    show(&mut copy);
    copy
}

/// Puts the notes into the annotations, and gives those of `buildMetadata`.
pub(super) fn show(res: &mut Resource) -> Vec<(&'static str, String)> {
    let (bookkeeping, origins) = (internal::annotations(res), origin::annotations(res));
    if !bookkeeping.is_empty() || !origins.is_empty() {
        res.edit(|doc| {
            let metadata = doc.get_or_make_map(doc.root(), "metadata");
            let annotations = doc.get_or_make_map(metadata, "annotations");
            for (key, text) in bookkeeping.iter().chain(&origins) {
                doc.set_string(annotations, key, text);
            }
        });
    }
    origins
}

/// Takes the notes out of the annotations again: what stands there now counts.
pub(super) fn take(res: &mut Resource, shown: &[(&'static str, String)]) -> Result<()> {
    origin::take(res, shown);
    internal::forget(res);
    internal::adopt(res)?;
    res.edit(|doc| {
        let Some(metadata) = doc.get(doc.root(), "metadata") else { return };
        let Some(map) = doc.get(metadata, "annotations").filter(|n| doc.kind(*n) == NodeKind::Map) else {
            return;
        };
        let keys: Vec<String> = doc.pairs(map).map(|(key, _)| doc.text(key).to_owned()).collect();
        keys.iter().filter(|key| internal::is_bookkeeping(key) && *key != internal::BEHAVIOR).for_each(
            |key| {
                doc.remove(map, key);
            },
        );
        if doc.children(map).is_empty() {
            doc.remove(metadata, "annotations");
        }
    });
    Ok(())
}
