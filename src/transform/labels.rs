//! `labels` and `commonLabels`, and the plugin LabelTransformer.
//!
//! An entry of `labels` has field specs of its own making: its `fields`, the field specs configured for labels, and then either
//! all field specs of `commonLabels`, or `metadata/labels` and, if asked for, the templates.

use super::pairs;
use crate::diag::Result;
use crate::kube::config::merge_specs;
use crate::kube::{FieldSpec, FieldSpecs, Gvk, TransformerConfig};
use crate::kustomization::types::{Label, Pairs};
use crate::resource::ResMap;

/// Writes labels into the mappings that the field specs name.
pub fn apply(resources: &mut ResMap, labels: &Pairs, specs: &[FieldSpec]) -> Result<()> {
    pairs::apply(resources, labels, specs, "labels")
}

/// The field specs that an entry of `labels` uses.
pub fn specs_of(entry: &Label, config: &TransformerConfig) -> Result<FieldSpecs> {
    let mut specs = merge_specs(entry.fields.clone().into(), config.labels.clone())?;
    if entry.include_selectors {
        return merge_specs(specs, config.common_labels.clone());
    }
    if entry.include_templates {
        specs = merge_specs(specs, config.template_labels.clone())?;
    }
    let own = FieldSpec { gvk: Gvk::default(), path: "metadata/labels".into(), create: true };
    merge_specs(specs, vec![own].into())
}
