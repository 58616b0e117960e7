//! Which types belong to the cluster and which to a namespace.

use super::Gvk;

/// Whether kustomize knows that objects of this type have no namespace. Unknown types are namespaced.
pub fn is_cluster_scoped(_gvk: &Gvk) -> bool {
    false
}
