//! The parts of a kustomization file that other files have too: patches, selectors, generators, images and so on.
//!
//! Every function takes a decoder, which knows how strict to be, and the node of the entry. The same functions read
//! the configurations of builtin plugins.

use super::decode::{Decoder, Fields};
use super::types::{
    FieldOptions, GeneratorArgs, GeneratorOptions, HelmChart, HelmGlobals, Image, Label, Patch, Replacement,
    ReplacementField, Replica, Selector, SortOptions, SourceSelector, TargetSelector, Var,
};
use crate::compat::Compat;
use crate::diag::Result;
use crate::kube::{FieldSpec, Gvk, NameReference, TransformerConfig};
use crate::yaml::NodeId;

/// The field that replacements and variables mean unless they name one.
pub(crate) const DEFAULT_FIELD_PATH: &str = "metadata.name";

fn gvk(f: &Fields<'_>) -> Result<Gvk> {
    Ok(Gvk {
        group: f.string("group")?.into(),
        version: f.string("version")?.into(),
        kind: f.string("kind")?.into(),
    })
}

/// A field spec of a transformer's configuration.
pub(crate) fn field_spec(d: Decoder<'_>, node: NodeId) -> Result<FieldSpec> {
    let f = d.fields(node, "a field spec", &["group", "version", "kind", "path", "create"])?;
    Ok(FieldSpec { gvk: gvk(&f)?, path: f.string("path")?.into(), create: f.flag("create")? })
}

/// The fields of which the last one came with 5.8.2, as the version that is wanted knows them.
fn since_5_8_2<'k>(d: Decoder<'_>, known: &'k [&'static str]) -> &'k [&'static str] {
    match known {
        [before @ .., _] if d.rules.compat < Compat::V5_8_2 => before,
        known => known,
    }
}

/// An entry of `labels`.
pub(crate) fn label(d: Decoder<'_>, node: NodeId) -> Result<Label> {
    let known = ["pairs", "includeSelectors", "includeTemplates", "fields", "includeVolumeClaimTemplates"];
    let f = d.fields(node, "an entry of `labels`", since_5_8_2(d, &known))?;
    Ok(Label {
        mark: d.mark(node),
        pairs: f.pairs("pairs")?,
        include_selectors: f.flag("includeSelectors")?,
        include_templates: f.flag("includeTemplates")?,
        include_volume_claim_templates: f
            .get("includeVolumeClaimTemplates")
            .map(|_| f.flag("includeVolumeClaimTemplates"))
            .transpose()?,
        fields: f.list("fields", field_spec)?,
    })
}

/// A selector: `target` of a patch, `select` and `reject` of a replacement.
pub(crate) fn selector(d: Decoder<'_>, node: NodeId) -> Result<Selector> {
    let known = ["group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"];
    let f = d.fields(node, "a selector", &known)?;
    Ok(Selector {
        mark: Some(d.mark(node)),
        gvk: gvk(&f)?,
        name: f.string("name")?,
        namespace: f.string("namespace")?,
        annotation_selector: f.string("annotationSelector")?,
        label_selector: f.string("labelSelector")?,
    })
}

/// An entry of `patches` or `patchesJson6902`, or the configuration of a PatchTransformer.
pub(crate) fn patch(d: Decoder<'_>, node: NodeId) -> Result<Patch> {
    let f = d.fields(node, "a patch", &["path", "patch", "target", "options"])?;
    let options = f.sub("options", |d, n| {
        if d.rules.compat < Compat::V5_8_1 {
            return old_patch_options(d, n);
        }
        let f = d.fields(n, "`options` of a patch", &["allowNameChange", "allowKindChange"])?;
        Ok((f.flag("allowNameChange")?, f.flag("allowKindChange")?))
    })?;
    let (allow_name_change, allow_kind_change) = options.unwrap_or_default();
    Ok(Patch {
        mark: d.mark(node),
        path: f.filled("path")?,
        patch: f.filled("patch")?,
        target: f.sub("target", selector)?,
        allow_name_change,
        allow_kind_change,
    })
}

/// `options` of a patch as 5.7 reads them: any name with a boolean, and only the exact names count.
fn old_patch_options(d: Decoder<'_>, node: NodeId) -> Result<(bool, bool)> {
    let (mut name, mut kind) = (false, false);
    for (key, value) in d.doc.pairs(node) {
        let flag = d.flag(value, d.doc.text(key))?;
        match d.doc.text(key) {
            "allowNameChange" => name = flag,
            "allowKindChange" => kind = flag,
            _ => {}
        }
    }
    Ok((name, kind))
}

/// An entry of `configMapGenerator`, or the configuration of such a plugin.
pub(crate) fn config_map(d: Decoder<'_>, node: NodeId) -> Result<GeneratorArgs> {
    generator(d, node, "an entry of `configMapGenerator`", &GENERATOR)
}

/// An entry of `secretGenerator`, or the configuration of such a plugin.
pub(crate) fn secret(d: Decoder<'_>, node: NodeId) -> Result<GeneratorArgs> {
    generator(d, node, "an entry of `secretGenerator`", &SECRET_GENERATOR)
}

/// The fields of generators.
const GENERATOR: [&str; 8] = ["name", "namespace", "behavior", "literals", "files", "envs", "env", "options"];

/// The fields of generators of secrets.
const SECRET_GENERATOR: [&str; 9] =
    ["name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type"];

fn generator(d: Decoder<'_>, node: NodeId, what: &str, known: &[&'static str]) -> Result<GeneratorArgs> {
    let f = d.fields(node, what, known)?;
    let mut envs = f.texts("envs")?;
    // Kustomize moves `env` to `envs` in kustomization files alone: a generator's own file may have it, in vain.
    envs.extend(f.filled("env")?.filter(|_| d.rules.refuse_unknown));
    Ok(GeneratorArgs {
        mark: d.mark(node),
        name: f.string("name")?,
        namespace: f.string("namespace")?,
        behavior: f.string("behavior")?,
        literals: f.texts("literals")?,
        files: f.texts("files")?,
        envs,
        options: f.sub("options", generator_options)?,
        secret_type: f.string("type")?,
    })
}

/// `generatorOptions`, or `options` of a generator.
pub(crate) fn generator_options(d: Decoder<'_>, node: NodeId) -> Result<GeneratorOptions> {
    let known = ["labels", "annotations", "disableNameSuffixHash", "immutable"];
    let f = d.fields(node, "the options of a generator", &known)?;
    Ok(GeneratorOptions {
        labels: f.pairs("labels")?,
        annotations: f.pairs("annotations")?,
        disable_name_suffix_hash: f.flag("disableNameSuffixHash")?,
        immutable: f.flag("immutable")?,
    })
}

/// An entry of `images`.
pub(crate) fn image(d: Decoder<'_>, node: NodeId) -> Result<Image> {
    let known = ["name", "newName", "tagSuffix", "newTag", "digest"];
    let f = d.fields(node, "an entry of `images`", &known)?;
    Ok(Image {
        mark: d.mark(node),
        name: f.string("name")?,
        new_name: f.string("newName")?,
        tag_suffix: f.string("tagSuffix")?,
        new_tag: f.string("newTag")?,
        digest: f.string("digest")?,
    })
}

/// An entry of `replicas`.
pub(crate) fn replica(d: Decoder<'_>, node: NodeId) -> Result<Replica> {
    let f = d.fields(node, "an entry of `replicas`", &["name", "count"])?;
    Ok(Replica { mark: d.mark(node), name: f.string("name")?, count: f.int("count")? })
}

/// An entry of `vars`.
pub(crate) fn var(d: Decoder<'_>, node: NodeId) -> Result<Var> {
    let f = d.fields(node, "an entry of `vars`", &["name", "objref", "fieldref"])?;
    let objref = f.embedded("objref", |d, n| {
        let known = ["apiVersion", "group", "version", "kind", "name", "namespace"];
        let f = d.fields(n, "`objref`", &known)?;
        let mut gvk = gvk(&f)?;
        let api_version = f.string("apiVersion")?;
        match api_version.split('/').collect::<Vec<_>>()[..] {
            [version] if !version.is_empty() => gvk.version = version.into(),
            [group, version] => (gvk.group, gvk.version) = (group.into(), version.into()),
            _ => {}
        }
        let (name, namespace) = (f.string("name")?, f.string("namespace")?);
        Ok(Selector { mark: Some(d.mark(n)), gvk, name, namespace, ..Selector::default() })
    })?;
    let field =
        f.embedded("fieldref", |d, n| d.fields(n, "`fieldref`", &["fieldPath"])?.string("fieldPath"))?;
    Ok(Var {
        mark: d.mark(node),
        name: f.string("name")?,
        objref: objref.unwrap_or_default(),
        field_path: field_path(field.unwrap_or_default()),
    })
}

fn field_path(given: String) -> String {
    if given.is_empty() { DEFAULT_FIELD_PATH.into() } else { given }
}

/// The fields of a replacement.
const REPLACEMENT: [&str; 4] = ["source", "targets", "sourceValue", "path"];

/// A replacement of a file that `replacements` names.
pub(crate) fn replacement(d: Decoder<'_>, node: NodeId) -> Result<Replacement> {
    let f = d.fields(node, "a replacement", &REPLACEMENT[..3])?;
    replacement_of(d, node, &f)
}

/// An entry of `replacements`.
pub(crate) fn replacement_field(d: Decoder<'_>, node: NodeId) -> Result<ReplacementField> {
    let f = d.fields(node, "an entry of `replacements`", &REPLACEMENT)?;
    let replacement = replacement_of(d, node, &f)?;
    Ok(ReplacementField { path: f.filled("path")?, replacement })
}

fn replacement_of(d: Decoder<'_>, node: NodeId, f: &Fields<'_>) -> Result<Replacement> {
    Ok(Replacement {
        mark: d.mark(node),
        source: f.sub("source", source_selector)?,
        source_value: f.text("sourceValue")?,
        targets: f.list("targets", target_selector)?,
    })
}

fn source_selector(d: Decoder<'_>, node: NodeId) -> Result<SourceSelector> {
    let known = ["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
    let f = d.fields(node, "`source` of a replacement", &known)?;
    let (name, namespace) = (f.string("name")?, f.string("namespace")?);
    Ok(SourceSelector {
        selector: Selector {
            mark: Some(d.mark(node)),
            gvk: gvk(&f)?,
            name,
            namespace,
            ..Selector::default()
        },
        field_path: field_path(f.string("fieldPath")?),
        options: f.sub("options", field_options)?,
    })
}

fn target_selector(d: Decoder<'_>, node: NodeId) -> Result<TargetSelector> {
    let known = ["select", "reject", "fieldPaths", "options"];
    let f = d.fields(node, "an entry of `targets`", &known)?;
    let mut field_paths = f.texts("fieldPaths")?;
    if field_paths.is_empty() {
        field_paths.push(d.marked(node, DEFAULT_FIELD_PATH));
    }
    Ok(TargetSelector {
        mark: d.mark(node),
        select: f.sub("select", selector)?,
        reject: f.list("reject", selector)?,
        field_paths,
        options: f.sub("options", field_options)?,
    })
}

fn field_options(d: Decoder<'_>, node: NodeId) -> Result<FieldOptions> {
    let known = ["delimiter", "index", "encoding", "create"];
    let f = d.fields(node, "`options` of a replacement", &known)?;
    Ok(FieldOptions {
        delimiter: f.string("delimiter")?,
        index: f.int("index")?,
        encoding: f.string("encoding")?,
        create: f.flag("create")?,
    })
}

/// `helmGlobals`
pub(crate) fn helm_globals(d: Decoder<'_>, node: NodeId) -> Result<HelmGlobals> {
    let f = d.fields(node, "`helmGlobals`", &["chartHome", "configHome"])?;
    Ok(HelmGlobals { chart_home: f.string("chartHome")?, config_home: f.string("configHome")? })
}

/// An entry of `helmCharts`.
pub(crate) fn helm_chart(d: Decoder<'_>, node: NodeId) -> Result<HelmChart> {
    let known = [
        "name",
        "version",
        "repo",
        "releaseName",
        "namespace",
        "additionalValuesFiles",
        "valuesFile",
        "valuesInline",
        "valuesMerge",
        "includeCRDs",
        "skipHooks",
        "skipTests",
        "apiVersions",
        "kubeVersion",
        "nameTemplate",
        "debug",
        "devel",
    ];
    let f = d.fields(node, "an entry of `helmCharts`", &known)?;
    Ok(HelmChart {
        mark: d.mark(node),
        name: f.string("name")?,
        version: f.string("version")?,
        repo: f.string("repo")?,
        release_name: f.string("releaseName")?,
        namespace: f.string("namespace")?,
        additional_values_files: f.texts("additionalValuesFiles")?,
        values_file: f.filled("valuesFile")?,
        values_inline: f.mapping("valuesInline")?,
        values_merge: f.string("valuesMerge")?,
        include_crds: f.flag("includeCRDs")?,
        skip_hooks: f.flag("skipHooks")?,
        skip_tests: f.flag("skipTests")?,
        api_versions: f.strings("apiVersions")?,
        kube_version: f.string("kubeVersion")?,
        name_template: f.string("nameTemplate")?,
        debug: f.flag("debug")?,
        devel: f.flag("devel")?,
    })
}

/// An entry of `helmChartInflationGenerator`, as what took its place, and the homes that it sets.
pub(crate) fn old_helm_chart(d: Decoder<'_>, node: NodeId) -> Result<(HelmChart, HelmGlobals)> {
    let known = [
        "chartName",
        "chartVersion",
        "chartRepoUrl",
        "chartHome",
        "chartRepoName",
        "helmBin",
        "helmHome",
        "values",
        "valuesLocal",
        "valuesMerge",
        "releaseName",
        "releaseNamespace",
        "extraArgs",
    ];
    let f = d.fields(node, "an entry of `helmChartInflationGenerator`", &known)?;
    for ignored in ["chartRepoName", "helmBin", "releaseNamespace"] {
        f.text(ignored)?;
    }
    f.texts("extraArgs")?;
    let chart = HelmChart {
        name: f.string("chartName")?,
        version: f.string("chartVersion")?,
        repo: f.string("chartRepoUrl")?,
        release_name: f.string("releaseName")?,
        values_file: f.filled("values")?,
        values_inline: f.mapping("valuesLocal")?,
        values_merge: f.string("valuesMerge")?,
        ..HelmChart::new(d.mark(node))
    };
    Ok((chart, HelmGlobals { chart_home: f.string("chartHome")?, config_home: f.string("helmHome")? }))
}

/// `sortOptions`
pub(crate) fn sort_options(d: Decoder<'_>, node: NodeId) -> Result<SortOptions> {
    let f = d.fields(node, "`sortOptions`", &["order", "legacySortOptions"])?;
    let legacy = f.sub("legacySortOptions", |d, n| {
        let f = d.fields(n, "`legacySortOptions`", &["orderFirst", "orderLast"])?;
        Ok((f.strings("orderFirst")?, f.strings("orderLast")?))
    })?;
    Ok(SortOptions { mark: d.mark(node), order: f.string("order")?, legacy })
}

/// A kind that is referred to by name, of a file that `configurations` names.
pub(crate) fn name_reference(d: Decoder<'_>, node: NodeId) -> Result<NameReference> {
    let f = d.fields(node, "an entry of `nameReference`", &["group", "version", "kind", "fieldSpecs"])?;
    Ok(NameReference { gvk: gvk(&f)?, referrers: f.list("fieldSpecs", field_spec)?.into() })
}

/// A file that `configurations` names.
pub(crate) fn transformer_config(d: Decoder<'_>, node: NodeId) -> Result<TransformerConfig> {
    let known = [
        "namePrefix",
        "nameSuffix",
        "namespace",
        "commonLabels",
        "labels",
        "templateLabels",
        "commonAnnotations",
        "nameReference",
        "varReference",
        "images",
        "replicas",
        "volumeClaimTemplateLabels",
    ];
    let f = d.fields(node, "a transformer configuration", since_5_8_2(d, &known))?;
    Ok(TransformerConfig {
        name_prefix: f.list("namePrefix", field_spec)?.into(),
        name_suffix: f.list("nameSuffix", field_spec)?.into(),
        namespace: f.list("namespace", field_spec)?.into(),
        common_labels: f.list("commonLabels", field_spec)?.into(),
        labels: f.list("labels", field_spec)?.into(),
        template_labels: f.list("templateLabels", field_spec)?.into(),
        volume_claim_template_labels: f.list("volumeClaimTemplateLabels", field_spec)?.into(),
        common_annotations: f.list("commonAnnotations", field_spec)?.into(),
        name_reference: f.list("nameReference", name_reference)?.into(),
        var_reference: f.list("varReference", field_spec)?.into(),
        images: f.list("images", field_spec)?.into(),
        replicas: f.list("replicas", field_spec)?.into(),
    })
}
