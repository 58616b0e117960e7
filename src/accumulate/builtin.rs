//! Builtin transformers that are set up as plugins: the same functions as for the fields of a kustomization file,
//! with field specs of their own.

use super::origin::directory_name;
use super::target::{Build, Target};
use super::transformers::{Run, patch_step, replacements_of};
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::{Selector, Text};
use crate::patch::{self, Prepared};
use crate::plugin::Builtin;
use crate::plugin::builtin::{ValueAdd, value_add_targets};
use crate::refs::replacements;
use crate::resource::ResMap;
use crate::transform::{annotations, hash, images, labels, name_affix, namespace, replicas, value_add};

/// What a builtin transformer does.
pub(super) fn transformer<'s>(build: &mut Build, target: &'s Target, builtin: Builtin) -> Result<Run<'s>> {
    use name_affix::Side::{Prefix, Suffix};
    Ok(match builtin {
        Builtin::Annotations(pairs, specs) => Box::new(move |_, r| annotations::apply(r, &pairs, &specs)),
        Builtin::Labels(pairs, specs) => Box::new(move |_, r| labels::apply(r, &pairs, &specs)),
        Builtin::Namespace(config) => {
            let subjects = match config.subjects.is_empty() {
                true => namespace::Subjects::default(),
                false => namespace::Subjects::from_name(&config.subjects)
                    .map_err(|e| e.or_at(|| config.subjects.mark.location()))?,
            };
            let options = namespace::Options { unset_only: config.unset_only, subjects };
            Box::new(move |_, r| namespace::apply(r, &config.namespace, &config.field_specs, options))
        }
        Builtin::Prefix(affix, specs) => Box::new(move |_, r| name_affix::apply(r, Prefix, &affix, &specs)),
        Builtin::Suffix(affix, specs) => Box::new(move |_, r| name_affix::apply(r, Suffix, &affix, &specs)),
        Builtin::PrefixSuffix(prefix, suffix, specs) => Box::new(move |_, r| {
            name_affix::apply(r, Prefix, &prefix, &specs)?;
            name_affix::apply(r, Suffix, &suffix, &specs)
        }),
        Builtin::Image(image, specs) => {
            Box::new(move |b, r| images::apply_all(r, &[image], &specs, b.compat(), b.findings))
        }
        Builtin::Replica(replica, specs) => {
            Box::new(move |b, r| replicas::apply_all(r, &[replica], &specs, b.findings))
        }
        Builtin::Patch(entry) => patch_step(build.texts(target, |t| Prepared::patch(&entry, t))?),
        Builtin::PatchStrategicMerge(paths, text) => {
            let entries: Vec<Text> = paths.into_iter().chain(text).collect();
            patch_step(build.texts(target, |t| Prepared::strategic_merge(&entries, t))?)
        }
        Builtin::PatchJson6902(entry) => patch_step(build.texts(target, |t| Prepared::json6902(&entry, t))?),
        Builtin::Replacement(fields) => {
            let all = replacements_of(target, &fields)?;
            Box::new(move |b, r| replacements::apply(&all, r, b.compat(), b.findings))
        }
        Builtin::ValueAdd(config) => value_add_step(target, config)?,
        Builtin::Hash => Box::new(|_, r| hash::apply(r)),
        Builtin::ConfigMap(_) | Builtin::Secret(_) | Builtin::Helm(..) | Builtin::IamPolicy(_) => {
            return Err(Error::new(ErrorKind::Config, "a generator is not a transformer"));
        }
    })
}

fn value_add_step(target: &Target, mut config: ValueAdd) -> Result<Run<'_>> {
    if config.value.value.is_empty() {
        config.value.value = directory_name(target.loader.root());
    }
    if let Some(path) = &config.target_file
        && let Some(doc) = target.document(path)?
    {
        config.targets.extend(value_add_targets(&doc)?);
    }
    Ok(Box::new(move |_, resources| {
        for entry in &config.targets {
            let slots = select(resources, entry.selector.as_ref())?;
            let place = value_add::Target {
                field_path: entry.field_path.value.clone(),
                file_path_position: entry.file_path_position,
            };
            value_add::apply(resources, &slots, &config.value, &place)?;
        }
        Ok(())
    }))
}

/// The objects that a selector selects; all of them without one.
fn select(resources: &mut ResMap, selector: Option<&Selector>) -> Result<Vec<usize>> {
    let Some(selector) = selector else { return Ok(resources.slots().collect()) };
    let compiled = patch::Target::new(selector)?;
    compiled.select(resources)
}
