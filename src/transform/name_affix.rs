//! `namePrefix` and `nameSuffix`, and the plugins of those names.
//!
//! Custom resource definitions, namespaces and API services keep their names. Which field spec is for an object goes by
//! the type it had at first and by the one it has now.

use super::specs::{SpecsByType, SplitSpec};
use super::write;
use crate::diag::Result;
use crate::kube::{FieldSpec, Gvk, Leaf, fieldspec};
use crate::resource::{ResMap, Resource};
use crate::yaml::Tag;

/// On which side of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Before the name.
    Prefix,
    /// After the name.
    Suffix,
}

/// Kinds that are never renamed, and the group if only that one is meant.
const SKIPPED: &[(&str, &str)] =
    &[("CustomResourceDefinition", ""), ("APIService", "apiregistration.k8s.io"), ("Namespace", "")];

/// The field spec that stands for the object's own name.
const NAME: &str = "metadata/name";

/// Puts a text before or after the names of all objects, or whatever the field specs name.
pub(crate) fn apply(resources: &mut ResMap, side: Side, affix: &str, specs: &[FieldSpec]) -> Result<()> {
    let mut by_type = SpecsByType::new(specs);
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        let original = res.original_id().gvk;
        if is_skipped(&original) {
            continue;
        }
        let specs = by_type.of(&original);
        if specs.is_empty() {
            continue;
        }
        let id = res.id().clone();
        resources
            .edit(slot, |res| specs.iter().try_for_each(|spec| rename(res, side, affix, spec)))
            .map_err(|e| e.during(format!("renaming {id}")))?;
    }
    Ok(())
}

fn is_skipped(gvk: &Gvk) -> bool {
    SKIPPED.iter().any(|(kind, group)| gvk.kind == *kind && (group.is_empty() || gvk.group == *group))
}

fn rename(res: &mut Resource, side: Side, affix: &str, spec: &SplitSpec<'_>) -> Result<()> {
    if spec.spec.path == NAME && !affix.is_empty() {
        record(res, side, affix);
        res.store_previous_id();
    }
    if !res.gvk().is_selected(&spec.spec.gvk) || !spec.leads(res.doc(), true) {
        return Ok(());
    }
    let create = spec.spec.create.then_some(Leaf::Scalar(Tag::Str));
    res.edit(|doc| {
        let root = doc.root();
        fieldspec::apply_path(doc, root, &spec.spec.path, create, &mut |doc, node| {
            let old = doc.text(node);
            let new = match side {
                Side::Prefix => [affix, old].concat(),
                Side::Suffix => [old, affix].concat(),
            };
            write::scalar(doc, node, &new, Tag::Unset, None)
        })
    })
}

/// Remembers the affix. Kustomize keeps a list with commas, so that a comma within divides.
fn record(res: &mut Resource, side: Side, affix: &str) {
    let list = match side {
        Side::Prefix => &mut res.prefixes,
        Side::Suffix => &mut res.suffixes,
    };
    list.extend(affix.split(',').map(Into::into));
}
