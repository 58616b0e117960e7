//! Name references: fields that name another object follow it when a step renamed or moved it.
//!
//! Kustomize compares every reference with every object. Here the objects that have a previous name are indexed by
//! it; a reference looks at those of its name only. All field specs for a type are looked for in one walk (`Finder`).
//! Field specs of a type are worked through in order, and each sees what the field specs before it wrote.
//!
//! The fields are walked also where no object was renamed, since the walk refuses shapes that do not fit.

use super::finder::{Finder, Found, Hit, shape_error};
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::id::NO_NAMESPACE;
use crate::kube::{Gvk, Str, TransformerConfig};
use crate::limits::narrow;
use crate::resource::{ResMap, Resource};
use crate::yaml::compatibility::reads_as_string;
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Style, Tag, scalar};
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};

/// Makes all name references of the table follow the objects they mean.
pub(crate) fn fix(resources: &mut ResMap, config: &TransformerConfig) -> Result<()> {
    let index = Index::new(resources);
    let mut plans: FxHashMap<Gvk, Plan> = FxHashMap::default();
    let mut hits = Vec::new();
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        let mut gvk = res.gvk().clone();
        if let Some(first) = res.previous.first() {
            gvk.kind = first.kind.clone();
        }
        let plan = plans.entry(gvk).or_insert_with_key(|gvk| Plan::new(config, gvk));
        if plan.finder.is_empty() {
            continue;
        }
        let referrer = Referrer::new(slot, res)?;
        plan.finder.find(res.doc(), res.root(), &mut hits);
        let mut step = Step { resources: &mut *resources, index: &index, referrer: &referrer };
        for hit in &hits {
            let Some(spec) = plan.specs.get(hit.spec as usize) else { continue };
            step.hit(*hit, spec).map_err(|e| match step.resources.get(slot) {
                Some(res) => {
                    e.during(format!("updating name reference in `{}` of `{}`", spec.path, res.id()))
                }
                None => e,
            })?;
        }
    }
    Ok(())
}

/// The field specs that apply to one type of referrers.
struct Plan {
    finder: Finder,
    specs: Vec<ReferenceField>,
}

struct ReferenceField {
    /// The type referred to.
    target: Gvk,
    path: Str,
    /// The object has to be what the `roleRef` of the referrer says.
    role_ref: bool,
}

impl Plan {
    fn new(config: &TransformerConfig, gvk: &Gvk) -> Self {
        let mut specs = Vec::new();
        for reference in config.name_reference.iter() {
            for spec in reference.referrers.iter().filter(|spec| gvk.is_selected(&spec.gvk)) {
                let role_ref = spec.path.ends_with("roleRef/name");
                specs.push(ReferenceField {
                    target: reference.gvk.clone(),
                    path: spec.path.clone(),
                    role_ref,
                });
            }
        }
        Self { finder: Finder::new(specs.iter().map(|spec| spec.path.as_str())), specs }
    }
}

/// What an entry of the index is found by, besides a previous name.
#[derive(Hash)]
enum By<'a> {
    Name,
    Current(&'a str),
    Original(&'a str),
}

fn key(name: &str, by: &By<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    (name, by).hash(&mut hasher);
    hasher.finish()
}

type Slots = SmallVec<[u32; 4]>;

/// The objects that have a previous name. Look-ups may give too much, never too little.
struct Index {
    slots: FxHashMap<u64, Slots>,
    /// Original namespace -> the present ones, effective and as written, of objects that come from there.
    moved: FxHashMap<Str, Vec<(Str, Str)>>,
}

impl Index {
    fn new(resources: &ResMap) -> Self {
        let mut index = Self { slots: FxHashMap::default(), moved: FxHashMap::default() };
        for slot in resources.slots() {
            let Some(res) = resources.get(slot) else { continue };
            let now = res.id().effective_namespace();
            let original = res.original_id();
            let original = original.effective_namespace();
            let from = index.moved.entry(original.into()).or_default();
            if !from.iter().any(|(effective, written)| effective == now && written == res.namespace()) {
                from.push((now.into(), res.namespace().into()));
            }
            for (i, previous) in res.previous.iter().enumerate() {
                let name = previous.name.as_str();
                if res.previous.iter().take(i).any(|p| p.name == name) {
                    continue;
                }
                for by in [By::Name, By::Current(now), By::Original(original)] {
                    index.slots.entry(key(name, &by)).or_default().push(narrow(slot));
                }
            }
        }
        index
    }

    fn get(&self, name: &str, by: &By<'_>) -> &[u32] {
        self.slots.get(&key(name, by)).map_or(&[], |slots| slots.as_slice())
    }
}

/// The object whose fields are looked at.
struct Referrer {
    slot: usize,
    namespace: Str,
    cluster_scoped: bool,
    /// For a RoleBinding: the namespaces of its service accounts, sorted.
    subjects: SmallVec<[Str; 2]>,
}

impl Referrer {
    fn new(slot: usize, res: &Resource) -> Result<Self> {
        let namespace = res.id().effective_namespace();
        let cluster_scoped = namespace == NO_NAMESPACE;
        let subjects = if cluster_scoped || res.gvk().kind != "RoleBinding" {
            SmallVec::new()
        } else {
            subject_namespaces(res.doc(), res.root())?
        };
        Ok(Self { slot, namespace: namespace.into(), cluster_scoped, subjects })
    }

    /// Returns whether objects in a namespace, effective and as written, may be referred to.
    fn reaches(&self, effective: &str, written: &str) -> bool {
        self.cluster_scoped
            || effective == NO_NAMESPACE
            || effective == self.namespace
            || self.subjects.binary_search_by(|s| s.as_str().cmp(written)).is_ok()
    }
}

fn subject_namespaces(doc: &Doc, root: NodeId) -> Result<SmallVec<[Str; 2]>> {
    let mut found = SmallVec::new();
    let Some(subjects) = doc.get(root, "subjects") else { return Ok(found) };
    for subject in doc.items(subjects) {
        let fail = |what: &str, at: NodeId| {
            Err(Error::new(ErrorKind::Resource, format!("expected {what} in `subjects` of a RoleBinding"))
                .at(doc.location(at)))
        };
        if doc.kind(*subject) != NodeKind::Map {
            return fail("mappings", *subject);
        }
        let (Some(namespace), Some(kind)) = (doc.get(*subject, "namespace"), doc.get(*subject, "kind"))
        else {
            continue;
        };
        if !is_text(doc, kind) {
            return fail("a string as `kind`", kind);
        }
        if doc.text(kind) != "ServiceAccount" {
            continue;
        }
        if !is_text(doc, namespace) {
            return fail("a string as `namespace`", namespace);
        }
        found.push(Str::from(doc.text(namespace)));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Returns whether a node is a scalar whose value is a string.
fn is_text(doc: &Doc, node: NodeId) -> bool {
    doc.kind(node) == NodeKind::Scalar
        && match doc.tag(node) {
            Tag::Str | Tag::Other | Tag::Binary | Tag::Merge => true,
            Tag::Unset => {
                doc.style(node) != Style::Plain || scalar::resolve(doc.text(node), Dialect::V3) == Tag::Str
            }
            _ => false,
        }
}

struct Step<'a> {
    resources: &'a mut ResMap,
    index: &'a Index,
    referrer: &'a Referrer,
}

/// What is to be written for a reference.
struct Referral {
    name: Str,
    namespace: Str,
}

impl Step<'_> {
    fn doc(&self) -> Option<&Doc> {
        self.resources.get(self.referrer.slot).map(Resource::doc)
    }

    fn change(&mut self, change: impl FnOnce(&mut Doc)) -> Result<()> {
        self.resources.edit(self.referrer.slot, |res| {
            res.edit(change);
            Ok(())
        })
    }

    fn hit(&mut self, hit: Hit, spec: &ReferenceField) -> Result<()> {
        let Some(doc) = self.doc() else { return Ok(()) };
        match hit.found {
            Found::Scalar | Found::Unreachable => return Err(shape_error(doc, hit)),
            Found::NullList => {
                return self.change(|doc| {
                    let list = doc.seq();
                    doc.assign(hit.node, list);
                });
            }
            Found::Field => {}
        }
        match doc.kind(hit.node) {
            NodeKind::Seq => {
                for item in doc.items(hit.node).to_vec() {
                    self.one(item, spec)?;
                }
                Ok(())
            }
            _ => self.one(hit.node, spec),
        }
    }

    /// A scalar with a name, or a mapping with `name` and `namespace`.
    fn one(&mut self, node: NodeId, spec: &ReferenceField) -> Result<()> {
        let Some(doc) = self.doc() else { return Ok(()) };
        if doc.is_null(node) {
            return Ok(());
        }
        match doc.kind(node) {
            NodeKind::Scalar => self.name(node, spec),
            NodeKind::Map => self.name_and_namespace(node, spec),
            _ => {
                Err(Error::new(ErrorKind::Resource, "expected a name or a mapping with a name, found a list")
                    .at(doc.location(node)))
            }
        }
    }

    fn name(&mut self, node: NodeId, spec: &ReferenceField) -> Result<()> {
        let Some(doc) = self.doc() else { return Ok(()) };
        let old = doc.text(node);
        let Some(referral) = self.select(old, None, spec, node)? else { return Ok(()) };
        if referral.name == old {
            return Ok(());
        }
        self.change(|doc| doc.set_text(node, &referral.name, Tag::Unset))
    }

    fn name_and_namespace(&mut self, node: NodeId, spec: &ReferenceField) -> Result<()> {
        let Some(doc) = self.doc() else { return Ok(()) };
        let Some(name) = doc.get(node, "name") else {
            return Err(Error::new(
                ErrorKind::Resource,
                "expected a `name` in a mapping that refers to an object",
            )
            .at(doc.location(node)));
        };
        let namespace = doc.get(node, "namespace");
        let old = doc.text(name);
        let Some(referral) = self.select(old, namespace.map(|n| doc.text(n)), spec, node)? else {
            return Ok(());
        };
        let keeps = |node: NodeId, text: &str| doc.text(node) == text && is_bare(doc, node);
        let same_name = keeps(name, &referral.name) || referral.namespace.is_empty() && referral.name == old;
        let same_namespace =
            referral.namespace.is_empty() || namespace.is_some_and(|n| keeps(n, &referral.namespace));
        if same_name && same_namespace {
            return Ok(());
        }
        self.change(|doc| {
            if !same_name {
                doc.set_text(name, &referral.name, Tag::Unset);
            }
            if same_namespace {
                return;
            }
            match namespace {
                Some(n) => doc.set_text(n, &referral.namespace, Tag::Unset),
                None => {
                    let text = referral.namespace.as_str();
                    let style = if reads_as_string(text) { Style::Plain } else { Style::Double };
                    let value = doc.scalar(text, style, Tag::Unset);
                    doc.set(node, "namespace", value);
                }
            }
        })
    }

    /// The slots that may be meant by a name, in order.
    fn candidates(&self, name: &str, namespace: Option<&str>) -> SmallVec<[u32; 4]> {
        let (index, referrer) = (self.index, self.referrer);
        let mut found: SmallVec<[u32; 4]> = SmallVec::new();
        match namespace {
            Some(NO_NAMESPACE) => {}
            Some(namespace) => {
                let some_from_there = index.moved.get(namespace).is_some_and(|present| {
                    present.iter().any(|(effective, written)| referrer.reaches(effective, written))
                });
                let by = if some_from_there { By::Original(namespace) } else { By::Current(namespace) };
                found.extend_from_slice(index.get(name, &by));
            }
            None if referrer.cluster_scoped => found.extend_from_slice(index.get(name, &By::Name)),
            None => {
                let other = referrer.subjects.iter().map(|s| if s.is_empty() { "default" } else { s });
                for place in [referrer.namespace.as_str(), NO_NAMESPACE].into_iter().chain(other) {
                    found.extend_from_slice(index.get(name, &By::Current(place)));
                }
                found.sort_unstable();
                found.dedup();
            }
        }
        found
    }

    /// The object that a name means.
    fn select(
        &self,
        name: &str,
        namespace: Option<&str>,
        spec: &ReferenceField,
        node: NodeId,
    ) -> Result<Option<Referral>> {
        let slots = self.candidates(name, namespace);
        if slots.is_empty() {
            return Ok(None);
        }
        let referrer = self.referrer;
        let Some(me) = self.resources.get(referrer.slot) else { return Ok(None) };
        let role = if spec.role_ref { role_ref(me.doc(), me.root()) } else { None };
        let was = |res: &Resource, gvk: &Gvk| res.previous_ids().any(|id| id.gvk.is_selected(gvk));
        let is_meant = |res: &&Resource| {
            let here = res.id().effective_namespace();
            res.previous.iter().any(|p| p.name == name)
                && was(res, &spec.target)
                && role.as_ref().is_none_or(|role| was(res, role))
                && referrer.reaches(here, res.namespace())
                && (referrer.cluster_scoped
                    || here == NO_NAMESPACE
                    || here == referrer.namespace
                    || res.gvk().kind == "ServiceAccount")
        };
        let mut found: Vec<&Resource> =
            slots.iter().filter_map(|s| self.resources.get(*s as usize)).filter(is_meant).collect();
        if found.len() != 1 {
            found.retain(|res| ends_alike(res, me, true));
            if found.len() > 1 {
                found.retain(|res| ends_alike(res, me, false));
            }
        }
        let Some(first) = found.first() else { return Ok(None) };
        let alike = |res: &&Resource| {
            res.name() == first.name() && (!is_mapping(me, node) || res.namespace() == first.namespace())
        };
        if !found.iter().all(alike) {
            return Err(ambiguous(me, node, name, &found));
        }
        Ok(Some(Referral { name: first.name().into(), namespace: first.namespace().into() }))
    }
}

fn is_mapping(res: &Resource, node: NodeId) -> bool {
    res.doc().kind(node) == NodeKind::Map
}

/// Returns whether writing the same text without a tag would leave a node as it is.
fn is_bare(doc: &Doc, node: NodeId) -> bool {
    match doc.tag(node) {
        _ if doc.is_tagged(node) || doc.kind(node) != NodeKind::Scalar => false,
        Tag::Unset => true,
        tag => doc.style(node) != Style::Plain || scalar::resolve(doc.text(node), Dialect::V3) == tag,
    }
}

/// The type that `roleRef` names; `None` where it says too little.
fn role_ref(doc: &Doc, root: NodeId) -> Option<Gvk> {
    let part = |key| doc.get_path(root, &["roleRef", key]).map(|n| Str::from(doc.text(n)));
    Some(Gvk { group: part("apiGroup")?, version: Str::default(), kind: part("kind")? })
}

/// Returns whether prefixes and suffixes of two objects end alike; `lax`: none is like any.
fn ends_alike(a: &Resource, b: &Resource, lax: bool) -> bool {
    let alike = |a: &[Str], b: &[Str]| match (a.is_empty(), b.is_empty()) {
        (false, false) => a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b),
        (a, b) => lax || a == b,
    };
    alike(&a.prefixes, &b.prefixes) && alike(&a.suffixes, &b.suffixes)
}

fn ambiguous(me: &Resource, node: NodeId, name: &str, found: &[&Resource]) -> Error {
    let ids: Vec<String> = found.iter().map(|res| format!("`{}`", res.id())).collect();
    let message = format!("found multiple possible referrals for `{name}`: {}", ids.join(", "));
    let mut error = Error::new(ErrorKind::Reference, message).at(me.doc().location(node));
    for res in found {
        error = error.label(res.doc().location(res.root()), "this could be meant");
    }
    error.hint("give the objects different names, or name the namespace in the reference")
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{field, objects, prefixed};
    use super::*;

    fn fixed(mut all: ResMap) -> Result<ResMap> {
        fix(&mut all, TransformerConfig::built_in(crate::compat::Compat::DEFAULT)).map(|()| all)
    }

    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {serviceAccountName: conf, \
                       volumes: [{configMap: {name: conf}}, {secret: {secretName: other}}]}}\n";

    #[test]
    fn a_reference_follows_the_object_of_its_kind() {
        let conf = "{apiVersion: v1, kind: ConfigMap, metadata: {name: p-conf}}\n";
        let all = fixed(prefixed(&format!("{POD}---\n{conf}"))).expect("references are clear");
        assert_eq!(
            field(&all, "pod", &["spec"]),
            "serviceAccountName: conf\nvolumes:\n- configMap:\n    name: p-conf\n- secret:\n    secretName: other"
        );
    }

    #[test]
    fn an_object_that_was_never_renamed_is_no_candidate() {
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}}\n---\n\
                    {apiVersion: v1, kind: ConfigMap, metadata: {name: p-conf}}\n---\n";
        let all = fixed(prefixed(&format!("{text}{POD}"))).expect("references are clear");
        assert!(field(&all, "pod", &["spec", "volumes"]).contains("p-conf"));
    }

    #[test]
    fn an_object_in_another_namespace_is_not_meant() {
        let conf = "{apiVersion: v1, kind: ConfigMap, metadata: {name: p-conf, namespace: far}}\n";
        let all = fixed(prefixed(&format!("{POD}---\n{conf}"))).expect("references are clear");
        assert!(!field(&all, "pod", &["spec", "volumes"]).contains("p-conf"));
    }

    #[test]
    fn subjects_get_name_and_namespace_and_keep_what_is_not_there() {
        let text = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: p-a, namespace: one}}\n---\n\
                    {apiVersion: v1, kind: ServiceAccount, metadata: {name: p-a, namespace: two}}\n---\n\
                    {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, \
                    subjects: [{kind: ServiceAccount, name: a, namespace: two}, \
                    {kind: ServiceAccount, name: a, namespace: three}]}\n";
        let all = fixed(prefixed(text)).expect("references are clear");
        assert_eq!(
            field(&all, "b", &["subjects"]),
            "- kind: ServiceAccount\n  name: p-a\n  namespace: two\n\
             - kind: ServiceAccount\n  name: a\n  namespace: three"
        );
    }

    #[test]
    fn two_objects_that_could_be_meant_are_an_error() {
        let text = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: p-a, namespace: one}}\n---\n\
                    {apiVersion: v1, kind: ServiceAccount, metadata: {name: p-a, namespace: two}}\n---\n\
                    {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: p-b}, \
                    subjects: [{kind: ServiceAccount, name: a}]}\n";
        let error = fixed(prefixed(text)).expect_err("two accounts");
        assert!(error.message().starts_with("found multiple possible referrals for `a`"), "{error}");
        assert_eq!(error.labels().len(), 3);
        assert_eq!(error.labels()[0].at.to_string(), "objects.yaml:5:104");
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused_without_any_renamed_object() {
        for (spec, message) in [
            ("{containers: [{env: [{valueFrom: text}]}]}", "expected sequence or mapping node, found `text`"),
            ("{containers: [{env: null}]}", ""),
            ("{volumes: [text]}", "expected sequence or mapping node, found `text`"),
            ("{imagePullSecrets: {name: x}}", ""),
            ("{serviceAccountName: {a: b}}", "expected a `name` in a mapping that refers to an object"),
            ("{serviceAccountName: [[a]]}", "expected a name or a mapping with a name, found a list"),
        ] {
            let text = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {spec}}}");
            let found = fixed(objects(&text)).err().map_or(String::new(), |e| e.message().to_owned());
            assert_eq!(found, message, "{spec}");
        }
    }

    #[test]
    fn a_shared_document_stays_shared_where_nothing_changes() {
        let all = objects(POD);
        let mut copy = all.clone();
        fix(&mut copy, TransformerConfig::built_in(crate::compat::Compat::DEFAULT)).expect("nothing to do");
        let doc = |all: &ResMap| std::ptr::from_ref(all.get(0).expect("the pod").doc());
        assert_eq!(doc(&all), doc(&copy));
    }
}
