//! The types of Kubernetes 1.21 in which some list is merged, and of kustomize's own files.
//!
//! Only those fields are here that are merged lists or lead to one.

use super::Field::{List, Object};
use super::Type;

const NO_KEY: &[&str] = &[];
const CONTAINER_PORT_AND_PROTOCOL: &[&str] = &["containerPort", "protocol"];
const DEVICE_PATH: &[&str] = &["devicePath"];
const IP: &[&str] = &["ip"];
const MOUNT_PATH: &[&str] = &["mountPath"];
const NAME: &[&str] = &["name"];
const PORT_AND_PROTOCOL: &[&str] = &["port", "protocol"];
const TOPOLOGY_KEY: &[&str] = &["topologyKey", "whenUnsatisfiable"];
const TYPE: &[&str] = &["type"];
const UID: &[&str] = &["uid"];

/// Kind, `apiVersion` and type, sorted.
pub(super) static KINDS: [(&str, &str, &Type); 90] = [
    ("APIService", "apiregistration.k8s.io/v1", &WITH_CONDITIONS),
    ("APIService", "apiregistration.k8s.io/v1beta1", &WITH_CONDITIONS),
    ("Binding", "v1", &ONLY_METADATA),
    ("CSIDriver", "storage.k8s.io/v1", &ONLY_METADATA),
    ("CSIDriver", "storage.k8s.io/v1beta1", &ONLY_METADATA),
    ("CSINode", "storage.k8s.io/v1", &CSI_NODE),
    ("CSINode", "storage.k8s.io/v1beta1", &CSI_NODE),
    ("CSIStorageCapacity", "storage.k8s.io/v1beta1", &ONLY_METADATA),
    ("CertificateSigningRequest", "certificates.k8s.io/v1", &ONLY_METADATA),
    ("CertificateSigningRequest", "certificates.k8s.io/v1beta1", &ONLY_METADATA),
    ("ClusterRole", "rbac.authorization.k8s.io/v1", &ONLY_METADATA),
    ("ClusterRole", "rbac.authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", &ONLY_METADATA),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("ComponentStatus", "v1", &COMPONENT_STATUS),
    ("ConfigMap", "v1", &ONLY_METADATA),
    ("ControllerRevision", "apps/v1", &ONLY_METADATA),
    ("CronJob", "batch/v1", &CRON_JOB),
    ("CronJob", "batch/v1beta1", &CRON_JOB),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1", &ONLY_METADATA),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1beta1", &ONLY_METADATA),
    ("DaemonSet", "apps/v1", &WORKLOAD),
    ("Deployment", "apps/v1", &WORKLOAD),
    ("EndpointSlice", "discovery.k8s.io/v1", &ONLY_METADATA),
    ("EndpointSlice", "discovery.k8s.io/v1beta1", &ONLY_METADATA),
    ("Endpoints", "v1", &ONLY_METADATA),
    ("Event", "events.k8s.io/v1", &ONLY_METADATA),
    ("Event", "events.k8s.io/v1beta1", &ONLY_METADATA),
    ("Event", "v1", &ONLY_METADATA),
    ("Eviction", "policy/v1beta1", &ONLY_METADATA),
    ("FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta1", &ONLY_METADATA),
    ("HorizontalPodAutoscaler", "autoscaling/v1", &ONLY_METADATA),
    ("HorizontalPodAutoscaler", "autoscaling/v2beta1", &ONLY_METADATA),
    ("HorizontalPodAutoscaler", "autoscaling/v2beta2", &ONLY_METADATA),
    ("Ingress", "extensions/v1beta1", &ONLY_METADATA),
    ("Ingress", "networking.k8s.io/v1", &ONLY_METADATA),
    ("Ingress", "networking.k8s.io/v1beta1", &ONLY_METADATA),
    ("IngressClass", "networking.k8s.io/v1", &ONLY_METADATA),
    ("IngressClass", "networking.k8s.io/v1beta1", &ONLY_METADATA),
    ("Job", "batch/v1", &WORKLOAD),
    ("Kustomization", "kustomize.config.k8s.io/v1beta1", &KUSTOMIZATION),
    ("Lease", "coordination.k8s.io/v1", &ONLY_METADATA),
    ("Lease", "coordination.k8s.io/v1beta1", &ONLY_METADATA),
    ("LimitRange", "v1", &ONLY_METADATA),
    ("LocalSubjectAccessReview", "authorization.k8s.io/v1", &ONLY_METADATA),
    ("LocalSubjectAccessReview", "authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1", &WEBHOOK_CONFIGURATION),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1", &WEBHOOK_CONFIGURATION),
    ("Namespace", "v1", &WITH_CONDITIONS),
    ("NetworkPolicy", "networking.k8s.io/v1", &ONLY_METADATA),
    ("Node", "v1", &NODE),
    ("PersistentVolume", "v1", &ONLY_METADATA),
    ("PersistentVolumeClaim", "v1", &WITH_CONDITIONS),
    ("Pod", "v1", &POD),
    ("PodDisruptionBudget", "policy/v1", &WITH_CONDITIONS),
    ("PodDisruptionBudget", "policy/v1beta1", &WITH_CONDITIONS),
    ("PodSecurityPolicy", "policy/v1beta1", &ONLY_METADATA),
    ("PodTemplate", "v1", &POD_TEMPLATE),
    ("PriorityClass", "scheduling.k8s.io/v1", &ONLY_METADATA),
    ("PriorityClass", "scheduling.k8s.io/v1beta1", &ONLY_METADATA),
    ("PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1beta1", &ONLY_METADATA),
    ("ReplicaSet", "apps/v1", &WORKLOAD),
    ("ReplicationController", "v1", &WORKLOAD),
    ("ResourceQuota", "v1", &ONLY_METADATA),
    ("Role", "rbac.authorization.k8s.io/v1", &ONLY_METADATA),
    ("Role", "rbac.authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("RoleBinding", "rbac.authorization.k8s.io/v1", &ONLY_METADATA),
    ("RoleBinding", "rbac.authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("RuntimeClass", "node.k8s.io/v1", &ONLY_METADATA),
    ("RuntimeClass", "node.k8s.io/v1beta1", &ONLY_METADATA),
    ("Scale", "autoscaling/v1", &ONLY_METADATA),
    ("Secret", "v1", &ONLY_METADATA),
    ("SelfSubjectAccessReview", "authorization.k8s.io/v1", &ONLY_METADATA),
    ("SelfSubjectAccessReview", "authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("SelfSubjectRulesReview", "authorization.k8s.io/v1", &ONLY_METADATA),
    ("SelfSubjectRulesReview", "authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("Service", "v1", &SERVICE),
    ("ServiceAccount", "v1", &SERVICE_ACCOUNT),
    ("StatefulSet", "apps/v1", &WORKLOAD),
    ("StorageClass", "storage.k8s.io/v1", &ONLY_METADATA),
    ("StorageClass", "storage.k8s.io/v1beta1", &ONLY_METADATA),
    ("SubjectAccessReview", "authorization.k8s.io/v1", &ONLY_METADATA),
    ("SubjectAccessReview", "authorization.k8s.io/v1beta1", &ONLY_METADATA),
    ("TokenRequest", "authentication.k8s.io/v1", &ONLY_METADATA),
    ("TokenReview", "authentication.k8s.io/v1", &ONLY_METADATA),
    ("TokenReview", "authentication.k8s.io/v1beta1", &ONLY_METADATA),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", &WEBHOOK_CONFIGURATION),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1", &WEBHOOK_CONFIGURATION),
    ("VolumeAttachment", "storage.k8s.io/v1", &ONLY_METADATA),
    ("VolumeAttachment", "storage.k8s.io/v1beta1", &ONLY_METADATA),
];

/// Built-in definitions by name, sorted: those that schemas of one's own may refer to.
pub(super) static DEFINITIONS: [(&str, &Type); 30] = [
    ("io.k8s.api.apps.v1.DaemonSet", &WORKLOAD),
    ("io.k8s.api.apps.v1.DaemonSetSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.apps.v1.Deployment", &WORKLOAD),
    ("io.k8s.api.apps.v1.DeploymentSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.apps.v1.ReplicaSet", &WORKLOAD),
    ("io.k8s.api.apps.v1.ReplicaSetSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.apps.v1.StatefulSet", &WORKLOAD),
    ("io.k8s.api.apps.v1.StatefulSetSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.batch.v1.CronJobSpec", &CRON_JOB_SPEC),
    ("io.k8s.api.batch.v1.Job", &WORKLOAD),
    ("io.k8s.api.batch.v1.JobSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.batch.v1.JobTemplateSpec", &JOB_TEMPLATE_SPEC),
    ("io.k8s.api.core.v1.ConfigMap", &ONLY_METADATA),
    ("io.k8s.api.core.v1.Container", &CONTAINER),
    ("io.k8s.api.core.v1.EphemeralContainer", &EPHEMERAL_CONTAINER),
    ("io.k8s.api.core.v1.EphemeralVolumeSource", &EPHEMERAL_VOLUME_SOURCE),
    ("io.k8s.api.core.v1.NodeSpec", &NODE_SPEC),
    ("io.k8s.api.core.v1.PersistentVolumeClaim", &WITH_CONDITIONS),
    ("io.k8s.api.core.v1.PersistentVolumeClaimTemplate", &ONLY_METADATA),
    ("io.k8s.api.core.v1.Pod", &POD),
    ("io.k8s.api.core.v1.PodSpec", &POD_SPEC),
    ("io.k8s.api.core.v1.PodTemplate", &POD_TEMPLATE),
    ("io.k8s.api.core.v1.PodTemplateSpec", &POD_TEMPLATE_SPEC),
    ("io.k8s.api.core.v1.ReplicationControllerSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.core.v1.Secret", &ONLY_METADATA),
    ("io.k8s.api.core.v1.Service", &SERVICE),
    ("io.k8s.api.core.v1.ServiceAccount", &SERVICE_ACCOUNT),
    ("io.k8s.api.core.v1.ServiceSpec", &SERVICE_SPEC),
    ("io.k8s.api.core.v1.Volume", &VOLUME),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", &OBJECT_META),
];

static WEBHOOK_CONFIGURATION: Type =
    Type(&[("metadata", Object(&OBJECT_META)), ("webhooks", List(NAME, None))]);
static ONLY_METADATA: Type = Type(&[("metadata", Object(&OBJECT_META))]);
static WITH_CONDITIONS: Type = Type(&[("metadata", Object(&OBJECT_META)), ("status", Object(&CONDITIONS))]);
static CONDITIONS: Type = Type(&[("conditions", List(TYPE, None))]);
static WORKLOAD: Type = Type(&[
    ("metadata", Object(&OBJECT_META)),
    ("spec", Object(&WORKLOAD_SPEC)),
    ("status", Object(&CONDITIONS)),
]);
static WORKLOAD_SPEC: Type = Type(&[("template", Object(&POD_TEMPLATE_SPEC))]);
static KUSTOMIZATION: Type =
    Type(&[("configMapGenerator", List(NAME, None)), ("secretGenerator", List(NAME, None))]);
static CRON_JOB: Type = Type(&[("metadata", Object(&OBJECT_META)), ("spec", Object(&CRON_JOB_SPEC))]);
static CRON_JOB_SPEC: Type = Type(&[("jobTemplate", Object(&JOB_TEMPLATE_SPEC))]);
static JOB_TEMPLATE_SPEC: Type =
    Type(&[("metadata", Object(&OBJECT_META)), ("spec", Object(&WORKLOAD_SPEC))]);
static COMPONENT_STATUS: Type = Type(&[("conditions", List(TYPE, None)), ("metadata", Object(&OBJECT_META))]);
static CONTAINER: Type = Type(&[
    ("env", List(NAME, None)),
    ("ports", List(CONTAINER_PORT_AND_PROTOCOL, None)),
    ("volumeDevices", List(DEVICE_PATH, None)),
    ("volumeMounts", List(MOUNT_PATH, None)),
]);
static EPHEMERAL_CONTAINER: Type = Type(&[
    ("env", List(NAME, None)),
    ("volumeDevices", List(DEVICE_PATH, None)),
    ("volumeMounts", List(MOUNT_PATH, None)),
]);
static EPHEMERAL_VOLUME_SOURCE: Type = Type(&[("volumeClaimTemplate", Object(&ONLY_METADATA))]);
static NODE: Type = Type(&[
    ("metadata", Object(&OBJECT_META)),
    ("spec", Object(&NODE_SPEC)),
    ("status", Object(&NODE_STATUS)),
]);
static NODE_SPEC: Type = Type(&[("podCIDRs", List(NO_KEY, None))]);
static NODE_STATUS: Type = Type(&[("addresses", List(TYPE, None)), ("conditions", List(TYPE, None))]);
static POD: Type =
    Type(&[("metadata", Object(&OBJECT_META)), ("spec", Object(&POD_SPEC)), ("status", Object(&POD_STATUS))]);
static POD_SPEC: Type = Type(&[
    ("containers", List(NAME, Some(&CONTAINER))),
    ("ephemeralContainers", List(NAME, Some(&EPHEMERAL_CONTAINER))),
    ("hostAliases", List(IP, None)),
    ("imagePullSecrets", List(NAME, None)),
    ("initContainers", List(NAME, Some(&CONTAINER))),
    ("topologySpreadConstraints", List(TOPOLOGY_KEY, None)),
    ("volumes", List(NAME, Some(&VOLUME))),
]);
static POD_STATUS: Type = Type(&[("conditions", List(TYPE, None)), ("podIPs", List(IP, None))]);
static POD_TEMPLATE: Type =
    Type(&[("metadata", Object(&OBJECT_META)), ("template", Object(&POD_TEMPLATE_SPEC))]);
static POD_TEMPLATE_SPEC: Type = Type(&[("metadata", Object(&OBJECT_META)), ("spec", Object(&POD_SPEC))]);
static SERVICE: Type = Type(&[
    ("metadata", Object(&OBJECT_META)),
    ("spec", Object(&SERVICE_SPEC)),
    ("status", Object(&CONDITIONS)),
]);
static SERVICE_ACCOUNT: Type = Type(&[("metadata", Object(&OBJECT_META)), ("secrets", List(NAME, None))]);
static SERVICE_SPEC: Type = Type(&[("ports", List(PORT_AND_PROTOCOL, None))]);
static VOLUME: Type = Type(&[("ephemeral", Object(&EPHEMERAL_VOLUME_SOURCE))]);
static OBJECT_META: Type = Type(&[("finalizers", List(NO_KEY, None)), ("ownerReferences", List(UID, None))]);
static CSI_NODE: Type = Type(&[("metadata", Object(&OBJECT_META)), ("spec", Object(&CSI_NODE_SPEC))]);
static CSI_NODE_SPEC: Type = Type(&[("drivers", List(NAME, None))]);
