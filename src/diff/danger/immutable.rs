//! Fields that the API server does not let be changed: the object has to be removed and made anew.

use super::{Found, Rule, Subject, text};
use crate::diff::normalize::quantity;

/// Fields of kinds that cannot be changed.
const FIELDS: &[(&str, &[&[&str]])] = &[
    ("Deployment", &[&["spec", "selector"]]),
    ("DaemonSet", &[&["spec", "selector"]]),
    ("ReplicaSet", &[&["spec", "selector"]]),
    (
        "Job",
        &[
            &["spec", "template"],
            &["spec", "selector"],
            &["spec", "completionMode"],
            &["spec", "podFailurePolicy"],
            &["spec", "successPolicy"],
            &["spec", "backoffLimitPerIndex"],
            &["spec", "managedBy"],
        ],
    ),
    ("RoleBinding", &[&["roleRef"]]),
    ("ClusterRoleBinding", &[&["roleRef"]]),
    ("StorageClass", &[&["parameters"], &["provisioner"], &["reclaimPolicy"], &["volumeBindingMode"]]),
    ("Secret", &[&["type"]]),
    ("PriorityClass", &[&["value"], &["preemptionPolicy"]]),
    ("IngressClass", &[&["spec", "controller"]]),
    ("RuntimeClass", &[&["handler"]]),
    ("EndpointSlice", &[&["addressType"]]),
    ("ControllerRevision", &[&["data"]]),
    (
        "CustomResourceDefinition",
        &[&["spec", "group"], &["spec", "scope"], &["spec", "names", "kind"], &["spec", "names", "plural"]],
    ),
];

/// Kinds in whose `spec` only these fields can be changed.
const ONLY: &[(&str, &[&str])] = &[
    (
        "StatefulSet",
        &[
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
            "revisionHistoryLimit",
        ],
    ),
    ("PersistentVolumeClaim", &["resources", "volumeAttributesClassName"]),
    (
        "PersistentVolume",
        &[
            "capacity",
            "accessModes",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "mountOptions",
            "claimRef",
            "volumeAttributesClassName",
        ],
    ),
    (
        "Pod",
        &[
            "activeDeadlineSeconds",
            "containers",
            "initContainers",
            "tolerations",
            "terminationGracePeriodSeconds",
        ],
    ),
];

/// A field that cannot be changed.
pub(super) const FIELD: Rule = Rule {
    name: "immutable-field",
    about: "a field that the API server refuses to change: the object has to be deleted and created anew",
    check: field,
};

fn field(subject: &Subject<'_>, found: &mut Vec<Found>) {
    // Under another name it is another object.
    let Some((_, new)) = subject.both().filter(|(old, new)| old.name() == new.name()) else { return };
    let kind = subject.kind();
    let rows = FIELDS.iter().filter(|(k, _)| *k == kind).flat_map(|(_, paths)| *paths);
    let only = ONLY.iter().find(|(k, _)| *k == kind).map(|(_, fields)| *fields);
    for path in rows {
        found.extend(subject.fields(path).next().map(|change| message(&path.join("."), change)));
    }
    if let Some(fields) = only {
        let mut said: Vec<&str> = vec![];
        for change in subject.fields(&["spec"]) {
            let Some(field) = change.path.keys().nth(1) else { continue };
            // Of the containers of a pod the image is all that can be changed.
            let can_change = fields.contains(&field)
                && (kind != "Pod"
                    || !field.ends_with("ontainers")
                    || change.path.keys().last() == Some("image"));
            if !can_change && !said.contains(&field) {
                said.push(field);
                found.push(message(&format!("spec.{field}"), change));
            }
        }
    }
    // Indexed jobs can be resized.
    if kind == "Job" && text(new, &["spec", "completionMode"]) != Some("Indexed") {
        found.extend(
            subject.fields(&["spec", "completions"]).map(|change| message("spec.completions", change)),
        );
    }
    // What is taken away is kept by the API server.
    if kind == "Service" && text(new, &["spec", "clusterIP"]).is_some_and(|ip| !ip.is_empty()) {
        found.extend(subject.fields(&["spec", "clusterIP"]).map(|change| message("spec.clusterIP", change)));
    }
}

fn message(field: &str, change: &crate::diff::FieldChange) -> Found {
    Found::at(format!("`{field}` cannot be changed: the object has to be deleted and created anew"), change)
}

/// The content of an object that says it is immutable.
pub(super) const DATA: Rule = Rule {
    name: "immutable-data",
    about: "a ConfigMap or Secret marked `immutable` is changed under its name",
    check: data,
};

fn data(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both() else { return };
    let kind = subject.kind();
    if !matches!(kind, "ConfigMap" | "Secret")
        || text(old, &["immutable"]) != Some("true")
        || old.name() != new.name()
    {
        return;
    }
    let change = ["data", "binaryData", "stringData", "immutable"]
        .iter()
        .find_map(|field| subject.change.fields.iter().find(|change| change.path.starts_with(&[field])));
    let message = format!("the {kind} is immutable: it has to be deleted and created anew");
    found.extend(change.map(|change| Found::at(message, change)));
}

/// A claim that asks for less.
pub(super) const VOLUME_SHRINKS: Rule = Rule {
    name: "volume-shrinks",
    about: "a PersistentVolumeClaim asks for less than before, which is refused",
    check: volume_shrinks,
};

fn volume_shrinks(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| subject.kind() == "PersistentVolumeClaim") else {
        return;
    };
    const PATH: &[&str] = &["spec", "resources", "requests", "storage"];
    let size = |object| text(object, PATH).and_then(|text| Some((text, quantity(text)?)));
    if let (Some((before, old)), Some((after, new))) = (size(old), size(new))
        && new < old
    {
        let message = format!("the claim shrinks from {before} to {after}, which is refused");
        found.extend(subject.fields(PATH).next().map(|change| Found::at(message, change)));
    }
}
