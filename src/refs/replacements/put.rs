//! A value put at a path of an object.

use super::matcher::{Field, Matcher};
use super::structured;
use super::value::{Value, delimiter_error, set, set_text};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::types::FieldOptions;
use crate::limits::Limit;
use crate::yaml::Doc;

/// Why a value could not be put.
pub(super) enum Problem {
    /// The path does not exist.
    NotFound,
    /// The path cannot be followed.
    Path(Error),
    /// The value cannot be written.
    Other(Error),
}

/// Puts the value at a path. Gives whether it was written anywhere.
pub(super) fn put(
    doc: &mut Doc,
    slot: usize,
    parts: &[String],
    options: Option<&FieldOptions>,
    value: &mut Value,
    matcher: &mut Matcher<'_>,
) -> Result<bool, Problem> {
    let root = doc.root();
    value.follow(doc, slot);
    if matcher.compat >= Compat::V5_8_1
        && let Some(new) = structured::rewrite(doc, root, parts, value, options, matcher)
    {
        set_text(doc, new.node, &new.text);
        value.follow(doc, slot);
        return Ok(true);
    }
    let fields = matcher.find(doc, root, parts).map_err(Problem::Path)?;
    if fields.is_empty() {
        return Err(Problem::NotFound);
    }
    let (mut written, before) = (false, doc.size());
    for field in fields {
        match field {
            Field::Here(node) => {
                value.follow(doc, slot);
                set(doc, node, options, value).map_err(Problem::Other)?;
                let copied = (doc.size() - before) as u64;
                if let Some(e) = doc.check(Limit::Nodes, copied).err().or(doc.exceeded()) {
                    let why = match value.from {
                        Some((from, _)) if from == slot => ": the value holds the field that it is put into",
                        _ => ": the value grows with the fields that it is put into",
                    };
                    let error = Error::new(ErrorKind::Limit, format!("{e}{why}")).hint(e.hint());
                    return Err(Problem::Other(error));
                }
                written = true;
            }
            Field::Lost { scalar } => {
                if !scalar && options.is_some_and(|o| !o.delimiter.is_empty()) {
                    return Err(Problem::Other(delimiter_error(doc, root)));
                }
            }
        }
    }
    value.follow(doc, slot);
    Ok(written)
}
