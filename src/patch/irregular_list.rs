//! Merging lists in which items have no key, the same key twice, or keys in part.
//!
//! Kustomize goes through the values that the keys have in the items of both lists. For each it looks for the items,
//! merges them, and puts the outcome into the list of the outcomes, where it replaces all items that match. Then it
//! puts what is left of the object's items there too. Its way of matching has odd results, which are kept.
//!
//! Kustomize compares all with all. Here items of long lists are looked up by the value of the first key.

use super::list::{Lists, NO_KEYS, Values};
use super::strategic::{Failure, Walked, Walker};
use crate::kube::merge_keys::Schema;
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Shorter lists are searched item by item.
const LONG: usize = 16;

/// Places of items by the value of their first key, ascending.
type Places = FxHashMap<CompactString, SmallVec<[usize; 1]>>;

/// A list that items are looked up in.
struct Listed {
    /// The items; none where one was removed.
    items: Vec<Option<NodeId>>,
    /// Where items with the first key are, if the list is long and that is known.
    places: Option<Places>,
    /// Every item is something, and a set has only single values; known while `places` is.
    clean: bool,
}

impl Listed {
    fn new(items: Vec<NodeId>) -> Self {
        Self { items: items.into_iter().map(Some).collect(), places: None, clean: false }
    }

    fn into_items(self) -> Vec<NodeId> {
        self.items.into_iter().flatten().collect()
    }

    /// Forgets where items are: they may have changed.
    fn forget(&mut self) {
        self.places = None;
    }
}

/// The text of a key of an item.
fn text_of<'d>(doc: &'d Doc, item: NodeId, key: &str) -> Option<&'d str> {
    if key.is_empty() {
        return Some(doc.text(item));
    }
    (doc.kind(item) == NodeKind::Map).then(|| doc.get(item, key)).flatten().map(|value| doc.text(value))
}

impl<'s> Walker<'_, 's> {
    pub(super) fn merge_irregular(
        &mut self,
        lists: Lists,
        keys: &[&str],
        items: Option<Schema<'s>>,
    ) -> Walked<Vec<NodeId>> {
        let tuples = self.tuples(&lists, keys);
        let is_set = |t: &Values, i| t.get(i).is_some_and(|value: &CompactString| !value.is_empty());
        let set: SmallVec<[bool; 2]> = (0..keys.len()).map(|i| tuples.iter().any(|t| is_set(t, i))).collect();
        let valid: SmallVec<[bool; 2]> = set.iter().map(|is_set| *is_set || !set.contains(&true)).collect();
        let valid_keys: SmallVec<[&str; 2]> =
            keys.iter().zip(&valid).filter(|(_, valid)| **valid).map(|(key, _)| *key).collect();
        let (mut old, mut patch) = (Listed::new(lists.dest), lists.origin.map(Listed::new));
        let mut merged = Listed::new(vec![]);
        for tuple in &tuples {
            let values: Values = tuple
                .iter()
                .zip(&valid)
                .filter(|(_, valid)| **valid)
                .map(|(value, _)| value.clone())
                .collect();
            let dest = self.find(&mut old, &valid_keys, &values);
            let origin = match &mut patch {
                Some(patch) => self.find(patch, &valid_keys, &values),
                None => dest.filter(|_| lists.same),
            };
            let new = self.walk_item(dest, origin, &values, items)?;
            if keys != NO_KEYS && values.first().is_none_or(|v| v.is_empty()) {
                // The items that were merged may differ in the first key.
                [Some(&mut old), patch.as_mut(), Some(&mut merged)]
                    .into_iter()
                    .flatten()
                    .for_each(Listed::forget);
            }
            let Some(item) = new.filter(|_| !self.is_gone(new)) else {
                self.put_listed(&mut old, None, &valid_keys, &values)?;
                continue;
            };
            for (key, value) in valid_keys.iter().zip(&values) {
                if value.is_empty() || self.doc.get(item, key).is_some() {
                    continue;
                }
                if key.is_empty() {
                    self.plain_member(new, keys);
                } else if self.doc.kind(item) == NodeKind::Map {
                    let missing = self.doc.scalar(value, Style::Plain, Tag::Unset);
                    self.remember_quotes(missing);
                    self.doc.set(item, key, missing);
                }
            }
            self.put_listed(&mut merged, Some(item), &valid_keys, &values)?;
        }
        for item in old.into_items() {
            let mut values = Values::new();
            for key in &valid_keys {
                if key.is_empty() {
                    values.push(self.doc.text(item).into());
                    continue;
                }
                self.expect(item, NodeKind::Map)?;
                match self.doc.get(item, key) {
                    Some(value) => values.push(self.doc.text(value).into()),
                    None => self.push(&mut merged, item, valid_keys.first().copied()),
                }
            }
            if valid_keys.len() > 1 {
                self.put_listed(&mut merged, None, &valid_keys, &values)?;
            }
            self.put_listed(&mut merged, Some(item), &valid_keys, &values)?;
        }
        Ok(merged.into_items())
    }

    /// The values of keys of all items, those of the patch first, each once. With several keys, values that do not
    /// contradict each other are joined.
    fn tuples(&self, lists: &Lists, keys: &[&str]) -> Vec<Values> {
        let mut seen: FxHashSet<Values> = FxHashSet::default();
        let mut tuples = vec![];
        for item in lists.origin.iter().flatten().chain(&lists.dest) {
            let tuple = if keys == NO_KEYS {
                Values::from_elem(self.doc.text(*item).into(), 1)
            } else {
                self.tuple(*item, keys)
            };
            if seen.insert(tuple.clone()) {
                tuples.push(tuple);
            }
        }
        if keys.len() > 1 {
            join_all(&mut tuples);
        }
        tuples
    }

    /// Notes where the items of a long list are; whether they are known.
    fn look_up(&self, list: &mut Listed, key: &str) -> bool {
        if list.places.is_some() {
            return true;
        }
        if list.items.len() <= LONG {
            return false;
        }
        list.items.retain(Option::is_some);
        let mut places = Places::default();
        list.clean = true;
        for (at, item) in list.items.iter().enumerate() {
            let Some(item) = *item else { continue };
            list.clean &= self.is_clean(item, key);
            if let Some(text) = text_of(self.doc, item, key) {
                places.entry(text.into()).or_default().push(at);
            }
        }
        list.places = Some(places);
        true
    }

    fn is_clean(&self, item: NodeId, key: &str) -> bool {
        !self.is_gone(Some(item)) && (!key.is_empty() || self.doc.kind(item) == NodeKind::Scalar)
    }

    /// Appends an item, whatever it is.
    fn push(&self, list: &mut Listed, item: NodeId, key: Option<&str>) {
        if let (Some(places), Some(key)) = (&mut list.places, key) {
            list.clean &= self.is_clean(item, key);
            if let Some(text) = text_of(self.doc, item, key) {
                places.entry(text.into()).or_default().push(list.items.len());
            }
        }
        list.items.push(Some(item));
    }

    /// The first item that has these values; keys with an empty value are left out unless all are empty.
    fn find(&self, list: &mut Listed, keys: &[&str], values: &[CompactString]) -> Option<NodeId> {
        let doc = &*self.doc;
        let all = values.iter().all(|v| v.is_empty());
        let is_it = |item: &NodeId| {
            if keys == NO_KEYS {
                return values.first().is_some_and(|v| doc.text(*item) == v);
            }
            let mut pairs = keys.iter().zip(values).filter(|(_, value)| all || !value.is_empty());
            doc.kind(*item) == NodeKind::Map
                && pairs.all(|(key, value)| doc.get(*item, key).is_some_and(|found| doc.text(found) == value))
        };
        if let (Some(key), Some(value)) = (keys.first(), values.first())
            && (all || key.is_empty() || !value.is_empty())
            && self.look_up(list, key)
            && let Some(places) = &list.places
        {
            let of_value = places.get(value).into_iter().flatten();
            return of_value.filter_map(|at| list.items.get(*at).copied().flatten()).find(is_it);
        }
        list.items.iter().flatten().copied().find(is_it)
    }

    fn expect(&self, item: NodeId, kind: NodeKind) -> Walked<()> {
        if self.doc.is_null(item) || self.doc.kind(item) == kind {
            return Ok(());
        }
        let (expected, found) = (kind.noun(), self.doc.kind(item).noun());
        Err(Failure::new(format!("wrong node kind: expected {expected} as item, found {found}"), item))
    }

    /// [`Self::put`] into a list that may be long.
    fn put_listed(
        &self,
        list: &mut Listed,
        new: Option<NodeId>,
        keys: &[&str],
        values: &[CompactString],
    ) -> Walked<()> {
        if let (Some(key), Some(value)) = (keys.first(), values.first())
            && (key.is_empty() || !value.is_empty())
            && self.look_up(list, key)
            && list.clean
            && let Some(places) = &mut list.places
        {
            let mut found = false;
            let mut left: SmallVec<[usize; 1]> = SmallVec::new();
            for at in places.remove(value).unwrap_or_default() {
                let Some(item) = list.items.get(at).copied().flatten() else { continue };
                let mut matches = true;
                for (key, value) in keys.iter().zip(values) {
                    matches = self.has(item, key, value)?;
                    if !matches {
                        break;
                    }
                }
                found |= matches;
                if matches && let Some(item) = list.items.get_mut(at) {
                    *item = new;
                }
                if !matches || new.is_some() {
                    left.push(at);
                }
            }
            if !left.is_empty() {
                places.insert(value.clone(), left);
            }
            let Some(new) = new.filter(|n| found || !self.doc.is_null(*n)) else { return Ok(()) };
            if !found {
                self.push(list, new, Some(key));
            } else if !self.is_clean(new, key) || text_of(self.doc, new, key) != Some(value) {
                list.forget();
            }
            return Ok(());
        }
        let mut items = std::mem::take(&mut list.items).into_iter().flatten().collect();
        self.put(&mut items, new, keys, values)?;
        *list = Listed::new(items);
        Ok(())
    }

    /// Replaces or, without `new`, removes the items that match; appends `new` where none does. Nulls and `{}`
    /// vanish on the way. An empty value matches whatever a key has; keys beyond the values repeat the outcome of
    /// the last value. Without values, what does not match vanishes too.
    pub(super) fn put(
        &self,
        list: &mut Vec<NodeId>,
        new: Option<NodeId>,
        keys: &[&str],
        values: &[CompactString],
    ) -> Walked<()> {
        let for_maps =
            keys.first().is_some_and(|k| !k.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
        let mut found = false;
        let mut kept = Vec::with_capacity(list.len() + 1);
        for item in list.iter().copied() {
            if self.is_gone(Some(item)) {
                continue;
            }
            if for_maps && self.doc.kind(item) != NodeKind::Map {
                kept.push(item);
                continue;
            }
            let mut matches = !values.is_empty();
            for (key, value) in keys.iter().zip(values) {
                matches = self.has(item, key, value)?;
                if !matches {
                    break;
                }
            }
            if matches {
                found = true;
                kept.extend(new);
            } else if !values.is_empty() {
                kept.push(item);
            }
        }
        if !found && let Some(new) = new.filter(|n| !self.doc.is_null(*n)) {
            kept.push(new);
        }
        *list = kept;
        Ok(())
    }

    fn has(&self, item: NodeId, key: &str, value: &str) -> Walked<bool> {
        if key.is_empty() {
            self.expect(item, NodeKind::Scalar)?;
            return Ok(self.doc.text(item) == value);
        }
        self.expect(item, NodeKind::Map)?;
        let found = self.doc.get(item, key);
        Ok(found.is_some_and(|found| value.is_empty() || self.doc.text(found) == value))
    }
}

/// What two tuples say together, if they agree in at least one value and contradict each other in none.
fn join(a: &Values, b: &Values) -> Option<Values> {
    let agree = a.iter().zip(b).any(|(a, b)| a == b);
    let differ = a.iter().zip(b).any(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    let union = || a.iter().zip(b).map(|(a, b)| if a.is_empty() { b.clone() } else { a.clone() }).collect();
    (agree && !differ).then(union)
}

/// Joins the values of items that do not contradict each other, one after the other with all.
#[expect(clippy::indexing_slicing, reason = "the groups hold the indexes of the tuples")]
fn join_all(tuples: &mut [Values]) {
    // Values that differ in the first key contradict each other if all items have it.
    let mut by_first: FxHashMap<CompactString, Vec<usize>> = FxHashMap::default();
    if tuples.iter().all(|t| t.first().is_some_and(|v| !v.is_empty())) {
        for (i, first) in tuples.iter().map(|t| t.first()).enumerate() {
            by_first.entry(first.cloned().unwrap_or_default()).or_default().push(i);
        }
    } else {
        by_first.insert(CompactString::default(), (0..tuples.len()).collect());
    }
    let groups: Vec<Vec<usize>> = by_first.into_values().collect();
    for group in &groups {
        for i in group {
            // What it was before the others were joined to it counts throughout.
            let first = tuples[*i].clone();
            for j in group {
                if let Some(union) = join(&first, &tuples[*j]) {
                    tuples[*i] = union.clone();
                    tuples[*j] = union;
                }
            }
        }
    }
}
