//! What kustomize changes for good whenever it edits a file: fields that moved elsewhere, and missing types.
//!
//! Fields get kustomize's spelling, and those without content go (see `spelling`), as do switches of generator options
//! that are off; numbers as keys of labels are put in quotes, as that is what they are taken for. Variables get a `fieldref`.

#![expect(
    clippy::indexing_slicing,
    reason = "`position` gives the place of an entry of the mapping that is changed"
)]

use super::spelling;
use super::tree::{Entry, Node, Shape};
use crate::yaml::NodeId;

/// Fields that are another field's items.
const MOVED: [(&str, &str); 3] =
    [("bases", "resources"), ("imageTags", "images"), ("helmChartInflationGenerator", "helmCharts")];

/// Fields of an old chart and what they are called now; those without a name are gone.
const CHART: [(&str, &str); 13] = [
    ("chartName", "name"),
    ("chartVersion", "version"),
    ("chartRepoUrl", "repo"),
    ("values", "valuesFile"),
    ("valuesLocal", "valuesInline"),
    ("valuesMerge", "valuesMerge"),
    ("releaseName", "releaseName"),
    ("chartHome", ""),
    ("helmHome", ""),
    ("chartRepoName", ""),
    ("helmBin", ""),
    ("releaseNamespace", ""),
    ("extraArgs", ""),
];

const GENERATORS: [&str; 2] = ["configMapGenerator", "secretGenerator"];

/// Brings fields up to date. `is_number` tells of a key in the file whether it is a number.
pub(crate) fn modernize(root: &mut Node, is_number: &dyn Fn(NodeId) -> bool) {
    spelling::settle(root);
    old_charts(root);
    for (old, new) in MOVED {
        move_items(root, old, new);
    }
    for field in GENERATORS {
        if root.position(field).is_none() {
            continue;
        }
        let list = root.field_mut(field);
        if list.shape == Shape::List {
            list.items_mut().iter_mut().for_each(|entry| generator(entry, is_number));
        }
    }
    if root.position("generatorOptions").is_some() {
        quote_keys_of_options(root.field_mut("generatorOptions"), is_number);
    }
    write_out_fieldrefs(root);
    for field in ["commonLabels", "commonAnnotations"] {
        if root.position(field).is_some() {
            quote_keys(root.field_mut(field), is_number);
        }
    }
    if root.get("labels").is_some_and(|n| n.shape == Shape::List) {
        for entry in root.field_mut("labels").items_mut().iter_mut().filter(|e| e.position("pairs").is_some())
        {
            quote_keys(entry.field_mut("pairs"), is_number);
        }
    }
}

/// Adds `fieldref` to variables that have none. It says nothing, but kustomize always writes it.
fn write_out_fieldrefs(root: &mut Node) {
    if root.get("vars").is_none_or(|vars| vars.shape != Shape::List || vars.opaque) {
        return;
    }
    for var in
        root.field_mut("vars").items_mut().iter_mut().filter(|var| var.shape == Shape::Map && !var.opaque)
    {
        if var.get("fieldref").is_none() {
            var.field_mut("fieldref").put(Node::map(vec![]));
        }
    }
}

/// Adds apiVersion and kind where they are missing.
pub(crate) fn add_types(root: &mut Node) {
    let version = match root.get_text("kind") {
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => "kustomize.config.k8s.io/v1beta1",
    };
    for (field, text) in [("apiVersion", version), ("kind", "Kustomization")] {
        if root.get_text(field).is_empty() {
            root.field_mut(field).put(text.into());
        }
    }
}

/// Puts the items of one field after those of another, or gives the field its new name.
pub(crate) fn move_items(root: &mut Node, old: &str, new: &str) {
    let Some(at) = root.position(old) else { return };
    let empty = root.get_items(old).is_empty();
    if empty || root.get(new).is_some() {
        let moved = root.take(old);
        if let (Some(moved), false) = (moved, empty) {
            root.field_mut(new).items_mut().extend(moved.items().iter().cloned());
        }
        return;
    }
    root.take(new);
    let at = root.position(old).unwrap_or(at);
    let entry = &mut root.entries_mut()[at];
    (entry.key, entry.rename) = (new.to_owned(), true);
}

fn generator(entry: &mut Node, is_number: &dyn Fn(NodeId) -> bool) {
    if let Some(at) = entry.position("env") {
        let value = entry.entries()[at].value.clone();
        if value.is_empty() || entry.get("envs").is_some() {
            entry.take("env");
            if !value.is_empty() {
                entry.field_mut("envs").items_mut().push(value);
            }
        } else {
            entry.take("envs");
            let at = entry.position("env").unwrap_or(at);
            let env = &mut entry.entries_mut()[at];
            (env.key, env.rename) = ("envs".to_owned(), true);
            env.value.put(Node::list(vec![value]));
        }
    }
    if entry.get("options").is_some() {
        let options = entry.field_mut("options");
        for switch in ["immutable", "disableNameSuffixHash"] {
            let off = options.get(switch).is_some_and(|n| n.shape == Shape::Plain && !is_on(n.text()));
            if off {
                options.take(switch);
            }
        }
        quote_keys_of_options(options, is_number);
    }
}

/// Returns whether a boolean is true, as YAML 1.1 spells it.
pub(crate) fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y")
}

fn quote_keys_of_options(options: &mut Node, is_number: &dyn Fn(NodeId) -> bool) {
    for field in ["labels", "annotations"] {
        if options.position(field).is_some() {
            quote_keys(options.field_mut(field), is_number);
        }
    }
}

fn quote_keys(map: &mut Node, is_number: &dyn Fn(NodeId) -> bool) {
    if map.shape != Shape::Map || map.opaque {
        return;
    }
    for entry in map.entries_mut() {
        entry.rename |= entry.origin.is_some_and(is_number);
    }
}

fn old_charts(root: &mut Node) {
    let homes = |root: &Node, field: &str| {
        let mut given =
            root.get_items("helmChartInflationGenerator").iter().map(|c| c.get_text(field).to_owned());
        given.rfind(|home| !home.is_empty()).unwrap_or_default()
    };
    let (chart_home, config_home) = (homes(root, "chartHome"), homes(root, "helmHome"));
    if root.get("helmChartInflationGenerator").is_none() {
        return;
    }
    for chart in root.field_mut("helmChartInflationGenerator").items_mut() {
        for (old, new) in CHART {
            let Some(at) = chart.position(old) else { continue };
            if new.is_empty() || chart.entries()[at].value.is_empty() {
                chart.take(old);
            } else if old != new {
                let entry: &mut Entry = &mut chart.entries_mut()[at];
                (entry.key, entry.rename) = (new.to_owned(), true);
            }
        }
    }
    if root.get("helmGlobals").is_none() && !(chart_home.is_empty() && config_home.is_empty()) {
        let globals = [("chartHome", chart_home.as_str()), ("configHome", config_home.as_str())];
        root.field_mut("helmGlobals").put(Node::fields(globals));
    }
}
