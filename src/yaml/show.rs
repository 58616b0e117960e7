//! Documents as one line of text, for tests.

use super::node::{Doc, NodeId, NodeKind};
use std::fmt::Write;

/// Tags and texts of all nodes; `!` marks a written tag, `*` an alias.
pub(super) fn show(doc: &Doc) -> String {
    let mut out = String::new();
    put(doc, doc.root(), &mut out);
    out
}

fn put(doc: &Doc, id: NodeId, out: &mut String) {
    match doc.kind(id) {
        NodeKind::Scalar => {
            let _ = write!(out, "{}", format!("{:?}", doc.tag(id)).to_lowercase());
            if doc.is_tagged(id) {
                out.push('!');
            }
            if !doc.text(id).is_empty() {
                let _ = write!(out, ":{}", doc.text(id));
            }
        }
        NodeKind::Alias => out.push('*'),
        kind => {
            let (open, close) = if kind == NodeKind::Map { ('{', '}') } else { ('[', ']') };
            out.push(open);
            for (i, kid) in doc.children(id).iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                put(doc, *kid, out);
            }
            out.push(close);
        }
    }
}
