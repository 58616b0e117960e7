//! Reading `configurations` files.
//!
//! The files are read strictly: a field that is unknown or given twice is an error, names of fields match without
//! regard to case, and of two spellings the one later in byte order counts. Values follow YAML 1.1; a number or
//! boolean as `path` is taken as text, elsewhere text must be text. Nulls count as absent.

use super::config::TransformerConfig;
use super::fieldspec::{FieldSpec, NameReference};
use super::{Gvk, Str};
use crate::diag::{Error, Kind as Fault, Result};
use crate::text::go;
use crate::yaml::{Dialect, Doc, Kind, NodeId, Tag, Value, scalar};
use std::borrow::Cow;

/// The fields of a row.
const ROW: &[&str] = &["group", "version", "kind", "path", "create"];
/// The fields of a name reference.
const REFERENCE: &[&str] = &["group", "version", "kind", "fieldSpecs"];

/// The configuration that a `configurations` file holds, read by the rules of YAML 1.1. An empty file has no rows.
pub fn read_config(doc: &Doc) -> Result<TransformerConfig> {
    let mut config = TransformerConfig::default();
    if doc.is_empty_table() || doc.is_null(doc.root()) {
        return Ok(config);
    }
    let mut names: Vec<&str> = config.lists_mut().iter().map(|(name, _)| *name).collect();
    names.push("nameReference");
    for (name, value) in fields(doc, doc.root(), &names)? {
        if let Some((_, list)) = config.lists_mut().into_iter().find(|(list, _)| *list == name) {
            *list = Cow::Owned(read_rows(doc, value)?);
        } else {
            let references = items(doc, value)?.iter().map(|n| read_reference(doc, *n));
            config.name_reference = Cow::Owned(references.collect::<Result<_>>()?);
        }
    }
    config.sort_fields();
    Ok(config)
}

/// The rows of a list.
pub fn read_rows(doc: &Doc, list: NodeId) -> Result<Vec<FieldSpec>> {
    items(doc, list)?.iter().map(|n| read_row(doc, *n)).collect()
}

fn read_row(doc: &Doc, node: NodeId) -> Result<FieldSpec> {
    let mut row = FieldSpec::default();
    if doc.is_null(node) {
        return Ok(row);
    }
    for (name, value) in fields(doc, node, ROW)? {
        match name {
            "path" => row.path = path(doc, value)?,
            "create" => row.create = flag(doc, value)?,
            _ => set_type(&mut row.gvk, name, string(doc, value)?),
        }
    }
    Ok(row)
}

fn read_reference(doc: &Doc, node: NodeId) -> Result<NameReference> {
    let mut reference = NameReference::default();
    if doc.is_null(node) {
        return Ok(reference);
    }
    for (name, value) in fields(doc, node, REFERENCE)? {
        match name {
            "fieldSpecs" => reference.referrers = Cow::Owned(read_rows(doc, value)?),
            _ => set_type(&mut reference.gvk, name, string(doc, value)?),
        }
    }
    Ok(reference)
}

fn set_type(gvk: &mut Gvk, name: &str, value: Str) {
    match name {
        "group" => gvk.group = value,
        "version" => gvk.version = value,
        _ => gvk.kind = value,
    }
}

/// The fields of a mapping that are not null, under the names they are known by, in byte order of their spelling.
fn fields(doc: &Doc, map: NodeId, known: &[&'static str]) -> Result<Vec<(&'static str, NodeId)>> {
    if doc.kind(map) != Kind::Map {
        return Err(expected(doc, map, "a mapping"));
    }
    let mut pairs: Vec<_> = doc.pairs(map).map(|(key, value)| (doc.text(key), key, value)).collect();
    pairs.sort_by_key(|(spelling, ..)| *spelling);
    let mut fields = Vec::with_capacity(pairs.len());
    for (i, (spelling, key, value)) in pairs.iter().enumerate() {
        if i > 0 && pairs[i - 1].0 == *spelling {
            let error = Error::new(Fault::Config, format!("field `{spelling}` is given twice"));
            return Err(error
                .at(doc.location(*key))
                .label(doc.location(pairs[i - 1].1), "given here as well"));
        }
        let Some(name) = known.iter().find(|name| name.eq_ignore_ascii_case(spelling)) else {
            let error =
                Error::new(Fault::Config, format!("unknown field `{spelling}`")).at(doc.location(*key));
            return Err(error.hint(format!("use one of `{}`", known.join("`, `"))));
        };
        if !doc.is_null(*value) {
            fields.push((*name, *value));
        }
    }
    Ok(fields)
}

fn items(doc: &Doc, list: NodeId) -> Result<&[NodeId]> {
    match doc.kind(list) {
        Kind::Seq => Ok(doc.items(list)),
        _ => Err(expected(doc, list, "a list")),
    }
}

/// The value of a scalar, by its tag where that makes it text.
fn value(doc: &Doc, node: NodeId) -> Option<Value<'_>> {
    let text = doc.text(node);
    match (doc.kind(node), doc.tag(node)) {
        (Kind::Scalar, Tag::Bool | Tag::Int | Tag::Float) => Some(scalar::value(text, Dialect::V2)),
        (Kind::Scalar, _) => Some(Value::Str(text)),
        _ => None,
    }
}

fn string(doc: &Doc, node: NodeId) -> Result<Str> {
    match value(doc, node) {
        Some(Value::Str(text)) => Ok(text.into()),
        _ => Err(expected(doc, node, "a text")),
    }
}

fn path(doc: &Doc, node: NodeId) -> Result<Str> {
    match value(doc, node) {
        Some(Value::Bool(value)) => Ok(value.to_string().into()),
        Some(Value::Int(value)) => Ok(value.to_string().into()),
        Some(Value::Uint(value)) => Ok(value.to_string().into()),
        Some(Value::Float(value)) => Ok(go::float32(value as f32).into()),
        Some(Value::Str(text)) => Ok(text.into()),
        _ => Err(expected(doc, node, "a text")),
    }
}

fn flag(doc: &Doc, node: NodeId) -> Result<bool> {
    match value(doc, node) {
        Some(Value::Bool(value)) => Ok(value),
        _ => Err(expected(doc, node, "`true` or `false`")),
    }
}

fn expected(doc: &Doc, node: NodeId, what: &str) -> Error {
    let found = match doc.kind(node) {
        Kind::Map => "a mapping".to_owned(),
        Kind::Seq => "a list".to_owned(),
        _ => format!("`{}`", doc.text(node)),
    };
    Error::new(Fault::Config, format!("expected {what}, found {found}")).at(doc.location(node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Source, parse::parse};

    fn read(text: &str) -> Result<TransformerConfig> {
        let source = Source::new("c.yaml", text.to_owned());
        match parse(&source, 0..text.len(), Dialect::V2)? {
            Some(doc) => read_config(&doc),
            None => Ok(TransformerConfig::default()),
        }
    }

    #[test]
    fn rows_are_read_under_any_case_and_sorted() {
        let text = "NamePrefix:\n- {path: a, Kind: Widget, version: v1}\n- path: 0x1f\n  kind: ConfigMap\n- ~\n\
                    namereference:\n- kind: Gadget\n  fieldSpecs:\n  - path: yes\n    create: on\nimages:\n";
        let config = read(text).unwrap();
        let shown: Vec<_> = config.name_prefix.iter().map(|r| (r.path.as_str(), r.gvk.to_string())).collect();
        let gvk = |text: &str| text.to_owned();
        assert_eq!(
            shown,
            [
                ("31", gvk("ConfigMap.[noVer].[noGrp]")),
                ("a", gvk("Widget.v1.[noGrp]")),
                ("", gvk("[noKind].[noVer].[noGrp]"))
            ]
        );
        let referrers = &config.name_reference[0].referrers;
        assert_eq!((referrers[0].path.as_str(), referrers[0].create), ("true", true));
    }

    #[test]
    fn of_two_spellings_the_later_in_byte_order_counts() {
        let config = read("images: [{path: a}]\nImages: [{path: b}]\n").unwrap();
        assert_eq!(config.images.iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn empty_files_have_no_rows() {
        for text in ["", "# none\n", "~\n", "{}\n", "---\n"] {
            assert_eq!(read(text).unwrap(), TransformerConfig::default(), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_a_configuration_is_refused_with_its_place() {
        let table = [
            ("[]\n", "c.yaml:1:1: expected a mapping, found a list"),
            ("images: x\n", "c.yaml:1:9: expected a list, found `x`"),
            ("images:\n- x\n", "c.yaml:2:3: expected a mapping, found `x`"),
            (
                "images:\n- {path: a, create: \"yes\"}\n",
                "c.yaml:2:21: expected `true` or `false`, found `yes`",
            ),
            ("images:\n- {path: a, version: 1}\n", "c.yaml:2:22: expected a text, found `1`"),
            ("images:\n- {path: [a]}\n", "c.yaml:2:10: expected a text, found a list"),
            ("images:\n- {path: a, x: 1}\n", "c.yaml:2:13: unknown field `x`"),
            ("image: []\n", "c.yaml:1:1: unknown field `image`"),
            ("images: []\nimages: []\n", "c.yaml:2:1: field `images` is given twice"),
        ];
        for (text, wanted) in table {
            assert_eq!(read(text).map_err(|e| e.to_string()), Err(wanted.to_owned()), "{text}");
        }
    }
}
