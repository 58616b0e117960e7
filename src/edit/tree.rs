//! The content of a kustomization file as a tree that commands change, each node knowing where it stands in the file.
//!
//! Commands change the tree as they please: nodes that came from the file keep their origin wherever they are moved,
//! new ones have none. From the difference `super::line_edits` finds the lines to change.

#![expect(
    clippy::indexing_slicing,
    reason = "places are those of entries that were found in the same mapping, or just put there"
)]

use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};

/// A value. Only the part that its shape names is filled.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) shape: Shape,
    /// Of a text, number or boolean: what is written.
    text: String,
    /// Of a list.
    items: Vec<Self>,
    /// Of a mapping, in the order of the file.
    entries: Vec<Entry>,
    /// Where it stands in the file.
    pub(crate) origin: Option<NodeId>,
    /// An alias, or a map with merge keys: its content stands elsewhere, so that it can only be replaced.
    pub(crate) opaque: bool,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing.
    Null,
    /// A text.
    Str,
    /// A number or boolean.
    Plain,
    /// A list.
    List,
    /// A mapping.
    Map,
}

/// An entry of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Node,
    /// Where the key stands in the file.
    pub(crate) origin: Option<NodeId>,
    /// The key has to be written anew.
    pub(crate) rename: bool,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
            && self.text == other.text
            && self.items == other.items
            && self.entries == other.entries
    }
}

impl Eq for Node {}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.rename == other.rename && self.value == other.value
    }
}

impl Eq for Entry {}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(Shape::Str) }
    }
}

impl Entry {
    /// A new entry.
    pub(crate) fn new(key: &str, value: impl Into<Node>) -> Self {
        Self { key: key.to_owned(), value: value.into(), origin: None, rename: false }
    }
}

impl Node {
    fn new(shape: Shape) -> Self {
        Self { shape, text: String::new(), items: vec![], entries: vec![], origin: None, opaque: false }
    }

    /// A new null.
    pub(crate) fn null() -> Self {
        Self::new(Shape::Null)
    }

    /// A new number or boolean.
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(Shape::Plain) }
    }

    /// A new list.
    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self { items, ..Self::new(Shape::List) }
    }

    /// A new mapping.
    pub(crate) fn map(entries: Vec<Entry>) -> Self {
        Self { entries, ..Self::new(Shape::Map) }
    }

    /// The same at another place.
    #[must_use]
    pub(crate) fn at(self, origin: Option<NodeId>) -> Self {
        Self { origin, ..self }
    }

    /// Puts another content here; the place stays.
    pub(crate) fn put(&mut self, new: Self) {
        *self = Self { origin: self.origin, opaque: self.opaque, ..new };
    }

    /// A new mapping of fields; those that are empty texts are left out.
    pub(crate) fn fields<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let filled = pairs.into_iter().filter(|(_, text)| !text.is_empty());
        Self::map(filled.map(|(key, text)| Entry::new(key, text)).collect())
    }

    /// The text; empty for other values.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The items; none for other values.
    pub(crate) fn items(&self) -> &[Self] {
        &self.items
    }

    /// The entries; none for other values.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns whether there is nothing in it that kustomize would write.
    pub(crate) fn is_empty(&self) -> bool {
        self.shape != Shape::Plain && self.text.is_empty() && self.items.is_empty() && self.entries.is_empty()
    }

    /// Which entry a field is: names ignore case, and of several the last of the spelling that is greatest counts.
    pub(crate) fn position(&self, field: &str) -> Option<usize> {
        let same = |(_, e): &(usize, &Entry)| e.key.eq_ignore_ascii_case(field);
        let found = self.entries().iter().enumerate().filter(same);
        found.max_by(|(_, a), (_, b)| a.key.cmp(&b.key)).map(|(i, _)| i)
    }

    /// The value of a field, unless absent or null.
    pub(crate) fn get(&self, field: &str) -> Option<&Self> {
        let found = &self.entries().get(self.position(field)?)?.value;
        (found.shape != Shape::Null).then_some(found)
    }

    /// The text of a field; empty if absent.
    pub(crate) fn get_text(&self, field: &str) -> &str {
        self.get(field).map_or("", Self::text)
    }

    /// The items of a field; none if absent.
    pub(crate) fn get_items(&self, field: &str) -> &[Self] {
        self.get(field).map_or(&[], Self::items)
    }

    /// The value of a field, made as a null if absent.
    pub(crate) fn field_mut(&mut self, field: &str) -> &mut Self {
        let at = self.position(field);
        let entries = self.entries_mut();
        let at = at.unwrap_or_else(|| {
            entries.push(Entry::new(field, Self::null()));
            entries.len() - 1
        });
        &mut entries[at].value
    }

    /// The entries, so that they can be changed; anything else becomes an empty mapping.
    pub(crate) fn entries_mut(&mut self) -> &mut Vec<Entry> {
        if self.shape != Shape::Map {
            self.put(Self::new(Shape::Map));
        }
        &mut self.entries
    }

    /// The items, so that they can be changed; anything else becomes an empty list.
    pub(crate) fn items_mut(&mut self) -> &mut Vec<Self> {
        if self.shape != Shape::List {
            self.put(Self::new(Shape::List));
        }
        &mut self.items
    }

    /// Sets a field to a text; an empty one takes the field away.
    pub(crate) fn set_text(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.take(field);
        } else {
            self.field_mut(field).put(text.into());
        }
    }

    /// Takes a field away, in all its spellings; gives the value that counted.
    pub(crate) fn take(&mut self, field: &str) -> Option<Self> {
        let at = self.position(field)?;
        let entries = self.entries_mut();
        let value = entries[at].value.clone();
        entries.retain(|e| !e.key.eq_ignore_ascii_case(field));
        Some(value)
    }

    /// Takes a field away if nothing is in it.
    pub(crate) fn drop_if_empty(&mut self, field: &str) {
        if self.position(field).is_some_and(|at| self.entries()[at].value.is_empty()) {
            self.take(field);
        }
    }

    /// Which entry of a map of texts has a key: the last one.
    pub(crate) fn key(&self, key: &str) -> Option<usize> {
        self.entries().iter().rposition(|e| e.key == key)
    }

    /// Sets a key of a map of texts; a text may be empty.
    pub(crate) fn set_key(&mut self, key: &str, text: &str) {
        let at = self.key(key);
        let entries = self.entries_mut();
        match at {
            Some(at) => entries[at].value.put(text.into()),
            None => entries.push(Entry::new(key, text)),
        }
    }

    /// Forgets where this stands, and everything in it.
    pub(crate) fn forget(&mut self) {
        (self.origin, self.opaque) = (None, false);
        self.items.iter_mut().for_each(Self::forget);
        for entry in &mut self.entries {
            entry.origin = None;
            entry.value.forget();
        }
    }

    /// Returns whether this or something in it is an alias or has merge keys.
    pub(crate) fn has_opaque(&self) -> bool {
        self.opaque
            || self.items.iter().any(Self::has_opaque)
            || self.entries.iter().any(|e| e.value.has_opaque())
    }

    /// Returns whether two trees mean the same: the order of keys does not count, nor does how they are written.
    pub(crate) fn means(&self, other: &Self) -> bool {
        let order = |entries: &[Entry]| {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            order.sort_by(|i, j| entries[*i].key.cmp(&entries[*j].key));
            order
        };
        let (a, b) = (&self.entries, &other.entries);
        let same_entry = |(i, j): (usize, usize)| a[i].key == b[j].key && a[i].value.means(&b[j].value);
        self.shape == other.shape
            && self.text == other.text
            && self.items.len() == other.items.len()
            && self.items.iter().zip(&other.items).all(|(a, b)| a.means(b))
            && a.len() == b.len()
            && order(a).into_iter().zip(order(b)).all(same_entry)
    }
}

/// The tree of a node. What aliases and merge keys bring in has no origin of its own.
pub(crate) fn read(doc: &Doc, id: NodeId) -> Node {
    let node = match doc.kind(id) {
        NodeKind::Alias => {
            let mut node = doc.children(id).first().map_or_else(Node::null, |target| read(doc, *target));
            node.forget();
            return Node { origin: Some(id), opaque: true, ..node };
        }
        NodeKind::Seq => Node::list(doc.items(id).iter().map(|item| read(doc, *item)).collect()),
        NodeKind::Map => read_map(doc, id),
        NodeKind::Scalar => match doc.tag(id) {
            Tag::Null => Node::null(),
            Tag::Bool | Tag::Int | Tag::Float => Node::plain(doc.text(id)),
            _ => doc.text(id).into(),
        },
    };
    Node { origin: Some(id), ..node }
}

fn read_map(doc: &Doc, id: NodeId) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    let mut opaque = false;
    for (key, value) in doc.pairs(id) {
        let value = read(doc, value);
        if doc.tag(key) != Tag::Merge || doc.style(key) != Style::Plain {
            let key_text = doc.text(key).to_owned();
            entries.push(Entry { key: key_text, value, origin: Some(key), rename: false });
            continue;
        }
        opaque = true;
        let several = if value.shape == Shape::List { value.items() } else { std::slice::from_ref(&value) };
        for map in several.iter().rev() {
            for entry in map.entries() {
                let mut entry = entry.clone();
                entry.value.forget();
                entry.origin = None;
                entries.retain(|e| e.key != entry.key);
                entries.push(entry);
            }
        }
    }
    if opaque {
        // Of equal keys the last one counts; an own one after a merge key has overtaken it.
        let mut seen = rustc_hash::FxHashSet::default();
        entries.reverse();
        entries.retain(|e| seen.insert(e.key.clone()));
        entries.reverse();
    }
    Node { opaque, ..Node::map(entries) }
}
