//! Writing a scalar as kustomize does: the value and the tag change, the style stays.

use crate::diag::{Error, ErrorKind, Result};
use crate::yaml::{Doc, Mark, NodeId, NodeKind, Tag};

/// The error for a node of the wrong kind.
pub(super) fn wrong_kind(doc: &Doc, node: NodeId, expected: &str) -> Error {
    let found = doc.describe(node);
    Error::new(ErrorKind::Resource, format!("expected {expected}, found {found}")).at(doc.location(node))
}

/// Checks that a node may be overwritten with a scalar: it is one, or null.
pub(super) fn check_scalar(doc: &Doc, node: NodeId) -> Result<()> {
    if doc.is_null(node) || doc.kind(node) == NodeKind::Scalar {
        return Ok(());
    }
    Err(wrong_kind(doc, node, "a scalar"))
}

/// Overwrites a scalar or null. The node is then said to come from `mark`, if there is one.
pub(super) fn scalar(doc: &mut Doc, node: NodeId, text: &str, tag: Tag, mark: Option<&Mark>) -> Result<()> {
    check_scalar(doc, node)?;
    doc.set_text(node, text, tag);
    if let Some(mark) = mark {
        doc.set_mark(node, mark);
    }
    Ok(())
}
