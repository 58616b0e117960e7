//! The built-in field specs of all transformers, as static tables in the order that kustomize sorts them into.

mod fields;
mod labels;
mod references;
mod variables;

use super::{FieldSpec, Gvk, List, NameReference, Str, TransformerConfig};
use crate::compat::Compat;

/// Missing fields are made.
const MAKE: bool = true;
/// Missing fields stay missing.
const KEEP: bool = false;

/// The field specs since 5.8.2.
static BUILT_IN: TransformerConfig =
    config(&labels::TEMPLATE_LABELS, &labels::CLAIM_TEMPLATE_LABELS, &fields::IMAGES);

/// The field specs before: claim templates are templates like others, and image volumes of CronJobs are not known.
static BEFORE_5_8_2: TransformerConfig =
    config(&labels::TEMPLATE_LABELS_BEFORE_5_8_2, &[], fields::IMAGES_BEFORE_5_8_2);

const fn config(
    template_labels: &'static [FieldSpec],
    claim_template_labels: &'static [FieldSpec],
    images: &'static [FieldSpec],
) -> TransformerConfig {
    TransformerConfig {
        name_prefix: List::Static(&fields::NAMES),
        name_suffix: List::Static(&fields::NAMES),
        namespace: List::Static(&fields::NAMESPACE),
        common_labels: List::Static(&labels::COMMON_LABELS),
        labels: List::Static(&[]),
        template_labels: List::Static(template_labels),
        volume_claim_template_labels: List::Static(claim_template_labels),
        common_annotations: List::Static(&fields::COMMON_ANNOTATIONS),
        name_reference: List::Static(&references::NAME_REFERENCE),
        var_reference: List::Static(&variables::VAR_REFERENCE),
        images: List::Static(images),
        replicas: List::Static(&fields::REPLICAS),
    }
}

impl TransformerConfig {
    /// The built-in field specs of a version. A clone of them copies nothing.
    pub(crate) fn built_in(compat: Compat) -> &'static Self {
        if compat >= Compat::V5_8_2 { &BUILT_IN } else { &BEFORE_5_8_2 }
    }
}

const fn gvk(group: &'static str, version: &'static str, kind: &'static str) -> Gvk {
    Gvk { group: Str::const_new(group), version: Str::const_new(version), kind: Str::const_new(kind) }
}

const fn spec(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
    create: bool,
) -> FieldSpec {
    FieldSpec { gvk: gvk(group, version, kind), path: Str::const_new(path), create }
}

const fn reference(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    referrers: &'static [FieldSpec],
) -> NameReference {
    NameReference { gvk: gvk(group, version, kind), referrers: List::Static(referrers) }
}
