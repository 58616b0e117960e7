//! The built-in field specs of the small lists: names, namespace, annotations, images, replicas.

use super::{KEEP, MAKE, spec};
use crate::kube::FieldSpec;

/// Field specs of `namePrefix` and `nameSuffix`.
pub(super) static NAMES: [FieldSpec; 1] = [spec("", "", "", "metadata/name", KEEP)];

/// Field specs of `namespace`.
pub(super) static NAMESPACE: [FieldSpec; 3] = [
    spec("", "", "Namespace", "metadata/name", MAKE),
    spec(
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        KEEP,
    ),
    spec("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", MAKE),
];

/// Field specs of `commonAnnotations`.
pub(super) static COMMON_ANNOTATIONS: [FieldSpec; 9] = [
    spec("", "", "Deployment", "spec/template/metadata/annotations", MAKE),
    spec("", "", "StatefulSet", "spec/template/metadata/annotations", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", MAKE),
    spec("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", MAKE),
    spec("batch", "", "Job", "spec/template/metadata/annotations", MAKE),
    spec("", "v1", "ReplicationController", "spec/template/metadata/annotations", MAKE),
    spec("", "", "DaemonSet", "spec/template/metadata/annotations", MAKE),
    spec("", "", "ReplicaSet", "spec/template/metadata/annotations", MAKE),
    spec("", "", "", "metadata/annotations", MAKE),
];

/// FieldSpecs of `images`.
pub(super) static IMAGES: [FieldSpec; 7] = [
    spec("", "", "", "spec/containers[]/image", MAKE),
    spec("", "", "", "spec/initContainers[]/image", MAKE),
    spec("", "", "", "spec/volumes[]/image/reference", MAKE),
    spec("", "", "", "spec/template/spec/containers[]/image", MAKE),
    spec("", "", "", "spec/template/spec/initContainers[]/image", MAKE),
    spec("", "", "", "spec/template/spec/volumes[]/image/reference", MAKE),
    spec("", "", "", "spec/jobTemplate/spec/template/spec/volumes[]/image/reference", MAKE),
];

/// FieldSpecs of `images` before 5.8.2.
pub(super) static IMAGES_BEFORE_5_8_2: &[FieldSpec] = IMAGES.split_at(6).0;

/// FieldSpecs of `replicas`.
pub(super) static REPLICAS: [FieldSpec; 4] = [
    spec("", "", "Deployment", "spec/replicas", MAKE),
    spec("", "", "StatefulSet", "spec/replicas", MAKE),
    spec("", "", "ReplicaSet", "spec/replicas", MAKE),
    spec("", "", "ReplicationController", "spec/replicas", MAKE),
];
