//! The fields of a kustomization file, under kustomize's names.
//!
//! Texts and entries know their place in the file, so that errors, warnings and explanations can point at them.
//! Deprecated fields are here only where they act differently from what replaced them.

use crate::kube::{FieldSpec, Gvk};
use crate::yaml::{Doc, Mark, Marked, NodeId};

/// A text of a kustomization file and its place.
pub(crate) type Text = Marked<String>;

/// Pairs of texts in the order of the file.
pub(crate) type Pairs = Vec<(Text, Text)>;

/// Kustomization or Component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum KustomizationKind {
    /// A directory of its own.
    #[default]
    Kustomization,
    /// A directory that works on what the directory that names it has so far.
    Component,
}

/// A kustomization file after the deprecated fields with an exact successor were moved there.
#[derive(Debug, Clone)]
pub(crate) struct Kustomization {
    /// The start of the file.
    pub(crate) mark: Mark,
    /// `kind`
    pub(crate) kind: KustomizationKind,
    /// `resources`, then `bases`
    pub(crate) resources: Vec<Text>,
    /// `components`
    pub(crate) components: Vec<Text>,
    /// `crds`
    pub(crate) crds: Vec<Text>,
    /// `namePrefix`, empty for none
    pub(crate) name_prefix: Option<Text>,
    /// `nameSuffix`
    pub(crate) name_suffix: Option<Text>,
    /// `namespace`
    pub(crate) namespace: Option<Text>,
    /// `commonLabels`
    pub(crate) common_labels: Pairs,
    /// `labels`
    pub(crate) labels: Vec<Label>,
    /// `commonAnnotations`
    pub(crate) common_annotations: Pairs,
    /// `patchesStrategicMerge`: a path or a text
    pub(crate) patches_strategic_merge: Vec<Text>,
    /// `patchesJson6902`
    pub(crate) patches_json6902: Vec<Patch>,
    /// `patches`
    pub(crate) patches: Vec<Patch>,
    /// `configMapGenerator`
    pub(crate) config_map_generator: Vec<GeneratorArgs>,
    /// `secretGenerator`
    pub(crate) secret_generator: Vec<GeneratorArgs>,
    /// `generatorOptions`
    pub(crate) generator_options: Option<GeneratorOptions>,
    /// `helmGlobals`
    pub(crate) helm_globals: Option<HelmGlobals>,
    /// `helmCharts`
    pub(crate) helm_charts: Vec<HelmChart>,
    /// `vars`
    pub(crate) vars: Vec<Var>,
    /// `images`, then `imageTags`
    pub(crate) images: Vec<Image>,
    /// `replacements`
    pub(crate) replacements: Vec<ReplacementField>,
    /// `replicas`
    pub(crate) replicas: Vec<Replica>,
    /// `configurations`
    pub(crate) configurations: Vec<Text>,
    /// `generators`
    pub(crate) generators: Vec<Text>,
    /// `transformers`
    pub(crate) transformers: Vec<Text>,
    /// `validators`
    pub(crate) validators: Vec<Text>,
    /// `openapi`
    pub(crate) openapi: OpenApi,
    /// `buildMetadata`
    pub(crate) build_metadata: Vec<Text>,
    /// `sortOptions`
    pub(crate) sort_options: Option<SortOptions>,
    /// Deprecated fields that the file has, in the order in which kustomize warns of them.
    pub(crate) deprecated: Vec<Marked<&'static str>>,
}

/// An entry of `labels`.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    /// Where it stands.
    pub(crate) mark: Mark,
    /// `pairs`
    pub(crate) pairs: Pairs,
    /// `includeSelectors`
    pub(crate) include_selectors: bool,
    /// `includeTemplates`
    pub(crate) include_templates: bool,
    /// `includeVolumeClaimTemplates`, where it is written
    pub(crate) include_volume_claim_templates: Option<bool>,
    /// `fields`
    pub(crate) fields: Vec<FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `path`
    pub(crate) path: Option<Text>,
    /// `patch`
    pub(crate) patch: Option<Text>,
    /// `target`
    pub(crate) target: Option<Selector>,
    /// `options.allowNameChange`
    pub(crate) allow_name_change: bool,
    /// `options.allowKindChange`
    pub(crate) allow_kind_change: bool,
}

/// Which objects are meant. Empty texts match anything; the others are patterns or exact, as the user of the
/// selector says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    /// Where it stands.
    pub(crate) mark: Option<Mark>,
    /// `group`, `version`, `kind`
    pub(crate) gvk: Gvk,
    /// `name`
    pub(crate) name: String,
    /// `namespace`
    pub(crate) namespace: String,
    /// `annotationSelector`
    pub(crate) annotation_selector: String,
    /// `labelSelector`
    pub(crate) label_selector: String,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone)]
pub(crate) struct GeneratorArgs {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `name`
    pub(crate) name: String,
    /// `namespace`
    pub(crate) namespace: String,
    /// `behavior` as written
    pub(crate) behavior: String,
    /// `literals`
    pub(crate) literals: Vec<Text>,
    /// `files`
    pub(crate) files: Vec<Text>,
    /// `envs`, then `env`
    pub(crate) envs: Vec<Text>,
    /// `options`
    pub(crate) options: Option<GeneratorOptions>,
    /// `type`, for secrets
    pub(crate) secret_type: String,
}

/// `generatorOptions`, or `options` of a generator.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorOptions {
    /// `labels`
    pub(crate) labels: Pairs,
    /// `annotations`
    pub(crate) annotations: Pairs,
    /// `disableNameSuffixHash`
    pub(crate) disable_name_suffix_hash: bool,
    /// `immutable`
    pub(crate) immutable: bool,
}

/// `helmGlobals`
#[derive(Debug, Clone, Default)]
pub(crate) struct HelmGlobals {
    /// `chartHome`
    pub(crate) chart_home: String,
    /// `configHome`
    pub(crate) config_home: String,
}

/// An entry of `helmCharts`.
#[derive(Debug, Clone)]
pub(crate) struct HelmChart {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `name`
    pub(crate) name: String,
    /// `version`
    pub(crate) version: String,
    /// `repo`
    pub(crate) repo: String,
    /// `releaseName`
    pub(crate) release_name: String,
    /// `namespace`
    pub(crate) namespace: String,
    /// `additionalValuesFiles`
    pub(crate) additional_values_files: Vec<Text>,
    /// `valuesFile`
    pub(crate) values_file: Option<Text>,
    /// `valuesInline`: a mapping in the kustomization file's document
    pub(crate) values_inline: Option<(std::sync::Arc<Doc>, NodeId)>,
    /// `valuesMerge`
    pub(crate) values_merge: String,
    /// `includeCRDs`
    pub(crate) include_crds: bool,
    /// `skipHooks`
    pub(crate) skip_hooks: bool,
    /// `skipTests`
    pub(crate) skip_tests: bool,
    /// `apiVersions`
    pub(crate) api_versions: Vec<String>,
    /// `kubeVersion`
    pub(crate) kube_version: String,
    /// `nameTemplate`
    pub(crate) name_template: String,
    /// `debug`
    pub(crate) debug: bool,
    /// `devel`
    pub(crate) devel: bool,
}

impl HelmChart {
    /// An entry that says nothing.
    pub(crate) fn new(mark: Mark) -> Self {
        Self {
            mark,
            name: String::new(),
            version: String::new(),
            repo: String::new(),
            release_name: String::new(),
            namespace: String::new(),
            additional_values_files: vec![],
            values_file: None,
            values_inline: None,
            values_merge: String::new(),
            include_crds: false,
            skip_hooks: false,
            skip_tests: false,
            api_versions: vec![],
            kube_version: String::new(),
            name_template: String::new(),
            debug: false,
            devel: false,
        }
    }
}

/// An entry of `vars`.
#[derive(Debug, Clone)]
pub(crate) struct Var {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `name`
    pub(crate) name: String,
    /// `objref`: type, name, namespace; exact
    pub(crate) objref: Selector,
    /// `fieldref.fieldPath`, `metadata.name` if absent
    pub(crate) field_path: String,
}

/// An entry of `images`.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `name`
    pub(crate) name: String,
    /// `newName`
    pub(crate) new_name: String,
    /// `tagSuffix`
    pub(crate) tag_suffix: String,
    /// `newTag`
    pub(crate) new_tag: String,
    /// `digest`
    pub(crate) digest: String,
}

/// An entry of `replicas`.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `name`
    pub(crate) name: String,
    /// `count`
    pub(crate) count: i64,
}

/// An entry of `replacements`: inline or a file.
#[derive(Debug, Clone)]
pub(crate) struct ReplacementField {
    /// `path`
    pub(crate) path: Option<Text>,
    /// The fields of an inline one.
    pub(crate) replacement: Replacement,
}

/// A replacement.
#[derive(Debug, Clone)]
pub(crate) struct Replacement {
    /// Where it stands.
    pub(crate) mark: Mark,
    /// `source`
    pub(crate) source: Option<SourceSelector>,
    /// `sourceValue`
    pub(crate) source_value: Option<Text>,
    /// `targets`
    pub(crate) targets: Vec<TargetSelector>,
}

/// `source` of a replacement.
#[derive(Debug, Clone)]
pub(crate) struct SourceSelector {
    /// The object: exact texts, no label or annotation selectors.
    pub(crate) selector: Selector,
    /// `fieldPath`, `metadata.name` if absent
    pub(crate) field_path: String,
    /// `options`
    pub(crate) options: Option<FieldOptions>,
}

/// An entry of `targets` of a replacement.
#[derive(Debug, Clone)]
pub(crate) struct TargetSelector {
    /// Where the entry stands.
    pub(crate) mark: Mark,
    /// `select`
    pub(crate) select: Option<Selector>,
    /// `reject`
    pub(crate) reject: Vec<Selector>,
    /// `fieldPaths`, `metadata.name` if absent or empty
    pub(crate) field_paths: Vec<Text>,
    /// `options`
    pub(crate) options: Option<FieldOptions>,
}

/// `options` of a replacement's source or target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldOptions {
    /// `delimiter`
    pub(crate) delimiter: String,
    /// `index`
    pub(crate) index: i64,
    /// `encoding`
    pub(crate) encoding: String,
    /// `create`
    pub(crate) create: bool,
}

/// `openapi`
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenApi {
    /// `path`
    pub(crate) path: Option<Text>,
    /// `version`
    pub(crate) version: Option<Text>,
}

/// `sortOptions`
#[derive(Debug, Clone)]
pub(crate) struct SortOptions {
    /// Where it stands.
    pub(crate) mark: Mark,
    /// `order`: `legacy` or `fifo`, as written
    pub(crate) order: String,
    /// `legacySortOptions`: `orderFirst` and `orderLast`
    pub(crate) legacy: Option<(Vec<String>, Vec<String>)>,
}
