//! What happens once, when all layers are done: hashes, references, variables, order, and the removal of what
//! only the build needed to know.

use super::{Accumulator, Options, Reorder, Stage};
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::kube::FieldSpec;
use crate::kustomization::Kustomization;
use crate::refs;
use crate::resource::{ResMap, Resource, annotations, internal, origin};
use crate::transform;
use crate::yaml::{Mark, Marked, reencode};
use rustc_hash::FxHashMap;

/// Turns what the top layer has gathered into the objects to print.
pub(crate) fn finish(
    mut acc: Accumulator,
    top: &Kustomization,
    options: &Options,
    findings: &Findings,
) -> Result<ResMap> {
    let config = &acc.config;
    let resources = &mut acc.resources;
    let edit = |resources: &mut ResMap, stage| match &options.edit {
        Some(edit) => (edit.0)(resources, stage, findings),
        None => Ok(()),
    };
    edit(resources, Stage::BeforeHashes)?;
    transform::hash::apply(resources)?;
    resources.iter().try_for_each(refuse_lost_ids)?;
    refs::names::fix(resources, config)?;
    acc.vars.resolve_and_replace(resources, &config.var_reference, findings)?;
    drop_local(resources)?;
    refuse_equal_ids(resources)?;
    order(resources, top, options, findings)?;
    let wants = |option: &str| top.build_metadata.iter().any(|t| t.value == option);
    if options.managed_by_label || wants("managedByLabel") {
        managed_by(resources, &top.mark, options.compat)?;
    }
    let (origins, transformations) = (wants("originAnnotations"), wants("transformerAnnotations"));
    resources.edit_all(|res| clean(res, origins, transformations))?;
    if options.compat < Compat::V5_8_3 {
        resources.iter().try_for_each(|res| reencode::refuse_odd_keys(res.doc()))?;
    }
    resources.compact();
    edit(resources, Stage::Finished)?;
    Ok(acc.resources)
}

fn drop_local(resources: &mut ResMap) -> Result<()> {
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        validate(res)?;
        if res.annotation(internal::LOCAL_CONFIG).is_some_and(|v| v != "false") {
            resources.remove(slot);
        }
    }
    Ok(())
}

/// Kustomize crashes over an object that had no name, or none of one word, when it was renamed or moved.
fn refuse_lost_ids(res: &Resource) -> Result<()> {
    if res.has_whole_previous_ids() {
        return Ok(());
    }
    let message =
        format!("the previous names of {} are unknown: one was empty or contains a comma", res.id());
    Err(Error::new(ErrorKind::Resource, message)
        .at(res.doc().location(res.root()))
        .hint("a patch may have set `metadata.name` or `kind` to null"))
}

/// A patch may have taken what every object must have.
fn validate(res: &Resource) -> Result<()> {
    let missing = if res.gvk().kind.is_empty() {
        "kind"
    } else if res.name().is_empty() && !res.gvk().kind.ends_with("List") {
        "metadata.name"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Resource, format!("missing {missing} in object {}", res.original_id()))
        .at(res.doc().location(res.root()))
        .hint(format!("a patch may have removed `{missing}`")))
}

/// Kustomize compares ids again when it sorts; steps after the last comparison may have made two equal.
fn refuse_equal_ids(resources: &mut ResMap) -> Result<()> {
    let mut seen = FxHashMap::default();
    for res in resources.iter() {
        if let Some(other) = seen.insert(res.id(), res) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("may not add resource with an already registered id: {}", res.id()),
            )
            .at(res.doc().location(res.root()))
            .label(other.doc().location(other.root()), "the resource that has this id already"));
        }
    }
    Ok(())
}

fn order(resources: &mut ResMap, top: &Kustomization, options: &Options, findings: &Findings) -> Result<()> {
    if let Some(sort) = top.sort_options.as_ref().filter(|_| options.reorder != Reorder::Unspecified) {
        let message = "`sortOptions` and `--reorder` both set the order; `sortOptions` wins";
        findings.add(Finding::new(Code::DeprecatedFlag, message).at(sort.mark.location()));
    }
    transform::sort::apply(resources, top.sort_options.as_ref(), options.reorder != Reorder::None)
}

fn managed_by(resources: &mut ResMap, mark: &Mark, compat: Compat) -> Result<()> {
    let version = format!("kustomize-v{}", compat.name());
    let text = |value: &str| Marked { value: value.to_owned(), mark: mark.clone() };
    let row = FieldSpec { path: "metadata/labels".into(), create: true, ..FieldSpec::default() };
    let label = (text("app.kubernetes.io/managed-by"), text(&version));
    transform::labels::apply(resources, &vec![label], &[row])
}

/// Writes `metadata.annotations` as kustomize does at the end, without what it keeps to itself and with the notes
/// that are asked for.
fn clean(res: &mut Resource, origins: bool, transformations: bool) -> Result<()> {
    let mut notes = vec![];
    if let Some(origin) = res.origin.as_ref().filter(|_| origins) {
        notes.push((internal::ORIGIN, origin::text(origin)));
    }
    if transformations && !res.transformations.is_empty() {
        notes.push((internal::TRANSFORMATIONS, origin::list(&res.transformations)));
    }
    let drop = |key: &str| {
        internal::is_stripped(key)
            || key == internal::ORIGIN && !origins
            || key == internal::TRANSFORMATIONS && !transformations
    };
    if notes.is_empty() && annotations::is_rebuilt(res.doc(), res.root(), &drop) {
        return Ok(());
    }
    res.edit(|doc| {
        let root = doc.root();
        if !notes.is_empty() {
            let metadata = doc.get_or_make_map(root, "metadata");
            let map = doc.get_or_make_map(metadata, "annotations");
            for (key, text) in &notes {
                doc.set_string(map, key, text);
            }
        }
        annotations::rebuild(doc, root, &drop)
    })
    .map_err(|e| e.or_at(|| res.doc().location(res.root())))
}
