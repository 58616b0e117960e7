//! The annotations in which kustomize keeps its bookkeeping, and their way into the fields of [`Resource`].
//!
//! Kustomize reads its own bookkeeping out of the objects, so an input that carries such annotations is believed: a
//! forged previous name makes references follow. The entries stay in the document, because the hash of kinds other
//! than ConfigMap and Secret covers them; they are stripped at the end of the build. Lists of unequal length make
//! kustomize crash; here they are an error.

use super::{Behavior, PreviousId, Resource};
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::{Gvk, ResId, Str};

/// Names an object had.
const PREVIOUS_NAMES: &str = "internal.config.kubernetes.io/previousNames";
/// Effective namespaces an object had.
const PREVIOUS_NAMESPACES: &str = "internal.config.kubernetes.io/previousNamespaces";
/// Kinds an object had.
const PREVIOUS_KINDS: &str = "internal.config.kubernetes.io/previousKinds";
/// Prefixes put before the name.
const PREFIXES: &str = "internal.config.kubernetes.io/prefixes";
/// Suffixes put after the name.
const SUFFIXES: &str = "internal.config.kubernetes.io/suffixes";
/// Ids of the objects that refer to this one.
const REFERRED_BY: &str = "internal.config.kubernetes.io/refBy";
/// What a generated object does when its id is there.
pub(crate) const BEHAVIOR: &str = "internal.config.kubernetes.io/generatorBehavior";
/// A hash is to be appended to the name.
pub(crate) const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";
/// A patch may change the name.
const ALLOW_NAME_CHANGE: &str = "internal.config.kubernetes.io/allowNameChange";
/// A patch may change the kind.
const ALLOW_KIND_CHANGE: &str = "internal.config.kubernetes.io/allowKindChange";
/// A chart made the object.
pub(crate) const FROM_HELM: &str = "internal.config.kubernetes.io/helm-generated";
/// Where an object came from; stripped unless `buildMetadata` asks for it.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// What worked on an object; stripped unless `buildMetadata` asks for it.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
/// Any value but `false`: the object takes part in the build and is not printed.
pub(crate) const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// The annotations that no output has, wherever they came from.
const STRIPPED: [&str; 19] = [
    PREVIOUS_NAMES,
    PREVIOUS_NAMESPACES,
    PREVIOUS_KINDS,
    PREFIXES,
    SUFFIXES,
    REFERRED_BY,
    BEHAVIOR,
    NEEDS_HASH,
    ALLOW_NAME_CHANGE,
    ALLOW_KIND_CHANGE,
    FROM_HELM,
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

/// How many of [`STRIPPED`] are what the fields of [`Resource`] say.
const BOOKKEEPING: usize = 11;

const ENABLED: &str = "enabled";

/// Returns whether an annotation is never printed.
pub(crate) fn is_stripped(key: &str) -> bool {
    (key.starts_with("internal.config.k") || key.starts_with("config.k")) && STRIPPED.contains(&key)
}

/// Returns whether an annotation says what a field of [`Resource`] says.
pub(crate) fn is_bookkeeping(key: &str) -> bool {
    key.starts_with("internal.config.k") && STRIPPED[..BOOKKEEPING].contains(&key)
}

/// Empties the fields of an object that its bookkeeping annotations fill.
pub(crate) fn forget(res: &mut Resource) {
    res.previous.clear();
    res.prefixes.clear();
    res.suffixes.clear();
    res.referred_by.clear();
    res.behavior = Behavior::Unspecified;
    res.needs_hash = false;
    res.from_helm = false;
    res.allow_name_change = false;
    res.allow_kind_change = false;
}

/// Fills the fields of an object from the bookkeeping annotations in its document.
pub(crate) fn adopt(res: &mut Resource) -> Result<()> {
    let doc = res.doc();
    let Some(annotations) = doc.get_path(res.root(), &["metadata", "annotations"]) else { return Ok(()) };
    // Nearly all objects end here.
    if !doc.pairs(annotations).any(|(key, _)| doc.text(key).starts_with("internal.config.k")) {
        return Ok(());
    }
    let text = |key: &str| doc.get(annotations, key).map(|n| doc.text(n).to_owned());
    let list = |key: &str| -> Vec<Str> {
        text(key).map_or_else(Vec::new, |t| t.split(',').map(Into::into).collect())
    };
    let on = |key: &str| text(key).is_some_and(|t| t == ENABLED);
    let (names, namespaces, kinds) = (list(PREVIOUS_NAMES), list(PREVIOUS_NAMESPACES), list(PREVIOUS_KINDS));
    // Without names the other two lists say nothing.
    if !names.is_empty() && (names.len() != namespaces.len() || names.len() != kinds.len()) {
        return Err(Error::new(
            ErrorKind::Resource,
            format!(
                "expected as many entries in `{PREVIOUS_NAMESPACES}` and `{PREVIOUS_KINDS}` as in \
                 `{PREVIOUS_NAMES}`, found {}, {} and {}",
                namespaces.len(),
                kinds.len(),
                names.len()
            ),
        )
        .at(doc.location(annotations))
        .hint("remove these annotations: they are bookkeeping of a build and not meant to be written"));
    }
    let previous = names
        .into_iter()
        .zip(namespaces)
        .zip(kinds)
        .map(|((name, namespace), kind)| PreviousId { kind, name, namespace })
        .collect();
    let (prefixes, suffixes) = (list(PREFIXES), list(SUFFIXES));
    let referred_by = list(REFERRED_BY).iter().filter_map(|t| parse_id(t)).collect();
    let behavior = behavior(&text(BEHAVIOR).unwrap_or_default());
    let (needs_hash, from_helm) = (on(NEEDS_HASH), text(FROM_HELM).is_some_and(|t| t == "true"));
    let (allow_name_change, allow_kind_change) = (on(ALLOW_NAME_CHANGE), on(ALLOW_KIND_CHANGE));
    res.previous = previous;
    (res.prefixes, res.suffixes) = (prefixes, suffixes);
    res.referred_by = referred_by;
    (res.behavior, res.needs_hash, res.from_helm) = (behavior, needs_hash, from_helm);
    (res.allow_name_change, res.allow_kind_change) = (allow_name_change, allow_kind_change);
    Ok(())
}

/// The bookkeeping of an object as annotations, sorted by key: what a plugin gets to see.
pub(crate) fn annotations(res: &Resource) -> Vec<(&'static str, String)> {
    let join = |list: &[Str]| list.join(",");
    let previous = |part: fn(&PreviousId) -> &Str| {
        res.previous.iter().map(|p| part(p).as_str()).collect::<Vec<_>>().join(",")
    };
    let enabled = |on: bool| if on { ENABLED.to_owned() } else { String::new() };
    // That nothing was said is written only for generated objects, which have the annotation in the document.
    let behavior = match res.behavior {
        Behavior::Unspecified => "",
        other => behavior_text(other),
    };
    let ids: Vec<String> = res.referred_by.iter().map(ToString::to_string).collect();
    let all = [
        (ALLOW_KIND_CHANGE, enabled(res.allow_kind_change)),
        (ALLOW_NAME_CHANGE, enabled(res.allow_name_change)),
        (BEHAVIOR, behavior.to_owned()),
        (FROM_HELM, if res.from_helm { "true".to_owned() } else { String::new() }),
        (NEEDS_HASH, enabled(res.needs_hash)),
        (PREFIXES, join(&res.prefixes)),
        (PREVIOUS_KINDS, previous(|p| &p.kind)),
        (PREVIOUS_NAMES, previous(|p| &p.name)),
        (PREVIOUS_NAMESPACES, previous(|p| &p.namespace)),
        (REFERRED_BY, ids.join(",")),
        (SUFFIXES, join(&res.suffixes)),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The meaning of a `behavior` text; unknown ones say nothing.
pub(crate) fn behavior(text: &str) -> Behavior {
    match text {
        "create" => Behavior::Create,
        "merge" => Behavior::Merge,
        "replace" => Behavior::Replace,
        _ => Behavior::Unspecified,
    }
}

/// The text of a behavior as kustomize notes it.
pub(crate) fn behavior_text(behavior: Behavior) -> &'static str {
    match behavior {
        Behavior::Unspecified => "unspecified",
        Behavior::Create => "create",
        Behavior::Merge => "merge",
        Behavior::Replace => "replace",
    }
}

/// Reads `Kind.version.group/name.namespace`, the printed form of an id.
fn parse_id(text: &str) -> Option<ResId> {
    let (gvk, name) = text.split_once('/')?;
    let (name, namespace) = name.rsplit_once('.')?;
    let mut parts = gvk.splitn(3, '.');
    let (kind, version, group) = (parts.next()?, parts.next()?, parts.next()?);
    let part = |text: &str, none: &str| Str::from(if text == none { "" } else { text });
    let gvk = Gvk {
        group: part(group, "[noGrp]"),
        version: part(version, "[noVer]"),
        kind: part(kind, "[noKind]"),
    };
    Some(ResId {
        gvk,
        name: part(name, "[noName]"),
        namespace: part(namespace, "[noNs]"),
        ..ResId::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Doc, Source};

    fn object(annotations: &[(&str, &str)]) -> Resource {
        let mut doc = Doc::new(Source::new("r.yaml", String::new()));
        let root = doc.map();
        doc.set_string(root, "apiVersion", "v1");
        doc.set_string(root, "kind", "ConfigMap");
        let metadata = doc.map();
        doc.set_string(metadata, "name", "a");
        doc.set(root, "metadata", metadata);
        doc.set_root(root);
        let map = doc.map();
        annotations.iter().for_each(|(key, value)| doc.set_string(map, key, value));
        doc.set(metadata, "annotations", map);
        Resource::new(doc)
    }

    #[test]
    fn bookkeeping_of_the_input_is_believed() {
        let mut res = object(&[
            (PREVIOUS_NAMES, "x,y"),
            (PREVIOUS_NAMESPACES, "default,n"),
            (PREVIOUS_KINDS, "ConfigMap,Secret"),
            (PREFIXES, "p-,q-"),
            (NEEDS_HASH, "enabled"),
            (ALLOW_NAME_CHANGE, "yes"),
            (BEHAVIOR, "merge"),
            (FROM_HELM, "true"),
            (REFERRED_BY, "Pod.v1.[noGrp]/p.q.[noNs],foo"),
        ]);
        adopt(&mut res).unwrap();
        assert_eq!(res.previous.len(), 2);
        assert_eq!(res.previous[1].kind, "Secret");
        assert_eq!(res.prefixes, ["p-", "q-"]);
        assert!(res.needs_hash && res.from_helm && !res.allow_name_change);
        assert_eq!(res.behavior, Behavior::Merge);
        assert_eq!(res.referred_by, [ResId::new(Gvk::new("v1", "Pod"), "p.q", "")]);
    }

    #[test]
    fn lists_of_unequal_length_are_an_error() {
        let mut res =
            object(&[(PREVIOUS_NAMES, "x,y"), (PREVIOUS_NAMESPACES, "default"), (PREVIOUS_KINDS, "A")]);
        let error = adopt(&mut res).unwrap_err();
        assert!(error.message().ends_with("found 1, 1 and 2"), "{error}");
        let mut res = object(&[(PREVIOUS_KINDS, "A")]);
        adopt(&mut res).unwrap();
        assert!(res.previous.is_empty());
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut res =
            object(&[(PREFIXES, "a-"), (SUFFIXES, "-b"), (NEEDS_HASH, "enabled"), (FROM_HELM, "true")]);
        adopt(&mut res).unwrap();
        let all = annotations(&res);
        let entries: Vec<(&str, &str)> = all.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(
            entries,
            [(FROM_HELM, "true"), (NEEDS_HASH, "enabled"), (PREFIXES, "a-"), (SUFFIXES, "-b")]
        );
        assert!(entries.is_sorted());
    }
}
