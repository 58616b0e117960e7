//! Which types belong to the cluster and which to a namespace.
//!
//! Kustomize knows the types of Kubernetes 1.21 by exact group, version and kind; whatever is not among them
//! counts as namespaced. A document that the field `openapi` names may add types, but never changes a known one.

use super::{Gvk, OpenApi};

/// Where the objects of a type live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Objects have no namespace.
    Cluster,
    /// Objects stand in a namespace.
    Namespaced,
}

use Scope::{Cluster, Namespaced};

/// A kind, where it lives, and the groups and versions in which it is known.
struct Row {
    kind: &'static str,
    scope: Scope,
    types: &'static [(&'static str, &'static str)],
}

/// Whether kustomize knows that objects of this type have no namespace. Unknown types are namespaced.
pub fn is_cluster_scoped(gvk: &Gvk) -> bool {
    built_in(gvk) == Some(Cluster)
}

/// [`is_cluster_scoped`] with the types that a document of the field `openapi` adds.
pub fn is_cluster_scoped_in(gvk: &Gvk, openapi: Option<&OpenApi>) -> bool {
    scope_of(gvk, openapi) == Some(Cluster)
}

/// Whether the scope of a type is known.
pub fn is_known(gvk: &Gvk) -> bool {
    built_in(gvk).is_some()
}

/// The scope of a type, if known: the built-in table, then the document.
pub fn scope_of(gvk: &Gvk, openapi: Option<&OpenApi>) -> Option<Scope> {
    built_in(gvk).or_else(|| openapi?.scope(gvk))
}

/// The scope that the built-in table has for a type.
pub fn built_in(gvk: &Gvk) -> Option<Scope> {
    let kind = gvk.kind.as_str();
    let row = KINDS.get(kind.len())?.iter().find(|r| r.kind == kind)?;
    let known = row.types.iter().any(|(group, version)| gvk.group == *group && gvk.version == *version);
    known.then_some(row.scope)
}

const fn row(kind: &'static str, scope: Scope, types: &'static [(&'static str, &'static str)]) -> Row {
    Row { kind, scope, types }
}

/// The known kinds by the length of their name.
static KINDS: [&[Row]; 31] = [
    &[],
    &[],
    &[],
    &[row("Job", Namespaced, &[("batch", "v1")]), row("Pod", Namespaced, &[("", "v1")])],
    &[
        row("Node", Cluster, &[("", "v1")]),
        row(
            "Role",
            Namespaced,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
    ],
    &[
        row("Event", Namespaced, &[("events.k8s.io", "v1"), ("events.k8s.io", "v1beta1"), ("", "v1")]),
        row("Lease", Namespaced, &[("coordination.k8s.io", "v1"), ("coordination.k8s.io", "v1beta1")]),
        row("Scale", Namespaced, &[("autoscaling", "v1")]),
    ],
    &[row("Secret", Namespaced, &[("", "v1")])],
    &[
        row("CSINode", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
        row("CronJob", Namespaced, &[("batch", "v1"), ("batch", "v1beta1")]),
        row(
            "Ingress",
            Namespaced,
            &[("extensions", "v1beta1"), ("networking.k8s.io", "v1"), ("networking.k8s.io", "v1beta1")],
        ),
        row("Service", Namespaced, &[("", "v1")]),
    ],
    &[],
    &[
        row("CSIDriver", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
        row("ConfigMap", Namespaced, &[("", "v1")]),
        row("DaemonSet", Namespaced, &[("apps", "v1")]),
        row("Endpoints", Namespaced, &[("", "v1")]),
        row("Namespace", Cluster, &[("", "v1")]),
    ],
    &[
        row(
            "APIService",
            Cluster,
            &[("apiregistration.k8s.io", "v1"), ("apiregistration.k8s.io", "v1beta1")],
        ),
        row("Deployment", Namespaced, &[("apps", "v1")]),
        row("FlowSchema", Cluster, &[("flowcontrol.apiserver.k8s.io", "v1beta1")]),
        row("LimitRange", Namespaced, &[("", "v1")]),
        row("ReplicaSet", Namespaced, &[("apps", "v1")]),
    ],
    &[
        row(
            "ClusterRole",
            Cluster,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
        row("PodTemplate", Namespaced, &[("", "v1")]),
        row(
            "RoleBinding",
            Namespaced,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
        row("StatefulSet", Namespaced, &[("apps", "v1")]),
    ],
    &[
        row("IngressClass", Cluster, &[("networking.k8s.io", "v1"), ("networking.k8s.io", "v1beta1")]),
        row("RuntimeClass", Cluster, &[("node.k8s.io", "v1"), ("node.k8s.io", "v1beta1")]),
        row("StorageClass", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
    ],
    &[
        row("EndpointSlice", Namespaced, &[("discovery.k8s.io", "v1"), ("discovery.k8s.io", "v1beta1")]),
        row("NetworkPolicy", Namespaced, &[("networking.k8s.io", "v1")]),
        row("PriorityClass", Cluster, &[("scheduling.k8s.io", "v1"), ("scheduling.k8s.io", "v1beta1")]),
        row("ResourceQuota", Namespaced, &[("", "v1")]),
    ],
    &[row("PodExecOptions", Namespaced, &[("", "v1")]), row("ServiceAccount", Namespaced, &[("", "v1")])],
    &[row("ComponentStatus", Cluster, &[("", "v1")]), row("PodProxyOptions", Namespaced, &[("", "v1")])],
    &[
        row("NodeProxyOptions", Cluster, &[("", "v1")]),
        row("PersistentVolume", Cluster, &[("", "v1")]),
        row("PodAttachOptions", Namespaced, &[("", "v1")]),
        row("VolumeAttachment", Cluster, &[("storage.k8s.io", "v1"), ("storage.k8s.io", "v1beta1")]),
    ],
    &[row("PodSecurityPolicy", Cluster, &[("policy", "v1beta1")])],
    &[
        row("CSIStorageCapacity", Namespaced, &[("storage.k8s.io", "v1beta1")]),
        row(
            "ClusterRoleBinding",
            Cluster,
            &[("rbac.authorization.k8s.io", "v1"), ("rbac.authorization.k8s.io", "v1beta1")],
        ),
        row("ControllerRevision", Namespaced, &[("apps", "v1")]),
    ],
    &[
        row("PodDisruptionBudget", Namespaced, &[("policy", "v1"), ("policy", "v1beta1")]),
        row("ServiceProxyOptions", Namespaced, &[("", "v1")]),
    ],
    &[],
    &[
        row("PersistentVolumeClaim", Namespaced, &[("", "v1")]),
        row("PodPortForwardOptions", Namespaced, &[("", "v1")]),
        row("ReplicationController", Namespaced, &[("", "v1")]),
    ],
    &[],
    &[row(
        "HorizontalPodAutoscaler",
        Namespaced,
        &[("autoscaling", "v1"), ("autoscaling", "v2beta1"), ("autoscaling", "v2beta2")],
    )],
    &[row(
        "CustomResourceDefinition",
        Cluster,
        &[("apiextensions.k8s.io", "v1"), ("apiextensions.k8s.io", "v1beta1")],
    )],
    &[row(
        "CertificateSigningRequest",
        Cluster,
        &[("certificates.k8s.io", "v1"), ("certificates.k8s.io", "v1beta1")],
    )],
    &[row("PriorityLevelConfiguration", Cluster, &[("flowcontrol.apiserver.k8s.io", "v1beta1")])],
    &[],
    &[row(
        "MutatingWebhookConfiguration",
        Cluster,
        &[("admissionregistration.k8s.io", "v1"), ("admissionregistration.k8s.io", "v1beta1")],
    )],
    &[],
    &[row(
        "ValidatingWebhookConfiguration",
        Cluster,
        &[("admissionregistration.k8s.io", "v1"), ("admissionregistration.k8s.io", "v1beta1")],
    )],
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
            assert_eq!(is_known(&gvk), scope.is_some(), "{api_version} {kind}");
        }
    }

    #[test]
    fn every_row_stands_under_the_length_of_its_kind() {
        let all = KINDS.iter().enumerate().flat_map(|(n, rows)| rows.iter().map(move |r| (n, r)));
        assert_eq!(all.clone().map(|(_, r)| r.types.len()).sum::<usize>(), 82);
        assert!(all.clone().all(|(n, r)| n == r.kind.len()));
    }
}
