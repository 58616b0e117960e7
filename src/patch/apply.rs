//! How patches find their objects and what else happens to these.
//!
//! A patch with a target goes to all objects that it selects, any other to the one object that has or had its id.
//! Name and kind stay unless the patch may change them; the namespace always stays.
//!
//! Kustomize keeps its bookkeeping as annotations of the object, here it stands beside the document. Where that
//! shows, it is imitated: annotations exist for operations even if the object has none, and a patch that removes
//! all annotations removes the bookkeeping.

use super::annotations::{MARKER, make, notes, remove_marker, renew, restore_notes};
use super::json6902::JsonPatch;
use super::prepare::{Object, Prepared, What};
use super::strategic::{DIRECTIVE, Outcome, merge};
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::kube::{OpenApi, ResId};
use crate::resource::{ResMap, Resource, internal};
use crate::yaml::compatibility::reads_as_string;
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};
use rustc_hash::FxHashSet;

/// From this number of findings on no name is suggested any more: each suggestion looks at all objects.
const MOST_HINTS: usize = 100;

impl Prepared {
    /// Applies the patch. `openapi`: the document whose schemas are in effect, if any.
    pub(crate) fn apply(
        &self,
        map: &mut ResMap,
        openapi: Option<&OpenApi>,
        findings: &Findings,
    ) -> Result<()> {
        self.run(map, openapi, findings).map_err(|e| {
            let e = e.or_at(|| self.mark.as_ref().map_or_else(no_place, |m| m.location()));
            e.during(format!("applying {}", self.name))
        })
    }

    fn run(&self, map: &mut ResMap, openapi: Option<&OpenApi>, findings: &Findings) -> Result<()> {
        match &self.what {
            What::Objects(objects) if self.target.is_some() => {
                let [object] = objects.as_slice() else {
                    let message = "expected one object in a patch with a `target`, found several";
                    return Err(self.wrong(message).hint("make an entry of `patches` for each"));
                };
                let selected = self.select(map, findings)?;
                if !selected.is_empty() && deletes(&object.doc) {
                    self.warn_of_deletion(map, selected.len(), findings);
                }
                self.merge_copies(map, &selected, object, openapi)
            }
            What::Objects(objects) => objects.iter().try_for_each(|object| {
                let slot = find(map, object)?;
                let before = map.get(slot).map(|res| res.id().clone());
                merge_into(map, slot, object, &object.doc, openapi)?;
                map.note_clash(slot, before.as_ref());
                Ok(())
            }),
            What::OldObjects(objects) => objects.iter().try_for_each(|object| {
                let slot = find(map, object)?;
                self.merge_copies(map, &[slot], object, openapi)
            }),
            What::Operations(operations) => self.operate(map, operations, true, findings),
            What::OldOperations(operations) => self.operate(map, operations, false, findings),
            What::Nothing(operations) if self.compat < Compat::V5_8_1 => match (operations, &self.target) {
                (Ok(operations), Some(_)) => self.operate(map, operations, true, findings),
                (Err(e), Some(_)) => {
                    if self.select(map, findings)?.is_empty() {
                        Ok(())
                    } else {
                        Err(e.clone())
                    }
                }
                (_, None) => Err(self.no_target()),
            },
            What::Nothing(_) => Ok(()),
        }
    }

    fn wrong(&self, message: &str) -> Error {
        let error = Error::new(ErrorKind::Config, message);
        self.mark.iter().fold(error, |e, m| e.at(m.location()))
    }

    fn no_target(&self) -> Error {
        self.wrong("expected a `target` for the operations, found none")
    }

    /// The slots that the target selects. None is no mistake to kustomize.
    fn select(&self, map: &mut ResMap, findings: &Findings) -> Result<Vec<usize>> {
        let target = match &self.target {
            Some(Ok(target)) => target,
            Some(Err(e)) => return Err(e.clone()),
            None => return Err(self.no_target()),
        };
        let selected = target.select(map)?;
        if selected.is_empty() {
            let at = target.mark().or(self.mark.as_ref()).map(|m| m.location());
            let finding = Finding::new(Code::TargetMatchesNothing, "the target of a patch selects no object");
            let near = (findings.count() < MOST_HINTS).then(|| target.nearest(map)).flatten();
            let finding = near.into_iter().fold(finding, Finding::hint);
            findings.add(at.into_iter().fold(finding, Finding::at));
        }
        Ok(selected)
    }

    /// Tells of a patch that deletes all objects because its target is empty.
    fn warn_of_deletion(&self, map: &ResMap, count: usize, findings: &Findings) {
        let Some(Ok(target)) = self.target.as_ref().filter(|t| t.as_ref().is_ok_and(|t| t.is_empty)) else {
            return;
        };
        if count < map.len() {
            return;
        }
        let message = format!("the empty target selects every object, and the patch deletes them: {count}");
        let finding = Finding::new(Code::DeletesEverything, message).hint(
            "name what to delete in `target`, or leave `target` out to delete the object of the patch's id",
        );
        let at = target.mark().or(self.mark.as_ref()).map(|m| m.location());
        findings.add(at.into_iter().fold(finding, Finding::at));
    }

    /// Merges a patch into several objects. It takes over their group and version, and with that, perhaps, a schema.
    fn merge_copies(
        &self,
        map: &mut ResMap,
        slots: &[usize],
        object: &Object,
        openapi: Option<&OpenApi>,
    ) -> Result<()> {
        let mut copy: Option<(String, Doc)> = None;
        let own = api_version(&object.doc).to_owned();
        for slot in slots {
            let Some(res) = map.get(*slot) else { continue };
            res.doc().charge_change(object.doc.size())?;
            let wanted = res.gvk().api_version();
            let before = res.id().clone();
            if wanted == own && !own.is_empty() {
                merge_into(map, *slot, object, &object.doc, openapi)?;
            } else {
                let (_, doc) = match copy.take().filter(|(version, _)| *version == wanted) {
                    Some(same) => copy.insert(same),
                    None => {
                        let mut doc = object.doc.clone();
                        let root = doc.root();
                        set_field(&mut doc, root, "apiVersion", &wanted);
                        copy.insert((wanted, doc))
                    }
                };
                merge_into(map, *slot, object, doc, openapi)?;
            }
            map.note_clash(*slot, Some(&before));
        }
        if map.may_clash { refuse_clashes(map) } else { Ok(()) }
    }

    fn operate(
        &self,
        map: &mut ResMap,
        operations: &JsonPatch,
        remember: bool,
        findings: &Findings,
    ) -> Result<()> {
        for slot in self.select(map, findings)? {
            let before = map.get(slot).map(|res| res.id().clone());
            map.edit(slot, |res| {
                // An operation takes as long as walking over some nodes.
                res.doc().charge_change(operations.len() * 40)?;
                let id = res.id().clone();
                if remember {
                    res.store_previous_id();
                }
                let known = res.has_bookkeeping();
                let behavior = res.annotation(internal::BEHAVIOR).map(str::to_owned);
                let shown = operations.sees_annotations().then(|| notes(res));
                let during = |e: Error| e.during(format!("patching {id}"));
                res.edit(|doc| {
                    if known {
                        let annotations = make(doc);
                        let all = shown.iter().flatten();
                        all.for_each(|(key, text)| doc.set_string(annotations, key, text));
                    }
                    operations.apply(doc, self.compat)
                })
                .map_err(&during)?;
                if let Some(shown) = &shown {
                    restore_notes(res, shown, behavior.as_deref());
                }
                res.edit(renew).map_err(&during)
            })?;
            map.note_clash(slot, before.as_ref());
        }
        Ok(())
    }
}

/// Returns whether a patch deletes its object.
fn deletes(patch: &Doc) -> bool {
    patch.get(patch.root(), DIRECTIVE).is_some_and(|n| patch.text(n) == "delete")
}

fn no_place() -> crate::diag::Location {
    crate::diag::Location::file("kustomization.yaml")
}

fn api_version(doc: &Doc) -> &str {
    doc.get(doc.root(), "apiVersion").filter(|n| !doc.is_null(*n)).map_or("", |n| doc.text(n))
}

/// The one object that has or had the id of a patch.
fn find(map: &mut ResMap, object: &Object) -> Result<usize> {
    let found = map.find_any(&object.id);
    if let [slot] = found.as_slice() {
        return Ok(*slot);
    }
    let at = object.doc.location(object.doc.root());
    if found.is_empty() {
        let message = format!("no resource matches strategic merge patch `{}`", object.id);
        let error = Error::new(ErrorKind::Patch, message).at(at);
        return Err(nearest(map, &object.id).into_iter().fold(error, Error::hint));
    }
    let message = format!("multiple resources match strategic merge patch `{}`", object.id);
    Err(found
        .iter()
        .filter_map(|slot| map.get(*slot))
        .fold(Error::new(ErrorKind::Patch, message).at(at), |e, res| {
            e.label(res.doc().location(res.root()), format!("{}", res.id()))
        }))
}

/// What could have been meant by an id that no object has.
fn nearest(map: &ResMap, id: &ResId) -> Option<String> {
    let alike = |res: &&Resource| {
        let (name, kind) = (res.name() == id.name, res.gvk().kind == id.gvk.kind);
        name && res.gvk().kind.eq_ignore_ascii_case(&id.gvk.kind)
            || kind && res.name().eq_ignore_ascii_case(&id.name)
    };
    let res = map.iter().find(alike)?;
    let now = res.id();
    let part = if now.gvk.kind != id.gvk.kind {
        "kind"
    } else if now.name != id.name {
        "name"
    } else if now.gvk != id.gvk {
        "apiVersion"
    } else {
        "namespace"
    };
    Some(format!("there is {now}, which has another `{part}`"))
}

/// Refuses objects of equal ids. Kustomize looks after each patch that it copies to its objects.
fn refuse_clashes(map: &mut ResMap) -> Result<()> {
    let mut seen: FxHashSet<&ResId> = FxHashSet::default();
    let Some(id) = map.iter().map(Resource::id).find(|id| !seen.insert(*id)).cloned() else {
        map.may_clash = false;
        return Ok(());
    };
    let message = format!("may not add resource with an already registered id: {id}");
    let all = map.iter().filter(|res| *res.id() == id);
    Err(all.fold(Error::new(ErrorKind::Conflict, message), |e, res| {
        e.label(res.doc().location(res.root()), "an object that has this id after the patch")
    }))
}

/// Merges a patch into an object, and removes the object if nothing is left of it.
fn merge_into(
    map: &mut ResMap,
    slot: usize,
    object: &Object,
    patch: &Doc,
    openapi: Option<&OpenApi>,
) -> Result<()> {
    let mut outcome = Outcome::Merged;
    map.edit(slot, |res| {
        outcome = merge_one(res, object, patch, openapi)?;
        Ok(())
    })?;
    if outcome == Outcome::Deleted {
        map.remove(slot);
    }
    Ok(())
}

fn merge_one(res: &mut Resource, object: &Object, patch: &Doc, openapi: Option<&OpenApi>) -> Result<Outcome> {
    let id = res.id().clone();
    let renames = object.allow_name_change || object.allow_kind_change;
    if renames {
        res.store_previous_id();
    }
    let guarded = object.touches_annotations && res.has_bookkeeping();
    let mut lost = false;
    let outcome = res.edit(|doc| {
        if guarded {
            let annotations = make(doc);
            doc.set_string(annotations, MARKER, "");
        }
        let outcome = merge(doc, patch, openapi).map_err(|e| e.during(format!("patching {id}")))?;
        if outcome == Outcome::Deleted {
            return Ok(outcome);
        }
        if guarded {
            lost = !remove_marker(doc, renames);
        }
        let root = doc.root();
        match object.allow_kind_change {
            true => renew_field(doc, root, "kind"),
            false => set_field(doc, root, "kind", &id.gvk.kind),
        }
        match object.allow_name_change {
            true => doc.get(root, "metadata").into_iter().for_each(|node| renew_field(doc, node, "name")),
            false => {
                let metadata = doc.get_or_make_map(root, "metadata");
                set_field(doc, metadata, "name", &id.name);
            }
        }
        if !id.namespace.is_empty() {
            let metadata = doc.get_or_make_map(root, "metadata");
            set_field(doc, metadata, "namespace", &id.namespace);
        } else if let Some(metadata) = doc.get(root, "metadata") {
            doc.remove(metadata, "namespace");
        }
        Ok::<_, Error>(outcome)
    })?;
    if lost {
        forget(res);
    } else {
        // Kustomize says it in annotations of the patch, which are merged like any other.
        res.allow_name_change |= object.allow_name_change;
        res.allow_kind_change |= object.allow_kind_change;
    }
    Ok(outcome)
}

/// Sets a field to a string as kustomize does: a value that is there hands its quotes on, a new one gets quotes where
/// YAML 1.1 would read it as something else.
fn set_field(doc: &mut Doc, map: NodeId, key: &str, text: &str) {
    match doc.get(map, key) {
        Some(old) => {
            let tagged = doc.is_tagged(old);
            if doc.text(old) != text {
                doc.set_text(old, text, Tag::Unset);
            }
            doc.set_tag(old, Tag::Unset, tagged);
        }
        None => {
            let style = if reads_as_string(text) { Style::Plain } else { Style::Double };
            let new = doc.scalar(text, style, Tag::Unset);
            doc.set(map, key, new);
        }
    }
}

/// Sets a field to the string that it is, as kustomize does with the name and the kind of a patch that it copies.
fn renew_field(doc: &mut Doc, map: NodeId, key: &str) {
    let is_text = |node: &NodeId| doc.kind(*node) == NodeKind::Scalar && !doc.is_null(*node);
    if let Some(old) = doc.get(map, key).filter(is_text) {
        let tagged = doc.is_tagged(old);
        doc.set_tag(old, Tag::Unset, tagged);
    }
}

fn forget(res: &mut Resource) {
    internal::forget(res);
    res.transformations.clear();
    res.origin = None;
}
