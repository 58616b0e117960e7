//! The built-in field specs of labels and selectors.

use super::{KEEP, MAKE, spec};
use crate::kube::FieldSpec;

/// Field specs of `commonLabels`.
pub(super) static COMMON_LABELS: [FieldSpec; 32] = [
    spec("", "v1", "Service", "spec/selector", MAKE),
    spec(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
        KEEP,
    ),
    spec("", "", "Deployment", "spec/template/metadata/labels", MAKE),
    spec("", "", "Deployment", "spec/selector/matchLabels", MAKE),
    spec("apps", "", "StatefulSet", "spec/selector/matchLabels", MAKE),
    spec("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", MAKE),
    spec(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
        KEEP,
    ),
    spec(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
        KEEP,
    ),
    spec("apps", "", "StatefulSet", "spec/template/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", KEEP),
    spec("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", KEEP),
    spec("batch", "", "Job", "spec/selector/matchLabels", KEEP),
    spec("batch", "", "Job", "spec/template/metadata/labels", MAKE),
    spec("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", KEEP),
    spec("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", KEEP),
    spec("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", KEEP),
    spec("", "v1", "ReplicationController", "spec/template/metadata/labels", MAKE),
    spec("", "v1", "ReplicationController", "spec/selector", MAKE),
    spec("", "", "DaemonSet", "spec/template/metadata/labels", MAKE),
    spec("", "", "DaemonSet", "spec/selector/matchLabels", MAKE),
    spec("", "", "ReplicaSet", "spec/template/metadata/labels", MAKE),
    spec("", "", "ReplicaSet", "spec/selector/matchLabels", MAKE),
    spec("", "", "", "metadata/labels", MAKE),
];

/// FieldSpecs of `templateLabels`.
pub(super) static TEMPLATE_LABELS: [FieldSpec; 9] = [
    spec("", "", "Deployment", "spec/template/metadata/labels", MAKE),
    spec("apps", "", "StatefulSet", "spec/template/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", MAKE),
    spec("batch", "", "Job", "spec/template/metadata/labels", MAKE),
    spec("", "v1", "ReplicationController", "spec/template/metadata/labels", MAKE),
    spec("", "", "DaemonSet", "spec/template/metadata/labels", MAKE),
    spec("", "", "ReplicaSet", "spec/template/metadata/labels", MAKE),
    spec("", "", "", "metadata/labels", MAKE),
];

/// FieldSpecs of `volumeClaimTemplateLabels`.
pub(super) static CLAIM_TEMPLATE_LABELS: [FieldSpec; 1] =
    [spec("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", MAKE)];

/// FieldSpecs of `templateLabels` before 5.8.2.
pub(super) static TEMPLATE_LABELS_BEFORE_5_8_2: [FieldSpec; 10] = [
    spec("", "", "Deployment", "spec/template/metadata/labels", MAKE),
    spec("apps", "", "StatefulSet", "spec/template/metadata/labels", MAKE),
    spec("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", MAKE),
    spec("batch", "", "Job", "spec/template/metadata/labels", MAKE),
    spec("", "v1", "ReplicationController", "spec/template/metadata/labels", MAKE),
    spec("", "", "DaemonSet", "spec/template/metadata/labels", MAKE),
    spec("", "", "ReplicaSet", "spec/template/metadata/labels", MAKE),
    spec("", "", "", "metadata/labels", MAKE),
];
