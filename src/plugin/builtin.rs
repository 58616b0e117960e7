//! The configurations of builtin plugins: resources of `apiVersion: builtin` in `generators`, `transformers` and
//! `validators`.
//!
//! They are read leniently: fields that a kind does not know are ignored, numbers and booleans become texts where a
//! text is due. They bring their own field specs; the default ones are not added.

use crate::diag::{Error, ErrorKind, Result, nearest};
use crate::kube::FieldSpec;
use crate::kustomization::decode::{Decoder, Fields, Rules};
use crate::kustomization::{
    GeneratorArgs, HelmChart, HelmGlobals, Image, Pairs, Patch, ReplacementField, Replica, Selector, Text,
    entries,
};
use crate::resource::{Resource, read};
use crate::yaml::{Doc, NodeId, Source, print};
use std::sync::Arc;

/// The `apiVersion` of builtin plugins.
pub(crate) const API_VERSION: &str = "builtin";

/// A builtin plugin and what it is to do.
#[derive(Debug, Clone)]
pub(crate) enum Builtin {
    /// ConfigMapGenerator
    ConfigMap(GeneratorArgs),
    /// SecretGenerator
    Secret(GeneratorArgs),
    /// HelmChartInflationGenerator
    Helm(Box<HelmChart>, HelmGlobals),
    /// IAMPolicyGenerator: the object it makes
    IamPolicy(Box<Resource>),
    /// AnnotationsTransformer
    Annotations(Pairs, Vec<FieldSpec>),
    /// LabelTransformer
    Labels(Pairs, Vec<FieldSpec>),
    /// NamespaceTransformer
    Namespace(Namespace),
    /// PrefixTransformer
    Prefix(Text, Vec<FieldSpec>),
    /// SuffixTransformer
    Suffix(Text, Vec<FieldSpec>),
    /// PrefixSuffixTransformer: first the prefix, then the suffix
    PrefixSuffix(Text, Text, Vec<FieldSpec>),
    /// ImageTagTransformer
    Image(Image, Vec<FieldSpec>),
    /// ReplicaCountTransformer
    Replica(Replica, Vec<FieldSpec>),
    /// PatchTransformer
    Patch(Patch),
    /// PatchStrategicMergeTransformer: first `paths`, each a path or a text, then `patches`, one text of any number
    PatchStrategicMerge(Vec<Text>, Option<Text>),
    /// PatchJson6902Transformer; `jsonOp` is the patch
    PatchJson6902(Patch),
    /// ReplacementTransformer
    Replacement(Vec<ReplacementField>),
    /// ValueAddTransformer
    ValueAdd(ValueAdd),
    /// HashTransformer
    Hash,
}

/// NamespaceTransformer
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    /// `metadata.namespace`; nothing happens where it is empty.
    pub(crate) namespace: Text,
    /// `fieldSpecs`
    pub(crate) field_specs: Vec<FieldSpec>,
    /// `unsetOnly`
    pub(crate) unset_only: bool,
    /// `setRoleBindingSubjects` as written
    pub(crate) subjects: Text,
}

/// ValueAddTransformer
#[derive(Debug, Clone)]
pub(crate) struct ValueAdd {
    /// `value` without spaces around it; the name of the layer's directory where it is empty.
    pub(crate) value: Text,
    /// `targets`
    pub(crate) targets: Vec<ValueAddTarget>,
    /// `targetFilePath`: a file with more targets, see [`value_add_targets`]. Without it there are targets.
    pub(crate) target_file: Option<Text>,
}

/// An entry of `targets` of a ValueAddTransformer.
#[derive(Debug, Clone)]
pub(crate) struct ValueAddTarget {
    /// `selector`; all objects without one.
    pub(crate) selector: Option<Selector>,
    /// `fieldPath`, not empty
    pub(crate) field_path: Text,
    /// `filePathPosition`
    pub(crate) file_path_position: usize,
}

impl Builtin {
    /// Returns whether it belongs into `generators`; the others are transformers.
    pub(crate) fn is_generator(&self) -> bool {
        matches!(self, Self::ConfigMap(_) | Self::Secret(_) | Self::Helm(..) | Self::IamPolicy(_))
    }
}

/// Returns whether a configuration is one of a builtin plugin.
pub(crate) fn is_builtin(config: &Resource) -> bool {
    config.gvk().group.is_empty() && config.gvk().version == API_VERSION
}

type Read = fn(&Config<'_>) -> Result<Builtin>;

/// The kinds and how their configurations are read.
const KINDS: [(&str, Read); 18] = [
    ("ConfigMapGenerator", |c| generator(c, entries::config_map).map(Builtin::ConfigMap)),
    ("SecretGenerator", |c| generator(c, entries::secret).map(Builtin::Secret)),
    ("HelmChartInflationGenerator", |c| {
        let (chart, globals) = (entries::helm_chart(c.d, c.root)?, entries::helm_globals(c.d, c.root)?);
        Ok(Builtin::Helm(Box::new(chart), globals))
    }),
    ("IAMPolicyGenerator", iam_policy),
    ("AnnotationsTransformer", |c| {
        Ok(Builtin::Annotations(c.fields(&["annotations"])?.pairs("annotations")?, c.specs()?))
    }),
    ("LabelTransformer", |c| Ok(Builtin::Labels(c.fields(&["labels"])?.pairs("labels")?, c.specs()?))),
    ("NamespaceTransformer", namespace),
    ("PrefixTransformer", |c| Ok(Builtin::Prefix(c.text("prefix")?, c.needed_specs()?))),
    ("SuffixTransformer", |c| Ok(Builtin::Suffix(c.text("suffix")?, c.needed_specs()?))),
    ("PrefixSuffixTransformer", |c| {
        Ok(Builtin::PrefixSuffix(c.text("prefix")?, c.text("suffix")?, c.needed_specs()?))
    }),
    ("ImageTagTransformer", |c| Ok(Builtin::Image(c.part("imageTag", entries::image)?, c.specs()?))),
    ("ReplicaCountTransformer", |c| Ok(Builtin::Replica(c.part("replica", entries::replica)?, c.specs()?))),
    ("PatchTransformer", |c| entries::patch(c.d, c.root).map(Builtin::Patch)),
    ("PatchStrategicMergeTransformer", |c| {
        let f = c.fields(&["paths", "patches"])?;
        let (paths, patches) = (f.texts("paths")?, f.filled("patches")?);
        if paths.is_empty() && patches.is_none() {
            return Err(c.wrong("expected `paths` or `patches`"));
        }
        Ok(Builtin::PatchStrategicMerge(paths, patches))
    }),
    ("PatchJson6902Transformer", patch_json6902),
    ("ReplacementTransformer", |c| {
        c.fields(&["replacements"])?
            .list("replacements", entries::replacement_field)
            .map(Builtin::Replacement)
    }),
    ("ValueAddTransformer", value_add),
    ("HashTransformer", |_| Ok(Builtin::Hash)),
];

/// The kinds of builtin plugins, sorted.
pub(crate) fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds
}

/// Reads the configuration of a builtin plugin.
pub(crate) fn decode(config: &Resource) -> Result<Builtin> {
    let kind = config.gvk().kind.as_str();
    let at = || config.doc().location(config.root());
    let Some((_, read)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let error = Error::new(ErrorKind::Config, format!("there is no builtin plugin `{kind}`")).at(at());
        return Err(match nearest(kind, KINDS.iter().map(|(name, _)| *name)) {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None if kind == "SortOrderTransformer" => {
                error.hint("use `sortOptions` of the top kustomization")
            }
            None => error,
        });
    };
    let decode = || {
        // Kustomize hands the plugin a text, which cannot be had where a key stands twice.
        print(config.doc(), config.root(), &mut vec![])?;
        let d = Decoder::new(config.shared_doc(), Rules::PLUGIN)?;
        read(&Config { d, root: config.root() })
    };
    decode().map_err(|e| e.or_at(at).during(format!("configuring {}", config.id())))
}

/// A configuration that is being read.
struct Config<'a> {
    d: Decoder<'a>,
    root: NodeId,
}

impl<'a> Config<'a> {
    fn fields(&self, known: &[&'static str]) -> Result<Fields<'a>> {
        self.d.fields(self.root, "the configuration", known)
    }

    fn text(&self, name: &'static str) -> Result<Text> {
        let text = self.fields(&[name])?.text(name)?;
        Ok(text.unwrap_or_else(|| self.d.marked(self.root, "")))
    }

    fn specs(&self) -> Result<Vec<FieldSpec>> {
        self.fields(&["fieldSpecs"])?.list("fieldSpecs", entries::field_spec)
    }

    fn needed_specs(&self) -> Result<Vec<FieldSpec>> {
        if self.fields(&["fieldSpecs"])?.get("fieldSpecs").is_none() {
            return Err(self
                .wrong("expected `fieldSpecs`")
                .hint("write `fieldSpecs: [{path: metadata/name}]`"));
        }
        self.specs()
    }

    /// A field with fields of its own; as if it were empty where it is absent.
    fn part<T>(&self, name: &'static str, read: for<'b> fn(Decoder<'b>, NodeId) -> Result<T>) -> Result<T> {
        match self.fields(&[name])?.sub(name, read)? {
            Some(part) => Ok(part),
            // The fields of a part are not those of the configuration but for `name`, which is in the metadata.
            None => read(self.d, self.root),
        }
    }

    fn wrong(&self, message: &str) -> Error {
        Error::new(ErrorKind::Config, message).at(self.d.doc.location(self.root))
    }
}

/// Name and namespace may stand in the metadata alone.
fn generator(
    config: &Config<'_>,
    read: fn(Decoder<'_>, NodeId) -> Result<GeneratorArgs>,
) -> Result<GeneratorArgs> {
    let mut args = read(config.d, config.root)?;
    let metadata = config.fields(&["metadata"])?.sub("metadata", |d, n| {
        let f = d.fields(n, "`metadata`", &["name", "namespace"])?;
        Ok((f.string("name")?, f.string("namespace")?))
    })?;
    let (name, namespace) = metadata.unwrap_or_default();
    for (own, other) in [(&mut args.name, name), (&mut args.namespace, namespace)] {
        if own.is_empty() {
            *own = other;
        }
    }
    Ok(args)
}

fn namespace(config: &Config<'_>) -> Result<Builtin> {
    let f = config.fields(&["metadata", "unsetOnly"])?;
    let namespace =
        f.sub("metadata", |d, n| d.fields(n, "`metadata`", &["namespace"])?.text("namespace"))?.flatten();
    Ok(Builtin::Namespace(Namespace {
        namespace: namespace.unwrap_or_else(|| config.d.marked(config.root, "")),
        field_specs: config.specs()?,
        unset_only: f.flag("unsetOnly")?,
        subjects: config.text("setRoleBindingSubjects")?,
    }))
}

fn patch_json6902(config: &Config<'_>) -> Result<Builtin> {
    let f = config.fields(&["target", "path", "jsonOp"])?;
    let (target, path, patch) = (f.sub("target", entries::selector)?, f.filled("path")?, f.filled("jsonOp")?);
    if target.as_ref().is_none_or(|t| t.name.is_empty()) {
        return Err(config.wrong("expected a `target` with a `name`"));
    }
    match (&path, &patch) {
        (None, None) => return Err(config.wrong("expected `path` or `jsonOp`")),
        (Some(_), Some(_)) => return Err(config.wrong("expected `path` or `jsonOp`, found both")),
        _ => {}
    }
    Ok(Builtin::PatchJson6902(Patch {
        mark: config.d.mark(config.root),
        path,
        patch,
        target,
        allow_name_change: false,
        allow_kind_change: false,
    }))
}

fn value_add(config: &Config<'_>) -> Result<Builtin> {
    let f = config.fields(&["targets", "targetFilePath"])?;
    let mut value = config.text("value")?;
    value.value = value.value.trim().to_owned();
    let (targets, target_file) = (f.list("targets", value_add_target)?, f.filled("targetFilePath")?);
    if targets.is_empty() && target_file.is_none() {
        return Err(config.wrong("expected at least one entry in `targets`"));
    }
    Ok(Builtin::ValueAdd(ValueAdd { value, targets, target_file }))
}

fn value_add_target(d: Decoder<'_>, node: NodeId) -> Result<ValueAddTarget> {
    let f = d.fields(node, "an entry of `targets`", &["selector", "fieldPath", "filePathPosition"])?;
    let fail = |message: &str| Err(Error::new(ErrorKind::Config, message).at(d.doc.location(node)));
    let Some(field_path) = f.filled("fieldPath")? else { return fail("expected a `fieldPath`") };
    let Ok(file_path_position) = usize::try_from(f.int("filePathPosition")?) else {
        return fail("`filePathPosition` must not be negative");
    };
    Ok(ValueAddTarget { selector: f.sub("selector", entries::selector)?, field_path, file_path_position })
}

/// The targets of a file that `targetFilePath` names.
pub(crate) fn value_add_targets(doc: &Arc<Doc>) -> Result<Vec<ValueAddTarget>> {
    let d = Decoder::new(doc, Rules::REPLACEMENTS)?;
    d.fields(doc.root(), "a file of targets", &["targets"])?.list("targets", value_add_target)
}

/// A ServiceAccount that stands for one of Google's. Kustomize puts the texts into YAML as they are.
fn iam_policy(config: &Config<'_>) -> Result<Builtin> {
    let f = config.fields(&["cloud", "kubernetesService", "serviceAccount"])?;
    let cloud = f.string("cloud")?;
    if cloud != "gke" {
        return Err(config.wrong(&format!("expected `gke` as `cloud`, found `{cloud}`")));
    }
    let kubernetes = f.sub("kubernetesService", |d, n| {
        let f = d.fields(n, "`kubernetesService`", &["name", "namespace"])?;
        Ok((f.string("name")?, f.string("namespace")?))
    })?;
    let account = f.sub("serviceAccount", |d, n| {
        let f = d.fields(n, "`serviceAccount`", &["name", "projectId"])?;
        Ok((f.string("name")?, f.string("projectId")?))
    })?;
    let ((name, namespace), (account, project)) =
        (kubernetes.unwrap_or_default(), account.unwrap_or_default());
    let mut text = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    \
         iam.gke.io/gcp-service-account: {account}@{project}.iam.gserviceaccount.com\n  name: {name}\n"
    );
    if !namespace.is_empty() {
        text.push_str(&format!("  namespace: {namespace}\n"));
    }
    let at = config.d.doc.location(config.root);
    let made = read::from_source(&Source::inline(config.d.doc.source(), &at, text))?;
    match made.into_iter().next() {
        Some(res) => Ok(Builtin::IamPolicy(Box::new(res))),
        None => Err(config.wrong("expected an object")),
    }
}

#[cfg(test)]
#[path = "builtin_tests.rs"]
mod tests;
