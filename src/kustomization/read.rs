//! Reads a kustomization file.
//!
//! The document comes from the reader of YAML 1.1; what is wrong with it is said with its place. Errors are those of
//! kustomize, but the first one in the order of the fields is reported, not the first in alphabetical order.

use super::decode::{Decoder, Fields, Rules};
use super::entries;
use super::fix;
use super::schema::NAMES;
use super::types::{Kustomization, OpenApi, Replacement};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::kube::TransformerConfig;
use crate::yaml::{Doc, Mark, Marked, NodeId, NodeKind, Source};
use std::sync::Arc;

/// Fields that say nothing of what to build.
const TYPE_META: [&str; 2] = ["apiVersion", "kind"];

/// Fields whose empty lists leave nothing after.
const MOVED: [&str; 3] = ["bases", "imageTags", "helmChartInflationGenerator"];

/// Decodes a kustomization file. `doc` is its first document, read by YAML 1.1; `None` if it has none.
pub(crate) fn read(doc: Option<&Arc<Doc>>, source: &Arc<Source>, compat: Compat) -> Result<Kustomization> {
    let Some(doc) = doc else { return Err(empty(source)) };
    let d = Decoder::new(doc, Rules { compat, ..Rules::KUSTOMIZATION })?;
    let f = d.fields(doc.root(), "a kustomization file", &NAMES)?;
    let kustomization = typed(d, &f)?;
    if !NAMES.iter().any(|name| !TYPE_META.contains(name) && f.get(name).is_some_and(|n| counts(d, name, n)))
    {
        return Err(empty(source));
    }
    let (kind, api_version) = (f.filled("kind")?, f.filled("apiVersion")?);
    Ok(Kustomization { kind: fix::kind(kind.as_ref(), api_version.as_ref())?, ..kustomization })
}

/// Decodes a kustomization file that may be empty or of another kind and version, as the commands that edit it take
/// it.
pub(crate) fn decode(doc: &Arc<Doc>, compat: Compat) -> Result<Kustomization> {
    let d = Decoder::new(doc, Rules { compat, ..Rules::KUSTOMIZATION })?;
    typed(d, &d.fields(doc.root(), "a kustomization file", &NAMES)?)
}

fn typed(d: Decoder<'_>, f: &Fields<'_>) -> Result<Kustomization> {
    f.filled("kind")?;
    f.filled("apiVersion")?;
    f.sub("metadata", |d, n| {
        let f = d.fields(n, "`metadata`", &["name", "namespace", "labels", "annotations"])?;
        f.text("name")?;
        f.text("namespace")?;
        f.pairs("labels")?;
        f.pairs("annotations")
    })?;

    // What no plugin is configured with stays as it is written.
    let paths = f.not_marshalled();
    let mut resources = paths.texts("resources")?;
    resources.extend(paths.texts("bases")?);
    let mut images = f.list("images", entries::image)?;
    images.extend(f.list("imageTags", entries::image)?);
    let mut helm_charts = f.list("helmCharts", entries::helm_chart)?;
    let (old_charts, old_globals) =
        fix::split_helm(f.list("helmChartInflationGenerator", entries::old_helm_chart)?);
    helm_charts.extend(old_charts);

    Ok(Kustomization {
        mark: d.mark(d.doc.root()),
        kind: super::types::KustomizationKind::default(),
        resources,
        components: paths.texts("components")?,
        crds: paths.texts("crds")?,
        name_prefix: f.filled("namePrefix")?,
        name_suffix: f.filled("nameSuffix")?,
        namespace: f.filled("namespace")?,
        common_labels: f.pairs("commonLabels")?,
        labels: f.list("labels", entries::label)?,
        common_annotations: f.pairs("commonAnnotations")?,
        patches_strategic_merge: f.texts("patchesStrategicMerge")?,
        patches_json6902: f.list("patchesJson6902", entries::patch)?,
        patches: f.list("patches", entries::patch)?,
        config_map_generator: f.list("configMapGenerator", entries::config_map)?,
        secret_generator: f.list("secretGenerator", entries::secret)?,
        generator_options: f.sub("generatorOptions", entries::generator_options)?,
        helm_globals: f.sub("helmGlobals", entries::helm_globals)?.or(old_globals),
        helm_charts,
        vars: paths.list("vars", entries::var)?,
        images,
        replacements: f.list("replacements", entries::replacement_field)?,
        replicas: f.list("replicas", entries::replica)?,
        configurations: paths.texts("configurations")?,
        generators: paths.texts("generators")?,
        transformers: paths.texts("transformers")?,
        validators: paths.texts("validators")?,
        openapi: openapi(&paths)?,
        build_metadata: paths.texts("buildMetadata")?,
        sort_options: f.sub("sortOptions", entries::sort_options)?,
        deprecated: fix::DEPRECATED
            .iter()
            .filter_map(|(name, _)| Some(Marked { value: *name, mark: d.mark(f.key(name)?) }))
            .collect(),
    })
}

/// Returns whether a field's value makes the file one that is not empty. Empty lists and mappings do, empty texts do not.
fn counts(d: Decoder<'_>, name: &str, node: NodeId) -> bool {
    match d.doc.kind(node) {
        NodeKind::Scalar => !d.doc.text(node).is_empty(),
        _ => !(MOVED.contains(&name) && d.doc.children(node).is_empty()),
    }
}

fn empty(source: &Source) -> Error {
    let name = source.path.rsplit('/').next().unwrap_or_default();
    Error::new(ErrorKind::Config, format!("{name} is empty"))
        .at(Location::file(source.path.clone()))
        .hint("name what to build under `resources`")
}

/// `openapi`: a map of texts in which two keys mean something.
fn openapi(f: &Fields<'_>) -> Result<OpenApi> {
    let mut found = OpenApi::default();
    for (key, value) in f.pairs("openapi")? {
        match key.value.as_str() {
            "path" => found.path = Some(value),
            "version" => found.version = Some(value),
            _ => {}
        }
    }
    Ok(found)
}

/// Decodes a file that an entry of `replacements` names: one replacement or a list of them.
pub(crate) fn read_replacements_file(doc: &Arc<Doc>) -> Result<Vec<Replacement>> {
    let d = Decoder::new(doc, Rules::REPLACEMENTS)?;
    let root = doc.root();
    match doc.kind(root) {
        NodeKind::Map => Ok(vec![entries::replacement(d, root)?]),
        NodeKind::Seq => d.list(root, "replacements", entries::replacement),
        _ => {
            let at = Mark { source: doc.source().clone(), offset: 0 }.location();
            Err(Error::new(ErrorKind::Config, "a replacement file must hold a replacement or a list of them")
                .at(at))
        }
    }
}

/// Reads a file that `configurations` names, from its document read by YAML 1.1.
pub(crate) fn read_configuration(doc: &Arc<Doc>, compat: Compat) -> Result<TransformerConfig> {
    let d = Decoder::new(doc, Rules { compat, ..Rules::CONFIGURATION })?;
    entries::transformer_config(d, doc.root())
}
