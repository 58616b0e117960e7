//! Lists that a strategic merge patch merges, item by item.
//!
//! Items are told apart by keys; without keys the list is a set of single values. The result begins with the items
//! of the patch, in its order; those that the object has too are merged. Then come the other items of the object.
//!
//! That is what happens to lists in which every item has the keys (`merge_regular`). For others kustomize's
//! procedure has odd results: an item without the key can empty the list. `merge_irregular` (in `irregular_list`) follows it step by
//! step.

use super::strategic::{DIRECTIVE, Directive, Walked, Walker, directive_named};
use crate::kube::merge_keys::Schema;
use crate::yaml::{NodeId, NodeKind, Tag};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// The values of an item's keys.
pub(super) type Values = SmallVec<[CompactString; 2]>;

/// The key of a set of single values.
pub(super) const NO_KEYS: &[&str] = &[""];

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
            self.merge_irregular(lists, keys, items)?
        };
        if merged != self.doc.children(node) {
            self.doc.set_children(node, &merged);
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
        if self.doc.children(item).len() > 2 {
            return Ok(Directive::Merge);
        }
        let name = CompactString::from(self.doc.text(value));
        let Some(directive) = directive_named(&name) else { return self.unknown_directive(value) };
        let mut rest = self.doc.items(list).to_vec();
        self.put(&mut rest, None, &[DIRECTIVE], &[name])?;
        self.doc.set_children(list, &rest);
        Ok(directive)
    }

    /// The value of a key as far as it tells items apart.
    fn key_value(&self, item: NodeId, key: &str) -> Option<&str> {
        let value = if key.is_empty() { Some(item) } else { self.doc.get(item, key) }?;
        let text = self.doc.text(value);
        (!self.doc.is_null(value) && !text.is_empty()).then_some(text)
    }

    /// Returns whether each key is set in all items or in none, at least one is set, and no two items of a list are alike.
    fn is_regular(&self, lists: &Lists, keys: &[&str]) -> bool {
        let kind = if keys == NO_KEYS { NodeKind::Scalar } else { NodeKind::Map };
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

    pub(super) fn tuple(&self, item: NodeId, keys: &[&str]) -> Values {
        keys.iter().map(|key| self.key_value(item, key).unwrap_or("").into()).collect()
    }

    /// Returns whether a walked item is none.
    pub(super) fn is_gone(&self, item: Option<NodeId>) -> bool {
        item.is_none_or(|n| {
            self.doc.is_null(n) || self.doc.kind(n) == NodeKind::Map && self.doc.children(n).is_empty()
        })
    }

    pub(super) fn walk_item(
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
        // With several keys an item of the object goes after those of the patch even if both have it.
        let set = |item: &NodeId| keys.iter().filter(|key| self.key_value(*item, key).is_some()).count();
        let after = lists.dest.first().is_some_and(|item| set(item) > 1);
        // The items that stay where they are, and whether the patch has them.
        let mut rest: Vec<(Option<NodeId>, bool)> = lists.dest.iter().map(|i| (Some(*i), false)).collect();
        for item in origin {
            let values = self.tuple(*item, keys);
            let at = known.get(&values).copied();
            let old = at.and_then(|i| Some((*lists.dest.get(i)?, rest.get_mut(i)?)));
            let new = self.walk_item(old.as_ref().map(|(old, _)| *old), Some(*item), &values, items)?;
            let gone = self.is_gone(new);
            match old {
                Some((old, (stays, matched))) => {
                    *matched = true;
                    if gone || !after {
                        *stays = None;
                    }
                    if !gone && !after {
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
        for (item, matched) in rest {
            let Some(item) = item else { continue };
            if !matched {
                let new = self.walk_item(Some(item), None, &[], items)?;
                self.plain_member(new, keys);
            }
            merged.push(item);
        }
        Ok(merged)
    }

    /// A value of a set is written anew, so that its type follows from its text.
    pub(super) fn plain_member(&mut self, item: Option<NodeId>, keys: &[&str]) {
        if let Some(item) = item.filter(|_| keys == NO_KEYS) {
            self.doc.set_tag(item, Tag::Unset, false);
        }
    }
}

/// The items of two lists that are merged.
pub(super) struct Lists {
    /// The object's.
    pub(crate) dest: Vec<NodeId>,
    /// The patch's; `None` where it has no list here, or the same one.
    pub(crate) origin: Option<Vec<NodeId>>,
    /// The list is walked against itself.
    pub(crate) same: bool,
}
