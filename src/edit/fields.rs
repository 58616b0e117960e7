//! What the commands do to lists, maps of texts, images and replicas.

#![expect(
    clippy::indexing_slicing,
    reason = "places are those of items that were found in the same list, or just put there"
)]

use super::arguments::Image;
use super::glob;
use super::tree::{Entry, Node, Shape};
use crate::diag::{Error, ErrorKind, Result};
use rustc_hash::{FxHashMap, FxHashSet};

/// Adds items to a list; gives those that were there.
pub(crate) fn add_items(root: &mut Node, field: &str, names: &[String]) -> Vec<String> {
    let mut known: FxHashSet<String> = root.get_items(field).iter().map(|i| i.text().to_owned()).collect();
    let mut there = Vec::new();
    for name in names {
        if !known.insert(name.clone()) {
            there.push(name.clone());
        } else {
            root.field_mut(field).items_mut().push(name.as_str().into());
        }
    }
    there
}

/// Removes the items that match one of the patterns.
pub(crate) fn remove_items(root: &mut Node, field: &str, patterns: &[String]) -> Result<()> {
    let mut kept = Vec::new();
    for item in root.get_items(field) {
        let mut gone = false;
        for pattern in patterns {
            gone |= glob::matches(pattern, item.text())?;
        }
        if !gone {
            kept.push(item.clone());
        }
    }
    keep_items(root, field, kept);
    Ok(())
}

/// Leaves these items of a list, and takes the field away if none is left.
pub(crate) fn keep_items(root: &mut Node, field: &str, kept: Vec<Node>) {
    if kept.len() == root.get_items(field).len() {
        return;
    }
    if kept.is_empty() {
        root.take(field);
    } else {
        *root.field_mut(field).items_mut() = kept;
    }
}

/// How keys of labels and annotations are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// A key that is there is an error.
    Refuse,
    /// It gets the new value.
    Replace,
}

/// Sets keys of a map of texts.
pub(crate) fn set_pairs(
    map: &mut Node,
    pairs: &[(String, String)],
    existing: Existing,
    what: &str,
) -> Result<()> {
    // Of several entries of one key the last counts.
    let mut places: FxHashMap<String, usize> =
        map.entries().iter().enumerate().map(|(i, entry)| (entry.key.clone(), i)).collect();
    let there = pairs.iter().find(|(key, _)| existing == Existing::Refuse && places.contains_key(key));
    if let Some((key, _)) = there {
        let message = format!("{what} `{key}` is in the kustomization file already");
        return Err(Error::new(ErrorKind::Conflict, message).hint("pass `--force` to replace its value"));
    }
    let mut pairs: Vec<&(String, String)> = pairs.iter().collect();
    pairs.sort();
    let entries = map.entries_mut();
    for (key, value) in pairs {
        match places.get(key) {
            Some(at) => entries[*at].value.put(value.as_str().into()),
            None => {
                places.insert(key.clone(), entries.len());
                entries.push(Entry::new(key, value.as_str()));
            }
        }
    }
    Ok(())
}

/// The `pairs` of the first entry of `labels` that leaves selectors alone and treats templates so, made if absent.
pub(crate) fn label_pairs(root: &mut Node, include_templates: bool) -> &mut Node {
    let on = |entry: &Node, field| entry.get(field).is_some_and(|n| super::deprecated::is_on(n.text()));
    let fits = |e: &Node| !on(e, "includeSelectors") && on(e, "includeTemplates") == include_templates;
    let at = root.get_items("labels").iter().position(fits);
    let items = root.field_mut("labels").items_mut();
    let at = at.unwrap_or_else(|| {
        let mut entries = vec![Entry::new("pairs", Node::map(vec![]))];
        if include_templates {
            entries.push(Entry::new("includeTemplates", Node::plain("true")));
        }
        items.push(Node::map(entries));
        items.len() - 1
    });
    items[at].field_mut("pairs")
}

/// Removes keys of a map of texts. Keys that are not there are an error unless they are to be ignored.
pub(crate) fn remove_keys(
    root: &mut Node,
    field: &str,
    keys: &[String],
    ignore: bool,
    what: &str,
) -> Result<()> {
    if keys.iter().any(String::is_empty) {
        return Err(Error::new(ErrorKind::Usage, format!("a {what} to remove has an empty name")));
    }
    let missing = |message: String| {
        let error = Error::new(ErrorKind::NotFound, message);
        Err(error.hint("pass `--ignore-non-existence` to go on without it"))
    };
    if root.get(field).is_none() {
        return if ignore {
            Ok(())
        } else {
            missing(format!("there is no `{field}` in the kustomization file"))
        };
    }
    let map = root.field_mut(field);
    let mut there: FxHashSet<&str> = map.entries().iter().map(|e| e.key.as_str()).collect();
    if let Some(key) = keys.iter().find(|key| !there.remove(key.as_str()) && !ignore) {
        return missing(format!("{what} `{key}` is not in `{field}` of the kustomization file"));
    }
    let gone: FxHashSet<&str> = keys.iter().map(String::as_str).collect();
    map.entries_mut().retain(|e| !gone.contains(e.key.as_str()));
    root.drop_if_empty(field);
    Ok(())
}

/// Sets images. The list is to be sorted then.
pub(crate) fn set_images(root: &mut Node, images: &[Image]) {
    let items = root.field_mut("images").items_mut();
    let places = keep_first(items);
    for image in last_of_each(images, |image| &image.name) {
        let at = places.get(&image.name).copied().unwrap_or_else(|| {
            items.push(Node::fields([("name", image.name.as_str())]));
            items.len() - 1
        });
        let entry = &mut items[at];
        for (field, new) in
            [("newName", &image.new_name), ("newTag", &image.new_tag), ("digest", &image.digest)]
        {
            if new != "*" {
                entry.set_text(field, new);
            }
        }
        entry.take("tagSuffix");
    }
}

/// Of arguments with one name the last one counts.
fn last_of_each<T>(arguments: &[T], name: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut seen = FxHashSet::default();
    let mut kept: Vec<&T> = arguments.iter().rev().filter(|a| seen.insert(name(a))).collect();
    kept.reverse();
    kept
}

/// Of entries with one name the first one stays; gives where they are then.
fn keep_first(items: &mut Vec<Node>) -> FxHashMap<String, usize> {
    let mut seen = FxHashSet::default();
    items.retain(|item| seen.insert(item.get_text("name").to_owned()));
    items.iter().enumerate().map(|(i, item)| (item.get_text("name").to_owned(), i)).collect()
}

/// Sets counts of replicas. The list is to be sorted then.
pub(crate) fn set_replicas(root: &mut Node, replicas: &[(String, i64)]) {
    let items = root.field_mut("replicas").items_mut();
    let places = keep_first(items);
    for (name, count) in last_of_each(replicas, |(name, _)| name) {
        let at = places.get(name).copied().unwrap_or_else(|| {
            items.push(Node::fields([("name", name.as_str())]));
            items.len() - 1
        });
        let value = items[at].field_mut("count");
        if value.shape != Shape::Plain || value.text().parse() != Ok(*count) {
            value.put(Node::plain(&count.to_string()));
        }
    }
}

/// Sorts a list by the names of its entries. A step of its own, so that entries move as the lines that they are.
pub(crate) fn sort_by_name(root: &mut Node, field: &str) {
    let items = root.field_mut(field).items_mut();
    items.sort_by(|a, b| a.get_text("name").cmp(b.get_text("name")));
}
