//! The built-in rows of labels and selectors.

use super::{KEEP, MAKE, row};
use crate::kube::FieldSpec;

/// Rows of `commonLabels`.
pub static COMMON_LABELS: [FieldSpec; 32] = [
    row("", "v1", "Service", "spec/selector", MAKE),
    row(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
        KEEP,
    ),
    row("", "", "Deployment", "spec/template/metadata/labels", MAKE),
    row("", "", "Deployment", "spec/selector/matchLabels", MAKE),
    row("apps", "", "StatefulSet", "spec/selector/matchLabels", MAKE),
    row("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", MAKE),
    row(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    row(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
        KEEP,
    ),
    row("apps", "", "StatefulSet", "spec/template/metadata/labels", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", KEEP),
    row("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", KEEP),
    row("batch", "", "Job", "spec/selector/matchLabels", KEEP),
    row("batch", "", "Job", "spec/template/metadata/labels", MAKE),
    row("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", KEEP),
    row("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", KEEP),
    row("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", KEEP),
    row("", "v1", "ReplicationController", "spec/template/metadata/labels", MAKE),
    row("", "v1", "ReplicationController", "spec/selector", MAKE),
    row("", "", "DaemonSet", "spec/template/metadata/labels", MAKE),
    row("", "", "DaemonSet", "spec/selector/matchLabels", MAKE),
    row("", "", "ReplicaSet", "spec/template/metadata/labels", MAKE),
    row("", "", "ReplicaSet", "spec/selector/matchLabels", MAKE),
    row("", "", "", "metadata/labels", MAKE),
];

/// Rows of `templateLabels`.
pub static TEMPLATE_LABELS: [FieldSpec; 10] = [
    row("", "", "Deployment", "spec/template/metadata/labels", MAKE),
    row("apps", "", "StatefulSet", "spec/template/metadata/labels", MAKE),
    row("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", MAKE),
    row("batch", "", "Job", "spec/template/metadata/labels", MAKE),
    row("", "v1", "ReplicationController", "spec/template/metadata/labels", MAKE),
    row("", "", "DaemonSet", "spec/template/metadata/labels", MAKE),
    row("", "", "ReplicaSet", "spec/template/metadata/labels", MAKE),
    row("", "", "", "metadata/labels", MAKE),
];
