//! The order of types: kustomize's legacy order, by which objects are printed and field specs are kept.

use super::Gvk;
use std::cmp::Ordering;

/// Kinds that come before all others, in this order.
pub(crate) const ORDER_FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come after all others, in this order.
pub(crate) const ORDER_LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The rank of a kind: negative for the first ones, 0 for most, positive for the last ones.
pub(crate) fn rank(kind: &str) -> i32 {
    let before = ORDER_FIRST.iter().rev().zip(1_i32..).map(|(listed, i)| (listed, -i));
    let after = ORDER_LAST.iter().zip(1..);
    before.chain(after).find(|(listed, _)| **listed == kind).map_or(0, |(_, rank)| rank)
}

/// Orders types by rank, then as their texts `group_version_kind` (see [`Gvk::sort_key`]) compare.
pub(crate) fn compare(a: &Gvk, b: &Gvk) -> Ordering {
    rank(&a.kind).cmp(&rank(&b.kind)).then_with(|| compare_text(a, b))
}

/// Compares as [`Gvk::sort_key`] does, without making the texts.
pub(crate) fn compare_text(a: &Gvk, b: &Gvk) -> Ordering {
    key_bytes(a).cmp(key_bytes(b))
}

fn key_bytes(gvk: &Gvk) -> impl Iterator<Item = u8> + '_ {
    let part = |text, none| if str::is_empty(text) { none } else { text };
    [
        part(gvk.group.as_str(), "~G"),
        "_",
        part(gvk.version.as_str(), "~V"),
        "_",
        part(gvk.kind.as_str(), "~K"),
    ]
    .into_iter()
    .flat_map(str::bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_ordered_by_rank_then_by_text() {
        let order = [
            ("v1", "Namespace"),
            ("apps/v1", "Deployment"),
            ("v1", "Deployment"),
            ("a/v1", "Widget"),
            ("a/v1", ""),
            ("v1", "Widget"),
            ("", "Alpha"),
            ("", ""),
            ("v1", "MutatingWebhookConfiguration"),
            ("a/v1", "ValidatingWebhookConfiguration"),
        ];
        let types: Vec<_> = order.iter().map(|(v, k)| Gvk::new(v, k)).collect();
        for (i, a) in types.iter().enumerate() {
            for (j, b) in types.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
                assert_eq!(compare_text(a, b), a.sort_key().cmp(&b.sort_key()), "{a} {b}");
            }
        }
    }
}
