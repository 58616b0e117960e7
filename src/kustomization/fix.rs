//! What is done to a kustomization file after it was decoded: the checks of its kind and version, and the fields that
//! moved elsewhere.
//!
//! Kustomize warns of six deprecated fields, in a fixed order, unless they are null. Some it moves silently or not
//! (`bases`, `imageTags`, `env` of generators, `helmChartInflationGenerator`); the others act on their own still.

use super::types::{HelmChart, HelmGlobals, KustomizationKind, Text};
use crate::diag::{Error, ErrorKind, Result, nearest};

/// The fields of which kustomize warns, in its order, and what takes their place.
pub(crate) const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// Kinds and the version that each must have.
const KINDS: [(&str, KustomizationKind, &str); 2] = [
    ("Kustomization", KustomizationKind::Kustomization, "kustomize.config.k8s.io/v1beta1"),
    ("Component", KustomizationKind::Component, "kustomize.config.k8s.io/v1alpha1"),
];

/// The kind; absent or empty texts get their defaults.
pub(crate) fn kind(kind: Option<&Text>, api_version: Option<&Text>) -> Result<KustomizationKind> {
    let wanted = kind.map_or("Kustomization", |k| k.value.as_str());
    let Some((name, found, version)) = KINDS.iter().find(|(name, ..)| *name == wanted) else {
        let mut error = Error::new(
            ErrorKind::Config,
            format!("`kind` must be `Kustomization` or `Component`, found `{wanted}`"),
        );
        if let Some(kind) = kind {
            error = error.at(kind.mark.location());
        }
        if let Some(near) = nearest(wanted, KINDS.map(|k| k.0)) {
            error = error.hint(format!("did you mean `{near}`?"));
        }
        return Err(error);
    };
    match api_version {
        Some(given) if given.value != *version => Err(Error::new(
            ErrorKind::Config,
            format!("`apiVersion` of a {name} must be `{version}`, found `{}`", given.value),
        )
        .at(given.mark.location())),
        _ => Ok(*found),
    }
}

/// Splits the entries of `helmChartInflationGenerator`: the charts, and the homes that the last entry with one sets.
pub(crate) fn split_helm(old: Vec<(HelmChart, HelmGlobals)>) -> (Vec<HelmChart>, Option<HelmGlobals>) {
    let mut globals = HelmGlobals::default();
    let mut charts = Vec::with_capacity(old.len());
    for (chart, homes) in old {
        charts.push(chart);
        if !homes.chart_home.is_empty() {
            globals.chart_home = homes.chart_home;
        }
        if !homes.config_home.is_empty() {
            globals.config_home = homes.config_home;
        }
    }
    let given = !globals.chart_home.is_empty() || !globals.config_home.is_empty();
    (charts, given.then_some(globals))
}
