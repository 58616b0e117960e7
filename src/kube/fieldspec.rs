//! Field specs: in which types a transformer looks at which fields.

use super::{Gvk, Str};

/// A row of a transformer's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSpec {
    /// The types meant; empty parts match anything.
    pub gvk: Gvk,
    /// The field: names divided by `/`, `\/` for a slash in a name, `[]` behind the name of a list.
    pub path: Str,
    /// Whether missing fields on the way are made.
    pub create: bool,
}

/// A kind that is referred to by name, and where those names stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameReference {
    /// The type referred to; empty parts match anything.
    pub gvk: Gvk,
    /// The fields that refer.
    pub referrers: Vec<FieldSpec>,
}

/// All rows that steer the transformers of a layer: the defaults merged with `configurations` and `crds`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransformerConfig {
    /// For `namePrefix`.
    pub name_prefix: Vec<FieldSpec>,
    /// For `nameSuffix`.
    pub name_suffix: Vec<FieldSpec>,
    /// For `namespace`.
    pub namespace: Vec<FieldSpec>,
    /// For `commonLabels` and `labels` with `includeSelectors`.
    pub common_labels: Vec<FieldSpec>,
    /// For `labels` of every sort.
    pub labels: Vec<FieldSpec>,
    /// For `labels` with `includeTemplates`.
    pub template_labels: Vec<FieldSpec>,
    /// For `commonAnnotations`.
    pub common_annotations: Vec<FieldSpec>,
    /// Where names of other objects stand.
    pub name_reference: Vec<NameReference>,
    /// Where variables are replaced.
    pub var_reference: Vec<FieldSpec>,
    /// For `images`.
    pub images: Vec<FieldSpec>,
    /// For `replicas`.
    pub replicas: Vec<FieldSpec>,
}
