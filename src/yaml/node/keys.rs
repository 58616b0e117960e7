//! Where the keys of large mappings are.
//!
//! A mapping of few keys is searched from its start. One of many that is searched again and again gets an index, so
//! that setting as many keys one after the other takes no quadratic time. Every change of a document that could make
//! an index wrong says so here; what an index says of a key that is there is looked at before it is believed.

use super::{Doc, NodeId, NodeKind};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

/// Up to this many entries, and so many of any mapping, are searched one by one.
const FEW: usize = 32;

/// An index is made when so many times its keys were searched.
const OFTEN: usize = 8;

/// The indexes of a document; a copy of it has none.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<Option<Box<Indexes>>>);

#[derive(Debug, Default)]
struct Indexes {
    of: FxHashMap<NodeId, Index>,
    /// All keys that are in an index, and maybe others.
    keys: FxHashSet<NodeId>,
}

#[derive(Debug, Default)]
struct Index {
    /// How many keys were searched before there was an index.
    searched: usize,
    /// The first entries of the mapping, as many as are in the index.
    len: usize,
    /// Keys, and where they were last.
    places: FxHashMap<CompactString, (NodeId, usize)>,
}

impl Clone for Keys {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Keys {
    /// Drops all indexes.
    pub(super) fn clear(&mut self) {
        *self.0.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A node is about to become something else.
    pub(super) fn changes(&mut self, node: NodeId) {
        if let Some(indexes) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            if indexes.keys.contains(&node) {
                self.clear();
            } else {
                indexes.of.remove(&node);
            }
        }
    }

    /// Returns whether there is an index of a mapping.
    pub(super) fn has(&mut self, map: NodeId) -> bool {
        let indexes = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        indexes.as_ref().is_some_and(|i| i.of.contains_key(&map))
    }

    /// An entry is about to be removed.
    pub(super) fn removes(&mut self, map: NodeId, entry: usize, key: &str) {
        let indexes = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let index = indexes.as_mut().and_then(|i| i.of.get_mut(&map));
        if let Some(index) = index.filter(|index| entry < index.len) {
            index.places.remove(key);
            index.len -= 1;
        }
    }
}

impl Doc {
    /// Which entry of a mapping has this key: the first one.
    pub(crate) fn entry(&self, map: NodeId, key: &str) -> Option<usize> {
        let children = if self.kind(map) == NodeKind::Map { self.children(map) } else { &[] };
        let few = &children[..children.len().min(2 * FEW)];
        let found = few.chunks_exact(2).position(|pair| self.is_key(pair[0], key));
        if found.is_some() || few.len() == children.len() {
            return found;
        }
        self.entry_of_many(map, key)
    }

    #[inline]
    fn is_key(&self, node: NodeId, key: &str) -> bool {
        let n = self.node(node);
        // Most keys differ in length.
        n.b as usize == key.len() && n.kind == NodeKind::Scalar && self.text(node) == key
    }

    #[cold]
    fn entry_of_many(&self, map: NodeId, key: &str) -> Option<usize> {
        let children = self.children(map);
        let search = || children.chunks_exact(2).position(|pair| self.is_key(pair[0], key));
        let mut indexes = self.keys.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Indexes { of, keys } = &mut **indexes.get_or_insert_default();
        let index = of.entry(map).or_default();
        let entries = children.len() / 2;
        if index.len == 0 {
            index.searched += entries;
            if index.searched <= OFTEN * entries {
                return search();
            }
        }
        if index.len > entries || !self.extend(index, keys, children) {
            *index = Index::default();
            return search();
        }
        let (node, at) = index.places.get_mut(key)?;
        if children.get(2 * *at) != Some(node) {
            let Some(now) = children.chunks_exact(2).position(|pair| pair[0] == *node) else {
                *index = Index::default();
                return search();
            };
            *at = now;
        }
        Some(*at)
    }

    /// Puts the entries after those that are there into an index; `false` if a key is there twice.
    fn extend(&self, index: &mut Index, keys: &mut FxHashSet<NodeId>, children: &[NodeId]) -> bool {
        for (at, pair) in children.chunks_exact(2).enumerate().skip(index.len) {
            if self.kind(pair[0]) != NodeKind::Scalar {
                continue;
            }
            match index.places.entry(self.text(pair[0]).into()) {
                Entry::Occupied(_) => return false,
                Entry::Vacant(place) => place.insert((pair[0], at)),
            };
            keys.insert(pair[0]);
        }
        index.len = children.len() / 2;
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Doc, Source, Tag};

    /// Does the same to a large mapping and to a list of texts, and compares them after every step.
    #[test]
    fn an_index_follows_every_change_of_its_mapping() {
        let mut doc = Doc::new(Source::new("t.yaml", String::new()));
        let map = doc.map();
        let mut want: Vec<String> = vec![];
        let mut random = 1_u32;
        for step in 0..6000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (action, name) = (random >> 24, format!("k{}", (random >> 8) % 300));
            let at = want.iter().position(|k| *k == name);
            assert_eq!(doc.entry(map, &name), at, "{step}");
            match action {
                0..=170 => {
                    doc.set_string(map, &name, "v");
                    if at.is_none() {
                        want.push(name);
                    }
                }
                171..=245 => {
                    assert_eq!(doc.remove(map, &name).is_some(), at.is_some());
                    want.retain(|k| *k != name);
                }
                246..=250 => {
                    if want.is_empty() {
                        continue;
                    }
                    let mut children = doc.children(map).to_vec();
                    children.rotate_left(2);
                    doc.set_children(map, &children);
                    want.rotate_left(1);
                }
                _ => {
                    let Some(at) = at else { continue };
                    let (new, key) = (format!("new{step}"), doc.children(map)[2 * at]);
                    doc.set_text(key, &new, Tag::Str);
                    want[at] = new;
                }
            }
        }
        assert!(want.len() > 100, "{}", want.len());
    }

    #[test]
    fn the_first_of_equal_keys_counts_however_many_there_are() {
        let mut doc = Doc::new(Source::new("t.yaml", String::new()));
        let map = doc.map();
        for i in 0..200 {
            let (key, value) = (doc.string(&format!("k{}", i % 100)), doc.string("v"));
            doc.append(map, &[key, value]);
        }
        for _ in 0..50 {
            assert_eq!(doc.entry(map, "k90"), Some(90));
            assert_eq!(doc.entry(map, "k"), None);
        }
        doc.remove(map, "k90");
        assert_eq!(doc.entry(map, "k90"), Some(189));
    }
}
