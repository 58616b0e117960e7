//! The fields of a kustomization file: what each holds, whether it is written when it is empty, and which strings are
//! paths.
//!
//! Decoding takes the names from here, `edit` the order of new fields, `localize` the paths and what is written, and
//! `docs/kustomization.schema.json` is made of it.

/// What a text is to `localize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// No path.
    Plain,
    /// A file.
    File,
    /// The directory of a kustomization.
    Directory,
    /// A file with objects, or the directory of a kustomization.
    Resource,
    /// `key=path` or a path.
    FileSource,
    /// A file with a patch, or a patch.
    Patch,
    /// A file with configurations of plugins, or such configurations.
    Plugin,
    /// A directory with charts, `charts` if empty.
    ChartHome,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A text.
    Text(Role),
    /// A boolean.
    Flag,
    /// A whole number.
    Number,
    /// A list of texts.
    Texts(Role),
    /// A mapping from texts to texts; those under the given keys are paths.
    Pairs(&'static [(&'static str, Role)]),
    /// A mapping with any content.
    Any,
    /// A mapping with fields of its own.
    One(&'static [Field]),
    /// A list of such mappings.
    Many(&'static [Field]),
}

/// When a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Unless it is empty.
    Filled,
    /// If the file has it, even empty.
    Given,
    /// Always: as an empty value where it is absent.
    Always,
    /// Always: as null where it is absent.
    OrNull,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// The name in the file.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) shape: Shape,
    /// When it is written.
    pub(crate) when: When,
}

use Role::{ChartHome, Directory, File, FileSource, Patch, Plain, Plugin, Resource};
use Shape::{Any, Flag, Many, Number, One, Pairs, Text, Texts};
use When::{Always, Filled, Given, OrNull};

const fn filled(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, when: Filled }
}

const fn text(name: &'static str) -> Field {
    filled(name, Text(Plain))
}

const fn texts(name: &'static str, role: Role) -> Field {
    filled(name, Texts(role))
}

const fn flag(name: &'static str) -> Field {
    filled(name, Flag)
}

const fn given(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, shape: One(fields), when: Given }
}

const fn many(name: &'static str, fields: &'static [Field]) -> Field {
    filled(name, Many(fields))
}

const PAIRS: Shape = Pairs(&[]);

/// A kustomization file. Plugins come last: what they are copied as counts where a file is both resource and plugin.
pub(crate) const KUSTOMIZATION: &[Field] = &[
    text("apiVersion"),
    text("kind"),
    given(
        "metadata",
        &[text("name"), text("namespace"), filled("labels", PAIRS), filled("annotations", PAIRS)],
    ),
    filled("openapi", Pairs(&[("path", File)])),
    text("namePrefix"),
    text("nameSuffix"),
    text("namespace"),
    filled("commonLabels", PAIRS),
    many(
        "labels",
        &[
            filled("pairs", PAIRS),
            flag("includeSelectors"),
            flag("includeTemplates"),
            flag("includeVolumeClaimTemplates"),
            many("fields", FIELD_SPEC),
        ],
    ),
    filled("commonAnnotations", PAIRS),
    texts("bases", Directory),
    texts("components", Directory),
    texts("configurations", File),
    texts("crds", File),
    texts("resources", Resource),
    many("configMapGenerator", CONFIG_MAP),
    many("secretGenerator", SECRET),
    given("generatorOptions", GENERATOR_OPTIONS),
    many("helmChartInflationGenerator", OLD_CHART),
    many("helmCharts", CHART),
    given("helmGlobals", &[filled("chartHome", Text(ChartHome)), text("configHome")]),
    many("patches", PATCH),
    many("patchesJson6902", PATCH),
    texts("patchesStrategicMerge", Patch),
    many("replacements", REPLACEMENT),
    many("images", IMAGE),
    many("imageTags", IMAGE),
    many("replicas", &[text("name"), Field { name: "count", shape: Number, when: Always }]),
    many("vars", VAR),
    given("sortOptions", &[text("order"), given("legacySortOptions", LEGACY_SORT)]),
    texts("buildMetadata", Plain),
    texts("generators", Plugin),
    texts("transformers", Plugin),
    texts("validators", Plugin),
];

const FIELD_SPEC: &[Field] = &[text("group"), text("version"), text("kind"), text("path"), flag("create")];

const GENERATOR_OPTIONS: &[Field] = &[
    filled("labels", PAIRS),
    filled("annotations", PAIRS),
    flag("disableNameSuffixHash"),
    flag("immutable"),
];

/// An entry of `secretGenerator`.
const SECRET: &[Field] = &[
    text("type"),
    text("namespace"),
    text("name"),
    text("behavior"),
    texts("literals", Plain),
    texts("files", FileSource),
    texts("envs", File),
    filled("env", Text(File)),
    given("options", GENERATOR_OPTIONS),
];

/// An entry of `configMapGenerator`: the same without a type.
const CONFIG_MAP: &[Field] = match SECRET.split_first() {
    Some((_, rest)) => rest,
    None => &[],
};

const CHART: &[Field] = &[
    text("name"),
    text("version"),
    text("repo"),
    text("releaseName"),
    text("namespace"),
    texts("additionalValuesFiles", File),
    filled("valuesFile", Text(File)),
    filled("valuesInline", Any),
    text("valuesMerge"),
    flag("includeCRDs"),
    flag("skipHooks"),
    texts("apiVersions", Plain),
    text("kubeVersion"),
    text("nameTemplate"),
    flag("skipTests"),
    flag("debug"),
    flag("devel"),
];

const OLD_CHART: &[Field] = &[
    text("chartName"),
    text("chartVersion"),
    text("chartRepoUrl"),
    filled("chartHome", Text(ChartHome)),
    text("chartRepoName"),
    text("helmBin"),
    text("helmHome"),
    filled("values", Text(File)),
    filled("valuesLocal", Any),
    text("valuesMerge"),
    text("releaseName"),
    text("releaseNamespace"),
    texts("extraArgs", Plain),
];

const SELECTOR: &[Field] = &[
    text("group"),
    text("version"),
    text("kind"),
    text("name"),
    text("namespace"),
    text("annotationSelector"),
    text("labelSelector"),
];

const PATCH: &[Field] = &[
    filled("path", Text(File)),
    text("patch"),
    given("target", SELECTOR),
    given("options", &[flag("allowNameChange"), flag("allowKindChange")]),
];

const FIELD_OPTIONS: &[Field] =
    &[text("delimiter"), filled("index", Number), text("encoding"), flag("create")];

const REPLACEMENT: &[Field] = &[
    filled("path", Text(File)),
    given(
        "source",
        &[
            text("group"),
            text("version"),
            text("kind"),
            text("name"),
            text("namespace"),
            text("fieldPath"),
            given("options", FIELD_OPTIONS),
        ],
    ),
    Field { name: "sourceValue", shape: Text(Plain), when: Given },
    many(
        "targets",
        &[
            Field { name: "select", shape: One(SELECTOR), when: OrNull },
            many("reject", SELECTOR),
            texts("fieldPaths", Plain),
            given("options", FIELD_OPTIONS),
        ],
    ),
];

const IMAGE: &[Field] = &[text("name"), text("newName"), text("tagSuffix"), text("newTag"), text("digest")];

const VAR: &[Field] = &[
    Field { name: "name", shape: Text(Plain), when: Always },
    Field {
        name: "objref",
        shape: One(&[
            text("apiVersion"),
            text("group"),
            text("version"),
            text("kind"),
            Field { name: "name", shape: Text(Plain), when: Always },
            text("namespace"),
        ]),
        when: Always,
    },
    Field { name: "fieldref", shape: One(&[text("fieldPath")]), when: Always },
];

const LEGACY_SORT: &[Field] = &[
    Field { name: "orderFirst", shape: Texts(Plain), when: OrNull },
    Field { name: "orderLast", shape: Texts(Plain), when: OrNull },
];

/// The names of [`KUSTOMIZATION`].
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub(crate) const NAMES: [&str; KUSTOMIZATION.len()] = {
    let mut names = [""; KUSTOMIZATION.len()];
    let (mut at, mut fields) = (0, KUSTOMIZATION);
    while let [field, rest @ ..] = fields {
        names[at] = field.name;
        (at, fields) = (at + 1, rest);
    }
    names
};

/// The order in which kustomize appends new fields. Those that moved elsewhere are not among them.
pub(crate) const ORDER: [&str; 31] = [
    "apiVersion",
    "kind",
    "metadata",
    "sortOptions",
    "resources",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "crds",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "configMapGenerator",
    "secretGenerator",
    "helmCharts",
    "helmGlobals",
    "generatorOptions",
    "vars",
    "images",
    "replacements",
    "replicas",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "components",
    "openapi",
    "buildMetadata",
];

#[cfg(test)]
mod tests;
