//! Writes into JSON or YAML that stands as text in a field.
//!
//! The first part of a path that leads to a scalar whose text is YAML ends the path in the object; the rest leads
//! on inside the text, which is then written anew, as JSON where it starts with
//! `{` or `[`, else as YAML. Since 5.8.2 the options of the target apply in there, too.
//! Whenever something does not fit, kustomize gives up on this way and takes the path as an ordinary one.

use super::comments::Comments;
use super::matcher::{Field, Matcher, read};
use super::print;
use super::value::{Value, set};
use crate::compat::Compat;
use crate::kustomization::types::FieldOptions;
use crate::refs::fieldpath;
use crate::text::go;
use crate::yaml::json::write_string;
use crate::yaml::reencode::{self, Place, Value as Scalar};
use crate::yaml::{Doc, NodeId, NodeKind};

/// The text to write, and the scalar to write it to.
pub(super) struct Rewritten {
    /// The scalar.
    pub(crate) node: NodeId,
    /// Its new text.
    pub(crate) text: String,
}

/// Puts a value at a path that goes on inside a text; `None` where this is not such a path, or does not work.
pub(super) fn rewrite(
    doc: &Doc,
    root: NodeId,
    parts: &[String],
    value: &Value,
    options: Option<&FieldOptions>,
    matcher: &mut Matcher<'_>,
) -> Option<Rewritten> {
    let (node, mut inner, rest) = find_text(doc, root, parts)?;
    let old = doc.text(node);
    let options = options.filter(|_| matcher.compat >= Compat::V5_8_2);
    let comments = Comments::of(&inner);
    let start = inner.root();
    let fields = matcher.find(&mut inner, start, rest).ok()?;
    if fields.is_empty() {
        return None;
    }
    for field in fields {
        match field {
            Field::Here(target) => set(&mut inner, target, options, value).ok()?,
            Field::Lost { .. } => {}
        }
    }
    let text = if old.trim_start().starts_with(['{', '[']) {
        let pretty = old.contains('\n') && old.contains("  ");
        if matcher.compat < Compat::V5_8_3 {
            reencode::refuse_odd_keys_at(&inner, inner.root(), false).ok()?;
        }
        let mut out = String::new();
        json(&inner, inner.root(), pretty.then_some(0), &mut out)?;
        out
    } else {
        print::yaml(&inner, inner.root(), Some(&comments)).trim().to_owned()
    };
    Some(Rewritten { node, text })
}

/// The scalar on the path whose text is YAML, what it says, and the rest of the path.
fn find_text<'p>(doc: &Doc, root: NodeId, parts: &'p [String]) -> Option<(NodeId, Doc, &'p [String])> {
    let mut at = root;
    for (i, part) in parts.iter().enumerate().take(parts.len().saturating_sub(1)) {
        at = fieldpath::lookup(doc, at, std::slice::from_ref(part)).ok()??;
        if doc.kind(at) == NodeKind::Scalar
            && let Ok(inner) = read(doc.text(at))
        {
            return inner.map(|inner| (at, inner, parts.get(i + 1..).unwrap_or_default()));
        }
    }
    None
}

/// Writes a node as Go's JSON encoder does: keys sorted, HTML escaped, nothing between the tokens or, at an
/// indentation level, two blanks for each. `None` for what has no JSON.
fn json(doc: &Doc, node: NodeId, level: Option<usize>, out: &mut String) -> Option<()> {
    let inner = level.map(|l| l + 1);
    let line = |out: &mut String, level: Option<usize>| {
        if let Some(level) = level {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", level));
        }
    };
    match doc.kind(node) {
        NodeKind::Alias => json(doc, *doc.children(node).first()?, level, out)?,
        NodeKind::Seq if doc.items(node).is_empty() => out.push_str("[]"),
        NodeKind::Map if doc.children(node).is_empty() => out.push_str("{}"),
        NodeKind::Seq => {
            for (i, item) in doc.items(node).iter().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                line(out, inner);
                json(doc, *item, inner, out)?;
            }
            line(out, level);
            out.push(']');
        }
        NodeKind::Map => {
            let (mut entries, mut odd) = (Vec::new(), false);
            for (key, value) in doc.pairs(node) {
                let text = match scalar(doc, key)? {
                    Scalar::Str(text) => text,
                    found => {
                        odd = true;
                        reencode::key_text(&found)?.into()
                    }
                };
                entries.push((text, value));
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            if odd {
                // Of keys that became equal, as `1` and `0x1`, the last one counts.
                entries.dedup_by(|later, kept| {
                    let same = later.0 == kept.0;
                    if same {
                        kept.1 = later.1;
                    }
                    same
                });
            }
            if entries.iter().zip(entries.iter().skip(1)).any(|(a, b)| a.0 == b.0) {
                return None;
            }
            for (i, (key, value)) in entries.iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                line(out, inner);
                write_string(key, out);
                out.push_str(if level.is_some() { ": " } else { ":" });
                json(doc, *value, inner, out)?;
            }
            line(out, level);
            out.push('}');
        }
        NodeKind::Scalar => match scalar(doc, node)? {
            Scalar::Null => out.push_str("null"),
            Scalar::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            Scalar::Int(n) => out.push_str(&n.to_string()),
            Scalar::Float(f) if f.is_finite() => out.push_str(&go::json_float(f)),
            Scalar::Float(_) => return None,
            Scalar::Str(text) => write_string(&text, out),
            Scalar::Time(text) | Scalar::Binary(text) => write_string(&text, out),
        },
    }
    Some(())
}

/// The value of a scalar after it was written and read once.
fn scalar(doc: &Doc, node: NodeId) -> Option<Scalar<'_>> {
    let place = Place { flow: true, simple_key: false, last: false, reencode: true };
    reencode::value(doc, node, place).ok()
}
