//! The order of the output: `sortOptions`, or the flag `--reorder`.
//!
//! `legacy` goes by lists of kinds that come first and last, then by type, then by namespace and name; `fifo`
//! leaves the order of the input.

use crate::diag::{Error, Kind, Result};
use crate::kube::{Gvk, ResId};
use crate::kustomization::types::SortOptions;
use crate::resource::{ResMap, Resource};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// An order that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order<'a> {
    /// As the objects came.
    Fifo,
    /// By kind, with the lists of kinds that come first and last.
    Legacy(&'a [&'a str], &'a [&'a str]),
}

/// The kinds that come first by default.
pub const FIRST: &[&str] = &[
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

/// The kinds that come last by default.
pub const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Puts the objects in order. Without `options`, `legacy` decides between the default lists and the order of the
/// input.
pub fn apply(resources: &mut ResMap, options: Option<&SortOptions>, legacy: bool) -> Result<()> {
    let Some(options) = options else {
        return order(resources, if legacy { Order::Legacy(FIRST, LAST) } else { Order::Fifo });
    };
    match (options.order.as_str(), &options.legacy) {
        ("legacy", None) => order(resources, Order::Legacy(FIRST, LAST)),
        ("legacy", Some((first, last))) => {
            let (first, last): (Vec<&str>, Vec<&str>) =
                (first.iter().map(String::as_str).collect(), last.iter().map(String::as_str).collect());
            order(resources, Order::Legacy(&first, &last))
        }
        ("fifo", None) => Ok(()),
        ("fifo", Some(_)) => Err(Error::new(
            Kind::Config,
            "the field `sortOptions.legacySortOptions` is set but the selected sort order is `fifo`, not `legacy`",
        )
        .at(options.mark.location())),
        (found, _) => Err(Error::new(
            Kind::Config,
            format!("the field `sortOptions.order` must be one of [fifo, legacy], found `{found}`"),
        )
        .at(options.mark.location())),
    }
}

/// Puts the objects in an order.
pub fn order(resources: &mut ResMap, order: Order<'_>) -> Result<()> {
    let Order::Legacy(first, last) = order else { return Ok(()) };
    let ranks = ranks(first, last);
    let mut keyed: Vec<(Key, Resource)> =
        resources.drain().into_iter().map(|r| (key(r.id(), &ranks), r)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.into_iter().try_for_each(|(_, res)| resources.append(res).map(drop))
}

/// The rank of each listed kind: below 0 for the first, above for the last. Where a kind is listed twice the later
/// place counts.
fn ranks<'a>(first: &[&'a str], last: &[&'a str]) -> FxHashMap<&'a str, i64> {
    let before = first.iter().enumerate().map(|(i, kind)| (*kind, i as i64 - first.len() as i64));
    let behind = last.iter().enumerate().map(|(i, kind)| (*kind, i as i64 + 1));
    before.chain(behind).collect()
}

/// What objects are compared by: rank, whether it is any but a core Namespace, the type of core Namespaces (in
/// reverse), the type of others, then namespace and name.
type Key = (i64, bool, Reverse<String>, String, String);

fn key(id: &ResId, ranks: &FxHashMap<&str, i64>) -> Key {
    let rank = ranks.get(id.gvk.kind.as_str()).copied().unwrap_or(0);
    let (core, other) = if is_core_namespace(&id.gvk) {
        (id.gvk.sort_key(), String::new())
    } else {
        (String::new(), id.gvk.sort_key())
    };
    let namespace = if id.namespace.is_empty() { "~X" } else { &id.namespace };
    let name = if id.name.is_empty() { "~N" } else { &id.name };
    (rank, core.is_empty(), Reverse(core), other, [namespace, "|", name].concat())
}

fn is_core_namespace(gvk: &Gvk) -> bool {
    gvk.kind == "Namespace" && gvk.group.is_empty()
}
