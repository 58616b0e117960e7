//! The fields of a kustomization file, under kustomize's names.
//!
//! Texts and entries know their place in the file, so that errors, warnings and explanations can point at them.
//! Deprecated fields are here only where they act differently from what replaced them.

use crate::kube::{FieldSpec, Gvk};
use crate::yaml::{Doc, Mark, Marked, NodeId};

/// A text of a kustomization file and its place.
pub type Text = Marked<String>;

/// Pairs of texts in the order of the file.
pub type Pairs = Vec<(Text, Text)>;

/// Kustomization or Component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KustomizationKind {
    /// A directory of its own.
    #[default]
    Kustomization,
    /// A directory that works on what the directory that names it has so far.
    Component,
}

/// A kustomization file after the deprecated fields with an exact successor were moved there.
#[derive(Debug, Clone)]
pub struct Kustomization {
    /// The start of the file.
    pub mark: Mark,
    /// `kind`
    pub kind: KustomizationKind,
    /// `resources`, then `bases`
    pub resources: Vec<Text>,
    /// `components`
    pub components: Vec<Text>,
    /// `crds`
    pub crds: Vec<Text>,
    /// `namePrefix`, empty for none
    pub name_prefix: Option<Text>,
    /// `nameSuffix`
    pub name_suffix: Option<Text>,
    /// `namespace`
    pub namespace: Option<Text>,
    /// `commonLabels`
    pub common_labels: Pairs,
    /// `labels`
    pub labels: Vec<Label>,
    /// `commonAnnotations`
    pub common_annotations: Pairs,
    /// `patchesStrategicMerge`: a path or a text
    pub patches_strategic_merge: Vec<Text>,
    /// `patchesJson6902`
    pub patches_json6902: Vec<Patch>,
    /// `patches`
    pub patches: Vec<Patch>,
    /// `configMapGenerator`
    pub config_map_generator: Vec<GeneratorArgs>,
    /// `secretGenerator`
    pub secret_generator: Vec<GeneratorArgs>,
    /// `generatorOptions`
    pub generator_options: Option<GeneratorOptions>,
    /// `helmGlobals`
    pub helm_globals: Option<HelmGlobals>,
    /// `helmCharts`
    pub helm_charts: Vec<HelmChart>,
    /// `vars`
    pub vars: Vec<Var>,
    /// `images`, then `imageTags`
    pub images: Vec<Image>,
    /// `replacements`
    pub replacements: Vec<ReplacementField>,
    /// `replicas`
    pub replicas: Vec<Replica>,
    /// `configurations`
    pub configurations: Vec<Text>,
    /// `generators`
    pub generators: Vec<Text>,
    /// `transformers`
    pub transformers: Vec<Text>,
    /// `validators`
    pub validators: Vec<Text>,
    /// `openapi`
    pub openapi: OpenApi,
    /// `buildMetadata`
    pub build_metadata: Vec<Text>,
    /// `sortOptions`
    pub sort_options: Option<SortOptions>,
    /// Deprecated fields that the file has, in the order in which kustomize warns of them.
    pub deprecated: Vec<Marked<&'static str>>,
}

/// An entry of `labels`.
#[derive(Debug, Clone)]
pub struct Label {
    /// Where it stands.
    pub mark: Mark,
    /// `pairs`
    pub pairs: Pairs,
    /// `includeSelectors`
    pub include_selectors: bool,
    /// `includeTemplates`
    pub include_templates: bool,
    /// `includeVolumeClaimTemplates`, where it is written
    pub include_volume_claim_templates: Option<bool>,
    /// `fields`
    pub fields: Vec<FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Where the entry stands.
    pub mark: Mark,
    /// `path`
    pub path: Option<Text>,
    /// `patch`
    pub patch: Option<Text>,
    /// `target`
    pub target: Option<Selector>,
    /// `options.allowNameChange`
    pub allow_name_change: bool,
    /// `options.allowKindChange`
    pub allow_kind_change: bool,
}

/// Which objects are meant. Empty texts match anything; the others are patterns or exact, as the user of the
/// selector says.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Where it stands.
    pub mark: Option<Mark>,
    /// `group`, `version`, `kind`
    pub gvk: Gvk,
    /// `name`
    pub name: String,
    /// `namespace`
    pub namespace: String,
    /// `annotationSelector`
    pub annotation_selector: String,
    /// `labelSelector`
    pub label_selector: String,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone)]
pub struct GeneratorArgs {
    /// Where the entry stands.
    pub mark: Mark,
    /// `name`
    pub name: String,
    /// `namespace`
    pub namespace: String,
    /// `behavior` as written
    pub behavior: String,
    /// `literals`
    pub literals: Vec<Text>,
    /// `files`
    pub files: Vec<Text>,
    /// `envs`, then `env`
    pub envs: Vec<Text>,
    /// `options`
    pub options: Option<GeneratorOptions>,
    /// `type`, for secrets
    pub secret_type: String,
}

/// `generatorOptions`, or `options` of a generator.
#[derive(Debug, Clone, Default)]
pub struct GeneratorOptions {
    /// `labels`
    pub labels: Pairs,
    /// `annotations`
    pub annotations: Pairs,
    /// `disableNameSuffixHash`
    pub disable_name_suffix_hash: bool,
    /// `immutable`
    pub immutable: bool,
}

/// `helmGlobals`
#[derive(Debug, Clone, Default)]
pub struct HelmGlobals {
    /// `chartHome`
    pub chart_home: String,
    /// `configHome`
    pub config_home: String,
}

/// An entry of `helmCharts`.
#[derive(Debug, Clone)]
pub struct HelmChart {
    /// Where the entry stands.
    pub mark: Mark,
    /// `name`
    pub name: String,
    /// `version`
    pub version: String,
    /// `repo`
    pub repo: String,
    /// `releaseName`
    pub release_name: String,
    /// `namespace`
    pub namespace: String,
    /// `additionalValuesFiles`
    pub additional_values_files: Vec<Text>,
    /// `valuesFile`
    pub values_file: Option<Text>,
    /// `valuesInline`: a mapping in the kustomization file's document
    pub values_inline: Option<(std::sync::Arc<Doc>, NodeId)>,
    /// `valuesMerge`
    pub values_merge: String,
    /// `includeCRDs`
    pub include_crds: bool,
    /// `skipHooks`
    pub skip_hooks: bool,
    /// `skipTests`
    pub skip_tests: bool,
    /// `apiVersions`
    pub api_versions: Vec<String>,
    /// `kubeVersion`
    pub kube_version: String,
    /// `nameTemplate`
    pub name_template: String,
    /// `debug`
    pub debug: bool,
    /// `devel`
    pub devel: bool,
}

/// An entry of `vars`.
#[derive(Debug, Clone)]
pub struct Var {
    /// Where the entry stands.
    pub mark: Mark,
    /// `name`
    pub name: String,
    /// `objref`: type, name, namespace; exact
    pub objref: Selector,
    /// `fieldref.fieldPath`, `metadata.name` if absent
    pub field_path: String,
}

/// An entry of `images`.
#[derive(Debug, Clone)]
pub struct Image {
    /// Where the entry stands.
    pub mark: Mark,
    /// `name`
    pub name: String,
    /// `newName`
    pub new_name: String,
    /// `tagSuffix`
    pub tag_suffix: String,
    /// `newTag`
    pub new_tag: String,
    /// `digest`
    pub digest: String,
}

/// An entry of `replicas`.
#[derive(Debug, Clone)]
pub struct Replica {
    /// Where the entry stands.
    pub mark: Mark,
    /// `name`
    pub name: String,
    /// `count`
    pub count: i64,
}

/// An entry of `replacements`: inline or a file.
#[derive(Debug, Clone)]
pub struct ReplacementField {
    /// `path`
    pub path: Option<Text>,
    /// The fields of an inline one.
    pub replacement: Replacement,
}

/// A replacement.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// Where it stands.
    pub mark: Mark,
    /// `source`
    pub source: Option<SourceSelector>,
    /// `sourceValue`
    pub source_value: Option<Text>,
    /// `targets`
    pub targets: Vec<TargetSelector>,
}

/// `source` of a replacement.
#[derive(Debug, Clone)]
pub struct SourceSelector {
    /// The object: exact texts, no label or annotation selectors.
    pub selector: Selector,
    /// `fieldPath`, `metadata.name` if absent
    pub field_path: String,
    /// `options`
    pub options: Option<FieldOptions>,
}

/// An entry of `targets` of a replacement.
#[derive(Debug, Clone)]
pub struct TargetSelector {
    /// Where the entry stands.
    pub mark: Mark,
    /// `select`
    pub select: Option<Selector>,
    /// `reject`
    pub reject: Vec<Selector>,
    /// `fieldPaths`, `metadata.name` if absent or empty
    pub field_paths: Vec<Text>,
    /// `options`
    pub options: Option<FieldOptions>,
}

/// `options` of a replacement's source or target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldOptions {
    /// `delimiter`
    pub delimiter: String,
    /// `index`
    pub index: i64,
    /// `encoding`
    pub encoding: String,
    /// `create`
    pub create: bool,
}

/// `openapi`
#[derive(Debug, Clone, Default)]
pub struct OpenApi {
    /// `path`
    pub path: Option<Text>,
    /// `version`
    pub version: Option<Text>,
}

/// `sortOptions`
#[derive(Debug, Clone)]
pub struct SortOptions {
    /// Where it stands.
    pub mark: Mark,
    /// `order`: `legacy` or `fifo`, as written
    pub order: String,
    /// `legacySortOptions`: `orderFirst` and `orderLast`
    pub legacy: Option<(Vec<String>, Vec<String>)>,
}
