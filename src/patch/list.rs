//! Lists that a strategic merge patch merges, item by item.
//!
//! Items are told apart by keys; without keys the list is a set of single values. The result begins with the items
//! of the patch, in its order; those that the object has too are merged. Then come the other items of the object.
//!
//! That is what happens to lists in which every item has the keys (`merge_regular`). For others kustomize's
//! procedure has odd results: an item without the key can empty the list. `merge_odd` follows it step by step.

use super::strategic::{DIRECTIVE, Directive, Fault, Walked, Walker, directive_named};
use crate::kube::merge_keys::Schema;
use crate::yaml::{Kind, NodeId, Style, Tag};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// The values of an item's keys.
type Values = SmallVec<[CompactString; 2]>;

/// The key of a set of single values.
const NO_KEYS: &[&str] = &[""];

impl<'s> Walker<'_, 's> {
    /// Merges two lists by keys.
    pub(super) fn walk_list(
        &mut self,
        dest: Option<NodeId>,
        origin: Option<NodeId>,
        keys: &[&str],
        items: Option<Schema<'s>>,
    ) -> Walked {
        self.keep_layout(dest, origin);
        let (node, new) = match (dest.filter(|n| !self.doc.is_null(*n)), origin) {
            (None, None) => return Ok(None),
            (None, Some(origin)) => (origin, dest.is_none()),
            (Some(_), Some(origin)) if self.doc.is_null(origin) => return Ok(None),
            (Some(dest), None) => (dest, false),
            (Some(dest), Some(origin)) => match self.list_directive(origin)? {
                Directive::Delete => return Ok(None),
                Directive::Replace => (origin, false),
                Directive::Merge => (dest, false),
            },
        };
        let keys = if keys.is_empty() { NO_KEYS } else { keys };
        let lists = Lists {
            dest: self.doc.items(node).to_vec(),
            origin: origin.filter(|o| *o != node).map(|o| self.doc.items(o).to_vec()),
            same: origin == Some(node),
        };
        if lists.dest.is_empty() && lists.origin.as_ref().is_none_or(Vec::is_empty) {
            return Ok(Some(node));
        }
        let merged = if self.is_regular(&lists, keys) {
            self.merge_regular(&lists, keys, items)?
        } else {
            self.merge_odd(lists, keys, items)?
        };
        if merged != self.doc.kids(node) {
            self.doc.set_kids(node, &merged);
        }
        if new {
            self.doc.set_flow(node, false);
        }
        Ok(Some(node))
    }

    /// What the first item with `$patch` says, if it has no other field; such items are taken out.
    fn list_directive(&mut self, list: NodeId) -> Walked<Directive> {
        let found =
            self.doc.items(list).iter().find_map(|item| Some((*item, self.doc.get(*item, DIRECTIVE)?)));
        let Some((item, value)) = found else { return Ok(Directive::Merge) };
        if self.doc.kids(item).len() > 2 {
            return Ok(Directive::Merge);
        }
        let name = CompactString::from(self.doc.text(value));
        let Some(directive) = directive_named(&name) else { return self.unknown_directive(value) };
        let mut rest = self.doc.items(list).to_vec();
        self.put(&mut rest, None, &[DIRECTIVE], &[name])?;
        self.doc.set_kids(list, &rest);
        Ok(directive)
    }

    /// The value of a key as far as it tells items apart.
    fn key_value(&self, item: NodeId, key: &str) -> Option<&str> {
        let value = if key.is_empty() { Some(item) } else { self.doc.get(item, key) }?;
        let text = self.doc.text(value);
        (!self.doc.is_null(value) && !text.is_empty()).then_some(text)
    }

    /// Whether each key is set in all items or in none, at least one is set, and no two items of a list are alike.
    fn is_regular(&self, lists: &Lists, keys: &[&str]) -> bool {
        let kind = if keys == NO_KEYS { Kind::Scalar } else { Kind::Map };
        let origin = lists.origin.as_deref().unwrap_or(&[]);
        let Some(sample) = lists.dest.first().or(origin.first()) else { return false };
        let set: SmallVec<[bool; 2]> = keys.iter().map(|k| self.key_value(*sample, k).is_some()).collect();
        set.contains(&true)
            && [lists.dest.as_slice(), origin].into_iter().all(|list| {
                let mut few: Vec<SmallVec<[&str; 2]>> = vec![];
                let mut many: FxHashSet<SmallVec<[&str; 2]>> = FxHashSet::default();
                list.iter().all(|item| {
                    let mut values: SmallVec<[&str; 2]> = SmallVec::new();
                    self.doc.kind(*item) == kind
                        && !self.doc.is_null(*item)
                        && keys.iter().zip(&set).all(|(key, set)| {
                            let value = self.key_value(*item, key);
                            values.extend(value);
                            let absent = || self.doc.get(*item, key).is_none();
                            value.is_some() == *set && (*set || absent())
                        })
                        && if list.len() <= 8 {
                            let new = !few.contains(&values);
                            few.push(values);
                            new
                        } else {
                            many.insert(values)
                        }
                })
            })
    }

    fn tuple(&self, item: NodeId, keys: &[&str]) -> Values {
        keys.iter().map(|key| self.key_value(item, key).unwrap_or("").into()).collect()
    }

    /// Whether a walked item is none.
    fn is_gone(&self, item: Option<NodeId>) -> bool {
        item.is_none_or(|n| {
            self.doc.is_null(n) || self.doc.kind(n) == Kind::Map && self.doc.kids(n).is_empty()
        })
    }

    fn walk_item(
        &mut self,
        dest: Option<NodeId>,
        origin: Option<NodeId>,
        values: &[CompactString],
        items: Option<Schema<'s>>,
    ) -> Walked {
        self.walk(dest, origin, items).map_err(|f| f.inside(&format!("[{}]", values.join(","))))
    }

    fn merge_regular(
        &mut self,
        lists: &Lists,
        keys: &[&str],
        items: Option<Schema<'s>>,
    ) -> Walked<Vec<NodeId>> {
        let mut merged = Vec::with_capacity(lists.dest.len());
        let Some(origin) = &lists.origin else {
            for item in &lists.dest {
                let values = if lists.same { self.tuple(*item, keys) } else { Values::new() };
                let new = self.walk_item(Some(*item), lists.same.then_some(*item), &values, items)?;
                if !self.is_gone(new) {
                    self.plain_member(new, keys);
                    merged.push(*item);
                }
            }
            return Ok(merged);
        };
        let known: FxHashMap<Values, usize> =
            lists.dest.iter().enumerate().map(|(i, item)| (self.tuple(*item, keys), i)).collect();
        // With several keys an item of the object goes behind those of the patch even if both have it.
        let set = |item: &NodeId| keys.iter().filter(|key| self.key_value(*item, key).is_some()).count();
        let behind = lists.dest.first().is_some_and(|item| set(item) > 1);
        let mut rest: Vec<Option<NodeId>> = lists.dest.iter().copied().map(Some).collect();
        let mut matched = vec![false; rest.len()];
        for item in origin {
            let values = self.tuple(*item, keys);
            let at = known.get(&values).copied();
            let old = at.and_then(|i| lists.dest.get(i).copied());
            let new = self.walk_item(old, Some(*item), &values, items)?;
            let gone = self.is_gone(new);
            match (old, at) {
                (Some(old), Some(at)) => {
                    matched[at] = true;
                    if gone || !behind {
                        rest[at] = None;
                    }
                    if !gone && !behind {
                        merged.push(old);
                    }
                }
                _ if gone => {}
                _ => {
                    self.plain_member(new, keys);
                    merged.extend(new);
                }
            }
        }
        for (i, item) in rest.iter().enumerate() {
            let Some(item) = *item else { continue };
            if !matched[i] {
                let new = self.walk_item(Some(item), None, &[], items)?;
                self.plain_member(new, keys);
            }
            merged.push(item);
        }
        Ok(merged)
    }

    /// A value of a set is written anew, so that its type follows from its text.
    fn plain_member(&mut self, item: Option<NodeId>, keys: &[&str]) {
        if let Some(item) = item.filter(|_| keys == NO_KEYS) {
            self.doc.set_tag(item, Tag::Unset, false);
        }
    }

    fn merge_odd(
        &mut self,
        mut lists: Lists,
        keys: &[&str],
        items: Option<Schema<'s>>,
    ) -> Walked<Vec<NodeId>> {
        let tuples = self.tuples(&lists, keys);
        let set: SmallVec<[bool; 2]> =
            (0..keys.len()).map(|i| tuples.iter().any(|t| !t[i].is_empty())).collect();
        let valid = |i: &usize| set[*i] || !set.contains(&true);
        let valid_keys: SmallVec<[&str; 2]> = (0..keys.len()).filter(valid).map(|i| keys[i]).collect();
        let mut merged: Vec<NodeId> = vec![];
        for tuple in &tuples {
            let values: Values = (0..keys.len()).filter(valid).map(|i| tuple[i].clone()).collect();
            let dest = self.find(&lists.dest, &valid_keys, &values);
            let origin = match &lists.origin {
                Some(origin) => self.find(origin, &valid_keys, &values),
                None => dest.filter(|_| lists.same),
            };
            let new = self.walk_item(dest, origin, &values, items)?;
            let Some(item) = new.filter(|_| !self.is_gone(new)) else {
                self.put(&mut lists.dest, None, &valid_keys, &values)?;
                continue;
            };
            for (key, value) in valid_keys.iter().zip(&values) {
                if value.is_empty() || self.doc.get(item, key).is_some() {
                    continue;
                }
                if key.is_empty() {
                    self.plain_member(new, keys);
                } else if self.doc.kind(item) == Kind::Map {
                    let missing = self.doc.scalar(value, Style::Plain, Tag::Unset);
                    self.remember_quotes(missing);
                    self.doc.set(item, key, missing);
                }
            }
            self.put(&mut merged, Some(item), &valid_keys, &values)?;
        }
        for item in &lists.dest {
            let mut values = Values::new();
            for key in &valid_keys {
                if key.is_empty() {
                    values.push(self.doc.text(*item).into());
                    continue;
                }
                self.expect(*item, Kind::Map)?;
                match self.doc.get(*item, key) {
                    Some(value) => values.push(self.doc.text(value).into()),
                    None => merged.push(*item),
                }
            }
            if valid_keys.len() > 1 {
                self.put(&mut merged, None, &valid_keys, &values)?;
            }
            self.put(&mut merged, Some(*item), &valid_keys, &values)?;
        }
        Ok(merged)
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
            for i in 0..tuples.len() {
                // What it was before the others were joined to it counts throughout.
                let first = tuples[i].clone();
                for j in 0..tuples.len() {
                    if let Some(union) = join(&first, &tuples[j]) {
                        tuples[i] = union.clone();
                        tuples[j] = union;
                    }
                }
            }
        }
        tuples
    }

    /// The first item that has these values; keys with an empty value are left out unless all are empty.
    fn find(&self, list: &[NodeId], keys: &[&str], values: &[CompactString]) -> Option<NodeId> {
        let doc = &*self.doc;
        if keys == NO_KEYS {
            return list.iter().copied().find(|item| values.first().is_some_and(|v| doc.text(*item) == v));
        }
        let all = values.iter().all(|v| v.is_empty());
        list.iter().copied().find(|item| {
            let mut pairs = keys.iter().zip(values).filter(|(_, value)| all || !value.is_empty());
            doc.kind(*item) == Kind::Map
                && pairs.all(|(key, value)| doc.get(*item, key).is_some_and(|found| doc.text(found) == value))
        })
    }

    fn expect(&self, item: NodeId, kind: Kind) -> Walked<()> {
        if self.doc.is_null(item) || self.doc.kind(item) == kind {
            return Ok(());
        }
        let (expected, found) = (kind.noun(), self.doc.kind(item).noun());
        Err(Fault::new(format!("wrong node kind: expected {expected} as item, found {found}"), item))
    }

    /// Replaces or, without `new`, removes the items that match; appends `new` where none does. Nulls and `{}`
    /// vanish on the way. An empty value matches whatever a key has; keys beyond the values repeat the outcome of
    /// the last value. Without values, what does not match vanishes too.
    fn put(
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
            if for_maps && self.doc.kind(item) != Kind::Map {
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
            self.expect(item, Kind::Scalar)?;
            return Ok(self.doc.text(item) == value);
        }
        self.expect(item, Kind::Map)?;
        let found = self.doc.get(item, key);
        Ok(found.is_some_and(|found| value.is_empty() || self.doc.text(found) == value))
    }
}

/// The items of two lists that are merged.
struct Lists {
    dest: Vec<NodeId>,
    /// The patch's; `None` where it has no list here, or the same one.
    origin: Option<Vec<NodeId>>,
    /// The list is walked against itself.
    same: bool,
}

/// What two tuples say together, if they agree in at least one value and contradict each other in none.
fn join(a: &Values, b: &Values) -> Option<Values> {
    let agree = a.iter().zip(b).any(|(a, b)| a == b);
    let differ = a.iter().zip(b).any(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    let union = || a.iter().zip(b).map(|(a, b)| if a.is_empty() { b.clone() } else { a.clone() }).collect();
    (agree && !differ).then(union)
}
