//! The built-in rows of all transformers, as static tables in the order that kustomize sorts them into.

mod fields;
mod labels;
mod references;
mod variables;

use super::{FieldSpec, Gvk, NameReference, Str, TransformerConfig};
use std::borrow::Cow;

/// Missing fields are made.
const MAKE: bool = true;
/// Missing fields stay missing.
const KEEP: bool = false;

static DEFAULT: TransformerConfig = TransformerConfig {
    name_prefix: Cow::Borrowed(&fields::NAMES),
    name_suffix: Cow::Borrowed(&fields::NAMES),
    namespace: Cow::Borrowed(&fields::NAMESPACE),
    common_labels: Cow::Borrowed(&labels::COMMON_LABELS),
    labels: Cow::Borrowed(&[]),
    template_labels: Cow::Borrowed(&labels::TEMPLATE_LABELS),
    common_annotations: Cow::Borrowed(&fields::COMMON_ANNOTATIONS),
    name_reference: Cow::Borrowed(&references::NAME_REFERENCE),
    var_reference: Cow::Borrowed(&variables::VAR_REFERENCE),
    images: Cow::Borrowed(&fields::IMAGES),
    replicas: Cow::Borrowed(&fields::REPLICAS),
};

impl TransformerConfig {
    /// The built-in rows. A clone of them copies nothing.
    pub fn default_config() -> &'static Self {
        &DEFAULT
    }
}

const fn gvk(group: &'static str, version: &'static str, kind: &'static str) -> Gvk {
    Gvk { group: Str::const_new(group), version: Str::const_new(version), kind: Str::const_new(kind) }
}

const fn row(
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
    NameReference { gvk: gvk(group, version, kind), referrers: Cow::Borrowed(referrers) }
}
