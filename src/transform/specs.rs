//! The field specs of a transformer, looked up once for each type of object, and a look ahead along their paths.
//!
//! Looking ahead changes nothing, so that the document of an object that no field spec leads into stays shared.

use crate::kube::{FieldSpec, Gvk, fieldspec};
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// A field spec and its path, taken apart.
#[derive(Debug)]
pub(super) struct SplitSpec<'a> {
    /// The field spec.
    pub(crate) spec: &'a FieldSpec,
    steps: Vec<(Cow<'a, str>, bool)>,
}

impl<'a> SplitSpec<'a> {
    fn new(spec: &'a FieldSpec) -> Self {
        Self { spec, steps: fieldspec::split_path(&spec.path) }
    }

    /// Gathers the fields that the field spec names. `false` when that cannot be told without changing something or
    /// failing: then [`fieldspec::apply_path`] has to be asked. `creates`: the transformer makes missing fields.
    pub(super) fn fields(&self, doc: &Doc, creates: bool, found: &mut Vec<NodeId>) -> bool {
        fields(doc, doc.root(), &self.steps, creates && self.spec.create, found)
    }

    /// Returns whether the field spec leads to a field, makes one or fails.
    pub(super) fn leads(&self, doc: &Doc, creates: bool) -> bool {
        let mut found = Vec::new();
        !self.fields(doc, creates, &mut found) || !found.is_empty()
    }
}

fn fields(
    doc: &Doc,
    node: NodeId,
    steps: &[(Cow<'_, str>, bool)],
    create: bool,
    found: &mut Vec<NodeId>,
) -> bool {
    let Some(((name, list), rest)) = steps.split_first() else {
        found.push(node);
        return true;
    };
    if doc.is_null(node) {
        return true;
    }
    match doc.kind(node) {
        NodeKind::Seq => doc.items(node).iter().all(|item| fields(doc, *item, steps, create, found)),
        NodeKind::Map if is_plain(name) => match doc.get(node, name) {
            Some(field) if doc.is_null(field) && (*list || create) => false,
            Some(field) => fields(doc, field, rest, create, found),
            None => !create || *list,
        },
        _ => false,
    }
}

/// Returns whether the name of a step is certainly no index, blank or wildcard.
fn is_plain(name: &str) -> bool {
    name.as_bytes().first().is_some_and(|c| c.is_ascii_alphabetic()) && !name.ends_with(char::is_whitespace)
}

/// More field specs than this are looked up by kind.
const MANY: usize = 200;

/// The field specs of a transformer by type of object.
#[derive(Debug)]
pub(super) struct SpecsByType<'a> {
    specs: &'a [FieldSpec],
    /// Which field specs are for a kind, where there are many; those for any kind stand under the empty one.
    by_kind: FxHashMap<&'a str, Vec<usize>>,
    known: FxHashMap<Gvk, Vec<SplitSpec<'a>>>,
}

impl<'a> SpecsByType<'a> {
    /// Field specs in the order in which they are applied.
    pub(super) fn new(specs: &'a [FieldSpec]) -> Self {
        let mut by_kind: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        if specs.len() > MANY {
            for (i, spec) in specs.iter().enumerate() {
                by_kind.entry(spec.gvk.kind.as_str()).or_default().push(i);
            }
        }
        Self { specs, by_kind, known: FxHashMap::default() }
    }

    /// The field specs for a type, in order.
    pub(super) fn of(&mut self, gvk: &Gvk) -> &[SplitSpec<'a>] {
        if !self.known.contains_key(gvk) {
            let is_for = |spec: &&FieldSpec| gvk.is_selected(&spec.gvk);
            let specs = if self.by_kind.is_empty() {
                self.specs.iter().filter(is_for).map(SplitSpec::new).collect()
            } else {
                let of_kind = |kind: &str| self.by_kind.get(kind).map_or(&[][..], Vec::as_slice);
                let mut places = [of_kind(&gvk.kind), of_kind("")].concat();
                places.sort_unstable();
                // An object without kind has the field specs for any kind twice here.
                places.dedup();
                places.iter().filter_map(|i| self.specs.get(*i)).filter(is_for).map(SplitSpec::new).collect()
            };
            self.known.insert(gvk.clone(), specs);
        }
        self.known.get(gvk).map_or(&[], Vec::as_slice)
    }
}
