//! Compares the pairs of objects and puts together what is reported about them.

use super::canonical::{self, Names};
use super::compare::fields;
use super::pair::Pairing;
use super::report::{Move, ObjectChange, Report};
use super::schema::Schemas;
use super::{Options, pair};
use crate::kube::order;
use crate::resource::ResMap;
use std::cmp::Ordering;
use std::sync::Arc;

/// Compares all pairs.
pub(super) fn compare(old: &ResMap, new: &ResMap, pairing: Pairing<'_>, options: &Options) -> Report {
    let schemas = Schemas::new(old, new);
    let none = Names::default();
    let mut report = Report::default();
    for (old, new) in pairing.pairs {
        let change = match (old, new) {
            (Some(old), Some(new)) if Arc::ptr_eq(old.shared_doc(), new.shared_doc()) => None,
            (Some(old), Some(new)) => {
                let names = if options.hash_noise { &none } else { pairing.names.of(old) };
                let fields = fields(old, new, schemas.of(new), names, options);
                let (a, b) = (old.doc(), new.doc());
                if fields.is_empty() && !canonical::same(a, a.root(), b, b.root(), &none) {
                    report.alike.push((old.clone(), new.clone()));
                }
                (!fields.is_empty()).then(|| ObjectChange {
                    old: Some(old.clone()),
                    new: Some(new.clone()),
                    fields,
                })
            }
            (old, new) => Some(ObjectChange { old: old.cloned(), new: new.cloned(), fields: vec![] }),
        };
        match change {
            Some(change) => report.objects.push(change),
            None => report.unchanged += 1,
        }
    }
    report.objects.sort_by(by_id);
    report.moves = moves(&report.objects);
    report
}

/// By the usual order of types, then namespace and name.
fn by_id(a: &ObjectChange, b: &ObjectChange) -> Ordering {
    // Of a pair that has two ids the smaller one counts, so that the order is that of the sides swapped.
    let key = |change: &ObjectChange| {
        let ids = [&change.old, &change.new].into_iter().flatten().map(|o| o.id().clone());
        ids.min_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)))
    };
    match (key(a), key(b)) {
        (Some(a), Some(b)) => order::rank(&a.gvk.kind)
            .cmp(&order::rank(&b.gvk.kind))
            .then_with(|| a.gvk.kind.cmp(&b.gvk.kind))
            .then_with(|| a.gvk.group.cmp(&b.gvk.group))
            .then_with(|| a.namespace.cmp(&b.namespace))
            .then_with(|| a.name.cmp(&b.name)),
        _ => Ordering::Equal,
    }
}

fn moves(objects: &[ObjectChange]) -> Vec<Move> {
    let lone = |removed: bool| {
        objects.iter().enumerate().filter_map(move |(i, change)| match (&change.old, &change.new) {
            (Some(object), None) if removed => Some((i, object)),
            (None, Some(object)) if !removed => Some((i, object)),
            _ => None,
        })
    };
    pair::moves(&lone(true).collect::<Vec<_>>(), &lone(false).collect::<Vec<_>>())
}
