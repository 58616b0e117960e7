//! Which types belong to the cluster and which to a namespace.
//!
//! Kustomize knows the types of Kubernetes 1.21 by exact group, version and kind; whatever is not among them
//! counts as namespaced. A document that the field `openapi` names may add types, but never changes a known one.

use super::gvk::Scope;
use super::{Gvk, OpenApi};
use crate::compat::Compat;
use std::sync::Arc;

use Scope::{Cluster, Namespaced};

/// A kind, where it lives, and the groups and versions in which it is known.
struct ScopedKind {
    kind: &'static str,
    scope: Scope,
    types: &'static [(&'static str, &'static str)],
}

/// Returns whether kustomize knows that objects of this type have no namespace. Unknown types are namespaced.
pub(crate) fn is_cluster_scoped(gvk: &Gvk) -> bool {
    built_in(gvk) == Some(Cluster)
}

/// Whether a version knows the scope of a type without a document.
pub(crate) fn is_known(gvk: &Gvk, compat: Compat) -> bool {
    built_in(gvk).is_some() && !is_later(gvk, compat)
}

/// The types of the built-in table that were not always there, and the version that brought them.
const LATER: [(Compat, &str, &str, &str); 2] = [
    (Compat::V5_8_2, "ValidatingAdmissionPolicy", "admissionregistration.k8s.io", "v1"),
    (Compat::V5_8_2, "ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io", "v1"),
];

/// Whether a type is built in, but not yet in this version.
fn is_later(gvk: &Gvk, compat: Compat) -> bool {
    let is_meant = |kind, group, version| gvk.kind == kind && gvk.group == group && gvk.version == version;
    LATER.iter().any(|(since, kind, group, version)| compat < *since && is_meant(*kind, *group, *version))
}

/// The scopes of types in a build that knows something else than [`is_cluster_scoped`]: the built-in types of an older
/// version, or a document of the field `openapi` as well.
#[derive(Debug)]
pub(crate) struct Scopes {
    compat: Compat,
    openapi: Option<Arc<OpenApi>>,
}

impl Scopes {
    /// The scopes that a version and a document know; `None` if they are just the built-in ones of today.
    pub(crate) fn new(compat: Compat, openapi: Option<&Arc<OpenApi>>) -> Option<Arc<Self>> {
        let differs = openapi.is_some() || LATER.iter().any(|(since, ..)| compat < *since);
        differs.then(|| Arc::new(Self { compat, openapi: openapi.cloned() }))
    }

    /// The scope of a type: of the built-in table, then of the document. Unknown types are namespaced.
    pub(crate) fn of(&self, gvk: &Gvk) -> Scope {
        let built_in = built_in(gvk).filter(|_| !is_later(gvk, self.compat));
        built_in.or_else(|| self.openapi.as_ref()?.scope(gvk)).unwrap_or(Namespaced)
    }
}

/// The scope that the built-in table has for a type.
fn built_in(gvk: &Gvk) -> Option<Scope> {
    let kind = gvk.kind.as_str();
    let scoped = KINDS.get(kind.len())?.iter().find(|r| r.kind == kind)?;
    let known = scoped.types.iter().any(|(group, version)| gvk.group == *group && gvk.version == *version);
    known.then_some(scoped.scope)
}

const fn scoped(
    kind: &'static str,
    scope: Scope,
    types: &'static [(&'static str, &'static str)],
) -> ScopedKind {
    ScopedKind { kind, scope, types }
}

/// The known kinds by the length of their name.
static KINDS: [&[ScopedKind]; 33] = [
    &[],
    &[],
    &[],
    &[scoped("Job", Namespaced, &[("batch", "v1")]), scoped("Pod", Namespaced, &[("", "v1")])],
    &[
        scoped("Node", Cluster, &[("", "v1")]),
        scoped(
            "Role",
            Namespaced,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
    ],
    &[
        scoped("Event", Namespaced, &[("events.k8s.io", "v1"), ("events.k8s.io", "v1beta1"), ("", "v1")]),
        scoped("Lease", Namespaced, &[("coordination.k8s.io", "v1"), ("coordination.k8s.io", "v1beta1")]),
        scoped("Scale", Namespaced, &[("autoscaling", "v1")]),
    ],
    &[scoped("Secret", Namespaced, &[("", "v1")])],
    &[
        scoped("CSINode", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
        scoped("CronJob", Namespaced, &[("batch", "v1"), ("batch", "v1beta1")]),
        scoped(
            "Ingress",
            Namespaced,
            &[("extensions", "v1beta1"), ("networking.k8s.io", "v1"), ("networking.k8s.io", "v1beta1")],
        ),
        scoped("Service", Namespaced, &[("", "v1")]),
    ],
    &[],
    &[
        scoped("CSIDriver", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
        scoped("ConfigMap", Namespaced, &[("", "v1")]),
        scoped("DaemonSet", Namespaced, &[("apps", "v1")]),
        scoped("Endpoints", Namespaced, &[("", "v1")]),
        scoped("Namespace", Cluster, &[("", "v1")]),
    ],
    &[
        scoped(
            "APIService",
            Cluster,
            &[("apiregistration.k8s.io", "v1"), ("apiregistration.k8s.io", "v1beta1")],
        ),
        scoped("Deployment", Namespaced, &[("apps", "v1")]),
        scoped("FlowSchema", Cluster, &[("flowcontrol.apiserver.k8s.io", "v1beta1")]),
        scoped("LimitRange", Namespaced, &[("", "v1")]),
        scoped("ReplicaSet", Namespaced, &[("apps", "v1")]),
    ],
    &[
        scoped(
            "ClusterRole",
            Cluster,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
        scoped("PodTemplate", Namespaced, &[("", "v1")]),
        scoped(
            "RoleBinding",
            Namespaced,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
        scoped("StatefulSet", Namespaced, &[("apps", "v1")]),
    ],
    &[
        scoped("IngressClass", Cluster, &[("networking.k8s.io", "v1"), ("networking.k8s.io", "v1beta1")]),
        scoped("RuntimeClass", Cluster, &[("node.k8s.io", "v1"), ("node.k8s.io", "v1beta1")]),
        scoped("StorageClass", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
    ],
    &[
        scoped("EndpointSlice", Namespaced, &[("discovery.k8s.io", "v1"), ("discovery.k8s.io", "v1beta1")]),
        scoped("NetworkPolicy", Namespaced, &[("networking.k8s.io", "v1")]),
        scoped("PriorityClass", Cluster, &[("scheduling.k8s.io", "v1"), ("scheduling.k8s.io", "v1beta1")]),
        scoped("ResourceQuota", Namespaced, &[("", "v1")]),
    ],
    &[
        scoped("PodExecOptions", Namespaced, &[("", "v1")]),
        scoped("ServiceAccount", Namespaced, &[("", "v1")]),
    ],
    &[
        scoped("ComponentStatus", Cluster, &[("", "v1")]),
        scoped("PodProxyOptions", Namespaced, &[("", "v1")]),
    ],
    &[
        scoped("NodeProxyOptions", Cluster, &[("", "v1")]),
        scoped("PersistentVolume", Cluster, &[("", "v1")]),
        scoped("PodAttachOptions", Namespaced, &[("", "v1")]),
        scoped("VolumeAttachment", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
    ],
    &[scoped("PodSecurityPolicy", Cluster, &[("policy", "v1beta1")])],
    &[
        scoped("CSIStorageCapacity", Namespaced, &[("storage.k8s.io", "v1beta1")]),
        scoped(
            "ClusterRoleBinding",
            Cluster,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
        scoped("ControllerRevision", Namespaced, &[("apps", "v1")]),
    ],
    &[
        scoped("PodDisruptionBudget", Namespaced, &[("policy", "v1"), ("policy", "v1beta1")]),
        scoped("ServiceProxyOptions", Namespaced, &[("", "v1")]),
    ],
    &[],
    &[
        scoped("PersistentVolumeClaim", Namespaced, &[("", "v1")]),
        scoped("PodPortForwardOptions", Namespaced, &[("", "v1")]),
        scoped("ReplicationController", Namespaced, &[("", "v1")]),
    ],
    &[],
    &[scoped(
        "HorizontalPodAutoscaler",
        Namespaced,
        &[("autoscaling", "v1"), ("autoscaling", "v2beta1"), ("autoscaling", "v2beta2")],
    )],
    &[scoped(
        "CustomResourceDefinition",
        Cluster,
        &[("apiextensions.k8s.io", "v1"), ("apiextensions.k8s.io", "v1beta1")],
    )],
    &[
        scoped(
            "CertificateSigningRequest",
            Cluster,
            &[("certificates.k8s.io", "v1"), ("certificates.k8s.io", "v1beta1")],
        ),
        scoped("ValidatingAdmissionPolicy", Cluster, &[("admissionregistration.k8s.io", "v1")]),
    ],
    &[scoped("PriorityLevelConfiguration", Cluster, &[("flowcontrol.apiserver.k8s.io", "v1beta1")])],
    &[],
    &[scoped(
        "MutatingWebhookConfiguration",
        Cluster,
        &[("admissionregistration.k8s.io", "v1"), ("admissionregistration.k8s.io", "v1beta1")],
    )],
    &[],
    &[scoped(
        "ValidatingWebhookConfiguration",
        Cluster,
        &[("admissionregistration.k8s.io", "v1"), ("admissionregistration.k8s.io", "v1beta1")],
    )],
    &[],
    &[scoped("ValidatingAdmissionPolicyBinding", Cluster, &[("admissionregistration.k8s.io", "v1")])],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_those_of_exact_types() {
        let table = [
            ("v1", "Namespace", Some(Cluster)),
            ("/v1", "Namespace", Some(Cluster)),
            ("v2", "Namespace", None),
            ("apps/v1", "Namespace", None),
            ("v1", "ConfigMap", Some(Namespaced)),
            ("apps/v1", "Deployment", Some(Namespaced)),
            ("extensions/v1beta1", "Deployment", None),
            ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", Some(Cluster)),
            ("rbac.authorization.k8s.io/v1alpha1", "ClusterRoleBinding", None),
            ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", Some(Cluster)),
            ("v1", "", None),
            ("v1", "AKindWhoseNameIsLongerThanThatOfAnyOther", None),
        ];
        for (api_version, kind, scope) in table {
            let gvk = Gvk::new(api_version, kind);
            assert_eq!(built_in(&gvk), scope, "{api_version} {kind}");
            assert_eq!(is_cluster_scoped(&gvk), scope == Some(Cluster), "{api_version} {kind}");
            assert_eq!(is_known(&gvk, Compat::V5_8_3), scope.is_some(), "{api_version} {kind}");
        }
    }

    #[test]
    fn every_row_stands_under_the_length_of_its_kind() {
        let all = KINDS.iter().enumerate().flat_map(|(n, specs)| specs.iter().map(move |r| (n, r)));
        assert_eq!(all.clone().map(|(_, r)| r.types.len()).sum::<usize>(), 84);
        assert!(all.clone().all(|(n, r)| n == r.kind.len()));
    }
}
