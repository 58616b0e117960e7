//! `commonAnnotations`, and the plugin AnnotationsTransformer.

use super::pairs;
use crate::diag::Result;
use crate::kube::FieldSpec;
use crate::kustomization::types::Pairs;
use crate::resource::ResMap;

/// Writes annotations into the mappings that the field specs name.
pub(crate) fn apply(resources: &mut ResMap, annotations: &Pairs, specs: &[FieldSpec]) -> Result<()> {
    pairs::apply(resources, annotations, specs, "annotations")
}
