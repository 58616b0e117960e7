//! Looks for many field paths of an object in one walk.
//!
//! Kustomize walks an object once for every field spec that names its type, about forty times for a Deployment. The field specs
//! for a type are made into a tree of steps here; one walk then tells which field specs lead to which nodes. The walk
//! only reads, so a document that is shared stays shared.
//!
//! Paths are as in `kube::fieldspec`: names divided by `/`, `\/` for a slash in a name, `[]` after lists.

use crate::diag::{Error, ErrorKind};
use crate::kube::{Str, fieldspec};
use crate::limits::narrow;
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// What a field spec leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The field.
    Field,
    /// A null that the path says is a list: kustomize makes it an empty one.
    NullList,
    /// A scalar where the path goes on.
    Scalar,
    /// A mapping where the path has a step that no mapping can follow.
    Unreachable,
}

/// A node that a field spec leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Position of the field spec in the list that [`Finder::new`] was given.
    pub(crate) spec: u32,
    /// The node.
    pub(crate) node: NodeId,
    /// What it is to the field spec.
    pub(crate) found: Found,
}

/// A step of the tree.
#[derive(Debug, Default)]
struct Step {
    /// Steps that go on from here: name, marked as list, position in the table.
    next: Vec<(Str, bool, u32)>,
    /// Field specs that end here.
    ends: SmallVec<[u32; 2]>,
    /// The first field spec that goes on from here.
    first_below: Option<u32>,
    /// No mapping has a field of this name, as far as kustomize can see.
    unreachable: bool,
}

/// So many steps that follow another are compared one by one, all others are looked up.
const FEW: usize = 32;

/// The tree of the paths of some field specs.
#[derive(Debug)]
pub(super) struct Finder {
    steps: Vec<Step>,
}

impl Finder {
    /// The tree of some paths, in the order of their field specs.
    #[expect(
        clippy::indexing_slicing,
        reason = "`at` is 0, the root, or the number of a step that was made before"
    )]
    pub(super) fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut steps = vec![Step::default()];
        // What follows those steps that many others follow.
        let mut known: FxHashMap<(usize, Str, bool), u32> = FxHashMap::default();
        for (spec, path) in paths.into_iter().enumerate() {
            let mut at = 0;
            for (name, list) in split(path) {
                steps[at].first_below.get_or_insert(narrow(spec));
                let first = steps[at].next.iter().take(FEW).find(|(n, l, _)| *n == name && *l == list);
                let next = match first {
                    Some((_, _, next)) => Some(*next),
                    None if steps[at].next.len() < FEW => None,
                    None => known.get(&(at, name.clone(), list)).copied(),
                };
                at = match next {
                    Some(next) => next as usize,
                    None => {
                        let next = steps.len();
                        steps.push(Step {
                            unreachable: name.is_empty() || fieldspec::is_index(&name),
                            ..Step::default()
                        });
                        if steps[at].next.len() >= FEW {
                            known.insert((at, name.clone(), list), narrow(next));
                        }
                        steps[at].next.push((name, list, narrow(next)));
                        next
                    }
                };
            }
            steps[at].ends.push(narrow(spec));
        }
        Self { steps }
    }

    /// Returns whether there is no field spec.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.len() == 1
    }

    /// Puts all nodes that the field specs lead to into `hits`, by field spec, and for one field spec in the order of the document.
    pub(super) fn find(&self, doc: &Doc, root: NodeId, hits: &mut Vec<Hit>) {
        hits.clear();
        self.walk(doc, root, 0, hits);
        if !hits.is_sorted_by_key(|h| h.spec) {
            hits.sort_by_key(|h| h.spec);
        }
    }

    fn walk(&self, doc: &Doc, node: NodeId, at: u32, hits: &mut Vec<Hit>) {
        let Some(step) = self.steps.get(at as usize) else { return };
        hits.extend(step.ends.iter().map(|spec| Hit { spec: *spec, node, found: Found::Field }));
        self.go_on(doc, node, step, hits);
    }

    fn go_on(&self, doc: &Doc, node: NodeId, step: &Step, hits: &mut Vec<Hit>) {
        let Some(first) = step.first_below else { return };
        if doc.is_null(node) {
            return;
        }
        match doc.kind(node) {
            NodeKind::Scalar => hits.push(Hit { spec: first, node, found: Found::Scalar }),
            NodeKind::Seq => doc.items(node).iter().for_each(|item| self.go_on(doc, *item, step, hits)),
            NodeKind::Alias => {
                doc.children(node).iter().for_each(|target| self.go_on(doc, *target, step, hits));
            }
            NodeKind::Map => self.fields(doc, node, step, hits),
        }
    }

    fn fields(&self, doc: &Doc, node: NodeId, step: &Step, hits: &mut Vec<Hit>) {
        for (name, list, next) in &step.next {
            let Some(below) = self.steps.get(*next as usize) else { continue };
            if below.unreachable {
                let specs = below.ends.first().into_iter().chain(below.first_below.as_ref());
                if let Some(spec) = specs.min() {
                    hits.push(Hit { spec: *spec, node, found: Found::Unreachable });
                }
                continue;
            }
            let Some(value) = doc.get(node, name) else { continue };
            if *list && doc.is_null(value) {
                let specs = below.ends.iter().chain(below.first_below.as_ref());
                if let Some(spec) = specs.min() {
                    hits.push(Hit { spec: *spec, node: value, found: Found::NullList });
                }
                continue;
            }
            self.walk(doc, value, *next, hits);
        }
    }
}

/// The error for a hit whose path goes on where it cannot.
pub(super) fn shape_error(doc: &Doc, hit: Hit) -> Error {
    let message = match hit.found {
        Found::Unreachable => "the path has a step that no mapping can follow".to_owned(),
        _ => format!("expected sequence or mapping node, found `{}`", doc.text(hit.node)),
    };
    Error::new(ErrorKind::Resource, message).at(doc.location(hit.node))
}

/// Names and list marks of a path. Names of blanks alone do not exist and are left out, as in kustomize.
fn split(path: &str) -> impl Iterator<Item = (Str, bool)> {
    fieldspec::split_path(path)
        .into_iter()
        .filter(|(name, _)| name.is_empty() || !name.trim().is_empty())
        .map(|(name, list)| (name.trim().into(), list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_slashes_that_are_not_escaped() {
        let shown = |path| split(path).map(|(n, l)| format!("{n}{}", u8::from(l))).collect::<Vec<_>>();
        assert_eq!(shown("spec/a[]/b"), ["spec0", "a1", "b0"]);
        assert_eq!(shown("/metadata/annotations/x.y\\/z"), ["metadata0", "annotations0", "x.y/z0"]);
        assert_eq!(shown("a//b"), ["a0", "0", "b0"]);
        assert_eq!(shown("a/ /b "), ["a0", "b0"]);
    }

    #[test]
    fn hits_come_by_row_and_in_the_order_of_the_document() {
        let map = super::super::fixtures::objects(
            "{kind: A, metadata: {name: a}, spec: {l: [{x: 1, y: 2}, {y: 3}], t: text, n: null}}",
        );
        let res = map.get(0).expect("one object");
        let finder =
            Finder::new(["spec/l/y", "spec/t/deep", "spec/l/x", "spec/n[]", "spec/*/x", "spec/none"]);
        let mut hits = Vec::new();
        finder.find(res.doc(), res.root(), &mut hits);
        let shown: Vec<_> = hits.iter().map(|h| (h.spec, res.doc().text(h.node), h.found)).collect();
        assert_eq!(
            shown,
            [
                (0, "2", Found::Field),
                (0, "3", Found::Field),
                (1, "text", Found::Scalar),
                (2, "1", Found::Field),
                (3, "null", Found::NullList),
                (4, "", Found::Unreachable),
            ]
        );
    }
}
