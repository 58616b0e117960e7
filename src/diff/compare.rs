//! Walks a pair of objects, field by field.

use super::canonical::{self, Names, is_absent, key_of};
use super::list::{self, Key};
use super::report::{FieldChange, Path, Step, Value, What};
use super::schema::{ListType, Schema};
use super::{Options, embedded, mask, normalize};
use crate::diag::Location;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Lists whose order counts although their items have keys.
const ORDERED: [&str; 2] = ["initContainers", "webhooks"];

/// Values below so many levels are compared whole: every level costs another look at all that is below it.
pub(super) const DEEPEST: usize = 100;

/// Fields that a cluster writes.
const LIVE: [&[&str]; 6] = [
    &["metadata", "creationTimestamp"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
    &["metadata", "uid"],
    &["status"],
];

/// What differs between two objects.
pub(super) fn fields(
    old: &Resource,
    new: &Resource,
    schema: Schema<'_>,
    names: &Names,
    options: &Options,
) -> Vec<FieldChange> {
    let (a, b) = (old.shared_doc(), new.shared_doc());
    let same_name = old.name() == new.name();
    if same_name && canonical::same(a, a.root(), b, b.root(), names) {
        return vec![];
    }
    let mut walk = Walk {
        a,
        b,
        object: new,
        names,
        options,
        masks: mask::is_secret(new) && !options.show_secrets,
        within: None,
        path: vec![],
        found: vec![],
    };
    walk.node(a.root(), b.root(), schema);
    walk.found
}

/// The documents that are walked, and what was found.
struct Walk<'a> {
    a: &'a Arc<Doc>,
    b: &'a Arc<Doc>,
    /// The newer object.
    object: &'a Resource,
    names: &'a Names,
    options: &'a Options,
    /// Values of `data` are not to be seen.
    masks: bool,
    /// The format of the text that is being walked.
    within: Option<&'static str>,
    path: Vec<Step>,
    found: Vec<FieldChange>,
}

impl Walk<'_> {
    fn add(&mut self, x: Option<NodeId>, y: Option<NodeId>, what: What) {
        let path = Path(self.path.clone());
        let masked = self.masks && mask::hides(&path);
        let value = |doc: &Arc<Doc>, node| Value::new(doc.clone(), node, masked, None);
        let (old, new) = (x.map(|x| value(self.a, x)), y.map(|y| value(self.b, y)));
        self.found.push(FieldChange { path, old, new, what });
    }

    fn step(&mut self, step: Step, walk: impl FnOnce(&mut Self)) {
        self.path.push(step);
        walk(self);
        self.path.pop();
    }

    fn node(&mut self, x: NodeId, y: NodeId, schema: Schema<'_>) {
        match (self.a.kind(x), self.b.kind(y)) {
            (NodeKind::Map | NodeKind::Seq, _) if self.path.len() >= DEEPEST => self.whole(x, y),
            (NodeKind::Map, NodeKind::Map) => self.mapping(x, y, schema),
            (NodeKind::Seq, NodeKind::Seq) => self.sequence(x, y, schema),
            (NodeKind::Scalar, NodeKind::Scalar) => self.scalar(x, y),
            _ => self.add(Some(x), Some(y), What::Value),
        }
    }

    fn whole(&mut self, x: NodeId, y: NodeId) {
        if !canonical::same(self.a, x, self.b, y, self.names) {
            self.add(Some(x), Some(y), What::Value);
        }
    }

    fn mapping(&mut self, x: NodeId, y: NodeId, schema: Schema<'_>) {
        let (a, b) = (self.a, self.b);
        let top = self.path.is_empty();
        let (old, new) = (a.children(x), b.children(y));
        let in_order = old.len() == new.len()
            && old.chunks_exact(2).zip(new.chunks_exact(2)).all(|(o, n)| match (o, n) {
                ([key, _], [other, _]) => a.text(*key) == b.text(*other),
                _ => false,
            });
        if in_order {
            for ((key, value), (_, other)) in a.pairs(x).zip(b.pairs(y)) {
                self.entry(key, a, Some(value), Some(other), schema, top);
            }
            return;
        }
        let mut rest: FxHashMap<&str, NodeId> = b.pairs(y).map(|(k, v)| (b.text(k), v)).collect();
        for (key, value) in a.pairs(x) {
            let other = rest.remove(a.text(key));
            self.entry(key, a, Some(value), other, schema, top);
        }
        for (key, _) in b.pairs(y) {
            if let Some(value) = rest.remove(b.text(key)) {
                self.entry(key, b, None, Some(value), schema, top);
            }
        }
    }

    /// Compares the values of a key, which stands in one of the documents.
    fn entry(
        &mut self,
        key: NodeId,
        of: &Doc,
        x: Option<NodeId>,
        y: Option<NodeId>,
        schema: Schema<'_>,
        top: bool,
    ) {
        // Most values are the same, and found to be so without noting the way there.
        if let (Some(x), Some(y)) = (x, y)
            && canonical::same(self.a, x, self.b, y, self.names)
        {
            return;
        }
        let x = x.filter(|x| !is_absent(self.a, *x));
        let y = y.filter(|y| !is_absent(self.b, *y));
        if x.is_none() && y.is_none() {
            return;
        }
        let key = key_of(of, key);
        self.step(Step::Key(key.clone()), |walk| match (x, y) {
            _ if walk.is_passed_over(x, y) => {}
            (Some(x), Some(y)) => walk.node(x, y, schema.field(&key, top)),
            _ if walk.is_default(x, y) => {}
            _ => walk.add(x, y, What::Value),
        });
    }

    /// Returns whether nobody asks about the field: what a cluster writes, and the namespace `default`, which is the same
    /// as none.
    fn is_passed_over(&self, x: Option<NodeId>, y: Option<NodeId>) -> bool {
        let path = &self.path;
        let is = |keys: &[&str]| {
            self.within.is_none()
                && path.len() == keys.len()
                && path.iter().zip(keys).all(|(step, key)| matches!(step, Step::Key(k) if k == key))
        };
        let text = |doc: &Doc, node: Option<NodeId>| node.map_or("default", |node| doc.text(node)).to_owned();
        is(&["metadata", "namespace"]) && text(self.a, x) == text(self.b, y)
            || self.options.live && LIVE.iter().any(|keys| is(keys))
    }

    /// Returns whether a value that is on one side alone is what the API server takes where there is none.
    fn is_default(&self, x: Option<NodeId>, y: Option<NodeId>) -> bool {
        if !self.options.normalize || self.within.is_some() {
            return false;
        }
        let (object, path) = (self.object, &self.path);
        x.is_some_and(|x| normalize::is_default(object, path, self.a, x))
            || y.is_some_and(|y| normalize::is_default(object, path, self.b, y))
    }

    fn scalar(&mut self, x: NodeId, y: NodeId) {
        let (a, b) = (self.a, self.b);
        if canonical::same_scalar(a, x, b, y, self.names) {
            return;
        }
        if self.options.normalize
            && self.within.is_none()
            && normalize::are_equal(self.object, &self.path, a.text(x), b.text(y))
        {
            return;
        }
        let (Some(old), Some(new)) = (canonical::string(a, x), canonical::string(b, y)) else {
            return self.add(Some(x), Some(y), What::Value);
        };
        if self.within.is_none() && self.holds_values() {
            let places = (text_place(a, x), text_place(b, y));
            let old = embedded::Part { text: old, at: &places.0, of: a.source() };
            let new = embedded::Part { text: new, at: &places.1, of: b.source() };
            if let Some((format, old, new)) = embedded::read(old, new) {
                return self.text(x, y, format, (Arc::new(old), Arc::new(new)));
            }
        }
        let lines = |text: &str| text.trim_end().contains('\n');
        let what = if lines(old) || lines(new) { What::Lines } else { What::Value };
        self.add(Some(x), Some(y), what);
    }

    /// Returns whether a text at this place may hold values: those of a ConfigMap.
    fn holds_values(&self) -> bool {
        self.object.gvk().kind == "ConfigMap" && Path(self.path.clone()).starts_with(&["data"])
    }

    /// Compares the values of two texts of one format.
    fn text(&mut self, x: NodeId, y: NodeId, format: &'static str, (old, new): (Arc<Doc>, Arc<Doc>)) {
        self.path.push(Step::Text(format));
        let mut walk = Walk {
            a: &old,
            b: &new,
            within: Some(format),
            path: std::mem::take(&mut self.path),
            found: vec![],
            ..*self
        };
        walk.node(old.root(), new.root(), Schema::Unknown);
        let (found, path) = (walk.found, walk.path);
        self.path = path;
        self.path.pop();
        if found.is_empty() {
            self.add(Some(x), Some(y), What::Form);
        }
        self.found.extend(found);
    }

    fn sequence(&mut self, x: NodeId, y: NodeId, schema: Schema<'_>) {
        let (a, b) = (self.a, self.b);
        let (old, new) = (a.items(x), b.items(y));
        let in_order = old.len() == new.len()
            && old.iter().zip(new).all(|(x, y)| canonical::same(a, *x, b, *y, self.names));
        if in_order {
            return;
        }
        match schema.list_type() {
            ListType::Set if self.set(old, new) => {}
            ListType::Map(keys) if self.keyed(x, y, &keys, schema, false) => {}
            _ => self.atomic(x, y, schema),
        }
    }

    /// Compares sequences whose items have keys; `false` if they have not.
    fn keyed(&mut self, x: NodeId, y: NodeId, keys: &[String], schema: Schema<'_>, order: bool) -> bool {
        let (a, b) = (self.a, self.b);
        let (old, new) = (a.items(x), b.items(y));
        let olds = list::keys(a, old, keys, Some(self.names));
        let Some((olds, news)) = olds.zip(list::keys(b, new, keys, None)) else { return false };
        let pairs = list::by_key(&olds, &news);
        let items = schema.items();
        for (i, j) in &pairs {
            let (x, y) = (i.and_then(|i| old.get(i)), j.and_then(|j| new.get(j)));
            let key: Option<&Key> = j.and_then(|j| news.get(j)).or(i.and_then(|i| olds.get(i)));
            let step = Step::Item(key.cloned().unwrap_or_default());
            self.step(step, |walk| match (x, y) {
                (Some(x), Some(y)) => walk.node(*x, *y, items),
                (x, y) => walk.add(x.copied(), y.copied(), What::Value),
            });
        }
        if (order || self.is_ordered(x, y)) && !list::are_in_order(&pairs) {
            self.add(Some(x), Some(y), What::Order);
        }
        true
    }

    /// Returns whether the order of items counts although they have keys: what runs one after the other, and variables that
    /// refer to those before them.
    fn is_ordered(&self, x: NodeId, y: NodeId) -> bool {
        let Some(Step::Key(key)) = self.path.last() else { return false };
        let refers = |doc: &Doc, list: NodeId| {
            let values = doc.items(list).iter().filter_map(|item| doc.get(*item, "value"));
            values.into_iter().any(|value| doc.text(value).contains("$("))
        };
        ORDERED.contains(&key.as_str()) || key == "env" && (refers(self.a, x) || refers(self.b, y))
    }

    /// Compares sequences that are sets; `false` if their items are no single values.
    fn set(&mut self, old: &[NodeId], new: &[NodeId]) -> bool {
        let (a, b) = (self.a, self.b);
        let scalars = |doc: &Doc, items: &[NodeId]| items.iter().all(|i| doc.kind(*i) == NodeKind::Scalar);
        if !scalars(a, old) || !scalars(b, new) {
            return false;
        }
        let key = |doc: &Doc, item: NodeId, names| vec![(String::new(), canonical::text(doc, item, names))];
        let olds: Vec<Key> = old.iter().map(|item| key(a, *item, Some(self.names))).collect();
        let news: Vec<Key> = new.iter().map(|item| key(b, *item, None)).collect();
        for (i, j) in list::by_key(&olds, &news) {
            let (x, y) = (i.and_then(|i| old.get(i)), j.and_then(|j| new.get(j)));
            if let (Some(_), Some(_)) = (x, y) {
                continue;
            }
            let text = x.map(|x| a.text(*x)).or(y.map(|y| b.text(*y))).unwrap_or_default();
            let step = Step::Item(vec![(String::new(), text.to_owned())]);
            self.step(step, |walk| walk.add(x.copied(), y.copied(), What::Value));
        }
        true
    }

    /// Compares sequences whose order counts.
    fn atomic(&mut self, x: NodeId, y: NodeId, schema: Schema<'_>) {
        let (a, b) = (self.a, self.b);
        let (old, new) = (a.items(x), b.items(y));
        if self.options.normalize && self.within.is_none() && normalize::is_unordered(self.object, &self.path)
        {
            let sorted = |doc, items: &[NodeId], names| {
                let mut texts: Vec<_> = items.iter().map(|i| canonical::text(doc, *i, names)).collect();
                texts.sort();
                texts
            };
            if sorted(a, old, Some(self.names)) == sorted(b, new, None) {
                return;
            }
        }
        if let Some(key) = list::likely_key(a, old, b, new, self.names)
            && self.keyed(x, y, &key, schema, true)
        {
            return;
        }
        let (pairs, [olds, news]) = list::by_content(a, old, b, new, self.names);
        if list::are_permuted(&olds, &news) {
            return self.add(Some(x), Some(y), What::Order);
        }
        for (i, j) in pairs {
            let (x, y) = (i.and_then(|i| old.get(i)), j.and_then(|j| new.get(j)));
            self.step(Step::Index(i, j), |walk| match (x, y) {
                (Some(x), Some(y)) => walk.node(*x, *y, schema.items()),
                (x, y) => walk.add(x.copied(), y.copied(), What::Value),
            });
        }
    }
}

/// Where the text of a string begins: behind its indicator, if it is a block.
fn text_place(doc: &Doc, node: NodeId) -> Location {
    use crate::yaml::Style;
    let mut at = doc.location(node);
    if matches!(doc.style(node), Style::Literal | Style::Folded) && at.line > 0 {
        at.line += 1;
    }
    at
}
