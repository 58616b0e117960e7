//! `labels` and `commonLabels`, and the plugin LabelTransformer.
//!
//! An entry of `labels` has rows of its own making: its `fields`, the rows configured for labels, and then either
//! all rows of `commonLabels`, or `metadata/labels` and, if asked for, the templates.

use super::pairs;
use crate::diag::Result;
use crate::kube::config::merge_rows;
use crate::kube::{FieldSpec, Gvk, Rows, TransformerConfig};
use crate::kustomization::types::{Label, Pairs};
use crate::resource::ResMap;

/// Writes labels into the mappings that the rows name.
pub fn apply(resources: &mut ResMap, labels: &Pairs, rows: &[FieldSpec]) -> Result<()> {
    pairs::apply(resources, labels, rows, "labels")
}

/// The rows that an entry of `labels` uses.
pub fn rows_of(entry: &Label, config: &TransformerConfig) -> Result<Rows> {
    let mut rows = merge_rows(entry.fields.clone().into(), config.labels.clone())?;
    if entry.include_selectors {
        return merge_rows(rows, config.common_labels.clone());
    }
    if entry.include_templates {
        rows = merge_rows(rows, config.template_labels.clone())?;
    }
    let own = FieldSpec { gvk: Gvk::default(), path: "metadata/labels".into(), create: true };
    merge_rows(rows, vec![own].into())
}
