//! Label selectors: what each demands.

use super::get;
use crate::diff::canonical;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// What a selector demands, each as a text. An empty selector demands nothing.
pub(super) fn demands(doc: &Doc, selector: NodeId) -> Vec<String> {
    let labels = doc.get(selector, "matchLabels").into_iter().flat_map(|map| doc.pairs(map));
    let labels = labels.map(|(key, value)| format!("{}={}", doc.text(key), doc.text(value)));
    let expressions = doc.get(selector, "matchExpressions").map_or(&[][..], |list| doc.items(list));
    labels.chain(expressions.iter().map(|e| canonical::text(doc, *e, None))).collect()
}

fn of(object: &Resource, path: &[&str]) -> Vec<String> {
    get(object, path).map_or_else(Vec::new, |selector| demands(object.doc(), selector))
}

/// Returns whether the newer selector demands something that the older one did not.
pub(super) fn holds_for_fewer(old: &Resource, new: &Resource, path: &[&str]) -> bool {
    let known = of(old, path);
    of(new, path).iter().any(|demand| !known.contains(demand))
}

/// Returns whether the newer selector demands something no longer.
pub(super) fn holds_for_more(old: &Resource, new: &Resource, path: &[&str]) -> bool {
    holds_for_fewer(new, old, path)
}
