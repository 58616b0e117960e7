//! Objects whose removal takes data, other objects or protection with it.

use super::{Found, Rule, Subject, authorization, items, network};
use crate::diff::report::Change;

/// A claim that is gone.
pub(super) const CLAIM: Rule = Rule {
    name: "claim-removed",
    about: "a PersistentVolumeClaim or PersistentVolume is removed, and what it holds may go with it",
    check: |subject, found| match subject.kind() {
        kind @ ("PersistentVolumeClaim" | "PersistentVolume") if subject.is_removed() => {
            found.push(Found::new(format!("the {kind} is removed: its data may go with it")));
        }
        _ => {}
    },
};

/// A claim that makes room for another one.
pub(super) const STORAGE_REPLACED: Rule = Rule {
    name: "storage-replaced",
    about: "a PersistentVolumeClaim is removed and another one added in its namespace: nobody moves the data",
    check: storage_replaced,
};

fn storage_replaced(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some(old) = subject.before().filter(|_| subject.is_removed()) else { return };
    if subject.kind() != "PersistentVolumeClaim" {
        return;
    }
    let added: Vec<&str> = subject
        .report
        .objects
        .iter()
        .filter(|other| other.change() == Change::Added)
        .filter_map(|other| other.new.as_ref())
        .filter(|new| new.gvk().kind == "PersistentVolumeClaim" && new.namespace() == old.namespace())
        .map(|new| new.name())
        .collect();
    let claim = old.name();
    if !added.is_empty() {
        let users = users(subject, claim, old.namespace());
        let of = if users.is_empty() { String::new() } else { format!(" of {}", users.join(", ")) };
        let message = format!(
            "the storage{of} is replaced: `{claim}` goes, `{}` comes; data are not moved",
            added.join("`, `")
        );
        found.push(Found::new(message));
    }
}

/// The removed or changed objects that mounted a claim.
fn users(subject: &Subject<'_>, claim: &str, namespace: &str) -> Vec<String> {
    let all = subject.report.objects.iter().filter_map(|change| change.old.as_ref());
    let mounts = all.filter(|object| object.namespace() == namespace).filter(|object| {
        items(object, &["spec", "template", "spec", "volumes"]).iter().any(|volume| {
            let doc = object.doc();
            let name = doc.get_path(*volume, &["persistentVolumeClaim", "claimName"]);
            name.is_some_and(|name| doc.text(name) == claim)
        })
    });
    mounts.map(|object| format!("{} `{}`", object.gvk().kind, object.name())).collect()
}

/// A stateful set that is gone.
pub(super) const STATEFUL_SET: Rule = Rule {
    name: "statefulset-removed",
    about: "a StatefulSet is removed; its claims stay behind, or go with it",
    check: |subject, found| {
        let message = "the StatefulSet is removed: its pods lose their place and their volumes";
        gone(subject, found, subject.kind() == "StatefulSet", message);
    },
};

/// A namespace that is gone.
pub(super) const NAMESPACE: Rule = Rule {
    name: "namespace-removed",
    about: "a Namespace is removed, and everything in it",
    check: |subject, found| {
        let is_one = subject.kind() == "Namespace" && subject.group().is_empty();
        gone(subject, found, is_one, "the Namespace is removed, and everything in it");
    },
};

/// A definition that is gone.
pub(super) const DEFINITION: Rule = Rule {
    name: "crd-removed",
    about: "a CustomResourceDefinition is removed, and all its custom resources",
    check: |subject, found| {
        let message = "the CustomResourceDefinition is removed, and all its custom resources";
        gone(subject, found, subject.kind() == "CustomResourceDefinition", message);
    },
};

/// A policy of the network that is gone.
pub(super) const NETWORK_POLICY: Rule = Rule {
    name: "network-policy-removed",
    about: "a NetworkPolicy is removed",
    check: |subject, found| {
        let message = "the NetworkPolicy is removed: what it kept out may come in";
        gone(subject, found, network::is_policy(subject), message);
    },
};

/// A policy of Istio that is gone.
pub(super) const AUTHORIZATION_POLICY: Rule = Rule {
    name: "authorization-policy-removed",
    about: "an AuthorizationPolicy is removed",
    check: |subject, found| {
        let message = "the AuthorizationPolicy is removed: what it kept out may come in";
        gone(subject, found, authorization::is_policy(subject), message);
    },
};

/// Finds that an object is removed, if it is one of those that a rule is about.
fn gone(subject: &Subject<'_>, found: &mut Vec<Found>, is_one: bool, message: &str) {
    if is_one && subject.is_removed() {
        found.push(Found::new(message));
    }
}

/// A version of a definition that is gone.
pub(super) const VERSION: Rule = Rule {
    name: "crd-version-removed",
    about: "a version of a CustomResourceDefinition that was stored or served is removed",
    check: version,
};

fn version(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| subject.kind() == "CustomResourceDefinition") else {
        return;
    };
    const VERSIONS: &[&str] = &["spec", "versions"];
    let (a, b) = (old.doc(), new.doc());
    for version in items(old, VERSIONS) {
        let name = a.get(*version, "name").map_or("", |n| a.text(n));
        let was = |field| a.get(*version, field).is_some_and(|n| a.text(n) == "true");
        let of_name = |v: &&crate::yaml::NodeId| b.get(**v, "name").is_some_and(|n| b.text(n) == name);
        let now = items(new, VERSIONS).iter().find(of_name);
        let is = |field| now.and_then(|v| b.get(*v, field)).is_some_and(|n| b.text(n) == "true");
        let message = match now {
            None if was("storage") => {
                format!(
                    "version `{name}`, in which objects were stored, is removed: they have to be migrated first"
                )
            }
            None if was("served") => {
                format!("version `{name}`, which was served, is removed: its clients break")
            }
            Some(_) if was("served") && !is("served") => {
                format!("version `{name}` is served no longer: its clients break")
            }
            _ => continue,
        };
        found.push(Found::node(message, old, *version));
    }
}

/// A finalizer that is gone.
pub(super) const FINALIZER: Rule = Rule {
    name: "finalizer-removed",
    about: "a finalizer is removed: nobody cleans up when the object is deleted",
    check: |subject, found| {
        let Some((old, new)) = subject.both() else { return };
        const PATHS: [&[&str]; 2] = [&["metadata", "finalizers"], &["spec", "finalizers"]];
        for path in PATHS {
            let now: Vec<&str> = items(new, path).iter().map(|n| new.doc().text(*n)).collect();
            for item in items(old, path) {
                let finalizer = old.doc().text(*item);
                if !now.contains(&finalizer) {
                    let message =
                        format!("finalizer `{finalizer}` is removed: what it cleans up stays behind");
                    found.push(Found::node(message, old, *item));
                }
            }
        }
    },
};
