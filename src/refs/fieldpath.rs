//! Field paths of replacements and variables: `spec.containers.[name=web].ports.0`.
//!
//! Parts are divided by `.`, `\.` is a point within a part, one leading point is ignored. A part in brackets may
//! hold points; with a `=` it selects an item of a list, else it is the key of a mapping.

use crate::diag::{Error, ErrorKind, Result};
use crate::yaml::{Doc, NodeId, NodeKind};

/// The parts of a path.
pub(super) fn split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = unescaped(path.strip_prefix('.').unwrap_or(path)).into_iter();
    while let Some(mut part) = pieces.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for piece in pieces.by_ref() {
                part.push('.');
                part.push_str(&piece);
                if piece.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part = part.trim_matches(['[', ']']).to_owned();
            }
        }
        parts.push(part);
    }
    parts
}

/// The pieces between the points that are not escaped.
fn unescaped(path: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for piece in path.split('.') {
        match pieces.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => pieces.push(piece.to_owned()),
        }
    }
    pieces
}

/// Returns whether a part is in brackets.
pub(super) fn is_item(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// A part that is a number, as an index; negative ones too.
pub(super) fn number(part: &str) -> Option<i64> {
    part.parse().ok()
}

/// Field name and value of `[name=value]`.
pub(super) fn item(part: &str) -> Result<(&str, &str)> {
    let inner = part.strip_prefix('[').unwrap_or(part);
    inner.strip_suffix(']').unwrap_or(inner).split_once('=').ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            format!("expected `[field=value]` to select an item of a list, found `{part}`"),
        )
    })
}

/// The error for a node of another kind than the path needs.
pub(super) fn wrong_kind(doc: &Doc, node: NodeId, part: &str, expected: &str) -> Error {
    let found = doc.describe(node);
    Error::new(ErrorKind::Reference, format!("expected {expected} for `{part}` of the path, found {found}"))
        .at(doc.location(node))
}

/// The node that a path leads to. The value of `[field=value]` is compared exactly here. Blank parts are ignored.
pub(super) fn lookup<S: AsRef<str>>(doc: &Doc, root: NodeId, parts: &[S]) -> Result<Option<NodeId>> {
    let mut at = root;
    for part in parts.iter().map(|p| p.as_ref().trim()).filter(|p| !p.is_empty()) {
        match step(doc, at, part)? {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

fn step(doc: &Doc, at: NodeId, part: &str) -> Result<Option<NodeId>> {
    let config = |message: &str| Err(Error::new(ErrorKind::Config, message).at(doc.location(at)));
    let list = |what: &str| match doc.kind(at) {
        NodeKind::Seq => Ok(doc.items(at)),
        _ if doc.is_null(at) => Ok(&[] as &[NodeId]),
        _ => Err(wrong_kind(doc, at, part, what)),
    };
    match number(part) {
        Some(index) if index < 0 => return config("an index of a path cannot be negative"),
        Some(index) => {
            let items = list("a list")?;
            return Ok(usize::try_from(index).ok().and_then(|i| items.get(i)).copied());
        }
        None => {}
    }
    if part == "-" {
        return match list("a list")?.last() {
            Some(last) => Ok(Some(*last)),
            None => config("`-` means the last item, but the list is empty"),
        };
    }
    if part == "*" {
        return config("`*` is not allowed in a path that must select one field");
    }
    if is_item(part) {
        let (field, value) = item(part)?;
        let items = list("a list")?;
        return Ok(items.iter().copied().find(|item| {
            let text = if field.is_empty() { Some(*item) } else { doc.get(*item, field) };
            text.is_some_and(|n| doc.text(n) == value)
        }));
    }
    if doc.is_null(at) {
        return Ok(None);
    }
    match doc.kind(at) {
        NodeKind::Map => Ok(doc.get(at, part)),
        _ => Err(wrong_kind(doc, at, part, "a mapping")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_as_kustomize_splits_them() {
        let table: &[(&str, &[&str])] = &[
            ("spec.a", &["spec", "a"]),
            (".spec.a", &["spec", "a"]),
            ("a\\.b.c", &["a.b", "c"]),
            ("a..b", &["a", "", "b"]),
            ("", &[""]),
            ("m.[a.b/c].d", &["m", "a.b/c", "d"]),
            ("m.[abc]", &["m", "[abc]"]),
            ("l.[name=x.y].v", &["l", "[name=x.y]", "v"]),
            ("l.[=x.y]", &["l", "[=x.y]"]),
            ("a.[b.c", &["a", "b.c"]),
            ("a.[b\\.c]", &["a", "[b.c]"]),
            ("name[1]", &["name[1]"]),
        ];
        for (path, parts) in table {
            assert_eq!(&split(path), parts, "{path}");
        }
    }
}
