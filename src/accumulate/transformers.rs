//! The transformers of a directory, in kustomize's order whatever the order of the fields.
//!
//! All of them are set up before the first one runs, so that a patch file that is missing is said before anything
//! else that is wrong.

use super::Accumulator;
use super::target::{Build, Target};
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::kube::TransformerConfig;
use crate::kustomization::{self, Replacement, ReplacementField};
use crate::patch::{Prepared, Texts};
use crate::refs::replacements;
use crate::resource::annotations::{are_strings, make_strings};
use crate::resource::{Origin, ResMap, Resource, read};
use crate::transform::{annotations, images, labels, name_affix, namespace, replicas};
use crate::yaml::{Doc, NodeKind, Source};
use std::sync::Arc;

/// Kustomize's name for the transformer of `commonAnnotations`.
const ANNOTATIONS: &str = "AnnotationsTransformer";

/// A transformer that is ready to run.
pub(super) type Run<'s> = Box<dyn FnOnce(&mut Build, &mut ResMap) -> Result<()> + 's>;

/// A transformer that a field set up, with kustomize's name for it.
type Step<'s> = (&'static str, Run<'s>);

impl Build<'_> {
    /// Runs all transformers over everything gathered so far.
    pub(super) fn run_transformers(&mut self, target: &Target, acc: &mut Accumulator) -> Result<()> {
        let steps = self.steps(target, &acc.config)?;
        let plugins = self.external_transformers(target, &target.kustomization.transformers)?;
        for (kind, step) in steps {
            step(self, &mut acc.resources)?;
            let note = target.origin.as_ref().map(|o| Arc::new(o.of_builtin(&target.file_name, kind)));
            after(&mut acc.resources, note, kind == ANNOTATIONS)?;
        }
        for (run, note) in plugins {
            run(self, &mut acc.resources)?;
            after(&mut acc.resources, note, true)?;
        }
        Ok(())
    }

    fn steps<'s>(&mut self, target: &'s Target, config: &TransformerConfig) -> Result<Vec<Step<'s>>> {
        let k = &*target.kustomization;
        let config = config.clone();
        let mut steps: Vec<Step<'s>> = vec![];
        if !k.patches_strategic_merge.is_empty() {
            let patches = self.texts(target, |t| Prepared::strategic_merge(&k.patches_strategic_merge, t))?;
            steps.push(("PatchStrategicMergeTransformer", patch_step(patches)));
        }
        for entry in &k.patches {
            let patch = self.texts(target, |t| Prepared::patch(entry, t))?;
            steps.push(("PatchTransformer", patch_step(patch)));
        }
        if let Some(namespace) = &k.namespace {
            let specs = config.namespace.clone();
            steps.push((
                "NamespaceTransformer",
                Box::new(move |_, r| namespace::apply(r, namespace, &specs, Default::default())),
            ));
        }
        for (affix, side, specs, kind) in [
            (&k.name_prefix, name_affix::Side::Prefix, config.name_prefix.clone(), "PrefixTransformer"),
            (&k.name_suffix, name_affix::Side::Suffix, config.name_suffix.clone(), "SuffixTransformer"),
        ] {
            if let Some(affix) = affix {
                steps.push((kind, Box::new(move |_, r| name_affix::apply(r, side, affix, &specs))));
            }
        }
        for entry in &k.labels {
            let specs =
                labels::specs_of(entry, &config).map_err(|e| e.or_at(|| specs_place(entry, target)))?;
            steps.push((
                "LabelTransformer",
                Box::new(move |b, r| labels::apply_entry(r, entry, &specs, b.compat(), b.findings)),
            ));
        }
        if !k.labels.is_empty() || !k.common_labels.is_empty() {
            let specs = config.common_labels.clone();
            steps
                .push(("LabelTransformer", Box::new(move |_, r| labels::apply(r, &k.common_labels, &specs))));
        }
        if !k.common_annotations.is_empty() {
            let specs = config.common_annotations.clone();
            steps.push((
                ANNOTATIONS,
                Box::new(move |_, r| annotations::apply(r, &k.common_annotations, &specs)),
            ));
        }
        for entry in &k.patches_json6902 {
            let patch = self.texts(target, |t| Prepared::json6902(entry, t))?;
            steps.push(("PatchJson6902Transformer", patch_step(patch)));
        }
        for entries in one_by_one(&k.replicas, target) {
            let specs = config.replicas.clone();
            steps.push((
                "ReplicaCountTransformer",
                Box::new(move |b, r| replicas::apply_all(r, entries, &specs, b.findings)),
            ));
        }
        for entries in one_by_one(&k.images, target) {
            let specs = config.images.clone();
            steps.push((
                "ImageTagTransformer",
                Box::new(move |b, r| images::apply_all(r, entries, &specs, b.compat(), b.findings)),
            ));
        }
        if !k.replacements.is_empty() {
            let all = replacements_of(target, &k.replacements)?;
            steps.push((
                "ReplacementTransformer",
                Box::new(move |b, r| replacements::apply(&all, r, b.compat(), b.findings)),
            ));
        }
        Ok(steps)
    }

    /// Runs `prepare` with the ways in which texts of patches are had in a directory.
    pub(super) fn texts<T>(
        &mut self,
        target: &Target,
        prepare: impl FnOnce(&mut Texts<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut load = |path: &kustomization::Text| target.loader.file(path)?.text();
        let read = |source: &Arc<Source>| -> Result<Vec<Resource>> {
            let mut objects = read::from_source(source)?;
            if let Some(scopes) = self.schemas.scopes() {
                objects.iter_mut().for_each(|res| res.set_scopes(scopes));
            }
            Ok(objects)
        };
        prepare(&mut Texts { load: &mut load, read: &read, compat: self.compat() })
    }
}

/// Each entry is a transformer of its own to kustomize. That is only seen where transformers are noted; elsewhere they
/// run together.
fn one_by_one<'s, T>(entries: &'s [T], target: &Target) -> std::slice::Chunks<'s, T> {
    entries.chunks(if target.origin.is_some() { 1 } else { entries.len().max(1) })
}

/// Where an entry of `labels` stands.
fn specs_place(entry: &kustomization::Label, target: &Target) -> Location {
    entry.pairs.first().map_or_else(|| target.place(), |(key, _)| key.mark.location())
}

/// The step of a patch that was prepared.
pub(super) fn patch_step<'s>(patch: Prepared) -> Run<'s> {
    Box::new(move |b, r| {
        if patch.is_merge() && !r.is_empty() {
            b.schemas.use_schema()?;
        }
        patch.apply(r, b.schemas.document(), b.findings)
    })
}

/// Replacements, inline or from files.
pub(super) fn replacements_of(target: &Target, fields: &[ReplacementField]) -> Result<Vec<Replacement>> {
    let mut all = vec![];
    for field in fields {
        match &field.path {
            None => all.push(field.replacement.clone()),
            Some(path) => {
                let Some(doc) = target.document(path)? else {
                    let message = format!(
                        "expected a replacement or a list of them in `{}`, found nothing",
                        path.value
                    );
                    return Err(Error::new(ErrorKind::Config, message).at(path.mark.location()));
                };
                all.extend(kustomization::read_replacements_file(&doc)?);
            }
        }
    }
    Ok(all)
}

/// What follows every transformer: objects that became empty go, and, when that is tracked, every object notes it.
/// Kustomize's note makes all annotations anew, as strings: values that others are tied to (see [`annotations`]) part from
/// them.
fn after(resources: &mut ResMap, note: Option<Arc<Origin>>, unties: bool) -> Result<()> {
    let Some(note) = note else { return Ok(()) };
    resources.edit_all(|res| {
        let values = |doc: &Doc| doc.get_path(doc.root(), &["metadata", "annotations"]);
        if let Some(map) = values(res.doc()).filter(|map| unties && res.doc().kind(*map) == NodeKind::Map) {
            res.edit(|doc| {
                for i in (1..doc.children(map).len()).step_by(2) {
                    if let Some(value) = doc.child(map, i) {
                        let copy = doc.copy(value);
                        doc.set_kid(map, i, copy);
                    }
                }
            });
        }
        // A replacement may have put a text in the place of the annotations.
        if values(res.doc()).is_some_and(|node| res.doc().kind(node) == NodeKind::Scalar) {
            res.edit(|doc| {
                if let Some(metadata) = doc.get(doc.root(), "metadata") {
                    doc.remove(metadata, "annotations");
                }
            });
        }
        if !are_strings(res.doc(), res.root()) {
            res.edit(|doc| make_strings(doc, doc.root()))?;
        }
        // An object without origin is taken for one that the transformer has made.
        match res.origin {
            Some(_) => res.transformations.push(note.clone()),
            None => res.origin = Some(note.clone()),
        }
        Ok(())
    })
}
