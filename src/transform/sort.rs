//! The order of the output: `sortOptions`, or the flag `--reorder`.
//!
//! `legacy` goes by lists of kinds that come first and last, then by type, then by namespace and name; `fifo`
//! leaves the order of the input.

use crate::diag::{Error, ErrorKind, Result};
use crate::kube::order::{ORDER_FIRST, ORDER_LAST, compare_text};
use crate::kube::{Gvk, ResId};
use crate::kustomization::types::SortOptions;
use crate::resource::{ResMap, Resource};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// Puts the objects in the order that `sortOptions` asks for. Without it, `legacy_order` decides between the legacy
/// order with the default lists and that of the input.
pub(crate) fn apply(resources: &mut ResMap, options: Option<&SortOptions>, legacy_order: bool) -> Result<()> {
    let Some(options) = options else {
        if legacy_order {
            legacy(resources);
        }
        return Ok(());
    };
    match (options.order.as_str(), &options.legacy) {
        ("legacy", None) => legacy(resources),
        ("legacy", Some((first, last))) => order(resources, &ranks(first, last)),
        ("fifo", None) => {}
        ("fifo", Some(_)) => {
            let message =
                "the field `sortOptions.legacySortOptions` is set, but the order is `fifo`, not `legacy`";
            return Err(Error::new(ErrorKind::Config, message).at(options.mark.location()));
        }
        (found, _) => {
            let message =
                format!("the field `sortOptions.order` must be one of [fifo, legacy], found `{found}`");
            return Err(Error::new(ErrorKind::Config, message).at(options.mark.location()));
        }
    }
    Ok(())
}

/// Puts the objects in the legacy order with the default lists.
fn legacy(resources: &mut ResMap) {
    order(resources, &ranks(&ORDER_FIRST[..], &ORDER_LAST[..]));
}

fn order(resources: &mut ResMap, ranks: &FxHashMap<&str, i64>) {
    let rank = |id: &ResId| ranks.get(id.gvk.kind.as_str()).copied().unwrap_or(0);
    let mut ranked: Vec<(i64, Resource)> = resources.drain().into_iter().map(|r| (rank(r.id()), r)).collect();
    ranked.sort_by(|(a_rank, a), (b_rank, b)| {
        a_rank.cmp(b_rank).then_with(|| types(a.gvk(), b.gvk())).then_with(|| places(a.id(), b.id()))
    });
    for (_, res) in ranked {
        resources.push(res);
    }
}

/// The rank of each listed kind: below 0 for the first, above for the last. Where a kind is listed twice the later
/// place counts.
fn ranks<'a, T: AsRef<str>>(first: &'a [T], last: &'a [T]) -> FxHashMap<&'a str, i64> {
    let mut ranks: FxHashMap<&str, i64> = last.iter().map(AsRef::as_ref).zip(1..).collect();
    for (kind, rank) in first.iter().rev().zip(1..) {
        ranks.entry(kind.as_ref()).or_insert(-rank);
    }
    ranks
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
