//! Pods that reach further than before, and the images they run.

use super::images::{image, is_older};
use super::{Found, Rule, Subject, get, text};
use crate::diff::normalize::PODS;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// Levels of the pod security standards, strictest first.
const LEVELS: [&str; 3] = ["restricted", "baseline", "privileged"];

/// Where a pod is in objects of other kinds.
const TEMPLATE: &[&str] = &["spec", "template", "spec"];

/// The pod that an object makes.
fn pod(object: Option<&Resource>) -> Option<(&Doc, NodeId)> {
    let object = object?;
    let path = PODS.iter().find(|(kind, _)| object.gvk().kind == *kind).map_or(TEMPLATE, |(_, path)| *path);
    Some((object.doc(), get(object, path)?))
}

/// The containers of a pod and their names.
fn containers(pod: Option<(&Doc, NodeId)>) -> Vec<(String, NodeId)> {
    let Some((doc, pod)) = pod else { return vec![] };
    let lists = ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .filter_map(|list| doc.get(pod, list));
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
pub(super) const PRIVILEGED: Rule = Rule {
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
pub(super) const HOST_PATH: Rule = Rule {
    name: "host-path",
    about: "a pod or a PersistentVolume mounts a directory of its node",
    check: |subject, found| {
        let Some(new) = subject.after() else { return };
        const VOLUME: &[&str] = &["spec", "hostPath", "path"];
        let path = |side: Option<&'_ Resource>| side.and_then(|o| text(o, VOLUME)).map(str::to_owned);
        let is_volume = subject.kind() == "PersistentVolume";
        if let Some(now) =
            path(subject.after()).filter(|now| is_volume && path(subject.before()).as_ref() != Some(now))
        {
            let node = get(new, VOLUME).unwrap_or(new.root());
            found.push(Found::node(format!("the PersistentVolume is `{now}` of a node"), new, node));
        }
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
pub(super) const HOST_NAMESPACE: Rule = Rule {
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
pub(super) const CAPABILITY: Rule = Rule {
    name: "capability-added",
    about: "a container gets a capability of the kernel",
    check: |subject, found| {
        let Some(new) = subject.after() else { return };
        for (name, node, before) in pairs(subject) {
            let listed = |field| before.map(|(doc, node)| capabilities(doc, node, field)).unwrap_or_default();
            let known = listed("add");
            for capability in capabilities(new.doc(), node, "add").iter().filter(|c| !known.contains(c)) {
                let message = format!("container `{name}` gets the capability `{capability}`");
                found.push(Found::node(message, new, node));
            }
            let dropped = capabilities(new.doc(), node, "drop");
            let kept = |c: &&String| !dropped.contains(c) && !dropped.iter().any(|d| d == "ALL");
            for capability in listed("drop").iter().filter(kept) {
                let message =
                    format!("container `{name}` does not drop the capability `{capability}` any longer");
                found.push(Found::node(message, new, node));
            }
        }
    },
};

/// The capabilities that a container adds or drops, without their prefix.
fn capabilities(doc: &Doc, container: NodeId, field: &str) -> Vec<String> {
    let list = doc.get_path(container, &["securityContext", "capabilities", field]);
    let names = list.map_or(&[][..], |list| doc.items(list)).iter().map(|n| doc.text(*n));
    names.map(|name| name.strip_prefix("CAP_").unwrap_or(name).to_owned()).collect()
}

/// Pods of a namespace may do more.
pub(super) const POD_SECURITY: Rule = Rule {
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
pub(super) const REGISTRY: Rule = Rule {
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
pub(super) const TAG_BACK: Rule = Rule {
    name: "image-tag-back",
    about: "the tag of an image goes back to an older version",
    check: |subject, found| {
        for (name, node, old, now) in images(subject) {
            let ((_, a, before), (_, b, after)) = (image(old), image(now));
            let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
            let goes_back = base(a) == base(b) && is_older(after, before);
            if let Some(new) = subject.after().filter(|_| goes_back) {
                let message =
                    format!("the image of container `{name}` goes back from `{before}` to `{after}`");
                found.push(Found::node(message, new, node));
            }
        }
    },
};
