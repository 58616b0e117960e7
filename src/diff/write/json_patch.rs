//! As JSON 6902 patches: for every object that is not the same byte for byte, the operations that make the newer side of
//! the older one. An object that is only on one side is added or removed as a whole, at the empty path.

use super::super::{canonical, mask};
use crate::diag::Result;
use crate::diff::compare::DEEPEST;
use crate::diff::report::Target;
use crate::resource::Resource;
use crate::text::pointer;
use crate::yaml::json::write_string;
use crate::yaml::{Doc, NodeId, NodeKind};
use std::borrow::Cow;
use std::fmt::Write;

/// The reports as a list of targets with their patches.
pub(crate) fn json_patch(targets: &[Target], show_secrets: bool) -> Result<String> {
    let mut entries = vec![];
    for Target { name, report } in targets {
        let changed = report.objects.iter().map(|change| (change.old.as_ref(), change.new.as_ref()));
        let alike = report.alike.iter().map(|(old, new)| (Some(old), Some(new)));
        for (old, new) in changed.chain(alike) {
            let operations = operations(old, new, show_secrets);
            if let Some(object) = old.or(new).filter(|_| !operations.is_empty()) {
                entries.push(entry(name, object, &operations));
            }
        }
    }
    Ok(format!("[{}]\n", entries.join(",")))
}

/// The patch of an object. Of several targets each entry says which one it is of.
fn entry(of: &str, object: &Resource, operations: &[String]) -> String {
    let mut out = String::from("\n{");
    if !of.is_empty() {
        out.push_str("\"of\":");
        write_string(of, &mut out);
        out.push(',');
    }
    out.push_str("\"target\":{");
    let api_version = object.gvk().api_version();
    let parts = [
        ("apiVersion", api_version.as_str()),
        ("kind", &object.gvk().kind),
        ("namespace", object.namespace()),
        ("name", object.name()),
    ];
    for (i, (key, value)) in parts.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let _ = write!(out, "{comma}\"{key}\":");
        write_string(value, &mut out);
    }
    let _ = write!(out, "}},\"patch\":[\n {}\n]}}", operations.join(",\n "));
    out
}

fn operations(old: Option<&Resource>, new: Option<&Resource>, show_secrets: bool) -> Vec<String> {
    let doc = |object: Option<&Resource>, other: Option<&Resource>, sign| -> Option<Cow<'_, Doc>> {
        let object = object?;
        Some(match mask::is_secret(object) && !show_secrets {
            true => Cow::Owned(mask::masked(object, other, sign)),
            false => Cow::Owned(object.doc().clone()),
        })
    };
    let (old, new) = (doc(old, new, "before"), doc(new, old, "after"));
    let mut walk = Walk { found: vec![], depth: 0 };
    match (old, new) {
        (Some(a), Some(b)) => walk.node(&a, a.root(), &b, b.root(), &mut String::new()),
        (Some(_), None) => walk.remove(""),
        (None, Some(b)) => walk.put("add", "", &b, b.root()),
        (None, None) => {}
    }
    walk.found
}

struct Walk {
    found: Vec<String>,
    /// How many levels there are above the node.
    depth: usize,
}

impl Walk {
    fn remove(&mut self, path: &str) {
        let mut out = String::from("{\"op\":\"remove\",\"path\":");
        write_string(path, &mut out);
        out.push('}');
        self.found.push(out);
    }

    fn put(&mut self, operation: &str, path: &str, doc: &Doc, node: NodeId) {
        let mut out = format!("{{\"op\":\"{operation}\",\"path\":");
        write_string(path, &mut out);
        let _ = write!(out, ",\"value\":{}}}", canonical::json(doc, node));
        self.found.push(out);
    }

    fn node(&mut self, a: &Doc, x: NodeId, b: &Doc, y: NodeId, path: &mut String) {
        self.depth += 1;
        match (a.kind(x), b.kind(y)) {
            (NodeKind::Map, NodeKind::Map) if self.depth < DEEPEST => self.mapping(a, x, b, y, path),
            (NodeKind::Seq, NodeKind::Seq) if self.depth < DEEPEST => self.sequence(a, x, b, y, path),
            _ if canonical::json(a, x) == canonical::json(b, y) => {}
            _ => self.put("replace", path, b, y),
        }
        self.depth -= 1;
    }

    fn mapping(&mut self, a: &Doc, x: NodeId, b: &Doc, y: NodeId, path: &mut String) {
        for (key, value) in a.pairs(x) {
            let at = down(path, &canonical::key_of(a, key));
            match b.get(y, a.text(key)) {
                Some(other) => self.node(a, value, b, other, path),
                None => self.remove(path),
            }
            path.truncate(at);
        }
        for (key, value) in b.pairs(y) {
            if a.get(x, b.text(key)).is_none() {
                let at = down(path, &canonical::key_of(b, key));
                self.put("add", path, b, value);
                path.truncate(at);
            }
        }
    }

    /// What both ends have in common stays; of the rest, items are changed one by one, then removed or added.
    fn sequence(&mut self, a: &Doc, x: NodeId, b: &Doc, y: NodeId, path: &mut String) {
        let (old, new) = (a.items(x), b.items(y));
        let same = |x: &NodeId, y: &NodeId| canonical::json(a, *x) == canonical::json(b, *y);
        let front = old.iter().zip(new).take_while(|(x, y)| same(x, y)).count();
        let most = old.len().min(new.len()) - front;
        let back = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(x, y)| same(x, y)).count();
        let common = most - back;
        let changed = old.iter().zip(new).enumerate().skip(front).take(common);
        for (i, (x, y)) in changed {
            let at = down(path, &i.to_string());
            self.node(a, *x, b, *y, path);
            path.truncate(at);
        }
        for i in (front + common..old.len() - back).rev() {
            self.remove(&format!("{path}/{i}"));
        }
        for (i, item) in new.iter().enumerate().take(new.len() - back).skip(front + common) {
            self.put("add", &format!("{path}/{i}"), b, *item);
        }
    }
}

/// Appends a token to a pointer; gives the length before.
fn down(path: &mut String, token: &str) -> usize {
    let before = path.len();
    path.push('/');
    path.push_str(&pointer::escape(token));
    before
}
