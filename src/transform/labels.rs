//! `labels` and `commonLabels`, and the plugin LabelTransformer.
//!
//! An entry of `labels` has specs of its own making: its `fields`, the specs configured for labels, and then either
//! all specs of `commonLabels`, or `metadata/labels` and, if asked for, the templates and the claim templates.

use super::pairs;
use crate::compat::Compat;
use crate::diag::{Code, Finding, Findings, Result};
use crate::kube::config::merge_specs;
use crate::kube::{FieldSpec, FieldSpecs, Gvk, TransformerConfig};
use crate::kustomization::types::{Label, Pairs, Text};
use crate::resource::{ResMap, Resource};
use crate::yaml::NodeId;

/// Writes labels into the mappings that the field specs name.
pub(crate) fn apply(resources: &mut ResMap, labels: &Pairs, specs: &[FieldSpec]) -> Result<()> {
    pairs::apply(resources, labels, specs, "labels")
}

/// Runs an entry of `labels`, and says where an older kustomize would have labelled claim templates: a cluster refuses to
/// change those of a StatefulSet that is there.
pub(crate) fn apply_entry(
    resources: &mut ResMap,
    entry: &Label,
    specs: &[FieldSpec],
    compat: Compat,
    findings: &Findings,
) -> Result<()> {
    apply(resources, &entry.pairs, specs)?;
    let was_meant = entry.include_templates && !entry.include_selectors;
    if compat < Compat::V5_8_2 || !was_meant || entry.include_volume_claim_templates.is_some() {
        return Ok(());
    }
    if let Some(res) = resources.iter().find(|res| has_claim_template_without(res, &entry.pairs)) {
        let message = format!(
            "`includeTemplates` does not label the volumeClaimTemplates of {}; kustomize before 5.8.2 did",
            res.id()
        );
        findings.add(Finding::new(Code::ClaimTemplatesNotLabelled, message).at(entry.mark.location()).hint(
            "claim templates of a StatefulSet in a cluster cannot be changed: set \
                 `includeVolumeClaimTemplates: true` if they have these labels there, else `false`",
        ));
    }
    Ok(())
}

/// Whether an object is a StatefulSet with a claim template that lacks one of these labels.
fn has_claim_template_without(res: &Resource, labels: &Pairs) -> bool {
    let (doc, gvk) = (res.doc(), res.gvk());
    if gvk.kind != "StatefulSet" || gvk.group != "apps" {
        return false;
    }
    let has = |claim: NodeId, (key, value): &(Text, Text)| {
        doc.get_path(claim, &["metadata", "labels", &key.value]).is_some_and(|n| doc.text(n) == value.value)
    };
    let claims = doc.get_path(doc.root(), &["spec", "volumeClaimTemplates"]);
    claims
        .is_some_and(|list| doc.items(list).iter().any(|claim| !labels.iter().all(|pair| has(*claim, pair))))
}

/// The field specs that an entry of `labels` uses.
pub(crate) fn specs_of(entry: &Label, config: &TransformerConfig) -> Result<FieldSpecs> {
    let mut specs = merge_specs(entry.fields.clone().into(), config.labels.clone())?;
    if entry.include_selectors {
        return merge_specs(specs, config.common_labels.clone());
    }
    if entry.include_templates {
        specs = merge_specs(specs, config.template_labels.clone())?;
    }
    if entry.include_volume_claim_templates == Some(true) {
        specs = merge_specs(specs, config.volume_claim_template_labels.clone())?;
    }
    let own = FieldSpec { gvk: Gvk::default(), path: "metadata/labels".into(), create: true };
    merge_specs(specs, vec![own].into())
}
