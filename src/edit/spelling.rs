//! How the names of fields are spelled, and which fields say nothing.
//!
//! Kustomize reads the names of fields in any case, and writes its own; it leaves out what is empty. A field that stands
//! there in several spellings is read once for each, in byte order, over what was read before; of one that stands there
//! twice in the same spelling, the last counts.

use super::tree::{Entry, Node, Shape};
use crate::kustomization::schema::NAMES;
use std::collections::BTreeMap;

/// The fields of what some fields hold, or of the items of their lists. A field that has fields itself is a row of its own.
const INNER: &[(&str, &[&str])] = &[
    ("metadata", &["name", "namespace", "labels", "annotations"]),
    ("labels", &["pairs", "includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields"]),
    ("images", &["name", "newName", "tagSuffix", "newTag", "digest"]),
    ("imageTags", &["name", "newName", "tagSuffix", "newTag", "digest"]),
    ("replicas", &["name", "count"]),
    ("patches", &["path", "patch", "target", "options"]),
    ("patchesJson6902", &["path", "patch", "target", "options"]),
    ("target", &["group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"]),
    ("configMapGenerator", GENERATOR),
    ("secretGenerator", GENERATOR),
    ("generatorOptions", GENERATOR_OPTIONS),
    ("options", GENERATOR_OPTIONS),
    ("vars", &["name", "objref", "fieldref"]),
    ("objref", &["apiVersion", "group", "version", "kind", "name", "namespace"]),
    ("fieldref", &["fieldPath"]),
];

const GENERATOR: &[&str] =
    &["name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type"];

const GENERATOR_OPTIONS: &[&str] = &[
    "labels",
    "annotations",
    "disableNameSuffixHash",
    "immutable",
    // Of a patch.
    "allowNameChange",
    "allowKindChange",
];

/// Gives the fields of a kustomization file kustomize's names.
pub(super) fn settle(root: &mut Node) {
    if root.shape == Shape::Map && !root.opaque {
        rename(root, &NAMES);
    }
}

/// Fields that are pointers to structures in kustomize, which writes them down though they are empty.
const POINTERS: [&str; 4] = ["generatorOptions", "helmGlobals", "metadata", "sortOptions"];

/// Takes away the fields without content.
pub(super) fn drop_empty(root: &mut Node) {
    let stays = |entry: &Entry| {
        let is_pointer = entry.value.shape == Shape::Map && POINTERS.contains(&entry.key.as_str());
        !entry.value.is_empty() || entry.value.opaque || is_pointer
    };
    if root.shape == Shape::Map && !root.opaque {
        root.entries_mut().retain(stays);
    }
}

fn rename(map: &mut Node, names: &[&'static str]) {
    for name in names {
        let is_meant = |entry: &&Entry| entry.key.eq_ignore_ascii_case(name);
        match map.entries().iter().filter(is_meant).count() {
            0 => continue,
            1 => {}
            _ => merge_spellings(map, name),
        }
        let Some(at) = map.position(name) else { continue };
        let entry = &mut map.entries_mut()[at];
        if entry.key != *name {
            (entry.key, entry.rename) = ((*name).to_owned(), true);
        }
        if let Some((_, inner)) = INNER.iter().find(|(field, _)| field == name) {
            rename_below(&mut entry.value, inner);
        }
    }
}

fn rename_below(value: &mut Node, names: &[&'static str]) {
    match value.shape {
        _ if value.opaque => {}
        Shape::Map => rename(value, names),
        Shape::List => value.items_mut().iter_mut().for_each(|item| rename_below(item, names)),
        _ => {}
    }
}

/// Leaves one spelling of a field, with what all of them say.
fn merge_spellings(map: &mut Node, name: &str) {
    let same = |(_, entry): &(usize, &Entry)| entry.key.eq_ignore_ascii_case(name);
    let found = map.entries().iter().enumerate().filter(same);
    let mut spellings: BTreeMap<String, (usize, Node)> =
        found.map(|(at, entry)| (entry.key.clone(), (at, entry.value.clone()))).collect();
    let Some((_, (last_at, last))) = spellings.pop_last() else { return };
    let under = spellings.into_values().map(|(_, value)| value).reduce(|under, over| laid_over(under, &over));
    let merged = under.map_or_else(|| last.clone(), |under| laid_over(under, &last));
    if merged != last {
        let mut merged = merged;
        merged.forget();
        map.entries_mut()[last_at].value.put(merged);
    }
    let mut at = 0..;
    map.entries_mut().retain(|entry| at.next() == Some(last_at) || !entry.key.eq_ignore_ascii_case(name));
}

/// What a value becomes when another spelling of its field is read over it.
fn laid_over(under: Node, over: &Node) -> Node {
    match (under.shape, over.shape) {
        (Shape::Map, Shape::Map) => {
            let mut map = under;
            for entry in over.entries() {
                match map.key(&entry.key) {
                    Some(at) => map.entries_mut()[at].value = entry.value.clone(),
                    None => map.entries_mut().push(entry.clone()),
                }
            }
            map
        }
        (Shape::List, Shape::List) => {
            let item = |(i, item): (usize, &Node)| match (under.items().get(i), item.shape) {
                (Some(there), Shape::Null) => there.clone(),
                (Some(there), Shape::Map) if there.shape == Shape::Map => laid_over(there.clone(), item),
                _ => item.clone(),
            };
            Node::list(over.items().iter().enumerate().map(item).collect())
        }
        (Shape::Str | Shape::Plain, Shape::Null) => under,
        _ => over.clone(),
    }
}
