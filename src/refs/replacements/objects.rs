//! The objects that sources and targets of replacements select.
//!
//! Most selectors name a kind or a name as plain text; an index by both saves the look at every object.

use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::{ResId, Str};
use crate::kustomization::types::Selector;
use crate::limits::{narrow, room_for_patterns};
use crate::resource::{LabelSelector, ResMap, Resource};
use crate::text::pattern::Pattern;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Slots by every kind and every name that their objects have or had. There may be too many, never too few.
pub(super) struct Index {
    kinds: FxHashMap<Str, Vec<u32>>,
    names: FxHashMap<Str, SmallVec<[u32; 2]>>,
    all: Vec<u32>,
}

impl Index {
    /// The index of a table.
    pub(super) fn new(resources: &ResMap) -> Self {
        let mut index = Self { kinds: FxHashMap::default(), names: FxHashMap::default(), all: Vec::new() };
        for slot in resources.slots() {
            index.all.push(narrow(slot));
            if let Some(res) = resources.get(slot) {
                index.add(slot, res);
            }
        }
        index
    }

    /// Notes what an object is called.
    pub(super) fn add(&mut self, slot: usize, res: &Resource) {
        let slot = narrow(slot);
        let id = res.id();
        let now = std::iter::once((&id.gvk.kind, &id.name));
        for (kind, name) in now.chain(res.previous.iter().map(|p| (&p.kind, &p.name))) {
            let kinds = match self.kinds.get_mut(kind) {
                Some(known) => known,
                None => self.kinds.entry(kind.clone()).or_default(),
            };
            if let Err(at) = kinds.binary_search(&slot) {
                kinds.insert(at, slot);
            }
            let names = self.names.entry(name.clone()).or_default();
            if let Err(at) = names.binary_search(&slot) {
                names.insert(at, slot);
            }
        }
    }

    /// The slots of objects that may have a kind and a name, where these are known; in order.
    pub(super) fn slots(&self, kind: Option<&str>, name: Option<&str>) -> &[u32] {
        let known = |text: Option<&str>| text.is_some_and(|t| !t.is_empty());
        match (kind, name) {
            (_, Some(name)) if known(Some(name)) => self.names.get(name).map_or(&[], |s| s.as_slice()),
            (Some(kind), _) if known(Some(kind)) => self.kinds.get(kind).map_or(&[], Vec::as_slice),
            _ => &self.all,
        }
    }
}

/// The ids of an object: the present one first.
pub(super) fn any_id(res: &Resource, mut test: impl FnMut(&ResId) -> bool) -> bool {
    test(res.id()) || res.previous_ids().any(|id| test(&id))
}

/// Returns whether an id is what a selector says, text by text. Types of the cluster count as others do here: no namespace is
/// `default`.
pub(super) fn is_exactly(id: &ResId, selector: &Selector) -> bool {
    (selector.name.is_empty() || id.name == selector.name)
        && id.gvk.is_selected(&selector.gvk)
        && (selector.namespace.is_empty()
            || selector.namespace == if id.namespace.is_empty() { "default" } else { &id.namespace })
}

/// A selector of a target: texts that are patterns, or exact as in 5.7.
pub(super) enum IdSelector<'s> {
    /// Patterns for group, version, kind, name, namespace.
    Patterns(Box<[Pattern; 5]>),
    /// Texts.
    Exact(&'s Selector),
}

impl<'s> IdSelector<'s> {
    /// Compiles a selector.
    pub(super) fn new(selector: &'s Selector, compat: Compat) -> Result<Self> {
        if compat < Compat::V5_8_1 {
            return Ok(Self::Exact(selector));
        }
        let budget = selector.mark.as_ref().and_then(|mark| mark.source.budget());
        let room = room_for_patterns(budget.map(|budget| &**budget));
        let pattern = |text: &str| {
            Pattern::anchored(text, &room).map_err(|e| {
                let error =
                    Error::new(ErrorKind::Config, format!("invalid regular expression `{text}`: {e}"));
                selector.mark.iter().fold(error, |error, mark| error.at(mark.location()))
            })
        };
        let gvk = &selector.gvk;
        Ok(Self::Patterns(Box::new([
            pattern(&gvk.group)?,
            pattern(&gvk.version)?,
            pattern(&gvk.kind)?,
            pattern(&selector.name)?,
            pattern(&selector.namespace)?,
        ])))
    }

    /// Returns whether an id is selected.
    pub(super) fn selects(&self, id: &ResId) -> bool {
        match self {
            Self::Exact(selector) => is_exactly(id, selector),
            Self::Patterns(patterns) => {
                let gvk = &id.gvk;
                let texts = [&gvk.group, &gvk.version, &gvk.kind, &id.name, &id.namespace];
                patterns.iter().zip(texts).all(|(p, text)| p.matches(text))
            }
        }
    }

    /// Kind and name, where they are plain texts.
    pub(super) fn literals(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Exact(s) => (Some(&s.gvk.kind), Some(&s.name)),
            Self::Patterns(patterns) => {
                let [_, _, kind, name, _] = &**patterns;
                (kind.literal(), name.literal())
            }
        }
    }
}

/// Returns whether a selector says nothing of ids.
fn has_no_id(selector: &Selector) -> bool {
    let gvk = &selector.gvk;
    gvk.group.is_empty()
        && gvk.version.is_empty()
        && gvk.kind.is_empty()
        && selector.name.is_empty()
        && selector.namespace.is_empty()
}

/// The label and annotation selectors of a selector.
pub(super) struct Conditions {
    labels: LabelSelector,
    annotations: LabelSelector,
}

impl Conditions {
    /// Reads both.
    pub(super) fn new(selector: &Selector) -> Result<Self> {
        let read = |text: &str, field: &str| {
            LabelSelector::parse(text).map_err(|e| {
                let error = Error::new(ErrorKind::Config, format!("wrong `{field}`: {e}"));
                selector.mark.iter().fold(error, |error, mark| error.at(mark.location()))
            })
        };
        Ok(Self {
            annotations: read(&selector.annotation_selector, "annotationSelector")?,
            labels: read(&selector.label_selector, "labelSelector")?,
        })
    }

    /// Returns whether an object meets both.
    pub(super) fn are_met(&self, res: &Resource) -> bool {
        self.labels.matches(|key| res.label(key)) && self.annotations.matches(|key| res.annotation(key))
    }
}

/// A target's selectors, ready for use.
pub(super) struct Selection<'s> {
    pub(crate) select: IdSelector<'s>,
    pub(crate) conditions: Conditions,
    rejects: Vec<Reject<'s>>,
}

struct Reject<'s> {
    /// Rejects by parts of an id; `None` where it names none.
    by_id: Option<IdSelector<'s>>,
    /// Rejects by labels or annotations, whatever the id.
    conditions: Option<Conditions>,
}

impl<'s> Selection<'s> {
    /// Compiles both.
    pub(super) fn new(select: &'s Selector, rejects: &'s [Selector], compat: Compat) -> Result<Self> {
        let reject = |reject: &'s Selector| -> Result<Reject<'s>> {
            let by_labels = !reject.label_selector.is_empty() || !reject.annotation_selector.is_empty();
            let by_id = IdSelector::new(reject, compat)?;
            Ok(Reject {
                by_id: (!has_no_id(reject)).then_some(by_id),
                conditions: by_labels.then(|| Conditions::new(reject)).transpose()?,
            })
        };
        Ok(Self {
            select: IdSelector::new(select, compat)?,
            conditions: Conditions::new(select)?,
            rejects: rejects.iter().map(reject).collect::<Result<_>>()?,
        })
    }

    /// Returns whether an object is selected, by any of its ids.
    pub(super) fn selects(&self, res: &Resource) -> bool {
        any_id(res, |id| self.select.selects(id)) && self.conditions.are_met(res)
    }

    /// Returns whether an object that is selected is rejected.
    pub(super) fn rejects(&self, res: &Resource) -> bool {
        self.rejects.iter().any(|reject| {
            reject.conditions.as_ref().is_some_and(|c| c.are_met(res))
                || reject.by_id.as_ref().is_some_and(|by_id| any_id(res, |id| by_id.selects(id)))
        })
    }
}
