//! JSON 6902 patches: operations at paths.
//!
//! Kustomize sends the object through JSON, applies the operations one after the other and reads the result anew.
//! So all numbers of the object become 64-bit floats, whatever the patch touches, and nothing is left of how it was
//! written. The operations differ from RFC 6902 in places: `replace` adds a missing key, indices may count from
//! the end, whatever stands before the first `/` of a path is ignored, and `test` compares the JSON texts of single
//! values, so that `3.0` is not `3`.
//!
//! Operations are JSON if the text begins with `[`; otherwise they are YAML 1.1, of which the first document counts.

use super::json_tree::{self, Raw};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Location, Result, nearest};
use crate::limits::Limit;
use crate::text::pointer;
use crate::yaml::json::{read_json, to_json};
use crate::yaml::{Doc, NodeId, NodeKind, Source, Tag, reencode, split};
use std::sync::Arc;

/// A list of operations.
#[derive(Debug, Clone)]
pub(crate) struct JsonPatch {
    doc: Doc,
    ops: Vec<Op>,
    /// The text was JSON.
    json: bool,
    /// There is a `test`.
    tests: bool,
}

#[derive(Debug, Clone)]
struct Op {
    node: Option<NodeId>,
    kind: String,
    path: Option<NodeId>,
    from: Option<NodeId>,
    value: Option<NodeId>,
}

impl JsonPatch {
    /// Reads operations.
    pub(crate) fn parse(source: &Arc<Source>) -> Result<Self> {
        let text = source.text.as_str();
        let whole = || Location::file(source.path.clone());
        if text.is_empty() {
            return Err(Error::new(
                ErrorKind::Patch,
                "expected a list of JSON patch operations, found an empty string",
            )
            .at(whole()));
        }
        let json = text.starts_with('[');
        let doc = if json { Some(read_json(source)?) } else { split::read_v2(source)? };
        let Some(doc) = doc else {
            return Ok(Self { doc: Doc::new(source.clone()), ops: vec![], json, tests: false });
        };
        if !json {
            to_json(&doc, doc.root(), &mut String::new())?;
        }
        let root = doc.root();
        let mut ops = vec![];
        if !doc.is_null(root) {
            let expected = |node: NodeId, what: &str| {
                Error::new(ErrorKind::Patch, format!("expected {what}")).at(doc.location(node))
            };
            if doc.kind(root) != NodeKind::Seq {
                return Err(expected(root, "a list of JSON patch operations"));
            }
            for item in doc.items(root) {
                if doc.kind(*item) != NodeKind::Map && !doc.is_null(*item) {
                    return Err(expected(*item, "a JSON patch operation, a mapping with `op` and `path`"));
                }
                ops.push(operation(&doc, *item));
            }
        }
        let tests = ops.iter().any(|op| op.kind == "test");
        Ok(Self { doc, ops, json, tests })
    }

    /// Returns whether there is no operation.
    pub(crate) fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Returns whether an operation has to do with all annotations of an object, or with what holds them: it may see, or
    /// take away, what kustomize notes there.
    pub(crate) fn sees_annotations(&self) -> bool {
        let whole = |node: NodeId| {
            let path = self.doc.text(node);
            matches!(path, "" | "/" | "/metadata" | "/metadata/annotations")
                || path.strip_prefix("/metadata/annotations/").is_some_and(|key| key.contains("config.k"))
        };
        self.ops.iter().flat_map(|op| [op.path, op.from]).flatten().any(whole)
    }

    /// How many operations there are.
    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    /// Applies the operations to an object.
    pub(crate) fn apply(&self, target: &mut Doc, compat: Compat) -> Result<()> {
        if compat < Compat::V5_8_3 {
            reencode::refuse_odd_keys(target)?;
        }
        json_tree::to_json_tree(target)?;
        let before = target.size();
        let mut run = Run { doc: target, patch: self, raw: Raw::default(), compat, before };
        for (i, op) in self.ops.iter().enumerate() {
            run.operation(op).map_err(|failure| {
                let mut error = Error::new(ErrorKind::Patch, failure.message);
                if let Some(at) = op.path.filter(|_| op.kind != "move" && op.kind != "copy").or(op.node) {
                    error = error.at(self.doc.location(at));
                }
                let error = failure.hint.into_iter().fold(error, Error::hint);
                error.during(format!("applying operation {} of {} (`{}`)", i + 1, self.ops.len(), op.kind))
            })?;
        }
        json_tree::from_json_tree(target)
    }
}

/// The last entry of a name, and none for a null, as Go decodes them.
fn field(doc: &Doc, map: NodeId, name: &str) -> Option<NodeId> {
    let named = |k: NodeId| doc.kind(k) == NodeKind::Scalar && doc.tag(k) == Tag::Str && doc.text(k) == name;
    let entries: Vec<_> = doc.pairs(map).filter(|(k, _)| named(*k)).collect();
    entries.last().map(|(_, v)| *v)
}

fn operation(doc: &Doc, item: NodeId) -> Op {
    let text = |name: &str| field(doc, item, name).filter(|v| doc.tag(*v) == Tag::Str);
    Op {
        node: Some(item),
        kind: text("op").map_or_else(|| "unknown".to_owned(), |v| doc.text(v).to_owned()),
        path: text("path"),
        from: text("from"),
        value: field(doc, item, "value"),
    }
}

/// Why an operation failed.
struct Failure {
    message: String,
    hint: Option<String>,
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, hint: None }
    }
}

type Done<T = ()> = Result<T, Failure>;

/// A place in a mapping or list.
struct Place {
    container: NodeId,
    key: String,
}

struct Run<'r> {
    doc: &'r mut Doc,
    patch: &'r JsonPatch,
    /// Spellings of strings that differ from Go's.
    raw: Raw,
    compat: Compat,
    /// How many nodes the object had before.
    before: usize,
}

/// An index of a list, counted from the end if it is negative. `length`: of the list, or of the grown list.
fn index(key: &str, length: usize) -> Done<usize> {
    let number: i64 = key.parse().map_err(|_| format!("expected an index of the list, found `{key}`"))?;
    let at = match usize::try_from(number.unsigned_abs()) {
        Ok(back) if number < 0 => length.checked_sub(back),
        Ok(at) => Some(at).filter(|at| *at < length),
        Err(_) => None,
    };
    at.ok_or_else(|| {
        let message = match length {
            0 => "the list is empty".to_owned(),
            _ => format!("expected an index up to {}, found `{number}`", length - 1),
        };
        message.into()
    })
}

impl Run<'_> {
    fn operation(&mut self, op: &Op) -> Done {
        let patch = self.patch;
        let text = |node: Option<NodeId>| node.map(|n| patch.doc.text(n).to_owned());
        let path = || text(op.path).ok_or_else(|| missing(op, "path"));
        let from = || text(op.from).ok_or_else(|| missing(op, "from"));
        match op.kind.as_str() {
            "add" => {
                let path = path()?;
                let place = self.find(&path, "add", "path")?;
                let value = self.value(op);
                self.check_depth(&path, value)?;
                self.add(&place, value).map_err(|f| within(f, "add", &path))
            }
            "remove" => {
                let path = path()?;
                let place = self.find(&path, "remove", "path")?;
                self.remove(&place).map_err(|f| within(f, "remove", &path))
            }
            "replace" => {
                let path = path()?;
                if path.is_empty() {
                    return self.replace_root(op);
                }
                let place = self.find(&path, "replace", "path")?;
                if self.get(&place).is_err() {
                    let message = format!("there is nothing at `{path}` to replace");
                    return Err(Failure { message, hint: self.nearest(&place) });
                }
                let value = self.value(op);
                self.check_depth(&path, value)?;
                self.set(&place, value).map_err(|f| within(f, "replace", &path))
            }
            "move" => {
                let from = from()?;
                let place = self.find(&from, "move", "from path")?;
                let value = self.get(&place).map_err(|f| within(f, "move", &from))?;
                self.remove(&place).map_err(|f| within(f, "move", &from))?;
                let path = path()?;
                let place = self.find(&path, "move", "destination path")?;
                let value = value.unwrap_or_else(|| json_tree::null(self.doc));
                self.check_depth(&path, value)?;
                self.add(&place, value).map_err(|f| within(f, "move", &path))
            }
            "copy" => {
                let from = from()?;
                let place = self.find(&from, "copy", "from path")?;
                let value = self.get(&place).map_err(|f| within(f, "copy", &from))?;
                let path = path()?;
                let place = self.find(&path, "copy", "destination path")?;
                let copied = self.doc.size().saturating_sub(self.before) as u64;
                if let Some(e) = self.doc.check(Limit::Nodes, copied).err().or(self.doc.exceeded()) {
                    let message = format!("{e}: the object is copied into itself");
                    return Err(Failure { message, hint: Some(e.hint()) });
                }
                let copy = match value {
                    Some(value) => self.raw.copy(self.doc, value),
                    None => json_tree::null(self.doc),
                };
                self.check_depth(&path, copy)?;
                self.add(&place, copy).map_err(|f| within(f, "copy", &path))
            }
            "test" => {
                let path = path()?;
                self.test(op, &path)
            }
            kind => Err(Failure {
                message: match kind {
                    "unknown" => "expected an `op`, found none".to_owned(),
                    _ => format!("unknown operation `{kind}`"),
                },
                hint: Some("`op` is one of `add`, `remove`, `replace`, `move`, `copy` and `test`".into()),
            }),
        }
    }

    /// The value of an operation as a new node; null if it has none.
    fn value(&mut self, op: &Op) -> NodeId {
        match op.value {
            Some(value) => {
                let raw = self.patch.tests.then_some(&mut self.raw);
                json_tree::import(self.doc, &self.patch.doc, value, self.patch.json, raw)
            }
            None => json_tree::null(self.doc),
        }
    }

    /// The container that a path ends in, and the last part.
    fn find(&self, path: &str, op: &str, what: &str) -> Done<Place> {
        let missing = |hint: Option<String>| Failure {
            message: format!("the {what} `{path}` of `{op}` does not exist"),
            hint,
        };
        let mut parts: Vec<&str> = path.split('/').skip(1).collect();
        let Some(last) = parts.pop() else {
            return Err(missing(Some("begin the path with `/`".into())));
        };
        let mut container = self.doc.root();
        for name in parts {
            let name = pointer::unescape(name);
            let place = Place { container, key: name };
            match self.get(&place) {
                Ok(Some(next)) if self.doc.kind(next) != NodeKind::Scalar => container = next,
                _ => return Err(missing(self.nearest(&place))),
            }
        }
        Ok(Place { container, key: pointer::unescape(last) })
    }

    /// What could have been meant where nothing is.
    fn nearest(&self, place: &Place) -> Option<String> {
        let doc = &*self.doc;
        if let Some(found) = doc.get(place.container, &place.key) {
            let what = if doc.is_null(found) { "null" } else { "a scalar" };
            return Some(format!("`{}` is {what} here", place.key));
        }
        if doc.kind(place.container) == NodeKind::Seq {
            let length = doc.items(place.container).len();
            return Some(format!("`{}` is not an index of this sequence of {length}", place.key));
        }
        let keys = doc.pairs(place.container).map(|(k, _)| doc.text(k));
        match nearest(&place.key, keys) {
            Some(key) => Some(format!("there is no `{}`; did you mean `{key}`?", place.key)),
            None => Some(format!("there is no `{}` there; add it first", place.key)),
        }
    }

    /// What stands in a place; `None` for a missing key and for null.
    fn get(&self, place: &Place) -> Done<Option<NodeId>> {
        let doc = &*self.doc;
        let found = if doc.kind(place.container) == NodeKind::Seq {
            let items = doc.items(place.container);
            items.get(index(&place.key, items.len())?).copied()
        } else {
            doc.get(place.container, &place.key)
        };
        Ok(found.filter(|n| !doc.is_null(*n)))
    }

    /// Refuses a value that would make the object too deep, where so many collections are around it.
    fn check_depth(&self, path: &str, value: NodeId) -> Done {
        if self.doc.kind(value) == NodeKind::Scalar {
            return Ok(());
        }
        self.doc.check_depth(value, path.matches('/').count()).map_err(|e| Failure {
            message: format!("{e}: the value at `{path}` makes the object too deep"),
            hint: Some(e.hint()),
        })
    }

    fn add(&mut self, place: &Place, value: NodeId) -> Done {
        if self.doc.kind(place.container) != NodeKind::Seq {
            return self.set(place, value);
        }
        if place.key == "-" {
            self.doc.append(place.container, &[value]);
            return Ok(());
        }
        let length = self.doc.items(place.container).len() + 1;
        if place.key.parse::<i64>().is_err() {
            let message = format!("expected an index of the list, found `{}`", place.key);
            return Err(Failure { message, hint: Some("use `-` to append".into()) });
        }
        let at = index(&place.key, length)?;
        self.doc.insert_item(place.container, at, value);
        Ok(())
    }

    fn set(&mut self, place: &Place, value: NodeId) -> Done {
        if self.doc.kind(place.container) == NodeKind::Seq {
            let at = index(&place.key, self.doc.items(place.container).len())?;
            self.doc.set_kid(place.container, at, value);
        } else {
            self.doc.set(place.container, &place.key, value);
        }
        Ok(())
    }

    fn remove(&mut self, place: &Place) -> Done {
        if self.doc.kind(place.container) == NodeKind::Seq {
            let at = index(&place.key, self.doc.items(place.container).len())?;
            self.doc.remove_children(place.container, at, at + 1);
        } else if self.doc.remove(place.container, &place.key).is_none() {
            return Err(Failure {
                message: format!("there is no `{}` to remove", place.key),
                hint: self.nearest(place),
            });
        }
        Ok(())
    }

    fn replace_root(&mut self, op: &Op) -> Done {
        let value = op.value.filter(|v| self.patch.doc.kind(*v) != NodeKind::Scalar);
        if value.is_none() {
            if self.compat < Compat::V5_8_1 && op.value.is_some() {
                return Ok(());
            }
            return Err("expected a mapping or list as `value` for the whole object".to_owned().into());
        }
        let root = self.value(op);
        self.doc.set_root(root);
        Ok(())
    }

    fn test(&mut self, op: &Op, path: &str) -> Done {
        let found = if path.is_empty() {
            Some(self.doc.root())
        } else {
            let place = self.find(path, "test", "path")?;
            self.get(&place).map_err(|f| within(f, "test", path))?
        };
        let expected = op.value.filter(|v| !self.patch.doc.is_null(*v));
        let equal = match (found, expected) {
            (None, None) => true,
            (Some(found), Some(expected)) => {
                self.raw.equal(self.doc, found, &self.patch.doc, expected, self.patch.json)
            }
            _ => false,
        };
        if equal {
            return Ok(());
        }
        let shown = |doc: &Doc, node: Option<NodeId>| {
            let Some(node) = node else { return "nothing".to_owned() };
            let mut text = String::new();
            match to_json(doc, node, &mut text) {
                Ok(()) if text.len() <= 200 => format!("`{text}`"),
                _ => "another value".to_owned(),
            }
        };
        let (mut expected, found) = (shown(&self.patch.doc, expected), shown(self.doc, found));
        if expected == found {
            expected.push_str(", spelled as in the patch,");
        }
        let place = if path.is_empty() { "the top".to_owned() } else { format!("`{path}`") };
        Err(format!("expected {expected} at {place}, found {found}").into())
    }
}

fn within(failure: Failure, op: &str, path: &str) -> Failure {
    let place = if path.is_empty() { "the top".to_owned() } else { format!("`{path}`") };
    Failure { message: format!("`{op}` does not work at {place}: {}", failure.message), ..failure }
}

/// An operation lacks a field.
fn missing(op: &Op, field: &str) -> Failure {
    let message = format!("expected a string as `{field}` of `{}`, found none", op.kind);
    Failure { message, hint: Some(format!("give `{field}` as a string")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::print;

    fn patched(object: &str, ops: &str) -> String {
        let mut doc = split::read_all(&Source::new("r.yaml", object.into())).unwrap().swap_remove(0);
        let patch = match JsonPatch::parse(&Source::new("p.yaml", ops.into())) {
            Ok(patch) => patch,
            Err(e) => return format!("unread: {e}"),
        };
        if let Err(e) = patch.apply(&mut doc, Compat::DEFAULT) {
            return format!("error: {e}");
        }
        let mut out = vec![];
        print(&doc, doc.root(), &mut out).unwrap();
        String::from_utf8(out).unwrap().trim_end().replace('\n', "; ")
    }

    #[test]
    fn operations_change_the_object() {
        let table: &[(&str, &str, &str)] = &[
            ("a: 1", r#"[{"op":"add","path":"/b","value":{"c":[1]}}]"#, "a: 1; b:;   c:;   - 1"),
            ("a: 1", "- {op: add, path: b/c, value: 2}", "a: 1; c: 2"),
            ("a: [1, 2]", "- {op: add, path: /a/0, value: 0}", "a:; - 0; - 1; - 2"),
            ("a: [1, 2]", "- {op: add, path: /a/-, value: 3}", "a:; - 1; - 2; - 3"),
            ("a: [1, 2]", "- {op: add, path: /a/-1, value: 3}", "a:; - 1; - 2; - 3"),
            ("a: [1, 2]", "- {op: add, path: /a/+1, value: 3}", "a:; - 1; - 3; - 2"),
            ("a: [1, 2]", "- {op: remove, path: /a/-1}", "a:; - 1"),
            ("a: [1, 2]", "- {op: replace, path: /a/01, value: 3}", "a:; - 1; - 3"),
            ("a: 1", "- {op: replace, path: /b, value: 3}", "a: 1; b: 3"),
            ("a: {b: 1}", "- {op: move, from: /a/b, path: /c}", "a: {}; c: 1"),
            ("a: {b: 1}", "- {op: copy, from: /a, path: /c}", "a:;   b: 1; c:;   b: 1"),
            ("a: {b: 1}", "- {op: copy, from: /a/x, path: /c}", "a:;   b: 1; c: null"),
            ("a: 1", "- {op: replace, path: '', value: {b: 1}}", "b: 1"),
            ("a: 1", "- {op: add, path: /b}", "a: 1; b: null"),
            ("a/b: 1\nc~d: 2", "- {op: remove, path: /a~1b}\n- {op: remove, path: /c~0d}", "{}"),
            (
                "a: 1",
                "- {op: add, path: /b, value: {y: yes, 1: 0755}}",
                "a: 1; b:;   \"1\": 493;   \"true\": true",
            ),
            (
                "a: 9007199254740993\nb: 18446744073709551615",
                "[]",
                "a: 9007199254740992; b: 1.8446744073709552e+19",
            ),
            ("a: 1", "- {op: add, path: /b, value: !!binary YWI=}", "a: 1; b: ab"),
            ("a: 2001-01-01\nb: {c, d: }", "[]", "a: \"2001-01-01T00:00:00Z\"; b:;   c: \"\";   d: \"\""),
        ];
        for (object, ops, expected) in table {
            assert_eq!(patched(object, ops), *expected, "{object} + {ops}");
        }
    }

    #[test]
    fn tests_compare_json_texts() {
        let table = [
            ("a: 3", r#"[{"op":"test","path":"/a","value":3}]"#, true),
            ("a: 3", r#"[{"op":"test","path":"/a","value":3.0}]"#, false),
            ("a: 3", "- {op: test, path: /a, value: 3.0}", true),
            ("a: 3", "- {op: test, path: /a, value: '3'}", false),
            ("a: x", r#"[{"op":"test","path":"/a","value":"\u0078"}]"#, false),
            ("a: <x>", r#"[{"op":"test","path":"/a","value":"<x>"}]"#, false),
            ("a: <x>", r#"[{"op":"test","path":"/a","value":"\u003cx\u003e"}]"#, true),
            ("a: <x>", "- {op: test, path: /a, value: <x>}", true),
            ("a: {b: [1, {c: 2}]}", "- {op: test, path: /a, value: {b: [1, {c: 2}]}}", true),
            ("a: {b: [1, {c: 2}]}", "- {op: test, path: /a, value: {b: [1, {c: 3}]}}", false),
            ("a: ~", "- {op: test, path: /a, value: ~}", true),
            ("a: 1", "- {op: test, path: /b}", true),
            ("a: 1", "- {op: test, path: '', value: {a: 1}}", true),
            ("a: 1", r#"[{"op":"add","path":"/b","value":3.0},{"op":"test","path":"/b","value":3.0}]"#, true),
            ("a: 1", r#"[{"op":"add","path":"/b","value":"<"},{"op":"test","path":"/b","value":"<"}]"#, true),
        ];
        for (object, ops, holds) in table {
            assert_eq!(!patched(object, ops).starts_with("error"), holds, "{object} + {ops}");
        }
    }

    #[test]
    fn failures_name_the_place_in_the_patch() {
        let table = [
            (
                "a: {spec: 1}",
                "- op: add\n  path: /a/spek/x\n  value: 1\n",
                "error: p.yaml:2:9: the path `/a/spek/x` of `add` does not exist",
            ),
            (
                "a: [1]",
                "- {op: add, path: /a/5}",
                "error: p.yaml:1:19: `add` does not work at `/a/5`: expected an index up to 1, found `5`",
            ),
            (
                "a: 1",
                "- {op: remove, path: /b}",
                "error: p.yaml:1:22: `remove` does not work at `/b`: there is no `b` to remove",
            ),
            ("a: 1", "- {op: ADD, path: /b}", "error: p.yaml:1:19: unknown operation `ADD`"),
            ("a: 1", "- {op: add}", "error: p.yaml:1:3: expected a string as `path` of `add`, found none"),
            (
                "a: 1",
                "- {op: replace, path: ''}",
                "error: p.yaml:1:23: expected a mapping or list as `value` for the whole object",
            ),
            ("a: 1", "a: 1", "unread: p.yaml:1:1: expected a list of JSON patch operations"),
            ("a: {1: 2}", "- {op: add, path: /b}", "error: p.yaml"),
        ];
        for (object, ops, message) in table {
            assert!(
                patched(object, ops).starts_with(message) || message == "error: p.yaml",
                "{}",
                patched(object, ops)
            );
        }
        let mut doc = split::read_all(&Source::new("r", "a: {spec: 1}".into())).unwrap().swap_remove(0);
        let patch = JsonPatch::parse(&Source::new("p", "- {op: add, path: /a/spek/x}".into())).unwrap();
        let error = patch.apply(&mut doc, Compat::DEFAULT).unwrap_err();
        assert_eq!(error.hints(), ["there is no `spek`; did you mean `spec`?"]);
    }
}
