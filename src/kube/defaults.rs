//! The built-in field specs of all transformers, as static tables in the order that kustomize sorts them into.

mod fields;
mod labels;
mod references;
mod variables;

use super::{FieldSpec, Gvk, List, NameReference, Str, TransformerConfig};

/// Missing fields are made.
const MAKE: bool = true;
/// Missing fields stay missing.
const KEEP: bool = false;

static DEFAULT: TransformerConfig = TransformerConfig {
    name_prefix: List::Static(&fields::NAMES),
    name_suffix: List::Static(&fields::NAMES),
    namespace: List::Static(&fields::NAMESPACE),
    common_labels: List::Static(&labels::COMMON_LABELS),
    labels: List::Static(&[]),
    template_labels: List::Static(&labels::TEMPLATE_LABELS),
    common_annotations: List::Static(&fields::COMMON_ANNOTATIONS),
    name_reference: List::Static(&references::NAME_REFERENCE),
    var_reference: List::Static(&variables::VAR_REFERENCE),
    images: List::Static(&fields::IMAGES),
    replicas: List::Static(&fields::REPLICAS),
};

impl TransformerConfig {
    /// The built-in field specs. A clone of them copies nothing.
    pub fn default_config() -> &'static Self {
        &DEFAULT
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
