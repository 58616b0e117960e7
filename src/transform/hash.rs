//! The hash at the end of the names of generated ConfigMaps and Secrets, and the plugin HashTransformer.
//!
//! It is made of the data alone: kustomize looks for the name in a field `metadata/name`, slash included, and so
//! always hashes the empty text for it.

use super::{
    hash_tree::{self, encode},
    write,
};
use crate::diag::{Error, ErrorKind, Result};
use crate::resource::ResMap;
use crate::text::go::json_float;
use crate::yaml::json::write_string;
use crate::yaml::reencode::{self, Place, Value};
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};
use std::fmt::Write;

/// Appends the hash to the names of all objects that ask for it.
pub(crate) fn apply(resources: &mut ResMap) -> Result<()> {
    for slot in resources.slots() {
        let Some(res) = resources.get(slot).filter(|r| r.needs_hash) else { continue };
        let id = res.id().clone();
        let context = |e: Error| e.during(format!("hashing {id}"));
        if !matches!(res.gvk().kind.as_str(), "ConfigMap" | "Secret") && !res.previous.is_empty() {
            return Err(context(hash_tree::refused(res.doc(), res.root())));
        }
        let hash = suffix(res.doc(), res.root()).map_err(context)?;
        let name = format!("{}-{hash}", res.name());
        resources
            .edit(slot, |res| {
                res.store_previous_id();
                res.edit(|doc| {
                    let root = doc.root();
                    let meta = doc.get_or_make_map(root, "metadata");
                    match doc.get(meta, "name") {
                        Some(node) => write::scalar(doc, node, &name, Tag::Unset, None),
                        None => {
                            let node = doc.scalar(&name, Style::Plain, Tag::Unset);
                            doc.set(meta, "name", node);
                            Ok(())
                        }
                    }
                })
            })
            .map_err(context)?;
    }
    Ok(())
}

/// The hash of an object: ten letters and digits that spell no word.
pub(crate) fn suffix(doc: &Doc, root: NodeId) -> Result<String> {
    let kind = doc.get(root, "kind").map_or("", |n| doc.text(n));
    let fields: &[(&str, Need)] = match kind {
        "ConfigMap" => &[("binaryData", Need::IfMap), ("data", Need::Always), NAME_AFTER],
        "Secret" => {
            &[("data", Need::Always), NAME_AFTER, ("stringData", Need::IfMap), ("type", Need::Always)]
        }
        _ => return hash_tree::suffix(doc, root),
    };
    let mut json = String::from("{");
    for (field, need) in fields {
        let node = doc.get(root, field);
        if *need == Need::IfMap && node.is_none_or(|n| doc.kind(n) != NodeKind::Map) {
            continue;
        }
        if *need == Need::KindAndName {
            let _ = write!(json, "\"kind\":\"{kind}\",\"name\":\"\",");
            continue;
        }
        write_string(field, &mut json);
        json.push(':');
        push_field(&mut json, doc, node)?;
        json.push(',');
    }
    json.pop();
    json.push('}');
    Ok(encode(json.as_bytes()))
}

/// When a field is part of what is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Always,
    IfMap,
    /// Not a field: the place of kind and name in the order of keys.
    KindAndName,
}

const NAME_AFTER: (&str, Need) = ("", Need::KindAndName);

/// A field of the object: scalars as their text, lists as null, nothing as the empty text.
fn push_field(json: &mut String, doc: &Doc, node: Option<NodeId>) -> Result<()> {
    match node.map(|n| (n, doc.kind(n))) {
        None => write_string("", json),
        Some((n, NodeKind::Scalar)) => write_string(doc.text(n), json),
        Some((n, NodeKind::Map)) => return push_value(json, doc, n, false),
        Some((_, NodeKind::Seq | NodeKind::Alias)) => json.push_str("null"),
    }
    Ok(())
}

/// A value as Go writes it after a trip through its maps: keys in order, all numbers floats.
fn push_value(json: &mut String, doc: &Doc, node: NodeId, flow: bool) -> Result<()> {
    let flow = flow || doc.is_flow(node);
    match doc.kind(node) {
        NodeKind::Map => {
            let mut pairs: Vec<_> = doc.pairs(node).collect();
            pairs.sort_by_key(|(key, _)| doc.text(*key));
            push_list(json, ['{', '}'], pairs, |json, (key, value)| {
                write_string(doc.text(key), json);
                json.push(':');
                push_value(json, doc, value, flow)
            })
        }
        NodeKind::Seq => {
            let items = doc.items(node).iter();
            push_list(json, ['[', ']'], items, |json, item| push_value(json, doc, *item, flow))
        }
        NodeKind::Scalar | NodeKind::Alias => push_scalar(json, doc, node, flow),
    }
}

fn push_list<T>(
    json: &mut String,
    brackets: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T) -> Result<()>,
) -> Result<()> {
    json.push(brackets[0]);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        push(json, item)?;
    }
    json.push(brackets[1]);
    Ok(())
}

fn push_scalar(json: &mut String, doc: &Doc, node: NodeId, flow: bool) -> Result<()> {
    let place = Place { flow, simple_key: false, last: false, reencode: true };
    match reencode::value(doc, node, place)? {
        Value::Null => json.push_str("null"),
        Value::Bool(b) => json.push_str(if b { "true" } else { "false" }),
        Value::Int(n) => json.push_str(&json_float(n as f64)),
        Value::Float(f) if f.is_finite() => json.push_str(&json_float(f)),
        Value::Float(_) => {
            let message = format!("expected a finite number, found `{}`", doc.text(node));
            return Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)));
        }
        Value::Str(s) => write_string(&s, json),
        Value::Time(t) | Value::Binary(t) => write_string(&t, json),
    }
    Ok(())
}
