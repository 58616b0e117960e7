//! Strategic merge patches.
//!
//! Kustomize walks object and patch side by side, over all fields of both. A null removes a field, a mapping is
//! merged, a list is replaced unless the schema says by which keys its items are merged, and `$patch` deletes,
//! replaces or merges the mapping or list that it stands in. The walk has side effects on what the patch does not
//! mention, which are kept: nulls without text vanish, items of merged lists that have the same key become one, and
//! bare strings that YAML 1.1 reads as something else are remembered as quoted.
//!
//! A value that is overwritten hands its quotes on: a bare `6` in the place of `"5"` is a string.
//!
//! The patch is first copied into the object's document, so that both are nodes of one table; where kustomize
//! mixes up the two trees (a new mapping is walked against itself), the nodes are the same here too.

use super::comments::{Comments, collect};
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::OpenApi;
use crate::kube::merge_keys::{Schema, schema_for};
use crate::yaml::scalar::{Dialect, resolve};
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};
use compact_str::CompactString;
use rustc_hash::FxHashMap;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has changed, or not.
    Merged,
    /// The patch deletes it, or nothing is left of it.
    Deleted,
}

/// The key of directives.
pub(crate) const DIRECTIVE: &str = "$patch";

/// Lays a patch over an object. `openapi` is the document whose schemas are in effect, if any.
pub(crate) fn merge(dest: &mut Doc, patch: &Doc, openapi: Option<&OpenApi>) -> Result<Outcome> {
    let origin = dest.import(patch, patch.root());
    let root = dest.root();
    let only = dest.without_comments.then(|| patch.source());
    let comments = collect(dest, &[root, origin], openapi, only);
    let mut walker = Walker { doc: dest, openapi, comments: &comments };
    let merged = walker.walk(Some(root), Some(origin), None);
    match merged {
        Ok(Some(_)) if !dest.children(root).is_empty() => Ok(Outcome::Merged),
        Ok(_) => Ok(Outcome::Deleted),
        Err(failure) => Err(failure.into_error(dest)),
    }
}

/// Why a merge failed, with the place in the object being found on the way back.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    at: NodeId,
    other: Option<NodeId>,
    /// Fields and items, innermost first.
    path: Vec<CompactString>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>, at: NodeId) -> Box<Self> {
        Box::new(Self { message: message.into(), at, other: None, path: vec![] })
    }

    fn into_error(mut self, doc: &Doc) -> Error {
        self.path.reverse();
        let place = if self.path.is_empty() { String::new() } else { format!("`{}`: ", self.path.join(".")) };
        let error =
            Error::new(ErrorKind::Patch, format!("{place}{}", self.message)).at(doc.location(self.at));
        match self.other {
            Some(other) => error.label(doc.location(other), "what it was to be merged with"),
            None => error,
        }
    }
}

pub(super) type Walked<T = Option<NodeId>> = Result<T, Box<Failure>>;

/// What `$patch` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The directive of this name.
pub(super) fn directive_named(name: &str) -> Option<Directive> {
    match name {
        "merge" => Some(Directive::Merge),
        "replace" => Some(Directive::Replace),
        "delete" => Some(Directive::Delete),
        _ => None,
    }
}

/// A walk over an object and a patch in one document.
pub(super) struct Walker<'d, 's> {
    pub(super) doc: &'d mut Doc,
    openapi: Option<&'s OpenApi>,
    /// What comments say.
    comments: &'s Comments,
}

impl<'s> Walker<'_, 's> {
    /// Merges two nodes; gives the one that is to stand in the place of the first, or `None` for nothing. A null
    /// counts as nothing unless the patch has no value here.
    pub(super) fn walk(
        &mut self,
        dest: Option<NodeId>,
        origin: Option<NodeId>,
        schema: Option<Schema<'s>>,
    ) -> Walked {
        let schema = self.commented(dest).or_else(|| self.commented(origin)).or(schema);
        let present = |n: &NodeId| !self.doc.is_null(*n);
        let (a, b) = (dest.filter(present), origin.filter(present));
        let Some(first) = a.or(b) else { return self.walk_map(dest, origin, schema) };
        let kind = self.doc.kind(first);
        if let (Some(a), Some(b)) = (a, b)
            && self.doc.kind(b) != kind
        {
            let (old, new) = (kind.noun(), self.doc.kind(b).noun());
            let mut failure = Failure::new(format!("wrong node kind: expected {old}, found {new}"), b);
            failure.other = Some(a);
            return Err(failure);
        }
        match kind {
            NodeKind::Map => {
                let schema = schema.or_else(|| self.schema_of(a).or_else(|| self.schema_of(b)));
                self.walk_map(dest, origin, schema)
            }
            NodeKind::Seq => match schema.map(Schema::patch_strategy) {
                Some((true, keys)) => self.walk_list(dest, origin, &keys, schema.and_then(Schema::items)),
                _ => {
                    self.keep_layout(dest, origin);
                    Ok(origin.or(dest))
                }
            },
            NodeKind::Scalar | NodeKind::Alias => Ok(origin.or(dest)),
        }
    }

    /// The schema that the comment of a node is.
    fn commented(&self, node: Option<NodeId>) -> Option<Schema<'s>> {
        if self.comments.is_empty() {
            return None;
        }
        node.and_then(|node| self.comments.get(&node)).map(Schema::of_document)
    }

    /// The schema of an object that stands somewhere inside.
    fn schema_of(&self, node: Option<NodeId>) -> Option<Schema<'s>> {
        let text = |key: &str| {
            let value = self.doc.get(node?, key).filter(|n| !self.doc.is_null(*n))?;
            Some(self.doc.text(value)).filter(|t| !t.is_empty())
        };
        schema_for(self.openapi, text("apiVersion")?, text("kind")?)
    }

    /// An empty collection takes over whether the patch's is in `{}` or `[]`.
    pub(super) fn keep_layout(&mut self, dest: Option<NodeId>, origin: Option<NodeId>) {
        if let (Some(dest), Some(origin)) = (dest, origin)
            && self.doc.kind(dest) != NodeKind::Scalar
            && self.doc.children(dest).is_empty()
        {
            let flow = self.doc.is_flow(origin);
            self.doc.set_flow(dest, flow);
        }
    }

    /// What `$patch` in a mapping says; it is taken out. The error is the node of an unknown one.
    fn map_directive(&mut self, node: Option<NodeId>) -> Result<Directive, NodeId> {
        let Some((map, value)) = node.and_then(|map| Some((map, self.doc.get(map, DIRECTIVE)?))) else {
            return Ok(Directive::Merge);
        };
        let directive = directive_named(self.doc.text(value)).ok_or(value)?;
        self.doc.remove(map, DIRECTIVE);
        Ok(directive)
    }

    pub(super) fn unknown_directive<T>(&self, at: NodeId) -> Walked<T> {
        let message = format!(
            "unknown patch strategy `{}`: expected `delete`, `replace` or `merge`",
            self.doc.text(at)
        );
        Err(Failure::new(message, at))
    }

    fn walk_map(
        &mut self,
        dest: Option<NodeId>,
        origin: Option<NodeId>,
        schema: Option<Schema<'s>>,
    ) -> Walked {
        self.keep_layout(dest, origin);
        let node = match dest.filter(|n| !self.doc.is_null(*n)) {
            None => {
                let directive = self.map_directive(origin);
                match (dest, origin) {
                    _ if directive == Ok(Directive::Delete) => return Ok(None),
                    // A null of the object that has a text stays.
                    (Some(null), None) if !self.doc.text(null).is_empty() => return Ok(Some(null)),
                    (_, None) => return Ok(None),
                    (_, Some(origin)) => origin,
                }
            }
            Some(_) if origin.is_some_and(|n| self.doc.is_null(n)) => return Ok(None),
            Some(dest) => match (self.map_directive(origin), origin) {
                (Err(at), _) => return self.unknown_directive(at),
                (Ok(Directive::Delete), _) => return Ok(None),
                (Ok(Directive::Replace), Some(origin)) => origin,
                (Ok(_), _) => dest,
            },
        };
        self.refuse_empty_key(node)?;
        match origin {
            Some(origin) if origin != node => {
                self.refuse_empty_key(origin)?;
                self.merge_fields(node, origin, schema)?;
            }
            other => self.visit_fields(node, other.is_some(), schema)?,
        }
        Ok(Some(node))
    }

    /// A field without a name is the value itself to kustomize, which cannot be set here.
    fn refuse_empty_key(&self, map: NodeId) -> Walked<()> {
        match self.doc.pairs(map).find(|(key, _)| self.doc.text(*key).is_empty()) {
            Some((key, _)) => Err(Failure::new("wrong key: expected a name, found an empty one", key)),
            None => Ok(()),
        }
    }

    /// Walks the fields of a mapping alone, or against themselves.
    fn visit_fields(&mut self, node: NodeId, twice: bool, schema: Option<Schema<'s>>) -> Walked<()> {
        let mut dropped: Vec<usize> = vec![];
        let entries = self.doc.pairs(node).len();
        for i in 0..entries {
            let Some((key, old)) = self.doc.pair(node, i) else { break };
            let doc = &*self.doc;
            if doc.kind(old) == NodeKind::Scalar && !doc.is_null(old) {
                self.remember_quotes(old);
                continue;
            }
            let schema = self.commented(Some(key)).or_else(|| schema.and_then(|s| s.field(doc.text(key))));
            let new = self.walk(Some(old), twice.then_some(old), schema).map_err(|f| self.inside(f, key))?;
            if !self.settle(old, new, twice) {
                dropped.push(i);
            }
        }
        for i in dropped.into_iter().rev() {
            self.doc.remove_children(node, 2 * i, 2 * i + 2);
        }
        Ok(())
    }

    /// Walks the fields of two mappings.
    fn merge_fields(&mut self, node: NodeId, origin: NodeId, schema: Option<Schema<'s>>) -> Walked<()> {
        let patch: Vec<(NodeId, NodeId)> = self.doc.pairs(origin).collect();
        let mut used = vec![false; patch.len()];
        let mut index: Option<FxHashMap<CompactString, usize>> = None;
        if patch.len() > 8 {
            let mut all = FxHashMap::default();
            for (i, (key, _)) in patch.iter().enumerate() {
                all.entry(CompactString::from(self.doc.text(*key))).or_insert(i);
            }
            index = Some(all);
        }
        let find = |doc: &Doc, name: &str| match &index {
            Some(index) => index.get(name).copied(),
            None => patch.iter().position(|(key, _)| doc.text(*key) == name),
        };
        let mut children: Vec<NodeId> = Vec::with_capacity(self.doc.children(node).len() + 2 * patch.len());
        let entries = self.doc.pairs(node).len();
        for i in 0..entries {
            let Some((key, old)) = self.doc.pair(node, i) else { break };
            let name = self.doc.text(key);
            let at = find(self.doc, name);
            at.and_then(|i| used.get_mut(i)).into_iter().for_each(|used| *used = true);
            let found = at.and_then(|i| patch.get(i).copied());
            let value = found.map(|(_, value)| value);
            let schema = (self.commented(Some(key)).or_else(|| self.commented(found.map(|(key, _)| key))))
                .or_else(|| schema.and_then(|s| s.field(name)));
            let new = self.walk(Some(old), value, schema).map_err(|f| self.inside(f, key))?;
            if self.settle(old, new, value.is_some()) {
                children.extend([key, old]);
            }
        }
        for (i, ((key, value), used)) in patch.iter().zip(&used).enumerate() {
            if *used || find(self.doc, self.doc.text(*key)) != Some(i) {
                continue;
            }
            let schema =
                (self.commented(Some(*key))).or_else(|| schema.and_then(|s| s.field(self.doc.text(*key))));
            let new = self.walk(None, Some(*value), schema).map_err(|f| self.inside(f, *key))?;
            let Some(new) = new.filter(|n| !self.doc.is_null(*n)) else { continue };
            self.remember_quotes(new);
            // The key is written anew, without its comment.
            let key = if self.comments.contains_key(key) || self.doc.comment_after(*key).is_some() {
                let (text, style) = (self.doc.text(*key).to_owned(), self.doc.style(*key));
                self.doc.scalar(&text, style, Tag::Unset)
            } else {
                self.doc.copy(*key)
            };
            self.doc.set_tag(key, Tag::Unset, false);
            children.extend([key, new]);
        }
        if children != self.doc.children(node) {
            self.doc.set_children(node, &children);
        }
        Ok(())
    }

    /// Puts a walked value in the place of the old one; `false` if the field has to go. `patched`: the patch has a
    /// value here.
    fn settle(&mut self, old: NodeId, new: Option<NodeId>, patched: bool) -> bool {
        match new {
            None => return false,
            Some(new) if self.doc.is_null(new) => return !patched,
            Some(new) if new == old => self.remember_quotes(new),
            Some(new) => {
                let (style, flow, tagged) =
                    (self.doc.style(old), self.doc.is_flow(old), self.doc.is_tagged(old));
                let tag = self.doc.tag(new);
                self.doc.set_style(new, style);
                self.doc.set_flow(new, flow);
                self.doc.set_tag(new, tag, tagged);
                self.doc.assign(old, new);
            }
        }
        true
    }

    /// A bare string that YAML 1.1 reads as something else gets quotes, which a later patch may inherit.
    pub(super) fn remember_quotes(&mut self, node: NodeId) {
        let doc = &*self.doc;
        if doc.kind(node) != NodeKind::Scalar
            || doc.style(node) != Style::Plain
            || !matches!(doc.tag(node), Tag::Str | Tag::Unset)
            || doc.is_tagged(node)
        {
            return;
        }
        let text = doc.text(node);
        if !text.is_empty() && !text.contains('\n') && resolve(text.trim(), Dialect::V2) != Tag::Str {
            self.doc.set_style(node, Style::Double);
        }
    }

    fn inside(&self, mut failure: Box<Failure>, key: NodeId) -> Box<Failure> {
        failure.path.push(self.doc.text(key).into());
        failure
    }
}

impl Failure {
    pub(super) fn inside(mut self: Box<Self>, part: &str) -> Box<Self> {
        self.path.push(part.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Source, print, split};

    fn read(text: &str) -> Doc {
        split::read_all(&Source::new("t.yaml", text.into())).unwrap().swap_remove(0)
    }

    /// Merges patches into an object; prints the result.
    fn merged(dest: &str, patches: &[&str]) -> String {
        let mut doc = read(dest);
        for patch in patches {
            match merge(&mut doc, &read(patch), None) {
                Ok(Outcome::Merged) => {}
                Ok(Outcome::Deleted) => return "deleted".into(),
                Err(e) => return format!("error: {e}"),
            }
        }
        let mut out = vec![];
        print(&doc, doc.root(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Merges patches into the field `data` of an object without schema; prints that field in one line.
    fn data(dest: &str, patches: &[&str]) -> String {
        let patches: Vec<String> = patches.iter().map(|p| format!("kind: X\ndata: {p}\n")).collect();
        let patches: Vec<&str> = patches.iter().map(String::as_str).collect();
        let all = merged(&format!("kind: X\ndata: {dest}\n"), &patches);
        all.replace("kind: X\n", "").trim_start_matches("data:").trim().replace("\n  ", "; ")
    }

    #[test]
    fn maps_are_merged_and_nulls_remove() {
        let table: &[(&str, &str, &str)] = &[
            ("{a: 1}", "{b: 2}", "a: 1; b: 2"),
            ("{a: 1, b: 2}", "{a: null}", "b: 2"),
            ("{a: 1}", "{a: ~, b: {c: ~, d: {e: ~}}}", "b:;   d: {}"),
            ("{a: {x: 1}}", "{a: {$patch: delete}}", "{}"),
            ("{a: {x: 1}}", "{a: {$patch: replace, z: 2}}", "a:;   z: 2"),
            ("{a: {x: 1}}", "{a: {$patch: merge, z: 2}}", "a:;   x: 1;   z: 2"),
            ("{a: [1, 2]}", "{a: [3]}", "a:; - 3"),
            ("{a: [1, 2]}", "{a: []}", "a: []"),
            ("{a: ~}", "{b: 1}", "a: null; b: 1"),
            ("\n  a:", "{b: 1}", "b: 1"),
            ("{a: {$patch: x}}", "{b: {$patch: replace, c: 1}}", "a:;   $patch: x; b:;   c: 1"),
        ];
        for (dest, patch, expected) in table {
            assert_eq!(data(dest, &[patch]), *expected, "{dest} + {patch}");
        }
    }

    #[test]
    fn an_overwritten_value_hands_its_quotes_on() {
        let table: &[(&str, &[&str], &str)] = &[
            ("{a: '1'}", &["{a: 2}"], "a: \"2\""),
            ("{a: x}", &["{a: true}"], "a: true"),
            ("{a: 1}", &["{a: '2'}"], "a: \"2\""),
            ("{b: \"1\"}", &["{b: 0x10}"], "b: \"0x10\""),
            ("{a: !!str 1}", &["{a: 2}"], "a: 2"),
            ("{a: yes}", &["{a: 1}"], "a: 1"),
            ("{a: yes}", &["{b: 1}", "{a: 1}"], "a: \"1\"; b: 1"),
        ];
        for (dest, patches, expected) in table {
            assert_eq!(data(dest, patches), *expected, "{dest} + {patches:?}");
        }
    }

    #[test]
    fn the_top_is_deleted_but_never_replaced() {
        let dest = "kind: X\na: 1\n";
        assert_eq!(merged(dest, &["kind: X\n$patch: delete\n"]), "deleted");
        assert_eq!(merged(dest, &["kind: X\n$patch: replace\nb: 1\n"]), "a: 1\nkind: X\n");
        assert_eq!(merged(dest, &["kind: X\n$patch: merge\nb: 1\n"]), "a: 1\nb: 1\nkind: X\n");
        assert_eq!(merged(dest, &["kind: ~\na: ~\n"]), "deleted");
    }

    #[test]
    fn mistakes_are_shown_in_the_patch() {
        let table = [
            (
                "{a: {b: 1}}",
                "{a: [1]}",
                "error: t.yaml:2:11: `data.a`: wrong node kind: expected a mapping, found a list",
            ),
            (
                "{a: 1}",
                "{a: {b: 1}}",
                "error: t.yaml:2:11: `data.a`: wrong node kind: expected a scalar, found a mapping",
            ),
            (
                "{a: {b: 1}}",
                "{a: {$patch: gone}}",
                "error: t.yaml:2:20: `data.a`: unknown patch strategy `gone`: expected `delete`, `replace` or `merge`",
            ),
        ];
        for (dest, patch, message) in table {
            assert_eq!(data(dest, &[patch]), message);
        }
    }

    /// Merges patches into the containers of a pod; prints their names, and ports.
    fn containers(dest: &str, patch: &str) -> String {
        let object = |list: &str| format!("apiVersion: v1\nkind: Pod\nspec:\n  containers: {list}\n");
        let out = merged(&object(dest), &[&object(patch)]);
        let out = out.split_once("containers:").map_or(out.as_str(), |(_, rest)| rest);
        out.trim().replace("\n    ", " ").replace("\n  - ", "; - ")
    }

    #[test]
    fn lists_are_merged_by_their_keys() {
        let table: &[(&str, &str, &str)] = &[
            (
                "[{name: a, x: 1}, {name: b}]",
                "[{name: c}, {name: b, x: 2}]",
                "- name: c; - name: b x: 2; - name: a x: 1",
            ),
            ("[{name: a}, {name: b}]", "[{name: a, $patch: delete}]", "- name: b"),
            ("[{name: a, x: 1}]", "[{name: a, $patch: replace, y: 1}]", "- name: a x: 1"),
            ("[{name: a, x: 1}]", "[{name: b, z: 1}, {$patch: replace}]", "- name: b z: 1"),
            ("[{name: a}, {name: a, x: 2}]", "[]", "- name: a x: 2"),
            ("[{name: a}]", "[]", "- name: a"),
            ("[{name: '5'}]", "[{name: 5, x: 1}]", "- name: \"5\" x: 1"),
            ("[{name: a}, {x: 1}]", "[{name: b}]", "- x: 1"),
            (
                "[{name: a, ports: [{containerPort: 80}]}]",
                "[{name: a, ports: [{name: x}, {containerPort: 81}, {containerPort: 80}]}]",
                "- name: a ports: - containerPort: 80 - containerPort: 81",
            ),
            (
                "[{name: a, ports: [{containerPort: 80, protocol: TCP}]}]",
                "[{name: a, ports: [{containerPort: 80, protocol: TCP, name: web}, {containerPort: 81, protocol: TCP}]}]",
                "- name: a ports: - containerPort: 81   protocol: TCP - containerPort: 80   name: web   protocol: TCP",
            ),
        ];
        for (dest, patch, expected) in table {
            let shown = containers(dest, patch);
            let shown = shown
                .split_once("name: a ports:")
                .map_or(shown.clone(), |(_, r)| format!("- name: a ports:{r}"));
            assert_eq!(shown, *expected, "{dest} + {patch}");
        }
    }

    #[test]
    fn long_irregular_lists_are_merged_as_short_ones_are() {
        let table: &[(&str, &str, &str)] = &[
            ("[{name: a}, FILL{name: a, x: 2}]", "[{name: b}]", "- name: b; - name: a x: 2FILL"),
            ("[{name: a}, FILL{x: 1}, {name: c}]", "[{name: b}]", "- x: 1"),
            ("[{name: a}, FILL{name: a}]", "[{name: a, $patch: delete}]", "FILL"),
            (
                "[{name: a}, FILL{name: a, w: 1}, {name: z}]",
                "[{name: z, x: 1}]",
                "- name: z x: 1; - name: a w: 1FILL",
            ),
        ];
        for (dest, patch, expected) in table {
            for count in [1, 40] {
                let filled: String = (0..count).map(|i| format!("{{name: f{i}}}, ")).collect();
                let shown: String = (0..count).map(|i| format!("; - name: f{i}")).collect();
                let expected = expected.replace("FILL", &shown);
                let expected = expected.trim_start_matches("; ");
                assert_eq!(
                    containers(&dest.replace("FILL", &filled), patch),
                    expected,
                    "{dest} + {patch} {count}"
                );
            }
        }
    }
}
