//! Ids: how kustomize tells objects apart.

use super::gvk::Scope;
use super::scope;
use super::{Gvk, Str};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The effective namespace of objects that have none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Type, name and namespace of an object. Two ids are equal when type, name and *effective* namespace are.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResId {
    /// Type.
    pub(crate) gvk: Gvk,
    /// `metadata.name`.
    pub(crate) name: Str,
    /// `metadata.namespace` as written, empty for none.
    pub(crate) namespace: Str,
    /// What the build says of the scope of the type, where it does not know just the built-in types of today.
    pub(crate) scope: Option<Scope>,
}

impl ResId {
    /// An id.
    pub(crate) fn new(gvk: Gvk, name: &str, namespace: &str) -> Self {
        Self { gvk, name: name.into(), namespace: namespace.into(), scope: None }
    }

    /// Returns whether objects of this type have no namespace.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        match self.scope {
            Some(scope) => scope == Scope::Cluster,
            None => scope::is_cluster_scoped(&self.gvk),
        }
    }

    /// The namespace by which ids are compared: a constant for cluster-scoped types, `default` for none.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped() {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }
}

impl PartialEq for ResId {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }
}

impl Eq for ResId {}

impl Hash for ResId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.gvk.hash(state);
        self.name.hash(state);
        self.effective_namespace().hash(state);
    }
}

/// `Kind.version.group/name.namespace` with `[noKind]` and so on for empty parts.
impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |text: &Str, none: &'static str| if text.is_empty() { none.into() } else { text.clone() };
        write!(f, "{}/{}.{}", self.gvk, part(&self.name, "[noName]"), part(&self.namespace, "[noNs]"))
    }
}
