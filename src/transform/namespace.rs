//! `namespace`, and the plugin NamespaceTransformer.
//!
//! Every object but those of the cluster gets the namespace; further field specs write it elsewhere (the name of a
//! Namespace, services of API services and conversion webhooks). Subjects of role bindings are a case of their
//! own. After each object kustomize counts the objects of its id, against the ids of those not yet visited too.

use super::specs::{SpecsByType, SplitSpec};
use super::write;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::{FieldSpec, Gvk, Leaf, ResId, fieldspec};
use crate::kustomization::types::Text;
use crate::resource::{ResMap, Resource};
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag};

/// Which subjects of RoleBindings and ClusterRoleBindings get the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Subjects {
    /// Those named `default`, of whatever kind.
    #[default]
    DefaultOnly,
    /// All of kind ServiceAccount.
    AllServiceAccounts,
    /// None.
    None,
}

/// The modes by name.
const SUBJECTS: &[(&str, Subjects)] = &[
    ("", Subjects::DefaultOnly),
    ("defaultOnly", Subjects::DefaultOnly),
    ("none", Subjects::None),
    ("allServiceAccounts", Subjects::AllServiceAccounts),
];

impl Subjects {
    /// The mode of this name, as `setRoleBindingSubjects` gives it.
    pub(crate) fn from_name(name: &str) -> Result<Self> {
        let found = SUBJECTS.iter().find(|(n, _)| *n == name).map(|(_, mode)| *mode);
        found.ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!(
                    "expected `defaultOnly`, `none` or `allServiceAccounts` for `setRoleBindingSubjects`, \
                     found `{name}`"
                ),
            )
        })
    }
}

/// What the plugin can say beyond the kustomization file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Only write where there is no namespace yet.
    pub(crate) unset_only: bool,
    /// Which subjects of bindings.
    pub(crate) subjects: Subjects,
}

/// Field specs that are dropped for their paths.
const OWN_NAMESPACE: &str = "metadata/namespace";
const OWN_NAME: &str = "metadata/name";
const SUBJECTS_NAMESPACE: &str = "subjects/namespace";

/// Puts all objects into a namespace.
pub(crate) fn apply(
    resources: &mut ResMap,
    namespace: &Text,
    specs: &[FieldSpec],
    options: Options,
) -> Result<()> {
    if namespace.is_empty() {
        return Ok(());
    }
    let mut by_type = SpecsByType::new(specs);
    for slot in resources.slots() {
        let Some(res) = resources.get(slot).filter(|r| !r.from_helm) else { continue };
        let specs = by_type.of(res.gvk());
        let before = res.id().clone();
        resources
            .edit(slot, |res| {
                res.store_previous_id();
                set(res, namespace, specs, options)
            })
            .map_err(|e| e.during(format!("setting the namespace of {before}")))?;
        check_conflict(resources, slot, &before)?;
    }
    Ok(())
}

/// Sets the namespace of one object, without field specs and without remembering its id: what ValueAddTransformer does
/// for the path `metadata/namespace`.
pub(super) fn set_plain(res: &mut Resource, namespace: &Text) -> Result<()> {
    set(res, namespace, &[], Options::default())
}

fn set(res: &mut Resource, namespace: &Text, specs: &[SplitSpec<'_>], options: Options) -> Result<()> {
    let gvk = res.gvk().clone();
    let (doc, root) = (res.doc(), res.root());
    let specs: Vec<&SplitSpec<'_>> =
        specs.iter().filter(|r| !is_dropped(r.spec, &gvk) && r.leads(doc, true)).collect();
    let own = !res.id().is_cluster_scoped() && !has_already(doc, root, namespace);
    let subjects = doc
        .get(root, "subjects")
        .filter(|n| is_binding(&gvk.kind) && options.subjects != Subjects::None && !doc.is_null(*n));
    if !own && subjects.is_none() && specs.is_empty() {
        return Ok(());
    }
    let mut write = |doc: &mut Doc, node: NodeId| write(doc, node, namespace, options.unset_only);
    res.edit(|doc| {
        let root = doc.root();
        if own {
            let create = Some(Leaf::Scalar(Tag::Unset));
            fieldspec::apply_path(doc, root, OWN_NAMESPACE, create, &mut write)?;
        }
        if let Some(subjects) = subjects {
            bind(doc, subjects, options.subjects, &mut write)?;
        }
        for spec in specs {
            let create = spec.spec.create.then_some(Leaf::Scalar(Tag::Str));
            fieldspec::apply_path(doc, root, &spec.spec.path, create, &mut write)?;
        }
        Ok(())
    })
}

fn is_dropped(spec: &FieldSpec, gvk: &Gvk) -> bool {
    spec.path == OWN_NAMESPACE
        || spec.path == OWN_NAME && !(gvk.group.is_empty() && gvk.version == "v1")
        || spec.path == SUBJECTS_NAMESPACE && is_binding(&gvk.kind) && is_binding(&spec.gvk.kind)
}

fn is_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

/// Returns whether writing would leave the object as it is.
fn has_already(doc: &Doc, root: NodeId, namespace: &Text) -> bool {
    doc.get_path(root, &["metadata", "namespace"]).is_some_and(|n| {
        doc.kind(n) == NodeKind::Scalar
            && doc.tag(n) == Tag::Str
            && !doc.is_tagged(n)
            && doc.text(n) == namespace.value
    })
}

fn write(doc: &mut Doc, node: NodeId, namespace: &Text, unset_only: bool) -> Result<()> {
    if unset_only && doc.kind(node) == NodeKind::Scalar && !doc.is_null(node) && !doc.text(node).is_empty() {
        return Ok(());
    }
    write::scalar(doc, node, &namespace.value, Tag::Str, Some(&namespace.mark))
}

/// Writes the namespace into the subjects of a binding that are meant.
fn bind(
    doc: &mut Doc,
    subjects: NodeId,
    mode: Subjects,
    write: &mut dyn FnMut(&mut Doc, NodeId) -> Result<()>,
) -> Result<()> {
    if doc.kind(subjects) != NodeKind::Seq {
        return Err(write::wrong_kind(doc, subjects, "a list of subjects"));
    }
    let (field, wanted) = match mode {
        Subjects::DefaultOnly => ("name", "default"),
        Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
        Subjects::None => return Ok(()),
    };
    for i in 0..doc.items(subjects).len() {
        let Some(subject) = doc.items(subjects).get(i).copied().filter(|s| !doc.is_null(*s)) else {
            continue;
        };
        if doc.kind(subject) != NodeKind::Map {
            return Err(write::wrong_kind(doc, subject, "a subject"));
        }
        let Some(value) = doc.get(subject, field).filter(|n| !doc.is_null(*n)) else { continue };
        write::check_scalar(doc, value)?;
        if doc.text(value) != wanted {
            continue;
        }
        let target = match doc.get(subject, "namespace") {
            Some(there) => there,
            None => {
                let (key, new) = (doc.string("namespace"), doc.scalar("", Style::Plain, Tag::Unset));
                doc.append(subject, &[key, new]);
                new
            }
        };
        write(doc, target)?;
    }
    Ok(())
}

/// An error if another object has the id that the object in this slot has now.
fn check_conflict(resources: &mut ResMap, slot: usize, before: &ResId) -> Result<()> {
    let Some(id) = resources.get(slot).map(|r| r.id().clone()) else { return Ok(()) };
    let same = resources.find(&id);
    let Some(other) = same.iter().find(|s| **s != slot).and_then(|s| resources.get(*s)) else {
        return Ok(());
    };
    let other_before = other.previous_ids().next_back().unwrap_or_else(|| other.id().clone());
    let mut error = Error::new(
        ErrorKind::Conflict,
        format!(
            "namespace transformation produces ID conflict: `{before}` and `{other_before}` both become `{id}`"
        ),
    );
    if let Some(res) = resources.get(slot) {
        error = error.at(place(res));
    }
    Err(error
        .label(place(other), "the other resource")
        .hint("rename one of the two, or leave one of them out of the layer with this namespace"))
}

/// An object in its file: its name may come from elsewhere.
fn place(res: &Resource) -> crate::diag::Location {
    let (doc, root) = (res.doc(), res.root());
    doc.location(root)
}
