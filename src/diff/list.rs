//! Sequences: which items of both sides belong together.
//!
//! Whatever is decided here is decided the same with the sides swapped, so that a report is mirrored by that.

use super::canonical::{self, Names};
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::{FxHashMap, FxHashSet};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Keys whose values tell items apart that no schema tells apart, if all items have one of their own.
const LIKELY_KEYS: [&str; 6] = ["name", "id", "key", "host", "mountPath", "path"];

/// Values of keys that are absent.
const KEY_DEFAULTS: [(&str, &str); 1] = [("protocol", "TCP")];

/// Items that belong together, by their place on each side; one that has no counterpart has no other place.
pub(super) type Pairs = Vec<(Option<usize>, Option<usize>)>;

/// The key of an item: names of keys and their values.
pub(super) type Key = Vec<(String, String)>;

/// The keys of all items; `None` if one has none, or shares it with another one.
pub(super) fn keys(
    doc: &Doc,
    items: &[NodeId],
    names: &[String],
    renamed: Option<&Names>,
) -> Option<Vec<Key>> {
    let mut seen = FxHashSet::default();
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let mut key = Vec::with_capacity(names.len());
        let mut found = false;
        for name in names {
            let value = match doc.get(*item, name).filter(|node| doc.kind(*node) == NodeKind::Scalar) {
                Some(node) => {
                    found = true;
                    let text = doc.text(node);
                    renamed.map_or_else(|| text.to_owned(), |names| names.renew(text).into_owned())
                }
                None => KEY_DEFAULTS.iter().find(|(key, _)| key == name).map(|(_, v)| (*v).to_owned())?,
            };
            key.push((name.clone(), value));
        }
        if !found || !seen.insert(key.clone()) {
            return None;
        }
        all.push(key);
    }
    Some(all)
}

/// The key by which the items of both sides can be told apart although no schema says so.
pub(super) fn likely_key(
    a: &Doc,
    old: &[NodeId],
    b: &Doc,
    new: &[NodeId],
    names: &Names,
) -> Option<Vec<String>> {
    LIKELY_KEYS
        .iter()
        .map(|key| vec![(*key).to_owned()])
        .find(|key| keys(a, old, key, Some(names)).is_some() && keys(b, new, key, None).is_some())
}

/// Pairs items by their keys: those of the older side in their order, then what is only on the newer side.
pub(super) fn by_key(old: &[Key], new: &[Key]) -> Pairs {
    let places: FxHashMap<&Key, usize> = new.iter().enumerate().map(|(i, key)| (key, i)).collect();
    let known: FxHashSet<&Key> = old.iter().collect();
    let first = old.iter().enumerate().map(|(i, key)| (Some(i), places.get(key).copied()));
    let rest = new.iter().enumerate().filter(|(_, key)| !known.contains(key));
    first.chain(rest.map(|(i, _)| (None, Some(i)))).collect()
}

/// Returns whether paired items stand in the same order on both sides.
pub(super) fn are_in_order(pairs: &Pairs) -> bool {
    let mut both: Vec<(usize, usize)> = pairs.iter().filter_map(|(i, j)| Some(((*i)?, (*j)?))).collect();
    both.sort_unstable();
    both.is_sorted_by_key(|(_, j)| *j)
}

/// Returns whether both sides have the same items in some order.
pub(super) fn are_permuted(old: &[String], new: &[String]) -> bool {
    fn sorted(texts: &[String]) -> Vec<&String> {
        let mut sorted: Vec<&String> = texts.iter().collect();
        sorted.sort_unstable();
        sorted
    }
    old.len() == new.len() && sorted(old) == sorted(new)
}

/// Pairs items by their content, in their order: equal ones, and between those one after the other what is alike.
pub(super) fn by_content(
    a: &Doc,
    old: &[NodeId],
    b: &Doc,
    new: &[NodeId],
    names: &Names,
) -> (Pairs, [Vec<String>; 2]) {
    let olds: Vec<String> = old.iter().map(|item| canonical::text(a, *item, Some(names))).collect();
    let news: Vec<String> = new.iter().map(|item| canonical::text(b, *item, None)).collect();
    // The same way whichever side is the older one.
    let swapped = (olds.len(), &olds) > (news.len(), &news);
    let (left, right) = if swapped { (&news, &olds) } else { (&olds, &news) };
    let mut pairs = vec![];
    for op in capture_diff_slices(Algorithm::Myers, left, right) {
        let (l, r) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => pairs.extend(l.map(Some).zip(r.map(Some))),
            _ => {
                let (mut l, mut r) = (l, r);
                while let (Some(i), Some(j)) = (l.clone().next(), r.clone().next()) {
                    let (i, j) = (i, j);
                    let (x, y) = if swapped { (j, i) } else { (i, j) };
                    let alike = match (old.get(x), new.get(y)) {
                        (Some(x), Some(y)) => are_alike(a, *x, b, *y, names),
                        _ => false,
                    };
                    l.next();
                    r.next();
                    if alike {
                        pairs.push((Some(i), Some(j)));
                    } else {
                        pairs.extend([(Some(i), None), (None, Some(j))]);
                    }
                }
                pairs.extend(l.map(|i| (Some(i), None)));
                pairs.extend(r.map(|j| (None, Some(j))));
            }
        }
    }
    if swapped {
        pairs.iter_mut().for_each(|(i, j)| std::mem::swap(i, j));
    }
    removed_first(&mut pairs);
    (pairs, [olds, news])
}

/// Puts what was removed before what was added in its place.
fn removed_first(pairs: &mut Pairs) {
    let is_pair = |(i, j): &(Option<usize>, Option<usize>)| i.is_some() && j.is_some();
    for run in pairs.chunk_by_mut(|a, b| !is_pair(a) && !is_pair(b)) {
        run.sort_by_key(|(i, _)| i.is_none());
    }
}

/// Returns whether two different items look like one that was changed: two single values, or mappings with the same keys
/// or of which half is the same.
fn are_alike(a: &Doc, x: NodeId, b: &Doc, y: NodeId, names: &Names) -> bool {
    match (a.kind(x), b.kind(y)) {
        (NodeKind::Scalar, NodeKind::Scalar) => true,
        (NodeKind::Map, NodeKind::Map) => {
            let common = || a.pairs(x).filter_map(|(key, value)| Some((value, b.get(y, a.text(key))?)));
            let same = common().filter(|(value, other)| canonical::same(a, *value, b, *other, names));
            let most = a.pairs(x).len().max(b.pairs(y).len());
            common().count() == most || 2 * same.count() >= most
        }
        _ => false,
    }
}
