//! Transformer configurations: the rows of a layer and how they are merged.
//!
//! A row that comes in is there already when an old row has the same path and a type that the new row selects
//! (the new row is equal or broader): it is dropped, or refused if it differs in `create`. After every merge the
//! lists are sorted, so that rows with a kind stand before rows without one. As the sorted lists of one layer are
//! merged into those of the next, a narrower row of a layer takes the place of the built-in row of its path.
//!
//! Lists are shared: a merge that adds no row leaves a list what and where it is.

use super::fieldspec::{FieldSpec, NameReference, Rows};
use super::list::{Index, List, hash};
use super::{Gvk, order};
use crate::diag::{Error, ErrorKind, Result};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::mem::take;

/// All rows that steer the transformers of a layer: the defaults merged with `configurations` and `crds`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransformerConfig {
    /// For `namePrefix`.
    pub name_prefix: Rows,
    /// For `nameSuffix`.
    pub name_suffix: Rows,
    /// For `namespace`.
    pub namespace: Rows,
    /// For `commonLabels` and `labels` with `includeSelectors`.
    pub common_labels: Rows,
    /// For `labels` of every sort.
    pub labels: Rows,
    /// For `labels` with `includeTemplates`.
    pub template_labels: Rows,
    /// For `commonAnnotations`.
    pub common_annotations: Rows,
    /// Where names of other objects stand.
    pub name_reference: List<NameReference>,
    /// Where variables are replaced.
    pub var_reference: Rows,
    /// For `images`.
    pub images: Rows,
    /// For `replicas`.
    pub replicas: Rows,
}

impl TransformerConfig {
    /// The lists of rows under the names that they have in a `configurations` file; `nameReference` is not one.
    fn lists_mut(&mut self) -> [(&'static str, &mut Rows); 10] {
        [
            ("namePrefix", &mut self.name_prefix),
            ("nameSuffix", &mut self.name_suffix),
            ("namespace", &mut self.namespace),
            ("commonLabels", &mut self.common_labels),
            ("labels", &mut self.labels),
            ("templateLabels", &mut self.template_labels),
            ("commonAnnotations", &mut self.common_annotations),
            ("varReference", &mut self.var_reference),
            ("images", &mut self.images),
            ("replicas", &mut self.replicas),
        ]
    }

    /// The configuration of a layer: the built-in rows merged with its `configurations` files.
    pub fn of_files(files: &[Self]) -> Result<Self> {
        let default = Self::default_config().clone();
        if files.is_empty() {
            return Ok(default);
        }
        let merged = files.iter().try_fold(Self::default(), |merged, file| merged.merge(file))?;
        default.merge(&merged)
    }

    /// Merges other rows into these.
    pub fn merge(mut self, other: &Self) -> Result<Self> {
        let mut other = other.clone();
        for ((name, mine), (_, theirs)) in self.lists_mut().into_iter().zip(other.lists_mut()) {
            let merged = merge_rows(take(mine), take(theirs));
            *mine = merged.map_err(|e| e.during(format!("merging `{name}`")))?;
        }
        let merged = merge_references(take(&mut self.name_reference), take(&mut other.name_reference));
        self.name_reference = merged.map_err(|e| e.during("merging `nameReference`"))?;
        self.sort_fields();
        Ok(self)
    }

    /// Sorts every list by the types of its rows; rows of one type keep their order.
    fn sort_fields(&mut self) {
        for (_, list) in self.lists_mut() {
            sort(list, |row| &row.gvk);
        }
        sort(&mut self.name_reference, |reference| &reference.gvk);
    }
}

fn sort<T: Clone>(list: &mut List<T>, gvk: impl Fn(&T) -> &Gvk) {
    if !list.is_sorted() {
        let mut rows = list.to_vec();
        rows.sort_by(|a, b| order::compare(gvk(a), gvk(b)));
        *list = List::sorted(rows);
    }
}

/// Whether merging `new` into `old` leaves nothing to do: built-in lists are merged with themselves or with
/// nothing. They have no row that another one would replace.
fn shortcut<T>(old: &List<T>, new: &List<T>) -> bool {
    match (old, new) {
        _ if new.is_empty() => true,
        (List::Static(a), List::Static(b)) => a.is_empty() || std::ptr::eq(*a, *b),
        _ => false,
    }
}

/// So many rows are compared with all others, more of them look up those of their path.
const FEW: usize = 8;

/// Appends those rows to a list that are not there already. Fails where a row is there with another `create`.
/// A list to which nothing was added is the same list as before.
pub fn merge_rows(old: Rows, new: Rows) -> Result<Rows> {
    if shortcut(&old, &new) {
        return Ok(if old.is_empty() { new } else { old });
    }
    let of_kind = |row: &FieldSpec| hash((row.path.as_str(), row.gvk.kind.as_str()));
    let added = old.with_index(of_kind, |index| rows_to_add(&old, index, &new))?;
    if added.is_empty() {
        return Ok(old);
    }
    if old.is_empty() && added.len() == new.len() {
        return Ok(new);
    }
    Ok(old.iter().chain(added).cloned().collect::<Vec<_>>().into())
}

/// The rows of `new` that are not in `old`. `index`: those of `old` by path and kind.
fn rows_to_add<'r>(old: &'r [FieldSpec], index: &Index, new: &'r [FieldSpec]) -> Result<Vec<&'r FieldSpec>> {
    let mut added: Vec<&FieldSpec> = vec![];
    let mut by_kind: FxHashMap<(&str, &str), SmallVec<[usize; 2]>> = FxHashMap::default();
    // A row for any kind meets those of its path, whatever their kind.
    let mut by_path: FxHashMap<&str, Vec<&FieldSpec>> = FxHashMap::default();
    let of_any_kind = new.iter().filter(|row| row.gvk.kind.is_empty()).count();
    if of_any_kind > FEW {
        old.iter().for_each(|row| by_path.entry(&row.path).or_default().push(row));
    }
    for row in new {
        let key = (row.path.as_str(), row.gvk.kind.as_str());
        let meets = |there: &&&FieldSpec| there.path == row.path && there.gvk.is_selected(&row.gvk);
        let there = if !row.gvk.kind.is_empty() {
            let known = index.get(&hash(key)).into_iter().flatten().filter_map(|i| old.get(*i as usize));
            let more = by_kind.get(&key).into_iter().flatten().map(|i| added[*i]);
            known.chain(more).find(|there| meets(&there))
        } else if of_any_kind > FEW {
            by_path.get(row.path.as_str()).into_iter().flatten().copied().find(|there| meets(&there))
        } else {
            old.iter().chain(added.iter().copied()).find(|there| meets(&there))
        };
        match there {
            Some(there) if there.create == row.create => {}
            Some(there) => return Err(conflict(there, row)),
            None => {
                by_kind.entry(key).or_default().push(added.len());
                if of_any_kind > FEW {
                    by_path.entry(&row.path).or_default().push(row);
                }
                added.push(row);
            }
        }
    }
    Ok(added)
}

fn conflict(there: &FieldSpec, row: &FieldSpec) -> Error {
    let message = format!(
        "field spec `{}` of `{}` has `create: {}`, that of `{}` has `create: {}`",
        row.path, row.gvk, row.create, there.gvk, there.create
    );
    Error::new(ErrorKind::Config, message).hint("give both field specs of this path the same `create`")
}

/// Merges references: those to an equal type have their referrers merged, others are appended.
fn merge_references(old: List<NameReference>, new: List<NameReference>) -> Result<List<NameReference>> {
    if shortcut(&old, &new) {
        return Ok(if old.is_empty() { new } else { old });
    }
    let (changed, added) = old.with_index(|r| hash(&r.gvk), |index| references_to_add(&old, index, &new))?;
    if changed.is_empty() && added.is_empty() {
        return Ok(old);
    }
    let mut references = old.to_vec();
    for (i, referrers) in changed {
        references[i].referrers = referrers;
    }
    references.extend(added);
    Ok(references.into())
}

/// Places in a list of references, and the referrers that they get.
type Changed = FxHashMap<usize, Rows>;

/// The referrers that references of `old` get, and the references that are not there.
fn references_to_add(
    old: &[NameReference],
    index: &Index,
    new: &[NameReference],
) -> Result<(Changed, Vec<NameReference>)> {
    let (mut changed, mut added): (Changed, Vec<NameReference>) = Default::default();
    // All references to a type are merged at once.
    let mut types: Vec<(&Gvk, SmallVec<[&Rows; 1]>)> = Vec::with_capacity(new.len());
    let mut by_type: FxHashMap<&Gvk, usize> = FxHashMap::default();
    for reference in new {
        let i = *by_type.entry(&reference.gvk).or_insert(types.len());
        match types.get_mut(i) {
            Some((_, lists)) => lists.push(&reference.referrers),
            None => types.push((&reference.gvk, smallvec![&reference.referrers])),
        }
    }
    for (gvk, lists) in types {
        let known = index.get(&hash(gvk)).into_iter().flatten();
        if let Some(i) = known.map(|i| *i as usize).find(|i| old[*i].gvk == *gvk) {
            let there = &old[i].referrers;
            let merged = merge_rows(there.clone(), joined(&lists))?;
            if !merged.is_same(there) {
                changed.insert(i, merged);
            }
        } else if let Some((first, rest)) = lists.split_first() {
            let referrers = merge_rows((*first).clone(), joined(rest))?;
            added.push(NameReference { gvk: gvk.clone(), referrers });
        }
    }
    Ok((changed, added))
}

/// Several lists as one; a single one stays what and where it is.
fn joined(lists: &[&Rows]) -> Rows {
    match lists {
        [list] => (*list).clone(),
        _ => lists.iter().flat_map(|list| list.iter()).cloned().collect::<Vec<_>>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, path: &str, create: bool) -> FieldSpec {
        FieldSpec { gvk: Gvk::new("", kind), path: path.into(), create }
    }

    fn labels(rows: Vec<FieldSpec>) -> TransformerConfig {
        let mut config = TransformerConfig { common_labels: rows.into(), ..TransformerConfig::default() };
        config.sort_fields();
        config
    }

    #[test]
    fn built_in_lists_survive_any_merge_among_themselves() {
        let default = TransformerConfig::default_config();
        let mut owned = default.clone();
        for (_, list) in owned.lists_mut() {
            *list = list.to_vec().into();
        }
        owned.name_reference = owned.name_reference.to_vec().into();
        let merged = TransformerConfig::default().merge(&owned).unwrap();
        assert_eq!(&merged, default);
        assert_eq!(&merged.merge(&owned).unwrap(), default);
        assert_eq!(&owned.merge(default).unwrap(), default);
        assert!(matches!(default.clone().merge(default).unwrap().images, List::Static(_)));
    }

    #[test]
    fn equal_and_broader_rows_are_dropped_narrower_ones_added() {
        let table: [(FieldSpec, Option<usize>); 6] = [
            (row("Deployment", "a", true), Some(2)),
            (row("", "a", true), Some(2)),
            (row("Service", "a", true), Some(3)),
            (row("Service", "a", false), Some(3)),
            (row("", "/a", false), Some(3)),
            (row("", "a", false), None),
        ];
        for (new, len) in table {
            let old = vec![row("Deployment", "a", true), row("Deployment", "b", true)];
            let merged = merge_rows(old.into(), vec![new.clone()].into());
            assert_eq!(merged.ok().map(|m| m.len()), len, "{new:?}");
        }
    }

    #[test]
    fn a_narrower_row_takes_the_place_of_the_built_in_one() {
        let widget = row("Widget", "metadata/labels", true);
        let layer = TransformerConfig::of_files(&[labels(vec![widget.clone()])]).unwrap();
        let on = |c: &TransformerConfig| {
            c.common_labels.iter().filter(|r| r.path == "metadata/labels").cloned().collect::<Vec<_>>()
        };
        assert_eq!(on(&layer), [widget.clone(), row("", "metadata/labels", true)]);
        let alone = TransformerConfig::default().merge(&layer).unwrap();
        assert_eq!(on(&alone), std::slice::from_ref(&widget));
        let over_base = TransformerConfig::default_config().clone().merge(&layer).unwrap();
        assert_eq!(on(&over_base), [widget, row("", "metadata/labels", true)]);
    }

    #[test]
    fn references_are_merged_by_the_type_referred_to() {
        let config = |kind: &str, path: &str| TransformerConfig {
            name_reference: vec![NameReference {
                gvk: Gvk::new("v1", kind),
                referrers: vec![row("Widget", path, false)].into(),
            }]
            .into(),
            ..TransformerConfig::default()
        };
        let files =
            [config("ConfigMap", "spec/conf"), config("Gadget", "spec/gadget"), config("Gadget", "x")];
        let merged = TransformerConfig::of_files(&files).unwrap();
        let default = TransformerConfig::default_config();
        assert_eq!(merged.name_reference.len(), default.name_reference.len() + 1);
        let of = |c: &TransformerConfig, kind| {
            c.name_reference.iter().find(|r| r.gvk.kind == kind).map(|r| r.referrers.len())
        };
        assert_eq!(of(&merged, "ConfigMap"), of(default, "ConfigMap").map(|n| n + 1));
        assert_eq!(of(&merged, "Gadget"), Some(2));
        assert!(merged.name_reference.is_sorted_by(|a, b| order::compare(&a.gvk, &b.gvk).is_le()));
    }
}
