//! Lists of items that many layers share: a clone costs nothing, and what is merged into a list is looked up.

use crate::limits::narrow;
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A list that is built in, or shared until someone makes another one of it.
#[derive(Debug)]
pub(crate) enum List<T: 'static> {
    /// A built-in list, in its order.
    Static(&'static [T]),
    /// Any other list.
    Shared(Arc<Shared<T>>),
}

/// Field specs that came from somewhere else than the built-in tables.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    items: Vec<T>,
    sorted: bool,
    index: OnceLock<Index>,
}

/// Which items have a key, by the hash of the key.
pub(super) type Index = FxHashMap<u64, SmallVec<[u32; 2]>>;

/// The hash of a key.
pub(super) fn hash(key: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

impl<T> List<T> {
    /// Returns whether the items are known to be in the order of their types.
    pub(super) fn is_sorted(&self) -> bool {
        match self {
            Self::Static(_) => true,
            Self::Shared(list) => list.sorted,
        }
    }

    /// Field specs that are in the order of their types.
    pub(super) fn sorted(items: Vec<T>) -> Self {
        Self::Shared(Arc::new(Shared { items, sorted: true, index: OnceLock::new() }))
    }

    /// Returns whether both are the same list in memory.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(&**self, &**other)
    }

    /// Gives `use_index` the index of the list by the hashes of a key; always the same key for lists of one type.
    pub(super) fn with_index<R>(&self, key: impl Fn(&T) -> u64, use_index: impl FnOnce(&Index) -> R) -> R {
        let build = || {
            let mut index = Index::default();
            index.reserve(self.len());
            for (i, item) in self.iter().enumerate() {
                index.entry(key(item)).or_default().push(narrow(i));
            }
            index
        };
        match self {
            Self::Static(_) => use_index(&build()),
            Self::Shared(list) => use_index(list.index.get_or_init(build)),
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Static(items) => items,
            Self::Shared(list) => &list.items,
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Static(&[])
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Static(items) => Self::Static(items),
            Self::Shared(list) => Self::Shared(list.clone()),
        }
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        if items.is_empty() {
            return Self::default();
        }
        Self::Shared(Arc::new(Shared { items, sorted: false, index: OnceLock::new() }))
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || **self == **other
    }
}

impl<T: Eq> Eq for List<T> {}
