//! The values that a chart gets: a file, values of the kustomization file, or one laid over the other.
//!
//! Maps merge, everything else is replaced, a null removes. Kustomize merges before it resolves aliases, so a field
//! whose value is an alias is lost; and numbers of `valuesInline` are floats of 64 bits.

use crate::diag::{Error, ErrorKind, Result};
use crate::text::go;
use crate::yaml::{
    Dialect, Doc, NodeId, NodeKind, Options, Source, Style, Tag, Value, anchors, emit, parse, scalar,
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// How inline values and a file meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValuesMerge {
    /// The inline values are laid over the file.
    Override,
    /// The file is laid over the inline values.
    Merge,
    /// There are only the inline values.
    Replace,
}

impl ValuesMerge {
    /// The meaning of `valuesMerge`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "" | "override" => Some(Self::Override),
            "merge" => Some(Self::Merge),
            "replace" => Some(Self::Replace),
            _ => None,
        }
    }
}

/// The text of the merged values. `file` is not needed for [`ValuesMerge::Replace`].
pub(crate) fn merged(
    inline: (&Doc, NodeId),
    file: Option<&Arc<Source>>,
    how: ValuesMerge,
) -> Result<Vec<u8>> {
    let (from, node) = inline;
    let (doc, root) = match (how, file) {
        (ValuesMerge::Replace, _) | (_, None) => {
            let mut doc = Doc::new(from.source().clone());
            let root = numbers_as_floats(from, node, &mut doc);
            (doc, Some(root))
        }
        (_, Some(source)) => {
            let Some(mut doc) = parse::parse(source, 0..source.text.len(), Dialect::V3)? else {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "the values file `{}` is empty and cannot be merged with `valuesInline`",
                        source.path
                    ),
                )
                .hint("write `{}` into it, or set `valuesMerge: replace`"));
            };
            let of_file = doc.root();
            let of_inline = numbers_as_floats(from, node, &mut doc);
            let (below, above) =
                if how == ValuesMerge::Merge { (of_inline, of_file) } else { (of_file, of_inline) };
            let root = lay_over(&mut doc, Some(below), Some(above))?;
            if let Some(root) = root {
                doc.set_root(root);
                anchors::expand(&mut doc)?;
            }
            let root = root.map(|_| doc.root());
            (doc, root)
        }
    };
    let mut out = Vec::new();
    match root {
        Some(root) => {
            emit::print_with(&doc, root, Options::STRAIGHT, &mut out)?;
        }
        None => out.extend_from_slice(b"{}\n"),
    }
    Ok(out)
}

/// Copies values of the kustomization file as they are once they were JSON.
fn numbers_as_floats(from: &Doc, node: NodeId, to: &mut Doc) -> NodeId {
    let made = match from.kind(node) {
        NodeKind::Scalar => {
            let (text, tag) = as_json(from, node);
            to.scalar(&text, Style::Plain, tag)
        }
        NodeKind::Map => {
            let mut places: FxHashMap<String, usize> = FxHashMap::default();
            let mut children = Vec::with_capacity(from.children(node).len());
            for (key, value) in from.pairs(node) {
                let value = numbers_as_floats(from, value, to);
                let (key, _) = as_json(from, key);
                match places.get(&key).and_then(|place| children.get_mut(*place)) {
                    Some(known) => *known = value,
                    None => {
                        children.extend([to.string(&key), value]);
                        places.insert(key, children.len() - 1);
                    }
                }
            }
            let map = to.map();
            to.append(map, &children);
            map
        }
        NodeKind::Seq | NodeKind::Alias => {
            let children: Vec<NodeId> =
                from.children(node).iter().map(|kid| numbers_as_floats(from, *kid, to)).collect();
            let seq = to.seq();
            to.append(seq, &children);
            seq
        }
    };
    if let Some(mark) = from.mark(node) {
        to.set_mark(made, &mark);
    }
    made
}

fn as_json(doc: &Doc, node: NodeId) -> (String, Tag) {
    let text = doc.text(node);
    let tag = match doc.tag(node) {
        Tag::Unset if doc.style(node) == Style::Plain => scalar::resolve(text, Dialect::V2),
        tag => tag,
    };
    let text = match (tag, scalar::value(text, Dialect::V2)) {
        (Tag::Null, _) => return ("null".into(), tag),
        (Tag::Bool, Value::Bool(b)) => b.to_string(),
        (Tag::Int | Tag::Float, Value::Int(n)) => go::json_float(n as f64),
        (Tag::Int | Tag::Float, Value::Uint(n)) => go::json_float(n as f64),
        (Tag::Int | Tag::Float, Value::Float(x)) => go::json_float(x),
        (Tag::Timestamp, _) => scalar::time(text).unwrap_or_else(|| text.to_owned()),
        _ => return (text.to_owned(), Tag::Str),
    };
    match tag {
        Tag::Timestamp => (text, Tag::Str),
        Tag::Int | Tag::Float => {
            let tag = scalar::resolve(&text, Dialect::V3);
            (text, tag)
        }
        _ => (text, tag),
    }
}

/// Lays `above` over `below`. `None`: there is nothing, or it is removed.
fn lay_over(doc: &mut Doc, below: Option<NodeId>, above: Option<NodeId>) -> Result<Option<NodeId>> {
    let value = |node: Option<NodeId>, doc: &Doc| node.filter(|n| !doc.is_null(*n));
    let (low, high) = (value(below, doc), value(above, doc));
    let Some(first) = low.or(high) else {
        // Two nulls. One of the file that was written out stays if nothing is said of it.
        return Ok(below.filter(|n| above.is_none() && !doc.text(*n).is_empty()));
    };
    let kind = doc.kind(first);
    if let (Some(low), Some(high)) = (low, high)
        && doc.kind(high) != kind
        && kind != NodeKind::Alias
    {
        return Err(Error::new(
            ErrorKind::Config,
            format!("expected {} as below it, found {}", kind.noun(), doc.kind(high).noun()),
        )
        .at(doc.location(high))
        .label(doc.location(low), "the value below"));
    }
    match kind {
        NodeKind::Alias => Ok(None),
        // A null above removes, nothing above keeps.
        NodeKind::Scalar | NodeKind::Seq => Ok(if above.is_some() { high } else { low }),
        NodeKind::Map => match (low, above) {
            (Some(_), Some(_)) if high.is_none() => Ok(None),
            // A new map loses its nulls.
            (None, _) => fields(doc, first, high).map(Some),
            (Some(low), _) => fields(doc, low, high).map(Some),
        },
    }
}

fn fields(doc: &mut Doc, below: NodeId, above: Option<NodeId>) -> Result<NodeId> {
    let of = |doc: &Doc, map: Option<NodeId>| -> FxHashMap<String, NodeId> {
        let pairs = map.map(|m| doc.pairs(m).collect::<Vec<_>>()).unwrap_or_default();
        pairs.into_iter().rev().map(|(k, v)| (doc.text(k).to_owned(), v)).collect()
    };
    let mut over = of(doc, above);
    let mut children = Vec::with_capacity(doc.children(below).len());
    let pairs: Vec<(NodeId, NodeId)> = doc.pairs(below).collect();
    for (key, value) in pairs {
        let high = over.remove(doc.text(key));
        if let Some(value) = lay_over(doc, Some(value), high)? {
            children.extend([key, value]);
        }
    }
    let rest: Vec<(NodeId, NodeId)> = above.map(|m| doc.pairs(m).collect()).unwrap_or_default();
    for (key, value) in rest {
        if over.remove(doc.text(key)).is_some()
            && let Some(value) = lay_over(doc, None, Some(value))?
        {
            children.extend([key, value]);
        }
    }
    doc.set_children(below, &children);
    Ok(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::split;

    fn values(inline: &str, file: Option<&str>, how: ValuesMerge) -> Result<String> {
        let inline = split::read_v2(&Source::new("kustomization.yaml", inline.into())).unwrap().unwrap();
        let file = file.map(|t| Source::new("values.yaml", t.into()));
        merged((&inline, inline.root()), file.as_ref(), how).map(|b| String::from_utf8(b).unwrap())
    }

    #[test]
    fn maps_merge_and_everything_else_is_replaced() {
        let file = "size: 3\nnest: {a: 1, b: [x, y]}\nlist: [1, 2]\nnothing: null\nempty:\n";
        let inline = "{size: 4, nest: {b: [z], c: {d: ~, e: 1}}, list: null}";
        assert_eq!(
            values(inline, Some(file), ValuesMerge::Override).unwrap(),
            "nest:\n  a: 1\n  b:\n  - z\n  c:\n    e: 1\nnothing: null\nsize: 4\n"
        );
        assert_eq!(
            values(inline, Some(file), ValuesMerge::Merge).unwrap(),
            "list:\n- 1\n- 2\nnest:\n  a: 1\n  b:\n  - x\n  - \"y\"\n  c:\n    d: null\n    e: 1\nsize: 3\n"
        );
        assert_eq!(
            values(inline, None, ValuesMerge::Replace).unwrap(),
            "list: null\nnest:\n  b:\n  - z\n  c:\n    d: null\n    e: 1\nsize: 4\n"
        );
    }

    #[test]
    fn scalars_come_out_as_kustomize_writes_them() {
        let file = "a: &x {k: 1}\nb: *x\nc: [*x]\nd: {<<: *x, e: 1}\ne:\nt: 2001-01-01\nn: ~\n\
                    big: 9007199254740993\nown: 9007199254740993\nu: \"5\"\n";
        let inline =
            "{z: 1, n: {q: ~, r: 1}, big: 9007199254740993, f: 1000000.0, ts: 2001-01-01, y: yes, s: '7'}";
        assert_eq!(
            values(inline, Some(file), ValuesMerge::Override).unwrap(),
            "a:\n  k: 1\nbig: 9007199254740992\nc:\n- k: 1\nd:\n  e: 1\nf: 1000000\n\"false\":\n  r: 1\n\
             \"n\": null\nown: 9007199254740993\ns: \"7\"\nt: \"2001-01-01T00:00:00Z\"\n\"true\": true\n\
             ts: \"2001-01-01\"\nu: \"5\"\nz: 1\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = values("{a: {b: 1}}", Some("a: 1\n"), ValuesMerge::Override).unwrap_err();
        assert_eq!(
            error.to_string(),
            "kustomization.yaml:1:5: expected a scalar as below it, found a mapping"
        );
        let error = values("{a: 1}", Some("# only this\n"), ValuesMerge::Merge).unwrap_err();
        assert!(error.message().contains("`values.yaml` is empty"), "{error}");
    }
}
