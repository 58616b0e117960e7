//! The built-in rows of references by name.
//!
//! `IngressClass` has a group that no object can have, as in kustomize, so that nobody refers to it.

use super::{KEEP, reference, row};
use crate::kube::{FieldSpec, NameReference};

/// Rows of `nameReference`.
pub static NAME_REFERENCE: [NameReference; 16] = [
    reference("storage.k8s.io", "v1", "StorageClass", &STORAGE_CLASS),
    reference("", "v1", "ServiceAccount", &SERVICE_ACCOUNT),
    reference("rbac.authorization.k8s.io", "", "Role", &ROLE),
    reference("rbac.authorization.k8s.io", "", "ClusterRole", &CLUSTER_ROLE),
    reference("", "v1", "ConfigMap", &CONFIG_MAP),
    reference("", "v1", "Secret", &SECRET),
    reference("", "v1", "Service", &SERVICE),
    reference("scheduling.k8s.io", "v1", "PriorityClass", &PRIORITY_CLASS),
    reference("", "v1", "PersistentVolume", &PERSISTENT_VOLUME),
    reference("", "v1", "PersistentVolumeClaim", &PERSISTENT_VOLUME_CLAIM),
    reference("", "", "Deployment", &SCALED),
    reference("", "", "StatefulSet", &SCALED),
    reference("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy", &VALIDATING_ADMISSION_POLICY),
    reference("networking.k8s.io/v1", "v1", "IngressClass", &INGRESS_CLASS),
    reference("", "", "ReplicaSet", &SCALED),
    reference("", "", "ReplicationController", &SCALED),
];

static STORAGE_CLASS: [FieldSpec; 3] = [
    row("", "", "PersistentVolume", "spec/storageClassName", KEEP),
    row("", "", "PersistentVolumeClaim", "spec/storageClassName", KEEP),
    row("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", KEEP),
];

static SERVICE_ACCOUNT: [FieldSpec; 9] = [
    row("rbac.authorization.k8s.io", "", "RoleBinding", "subjects", KEEP),
    row("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects", KEEP),
    row("", "", "Pod", "spec/serviceAccountName", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/serviceAccountName", KEEP),
    row("", "", "Deployment", "spec/template/spec/serviceAccountName", KEEP),
    row("", "", "ReplicationController", "spec/template/spec/serviceAccountName", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName", KEEP),
    row("", "", "Job", "spec/template/spec/serviceAccountName", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/serviceAccountName", KEEP),
];

static ROLE: [FieldSpec; 1] = [row("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name", KEEP)];

static CLUSTER_ROLE: [FieldSpec; 2] = [
    row("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name", KEEP),
    row("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name", KEEP),
];

static CONFIG_MAP: [FieldSpec; 52] = [
    row("", "v1", "Pod", "spec/volumes/configMap/name", KEEP),
    row("", "v1", "Pod", "spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "v1", "Pod", "spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "v1", "Pod", "spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "v1", "Pod", "spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "v1", "Pod", "spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "PodTemplate", "template/spec/volumes/configMap/name", KEEP),
    row("", "", "PodTemplate", "template/spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/volumes/configMap/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/volumes/configMap/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/volumes/configMap/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/volumes/configMap/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "Job", "spec/template/spec/volumes/configMap/name", KEEP),
    row("", "", "Job", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/containers/envFrom/configMapRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/initContainers/envFrom/configMapRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/volumes/projected/sources/configMap/name", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/configMap/name", KEEP),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/volumes/projected/sources/configMap/name",
        KEEP,
    ),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
        KEEP,
    ),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
        KEEP,
    ),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/configMapRef/name", KEEP),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/envFrom/configMapRef/name",
        KEEP,
    ),
    row("", "", "Node", "spec/configSource/configMap", KEEP),
    row("", "", "Role", "rules/resourceNames", KEEP),
    row("", "", "ClusterRole", "rules/resourceNames", KEEP),
    row(
        "",
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
        KEEP,
    ),
];

static SECRET: [FieldSpec; 70] = [
    row("", "v1", "Pod", "spec/volumes/secret/secretName", KEEP),
    row("", "v1", "Pod", "spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "v1", "Pod", "spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "v1", "Pod", "spec/containers/envFrom/secretRef/name", KEEP),
    row("", "v1", "Pod", "spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "v1", "Pod", "spec/imagePullSecrets/name", KEEP),
    row("", "v1", "Pod", "spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "PodTemplate", "template/spec/volumes/secret/secretName", KEEP),
    row("", "", "PodTemplate", "template/spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "PodTemplate", "template/spec/imagePullSecrets/name", KEEP),
    row("", "", "PodTemplate", "template/spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/volumes/secret/secretName", KEEP),
    row("", "", "Deployment", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/imagePullSecrets/name", KEEP),
    row("", "", "Deployment", "spec/template/spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/volumes/secret/secretName", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/imagePullSecrets/name", KEEP),
    row("", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/volumes/secret/secretName", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/imagePullSecrets/name", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/volumes/secret/secretName", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/imagePullSecrets/name", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "Job", "spec/template/spec/volumes/secret/secretName", KEEP),
    row("", "", "Job", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "Job", "spec/template/spec/imagePullSecrets/name", KEEP),
    row("", "", "Job", "spec/template/spec/volumes/projected/sources/secret/name", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/secret/secretName", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/secret/name", KEEP),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
        KEEP,
    ),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
        KEEP,
    ),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/secretRef/name", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/secretRef/name", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/imagePullSecrets/name", KEEP),
    row("", "", "Ingress", "spec/tls/secretName", KEEP),
    row("", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret", KEEP),
    row("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", KEEP),
    row("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", KEEP),
    row("", "", "Ingress", "spec/tls/secretName", KEEP),
    row("", "", "ServiceAccount", "imagePullSecrets/name", KEEP),
    row("", "", "StorageClass", "parameters/secretName", KEEP),
    row("", "", "StorageClass", "parameters/adminSecretName", KEEP),
    row("", "", "StorageClass", "parameters/userSecretName", KEEP),
    row("", "", "StorageClass", "parameters/secretRef", KEEP),
    row("", "", "Role", "rules/resourceNames", KEEP),
    row("", "", "ClusterRole", "rules/resourceNames", KEEP),
    row(
        "serving.knative.dev",
        "v1",
        "Service",
        "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
        KEEP,
    ),
    row("", "", "PersistentVolume", "spec/azureFile/secretName", KEEP),
];

static SERVICE: [FieldSpec; 8] = [
    row("apps", "", "StatefulSet", "spec/serviceName", KEEP),
    row("", "", "Ingress", "spec/rules/http/paths/backend/serviceName", KEEP),
    row("", "", "Ingress", "spec/backend/serviceName", KEEP),
    row("", "", "Ingress", "spec/rules/http/paths/backend/service/name", KEEP),
    row("", "", "Ingress", "spec/defaultBackend/service/name", KEEP),
    row("apiregistration.k8s.io", "", "APIService", "spec/service/name", KEEP),
    row(
        "admissionregistration.k8s.io",
        "",
        "ValidatingWebhookConfiguration",
        "webhooks/clientConfig/service",
        KEEP,
    ),
    row(
        "admissionregistration.k8s.io",
        "",
        "MutatingWebhookConfiguration",
        "webhooks/clientConfig/service",
        KEEP,
    ),
];

static PRIORITY_CLASS: [FieldSpec; 7] = [
    row("", "", "Pod", "spec/priorityClassName", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/priorityClassName", KEEP),
    row("", "", "Deployment", "spec/template/spec/priorityClassName", KEEP),
    row("", "", "ReplicationController", "spec/template/spec/priorityClassName", KEEP),
    row("", "", "CronJob", "spec/jobTemplate/spec/template/spec/priorityClassName", KEEP),
    row("", "", "Job", "spec/template/spec/priorityClassName", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/priorityClassName", KEEP),
];

static PERSISTENT_VOLUME: [FieldSpec; 2] = [
    row("", "", "PersistentVolumeClaim", "spec/volumeName", KEEP),
    row("", "", "ClusterRole", "rules/resourceNames", KEEP),
];

static PERSISTENT_VOLUME_CLAIM: [FieldSpec; 7] = [
    row("", "", "Pod", "spec/volumes/persistentVolumeClaim/claimName", KEEP),
    row("", "", "StatefulSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName", KEEP),
    row("", "", "Deployment", "spec/template/spec/volumes/persistentVolumeClaim/claimName", KEEP),
    row("", "", "ReplicationController", "spec/template/spec/volumes/persistentVolumeClaim/claimName", KEEP),
    row(
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName",
        KEEP,
    ),
    row("", "", "Job", "spec/template/spec/volumes/persistentVolumeClaim/claimName", KEEP),
    row("", "", "DaemonSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName", KEEP),
];

static SCALED: [FieldSpec; 1] = [row("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", KEEP)];

static VALIDATING_ADMISSION_POLICY: [FieldSpec; 1] =
    [row("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding", "spec/policyName", KEEP)];

static INGRESS_CLASS: [FieldSpec; 1] = [row("", "", "Ingress", "spec/ingressClassName", KEEP)];
