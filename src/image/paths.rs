//! Paths of fields in rules of the user: `spec.*.driver[app.image]`.

use super::trail::Segment;
use crate::yaml::{Doc, NodeId, NodeKind};

/// The keys of a path; `*` is one of them.
pub(super) fn parse(path: &str) -> Vec<String> {
    let mut keys = vec![];
    let mut rest = path;
    while !rest.is_empty() {
        if let Some((key, behind)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            keys.push(key.to_owned());
            rest = behind.strip_prefix('.').unwrap_or(behind);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        if !key.is_empty() {
            keys.push(key.to_owned());
        }
        rest = behind.strip_prefix('.').unwrap_or(behind);
        if key.is_empty() && rest.len() == behind.len() && !rest.starts_with('[') {
            break;
        }
        if rest.starts_with('[') && !rest.contains(']') {
            break;
        }
    }
    keys
}

/// The scalars that a path leads to, with their segments.
pub(super) fn follow<'a>(
    doc: &'a Doc,
    node: NodeId,
    keys: &[String],
    segments: &mut Vec<Segment<'a>>,
    found: &mut Vec<(Vec<Segment<'a>>, NodeId)>,
) {
    let Some((key, rest)) = keys.split_first() else {
        if doc.kind(node) == NodeKind::Scalar {
            found.push((segments.clone(), node));
        }
        return;
    };
    for (name, value) in doc.pairs(node) {
        if key == "*" || doc.text(name) == key {
            segments.push(Segment::Key(doc.text(name)));
            follow(doc, value, rest, segments, found);
            segments.pop();
        }
    }
    for (i, item) in doc.items(node).iter().enumerate() {
        if key == "*" || key.parse() == Ok(i) {
            segments.push(Segment::Item(i));
            follow(doc, *item, rest, segments, found);
            segments.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        for (path, keys) in [
            ("spec.image", vec!["spec", "image"]),
            ("spec.*.a[b.c].d", vec!["spec", "*", "a", "b.c", "d"]),
            ("[a].b", vec!["a", "b"]),
            ("a[b", vec!["a"]),
            ("", vec![]),
        ] {
            assert_eq!(parse(path), keys, "{path}");
        }
    }
}
