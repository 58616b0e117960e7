//! The built-in rows of the small lists: names, namespace, annotations, images, replicas.

use super::{KEEP, MAKE, row};
use crate::kube::FieldSpec;

/// Rows of `namePrefix` and `nameSuffix`.
pub static NAMES: [FieldSpec; 1] = [row("", "", "", "metadata/name", KEEP)];

/// Rows of `namespace`.
pub static NAMESPACE: [FieldSpec; 3] = [
    row("", "", "Namespace", "metadata/name", MAKE),
    row(
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        KEEP,
    ),
    row("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", MAKE),
];

/// Rows of `commonAnnotations`.
pub static COMMON_ANNOTATIONS: [FieldSpec; 9] = [
    row("", "", "Deployment", "spec/template/metadata/annotations", MAKE),
    row("", "", "StatefulSet", "spec/template/metadata/annotations", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", MAKE),
    row("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", MAKE),
    row("batch", "", "Job", "spec/template/metadata/annotations", MAKE),
    row("", "v1", "ReplicationController", "spec/template/metadata/annotations", MAKE),
    row("", "", "DaemonSet", "spec/template/metadata/annotations", MAKE),
    row("", "", "ReplicaSet", "spec/template/metadata/annotations", MAKE),
    row("", "", "", "metadata/annotations", MAKE),
];

/// Rows of `images`.
pub static IMAGES: [FieldSpec; 6] = [
    row("", "", "", "spec/containers[]/image", MAKE),
    row("", "", "", "spec/initContainers[]/image", MAKE),
    row("", "", "", "spec/volumes[]/image/reference", MAKE),
    row("", "", "", "spec/template/spec/containers[]/image", MAKE),
    row("", "", "", "spec/template/spec/initContainers[]/image", MAKE),
    row("", "", "", "spec/template/spec/volumes[]/image/reference", MAKE),
];

/// Rows of `replicas`.
pub static REPLICAS: [FieldSpec; 4] = [
    row("", "", "Deployment", "spec/replicas", MAKE),
    row("", "", "StatefulSet", "spec/replicas", MAKE),
    row("", "", "ReplicaSet", "spec/replicas", MAKE),
    row("", "", "ReplicationController", "spec/replicas", MAKE),
];
