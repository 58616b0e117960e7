//! How the names of fields are spelled, and which fields say nothing.
//!
//! Kustomize reads the names of fields in any case, and writes its own; it leaves out what is empty. A field that stands
//! there in several spellings is read once for each, in byte order, over what was read before; of one that stands there
//! twice in the same spelling, the last counts.

#![expect(
    clippy::indexing_slicing,
    reason = "places are those of entries that were found in the same mapping"
)]

use super::tree::{Entry, Node, Shape};
use crate::kustomization::schema::NAMES;
use std::collections::BTreeMap;

/// The fields of what some fields hold, or of the items of their lists. A field that has fields itself is a row of its own.
const INNER: &[(&str, &[&str])] = &[
    ("metadata", &["name", "namespace", "labels", "annotations"]),
    ("sortOptions", &["order", "legacySortOptions"]),
    ("labels", &["pairs", "includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields"]),
    ("fields", &["path", "group", "version", "kind", "create"]),
    ("images", &["name", "newName", "tagSuffix", "newTag", "digest"]),
    ("imageTags", &["name", "newName", "tagSuffix", "newTag", "digest"]),
    ("replicas", &["name", "count"]),
    ("patches", &["path", "patch", "target", "options"]),
    ("patchesJson6902", &["path", "patch", "target", "options"]),
    ("target", SELECTOR),
    ("replacements", &["path", "source", "sourceValue", "targets"]),
    ("source", &["group", "version", "kind", "name", "namespace", "fieldPath", "options"]),
    ("targets", &["select", "reject", "fieldPaths", "options"]),
    ("select", SELECTOR),
    ("reject", SELECTOR),
    ("configMapGenerator", GENERATOR),
    ("secretGenerator", GENERATOR),
    ("generatorOptions", GENERATOR_OPTIONS),
    ("options", GENERATOR_OPTIONS),
    ("vars", &["name", "objref", "fieldref"]),
    ("objref", &["apiVersion", "group", "version", "kind", "name", "namespace"]),
    ("fieldref", &["fieldPath"]),
];

const SELECTOR: &[&str] =
    &["group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"];

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
    // Of a replacement.
    "delimiter",
    "index",
    "encoding",
    "create",
];

/// Gives the fields of a kustomization file kustomize's names.
pub(super) fn settle(root: &mut Node) {
    if root.shape == Shape::Map && !root.opaque {
        rename(root, &NAMES);
    }
}

/// Fields that are pointers to structures in kustomize, which writes them down though they are empty.
const POINTERS: [&str; 4] = ["generatorOptions", "helmGlobals", "metadata", "sortOptions"];

/// Takes away the fields without content; of those inside of others only the nulls.
pub(super) fn drop_empty(root: &mut Node) {
    if root.shape != Shape::Map || root.opaque {
        return;
    }
    let stays = |entry: &Entry| {
        let is_pointer = entry.value.shape == Shape::Map && POINTERS.contains(&entry.key.as_str());
        !entry.value.is_empty() || entry.value.opaque || is_pointer
    };
    root.entries_mut().retain(stays);
    root.entries_mut().iter_mut().for_each(drop_nulls);
}

fn drop_nulls(field: &mut Entry) {
    let Some((_, names)) = INNER.iter().find(|(name, _)| *name == field.key) else { return };
    let maps = match field.value.shape {
        _ if field.value.opaque => return,
        Shape::Map => std::slice::from_mut(&mut field.value),
        Shape::List => field.value.items_mut(),
        _ => return,
    };
    for map in maps.iter_mut().filter(|map| map.shape == Shape::Map && !map.opaque) {
        let is_null = |entry: &Entry| {
            names.contains(&entry.key.as_str()) && entry.value.shape == Shape::Null && !entry.value.opaque
        };
        map.entries_mut().retain(|entry| !is_null(entry));
        map.entries_mut().iter_mut().for_each(drop_nulls);
    }
}

fn rename(map: &mut Node, names: &[&'static str]) {
    for name in names {
        let inner = INNER.iter().find(|(field, _)| field == name).map(|(_, inner)| *inner);
        let is_meant = |entry: &&mut Entry| entry.key.eq_ignore_ascii_case(name);
        let mut found = 0;
        for entry in map.entries_mut().iter_mut().filter(is_meant) {
            found += 1;
            if let Some(inner) = inner {
                rename_below(&mut entry.value, inner);
            }
        }
        if found > 1 {
            merge_spellings(map, name);
        }
        let is_meant = |entry: &&mut Entry| entry.key.eq_ignore_ascii_case(name);
        if let Some(entry) = map.entries_mut().iter_mut().find(is_meant)
            && entry.key != *name
        {
            (entry.key, entry.rename) = ((*name).to_owned(), true);
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
                    Some(at) => {
                        let there = &mut map.entries_mut()[at].value;
                        *there = laid_over(there.clone(), &entry.value);
                    }
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
