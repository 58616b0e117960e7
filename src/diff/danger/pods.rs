//! Pods that reach further than before, and the images they run.

use super::{Found, Rule, Subject, get};
use crate::diff::normalize::PODS;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// Levels of the pod security standards, strictest first.
const LEVELS: [&str; 3] = ["restricted", "baseline", "privileged"];

/// The pod that an object makes.
fn pod(object: Option<&Resource>) -> Option<(&Doc, NodeId)> {
    let object = object?;
    let (_, path) = PODS.iter().find(|(kind, _)| object.gvk().kind == *kind)?;
    Some((object.doc(), get(object, path)?))
}

/// The containers of a pod and their names.
fn containers(pod: Option<(&Doc, NodeId)>) -> Vec<(String, NodeId)> {
    let Some((doc, pod)) = pod else { return vec![] };
    let lists = ["initContainers", "containers"].into_iter().filter_map(|list| doc.get(pod, list));
    let all = lists.flat_map(|list| doc.items(list));
    all.map(|item| (doc.get(*item, "name").map_or("", |n| doc.text(n)).to_owned(), *item)).collect()
}

/// A container of the newer side: its name, its node, and the container of that name on the older side.
type Pair<'a> = (String, NodeId, Option<(&'a Doc, NodeId)>);

/// Containers of the newer side, each with that of its name on the older one.
fn pairs<'a>(subject: &Subject<'a>) -> Vec<Pair<'a>> {
    let (old, new) = (pod(subject.before()), pod(subject.after()));
    let known = containers(old);
    containers(new)
        .into_iter()
        .map(|(name, node)| {
            let before = known.iter().find(|(n, _)| *n == name).map(|(_, node)| *node);
            (name, node, old.map(|(doc, _)| doc).zip(before))
        })
        .collect()
}

fn is_true(doc: &Doc, node: NodeId, path: &[&str]) -> bool {
    doc.get_path(node, path).is_some_and(|n| doc.text(n) == "true")
}

/// A privileged container.
pub const PRIVILEGED: Rule = Rule {
    name: "privileged",
    about: "a container becomes privileged",
    check: |subject, found| {
        let Some(new) = subject.after() else { return };
        const FLAG: &[&str] = &["securityContext", "privileged"];
        for (name, node, before) in pairs(subject) {
            let was = before.is_some_and(|(doc, node)| is_true(doc, node, FLAG));
            if is_true(new.doc(), node, FLAG) && !was {
                found.push(Found::node(format!("container `{name}` becomes privileged"), new, node));
            }
        }
    },
};

/// A directory of the node.
pub const HOST_PATH: Rule = Rule {
    name: "host-path",
    about: "a pod mounts a directory of its node",
    check: |subject, found| {
        let Some(new) = subject.after() else { return };
        let paths = |side| {
            let Some((doc, pod)) = pod(side) else { return vec![] };
            let volumes = doc.get(pod, "volumes").map_or(&[][..], |list| doc.items(list));
            let path = |v: &NodeId| doc.get_path(*v, &["hostPath", "path"]).map(|n| (doc.text(n), n));
            volumes.iter().filter_map(path).collect()
        };
        let known = paths(subject.before());
        for (path, node) in paths(subject.after()) {
            if !known.iter().any(|(p, _)| *p == path) {
                found.push(Found::node(format!("the pod mounts `{path}` of its node"), new, node));
            }
        }
    },
};

/// A namespace of the node.
pub const HOST_NAMESPACE: Rule = Rule {
    name: "host-namespace",
    about: "a pod joins the network, processes or IPC of its node",
    check: |subject, found| {
        let Some(new) = subject.after() else { return };
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            let has = |side| pod(side).is_some_and(|(doc, pod)| is_true(doc, pod, &[field]));
            let node = pod(subject.after()).and_then(|(doc, pod)| doc.get(pod, field));
            if let Some(node) = node.filter(|_| has(subject.after()) && !has(subject.before())) {
                found.push(Found::node(format!("the pod gets `{field}`"), new, node));
            }
        }
    },
};

/// A capability of the kernel.
pub const CAPABILITY: Rule = Rule {
    name: "capability-added",
    about: "a container gets a capability of the kernel",
    check: |subject, found| {
        let Some(new) = subject.after() else { return };
        let added = |doc: &Doc, node: NodeId| -> Vec<String> {
            let list = doc.get_path(node, &["securityContext", "capabilities", "add"]);
            list.map_or(&[][..], |list| doc.items(list)).iter().map(|n| doc.text(*n).to_owned()).collect()
        };
        for (name, node, before) in pairs(subject) {
            let known = before.map(|(doc, node)| added(doc, node)).unwrap_or_default();
            for capability in added(new.doc(), node).iter().filter(|c| !known.contains(c)) {
                let message = format!("container `{name}` gets the capability `{capability}`");
                found.push(Found::node(message, new, node));
            }
        }
    },
};

/// Pods of a namespace may do more.
pub const POD_SECURITY: Rule = Rule {
    name: "pod-security-lowered",
    about: "the pod security level of a Namespace is lowered or removed",
    check: |subject, found| {
        let Some((old, new)) = subject.both().filter(|_| subject.kind() == "Namespace") else { return };
        const LABEL: &str = "pod-security.kubernetes.io/enforce";
        let level = |object: &Resource| {
            let level = object.label(LABEL).unwrap_or("privileged");
            LEVELS.iter().position(|l| *l == level)
        };
        if let (Some(before), Some(after)) = (level(old), level(new))
            && after > before
        {
            let name = |at: usize| LEVELS.get(at).copied().unwrap_or_default();
            let message = format!("pod security goes from `{}` to `{}`", name(before), name(after));
            let node = get(new, &["metadata", "labels"]).unwrap_or(new.root());
            found.push(Found::node(message, new, node));
        }
    },
};

/// Registry, name and tag of an image.
fn image(text: &str) -> (&str, &str, &str) {
    let text = text.split('@').next().unwrap_or_default();
    let slash = text.find('/').unwrap_or(0);
    let (registry, rest) = match text.get(..slash) {
        Some(host) if slash > 0 && (host.contains(['.', ':']) || host == "localhost") => {
            (host, text.get(slash + 1..).unwrap_or_default())
        }
        _ => ("docker.io", text),
    };
    let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
    let (name, tag) = rest.rsplit_once(':').unwrap_or((rest, ""));
    (registry, name.strip_prefix("library/").unwrap_or(name), tag)
}

/// Images of the containers that have another one than before.
fn images<'a>(subject: &Subject<'a>) -> Vec<(String, NodeId, &'a str, &'a str)> {
    let Some(new) = subject.after() else { return vec![] };
    pairs(subject)
        .into_iter()
        .filter_map(|(name, node, before)| {
            let (doc, before) = before?;
            let (old, now) = (doc.get(before, "image")?, new.doc().get(node, "image")?);
            let (old, text) = (doc.text(old), new.doc().text(now));
            (old != text).then_some((name, now, old, text))
        })
        .collect()
}

/// An image from elsewhere.
pub const REGISTRY: Rule = Rule {
    name: "image-registry",
    about: "an image comes from another registry",
    check: |subject, found| {
        for (name, node, old, now) in images(subject) {
            let (before, after) = (image(old).0, image(now).0);
            if let Some(new) = subject.after().filter(|_| before != after) {
                let message = format!("the image of container `{name}` comes from `{after}`, not `{before}`");
                found.push(Found::node(message, new, node));
            }
        }
    },
};

/// An older image.
pub const TAG_BACK: Rule = Rule {
    name: "image-tag-back",
    about: "the tag of an image goes back to an older version",
    check: |subject, found| {
        for (name, node, old, now) in images(subject) {
            let ((_, a, before), (_, b, after)) = (image(old), image(now));
            let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
            let is_older = version(after)
                .zip(version(before))
                // `8.0` is whatever is newest of it, and not older than `8.0.29`.
                .is_some_and(|(after, before)| after.0.len() == before.0.len() && after < before);
            if let Some(new) = subject.after().filter(|_| base(a) == base(b) && is_older) {
                let message =
                    format!("the image of container `{name}` goes back from `{before}` to `{after}`");
                found.push(Found::node(message, new, node));
            }
        }
    },
};

/// The numbers of a version; a pre-release comes before its release.
fn version(tag: &str) -> Option<(Vec<u64>, bool, String)> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let (numbers, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let numbers: Option<Vec<u64>> = numbers.split('.').map(|n| n.parse().ok()).collect();
    let numbers = numbers.filter(|n| n.len() > 1)?;
    Some((numbers, rest.is_empty(), rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        for (text, parts) in [
            ("nginx", ("docker.io", "nginx", "")),
            ("library/nginx:1", ("docker.io", "nginx", "1")),
            ("docker.io/library/nginx:1@sha256:0", ("docker.io", "nginx", "1")),
            ("ghcr.io/a/b:v1", ("ghcr.io", "a/b", "v1")),
            ("localhost:5000/a", ("localhost:5000", "a", "")),
        ] {
            assert_eq!(image(text), parts, "{text}");
        }
    }

    #[test]
    fn versions_are_ordered() {
        for (older, newer) in [("1.2", "1.10"), ("v1.0.0-rc.1", "v1.0.0"), ("1.2.3", "1.2.4-rc.0")] {
            assert!(version(older).unwrap() < version(newer).unwrap(), "{older} {newer}");
        }
        for tag in ["latest", "sha-abc", "", "1"] {
            assert!(version(tag).is_none(), "{tag}");
        }
    }
}
