//! The table of objects, in the order they came, with an index of their ids.

use super::Resource;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::{ResId, Scopes};
use crate::limits::{Limit, narrow};
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Objects in order. A slot keeps its number until [`ResMap::compact`]; removed objects leave an empty slot.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResMap {
    slots: Vec<Option<Resource>>,
    live: usize,
    /// Hash of kind, name and effective namespace of every present and previous id -> slots. Entries may be stale
    /// (the object changed since), never missing; look-ups check the object itself. `None` until it is asked for.
    index: Option<FxHashMap<u64, SmallVec<[u32; 2]>>>,
    /// A step may have given two objects the same id without looking.
    pub(crate) may_clash: bool,
    /// The OpenAPI document that knows further scopes of types, if one is in effect.
    scopes: Option<Arc<Scopes>>,
}

fn key(kind: &str, name: &str, namespace: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (kind, name, namespace).hash(&mut hasher);
    hasher.finish()
}

/// The key of all objects of a name.
fn name_key(name: &str) -> u64 {
    key("", name, "")
}

/// The keys of the present id, and of the previous ones after those that are known already.
fn keys(res: &Resource, known: usize) -> SmallVec<[u64; 4]> {
    let id = res.id();
    let mut all: SmallVec<[u64; 4]> = SmallVec::new();
    all.push(name_key(&id.name));
    all.push(key(&id.gvk.kind, &id.name, id.effective_namespace()));
    for p in res.previous_ids().skip(known) {
        all.push(name_key(&p.name));
        all.push(key(&p.gvk.kind, &p.name, p.effective_namespace()));
    }
    all
}

impl ResMap {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The number of objects.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Returns whether there is no object.
    pub(crate) fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The numbers of all slots that hold an object, in order.
    pub(crate) fn slots(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let all = self.slots.iter().enumerate();
        let used: Vec<usize> = all.filter(|(_, res)| res.is_some()).map(|(i, _)| i).collect();
        used.into_iter()
    }

    /// The objects in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Resource> {
        self.slots.iter().flatten()
    }

    /// The object in a slot.
    pub(crate) fn get(&self, slot: usize) -> Option<&Resource> {
        self.slots.get(slot).and_then(Option::as_ref)
    }

    /// Changes the object in a slot. Nothing happens when the slot is empty.
    pub(crate) fn edit(
        &mut self,
        slot: usize,
        change: impl FnOnce(&mut Resource) -> Result<()>,
    ) -> Result<()> {
        let Some(Some(res)) = self.slots.get_mut(slot) else { return Ok(()) };
        let change = |res: &mut Resource| change(res).and_then(|()| res.doc().within_limits());
        let Some(index) = &mut self.index else { return change(res) };
        let (id, history, last) = (res.id().clone(), res.previous.len(), res.previous.last().cloned());
        let result = change(res);
        if res.previous.len() != history || !same_place(&id, res.id()) {
            // What was there before the last previous id is in the index, unless all of it was replaced.
            let known = match history.checked_sub(1) {
                Some(at) if res.previous.get(at) == last.as_ref() => history,
                _ => 0,
            };
            insert(index, slot, res, known);
        }
        result
    }

    /// Changes all objects in order; stops at the first error.
    pub(crate) fn edit_all(&mut self, mut change: impl FnMut(&mut Resource) -> Result<()>) -> Result<()> {
        self.index = None;
        self.slots.iter_mut().flatten().try_for_each(|res| {
            change(res)?;
            res.doc().within_limits()
        })
    }

    /// Puts an OpenAPI document in effect for all objects, also later ones.
    pub(crate) fn set_scopes(&mut self, scopes: &Arc<Scopes>) {
        if self.scopes.as_ref().is_some_and(|now| Arc::ptr_eq(now, scopes)) {
            return;
        }
        self.index = None;
        self.slots.iter_mut().flatten().for_each(|res| res.set_scopes(scopes));
        self.scopes = Some(scopes.clone());
    }

    /// Puts an object after all others without looking whether its id is there.
    pub(crate) fn push(&mut self, mut res: Resource) -> usize {
        if let Some(scopes) = &self.scopes {
            res.set_scopes(scopes);
        }
        let slot = self.slots.len();
        if let Some(index) = &mut self.index {
            insert(index, slot, &res, 0);
        }
        self.slots.push(Some(res));
        self.live += 1;
        slot
    }

    /// Puts an object after all others; an error when an object has its id already.
    pub(crate) fn append(&mut self, mut res: Resource) -> Result<usize> {
        if let Some(scopes) = &self.scopes {
            res.set_scopes(scopes);
        }
        let many = res.doc().check(Limit::Objects, self.live as u64 + 1);
        many.map_err(|e| Error::from(e).at(res.doc().location(res.root())))?;
        if let Some(slot) = self.find(res.id()).into_iter().next() {
            let mut error = Error::new(
                ErrorKind::Conflict,
                format!("may not add resource with an already registered id: {}", res.id()),
            )
            .at(res.doc().location(res.root()));
            if let Some(other) = self.get(slot) {
                error =
                    error.label(other.doc().location(other.root()), "the resource that has this id already");
            }
            return Err(error.hint("rename one of the two, or remove one from `resources`"));
        }
        Ok(self.push(res))
    }

    /// Appends all objects of another table.
    pub(crate) fn append_all(&mut self, mut other: Self) -> Result<()> {
        if let Some(scopes) = self.scopes.as_ref().or(other.scopes.as_ref()).cloned() {
            self.set_scopes(&scopes);
            other.set_scopes(&scopes);
        }
        if self.is_empty() && !other.may_clash {
            *self = other;
            return Ok(());
        }
        other.slots.into_iter().flatten().try_for_each(|res| self.append(res).map(drop))
    }

    /// Notes whether an object, whose id was this before a step, has got the id of another.
    pub(crate) fn note_clash(&mut self, slot: usize, before: Option<&ResId>) {
        let Some(id) = self.get(slot).map(|res| res.id().clone()) else { return };
        self.may_clash |= before != Some(&id) && self.find(&id).len() > 1;
    }

    /// Removes the object in a slot.
    pub(crate) fn remove(&mut self, slot: usize) -> Option<Resource> {
        let res = self.slots.get_mut(slot).and_then(Option::take);
        self.live -= usize::from(res.is_some());
        res
    }

    /// Takes all objects out, in order.
    pub(crate) fn drain(&mut self) -> Vec<Resource> {
        self.index = None;
        self.live = 0;
        std::mem::take(&mut self.slots).into_iter().flatten().collect()
    }

    /// Closes the gaps that removals left. Slot numbers change.
    pub(crate) fn compact(&mut self) {
        if self.live < self.slots.len() {
            self.index = None;
            self.slots.retain(Option::is_some);
        }
    }

    fn index(&mut self) -> &FxHashMap<u64, SmallVec<[u32; 2]>> {
        let slots = &self.slots;
        self.index.get_or_insert_with(|| {
            let mut index = FxHashMap::default();
            for (slot, res) in slots.iter().enumerate() {
                if let Some(res) = res {
                    insert(&mut index, slot, res, 0);
                }
            }
            index
        })
    }

    fn candidates(&mut self, id: &ResId) -> SmallVec<[u32; 2]> {
        let key = key(&id.gvk.kind, &id.name, id.effective_namespace());
        self.index().get(&key).cloned().unwrap_or_default()
    }

    /// The slots whose present id equals this one.
    pub(crate) fn find(&mut self, id: &ResId) -> SmallVec<[usize; 2]> {
        let found = self.candidates(id);
        found.into_iter().map(|s| s as usize).filter(|s| self.get(*s).is_some_and(|r| r.id() == id)).collect()
    }

    /// The slots of objects that have or had this name, in order.
    pub(crate) fn find_named(&mut self, name: &str) -> SmallVec<[usize; 2]> {
        let found = self.index().get(&name_key(name)).cloned().unwrap_or_default();
        let named = |r: &Resource| r.name() == name || r.previous.iter().any(|p| p.name == name);
        found.into_iter().map(|s| s as usize).filter(|s| self.get(*s).is_some_and(named)).collect()
    }

    /// The slots whose present or any previous id equals this one.
    pub(crate) fn find_any(&mut self, id: &ResId) -> SmallVec<[usize; 2]> {
        let found = self.candidates(id);
        found.into_iter().map(|s| s as usize).filter(|s| self.get(*s).is_some_and(|r| r.had_id(id))).collect()
    }
}

/// Returns whether two ids have the same keys in the index.
fn same_place(a: &ResId, b: &ResId) -> bool {
    a.gvk.kind == b.gvk.kind && a.name == b.name && a.effective_namespace() == b.effective_namespace()
}

fn insert(index: &mut FxHashMap<u64, SmallVec<[u32; 2]>>, slot: usize, res: &Resource, known: usize) {
    let slot = narrow(slot);
    for key in keys(res, known) {
        let entry = index.entry(key).or_default();
        if let Err(at) = entry.binary_search(&slot) {
            entry.insert(at, slot);
        }
    }
}
