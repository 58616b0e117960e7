//! `replicas`, and the plugin ReplicaCountTransformer.
//!
//! An entry is for the objects that have or had its name while they were of a kind that a field spec names. That there
//! is none is an error in kustomize.

use super::write;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::kube::{FieldSpec, Leaf, fieldspec};
use crate::kustomization::types::Replica;
use crate::resource::{ResMap, Resource};
use crate::yaml::Tag;
use rustc_hash::FxHashMap;

/// Runs entries one after the other over all objects.
pub(crate) fn apply_all(
    resources: &mut ResMap,
    replicas: &[Replica],
    specs: &[FieldSpec],
    findings: &Findings,
) -> Result<()> {
    let named = slots_by_name(resources, replicas);
    for replica in replicas {
        let slots = named.get(replica.name.as_str()).map_or(&[][..], Vec::as_slice);
        apply(resources, replica, specs, slots, findings)?;
    }
    Ok(())
}

/// The objects that have or had one of the names of the entries, in order.
fn slots_by_name<'a>(resources: &ResMap, replicas: &'a [Replica]) -> FxHashMap<&'a str, Vec<usize>> {
    let mut named: FxHashMap<&str, Vec<usize>> =
        replicas.iter().map(|r| (r.name.as_str(), Vec::new())).collect();
    if named.is_empty() {
        return named;
    }
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        for name in [res.name()].into_iter().chain(res.previous.iter().map(|p| p.name.as_str())) {
            if let Some(slots) = named.get_mut(name).filter(|s| s.last() != Some(&slot)) {
                slots.push(slot);
            }
        }
    }
    named
}

fn apply(
    resources: &mut ResMap,
    replica: &Replica,
    specs: &[FieldSpec],
    slots: &[usize],
    findings: &Findings,
) -> Result<()> {
    let (mut found, mut written) = (false, false);
    for spec in specs {
        for slot in slots {
            let Some(res) = resources.get(*slot).filter(|r| is_meant(r, &replica.name, spec)) else {
                continue;
            };
            found = true;
            let id = res.id().clone();
            resources
                .edit(*slot, |res| set(res, replica, spec, &mut written))
                .map_err(|e| e.during(format!("setting replicas of {id}")))?;
        }
    }
    if !found {
        return Err(no_target(replica, specs));
    }
    if !written {
        let message = format!("no object called `{}` has a field for its replicas", replica.name);
        findings.add(
            Finding::new(Code::EntryChangesNothing, message)
                .at(replica.mark.location())
                .hint("remove the entry, or add the field to the object"),
        );
    }
    Ok(())
}

/// Returns whether an object has or had this name as one of a field spec's type.
fn is_meant(res: &Resource, name: &str, spec: &FieldSpec) -> bool {
    (res.name() == name && res.gvk().is_selected(&spec.gvk))
        || res.previous_ids().any(|id| id.name == name && id.gvk.is_selected(&spec.gvk))
}

fn set(res: &mut Resource, replica: &Replica, spec: &FieldSpec, written: &mut bool) -> Result<()> {
    if !res.gvk().is_selected(&spec.gvk) {
        return Ok(());
    }
    let create = spec.create.then_some(Leaf::Scalar(Tag::Int));
    res.edit(|doc| {
        let root = doc.root();
        fieldspec::apply_path(doc, root, &spec.path, create, &mut |doc, node| {
            *written = true;
            write::scalar(doc, node, &replica.count.to_string(), Tag::Int, Some(&replica.mark))
        })
    })
}

fn no_target(replica: &Replica, specs: &[FieldSpec]) -> Error {
    let types: Vec<String> = specs.iter().map(|r| format!("`{}`", r.gvk.kind)).collect();
    let kinds = match types.is_empty() {
        true => String::new(),
        false => format!(" of kind {}", types.join(", ")),
    };
    let message = format!("expected an object called `{}`{kinds}, found none", replica.name);
    Error::new(ErrorKind::Reference, message)
        .at(replica.mark.location())
        .hint("use the name of a resource of one of these kinds, before or after prefixes")
}
