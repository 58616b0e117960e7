//! `edit fix`: the fields that kustomize calls deprecated and does not move by itself.
//!
//! `patchesJson6902`, then `patchesStrategicMerge`, go after `patches`, and `commonLabels` becomes an entry of
//! `labels`. Comments in these fields go along. Names of fields, whose case does not count, get their usual spelling.
//! A build applies the old fields at other times than `patches`, so that the output can change; whoever calls this
//! builds before and after.

use super::file::KustomizationFile;
use super::tree::{Entry, Node, Shape};
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::schema::ORDER;

/// Moves the deprecated fields. `is_file` tells whether a text is the path of a file that can be read.
pub(crate) fn fix(file: &mut KustomizationFile, is_file: &dyn Fn(&str) -> bool) -> Result<()> {
    let mut root = file.root.clone();
    if let Some(old) = root.take("patchesJson6902")
        && !old.is_empty()
    {
        root.field_mut("patches").items_mut().extend(moved(old).items().iter().cloned());
    }
    if let Some(old) = root.take("patchesStrategicMerge") {
        for item in moved(old).items() {
            let key = if is_file(item.text()) { "path" } else { "patch" };
            let entry = Node::map(vec![Entry::new(key, item.clone())]).at(item.origin);
            root.field_mut("patches").items_mut().push(entry);
        }
    }
    if let Some(labels) = root.take("commonLabels")
        && labels.shape == Shape::Map
        && !labels.is_empty()
    {
        let taken = |e: &&Entry| {
            root.get_items("labels").iter().any(|l| l.get("pairs").is_some_and(|p| p.key(&e.key).is_some()))
        };
        if let Some(entry) = labels.entries().iter().find(taken) {
            let message = format!("label `{}` is in both `commonLabels` and `labels`", entry.key);
            return Err(Error::new(ErrorKind::Conflict, message)
                .at(file.location(&entry.value))
                .hint("take it out of one of them"));
        }
        let pairs = Entry::new("pairs", moved(labels).at(None));
        let entry = Node::map(vec![Entry::new("includeSelectors", Node::plain("true")), pairs]);
        root.field_mut("labels").items_mut().push(entry);
    }
    ORDER.iter().for_each(|field| respell(&mut root, field));
    file.root = root;
    Ok(())
}

/// Gives a field its usual spelling, if it stands there once and in another one.
fn respell(root: &mut Node, field: &str) {
    let mut same = root.entries_mut().iter_mut().filter(|e| e.key.eq_ignore_ascii_case(field));
    if let (Some(entry), None) = (same.next(), same.next())
        && entry.key != field
    {
        (entry.key, entry.rename) = (field.to_owned(), true);
    }
}

/// What was taken from its field. What stands elsewhere (aliases) is written out.
fn moved(mut node: Node) -> Node {
    if node.opaque {
        node.forget();
    }
    node
}
