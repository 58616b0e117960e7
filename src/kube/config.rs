//! Transformer configurations: the field specs of a layer and how they are merged.
//!
//! A field spec that comes in is there already when an old field spec has the same path and a type that the new field spec selects
//! (the new field spec is equal or broader): it is dropped, or refused if it differs in `create`. After every merge the
//! lists are sorted, so that field specs with a kind stand before field specs without one. As the sorted lists of one layer are
//! merged into those of the next, a narrower field spec of a layer takes the place of the built-in field spec of its path.
//!
//! Lists are shared: a merge that adds no field spec leaves a list what and where it is.

use super::fieldspec::{FieldSpec, FieldSpecs, NameReference};
use super::list::{Index, List, hash};
use super::{Gvk, order};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::mem::take;

/// All field specs that steer the transformers of a layer: the defaults merged with `configurations` and `crds`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TransformerConfig {
    /// For `namePrefix`.
    pub(crate) name_prefix: FieldSpecs,
    /// For `nameSuffix`.
    pub(crate) name_suffix: FieldSpecs,
    /// For `namespace`.
    pub(crate) namespace: FieldSpecs,
    /// For `commonLabels` and `labels` with `includeSelectors`.
    pub(crate) common_labels: FieldSpecs,
    /// For `labels` of every sort.
    pub(crate) labels: FieldSpecs,
    /// For `labels` with `includeTemplates`.
    pub(crate) template_labels: FieldSpecs,
    /// For `labels` with `includeVolumeClaimTemplates`.
    pub(crate) volume_claim_template_labels: FieldSpecs,
    /// For `commonAnnotations`.
    pub(crate) common_annotations: FieldSpecs,
    /// Where names of other objects stand.
    pub(crate) name_reference: List<NameReference>,
    /// Where variables are replaced.
    pub(crate) var_reference: FieldSpecs,
    /// For `images`.
    pub(crate) images: FieldSpecs,
    /// For `replicas`.
    pub(crate) replicas: FieldSpecs,
}

impl TransformerConfig {
    /// The lists of field specs under the names that they have in a `configurations` file; `nameReference` is not one.
    fn lists_mut(&mut self) -> [(&'static str, &mut FieldSpecs); 11] {
        [
            ("namePrefix", &mut self.name_prefix),
            ("nameSuffix", &mut self.name_suffix),
            ("namespace", &mut self.namespace),
            ("commonLabels", &mut self.common_labels),
            ("labels", &mut self.labels),
            ("templateLabels", &mut self.template_labels),
            ("volumeClaimTemplateLabels", &mut self.volume_claim_template_labels),
            ("commonAnnotations", &mut self.common_annotations),
            ("varReference", &mut self.var_reference),
            ("images", &mut self.images),
            ("replicas", &mut self.replicas),
        ]
    }

    /// The configuration of a layer: the built-in specs merged with its `configurations` files.
    pub(crate) fn of_files(files: &[Self], compat: Compat) -> Result<Self> {
        let default = Self::built_in(compat).clone();
        if files.is_empty() {
            return Ok(default);
        }
        let merged = files.iter().try_fold(Self::default(), |merged, file| {
            let mut file = file.clone();
            file.sort_fields();
            merged.merge(&file)
        })?;
        default.merge(&merged)
    }

    /// Merges other field specs into these.
    pub(crate) fn merge(mut self, other: &Self) -> Result<Self> {
        let mut other = other.clone();
        for ((name, mine), (_, theirs)) in self.lists_mut().into_iter().zip(other.lists_mut()) {
            let merged = merge_specs(take(mine), take(theirs));
            *mine = merged.map_err(|e| e.during(format!("merging `{name}`")))?;
        }
        let merged = merge_references(take(&mut self.name_reference), take(&mut other.name_reference));
        self.name_reference = merged.map_err(|e| e.during("merging `nameReference`"))?;
        self.sort_fields();
        Ok(self)
    }

    /// Sorts every list by the types of its field specs; field specs of one type keep their order.
    fn sort_fields(&mut self) {
        for (_, list) in self.lists_mut() {
            sort(list, |spec| &spec.gvk);
        }
        sort(&mut self.name_reference, |reference| &reference.gvk);
    }
}

fn sort<T: Clone>(list: &mut List<T>, gvk: impl Fn(&T) -> &Gvk) {
    if !list.is_sorted() {
        let mut specs = list.to_vec();
        specs.sort_by(|a, b| order::compare(gvk(a), gvk(b)));
        *list = List::sorted(specs);
    }
}

/// Returns whether merging `new` into `old` leaves nothing to do: built-in lists are merged with themselves or with
/// nothing. They have no field spec that another one would replace.
fn shortcut<T>(old: &List<T>, new: &List<T>) -> bool {
    match (old, new) {
        _ if new.is_empty() => true,
        (List::Static(a), List::Static(b)) => a.is_empty() || std::ptr::eq(*a, *b),
        _ => false,
    }
}

/// So many field specs are compared with all others, more of them look up those of their path.
const FEW: usize = 8;

/// Appends those field specs to a list that are not there already. Fails where a field spec is there with another `create`.
/// A list to which nothing was added is the same list as before.
pub(crate) fn merge_specs(old: FieldSpecs, new: FieldSpecs) -> Result<FieldSpecs> {
    if shortcut(&old, &new) {
        return Ok(if old.is_empty() { new } else { old });
    }
    let of_kind = |spec: &FieldSpec| hash((spec.path.as_str(), spec.gvk.kind.as_str()));
    let added = old.with_index(of_kind, |index| specs_to_add(&old, index, &new))?;
    if added.is_empty() {
        return Ok(old);
    }
    if old.is_empty() && added.len() == new.len() {
        return Ok(new);
    }
    Ok(old.iter().chain(added).cloned().collect::<Vec<_>>().into())
}

/// The field specs of `new` that are not in `old`. `index`: those of `old` by path and kind.
fn specs_to_add<'r>(old: &'r [FieldSpec], index: &Index, new: &'r [FieldSpec]) -> Result<Vec<&'r FieldSpec>> {
    let mut added: Vec<&FieldSpec> = vec![];
    let mut by_kind: FxHashMap<(&str, &str), SmallVec<[usize; 2]>> = FxHashMap::default();
    // A field spec for any kind meets those of its path, whatever their kind.
    let mut by_path: FxHashMap<&str, Vec<&FieldSpec>> = FxHashMap::default();
    let of_any_kind = new.iter().filter(|spec| spec.gvk.kind.is_empty()).count();
    if of_any_kind > FEW {
        old.iter().for_each(|spec| by_path.entry(&spec.path).or_default().push(spec));
    }
    for spec in new {
        let key = (spec.path.as_str(), spec.gvk.kind.as_str());
        let meets = |there: &&&FieldSpec| there.path == spec.path && there.gvk.is_selected(&spec.gvk);
        let there = if !spec.gvk.kind.is_empty() {
            let known = index.get(&hash(key)).into_iter().flatten().filter_map(|i| old.get(*i as usize));
            let more = by_kind.get(&key).into_iter().flatten().filter_map(|i| added.get(*i).copied());
            known.chain(more).find(|there| meets(&there))
        } else if of_any_kind > FEW {
            by_path.get(spec.path.as_str()).into_iter().flatten().copied().find(|there| meets(&there))
        } else {
            old.iter().chain(added.iter().copied()).find(|there| meets(&there))
        };
        match there {
            Some(there) if there.create == spec.create => {}
            Some(there) => return Err(conflict(there, spec)),
            None => {
                by_kind.entry(key).or_default().push(added.len());
                if of_any_kind > FEW {
                    by_path.entry(&spec.path).or_default().push(spec);
                }
                added.push(spec);
            }
        }
    }
    Ok(added)
}

fn conflict(there: &FieldSpec, spec: &FieldSpec) -> Error {
    let message = format!(
        "field spec `{}` of `{}` has `create: {}`, that of `{}` has `create: {}`",
        spec.path, spec.gvk, spec.create, there.gvk, there.create
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
        if let Some(reference) = references.get_mut(i) {
            reference.referrers = referrers;
        }
    }
    references.extend(added);
    Ok(references.into())
}

/// Places in a list of references, and the referrers that they get.
type Changed = FxHashMap<usize, FieldSpecs>;

/// The referrers that references of `old` get, and the references that are not there.
fn references_to_add(
    old: &[NameReference],
    index: &Index,
    new: &[NameReference],
) -> Result<(Changed, Vec<NameReference>)> {
    let (mut changed, mut added): (Changed, Vec<NameReference>) = Default::default();
    // All references to a type are merged at once.
    let mut types: Vec<(&Gvk, SmallVec<[&FieldSpecs; 1]>)> = Vec::with_capacity(new.len());
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
        let mut known = known.filter_map(|i| Some((*i as usize, old.get(*i as usize)?)));
        if let Some((i, there)) = known.find(|(_, there)| there.gvk == *gvk) {
            let there = &there.referrers;
            let merged = merge_specs(there.clone(), joined(&lists))?;
            if !merged.is_same(there) {
                changed.insert(i, merged);
            }
        } else if let Some((first, rest)) = lists.split_first() {
            let referrers = merge_specs((*first).clone(), joined(rest))?;
            added.push(NameReference { gvk: gvk.clone(), referrers });
        }
    }
    Ok((changed, added))
}

/// Several lists as one; a single one stays what and where it is.
fn joined(lists: &[&FieldSpecs]) -> FieldSpecs {
    match lists {
        [list] => (*list).clone(),
        _ => lists.iter().flat_map(|list| list.iter()).cloned().collect::<Vec<_>>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: &str, path: &str, create: bool) -> FieldSpec {
        FieldSpec { gvk: Gvk::new("", kind), path: path.into(), create }
    }

    fn labels(specs: Vec<FieldSpec>) -> TransformerConfig {
        let mut config = TransformerConfig { common_labels: specs.into(), ..TransformerConfig::default() };
        config.sort_fields();
        config
    }

    #[test]
    fn built_in_lists_survive_any_merge_among_themselves() {
        let default = TransformerConfig::built_in(Compat::DEFAULT);
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
    fn equal_and_broader_specs_are_dropped_narrower_ones_added() {
        let table: [(FieldSpec, Option<usize>); 6] = [
            (spec("Deployment", "a", true), Some(2)),
            (spec("", "a", true), Some(2)),
            (spec("Service", "a", true), Some(3)),
            (spec("Service", "a", false), Some(3)),
            (spec("", "/a", false), Some(3)),
            (spec("", "a", false), None),
        ];
        for (new, len) in table {
            let old = vec![spec("Deployment", "a", true), spec("Deployment", "b", true)];
            let merged = merge_specs(old.into(), vec![new.clone()].into());
            assert_eq!(merged.ok().map(|m| m.len()), len, "{new:?}");
        }
    }

    #[test]
    fn a_narrower_row_takes_the_place_of_the_built_in_one() {
        let widget = spec("Widget", "metadata/labels", true);
        let layer = TransformerConfig::of_files(&[labels(vec![widget.clone()])], Compat::DEFAULT).unwrap();
        let on = |c: &TransformerConfig| {
            c.common_labels.iter().filter(|r| r.path == "metadata/labels").cloned().collect::<Vec<_>>()
        };
        assert_eq!(on(&layer), [widget.clone(), spec("", "metadata/labels", true)]);
        let alone = TransformerConfig::default().merge(&layer).unwrap();
        assert_eq!(on(&alone), std::slice::from_ref(&widget));
        let over_base = TransformerConfig::built_in(Compat::DEFAULT).clone().merge(&layer).unwrap();
        assert_eq!(on(&over_base), [widget, spec("", "metadata/labels", true)]);
    }

    #[test]
    fn references_are_merged_by_the_type_referred_to() {
        let config = |kind: &str, path: &str| TransformerConfig {
            name_reference: vec![NameReference {
                gvk: Gvk::new("v1", kind),
                referrers: vec![spec("Widget", path, false)].into(),
            }]
            .into(),
            ..TransformerConfig::default()
        };
        let files =
            [config("ConfigMap", "spec/conf"), config("Gadget", "spec/gadget"), config("Gadget", "x")];
        let merged = TransformerConfig::of_files(&files, Compat::DEFAULT).unwrap();
        let default = TransformerConfig::built_in(Compat::DEFAULT);
        assert_eq!(merged.name_reference.len(), default.name_reference.len() + 1);
        let of = |c: &TransformerConfig, kind| {
            c.name_reference.iter().find(|r| r.gvk.kind == kind).map(|r| r.referrers.len())
        };
        assert_eq!(of(&merged, "ConfigMap"), of(default, "ConfigMap").map(|n| n + 1));
        assert_eq!(of(&merged, "Gadget"), Some(2));
        assert!(merged.name_reference.is_sorted_by(|a, b| order::compare(&a.gvk, &b.gvk).is_le()));
    }
}
