//! What the API server takes as the same, beyond what is the same by itself: quantities and defaults.

use super::canonical;
use super::report::Step;
use crate::limits::narrow;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// Parts of objects that have defaults of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Pod,
    Container,
    Probe,
    HttpGet,
    ContainerPort,
    Volume,
    ClaimSpec,
    ServiceSpec,
    ServicePort,
    DeploymentSpec,
    StatefulSetSpec,
    DaemonSetSpec,
    JobSpec,
    CronJobSpec,
    Binding,
    Webhook,
    WebhookRule,
    NetworkPort,
}

/// Fields and the value, as JSON, that they have where there is none.
const DEFAULTS: &[(Part, &str, &str)] = &[
    (Part::Pod, "restartPolicy", "\"Always\""),
    (Part::Pod, "dnsPolicy", "\"ClusterFirst\""),
    (Part::Pod, "schedulerName", "\"default-scheduler\""),
    (Part::Pod, "terminationGracePeriodSeconds", "30"),
    (Part::Pod, "enableServiceLinks", "true"),
    (Part::Pod, "preemptionPolicy", "\"PreemptLowerPriority\""),
    (Part::Pod, "hostNetwork", "false"),
    (Part::Pod, "hostPID", "false"),
    (Part::Pod, "hostIPC", "false"),
    (Part::Pod, "securityContext", "{}"),
    (Part::Container, "terminationMessagePath", "\"/dev/termination-log\""),
    (Part::Container, "terminationMessagePolicy", "\"File\""),
    (Part::Container, "resources", "{}"),
    (Part::Container, "stdin", "false"),
    (Part::Container, "tty", "false"),
    (Part::Container, "env", "[]"),
    (Part::Container, "args", "[]"),
    (Part::Container, "volumeMounts", "[]"),
    (Part::Probe, "timeoutSeconds", "1"),
    (Part::Probe, "periodSeconds", "10"),
    (Part::Probe, "successThreshold", "1"),
    (Part::Probe, "failureThreshold", "3"),
    (Part::Probe, "initialDelaySeconds", "0"),
    (Part::HttpGet, "scheme", "\"HTTP\""),
    (Part::HttpGet, "path", "\"/\""),
    (Part::ContainerPort, "protocol", "\"TCP\""),
    (Part::Volume, "defaultMode", "420"),
    (Part::ClaimSpec, "volumeMode", "\"Filesystem\""),
    (Part::ServiceSpec, "type", "\"ClusterIP\""),
    (Part::ServiceSpec, "sessionAffinity", "\"None\""),
    (Part::ServicePort, "protocol", "\"TCP\""),
    (Part::DeploymentSpec, "replicas", "1"),
    (Part::DeploymentSpec, "revisionHistoryLimit", "10"),
    (Part::DeploymentSpec, "progressDeadlineSeconds", "600"),
    (Part::DeploymentSpec, "minReadySeconds", "0"),
    (Part::DeploymentSpec, "paused", "false"),
    (Part::StatefulSetSpec, "replicas", "1"),
    (Part::StatefulSetSpec, "revisionHistoryLimit", "10"),
    (Part::StatefulSetSpec, "podManagementPolicy", "\"OrderedReady\""),
    (Part::DaemonSetSpec, "revisionHistoryLimit", "10"),
    (Part::JobSpec, "backoffLimit", "6"),
    (Part::JobSpec, "completions", "1"),
    (Part::JobSpec, "parallelism", "1"),
    (Part::JobSpec, "completionMode", "\"NonIndexed\""),
    (Part::JobSpec, "suspend", "false"),
    (Part::CronJobSpec, "concurrencyPolicy", "\"Allow\""),
    (Part::CronJobSpec, "failedJobsHistoryLimit", "1"),
    (Part::CronJobSpec, "successfulJobsHistoryLimit", "3"),
    (Part::CronJobSpec, "suspend", "false"),
    (Part::Binding, "apiGroup", "\"rbac.authorization.k8s.io\""),
    (Part::Webhook, "failurePolicy", "\"Fail\""),
    (Part::Webhook, "matchPolicy", "\"Equivalent\""),
    (Part::Webhook, "timeoutSeconds", "10"),
    (Part::Webhook, "reinvocationPolicy", "\"Never\""),
    (Part::Webhook, "namespaceSelector", "{}"),
    (Part::Webhook, "objectSelector", "{}"),
    (Part::WebhookRule, "scope", "\"*\""),
    (Part::NetworkPort, "protocol", "\"TCP\""),
];

/// Kinds that hold a pod, and where.
pub(super) const PODS: &[(&str, &[&str])] = &[
    ("Pod", &["spec"]),
    ("PodTemplate", &["template", "spec"]),
    ("Deployment", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("ReplicationController", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
];

/// Which part of an object a path leads into, and the field there.
fn part<'a>(kind: &str, keys: &[&'a str]) -> Option<(Part, &'a str)> {
    let (field, parents) = keys.split_last()?;
    let pod = PODS.iter().find(|(k, _)| *k == kind).and_then(|(_, at)| parents.strip_prefix(*at));
    let part = match (kind, parents, pod) {
        (_, _, Some(inside)) => match inside {
            [] => Part::Pod,
            ["containers" | "initContainers" | "ephemeralContainers"] => Part::Container,
            [_, "livenessProbe" | "readinessProbe" | "startupProbe"] => Part::Probe,
            [_, "livenessProbe" | "readinessProbe" | "startupProbe", "httpGet"] => Part::HttpGet,
            [_, "ports"] => Part::ContainerPort,
            ["volumes", "configMap" | "secret" | "projected" | "downwardAPI"] => Part::Volume,
            _ => return None,
        },
        ("PersistentVolumeClaim", ["spec"], _)
        | ("StatefulSet", ["spec", "volumeClaimTemplates", "spec"], _) => Part::ClaimSpec,
        ("Service", ["spec"], _) => Part::ServiceSpec,
        ("Service", ["spec", "ports"], _) => Part::ServicePort,
        ("Deployment", ["spec"], _) => Part::DeploymentSpec,
        ("StatefulSet", ["spec"], _) => Part::StatefulSetSpec,
        ("DaemonSet", ["spec"], _) => Part::DaemonSetSpec,
        ("Job", ["spec"], _) | ("CronJob", ["spec", "jobTemplate", "spec"], _) => Part::JobSpec,
        ("CronJob", ["spec"], _) => Part::CronJobSpec,
        ("RoleBinding" | "ClusterRoleBinding", ["roleRef"], _) => Part::Binding,
        ("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", ["webhooks"], _) => Part::Webhook,
        ("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", ["webhooks", "rules"], _) => {
            Part::WebhookRule
        }
        ("NetworkPolicy", ["spec", "ingress" | "egress", "ports"], _) => Part::NetworkPort,
        _ => return None,
    };
    Some((part, field))
}

fn keys(path: &[Step]) -> Vec<&str> {
    path.iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        })
        .collect()
}

/// Returns whether a value is the one that a field has where there is none.
pub(super) fn is_default(object: &Resource, path: &[Step], doc: &Doc, node: NodeId) -> bool {
    let keys = keys(path);
    let is_empty = doc.is_empty(node);
    // Labels and annotations are the same whether none are there or no mapping of them.
    if is_empty && matches!(keys.as_slice(), [.., "metadata", "labels" | "annotations" | "finalizers"]) {
        return true;
    }
    let Some((part, field)) = part(&object.gvk().kind, &keys) else { return false };
    let json = canonical::json(doc, node);
    DEFAULTS.iter().any(|(p, f, default)| *p == part && *f == field && *default == json)
}

/// Returns whether the order of the items of a list means nothing: rules of roles and subjects of bindings add up.
pub(super) fn is_unordered(object: &Resource, path: &[Step]) -> bool {
    matches!(
        (object.gvk().kind.as_str(), keys(path).as_slice()),
        ("Role" | "ClusterRole", ["rules"] | ["rules", "verbs" | "resources" | "apiGroups"])
            | ("RoleBinding" | "ClusterRoleBinding", ["subjects"])
            | ("NetworkPolicy", ["spec", "policyTypes"])
    )
}

/// Returns whether two texts are the same quantity, in a field that holds one.
pub(super) fn are_equal(object: &Resource, path: &[Step], old: &str, new: &str) -> bool {
    let keys = keys(path);
    let is_quantity = match keys.as_slice() {
        [.., "resources" | "default" | "defaultRequest" | "min" | "max", "limits" | "requests", _] => true,
        [.., "capacity" | "hard", _] => true,
        [.., "emptyDir", "sizeLimit"] => true,
        [.., "default" | "defaultRequest" | "min" | "max", _] => object.gvk().kind == "LimitRange",
        _ => false,
    };
    is_quantity && quantity(old).is_some_and(|amount| quantity(new) == Some(amount))
}

/// A quantity in billionths; `None` if the text is none, or a larger one than can be told.
pub(super) fn quantity(text: &str) -> Option<i128> {
    const NANO: i128 = 1_000_000_000;
    let digits =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let factor = match suffix {
        "" => NANO,
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "k" => NANO * 1_000,
        "M" => NANO * 1_000_000,
        "G" => NANO * NANO,
        "T" => NANO * NANO * 1_000,
        "P" => NANO * NANO * 1_000_000,
        "E" => NANO * NANO * NANO,
        "Ki" => NANO << 10,
        "Mi" => NANO << 20,
        "Gi" => NANO << 30,
        "Ti" => NANO << 40,
        "Pi" => NANO << 50,
        "Ei" => NANO << 60,
        _ => {
            let exponent: u32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            NANO.checked_mul(10_i128.checked_pow(exponent)?)?
        }
    };
    let (negative, number) = match number.as_bytes().first()? {
        b'-' => (true, number.get(1..)?),
        b'+' => (false, number.get(1..)?),
        _ => (false, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let scale = 10_i128.checked_pow(narrow(fraction.len()))?;
    let read = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let all = read(whole)?.checked_mul(scale)?.checked_add(read(fraction)?)?;
    let amount = all.checked_mul(factor)? / scale;
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_many_spellings() {
        for (a, b, equal) in [
            ("1", "1000m", true),
            ("0.5", "500m", true),
            ("1Gi", "1024Mi", true),
            ("1G", "1000M", true),
            ("1G", "1Gi", false),
            ("1e3", "1k", true),
            ("-1", "-1000m", true),
            ("1.5Gi", "1536Mi", true),
            ("100m", "0.1", true),
        ] {
            assert_eq!(quantity(a) == quantity(b), equal, "{a} {b}");
        }
        for text in ["", "x", "1x", "m", "1e99", "."] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }
}
