//! Aliases and merge keys.
//!
//! Kustomize replaces aliases by deep copies and applies `<<` right after a resource is read, map by map from the
//! outside to the inside; [`expand`] does the same and keeps what can be seen of it: the first key spelled `<<` goes
//! even if it is quoted, and a null written as a key is doubled (so that the resource cannot be printed). A merge
//! key that came out of a merged map is applied last, as kustomize does when it prints: what kustomize merges is the
//! map as it was written, its own merge key included, unless an alias has made it a value before.
//!
//! The older library ([`expand_v2`]) puts the entries of `<<` where it stands; the last of several equal keys counts.
//!
//! An alias inside its own anchor kills kustomize; here it is an error. Kustomize has no limit to the size that
//! copies grow to; here it is [`Limit::Nodes`].

use super::node::{Doc, NodeId, NodeKind, Tag};
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::Limit;
use rustc_hash::FxHashMap;

/// Steps that copying a node takes.
const STEPS: u64 = 300;

/// After so many copies their work is charged.
const CHARGED: u64 = 1 << 10;

const NO_MAP: &str = "map merge requires map or sequence of maps as the value";

/// Expands aliases and merge keys as for resources. Does nothing where the reader met no cause for it.
pub(crate) fn expand(doc: &mut Doc) -> Result<()> {
    if !doc.has_anchors {
        return Ok(());
    }
    let mut e = Expander::new(doc);
    let root = e.node(e.doc.root())?;
    if e.merged_merge {
        e.seen.clear();
        e.settle(root)?;
    }
    doc.set_root(root);
    doc.has_anchors = false;
    Ok(())
}

/// Applies merge keys as kustomize does when it prints: what is there wins. Does nothing where there is no cause for
/// it.
pub(crate) fn settle(doc: &mut Doc) -> Result<()> {
    if !doc.has_anchors {
        return Ok(());
    }
    let root = doc.root();
    Expander::new(doc).settle(root)?;
    doc.has_anchors = false;
    Ok(())
}

/// Expands aliases and merge keys as for kustomization files.
pub(crate) fn expand_v2(doc: &mut Doc) -> Result<()> {
    if !doc.has_anchors {
        return Ok(());
    }
    let mut e = Expander::new(doc);
    let root = e.node_v2(e.doc.root())?;
    doc.set_root(root);
    doc.has_anchors = false;
    Ok(())
}

/// How far a collection is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Begun,
    Done,
}

struct Expander<'a> {
    doc: &'a mut Doc,
    seen: FxHashMap<NodeId, Seen>,
    /// The entries that maps with a merge key were written with.
    written: FxHashMap<NodeId, Vec<(NodeId, NodeId)>>,
    /// How many nodes were copied.
    made: u64,
    /// A merge key came out of a merged map.
    merged_merge: bool,
}

impl<'a> Expander<'a> {
    fn new(doc: &'a mut Doc) -> Self {
        let (seen, written) = (FxHashMap::default(), FxHashMap::default());
        Self { doc, seen, written, made: 0, merged_merge: false }
    }

    fn fail<T>(&self, at: NodeId, message: impl Into<String>) -> Result<T> {
        Err(Error::new(ErrorKind::Syntax, message).at(self.doc.location(at)))
    }

    fn target(&self, alias: NodeId) -> NodeId {
        self.doc.children(alias).first().copied().unwrap_or(alias)
    }

    /// The name that an alias was written with.
    fn alias_name(&self, alias: NodeId) -> &str {
        let span =
            self.doc.span(alias).and_then(|(a, b)| self.doc.source().text.get(a as usize + 1..b as usize));
        span.unwrap_or_default()
    }

    /// The text that keys are told apart by.
    fn key_text(&self, key: NodeId) -> &str {
        if self.doc.kind(key) == NodeKind::Alias { self.alias_name(key) } else { self.doc.text(key) }
    }

    /// Marks a collection as begun. False: it is done already.
    fn begin(&mut self, id: NodeId) -> Result<bool> {
        match self.seen.get(&id) {
            Some(Seen::Done) => Ok(false),
            Some(Seen::Begun) => self.fail(id, "an alias is inside its own anchor"),
            None => {
                self.seen.insert(id, Seen::Begun);
                Ok(true)
            }
        }
    }

    fn count(&mut self, at: NodeId) -> Result<()> {
        self.made += 1;
        let mut exceeded = self.doc.check(Limit::Nodes, self.made).err().or(self.doc.exceeded());
        if self.made.is_multiple_of(CHARGED) {
            let charged = self.doc.budget().map(|budget| budget.take(Limit::Work, CHARGED * STEPS));
            exceeded = exceeded.or(charged.and_then(Result::err));
        }
        let Some(exceeded) = exceeded else { return Ok(()) };
        Err(Error::from(exceeded).at(self.doc.location(at)).during("expanding aliases"))
    }

    /// A deep copy; aliases in it stay what they are.
    fn copy(&mut self, id: NodeId) -> Result<NodeId> {
        self.count(id)?;
        match self.doc.kind(id) {
            NodeKind::Scalar => Ok(self.doc.copy(id)),
            NodeKind::Alias => Ok(id),
            NodeKind::Map | NodeKind::Seq => {
                let mut children = self.doc.children(id).to_vec();
                for kid in &mut children {
                    *kid = self.copy(*kid)?;
                }
                Ok(self.doc.copy_with(id, &children))
            }
        }
    }

    /// Expands a node in place; gives the node that stands for it.
    fn node(&mut self, id: NodeId) -> Result<NodeId> {
        match self.doc.kind(id) {
            NodeKind::Scalar => return Ok(id),
            NodeKind::Alias => {
                let target = self.target(id);
                if self.seen.get(&target) == Some(&Seen::Begun) {
                    let message = format!("the alias `*{}` is inside its own anchor", self.alias_name(id));
                    return self.fail(id, message);
                }
                let target = self.node(target)?;
                self.written.remove(&target);
                return self.copy(target);
            }
            NodeKind::Map | NodeKind::Seq => {}
        }
        if !self.begin(id)? {
            return Ok(id);
        }
        if self.doc.kind(id) == NodeKind::Map {
            self.merge(id)?;
        }
        for i in 0..self.doc.children(id).len() {
            let Some(kid) = self.doc.child(id, i) else { break };
            let new = self.node(kid)?;
            if new != kid {
                self.doc.set_kid(id, i, new);
            }
        }
        self.seen.insert(id, Seen::Done);
        Ok(id)
    }

    /// Applies the merge key of a map and what goes with it.
    fn merge(&mut self, map: NodeId) -> Result<()> {
        let mut own: Vec<(NodeId, NodeId)> = self.doc.pairs(map).collect();
        let mut marks = own.iter().filter(|(k, _)| self.doc.tag(*k) == Tag::Merge);
        let mark = marks.next().copied();
        if let Some((second, _)) = marks.next() {
            return self.fail(*second, "duplicate merge key");
        }
        let sources = match mark {
            Some((_, value)) => self.merged(value)?,
            None => vec![],
        };
        if sources.iter().any(|source| self.seen.get(source) == Some(&Seen::Begun)) {
            return self.fail(map, "a map is merged into a part of itself");
        }
        let cleared = own.iter().position(|(k, _)| self.key_text(*k) == "<<");
        if mark.is_some() {
            self.written.insert(map, own.clone());
        }
        if let Some(i) = cleared {
            own.remove(i);
        }
        let null_key = own.iter().any(|(k, _)| self.doc.is_null(*k) && !self.doc.text(*k).is_empty());
        if sources.is_empty() && !null_key {
            if let Some(i) = cleared {
                self.doc.remove_children(map, 2 * i, 2 * i + 2);
            }
            return Ok(());
        }
        let mut all = Entries::default();
        for (k, v) in &own {
            all.add(self.key_text(*k).to_owned(), *k, *v);
        }
        for source in sources {
            let written = self.written.get(&source).cloned();
            let pairs = written.unwrap_or_else(|| self.doc.pairs(source).collect());
            for (k, v) in self.firsts(&pairs) {
                self.merged_merge |= self.doc.tag(k) == Tag::Merge;
                let (k, v) = (self.copy(k)?, self.copy(v)?);
                all.set(self.field_name(k), k, v);
            }
        }
        for (k, v) in self.firsts(&own) {
            all.set(self.field_name(k), k, v);
        }
        self.doc.set_children(map, &all.children());
        Ok(())
    }

    /// The name under which an entry is looked for: that of a null is empty.
    fn field_name(&self, key: NodeId) -> String {
        if self.doc.is_null(key) { String::new() } else { self.key_text(key).to_owned() }
    }

    /// For each entry the first one that has the text of its key.
    fn firsts(&self, pairs: &[(NodeId, NodeId)]) -> Vec<(NodeId, NodeId)> {
        let mut first: FxHashMap<&str, (NodeId, NodeId)> = FxHashMap::default();
        pairs.iter().map(|pair| *first.entry(self.key_text(pair.0)).or_insert(*pair)).collect()
    }

    /// The maps that the value of a merge key means, the one that wins last.
    fn merged(&self, value: NodeId) -> Result<Vec<NodeId>> {
        match self.doc.kind(value) {
            NodeKind::Map => Ok(vec![value]),
            NodeKind::Alias => {
                let target = self.target(value);
                if self.doc.kind(target) != NodeKind::Map {
                    return self.fail(value, "invalid map merge: received alias for a non-map value");
                }
                Ok(vec![target])
            }
            NodeKind::Seq => {
                let mut out = vec![];
                for item in self.doc.items(value).iter().rev() {
                    if self.doc.kind(*item) == NodeKind::Seq {
                        return self.fail(*item, "invalid map merge: received a nested sequence");
                    }
                    out.extend(self.merged(*item)?);
                }
                Ok(out)
            }
            NodeKind::Scalar => self.fail(value, NO_MAP),
        }
    }

    /// Applies the merge keys that came out of merged maps: what is there wins.
    fn settle(&mut self, id: NodeId) -> Result<()> {
        if self.doc.kind(id) == NodeKind::Scalar || !self.begin(id)? {
            return Ok(());
        }
        let mut i = 0;
        while let Some(kid) = self.doc.child(id, i) {
            self.settle(kid)?;
            i += 1;
        }
        self.seen.insert(id, Seen::Done);
        let pairs: Vec<(NodeId, NodeId)> = self.doc.pairs(id).collect();
        let is_merge = |(_, (key, _)): &(usize, &(NodeId, NodeId))| self.doc.tag(*key) == Tag::Merge;
        let Some((i, &(_, value))) = pairs.iter().enumerate().find(is_merge) else { return Ok(()) };
        let sources = match self.doc.kind(value) {
            NodeKind::Map => vec![value],
            NodeKind::Seq => self.doc.items(value).to_vec(),
            _ => return self.fail(value, NO_MAP),
        };
        let mut all = Entries::default();
        for (k, v) in pairs.iter().enumerate().filter(|(n, _)| *n != i).map(|(_, pair)| *pair) {
            all.add(self.key_text(k).to_owned(), k, v);
        }
        for source in sources {
            if self.doc.kind(source) != NodeKind::Map {
                return self.fail(source, NO_MAP);
            }
            let pairs: Vec<(NodeId, NodeId)> = self.doc.pairs(source).collect();
            for (k, v) in pairs {
                if !all.index.contains_key(self.key_text(k)) {
                    all.add(self.key_text(k).to_owned(), k, v);
                }
            }
        }
        self.doc.set_children(id, &all.children());
        Ok(())
    }

    // ---- the older library ----

    fn node_v2(&mut self, id: NodeId) -> Result<NodeId> {
        match self.doc.kind(id) {
            NodeKind::Scalar => return Ok(id),
            NodeKind::Alias => {
                let target = self.target(id);
                if self.seen.get(&target) == Some(&Seen::Begun) {
                    let message = format!("anchor '{}' value contains itself", self.alias_name(id));
                    return self.fail(id, message);
                }
                let target = self.node_v2(target)?;
                return self.copy(target);
            }
            NodeKind::Map | NodeKind::Seq => {}
        }
        if !self.begin(id)? {
            return Ok(id);
        }
        let old = self.doc.children(id).to_vec();
        let mut children = Vec::with_capacity(old.len());
        if self.doc.kind(id) == NodeKind::Map {
            for &[key, value] in old.as_chunks().0 {
                if self.doc.tag(key) == Tag::Merge && self.doc.text(key) == "<<" {
                    for source in self.merged_v2(value)? {
                        let source = self.node_v2(source)?;
                        for kid in self.doc.children(source).to_vec() {
                            children.push(self.copy(kid)?);
                        }
                    }
                } else {
                    children.push(self.node_v2(key)?);
                    children.push(self.node_v2(value)?);
                }
            }
        } else {
            for kid in &old {
                children.push(self.node_v2(*kid)?);
            }
        }
        if children != old {
            self.doc.set_children(id, &children);
        }
        self.seen.insert(id, Seen::Done);
        Ok(id)
    }

    /// The maps (or aliases of maps) that a merge key means, the one that wins last.
    fn merged_v2(&self, value: NodeId) -> Result<Vec<NodeId>> {
        let is_map = |id: NodeId| match self.doc.kind(id) {
            NodeKind::Alias => self.doc.kind(self.target(id)) == NodeKind::Map,
            kind => kind == NodeKind::Map,
        };
        let sources = match self.doc.kind(value) {
            NodeKind::Seq => self.doc.items(value).iter().rev().copied().collect(),
            _ => vec![value],
        };
        match sources.iter().find(|s| !is_map(**s)) {
            Some(odd) => self.fail(*odd, NO_MAP),
            None => Ok(sources),
        }
    }
}

/// The entries of a map while it is put together.
#[derive(Default)]
struct Entries {
    list: Vec<(NodeId, NodeId)>,
    /// The first entry of each key.
    index: FxHashMap<String, usize>,
}

impl Entries {
    fn add(&mut self, text: String, key: NodeId, value: NodeId) {
        self.index.entry(text).or_insert(self.list.len());
        self.list.push((key, value));
    }

    /// Replaces the first entry of this name, or appends one.
    fn set(&mut self, name: String, key: NodeId, value: NodeId) {
        match self.index.get(&name).and_then(|i| self.list.get_mut(*i)) {
            Some(entry) => *entry = (key, value),
            None => self.add(name, key, value),
        }
    }

    fn children(&self) -> Vec<NodeId> {
        self.list.iter().flat_map(|(k, v)| [*k, *v]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar::Dialect;
    use super::super::source::Source;
    use super::super::{parse, show};
    use super::*;

    fn expanded(text: &str, dialect: Dialect) -> Result<String, String> {
        let source = Source::new("t.yaml", text.into());
        let mut doc = parse::parse(&source, 0..text.len(), dialect).unwrap().unwrap();
        let done = if dialect == Dialect::V3 { expand(&mut doc) } else { expand_v2(&mut doc) };
        done.map(|()| show::show(&doc)).map_err(|e| e.to_string())
    }

    #[test]
    fn aliases_become_copies_and_merge_keys_are_applied() {
        let table = [
            ("a: &x [1]\nb: *x", "{str:a [int:1] str:b [int:1]}"),
            ("a: &x {b: 1}\nc: {<<: *x, d: 2}", "{str:a {str:b int:1} str:c {str:d int:2 str:b int:1}}"),
            ("a: &x {b: 1}\nc: {b: 2, <<: *x}", "{str:a {str:b int:1} str:c {str:b int:2}}"),
            ("a: {<<: [{b: 1}, {b: 2, c: 3}]}", "{str:a {str:b int:1 str:c int:3}}"),
            ("a: {<<: {<<: {b: 1}, c: 2}, c: 3}", "{str:a {str:c int:3 str:b int:1}}"),
            ("a: {<<: [{<<: {b: 1}}, {b: 2}]}", "{str:a {str:b int:2}}"),
            (
                "a: &a {b: 1}\nc: &c {<<: *a}\nd: {<<: [*c, {b: 2}]}",
                "{str:a {str:b int:1} str:c {str:b int:1} str:d {str:b int:2}}",
            ),
            ("a: {'<<': {b: 1}}", "{str:a {}}"),
            ("a: {~: 1}", "{str:a {null:~ int:1 null:~ int:1}}"),
            ("a: {b: 1, b: 2, <<: {c: 3}}", "{str:a {str:b int:1 str:b int:2 str:c int:3}}"),
            ("a: <<", "{str:a merge:<<}"),
            ("? &k x\n: 1\n*k : 2", "{str:x int:1 str:x int:2}"),
        ];
        for (text, want) in table {
            assert_eq!(expanded(text, Dialect::V3).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn the_older_library_merges_in_place() {
        let table = [
            ("a: {b: 1, <<: {b: 2}}", "{str:a {str:b int:1 str:b int:2}}"),
            ("a: {<<: [{b: 1}, {b: 2}]}", "{str:a {str:b int:2 str:b int:1}}"),
            ("a: {'<<': {b: 1}}", "{str:a {str:<< {str:b int:1}}}"),
        ];
        for (text, want) in table {
            assert_eq!(expanded(text, Dialect::V2).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn impossible_merges_and_circles_are_errors() {
        let table = [
            ("a: {<<: b}", "t.yaml:1:9: map merge requires map or sequence of maps as the value"),
            ("a: &x 1\nb: {<<: *x}", "t.yaml:2:9: invalid map merge: received alias for a non-map value"),
            ("a: {<<: [[]]}", "t.yaml:1:10: invalid map merge: received a nested sequence"),
            ("a: {<<: {}, <<: {}}", "t.yaml:1:13: duplicate merge key"),
            ("a: &x\n  b: *x", "t.yaml:2:6: the alias `*x` is inside its own anchor"),
            ("a: &x {b: {<<: *x}}", "t.yaml:1:11: a map is merged into a part of itself"),
            ("a: &x [*x]", "t.yaml:1:8: the alias `*x` is inside its own anchor"),
        ];
        for (text, want) in table {
            assert_eq!(expanded(text, Dialect::V3), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn growth_by_copies_is_limited() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for i in 1..60 {
            text += &format!("a{i}: &a{i} [*a{}, *a{}]\n", i - 1, i - 1);
        }
        let error = expanded(&text, Dialect::V3).unwrap_err();
        assert!(error.ends_with("more than 10000000 nodes copied within one document"), "{error}");
    }
}
