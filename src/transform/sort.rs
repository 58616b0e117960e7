//! The order of the output: `sortOptions`, or the flag `--reorder`.
//!
//! `legacy` goes by lists of kinds that come first and last, then by type, then by namespace and name; `fifo`
//! leaves the order of the input.

use crate::diag::{Error, Kind, Result};
use crate::kube::order::{ORDER_FIRST, ORDER_LAST, compare_text};
use crate::kube::{Gvk, ResId};
use crate::kustomization::types::SortOptions;
use crate::resource::{ResMap, Resource};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// An order that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order<'a> {
    /// As the objects came.
    Fifo,
    /// By kind, with the lists of kinds that come first and last.
    Legacy(&'a [&'a str], &'a [&'a str]),
}

/// Puts the objects in order. Without `options`, `legacy` decides between the default lists and the order of the
/// input.
pub fn apply(resources: &mut ResMap, options: Option<&SortOptions>, legacy: bool) -> Result<()> {
    let Some(options) = options else {
        return order(resources, if legacy { Order::Legacy(&ORDER_FIRST, &ORDER_LAST) } else { Order::Fifo });
    };
    match (options.order.as_str(), &options.legacy) {
        ("legacy", None) => order(resources, Order::Legacy(&ORDER_FIRST, &ORDER_LAST)),
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
    let rank = |id: &ResId| ranks.get(id.gvk.kind.as_str()).copied().unwrap_or(0);
    let mut keyed: Vec<(i64, Resource)> = resources.drain().into_iter().map(|r| (rank(r.id()), r)).collect();
    keyed.sort_by(|(a_rank, a), (b_rank, b)| {
        a_rank.cmp(b_rank).then_with(|| types(a.gvk(), b.gvk())).then_with(|| places(a.id(), b.id()))
    });
    keyed.into_iter().try_for_each(|(_, res)| resources.append(res).map(drop))
}

/// The rank of each listed kind: below 0 for the first, above for the last. Where a kind is listed twice the later
/// place counts.
fn ranks<'a>(first: &[&'a str], last: &[&'a str]) -> FxHashMap<&'a str, i64> {
    let before = first.iter().enumerate().map(|(i, kind)| (*kind, i as i64 - first.len() as i64));
    let behind = last.iter().enumerate().map(|(i, kind)| (*kind, i as i64 + 1));
    before.chain(behind).collect()
}

/// Compares types as texts. With a core Namespace it goes the other way round, so that it comes first.
fn types(a: &Gvk, b: &Gvk) -> Ordering {
    let namespaces = a.kind == "Namespace" && b.kind == "Namespace";
    let order = compare_text(a, b);
    if namespaces && (a.group.is_empty() || b.group.is_empty()) { order.reverse() } else { order }
}

/// Compares namespace and name, as texts joined by a bar.
fn places(a: &ResId, b: &ResId) -> Ordering {
    place(a).cmp(place(b))
}

fn place(id: &ResId) -> impl Iterator<Item = u8> + '_ {
    let part = |text, none| if str::is_empty(text) { none } else { text };
    [part(id.namespace.as_str(), "~X"), "|", part(id.name.as_str(), "~N")].into_iter().flat_map(str::bytes)
}
