//! `labels` and `commonLabels`, and the plugin LabelTransformer.
//!
//! An entry of `labels` has rows of its own making: its `fields`, the rows configured for labels, and then either
//! all rows of `commonLabels`, or `metadata/labels` and, if asked for, the templates.

use super::pairs;
use crate::diag::{Error, Kind, Result};
use crate::kube::{FieldSpec, Gvk, TransformerConfig};
use crate::kustomization::types::{Label, Pairs};
use crate::resource::ResMap;

/// Writes labels into the mappings that the rows name.
pub fn apply(resources: &mut ResMap, labels: &Pairs, rows: &[FieldSpec]) -> Result<()> {
    pairs::apply(resources, labels, rows, "labels")
}

/// The rows that an entry of `labels` uses.
pub fn rows_of(entry: &Label, config: &TransformerConfig) -> Result<Vec<FieldSpec>> {
    let mut rows = entry.fields.clone();
    merge(&mut rows, &config.labels)?;
    if entry.include_selectors {
        merge(&mut rows, &config.common_labels)?;
        return Ok(rows);
    }
    if entry.include_templates {
        merge(&mut rows, &config.template_labels)?;
    }
    let own = FieldSpec { gvk: Gvk::default(), path: "metadata/labels".into(), create: true };
    merge(&mut rows, &[own])?;
    Ok(rows)
}

/// Adds rows to a list. A row is there already when one with its path has a type that the new row would select;
/// the two must then agree on `create`.
fn merge(rows: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<()> {
    for new in more {
        match rows.iter().find(|old| old.path == new.path && old.gvk.is_selected(&new.gvk)) {
            Some(old) if old.create != new.create => {
                let message = format!(
                    "conflicting fieldspecs: `{}` of {} has `create: {}`, and of {} `create: {}`",
                    new.path, old.gvk, old.create, new.gvk, new.create
                );
                return Err(Error::new(Kind::Config, message));
            }
            Some(_) => {}
            None => rows.push(new.clone()),
        }
    }
    Ok(())
}
