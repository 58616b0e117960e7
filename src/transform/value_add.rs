//! The plugin ValueAddTransformer: writes a value into a field, or puts it into a file path there.
//!
//! Choosing the objects is the caller's. The path `metadata/namespace` is the namespace step with its subjects of
//! role bindings, but without field specs, and without a look at conflicts.

use super::{namespace, write};
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::types::Text;
use crate::limits::Limit;
use crate::resource::ResMap;
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};

/// What to write where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `fieldPath`: names divided by `/`, indices, `[key=value]`
    pub(crate) field_path: String,
    /// `filePathPosition`: 0 to overwrite the field, else where in the path to put the value, from 1
    pub(crate) file_path_position: usize,
}

/// Writes a value into a field of the objects in these slots.
pub(crate) fn apply(resources: &mut ResMap, slots: &[usize], value: &Text, target: &Target) -> Result<()> {
    if target.field_path.is_empty() {
        return Err(Error::new(
            ErrorKind::Config,
            "expected a `fieldPath` in a target of ValueAddTransformer",
        ));
    }
    for slot in slots {
        let Some(id) = resources.get(*slot).map(|r| r.id().clone()) else { continue };
        resources
            .edit(*slot, |res| {
                if target.field_path == "metadata/namespace" {
                    return namespace::set_plain(res, value);
                }
                res.edit(|doc| add(doc, value, target))
            })
            .map_err(|e| e.during(format!("adding a value to {id}")))?;
        resources.note_clash(*slot, Some(&id));
    }
    Ok(())
}

fn add(doc: &mut Doc, value: &Text, target: &Target) -> Result<()> {
    let steps = steps_of(&target.field_path);
    let root = doc.root();
    doc.check(Limit::Depth, steps.len() as u64)?;
    let Some(node) = find_or_make(doc, root, &steps)? else {
        if target.file_path_position == 0 {
            return Ok(());
        }
        // Kustomize crashes here.
        let message = format!("expected a file path in `{}`, found nothing", target.field_path);
        return Err(Error::new(ErrorKind::Resource, message).at(doc.location(root)));
    };
    write::check_scalar(doc, node)?;
    let text = match target.file_path_position {
        0 => value.value.clone(),
        position => insert_path_part(doc.text(node), position - 1, &value.value),
    };
    if text.is_empty() {
        return Ok(());
    }
    write::scalar(doc, node, &text, Tag::Unset, Some(&value.mark))
}

/// The steps of a path: blanks around them do not count, nor do empty ones.
fn steps_of(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for part in path.split('/') {
        match steps.last_mut().and_then(|last| last.strip_suffix('\\').map(|l| format!("{l}/{part}"))) {
            Some(joined) => {
                steps.pop();
                steps.push(joined);
            }
            None => steps.push(part.to_owned()),
        }
    }
    steps.iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// What a step makes where there is nothing: by the step that follows.
fn kind_before(next: Option<&String>) -> NodeKind {
    match next {
        None => NodeKind::Scalar,
        Some(s) if is_item(s) || s.parse::<i64>().is_ok_and(|i| i >= 0) => NodeKind::Seq,
        Some(_) => NodeKind::Map,
    }
}

fn is_item(step: &str) -> bool {
    step.starts_with('[') && step.ends_with(']') && step.len() > 1
}

fn make(doc: &mut Doc, kind: NodeKind) -> NodeId {
    match kind {
        NodeKind::Map => doc.map(),
        NodeKind::Seq => doc.seq(),
        NodeKind::Scalar | NodeKind::Alias => doc.scalar("", Style::Plain, Tag::Unset),
    }
}

/// Follows a path and makes fields that are missing. `None` at a null and after the end of a list.
fn find_or_make(doc: &mut Doc, root: NodeId, steps: &[String]) -> Result<Option<NodeId>> {
    let mut node = root;
    for (i, step) in steps.iter().enumerate() {
        check_step(step)?;
        if doc.is_null(node) {
            return Ok(None);
        }
        let next = if let Ok(index) = step.parse::<i64>() {
            item_at(doc, node, usize::try_from(index).map_err(|_| bad_step(step))?)?
        } else if step == "-" {
            let last = doc.items(node).len().checked_sub(1).ok_or_else(|| bad_step(step))?;
            item_at(doc, node, last)?
        } else if is_item(step) {
            Some(matching_item(doc, node, step)?)
        } else {
            Some(field(doc, node, step, kind_before(steps.get(i + 1)))?)
        };
        match next {
            Some(next) => node = next,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

/// Refuses negative indices, wildcards, and items without a value to look for.
fn check_step(step: &str) -> Result<()> {
    let negative = step.parse::<i64>().is_ok_and(|i| i < 0);
    if negative || step == "*" || is_item(step) && !step.contains('=') {
        return Err(bad_step(step));
    }
    Ok(())
}

fn bad_step(step: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("expected a field or the index of an item in a path, found `{step}`"),
    )
}

fn item_at(doc: &Doc, node: NodeId, index: usize) -> Result<Option<NodeId>> {
    if doc.kind(node) != NodeKind::Seq {
        return Err(write::wrong_kind(doc, node, "a list"));
    }
    Ok(doc.items(node).get(index).copied())
}

fn matching_item(doc: &mut Doc, node: NodeId, step: &str) -> Result<NodeId> {
    let inner = step.trim_start_matches('[').trim_end_matches(']');
    let (key, value) = inner.split_once('=').ok_or_else(|| bad_step(step))?;
    if doc.kind(node) != NodeKind::Seq {
        return Err(write::wrong_kind(doc, node, "a list"));
    }
    let found = doc.items(node).iter().copied().find(|item| {
        if key.is_empty() {
            doc.text(*item) == value
        } else {
            doc.get(*item, key).is_some_and(|v| doc.text(v) == value)
        }
    });
    if let Some(found) = found {
        return Ok(found);
    }
    let text = doc.scalar(value, Style::Plain, Tag::Unset);
    let item = if key.is_empty() {
        text
    } else {
        let (map, key) = (doc.map(), doc.scalar(key, Style::Plain, Tag::Unset));
        doc.append(map, &[key, text]);
        map
    };
    doc.append(node, &[item]);
    Ok(item)
}

fn field(doc: &mut Doc, node: NodeId, name: &str, kind: NodeKind) -> Result<NodeId> {
    if doc.kind(node) != NodeKind::Map {
        return Err(write::wrong_kind(doc, node, &format!("a mapping with `{name}`")));
    }
    if let Some(there) = doc.get(node, name) {
        return Ok(there);
    }
    let (key, value) = (doc.scalar(name, Style::Plain, Tag::Unset), make(doc, kind));
    doc.append(node, &[key, value]);
    Ok(value)
}

/// Puts a part into a file path at a position; too large a position puts it last. An absolute path stays so.
fn insert_path_part(path: &str, position: usize, part: &str) -> String {
    let mut parts: Vec<&str> = path_split(path);
    let mut position = position.min(parts.len());
    if parts.first() == Some(&"") && position < parts.len() {
        position += 1;
    }
    parts.insert(position.min(parts.len()), part);
    path_join(&parts)
}

fn path_split(path: &str) -> Vec<&str> {
    match path {
        "" => vec![],
        "/" => vec![""],
        _ => path.split('/').collect(),
    }
}

/// Joins the parts of a path and resolves `.` and `..` in it.
fn path_join(parts: &[&str]) -> String {
    let (root, parts) = match parts {
        ["", rest @ ..] => ("/", rest),
        _ => ("", parts),
    };
    let joined = parts.iter().copied().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/");
    if joined.is_empty() {
        return root.to_owned();
    }
    let rooted = joined.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in joined.split('/').filter(|p| !matches!(*p, "" | ".")) {
        match (part, kept.last()) {
            ("..", Some(last)) if *last != ".." => drop(kept.pop()),
            ("..", None) if rooted => {}
            _ => kept.push(part),
        }
    }
    let clean = kept.join("/");
    match (rooted, clean.is_empty()) {
        (true, _) => [root, "/", &clean].concat(),
        (false, true) => [root, "."].concat(),
        (false, false) => [root, &clean].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_to_its_place_in_a_path() {
        let table = [
            ("", 0, "PEACH"),
            ("/", 5, "/PEACH"),
            ("pie", 0, "PEACH/pie"),
            ("/pie", 0, "/PEACH/pie"),
            ("raw", 1, "raw/PEACH"),
            ("/raw", 9, "/raw/PEACH"),
            ("a/nice/warm/pie", 3, "a/nice/warm/PEACH/pie"),
            ("/a/nice/warm/pie", 3, "/a/nice/warm/PEACH/pie"),
            ("a/../b", 9, "b/PEACH"),
        ];
        for (path, position, want) in table {
            assert_eq!(insert_path_part(path, position, "PEACH"), want, "{path} {position}");
        }
    }

    #[test]
    fn steps_are_trimmed_and_slashes_escaped() {
        assert_eq!(steps_of(r"metadata/ a\/b //c"), ["metadata", "a/b", "c"]);
    }
}
